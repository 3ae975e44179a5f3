//! The rounds of the jobs.
//!
//! Thresholds without a source are project defaults.

use super::job::Round;
use crate::app::App;
use crate::publisher::{
    SOURCE, event_about, import_slice_stored, mail_fell_due, training_week_ended,
};
use chrono::{DateTime, TimeDelta, Timelike, Utc};
use platform::clock::new_trace;
use shared_kernel::{AthleteId, Event, TraceContext};
use storage::imports::ImportKey;
use storage::webhooks::{DueDelivery, deliveries, disabled};
use storage::workouts::{PageMax, StoredWorkout};
use storage::{Database, deleted_athletes, expiry, imports, notifications, reports, workouts};
use training::{WeekStart, Workout};

/// Rows of a round, at most: two sends to a queue.
const ROUND_MAX: i64 = 200;
/// The stored bytes of a round's workouts, at most. A round holds them several times, parsed and as events, and five
/// databases are swept at once: with the largest documents that is 30 MB.
const ROUND_BYTES_MAX: i64 = 500_000;
/// Workouts of an import that a round takes back, at most.
const UNDONE_MAX: i64 = 500;
/// Webhook endpoints of one database and sweep, at most.
const ENDPOINTS_MAX: i64 = 1_000;
/// Athletes with due emails of one database and sweep, at most.
const EMAILED_MAX: i64 = 1_000;
/// Rows of each operator table that one sweep deletes, at most.
const EXPIRED_MAX: i64 = 1_000;

/// A week has ended in every time zone twelve hours after its end in UTC.
const LAST_ZONE: TimeDelta = TimeDelta::hours(12);

const DAY_MINUTES: u32 = 24 * 60;

type RoundResult = Result<Round, String>;

impl App {
    pub(super) async fn complete_abandoned(&self, database: &dyn Database) -> RoundResult {
        let now_ms = self.clock.now_ms();
        let open = workouts::take_left_open(database, now_ms, round_max()).await.map_err(text)?;
        let found = open.len();
        let completed: Vec<_> = open.into_iter().filter_map(completed_document).collect();
        if completed.is_empty() {
            return Ok(Round { found, handled: 0 });
        }
        let completed = workouts::complete(database, completed, now_ms).await.map_err(text)?;
        self.send(&completed.iter().filter_map(workout_event).collect::<Vec<_>>()).await?;
        Ok(Round { found, handled: completed.len() })
    }

    pub(super) async fn resend_workouts(&self, database: &dyn Database) -> RoundResult {
        let now_ms = self.clock.now_ms();
        let overdue = workouts::take_overdue(database, now_ms, round_max()).await.map_err(text)?;
        self.send(&overdue.iter().filter_map(workout_event).collect::<Vec<_>>()).await?;
        Ok(Round::of(overdue.len()))
    }

    pub(super) async fn resend_slices(&self, database: &dyn Database) -> RoundResult {
        let now = self.clock.now();
        let slices = imports::take_overdue(database, now.timestamp_millis(), ROUND_MAX)
            .await
            .map_err(text)?;
        let events = slices.iter().map(|slice| import_slice_stored(slice.key, slice.trace, now));
        self.send(&events.collect::<Vec<_>>()).await?;
        Ok(Round::of(slices.len()))
    }

    pub(super) async fn undo_imports(&self, database: &dyn Database) -> RoundResult {
        let Some(import) = imports::undoing(database).await.map_err(text)? else {
            return Ok(Round::default());
        };
        let removed = self.undo_round(database, import, self.new_trace()).await.map_err(text)?;
        Ok(Round::of(removed))
    }

    /// Deletes the next workouts of an import that is taken back (await), and publishes their events (await): the sweep
    /// resends them. Returns their number.
    pub async fn undo_round(
        &self,
        database: &dyn Database,
        import: ImportKey,
        trace: TraceContext,
    ) -> Result<usize, storage::DatabaseError> {
        let max = PageMax { rows: UNDONE_MAX, bytes: ROUND_BYTES_MAX };
        let removed = imports::undo(database, import, max, trace, self.clock.now_ms()).await?;
        let events: Vec<_> = removed.iter().filter_map(workout_event).collect();
        self.publisher.publish_committed(&events).await;
        Ok(removed.len())
    }

