//! Personal records: their kinds, their stored keys, and the values of a workout that can be records.
//!
//! In scope: one workout. Out of scope: comparing it with earlier workouts, see docs/training.md. The
//! definitions of records are project defaults.

use crate::e1rm::E1rmFormula;
use crate::exercise::LoadType;
use crate::performance::{counted_sets, performances};
use crate::units::Grams;
use crate::volume::PerformedExercise;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// The kind of a personal record.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// The highest weight entered for a set with at least one repetition, in grams. Excludes 0 and
    /// assisted exercises, where the weight is the assistance.
    HeaviestWeight,
    /// The most repetitions with the same weight as entered. No weight counts as 0 g.
    MostReps,
    /// The highest e1RM by Epley's formula, in grams.
    BestE1rm,
    /// The highest tonnage of the exercise in one workout, in grams.
    MostVolume,
}

impl RecordKind {
    /// All kinds, in the order of the JSON output.
    pub const ALL: [Self; 4] =
        [Self::HeaviestWeight, Self::MostReps, Self::BestE1rm, Self::MostVolume];

    /// Returns the name in JSON and the database: `heaviest_weight`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HeaviestWeight => "heaviest_weight",
            Self::MostReps => "most_reps",
            Self::BestE1rm => "best_e1rm",
            Self::MostVolume => "most_volume",
        }
    }
}

/// Identifies a personal record. Its text is stored: `deadlift/best_e1rm`,
/// `deadlift/most_reps@102500`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordKey {
    /// The exercise's slug.
    pub exercise: String,
    pub kind: RecordKind,
    /// The weight as entered, for [`RecordKind::MostReps`] only; `None` is 0 g.
    pub weight_grams: Option<Grams>,
}

impl RecordKey {
    /// Returns the part of its text after the exercise: `best_e1rm`, `most_reps@102500`.
    pub fn kind_text(&self) -> String {
        let kind = self.kind.as_str();
        match self.kind {
            RecordKind::MostReps => format!("{kind}@{}", self.weight_grams.unwrap_or_default().0),
            RecordKind::HeaviestWeight | RecordKind::BestE1rm | RecordKind::MostVolume => {
                kind.to_owned()
            }
        }
    }
}

impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.exercise, self.kind_text())
    }
}

/// The error for a text that is not a [`RecordKey`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidRecordKey;

impl fmt::Display for InvalidRecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record key must be <exercise>/<kind>, with @<grams> for most_reps")
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
        let has_name = |kind: &RecordKind| kind.as_str() == name;
        let kind = RecordKind::ALL.into_iter().find(has_name).ok_or(InvalidRecordKey)?;
        let grams = grams.map(i64::from_str).transpose().map_err(|_| InvalidRecordKey)?;
        let key = Self { exercise: exercise.to_owned(), kind, weight_grams: grams.map(Grams) };
        // Each key has exactly one text: the comparison rejects an unexpected weight, `@` without
        // a weight, `+5` and `007`.
        let valid =
            is_exercise(exercise) && grams.is_none_or(|g| g >= 0) && key.to_string() == text;
        if valid { Ok(key) } else { Err(InvalidRecordKey) }
    }
}

fn is_exercise(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    !text.is_empty() && text.bytes().all(allowed)
}

/// Returns the best values of a workout, which can be personal records, by the text of their
/// [`RecordKey`]. Values are in grams, or in repetitions for [`RecordKind::MostReps`]. Cardio and
/// mobility have none.
pub fn record_candidates(
    exercises: &[PerformedExercise],
    body_weight: Option<Grams>,
) -> BTreeMap<String, i64> {
    let mut candidates = BTreeMap::new();
    for (exercise, set) in counted_sets(exercises).filter(|(e, _)| e.is_strength()) {
        let (name, weight) = (&exercise.exercise, set.weight_grams.unwrap_or_default());
        let reps = set.reps.unwrap_or(0);
        if reps == 0 {
            continue;
        }
        keep_highest(&mut candidates, name, RecordKind::MostReps, Some(weight), i64::from(reps));
        if is_weight_lifted(exercise.load) {
            keep_highest(&mut candidates, name, RecordKind::HeaviestWeight, None, weight.0);
        }
    }
    for (name, performance) in performances(exercises, body_weight) {
        if !exercises.iter().any(|e| e.exercise == name && e.is_strength()) {
            continue;
        }
        let tonnage = performance.tonnage_grams.0;
        keep_highest(&mut candidates, &name, RecordKind::MostVolume, None, tonnage);
        if let Some(best) = performance.best.get(&E1rmFormula::Epley) {
            keep_highest(&mut candidates, &name, RecordKind::BestE1rm, None, best.e1rm_grams.0);
        }
    }
    candidates
}

