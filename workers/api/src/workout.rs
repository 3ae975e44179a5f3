//! A workout as it comes in, as it is stored and as it is answered.

use crate::error::ApiError;
use crate::input::{Errors, Fields};
use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared_kernel::payload::WorkoutSnapshot;
use shared_kernel::{AthleteId, WorkoutId};
use storage::workouts::WorkoutStatus;
use training::limits::{
    DISTANCE_M_MAX, DURATION_S_MAX, EXERCISES_MAX, REPS_MAX, REST_S_MAX, SETS_MAX, WEIGHT_MAX,
};
use training::units::GRAMS_PER_POUND;
use training::{Exercise, Grams, PerformedExercise, PerformedSet, Rpe, SetKind, Volume};

/// A workout may begin at most so far in the future (the outer contract): a phone's clock is off,
/// or the athlete plans.
const AHEAD_MAX: TimeDelta = TimeDelta::hours(24);
/// The longest name of a superset (ours).
const SUPERSET_CHARS_MAX: usize = 40;

/// A workout as the athlete entered it: the document that is stored and given back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workout {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    notes: Option<String>,
    /// When it began, in the athlete's own offset.
    pub started_at: DateTime<FixedOffset>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended_at: Option<DateTime<FixedOffset>>,
    exercises: Vec<EnteredExercise>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct EnteredExercise {
    exercise: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    superset: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    notes: Option<String>,
    sets: Vec<EnteredSet>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct EnteredSet {
    kind: SetKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    weight_kg: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    weight_lb: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reps: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rpe: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rir: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    duration_s: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    distance_m: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rest_s: Option<u32>,
}

impl Workout {
    /// Reads a body, or says what is wrong with each bad field of it.
    pub fn parse(body: &Value, now: DateTime<Utc>) -> Result<Self, ApiError> {
        let errors = Errors::default();
        let workout = parse(body, now, &errors);
        errors.finish(workout)
    }

    /// Completed when it has an end.
    pub const fn status(&self) -> WorkoutStatus {
        if self.ended_at.is_some() { WorkoutStatus::Completed } else { WorkoutStatus::InProgress }
    }

    /// What an event carries of it.
    pub fn snapshot(
        &self,
        athlete_id: AthleteId,
        workout_id: WorkoutId,
        revision: i64,
        body_weight_grams: Option<Grams>,
    ) -> WorkoutSnapshot {
        WorkoutSnapshot {
            athlete_id,
            workout_id,
            revision,
            started_at: self.started_at,
            body_weight_grams,
            exercises: self.exercises.iter().filter_map(EnteredExercise::performed).collect(),
        }
    }
}

/// A workout as it is answered: the document, and what was added to it.
pub fn answer(
    workout: &Workout,
    snapshot: &WorkoutSnapshot,
    status: WorkoutStatus,
) -> Result<Value, serde_json::Error> {
    let volume = Volume::of_workout(&snapshot.exercises, snapshot.body_weight_grams);
    let mut answer = serde_json::to_value(workout)?;
    if let Value::Object(fields) = &mut answer {
        fields.insert("id".to_owned(), json!(snapshot.workout_id));
        fields.insert("athlete_id".to_owned(), json!(snapshot.athlete_id));
        fields.insert("revision".to_owned(), json!(snapshot.revision));
        fields.insert("status".to_owned(), json!(status));
        let totals = json!({
            "sets": volume.sets,
            "hard_sets": volume.hard_half_sets.sets(),
            "tonnage_kg": volume.tonnage_grams.kg(),
        });
        fields.insert("totals".to_owned(), totals);
    }
    Ok(answer)
}

impl EnteredExercise {
    /// `None` for an exercise that the catalogue had when it was entered and has no more: it then
    /// counts for nothing. (The catalogue only grows; a test of its slugs would have to change.)
    fn performed(&self) -> Option<PerformedExercise> {
        let exercise = Exercise::find(&self.exercise)?;
        Some(PerformedExercise {
            exercise: self.exercise.clone(),
            load: exercise.load,
            primary: exercise.primary.to_vec(),
            secondary: exercise.secondary.to_vec(),
            sets: self.sets.iter().map(EnteredSet::performed).collect(),
        })
    }
}

impl EnteredSet {
    fn performed(&self) -> PerformedSet {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "bounded when it was read"
        )]
        let whole = |metres: f64| metres.round() as u32;
        PerformedSet {
            kind: self.kind,
            weight_grams: self
                .weight_kg
                .map(Grams::from_kg)
                .or_else(|| self.weight_lb.map(Grams::from_lb)),
            reps: self.reps,
            rpe: self.rpe.and_then(Rpe::new).or_else(|| self.rir.and_then(Rpe::from_rir)),
            duration_s: self.duration_s,
            distance_m: self.distance_m.map(whole),
        }
    }
}

