//! Workout documents: a workout as the athlete entered it, which the API stores and returns, and its
//! conversion to exact units.

use crate::exercise::{Exercise, ExerciseDefinition};
use crate::set::{PerformedSet, Rpe, SetKind};
use crate::units::Grams;
use crate::volume::PerformedExercise;
use chrono::{DateTime, FixedOffset};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Definitions of the custom exercises in a workout, by slug, as of the time it was saved.
pub type CustomExercises = BTreeMap<String, ExerciseDefinition>;

/// A workout as the athlete entered it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Workout {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// Its UTC offset determines the local date of the workout.
    pub started_at: DateTime<FixedOffset>,
    /// Absent while the workout is in progress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<FixedOffset>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_weight_kg: Option<f64>,
    pub exercises: Vec<ExerciseEntry>,
    /// The highest set id ever assigned, so that none is assigned twice.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub last_set_id: u32,
}

/// An exercise of a workout, as entered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExerciseEntry {
    /// The slug of an exercise of the catalogue or of a custom exercise.
    pub exercise: String,
    /// Exercises of the same superset are performed alternately.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superset: Option<Superset>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    pub sets: Vec<SetEntry>,
}

/// The identifier of a superset within its workout, as entered: `0` or `"A"`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Superset {
    Number(u64),
    Name(String),
}

/// A set of a workout, as entered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SetEntry {
    /// Identifies the set within the workout for changes and deletions; never reused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u32>,
    pub kind: SetKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_kg: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_lb: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reps: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rpe: Option<f64>,
    /// Repetitions in reserve, an alternative to `rpe`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rir: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance_m: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest_s: Option<u32>,
    /// Present if the set was logged live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub performed_at: Option<DateTime<FixedOffset>>,
}

impl Workout {
    /// Converts its exercises to exact units and adds their muscles. Omits an exercise that is
    /// neither in the catalogue nor in `custom`; the API accepts no such exercise.
    pub fn performed_exercises(&self, custom: &CustomExercises) -> Vec<PerformedExercise> {
        self.exercises.iter().filter_map(|exercise| exercise.to_performed(custom)).collect()
    }

    /// Returns the body weight that the athlete entered for it, rounded to the gram.
    pub fn body_weight(&self) -> Option<Grams> {
        self.body_weight_kg.map(Grams::from_kg)
    }

    /// Returns its sets in order.
    pub fn sets(&self) -> impl Iterator<Item = &SetEntry> {
        self.exercises.iter().flat_map(|exercise| &exercise.sets)
    }

    /// Returns the time of its latest set, or its start if no set has a time.
    pub fn last_set_at(&self) -> DateTime<FixedOffset> {
        let times = self.sets().filter_map(|set| set.performed_at);
        times.fold(self.started_at, |last, at| if at > last { at } else { last })
    }

    /// Assigns an id to each set without one, and to each set whose id an earlier set has.
    pub fn assign_set_ids(&mut self) {
        let highest = self.sets().filter_map(|set| set.id).max().unwrap_or(0);
        let mut last = self.last_set_id.max(highest);
        let mut seen = BTreeSet::new();
        for set in self.exercises.iter_mut().flat_map(|exercise| &mut exercise.sets) {
            if set.id.is_none_or(|id| !seen.insert(id)) {
                last = last.saturating_add(1);
                set.id = Some(last);
            }
        }
        self.last_set_id = last;
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde requires this signature")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl ExerciseEntry {
    fn to_performed(&self, custom: &CustomExercises) -> Option<PerformedExercise> {
        let sets = self.sets.iter().map(SetEntry::to_performed).collect();
        let exercise = self.exercise.clone();
        let (load, primary, secondary) = if let Some(custom) = custom.get(&self.exercise) {
            (custom.load, custom.primary.clone(), custom.secondary.clone())
        } else {
            let listed = Exercise::find(&self.exercise)?;
            (listed.load, listed.primary.to_vec(), listed.secondary.to_vec())
        };
        Some(PerformedExercise { exercise, load, primary, secondary, sets })
    }
}

impl SetEntry {
    /// Creates a set without values.
    pub fn new(kind: SetKind) -> Self {
        Self { kind, ..Self::default() }
    }

    /// Returns the weight entered, rounded to the gram.
    pub fn weight(&self) -> Option<Grams> {
        self.weight_kg.map(Grams::from_kg).or_else(|| self.weight_lb.map(Grams::from_lb))
    }

    /// Returns the effort, entered as RPE or as repetitions in reserve.
    pub fn effort(&self) -> Option<Rpe> {
        self.rpe.and_then(Rpe::new).or_else(|| self.rir.and_then(Rpe::from_rir))
    }

    /// Converts the set to exact units.
    pub fn to_performed(&self) -> PerformedSet {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "input validation bounds the distance"
        )]
        let whole = |metres: f64| metres.round() as u32;
        PerformedSet {
            kind: self.kind,
            weight_grams: self.weight(),
            reps: self.reps,
            rpe: self.effort(),
            duration_s: self.duration_s,
            distance_m: self.distance_m.map(whole),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workout(ids: &[Option<u32>]) -> Workout {
        let sets =
            ids.iter().map(|id| SetEntry { id: *id, ..SetEntry::new(SetKind::Working) }).collect();
        let exercise = "pull-up".to_owned();
        Workout {
            title: None,
            notes: None,
            started_at: DateTime::parse_from_rfc3339("2026-11-23T18:00:00+01:00").unwrap(),
            ended_at: None,
            body_weight_kg: None,
            exercises: vec![ExerciseEntry { exercise, superset: None, notes: None, sets }],
            last_set_id: 0,
        }
    }

    #[test]
    fn set_ids_are_unique_and_existing_ids_are_kept() {
        let check = |given: &[Option<u32>], expected: &[u32]| {
            let mut workout = workout(given);
            workout.assign_set_ids();
            let ids: Vec<_> = workout.sets().filter_map(|set| set.id).collect();
            assert_eq!(ids, expected, "{given:?}");
        };
        check(&[None, None], &[1, 2]);
        check(&[Some(3), None, Some(1)], &[3, 4, 1]);
        check(&[Some(2), Some(2), None], &[2, 3, 4]);
        // The id of a deleted set is not reused.
        let mut workout = workout(&[None, None]);
        workout.assign_set_ids();
        workout.exercises[0].sets = vec![SetEntry::new(SetKind::Working)];
        workout.assign_set_ids();
        assert_eq!(workout.sets().next().and_then(|set| set.id), Some(3));
    }

    #[test]
    fn last_set_at_is_the_latest_time_of_a_set() {
        let mut workout = workout(&[None, None, None]);
        assert_eq!(workout.last_set_at(), workout.started_at);
        let later = DateTime::parse_from_rfc3339("2026-11-23T18:40:00+01:00").unwrap();
        workout.exercises[0].sets[1].performed_at = Some(later);
        assert_eq!(workout.last_set_at(), later);
    }
}
