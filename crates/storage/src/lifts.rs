//! The `lifts` column of the ledger: what progress and records need of a workout, by exercise.
//!
//! `{"deadlift":[3,1230000,123333,110000,{"100000":5,"110000":3},[["ebwr",[100000,null,5,8.0]]]]}`: the number of sets, the
//! tonnage, the highest e1RM by Epley's formula, the heaviest weight, the most repetitions with each weight,
//! and the best sets. A best set: the formulas of which it is the best (Epley, Brzycki, Wathan, RPE table), and
//! its load, the weight entered if it is another one (-1 if none was), repetitions and RPE. Masses are in
//! grams; null is unknown. The estimate of a best set is computed when it is read.

use crate::ledger_entry::LedgerEntry;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use training::e1rm::estimate;
use training::{BestSet, E1rmFormula, ExercisePerformance, Grams, RecordKey, RecordKind, Rpe};

/// The lifts of a workout, by slug.
pub(crate) type Lifts = BTreeMap<String, StoredLift>;

/// The lift of one exercise, in the order of the array.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredLift(
    i64,
    Grams,
    Option<i64>,
    Option<i64>,
    BTreeMap<i64, i64>,
    Vec<(String, StoredSet)>,
);

/// A best set without its formulas, in the order of the array.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct StoredSet(Grams, Option<Grams>, u32, Option<Rpe>);

/// Stands for no weight entered. Entered weights are not negative.
const NO_WEIGHT: Grams = Grams(-1);

const fn symbol(formula: E1rmFormula) -> char {
    match formula {
        E1rmFormula::Epley => 'e',
        E1rmFormula::Brzycki => 'b',
        E1rmFormula::Wathan => 'w',
        E1rmFormula::RpeTable => 'r',
    }
}

/// Returns the lifts of an entry.
pub(crate) fn lifts(entry: &LedgerEntry) -> Lifts {
    let mut lifts = Lifts::new();
    for (slug, performance) in &entry.performances {
        let lift = lifts.entry(slug.clone()).or_default();
        (lift.0, lift.1) = (performance.sets, performance.tonnage_grams);
        lift.5 = best_sets(performance);
    }
    for (key, value) in candidates(entry) {
        let lift = lifts.entry(key.exercise).or_default();
        match key.kind {
            RecordKind::BestE1rm => lift.2 = Some(value),
            RecordKind::HeaviestWeight => lift.3 = Some(value),
            RecordKind::MostReps => {
                lift.4.insert(key.weight_grams.unwrap_or_default().0, value);
            }
            // The tonnage.
            RecordKind::MostVolume => {}
        }
    }
    lifts
}

/// Returns the candidates for records by exercise and kind: `{"deadlift": {"most_reps@100000": 5}}`.
pub(crate) fn bests(entry: &LedgerEntry) -> BTreeMap<String, BTreeMap<String, i64>> {
    let mut bests = BTreeMap::<_, BTreeMap<_, _>>::new();
    for (key, value) in candidates(entry) {
        let (kind, exercise) = (key.kind_text(), key.exercise);
        bests.entry(exercise).or_default().insert(kind, value);
    }
    bests
}

fn candidates(entry: &LedgerEntry) -> impl Iterator<Item = (RecordKey, i64)> {
    entry.bests.iter().filter_map(|(key, value)| Some((key.parse().ok()?, *value)))
}

fn best_sets(performance: &ExercisePerformance) -> Vec<(String, StoredSet)> {
    let mut sets: Vec<(String, StoredSet)> = Vec::new();
    for (formula, best) in &performance.best {
        let entered = match best.weight_grams {
            Some(weight) if weight == best.load_grams => None,
            Some(weight) => Some(weight),
            None => Some(NO_WEIGHT),
        };
        let set = StoredSet(best.load_grams, entered, best.reps, best.rpe);
        match sets.iter_mut().find(|(_, other)| *other == set) {
            Some((formulas, _)) => formulas.push(symbol(*formula)),
            None => sets.push((symbol(*formula).into(), set)),
        }
    }
    sets
}

impl StoredLift {
    /// Returns the performance.
    pub(crate) fn performance(&self) -> ExercisePerformance {
        let Self(sets, tonnage_grams, _, _, _, best_sets) = self;
        let best = E1rmFormula::ALL.into_iter().filter_map(|formula| {
            let (_, set) =
                best_sets.iter().find(|(formulas, _)| formulas.contains(symbol(formula)))?;
            Some((formula, set.best_set(formula)?))
        });
        ExercisePerformance { sets: *sets, tonnage_grams: *tonnage_grams, best: best.collect() }
    }
}

impl StoredSet {
    fn best_set(self, formula: E1rmFormula) -> Option<BestSet> {
        let Self(load_grams, entered, reps, rpe) = self;
        let weight_grams = match entered {
            None => Some(load_grams),
            Some(NO_WEIGHT) => None,
            Some(weight) => Some(weight),
        };
        let e1rm_grams = estimate(formula, load_grams, reps, rpe)?;
        Some(BestSet { e1rm_grams, load_grams, weight_grams, reps, rpe })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared_kernel::{AthleteId, WorkoutId};
    use training::performance::performances;
    use training::records::record_candidates;
    use training::{LoadType, Muscle, PerformedExercise, PerformedSet, SetKind, Volume};
    use uuid::Uuid;

    fn exercise(
        slug: &str,
        load: LoadType,
        sets: &[(Option<i64>, u32, Option<f64>)],
    ) -> PerformedExercise {
        let set = |&(grams, reps, rpe): &(Option<i64>, u32, Option<f64>)| PerformedSet {
            kind: SetKind::Working,
            weight_grams: grams.map(Grams),
            reps: Some(reps),
            rpe: rpe.and_then(Rpe::new),
            duration_s: None,
            distance_m: None,
        };
        PerformedExercise {
            exercise: slug.to_owned(),
            load,
            primary: vec![Muscle::Back],
            secondary: Vec::new(),
            sets: sets.iter().map(set).collect(),
        }
    }

    #[test]
    fn stored_form_is_stable_and_read_as_it_was() {
        let exercises = [
            exercise(
                "deadlift",
                LoadType::External,
                &[
                    (Some(100_000), 5, Some(8.0)),
                    (Some(110_000), 3, None),
                    (Some(100_000), 4, None),
                ],
            ),
            exercise(
                "pull-up",
                LoadType::Bodyweight { percent: 100 },
                &[(None, 12, None), (Some(10_000), 6, None)],
            ),
        ];
        let body_weight = Some(Grams(80_000));
        let entry = LedgerEntry {
            athlete_id: AthleteId(Uuid::nil()),
            workout_id: WorkoutId(Uuid::nil()),
            revision: 1,
            local_date: "2026-11-23".parse().unwrap(),
            started_at_ms: 0,
            volume: Volume::default(),
            performances: performances(&exercises, body_weight),
            bests: record_candidates(&exercises, body_weight),
        };
        let lifts = lifts(&entry);
        let text = serde_json::to_string(&lifts).unwrap();
        assert_eq!(
            text,
            r#"{"deadlift":[3,1230000,123333,110000,{"100000":5,"110000":3},[["ebwr",[100000,null,5,8.0]]]],"pull-up":[2,1500000,112000,10000,{"0":12,"10000":6},[["ebw",[80000,-1,12,null]]]]}"#
        );
        let read: Lifts = serde_json::from_str(&text).unwrap();
        let read: BTreeMap<_, _> =
            read.into_iter().map(|(slug, lift)| (slug, lift.performance())).collect();
        assert_eq!(read, entry.performances);
    }
}
