//! The OpenAPI 3.1 document, made from the table of routes and the models. Native only.

pub mod operation;
pub mod schemas;

use crate::call::Access;
use crate::route::{Route, Section};
use crate::routes::{Group, groups};
use contract::ProblemCode;
use contract::problem::ProblemDetails;
use contract::webhook_catalogue::{RECEIVING, WEBHOOK_TAG, openapi_webhooks};
use operation::{Head, Operation, OperationDoc, by_status, header, reason};
use platform::http::Method;
use schemars::Schema;
use schemas::Schemas;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

/// The document. Its paths and methods are in the order of the table of routes.
#[derive(Serialize)]
pub struct Document {
    openapi: &'static str,
    info: Value,
    servers: Value,
    security: Value,
    tags: Vec<Value>,
    /// The groups of tags, for Redoc.
    #[serde(rename = "x-tagGroups")]
    tag_groups: Vec<Value>,
    paths: Ordered<Ordered<Operation>>,
    webhooks: Value,
    components: Value,
}

/// An object whose fields keep their order.
struct Ordered<T>(Vec<(String, T)>);

impl<T: Serialize> Serialize for Ordered<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// Returns the document.
pub fn document() -> Document {
    let mut schemas = Schemas::default();
    let mut paths: Ordered<Ordered<Operation>> = Ordered(Vec::new());
    let problem = schemas.responses.subschema_for::<ProblemDetails>();
    let (mut tags, mut tag_groups) = (Vec::new(), Vec::new());
    for Group { name: group, sections } in groups() {
        let first = tags.len();
        for Section { name, description, routes } in sections {
            tags.push(json!({ "name": name, "description": description }));
            for route in routes {
                let method = route.method.as_str().to_ascii_lowercase();
                let operation = (method, operation(name, &route, &mut schemas));
                match paths.0.iter_mut().find(|(path, _)| path == route.path) {
                    Some((_, operations)) => operations.0.push(operation),
                    None => paths.0.push((route.path.to_owned(), Ordered(vec![operation]))),
                }
            }
        }
        if group == "Webhooks" {
            tags.push(json!({ "name": WEBHOOK_TAG, "description": RECEIVING }));
        }
        let names: Vec<_> = tags.iter().skip(first).map(|tag| tag["name"].clone()).collect();
        tag_groups.push(json!({ "name": group, "tags": names }));
    }
    Document {
        openapi: "3.1.0",
        info: json!({
            "title": "Bulktrack",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Workouts in; training volume, records, patterns and notifications out.",
            "description": include_str!("openapi/introduction.md"),
            "license": { "name": "Proprietary", "url": "https://bulktrack.example/license" },
        }),
        servers: json!([{ "url": "/", "description": "The address that serves this document." }]),
        security: json!([]),
        tags,
        tag_groups,
        paths,
        webhooks: openapi_webhooks(&mut schemas.responses),
        components: json!({
            "securitySchemes": {
                "athlete": {
                    "type": "http", "scheme": "bearer",
                    "description": "An API key of an athlete, `bt_<id>_<secret>`. The scope `read` permits GET, `write` the other methods.",
                },
                "operator": {
                    "type": "http", "scheme": "bearer",
                    "description": "The operators' token, for `/v1/admin`.",
                },
            },
            "headers": headers(),
            "responses": problem_responses(&problem),
            "schemas": schemas.into_definitions(),
        }),
    }
}

fn operation(tag: &'static str, route: &Route, schemas: &mut Schemas) -> Operation {
    let documentation = &route.documentation;
    let mut doc = OperationDoc::new(schemas, &route.method, route.path, route.has_if_match);
    (documentation.describe)(&mut doc);
    let (status, media) = documentation.produces;
    if !media.is_empty() {
        doc.media_response(status, media);
    }
    if !documentation.consumes.is_empty() {
        doc.media_body(documentation.consumes);
    }
    let security = match route.access {
        Access::Public => json!([]),
        Access::Athlete => json!([{ "athlete": [] }]),
        Access::Operator => json!([{ "operator": [] }]),
    };
    if route.access != Access::Public {
        doc.problems(&[ProblemCode::Unauthorized, ProblemCode::Forbidden]);
    }
    if route.access == Access::Athlete && route.method != Method::GET {
        doc.problems(&[ProblemCode::InsufficientScope]);
    }
    if route.method == Method::POST {
        doc.problems(&[ProblemCode::StaleRevision]);
    } else if route.method != Method::GET && !route.has_if_match {
        doc.if_match_tag("W/\"9f86d081884c7d659a2feaa0c55ad015\"");
    }
    doc.problems(documentation.problems);
    doc.finish(Head {
        tags: [tag],
        summary: documentation.summary,
        description: documentation.description,
        security,
    })
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
        "Authenticate": text("The scheme of the header Authorization.", "Bearer"),
    })
}

/// One response component for each status of a problem.
fn problem_responses(schema: &Schema) -> Value {
    let responses: Map<_, _> = by_status(ProblemCode::ALL)
        .into_iter()
        .map(|(status, codes)| {
            let mut headers = vec![("X-Request-Id", "RequestId")];
            match status {
                401 => headers.push(("WWW-Authenticate", "Authenticate")),
                405 => headers.push(("Allow", "Allow")),
                409 | 429 | 503 => headers.push(("Retry-After", "RetryAfter")),
                _ => {}
            }
            let headers: Map<_, _> = headers
                .into_iter()
                .map(|(name, component)| (name.to_owned(), header(component)))
                .collect();
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
