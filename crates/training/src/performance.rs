//! What one workout achieved by exercise: estimated maxima for the progress of a lift, and the
//! numbers that personal records are made of.
//!
//! In scope: one workout. Out of scope: which of its numbers beat earlier workouts; that is a
//! comparison of the same keys over time. An exercise that stands in the workout more than once is
//! one exercise, and warm-ups never count. All definitions of records are (ours).

use crate::e1rm::{E1rmFormula, estimate};
use crate::exercise::LoadType;
use crate::set::{PerformedSet, Rpe};
use crate::units::Grams;
use crate::volume::PerformedExercise;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// What one exercise achieved in one workout.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExercisePerformance {
    /// Sets that are no warm-ups.
    pub sets: i64,
    /// Load × repetitions of those sets, as [`crate::Volume`] sums it.
    pub tonnage_grams: Grams,
    /// The set with the highest estimated maximum, by formula; a formula that no set allows an
    /// estimate by is not there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub best: BTreeMap<E1rmFormula, BestSet>,
}

/// The set with the highest estimated maximum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BestSet {
    /// The estimated one-rep maximum, in grams of the same load as `load_grams`.
    pub e1rm_grams: Grams,
    /// The load it was estimated from, as the athlete reads it: see [`performances`].
    pub load_grams: Grams,
    /// The weight as entered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_grams: Option<Grams>,
    /// Repetitions.
    pub reps: u32,
    /// Effort.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rpe: Option<Rpe>,
}

/// What each exercise of a workout achieved, by slug. An exercise of warm-ups alone is not there.
///
/// The estimates are of the load as the athlete reads it on the implement: the weight entered, in
/// one hand where it is entered per hand; with the body weight's share plus what was added, or
/// minus the help. Where that share is unknown there is no estimate: one of the added weight alone
/// would be a lie. Of equal estimates the earlier set is kept.
pub fn performances(
    exercises: &[PerformedExercise],
    body_weight: Option<Grams>,
) -> BTreeMap<String, ExercisePerformance> {
    let mut performances = BTreeMap::<String, ExercisePerformance>::new();
    for (exercise, set) in counted_sets(exercises) {
        let performance = performances.entry(exercise.exercise.clone()).or_default();
        performance.sets += 1;
        performance.tonnage_grams.0 += tonnage(exercise.load, set, body_weight).0;
        for formula in E1rmFormula::ALL {
            let Some(found) = best_set(formula, exercise.load, set, body_weight) else { continue };
            let best = performance.best.entry(formula).or_insert(found);
            if found.e1rm_grams > best.e1rm_grams {
                *best = found;
            }
        }
    }
    performances
}

/// The sets that are no warm-ups, each with its exercise, in order.
fn counted_sets(
    exercises: &[PerformedExercise],
) -> impl Iterator<Item = (&PerformedExercise, &PerformedSet)> {
    exercises.iter().flat_map(|exercise| {
        exercise.sets.iter().filter(|set| !set.is_warmup()).map(move |set| (exercise, set))
    })
}

fn tonnage(load: LoadType, set: &PerformedSet, body_weight: Option<Grams>) -> Grams {
    let moved = load.effective_load(set.weight_grams, body_weight);
    Grams(moved.0 * i64::from(set.reps.unwrap_or(0)))
}

fn best_set(
    formula: E1rmFormula,
    load: LoadType,
    set: &PerformedSet,
    body_weight: Option<Grams>,
) -> Option<BestSet> {
    let load_grams = load_read(load, set.weight_grams, body_weight)?;
    let reps = set.reps?;
    let e1rm_grams = estimate(formula, load_grams, reps, set.rpe)?;
    Some(BestSet { e1rm_grams, load_grams, weight_grams: set.weight_grams, reps, rpe: set.rpe })
}

