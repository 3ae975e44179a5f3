//! A small client for the local api: JSON in, JSON out, one attempt, a deadline.

use crate::process;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::time::Duration;

/// The slowest honest answer of the local api is far below it.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How often a request that is told to wait is sent again, and how long it waits at most.
const THROTTLED_ATTEMPTS: u32 = 10;
const RETRY_AFTER_MAX_S: u64 = 10;
const TOO_MANY_REQUESTS: u16 = 429;

/// The api at one address.
#[derive(Clone)]
pub struct Api {
    agent: ureq::Agent,
    base: String,
}

/// One request.
pub struct Request<'a> {
    /// As HTTP spells it.
    pub method: &'static str,
    /// Path and query.
    pub path: &'a str,
    /// Whose it is.
    pub token: &'a str,
    /// What is sent along.
    pub post: Option<&'a Post<'a>>,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub text: String,
}

/// A request body with the key that makes its repetition harmless.
pub struct Post<'a> {
    /// The `Idempotency-Key`.
    pub key: &'a str,
    /// The JSON to send.
    pub body: &'a Value,
}

impl Api {
    /// `base` is scheme, host and port. A proxy of the environment is not for us.
    pub fn new(base: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            .proxy(None)
            .build();
        Self { agent: config.into(), base: base.to_owned() }
    }

    /// Whether a GET without authentication is answered with 200.
    pub fn is_ok(&self, path: &str) -> bool {
        let answer = self.agent.get(format!("{}{path}", self.base)).call();
        answer.is_ok_and(|answer| answer.status() == 200)
    }

    /// GET as the owner of a token.
    pub fn get(&self, path: &str, token: &str) -> Result<Value> {
        self.send(&Request { method: "GET", path, token, post: None })
    }

    /// POST as the owner of a token.
    pub fn post(&self, path: &str, token: &str, post: &Post) -> Result<Value> {
        self.send(&Request { method: "POST", path, token, post: Some(post) })
    }

    /// Asks for JSON; a refusal is an error.
    fn send(&self, request: &Request) -> Result<Value> {
        let Request { method, path, .. } = request;
        let Answer { status, text } = self.ask(request)?;
        if status >= 400 {
            bail!("{method} {path} answered {status}: {text}");
        }
        serde_json::from_str(&text)
            .with_context(|| format!("{method} {path} answered no JSON: {text}"))
    }

    /// What is answered, whatever it is; an error when nothing is. Who is told to wait does.
    pub fn ask(&self, request: &Request) -> Result<Answer> {
        let Request { method, path, .. } = request;
        for _ in 0..THROTTLED_ATTEMPTS {
            let mut answer =
                self.attempt(request).with_context(|| format!("{method} {path} got no answer"))?;
            let status = answer.status().as_u16();
            if status == TOO_MANY_REQUESTS {
                process::pause(retry_after(&answer))?;
                continue;
            }
            return Ok(Answer { status, text: answer.body_mut().read_to_string()? });
        }
        bail!("{method} {path} still answers {TOO_MANY_REQUESTS}");
    }

    fn attempt(&self, request: &Request) -> Result<ureq::http::Response<ureq::Body>> {
        let builder = ureq::http::Request::builder()
            .method(request.method)
            .uri(format!("{}{}", self.base, request.path))
            .header("authorization", format!("Bearer {}", request.token));
        let answer = match request.post {
            None => self.agent.run(builder.body(())?),
            Some(post) => self.agent.run(
                builder
                    .header("content-type", "application/json")
                    .header("idempotency-key", post.key)
                    .body(post.body.to_string())?,
            ),
        };
        Ok(answer?)
    }
}

fn retry_after(answer: &ureq::http::Response<ureq::Body>) -> Duration {
    let header = answer.headers().get("retry-after").and_then(|value| value.to_str().ok());
    let seconds = header.and_then(|value| value.parse().ok()).unwrap_or(1);
    Duration::from_secs(seconds.clamp(1, RETRY_AFTER_MAX_S))
}
