//! The kinds of faults, and their rates.
//!
//! Thresholds without a source are project defaults.

use crate::clock::START_MS;
use crate::rng::Rng;
use platform::Destination;
use shared_kernel::Queue;
use storage::shards::{ATHLETES, OPERATIONS};

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An invocation ends at an await. Its writes and sends so far remain.
    Crash,
    /// The database fails, and nothing of the batch took effect.
    DatabaseBeforeCommit,
    /// The database fails, and all of the batch took effect.
    DatabaseAfterCommit,
    SendRejected,
    /// A queue accepts a send and reports a failure.
    SendResponseLost,
    DuplicateMessage,
    /// A message arrives up to five minutes late.
    DelayedMessage,
    /// A batch holds any messages of its queue, in any order.
    ReorderedBatch,
    /// A message is lost that the sweep resends.
    LostMessage,
    /// A batch is redelivered after it was settled.
    RedeliveredBatch,
    /// Everything stops for up to two minutes, or the clocks are set by up to two seconds.
    ClockJump,
    EmailRejected,
    /// The email service accepts an email and reports a failure.
    EmailResponseLost,
    /// The email service takes up to 90 s.
    SlowEmail,
    /// A webhook receiver responds with 500 or 429, or not at all.
    WebhookFailed,
    /// A webhook receiver processes a request, and its response does not arrive in time.
    WebhookResponseLost,
    /// One database fails for up to an hour.
    DatabaseOutage,
    /// One queue neither accepts nor delivers messages for up to an hour.
    QueueOutage,
}

/// Every kind with its maximum rate in 10,000 opportunities: low enough that most events still come
/// through, high enough that each await of each handler meets a crash.
const RATES_MAX: [(Fault, u32); 18] = [
    (Fault::Crash, 800),
    (Fault::DatabaseBeforeCommit, 1_500),
    (Fault::DatabaseAfterCommit, 1_500),
    (Fault::SendRejected, 3_000),
    (Fault::SendResponseLost, 3_000),
    (Fault::DuplicateMessage, 3_000),
    (Fault::DelayedMessage, 2_000),
    (Fault::ReorderedBatch, 5_000),
    (Fault::LostMessage, 2_000),
    (Fault::RedeliveredBatch, 1_500),
    (Fault::ClockJump, 100),
    (Fault::EmailRejected, 3_000),
    (Fault::EmailResponseLost, 1_500),
    (Fault::SlowEmail, 1_000),
    (Fault::WebhookFailed, 3_000),
    (Fault::WebhookResponseLost, 2_000),
    (Fault::DatabaseOutage, 10_000),
    (Fault::QueueOutage, 10_000),
];

/// An outage begins while athletes are active.
const OUTAGE_AFTER_MS_MAX: i64 = 300_000;
const OUTAGE_MS_MAX: i64 = 3_600_000;

/// The part of the platform that an outage affects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The database of a binding.
    Database(&'static str),
    Queue(Destination),
}

/// A time in which a part of the platform is unavailable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    pub part: Part,
    pub from_ms: i64,
    pub until_ms: i64,
}

impl Outage {
    /// Returns the outage of a seed that a fault of its kind causes. Other kinds cause none.
    pub fn from_seed(seed: u64, fault: Fault) -> Option<Self> {
        let mut rng = Rng::new(seed, 10 + fault as u64);
        let part = match fault {
            Fault::DatabaseOutage => {
                let index = rng.index(ATHLETES.len() + 1);
                Part::Database(ATHLETES.get(index).copied().unwrap_or(OPERATIONS))
            }
            Fault::QueueOutage => {
                let queue = Queue::ALL[rng.index(Queue::ALL.len())];
                let of_events = rng.below(4) > 0;
                Part::Queue(if of_events {
                    Destination::Events(queue)
                } else {
                    Destination::DeadLetters(queue)
                })
            }
            _ => return None,
        };
        let from_ms = START_MS + rng.ms(OUTAGE_AFTER_MS_MAX);
        Some(Self { part, from_ms, until_ms: from_ms + rng.ms(OUTAGE_MS_MAX) })
    }
}

/// The rate of each kind of fault, in 10,000 opportunities.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultRates([u32; RATES_MAX.len()]);

impl FaultRates {
    /// Returns the rates of a seed. Each kind is off in every second seed (outages in seven of eight), because a fault that is
    /// always on hides what only shows without it (swarm testing: Groce et al., ISSTA 2012).
    pub fn from_seed(seed: u64) -> Self {
        let mut rng = Rng::new(seed, 1);
        let mut rates = Self::default();
        for (fault, rate_max) in RATES_MAX {
            let rate = 1 + u32::try_from(rng.below(rate_max.into())).unwrap();
            // A run with an outage takes longer.
            let is_outage = Outage::from_seed(seed, fault).is_some();
            let is_on = if is_outage { rng.below(8) == 0 } else { rng.below(2) > 0 };
            rates.0[fault as usize] = if is_on { rate } else { 0 };
        }
        rates
    }

    /// Returns the rate of a kind.
    pub const fn rate(&self, fault: Fault) -> u32 {
        self.0[fault as usize]
    }

    /// Returns the outages of a seed.
    pub fn outages(&self, seed: u64) -> Vec<Outage> {
        self.kinds().filter_map(|fault| Outage::from_seed(seed, fault)).collect()
    }

    /// Returns the kinds that can occur.
    pub fn kinds(&self) -> impl Iterator<Item = Fault> {
        RATES_MAX.into_iter().map(|(fault, _)| fault).filter(|fault| self.rate(*fault) > 0)
    }

    /// Returns the rates with one kind switched off.
    #[must_use]
    pub fn without(&self, fault: Fault) -> Self {
        let mut rates = self.clone();
        rates.0[fault as usize] = 0;
        rates
    }
}
