//! Workouts: the request models with their validation, and the responses.

use crate::checks::{Checks, FieldCode, Validate};
use crate::page::Limit;
use crate::sets::{AHEAD_H_MAX, NewSet, check_superset, check_time, is_ahead};
use crate::slugs::{check_slug, is_custom};
use crate::values::{Day, Instant, ReadOnly, Timestamp};
use chrono::{DateTime, FixedOffset, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared_kernel::{AthleteId, WorkoutId};
use training::calendar::local_date;
use training::limits::{EXERCISES_MAX, LASTS_MAX, SETS_MAX, TEXT_CHARS_MAX, WEIGHT_MAX};
use training::{CustomExercises, ExerciseEntry, Grams, Superset, Volume};

/// A new workout, or the whole content of one that is replaced. Without `ended_at` it is in progress.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = example())]
pub struct NewWorkout {
    #[serde(default, skip_serializing)]
    pub id: ReadOnly,
    #[serde(default, skip_serializing)]
    pub athlete_id: ReadOnly,
    #[serde(default, skip_serializing)]
    pub revision: ReadOnly,
    #[serde(default, skip_serializing)]
    pub status: ReadOnly,
    #[serde(default, skip_serializing)]
    pub local_date: ReadOnly,
    #[serde(default, skip_serializing)]
    pub counted_body_weight_kg: ReadOnly,
    #[serde(default, skip_serializing)]
    pub totals: ReadOnly,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = TEXT_CHARS_MAX))]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = TEXT_CHARS_MAX))]
    pub notes: Option<String>,
    /// Its offset determines the local day. `Z` means that the offset is unknown: the profile's time zone
    /// determines the day. From 1970 to 24 hours ahead.
    pub started_at: Timestamp,
    /// At most 24 hours after the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// The body weight on this day, if it differs from the one in the profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1_000.0))]
    pub body_weight_kg: Option<f64>,
    /// At least one when the workout is completed.
    #[schemars(length(max = EXERCISES_MAX))]
    pub exercises: Vec<NewExerciseEntry>,
}

/// An exercise of a workout with its sets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewExerciseEntry {
    /// The slug of an exercise of the catalogue or of a custom exercise.
    pub exercise: String,
    /// Exercises of the same superset are performed alternately.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superset: Option<Superset>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = TEXT_CHARS_MAX))]
    pub notes: Option<String>,
    /// At least one when the workout is completed; at most 500 in a workout.
    #[schemars(length(max = SETS_MAX))]
    pub sets: Vec<NewSet>,
}

fn example() -> serde_json::Value {
    serde_json::json!({
        "title": "Push",
        "started_at": "2026-11-23T18:00:00+01:00",
        "ended_at": "2026-11-23T19:05:00+01:00",
        "exercises": [{
            "exercise": "barbell-bench-press",
            "sets": [
                { "kind": "warmup", "weight_kg": 60, "reps": 8 },
                { "kind": "working", "weight_kg": 102.5, "reps": 8, "rpe": 8.5 },
            ],
        }],
    })
}

impl Validate for NewWorkout {
    fn validate(&self, checks: &mut Checks) {
        self.validate_content(checks);
        if self.ended_at.is_none() {
            return;
        }
        if self.exercises.is_empty() {
            let detail = "must have an exercise when the workout is completed";
            checks.reject("exercises", FieldCode::Empty, detail);
        }
        for (index, entry) in self.exercises.iter().take(EXERCISES_MAX).enumerate() {
            if entry.sets.is_empty() {
                checks.enter("exercises", |checks| {
                    checks.enter(&index.to_string(), |checks| {
                        let detail = "must have a set when the workout is completed";
                        checks.reject("sets", FieldCode::Empty, detail);
                    });
                });
            }
        }
    }
}

impl NewWorkout {
    /// Validates everything but the rule that a completed workout has sets: exports contain workouts that
    /// the server completed without any.
    pub fn validate_content(&self, checks: &mut Checks) {
        checks.text("title", self.title.as_deref(), TEXT_CHARS_MAX);
        checks.text("notes", self.notes.as_deref(), TEXT_CHARS_MAX);
        checks.range("body_weight_kg", self.body_weight_kg, &(0.0..=WEIGHT_MAX.kg()));
        check_time(checks, "started_at", self.started_at);
        check_end(checks, self.started_at.at, self.ended_at);
        checks.items("exercises", &self.exercises, EXERCISES_MAX);
        let sets: usize = self.exercises.iter().map(|entry| entry.sets.len()).sum();
        if sets > SETS_MAX {
            let detail = format!("must have at most {SETS_MAX} sets in total");
            checks.reject("exercises", FieldCode::TooMany, detail);
        }
    }

    /// The document as stored. Its sets keep the numbers of the request.
    pub fn document(&self) -> training::Workout {
        training::Workout {
            title: self.title.clone(),
            notes: self.notes.clone(),
            started_at: self.started_at.at,
            ended_at: self.ended_at.map(|time| time.at),
            // Adding zero makes -0.0 a plain zero.
            body_weight_kg: self.body_weight_kg.map(|kg| kg + 0.0),
            exercises: self.exercises.iter().map(NewExerciseEntry::entry).collect(),
            last_set_id: 0,
        }
    }

