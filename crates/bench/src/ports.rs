//! The ports of the workers that the test kit does not have: queues with delays, and random bytes.

use crate::meter::Meter;
use async_trait::async_trait;
use platform::consumer::RawMessage;
use platform::{Clock, Destination, Entropy, QueueSink, SendError};
use shared_kernel::Queue;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use testkit::FixedClock;

/// Queues bills an operation for each chunk of this size: <https://developers.cloudflare.com/queues/platform/pricing/>.
const CHUNK_BYTES: usize = 64_000;

/// The queues of all workers, in memory.
pub struct Queues {
    clock: Rc<FixedClock>,
    meter: Rc<Meter>,
    waiting: [RefCell<VecDeque<Waiting>>; 3],
    sent: Cell<u64>,
}

struct Waiting {
    due_ms: i64,
    message: RawMessage,
}

impl Queues {
    /// Creates empty queues.
    pub fn new(clock: Rc<FixedClock>, meter: Rc<Meter>) -> Self {
        Self { clock, meter, waiting: Default::default(), sent: Cell::new(0) }
    }

    /// Removes and returns the messages of a queue that are due, at most `max`.
    pub fn take(&self, queue: Queue, max: usize) -> Vec<RawMessage> {
        let now_ms = self.clock.now_ms();
        let mut waiting = self.waiting[index(queue)].borrow_mut();
        let (mut due, mut later) = (Vec::new(), VecDeque::new());
        while let Some(next) = waiting.pop_front() {
            if due.len() < max && next.due_ms <= now_ms {
                due.push(next.message);
            } else {
                later.push_back(next);
            }
        }
        *waiting = later;
        due
    }
}

const fn index(queue: Queue) -> usize {
    match queue {
        Queue::VolumeAggregation => 0,
        Queue::AiAnalysis => 1,
        Queue::WebhookNotification => 2,
    }
}

#[async_trait(?Send)]
impl QueueSink for Queues {
    async fn send(
        &self,
        destination: Destination,
        bodies: &[String],
        delay_s: u32,
    ) -> Result<(), SendError> {
        let Destination::Events(queue) = destination else {
            panic!("dead-lettered: {bodies:?}");
        };
        let due_ms = self.clock.now_ms() + i64::from(delay_s) * 1_000;
        for body in bodies {
            self.meter.add(|cost| {
                cost.messages += 1;
                cost.message_chunks += body.len().div_ceil(CHUNK_BYTES) as u64;
            });
            self.sent.update(|sent| sent + 1);
            let message = RawMessage {
                id: format!("{:032x}", self.sent.get()),
                body: body.clone(),
                attempts: 1,
            };
            self.waiting[index(queue)].borrow_mut().push_back(Waiting { due_ms, message });
        }
        Ok(())
    }
}

/// Random bytes from a seed (`SplitMix64`): ids are spread as in production, and equal in each run.
pub struct SeededEntropy(Cell<u64>);

impl SeededEntropy {
    /// Creates a sequence that depends only on the seed.
    pub const fn new(seed: u64) -> Self {
        Self(Cell::new(seed))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            self.0.update(|state| state.wrapping_add(0x9e37_79b9_7f4a_7c15));
            let mut word = self.0.get();
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            word ^= word >> 31;
            chunk.copy_from_slice(&word.to_be_bytes()[..chunk.len()]);
        }
    }
}
