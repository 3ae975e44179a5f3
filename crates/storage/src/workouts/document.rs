//! The stored form of a workout as entered: JSON that a reader of the table understands, at a third of the
//! size of the API's. A test pins it.
//!
//! ```json
//! {"started_at":"2026-11-23T18:00:00+01:00","ended_at":"2026-11-23T19:05:00+01:00","exercises":[
//!  {"exercise":"barbell-bench-press","sets":[[8,60],[8,60,8],[6,{"lb":135},{"rir":2},"warmup"]]}]}
//! ```
//!
//! A set is an array: repetitions, weight (kilograms, or an object with the unit), effort (RPE, or an object
//! with `rir`), kind, time (seconds after the start, or an instant), id, rest, duration in seconds, distance
//! in meters. Absent values at the end are left out. The kind is left out if it is `working`, the id if
//! it is the one after that of the set before it.

use chrono::{DateTime, FixedOffset, TimeDelta};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Number, Value, json};
use training::{ExerciseEntry, SetEntry, SetKind, Superset, Workout};

/// A workout as stored. It is parsed when its row is read; the error of an invalid one is its own, so that it
/// does not hide the other rows of a result.
#[derive(Clone, Debug, PartialEq)]
pub struct Document(Result<Workout, String>);

impl Document {
    pub(crate) fn get(&self) -> Result<&Workout, serde_json::Error> {
        self.0.as_ref().map_err(serde_json::Error::custom)
    }
}

impl From<Workout> for Document {
    fn from(workout: Workout) -> Self {
        Self(Ok(workout))
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(Self(decode(&text).map_err(|error| shared_kernel::without_values(&error))))
    }
}

/// Returns the stored form of a workout.
pub(crate) fn encode(workout: &Workout) -> Result<String, serde_json::Error> {
    let mut last_id = 0;
    let exercises = workout.exercises.iter().map(|entry| StoredExercise {
        exercise: entry.exercise.clone(),
        superset: entry.superset.clone(),
        notes: entry.notes.clone(),
        sets: entry.sets.iter().map(|set| stored_set(set, workout, &mut last_id)).collect(),
    });
    let exercises = exercises.collect();
    serde_json::to_string(&StoredDocument {
        title: workout.title.clone(),
        notes: workout.notes.clone(),
        started_at: workout.started_at,
        ended_at: workout.ended_at,
        body_weight_kg: workout.body_weight_kg.map(number),
        exercises,
        last_set_id: (workout.last_set_id != last_id).then_some(workout.last_set_id),
    })
}

/// Parses the stored form of a workout.
pub(crate) fn decode(text: &str) -> Result<Workout, serde_json::Error> {
    let stored: StoredDocument = shared_kernel::json::from_str(text)?;
    let mut last_id = 0;
    let started_at = stored.started_at;
    let exercises = stored.exercises.into_iter().map(|entry| {
        let sets = entry.sets.iter().map(|set| set_entry(set, started_at, &mut last_id));
        Ok(ExerciseEntry {
            exercise: entry.exercise,
            superset: entry.superset,
            notes: entry.notes,
            sets: sets.collect::<Result<_, serde_json::Error>>()?,
        })
    });
    let exercises = exercises.collect::<Result<_, serde_json::Error>>()?;
    Ok(Workout {
        title: stored.title,
        notes: stored.notes,
        started_at,
        ended_at: stored.ended_at,
        body_weight_kg: stored.body_weight_kg.and_then(|number| number.as_f64()),
        exercises,
        last_set_id: stored.last_set_id.unwrap_or(last_id),
    })
}

#[derive(Serialize, Deserialize)]
struct StoredDocument {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    notes: Option<String>,
    started_at: DateTime<FixedOffset>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended_at: Option<DateTime<FixedOffset>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body_weight_kg: Option<Number>,
    exercises: Vec<StoredExercise>,
    /// Left out if the last set has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_set_id: Option<u32>,
}

#[derive(Serialize, Deserialize)]
struct StoredExercise {
    exercise: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    superset: Option<Superset>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    notes: Option<String>,
    sets: Vec<StoredSet>,
}

/// A set, in the order of the array. JSON values, because typed elements of several forms would make the code
/// three times as long.
type StoredSet = Vec<Value>;

