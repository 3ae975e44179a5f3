//! Counts what came of events, in an isolate's memory, and now and then adds them to the stored counts of
//! the minute: a few rows a minute, however many events there are
//! (docs/adr/0024-the-pipeline-is-counted-in-memory.md).

use crate::background::Background;
use crate::clock::{Clock, Timer};
use crate::consumer::Verdict;
use shared_kernel::latency::Latencies;
use shared_kernel::{Event, Queue, Settlement};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use storage::Shards;
use storage::pipeline::{self, Minute};

const MINUTE_MS: i64 = 60_000;
/// How long an isolate gathers before it stores (ours: a write each ten seconds is nothing to the database,
/// and little is lost with an isolate). The platform lets work go on for 30 s behind an answer.
const FLUSH_AFTER_MS: u32 = 10_000;
/// A flush so long overdue has died with the invocation that was to make it; another takes its place.
const FLUSH_LOST_MS: i64 = 5_000;
/// Minutes and types that are kept while the database is away, at most (ours: 20 minutes of a worker with
/// six types). What is past it is not counted.
const ENTRIES_MAX: usize = 120;

/// The counts of an isolate that are not stored yet.
#[derive(Default)]
pub struct Tally {
    entries: RefCell<BTreeMap<(i64, Queue, &'static str), Counts>>,
    /// When the flush that is under way stores them; 0: there is none.
    flush_at_ms: Cell<i64>,
}

#[derive(Clone, Default)]
struct Counts {
    handled: u64,
    retried: u64,
    dead_lettered: u64,
    latency: Latencies,
}

/// What came of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is through.
    Handled,
    /// It comes again.
    Retried,
    /// It is given up.
    DeadLettered,
}

impl Fate {
    /// By what was decided and what the platform was told: a dead letter that no queue took comes again.
    pub const fn of(settlement: &Settlement, verdict: Verdict) -> Self {
        match (settlement, verdict) {
            (Settlement::Ack, Verdict::Ack) => Self::Handled,
            (Settlement::DeadLetter { .. }, Verdict::Ack) => Self::DeadLettered,
            (Settlement::Ack | Settlement::DeadLetter { .. }, Verdict::Retry { .. })
            | (Settlement::Retry { .. }, Verdict::Ack | Verdict::Retry { .. }) => Self::Retried,
        }
    }
}

/// What a flush works with.
#[derive(Clone)]
pub struct Flusher {
    /// Where counts are stored.
    pub shards: Shards,
    /// The time.
    pub clock: Rc<dyn Clock>,
    /// Who waits.
    pub timer: Rc<dyn Timer>,
    /// Who lets it go on behind the batch.
    pub background: Rc<dyn Background>,
}

impl Tally {
    /// Counts what came of a message; `None` is a message that is no event. The type is never what a
    /// message merely says it is: there are as many as there are types.
    pub fn count(&self, queue: Queue, event: Option<&Event>, fate: Fate, now_ms: i64) {
        let event_type = event.map_or("", |event| event.event_type().wire_name());
        let key = (now_ms.div_euclid(MINUTE_MS) * MINUTE_MS, queue, event_type);
        let mut entries = self.entries.borrow_mut();
        if entries.len() >= ENTRIES_MAX && !entries.contains_key(&key) {
            return;
        }
        let counts = entries.entry(key).or_default();
        match fate {
            Fate::Handled => {
                counts.handled += 1;
                if let Some(event) = event {
                    counts.latency.record(now_ms - event.time.timestamp_millis());
                }
            }
            Fate::Retried => counts.retried += 1,
            Fate::DeadLettered => counts.dead_lettered += 1,
        }
    }

    /// Sees to it that what is counted is stored in ten seconds, once for all that comes meanwhile.
    pub fn flush_later(self: &Rc<Self>, flusher: &Flusher) {
        let now_ms = flusher.clock.now_ms();
        let is_under_way = now_ms < self.flush_at_ms.get() + FLUSH_LOST_MS;
        if self.entries.borrow().is_empty() || is_under_way {
            return;
        }
        self.flush_at_ms.set(now_ms + i64::from(FLUSH_AFTER_MS));
        let (tally, own) = (Rc::clone(self), flusher.clone());
        flusher.background.spawn(Box::pin(async move { tally.flush(&own).await }));
    }

    /// 1. wait (await): others count meanwhile. A crash loses what is counted;
    /// 2. store (await). What the database does not take is kept for the next flush: an answer
    ///    that was lost counts twice.
    async fn flush(&self, flusher: &Flusher) {
        flusher.timer.sleep_ms(FLUSH_AFTER_MS).await;
        self.flush_at_ms.set(0);
        let taken = self.entries.take();
        let minutes: Vec<_> = taken.iter().map(minute).collect();
        if let Err(error) = pipeline::add(flusher.shards.operators(), &minutes).await {
            tracing::warn!(%error, "counts not stored; the next flush will");
            self.put_back(taken);
        }
    }

    fn put_back(&self, taken: BTreeMap<(i64, Queue, &'static str), Counts>) {
        let mut entries = self.entries.borrow_mut();
        for (key, counts) in taken {
            let entry = entries.entry(key).or_default();
            entry.handled += counts.handled;
            entry.retried += counts.retried;
            entry.dead_lettered += counts.dead_lettered;
            entry.latency.merge(&counts.latency);
        }
    }
}

fn minute((key, counts): (&(i64, Queue, &'static str), &Counts)) -> Minute {
    let (minute_ms, queue, event_type) = *key;
    let Counts { handled, retried, dead_lettered, latency } = counts.clone();
    Minute { minute_ms, queue: queue.name(), event_type, handled, retried, dead_lettered, latency }
}
