//! Routes a request to its handler and logs one line. All that every call has in common is here: the
//! request's id, HEAD, OPTIONS, tags, CORS, and the order of the checks.

use crate::app::App;
use crate::auth;
use crate::call::{Access, Call};
use crate::cors::set_cors_headers;
use crate::error::{ApiError, ApiResult};
use crate::preconditions::{IfMatch, is_not_modified};
use crate::route::{PathRoutes, Route, Router};
use crate::routes::routes;
use crate::security_headers::set_security_headers;
use contract::ProblemCode;
use platform::catch_panic;
use platform::clock::{new_trace, new_uuid};
use platform::http::{
    Content, Method, Request, Response, StatusCode, empty, json, set_header, text_header,
};
use shared_kernel::TraceContext;
use std::rc::Rc;
use tracing::Level;

thread_local! {
    /// The router. An isolate builds it once and never drops it.
    static ROUTER: &'static Router = Box::leak(Box::new(
        Router::new(routes()).unwrap_or_else(|error| unreachable!("{error}: a test builds the router")),
    ));
}

/// The router of the table of routes.
pub fn router() -> &'static Router {
    ROUTER.with(|router| *router)
}

impl App {
    /// Handles a request.
    pub async fn handle(self: &Rc<Self>, request: Request) -> Response {
        let start_ms = self.clock.now_ms();
        let found = router().find(request.uri().path());
        let (routes, path) =
            found.map_or((None, Vec::new()), |(routes, path)| (Some(routes), path));
        let operator_token = self.operator_token.as_deref();
        let call = Rc::new(Call {
            id: new_uuid(&*self.clock, &*self.entropy),
            trace: trace(&request).unwrap_or_else(|| new_trace(&*self.entropy)),
            app: Rc::clone(self),
            key: auth::athlete(&request, operator_token, start_ms),
            request,
            path,
        });
        let result = catch_panic(self.dispatch(&call, routes)).await;
        let result = result.map_err(ApiError::from).flatten();
        let error = result.as_ref().err().map(ToString::to_string);
        let mut response = result.unwrap_or_else(|error| to_response(&error, &call, routes));
        set_tag(&call.request, &mut response);
        if call.request.method() == Method::HEAD {
            *response.body_mut() = Content::Text(String::new());
        }
        set_header(&mut response, "x-request-id", &call.id.to_string());
        set_cors_headers(&self.allowed_origins, &call.request, &mut response);
        set_security_headers(&mut response);
        let key = call.key.as_ref().ok();
        tracing::info!(
            level = level_of(response.status()).as_str(),
            worker = "api",
            request_id = %call.id,
            trace_id = call.trace.trace_id(),
            method = call.request.method().as_str(),
            route = routes.map_or("unknown", |routes| routes.path),
            status = response.status().as_u16(),
            athlete_id = key.map(|key| key.athlete_id.to_string()),
            error,
            duration_ms = self.clock.now_ms() - start_ms,
            d1_round_trips = self.usage.round_trips(),
            d1_rows_written = self.usage.rows_written(),
            messages_sent = self.usage.messages_sent(),
            "request"
        );
        let route = routes.and_then(|routes| routes.route(call.request.method()));
        if let (Some(key), Some(Access::Athlete)) = (key, route.map(|route| route.access))
            && !response.status().is_client_error()
            && !response.status().is_server_error()
        {
            self.key_usage.record(&self.shards, key, self.clock.now().date_naive());
        }
        response
    }

    async fn dispatch(&self, call: &Rc<Call>, routes: Option<&PathRoutes>) -> ApiResult {
        self.admit_address(&call.request).await?;
        let routes = routes.ok_or(ProblemCode::NotFound)?;
        if call.request.method() == Method::OPTIONS {
            let mut response = empty(StatusCode::NO_CONTENT);
            set_header(&mut response, "allow", &routes.allow());
            return Ok(response);
        }
        let route = routes.route(call.request.method()).ok_or(ProblemCode::MethodNotAllowed)?;
        let round_trips = self.usage.round_trips();
        let result = match self.check_if_match(call, routes, route).await {
            Ok(()) => route.run(Rc::clone(call)).await,
            Err(error) => Err(error),
        };
        match result {
            // Nothing has checked the key yet: a dead one is 401, whatever else is wrong.
            Err(error)
                if route.access == Access::Athlete
                    && error.is_callers()
                    && error.problem().code != ProblemCode::RateLimited
                    && self.usage.round_trips() == round_trips =>
            {
                let key = call.key.as_ref().map_err(|code| *code)?;
                storage::check_live(self.database(key), key).await?;
                Err(error)
            }
            result => result,
        }
    }

