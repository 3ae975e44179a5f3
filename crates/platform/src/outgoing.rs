//! The `HttpClient` port: one POST to an address that somebody else chose.

use async_trait::async_trait;

/// What is posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// Where to.
    pub url: String,
    /// The headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
    /// The head of the answer is waited for so long, in milliseconds.
    pub within_ms: u32,
    /// The body of the answer is then read for so long, in milliseconds.
    pub answer_within_ms: u32,
    /// So many bytes of the answer's body are read, and no more.
    pub answer_bytes_max: usize,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PostAnswer {
    /// An answer. A redirect is one: it is not followed.
    Status {
        /// Its status.
        status: u16,
        /// Its `Retry-After`.
        retry_after: Option<String>,
        /// The beginning of its body; bytes that are no text are replaced.
        body: String,
        /// Why there is less of the body than there should be.
        broken: Option<String>,
    },
    /// No status in time.
    TimedOut,
    /// No status at all.
    Unreachable {
        /// What the runtime says.
        reason: String,
    },
}

/// Posts.
#[async_trait(?Send)]
pub trait HttpClient {
    /// Posts, and reads the beginning of the answer. Never fails: each failure is an answer.
    async fn post(&self, post: Post) -> PostAnswer;
}