fn stored_set(set: &SetEntry, workout: &Workout, last_id: &mut u32) -> StoredSet {
    let follows = set.id.is_some() && set.id == last_id.checked_add(1);
    *last_id = set.id.unwrap_or(*last_id);
    let optional = |value: Option<u32>| value.map_or(Value::Null, Value::from);
    let mut values = vec![
        optional(set.reps),
        with_unit(set.weight_kg, ("kg", "lb"), set.weight_lb),
        with_unit(set.rpe, ("rpe", "rir"), set.rir),
        match set.kind {
            SetKind::Working => Value::Null,
            kind @ (SetKind::Warmup | SetKind::Drop | SetKind::Failure) => json!(kind),
        },
        set.performed_at.map_or(Value::Null, |at| stored_time(workout.started_at, at)),
        // An absent id is 0, which no set has.
        if follows { Value::Null } else { Value::from(set.id.unwrap_or(0)) },
        optional(set.rest_s),
        optional(set.duration_s),
        set.distance_m.map_or(Value::Null, |distance| Value::Number(number(distance))),
    ];
    let len = values.iter().rposition(|value| !value.is_null()).map_or(0, |last| last + 1);
    values.truncate(len);
    values
}

/// A value in the usual unit, or an object with the units of the values that are present.
fn with_unit(usual: Option<f64>, names: (&str, &str), other: Option<f64>) -> Value {
    match (usual.map(number), other.map(number)) {
        (None, None) => Value::Null,
        (Some(usual), None) => Value::Number(usual),
        (usual, Some(other)) => {
            let mut object = Map::new();
            object.extend(usual.map(|usual| (names.0.to_owned(), Value::Number(usual))));
            object.insert(names.1.to_owned(), Value::Number(other));
            Value::Object(object)
        }
    }
}

fn set_entry(
    values: &[Value],
    started_at: DateTime<FixedOffset>,
    last_id: &mut u32,
) -> Result<SetEntry, serde_json::Error> {
    let value = |index: usize| values.get(index).unwrap_or(&Value::Null);
    let integer = |index| match value(index) {
        Value::Null => Ok(None),
        number => number
            .as_u64()
            .and_then(|number| u32::try_from(number).ok())
            .map(Some)
            .ok_or_else(|| invalid("a set has an invalid number")),
    };
    let id = match integer(5)? {
        None => last_id.checked_add(1),
        Some(0) => None,
        id => id,
    };
    *last_id = id.unwrap_or(*last_id);
    let (weight_kg, weight_lb) = from_unit(value(1), ("kg", "lb"));
    let (rpe, rir) = from_unit(value(2), ("rpe", "rir"));
    Ok(SetEntry {
        id,
        kind: match value(3) {
            Value::Null => SetKind::Working,
            name => SetKind::deserialize(name)?,
        },
        weight_kg,
        weight_lb,
        reps: integer(0)?,
        rpe,
        rir,
        duration_s: integer(7)?,
        distance_m: value(8).as_f64(),
        rest_s: integer(6)?,
        performed_at: performed_at(value(4), started_at)?,
    })
}

fn from_unit(value: &Value, names: (&str, &str)) -> (Option<f64>, Option<f64>) {
    let part = |name| value.get(name).and_then(Value::as_f64);
    (value.as_f64().or_else(|| part(names.0)), part(names.1))
}

/// The seconds after the start if they are whole and the offset is the same, otherwise the instant.
fn stored_time(started_at: DateTime<FixedOffset>, at: DateTime<FixedOffset>) -> Value {
    let after = at - started_at;
    let is_whole = TimeDelta::seconds(after.num_seconds()) == after;
    if is_whole && at.offset() == started_at.offset() {
        Value::from(after.num_seconds())
    } else {
        Value::from(at.to_rfc3339())
    }
}

fn performed_at(
    value: &Value,
    started_at: DateTime<FixedOffset>,
) -> Result<Option<DateTime<FixedOffset>>, serde_json::Error> {
    let at = match value {
        Value::Null => return Ok(None),
        Value::String(text) => DateTime::parse_from_rfc3339(text).ok(),
        seconds => seconds
            .as_i64()
            .and_then(TimeDelta::try_seconds)
            .and_then(|after| started_at.checked_add_signed(after)),
    };
    at.map(Some).ok_or_else(|| invalid("a set has an invalid time"))
}

fn invalid(message: &str) -> serde_json::Error {
    serde_json::Error::custom(message)
}

