//! Ports that record what they were asked, and fail on demand.

use async_trait::async_trait;
use chrono::{DateTime, FixedOffset, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use platform::clock::{TimeZones, offset_at};
use platform::email::EmailError;
use platform::sink::{Destination, QueueSink, SendError};
use platform::{Clock, Email, Entropy, LanguageModel, Mailer, ModelError, Timer};
use serde_json::Value;
use shared_kernel::{DeadLetter, Event, Queue};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

/// A sink that keeps what it was sent.
#[derive(Default)]
pub struct RecordingSink {
    sent: RefCell<Vec<(Destination, String)>>,
    sends: RefCell<Vec<(Destination, u32, usize)>>,
    accepted_before: Cell<u32>,
    refusals: Cell<u32>,
}

impl RecordingSink {
    /// The next sends are refused, so many times.
    pub fn refuse_next(&self, times: u32) {
        self.refuse_after(0, times);
    }

    /// So many sends are accepted, and the next are refused, so many times.
    pub fn refuse_after(&self, accepted: u32, times: u32) {
        self.accepted_before.set(accepted);
        self.refusals.set(times);
    }

    /// The sends that were accepted so far: where to, the delay in seconds, how many bodies; taken
    /// away.
    pub fn take_sends(&self) -> Vec<(Destination, u32, usize)> {
        self.sends.take()
    }

    /// The events sent to queues so far, in order; taken away.
    pub fn take_events(&self) -> Vec<Event> {
        self.take(|to| matches!(to, Destination::Events(_)))
            .iter()
            .map(|body| Event::decode(body).unwrap())
            .collect()
    }

    /// The dead letters sent so far for a queue; taken away.
    pub fn take_dead_letters(&self, queue: Queue) -> Vec<DeadLetter> {
        self.take(|to| to == Destination::DeadLetters(queue))
            .iter()
            .map(|body| serde_json::from_str(body).unwrap())
            .collect()
    }

    fn take(&self, wanted: impl Fn(Destination) -> bool) -> Vec<String> {
        let (taken, left) =
            self.sent.take().into_iter().partition::<Vec<_>, _>(|(to, _)| wanted(*to));
        self.sent.replace(left);
        taken.into_iter().map(|(_, body)| body).collect()
    }
}

#[async_trait(?Send)]
impl QueueSink for RecordingSink {
    async fn send(
        &self,
        destination: Destination,
        bodies: &[String],
        delay_s: u32,
    ) -> Result<(), SendError> {
        if self.accepted_before.get() > 0 {
            self.accepted_before.set(self.accepted_before.get() - 1);
        } else if self.refusals.get() > 0 {
            self.refusals.set(self.refusals.get() - 1);
            let destination = format!("{destination:?}");
            return Err(SendError::Refused { destination, reason: "queue away".to_owned() });
        }
        self.sends.borrow_mut().push((destination, delay_s, bodies.len()));
        self.sent.borrow_mut().extend(bodies.iter().map(|body| (destination, body.clone())));
        Ok(())
    }
}

/// A mailer that keeps what it was given.
#[derive(Default)]
pub struct RecordingMailer {
    sent: RefCell<Vec<Email>>,
    refusals: Cell<u32>,
}

impl RecordingMailer {
    /// The next mails are refused, so many times.
    pub fn refuse_next(&self, times: u32) {
        self.refusals.set(times);
    }

    /// The mails accepted so far; taken away.
    pub fn take(&self) -> Vec<Email> {
        self.sent.take()
    }
}

#[async_trait(?Send)]
impl Mailer for RecordingMailer {
    async fn send(&self, mail: &Email) -> Result<(), EmailError> {
        if self.refusals.get() > 0 {
            self.refusals.set(self.refusals.get() - 1);
            return Err(EmailError { reason: "mail service unavailable".to_owned() });
        }
        self.sent.borrow_mut().push(mail.clone());
        Ok(())
    }
}

/// A model that says what it was told to, keeps what it was asked, and takes its time on a clock.
pub struct RecordingModel {
    clock: Rc<FixedClock>,
    takes_ms: Cell<u32>,
    answers: RefCell<VecDeque<Result<Value, ModelError>>>,
    asked: RefCell<Vec<(Value, u32)>>,
}

impl RecordingModel {
    /// Answers at once, and is busy when it was told no answer.
    pub fn new(clock: Rc<FixedClock>) -> Self {
        Self {
            clock,
            takes_ms: Cell::new(0),
            answers: RefCell::default(),
            asked: RefCell::default(),
        }
    }

    /// From now on an answer takes so long; longer than it may is a timeout.
    pub fn take_ms(&self, milliseconds: u32) {
        self.takes_ms.set(milliseconds);
    }

    /// What it says next, after what it was told before.
    pub fn answer_next(&self, answer: Result<Value, ModelError>) {
        self.answers.borrow_mut().push_back(answer);
    }

    /// The requests so far, each with the milliseconds that it was given; taken away.
    pub fn take_requests(&self) -> Vec<(Value, u32)> {
        self.asked.take()
    }
}

#[async_trait(?Send)]
impl LanguageModel for RecordingModel {
    async fn run(&self, request: &Value, within_ms: u32) -> Result<Value, ModelError> {
        self.asked.borrow_mut().push((request.clone(), within_ms));
        self.clock.advance_ms(i64::from(self.takes_ms.get().min(within_ms)));
        if self.takes_ms.get() > within_ms {
            return Err(ModelError::Timeout);
        }
        let busy = || Err(ModelError::Busy { reason: "nothing to say".to_owned() });
        self.answers.borrow_mut().pop_front().unwrap_or_else(busy)
    }
}

/// A clock that stands until a test moves it.
pub struct FixedClock(Cell<DateTime<Utc>>);

impl FixedClock {
    /// Stands at this instant, RFC 3339.
    pub fn at(instant: &str) -> Self {
        Self(Cell::new(instant.parse().unwrap()))
    }

    /// Moves on.
    pub fn advance_ms(&self, milliseconds: i64) {
        self.0.set(self.0.get() + TimeDelta::milliseconds(milliseconds));
    }
}

/// Waiting moves the clock, and takes no time.
#[async_trait(?Send)]
impl Timer for FixedClock {
    async fn sleep_ms(&self, milliseconds: u32) {
        self.advance_ms(i64::from(milliseconds));
    }
}

impl Clock for FixedClock {
    fn now(&self) -> DateTime<Utc> {
        self.0.get()
    }
}

/// Bytes that count up: each id of a test is another one, and the same in each run.
#[derive(Default)]
pub struct FixedEntropy(Cell<u64>);

impl Entropy for FixedEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        self.0.set(self.0.get() + 1);
        let counter = self.0.get().to_be_bytes();
        for (index, byte) in buffer.iter_mut().rev().enumerate() {
            *byte = *counter.iter().rev().nth(index).unwrap_or(&0x5a);
        }
    }
}

/// The zones of the IANA database, as a crate has them.
#[derive(Clone, Copy, Debug, Default)]
pub struct DatabaseZones;

impl TimeZones for DatabaseZones {
    fn offsets(&self, zone: &str, times: &[NaiveDateTime]) -> Option<Vec<FixedOffset>> {
        let seconds_east_at = |instant_ms| {
            let instant = DateTime::from_timestamp_millis(instant_ms)?;
            Some(self.offset_at_instant(zone, instant)?.local_minus_utc())
        };
        zone.parse::<chrono_tz::Tz>().ok()?;
        times.iter().map(|time| offset_at(*time, seconds_east_at)).collect()
    }

    fn offset_at_instant(&self, zone: &str, instant: DateTime<Utc>) -> Option<FixedOffset> {
        let zone: chrono_tz::Tz = zone.parse().ok()?;
        Some(zone.offset_from_utc_datetime(&instant.naive_utc()).fix())
    }
}
