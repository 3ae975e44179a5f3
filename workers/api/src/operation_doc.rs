//! One operation of the OpenAPI document: the parts of a handler's type add themselves to it. Native only.

use crate::auth::OPERATOR_CHARS_MAX;
use crate::idempotency::KEY_CHARS_MAX;
use contract::ProblemCode;
use platform::http::StatusCode;
use schemars::JsonSchema;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The schemas of requests and responses.
pub(crate) struct Schemas {
    pub(crate) requests: SchemaGenerator,
    pub(crate) responses: SchemaGenerator,
}

impl Schemas {
    pub(crate) fn new() -> Self {
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

    /// The definitions of both.
    ///
    /// # Panics
    /// When a request and a response model of one name differ.
    pub(crate) fn into_definitions(mut self) -> Map<String, Value> {
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

/// One operation of the document.
pub struct OperationDoc<'a> {
    pub(crate) schemas: &'a mut Schemas,
    pub(crate) path: &'static str,
    pub(crate) is_get: bool,
    pub(crate) has_if_match: bool,
    pub(crate) parameters: Vec<Value>,
    pub(crate) body: Option<Value>,
    pub(crate) responses: BTreeMap<u16, Value>,
    pub(crate) problems: Vec<ProblemCode>,
}

impl OperationDoc<'_> {
    /// Adds the path's parameters, in their order.
    pub fn path_parameters(&mut self, schemas: Vec<Value>) {
        for (name, schema) in parameter_names(self.path).into_iter().zip(schemas) {
            self.parameters.push(json!({
                "name": name, "in": "path", "required": true, "schema": schema,
            }));
        }
        self.problems.push(ProblemCode::NotFound);
    }

    /// Adds the parameters of a query model.
    pub fn query_parameters<Q: JsonSchema>(&mut self) {
        let schema = Q::json_schema(&mut self.schemas.requests).to_value();
        let required =
            schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        let properties = schema.get("properties").and_then(Value::as_object).cloned();
        for (name, mut schema) in properties.unwrap_or_default() {
            let description =
                schema.as_object_mut().and_then(|schema| schema.remove("description"));
            let mut parameter = json!({
                "name": name,
                "in": "query",
                "required": required.contains(&json!(name)),
                "schema": without_null(schema),
            });
            if let (Some(fields), Some(text)) = (parameter.as_object_mut(), description) {
                fields.insert("description".to_owned(), text);
            }
            self.parameters.push(parameter);
        }
        self.problems.push(ProblemCode::InvalidParameter);
    }

    /// Adds the JSON body.
    pub fn json_body<B: JsonSchema>(&mut self) {
        let schema = self.schemas.requests.subschema_for::<B>();
        self.body = Some(json!({
            "required": true, "content": { "application/json": { "schema": schema } },
        }));
        self.problems.extend([ProblemCode::InvalidJson, ProblemCode::ValidationFailed]);
        self.problems.push(ProblemCode::UnsupportedMediaType);
    }

    /// Adds the header `Idempotency-Key`.
    pub fn idempotency_key(&mut self) {
        self.parameters.push(json!({
            "name": "Idempotency-Key",
            "in": "header",
            "description": "Identifies the request: a retry with the same key and body returns the resource as it is now and changes nothing.",
            "schema": { "type": "string", "minLength": 1, "maxLength": KEY_CHARS_MAX, "pattern": "^[!-~]+$" },
            "example": "0193b2a0-7c1e-7a55-b0b4-3a1b8a1f6c11",
        }));
        self.problems.extend([ProblemCode::InvalidHeader, ProblemCode::IdempotencyKeyReused]);
    }

    /// Adds a body that is a text.
    pub fn text_body(&mut self) {
        self.body = Some(json!({
            "required": true,
            "content": { "text/plain": { "schema": { "type": "string", "minLength": 1 } } },
        }));
        self.problems.extend([ProblemCode::InvalidJson, ProblemCode::ValidationFailed]);
        self.problems.push(ProblemCode::UnsupportedMediaType);
    }

    /// Adds the header `X-Operator`.
    pub fn operator_name(&mut self) {
        self.parameters.push(json!({
            "name": "X-Operator",
            "in": "header",
            "description": "The operator's name for the record of the action; by default the fingerprint of the token.",
            "schema": { "type": "string", "minLength": 1, "maxLength": OPERATOR_CHARS_MAX, "pattern": "^[!-~]+( [!-~]+)*$" },
            "example": "ann@example.com",
        }));
        self.problems.push(ProblemCode::InvalidHeader);
    }

    /// Adds the header `If-Match`.
    pub fn if_match(&mut self) {
        self.parameters.push(json!({
            "name": "If-Match",
            "in": "header",
            "description": "The ETag of the revision that the change applies to, several, or `*`. Another revision is 412.",
            "schema": { "type": "string" },
            "example": "\"3\"",
        }));
        self.problems.extend([ProblemCode::StaleRevision, ProblemCode::ConcurrentChange]);
    }

    /// Adds a response with a JSON body.
    pub fn json_response<T: JsonSchema>(&mut self, status: u16) {
        let schema = self.schemas.responses.subschema_for::<T>();
        self.response(status, &json!({ "application/json": { "schema": schema } }));
    }

    /// Adds a response without a body.
    pub fn empty_response(&mut self, status: u16) {
        self.response(status, &Value::Null);
    }

    /// Adds a response with other media types.
    pub fn media_response(&mut self, status: u16, types: &[&str]) {
        let content: Map<_, _> = types
            .iter()
            .map(|media| ((*media).to_owned(), json!({ "schema": { "type": "string" } })))
            .collect();
        self.response(status, &Value::Object(content));
    }

    fn response(&mut self, status: u16, content: &Value) {
        let is_json = content.get("application/json").is_some();
        let mut headers = json!({ "X-Request-Id": { "$ref": "#/components/headers/RequestId" } });
        if let Some(headers) = headers.as_object_mut() {
            let mut add = |name: &str, component: &str| {
                let reference = format!("#/components/headers/{component}");
                headers.insert(name.to_owned(), json!({ "$ref": reference }));
            };
            if self.is_get && is_json || self.has_if_match {
                add("ETag", "ETag");
            }
            if status == 201 {
                add("Location", "Location");
            }
            let has_key = self.parameters.iter().any(|p| p["name"] == "Idempotency-Key");
            if has_key {
                add("Idempotency-Replayed", "IdempotencyReplayed");
            }
        }
        let mut response = json!({ "description": reason(status), "headers": headers });
        if let (Some(fields), false) = (response.as_object_mut(), content.is_null()) {
            fields.insert("content".to_owned(), content.clone());
        }
        if self.is_get && is_json {
            let not_modified = json!({
                "description": "Not Modified: the client has the response with this ETag.",
                "headers": headers_of_not_modified(),
            });
            self.responses.insert(304, not_modified);
        }
        self.responses.insert(status, response);
    }
}

fn headers_of_not_modified() -> Value {
    json!({
        "X-Request-Id": { "$ref": "#/components/headers/RequestId" },
        "ETag": { "$ref": "#/components/headers/ETag" },
    })
}

pub(crate) fn reason(status: u16) -> &'static str {
    StatusCode::from_u16(status).ok().and_then(|s| s.canonical_reason()).unwrap_or("Response")
}

/// The schema of a parameter that is optional but never null.
fn without_null(mut schema: Value) -> Value {
    let Some(fields) = schema.as_object_mut() else { return schema };
    if let Some(Value::Array(types)) = fields.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            fields.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(any)) = fields.get_mut("anyOf") {
        any.retain(|schema| schema["type"] != "null");
        if let [only] = any.as_slice() {
            return only.clone();
        }
    }
    if fields.get("default") == Some(&Value::Null) {
        fields.remove("default");
    }
    schema
}

/// The names of a path's parameters, in their order.
fn parameter_names(path: &str) -> Vec<&str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect()
}
