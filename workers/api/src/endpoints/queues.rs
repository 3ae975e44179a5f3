//! POST /v1/admin/queues/{queue}/messages: sends an operator's text to a queue unchanged. For drills
//! with garbage, old events and duplicates.

use crate::app::App;
use crate::call::Call;
use crate::error::ApiResult;
use crate::input::body_bytes;
use contract::ProblemCode;
use platform::http::{StatusCode, empty};
use platform::sink::{Destination, send_all};
use shared_kernel::Queue;

/// Returns 202 when the queue has accepted it.
pub async fn post(app: &App, call: &Call, queue: &str) -> ApiResult {
    let queue = Queue::from_name(queue).ok_or(ProblemCode::NotFound)?;
    let text = std::str::from_utf8(body_bytes(&call.request)?)
        .map_err(|_| ProblemCode::InvalidJson.with("the body is not UTF-8"))?;
    send_all(&*app.sink, Destination::Events(queue), &[text.to_owned()], 0).await?;
    Ok(empty(StatusCode::ACCEPTED))
}
