//! The performance in each exercise of a workout: sets, tonnage and estimated one-rep maxima.
//!
//! Several entries of the same exercise in a workout count as one. Warm-ups never count.

use crate::e1rm::{E1rmFormula, estimate};
use crate::exercise::LoadType;
use crate::set::{PerformedSet, Rpe};
use crate::units::Grams;
use crate::volume::PerformedExercise;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The performance in one exercise of a workout.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExercisePerformance {
    /// Number of sets other than warm-ups.
    pub sets: i64,
    /// Effective load × repetitions, summed over those sets as in [`crate::Volume`].
    pub tonnage_grams: Grams,
    /// The set with the highest e1RM for each formula; formulas without an estimate are absent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub best: BTreeMap<E1rmFormula, BestSet>,
}

/// The set with the highest e1RM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BestSet {
    pub e1rm_grams: Grams,
    /// The load of the estimate; see [`performances`].
    pub load_grams: Grams,
    /// The weight as entered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_grams: Option<Grams>,
    pub reps: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rpe: Option<Rpe>,
}

/// Computes the performance in each exercise of a workout, by slug. Omits exercises with warm-ups
/// only.
///
/// The load of an estimate is the weight entered: per hand for dumbbells. For body-weight exercises
/// it is the effective load; if the body weight is unknown there is no estimate, since the added
/// weight alone would be misleading. Only strength exercises have estimates. Of equal estimates the
/// earlier set is used.
pub fn performances(
    exercises: &[PerformedExercise],
    body_weight: Option<Grams>,
) -> BTreeMap<String, ExercisePerformance> {
    let mut performances = BTreeMap::<String, ExercisePerformance>::new();
    for (exercise, set) in counted_sets(exercises) {
        let performance = performances.entry(exercise.exercise.clone()).or_default();
        performance.sets += 1;
        performance.tonnage_grams.0 += exercise.tonnage(set, body_weight).0;
        for formula in E1rmFormula::ALL.into_iter().filter(|_| exercise.is_strength()) {
            let Some(candidate) = to_best_set(formula, exercise.load, set, body_weight) else {
                continue;
            };
            let best = performance.best.entry(formula).or_insert(candidate);
            if candidate.e1rm_grams > best.e1rm_grams {
                *best = candidate;
            }
        }
    }
    performances
}

/// Returns the sets other than warm-ups, each with its exercise, in order.
pub fn counted_sets(
    exercises: &[PerformedExercise],
) -> impl Iterator<Item = (&PerformedExercise, &PerformedSet)> {
    exercises.iter().flat_map(|exercise| {
        exercise.sets.iter().filter(|set| !set.is_warmup()).map(move |set| (exercise, set))
    })
}

fn to_best_set(
    formula: E1rmFormula,
    load: LoadType,
    set: &PerformedSet,
    body_weight: Option<Grams>,
) -> Option<BestSet> {
    let load_grams = estimate_load(load, set.weight_grams, body_weight)?;
    let reps = set.reps?;
    let e1rm_grams = estimate(formula, load_grams, reps, set.rpe)?;
    Some(BestSet { e1rm_grams, load_grams, weight_grams: set.weight_grams, reps, rpe: set.rpe })
}

