//! What the api works with: its ports, and one call.

use crate::publisher::ApiEventPublisher;
use platform::clock::TimeZones;
use platform::http::Request;
use platform::{Clock, Entropy, QueueSink, RateLimiter, Timer, Usage, Vault};
use shared_kernel::{TraceContext, UnsubscribeKey};
use standard_webhooks::Environment;
use std::rc::Rc;
use storage::Shards;
use uuid::Uuid;

/// The ports of the api.
pub struct App {
    /// Where everything is stored.
    pub shards: Shards,
    /// Who tells the others.
    pub publisher: ApiEventPublisher,
    /// The queues themselves, for operators.
    pub sink: Rc<dyn QueueSink>,
    /// The time.
    pub clock: Rc<dyn Clock>,
    /// Who waits.
    pub timer: Rc<dyn Timer>,
    /// The rules of time zones.
    pub time_zones: Rc<dyn TimeZones>,
    /// The dice.
    pub entropy: Rc<dyn Entropy>,
    /// What an operator shows; without one nobody is an operator.
    pub operator_token: Option<String>,
    /// The key of the links that end mails; without one no link is good.
    pub unsubscribe_key: Option<UnsubscribeKey>,
    /// Where the signing keys of webhooks are sealed.
    pub vault: Rc<dyn Vault>,
    /// Who counts calls.
    pub rate_limiter: Rc<dyn RateLimiter>,
    /// Where this runs, and so where webhooks may go.
    pub environment: Environment,
    /// What the invocation cost.
    pub usage: Rc<Usage>,
}

/// One request with what goes along with it.
pub struct Call<'a> {
    /// The request.
    pub request: &'a Request,
    /// Its id.
    pub id: Uuid,
    /// Its trace: the caller's, or a new one.
    pub trace: TraceContext,
}
