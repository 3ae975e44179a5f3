use super::*;
use crate::narrator::check::check as check_facts;
use crate::rules::{Pattern, Subject};
use serde_json::{Map, Value, json};
use std::fmt::Write;
use training::{Units, WeekStart};

fn facts(kind: PatternKind, subject: &str, evidence: Value) -> Facts {
    let Value::Object(evidence) = evidence else { panic!("{evidence}") };
    Facts {
        kind,
        subject: subject.to_owned(),
        since: WeekStart::containing("2026-11-16".parse().unwrap()),
        confidence: 0.8,
        evidence,
        adjustment: None,
        is_change_deferred: false,
    }
}

/// Facts of each kind with all of its evidence.
fn all() -> Vec<Facts> {
    let trend = |slope: f64| {
        json!({
            "sessions": 8, "span_days": 38, "e1rm_median_kg": 123.333_33, "e1rm_best_kg": 126.5,
            "slope_percent_per_week": slope, "low_percent_per_week": slope - 0.2,
            "high_percent_per_week": slope + 0.2,
        })
    };
    let bench = "Barbell Bench Press";
    let of = |kind| match kind {
        PatternKind::VolumeAboveMrv => facts(
            kind,
            "front delts",
            json!({"week_start": "2026-11-16", "hard_sets": 16.5, "mrv": 12.0, "over": 4.5, "landmarks": "rp-2025"}),
        ),
        PatternKind::VolumeBelowMev => facts(
            kind,
            "chest",
            json!({"weeks": 2, "since": "2026-11-16", "hard_sets": 2.5, "mev": 4.0, "landmarks": "own"}),
        ),
        PatternKind::LoadSpike => facts(
            kind,
            "training",
            json!({"last_7_days_kg": 4_812.571, "usual_7_days_kg": 2_673.65, "ratio": 1.8, "sessions": 14}),
        ),
        PatternKind::HighMonotony => facts(
            kind,
            "training",
            json!({"week_start": "2026-11-16", "monotony": 2.314, "load_kg": 41_250.0, "usual_load_kg": 33_010.0}),
        ),
        PatternKind::ProgressiveOverload => facts(kind, bench, trend(0.634)),
        PatternKind::Plateau => facts(kind, bench, trend(0.04)),
        PatternKind::Regression => facts(kind, bench, trend(-0.9)),
        PatternKind::DeloadTaken => facts(
            kind,
            "training",
            json!({"week_start": "2026-11-16", "hard_sets": 34.0, "usual_hard_sets": 68.5, "percent_of_usual": 50}),
        ),
        PatternKind::DeloadDue => {
            facts(kind, "training", json!({"weeks": 7, "plateaus": 2, "rpe_drift": 1.25}))
        }
        PatternKind::PushPullImbalance => facts(
            kind,
            "training",
            json!({"push_hard_sets": 48.0, "pull_hard_sets": 27.5, "ratio": 1.745, "weeks": 4}),
        ),
        PatternKind::Comeback => facts(
            kind,
            "training",
            json!({"days_off": 42, "weeks_off": 6, "usual_hard_sets": 61.0, "target_hard_sets": 31.0, "week": 1}),
        ),
        PatternKind::MissedWeeks => {
            facts(kind, "training", json!({"weeks": 2, "workouts": 1, "usual_workouts": 3}))
        }
        PatternKind::RepeatedLoad => facts(
            kind,
            "Chin-up",
            json!({"sessions": 6, "repeats": 6, "reps": 8, "weight_kg": 10.0, "span_days": 35}),
        ),
        PatternKind::StrengthBlock => {
            facts(kind, "training", json!({"best_sets": 20, "heavy_sets": 18, "reps_max": 5}))
        }
        PatternKind::UntrainedMuscles => {
            facts(kind, "training", json!({"weeks": 12, "muscles": ["calves", "forearms"]}))
        }
    };
    PatternKind::ALL.into_iter().map(of).collect()
}

/// The texts, an example of each kind.
const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/texts.txt");

/// Compares the text of each kind with the golden file. `UPDATE_GOLDEN=1` writes it.
#[test]
fn each_kind_has_its_golden_text() {
    let mut texts = String::new();
    for facts in all() {
        let Narration { title, recommendation } = narration(&facts);
        writeln!(texts, "{}\n{title}\n{recommendation}\n", facts.kind.as_str()).unwrap();
    }
    let ended = plateau_broken("Barbell Bench Press");
    writeln!(texts, "pattern_ended\n{}\n{}", ended.title, ended.recommendation).unwrap();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(GOLDEN, &texts).unwrap();
    }
    assert_eq!(std::fs::read_to_string(GOLDEN).unwrap(), texts);
}

