//! Property tests: for any history the rules return, and their evidence is finite numbers.

use ai::history::History;
use ai::rules::{Pattern, Scope, find_patterns};
use chrono::{Days, NaiveDate};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use storage::training_history::{HistoryDay, HistoryWeek, LiftSession};
use training::{
    BestSet, E1rmFormula, ExercisePerformance, Grams, HalfSets, LandmarkOverride,
    LandmarkOverrides, Muscle, MuscleVolume, Rpe, Volume, WeekStart,
};

const CASES: u32 = 2_000;
const LIFTS: [&str; 3] = ["barbell-bench-press", "deadlift", "my-own-lift"];

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 25).unwrap_or_default()
}

/// Mostly within the weeks of the history, some a year ago, some in the future.
fn day() -> impl Strategy<Value = NaiveDate> {
    let back = prop_oneof![8 => -3..130_i64, 1 => 300..500_i64, 1 => -400..0_i64];
    back.prop_map(|back| today() - chrono::Duration::days(back))
}

/// Ordinary amounts, one constant amount, 0, and impossible amounts.
fn amount() -> impl Strategy<Value = i64> {
    prop_oneof![
        6 => 0..20_000_000_i64,
        2 => Just(100_000_i64),
        1 => Just(0_i64),
        1 => -1_000_i64..0,
        1 => prop_oneof![Just(i64::MIN), Just(i64::MAX)],
    ]
}

fn half_sets() -> impl Strategy<Value = i64> {
    prop_oneof![10 => 0..150_i64, 1 => amount()]
}

fn muscle() -> impl Strategy<Value = Muscle> {
    prop::sample::select(Muscle::ALL.to_vec())
}

fn week() -> impl Strategy<Value = HistoryWeek> {
    let muscles = btree_map(muscle(), half_sets(), 0..14);
    (day(), 0..8_i64, half_sets(), muscles).prop_map(|(day, workouts, hard, muscles)| {
        let part =
            |half_sets| MuscleVolume { half_sets: HalfSets(half_sets), ..Default::default() };
        let muscles = muscles.into_iter().map(|(muscle, sets)| (muscle, part(sets))).collect();
        let hard_half_sets = HalfSets(hard);
        let volume = Volume { workouts, hard_half_sets, muscles, ..Volume::default() };
        HistoryWeek { week_start: WeekStart::containing(day), volume }
    })
}

fn history_day() -> impl Strategy<Value = HistoryDay> {
    (day(), 0..3_i64, amount()).prop_map(|(local_date, workouts, grams)| HistoryDay {
        local_date,
        workouts,
        tonnage_grams: Grams(grams),
    })
}

fn session() -> impl Strategy<Value = LiftSession> {
    let rpe = prop::option::of((2..=20_u8).prop_map(|halves| f64::from(halves) / 2.0));
    (day(), amount(), amount(), 0..40_u32, rpe, any::<bool>()).prop_map(
        |(local_date, e1rm, load, reps, rpe, estimated)| {
            let best = BestSet {
                e1rm_grams: Grams(e1rm),
                load_grams: Grams(load),
                weight_grams: None,
                reps,
                rpe: rpe.and_then(Rpe::new),
            };
            // Sessions of warm-ups and long sets have no estimate.
            let best = estimated.then_some((E1rmFormula::Epley, best)).into_iter().collect();
            let performance = ExercisePerformance { best, ..ExercisePerformance::default() };
            LiftSession { local_date, performance }
        },
    )
}

/// Returns `count` days in steps of `step` days, ending near today.
fn regular_dates(step: i64, count: usize) -> impl Iterator<Item = NaiveDate> {
    let mut back = i64::try_from(count).unwrap_or(0) * step;
    std::iter::repeat_with(move || {
        back -= step;
        today() - chrono::Duration::days(back)
    })
    .take(count)
}

/// A lift that is trained regularly, with a constant trend or none.
fn regular_sessions() -> impl Strategy<Value = Vec<LiftSession>> {
    let sessions = vec((session(), 0..1_000_i64, 12..=20_u8), 0..30);
    (1..9_i64, -1_500..1_500_i64, sessions).prop_map(|(step, slope, sessions)| {
        let days = regular_dates(step, sessions.len());
        let mut e1rm = 100_000;
        let mut regular = Vec::new();
        for (date, (mut session, jitter, rpe_halves)) in days.zip(sessions) {
            e1rm += slope;
            for best in session.performance.best.values_mut() {
                best.e1rm_grams = Grams(e1rm + jitter);
                best.load_grams = Grams(80_000);
                best.reps = 5;
                best.rpe = Rpe::new(f64::from(rpe_halves) / 2.0);
            }
            session.local_date = date;
            regular.push(session);
        }
        regular
    })
}

