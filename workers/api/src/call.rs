//! One request with its caller: an athlete, an operator, or one without a key.

use crate::app::App;
use crate::auth;
use crate::error::ApiResult;
use crate::rate_limits::RateLimit;
use contract::ProblemCode;
use platform::http::{Body, Method, Request};
use shared_kernel::TraceContext;
use std::ops::Deref;
use std::rc::Rc;
use storage::workouts::{Idempotency, Origin};
use storage::{Database, KeyProof};
use uuid::Uuid;

/// One request with its id and trace.
pub struct Call {
    pub app: Rc<App>,
    pub request: Request,
    /// The values of the path's parameters, in their order.
    pub path: Vec<String>,
    pub id: Uuid,
    /// The caller's trace, or a new one.
    pub trace: TraceContext,
    /// The athlete's key, or the reason that there is none.
    pub key: Result<KeyProof, ProblemCode>,
}

impl Call {
    /// The body; an error when it is longer than the call allows.
    pub fn body(&self) -> ApiResult<&[u8]> {
        match self.request.body() {
            Body::Complete(bytes) => Ok(bytes),
            Body::TooLong { bytes_max } => Err(ProblemCode::BodyTooLong
                .with(format!("the body is longer than {bytes_max} bytes"))
                .into()),
        }
    }

    /// Checks the caller before the rest of the request. An athlete's key is returned; it is checked by
    /// the database, in the statements of the call. The call is counted against the key's limit (await; a
    /// retry counts as another call).
    pub async fn authenticate(&self, access: Access) -> ApiResult<Option<KeyProof>> {
        match access {
            Access::Public => Ok(None),
            Access::Athlete => {
                let key = self.key.as_ref().map_err(|code| *code)?;
                self.app.admit_key(RateLimit::Key, key).await?;
                Ok(Some(key.clone()))
            }
            Access::Operator => {
                auth::operator(&self.request, self.app.operator_token.as_deref())?;
                Ok(None)
            }
        }
    }

    /// The origin of a change by this call.
    pub fn origin<'a>(&self, idempotency: Option<&'a Idempotency>) -> Origin<'a> {
        Origin { idempotency, trace: self.trace, now_ms: self.app.clock.now_ms() }
    }
}

/// The kind of caller that a route is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Public,
    Athlete,
    Operator,
}

/// A call whose caller may use the route.
pub trait Caller: Sized + 'static {
    /// The kind of caller.
    const ACCESS: Access;

    /// The call of an authenticated caller. `None` without the key that the kind has.
    fn new(call: Rc<Call>, key: Option<KeyProof>) -> Option<Self>;
}

/// A call without a key.
pub struct PublicCall(Rc<Call>);

/// A call with an athlete's key.
#[derive(Clone)]
pub struct AthleteCall {
    call: Rc<Call>,
    pub key: KeyProof,
}

/// A call with the operators' token.
pub struct OperatorCall(Rc<Call>);

impl AthleteCall {
    /// The database of the athlete.
    pub fn database(&self) -> &dyn Database {
        self.app.database(&self.key)
    }
}

impl Caller for PublicCall {
    const ACCESS: Access = Access::Public;

    fn new(call: Rc<Call>, _: Option<KeyProof>) -> Option<Self> {
        Some(Self(call))
    }
}

impl Caller for AthleteCall {
    const ACCESS: Access = Access::Athlete;

    fn new(call: Rc<Call>, key: Option<KeyProof>) -> Option<Self> {
        Some(Self { call, key: key? })
    }
}

impl Caller for OperatorCall {
    const ACCESS: Access = Access::Operator;

    fn new(call: Rc<Call>, _: Option<KeyProof>) -> Option<Self> {
        Some(Self(call))
    }
}

impl Deref for PublicCall {
    type Target = Call;

    fn deref(&self) -> &Call {
        &self.0
    }
}

impl Deref for AthleteCall {
    type Target = Call;

    fn deref(&self) -> &Call {
        &self.call
    }
}

impl Deref for OperatorCall {
    type Target = Call;

    fn deref(&self) -> &Call {
        &self.0
    }
}

/// Whether a method changes nothing.
pub fn is_safe(method: &Method) -> bool {
    [Method::GET, Method::HEAD, Method::OPTIONS].contains(method)
}
