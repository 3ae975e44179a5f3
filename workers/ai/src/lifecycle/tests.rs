//! The transitions of one pattern or a few, and the ids of patterns.

use super::*;
use crate::rules::Subject;
use serde_json::{Map, json};
use std::sync::LazyLock;
use storage::training_history::LiftSession;
use training::e1rm::E1rmFormula;
use training::performance::{BestSet, ExercisePerformance};
use training::{Grams, Muscle};

const NOW: &str = "2026-11-25T12:00:00Z";

fn athlete() -> AthleteId {
    AthleteId(Uuid::from_u128(7))
}

fn week(monday: &str) -> WeekStart {
    WeekStart::containing(monday.parse().unwrap())
}

fn now() -> DateTime<Utc> {
    NOW.parse().unwrap()
}

fn context() -> Context<'static> {
    static NONE_DEFERRED: BTreeSet<Uuid> = BTreeSet::new();
    static NONE: BTreeSet<WeekStart> = BTreeSet::new();
    static RECENT: LazyLock<BTreeSet<WeekStart>> = LazyLock::new(|| [week("2026-11-16")].into());
    Context { now: now(), pending_weeks: &NONE, notified_weeks: &RECENT, deferred: &NONE_DEFERRED }
}

fn history() -> History {
    History::none(now().date_naive())
}

fn pattern(kind: PatternKind, since: &str, confidence: f64) -> Pattern {
    let subject = match kind {
        PatternKind::VolumeAboveMrv | PatternKind::VolumeBelowMev => Subject::Muscle(Muscle::Chest),
        PatternKind::ProgressiveOverload | PatternKind::Plateau | PatternKind::Regression => {
            Subject::Lift("barbell-bench-press".to_owned())
        }
        _ => Subject::Training,
    };
    Pattern { kind, subject, since: week(since), confidence, evidence: Map::new() }
}

/// The stored pattern, notified or resolved that number of days ago.
fn stored(pattern: &Pattern, status: PatternStatus, days_ago: i64) -> KnownPattern {
    KnownPattern {
        pattern_id: pattern.id_of_week(athlete()),
        kind: pattern.kind,
        subject: pattern.subject.as_str().to_owned(),
        since: pattern.since,
        status,
        confidence: pattern.confidence,
        evidence: Map::from_iter([("e1rm_best_kg".to_owned(), json!(100.0))]),
        announcements: 1,
        announced_at_ms: (now() - TimeDelta::days(days_ago)).timestamp_millis(),
        resolved_at_ms: (status == PatternStatus::Resolved)
            .then(|| (now() - TimeDelta::days(days_ago)).timestamp_millis()),
    }
}

/// The transition of one pattern: `notified` and `stored` with the number of notifications,
/// `resolved` with whether the athlete is notified.
fn check(before: Option<KnownPattern>, found: Option<Pattern>, expected: Option<(&str, i64)>) {
    let stored: Vec<_> = before.into_iter().collect();
    let found: Vec<_> = found.into_iter().collect();
    let scope = Scope { weeks: [week("2026-11-16")].into(), muscles: None };
    let transitions = transitions(athlete(), &history(), &scope, &stored, &found, context());
    let summary: Vec<_> = transitions
        .iter()
        .map(|transition| match transition {
            Transition::Active { announcements, is_notified: true, .. } => {
                ("notified", *announcements)
            }
            Transition::Active { announcements, is_notified: false, .. } => {
                ("stored", *announcements)
            }
            Transition::Resolved { is_notified, .. } => ("resolved", i64::from(*is_notified)),
        })
        .collect();
    assert_eq!(summary, expected.into_iter().collect::<Vec<_>>(), "{stored:?} {found:?}");
}

