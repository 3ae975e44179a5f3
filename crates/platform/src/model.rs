//! The `LanguageModel` port.

use async_trait::async_trait;
use serde_json::Value;

/// The codes of Workers AI for a request timeout and for an aborted request.
const TIMEOUT_CODES: [u32; 3] = [3_007, 3_008, 408];
/// The codes for a used-up daily allocation and for missing capacity, and the HTTP status for both.
const BUSY_CODES: [u32; 3] = [3_036, 3_040, 429];
/// Characters of an error message that a log line keeps, at most.
const REASON_CHARS_MAX: usize = 200;

/// A failure of the model service; a response with bad content is not one of these.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    #[error("the model did not respond in time")]
    Timeout,
    /// No capacity now (429).
    #[error("the model is busy: {reason}")]
    Busy { reason: String },
    #[error("the model failed: {reason}")]
    Failed { reason: String },
}

impl ModelError {
    /// Parses the message of a Workers AI error: `3040: Capacity temporarily exceeded, …`, with or
    /// without the name of the error in front.
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

/// A language model.
#[async_trait(?Send)]
pub trait LanguageModel {
    /// Sends one request in the format of the service (`messages`, `response_format`, …) and waits for the
    /// whole response, at most `within_ms` milliseconds.
    async fn run(&self, request: &Value, within_ms: u32) -> Result<Value, ModelError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(message: &str, expected: &str) {
        assert_eq!(ModelError::from_message(message).to_string(), expected);
    }

    #[test]
    fn service_error_codes_map_to_model_errors() {
        check("3007: Request timeout", "the model did not respond in time");
        check("AiError: 3008: Request was aborted", "the model did not respond in time");
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
