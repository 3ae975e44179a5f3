//! Words for what was found: a title for a list, and a recommendation that contains the numbers.
//!
//! In scope: saying facts. Out of scope: finding them; no narrator adds one. The template always
//! has words ([`template`]); a model may have better ones ([`model`]), and is heard only when every
//! number in its answer is one of the facts ([`check`]).

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

/// A title and a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// A line for a list.
    pub title: String,
    /// What to do, with the numbers in it.
    pub recommendation: String,
}

/// Says facts. It never fails: a narrator who is at a loss lets the template speak.
#[async_trait(?Send)]
pub trait Narrator {
    /// Words for these facts.
    async fn narrate(&self, facts: &Facts) -> Words;
}

/// Words for all the facts of a batch, in order, asked for at the same time.
pub async fn narrate_all(narrator: &dyn Narrator, facts: &[Facts]) -> Vec<Words> {
    join_all(facts.iter().map(|facts| narrator.narrate(facts))).await
}
