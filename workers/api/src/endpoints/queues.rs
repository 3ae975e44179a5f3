//! POST /v1/admin/queues/{queue}/messages: an operator puts a text on a queue, as it is. For
//! drills: what becomes of garbage, of an event of yesterday, of an event sent twice?

use crate::app::{App, Call};
use crate::error::ApiError;
use crate::input::body_bytes;
use platform::http::{Response, StatusCode, empty};
use platform::sink::{Destination, send_all};
use shared_kernel::Queue;

/// 202: the queue has it.
pub async fn post(app: &App, call: &Call<'_>, queue: &str) -> Result<Response, ApiError> {
    let queue = Queue::from_name(queue).ok_or(ApiError::NotFound)?;
    let text = std::str::from_utf8(body_bytes(call.request)?)
        .map_err(|_| ApiError::BadRequest("the body is not UTF-8"))?;
    send_all(&*app.sink, Destination::Events(queue), &[text.to_owned()], 0).await?;
    Ok(empty(StatusCode::ACCEPTED))
}
