//! The text about a pattern, and the interface of its narrators.

use super::facts::Facts;
use async_trait::async_trait;
use futures_util::future::join_all;
use serde::Deserialize;

/// The text about a pattern, also as a model replies with it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
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
