//! The JSON schemas of the OpenAPI document.

use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value};

/// The schemas of requests and responses.
pub struct Schemas {
    pub requests: SchemaGenerator,
    pub responses: SchemaGenerator,
}

impl Default for Schemas {
    fn default() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = "/components/schemas".into();
                settings.meta_schema = None;
            })
        };
        Self {
            requests: settings().for_deserialize().into_generator(),
            responses: settings().for_serialize().into_generator(),
        }
    }
}

impl Schemas {
    /// The definitions of both.
    ///
    /// # Panics
    /// When a request and a response model of one name differ.
    pub fn into_definitions(mut self) -> Map<String, Value> {
        let mut definitions = self.requests.take_definitions(true);
        for schema in definitions.values_mut() {
            keep_read_only(schema);
        }
        for (name, schema) in self.responses.take_definitions(true) {
            if let Some(request) = definitions.get(&name) {
                assert_eq!(request, &schema, "{name} differs as request and as response");
            }
            definitions.insert(name, schema);
        }
        definitions
    }
}

/// A field that only responses have is read-only; because requests are never serialized with it, the
/// generator also calls it write-only.
fn keep_read_only(schema: &mut Value) {
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for property in
        properties.into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut)
    {
        if property.get("readOnly").is_some() {
            property.remove("writeOnly");
        }
    }
}
