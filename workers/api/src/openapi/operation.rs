//! One operation of the OpenAPI document.

use super::schemas::Schemas;
use crate::auth::OPERATOR_CHARS_MAX;
use crate::idempotency::KEY_CHARS_MAX;
use contract::ProblemCode;
use contract::imports::Export;
use platform::http::{Method, StatusCode};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// One operation of the document, as the types of its handler describe it.
pub struct OperationDoc<'a> {
    schemas: &'a mut Schemas,
    method: &'a Method,
    path: &'static str,
    has_if_match: bool,
    parameters: Vec<Value>,
    body: Option<Value>,
    responses: BTreeMap<u16, Value>,
    problems: Vec<ProblemCode>,
}

impl<'a> OperationDoc<'a> {
    /// An operation with the problems of every call.
    pub fn new(
        schemas: &'a mut Schemas,
        method: &'a Method,
        path: &'static str,
        has_if_match: bool,
    ) -> Self {
        let problems = vec![
            ProblemCode::InvalidParameter,
            ProblemCode::BodyTooLong,
            ProblemCode::RateLimited,
            ProblemCode::InternalError,
            ProblemCode::Unavailable,
        ];
        let (parameters, body, responses) = (Vec::new(), None, BTreeMap::new());
        Self { schemas, method, path, has_if_match, parameters, body, responses, problems }
    }

    /// Adds problems.
    pub fn problems(&mut self, codes: &[ProblemCode]) {
        self.problems.extend(codes);
    }

