//! The consumer loop: a batch of raw messages in, a verdict for each message out. It never fails
//! as a whole: what goes wrong with a message is that message's own verdict, a panic included.

use crate::clock::Clock;
use crate::handler::{GroupHandler, Received, Registry};
use crate::panics::caught;
use crate::sink::{Destination, QueueSink, send_all};
use crate::tally::{Fate, Tally};
use crate::usage::Usage;
use shared_kernel::event::Label;
use shared_kernel::routing::queue_of;
use shared_kernel::{DeadLetter, Event, EventType, Outcome, Queue, Settlement, settle};
use storage::database::write_splitting;
use storage::{DatabaseError, Shards, dead_letters};

/// Why an event is a dead letter that nothing was said of.
const UNANSWERED: &str = "no handler answered for this event here";

/// A message as the platform delivers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawMessage {
    /// The platform's id; the same when it is delivered again.
    pub id: String,
    /// Its text.
    pub body: String,
    /// Which delivery this is, from 1.
    pub attempts: u32,
}

/// What the platform is told of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is through.
    Ack,
    /// Deliver it again after so many seconds.
    Retry {
        /// Seconds.
        delay_s: u32,
    },
}

/// What the loop works with.
pub struct Consumer<'a> {
    /// The worker's name, for the log.
    pub worker: &'static str,
    /// Which handler takes which events.
    pub registry: &'a Registry,
    /// Where dead letters go.
    pub sink: &'a dyn QueueSink,
    /// Where dead letters end.
    pub shards: &'a Shards,
    /// For durations and the time of a dead letter.
    pub clock: &'a dyn Clock,
    /// What the invocation cost.
    pub usage: &'a Usage,
    /// What came of events.
    pub tally: &'a Tally,
}

