//! Redriving dead letters: claimed, sent, marked, a round at a time.

use crate::app::App;
use crate::error::ApiError;
use platform::sink::{BODY_BYTES_MAX, Destination, SendError, send_all};
use shared_kernel::event::EventHeader;
use shared_kernel::routing::queue_of;
use shared_kernel::{Event, Queue};
use std::collections::{BTreeMap, BTreeSet};
use storage::dead_letters::actions::{self, Action, ClaimedDeadLetter, MatchCount, Selection};
use uuid::Uuid;

/// Letters in one round: a send of the platform, and at 128 KB each a tenth of a worker's memory.
const ROUND_MAX: i64 = 100;
/// Steps over which one call spreads its letters (ours: each is a send for each queue, and an
/// invocation has 1,000 subrequests).
const STEPS_MAX: i64 = 100;

/// What an operator wants sent again.
#[derive(Debug)]
pub struct Order {
    /// Who, when and why.
    pub action: Action,
    /// Which letters.
    pub selection: Selection,
    /// How many at most.
    pub limit: i64,
    /// How fast.
    pub pace: Pace,
    /// What is sent in the place of a body.
    pub edited_body: Option<String>,
}

/// What came of an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Redriven {
    /// What it was about, before anything was sent.
    pub matched: MatchCount,
    /// Letters that were sent.
    pub redriven: usize,
    /// Letters that no queue can take: they are too long, or their queue is not there any more.
    pub unsendable: usize,
}

/// How fast letters go: the queue delays those of a step by as long as the steps before it take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    step_letters: i64,
    step_s: i64,
}

impl Pace {
    /// So many letters a second, `limit` in all; or all at once.
    pub fn new(rate_per_s: Option<u32>, limit: i64) -> Self {
        let Some(rate_per_s) = rate_per_s.map(|rate| i64::from(rate.max(1))) else {
            return Self { step_letters: i64::MAX, step_s: 0 };
        };
        // In steps of a second, or of so many that there are no more than STEPS_MAX.
        let in_steps_of_1_s = limit / (rate_per_s * STEPS_MAX);
        let rest = i64::from(limit % (rate_per_s * STEPS_MAX) > 0);
        let step_s = (in_steps_of_1_s + rest).max(1);
        Self { step_letters: rate_per_s * step_s, step_s }
    }

    /// The delay of the nth letter, from 0, in seconds.
    pub fn delay_s(self, index: i64) -> u32 {
        u32::try_from(index / self.step_letters * self.step_s).unwrap_or(0)
    }
}

/// Sends letters again.
///
/// Round by round, the oldest letters first:
/// 1. claim (await): the letters are still open, but nobody else's for a minute. What was done is
///    recorded with it. A crash after it: they are free again when the minute is over;
/// 2. send (await, one for each step and queue). A crash between two: some are sent and all are
///    open, so that they may be sent twice, which every event is fit for;
/// 3. mark (await): those that were sent are redriven. A crash before it: as at 2. A letter whose
///    event has failed again before it lost its claim then, and stays open.
///
/// When a queue refuses, what was sent is marked, the rest is given back (await; a crash before it:
/// as at 1), and the order fails: its repetition goes on where it ended.
pub async fn redrive(app: &App, order: &Order) -> Result<Redriven, ApiError> {
    let Order { action, selection, limit, edited_body, .. } = order;
    let database = app.shards.operators();
    let mut done = Redriven::default();
    let mut unsendable = Vec::new();
    let mut index = 0;
    while index < *limit {
        let room = ROUND_MAX.min(limit - index);
        let claimed = actions::claim(database, action, selection, edited_body.as_deref(), room);
        let (matched, claimed) = claimed.await?;
        if index == 0 {
            done.matched = matched;
        }
        let open: BTreeSet<_> = claimed.iter().map(|letter| letter.dead_letter_id).collect();
        let count = i64::try_from(claimed.len()).unwrap_or(i64::MAX);
        let round = Round::of(claimed, index, order.pace);
        let (sent, error) = round.send(app).await;
        if !sent.is_empty() {
            actions::mark_redriven(database, action, &sent).await?;
        }
        done.redriven += sent.len();
        if let Some(error) = error {
            let open: Vec<_> = open.difference(&sent.iter().copied().collect()).copied().collect();
            unsendable.extend(open);
            actions::release(database, action, &unsendable).await?;
            return Err(error.into());
        }
        unsendable.extend(round.unsendable);
        index += count;
        if count < room {
            break;
        }
    }
    if !unsendable.is_empty() {
        actions::release(database, action, &unsendable).await?;
    }
    done.unsendable = unsendable.len();
    Ok(done)
}

