//! Ports that record their calls, and fail on demand.

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

/// A sink that records the messages sent to it.
#[derive(Default)]
pub struct RecordingSink {
    sent: RefCell<Vec<(Destination, String)>>,
    sends: RefCell<Vec<(Destination, u32, usize)>>,
    successes_first: Cell<u32>,
    failures: Cell<u32>,
}

impl RecordingSink {
    /// The next `times` sends fail.
    pub fn fail_next(&self, times: u32) {
        self.fail_after(0, times);
    }

    /// The next `successes` sends succeed, and the `times` sends after them fail.
    pub fn fail_after(&self, successes: u32, times: u32) {
        self.successes_first.set(successes);
        self.failures.set(times);
    }

    /// Removes and returns the sends that were accepted so far: destination, delay in seconds, and
    /// number of bodies.
    pub fn take_sends(&self) -> Vec<(Destination, u32, usize)> {
        self.sends.take()
    }

    /// Removes and returns the events sent so far, in order.
    pub fn take_events(&self) -> Vec<Event> {
        self.take(|to| matches!(to, Destination::Events(_)))
            .iter()
            .map(|body| Event::decode(body).unwrap())
            .collect()
    }

    /// Removes and returns the dead letters of a queue so far, in order.
    pub fn take_dead_letters(&self, queue: Queue) -> Vec<DeadLetter> {
        self.take(|to| to == Destination::DeadLetters(queue))
            .iter()
            .map(|body| serde_json::from_str(body).unwrap())
            .collect()
    }

    fn take(&self, is_wanted: impl Fn(Destination) -> bool) -> Vec<String> {
        let (wanted, rest) =
            self.sent.take().into_iter().partition::<Vec<_>, _>(|(to, _)| is_wanted(*to));
        self.sent.replace(rest);
        wanted.into_iter().map(|(_, body)| body).collect()
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
        if self.successes_first.get() > 0 {
            self.successes_first.update(|left| left - 1);
        } else if self.failures.get() > 0 {
            self.failures.update(|left| left - 1);
            let destination = format!("{destination:?}");
            return Err(SendError::Rejected {
                destination,
                reason: "queue unavailable".to_owned(),
            });
        }
        self.sends.borrow_mut().push((destination, delay_s, bodies.len()));
        self.sent.borrow_mut().extend(bodies.iter().map(|body| (destination, body.clone())));
        Ok(())
    }
}

/// A mailer that records the emails sent with it.
#[derive(Default)]
pub struct RecordingMailer {
    sent: RefCell<Vec<Email>>,
    failures: Cell<u32>,
    code: Cell<&'static str>,
}

impl RecordingMailer {
    /// The next `times` emails fail, without a code.
    pub fn fail_next(&self, times: u32) {
        self.fail_next_with("", times);
    }

    /// The next `times` emails fail with a code of the service.
    pub fn fail_next_with(&self, code: &'static str, times: u32) {
        self.code.set(code);
        self.failures.set(times);
    }

    /// Removes and returns the emails accepted so far.
    pub fn take(&self) -> Vec<Email> {
        self.sent.take()
    }
}

#[async_trait(?Send)]
impl Mailer for RecordingMailer {
    async fn send(&self, email: &Email) -> Result<(), EmailError> {
        if self.failures.get() > 0 {
            self.failures.update(|left| left - 1);
            return Err(EmailError::from_service(
                self.code.get(),
                "email service unavailable",
                &email.to,
            ));
        }
        self.sent.borrow_mut().push(email.clone());
        Ok(())
    }
}

/// A model that returns the responses that a test sets, records requests, and moves a clock.
pub struct RecordingModel {
    clock: Rc<FixedClock>,
    delay_ms: Cell<u32>,
    responses: RefCell<VecDeque<Result<Value, ModelError>>>,
    requests: RefCell<Vec<(Value, u32)>>,
}

impl RecordingModel {
    /// Responds at once; without a response set, with [`ModelError::Busy`].
    pub fn new(clock: Rc<FixedClock>) -> Self {
        Self {
            clock,
            delay_ms: Cell::new(0),
            responses: RefCell::default(),
            requests: RefCell::default(),
        }
    }

    /// Sets the time that a response takes. More than the caller allows is a timeout.
    pub fn set_delay_ms(&self, milliseconds: u32) {
        self.delay_ms.set(milliseconds);
    }

    /// Adds a response after those that were added before.
    pub fn respond_next(&self, response: Result<Value, ModelError>) {
        self.responses.borrow_mut().push_back(response);
    }

    /// Removes and returns the requests so far, each with its time limit in milliseconds.
    pub fn take_requests(&self) -> Vec<(Value, u32)> {
        self.requests.take()
    }
}

#[async_trait(?Send)]
impl LanguageModel for RecordingModel {
    async fn run(&self, request: &Value, within_ms: u32) -> Result<Value, ModelError> {
        self.requests.borrow_mut().push((request.clone(), within_ms));
        self.clock.advance_ms(i64::from(self.delay_ms.get().min(within_ms)));
        if self.delay_ms.get() > within_ms {
            return Err(ModelError::Timeout);
        }
        let busy = || Err(ModelError::Busy { reason: "no response set".to_owned() });
        self.responses.borrow_mut().pop_front().unwrap_or_else(busy)
    }
}

/// A clock that only a test moves.
pub struct FixedClock(Cell<DateTime<Utc>>);

impl FixedClock {
    /// Starts at this instant (RFC 3339).
    pub fn at(instant: &str) -> Self {
        Self(Cell::new(instant.parse().unwrap()))
    }

    /// Moves the clock forward.
    pub fn advance_ms(&self, milliseconds: i64) {
        self.0.set(self.0.get() + TimeDelta::milliseconds(milliseconds));
    }
}

/// A sleep moves the clock and returns at once.
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

/// Bytes from a counter: the ids of a test are distinct, and the same in each run.
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

/// The time zones of the IANA database, from `chrono-tz`.
#[derive(Clone, Copy, Debug, Default)]
pub struct IanaTimeZones;

impl TimeZones for IanaTimeZones {
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