impl Consumer<'_> {
    /// Consumes a batch of the queue of this name: of events, or of dead letters.
    ///
    /// A queue that the table does not know is a deployment's mistake: its messages are retried,
    /// so that the platform keeps them until the mistake is mended.
    pub async fn consume_named(&self, queue_name: &str, messages: &[RawMessage]) -> Vec<Verdict> {
        if let Some(queue) = Queue::from_name(queue_name) {
            return self.consume(queue, messages).await;
        }
        if let Some(queue) = Queue::from_dead_letter_name(queue_name) {
            return self.consume_dead_letters(queue, messages).await;
        }
        tracing::error!(queue = queue_name, messages = messages.len(), "unknown queue");
        messages.iter().map(|_| Verdict::Retry { delay_s: 60 }).collect()
    }

    /// Consumes a batch of events.
    ///
    /// 1. decode each message alone;
    /// 2. let each handler take the events of its kinds, all at once. When it panics, halves of them,
    ///    until the event that it panics at stands alone, and is retried;
    /// 3. settle each outcome;
    /// 4. send the dead letters (await; a repeat is the same row in the end);
    /// 5. one log line for each message, and one more in the counts.
    pub async fn consume(&self, queue: Queue, messages: &[RawMessage]) -> Vec<Verdict> {
        let began_ms = self.clock.now_ms();
        let mut decoded = Vec::with_capacity(messages.len());
        for message in messages {
            let caught = caught(async { decode(queue, message) }).await;
            decoded.push(caught.map_err(Outcome::transient).flatten());
        }
        let outcomes = self.outcomes(&decoded).await;
        let policy = queue.consumption().retry;
        let settlements: Vec<_> = outcomes
            .iter()
            .zip(messages)
            .map(|(outcome, message)| settle(outcome, message.attempts, policy))
            .collect();
        let verdicts = self.dead_letter(queue, messages, &settlements).await;
        let ended_ms = self.clock.now_ms();
        for ((message, settlement), verdict) in decoded.iter().zip(&settlements).zip(&verdicts) {
            let event = message.as_ref().ok().map(|received| &received.event);
            self.tally.count(queue, event, Fate::of(settlement, *verdict), ended_ms);
        }
        let duration_ms = ended_ms - began_ms;
        for (index, message) in messages.iter().enumerate() {
            self.log_event(&EventLine {
                queue,
                message,
                outcome: outcomes.get(index),
                settlement: settlements.get(index),
                verdict: verdicts.get(index).copied(),
                duration_ms,
                batch_size: messages.len(),
            });
        }
        verdicts
    }

    async fn outcomes(&self, decoded: &[Result<Received, Outcome>]) -> Vec<Outcome> {
        let mut outcomes: Vec<Option<Outcome>> =
            decoded.iter().map(|result| result.as_ref().err().cloned()).collect();
        for entry in self.registry.entries() {
            let (indexes, received): (Vec<_>, Vec<_>) = decoded
                .iter()
                .enumerate()
                .filter_map(|(index, result)| result.as_ref().ok().map(|event| (index, event)))
                .filter(|(_, received)| entry.types.contains(&received.event.event_type()))
                .unzip();
            if received.is_empty() {
                continue;
            }
            let answered = handle_splitting(&*entry.handler, &received).await;
            for (index, outcome) in indexes.into_iter().zip(answered) {
                if let Some(slot) = outcomes.get_mut(index) {
                    *slot = Some(outcome);
                }
            }
        }
        // Nothing was said of it: no handler is registered, or it answered too few outcomes.
        let unsaid = || Outcome::permanent(UNANSWERED);
        outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(unsaid)).collect()
    }

    /// Sends the dead letters. What cannot be sent is retried; after its last attempt the platform
    /// itself moves it, whole but without its reason.
    async fn dead_letter(
        &self,
        queue: Queue,
        messages: &[RawMessage],
        settlements: &[Settlement],
    ) -> Vec<Verdict> {
        let mut verdicts = Vec::with_capacity(messages.len());
        for (message, settlement) in messages.iter().zip(settlements) {
            verdicts.push(match settlement {
                Settlement::Ack => Verdict::Ack,
                Settlement::Retry { delay_s } => Verdict::Retry { delay_s: *delay_s },
                Settlement::DeadLetter { reason } => {
                    self.send_dead_letter(queue, message, reason).await
                }
            });
        }
        verdicts
    }

    async fn send_dead_letter(&self, queue: Queue, message: &RawMessage, reason: &str) -> Verdict {
        let letter = DeadLetter {
            queue: queue.name().to_owned(),
            message_id: message.id.clone(),
            reason: reason.to_owned(),
            attempts: message.attempts,
            failed_at_ms: self.clock.now_ms(),
            body: message.body.clone(),
        };
        let policy = queue.consumption().retry;
        let again = Verdict::Retry {
            delay_s: policy.delay_after(message.attempts).unwrap_or(policy.first_delay_s),
        };
        let Ok(body) = serde_json::to_string(&letter) else {
            return again;
        };
        match send_all(self.sink, Destination::DeadLetters(queue), &[body], 0).await {
            Ok(()) => Verdict::Ack,
            Err(error) => {
                tracing::error!(queue = queue.name(), %error, "dead letter not accepted");
                again
            }
        }
    }

    /// Consumes a batch of dead letters: each becomes a row that an operator can read.
    ///
    /// 1. read each: ours, or a bare body that the platform moved;
    /// 2. store them (await; keyed by what they are about, a repeat changes nothing). A batch that
    ///    is too large for one write is split; a letter that cannot be stored is retried, not lost;
    /// 3. one log line for each.
    pub async fn consume_dead_letters(
        &self,
        queue: Queue,
        messages: &[RawMessage],
    ) -> Vec<Verdict> {
        let now_ms = self.clock.now_ms();
        let letters: Vec<_> = messages
            .iter()
            .map(|message| DeadLetter::read(queue, &message.id, &message.body, now_ms))
            .collect();
        let database = self.shards.operators();
        let stored =
            write_splitting(&letters, async |part| dead_letters::store(database, part).await).await;
        let policy = queue.dead_letter_consumption().retry;
        let mut verdicts = Vec::with_capacity(messages.len());
        for (range, result) in stored {
            let part = letters.iter().zip(messages).skip(range.start).take(range.len());
            for (letter, message) in part {
                let verdict = match &result {
                    Ok(()) => Verdict::Ack,
                    Err(_) => Verdict::Retry {
                        delay_s: policy.delay_after(message.attempts).unwrap_or(policy.delay_s_max),
                    },
                };
                self.log_dead_letter(queue, letter, verdict, result.as_ref().err());
                verdicts.push(verdict);
            }
        }
        verdicts
    }

    fn log_event(&self, line: &EventLine<'_>) {
        let label = Label::read(&line.message.body);
        tracing::info!(
            worker = self.worker,
            queue = line.queue.name(),
            message_id = line.message.id,
            event_id = label.id,
            event_type = label.event_type,
            athlete_id = label.partitionkey,
            trace_id = label.trace_id(),
            attempt = line.message.attempts,
            outcome = line.outcome.map(Outcome::name),
            settlement = line.settlement.map(settlement_name),
            reason = line.outcome.and_then(Outcome::reason),
            retry_delay_s = line.verdict.and_then(Verdict::delay_s),
            duration_ms = line.duration_ms,
            batch_size = line.batch_size,
            d1_round_trips = self.usage.round_trips(),
            d1_rows_written = self.usage.rows_written(),
            messages_sent = self.usage.messages_sent(),
            "event"
        );
    }

    fn log_dead_letter(
        &self,
        queue: Queue,
        letter: &DeadLetter,
        verdict: Verdict,
        error: Option<&DatabaseError>,
    ) {
        let label = Label::read(&letter.body);
        tracing::info!(
            worker = self.worker,
            queue = queue.dead_letter_name(),
            dead_letter_id = %letter.id(),
            event_id = label.id,
            event_type = label.event_type,
            athlete_id = label.partitionkey,
            trace_id = label.trace_id(),
            attempt = letter.attempts,
            outcome = if error.is_none() { "stored" } else { "transient" },
            reason = letter.reason,
            error = error.map(ToString::to_string),
            retry_delay_s = verdict.delay_s(),
            "dead letter"
        );
    }
}