fn parse(body: &Value, now: DateTime<Utc>, errors: &Errors) -> Option<Workout> {
    let known = ["title", "notes", "started_at", "ended_at", "exercises"];
    let fields = Fields::of(body, "", &known, errors)?;
    fields.require("started_at");
    fields.require("exercises");
    let started_at = fields.time("started_at");
    let ended_at = fields.time("ended_at");
    if let Some(started_at) = started_at {
        if started_at.timestamp() < 0 {
            fields.refuse("started_at", "is before 1970");
        } else if started_at > now + AHEAD_MAX {
            fields.refuse("started_at", "is more than 24 hours ahead");
        }
        if ended_at.is_some_and(|ended_at| ended_at < started_at) {
            fields.refuse("ended_at", "is before started_at");
        }
    }
    let (title, notes) = (fields.text("title"), fields.text("notes"));
    let exercises = fields.get("exercises").and_then(|_| fields.list("exercises"))?;
    if exercises.len() > EXERCISES_MAX {
        fields.refuse("exercises", format!("has over {EXERCISES_MAX} exercises"));
        return None;
    }
    if exercises.is_empty() && ended_at.is_some() {
        fields.refuse("exercises", "has to have an exercise when the workout is complete");
    }
    let exercises: Vec<_> =
        exercises.iter().map(|(pointer, value)| exercise(value, pointer, errors)).collect();
    let sets: usize = exercises.iter().flatten().map(|exercise| exercise.sets.len()).sum();
    if sets > SETS_MAX {
        fields.refuse("exercises", format!("has {sets} sets, over {SETS_MAX}"));
    }
    Some(Workout {
        title,
        notes,
        started_at: started_at?,
        ended_at,
        exercises: exercises.into_iter().collect::<Option<_>>()?,
    })
}

fn exercise(value: &Value, pointer: &str, errors: &Errors) -> Option<EnteredExercise> {
    let fields = Fields::of(value, pointer, &["exercise", "superset", "notes", "sets"], errors)?;
    fields.require("exercise");
    fields.require("sets");
    let slug = fields.text("exercise");
    if let Some(slug) = &slug
        && Exercise::find(slug).is_none()
    {
        fields.refuse("exercise", "is not in the catalogue: see GET /v1/exercises");
    }
    let superset = fields.get("superset").filter(|value| match value {
        Value::Number(number) => number.is_u64(),
        Value::String(name) => name.chars().count() <= SUPERSET_CHARS_MAX,
        _ => false,
    });
    if superset.is_none() && fields.get("superset").is_some() {
        fields.refuse("superset", "has to be a whole number or a short text");
    }
    let notes = fields.text("notes");
    let sets = fields.get("sets").and_then(|_| fields.list("sets"))?;
    if sets.len() > SETS_MAX {
        fields.refuse("sets", format!("has over {SETS_MAX} sets"));
        return None;
    }
    let sets: Vec<_> = sets.iter().map(|(pointer, value)| set(value, pointer, errors)).collect();
    Some(EnteredExercise {
        exercise: slug?,
        superset: superset.cloned(),
        notes,
        sets: sets.into_iter().collect::<Option<_>>()?,
    })
}

fn set(value: &Value, pointer: &str, errors: &Errors) -> Option<EnteredSet> {
    let known = [
        "kind",
        "weight_kg",
        "weight_lb",
        "reps",
        "rpe",
        "rir",
        "duration_s",
        "distance_m",
        "rest_s",
    ];
    let fields = Fields::of(value, pointer, &known, errors)?;
    fields.require("kind");
    let kind = fields.get("kind").map(|kind| SetKind::deserialize(kind).ok());
    if kind == Some(None) {
        fields.refuse("kind", "has to be warmup, working, drop or failure");
    }
    for (one, other) in [("weight_kg", "weight_lb"), ("rpe", "rir")] {
        if fields.get(one).is_some() && fields.get(other).is_some() {
            fields.refuse(other, format!("cannot stand beside {one}"));
        }
    }
    let work = ["reps", "duration_s", "distance_m"];
    if work.iter().all(|name| fields.get(name).is_none()) {
        fields.refuse("reps", "is required where there is no duration_s and no distance_m");
    }
    let kg_max = WEIGHT_MAX.kg();
    let rpe = fields.number("rpe", 1.0, 10.0);
    if rpe.is_some_and(|rpe| Rpe::new(rpe).is_none()) {
        fields.refuse("rpe", "has to be in halves");
    }
    let rir = fields.number("rir", 0.0, 9.0);
    if rir.is_some_and(|rir| Rpe::from_rir(rir).is_none()) {
        fields.refuse("rir", "has to be in halves");
    }
    // Every field is read before the first that is missing ends it: each bad one is reported.
    let lb_max = kg_max * 1_000.0 / GRAMS_PER_POUND;
    let set = EnteredSet {
        kind: kind.flatten().unwrap_or(SetKind::Working),
        weight_kg: fields.number("weight_kg", 0.0, kg_max),
        weight_lb: fields.number("weight_lb", 0.0, lb_max),
        reps: fields.whole("reps", REPS_MAX),
        rpe,
        rir,
        duration_s: fields.whole("duration_s", DURATION_S_MAX),
        distance_m: fields.number("distance_m", 0.0, f64::from(DISTANCE_M_MAX)),
        rest_s: fields.whole("rest_s", REST_S_MAX),
    };
    kind.flatten().map(|_| set)
}