/// Returns the load of an estimate, or `None` if a part of it is unknown.
fn estimate_load(
    load: LoadType,
    entered: Option<Grams>,
    body_weight: Option<Grams>,
) -> Option<Grams> {
    match load {
        LoadType::External | LoadType::PerHand | LoadType::Timed => entered,
        LoadType::Bodyweight { .. } | LoadType::Assisted { .. } => {
            body_weight.map(|weight| load.effective_load(entered, Some(weight)))
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::muscle::Muscle;
    use crate::set::SetKind;
    use crate::volume::Volume;

    pub(crate) const BODY_WEIGHT: Option<Grams> = Some(Grams(80_000));

    pub(crate) fn set(grams: impl Into<Option<i64>>, reps: u32) -> PerformedSet {
        PerformedSet {
            kind: SetKind::Working,
            weight_grams: grams.into().map(Grams),
            reps: Some(reps),
            rpe: None,
            duration_s: None,
            distance_m: None,
        }
    }

    pub(crate) fn warmup(grams: i64, reps: u32) -> PerformedSet {
        PerformedSet { kind: SetKind::Warmup, ..set(grams, reps) }
    }

    pub(crate) fn hold(grams: i64) -> PerformedSet {
        PerformedSet { reps: None, duration_s: Some(40), ..set(grams, 0) }
    }

    pub(crate) fn lift(load: LoadType, sets: &[PerformedSet]) -> PerformedExercise {
        PerformedExercise {
            exercise: "lift".to_owned(),
            load,
            primary: vec![Muscle::Back],
            secondary: Vec::new(),
            sets: sets.to_vec(),
        }
    }

    #[test]
    fn cardio_has_sets_but_no_estimates() {
        let lift = lift(LoadType::External, &[set(20_000, 10)]);
        let cardio = PerformedExercise { primary: Vec::new(), ..lift };
        let results = performances(&[cardio], None);
        assert_eq!((results["lift"].sets, results["lift"].best.len()), (1, 0));
    }

    #[test]
    fn estimate_uses_the_load_of_the_load_type() {
        let check = |load, body_weight, grams: Option<i64>, expected: Option<i64>| {
            let results = performances(&[lift(load, &[set(grams, 5)])], body_weight);
            let best = results["lift"].best.get(&E1rmFormula::Epley);
            assert_eq!(best.map(|best| best.load_grams.0), expected, "{load:?} {grams:?}");
            let e1rm = expected.and_then(|load| estimate(E1rmFormula::Epley, Grams(load), 5, None));
            assert_eq!(best.map(|best| best.e1rm_grams), e1rm, "{load:?} {grams:?}");
            assert!(best.is_none_or(|best| best.weight_grams == grams.map(Grams)));
        };
        let bodyweight = LoadType::Bodyweight { percent: 100 };
        let assisted = LoadType::Assisted { percent: 100 };
        check(LoadType::External, BODY_WEIGHT, Some(100_000), Some(100_000));
        check(LoadType::External, BODY_WEIGHT, None, None);
        check(LoadType::External, None, Some(0), None);
        check(LoadType::PerHand, None, Some(30_000), Some(30_000));
        check(LoadType::Timed, None, Some(20_000), Some(20_000));
        check(bodyweight, BODY_WEIGHT, Some(10_000), Some(90_000));
        check(bodyweight, BODY_WEIGHT, None, Some(80_000));
        check(bodyweight, None, Some(10_000), None);
        check(LoadType::Bodyweight { percent: 64 }, BODY_WEIGHT, None, Some(51_200));
        check(assisted, BODY_WEIGHT, Some(30_000), Some(50_000));
        check(assisted, BODY_WEIGHT, Some(90_000), None);
        check(assisted, None, Some(30_000), None);
    }

    #[test]
    fn sets_and_tonnage_match_the_volume() {
        let check = |load, body_weight, sets: &[PerformedSet]| {
            let lifts = [lift(load, sets)];
            let results = performances(&lifts, body_weight);
            let volume = Volume::of_workout(&lifts, body_weight);
            assert_eq!(results["lift"].sets, volume.sets, "{load:?}");
            assert_eq!(results["lift"].tonnage_grams, volume.tonnage_grams, "{load:?}");
        };
        let sets = [warmup(20_000, 10), set(30_000, 8), set(None, 6), hold(10_000)];
        for body_weight in [BODY_WEIGHT, None] {
            check(LoadType::External, body_weight, &sets);
            check(LoadType::PerHand, body_weight, &sets);
            check(LoadType::Bodyweight { percent: 64 }, body_weight, &sets);
            check(LoadType::Assisted { percent: 100 }, body_weight, &sets);
            check(LoadType::Timed, body_weight, &sets);
        }
    }

    #[test]
    fn entries_of_one_exercise_merge_and_warmups_are_omitted() {
        let first = lift(LoadType::External, &[warmup(200_000, 3), set(100_000, 5)]);
        let second = lift(LoadType::External, &[set(105_000, 5)]);
        let preparation = PerformedExercise {
            exercise: "other".to_owned(),
            ..lift(LoadType::External, &[warmup(1, 1)])
        };
        let results = performances(&[first, preparation, second], None);
        assert_eq!(results.keys().collect::<Vec<_>>(), ["lift"]);
        assert_eq!(results["lift"].sets, 2);
        assert_eq!(results["lift"].tonnage_grams, Grams(1_025_000));
        assert_eq!(results["lift"].best[&E1rmFormula::Epley].load_grams, Grams(105_000));
    }

    #[test]
    fn each_formula_has_its_best_set_ties_go_to_earlier() {
        let easy = PerformedSet { rpe: Rpe::new(8.0), ..set(100_000, 5) };
        // Seven effective repetitions both: the same to every formula.
        let hard = PerformedSet { rpe: Rpe::new(10.0), ..set(100_000, 7) };
        let unrated = set(120_000, 5);
        let too_long = set(119_000, 13);
        let sets = [easy.clone(), hard, unrated.clone(), too_long];
        let results = performances(&[lift(LoadType::External, &sets)], None);
        let best = &results["lift"].best;
        let reps_and_rpe = |formula| (best[&formula].reps, best[&formula].rpe);
        for formula in [E1rmFormula::Epley, E1rmFormula::Brzycki, E1rmFormula::Wathan] {
            assert_eq!(reps_and_rpe(formula), (5, None), "{formula:?}");
        }
        assert_eq!(reps_and_rpe(E1rmFormula::RpeTable), (5, easy.rpe));
    }

    #[test]
    fn performance_json_is_stable() {
        let rated = PerformedSet { rpe: Rpe::new(8.0), ..set(100_000, 5) };
        let results = performances(&[lift(LoadType::External, &[rated])], None);
        let json = serde_json::to_string(&results["lift"]).unwrap();
        let best = |e1rm: i64| {
            format!(
                r#"{{"e1rm_grams":{e1rm},"load_grams":100000,"weight_grams":100000,"reps":5,"rpe":8.0}}"#
            )
        };
        assert_eq!(
            json,
            format!(
                r#"{{"sets":1,"tonnage_grams":500000,"best":{{"epley":{},"brzycki":{},"wathan":{},"rpe_table":{}}}}}"#,
                best(123_333),
                best(120_000),
                best(124_030),
                best(123_305),
            )
        );
        assert_eq!(serde_json::from_str::<ExercisePerformance>(&json).unwrap(), results["lift"]);
        let empty = r#"{"sets":1,"tonnage_grams":0}"#;
        let unloaded = performances(&[lift(LoadType::External, &[set(None, 5)])], None);
        assert_eq!(serde_json::to_string(&unloaded["lift"]).unwrap(), empty);
    }
}
