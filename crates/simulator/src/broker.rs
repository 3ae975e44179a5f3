//! The queues: at least once, in any order, in batches by the table, with dead-letter queues.

use crate::dice::Dice;
use platform::Destination;
use shared_kernel::MessageResult;
use shared_kernel::event::EventHeader;
use shared_kernel::routing::Consumption;
use shared_kernel::{EventType, Queue};
use std::collections::BTreeMap;

/// A message that waits.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its id; that of a second copy is the same.
    pub id: u64,
    /// Its text.
    pub body: String,
    /// How often it was delivered.
    pub attempts: u32,
    /// From when on it may be delivered.
    pub visible_at_ms: i64,
}

/// All queues.
#[derive(Default)]
pub struct Broker {
    queues: BTreeMap<Destination, Vec<Message>>,
    last_id: u64,
    /// Dead letters so far, ours and the platform's.
    pub dead_letters: usize,
}

/// Every queue, those of dead letters included.
pub fn destinations() -> impl Iterator<Item = Destination> {
    let events = Queue::ALL.into_iter().map(Destination::Events);
    events.chain(Queue::ALL.into_iter().map(Destination::DeadLetters))
}

/// Its name.
pub const fn name(destination: Destination) -> &'static str {
    match destination {
        Destination::Events(queue) => queue.name(),
        Destination::DeadLetters(queue) => queue.dead_letter_name(),
    }
}

const fn consumption(destination: Destination) -> Consumption {
    match destination {
        Destination::Events(queue) => queue.consumption(),
        Destination::DeadLetters(queue) => queue.dead_letter_consumption(),
    }
}

impl Broker {
    /// Takes one message; `copies` of it, each visible from its own instant.
    pub fn send(&mut self, to: Destination, body: &str, visible_at_ms: &[i64]) {
        self.last_id += 1;
        self.dead_letters += usize::from(matches!(to, Destination::DeadLetters(_)));
        let id = self.last_id;
        let copies = visible_at_ms.iter().map(|visible_at_ms| Message {
            id,
            body: body.to_owned(),
            attempts: 0,
            visible_at_ms: *visible_at_ms,
        });
        self.queues.entry(to).or_default().extend(copies);
    }

    /// When a batch of a queue can be delivered next: it is full, or its first message has waited.
    pub fn ready_at_ms(&self, from: Destination) -> Option<i64> {
        let rules = consumption(from);
        let mut visible: Vec<_> = self.queues.get(&from)?.iter().map(|m| m.visible_at_ms).collect();
        visible.sort_unstable();
        let waited = visible.first()? + i64::from(rules.batch_wait_s_max) * 1_000;
        let full = visible.get(usize::try_from(rules.batch_size_max).unwrap() - 1);
        Some(full.map_or(waited, |full| waited.min(*full)))
    }

    /// Takes a batch: what came first, or, reordered, any part of what is there in any order.
    pub fn take(
        &mut self,
        from: Destination,
        now_ms: i64,
        reordered: Option<&mut Dice>,
    ) -> Vec<Message> {
        let Some(queue) = self.queues.get_mut(&from) else { return Vec::new() };
        let (mut visible, rest): (Vec<_>, Vec<_>) =
            queue.drain(..).partition(|message| message.visible_at_ms <= now_ms);
        let mut size =
            usize::try_from(consumption(from).batch_size_max).unwrap().min(visible.len());
        if let Some(dice) = reordered {
            for place in (1..visible.len()).rev() {
                visible.swap(place, dice.index(place + 1));
            }
            size = 1 + dice.index(size.max(1));
        }
        let left = visible.split_off(size.min(visible.len()));
        *queue = rest;
        queue.extend(left);
        for message in &mut visible {
            message.attempts += 1;
        }
        visible
    }

    /// Settles a batch. `None` is a message of which nothing was said: the invocation died.
    pub fn settle(
        &mut self,
        from: Destination,
        messages: Vec<Message>,
        result: impl Fn(usize) -> Option<MessageResult>,
        now_ms: i64,
    ) {
        for (index, mut message) in messages.into_iter().enumerate() {
            let delay_s = match result(index) {
                Some(MessageResult::Ack | MessageResult::DeadLetter) => continue,
                Some(MessageResult::Retry { delay_s }) => delay_s,
                None => 0,
            };
            message.visible_at_ms = now_ms + i64::from(delay_s) * 1_000;
            let is_over = message.attempts > consumption(from).retry.retries_max;
            match from {
                Destination::Events(queue) if is_over => {
                    self.send(Destination::DeadLetters(queue), &message.body, &[now_ms]);
                }
                Destination::Events(_) | Destination::DeadLetters(_) => {
                    self.queues.entry(from).or_default().push(message);
                }
            }
        }
    }
}

/// Whether somebody sends it again if it is lost: the sweep, from a row that is its outbox. The
/// platform promises at least once; for all others we rely on that.
pub fn is_sent_again(body: &str) -> bool {
    let name = EventHeader::read(body).event_type.unwrap_or_default();
    let event_type = EventType::ALL.iter().find(|event_type| event_type.wire_name() == name);
    event_type.is_some_and(|event_type| match event_type {
        EventType::TrainingSetRecorded
        | EventType::WorkoutCompleted
        | EventType::WorkoutDeleted
        | EventType::VolumeUpdated
        | EventType::ImportSliceStored
        | EventType::TrainingWeekEnded
        | EventType::MailFellDue
        | EventType::WebhookDeliveryRequested => true,
        EventType::AggregationUpdated
        | EventType::VolumeThresholdReached
        | EventType::TrainingPatternDetected
        | EventType::NotificationRequested => false,
    })
}
