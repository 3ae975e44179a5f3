//! JSON as a tree of values, and serde's view of it. Objects keep the order and the repetitions of their
//! fields.
//!
//! All texts that the workers read go through this one deserializer: what serde generates for a model is
//! compiled once, and a struct is never read from a list, so that it is half as long as for `serde_json`.

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, Expected, MapAccess, SeqAccess,
    Unexpected, Visitor,
};
use serde::{Deserialize, forward_to_deserialize_any};
use serde_json::{Number, Value};
use std::borrow::Cow;
use std::fmt;
use std::slice;

/// Parses a model from JSON. The message of an error may quote the text: see
/// [`crate::without_values`].
pub fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, serde_json::Error> {
    from_tree(&serde_json::from_str(text)?)
}

/// Reads a model from a tree.
pub fn from_tree<T: DeserializeOwned>(tree: &Tree<'_>) -> Result<T, serde_json::Error> {
    T::deserialize(Node { tree, place: Nowhere })
}

/// Reads a model from a value, by its text.
pub fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, serde_json::Error> {
    from_str(&value.to_string())
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree<'de> {
    Null,
    Flag(bool),
    Number(Number),
    Text(Cow<'de, str>),
    List(Vec<Self>),
    Object(Vec<(Cow<'de, str>, Self)>),
    /// The value of a query parameter or the name of a field: a text that may stand for a number or a
    /// flag.
    Parameter(Cow<'de, str>),
}

impl Tree<'_> {
    /// Returns the text of a field of an object.
    pub fn text(&self, name: &str) -> Option<&str> {
        let Self::Object(fields) = self else { return None };
        match fields.iter().find(|(field, _)| field == name) {
            Some((_, Self::Text(text))) => Some(text),
            _ => None,
        }
    }

    /// Removes a field of an object, and returns its value.
    pub fn remove(&mut self, name: &str) -> Option<Self> {
        let Self::Object(fields) = self else { return None };
        let index = fields.iter().position(|(field, _)| field == name)?;
        Some(fields.remove(index).1)
    }

    /// Removes a field that is a list, and returns its items.
    pub fn remove_list(&mut self, name: &str) -> Vec<Self> {
        match self.remove(name) {
            Some(Self::List(items)) => items,
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
}

/// The way to a value, for the error about it.
pub trait Place: Copy {
    /// The error.
    type Error: de::Error;

    /// Goes down into a field. Returns what [`Self::leave`] takes.
    fn enter_field(self, name: &str) -> usize;

    /// Goes down into an item of a list.
    fn enter_item(self, index: usize) -> usize;

    /// Goes back up. After an error the place stays where it is.
    fn leave(self, mark: usize);

    /// The error of a name that is a value: it has no place yet.
    fn in_field(error: Self::Error, name: &str) -> Self::Error;
}

/// No place: the error says only what is wrong.
#[derive(Clone, Copy)]
struct Nowhere;

impl Place for Nowhere {
    type Error = serde_json::Error;

    fn enter_field(self, _: &str) -> usize {
        0
    }

    fn enter_item(self, _: usize) -> usize {
        0
    }

    fn leave(self, _: usize) {}

    fn in_field(error: serde_json::Error, _: &str) -> serde_json::Error {
        error
    }
}

/// A value with its place.
///
/// Each method accepts only the kind that it is for, and the rest is not generic: that keeps small what is
/// compiled for each field.
#[derive(Clone, Copy)]
pub struct Node<'t, 'de, P> {
    pub tree: &'t Tree<'de>,
    pub place: P,
}

impl<'t, 'de> Tree<'de> {
    /// The text of a string or of a parameter.
    fn any_text(&'t self) -> Option<&'t Cow<'de, str>> {
        match self {
            Tree::Text(text) | Tree::Parameter(text) => Some(text),
            _ => None,
        }
    }

    /// The number of a number, or of a parameter that is written as one in its only spelling.
    fn number(&self) -> Option<Number> {
        match self {
            Tree::Number(number) => Some(number.clone()),
            Tree::Parameter(text) => {
                let number = text.parse::<u64>().ok()?;
                (number.to_string() == **text).then(|| number.into())
            }
            _ => None,
        }
    }

    fn flag(&self) -> Option<bool> {
        match self {
            Tree::Flag(flag) => Some(*flag),
            Tree::Parameter(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The kind, for errors.
    const fn kind(&self) -> Unexpected<'static> {
        Unexpected::Other(match self {
            Tree::Null => "null",
            Tree::Flag(_) => "a boolean",
            Tree::Number(_) => "a number",
            Tree::Text(_) | Tree::Parameter(_) => "a string",
            Tree::List(_) => "a list",
            Tree::Object(_) => "an object",
        })
    }
}

impl<'t, 'de, P: Place> Node<'t, 'de, P> {
    fn items(self) -> Option<Items<'t, 'de, P>> {
        match self.tree {
            Tree::List(items) => Some(Items { rest: items.iter(), index: 0, place: self.place }),
            _ => None,
        }
    }

    fn fields(self) -> Option<Fields<'t, 'de, P>> {
        match self.tree {
            Tree::Object(fields) => {
                Some(Fields { rest: fields.iter(), current: None, place: self.place })
            }
            _ => None,
        }
    }

    fn wrong_type(self, expected: &dyn Expected) -> P::Error {
        de::Error::invalid_type(self.tree.kind(), expected)
    }
}

/// Methods for the values of one kind.
macro_rules! deserialize {
    ($($method:ident, $kind:expr, $visit:expr;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, P::Error> {
            match $kind(self) {
                Some(value) => $visit(value, visitor),
                None => Err(self.wrong_type(&visitor)),
            }
        }
    )*};
}

impl<'de, P: Place> Deserializer<'de> for Node<'_, 'de, P> {
    type Error = P::Error;

    deserialize! {
        deserialize_bool, |node: Self| node.tree.flag(), |flag, visitor: V| visitor.visit_bool(flag);
        deserialize_u8, |node: Self| node.tree.number(), |number, visitor| visit_number(&number, visitor);
        deserialize_u16, |node: Self| node.tree.number(), |number, visitor| visit_number(&number, visitor);
        deserialize_u32, |node: Self| node.tree.number(), |number, visitor| visit_number(&number, visitor);
        deserialize_u64, |node: Self| node.tree.number(), |number, visitor| visit_number(&number, visitor);
        deserialize_i8, |node: Self| node.tree.number(), |number, visitor| visit_number(&number, visitor);
        deserialize_i16, |node: Self| node.tree.number(), |number, visitor| visit_number(&number, visitor);
        deserialize_i32, |node: Self| node.tree.number(), |number, visitor| visit_number(&number, visitor);
        deserialize_i64, |node: Self| node.tree.number(), |number, visitor| visit_number(&number, visitor);
        deserialize_f32, |node: Self| node.tree.number(), |number, visitor| visit_number(&number, visitor);
        deserialize_f64, |node: Self| node.tree.number(), |number, visitor| visit_number(&number, visitor);
        deserialize_char, |node: Self| node.tree.any_text(), visit_text;
        deserialize_str, |node: Self| node.tree.any_text(), visit_text;
        deserialize_string, |node: Self| node.tree.any_text(), visit_text;
        deserialize_seq, Self::items, |items, visitor: V| visitor.visit_seq(items);
        deserialize_map, Self::fields, |fields, visitor: V| visitor.visit_map(fields);
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, P::Error> {
        match self.tree {
            Tree::Null => visitor.visit_unit(),
            Tree::Flag(flag) => visitor.visit_bool(*flag),
            Tree::Number(number) => visit_number(number, visitor),
            Tree::Text(text) | Tree::Parameter(text) => visit_text(text, visitor),
            Tree::List(_) => self.deserialize_seq(visitor),
            Tree::Object(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, P::Error> {
        match self.tree {
            Tree::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, P::Error> {
        visitor.visit_newtype_struct(self)
    }

    /// A list is no struct here, although serde reads one as its fields.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, P::Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, P::Error> {
        match self.tree.any_text() {
            Some(name) => visitor.visit_enum(StrDeserializer::new(name)),
            None => Err(self.wrong_type(&"a string")),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, P::Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i128 u128 bytes byte_buf unit unit_struct tuple tuple_struct identifier
    }
}

fn visit_text<'de, V: Visitor<'de>, E: de::Error>(
    text: &Cow<'de, str>,
    visitor: V,
) -> Result<V::Value, E> {
    match text {
        Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
        Cow::Owned(text) => visitor.visit_str(text),
    }
}

fn visit_number<'de, V: Visitor<'de>, E: de::Error>(
    number: &Number,
    visitor: V,
) -> Result<V::Value, E> {
    if let Some(number) = number.as_u64() {
        visitor.visit_u64(number)
    } else if let Some(number) = number.as_i64() {
        visitor.visit_i64(number)
    } else {
        visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN))
    }
}

/// The items of a list.
struct Items<'t, 'de, P> {
    rest: slice::Iter<'t, Tree<'de>>,
    index: usize,
    place: P,
}

impl<'de, P: Place> SeqAccess<'de> for Items<'_, 'de, P> {
    type Error = P::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, P::Error> {
        let Some(tree) = self.rest.next() else { return Ok(None) };
        let mark = self.place.enter_item(self.index);
        self.index += 1;
        let item = seed.deserialize(Node { tree, place: self.place })?;
        self.place.leave(mark);
        Ok(Some(item))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// The fields of an object.
struct Fields<'t, 'de, P> {
    rest: slice::Iter<'t, (Cow<'de, str>, Tree<'de>)>,
    /// The field whose name was read last.
    current: Option<&'t (Cow<'de, str>, Tree<'de>)>,
    place: P,
}

impl<'de, P: Place> MapAccess<'de> for Fields<'_, 'de, P> {
    type Error = P::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, P::Error> {
        self.current = self.rest.next();
        let Some((name, _)) = self.current else { return Ok(None) };
        // A map may have numbers as names.
        let key = Tree::Parameter(name.clone());
        let key = seed.deserialize(Node { tree: &key, place: self.place });
        key.map(Some).map_err(|error| P::in_field(error, name))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, P::Error> {
        let (name, tree) =
            self.current.take().ok_or_else(|| de::Error::custom("a value without its name"))?;
        let mark = self.place.enter_field(name);
        let value = seed.deserialize(Node { tree, place: self.place })?;
        self.place.leave(mark);
        Ok(value)
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Model {
        name: String,
        #[serde(default)]
        count: Option<u32>,
        #[serde(flatten)]
        rest: BTreeMap<String, Value>,
    }

    #[test]
    fn model_is_read_as_serde_json_reads_it() {
        let texts = [
            r#"{"name":"a\u00e9","count":3,"more":[1,-2,0.1,true,null,{"x":"y"}]}"#,
            r#"{"name":"a","count":null}"#,
        ];
        for text in texts {
            let expected: Model = serde_json::from_str(text).unwrap();
            assert_eq!(from_str::<Model>(text).unwrap(), expected);
        }
        let maps = r#"{"100":[1,2],"7":[]}"#;
        let expected = BTreeMap::from([(7_i64, vec![]), (100, vec![1_u8, 2])]);
        assert_eq!(from_str::<BTreeMap<i64, Vec<u8>>>(maps).unwrap(), expected);
        let tuple: (u8, String, [f64; 2]) = from_str(r#"[1,"a",[0.5,2]]"#).unwrap();
        assert_eq!(tuple, (1, "a".to_owned(), [0.5, 2.0]));
        assert_eq!(
            from_str::<Value>(texts[0]).unwrap(),
            json!({
                "name": "aé", "count": 3, "more": [1, -2, 0.1, true, null, { "x": "y" }]
            })
        );
    }

    #[test]
    fn invalid_text_is_an_error_without_its_values() {
        for (text, expected) in [
            ("{", "EOF while parsing an object at line 1 column 1"),
            ("{}", "missing field `name`"),
            (r#"{"name":5}"#, "invalid type: a number, expected a string"),
            (r#"{"name":"a","name":"b"}"#, "duplicate field `name`"),
            (r#"{"name":"a","count":-1}"#, "invalid value: integer `-1`, expected u32"),
            (r#"["a",1]"#, "invalid type: a list, expected struct Model"),
        ] {
            assert_eq!(from_str::<Model>(text).unwrap_err().to_string(), expected, "{text}");
        }
    }
}
