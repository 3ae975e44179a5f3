//! The sweep: resends unprocessed events, and completes abandoned workouts.
//!
//! A workout's row is its own outbox, and so is a slice of an import.
//!
//! Thresholds without a source are project defaults.

use crate::app::App;
use crate::publisher::{
    SOURCE, event_about, import_slice_stored, mail_fell_due, training_week_ended,
};
use chrono::{DateTime, TimeDelta, Timelike, Utc};
use platform::catch_panic;
use platform::clock::new_trace;
use shared_kernel::{Event, TraceContext};
use storage::webhooks::DueDelivery;
use storage::webhooks::deliveries;
use storage::workouts::StoredWorkout;
use storage::{Database, expiry, imports, notifications, reports, workouts};
use training::WeekStart;

/// Rows of a round, at most: a batch of the queue.
const ROUND_MAX: i64 = 100;
/// Rounds of one sweep, at most: 1,000 workouts a minute.
const ROUNDS_MAX: u32 = 10;
/// Webhook endpoints of one sweep, at most: as many as workouts.
const ENDPOINTS_MAX: i64 = 1_000;
/// Athletes with due emails of one sweep, at most: as many as workouts.
const EMAILED_MAX: i64 = 1_000;
/// Rows of each operator table that one sweep deletes, at most: as many as workouts.
const EXPIRED_MAX: i64 = 1_000;
/// The time without a call after which an open workout is completed: its athlete forgot to. By the
/// server's clock: the clock of a phone can be days off.
const IDLE_MAX: TimeDelta = TimeDelta::hours(24);

/// A week has ended in every time zone twelve hours after its end in UTC.
const LAST_ZONE: TimeDelta = TimeDelta::hours(12);

/// The counts of a sweep.
#[derive(Default)]
struct SweepCounts {
    completed: usize,
    sent: usize,
    slices_sent: usize,
    weeks_ended: usize,
    emails_requested: usize,
    deliveries_requested: usize,
    dead_letters_expired: usize,
}

impl App {
    /// Completes abandoned workouts, resends overdue events, and logs one line.
    ///
    /// 1. read and publish (await, await), once: endpoints of webhooks with a due delivery and no
    ///    lease. A duplicate finds the endpoint leased, or nothing due;
    /// 2. complete (await, await): workouts in progress without a call for 24 hours, each at the time
    ///    of its last set, if it is still at the revision read. After a crash their events are overdue
    ///    in a minute;
    /// 3. claim (await): overdue workouts, and postpone their next turn. A crash delays them to that
    ///    turn;
    /// 4. publish (await): the same events as before, with the same ids. Aggregation, whose ledger
    ///    has the revision, ignores duplicates;
    /// 5. claim and publish (await, await): slices of imports, in the same way;
    /// 6. claim and publish (await, await): the ended weeks, for athletes without a report of them,
    ///    spread over an hour by their ids. The inbox ignores duplicates;
    /// 7. read and publish (await, await), once: the athletes with due emails. Nothing is changed
    ///    here: until the emails are claimed, the next sweep publishes again;
    /// 8. expire (await), once: operators' rows past their retention. A retry finds fewer.
    pub async fn sweep(&self) {
        let start_ms = self.clock.now_ms();
        let mut counts = SweepCounts::default();
        let mut error = None;
        for database in self.shards.every() {
            match step(self.request_due_deliveries(database)).await {
                Ok(requested) => counts.deliveries_requested += requested,
                Err(reason) => error = Some(reason),
            }
            for _ in 0..ROUNDS_MAX {
                match step(self.sweep_round(database, &mut counts)).await {
                    Ok(0) => break,
                    Ok(_) => {}
                    Err(reason) => {
                        error = Some(reason);
                        break;
                    }
                }
            }
            match step(self.request_due_emails(database)).await {
                Ok(requested) => counts.emails_requested += requested,
                Err(reason) => error = Some(reason),
            }
        }
        match expiry::expire(self.shards.operators(), self.clock.now_ms(), EXPIRED_MAX).await {
            Ok(expired) => counts.dead_letters_expired = expired,
            Err(reason) => error = Some(reason.to_string()),
        }
        tracing::info!(
            worker = "api",
            completed = counts.completed,
            sent = counts.sent,
            slices_sent = counts.slices_sent,
            weeks_ended = counts.weeks_ended,
            emails_requested = counts.emails_requested,
            deliveries_requested = counts.deliveries_requested,
            dead_letters_expired = counts.dead_letters_expired,
            error,
            duration_ms = self.clock.now_ms() - start_ms,
            d1_round_trips = self.usage.round_trips(),
            d1_rows_written = self.usage.rows_written(),
            messages_sent = self.usage.messages_sent(),
            "sweep"
        );
    }

