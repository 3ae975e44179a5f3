//! Training volume: the number of hard sets and the tonnage of a workout, by muscle.

use crate::exercise::LoadType;
use crate::muscle::Muscle;
use crate::set::PerformedSet;
use crate::units::{Grams, HalfSets};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An exercise of a workout with its performed sets. It contains its load type and its muscles, so
/// that computing its volume needs no catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PerformedExercise {
    /// The exercise's slug.
    pub exercise: String,
    pub load: LoadType,
    pub primary: Vec<Muscle>,
    pub secondary: Vec<Muscle>,
    pub sets: Vec<PerformedSet>,
}

impl PerformedExercise {
    /// Whether it is a strength exercise. Only those have muscles.
    pub fn is_strength(&self) -> bool {
        !self.primary.is_empty()
    }

    /// Returns the tonnage of one of its sets: effective load × repetitions.
    pub fn tonnage(&self, set: &PerformedSet, body_weight: Option<Grams>) -> Grams {
        let load = self.load.effective_load(set.weight_grams, body_weight);
        Grams(load.0 * i64::from(set.reps.unwrap_or(0)))
    }
}

/// The volume of a workout, a day or a week.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Volume {
    pub workouts: i64,
    /// Number of sets other than warm-ups.
    pub sets: i64,
    /// Effective load × repetitions, summed over those sets.
    pub tonnage_grams: Grams,
    /// Hard sets, each counted once regardless of its muscles.
    pub hard_half_sets: HalfSets,
    /// Muscles without any set are absent.
    pub muscles: BTreeMap<Muscle, MuscleVolume>,
}

/// The volume of one muscle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MuscleVolume {
    /// A direct hard set counts 2, an indirect one 1.
    pub half_sets: HalfSets,
    /// Effective load × repetitions of the sets in which the muscle is direct.
    pub tonnage_grams: Grams,
    /// The hard sets in which the muscle is direct, a part of `half_sets`, without unmarked warm-ups
    /// ([`PerformedSet::is_unmarked_warmup`]). Landmarks count these. Stored, and not in events.
    #[serde(skip)]
    pub direct_sets: i64,
}

impl MuscleVolume {
    /// Returns the direct sets in the unit of landmarks.
    pub const fn direct_half_sets(&self) -> HalfSets {
        HalfSets(self.direct_sets * HalfSets::DIRECT.0)
    }
}

impl Volume {
    /// Computes the volume of a workout.
    pub fn of_workout(exercises: &[PerformedExercise], body_weight: Option<Grams>) -> Self {
        let mut volume = Self { workouts: 1, ..Self::default() };
        for exercise in exercises {
            let counted = || exercise.sets.iter().filter(|set| !set.is_warmup());
            let top = counted().filter_map(|set| set.weight_grams).max();
            for set in counted() {
                volume.add_set(exercise, set, top, body_weight);
            }
        }
        volume
    }

    /// Returns the direct hard sets of a muscle, which landmarks count; 0 if it was not trained.
    pub fn direct_sets_of(&self, muscle: Muscle) -> HalfSets {
        HalfSets(self.muscles.get(&muscle).map_or(0, |volume| volume.direct_half_sets().0))
    }

    /// Returns the hard sets of a muscle, 0 if it was not trained.
    pub fn half_sets_of(&self, muscle: Muscle) -> HalfSets {
        self.muscles.get(&muscle).map(|volume| volume.half_sets).unwrap_or_default()
    }

    fn add_set(
        &mut self,
        exercise: &PerformedExercise,
        set: &PerformedSet,
        top: Option<Grams>,
        body_weight: Option<Grams>,
    ) {
        let tonnage = exercise.tonnage(set, body_weight);
        let is_hard = set.is_hard() && exercise.is_strength();
        let (direct, indirect) = if is_hard {
            (HalfSets::DIRECT, HalfSets::INDIRECT)
        } else {
            (HalfSets::default(), HalfSets::default())
        };
        self.sets += 1;
        self.tonnage_grams.0 += tonnage.0;
        self.hard_half_sets.0 += direct.0;
        for muscle in &exercise.primary {
            let is_direct = is_hard && !set.is_unmarked_warmup(top);
            self.add_muscle(*muscle, direct, tonnage).direct_sets += i64::from(is_direct);
        }
        for muscle in &exercise.secondary {
            self.add_muscle(*muscle, indirect, Grams::default());
        }
    }

    fn add_muscle(
        &mut self,
        muscle: Muscle,
        half_sets: HalfSets,
        tonnage: Grams,
    ) -> &mut MuscleVolume {
        let volume = self.muscles.entry(muscle).or_default();
        volume.half_sets.0 += half_sets.0;
        volume.tonnage_grams.0 += tonnage.0;
        volume
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
    fn direct_muscles_get_one_set_and_indirect_muscles_half() {
        let volume = Volume::of_workout(
            &[bench(vec![
                set(SetKind::Warmup, 60.0, 10, None),
                set(SetKind::Working, 100.0, 8, Some(8.0)),
                set(SetKind::Working, 100.0, 7, None),
                set(SetKind::Working, 110.0, 3, Some(9.0)),
                set(SetKind::Working, 110.0, 31, Some(9.0)),
                set(SetKind::Working, 60.0, 10, None),
            ])],
            None,
        );
        assert_eq!(volume.workouts, 1);
        assert_eq!(volume.sets, 5);
        let tonnage_kg = 800.0 + 700.0 + 330.0 + 3_410.0 + 600.0;
        assert_eq!(volume.tonnage_grams, Grams::from_kg(tonnage_kg));
        assert_eq!(volume.hard_half_sets, HalfSets::whole(4));
        assert_eq!(volume.half_sets_of(Muscle::Chest), HalfSets(8));
        assert_eq!(volume.half_sets_of(Muscle::Triceps), HalfSets(4));
        assert_eq!(volume.half_sets_of(Muscle::Quads), HalfSets(0));
        assert_eq!(volume.muscles[&Muscle::Triceps].tonnage_grams, Grams(0));
        let direct = |muscle| volume.muscles[&muscle].direct_sets;
        // The last set is an unmarked warm-up: it counts in the totals alone.
        assert_eq!((direct(Muscle::Chest), direct(Muscle::Triceps)), (3, 0));
        assert_eq!(volume.direct_sets_of(Muscle::Chest), HalfSets(6));
    }

    #[test]
    fn set_of_cardio_is_no_hard_set() {
        let burpees = PerformedExercise {
            exercise: "burpee".to_owned(),
            primary: Vec::new(),
            secondary: Vec::new(),
            ..bench(vec![set(SetKind::Working, 0.0, 20, Some(9.0))])
        };
        let volume = Volume::of_workout(&[burpees], None);
        assert_eq!(volume, Volume { workouts: 1, sets: 1, ..Volume::default() });
    }

    #[test]
    fn empty_workout_counts_as_one_workout_without_volume() {
        let volume = Volume::of_workout(&[], None);
        assert_eq!(volume, Volume { workouts: 1, ..Volume::default() });
    }

    #[test]
    fn known_body_weight_is_part_of_the_tonnage() {
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
