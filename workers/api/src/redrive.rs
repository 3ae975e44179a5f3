//! Redrives dead letters in batches: claim, send, mark.
//!
//! Thresholds without a source are project defaults.

use crate::app::App;
use crate::error::ApiResult;
use platform::sink::{BODY_BYTES_MAX, Destination, SendError, send_all};
use shared_kernel::event::EventHeader;
use shared_kernel::{Event, Queue};
use std::collections::{BTreeMap, BTreeSet};
use storage::dead_letters::actions::{self, Action, ClaimedDeadLetter, MatchCount, Selection};
use uuid::Uuid;

/// Dead letters of a batch: one send of the platform, and at 128 KB each a tenth of a worker's memory.
pub const BATCH_MAX: i64 = 100;
/// Steps over which one call spreads its dead letters: each is a send per queue, and an invocation has
/// 1,000 subrequests.
const STEPS_MAX: i64 = 100;

/// The dead letters to redrive, and how.
#[derive(Debug)]
pub struct RedriveRequest {
    pub action: Action,
    pub selection: Selection,
    pub limit: i64,
    pub pace: Pace,
    /// Sent instead of the stored body.
    pub edited_body: Option<String>,
}

/// The result of a redrive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RedriveResult {
    /// The dead letters that matched before anything was sent.
    pub matched: MatchCount,
    pub redriven: usize,
    /// Dead letters that no queue accepts: they are too long, or their queue no longer exists.
    pub unsendable: usize,
}

/// The rate of a redrive: the queue delays the messages of a step until the steps before it are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    step_size: i64,
    step_s: i64,
}

impl Pace {
    /// A quarter of each batch every 15 s: the batches of a sweep arrive within the minute before the next.
    pub const OF_SWEEP: Self = Self { step_size: BATCH_MAX / 4, step_s: 15 };

    /// `rate_per_s` messages a second for `limit` messages; without a rate all at once.
    pub fn new(rate_per_s: Option<u32>, limit: i64) -> Self {
        let Some(rate_per_s) = rate_per_s.map(|rate| i64::from(rate.max(1))) else {
            return Self { step_size: i64::MAX, step_s: 0 };
        };
        // Steps of one second, or longer ones so that there are at most STEPS_MAX.
        let in_steps_of_1_s = limit / (rate_per_s * STEPS_MAX);
        let rest = i64::from(limit % (rate_per_s * STEPS_MAX) > 0);
        let step_s = (in_steps_of_1_s + rest).max(1);
        Self { step_size: rate_per_s * step_s, step_s }
    }

    /// The delay of the message at `index`, in seconds.
    pub fn delay_s(self, index: i64) -> u32 {
        u32::try_from(index / self.step_size * self.step_s).unwrap_or(0)
    }
}

/// Redrives dead letters, batch by batch, the oldest first:
/// 1. claim (await): they stay open, but no other call claims them for a minute. The action is
///    recorded with the claim. After a crash they are free when the minute has passed;
/// 2. send (await, one per step and queue). After a crash between two sends some are sent and all
///    are open: they may be sent twice, which every handler tolerates;
/// 3. mark (await) those sent as redriven. After a crash: as in 2. A dead letter whose event has
///    failed again in the meantime has lost its claim, and stays open.
///
/// When a queue rejects a send, the messages sent are marked, the rest is released (await; after a
/// crash: as in 1), and the call fails: a retry continues with the rest.
pub async fn redrive(app: &App, request: &RedriveRequest) -> ApiResult<RedriveResult> {
    let RedriveRequest { action, selection, limit, edited_body, .. } = request;
    let database = app.shards.operators();
    let mut result = RedriveResult::default();
    let mut unsendable = Vec::new();
    let mut index = 0;
    while index < *limit {
        let room = BATCH_MAX.min(limit - index);
        let claimed = actions::claim(database, action, selection, edited_body.as_deref(), room);
        let (matched, claimed) = claimed.await?;
        if index == 0 {
            result.matched = matched;
        }
        let open: BTreeSet<_> = claimed.iter().map(|claimed| claimed.dead_letter_id).collect();
        let count = i64::try_from(claimed.len()).unwrap_or(i64::MAX);
        let batch = Batch::new(claimed, index, request.pace);
        let (sent, error) = batch.send(app).await;
        if !sent.is_empty() {
            actions::mark_redriven(database, action, &sent).await?;
        }
        result.redriven += sent.len();
        if let Some(error) = error {
            let open: Vec<_> = open.difference(&sent.iter().copied().collect()).copied().collect();
            unsendable.extend(open);
            actions::release(database, action, &unsendable).await?;
            return Err(error.into());
        }
        unsendable.extend(batch.unsendable);
        index += count;
        // A claim ends early at its bytes.
        if count == 0 {
            break;
        }
    }
    if !unsendable.is_empty() {
        actions::release(database, action, &unsendable).await?;
    }
    result.unsendable = unsendable.len();
    Ok(result)
}