/// Consecutive weeks of equal volume, or less than half of it.
fn regular_weeks() -> impl Strategy<Value = Vec<HistoryWeek>> {
    vec((week(), prop_oneof![5 => Just(100_i64), 1 => Just(40_i64)]), 0..18).prop_map(|weeks| {
        let days = regular_dates(7, weeks.len());
        let regular = days.zip(weeks).map(|(date, (mut week, half_sets))| {
            week.week_start = WeekStart::containing(date);
            week.volume.workouts = 4;
            week.volume.hard_half_sets = HalfSets(half_sets);
            week
        });
        regular.collect()
    })
}

/// Consecutive days of similar load.
fn regular_days() -> impl Strategy<Value = Vec<HistoryDay>> {
    vec((5_000_000..6_000_000_i64, 0..10_i64), 0..80).prop_map(|loads| {
        let days = regular_dates(1, loads.len());
        let regular = days.zip(loads).map(|(local_date, (grams, rest))| HistoryDay {
            local_date,
            workouts: i64::from(rest > 0),
            tonnage_grams: Grams(if rest > 0 { grams } else { 0 }),
        });
        regular.collect()
    })
}

fn history() -> impl Strategy<Value = History> {
    let weeks = vec(week(), 0..24).prop_map(|mut weeks| {
        weeks.sort_by_key(|week| week.week_start);
        weeks
    });
    let weeks = prop_oneof![weeks, regular_weeks()];
    let days = prop_oneof![vec(history_day(), 0..80), regular_days()];
    let sessions = prop_oneof![vec(session(), 0..40), regular_sessions()];
    let lifts = btree_map(prop::sample::select(LIFTS.to_vec()), sessions, 0..4);
    let mrv = prop::option::of(half_sets());
    (weeks, days, lifts, mrv).prop_map(|(weeks, days, lifts, mrv)| {
        let own = LandmarkOverride { mrv: mrv.map(HalfSets), ..LandmarkOverride::default() };
        History {
            reported: None,
            today: today(),
            weeks,
            days,
            lifts: lifts.into_iter().map(|(lift, sessions)| (lift.to_owned(), sessions)).collect(),
            landmarks: LandmarkOverrides(BTreeMap::from([(Muscle::Chest, own)])),
            units: training::Units::Kg,
        }
    })
}

fn scope() -> impl Strategy<Value = Scope> {
    let weeks = btree_set(day().prop_map(WeekStart::containing), 0..4);
    let muscles = prop::option::of(btree_set(muscle(), 0..3));
    (weeks, muscles).prop_map(|(weeks, muscles)| Scope { weeks, muscles })
}

fn is_sound(pattern: &Pattern) -> bool {
    // A number that is not finite becomes null in JSON.
    let has_finite_evidence = pattern.evidence.values().all(|value| match value {
        Value::Number(number) => number.as_f64().is_some_and(f64::is_finite),
        Value::String(_) | Value::Array(_) => true,
        Value::Null | Value::Bool(_) | Value::Object(_) => false,
    });
    has_finite_evidence && (0.0..=1.0).contains(&pattern.confidence)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn any_history_gives_finite_evidence(
        history in history(),
        scope in scope(),
    ) {
        let found = find_patterns(&history, &scope);
        for pattern in &found {
            prop_assert!(is_sound(pattern), "{pattern:?}");
        }
        let names = found.iter().map(|p| (p.kind.as_str(), p.subject.as_str(), p.since));
        prop_assert_eq!(names.collect::<BTreeSet<_>>().len(), found.len(), "found twice: {:?}", found);
        prop_assert_eq!(find_patterns(&history, &scope), found, "a second run differs");
    }
}

#[test]
fn empty_history_and_one_session_have_no_patterns() {
    let today = today();
    let scope = Scope { weeks: BTreeSet::from([WeekStart::containing(today)]), muscles: None };
    let mut history = History::none(today);
    assert_eq!(find_patterns(&history, &scope), []);
    let day = HistoryDay { local_date: today, workouts: 1, tonnage_grams: Grams(1_000_000) };
    history.days.push(day);
    assert_eq!(find_patterns(&history, &scope), []);
    history.days.push(HistoryDay { local_date: today - Days::new(365), ..day });
    assert_eq!(find_patterns(&history, &scope), []);
}