/// The load as the athlete reads it on the implement, where all of it is known.
fn load_read(load: LoadType, entered: Option<Grams>, body_weight: Option<Grams>) -> Option<Grams> {
    match load {
        LoadType::External | LoadType::PerHand | LoadType::Timed => entered,
        LoadType::Bodyweight { .. } | LoadType::Assisted { .. } => {
            body_weight.map(|weight| load.effective_load(entered, Some(weight)))
        }
    }
}

/// What can be a personal record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// The highest weight entered of a set with a repetition or more, in grams. Not for assisted
    /// lifts, where the weight is help; nor a weight of nothing.
    HeaviestWeight,
    /// The most repetitions with one weight as entered. None entered is 0 g: the body alone. For
    /// assisted lifts it is the help.
    MostReps,
    /// The highest maximum estimated by Epley's formula, in grams of the load as it is read.
    BestE1rm,
    /// The highest tonnage of the exercise in a workout, in grams.
    MostVolume,
}

impl RecordKind {
    /// Every kind, in the order of the wire.
    pub const ALL: [Self; 4] =
        [Self::HeaviestWeight, Self::MostReps, Self::BestE1rm, Self::MostVolume];

    /// The wire name: `heaviest_weight`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HeaviestWeight => "heaviest_weight",
            Self::MostReps => "most_reps",
            Self::BestE1rm => "best_e1rm",
            Self::MostVolume => "most_volume",
        }
    }
}

/// Which record: of which exercise, in what. As text, which is stored: `deadlift/best_e1rm`,
/// `deadlift/most_reps@102500`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordKey {
    /// The exercise's slug.
    pub exercise: String,
    /// What the record is in.
    pub kind: RecordKind,
    /// Only for [`RecordKind::MostReps`]: the weight as entered; none is 0 g.
    pub weight_grams: Option<Grams>,
}

impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.exercise, self.kind.as_str())?;
        match self.kind {
            RecordKind::MostReps => write!(f, "@{}", self.weight_grams.unwrap_or_default().0),
            RecordKind::HeaviestWeight | RecordKind::BestE1rm | RecordKind::MostVolume => Ok(()),
        }
    }
}

/// A text that is not the key of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidRecordKey;

impl fmt::Display for InvalidRecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record is <exercise>/<kind>, for most_reps with @<grams>")
    }
}

impl std::error::Error for InvalidRecordKey {}

impl FromStr for RecordKey {
    type Err = InvalidRecordKey;

    fn from_str(text: &str) -> Result<Self, InvalidRecordKey> {
        let (exercise, record) = text.split_once('/').ok_or(InvalidRecordKey)?;
        let (name, grams) = match record.split_once('@') {
            Some((name, grams)) => (name, Some(grams)),
            None => (record, None),
        };
        let named = |kind: &RecordKind| kind.as_str() == name;
        let kind = RecordKind::ALL.into_iter().find(named).ok_or(InvalidRecordKey)?;
        let grams = grams.map(i64::from_str).transpose().map_err(|_| InvalidRecordKey)?;
        let key = Self { exercise: exercise.to_owned(), kind, weight_grams: grams.map(Grams) };
        // Each key has one text only: this refuses a weight where none belongs, `@` without one,
        // `+5` and `007`.
        let valid = is_slug(exercise) && grams.is_none_or(|g| g >= 0) && key.to_string() == text;
        if valid { Ok(key) } else { Err(InvalidRecordKey) }
    }
}

fn is_slug(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    !text.is_empty() && text.bytes().all(allowed)
}

