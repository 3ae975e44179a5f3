//! JSON errors that are safe to log.

/// The message of a JSON error, without the values in it: `serde_json` quotes its input, which may hold an
/// athlete's data or a secret, and errors are logged.
pub fn without_values(error: &serde_json::Error) -> String {
    let mut message = error.to_string();
    // `invalid type: string "…", expected a map`.
    redact(&mut message, "\"", "\"");
    // The expected names, which follow, are the project's own.
    redact(&mut message, "unknown field `", "`, ");
    redact(&mut message, "unknown variant `", "`, ");
    message
}

/// Replaces the text between the first `open` and the last `close` with an ellipsis.
fn redact(message: &mut String, open: &str, close: &str) {
    let Some(begin) = message.find(open).map(|at| at + open.len()) else { return };
    if let Some(end) = message.rfind(close).filter(|end| *end > begin) {
        message.replace_range(begin..end, "…");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "never read")]
    struct Shape {
        kind: Kind,
    }

    #[derive(Debug, Deserialize)]
    enum Kind {
        One,
        Two,
    }

    #[test]
    fn error_messages_do_not_quote_the_input() {
        let check = |json: &str, expected: &str| {
            let error = serde_json::from_str::<Shape>(json).unwrap_err();
            assert_eq!(without_values(&error), expected);
        };
        check(
            r#""bt_\"secret""#,
            r#"invalid type: string "…", expected struct Shape at line 1 column 13"#,
        );
        check(r#"{"bt_secret": 1}"#, "unknown field `…`, expected `kind` at line 1 column 12");
        check(
            r#"{"kind": "bt`, secret"}"#,
            "unknown variant `…`, expected `One` or `Two` at line 1 column 22",
        );
        check("{}", "missing field `kind` at line 1 column 2");
        check("[[", "expected value at line 1 column 2");
    }
}
