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
use shared_kernel::{AthleteId, Event, TraceContext};
use storage::shards::{OPERATIONS, concurrently};
use storage::webhooks::DueDelivery;
use storage::webhooks::deliveries;
use storage::workouts::StoredWorkout;
use storage::{Database, deleted_athletes, expiry, imports, notifications, reports, workouts};
use tracing::Level;
use training::{WeekStart, Workout};

/// Rows of a round, at most: a batch of the queue.
const ROUND_MAX: i64 = 100;
/// Rounds of a job in one database and sweep, at most: 1,000 workouts a minute.
const ROUNDS_MAX: u32 = 10;
/// Webhook endpoints of one database and sweep, at most: as many as workouts.
const ENDPOINTS_MAX: i64 = 1_000;
/// Athletes with due emails of one database and sweep, at most: as many as workouts.
const EMAILED_MAX: i64 = 1_000;
/// Rows of each operator table that one sweep deletes, at most: as many as workouts.
const EXPIRED_MAX: i64 = 1_000;

/// A week has ended in every time zone twelve hours after its end in UTC.
const LAST_ZONE: TimeDelta = TimeDelta::hours(12);

/// The counts of a sweep.
#[derive(Debug, Default)]
struct SweepCounts {
    completed: usize,
    sent: usize,
    slices_sent: usize,
    weeks_ended: usize,
    emails_requested: usize,
    deliveries_requested: usize,
    dead_letters_expired: usize,
    deletions_copied: usize,
    /// The error of the last job that failed, with its database.
    error: Option<String>,
}

impl SweepCounts {
    /// Adds the counts of another database.
    fn add(&mut self, other: Self) {
        self.completed += other.completed;
        self.sent += other.sent;
        self.slices_sent += other.slices_sent;
        self.weeks_ended += other.weeks_ended;
        self.emails_requested += other.emails_requested;
        self.deliveries_requested += other.deliveries_requested;
        self.dead_letters_expired += other.dead_letters_expired;
        self.deletions_copied += other.deletions_copied;
        self.error = other.error.or(self.error.take());
    }

    /// Returns the count of a job, or 0, and keeps its error.
    fn require(&mut self, binding: &str, result: Result<usize, String>) -> usize {
        self.require_rounds(
            binding,
            result.map_or_else(|error| (0, Some(error)), |count| (count, None)),
        )
    }

    /// Returns the count of a job with rounds, and keeps its error.
    fn require_rounds(&mut self, binding: &str, (count, error): (usize, Option<String>)) -> usize {
        if let Some(error) = error {
            self.error = Some(format!("{binding}: {error}"));
        }
        count
    }
}

impl App {
    /// Completes abandoned workouts, resends overdue events, and logs one line. The databases are
    /// swept at once, five at most, and the jobs of a database one after the other. A job that fails
    /// stops no other.
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
    /// 8. copy (awaits), once: the tombstones of deleted athletes, to the operators' database. A repeat
    ///    changes nothing;
    /// 9. expire (await), once, in the operators' database: rows past their retention. A retry finds
    ///    fewer.
    pub async fn sweep(&self) {
        let start_ms = self.clock.now_ms();
        let databases = self.shards.every();
        let swept = concurrently(
            databases.map(|(binding, database)| self.sweep_database(binding, database)),
        );
        let mut counts = SweepCounts::default();
        swept.await.into_iter().for_each(|other| counts.add(other));
        let expired = step(self.expire()).await;
        counts.dead_letters_expired = counts.require(OPERATIONS, expired);
        let level = if counts.error.is_none() { Level::INFO } else { Level::ERROR };
        tracing::info!(
            level = level.as_str(),
            worker = "api",
            completed = counts.completed,
            sent = counts.sent,
            slices_sent = counts.slices_sent,
            weeks_ended = counts.weeks_ended,
            emails_requested = counts.emails_requested,
            deliveries_requested = counts.deliveries_requested,
            dead_letters_expired = counts.dead_letters_expired,
            deletions_copied = counts.deletions_copied,
            error = counts.error,
            duration_ms = self.clock.now_ms() - start_ms,
            d1_round_trips = self.usage.round_trips(),
            d1_rows_written = self.usage.rows_written(),
            messages_sent = self.usage.messages_sent(),
            "sweep"
        );
    }

    /// Sweeps one athletes' database: steps 1 to 8.
    async fn sweep_database(&self, binding: &'static str, database: &dyn Database) -> SweepCounts {
        let mut counts = SweepCounts::default();
        let requested = step(self.request_due_deliveries(database)).await;
        counts.deliveries_requested = counts.require(binding, requested);
        let completed = rounds(async || self.complete_abandoned(database).await).await;
        counts.completed = counts.require_rounds(binding, completed);
        let sent = rounds(async || self.resend_workouts(database).await).await;
        counts.sent = counts.require_rounds(binding, sent);
        let sent = rounds(async || self.resend_slices(database).await).await;
        counts.slices_sent = counts.require_rounds(binding, sent);
        let requested = rounds(async || self.request_reports(database).await).await;
        counts.weeks_ended = counts.require_rounds(binding, requested);
        let requested = step(self.request_due_emails(database)).await;
        counts.emails_requested = counts.require(binding, requested);
        let copied = step(self.copy_deletions(database)).await;
        counts.deletions_copied = counts.require(binding, copied);
        counts
    }

