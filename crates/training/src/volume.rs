//! Training volume: hard sets and tonnage of a workout, by muscle, in exact sums.

use crate::exercise::LoadType;
use crate::muscle::Muscle;
use crate::set::PerformedSet;
use crate::units::{Grams, HalfSets};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One exercise of a workout with its sets, resolved: it says itself which muscles it trains, so
/// that its volume needs no catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PerformedExercise {
    /// The exercise's slug.
    pub exercise: String,
    /// How the weight entered becomes the load moved.
    pub load: LoadType,
    /// Direct muscles.
    pub primary: Vec<Muscle>,
    /// Indirect muscles.
    pub secondary: Vec<Muscle>,
    /// The sets, in order.
    pub sets: Vec<PerformedSet>,
}

/// The volume of one workout, one day or one week.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// Workouts in it.
    pub workouts: i64,
    /// Sets that are no warm-ups.
    pub sets: i64,
    /// Load × repetitions of those sets.
    pub tonnage_grams: Grams,
    /// Hard sets, each counted once whatever it trains, in halves.
    pub hard_half_sets: HalfSets,
    /// By muscle; a muscle without any set is not there.
    pub muscles: BTreeMap<Muscle, MuscleVolume>,
}

/// What one muscle got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MuscleVolume {
    /// Direct hard sets count 2, indirect ones 1.
    pub half_sets: HalfSets,
    /// Load × repetitions of the sets in which the muscle is direct.
    pub tonnage_grams: Grams,
}

impl Volume {
    /// The volume of one workout.
    pub fn of_workout(exercises: &[PerformedExercise], body_weight: Option<Grams>) -> Self {
        let mut volume = Self { workouts: 1, ..Self::default() };
        for exercise in exercises {
            for set in exercise.sets.iter().filter(|set| !set.is_warmup()) {
                volume.add_set(exercise, set, body_weight);
            }
        }
        volume
    }

    /// The hard sets of a muscle; none when it was not trained.
    pub fn half_sets_of(&self, muscle: Muscle) -> HalfSets {
        self.muscles.get(&muscle).map(|volume| volume.half_sets).unwrap_or_default()
    }

    fn add_set(
        &mut self,
        exercise: &PerformedExercise,
        set: &PerformedSet,
        body_weight: Option<Grams>,
    ) {
        let load = exercise.load.effective_load(set.weight_grams, body_weight);
        let tonnage = Grams(load.0 * i64::from(set.reps.unwrap_or(0)));
        let (direct, indirect) = if set.is_hard() {
            (HalfSets::DIRECT, HalfSets::INDIRECT)
        } else {
            (HalfSets::default(), HalfSets::default())
        };
        self.sets += 1;
        self.tonnage_grams.0 += tonnage.0;
        self.hard_half_sets.0 += direct.0;
        for muscle in &exercise.primary {
            self.add_muscle(*muscle, direct, tonnage);
        }
        for muscle in &exercise.secondary {
            self.add_muscle(*muscle, indirect, Grams::default());
        }
    }

    fn add_muscle(&mut self, muscle: Muscle, half_sets: HalfSets, tonnage: Grams) {
        let volume = self.muscles.entry(muscle).or_default();
        volume.half_sets.0 += half_sets.0;
        volume.tonnage_grams.0 += tonnage.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::set::{Rpe, SetKind};

    fn set(kind: SetKind, kg: f64, reps: u32, rpe: Option<f64>) -> PerformedSet {
        PerformedSet {
            kind,
            weight_grams: Some(Grams::from_kg(kg)),
            reps: Some(reps),
            rpe: rpe.and_then(Rpe::new),
            duration_s: None,
            distance_m: None,
        }
    }

    fn bench(sets: Vec<PerformedSet>) -> PerformedExercise {
        PerformedExercise {
            exercise: "barbell-bench-press".to_owned(),
            load: LoadType::External,
            primary: vec![Muscle::Chest],
            secondary: vec![Muscle::FrontDelts, Muscle::Triceps],
            sets,
        }
    }

    #[test]
    fn direct_muscles_get_a_set_and_indirect_ones_half() {
        let volume = Volume::of_workout(
            &[bench(vec![
                set(SetKind::Warmup, 60.0, 10, None),
                set(SetKind::Working, 100.0, 8, Some(8.0)),
                set(SetKind::Working, 100.0, 7, None),
                set(SetKind::Working, 110.0, 3, Some(9.0)),
            ])],
            None,
        );
        assert_eq!(volume.workouts, 1);
        assert_eq!(volume.sets, 3);
        assert_eq!(volume.tonnage_grams, Grams::from_kg(800.0 + 700.0 + 330.0));
        assert_eq!(volume.hard_half_sets, HalfSets::whole(2));
        assert_eq!(volume.half_sets_of(Muscle::Chest), HalfSets(4));
        assert_eq!(volume.half_sets_of(Muscle::Triceps), HalfSets(2));
        assert_eq!(volume.half_sets_of(Muscle::Quads), HalfSets(0));
        assert_eq!(volume.muscles[&Muscle::Triceps].tonnage_grams, Grams(0));
    }

    #[test]
    fn a_workout_of_nothing_is_one_workout_without_volume() {
        let volume = Volume::of_workout(&[], None);
        assert_eq!(volume, Volume { workouts: 1, ..Volume::default() });
    }

    #[test]
    fn body_weight_is_part_of_the_tonnage_when_it_is_known() {
        let pull_up = PerformedExercise {
            exercise: "pull-up".to_owned(),
            load: LoadType::Bodyweight { percent: 100 },
            primary: vec![Muscle::Back],
            secondary: vec![Muscle::Biceps],
            sets: vec![set(SetKind::Working, 10.0, 10, None)],
        };
        let heavy = Volume::of_workout(std::slice::from_ref(&pull_up), Some(Grams::from_kg(80.0)));
        let unknown = Volume::of_workout(&[pull_up], None);
        assert_eq!(heavy.tonnage_grams, Grams::from_kg(900.0));
        assert_eq!(unknown.tonnage_grams, Grams::from_kg(100.0));
    }
}