#[test]
fn new_or_worse_pattern_notifies_and_repeats_after_four_weeks() {
    use PatternKind::{Plateau, ProgressiveOverload, Regression, VolumeAboveMrv};
    use PatternStatus::{Open, Resolved};
    let falling = |confidence| pattern(Regression, "2026-10-12", confidence);
    let before = |status, days| Some(stored(&falling(0.7), status, days));
    check(None, Some(falling(0.7)), Some(("notified", 1)));
    check(before(Open, 7), Some(falling(0.7)), None);
    check(before(Open, 7), Some(falling(0.84)), None);
    check(before(Open, 7), Some(falling(0.85)), Some(("notified", 2)));
    check(before(Open, 27), Some(falling(0.7)), None);
    check(before(Open, 28), Some(falling(0.7)), Some(("notified", 2)));
    check(before(Resolved, 7), Some(falling(0.7)), Some(("stored", 1)));
    check(before(Resolved, 28), Some(falling(0.7)), Some(("notified", 1)));
    // A later first week of the same lift is the same pattern.
    check(before(Open, 7), Some(pattern(Regression, "2026-10-19", 0.7)), None);
    check(before(Resolved, 7), Some(pattern(Regression, "2026-10-19", 0.7)), Some(("stored", 1)));
    // A plateau with a higher confidence is not worse.
    let plateau = |confidence| pattern(Plateau, "2026-10-12", confidence);
    check(Some(stored(&plateau(0.5), Open, 7)), Some(plateau(0.9)), None);
    // Progress is stored, and does not notify.
    check(None, Some(pattern(ProgressiveOverload, "2026-10-12", 0.9)), Some(("stored", 1)));
    // A pattern of one week has no reminders and expires.
    let above = |since| pattern(VolumeAboveMrv, since, 0.7);
    let stored_above = |status, days| Some(stored(&above("2026-11-16"), status, days));
    check(stored_above(Open, 40), Some(above("2026-11-16")), None);
    check(stored_above(Resolved, 7), Some(above("2026-11-16")), Some(("stored", 1)));
    let old = Some(stored(&above("2026-11-02"), Resolved, 20));
    check(old, Some(above("2026-11-02")), None);
}

/// Analyses a week after each edit of it, and checks the confidences of the notifications. A
/// confidence of 0 is a week that is not over MRV.
#[track_caller]
fn check_edits(edits: &[f64], expected: &[f64]) {
    let mut row: Option<KnownPattern> = None;
    let mut notified = Vec::new();
    for confidence in edits {
        let found = pattern(PatternKind::VolumeAboveMrv, "2026-11-16", *confidence);
        let found = Some(found).filter(|found| found.confidence > 0.0);
        let scope = Scope { weeks: [week("2026-11-16")].into(), muscles: None };
        let (history, found) = (history(), found.as_slice());
        match transitions(athlete(), &history, &scope, row.as_slice(), found, context()).pop() {
            Some(Transition::Active { pattern, announcements, is_notified, .. }) => {
                notified.extend(is_notified.then_some(pattern.confidence));
                let open = stored(&pattern, PatternStatus::Open, 0);
                row = Some(KnownPattern { announcements, ..open });
            }
            Some(Transition::Resolved { stored, .. }) => {
                row = Some(KnownPattern { status: PatternStatus::Resolved, ..stored });
            }
            None => {}
        }
    }
    assert_eq!(notified, expected, "{edits:?}");
}

#[test]
fn edited_week_notifies_only_above_the_last_notified_confidence() {
    check_edits(&[0.83, 1.0], &[0.83, 1.0]);
    check_edits(&[0.83, 1.0, 0.83, 1.0], &[0.83, 1.0]);
    check_edits(&[0.83, 1.0, 0.0, 1.0], &[0.83, 1.0]);
    check_edits(&[0.83, 1.0, 0.0, 0.83, 1.0], &[0.83, 1.0]);
    check_edits(&[1.0, 0.0, 0.6, 0.0, 0.8, 1.0], &[1.0]);
    // Two small rises notify once they add up.
    check_edits(&[0.7, 0.0, 0.8, 0.9], &[0.7, 0.9]);
    check_edits(&[0.7, 0.0, 0.9], &[0.7, 0.9]);
}

#[test]
fn missing_pattern_is_resolved_if_the_analysis_covered_it() {
    use PatternKind::{Plateau, VolumeAboveMrv};
    let open = |kind, since| Some(stored(&pattern(kind, since, 0.7), PatternStatus::Open, 7));
    check(open(Plateau, "2026-10-12"), None, Some(("resolved", 0)));
    check(open(VolumeAboveMrv, "2026-11-16"), None, Some(("resolved", 0)));
    check(open(VolumeAboveMrv, "2026-11-09"), None, None);
    check(open(VolumeAboveMrv, "2026-11-02"), None, Some(("resolved", 0)));
    let resolved = stored(&pattern(Plateau, "2026-10-12", 0.7), PatternStatus::Resolved, 7);
    check(Some(resolved), None, None);
}