    /// Adds the path's parameters, in their order.
    ///
    /// # Panics
    /// When a parameter has no description.
    pub fn path_parameters(&mut self, schemas: Vec<Value>) {
        for (name, schema) in parameter_names(self.path).into_iter().zip(schemas) {
            let (description, example) = path_parameter(self.path, name);
            assert!(!example.is_empty(), "{name} of {} has no description", self.path);
            let example = example.parse::<u32>().map_or_else(|_| json!(example), Value::from);
            self.parameters.push(json!({
                "name": name, "in": "path", "required": true,
                "description": description, "schema": schema, "example": example,
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

    /// Adds a body that is no JSON model.
    pub fn media_body(&mut self, types: &[&str]) {
        let content: Map<_, _> = types.iter().map(|media| self.media(media, &json!({}))).collect();
        self.body = Some(json!({ "required": true, "content": content }));
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

    /// Adds the header `If-Match` of a resource with revisions.
    pub fn if_match(&mut self) {
        self.if_match_tag("\"3\"");
        self.problems.push(ProblemCode::ConcurrentChange);
    }

    /// Adds the header `If-Match`, with the tag of an example.
    pub fn if_match_tag(&mut self, example: &str) {
        let description = "The ETag of the state that the change applies to, several, or `*`. Another state is 412.";
        self.header_parameter("If-Match", description, example);
        self.problems.push(ProblemCode::StaleRevision);
    }

    fn header_parameter(&mut self, name: &str, description: &str, example: &str) {
        self.parameters.push(json!({
            "name": name,
            "in": "header",
            "description": description,
            "schema": { "type": "string" },
            "example": example,
        }));
    }

    /// Adds a response with a JSON body.
    pub fn json_response<T: JsonSchema>(&mut self, status: u16) {
        let schema = self.schemas.responses.subschema_for::<T>();
        // Every response with a workout has the tag of its revision.
        let has_tag =
            self.method == Method::GET || self.has_if_match || T::schema_name() == "Workout";
        self.response(status, &json!({ "application/json": { "schema": schema } }), has_tag);
    }

    /// Adds a response without a body.
    pub fn empty_response(&mut self, status: u16) {
        self.response(status, &Value::Null, false);
    }

    /// Adds a response with other media types.
    pub fn media_response(&mut self, status: u16, types: &[&str]) {
        let content: Map<_, _> =
            types.iter().map(|media| self.media(media, &json!({ "type": "string" }))).collect();
        self.response(status, &Value::Object(content), false);
    }

    /// A media type with its schema. The only file that is JSON is an export. A stream has none: a schema
    /// would be that of each event.
    fn media(&mut self, media: &str, other: &Value) -> (String, Value) {
        if media == "text/event-stream" {
            return (media.to_owned(), json!({}));
        }
        let schema = if media == "application/json" {
            self.schemas.responses.subschema_for::<Export>().to_value()
        } else {
            other.clone()
        };
        (media.to_owned(), json!({ "schema": schema }))
    }

    fn response(&mut self, status: u16, content: &Value, has_tag: bool) {
        let mut headers = vec![("X-Request-Id", "RequestId")];
        if has_tag {
            headers.push(("ETag", "ETag"));
        }
        if status == 201 {
            headers.push(("Location", "Location"));
        }
        let sends = |name: &str| self.parameters.iter().any(|parameter| parameter["name"] == name);
        if sends("Idempotency-Key") {
            headers.push(("Idempotency-Replayed", "IdempotencyReplayed"));
        }
        let headers: Map<_, _> = headers
            .into_iter()
            .map(|(name, component)| (name.to_owned(), header(component)))
            .collect();
        let mut response = json!({ "description": reason(status), "headers": headers });
        if let (Some(fields), false) = (response.as_object_mut(), content.is_null()) {
            fields.insert("content".to_owned(), content.clone());
        }
        if self.method == Method::GET && has_tag {
            let not_modified = json!({
                "description": "Not Modified: the client has the response with this ETag.",
                "headers": { "X-Request-Id": header("RequestId"), "ETag": header("ETag") },
            });
            self.responses.insert(304, not_modified);
            let description = "The ETag of a response to this request: with the same content now, the response is 304.";
            self.header_parameter(
                "If-None-Match",
                description,
                "W/\"9f86d081884c7d659a2feaa0c55ad015\"",
            );
        }
        self.responses.insert(status, response);
    }

    /// Returns the finished operation.
    pub fn finish(self, head: Head) -> Operation {
        let Self { parameters, body, mut responses, problems, .. } = self;
        for (status, codes) in by_status(&problems) {
            let reference = format!("#/components/responses/Problem{status}");
            let links: Vec<_> = codes.iter().map(|code| link(*code)).collect();
            let description = format!("{}: {}", reason(status), links.join(", "));
            responses.insert(status, json!({ "$ref": reference, "description": description }));
        }
        let responses =
            responses.into_iter().map(|(status, value)| (status.to_string(), value)).collect();
        Operation { id: operation_id(self.method, self.path), head, parameters, body, responses }
    }
}

/// The parts of an operation that its table states.
#[derive(Debug, Serialize)]
pub struct Head {
    pub tags: [&'static str; 1],
    pub summary: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub description: &'static str,
    pub security: Value,
}

/// An operation of the document.
#[derive(Debug, Serialize)]
pub struct Operation {
    #[serde(rename = "operationId")]
    id: String,
    #[serde(flatten)]
    head: Head,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parameters: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(rename = "requestBody")]
    body: Option<Value>,
    responses: BTreeMap<String, Value>,
}

/// The code with a link to its page.
fn link(code: ProblemCode) -> String {
    let code = code.as_str();
    format!("[`{code}`](/docs/problems/{code})")
}

/// Returns the codes by their statuses.
pub fn by_status(problems: &[ProblemCode]) -> BTreeMap<u16, Vec<ProblemCode>> {
    let mut by_status: BTreeMap<u16, Vec<ProblemCode>> = BTreeMap::new();
    for code in problems {
        let codes = by_status.entry(code.status()).or_default();
        if !codes.contains(code) {
            codes.push(*code);
        }
    }
    by_status
}

/// `getWorkoutsByIdSets` and the like: the method with the path.
fn operation_id(method: &Method, path: &str) -> String {
    let mut id = method.as_str().to_ascii_lowercase();
    for part in path.trim_start_matches("/v1").split(['/', '-', '_', '}']) {
        let (by, word) = part.strip_prefix('{').map_or(("", part), |name| ("By", name));
        id.push_str(by);
        let mut chars = word.chars();
        id.extend(chars.next().map(|first| first.to_ascii_uppercase()));
        id.extend(chars);
    }
    id
}

/// The description and an example of a path's parameter; empty when it is unknown.
fn path_parameter(path: &str, name: &str) -> (String, &'static str) {
    const ID: &str = "0193b2a0-7c1e-7a55-b0b4-3a1b8a1f6c11";
    let before = path.split(&format!("/{{{name}}}")).next().unwrap_or_default();
    let resource = before.rsplit('/').next().unwrap_or_default();
    match name {
        "id" if resource == "keys" => ("The id of the key.".to_owned(), "5f0c1d2e3a4b5c6d"),
        "id" => {
            let resource = resource.trim_end_matches('s').replace('-', " ");
            (format!("The id of the {resource}."), ID)
        }
        "delivery_id" => ("The id of the delivery.".to_owned(), ID),
        "set_id" => ("The number of the set within its workout.".to_owned(), "1"),
        "key_id" => ("The id of the key.".to_owned(), "5f0c1d2e3a4b5c6d"),
        "slug" => ("The slug of the exercise.".to_owned(), "barbell-bench-press"),
        "date" => ("The day.".to_owned(), "2026-11-23"),
        "queue" => ("The name of the queue.".to_owned(), "volume-aggregation"),
        _ => (String::new(), ""),
    }
}

/// A header of the components.
pub fn header(component: &str) -> Value {
    json!({ "$ref": format!("#/components/headers/{component}") })
}

/// The reason phrase of a status.
pub fn reason(status: u16) -> &'static str {
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
