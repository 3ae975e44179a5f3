//! The HTTP client of xtask: JSON requests to the api, local or deployed, with TLS.
//!
//! Timeouts and retries without a source are project defaults.

use crate::process;
use anyhow::{Context, Result, bail};
use contract::FieldError;
use contract::problem::ProblemDetails;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;
use ureq::http::{self, Uri};
use ureq::tls::{RootCerts, TlsConfig};

/// The local api responds far faster.
pub const LOCAL_TIMEOUT: Duration = Duration::from_secs(10);
/// Attempts of a request that gets 429, and the longest wait between two of them.
const THROTTLED_ATTEMPTS: u32 = 10;
const RETRY_AFTER_MAX_S: u64 = 10;
const TOO_MANY_REQUESTS: u16 = 429;

/// A client for the api at one address, with the credentials of one caller.
#[derive(Clone)]
pub struct Api {
    agent: ureq::Agent,
    base: String,
    /// Headers of each request.
    credentials: Vec<(&'static str, String)>,
}

/// A JSON body with an idempotency key, which is empty where the API takes none.
pub type Content<'a> = (&'a str, &'a Value);

/// A response of any status.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub text: String,
}

impl Api {
    /// `base` is scheme, host and port. Fails where a token would be sent unencrypted to another
    /// machine. Proxies of the environment are used, except for this machine.
    pub fn new(base: &str, timeout: Duration) -> Result<Self> {
        let uri: Uri = base.parse().with_context(|| format!("{base} is not a URL"))?;
        let is_local = matches!(uri.host(), Some("localhost" | "127.0.0.1"));
        if uri.scheme_str() != Some("https") && !(uri.scheme_str() == Some("http") && is_local) {
            bail!("{base}: a token is sent over https only, or over http to this machine");
        }
        let provider = rustls::crypto::ring::default_provider();
        let tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(provider.into())
            .root_certs(RootCerts::PlatformVerifier);
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(timeout))
            .http_status_as_error(false)
            // The api redirects nowhere; a redirect is reported as an error.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .tls_config(tls.build());
        let config = if is_local { config.proxy(None) } else { config };
        let base = base.trim_end_matches('/').to_owned();
        Ok(Self { agent: config.build().into(), base, credentials: Vec::new() })
    }

    /// Returns a client with the key of an athlete or an operator token.
    pub fn with_token(&self, token: &str) -> Self {
        let credentials = vec![("authorization", format!("Bearer {token}"))];
        Self { credentials, ..self.clone() }
    }

    /// Adds the operator's name.
    pub fn with_operator(mut self, name: &str) -> Self {
        self.credentials.push(("x-operator", name.to_owned()));
        self
    }

    /// Returns whether a GET gets 200.
    pub fn is_ok(&self, path: &str) -> bool {
        let response = self.agent.get(format!("{}{path}", self.base)).call();
        response.is_ok_and(|response| response.status() == 200)
    }

    /// Returns the JSON of a GET.
    pub fn get<T: DeserializeOwned>(&self, path_and_query: &str) -> Result<T> {
        self.call("GET", path_and_query, None)
    }

    /// Returns the JSON of a POST.
    pub fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        key: &str,
        body: &impl Serialize,
    ) -> Result<T> {
        self.call("POST", path, Some((key, &serde_json::to_value(body)?)))
    }

    /// Returns the JSON of a response; a status of 300 or above is an error that contains the
    /// problem.
    fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        path_and_query: &str,
        content: Option<Content>,
    ) -> Result<T> {
        let Response { status, text } = self.send(method, path_and_query, content)?;
        if status >= 300 {
            bail!("{method} {path_and_query} returned {status}: {}", describe_problem(&text));
        }
        serde_json::from_str(&text)
            .with_context(|| format!("{method} {path_and_query} returned unexpected JSON: {text}"))
    }

    /// Returns the response, whatever its status; an error when there is none. Waits and retries on
    /// 429.
    pub fn send(
        &self,
        method: &str,
        path_and_query: &str,
        content: Option<Content>,
    ) -> Result<Response> {
        for _ in 0..THROTTLED_ATTEMPTS {
            let mut response = self
                .attempt(method, path_and_query, content)
                .with_context(|| format!("{method} {path_and_query} got no response"))?;
            let status = response.status().as_u16();
            if status != TOO_MANY_REQUESTS {
                return Ok(Response { status, text: response.body_mut().read_to_string()? });
            }
            process::pause(retry_after(&response))?;
        }
        bail!("{method} {path_and_query} still returns {TOO_MANY_REQUESTS}");
    }

    fn attempt(
        &self,
        method: &str,
        path_and_query: &str,
        content: Option<Content>,
    ) -> Result<http::Response<ureq::Body>> {
        let uri = format!("{}{path_and_query}", self.base);
        let mut request = http::Request::builder().method(method).uri(uri);
        for (name, value) in &self.credentials {
            request = request.header(*name, value);
        }
        let Some((key, body)) = content else { return Ok(self.agent.run(request.body(())?)?) };
        if !key.is_empty() {
            request = request.header("idempotency-key", key);
        }
        let request = request.header("content-type", "application/json");
        Ok(self.agent.run(request.body(body.to_string())?)?)
    }
}

