//! What every answer tells a browser, should one ever show it.

use platform::http::Response;
use platform::http::header::{self, HeaderName, HeaderValue};

/// What an answer gets that does not say otherwise itself.
const HEADERS: [(HeaderName, &str); 5] = [
    // Answers are an athlete's: no cache between may keep one.
    (header::CACHE_CONTROL, "no-store"),
    // They are data: nothing in them is to be run, loaded or framed (OWASP REST Security Cheat Sheet).
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // The link that ends mails has a token in its query.
    (header::REFERRER_POLICY, "no-referrer"),
    // A year (RFC 6797, 6.1.1, its own example). Of this host alone: others of the domain are not ours.
    (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
];

/// Adds them.
pub fn secure(response: &mut Response) {
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
}
