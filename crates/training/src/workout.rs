//! A workout as the athlete entered it: the document that is stored and given back, and what it
//! becomes in exact units.

use crate::exercise::{Exercise, ExerciseDefinition};
use crate::set::{PerformedSet, Rpe, SetKind};
use crate::units::Grams;
use crate::volume::PerformedExercise;
use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The athlete's custom exercises that a workout names, by slug, as they were when it was saved.
pub type CustomExercises = BTreeMap<String, ExerciseDefinition>;

/// A workout as the athlete entered it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workout {
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What the athlete wrote about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// When it began, in the athlete's own offset: that decides the local day.
    pub started_at: DateTime<FixedOffset>,
    /// When it ended; none while it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<FixedOffset>>,
    /// The body weight of that day, where the athlete entered one for this workout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_weight_kg: Option<f64>,
    /// The exercises in order.
    pub exercises: Vec<ExerciseEntry>,
    /// The highest number that a set ever had, so that none is given twice.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub last_set_id: u32,
}

/// One exercise of a workout, as entered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExerciseEntry {
    /// Its slug, in the catalogue or among the athlete's own.
    pub exercise: String,
    /// Exercises with the same one are done in turns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superset: Option<Superset>,
    /// What the athlete wrote about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// The sets in order.
    pub sets: Vec<SetEntry>,
}

/// The name of a superset within its workout, as entered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Superset {
    /// `0`
    Number(u64),
    /// `"A"`
    Name(String),
}

/// One set, as entered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SetEntry {
    /// Its number within the workout, by which it is corrected or removed; no other set of the
    /// workout ever has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u32>,
    /// What kind of set.
    pub kind: SetKind,
    /// The weight, where it was entered in kilograms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_kg: Option<f64>,
    /// The weight, where it was entered in pounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_lb: Option<f64>,
    /// Repetitions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reps: Option<u32>,
    /// Effort, where it was entered as RPE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rpe: Option<f64>,
    /// Effort, where it was entered as repetitions in reserve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rir: Option<f64>,
    /// Length of a hold, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<u32>,
    /// Distance of a carry, in metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance_m: Option<f64>,
    /// Rest after it, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest_s: Option<u32>,
    /// When it was done; a set logged live has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub performed_at: Option<DateTime<FixedOffset>>,
}

impl Workout {
    /// Its exercises in exact units, each with what says whom it trains. One that is neither in
    /// the catalogue nor in `own` counts for nothing; nobody can enter such a one.
    pub fn performed_exercises(&self, own: &CustomExercises) -> Vec<PerformedExercise> {
        self.exercises.iter().filter_map(|exercise| exercise.to_performed(own)).collect()
    }

    /// The body weight that the athlete entered for it.
    pub fn body_weight(&self) -> Option<Grams> {
        self.body_weight_kg.map(Grams::from_kg)
    }

    /// Its sets in order.
    pub fn sets(&self) -> impl Iterator<Item = &SetEntry> {
        self.exercises.iter().flat_map(|exercise| &exercise.sets)
    }

    /// When it ended, as far as its sets know: at the last that has a time, else as it began.
    pub fn last_set_at(&self) -> DateTime<FixedOffset> {
        let times = self.sets().filter_map(|set| set.performed_at);
        times.fold(self.started_at, |last, at| if at > last { at } else { last })
    }

    /// Gives a number to each set that has none, or one that an earlier set has.
    pub fn assign_set_ids(&mut self) {
        let highest = self.sets().filter_map(|set| set.id).max().unwrap_or(0);
        let mut last = self.last_set_id.max(highest);
        let mut taken = BTreeSet::new();
        for set in self.exercises.iter_mut().flat_map(|exercise| &mut exercise.sets) {
            if set.id.is_none_or(|id| !taken.insert(id)) {
                last = last.saturating_add(1);
                set.id = Some(last);
            }
        }
        self.last_set_id = last;
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl ExerciseEntry {
    fn to_performed(&self, own: &CustomExercises) -> Option<PerformedExercise> {
        let sets = self.sets.iter().map(SetEntry::to_performed).collect();
        let exercise = self.exercise.clone();
        if let Some(own) = own.get(&self.exercise) {
            let (primary, secondary) = (own.primary.clone(), own.secondary.clone());
            return Some(PerformedExercise { exercise, load: own.load, primary, secondary, sets });
        }
        let known = Exercise::find(&self.exercise)?;
        let (primary, secondary) = (known.primary.to_vec(), known.secondary.to_vec());
        Some(PerformedExercise { exercise, load: known.load, primary, secondary, sets })
    }
}

impl SetEntry {
    /// A set of a kind of which nothing is known yet.
    pub const fn new(kind: SetKind) -> Self {
        Self {
            id: None,
            kind,
            weight_kg: None,
            weight_lb: None,
            reps: None,
            rpe: None,
            rir: None,
            duration_s: None,
            distance_m: None,
            rest_s: None,
            performed_at: None,
        }
    }

    /// The weight entered, in whole grams.
    pub fn weight(&self) -> Option<Grams> {
        self.weight_kg.map(Grams::from_kg).or_else(|| self.weight_lb.map(Grams::from_lb))
    }

    /// The effort, however it was entered.
    pub fn effort(&self) -> Option<Rpe> {
        self.rpe.and_then(Rpe::new).or_else(|| self.rir.and_then(Rpe::from_rir))
    }

    /// The set in exact units.
    pub fn to_performed(&self) -> PerformedSet {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "bounded when it was read"
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
    fn every_set_gets_a_number_of_its_own_and_keeps_one_that_is() {
        let check = |given: &[Option<u32>], numbers: &[u32]| {
            let mut workout = workout(given);
            workout.assign_set_ids();
            let ids: Vec<_> = workout.sets().filter_map(|set| set.id).collect();
            assert_eq!(ids, numbers, "{given:?}");
        };
        check(&[None, None], &[1, 2]);
        check(&[Some(3), None, Some(1)], &[3, 4, 1]);
        check(&[Some(2), Some(2), None], &[2, 3, 4]);
        // The number of a set that was removed is not given again.
        let mut workout = workout(&[None, None]);
        workout.assign_set_ids();
        workout.exercises[0].sets = vec![SetEntry::new(SetKind::Working)];
        workout.assign_set_ids();
        assert_eq!(workout.sets().next().and_then(|set| set.id), Some(3));
    }

    #[test]
    fn a_workout_ended_with_its_last_set_that_has_a_time() {
        let mut workout = workout(&[None, None, None]);
        assert_eq!(workout.last_set_at(), workout.started_at);
        let later = DateTime::parse_from_rfc3339("2026-11-23T18:40:00+01:00").unwrap();
        workout.exercises[0].sets[1].performed_at = Some(later);
        assert_eq!(workout.last_set_at(), later);
    }
}
