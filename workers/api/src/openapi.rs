//! The OpenAPI 3.1 document, made from the table of routes and the models. Native only.

use crate::auth::OPERATOR_CHARS_MAX;
use crate::call::Access;
use crate::idempotency::KEY_CHARS_MAX;
use crate::route::Route;
use crate::routes::routes;
use contract::ProblemCode;
use contract::problem::ProblemDetails;
use platform::http::{Method, StatusCode};
use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The schemas of requests and responses.
struct Schemas {
    requests: SchemaGenerator,
    responses: SchemaGenerator,
}

impl Schemas {
    fn new() -> Self {
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
    fn into_definitions(mut self) -> Map<String, Value> {
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
    schemas: &'a mut Schemas,
    route: &'a Route,
    parameters: Vec<Value>,
    body: Option<Value>,
    responses: BTreeMap<u16, Value>,
    problems: Vec<ProblemCode>,
}

impl OperationDoc<'_> {
    /// Adds the path's parameters, in their order.
    pub fn path_parameters(&mut self, schemas: Vec<Value>) {
        for (name, schema) in parameter_names(self.route.path).into_iter().zip(schemas) {
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
            if self.route.method == Method::GET && is_json || self.route.has_if_match {
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
        if self.route.method == Method::GET && is_json {
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

fn reason(status: u16) -> &'static str {
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

/// The document.
pub fn document() -> Value {
    let mut schemas = Schemas::new();
    let mut paths: Map<String, Value> = Map::new();
    let problem = schemas.responses.subschema_for::<ProblemDetails>();
    for route in routes() {
        let operation = operation(&route, &mut schemas);
        let methods = paths.entry(route.path.to_owned()).or_insert_with(|| json!({}));
        if let Some(methods) = methods.as_object_mut() {
            methods.insert(route.method.as_str().to_ascii_lowercase(), operation);
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Bulktrack",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Workouts in; training volume, records, patterns and notifications out.",
            "description": DESCRIPTION,
            "license": { "name": "Proprietary", "url": "https://bulktrack.example/license" },
        },
        "servers": [{ "url": "/", "description": "The address that serves this document." }],
        "security": [],
        "tags": tags(),
        "paths": paths,
        "components": {
            "securitySchemes": {
                "athlete": {
                    "type": "http", "scheme": "bearer",
                    "description": "An athlete's API key: bt_<id>_<secret>.",
                },
                "operator": {
                    "type": "http", "scheme": "bearer", "description": "The operators' token.",
                },
            },
            "headers": headers(),
            "responses": problem_responses(&problem),
            "schemas": schemas.into_definitions(),
        },
    })
}

const DESCRIPTION: &str = "Apps post workouts; everything after that is events. Times are RFC 3339 with an offset, \
days `2026-11-23`, JSON fields snake_case. Every response has `X-Request-Id`. Errors are `application/problem+json`; \
`code` is stable, and `type` is the page of the code.";

fn tags() -> Value {
    let mut names: Vec<String> = Vec::new();
    for route in routes() {
        let tag = tag(&route);
        if !names.contains(&tag) {
            names.push(tag);
        }
    }
    names.into_iter().map(|name| json!({ "name": name })).collect()
}

/// The first segment of the path after the version.
fn tag(route: &Route) -> String {
    let path = route.path.trim_start_matches("/v1/").trim_start_matches('/');
    let mut parts = path.split('/');
    let first = parts.next().unwrap_or_default();
    if first == "admin" {
        format!("admin: {}", parts.next().unwrap_or_default())
    } else {
        first.to_owned()
    }
}

fn operation(route: &Route, schemas: &mut Schemas) -> Value {
    let mut doc = OperationDoc {
        schemas,
        route,
        parameters: Vec::new(),
        body: None,
        responses: BTreeMap::new(),
        problems: vec![ProblemCode::InvalidParameter, ProblemCode::BodyTooLong],
    };
    doc.problems.extend([ProblemCode::RateLimited, ProblemCode::InternalError]);
    doc.problems.push(ProblemCode::Unavailable);
    let documentation = &route.documentation;
    (documentation.describe)(&mut doc);
    let (status, media) = documentation.produces;
    if !media.is_empty() {
        doc.media_response(status, media);
    }
    if !documentation.consumes.is_empty() {
        let content: Map<_, _> = documentation
            .consumes
            .iter()
            .map(|media| ((*media).to_owned(), json!({ "schema": {} })))
            .collect();
        doc.body = Some(json!({ "required": true, "content": content }));
        doc.problems.push(ProblemCode::UnsupportedMediaType);
    }
    let security = match route.access {
        Access::Public => json!([]),
        Access::Athlete => json!([{ "athlete": [] }]),
        Access::Operator => json!([{ "operator": [] }]),
    };
    if route.access != Access::Public {
        doc.problems.extend([ProblemCode::Unauthorized, ProblemCode::Forbidden]);
    }
    if route.method != Method::GET {
        // A precondition on a resource without revisions, too.
        doc.problems.push(ProblemCode::StaleRevision);
    }
    doc.problems.extend(documentation.problems);
    let OperationDoc { parameters, body, mut responses, problems, .. } = doc;
    for (status, codes) in by_status(&problems) {
        let reference = format!("#/components/responses/Problem{status}");
        let codes: Vec<_> = codes.iter().map(|code| format!("`{}`", code.as_str())).collect();
        responses.insert(
            status,
            json!({ "$ref": reference, "description": format!("{}: {}", reason(status), codes.join(", ")) }),
        );
    }
    let responses: Map<_, _> =
        responses.into_iter().map(|(status, value)| (status.to_string(), value)).collect();
    let mut operation = json!({
        "operationId": operation_id(route),
        "tags": [tag(route)],
        "summary": documentation.summary,
        "security": security,
        "responses": responses,
    });
    if let Some(fields) = operation.as_object_mut() {
        if !documentation.description.is_empty() {
            fields.insert("description".to_owned(), json!(documentation.description));
        }
        if !parameters.is_empty() {
            fields.insert("parameters".to_owned(), json!(parameters));
        }
        if let Some(body) = body {
            fields.insert("requestBody".to_owned(), body);
        }
    }
    operation
}

fn by_status(problems: &[ProblemCode]) -> BTreeMap<u16, Vec<ProblemCode>> {
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
fn operation_id(route: &Route) -> String {
    let mut id = route.method.as_str().to_ascii_lowercase();
    for part in route.path.trim_start_matches("/v1").split(['/', '-', '_', '}']) {
        let (by, word) = part.strip_prefix('{').map_or(("", part), |name| ("By", name));
        id.push_str(by);
        let mut letters = word.chars();
        id.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        id.extend(letters);
    }
    id
}

fn headers() -> Value {
    let text = |description: &str, example: &str| json!({ "description": description, "schema": { "type": "string" }, "example": example });
    json!({
        "RequestId": text("Identifies the request in the logs.", "0193b2a0-7c1e-7a55-b0b4-3a1b8a1f6c11"),
        "ETag": text("The tag of this state: If-None-Match reads only a newer one, If-Match changes only this one.", "\"3\""),
        "Location": text("The path of the new resource.", "/v1/workouts/0193b2a0-7c1e-7a55-b0b4-3a1b8a1f6c11"),
        "IdempotencyReplayed": text("`true` when an earlier request with this Idempotency-Key did the work.", "true"),
        "RetryAfter": { "description": "The delay before a retry, in seconds.", "schema": { "type": "integer", "minimum": 0 }, "example": 2 },
        "Allow": text("The methods of the path.", "GET, HEAD, OPTIONS"),
    })
}

/// One response component for each status of a problem.
fn problem_responses(schema: &Schema) -> Value {
    let responses: Map<_, _> = by_status(ProblemCode::ALL)
        .into_iter()
        .map(|(status, codes)| {
            let mut headers =
                json!({ "X-Request-Id": { "$ref": "#/components/headers/RequestId" } });
            if [409, 429, 503].contains(&status) {
                headers["Retry-After"] = json!({ "$ref": "#/components/headers/RetryAfter" });
            }
            if status == 405 {
                headers["Allow"] = json!({ "$ref": "#/components/headers/Allow" });
            }
            let examples: Map<_, _> = codes
                .iter()
                .map(|code| (code.as_str(), json!({ "value": example(*code) })))
                .collect();
            let content =
                json!({ "application/problem+json": { "schema": schema, "examples": examples } });
            let response =
                json!({ "description": reason(status), "headers": headers, "content": content });
            (format!("Problem{status}"), response)
        })
        .collect();
    Value::Object(responses)
}

fn example(code: ProblemCode) -> ProblemDetails {
    let instance = "urn:uuid:0193b2a0-7c1e-7a55-b0b4-3a1b8a1f6c11".to_owned();
    contract::Problem::from(code).details(instance)
}
