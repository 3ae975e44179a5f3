//! The security headers of every response.

use platform::http::Response;
use platform::http::header::{self, HeaderName, HeaderValue};

/// The headers of responses that do not set them.
const HEADERS: [(HeaderName, &str); 5] = [
    // Responses are private: no cache may store one.
    (header::CACHE_CONTROL, "no-store"),
    // Responses are data: nothing in them may run, load or be framed (OWASP REST Security Cheat Sheet).
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // An unsubscribe link has a token in its query.
    (header::REFERRER_POLICY, "no-referrer"),
    // One year (RFC 6797, 6.1.1). Only this host: other hosts of the domain belong to others.
    (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
];

/// Adds the headers.
pub fn set_security_headers(response: &mut Response) {
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
}
