//! Workout documents: a workout as the athlete entered it, which the API stores and returns, and its
//! conversion to exact units.

use crate::exercise::{Exercise, ExerciseDefinition};
use crate::limits::{LASTS_MAX, SUPERSET_CHARS_MAX, SUPERSET_NUMBER_MAX};
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

    /// Whether it has the same sets of the same exercises, as far as they count: notes, times, the ids
    /// of sets and exercises without a set may differ.
    pub fn has_sets_of(&self, other: &Self) -> bool {
        self.counted_sets().eq(other.counted_sets())
    }

    fn counted_sets(&self) -> impl Iterator<Item = (&str, PerformedSet)> {
        self.exercises.iter().flat_map(|entry| {
            entry.sets.iter().map(|set| (entry.exercise.as_str(), set.to_performed()))
        })
    }

    /// Returns its sets in order.
    pub fn sets(&self) -> impl Iterator<Item = &SetEntry> {
        self.exercises.iter().flat_map(|exercise| &exercise.sets)
    }

    /// Returns the end of a workout that was left open: the time of its latest set, or its start if
    /// no set has a time; at most [`LASTS_MAX`] after its start.
    pub fn end_if_left_open(&self) -> DateTime<FixedOffset> {
        let times = self.sets().filter_map(|set| set.performed_at);
        let last = times.fold(self.started_at, |last, at| if at > last { at } else { last });
        last.min(self.started_at + LASTS_MAX)
    }

    /// Assigns ids to the sets of a new workout, in order. Ids that it has already are replaced: they
    /// are the server's.
    pub fn assign_new_set_ids(&mut self) {
        self.last_set_id = 0;
        self.sets_mut().for_each(|set| set.id = None);
        self.assign_set_ids();
    }

    /// Keeps the ids of sets that `current` has, and assigns new ids to the sets without one.
    ///
    /// # Errors
    /// The positions of sets, each as exercise and set, with an id that `current` does not have or
    /// that an earlier set has.
    pub fn adopt_set_ids(&mut self, current: &Self) -> Result<(), Vec<(usize, usize)>> {
        let mut free: BTreeSet<_> = current.sets().filter_map(|set| set.id).collect();
        let mut rejected = Vec::new();
        for (exercise, entry) in self.exercises.iter().enumerate() {
            for (set, entry) in entry.sets.iter().enumerate() {
                if entry.id.is_some_and(|id| !free.remove(&id)) {
                    rejected.push((exercise, set));
                }
            }
        }
        if !rejected.is_empty() {
            return Err(rejected);
        }
        self.last_set_id = current.last_set_id;
        self.assign_set_ids();
        Ok(())
    }

    /// Assigns an id to each set without one.
    pub fn assign_set_ids(&mut self) {
        let highest = self.sets().filter_map(|set| set.id).max().unwrap_or(0);
        let mut last = self.last_set_id.max(highest);
        for set in self.sets_mut().filter(|set| set.id.is_none()) {
            last = last.saturating_add(1);
            set.id = Some(last);
        }
        self.last_set_id = last;
    }

    fn sets_mut(&mut self) -> impl Iterator<Item = &mut SetEntry> {
        self.exercises.iter_mut().flat_map(|exercise| &mut exercise.sets)
    }
}

impl Superset {
    /// Whether it is within the limits of the API: a number that every JSON reader keeps exactly, or
    /// a name of at most [`SUPERSET_CHARS_MAX`] characters.
    pub fn is_valid(&self) -> bool {
        match self {
            Self::Number(number) => *number <= SUPERSET_NUMBER_MAX,
            Self::Name(name) => name.chars().count() <= SUPERSET_CHARS_MAX,
        }
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

    fn ids(workout: &Workout) -> Vec<u32> {
        workout.sets().filter_map(|set| set.id).collect()
    }

    #[test]
    fn new_workout_gets_ids_in_order_whatever_it_has() {
        let check = |given: &[Option<u32>]| {
            let mut workout = workout(given);
            workout.last_set_id = 7;
            workout.assign_new_set_ids();
            assert_eq!((ids(&workout), workout.last_set_id), (vec![1, 2, 3], 3), "{given:?}");
        };
        check(&[None, None, None]);
        check(&[Some(1_000_000), None, Some(1_000_000)]);
        check(&[Some(u32::MAX), Some(3), Some(2)]);
    }

    #[test]
    fn changed_workout_keeps_ids_and_rejects_unknown_ones() {
        let mut current = workout(&[Some(1), Some(2), Some(4)]);
        current.last_set_id = 5;
        let check = |given: &[Option<u32>], expected: Result<&[u32], &[(usize, usize)]>| {
            let mut changed = workout(given);
            let result = changed.adopt_set_ids(&current).map(|()| ids(&changed));
            let expected = expected.map(<[u32]>::to_vec).map_err(<[(usize, usize)]>::to_vec);
            assert_eq!(result, expected, "{given:?}");
        };
        check(&[Some(1), Some(2), Some(4)], Ok(&[1, 2, 4]));
        // The ids of deleted sets are not assigned again.
        check(&[None, Some(4), Some(2), None], Ok(&[6, 4, 2, 7]));
        check(&[Some(1), Some(1), Some(3), Some(1_000_000)], Err(&[(0, 1), (0, 2), (0, 3)]));
    }

    #[test]
    fn sets_are_compared_by_exercise_and_performance() {
        let before = workout(&[Some(1), Some(2)]);
        let check = |same: bool, change: &dyn Fn(&mut ExerciseEntry)| {
            let mut after = before.clone();
            change(&mut after.exercises[0]);
            assert_eq!(after.has_sets_of(&before), same, "{after:?}");
        };
        check(true, &|_| {});
        check(true, &|entry| entry.notes = Some("Slow".to_owned()));
        check(true, &|entry| entry.sets[0] = SetEntry::new(SetKind::Working));
        check(false, &|entry| entry.sets[0].reps = Some(5));
        check(false, &|entry| entry.sets[0].kind = SetKind::Warmup);
        check(false, &|entry| entry.sets.truncate(1));
        check(false, &|entry| entry.exercise = "dip".to_owned());
        let mut without_sets = before.clone();
        without_sets.exercises.push(workout(&[]).exercises.remove(0));
        assert!(without_sets.has_sets_of(&before));
        let other = Workout { exercises: Vec::new(), ..before.clone() };
        assert!(!other.has_sets_of(&before) && !before.has_sets_of(&other));
    }

    #[test]
    fn left_open_workout_ends_with_its_latest_set() {
        let mut workout = workout(&[None, None, None]);
        assert_eq!(workout.end_if_left_open(), workout.started_at);
        let later = DateTime::parse_from_rfc3339("2026-11-23T18:40:00+01:00").unwrap();
        workout.exercises[0].sets[1].performed_at = Some(later);
        assert_eq!(workout.end_if_left_open(), later);
        workout.exercises[0].sets[2].performed_at = Some(later + LASTS_MAX);
        assert_eq!(workout.end_if_left_open(), workout.started_at + LASTS_MAX);
    }

    #[test]
    fn superset_is_a_short_name_or_an_exact_number() {
        let check = |superset, valid| assert_eq!(Superset::is_valid(&superset), valid);
        check(Superset::Number((1 << 53) - 1), true);
        check(Superset::Number(1 << 53), false);
        check(Superset::Name("ä".repeat(SUPERSET_CHARS_MAX)), true);
        check(Superset::Name("ä".repeat(SUPERSET_CHARS_MAX + 1)), false);
    }
}