    async fn complete_abandoned(&self, database: &dyn Database) -> Result<Round, String> {
        let now_ms = self.clock.now_ms();
        let open = workouts::left_open(database, now_ms, ROUND_MAX).await.map_err(text)?;
        let completed: Vec<_> =
            open.iter().filter_map(|stored| Some((stored, completed_document(stored)?))).collect();
        if completed.is_empty() {
            return Ok(Round::default());
        }
        let completed = workouts::complete(database, &completed, now_ms).await.map_err(text)?;
        self.send(&completed.iter().filter_map(workout_event).collect::<Vec<_>>()).await?;
        Ok(Round::of(completed.len()))
    }

    async fn resend_workouts(&self, database: &dyn Database) -> Result<Round, String> {
        let now_ms = self.clock.now_ms();
        let overdue = workouts::take_overdue(database, now_ms, ROUND_MAX).await.map_err(text)?;
        self.send(&overdue.iter().filter_map(workout_event).collect::<Vec<_>>()).await?;
        Ok(Round::of(overdue.len()))
    }

    async fn resend_slices(&self, database: &dyn Database) -> Result<Round, String> {
        let now = self.clock.now();
        let slices = imports::take_overdue(database, now.timestamp_millis(), ROUND_MAX)
            .await
            .map_err(text)?;
        let events = slices.iter().map(|slice| import_slice_stored(slice.key, slice.trace, now));
        self.send(&events.collect::<Vec<_>>()).await?;
        Ok(Round::of(slices.len()))
    }

    async fn request_reports(&self, database: &dyn Database) -> Result<Round, String> {
        let now = self.clock.now();
        let (week, minute) = week_to_report(now);
        let due = reports::take_due(database, week, minute, now.timestamp_millis(), ROUND_MAX)
            .await
            .map_err(text)?;
        let event = |id: &AthleteId| training_week_ended(*id, week, self.new_trace(), now);
        self.send(&due.athletes.iter().map(event).collect::<Vec<_>>()).await?;
        Ok(Round { found: due.athletes.len() + due.idle, handled: due.athletes.len() })
    }

    /// Returns the number of athletes.
    async fn request_due_emails(&self, database: &dyn Database) -> Result<usize, String> {
        let now = self.clock.now();
        let athletes =
            notifications::athletes_with_due_emails(database, now.timestamp_millis(), EMAILED_MAX)
                .await
                .map_err(text)?;
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
            .map_err(text)?;
        let event = |due: &DueDelivery| {
            Event::webhook_delivery_requested(due.request(), SOURCE, "sweep", self.new_trace(), now)
        };
        self.send(&overdue.iter().map(event).collect::<Vec<_>>()).await?;
        Ok(overdue.len())
    }

    /// Returns the number of athletes.
    async fn copy_deletions(&self, database: &dyn Database) -> Result<usize, String> {
        deleted_athletes::copy(database, self.shards.operators(), self.clock.now_ms())
            .await
            .map_err(text)
    }

    /// Returns the number of deleted dead letters.
    async fn expire(&self) -> Result<usize, String> {
        expiry::expire(self.shards.operators(), self.clock.now_ms(), EXPIRED_MAX)
            .await
            .map_err(text)
    }

    async fn send(&self, events: &[Event]) -> Result<(), String> {
        self.publisher.publish(events).await.map_err(|error| error.to_string())
    }

    fn new_trace(&self) -> TraceContext {
        new_trace(&*self.entropy)
    }
}

/// The rows that a round of a job found, and those that it handled.
#[derive(Default)]
struct Round {
    found: usize,
    handled: usize,
}

impl Round {
    const fn of(rows: usize) -> Self {
        Self { found: rows, handled: rows }
    }
}

/// Repeats a job until it finds nothing or fails. Returns the number of rows that it handled, and its
/// error.
async fn rounds(round: impl AsyncFn() -> Result<Round, String>) -> (usize, Option<String>) {
    let mut handled = 0;
    for _ in 0..ROUNDS_MAX {
        match step(round()).await {
            Ok(round) if round.found == 0 => break,
            Ok(round) => handled += round.handled,
            Err(error) => return (handled, Some(error)),
        }
    }
    (handled, None)
}

#[expect(clippy::needless_pass_by_value, reason = "an argument of map_err")]
fn text(error: storage::DatabaseError) -> String {
    error.to_string()
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

/// A workout, completed at the time of its last set.
fn completed_document(stored: &StoredWorkout) -> Option<Workout> {
    let workout = stored.document().ok()?;
    Some(Workout { ended_at: Some(workout.end_if_left_open()), ..workout.clone() })
}
