//! The parts of a request that a handler takes as values: path, query, headers and body.

use crate::auth::operator_name;
use crate::call::Call;
use crate::error::ApiResult;
use crate::idempotency::parse_idempotency_key;
use crate::preconditions::IfMatch;
use contract::{
    FieldCode, FieldError, Problem, ProblemCode, Validate, parse_json, parse_parameters,
};
use platform::http::{Request, header, text_header};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use shared_kernel::{AthleteId, WorkoutId};
use std::str::FromStr;
use storage::workouts::Idempotency;
use uuid::Uuid;

#[cfg(not(target_arch = "wasm32"))]
use crate::openapi::operation::OperationDoc;

/// A part of a request, or several.
pub trait Input: Sized + 'static {
    /// Whether it takes the query. Without one that does, every parameter is rejected.
    const HAS_QUERY: bool = false;
    /// Whether the handler checks `If-Match` itself.
    const HAS_IF_MATCH: bool = false;

    /// Takes it from the request.
    fn extract(call: &Call) -> ApiResult<Self>;

    /// Adds it to the OpenAPI document.
    #[cfg(not(target_arch = "wasm32"))]
    fn describe(doc: &mut OperationDoc<'_>);
}

/// The values of the path's parameters.
pub struct Path<P>(pub P);

/// The query as a model. Unknown, repeated and empty parameters are rejected.
pub struct Query<Q>(pub Q);

/// The body as a valid model.
pub struct Json<B>(pub B);

/// The `Idempotency-Key`, if the request has one.
pub struct IdempotencyKey(pub Option<Idempotency>);

/// The operator's name: that in `X-Operator`, or the fingerprint of the token.
pub struct OperatorName(pub String);

/// The body as a text that is no model. It must not be empty.
pub struct Text(pub String);

/// Values of the path's parameters, by their order.
pub trait PathValues: Sized + 'static {
    /// Parses them; `None` is 404.
    fn parse(values: &[String]) -> Option<Self>;

    /// The JSON schema of each.
    #[cfg(not(target_arch = "wasm32"))]
    fn schemas() -> Vec<serde_json::Value>;
}

/// The value of one parameter.
pub trait PathValue: FromStr + 'static {
    /// Its JSON schema.
    #[cfg(not(target_arch = "wasm32"))]
    fn schema() -> serde_json::Value;
}

macro_rules! path_value {
    ($($type:ty: $schema:tt;)*) => {$(
        impl PathValue for $type {
            #[cfg(not(target_arch = "wasm32"))]
            fn schema() -> serde_json::Value {
                serde_json::json!($schema)
            }
        }

        impl PathValues for $type {
            fn parse(values: &[String]) -> Option<Self> {
                values.first()?.parse().ok()
            }

            #[cfg(not(target_arch = "wasm32"))]
            fn schemas() -> Vec<serde_json::Value> {
                vec![<$type as PathValue>::schema()]
            }
        }
    )*};
}

path_value! {
    Uuid: { "type": "string", "format": "uuid" };
    AthleteId: { "type": "string", "format": "uuid" };
    WorkoutId: { "type": "string", "format": "uuid" };
    String: { "type": "string", "minLength": 1 };
    u32: { "type": "integer", "minimum": 0, "maximum": 4_294_967_295_u32 };
    contract::Day: { "type": "string", "format": "date" };
    contract::queues::QueueName: {
        "type": "string", "enum": (shared_kernel::Queue::ALL.map(shared_kernel::Queue::name)),
    };
}

