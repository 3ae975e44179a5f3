//! The application: its ports.

use crate::cors::AllowedOrigins;
use crate::key_usage::KeyUsage;
use crate::publisher::ApiEventPublisher;
use platform::clock::TimeZones;
use platform::{Clock, Entropy, QueueSink, RateLimiter, Timer, Usage, Vault};
use shared_kernel::LinkKey;
use standard_webhooks::Environment;
use std::rc::Rc;
use storage::{Database, KeyProof, Shards};

/// The ports of the api.
#[derive(Clone)]
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
    /// Whether emails can have links to this api.
    pub has_public_url: bool,
    pub allowed_origins: AllowedOrigins,
    pub key_usage: KeyUsage,
    pub usage: Rc<Usage>,
}

impl App {
    /// The database of an athlete.
    pub fn database(&self, key: &KeyProof) -> &dyn Database {
        self.shards.for_athlete(key.athlete_id)
    }
}
