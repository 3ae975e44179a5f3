//! The adapters to Cloudflare Workers: the only module that names the `worker` crate.

mod ai;
mod background;
mod bindings;
mod console;
mod d1;
mod email;
mod fetch;
mod http_client;
mod queue;
mod rate_limit;
mod system;
mod vault;

pub use ai::WorkersAi;
pub use background::WaitUntil;
pub use bindings::{Bindings, serve_batch};
pub(crate) use console::log_to_console;
pub(crate) use d1::{D1, D1Binding};
pub use email::SendEmailBinding;
pub use fetch::{Reading, read_request, write_response};
pub use http_client::GlobalFetch;
pub use rate_limit::RateLimitBindings;
pub use system::System;
pub use vault::WebCryptoVault;
pub use worker::worker_sys::{Context as JsContext, MessageBatch};
