//! The platform: how a batch is consumed, how events are published, how HTTP is answered, and the
//! adapters that bind all that to Cloudflare Workers.
//!
//! In scope: ports ([`clock`], [`sink`], [`email`], [`model`], [`http_client`], [`background`],
//! [`vault`], [`rate_limit`], and `storage::Database`), the consumer loop, the
//! HTTP frame, logging. Out of scope: what any event means.
//!
//! Invariant: only [`cloudflare`] names the `worker` crate. Everything else compiles and is tested
//! natively.

pub mod background;
pub mod clock;
pub mod cloudflare;
pub mod consumer;
pub mod drill;
pub mod email;
pub mod handler;
pub mod http;
pub mod http_client;
pub mod log;
pub mod metrics;
pub mod model;
pub mod panics;
pub mod publisher;
pub mod rate_limit;
pub mod sink;
pub mod usage;
pub mod vault;

pub use background::Background;
pub use clock::{Clock, Entropy, Timer};
pub use email::{Email, InlineImage, Mailer};
pub use handler::{Delivery, EventHandler, GroupHandler, Registry};
pub use http_client::{HttpClient, HttpError, HttpRequest, HttpResponse};
pub use metrics::{FlushPorts, PipelineMetrics};
pub use model::{LanguageModel, ModelError};
pub use panics::caught;
pub use publisher::Publisher;
pub use rate_limit::{RateLimit, RateLimiter};
pub use sink::{Destination, QueueSink, SendError};
pub use usage::Usage;
pub use vault::{Vault, VaultError};
