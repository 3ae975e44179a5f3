//! A webhook endpoint, ready for attempts: its checked URL and its opened signing keys.

use standard_webhooks::{EndpointUrl, Environment, SigningKey, UrlError, check_url};
use storage::webhooks::EndpointKey;
use storage::webhooks::endpoint_queue::EndpointLease;

/// A webhook endpoint with its signing keys opened.
#[derive(Debug)]
pub struct Endpoint {
    pub key: EndpointKey,
    /// The time since which every attempt has failed.
    pub failing_since_ms: Option<i64>,
    /// The time since which no signing key could be opened.
    pub unsigned_since_ms: Option<i64>,
    /// The number of times that the owner has changed the URL or enabled the endpoint.
    pub generation: i64,
    pub url: Result<EndpointUrl, UrlError>,
    /// An error only when no key could be opened.
    pub signing_keys: Result<Vec<SigningKey>, String>,
}

impl Endpoint {
    /// Checks the URL, which may no longer be allowed, and parses the opened keys.
    pub fn new(
        lease: &EndpointLease,
        keys: &[Result<String, String>],
        environment: Environment,
    ) -> Self {
        let parse = |key: &Result<String, String>| {
            let key = key.as_ref().map_err(Clone::clone)?;
            SigningKey::parse(key).map_err(|error| error.to_string())
        };
        let (usable, failed): (Vec<_>, Vec<_>) = keys.iter().map(parse).partition(Result::is_ok);
        let usable: Vec<_> = usable.into_iter().flatten().collect();
        let error = failed.into_iter().find_map(Result::err);
        Self {
            key: lease.key,
            failing_since_ms: lease.failing_since_ms,
            unsigned_since_ms: lease.unsigned_since_ms,
            generation: lease.generation,
            url: check_url(&lease.url, environment),
            signing_keys: error.filter(|_| usable.is_empty()).map_or(Ok(usable), Err),
        }
    }

    /// Returns the URL's origin for messages to the owner. The path may contain a token.
    pub fn origin(&self) -> &str {
        self.url.as_ref().map_or("an address that is not allowed", EndpointUrl::origin)
    }
}