/// The letters of a round by when and where they go.
struct Round {
    sends: BTreeMap<(u32, Queue), (Vec<Uuid>, Vec<String>)>,
    unsendable: Vec<Uuid>,
}

impl Round {
    fn of(claimed: Vec<ClaimedDeadLetter>, first: i64, pace: Pace) -> Self {
        let mut round = Self { sends: BTreeMap::new(), unsendable: Vec::new() };
        for (index, letter) in (first..).zip(claimed) {
            let queue = Queue::from_name(&letter.queue);
            let Some(queue) = queue.filter(|_| letter.body.len() <= BODY_BYTES_MAX) else {
                round.unsendable.push(letter.dead_letter_id);
                continue;
            };
            let (ids, bodies) = round.sends.entry((pace.delay_s(index), queue)).or_default();
            ids.push(letter.dead_letter_id);
            bodies.push(letter.body);
        }
        round
    }

    /// Answers which were sent, and why no more were.
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

/// Why a text cannot go in the place of a dead letter's body. It has to be an event of the same queue, and,
/// as far as the body says them, with the same id and about the same athlete: it mends an event, it makes
/// none.
pub fn refused_edit(text: &str, queue: &str, body: &str) -> Option<String> {
    let event = match Event::decode(text) {
        Ok(event) => event,
        Err(error) => return Some(error.to_string()),
    };
    let event_type = event.event_type();
    if queue_of(event_type).name() != queue {
        return Some(format!("{event_type:?} is not routed to {queue}"));
    }
    let differs = |said: Option<String>, id: Uuid| {
        said.and_then(|said| said.parse::<Uuid>().ok()).is_some_and(|said| said != id)
    };
    let label = EventHeader::read(body);
    if differs(label.id, event.id.0) {
        return Some("has another id than the event that it mends".to_owned());
    }
    if differs(label.partitionkey, event.data.athlete_id().0) {
        return Some("is about another athlete than the event that it mends".to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_spread_at_their_rate_over_a_hundred_steps_at_most() {
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
    fn an_edit_mends_the_event_it_was() {
        let golden =
            include_str!("../../../crates/shared-kernel/golden/AggregationUpdated.v1.json");
        let other = include_str!("../../../crates/shared-kernel/golden/WorkoutCompleted.v1.json");
        let event = Event::decode(golden).unwrap();
        let (id, athlete) = (event.id.to_string(), event.data.athlete_id().to_string());
        let nil = Uuid::nil().to_string();
        let check = |text: &str, body: &str, refused: Option<&str>| {
            let reason = refused_edit(text, "ai-analysis", body);
            let is_right = match (&reason, refused) {
                (Some(reason), Some(refused)) => reason.contains(refused),
                (None, None) => true,
                (Some(_), None) | (None, Some(_)) => false,
            };
            assert!(is_right, "{reason:?}, not {refused:?}");
        };
        check(golden, golden, None);
        check(golden, "garbage", None);
        check(golden, r#"{"id":"no id","partitionkey":"nobody"}"#, None);
        check(golden, &golden.replace("1.0", "0.3"), None);
        check("garbage", golden, Some("not a CloudEvents 1.0 envelope"));
        check(other, "garbage", Some("WorkoutCompleted is not routed to ai-analysis"));
        check(golden, &golden.replace(&id, &nil), Some("another id"));
        check(golden, &golden.replace(&athlete, &nil), Some("another athlete"));
    }
}