#[test]
fn weights_are_in_the_unit_of_the_athlete() {
    let pattern = Pattern {
        kind: PatternKind::RepeatedLoad,
        subject: Subject::Lift("deadlift".to_owned()),
        since: WeekStart::containing("2026-11-16".parse().unwrap()),
        confidence: 0.8,
        evidence: Map::from_iter([
            ("weight_kg".to_owned(), json!(104.326)),
            ("reps".to_owned(), json!(5)),
            ("sessions".to_owned(), json!(6)),
            ("repeats".to_owned(), json!(6)),
        ]),
    };
    let finding = |units| narration(&Facts::new(&pattern, None, units)).recommendation;
    assert!(
        finding(Units::Lb)
            .starts_with("Deadlift: the same sets in your last 6 sessions, 5 reps at 230 lb.")
    );
    assert!(finding(Units::Kg).contains("104.3 kg"));
}

#[test]
fn more_pull_than_push_swaps_the_text() {
    let evidence =
        json!({"push_hard_sets": 18.0, "pull_hard_sets": 36.0, "ratio": 0.5, "weeks": 4});
    let narration = narration(&facts(PatternKind::PushPullImbalance, "training", evidence));
    assert_eq!(narration.title, "More pull than push");
    assert!(narration.recommendation.ends_with(
        "Move sets from pulling to pushing, a few each week, until they are about even."
    ));
}

#[test]
fn deload_text_mentions_only_the_signs_present() {
    let check = |evidence: Value, finding: &str| {
        let narration = narration(&facts(PatternKind::DeloadDue, "training", evidence));
        assert!(
            narration.recommendation.starts_with(&format!("{finding} Do far fewer sets")),
            "{narration:?}"
        );
    };
    check(
        json!({"weeks": 5, "plateaus": 0, "rpe_drift": 1.0}),
        "You have trained 5 weeks in a row, none of them light. The same sets feel 1 RPE harder than before.",
    );
    check(
        json!({"weeks": null, "plateaus": ["Squat", "Bench"], "rpe_drift": null}),
        "Your last light week was long ago. 2 of your lifts have stalled.",
    );
    check(
        json!({"plateaus": 1}),
        "Your last light week was long ago. 1 of your lifts has stalled.",
    );
}

#[test]
fn missing_evidence_keeps_sentences_complete() {
    let torn = ["  ", " .", " ,", "..", ". ,", "()", "(,", ": .", "NaN", "null", "some some"];
    for whole in all() {
        let names: Vec<_> = whole.evidence.keys().cloned().collect();
        let without = |missing: &[String]| {
            let mut facts = whole.clone();
            facts.evidence.retain(|name, _| !missing.contains(name));
            narration(&facts)
        };
        let one_missing = names.iter().map(|name| without(std::slice::from_ref(name)));
        for narration in one_missing.chain([without(&names)]) {
            for text in [&narration.title, &narration.recommendation] {
                assert!(torn.iter().all(|torn| !text.contains(torn)), "{text}");
                assert!(text.starts_with(char::is_uppercase), "{text}");
            }
            assert!(narration.recommendation.ends_with('.'), "{narration:?}");
        }
    }
    let mrv = narration(&facts(PatternKind::VolumeAboveMrv, "chest", json!({})));
    assert_eq!(mrv.title, "Chest: more than you recover from");
    assert_eq!(
        mrv.recommendation,
        "You did very many hard sets for chest in one week. Take some away next week, and keep the \
         weights where they are."
    );
}

#[test]
fn template_has_only_facts_and_no_injuries() {
    for facts in all() {
        assert_eq!(check_facts(&narration(&facts), &facts), Ok(()), "{facts:?}");
        for facts in adjusted(&facts) {
            assert_eq!(check_facts(&narration(&facts), &facts), Ok(()), "{facts:?}");
            let long = "Überzug ".repeat(8)[..60].to_owned();
            let facts = Facts { subject: long, ..facts };
            assert_eq!(check_facts(&narration(&facts), &facts), Ok(()), "{facts:?}");
        }
    }
}

/// Returns the facts with adjustments of every action, with and without numbers.
fn adjusted(facts: &Facts) -> Vec<Facts> {
    let actions = [
        Action::RaiseSets,
        Action::CutSets,
        Action::HoldLoad,
        Action::CutLoad,
        Action::Deload,
        Action::KeepGoing,
    ];
    let numbers = [(Some(80.0), Some(42.5)), (None, Some(42.5)), (Some(80.0), None), (None, None)];
    let units = [Unit::HardSetsAWeek, Unit::Kilograms, Unit::Percent];
    let mut all = Vec::new();
    for action in actions {
        for ((from, to), unit) in numbers.into_iter().flat_map(|n| units.map(|unit| (n, unit))) {
            let subject = facts.subject.clone();
            let adjustment = Adjustment { subject, action, from, to, unit, weeks: 2 };
            all.push(Facts { adjustment: Some(adjustment), ..facts.clone() });
        }
    }
    all
}

