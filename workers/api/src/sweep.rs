//! The sweep: what did not come through is sent again, and what was left open is completed.
//!
//! A workout's row is its own outbox, and so is a slice of an import.

use crate::app::App;
use crate::publisher::{
    event_about, import_slice_stored, mail_fell_due, training_week_ended,
    webhook_delivery_requested,
};
use chrono::{DateTime, TimeDelta, Timelike, Utc};
use platform::catch_panic;
use shared_kernel::{Event, TraceContext};
use storage::webhooks::deliveries;
use storage::workouts::StoredWorkout;
use storage::{Database, expiry, imports, notifications, reports, workouts};
use training::WeekStart;

/// Workouts taken at once; a batch of the queue.
const TAKEN_MAX: i64 = 100;
/// Rounds of one sweep: 1,000 workouts a minute, and the sweep ends.
const ROUNDS_MAX: u32 = 10;
/// Lanes of webhooks that are woken in one sweep (ours: as many as workouts).
const LANES_MAX: i64 = 1_000;
/// Athletes who are told of in one sweep that mails of theirs are due (ours: as many as workouts).
const MAILED_MAX: i64 = 1_000;
/// Rows of each of the operators' tables that one sweep deletes, at most (ours: as many as workouts).
const EXPIRED_MAX: i64 = 1_000;
/// A workout that began so long ago is over: its athlete forgot to say so (ours).
const OPEN_MAX: TimeDelta = TimeDelta::hours(24);

/// A week is over everywhere on earth twelve hours after its Sunday is over in UTC.
const LAST_ZONE: TimeDelta = TimeDelta::hours(12);

/// What a sweep did.
#[derive(Default)]
struct Swept {
    completed: usize,
    sent: usize,
    slices_sent: usize,
    reports_asked: usize,
    mails_asked: usize,
    lanes_woken: usize,
    dead_letters_expired: usize,
}

impl App {
    /// Completes what was left open, sends what is overdue, and logs one line.
    ///
    /// 1. complete (await, await): workouts that began more than 24 hours ago, each at the time of
    ///    its last set, if it is still as it was read. A crash after it: their events are overdue
    ///    in a minute;
    /// 2. take (await): overdue workouts, and put their next turn off. A crash after it delays
    ///    them to that turn;
    /// 3. publish (await): the same events as before, by the same ids. A repeat collapses at
    ///    aggregation, whose ledger knows the revision;
    /// 4. take and publish (await, await): slices of imports, in the same way;
    /// 5. take and publish (await, await): the weeks that ended, for athletes without a report of
    ///    them, spread over an hour by their ids. A repeat collapses in the inbox;
    /// 6. read and publish (await, await), once: the athletes who have mails that are due. Nothing is
    ///    changed here: until somebody claims those mails, the next sweep asks again;
    /// 7. read and publish (await, await): lanes of webhooks with a delivery that is due and nobody
    ///    at it. It is read once: a lane that was told stands in the list until it is taken. A
    ///    repeat finds the lane leased, or nothing due.
    /// 8. expire (await), once: operators' rows that are past their keeping. A repeat finds fewer.
    pub async fn sweep(&self) {
        let began_ms = self.clock.now_ms();
        let mut swept = Swept::default();
        let mut error = None;
        for database in self.shards.every() {
            match step(self.wake_lanes(database)).await {
                Ok(woken) => swept.lanes_woken += woken,
                Err(reason) => error = Some(reason),
            }
            for _ in 0..ROUNDS_MAX {
                match step(self.sweep_round(database, &mut swept)).await {
                    Ok(0) => break,
                    Ok(_) => {}
                    Err(reason) => {
                        error = Some(reason);
                        break;
                    }
                }
            }
            match step(self.ask_for_due_mails(database)).await {
                Ok(asked) => swept.mails_asked += asked,
                Err(reason) => error = Some(reason),
            }
        }
        match expiry::expire(self.shards.operators(), self.clock.now_ms(), EXPIRED_MAX).await {
            Ok(expired) => swept.dead_letters_expired = expired,
            Err(reason) => error = Some(reason.to_string()),
        }
        tracing::info!(
            worker = "api",
            completed = swept.completed,
            sent = swept.sent,
            slices_sent = swept.slices_sent,
            reports_asked = swept.reports_asked,
            mails_asked = swept.mails_asked,
            lanes_woken = swept.lanes_woken,
            dead_letters_expired = swept.dead_letters_expired,
            error,
            duration_ms = self.clock.now_ms() - began_ms,
            d1_round_trips = self.usage.round_trips(),
            d1_rows_written = self.usage.rows_written(),
            messages_sent = self.usage.messages_sent(),
            "sweep"
        );
    }

