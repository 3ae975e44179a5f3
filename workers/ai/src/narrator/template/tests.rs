use super::*;
use crate::narrator::check::check as check_facts;
use serde_json::{Map, Value, json};
use training::WeekStart;

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

fn check(kind: PatternKind, title: &str, recommendation: &str) {
    let facts = all().into_iter().find(|facts| facts.kind == kind).unwrap();
    let narration = narration(&facts);
    assert_eq!(
        (narration.title.as_str(), narration.recommendation.as_str()),
        (title, recommendation)
    );
}

#[test]
fn each_kind_has_a_text_with_its_numbers() {
    check(
        PatternKind::VolumeAboveMrv,
        "Front delts volume over MRV: 16.5 hard sets",
        "You did 16.5 hard sets for front delts in the week of 2026-11-16. The most that can be \
         recovered from (MRV) is about 12. Take 4.5 hard sets away next week, and keep the weights \
         where they are.",
    );
    check(
        PatternKind::VolumeBelowMev,
        "Chest volume below MEV for 2 weeks",
        "Your chest got 2.5 hard sets last week and has been below the minimum effective volume \
         (MEV, about 4) for 2 weeks in a row, since 2026-11-16. Bring it up to 4 hard sets a week.",
    );
    check(
        PatternKind::LoadSpike,
        "Load spike: 1.8 times your usual",
        "You are lifting 1.8 times your load of the weeks before. In a week you \
         moved 4813 kg, where 2674 kg is usual for you. Stay near your usual load next week, and add \
         to it in small steps from there.",
    );
    check(
        PatternKind::HighMonotony,
        "Days too similar: monotony 2.31",
        "In the week of 2026-11-16 your days were all about equally hard (monotony 2.31), and there \
         was a lot of work in them: 41250 kg, where 33010 kg is usual for you. Make the hard days \
         hard and the easy days easy, and rest in between.",
    );
    check(
        PatternKind::ProgressiveOverload,
        "Barbell Bench Press goes up: 0.63 % a week",
        "Your estimated max in Barbell Bench Press is going up by 0.63 % a week over 8 sessions in 38 \
         days. It is about 123.33 kg; your best is 126.5 kg. Your training works: keep going, \
         and add weight when you complete all your reps.",
    );
    check(
        PatternKind::Plateau,
        "Barbell Bench Press has stalled for 38 days",
        "Your estimated max in Barbell Bench Press has not moved over 8 sessions in 38 days. It is \
         about 123.33 kg; your best is 126.5 kg. Change one thing, such as the rep range or a \
         close variation of the lift, and give it a few weeks.",
    );
    check(
        PatternKind::Regression,
        "Barbell Bench Press goes down: 0.9 % a week",
        "Your estimated max in Barbell Bench Press is going down by 0.9 % a week over 8 sessions in 38 \
         days. It is about 123.33 kg; your best is 126.5 kg. Look at sleep, food and stress \
         first. Take some weight off the bar for a week, and build it up again.",
    );
    check(
        PatternKind::DeloadTaken,
        "Deload taken: 50 % of your usual sets",
        "The week of 2026-11-16 was a light one with 34 hard sets, 50 % of the 68.5 that are usual for \
         you. That is a deload. Go back to your usual sets next week.",
    );
    check(
        PatternKind::DeloadDue,
        "Time for a deload",
        "You have trained 7 weeks in a row, none of them light. 2 of your lifts have stalled. The \
         same sets feel 1.25 RPE harder than before. Take a light week: far fewer sets, the same exercises, and nothing \
         near failure.",
    );
    check(
        PatternKind::PushPullImbalance,
        "More push than pull",
        "Over the last 4 weeks your upper body did much more pushing than pulling: 48 hard sets of \
         pushing and 27.5 of pulling, a ratio of 1.75. Move sets from pushing to pulling, a few each \
         week, until they are about even.",
    );
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
            narration.recommendation.starts_with(&format!("{finding} Take a light week")),
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
    assert_eq!(mrv.title, "Chest volume over MRV");
    assert_eq!(
        mrv.recommendation,
        "You did more hard sets for chest in the week of 2026-11-16 than can be recovered from. Take \
         some hard sets away next week, and keep the weights where they are."
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
    assert!(text.ends_with("since 2026-11-16. Bring chest up from 2.5 to 3 hard sets next week."));
}

#[test]
fn broken_plateau_has_a_text_without_numbers() {
    let narration = plateau_broken("Squat");
    assert_eq!(narration.title, "Squat plateau broken");
    let facts = facts(PatternKind::Plateau, "Squat", Value::Object(Map::new()));
    assert_eq!(check_facts(&narration, &facts), Ok(()));
}
