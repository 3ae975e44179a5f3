//! The platform: the consumer loop, event publishing, HTTP requests and responses, and the adapters to
//! Cloudflare Workers.
//!
//! In scope: ports ([`clock`], [`sink`], [`email`], [`model`], [`http_client`], [`background`],
//! [`vault`], [`rate_limit`], and `storage::Database`), the consumer loop, HTTP types, logging. Out of
//! scope: the meaning of any event.
//!
//! Invariant: only [`cloudflare`] names the `worker` crate. Everything else compiles and is tested
//! natively.

pub mod background;
pub mod clock;
pub mod cloudflare;
pub mod consumer;
pub mod database_retry;
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
pub use panics::catch_panic;
pub use publisher::Publisher;
pub use rate_limit::RateLimiter;
pub use sink::{Destination, QueueSink, SendError};
pub use usage::Usage;
pub use vault::{Vault, VaultError};