fn is_weight_lifted(load: LoadType) -> bool {
    match load {
        LoadType::External | LoadType::PerHand | LoadType::Bodyweight { .. } | LoadType::Timed => {
            true
        }
        LoadType::Assisted { .. } => false,
    }
}

/// Stores a value unless it is 0 or a higher one exists.
fn keep_highest(
    candidates: &mut BTreeMap<String, i64>,
    exercise: &str,
    kind: RecordKind,
    weight_grams: Option<Grams>,
    value: i64,
) {
    if value > 0 {
        let key = RecordKey { exercise: exercise.to_owned(), kind, weight_grams };
        let best = candidates.entry(key.to_string()).or_insert(value);
        *best = value.max(*best);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::performance::tests::{BODY_WEIGHT, hold, lift, set, warmup};

    fn check_candidates(
        exercises: &[PerformedExercise],
        body_weight: Option<Grams>,
        expected: &[(&str, i64)],
    ) {
        let candidates = record_candidates(exercises, body_weight);
        let expected =
            expected.iter().map(|(key, value)| (format!("lift/{key}"), *value)).collect();
        assert_eq!(candidates, expected, "{exercises:?}");
        for key in candidates.keys() {
            assert_eq!(key.parse::<RecordKey>().map(|key| key.to_string()).as_ref(), Ok(key));
        }
    }

    #[test]
    fn cardio_has_no_records() {
        let lift = lift(LoadType::External, &[set(20_000, 10)]);
        let cardio = PerformedExercise { primary: Vec::new(), ..lift };
        check_candidates(&[cardio], None, &[]);
    }

    #[test]
    fn candidates_cover_all_entries_of_an_exercise() {
        let first =
            lift(LoadType::External, &[warmup(300_000, 20), set(100_000, 5), set(100_000, 6)]);
        let second = lift(LoadType::External, &[set(110_000, 1), set(200_000, 0), set(100_000, 4)]);
        check_candidates(
            &[first, second],
            None,
            &[
                ("best_e1rm", 120_000),
                ("heaviest_weight", 110_000),
                ("most_reps@100000", 6),
                ("most_reps@110000", 1),
                ("most_volume", 1_610_000),
            ],
        );
        check_candidates(&[lift(LoadType::External, &[warmup(60_000, 5)])], None, &[]);
    }

    #[test]
    fn weight_in_pounds_is_compared_in_grams() {
        let grams = Grams::from_lb(225.0).0;
        check_candidates(
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
    fn dumbbell_weight_is_per_hand_but_tonnage_counts_both() {
        check_candidates(
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
    fn body_weight_exercises_need_body_weight_for_e1rm() {
        let sets = [set(None, 12), set(10_000, 6), set(None, 14)];
        let pull_up = [lift(LoadType::Bodyweight { percent: 100 }, &sets)];
        let heaviest = ("heaviest_weight", 10_000);
        let (unloaded, loaded) = (("most_reps@0", 14), ("most_reps@10000", 6));
        let known = [
            ("best_e1rm", 112_000),
            heaviest,
            unloaded,
            loaded,
            ("most_volume", 80_000 * 26 + 90_000 * 6),
        ];
        check_candidates(&pull_up, BODY_WEIGHT, &known);
        check_candidates(&pull_up, None, &[heaviest, unloaded, loaded, ("most_volume", 60_000)]);
        check_candidates(
            &[lift(LoadType::Bodyweight { percent: 100 }, &sets[..1])],
            None,
            &[("most_reps@0", 12)],
        );
    }

    #[test]
    fn assistance_is_not_a_heaviest_weight() {
        let assisted = [lift(LoadType::Assisted { percent: 100 }, &[set(30_000, 6)])];
        let reps = ("most_reps@30000", 6);
        check_candidates(
            &assisted,
            BODY_WEIGHT,
            &[("best_e1rm", 60_000), reps, ("most_volume", 300_000)],
        );
        check_candidates(&assisted, None, &[reps]);
    }

    #[test]
    fn hold_without_repetitions_has_no_candidates() {
        check_candidates(&[lift(LoadType::Timed, &[hold(40_000)])], None, &[]);
    }

    #[test]
    fn record_key_text_is_stable() {
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
    fn invalid_record_keys_are_rejected() {
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
