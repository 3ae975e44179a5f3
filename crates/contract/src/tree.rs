//! The place of the first invalid value of a request, and the code of its error.

use crate::checks::{FieldCode, escaped};
use serde::Deserialize;
use serde::de::{self, Expected, Unexpected};
pub use shared_kernel::json::Tree;
use shared_kernel::json::{Node, Place};
use std::cell::RefCell;
use std::fmt::{self, Display};

/// Reads a model from a tree. An error has the place of the first invalid value below `pointer`.
pub fn to_model<'de, T: Deserialize<'de>>(tree: &Tree<'de>, pointer: &str) -> Result<T, TypeError> {
    let place = RefCell::new(pointer.to_owned());
    let result = T::deserialize(Node { tree, place: Pointer(&place) });
    result.map_err(|error| error.below(place.into_inner()))
}

/// The JSON pointer to a value.
#[derive(Clone, Copy)]
struct Pointer<'t>(&'t RefCell<String>);

impl Pointer<'_> {
    fn enter(self, step: &str) -> usize {
        let mut place = self.0.borrow_mut();
        let length = place.len();
        place.push('/');
        place.push_str(step);
        length
    }
}

impl Place for Pointer<'_> {
    type Error = TypeError;

    fn enter_field(self, name: &str) -> usize {
        self.enter(&escaped(name))
    }

    fn enter_item(self, index: usize) -> usize {
        self.enter(&index.to_string())
    }

    fn leave(self, mark: usize) {
        self.0.borrow_mut().truncate(mark);
    }

    fn in_field(error: TypeError, name: &str) -> TypeError {
        error.in_field(name)
    }
}

/// A value that does not have the type of its model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeError {
    /// The JSON pointer to the value. Below an object it may still be empty.
    pub pointer: String,
    pub code: FieldCode,
    /// The types or values that are allowed, in English.
    pub detail: String,
}

impl TypeError {
    fn new(code: FieldCode, detail: String) -> Self {
        Self { pointer: String::new(), code, detail }
    }

    fn of_field(name: &str, code: FieldCode, detail: String) -> Self {
        Self { pointer: format!("/{}", escaped(name)), code, detail }
    }

    fn below(self, place: String) -> Self {
        Self { pointer: place + &self.pointer, ..self }
    }

    /// The error of a name that is a value: it has no place yet.
    fn in_field(self, name: &str) -> Self {
        if self.pointer.is_empty() { Self::of_field(name, self.code, self.detail) } else { self }
    }
}

impl Display for TypeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.pointer, self.detail)
    }
}

impl std::error::Error for TypeError {}

impl de::Error for TypeError {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(FieldCode::InvalidFormat, message.to_string())
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(FieldCode::InvalidType, must_be(expected))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(FieldCode::OutOfRange, must_be(expected))
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::new(FieldCode::OutOfRange, must_be(expected))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::new(FieldCode::InvalidValue, format!("must be one of {}", expected.join(", ")))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let detail = format!("is unknown; known: {}", expected.join(", "));
        Self::of_field(field, FieldCode::UnknownField, detail)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::of_field(field, FieldCode::Required, "is required".to_owned())
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::of_field(field, FieldCode::Duplicate, "occurs twice".to_owned())
    }
}

/// The rule of a type, for a person.
fn must_be(expected: &dyn Expected) -> String {
    let expected = expected.to_string();
    let expected = match &*expected {
        "u8" | "u32" | "u64" | "usize" => "an integer of 0 or more",
        "i32" | "i64" => "an integer",
        "f64" => "a number",
        "a boolean" => "true or false",
        "a borrowed string" | "a formatted date and time string" => "a string",
        "a sequence" => "a list",
        "a map" => "an object",
        name if name.starts_with("struct ") => "an object",
        other => other,
    };
    format!("must be {expected}")
}
