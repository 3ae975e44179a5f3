//! Cross-origin requests (Fetch standard, 3.3): pages of the allowed origins may call the API with keys.

use platform::http::header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};
use platform::http::{Method, Request, Response, set_header};

/// The response headers that scripts can read.
const EXPOSED: &str = "ETag, Location, Retry-After, X-Request-Id, Idempotency-Replayed";
/// The request headers that scripts can send.
const ALLOWED_HEADERS: &str = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, \
                               Last-Event-ID, X-Operator, traceparent";
/// The time that browsers remember a preflight, in seconds: browsers keep it for two hours at most.
const MAX_AGE_S: &str = "7200";

/// The origins whose pages may call the API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedOrigins {
    /// `*` allows every origin.
    origins: Vec<String>,
    /// Whether pages of this machine may, whatever their port.
    allows_loopback: bool,
}

impl AllowedOrigins {
    /// Parses `ALLOWED_ORIGINS`: origins separated by commas or spaces, or `*`.
    pub fn parse(text: &str, allows_loopback: bool) -> Self {
        let origins = text.split([',', ' ']).map(|origin| origin.trim().trim_end_matches('/'));
        let origins = origins.filter(|origin| !origin.is_empty()).map(str::to_owned).collect();
        Self { origins, allows_loopback }
    }

    fn allows(&self, origin: &str) -> bool {
        self.origins.iter().any(|allowed| allowed == "*" || allowed == origin)
            || (self.allows_loopback && is_loopback(origin))
    }
}

fn is_loopback(origin: &str) -> bool {
    let Some(host) = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"))
    else {
        return false;
    };
    let is_port = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|name| {
        let rest = host.strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port))
    })
}

/// The origin of a cross-origin request.
fn origin(request: &Request) -> Option<&str> {
    request.headers().get(ORIGIN)?.to_str().ok()
}

/// Whether a request asks for permission only.
pub fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// Adds the headers that let a page of an allowed origin read the response.
pub fn set_cors_headers(origins: &AllowedOrigins, request: &Request, response: &mut Response) {
    // A cache must not serve one origin's response to another.
    set_header(response, "vary", "Origin");
    let Some(origin) = origin(request).filter(|origin| origins.allows(origin)) else { return };
    set_header(response, "access-control-allow-origin", origin);
    set_header(response, "access-control-expose-headers", EXPOSED);
    if is_preflight(request) {
        if let Some(allow) = response.headers().get("allow").cloned() {
            response.headers_mut().insert("access-control-allow-methods", allow);
        }
        set_header(response, "access-control-allow-headers", ALLOWED_HEADERS);
        set_header(response, "access-control-max-age", MAX_AGE_S);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_origins_are_allowed_locally_only() {
        let local = AllowedOrigins::parse("", true);
        let public = AllowedOrigins::parse("https://app.example, https://beta.example/", false);
        let check = |origin: &str, allowed: [bool; 2]| {
            assert_eq!([local.allows(origin), public.allows(origin)], allowed, "{origin}");
        };
        check("http://localhost:5173", [true, false]);
        check("http://127.0.0.1", [true, false]);
        check("http://[::1]:8080", [true, false]);
        check("http://localhost.example", [false, false]);
        check("http://127.0.0.1.example:80", [false, false]);
        check("https://app.example", [false, true]);
        check("https://beta.example", [false, true]);
        check("https://app.example.org", [false, false]);
        check("null", [false, false]);
        assert!(AllowedOrigins::parse("*", false).allows("https://any.example"));
    }
}
