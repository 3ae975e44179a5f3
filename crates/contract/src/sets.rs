//! Sets of a workout.

use crate::checks::{Checks, FieldCode, Validate};
use crate::slugs::{check_slug, is_custom};
use crate::values::Timestamp;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use training::limits::{
    DISTANCE_M_MAX, DURATION_S_MAX, REPS_MAX, REST_S_MAX, SUPERSET_CHARS_MAX, SUPERSET_NUMBER_MAX,
    WEIGHT_MAX,
};
use training::{Rpe, SetEntry, SetKind, Superset};

/// The highest weight in pounds: 1,000 kg, rounded down to a hundredth.
pub const WEIGHT_LB_MAX: f64 = 2_204.62;
/// The furthest time of a set or a start in the future, in hours (public contract): clocks of phones are
/// off, and athletes plan ahead.
pub const AHEAD_H_MAX: i64 = 24;

/// Declares a model with the fields of a set and others.
macro_rules! set_model {
    ($(#[$doc:meta])* $name:ident { $($(#[$more_doc:meta])* $more:ident: $type:ty,)* }) => {
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        $(#[$doc])*
        pub struct $name {
            $($(#[$more_doc])* pub $more: $type,)*
            /// The number of the set within its workout, assigned by the server. A POST ignores it; a PUT
            /// of a workout keeps the sets whose numbers it sends.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schemars(range(min = 1))]
            pub id: Option<u32>,
            pub kind: SetKind,
            /// The weight in kilograms: per hand, added or assisting, depending on the exercise's load.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schemars(range(min = 0.0, max = 1_000.0))]
            pub weight_kg: Option<f64>,
            /// The weight in pounds, instead of `weight_kg`.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schemars(range(min = 0.0, max = WEIGHT_LB_MAX))]
            pub weight_lb: Option<f64>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schemars(range(min = 0, max = REPS_MAX))]
            pub reps: Option<u32>,
            /// The rating of perceived exertion, in halves.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schemars(range(min = 1.0, max = 10.0), extend("multipleOf" = 0.5))]
            pub rpe: Option<f64>,
            /// The repetitions in reserve, in halves, instead of `rpe`.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schemars(range(min = 0.0, max = 9.0), extend("multipleOf" = 0.5))]
            pub rir: Option<f64>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schemars(range(min = 0, max = DURATION_S_MAX))]
            pub duration_s: Option<u32>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schemars(range(min = 0.0, max = 1_000_000.0))]
            pub distance_m: Option<f64>,
            /// The rest after the set.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schemars(range(min = 0, max = REST_S_MAX))]
            pub rest_s: Option<u32>,
            /// The time of the set; by default, for a set that is logged live, the time of the request.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub performed_at: Option<Timestamp>,
        }

        impl $name {
            fn check_set(&self, checks: &mut Checks) {
                checks.range("weight_kg", self.weight_kg, &(0.0..=WEIGHT_MAX.kg()));
                checks.range("weight_lb", self.weight_lb, &(0.0..=WEIGHT_LB_MAX));
                checks.range("reps", self.reps, &(0..=REPS_MAX));
                checks.range("duration_s", self.duration_s, &(0..=DURATION_S_MAX));
                checks.range("distance_m", self.distance_m, &(0.0..=f64::from(DISTANCE_M_MAX)));
                checks.range("rest_s", self.rest_s, &(0..=REST_S_MAX));
                if self.rpe.is_some_and(|rpe| Rpe::new(rpe).is_none()) {
                    let detail = "must be a multiple of 0.5 between 1 and 10";
                    checks.reject("rpe", FieldCode::OutOfRange, detail);
                }
                if self.rir.is_some_and(|rir| Rpe::from_rir(rir).is_none()) {
                    let detail = "must be a multiple of 0.5 between 0 and 9";
                    checks.reject("rir", FieldCode::OutOfRange, detail);
                }
                if self.weight_kg.is_some() && self.weight_lb.is_some() {
                    let detail = "cannot be combined with weight_kg";
                    checks.reject("weight_lb", FieldCode::Conflict, detail);
                }
                if self.rpe.is_some() && self.rir.is_some() {
                    checks.reject("rir", FieldCode::Conflict, "cannot be combined with rpe");
                }
                if self.reps.is_none() && self.duration_s.is_none() && self.distance_m.is_none() {
                    let detail = "is required without duration_s and distance_m";
                    checks.reject("reps", FieldCode::Required, detail);
                }
                if let Some(performed_at) = self.performed_at {
                    check_time(checks, "performed_at", performed_at);
                }
            }

            /// The set as stored.
            pub fn entry(&self) -> SetEntry {
                // Adding zero makes -0.0 a plain zero.
                let number = |value: Option<f64>| value.map(|value| value + 0.0);
                SetEntry {
                    id: self.id,
                    kind: self.kind,
                    weight_kg: number(self.weight_kg),
                    weight_lb: number(self.weight_lb),
                    reps: self.reps,
                    rpe: self.rpe,
                    rir: number(self.rir),
                    duration_s: self.duration_s,
                    distance_m: number(self.distance_m),
                    rest_s: self.rest_s,
                    performed_at: self.performed_at.map(|time| time.at),
                }
            }
        }
    };
}

set_model! {
    /// A set: what was performed, and how hard it was. One of `reps`, `duration_s` and `distance_m` is
    /// required.
    #[schemars(example = serde_json::json!({ "kind": "working", "weight_kg": 100, "reps": 5, "rpe": 9 }))]
    NewSet {}
}

set_model! {
    /// A set that is logged live, with its exercise. The exercise is added when the workout does not have
    /// it.
    #[schemars(example = serde_json::json!({
        "exercise": "barbell-bench-press", "kind": "working", "weight_kg": 100, "reps": 5, "rir": 1,
    }))]
    LoggedSet {
        /// The slug of an exercise of the catalogue or of a custom exercise.
        exercise: String,
        /// The superset of the exercise when the set starts it.
        superset: Option<Superset>,
    }
}

