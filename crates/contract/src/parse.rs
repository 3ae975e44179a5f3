//! Parses JSON or a query into a model: the place of the first wrong type, then all invalid fields.

use crate::checks::{Checks, FieldCode, FieldError, FieldErrors, Validate};
use crate::tree::{Tree, to_model};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use std::borrow::Cow;

/// The reason for which a text is no valid model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// The text is not JSON.
    NotJson(String),
    /// Fields are invalid.
    Invalid(FieldErrors),
}

impl From<FieldErrors> for ParseError {
    fn from(errors: FieldErrors) -> Self {
        Self::Invalid(errors)
    }
}

/// Parses a JSON object and validates it.
pub fn parse_json<'de, T: Deserialize<'de> + Validate>(
    bytes: &'de [u8],
    now: DateTime<Utc>,
) -> Result<T, ParseError> {
    Ok(parse_tree(&json_tree(bytes)?, "", now)?)
}

/// Parses JSON.
pub fn json_tree(bytes: &[u8]) -> Result<Tree<'_>, ParseError> {
    // The message of a syntax error quotes nothing of the body.
    serde_json::from_slice(bytes)
        .map_err(|error| ParseError::NotJson(error.to_string().chars().take(200).collect()))
}

/// Parses a part of a document and validates it. Pointers of errors begin with `pointer`.
pub fn parse_tree<'de, T: Deserialize<'de> + Validate>(
    tree: &Tree<'de>,
    pointer: &str,
    now: DateTime<Utc>,
) -> Result<T, FieldErrors> {
    if !matches!(tree, Tree::Object(_)) {
        return Err(one(FieldError::at(pointer, FieldCode::InvalidType, "must be an object")));
    }
    let model: T = to_model(tree, pointer)
        .map_err(|error| one(FieldError::at(error.pointer, error.code, error.detail)))?;
    let mut checks = Checks::new(now, pointer);
    model.validate(&mut checks);
    let errors = checks.into_errors();
    if errors.is_empty() { Ok(model) } else { Err(errors) }
}

/// Parses the parameters of a query. An empty value is invalid.
pub fn parse_parameters<'de, T: Deserialize<'de>>(
    pairs: impl Iterator<Item = (Cow<'de, str>, Cow<'de, str>)>,
) -> Result<T, FieldError> {
    let fields: Vec<_> = pairs.map(|(name, value)| (name, Tree::Parameter(value))).collect();
    to_model(&parameters(fields)?, "").map_err(|error| {
        let name = error.pointer.trim_start_matches('/').replace("~1", "/").replace("~0", "~");
        FieldError::parameter(&name, error.code, error.detail)
    })
}

fn parameters<'de>(fields: Vec<(Cow<'de, str>, Tree<'de>)>) -> Result<Tree<'de>, FieldError> {
    let is_empty = |value: &Tree<'_>| *value == Tree::Parameter("".into());
    match fields.iter().find(|(_, value)| is_empty(value)) {
        Some((name, _)) => Err(FieldError::parameter(name, FieldCode::Empty, "must have a value")),
        None => Ok(Tree::Object(fields)),
    }
}

fn one(error: FieldError) -> FieldErrors {
    FieldErrors::from_iter([error])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use training::Muscle;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Model {
        count: Option<u32>,
        weight: Option<f64>,
        #[serde(default)]
        is_set: bool,
        #[serde(default)]
        nested: Option<Nested>,
        #[serde(default)]
        sets_by_muscle: BTreeMap<Muscle, u32>,
        #[serde(default)]
        items: Vec<Nested>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nested {
        muscle: Option<Muscle>,
    }

    impl Validate for Model {}

    /// The pointer and the code of the only error, and the detail.
    fn error(body: &str) -> (String, FieldCode, String) {
        match parse_json::<Model>(body.as_bytes(), DateTime::default()) {
            Err(ParseError::Invalid(errors)) => {
                let error = errors.kept().first().unwrap().clone();
                (error.pointer.unwrap(), error.code, error.detail)
            }
            other => panic!("{body}: {other:?}"),
        }
    }

    #[test]
    fn first_wrong_type_has_its_pointer_and_code() {
        let check = |body: &str, pointer: &str, code: FieldCode| {
            let (found, found_code, detail) = error(body);
            assert_eq!((&*found, found_code), (pointer, code), "{body}: {detail}");
        };
        check("[]", "", FieldCode::InvalidType);
        check(r#"{"count":"1"}"#, "/count", FieldCode::InvalidType);
        check(r#"{"count":1.5}"#, "/count", FieldCode::InvalidType);
        check(r#"{"count":-1}"#, "/count", FieldCode::OutOfRange);
        check(r#"{"count":4294967296}"#, "/count", FieldCode::OutOfRange);
        check(r#"{"count":1,"count":2}"#, "/count", FieldCode::Duplicate);
        check(r#"{"is_set":null}"#, "/is_set", FieldCode::InvalidType);
        check(r#"{"cou/nt":1}"#, "/cou~1nt", FieldCode::UnknownField);
        check(r#"{"nested":[]}"#, "/nested", FieldCode::InvalidType);
        check(r#"{"nested":{"muscle":"x"}}"#, "/nested/muscle", FieldCode::InvalidValue);
        check(r#"{"nested":{"muscle":7}}"#, "/nested/muscle", FieldCode::InvalidType);
        check(r#"{"items":{}}"#, "/items", FieldCode::InvalidType);
        check(r#"{"items":[{},{"a":1}]}"#, "/items/1/a", FieldCode::UnknownField);
        check(
            r#"{"sets_by_muscle":{"chest":1,"x":2}}"#,
            "/sets_by_muscle/x",
            FieldCode::InvalidValue,
        );
        check(
            r#"{"sets_by_muscle":{"chest":"1"}}"#,
            "/sets_by_muscle/chest",
            FieldCode::InvalidType,
        );
    }

    #[test]
    fn syntax_error_comes_before_a_wrong_type() {
        for body in ["", "{", r#"{"count":"1""#, r#"{"count":1}x"#, r#"{"weight":1e999}"#, "\u{0}"]
        {
            let result = parse_json::<Model>(body.as_bytes(), DateTime::default());
            assert!(matches!(result, Err(ParseError::NotJson(_))), "{body}: {result:?}");
        }
        let deep = "[".repeat(100_000);
        let result = parse_json::<Model>(deep.as_bytes(), DateTime::default());
        assert!(matches!(result, Err(ParseError::NotJson(_))));
    }

    #[test]
    fn parameters_are_numbers_and_flags_in_their_only_spelling() {
        let parse = |pairs: &[(&'static str, &'static str)]| {
            let pairs = pairs.iter().map(|(name, value)| ((*name).into(), (*value).into()));
            parse_parameters::<Model>(pairs)
        };
        let model = parse(&[("count", "7"), ("is_set", "true")]).unwrap();
        assert_eq!((model.count, model.is_set), (Some(7), true));
        let check = |name: &'static str, value: &'static str, code: FieldCode| {
            let error = parse(&[(name, value)]).unwrap_err();
            assert_eq!((error.parameter.as_deref(), error.code), (Some(name), code), "{value}");
        };
        check("count", "+7", FieldCode::InvalidType);
        check("count", "07", FieldCode::InvalidType);
        check("count", "4294967296", FieldCode::OutOfRange);
        check("count", "", FieldCode::Empty);
        check("is_set", "1", FieldCode::InvalidType);
        check("a/b", "1", FieldCode::UnknownField);
        let twice = parse(&[("count", "7"), ("count", "7")]).unwrap_err();
        assert_eq!(twice.code, FieldCode::Duplicate);
    }
}