impl Verdict {
    /// The delay of a retry, in seconds.
    pub const fn delay_s(self) -> Option<u32> {
        match self {
            Self::Ack => None,
            Self::Retry { delay_s } => Some(delay_s),
        }
    }
}

struct EventLine<'a> {
    queue: Queue,
    message: &'a RawMessage,
    outcome: Option<&'a Outcome>,
    settlement: Option<&'a Settlement>,
    verdict: Option<Verdict>,
    duration_ms: i64,
    batch_size: usize,
}

/// Hands events to a handler. What panics is halved, so that an event that cannot be handled costs its
/// neighbours about 2·log2(n) repeats, and nothing else; its repeats may see a later version of the code.
async fn handle_splitting(handler: &dyn GroupHandler, received: &[&Received]) -> Vec<Outcome> {
    let mut outcomes = Vec::with_capacity(received.len());
    let mut todo = Vec::from([received]);
    while let Some(part) = todo.pop() {
        match caught(handler.handle(part)).await {
            Ok(mut answered) => {
                // Each part answers for itself, whatever its number of answers.
                answered.resize_with(part.len(), || Outcome::permanent(UNANSWERED));
                outcomes.append(&mut answered);
            }
            Err(panicked) if part.len() < 2 => outcomes.push(Outcome::transient(panicked)),
            Err(panicked) => {
                tracing::error!(error = %panicked, events = part.len(), "a handler; its events are halved");
                let (first, second) = part.split_at(part.len() / 2);
                todo.extend([second, first]);
            }
        }
    }
    outcomes
}

fn decode(queue: Queue, message: &RawMessage) -> Result<Received, Outcome> {
    let event = Event::decode(&message.body).map_err(Outcome::permanent)?;
    let event_type: EventType = event.event_type();
    if queue_of(event_type) == queue {
        Ok(Received { event, attempt: message.attempts })
    } else {
        Err(Outcome::permanent(format!("{event_type:?} does not travel on {}", queue.name())))
    }
}

const fn settlement_name(settlement: &Settlement) -> &'static str {
    match settlement {
        Settlement::Ack => "ack",
        Settlement::Retry { .. } => "retry",
        Settlement::DeadLetter { .. } => "dead_letter",
    }
}