/// What a workout can have set records with: the text of a [`RecordKey`] → the best value of the
/// workout, in grams, or in repetitions for [`RecordKind::MostReps`].
pub fn record_candidates(
    exercises: &[PerformedExercise],
    body_weight: Option<Grams>,
) -> BTreeMap<String, i64> {
    let mut bests = BTreeMap::new();
    for (exercise, set) in counted_sets(exercises) {
        let (name, weight) = (&exercise.exercise, set.weight_grams.unwrap_or_default());
        let reps = set.reps.unwrap_or(0);
        if reps == 0 {
            continue;
        }
        raise(&mut bests, name, RecordKind::MostReps, Some(weight), i64::from(reps));
        if weight_is_lifted(exercise.load) {
            raise(&mut bests, name, RecordKind::HeaviestWeight, None, weight.0);
        }
    }
    for (name, performance) in performances(exercises, body_weight) {
        let tonnage = performance.tonnage_grams.0;
        raise(&mut bests, &name, RecordKind::MostVolume, None, tonnage);
        if let Some(best) = performance.best.get(&E1rmFormula::Epley) {
            raise(&mut bests, &name, RecordKind::BestE1rm, None, best.e1rm_grams.0);
        }
    }
    bests
}

fn weight_is_lifted(load: LoadType) -> bool {
    match load {
        LoadType::External | LoadType::PerHand | LoadType::Bodyweight { .. } | LoadType::Timed => {
            true
        }
        LoadType::Assisted { .. } => false,
    }
}