    /// Checks `If-Match` on a resource without revisions: against the tag of its GET. A change between
    /// the two is not noticed.
    async fn check_if_match(
        &self,
        call: &Rc<Call>,
        routes: &PathRoutes,
        route: &Route,
    ) -> ApiResult<()> {
        let if_match = IfMatch::parse(&call.request);
        if !if_match.is_present() || route.has_if_match || route.method == Method::GET {
            return Ok(());
        }
        let Some(get) = routes.route(&Method::GET) else {
            call.authenticate(route.access).await?;
            return Err(ProblemCode::StaleRevision.into());
        };
        let current = get.run(Rc::clone(call)).await?;
        if_match.check(&tag_of(&current).ok_or(ProblemCode::StaleRevision)?)
    }
}

/// The level of a request's line: 500 is a bug, and the other 5xx are dependencies that are unavailable. A
/// request that a client has to correct is no fault of the service.
fn level_of(status: StatusCode) -> Level {
    match status.as_u16() {
        500 => Level::ERROR,
        501.. => Level::WARN,
        _ => Level::INFO,
    }
}

/// The response of an error.
fn to_response(error: &ApiError, call: &Call, routes: Option<&PathRoutes>) -> Response {
    let problem = error.problem();
    let status = StatusCode::from_u16(problem.code.status()).unwrap_or_default();
    let details = problem.details(format!("urn:uuid:{}", call.id));
    // Strings and numbers always serialize.
    let mut response = json(status, &details).unwrap_or_else(|_| empty(status));
    set_header(&mut response, "content-type", "application/problem+json");
    match problem.code {
        ProblemCode::Unauthorized => set_header(&mut response, "www-authenticate", "Bearer"),
        ProblemCode::MethodNotAllowed => {
            let allow = routes.map(PathRoutes::allow).unwrap_or_default();
            set_header(&mut response, "allow", &allow);
        }
        _ => {}
    }
    if let Some(seconds) = problem.retry_after_s {
        set_header(&mut response, "retry-after", &seconds.to_string());
    }
    response
}

/// Tags a response that can be read again, and replaces it with 304 when the client has it.
fn set_tag(request: &Request, response: &mut Response) {
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        return;
    }
    let Some(tag) = tag_of(response) else { return };
    set_header(response, "etag", &tag);
    if is_not_modified(request, &tag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response.headers_mut().remove("content-type");
        *response.body_mut() = Content::Text(String::new());
    }
}

/// The tag of a JSON response: the one of its handler, or a hash of the body. It is weak: the same
/// content may be written in another way.
fn tag_of(response: &Response) -> Option<String> {
    if response.status() != StatusCode::OK {
        return None;
    }
    if let Some(tag) = text_of(response, "etag") {
        return Some(tag);
    }
    let is_json = text_of(response, "content-type").is_some_and(|kind| kind == "application/json");
    match response.body() {
        Content::Text(text) if is_json => {
            let hash = auth::sha256(text.as_bytes());
            Some(format!("W/\"{}\"", hash.get(..32).unwrap_or_default()))
        }
        Content::Text(_) | Content::Stream(_) => None,
    }
}

fn text_of(response: &Response, name: &str) -> Option<String> {
    response.headers().get(name)?.to_str().ok().map(str::to_owned)
}

fn trace(request: &Request) -> Option<TraceContext> {
    text_header(request, "traceparent")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn level_of_a_request_is_the_severity_of_its_status() {
        let check = |status: StatusCode, level: Level| assert_eq!(level_of(status), level);
        check(StatusCode::CREATED, Level::INFO);
        check(StatusCode::UNPROCESSABLE_ENTITY, Level::INFO);
        check(StatusCode::TOO_MANY_REQUESTS, Level::INFO);
        check(StatusCode::INTERNAL_SERVER_ERROR, Level::ERROR);
        check(StatusCode::SERVICE_UNAVAILABLE, Level::WARN);
    }

    #[test]
    fn table_of_routes_has_no_ambiguous_paths() {
        assert!(router().find("/v1/workouts").is_some());
    }
}