fn check_change(adjustment: (Action, Option<f64>, Option<f64>, Unit, u32), text: &str) {
    let (action, from, to, unit, weeks) = adjustment;
    let subject = if unit == Unit::Percent { "training" } else { "Squat" }.to_owned();
    let adjustment = Adjustment { subject, action, from, to, unit, weeks };
    assert_eq!(adjustment_text(&adjustment), text);
}

#[test]
fn adjustment_of_sets_replaces_the_advice() {
    let check = |action, from, to, weeks, text: &str| {
        check_change((action, from, to, Unit::HardSetsAWeek, weeks), text);
    };
    let text = "Bring Squat up from 5 to 6 hard sets next week.";
    check(Action::RaiseSets, Some(5.0), Some(6.0), 1, text);
    let text = "Bring Squat up by a few sets for the next 2 weeks.";
    check(Action::RaiseSets, None, None, 2, text);
    let text = "Take Squat down from 30 to 24 hard sets a week for the next 3 weeks.";
    check(Action::CutSets, Some(30.0), Some(24.0), 3, text);
    let text = "Deload: take Squat down from 68 to 34 hard sets next week.";
    check(Action::Deload, Some(68.0), Some(34.0), 1, text);
    let text = "Keep Squat going as it is for the next 4 weeks.";
    check(Action::KeepGoing, None, None, 4, text);
}

#[test]
fn adjustment_of_load_replaces_the_advice() {
    let kg = |action, from, to, weeks, text: &str| {
        check_change((action, from, to, Unit::Kilograms, weeks), text);
    };
    let text = "Keep Squat at 100 kg for the next 2 weeks, and add nothing for now.";
    kg(Action::HoldLoad, Some(100.0), Some(100.0), 2, text);
    kg(Action::HoldLoad, Some(100.0), None, 2, text);
    kg(Action::HoldLoad, None, None, 0, "Keep Squat where it is, and add nothing for now.");
    let text = "Take the load of Squat down from 100 to 92.5 kg next week.";
    kg(Action::CutLoad, Some(100.0), Some(92.5), 1, text);
    let text = "Take the load of Squat down by a little next week.";
    kg(Action::CutLoad, Some(f64::NAN), Some(f64::INFINITY), 1, text);
    let text = "Keep going: take Squat from 100 to 102.5 kg for the next 2 weeks.";
    kg(Action::KeepGoing, Some(100.0), Some(102.5), 2, text);
}

#[test]
fn adjustment_of_all_training_replaces_the_advice() {
    let percent = |action, from, to, text: &str| {
        check_change((action, from, to, Unit::Percent, 1), text);
    };
    let text = "Take the load of all of your training down to 90 % next week.";
    percent(Action::CutLoad, None, Some(90.0), text);
    let text = "Deload: take all of your training down from 100 to 50 % next week.";
    percent(Action::Deload, Some(100.0), Some(50.0), text);
    let text = "Deload all of your training next week: far fewer sets, and nothing near failure.";
    percent(Action::Deload, None, None, text);
}

#[test]
fn adjustment_equal_to_the_advice_changes_nothing() {
    let with = |kind, action, from, to| {
        let facts = all().into_iter().find(|facts| facts.kind == kind).unwrap();
        let subject = facts.subject.clone();
        let (from, to) = (Some(from), Some(to));
        let adjustment =
            Adjustment { subject, action, from, to, unit: Unit::HardSetsAWeek, weeks: 1 };
        let plain = narration(&facts);
        let adjusted = narration(&Facts { adjustment: Some(adjustment), ..facts });
        (plain == adjusted, adjusted.recommendation)
    };
    assert!(with(PatternKind::VolumeAboveMrv, Action::CutSets, 16.5, 12.0).0);
    assert!(with(PatternKind::VolumeBelowMev, Action::RaiseSets, 2.5, 4.0).0);
    let (same, text) = with(PatternKind::VolumeBelowMev, Action::RaiseSets, 2.5, 3.0);
    assert!(!same);
    assert!(text.ends_with("for 2 weeks. Bring chest up from 2.5 to 3 hard sets next week."));
}

#[test]
fn broken_plateau_has_a_text_without_numbers() {
    let narration = plateau_broken("Squat");
    assert_eq!(narration.title, "Squat is moving again");
    let facts = facts(PatternKind::Plateau, "Squat", Value::Object(Map::new()));
    assert_eq!(check_facts(&narration, &facts), Ok(()));
}
