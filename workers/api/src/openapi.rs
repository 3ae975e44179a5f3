//! The OpenAPI 3.1 document, made from the table of routes and the models. Native only.

use crate::call::Access;
use crate::operation_doc::{OperationDoc, Schemas, reason};
use crate::route::Route;
use crate::routes::routes;
use contract::ProblemCode;
use contract::problem::ProblemDetails;
use contract::webhook_catalogue::openapi_webhooks;
use platform::http::Method;
use schemars::Schema;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

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
        "webhooks": openapi_webhooks(&mut schemas.responses),
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
        path: route.path,
        is_get: route.method == Method::GET,
        has_if_match: route.has_if_match,
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
        let mut characters = word.chars();
        id.extend(characters.next().map(|first| first.to_ascii_uppercase()));
        id.extend(characters);
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

fn add_header(headers: &mut Value, name: &str, component: &str) {
    if let Some(headers) = headers.as_object_mut() {
        let reference = format!("#/components/headers/{component}");
        headers.insert(name.to_owned(), json!({ "$ref": reference }));
    }
}

/// One response component for each status of a problem.
fn problem_responses(schema: &Schema) -> Value {
    let responses: Map<_, _> = by_status(ProblemCode::ALL)
        .into_iter()
        .map(|(status, codes)| {
            let mut headers =
                json!({ "X-Request-Id": { "$ref": "#/components/headers/RequestId" } });
            if [409, 429, 503].contains(&status) {
                add_header(&mut headers, "Retry-After", "RetryAfter");
            }
            if status == 405 {
                add_header(&mut headers, "Allow", "Allow");
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
