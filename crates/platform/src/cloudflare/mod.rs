//! The adapters to Cloudflare Workers: the only module that names the `worker` crate.

mod console;
mod d1;
mod email;
mod fetch;
mod queue;
mod system;

pub use console::log_to_console;
pub use d1::D1;
pub use email::SendEmailBinding;
pub use fetch::{read_request, write_response};
pub use queue::{QueueBindings, consume_batch, retry_batch};
pub use system::System;
pub use worker::worker_sys::{Context as JsContext, MessageBatch};
