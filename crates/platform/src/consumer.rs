//! The consumer loop: a batch of raw messages in, a [`MessageResult`] for each message out. The batch
//! never fails as a whole: an error or a panic affects only the message that caused it.

use crate::clock::Clock;
use crate::handler::{GroupHandler, ReceivedEvent, Registry};
use crate::metrics::PipelineMetrics;
use crate::panics::{PanicError, catch_panic};
use crate::sink::{BODY_BYTES_MAX, Destination, QueueSink, send_each};
use crate::usage::Usage;
use shared_kernel::event::EventHeader;
use shared_kernel::{DeadLetter, Event, MessageResult, Outcome, Queue, RetryPolicy, settle};
use storage::database::write_splitting;
use storage::{DatabaseError, Shards, dead_letters};
use tracing::Level;

/// The reason of an event that no handler returned an outcome for.
const NO_OUTCOME: &str = "no handler returned an outcome for this event";

/// The delay before messages of an unknown queue are delivered once more.
const UNKNOWN_QUEUE_DELAY_S: u32 = 60;

/// A message as the platform delivers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawMessage {
    /// The platform's id, equal in every delivery.
    pub id: String,
    pub body: String,
    /// The number of this delivery, from 1.
    pub attempts: u32,
}

/// The handlers of a worker and the ports that the loop needs.
pub struct Consumer<'a> {
    /// The worker's name in log lines.
    pub worker: &'static str,
    pub registry: &'a Registry,
    pub sink: &'a dyn QueueSink,
    pub shards: &'a Shards,
    pub clock: &'a dyn Clock,
    pub usage: &'a Usage,
    pub metrics: &'a PipelineMetrics,
}

