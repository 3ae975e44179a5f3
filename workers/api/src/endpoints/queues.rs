//! POST /v1/admin/queues/{queue}/messages: sends an operator's text to a queue unchanged. For drills
//! with garbage, old events and duplicates.

use crate::call::OperatorCall;
use crate::error::ApiResult;
use crate::extract::{Path, Text};
use crate::reply::Queued;
use contract::queues::QueueName;
use platform::sink::{Destination, send_all};

/// Returns 202 when the queue has accepted it (await; a retry sends it once more).
pub async fn post(
    call: OperatorCall,
    (Path(queue), Text(text)): (Path<QueueName>, Text),
) -> ApiResult<Queued> {
    send_all(&*call.app.sink, Destination::Events(queue.0), &[text], 0).await?;
    Ok(Queued)
}