/// Whole numbers without a fraction: `60`, not `60.0`. A finite number has a JSON form; the API accepts no
/// other.
#[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
fn number(value: f64) -> Number {
    const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() < WHOLE_MAX {
        Number::from(value as i64)
    } else {
        Number::from_f64(value).unwrap_or_else(|| Number::from(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> DateTime<FixedOffset> {
        DateTime::parse_from_rfc3339(text).unwrap()
    }

    #[test]
    fn stored_form_is_stable() {
        let start = at("2026-11-23T18:00:00+01:00");
        let set = |id, reps, kg: f64| SetEntry {
            id: Some(id),
            reps: Some(reps),
            weight_kg: Some(kg),
            ..SetEntry::default()
        };
        let live =
            SetEntry { performed_at: Some(start + TimeDelta::seconds(150)), ..set(4, 5, 62.5) };
        let pounds = SetEntry {
            kind: SetKind::Warmup,
            weight_kg: None,
            weight_lb: Some(135.0),
            rir: Some(2.0),
            ..set(2, 10, 0.0)
        };
        let hold = SetEntry { id: Some(9), duration_s: Some(60), ..SetEntry::default() };
        let workout = Workout {
            title: Some("Push".to_owned()),
            notes: None,
            started_at: start,
            ended_at: None,
            body_weight_kg: Some(80.0),
            exercises: vec![
                ExerciseEntry {
                    exercise: "barbell-bench-press".to_owned(),
                    superset: None,
                    notes: None,
                    sets: vec![
                        set(1, 8, 60.0),
                        pounds,
                        SetEntry { rpe: Some(8.5), ..set(3, 8, 60.0) },
                        live,
                    ],
                },
                ExerciseEntry {
                    exercise: "plank".to_owned(),
                    superset: Some(Superset::Name("A".to_owned())),
                    notes: Some("hard".to_owned()),
                    sets: vec![hold],
                },
            ],
            last_set_id: 9,
        };
        let text = encode(&workout).unwrap();
        assert_eq!(
            text,
            r#"{"title":"Push","started_at":"2026-11-23T18:00:00+01:00","body_weight_kg":80,"exercises":[{"exercise":"barbell-bench-press","sets":[[8,60],[10,{"lb":135},{"rir":2},"warmup"],[8,60,8.5],[5,62.5,null,null,150]]},{"exercise":"plank","superset":"A","notes":"hard","sets":[[null,null,null,null,null,9,null,60]]}]}"#
        );
        assert_eq!(decode(&text).unwrap(), workout);
    }

    /// Also numbers of 17 digits, as a conversion from pounds gives.
    fn measure() -> impl Strategy<Value = Option<f64>> {
        prop::option::of(prop_oneof![
            (0..200_000).prop_map(|hundredths| f64::from(hundredths) / 100.0),
            0.0..2_000.0,
        ])
    }

    prop_compose! {
        fn any_set()(
            id in prop::option::of(1..=u32::MAX),
            kind in prop::sample::select(vec![
                SetKind::Warmup, SetKind::Working, SetKind::Drop, SetKind::Failure,
            ]),
            weight_kg in measure(),
            weight_lb in measure(),
            reps in prop::option::of(any::<u32>()),
            effort in prop::option::of((0..20_u8, any::<bool>())),
            duration_s in prop::option::of(any::<u32>()),
            distance_m in measure(),
            rest_s in prop::option::of(any::<u32>()),
            seconds in prop::option::of((-90_000..90_000_i64, 0..2_000_i64, -14..14_i32)),
        ) -> SetEntry {
            let halves = effort.map(|(halves, _)| f64::from(halves) / 2.0);
            let is_rpe = effort.is_some_and(|(_, is_rpe)| is_rpe);
            let performed_at = seconds.map(|(seconds, ms, hours)| {
                let at = at("2026-11-23T18:00:00+01:00") + TimeDelta::seconds(seconds);
                let at = if ms < 1_000 { at + TimeDelta::milliseconds(ms) } else { at };
                at.with_timezone(&FixedOffset::east_opt(hours * 3_600).unwrap())
            });
            SetEntry {
                id, kind, weight_kg, weight_lb, reps, duration_s, distance_m, rest_s, performed_at,
                rpe: halves.filter(|_| is_rpe),
                rir: halves.filter(|_| !is_rpe),
            }
        }
    }

    proptest! {
        #[test]
        fn stored_workout_is_read_as_it_was(
            sets in prop::collection::vec(prop::collection::vec(any_set(), 0..6), 0..4),
            last_set_id in any::<u32>(),
        ) {
            let exercises = sets.into_iter().map(|sets| ExerciseEntry {
                exercise: "plank".to_owned(),
                superset: None,
                notes: None,
                sets,
            });
            let workout = Workout {
                title: None,
                notes: None,
                started_at: at("2026-11-23T18:00:00+01:00"),
                ended_at: None,
                body_weight_kg: None,
                exercises: exercises.collect(),
                last_set_id,
            };
            prop_assert_eq!(decode(&encode(&workout).unwrap()).unwrap(), workout);
        }
    }
}
