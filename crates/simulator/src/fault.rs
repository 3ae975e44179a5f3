//! The kinds of faults, and their rates.

use crate::rng::Rng;

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
}

/// Every kind with its maximum rate in 10,000 opportunities: low enough that most events still come
/// through, high enough that each await of each handler meets a crash.
const RATES_MAX: [(Fault, u32); 16] = [
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
];

/// The rate of each kind of fault, in 10,000 opportunities.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultRates([u32; RATES_MAX.len()]);

impl FaultRates {
    /// Returns the rates of a seed. Each kind is off in every second seed, because a fault that is
    /// always on hides what only shows without it (swarm testing: Groce et al., ISSTA 2012).
    pub fn from_seed(seed: u64) -> Self {
        let mut rng = Rng::new(seed, 1);
        let mut rates = Self::default();
        for (fault, rate_max) in RATES_MAX {
            let rate = u32::try_from(rng.below(rate_max.into())).unwrap();
            rates.0[fault as usize] = if rng.below(2) == 0 { 0 } else { rate };
        }
        rates
    }

    /// Returns the rate of a kind.
    pub const fn rate(&self, fault: Fault) -> u32 {
        self.0[fault as usize]
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