impl<A: PathValue, B: PathValue> PathValues for (A, B) {
    fn parse(values: &[String]) -> Option<Self> {
        let [one, other] = values else { return None };
        Some((one.parse().ok()?, other.parse().ok()?))
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn schemas() -> Vec<serde_json::Value> {
        vec![A::schema(), B::schema()]
    }
}

impl Input for () {
    fn extract(_: &Call) -> ApiResult<Self> {
        Ok(())
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn describe(_: &mut OperationDoc<'_>) {}
}

impl<P: PathValues> Input for Path<P> {
    fn extract(call: &Call) -> ApiResult<Self> {
        P::parse(&call.path).map(Self).ok_or_else(|| ProblemCode::NotFound.into())
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn describe(doc: &mut OperationDoc<'_>) {
        doc.path_parameters(P::schemas());
    }
}

impl<Q: DeserializeOwned + JsonSchema + 'static> Input for Query<Q> {
    const HAS_QUERY: bool = true;

    fn extract(call: &Call) -> ApiResult<Self> {
        parse_query(call.request.uri().query().unwrap_or_default()).map(Self)
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn describe(doc: &mut OperationDoc<'_>) {
        doc.query_parameters::<Q>();
    }
}

impl<B: DeserializeOwned + JsonSchema + Validate + 'static> Input for Json<B> {
    fn extract(call: &Call) -> ApiResult<Self> {
        require_type(&call.request, "application/json")?;
        Ok(Self(parse_json(call.body()?, call.app.clock.now())?))
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn describe(doc: &mut OperationDoc<'_>) {
        doc.json_body::<B>();
    }
}

impl Input for IdempotencyKey {
    fn extract(call: &Call) -> ApiResult<Self> {
        parse_idempotency_key(call).map(Self)
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn describe(doc: &mut OperationDoc<'_>) {
        doc.idempotency_key();
    }
}

impl Input for OperatorName {
    fn extract(call: &Call) -> ApiResult<Self> {
        operator_name(&call.request).map(Self)
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn describe(doc: &mut OperationDoc<'_>) {
        doc.operator_name();
    }
}

impl Input for Text {
    fn extract(call: &Call) -> ApiResult<Self> {
        require_type(&call.request, "text/plain")?;
        let text = std::str::from_utf8(call.body()?)
            .map_err(|_| ProblemCode::InvalidJson.with("the body is not UTF-8"))?;
        if text.is_empty() {
            let error = FieldError::at("", FieldCode::Empty, "must not be empty");
            return Err(Problem::invalid([error]).into());
        }
        Ok(Self(text.to_owned()))
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn describe(doc: &mut OperationDoc<'_>) {
        doc.text_body();
    }
}

impl Input for IfMatch {
    const HAS_IF_MATCH: bool = true;

    fn extract(call: &Call) -> ApiResult<Self> {
        Ok(Self::parse(&call.request))
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn describe(doc: &mut OperationDoc<'_>) {
        doc.if_match();
    }
}

macro_rules! tuple_input {
    ($($name:ident),*) => {
        impl<$($name: Input),*> Input for ($($name,)*) {
            const HAS_QUERY: bool = $($name::HAS_QUERY)||*;
            const HAS_IF_MATCH: bool = $($name::HAS_IF_MATCH)||*;

            fn extract(call: &Call) -> ApiResult<Self> {
                Ok(($($name::extract(call)?,)*))
            }

            #[cfg(not(target_arch = "wasm32"))]
            fn describe(doc: &mut OperationDoc<'_>) {
                $($name::describe(doc);)*
            }
        }
    };
}

tuple_input!(A, B);
tuple_input!(A, B, C);
tuple_input!(A, B, C, D);

/// Requires a media type, and a body without an encoding.
pub fn require_type(request: &Request, media_type: &str) -> ApiResult<()> {
    require_no_encoding(request)?;
    if self::media_type(request) == media_type {
        Ok(())
    } else {
        Err(ProblemCode::UnsupportedMediaType
            .with(format!("the content type must be {media_type}"))
            .into())
    }
}

/// The media type of the body without its parameters, in lower case; empty without one.
pub fn media_type(request: &Request) -> String {
    let content_type = text_header(request, "content-type").unwrap_or_default();
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Requires a body without an encoding such as gzip.
pub fn require_no_encoding(request: &Request) -> ApiResult<()> {
    let encoding = request.headers().get(header::CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(ProblemCode::UnsupportedEncoding.into());
    }
    Ok(())
}

/// Parses a query into a model.
pub fn parse_query<Q: DeserializeOwned>(query: &str) -> ApiResult<Q> {
    parse_parameters(form_urlencoded::parse(query.as_bytes()))
        .map_err(|error| Problem::parameter(error).into())
}

/// Rejects a query with any parameter.
pub fn require_no_query(request: &Request) -> ApiResult<()> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}
    parse_query::<Nothing>(request.uri().query().unwrap_or_default()).map(drop)
}