    /// One round; answers how much it found to do.
    async fn sweep_round(
        &self,
        database: &dyn Database,
        swept: &mut Swept,
    ) -> Result<usize, String> {
        let words = |error: storage::DatabaseError| error.to_string();
        let completed = self.complete_left_open(database).await.map_err(words)?;
        swept.completed += completed.len();
        let now_ms = self.clock.now_ms();
        let overdue = workouts::take_overdue(database, now_ms, TAKEN_MAX).await.map_err(words)?;
        let events: Vec<_> = completed.iter().chain(&overdue).filter_map(readable).collect();
        self.send(&events).await?;
        swept.sent += overdue.len();
        let slices = imports::take_overdue(database, now_ms, TAKEN_MAX).await.map_err(words)?;
        let now = self.clock.now();
        let events: Vec<_> =
            slices.iter().map(|slice| import_slice_stored(slice.key, slice.trace, now)).collect();
        self.send(&events).await?;
        swept.slices_sent += slices.len();
        let (week, minute) = week_to_report(now);
        let due =
            reports::take_due(database, week, minute, now_ms, TAKEN_MAX).await.map_err(words)?;
        let events =
            due.athletes.iter().map(|id| training_week_ended(*id, week, self.new_trace(), now));
        let events: Vec<_> = events.collect();
        self.send(&events).await?;
        swept.reports_asked += due.athletes.len();
        let looked_at = due.athletes.len() + due.idle;
        Ok(completed.len() + overdue.len() + slices.len() + looked_at)
    }

    /// Answers of how many athletes.
    async fn ask_for_due_mails(&self, database: &dyn Database) -> Result<usize, String> {
        let now = self.clock.now();
        let athletes =
            notifications::athletes_with_due_emails(database, now.timestamp_millis(), MAILED_MAX)
                .await
                .map_err(|error| error.to_string())?;
        let events: Vec<_> =
            athletes.iter().map(|id| mail_fell_due(*id, self.new_trace(), now)).collect();
        self.send(&events).await?;
        Ok(athletes.len())
    }

    /// Answers how many endpoints it found.
    async fn wake_lanes(&self, database: &dyn Database) -> Result<usize, String> {
        let now = self.clock.now();
        let overdue = deliveries::overdue(database, now.timestamp_millis(), LANES_MAX)
            .await
            .map_err(|error| error.to_string())?;
        let wake = |due| webhook_delivery_requested(due, "sweep", self.new_trace(), now);
        self.send(&overdue.iter().map(wake).collect::<Vec<_>>()).await?;
        Ok(overdue.len())
    }

    async fn send(&self, events: &[Event]) -> Result<(), String> {
        self.publisher.publish(events).await.map_err(|error| error.to_string())
    }

    async fn complete_left_open(
        &self,
        database: &dyn Database,
    ) -> Result<Vec<StoredWorkout>, storage::DatabaseError> {
        let now = self.clock.now();
        let before_ms = (now - OPEN_MAX).timestamp_millis();
        let open = workouts::left_open(database, before_ms, TAKEN_MAX).await?;
        let completed: Vec<_> =
            open.iter().filter_map(|stored| Some((stored, ended(stored)?))).collect();
        if completed.is_empty() {
            return Ok(Vec::new());
        }
        workouts::complete(database, &completed, now.timestamp_millis()).await
    }

    /// A trace that begins here.
    pub fn new_trace(&self) -> TraceContext {
        let mut dice = [0; 24];
        self.entropy.fill(&mut dice);
        TraceContext::from_random(dice)
    }
}

/// A step that fails or panics keeps none of the others from their turn.
async fn step<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    catch_panic(work).await.map_err(|panic| panic.to_string()).flatten()
}

/// The last week that is over everywhere, and the minute of the hour since then, 59 from its last
/// one on.
fn week_to_report(now: DateTime<Utc>) -> (WeekStart, i64) {
    let there = now - LAST_ZONE;
    let this_week = WeekStart::containing(there.date_naive());
    let is_first_hour = there.date_naive() == this_week.date() && there.hour() == 0;
    let minute = if is_first_hour { i64::from(there.minute()) } else { 59 };
    (this_week.previous(), minute)
}

/// The event about a workout. One document that cannot be read holds back no other.
fn readable(workout: &StoredWorkout) -> Option<Event> {
    event_about(workout)
        .inspect_err(|error| tracing::error!(workout_id = %workout.workout_id, %error, "document"))
        .ok()
}

/// The document of a workout that ended with its last set.
fn ended(stored: &StoredWorkout) -> Option<String> {
    let mut workout = stored.document().ok()?;
    workout.ended_at = Some(workout.last_set_at());
    serde_json::to_string(&workout).ok()
}