    /// Runs one round and returns the number of rows that it found.
    async fn sweep_round(
        &self,
        database: &dyn Database,
        counts: &mut SweepCounts,
    ) -> Result<usize, String> {
        let text = |error: storage::DatabaseError| error.to_string();
        let completed = self.complete_abandoned(database).await.map_err(text)?;
        counts.completed += completed.len();
        let now_ms = self.clock.now_ms();
        let overdue = workouts::take_overdue(database, now_ms, ROUND_MAX).await.map_err(text)?;
        let events: Vec<_> = completed.iter().chain(&overdue).filter_map(workout_event).collect();
        self.send(&events).await?;
        counts.sent += overdue.len();
        let slices = imports::take_overdue(database, now_ms, ROUND_MAX).await.map_err(text)?;
        let now = self.clock.now();
        let events: Vec<_> =
            slices.iter().map(|slice| import_slice_stored(slice.key, slice.trace, now)).collect();
        self.send(&events).await?;
        counts.slices_sent += slices.len();
        let (week, minute) = week_to_report(now);
        let due =
            reports::take_due(database, week, minute, now_ms, ROUND_MAX).await.map_err(text)?;
        let events =
            due.athletes.iter().map(|id| training_week_ended(*id, week, self.new_trace(), now));
        let events: Vec<_> = events.collect();
        self.send(&events).await?;
        counts.weeks_ended += due.athletes.len();
        let weeks_covered = due.athletes.len() + due.idle;
        Ok(completed.len() + overdue.len() + slices.len() + weeks_covered)
    }

    /// Returns the number of athletes.
    async fn request_due_emails(&self, database: &dyn Database) -> Result<usize, String> {
        let now = self.clock.now();
        let athletes =
            notifications::athletes_with_due_emails(database, now.timestamp_millis(), EMAILED_MAX)
                .await
                .map_err(|error| error.to_string())?;
        let events: Vec<_> =
            athletes.iter().map(|id| mail_fell_due(*id, self.new_trace(), now)).collect();
        self.send(&events).await?;
        Ok(athletes.len())
    }

    /// Returns the number of endpoints.
    async fn request_due_deliveries(&self, database: &dyn Database) -> Result<usize, String> {
        let now = self.clock.now();
        let overdue = deliveries::overdue(database, now.timestamp_millis(), ENDPOINTS_MAX)
            .await
            .map_err(|error| error.to_string())?;
        let event = |due: &DueDelivery| {
            Event::webhook_delivery_requested(due.request(), SOURCE, "sweep", self.new_trace(), now)
        };
        self.send(&overdue.iter().map(event).collect::<Vec<_>>()).await?;
        Ok(overdue.len())
    }

    async fn send(&self, events: &[Event]) -> Result<(), String> {
        self.publisher.publish(events).await.map_err(|error| error.to_string())
    }

    async fn complete_abandoned(
        &self,
        database: &dyn Database,
    ) -> Result<Vec<StoredWorkout>, storage::DatabaseError> {
        let now = self.clock.now();
        let idle_since_ms = (now - IDLE_MAX).timestamp_millis();
        let open = workouts::left_open(database, idle_since_ms, ROUND_MAX).await?;
        let completed: Vec<_> =
            open.iter().filter_map(|stored| Some((stored, completed_document(stored)?))).collect();
        if completed.is_empty() {
            return Ok(Vec::new());
        }
        workouts::complete(database, &completed, now.timestamp_millis()).await
    }

    fn new_trace(&self) -> TraceContext {
        new_trace(&*self.entropy)
    }
}

/// Turns the panic of a step into an error, so that the other steps still run.
async fn step<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    catch_panic(work).await.map_err(|panic| panic.to_string()).flatten()
}

/// The last week that has ended in every time zone, and the minutes since, at most 59.
fn week_to_report(now: DateTime<Utc>) -> (WeekStart, i64) {
    let last_zone = now - LAST_ZONE;
    let this_week = WeekStart::containing(last_zone.date_naive());
    let is_first_hour = last_zone.date_naive() == this_week.date() && last_zone.hour() == 0;
    let minute = if is_first_hour { i64::from(last_zone.minute()) } else { 59 };
    (this_week.previous(), minute)
}

/// The event of a workout. An invalid document is logged and does not block the others.
fn workout_event(workout: &StoredWorkout) -> Option<Event> {
    event_about(workout)
        .inspect_err(|error| tracing::error!(workout_id = %workout.workout_id, %error, "encode a workout event"))
        .ok()
}

/// The document of a workout, completed at the time of its last set.
fn completed_document(stored: &StoredWorkout) -> Option<String> {
    let mut workout = stored.document().ok()?;
    workout.ended_at = Some(workout.end_if_left_open());
    serde_json::to_string(&workout).ok()
}