#[test]
fn quiet_analysis_leaves_the_announcement_to_the_next() {
    use PatternKind::{Plateau, ProgressiveOverload, VolumeAboveMrv};
    let check =
        |found: &Pattern, notified: &[&str], before: Option<i64>, expected: Option<(i64, bool)>| {
            let notified_weeks = notified.iter().map(|monday| week(monday)).collect();
            let context = Context { notified_weeks: &notified_weeks, ..context() };
            let scope = Scope { weeks: [found.since].into(), muscles: None };
            let stored = before.map(|announcements| KnownPattern {
                announcements,
                announced_at_ms: now().timestamp_millis() * announcements,
                ..stored(found, PatternStatus::Open, 1)
            });
            let found = std::slice::from_ref(found);
            let transitions =
                transitions(athlete(), &history(), &scope, stored.as_slice(), found, context);
            let active = transitions.iter().find_map(|transition| match transition {
                Transition::Active { announcements, is_notified, .. } => {
                    Some((*announcements, *is_notified))
                }
                Transition::Resolved { .. } => None,
            });
            assert_eq!(active, expected, "{found:?} {notified:?} {before:?}");
        };
    let this_week = "2026-11-23";
    let above = |since| pattern(VolumeAboveMrv, since, 0.9);
    let plateau = pattern(Plateau, "2026-10-12", 0.7);
    // A change of last year's workouts, or a deletion: stored, and announced by the next workout.
    check(&plateau, &[], None, Some((0, false)));
    check(&plateau, &[], Some(0), None);
    check(&plateau, &[this_week], Some(0), Some((1, true)));
    check(&plateau, &[this_week], Some(1), None);
    check(&above("2026-11-16"), &[], None, Some((0, false)));
    check(&above("2026-11-16"), &[this_week], Some(0), Some((1, true)));
    // A week that ended more than 14 days ago, unless its change was recent when it was made.
    check(&above("2026-05-18"), &[], None, Some((0, false)));
    check(&above("2026-05-18"), &[this_week], None, Some((0, false)));
    check(&above("2026-11-02"), &[this_week], Some(0), None);
    check(&above("2026-11-02"), &["2026-11-02"], None, Some((1, true)));
    // A kind that is never notified.
    check(&pattern(ProgressiveOverload, "2026-10-12", 0.7), &[], None, Some((1, false)));
}

#[test]
fn end_of_an_unannounced_plateau_is_not_notified() {
    let plateau = pattern(PatternKind::Plateau, "2026-10-12", 0.5);
    let check = |announcements, notified_weeks: &BTreeSet<WeekStart>, expected| {
        let open = stored(&plateau, PatternStatus::Open, 7);
        let open = [KnownPattern { announcements, ..open }];
        let scope = Scope { weeks: [week("2026-11-16")].into(), muscles: None };
        let context = Context { notified_weeks, ..context() };
        let history = broken_plateau(100.6);
        let resolved = transitions(athlete(), &history, &scope, &open, &[], context);
        let [stored] = open;
        assert_eq!(resolved, [Transition::Resolved { stored, is_notified: expected }]);
    };
    let notified = [week("2026-11-23")].into();
    check(1, &notified, true);
    check(0, &notified, false);
    check(1, &BTreeSet::new(), false);
}

#[test]
fn deload_resolves_no_plateau_and_pending_week_is_no_deload() {
    let deload = pattern(PatternKind::DeloadTaken, "2026-11-09", 0.9);
    let plateau = stored(&pattern(PatternKind::Plateau, "2026-10-12", 0.7), PatternStatus::Open, 7);
    let history = crate::rules::histories::history("2026-11-23", |h| {
        let sets = [20.0, 20.0, 20.0, 10.0, 20.0];
        for (monday, sets) in
            ["2026-10-19", "2026-10-26", "2026-11-02", "2026-11-09", "2026-11-16"].iter().zip(sets)
        {
            h.hard_sets(monday, sets);
        }
    });
    let scope = Scope { weeks: [week("2026-11-23")].into(), muscles: None };
    let open = [plateau];
    assert_eq!(transitions(athlete(), &history, &scope, &open, &[], context()), []);
    let later = History { today: "2026-11-30".parse().unwrap(), ..history.clone() };
    assert_eq!(transitions(athlete(), &later, &scope, &open, &[], context()).len(), 1);
    let pending = [week("2026-11-09")].into();
    let incomplete = Context { pending_weeks: &pending, ..context() };
    let found = [deload];
    assert_eq!(transitions(athlete(), &history, &scope, &[], &found, incomplete), []);
    assert_eq!(transitions(athlete(), &history, &scope, &[], &found, context()).len(), 1);
}

