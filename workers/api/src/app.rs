//! The application: its ports, and one call.

use crate::publisher::ApiEventPublisher;
use platform::clock::TimeZones;
use platform::http::Request;
use platform::{Clock, Entropy, QueueSink, RateLimiter, Timer, Usage, Vault};
use shared_kernel::{LinkKey, TraceContext};
use standard_webhooks::Environment;
use std::rc::Rc;
use storage::workouts::{Idempotency, Origin};
use storage::{Database, KeyProof, Shards};
use uuid::Uuid;

/// The ports of the api.
pub struct App {
    pub shards: Shards,
    pub publisher: ApiEventPublisher,
    /// The queues, for messages of operators.
    pub sink: Rc<dyn QueueSink>,
    pub clock: Rc<dyn Clock>,
    pub timer: Rc<dyn Timer>,
    pub time_zones: Rc<dyn TimeZones>,
    pub entropy: Rc<dyn Entropy>,
    /// The operators' token. Without it every operator call is rejected.
    pub operator_token: Option<String>,
    /// The key of the links in emails. Without it every link is invalid.
    pub link_key: Option<LinkKey>,
    pub vault: Rc<dyn Vault>,
    pub rate_limiter: Rc<dyn RateLimiter>,
    /// The environment, which limits the URLs of webhooks.
    pub environment: Environment,
    pub usage: Rc<Usage>,
}

impl App {
    /// The database of an athlete.
    pub fn database(&self, key: &KeyProof) -> &dyn Database {
        self.shards.for_athlete(key.athlete_id)
    }

    /// The origin of a change by this call.
    pub fn origin<'a>(&self, call: &Call<'_>, idempotency: Option<&'a Idempotency>) -> Origin<'a> {
        Origin { idempotency, trace: call.trace, now_ms: self.clock.now_ms() }
    }
}

/// One request with its id and trace.
pub struct Call<'a> {
    pub request: &'a Request,
    pub id: Uuid,
    /// The caller's trace, or a new one.
    pub trace: TraceContext,
}