    pub(super) async fn request_reports(&self, database: &dyn Database) -> RoundResult {
        let now = self.clock.now();
        let (week, minute) = week_to_report(now);
        let due = reports::take_due(database, week, minute, now.timestamp_millis(), ROUND_MAX)
            .await
            .map_err(text)?;
        let event = |id: &AthleteId| training_week_ended(*id, week, self.new_trace(), now);
        self.send(&due.athletes.iter().map(event).collect::<Vec<_>>()).await?;
        Ok(Round { found: due.athletes.len() + due.idle, handled: due.athletes.len() })
    }

    pub(super) async fn request_due_emails(&self, database: &dyn Database) -> RoundResult {
        let now = self.clock.now();
        let athletes =
            notifications::athletes_with_due_emails(database, now.timestamp_millis(), EMAILED_MAX)
                .await
                .map_err(text)?;
        let events: Vec<_> =
            athletes.iter().map(|id| mail_fell_due(*id, self.new_trace(), now)).collect();
        self.send(&events).await?;
        Ok(Round::of(athletes.len()))
    }

    pub(super) async fn request_due_deliveries(&self, database: &dyn Database) -> RoundResult {
        let now = self.clock.now();
        let overdue = deliveries::overdue(database, now.timestamp_millis(), ENDPOINTS_MAX)
            .await
            .map_err(text)?;
        let event = |due: &DueDelivery| {
            Event::webhook_delivery_requested(due.request(), SOURCE, "sweep", self.new_trace(), now)
        };
        self.send(&overdue.iter().map(event).collect::<Vec<_>>()).await?;
        Ok(Round::of(overdue.len()))
    }

    pub(super) async fn fail_disabled_deliveries(&self, database: &dyn Database) -> RoundResult {
        let failed = disabled::fail_due(database, self.clock.now_ms()).await;
        failed.map(Round::of).map_err(text)
    }

    pub(super) async fn copy_deletions(&self, database: &dyn Database) -> RoundResult {
        deleted_athletes::copy(database, self.shards.operators(), self.clock.now_ms())
            .await
            .map(Round::of)
            .map_err(text)
    }

    pub(super) async fn expire(&self, database: &dyn Database) -> RoundResult {
        let deleted = expiry::expire(database, self.clock.now_ms(), EXPIRED_MAX).await;
        deleted.map(Round::of).map_err(text)
    }

    async fn send(&self, events: &[Event]) -> Result<(), String> {
        self.publisher.publish(events).await.map_err(|error| error.to_string())
    }

    fn new_trace(&self) -> TraceContext {
        new_trace(&*self.entropy)
    }
}

const fn round_max() -> PageMax {
    PageMax { rows: ROUND_MAX, bytes: ROUND_BYTES_MAX }
}

#[expect(clippy::needless_pass_by_value, reason = "an argument of map_err")]
fn text(error: storage::DatabaseError) -> String {
    error.to_string()
}

/// The last week that has ended in every time zone, and the minutes since, at most those of a day.
fn week_to_report(now: DateTime<Utc>) -> (WeekStart, i64) {
    let last_zone = now - LAST_ZONE;
    let this_week = WeekStart::containing(last_zone.date_naive());
    let is_first_day = last_zone.date_naive() == this_week.date();
    let minute =
        if is_first_day { last_zone.num_seconds_from_midnight() / 60 } else { DAY_MINUTES };
    (this_week.previous(), minute.into())
}

/// The event of a workout. An invalid document is logged and does not block the others.
fn workout_event(workout: &StoredWorkout) -> Option<Event> {
    event_about(workout)
        .inspect_err(|error| tracing::error!(workout_id = %workout.workout_id, %error, "encode a workout event"))
        .ok()
}

/// A workout, and the same one completed at the time of its last set.
fn completed_document(stored: StoredWorkout) -> Option<(StoredWorkout, Workout)> {
    let workout = stored.document().ok()?;
    let completed = Workout { ended_at: Some(workout.end_if_left_open()), ..workout.clone() };
    Some((stored, completed))
}