#[test]
fn concurrent_analyses_give_one_id_and_the_next_pattern_another() {
    let plateau = |since| pattern(PatternKind::Plateau, since, 0.5);
    let id = |since, stored: &[KnownPattern]| pattern_id(athlete(), &plateau(since), stored, now());
    let first = id("2026-10-12", &[]);
    assert_eq!(id("2026-10-19", &[]), first);
    let mut resolved = stored(&plateau("2026-10-12"), PatternStatus::Resolved, 28);
    resolved.pattern_id = first;
    let second = id("2026-10-19", &[resolved.clone()]);
    assert_ne!(second, first);
    assert_eq!(id("2026-10-26", &[resolved.clone()]), second);
    resolved.resolved_at_ms = Some(now().timestamp_millis());
    assert_eq!(id("2026-10-19", &[resolved]), first);
}

#[test]
fn analysis_of_one_muscle_resolves_nothing() {
    let plateau = pattern(PatternKind::Plateau, "2026-10-12", 0.5);
    let open = [stored(&plateau, PatternStatus::Open, 7)];
    let scope = Scope { weeks: [week("2026-11-16")].into(), muscles: Some([Muscle::Chest].into()) };
    assert_eq!(transitions(athlete(), &history(), &scope, &open, &[], context()), []);
}

/// A bench press of 100 kg, and one of this weight a week later.
fn broken_plateau(kg: f64) -> History {
    let session = |day: &str, kg| {
        let best = BestSet {
            e1rm_grams: Grams::from_kg(kg),
            load_grams: Grams::from_kg(kg),
            weight_grams: None,
            reps: 1,
            rpe: None,
        };
        let performance = ExercisePerformance {
            best: [(E1rmFormula::Epley, best)].into(),
            ..ExercisePerformance::default()
        };
        LiftSession { local_date: day.parse().unwrap(), performance }
    };
    let sessions = vec![session("2026-11-17", 100.0), session("2026-11-24", kg)];
    let mut history = history();
    history.lifts.insert("barbell-bench-press".to_owned(), sessions);
    history
}

#[test]
fn session_above_the_best_breaks_the_plateau() {
    let plateau = pattern(PatternKind::Plateau, "2026-10-12", 0.5);
    let open = [stored(&plateau, PatternStatus::Open, 7)];
    let scope = Scope { weeks: [week("2026-11-16")].into(), muscles: None };
    let transitions_after =
        |kg: f64| transitions(athlete(), &broken_plateau(kg), &scope, &open, &[], context());
    let resolved =
        |is_notified| vec![Transition::Resolved { stored: open[0].clone(), is_notified }];
    assert_eq!(transitions_after(100.4), resolved(false));
    assert_eq!(transitions_after(100.6), resolved(true));
}

#[test]
fn deferred_change_is_announced_when_its_turn_comes() {
    let found = [pattern(PatternKind::Plateau, "2026-11-16", 0.7)];
    let scope = Scope::default();
    let announced = |deferred: &BTreeSet<Uuid>| {
        let context = Context { deferred, ..context() };
        let transitions = transitions(athlete(), &history(), &scope, &[], &found, context);
        transitions.iter().any(|t| matches!(t, Transition::Active { is_notified: true, .. }))
    };
    let id = pattern_id(athlete(), &found[0], &[], now());
    assert!(announced(&BTreeSet::new()));
    assert!(!announced(&BTreeSet::from([id])));
}

#[test]
fn same_finding_of_the_next_weeks_is_not_announced_again() {
    let announced = |weeks_before: u32| {
        let found = pattern(PatternKind::VolumeAboveMrv, "2026-11-16", 0.9);
        let earlier = Pattern { since: found.since.weeks_before(weeks_before), ..found.clone() };
        let stored = [stored(&earlier, PatternStatus::Open, 7)];
        let scope = Scope { weeks: [week("2026-11-16")].into(), muscles: None };
        let transitions = transitions(athlete(), &history(), &scope, &stored, &[found], context());
        transitions.iter().any(|t| matches!(t, Transition::Active { is_notified: true, .. }))
    };
    assert!(!announced(1));
    assert!(!announced(3));
    assert!(announced(4));
}