    /// The slugs outside the catalogue with the pointers to them: they may be custom exercises.
    pub fn custom_slugs(&self) -> Vec<(String, &str)> {
        let slugs = (0..).zip(&self.exercises).filter(|(_, entry)| is_custom(&entry.exercise));
        slugs.map(|(n, entry)| (format!("/exercises/{n}/exercise"), &*entry.exercise)).collect()
    }
}

impl Validate for NewExerciseEntry {
    fn validate(&self, checks: &mut Checks) {
        check_slug(checks, &self.exercise);
        check_superset(checks, self.superset.as_ref());
        checks.text("notes", self.notes.as_deref(), TEXT_CHARS_MAX);
        checks.items("sets", &self.sets, SETS_MAX);
    }
}

impl NewExerciseEntry {
    fn entry(&self) -> ExerciseEntry {
        ExerciseEntry {
            exercise: self.exercise.clone(),
            superset: self.superset.clone(),
            notes: self.notes.clone(),
            sets: self.sets.iter().map(NewSet::entry).collect(),
        }
    }
}

/// Requires an end that is not before the start and at most 24 hours after it.
pub fn check_end(checks: &mut Checks, start: DateTime<FixedOffset>, end: Option<Timestamp>) {
    let Some(end) = end.map(|end| end.at) else { return };
    if end < start {
        checks.reject("ended_at", FieldCode::OutOfRange, "is before started_at");
    } else if end > start + LASTS_MAX {
        let detail = format!("is more than {} hours after started_at", LASTS_MAX.num_hours());
        checks.reject("ended_at", FieldCode::OutOfRange, detail);
    } else if is_ahead(end.to_utc(), checks.now(), AHEAD_H_MAX * 2) {
        let detail = format!("is more than {} hours ahead", AHEAD_H_MAX * 2);
        checks.reject("ended_at", FieldCode::OutOfRange, detail);
    }
}

/// The end of a workout in progress.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Completion {
    /// Not before the start, and at most 24 hours after it.
    pub ended_at: Timestamp,
}

impl Validate for Completion {}

/// A workout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Workout {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    pub started_at: DateTime<FixedOffset>,
    /// Absent while the workout is in progress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<FixedOffset>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_weight_kg: Option<f64>,
    pub exercises: Vec<ExerciseEntry>,
    pub id: WorkoutId,
    pub athlete_id: AthleteId,
    /// 1 when posted, one more with each change. The tag contains it.
    pub revision: i64,
    pub status: Status,
    /// The day for which it counts.
    pub local_date: NaiveDate,
    /// The body weight that its volume was computed with; null when none is known.
    pub counted_body_weight_kg: Option<f64>,
    pub totals: Totals,
}

/// The columns of a workout's row beside its document.
#[derive(Clone, Copy, Debug)]
pub struct WorkoutRow<'a> {
    pub id: WorkoutId,
    pub athlete_id: AthleteId,
    pub revision: i64,
    pub status: Status,
    pub custom_exercises: &'a CustomExercises,
    /// The one that its volume was computed with.
    pub body_weight: Option<Grams>,
}

impl Workout {
    /// Returns a stored workout with its totals.
    pub fn of(document: training::Workout, row: &WorkoutRow<'_>) -> Self {
        let exercises = document.performed_exercises(row.custom_exercises);
        let volume = Volume::of_workout(&exercises, row.body_weight);
        Self {
            title: document.title,
            notes: document.notes,
            started_at: document.started_at,
            ended_at: document.ended_at,
            body_weight_kg: document.body_weight_kg,
            exercises: document.exercises,
            id: row.id,
            athlete_id: row.athlete_id,
            revision: row.revision,
            status: row.status,
            local_date: local_date(document.started_at),
            counted_body_weight_kg: row.body_weight.map(Grams::kg),
            totals: Totals {
                sets: volume.sets,
                hard_sets: volume.hard_half_sets.sets(),
                tonnage_kg: volume.tonnage_grams.kg(),
            },
        }
    }
}

/// The state of a workout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "WorkoutStatus")]
pub enum Status {
    InProgress,
    Completed,
}

/// The sums of a workout. Warm-up sets do not count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Totals {
    pub sets: i64,
    pub hard_sets: f64,
    pub tonnage_kg: f64,
}

/// The query of a list of workouts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkoutFilter {
    /// The first local day.
    pub from: Option<Day>,
    /// The last local day.
    pub to: Option<Day>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
    #[serde(default)]
    pub limit: Limit,
}

/// The query of the list of changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeFilter {
    /// The `next_since` of the response before, or a time; by default the beginning.
    pub since: Option<String>,
    #[serde(default)]
    pub limit: Limit,
}

/// The workouts that changed, in the order of their last changes, each once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Changes {
    pub items: Vec<Change>,
    /// The `since` of the next request.
    pub next_since: String,
    /// Whether more changes can be read now.
    pub has_more: bool,
}

/// A changed workout in its current state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schemars(rename = "WorkoutChange")]
pub enum Change {
    Updated { changed_at: Instant, workout: Workout },
    Deleted { id: WorkoutId, deleted_at: Instant },
}
