//! A request as a tree of values, and serde's view of it. Objects keep the order and the repetitions of
//! their fields, so that an error has the place of the first invalid one.
//!
//! JSON and query parameters share this one deserializer: each model is compiled once.

use crate::checks::{FieldCode, escaped};
use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeSeed, Deserializer, Expected, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde::{Deserialize, forward_to_deserialize_any};
use serde_json::Number;
use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt::{self, Display};
use std::slice;

/// A value of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree<'de> {
    Null,
    Flag(bool),
    Number(Number),
    Text(Cow<'de, str>),
    List(Vec<Self>),
    Object(Vec<(Cow<'de, str>, Self)>),
    /// The value of a query parameter: a text that may stand for a number or a flag.
    Parameter(Cow<'de, str>),
}

impl<'de> Tree<'de> {
    /// The text of a field of an object.
    pub fn text(&self, name: &str) -> Option<&str> {
        let Self::Object(fields) = self else { return None };
        match fields.iter().find(|(field, _)| field == name) {
            Some((_, Self::Text(text))) => Some(text),
            _ => None,
        }
    }

    /// Removes a field that is a list, and returns its items.
    pub fn remove_list(&mut self, name: &str) -> Vec<Self> {
        let Self::Object(fields) = self else { return Vec::new() };
        let index = fields.iter().position(|(field, _)| field == name);
        match index.map(|index| fields.remove(index)) {
            Some((_, Self::List(items))) => items,
            _ => Vec::new(),
        }
    }

    /// Replaces the value of a field that an object has.
    pub fn set(&mut self, name: &str, value: Self) {
        let Self::Object(fields) = self else { return };
        if let Some((_, old)) = fields.iter_mut().find(|(field, _)| field == name) {
            *old = value;
        }
    }

    /// Deserializes a model. An error has the place of the first invalid value below `pointer`.
    pub fn to_model<T: Deserialize<'de>>(&self, pointer: &str) -> Result<T, TypeError> {
        let place = RefCell::new(pointer.to_owned());
        let result = T::deserialize(Node { tree: self, place: &place });
        result.map_err(|error| error.below(place.into_inner()))
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
        wrong_type(expected)
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

/// A value with its place. The place is left where it is after an error.
///
/// Each method accepts only the kind that it is for, and the rest is not generic: that keeps small what is
/// compiled for each field.
#[derive(Clone, Copy)]
struct Node<'t, 'de> {
    tree: &'t Tree<'de>,
    place: &'t RefCell<String>,
}

impl<'t, 'de> Node<'t, 'de> {
    /// The text of a string or of a parameter.
    fn text(self) -> Option<&'t Cow<'de, str>> {
        match self.tree {
            Tree::Text(text) | Tree::Parameter(text) => Some(text),
            _ => None,
        }
    }

    /// The number of a number, or of a parameter that is written as one in its only spelling.
    fn number(self) -> Option<Number> {
        match self.tree {
            Tree::Number(number) => Some(number.clone()),
            Tree::Parameter(text) => {
                let number = text.parse::<u64>().ok()?;
                (number.to_string() == **text).then(|| number.into())
            }
            _ => None,
        }
    }

    fn flag(self) -> Option<bool> {
        match self.tree {
            Tree::Flag(flag) => Some(*flag),
            Tree::Parameter(text) => text.parse().ok(),
            _ => None,
        }
    }

    fn items(self) -> Option<Items<'t, 'de>> {
        match self.tree {
            Tree::List(items) => Some(Items { rest: items.iter(), index: 0, place: self.place }),
            _ => None,
        }
    }

    fn fields(self) -> Option<Fields<'t, 'de>> {
        match self.tree {
            Tree::Object(fields) => {
                Some(Fields { rest: fields.iter(), current: None, place: self.place })
            }
            _ => None,
        }
    }

    /// Moves one step down, runs `then` and moves back, unless it fails.
    fn below<T>(
        self,
        step: &str,
        then: impl FnOnce(Self) -> Result<T, TypeError>,
    ) -> Result<T, TypeError> {
        let length = self.enter(step);
        let value = then(self)?;
        self.place.borrow_mut().truncate(length);
        Ok(value)
    }

    fn enter(self, step: &str) -> usize {
        let mut place = self.place.borrow_mut();
        let length = place.len();
        place.push('/');
        place.push_str(&escaped(step));
        length
    }
}

fn wrong_type(expected: &dyn Expected) -> TypeError {
    TypeError::new(FieldCode::InvalidType, must_be(expected))
}

/// Methods for the values of one kind.
macro_rules! deserialize {
    ($($method:ident, $kind:ident, $visit:expr;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
            match self.$kind() {
                Some(value) => $visit(value, visitor),
                None => Err(wrong_type(&visitor)),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Node<'_, 'de> {
    type Error = TypeError;

    deserialize! {
        deserialize_bool, flag, |flag, visitor: V| visitor.visit_bool(flag);
        deserialize_u8, number, |number, visitor| visit_number(&number, visitor);
        deserialize_u16, number, |number, visitor| visit_number(&number, visitor);
        deserialize_u32, number, |number, visitor| visit_number(&number, visitor);
        deserialize_u64, number, |number, visitor| visit_number(&number, visitor);
        deserialize_i8, number, |number, visitor| visit_number(&number, visitor);
        deserialize_i16, number, |number, visitor| visit_number(&number, visitor);
        deserialize_i32, number, |number, visitor| visit_number(&number, visitor);
        deserialize_i64, number, |number, visitor| visit_number(&number, visitor);
        deserialize_f32, number, |number, visitor| visit_number(&number, visitor);
        deserialize_f64, number, |number, visitor| visit_number(&number, visitor);
        deserialize_char, text, visit_text;
        deserialize_str, text, visit_text;
        deserialize_string, text, visit_text;
        deserialize_seq, items, |items, visitor: V| visitor.visit_seq(items);
        deserialize_map, fields, |fields, visitor: V| visitor.visit_map(fields);
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
        match self.tree {
            Tree::Null => visitor.visit_unit(),
            Tree::Flag(flag) => visitor.visit_bool(*flag),
            Tree::Number(number) => visit_number(number, visitor),
            Tree::Text(text) | Tree::Parameter(text) => visit_text(text, visitor),
            Tree::List(_) => self.deserialize_seq(visitor),
            Tree::Object(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
        match self.tree {
            Tree::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, TypeError> {
        visitor.visit_newtype_struct(self)
    }

    /// A list is no struct here, although serde reads one as its fields.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, TypeError> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, TypeError> {
        match self.text() {
            Some(name) => visitor.visit_enum(StrDeserializer::new(name)),
            None => Err(wrong_type(&"a string")),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i128 u128 bytes byte_buf unit unit_struct tuple tuple_struct identifier
    }
}

fn visit_text<'de, V: Visitor<'de>>(
    text: &Cow<'de, str>,
    visitor: V,
) -> Result<V::Value, TypeError> {
    match text {
        Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
        Cow::Owned(text) => visitor.visit_str(text),
    }
}

fn visit_number<'de, V: Visitor<'de>>(number: &Number, visitor: V) -> Result<V::Value, TypeError> {
    if let Some(number) = number.as_u64() {
        visitor.visit_u64(number)
    } else if let Some(number) = number.as_i64() {
        visitor.visit_i64(number)
    } else {
        visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN))
    }
}

/// The items of a list.
struct Items<'t, 'de> {
    rest: slice::Iter<'t, Tree<'de>>,
    index: usize,
    place: &'t RefCell<String>,
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = TypeError;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, TypeError> {
        let Some(tree) = self.rest.next() else { return Ok(None) };
        let index = self.index.to_string();
        self.index += 1;
        let node = Node { tree, place: self.place };
        node.below(&index, |node| seed.deserialize(node)).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// The fields of an object.
struct Fields<'t, 'de> {
    rest: slice::Iter<'t, (Cow<'de, str>, Tree<'de>)>,
    /// The field whose name was read last.
    current: Option<&'t (Cow<'de, str>, Tree<'de>)>,
    place: &'t RefCell<String>,
}

impl<'de> MapAccess<'de> for Fields<'_, 'de> {
    type Error = TypeError;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, TypeError> {
        self.current = self.rest.next();
        let Some((name, _)) = self.current else { return Ok(None) };
        let key = seed.deserialize(StrDeserializer::new(name));
        key.map(Some).map_err(|error: TypeError| error.in_field(name))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, TypeError> {
        let (name, tree) =
            self.current.take().ok_or_else(|| de::Error::custom("a value without its name"))?;
        Node { tree, place: self.place }.below(name, |node| seed.deserialize(node))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Tree<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

/// The name of a field, borrowed if it is written without escapes.
#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Tree<'de>, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Tree<'de>, E> {
        Ok(Tree::Flag(flag))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Tree<'de>, E> {
        Ok(Tree::Number(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Tree<'de>, E> {
        Ok(Tree::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Tree<'de>, E> {
        Ok(Number::from_f64(number).map_or(Tree::Null, Tree::Number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Tree<'de>, E> {
        Ok(Tree::Text(text.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree<'de>, E> {
        Ok(Tree::Text(text.to_owned().into()))
    }

    fn visit_string<E>(self, text: String) -> Result<Tree<'de>, E> {
        Ok(Tree::Text(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree<'de>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Tree::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Tree<'de>, A::Error> {
        let mut fields = Vec::new();
        while let Some(Name(name)) = object.next_key()? {
            fields.push((name, object.next_value()?));
        }
        Ok(Tree::Object(fields))
    }
}
