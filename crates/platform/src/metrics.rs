//! Pipeline metrics: message results counted in an isolate's memory and added to the stored counts of
//! each minute, a few rows a minute however many events there are
//! (docs/adr/0024-the-pipeline-is-counted-in-memory.md). Numbers without a source are project defaults.

use crate::background::Background;
use crate::clock::{Clock, Timer};
use shared_kernel::{Event, MessageResult, Queue};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use storage::Shards;
use storage::latency::LatencyHistogram;
use storage::pipeline::{self, MinuteMetrics};

const MINUTE_MS: i64 = 60_000;
/// The time an isolate counts before it stores. One write each ten seconds costs the database nothing, and
/// little is lost with an isolate. The platform lets work continue for 30 s after a response.
const FLUSH_AFTER_MS: u32 = 10_000;
/// A flush this long overdue died with its invocation; the next batch starts another.
const FLUSH_LOST_MS: i64 = 5_000;
/// Entries kept while the database is unavailable, at most: 20 minutes of a worker with six event types.
/// Counts beyond it are dropped.
const ENTRIES_MAX: usize = 120;

/// A minute since 1970 in milliseconds, a queue, and the wire name of an event type.
type Key = (i64, Queue, &'static str);

/// The counts of an isolate that are not stored yet.
#[derive(Default)]
pub struct PipelineMetrics {
    entries: RefCell<BTreeMap<Key, Counts>>,
    /// The time at which the pending flush stores them; 0 without a pending flush.
    flush_at_ms: Cell<i64>,
}

#[derive(Clone, Default)]
struct Counts {
    handled: u64,
    retried: u64,
    dead_lettered: u64,
    latency: LatencyHistogram,
}

/// The ports of a flush. `background` keeps it running after the batch.
#[derive(Clone)]
pub struct FlushPorts {
    pub shards: Shards,
    pub clock: Rc<dyn Clock>,
    pub timer: Rc<dyn Timer>,
    pub background: Rc<dyn Background>,
}

impl PipelineMetrics {
    /// Counts the result of one message. `event` is `None` for a message that does not decode: the type
    /// that such a message claims is not trusted.
    pub fn count(&self, queue: Queue, event: Option<&Event>, result: MessageResult, now_ms: i64) {
        let event_type = event.map_or("", |event| event.event_type().wire_name());
        let key = (now_ms.div_euclid(MINUTE_MS) * MINUTE_MS, queue, event_type);
        let mut entries = self.entries.borrow_mut();
        if entries.len() >= ENTRIES_MAX && !entries.contains_key(&key) {
            return;
        }
        let counts = entries.entry(key).or_default();
        match result {
            MessageResult::Ack => {
                counts.handled += 1;
                if let Some(event) = event {
                    counts.latency.record(now_ms - event.time.timestamp_millis());
                }
            }
            MessageResult::Retry { .. } => counts.retried += 1,
            MessageResult::DeadLetter => counts.dead_lettered += 1,
        }
    }

    /// Schedules a flush in ten seconds, unless one is pending or there is nothing to store.
    pub fn schedule_flush(self: &Rc<Self>, ports: &FlushPorts) {
        let now_ms = ports.clock.now_ms();
        let is_pending = now_ms < self.flush_at_ms.get() + FLUSH_LOST_MS;
        if self.entries.borrow().is_empty() || is_pending {
            return;
        }
        self.flush_at_ms.set(now_ms + i64::from(FLUSH_AFTER_MS));
        let (metrics, flush_ports) = (Rc::clone(self), ports.clone());
        ports.background.spawn(Box::pin(async move { metrics.flush(&flush_ports).await }));
    }

    /// 1. wait (await): other batches count meanwhile. A crash loses the counts;
    /// 2. store (await). On failure the counts stay for the next flush; if only the response was lost,
    ///    they count twice.
    async fn flush(&self, ports: &FlushPorts) {
        ports.timer.sleep_ms(FLUSH_AFTER_MS).await;
        self.flush_at_ms.set(0);
        let entries = self.entries.take();
        let minutes: Vec<_> = entries.iter().map(minute).collect();
        if let Err(error) = pipeline::add(ports.shards.operators(), &minutes).await {
            tracing::warn!(%error, "metrics not stored; the next flush stores them");
            self.restore(entries);
        }
    }

    fn restore(&self, unstored: BTreeMap<Key, Counts>) {
        let mut entries = self.entries.borrow_mut();
        for (key, counts) in unstored {
            let entry = entries.entry(key).or_default();
            entry.handled += counts.handled;
            entry.retried += counts.retried;
            entry.dead_lettered += counts.dead_lettered;
            entry.latency.merge(&counts.latency);
        }
    }
}

fn minute((key, counts): (&Key, &Counts)) -> MinuteMetrics {
    let (minute_ms, queue, event_type) = *key;
    let Counts { handled, retried, dead_lettered, latency } = counts.clone();
    MinuteMetrics {
        minute_ms,
        queue: queue.name(),
        event_type,
        handled,
        retried,
        dead_lettered,
        latency,
    }
}
