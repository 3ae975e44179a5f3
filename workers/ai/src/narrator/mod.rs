//! Texts about patterns: a title, and a recommendation that contains the numbers.
//!
//! In scope: writing facts as text. Out of scope: finding them; no narrator adds a fact. The
//! template can always write a text ([`template`]). A model may write a better one ([`model`]), which
//! is used only if every number in its reply is one of the facts ([`check`]).

mod breaker;
mod check;
mod facts;
pub mod model;
mod numbers;
pub mod template;

pub use breaker::Breaker;
pub use facts::Facts;
pub use model::ModelNarrator;
pub use template::Template;

use async_trait::async_trait;
use futures_util::future::join_all;

/// The text about a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Narration {
    /// One line.
    pub title: String,
    /// A paragraph with the finding, the advice and their numbers.
    pub recommendation: String,
}

/// Writes texts about patterns. It never fails: the fallback is the template.
#[async_trait(?Send)]
pub trait Narrator {
    /// Writes the text about a pattern.
    async fn narrate(&self, facts: &Facts) -> Narration;
}

/// Writes the texts of a batch concurrently; returns them in order.
pub async fn narrate_all(narrator: &dyn Narrator, facts: &[Facts]) -> Vec<Narration> {
    join_all(facts.iter().map(|facts| narrator.narrate(facts))).await
}