impl Consumer<'_> {
    /// Consumes a batch of the queue of this name: of events, or of dead letters.
    ///
    /// A queue that the routing table does not list is a mistake of the deployment: its messages are
    /// retried, so that the platform keeps them until the deployment is fixed.
    pub async fn consume_named(
        &self,
        queue_name: &str,
        messages: &[RawMessage],
    ) -> Vec<MessageResult> {
        if let Some(queue) = Queue::from_name(queue_name) {
            return self.consume(queue, messages).await;
        }
        if let Some(queue) = Queue::from_dead_letter_name(queue_name) {
            return self.consume_dead_letters(queue, messages).await;
        }
        tracing::error!(queue = queue_name, messages = messages.len(), "unknown queue");
        vec![MessageResult::Retry { delay_s: UNKNOWN_QUEUE_DELAY_S }; messages.len()]
    }

    /// Consumes a batch of events.
    ///
    /// 1. decode each message by itself;
    /// 2. give each handler all events of its types at once. If it panics, split the events in halves
    ///    until the event that causes the panic is alone; that event is retried;
    /// 3. settle each outcome: acknowledge, retry or dead-letter its message;
    /// 4. send (awaits) the dead letters, up to 100 at once. One that is sent twice is stored once, by its id;
    /// 5. count each result and log one line for each message.
    pub async fn consume(&self, queue: Queue, messages: &[RawMessage]) -> Vec<MessageResult> {
        let started_ms = self.clock.now_ms();
        let mut decoded = Vec::with_capacity(messages.len());
        for message in messages {
            let result = catch_panic(async { decode(queue, message) }).await;
            decoded.push(result.map_err(Outcome::transient).flatten());
        }
        let outcomes = self.handle(&decoded).await;
        let results = self.settle(queue, messages, &outcomes).await;
        let ended_ms = self.clock.now_ms();
        for (received, result) in decoded.iter().zip(&results) {
            let event = received.as_ref().ok().map(|received| &received.event);
            self.metrics.count(queue, event, *result, ended_ms);
        }
        for ((message, outcome), result) in messages.iter().zip(&outcomes).zip(&results) {
            self.log_event(queue, message, outcome, *result, ended_ms - started_ms, messages.len());
        }
        results
    }

    /// One outcome for each decoded event, in order.
    async fn handle(&self, decoded: &[Result<ReceivedEvent, Outcome>]) -> Vec<Outcome> {
        let mut outcomes: Vec<Option<Outcome>> =
            decoded.iter().map(|result| result.as_ref().err().cloned()).collect();
        for entry in self.registry.entries() {
            let (indexes, events): (Vec<_>, Vec<_>) = decoded
                .iter()
                .enumerate()
                .filter_map(|(index, result)| result.as_ref().ok().map(|event| (index, event)))
                .filter(|(_, received)| entry.types.contains(&received.event.event_type()))
                .unzip();
            if events.is_empty() {
                continue;
            }
            let handled = handle_splitting(&*entry.handler, &events).await;
            for (index, outcome) in indexes.into_iter().zip(handled) {
                if let Some(slot) = outcomes.get_mut(index) {
                    *slot = Some(outcome);
                }
            }
        }
        let missing = || Outcome::permanent(NO_OUTCOME);
        outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(missing)).collect()
    }

    /// Settles messages, and sends the dead letters together. If a dead letter cannot be sent, its message is
    /// retried; after its last attempt Cloudflare Queues itself moves the message to the dead-letter queue,
    /// without the reason.
    async fn settle(
        &self,
        queue: Queue,
        messages: &[RawMessage],
        outcomes: &[Outcome],
    ) -> Vec<MessageResult> {
        let policy = queue.consumption().retry;
        let mut results = Vec::with_capacity(messages.len());
        let (mut indexes, mut bodies) = (Vec::new(), Vec::new());
        for (index, (message, outcome)) in messages.iter().zip(outcomes).enumerate() {
            let mut result = settle(outcome, message.attempts, policy);
            if result == MessageResult::DeadLetter {
                match self.dead_letter(queue, message, outcome) {
                    Some(body) => {
                        indexes.push(index);
                        bodies.push(body);
                    }
                    None => result = retry(policy, message.attempts, policy.first_delay_s),
                }
            }
            results.push(result);
        }
        let sent = send_each(self.sink, Destination::DeadLetters(queue), &bodies).await;
        for (index, sent) in indexes.into_iter().zip(sent) {
            let Err(error) = sent else { continue };
            tracing::error!(queue = queue.name(), %error, "dead letter not accepted");
            if let (Some(result), Some(message)) = (results.get_mut(index), messages.get(index)) {
                *result = retry(policy, message.attempts, policy.first_delay_s);
            }
        }
        results
    }

    /// The dead letter of a message as text, unless it is too long to be sent.
    fn dead_letter(&self, queue: Queue, message: &RawMessage, outcome: &Outcome) -> Option<String> {
        let reason = outcome.reason().unwrap_or_default();
        let is_panic = reason.starts_with(PanicError::PREFIX);
        let dead_letter = DeadLetter {
            queue: queue.name().to_owned(),
            message_id: message.id.clone(),
            reason: reason.to_owned(),
            attempts: message.attempts,
            failed_at_ms: self.clock.now_ms(),
            // A panic is retried, but it is a bug: redrives would not get past it.
            is_transient: matches!(outcome, Outcome::Transient { .. }) && !is_panic,
            body: message.body.clone(),
        };
        let body = serde_json::to_string(&dead_letter).ok();
        body.filter(|body| body.len() <= BODY_BYTES_MAX)
    }

    /// Consumes a batch of dead letters: each becomes a row that an operator can read.
    ///
    /// 1. read each: a [`DeadLetter`], or a bare body that Cloudflare Queues moved;
    /// 2. store (await) them by their ids, so that a repeat changes nothing. A batch that cannot be written
    ///    at once is split; a dead letter that cannot be stored is retried;
    /// 3. log one line for each.
    pub async fn consume_dead_letters(
        &self,
        queue: Queue,
        messages: &[RawMessage],
    ) -> Vec<MessageResult> {
        let now_ms = self.clock.now_ms();
        let dead_letters: Vec<_> = messages
            .iter()
            .map(|message| DeadLetter::read(queue, &message.id, &message.body, now_ms))
            .collect();
        let database = self.shards.operators();
        let stored =
            write_splitting(&dead_letters, async |part| dead_letters::store(database, part).await)
                .await;
        let policy = queue.dead_letter_consumption().retry;
        let mut results = Vec::with_capacity(messages.len());
        for (range, stored) in stored {
            let part = dead_letters.iter().zip(messages).skip(range.start).take(range.len());
            for (dead_letter, message) in part {
                let result = match &stored {
                    Ok(()) => MessageResult::Ack,
                    Err(_) => retry(policy, message.attempts, policy.delay_s_max),
                };
                self.log_dead_letter(queue, dead_letter, result, stored.as_ref().err());
                results.push(result);
            }
        }
        results
    }

    fn log_event(
        &self,
        queue: Queue,
        message: &RawMessage,
        outcome: &Outcome,
        result: MessageResult,
        duration_ms: i64,
        batch_size: usize,
    ) {
        let header = EventHeader::read(&message.body);
        tracing::info!(
            level = level_of(result).as_str(),
            worker = self.worker,
            queue = queue.name(),
            message_id = message.id,
            event_id = header.id,
            event_type = header.event_type,
            athlete_id = header.partitionkey,
            trace_id = header.trace_id(),
            attempt = message.attempts,
            outcome = outcome.name(),
            result = result.name(),
            reason = outcome.reason(),
            retry_delay_s = result.delay_s(),
            duration_ms,
            batch_size,
            d1_round_trips = self.usage.round_trips(),
            d1_rows_written = self.usage.rows_written(),
            messages_sent = self.usage.messages_sent(),
            "event"
        );
    }

    fn log_dead_letter(
        &self,
        queue: Queue,
        dead_letter: &DeadLetter,
        result: MessageResult,
        error: Option<&DatabaseError>,
    ) {
        let header = EventHeader::read(&dead_letter.body);
        // The line of its event, if it has one, is the error.
        let level = if error.is_none() { Level::WARN } else { Level::ERROR };
        tracing::info!(
            level = level.as_str(),
            worker = self.worker,
            queue = queue.dead_letter_name(),
            dead_letter_id = %dead_letter.id(),
            event_id = header.id,
            event_type = header.event_type,
            athlete_id = header.partitionkey,
            trace_id = header.trace_id(),
            attempt = dead_letter.attempts,
            outcome = if error.is_none() { "stored" } else { "transient" },
            result = result.name(),
            reason = dead_letter.reason,
            error = error.map(ToString::to_string),
            retry_delay_s = result.delay_s(),
            "dead letter"
        );
    }
}