impl Validate for NewSet {
    fn validate(&self, checks: &mut Checks) {
        self.check_set(checks);
    }
}

impl Validate for LoggedSet {
    fn validate(&self, checks: &mut Checks) {
        self.check_set(checks);
        check_slug(checks, &self.exercise);
        check_superset(checks, self.superset.as_ref());
    }
}

impl LoggedSet {
    /// The slug, if it is outside the catalogue, with the pointer to it.
    pub fn custom_slugs(&self) -> Vec<(String, &str)> {
        let slug = Some(&*self.exercise).filter(|slug| is_custom(slug));
        slug.map(|slug| ("/exercise".to_owned(), slug)).into_iter().collect()
    }
}

pub(crate) fn check_superset(checks: &mut Checks, superset: Option<&Superset>) {
    match superset {
        Some(Superset::Name(name)) => checks.text("superset", Some(name), SUPERSET_CHARS_MAX),
        Some(Superset::Number(number)) => {
            checks.range("superset", Some(*number), &(0..=SUPERSET_NUMBER_MAX));
        }
        None => {}
    }
}

/// Requires a time from 1970 to 24 hours ahead (public contract).
pub(crate) fn check_time(checks: &mut Checks, field: &str, time: Timestamp) {
    if time.at.timestamp() < 0 {
        checks.reject(field, FieldCode::OutOfRange, "is before 1970");
    } else if is_ahead(time.at.to_utc(), checks.now(), AHEAD_H_MAX) {
        let detail = format!("is more than {AHEAD_H_MAX} hours ahead");
        checks.reject(field, FieldCode::OutOfRange, detail);
    }
}

pub(crate) fn is_ahead(at: DateTime<Utc>, now: DateTime<Utc>, hours: i64) -> bool {
    at > now + chrono::TimeDelta::hours(hours)
}
