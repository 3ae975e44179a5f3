//! The `LanguageModel` port.

use async_trait::async_trait;
use serde_json::Value;

/// What the platform's codes mean here: request timeout, and a request that was aborted.
const TIMEOUT_CODES: [u32; 3] = [3_007, 3_008, 408];
/// The daily allocation is used up, there is no capacity, and what a proxy says for either.
const BUSY_CODES: [u32; 3] = [3_036, 3_040, 429];
/// Characters of what the service said that are kept: a line of a log.
const REASON_CHARS_MAX: usize = 200;

/// Why there is no answer. All three are the service's doing, none the answer's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// It took too long.
    #[error("the model did not answer in time")]
    Timeout,
    /// It has no capacity for us now (429).
    #[error("the model is busy: {reason}")]
    Busy {
        /// What the service said.
        reason: String,
    },
    /// Anything else.
    #[error("the model failed: {reason}")]
    Failed {
        /// What the service said.
        reason: String,
    },
}

impl ModelError {
    /// Reads the message of an error of Workers AI: `3040: Capacity temporarily exceeded, …`, with
    /// or without its name before it.
    pub fn from_message(message: &str) -> Self {
        let code = message.split(':').find_map(|part| part.trim().parse::<u32>().ok());
        let reason = crate::email::one_line(message, REASON_CHARS_MAX);
        match code {
            Some(code) if TIMEOUT_CODES.contains(&code) => Self::Timeout,
            Some(code) if BUSY_CODES.contains(&code) => Self::Busy { reason },
            _ => Self::Failed { reason },
        }
    }
}

/// A model that continues text.
#[async_trait(?Send)]
pub trait LanguageModel {
    /// Asks it once, in the words of the service (`messages`, `response_format`, …), and waits for
    /// the whole answer, but no longer than so many milliseconds.
    async fn run(&self, request: &Value, within_ms: u32) -> Result<Value, ModelError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(message: &str, expected: &str) {
        assert_eq!(ModelError::from_message(message).to_string(), expected);
    }

    #[test]
    fn the_codes_of_the_service_tell_its_failures_apart() {
        check("3007: Request timeout", "the model did not answer in time");
        check("AiError: 3008: Request was aborted", "the model did not answer in time");
        check(
            "3040: Capacity temporarily exceeded, please try again.",
            "the model is busy: 3040: Capacity temporarily exceeded, please try again.",
        );
        check(
            "AiError: 3036: You have used up your daily free allocation",
            "the model is busy: AiError: 3036: You have used up your daily free allocation",
        );
        check("429: slow down", "the model is busy: 429: slow down");
        check(
            "5028: This model was deprecated on 2026-05-30",
            "the model failed: 5028: This model was deprecated on 2026-05-30",
        );
        check("Network\nconnection lost", "the model failed: Network connection lost");
        check("", "the model failed: ");
    }
}