/// The dead letters of a batch by delay and queue.
pub struct Batch {
    pub sends: BTreeMap<(u32, Queue), (Vec<Uuid>, Vec<String>)>,
    /// Too long, or of a queue that no longer exists.
    pub unsendable: Vec<Uuid>,
}

impl Batch {
    /// Sorts dead letters, of which the first is the one at index `first` of the redrive.
    pub fn new(claimed: Vec<ClaimedDeadLetter>, first: i64, pace: Pace) -> Self {
        let mut batch = Self { sends: BTreeMap::new(), unsendable: Vec::new() };
        for (index, dead_letter) in (first..).zip(claimed) {
            let queue = Queue::from_name(&dead_letter.queue);
            let Some(queue) = queue.filter(|_| dead_letter.body.len() <= BODY_BYTES_MAX) else {
                batch.unsendable.push(dead_letter.dead_letter_id);
                continue;
            };
            let (ids, bodies) = batch.sends.entry((pace.delay_s(index), queue)).or_default();
            ids.push(dead_letter.dead_letter_id);
            bodies.push(dead_letter.body);
        }
        batch
    }

    /// Returns the ids that were sent, and the error that stopped the sends.
    async fn send(&self, app: &App) -> (Vec<Uuid>, Option<SendError>) {
        let mut sent = Vec::new();
        for ((delay_s, queue), (ids, bodies)) in &self.sends {
            let to = Destination::Events(*queue);
            if let Err(error) = send_all(&*app.sink, to, bodies, *delay_s).await {
                return (sent, Some(error));
            }
            sent.extend(ids);
        }
        (sent, None)
    }
}

/// Returns why `text` cannot replace a dead letter's body. It must be an event of the same queue with
/// the same id and athlete, as far as the body has them: an edit fixes an event, it creates none.
pub fn edit_error(text: &str, queue: &str, body: &str) -> Option<String> {
    let event = match Event::decode(text) {
        Ok(event) => event,
        Err(error) => return Some(error.to_string()),
    };
    let event_type = event.event_type();
    if event_type.queue().name() != queue {
        return Some(format!("{event_type:?} is not routed to {queue}"));
    }
    let differs = |text: Option<String>, id: Uuid| {
        text.and_then(|text| text.parse::<Uuid>().ok()).is_some_and(|original| original != id)
    };
    let label = EventHeader::read(body);
    if differs(label.id, event.id.0) {
        return Some("has another id than the original event".to_owned());
    }
    if differs(label.partitionkey, event.data.athlete_id().0) {
        return Some("has another athlete than the original event".to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redrive_is_spread_at_its_rate_over_100_steps() {
        let check = |rate_per_s, limit, delays_s: [(i64, u32); 4]| {
            let pace = Pace::new(rate_per_s, limit);
            for (index, delay_s) in delays_s {
                assert_eq!(pace.delay_s(index), delay_s, "{rate_per_s:?} {limit} {index}");
            }
        };
        check(None, 1_000, [(0, 0), (1, 0), (500, 0), (999, 0)]);
        check(Some(10), 500, [(0, 0), (9, 0), (10, 1), (499, 49)]);
        check(Some(1), 1, [(0, 0), (1, 1), (2, 2), (3, 3)]);
        check(Some(1), 1_000, [(9, 0), (10, 10), (19, 10), (999, 990)]);
        check(Some(1), 101, [(1, 0), (2, 2), (3, 2), (100, 100)]);
        check(Some(1_000), 1_000, [(0, 0), (999, 0), (1_000, 1), (1_999, 1)]);
    }

    #[test]
    fn edit_keeps_id_athlete_and_queue() {
        let golden =
            include_str!("../../../crates/shared-kernel/golden/AggregationUpdated.v1.json");
        let other = include_str!("../../../crates/shared-kernel/golden/WorkoutCompleted.v1.json");
        let event = Event::decode(golden).unwrap();
        let (id, athlete) = (event.id.to_string(), event.data.athlete_id().to_string());
        let nil = Uuid::nil().to_string();
        let check = |text: &str, body: &str, expected: Option<&str>| {
            let reason = edit_error(text, "ai-analysis", body);
            let is_right = match (&reason, expected) {
                (Some(reason), Some(expected)) => reason.contains(expected),
                (None, None) => true,
                (Some(_), None) | (None, Some(_)) => false,
            };
            assert!(is_right, "{reason:?}, not {expected:?}");
        };
        check(golden, golden, None);
        check(golden, "garbage", None);
        check(golden, r#"{"id":"no id","partitionkey":"no athlete"}"#, None);
        check(golden, &golden.replace("1.0", "0.3"), None);
        check("garbage", golden, Some("not a CloudEvents 1.0 envelope"));
        check(other, "garbage", Some("WorkoutCompleted is not routed to ai-analysis"));
        check(golden, &golden.replace(&id, &nil), Some("another id"));
        check(golden, &golden.replace(&athlete, &nil), Some("another athlete"));
    }
}