fn retry_after(response: &http::Response<ureq::Body>) -> Duration {
    let header = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
    let seconds = header.and_then(|value| value.parse().ok()).unwrap_or(1);
    Duration::from_secs(seconds.clamp(1, RETRY_AFTER_MAX_S))
}

/// Returns the detail and the errors of an RFC 9457 problem, or the text of another response.
fn describe_problem(text: &str) -> String {
    let Ok(problem) = serde_json::from_str::<ProblemDetails>(text) else { return text.to_owned() };
    let mut lines = vec![problem.detail];
    for FieldError { pointer, parameter, detail, .. } in problem.errors {
        lines.push(format!("  {}: {detail}", pointer.or(parameter).unwrap_or_default()));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::{FieldCode, Problem};
    use serde_json::json;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    #[test]
    fn tokens_are_sent_over_https_or_to_this_machine() {
        let check = |base: &str, expected: bool| {
            assert_eq!(Api::new(base, LOCAL_TIMEOUT).is_ok(), expected, "{base}");
        };
        check("https://api.example.com", true);
        check("http://localhost:8787", true);
        check("http://127.0.0.1", true);
        check("http://api.example.com", false);
        check("http://localhost.example.com:80", false);
        check("http://127.0.0.1@example.com", false);
        check("ftp://localhost", false);
        check("api.example.com", false);
    }

    /// Serves one request; returns what the server received and what the client got.
    fn serve_one(
        status: &str,
        body: &str,
        call: impl FnOnce(&Api) -> Result<Value>,
    ) -> (String, Result<Value>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let response = format!(
            "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut received = String::new();
            let mut buffer = [0; 4_096];
            let is_complete = |text: &str| {
                text.ends_with('}') || text.starts_with("GET") && text.ends_with("\r\n\r\n")
            };
            while !is_complete(&received) {
                let count = stream.read(&mut buffer).unwrap();
                received.push_str(&String::from_utf8_lossy(&buffer[..count]));
            }
            stream.write_all(response.as_bytes()).unwrap();
            received
        });
        let api = Api::new(&base, LOCAL_TIMEOUT).unwrap();
        let result = call(&api.with_token("secret").with_operator("ann \"a\""));
        (server.join().unwrap(), result)
    }

    #[test]
    fn requests_carry_token_operator_key_and_body() {
        let body = json!({ "note": "say \"why\"\\\nü", "limit": 5 });
        let (received, result) =
            serve_one("200 OK", r#"{"matched":1}"#, |api| api.post("/v1/x", "k", &body));
        assert_eq!(result.unwrap(), json!({ "matched": 1 }));
        assert!(received.starts_with("POST /v1/x HTTP/1.1\r\n"), "{received}");
        assert!(received.contains("authorization: Bearer secret\r\n"), "{received}");
        assert!(received.contains("x-operator: ann \"a\"\r\n"), "{received}");
        assert!(received.contains("idempotency-key: k\r\n"), "{received}");
        assert!(received.ends_with(&format!("\r\n\r\n{body}")), "{received}");
    }

    #[test]
    fn error_responses_are_described_by_their_problem() {
        let errors = [FieldError::at("/limit", FieldCode::OutOfRange, "is 0")];
        let problem = Problem::invalid(errors).details("urn:uuid:7".to_owned());
        let problem = serde_json::to_string(&problem).unwrap();
        let (_, result) =
            serve_one("422 Unprocessable", &problem, |api| api.post("/v1/x", "", &json!({})));
        let error = result.unwrap_err().to_string();
        let detail = "1 field or parameter of the request is invalid";
        assert_eq!(error, format!("POST /v1/x returned 422: {detail}\n  /limit: is 0"));
    }

    #[test]
    fn redirects_are_errors() {
        let (_, result) = serve_one("302 Found\r\nlocation: /v1/y", "", |api| api.get("/v1/x"));
        assert!(result.unwrap_err().to_string().contains("returned 302"));
    }
}