/// Keeps a value that is higher than the one there is. Nothing is no record.
fn raise(
    bests: &mut BTreeMap<String, i64>,
    exercise: &str,
    kind: RecordKind,
    weight_grams: Option<Grams>,
    value: i64,
) {
    if value > 0 {
        let key = RecordKey { exercise: exercise.to_owned(), kind, weight_grams };
        let best = bests.entry(key.to_string()).or_insert(value);
        *best = value.max(*best);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::set::SetKind;
    use crate::volume::Volume;

    const BODY_WEIGHT: Option<Grams> = Some(Grams(80_000));

    fn set(grams: impl Into<Option<i64>>, reps: u32) -> PerformedSet {
        PerformedSet {
            kind: SetKind::Working,
            weight_grams: grams.into().map(Grams),
            reps: Some(reps),
            rpe: None,
            duration_s: None,
            distance_m: None,
        }
    }

    fn warmup(grams: i64, reps: u32) -> PerformedSet {
        PerformedSet { kind: SetKind::Warmup, ..set(grams, reps) }
    }

    fn hold(grams: i64) -> PerformedSet {
        PerformedSet { reps: None, duration_s: Some(40), ..set(grams, 0) }
    }

    fn lift(load: LoadType, sets: &[PerformedSet]) -> PerformedExercise {
        PerformedExercise {
            exercise: "lift".to_owned(),
            load,
            primary: Vec::new(),
            secondary: Vec::new(),
            sets: sets.to_vec(),
        }
    }

    #[test]
    fn the_estimate_is_of_the_load_as_it_is_read() {
        let check = |load, body_weight, grams: Option<i64>, read: Option<i64>| {
            let found = performances(&[lift(load, &[set(grams, 5)])], body_weight);
            let best = found["lift"].best.get(&E1rmFormula::Epley);
            assert_eq!(best.map(|best| best.load_grams.0), read, "{load:?} {grams:?}");
            let estimated =
                read.and_then(|read| estimate(E1rmFormula::Epley, Grams(read), 5, None));
            assert_eq!(best.map(|best| best.e1rm_grams), estimated, "{load:?} {grams:?}");
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
    fn sets_and_tonnage_are_those_of_the_volume() {
        let check = |load, body_weight, sets: &[PerformedSet]| {
            let lifts = [lift(load, sets)];
            let found = performances(&lifts, body_weight);
            let volume = Volume::of_workout(&lifts, body_weight);
            assert_eq!(found["lift"].sets, volume.sets, "{load:?}");
            assert_eq!(found["lift"].tonnage_grams, volume.tonnage_grams, "{load:?}");
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
    fn blocks_of_one_exercise_are_one_and_warm_ups_alone_are_none() {
        let first = lift(LoadType::External, &[warmup(200_000, 3), set(100_000, 5)]);
        let again = lift(LoadType::External, &[set(105_000, 5)]);
        let preparation = PerformedExercise {
            exercise: "other".to_owned(),
            ..lift(LoadType::External, &[warmup(1, 1)])
        };
        let found = performances(&[first, preparation, again], None);
        assert_eq!(found.keys().collect::<Vec<_>>(), ["lift"]);
        assert_eq!(found["lift"].sets, 2);
        assert_eq!(found["lift"].tonnage_grams, Grams(1_025_000));
        assert_eq!(found["lift"].best[&E1rmFormula::Epley].load_grams, Grams(105_000));
    }

    #[test]
    fn each_formula_has_the_best_set_of_its_own_and_the_earlier_of_two_equal_ones() {
        let easy = PerformedSet { rpe: Rpe::new(8.0), ..set(100_000, 5) };
        // Seven effective repetitions both: the same to every formula.
        let hard = PerformedSet { rpe: Rpe::new(10.0), ..set(100_000, 7) };
        let unrated = set(120_000, 5);
        let too_long = set(119_000, 13);
        let sets = [easy.clone(), hard, unrated.clone(), too_long];
        let found = performances(&[lift(LoadType::External, &sets)], None);
        let best = &found["lift"].best;
        let reps_and_rpe = |formula| (best[&formula].reps, best[&formula].rpe);
        for formula in [E1rmFormula::Epley, E1rmFormula::Brzycki, E1rmFormula::Wathan] {
            assert_eq!(reps_and_rpe(formula), (5, None), "{formula:?}");
        }
        assert_eq!(reps_and_rpe(E1rmFormula::RpeTable), (5, easy.rpe));
    }

    #[test]
    fn a_performance_is_stored_by_these_names() {
        let rated = PerformedSet { rpe: Rpe::new(8.0), ..set(100_000, 5) };
        let found = performances(&[lift(LoadType::External, &[rated])], None);
        let json = serde_json::to_string(&found["lift"]).unwrap();
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
        assert_eq!(serde_json::from_str::<ExercisePerformance>(&json).unwrap(), found["lift"]);
        let empty = r#"{"sets":1,"tonnage_grams":0}"#;
        let unloaded = performances(&[lift(LoadType::External, &[set(None, 5)])], None);
        assert_eq!(serde_json::to_string(&unloaded["lift"]).unwrap(), empty);
    }

    fn check_bests(
        exercises: &[PerformedExercise],
        body_weight: Option<Grams>,
        wanted: &[(&str, i64)],
    ) {
        let found = record_candidates(exercises, body_weight);
        let wanted = wanted.iter().map(|(key, value)| (format!("lift/{key}"), *value)).collect();
        assert_eq!(found, wanted, "{exercises:?}");
        for key in found.keys() {
            assert_eq!(key.parse::<RecordKey>().map(|key| key.to_string()).as_ref(), Ok(key));
        }
    }

    #[test]
    fn the_bests_of_a_barbell_lift_over_all_its_blocks() {
        let first =
            lift(LoadType::External, &[warmup(300_000, 20), set(100_000, 5), set(100_000, 6)]);
        let again = lift(LoadType::External, &[set(110_000, 1), set(200_000, 0), set(100_000, 4)]);
        check_bests(
            &[first, again],
            None,
            &[
                ("best_e1rm", 120_000),
                ("heaviest_weight", 110_000),
                ("most_reps@100000", 6),
                ("most_reps@110000", 1),
                ("most_volume", 1_610_000),
            ],
        );
        check_bests(&[lift(LoadType::External, &[warmup(60_000, 5)])], None, &[]);
    }

    #[test]
    fn a_weight_in_pounds_is_a_record_at_its_gram() {
        let grams = Grams::from_lb(225.0).0;
        check_bests(
            &[lift(LoadType::External, &[set(grams, 1)])],
            None,
            &[
                ("best_e1rm", 102_058),
                ("heaviest_weight", 102_058),
                ("most_reps@102058", 1),
                ("most_volume", 102_058),
            ],
        );
    }

    #[test]
    fn dumbbells_are_weighed_in_one_hand_and_summed_in_both() {
        check_bests(
            &[lift(LoadType::PerHand, &[set(30_000, 10)])],
            None,
            &[
                ("best_e1rm", 40_000),
                ("heaviest_weight", 30_000),
                ("most_reps@30000", 10),
                ("most_volume", 600_000),
            ],
        );
    }

    #[test]
    fn the_body_alone_has_repetitions_and_with_its_weight_known_the_rest() {
        let sets = [set(None, 12), set(10_000, 6), set(None, 14)];
        let pull_up = [lift(LoadType::Bodyweight { percent: 100 }, &sets)];
        let heaviest = ("heaviest_weight", 10_000);
        let (alone, loaded) = (("most_reps@0", 14), ("most_reps@10000", 6));
        let known = [
            ("best_e1rm", 112_000),
            heaviest,
            alone,
            loaded,
            ("most_volume", 80_000 * 26 + 90_000 * 6),
        ];
        check_bests(&pull_up, BODY_WEIGHT, &known);
        check_bests(&pull_up, None, &[heaviest, alone, loaded, ("most_volume", 60_000)]);
        check_bests(
            &[lift(LoadType::Bodyweight { percent: 100 }, &sets[..1])],
            None,
            &[("most_reps@0", 12)],
        );
    }

    #[test]
    fn help_is_no_weight_to_be_proud_of() {
        let assisted = [lift(LoadType::Assisted { percent: 100 }, &[set(30_000, 6)])];
        let reps = ("most_reps@30000", 6);
        check_bests(
            &assisted,
            BODY_WEIGHT,
            &[("best_e1rm", 60_000), reps, ("most_volume", 300_000)],
        );
        check_bests(&assisted, None, &[reps]);
    }

    #[test]
    fn a_hold_without_repetitions_sets_no_record() {
        check_bests(&[lift(LoadType::Timed, &[hold(40_000)])], None, &[]);
    }

    #[test]
    fn the_text_of_a_record_is_stored_and_never_changes() {
        let check = |exercise: &str, kind, weight: Option<i64>, text: &str| {
            let exercise = exercise.to_owned();
            let key = RecordKey { exercise, kind, weight_grams: weight.map(Grams) };
            assert_eq!(key.to_string(), text);
            assert_eq!(text.parse(), Ok(key));
        };
        check("deadlift", RecordKind::HeaviestWeight, None, "deadlift/heaviest_weight");
        check("push-up", RecordKind::MostReps, Some(0), "push-up/most_reps@0");
        check("push-up", RecordKind::MostReps, Some(102_500), "push-up/most_reps@102500");
        check("deadlift", RecordKind::BestE1rm, None, "deadlift/best_e1rm");
        check("deadlift", RecordKind::MostVolume, None, "deadlift/most_volume");
        let unweighted = RecordKey {
            exercise: "dip".to_owned(),
            kind: RecordKind::MostReps,
            weight_grams: None,
        };
        assert_eq!(unweighted.to_string(), "dip/most_reps@0");
        for kind in RecordKind::ALL {
            let json = serde_json::to_string(&kind).unwrap();
            assert_eq!(json, format!("\"{}\"", kind.as_str()));
        }
    }

    #[test]
    fn any_other_text_is_no_record() {
        for text in [
            "",
            "deadlift",
            "/best_e1rm",
            "deadlift/",
            "deadlift/best",
            "deadlift/best_e1rm ",
            "deadlift/best_e1rm@100",
            "deadlift/most_reps",
            "deadlift/most_reps@",
            "deadlift/most_reps@-1",
            "deadlift/most_reps@+5",
            "deadlift/most_reps@007",
            "deadlift/most_reps@1.5",
            "deadlift/most_reps@1@2",
            "deadlift/most_reps@99999999999999999999",
            "a/b/best_e1rm",
            "Dead Lift/best_e1rm",
        ] {
            assert_eq!(text.parse::<RecordKey>(), Err(InvalidRecordKey), "{text:?}");
        }
    }
}
