//! Texts about patterns: a title, and a recommendation that contains the numbers.
//!
//! In scope: writing facts as text. Out of scope: finding them; no narrator adds a fact. The
//! template can always write a text ([`template`]). A model may write a better one ([`model`]), which
//! is used only if every number in its reply is one of the facts ([`check`]).

mod breaker;
mod check;
mod facts;
pub mod model;
mod narration;
mod numbers;
pub mod template;

pub use breaker::Breaker;
pub use facts::Facts;
pub use model::ModelNarrator;
pub use narration::{Narration, Narrator, narrate_all};
pub use template::Template;
