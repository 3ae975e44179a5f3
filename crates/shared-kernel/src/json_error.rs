//! What may be said of a JSON that is not as it should be.

/// What is wrong and where, without the text that is: `serde_json` quotes what it was given, and that may be
/// an athlete's or a secret. Reasons and errors go into logs.
pub fn without_values(error: &serde_json::Error) -> String {
    let mut said = error.to_string();
    // `invalid type: string "…", expected a map`.
    blank(&mut said, "\"", "\"");
    // What may stand there are our own words: they follow.
    blank(&mut said, "unknown field `", "`, ");
    blank(&mut said, "unknown variant `", "`, ");
    said
}

/// Puts dots in the place of what stands between the first `open` and the last `close`.
fn blank(said: &mut String, open: &str, close: &str) {
    let Some(begin) = said.find(open).map(|at| at + open.len()) else { return };
    if let Some(end) = said.rfind(close).filter(|end| *end > begin) {
        said.replace_range(begin..end, "…");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "it is never read")]
    struct Shape {
        kind: Kind,
    }

    #[derive(Debug, Deserialize)]
    enum Kind {
        One,
        Two,
    }

    #[test]
    fn what_was_given_is_not_quoted() {
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