/// The level of an event's line: a dead letter waits for an operator, and a retry shows a fault that may
/// pass.
const fn level_of(result: MessageResult) -> Level {
    match result {
        MessageResult::Ack => Level::INFO,
        MessageResult::Retry { .. } => Level::WARN,
        MessageResult::DeadLetter => Level::ERROR,
    }
}

/// A retry after the delay that the policy gives for this attempt, or after `exhausted_delay_s` when no
/// attempt is left.
fn retry(policy: RetryPolicy, attempt: u32, exhausted_delay_s: u32) -> MessageResult {
    MessageResult::Retry { delay_s: policy.delay_after(attempt).unwrap_or(exhausted_delay_s) }
}

/// Gives events to a handler. When the handler panics, its events are split in halves, so that an event
/// that always causes a panic is handled alone after about 2·log2(n) calls of the handler.
async fn handle_splitting(handler: &dyn GroupHandler, events: &[&ReceivedEvent]) -> Vec<Outcome> {
    let mut outcomes = Vec::with_capacity(events.len());
    let mut todo = Vec::from([events]);
    while let Some(part) = todo.pop() {
        match catch_panic(handler.handle(part)).await {
            Ok(mut part_outcomes) => {
                // A handler that returns too few or too many outcomes affects this part only.
                part_outcomes.resize_with(part.len(), || Outcome::permanent(NO_OUTCOME));
                outcomes.append(&mut part_outcomes);
            }
            Err(panic) if part.len() < 2 => outcomes.push(Outcome::transient(panic)),
            Err(panic) => {
                tracing::error!(error = %panic, events = part.len(), "handler panicked; splitting its events");
                let (first, second) = part.split_at(part.len() / 2);
                todo.extend([second, first]);
            }
        }
    }
    outcomes
}

fn decode(queue: Queue, message: &RawMessage) -> Result<ReceivedEvent, Outcome> {
    let event = Event::decode(&message.body).map_err(Outcome::permanent)?;
    let event_type = event.event_type();
    if event_type.queue() == queue {
        Ok(ReceivedEvent { event, attempt: message.attempts })
    } else {
        Err(Outcome::permanent(format!("{event_type:?} is not routed to {}", queue.name())))
    }
}
