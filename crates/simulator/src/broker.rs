//! The queues: at-least-once delivery in any order, in the batches of the routing table, with
//! dead-letter queues.

use crate::rng::Rng;
use platform::Destination;
use shared_kernel::event::EventHeader;
use shared_kernel::routing::Consumption;
use shared_kernel::{EventType, MessageResult, Queue};
use std::collections::BTreeMap;

/// A message that waits in a queue.
#[derive(Clone, Debug)]
pub struct Message {
    /// Shared by the copies of a message.
    pub id: u64,
    pub body: String,
    pub attempts: u32,
    pub visible_at_ms: i64,
}

/// All queues.
#[derive(Default)]
pub struct Broker {
    queues: BTreeMap<Destination, Vec<Message>>,
    last_id: u64,
    /// Messages sent to dead-letter queues so far, by consumers and by the platform.
    pub dead_letters: usize,
}

/// Returns every queue, dead-letter queues included.
pub fn destinations() -> impl Iterator<Item = Destination> {
    let events = Queue::ALL.into_iter().map(Destination::Events);
    events.chain(Queue::ALL.into_iter().map(Destination::DeadLetters))
}

/// Returns the name of a queue.
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
    /// Accepts a message, and stores one copy for each time of `visible_at_ms`.
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

    /// Returns when the next batch of a queue can be delivered: when it is full, or when its first
    /// message has waited for the batch timeout.
    pub fn ready_at_ms(&self, from: Destination) -> Option<i64> {
        let rules = consumption(from);
        let mut visible: Vec<_> = self.queues.get(&from)?.iter().map(|m| m.visible_at_ms).collect();
        visible.sort_unstable();
        let timeout = visible.first()? + i64::from(rules.batch_wait_s_max) * 1_000;
        let full = visible.get(usize::try_from(rules.batch_size_max).unwrap() - 1);
        Some(full.map_or(timeout, |full| timeout.min(*full)))
    }

    /// Returns whether a queue has no messages.
    pub fn is_empty(&self, queue: Destination) -> bool {
        self.queues.get(&queue).is_none_or(Vec::is_empty)
    }

    /// Removes a batch: the oldest messages, or with `reorder` any visible messages in any order.
    pub fn take(
        &mut self,
        from: Destination,
        now_ms: i64,
        reorder: Option<&mut Rng>,
    ) -> Vec<Message> {
        let Some(queue) = self.queues.get_mut(&from) else { return Vec::new() };
        let (mut visible, rest): (Vec<_>, Vec<_>) =
            queue.drain(..).partition(|message| message.visible_at_ms <= now_ms);
        let mut size =
            usize::try_from(consumption(from).batch_size_max).unwrap().min(visible.len());
        if let Some(rng) = reorder {
            for index in (1..visible.len()).rev() {
                visible.swap(index, rng.index(index + 1));
            }
            size = 1 + rng.index(size.max(1));
        }
        let left = visible.split_off(size.min(visible.len()));
        *queue = rest;
        queue.extend(left);
        for message in &mut visible {
            message.attempts += 1;
        }
        visible
    }

    /// Settles a batch. Without results, because the invocation crashed, every message is retried.
    pub fn settle(
        &mut self,
        from: Destination,
        messages: Vec<Message>,
        results: Option<&[MessageResult]>,
        now_ms: i64,
    ) {
        for (index, mut message) in messages.into_iter().enumerate() {
            let delay_s = match results.and_then(|results| results.get(index)) {
                Some(MessageResult::Ack | MessageResult::DeadLetter) => continue,
                Some(MessageResult::Retry { delay_s }) => *delay_s,
                None => 0,
            };
            message.visible_at_ms = now_ms + i64::from(delay_s) * 1_000;
            let is_exhausted = message.attempts > consumption(from).retry.retries_max;
            match from {
                Destination::Events(queue) if is_exhausted => {
                    self.send(Destination::DeadLetters(queue), &message.body, &[now_ms]);
                }
                Destination::Events(_) | Destination::DeadLetters(_) => {
                    self.queues.entry(from).or_default().push(message);
                }
            }
        }
    }
}

/// Returns whether the sweep resends the event if it is lost, from the row that is its outbox. For all
/// other events the pipeline relies on the platform's at-least-once delivery.
pub fn is_resent_by_sweep(body: &str) -> bool {
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
        EventType::WorkoutChanged
        | EventType::AggregationUpdated
        | EventType::VolumeThresholdReached
        | EventType::TrainingPatternDetected
        | EventType::NotificationRequested => false,
    })
}
