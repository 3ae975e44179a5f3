//! The life of a pattern: begun, still there, worse, gone; and what of it an athlete is told.
//!
//! In scope: comparing what was found with what was known. Out of scope: finding, see
//! [`crate::rules`]; words, see [`crate::narrator`].
//!
//! | what happens | stored | told |
//! |---|---|---|
//! | a pattern begins | yes | yes, but for those that only please (`is_notified`) |
//! | it is still there | no | again after four weeks |
//! | it has grown clearly worse, where that can be told (`can_worsen`) | yes | yes |
//! | it ends | yes | a plateau that is broken |
//! | it comes back as it was, within four weeks | yes | no |
//!
//! Worse is worse than what was told last, not than what was seen last: what eases and comes back is
//! no news.

use crate::history::History;
use crate::rules::{self, Pattern, Scope, Subject};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use shared_kernel::AthleteId;
use shared_kernel::payload::PatternKind;
use shared_kernel::policy::Lifetime;
use std::collections::BTreeSet;
use storage::patterns::{KnownPattern, PatternStatus};
use training::WeekStart;
use uuid::Uuid;

/// So much surer is clearly worse (ours): two steps of the scale in which confidence is given.
const CLEARLY: f64 = 0.15;
/// What is still there is told again after so long (ours): the time in which a change can show.
const REMINDER: TimeDelta = TimeDelta::weeks(4);
/// A pattern of one week is history after so long (ours).
const WEEK_IS_HISTORY: TimeDelta = TimeDelta::weeks(2);
/// A lift is off its plateau when it is so much over the best on it: as the rule that finds it says.
const BROKEN: f64 = 1.005;

/// What becomes of one pattern.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// It is there, and is stored.
    There {
        /// As it was found; what comes back untold has the confidence with which it was told last.
        pattern: Pattern,
        /// Its id: that of its beginning.
        pattern_id: Uuid,
        /// How often the athlete was told of it, this time included.
        announcements: i64,
        /// Whether the athlete is told now.
        told: bool,
    },
    /// It is there no more.
    Gone {
        /// As it was known.
        known: KnownPattern,
        /// Whether the athlete is told.
        told: bool,
    },
}

/// When, and what else there is to know of an athlete.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// The time.
    pub now: DateTime<Utc>,
    /// Weeks of which workouts are still on their way to the ledger: half a week looks like a deload.
    pub pending: &'a BTreeSet<WeekStart>,
}

/// What becomes of an athlete's patterns: of those found within the scope, and of those known.
pub fn steps(
    athlete_id: AthleteId,
    history: &History,
    scope: &Scope,
    known: &[KnownPattern],
    found: &[Pattern],
    moment: Moment<'_>,
) -> Vec<Step> {
    let there = found.iter().filter_map(|pattern| {
        let pattern_id = id_of(athlete_id, pattern, known, moment.now);
        let before = known.iter().find(|known| known.pattern_id == pattern_id);
        there(pattern, pattern_id, before, moment)
    });
    let is_found =
        |known: &KnownPattern| found.iter().any(|pattern| is_it(athlete_id, pattern, known));
    let looked_at = rules::weeks_looked_at(history, scope);
    let resting = rules::is_resting(history);
    let is_gone = |known: &KnownPattern| {
        if scope.muscles.is_some() {
            false
        } else if known.kind.lasts_one_week() {
            looked_at.contains(&known.since)
        } else {
            let lifetime = known.kind.policy().lifetime;
            !(resting && lifetime == Lifetime::UntilResolvedAfterDeload)
        }
    };
    let gone = known
        .iter()
        .filter(|known| known.status == PatternStatus::Open)
        .filter(|known| is_past(known, history) || !is_found(known) && is_gone(known))
        .map(|known| Step::Gone {
            known: known.clone(),
            told: is_broken_plateau(known, history, found),
        });
    there.chain(gone).collect()
}

/// A pattern of a week about which nobody is told any more.
fn is_past(known: &KnownPattern, history: &History) -> bool {
    known.kind.lasts_one_week()
        && history.today - known.since.date() >= WEEK_IS_HISTORY + TimeDelta::weeks(1)
}

/// Whether a known pattern, if it is open, is this one.
fn is_it(athlete_id: AthleteId, pattern: &Pattern, known: &KnownPattern) -> bool {
    if pattern.kind.lasts_one_week() {
        return known.pattern_id == pattern.id(athlete_id);
    }
    known.kind == pattern.kind && known.subject == pattern.subject.as_str()
}

/// The id of a pattern. Of one week, it is that of its week. Else it is that of the pattern of its
/// kind and subject that is open, or that was until less than four weeks ago; and if there is none,
/// a new one, made of the one that was the last: so two who find it at once give it the same.
pub fn id_of(
    athlete_id: AthleteId,
    pattern: &Pattern,
    known: &[KnownPattern],
    now: DateTime<Utc>,
) -> Uuid {
    if pattern.kind.lasts_one_week() {
        return pattern.id(athlete_id);
    }
    let of_its_kind = || known.iter().filter(|known| is_it(athlete_id, pattern, known));
    let is_open = |known: &&KnownPattern| known.status == PatternStatus::Open;
    let last = of_its_kind().max_by_key(|known| known.resolved_at_ms);
    let is_back = |known: &&KnownPattern| {
        let resolved = DateTime::from_timestamp_millis(known.resolved_at_ms.unwrap_or(0));
        now - resolved.unwrap_or_default() < REMINDER
    };
    match of_its_kind().find(is_open).or_else(|| last.filter(is_back)) {
        Some(known) => known.pattern_id,
        None => pattern.id_after(athlete_id, last.map(|known| known.pattern_id)),
    }
}

fn there(
    pattern: &Pattern,
    pattern_id: Uuid,
    before: Option<&KnownPattern>,
    Moment { now, pending }: Moment<'_>,
) -> Option<Step> {
    let step = |announcements, told| {
        Some(Step::There { pattern: pattern.clone(), pattern_id, announcements, told })
    };
    let untold = |before: &KnownPattern| {
        let pattern = Pattern { confidence: before.confidence, ..pattern.clone() };
        let announcements = before.announcements;
        Some(Step::There { pattern, pattern_id, announcements, told: false })
    };
    let policy = pattern.kind.policy();
    let is_told = policy.is_notified;
    let Some(before) = before else {
        let may_be_half =
            pattern.kind == PatternKind::DeloadTaken && pending.contains(&pattern.since);
        return if may_be_half { None } else { step(1, is_told) };
    };
    let told_at = DateTime::from_timestamp_millis(before.announced_at_ms).unwrap_or_default();
    let is_worse = policy.can_worsen && pattern.confidence >= before.confidence + CLEARLY;
    let is_long_ago = !pattern.kind.lasts_one_week() && now - told_at >= REMINDER;
    if is_told && (is_worse || is_long_ago) {
        return step(before.announcements + 1, true);
    }
    let is_over = pattern.kind.lasts_one_week()
        && now.date_naive() - pattern.since.date() >= WEEK_IS_HISTORY + TimeDelta::weeks(1);
    match before.status {
        PatternStatus::Resolved if !is_over && is_told => untold(before),
        PatternStatus::Resolved if !is_over => step(before.announcements, false),
        PatternStatus::Open | PatternStatus::Resolved => None,
    }
}

/// Whether a plateau ended by a lift that is over the best on it.
fn is_broken_plateau(known: &KnownPattern, history: &History, found: &[Pattern]) -> bool {
    let best = known.evidence.get("e1rm_best_kg").and_then(Value::as_f64);
    let seen = known.evidence.get("last_session").and_then(Value::as_str).unwrap_or_default();
    let falls = |pattern: &Pattern| {
        pattern.kind == PatternKind::Regression && pattern.subject.as_str() == known.subject
    };
    let newest = rules::newest_maximum(history, &known.subject);
    known.kind == PatternKind::Plateau
        && !found.iter().any(falls)
        && best.zip(newest).is_some_and(|(best, (date, newest))| {
            newest.kg() > best * BROKEN && date.to_string().as_str() > seen
        })
}

/// The subject of a known pattern, as it stands within a sentence.
pub fn subject_in_words(known: &KnownPattern) -> String {
    let muscle = serde_json::from_value(Value::from(known.subject.as_str())).ok();
    let subject = match (muscle, known.subject.as_str()) {
        (Some(muscle), _) => Subject::Muscle(muscle),
        (None, "training") => Subject::Training,
        (None, lift) => Subject::Lift(lift.to_owned()),
    };
    subject.in_words()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Map, json};
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

    fn moment() -> Moment<'static> {
        static NONE: BTreeSet<WeekStart> = BTreeSet::new();
        Moment { now: now(), pending: &NONE }
    }

    fn history() -> History {
        History::none(now().date_naive())
    }

    fn pattern(kind: PatternKind, since: &str, confidence: f64) -> Pattern {
        let subject = match kind {
            PatternKind::VolumeAboveMrv | PatternKind::VolumeBelowMev => {
                Subject::Muscle(Muscle::Chest)
            }
            PatternKind::ProgressiveOverload | PatternKind::Plateau | PatternKind::Regression => {
                Subject::Lift("barbell-bench-press".to_owned())
            }
            _ => Subject::Training,
        };
        Pattern { kind, subject, since: week(since), confidence, evidence: Map::new() }
    }

    /// What was told so many days ago of a pattern.
    fn known(pattern: &Pattern, status: PatternStatus, days_ago: i64) -> KnownPattern {
        KnownPattern {
            pattern_id: pattern.id(athlete()),
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

    /// What becomes of one pattern, in short.
    fn check(before: Option<KnownPattern>, found: Option<Pattern>, expected: Option<(&str, i64)>) {
        let known: Vec<_> = before.into_iter().collect();
        let found: Vec<_> = found.into_iter().collect();
        let scope = Scope { weeks: [week("2026-11-16")].into(), muscles: None };
        let steps = steps(athlete(), &history(), &scope, &known, &found, moment());
        let short: Vec<_> = steps
            .iter()
            .map(|step| match step {
                Step::There { announcements, told: true, .. } => ("told", *announcements),
                Step::There { announcements, told: false, .. } => ("stored", *announcements),
                Step::Gone { told, .. } => ("gone", i64::from(*told)),
            })
            .collect();
        assert_eq!(short, expected.into_iter().collect::<Vec<_>>(), "{known:?} {found:?}");
    }

    #[test]
    fn a_pattern_is_told_when_it_begins_when_it_is_worse_and_after_four_weeks() {
        use PatternKind::{Plateau, ProgressiveOverload, Regression, VolumeAboveMrv};
        use PatternStatus::{Open, Resolved};
        let falling = |confidence| pattern(Regression, "2026-10-12", confidence);
        let before = |status, days| Some(known(&falling(0.7), status, days));
        check(None, Some(falling(0.7)), Some(("told", 1)));
        check(before(Open, 7), Some(falling(0.7)), None);
        check(before(Open, 7), Some(falling(0.84)), None);
        check(before(Open, 7), Some(falling(0.85)), Some(("told", 2)));
        check(before(Open, 27), Some(falling(0.7)), None);
        check(before(Open, 28), Some(falling(0.7)), Some(("told", 2)));
        check(before(Resolved, 7), Some(falling(0.7)), Some(("stored", 1)));
        check(before(Resolved, 28), Some(falling(0.7)), Some(("told", 1)));
        // A window that slides on is still the same one.
        check(before(Open, 7), Some(pattern(Regression, "2026-10-19", 0.7)), None);
        check(
            before(Resolved, 7),
            Some(pattern(Regression, "2026-10-19", 0.7)),
            Some(("stored", 1)),
        );
        // A plateau that is known better is no worse.
        let plateau = |confidence| pattern(Plateau, "2026-10-12", confidence);
        check(Some(known(&plateau(0.5), Open, 7)), Some(plateau(0.9)), None);
        // Progress is stored, and not told.
        check(None, Some(pattern(ProgressiveOverload, "2026-10-12", 0.9)), Some(("stored", 1)));
        // A pattern of one week is another one in the next, and told once.
        let above = |since| pattern(VolumeAboveMrv, since, 0.7);
        let told = |status, days| Some(known(&above("2026-11-16"), status, days));
        check(told(Open, 40), Some(above("2026-11-16")), None);
        check(told(Resolved, 7), Some(above("2026-11-16")), Some(("stored", 1)));
        let old = Some(known(&above("2026-11-02"), Resolved, 20));
        check(old, Some(above("2026-11-02")), None);
    }

    /// With which confidence an athlete is told of a muscle over its MRV, as its week is edited; 0 is
    /// a week that is not over it.
    #[track_caller]
    fn check_edits(edits: &[f64], expected: &[f64]) {
        let mut row: Option<KnownPattern> = None;
        let mut told = Vec::new();
        for confidence in edits {
            let found = pattern(PatternKind::VolumeAboveMrv, "2026-11-16", *confidence);
            let found = Some(found).filter(|found| found.confidence > 0.0);
            let scope = Scope { weeks: [week("2026-11-16")].into(), muscles: None };
            let (history, found) = (history(), found.as_slice());
            match steps(athlete(), &history, &scope, row.as_slice(), found, moment()).pop() {
                Some(Step::There { pattern, announcements, told: is_told, .. }) => {
                    told.extend(is_told.then_some(pattern.confidence));
                    let now = known(&pattern, PatternStatus::Open, 0);
                    row = Some(KnownPattern { announcements, ..now });
                }
                Some(Step::Gone { known, .. }) => {
                    row = Some(KnownPattern { status: PatternStatus::Resolved, ..known });
                }
                None => {}
            }
        }
        assert_eq!(told, expected, "{edits:?}");
    }

    #[test]
    fn a_week_that_is_edited_down_and_up_again_is_told_when_it_is_worse_than_was_told() {
        check_edits(&[0.83, 1.0], &[0.83, 1.0]);
        check_edits(&[0.83, 1.0, 0.83, 1.0], &[0.83, 1.0]);
        check_edits(&[0.83, 1.0, 0.0, 1.0], &[0.83, 1.0]);
        check_edits(&[0.83, 1.0, 0.0, 0.83, 1.0], &[0.83, 1.0]);
        check_edits(&[1.0, 0.0, 0.6, 0.0, 0.8, 1.0], &[1.0]);
        // It is no news for being cut in two either.
        check_edits(&[0.7, 0.0, 0.8, 0.9], &[0.7, 0.9]);
        check_edits(&[0.7, 0.0, 0.9], &[0.7, 0.9]);
    }

    #[test]
    fn what_is_found_no_more_is_gone_where_it_was_looked_for() {
        use PatternKind::{Plateau, VolumeAboveMrv};
        let open = |kind, since| Some(known(&pattern(kind, since, 0.7), PatternStatus::Open, 7));
        check(open(Plateau, "2026-10-12"), None, Some(("gone", 0)));
        check(open(VolumeAboveMrv, "2026-11-16"), None, Some(("gone", 0)));
        check(open(VolumeAboveMrv, "2026-11-09"), None, None);
        check(open(VolumeAboveMrv, "2026-11-02"), None, Some(("gone", 0)));
        let resolved = known(&pattern(Plateau, "2026-10-12", 0.7), PatternStatus::Resolved, 7);
        check(Some(resolved), None, None);
    }

    #[test]
    fn nothing_of_a_lift_ends_by_a_deload_and_a_week_that_may_be_half_is_none() {
        let deload = pattern(PatternKind::DeloadTaken, "2026-11-09", 0.9);
        let plateau =
            known(&pattern(PatternKind::Plateau, "2026-10-12", 0.7), PatternStatus::Open, 7);
        let history = crate::rules::histories::history("2026-11-23", |h| {
            let sets = [20.0, 20.0, 20.0, 10.0, 20.0];
            for (monday, sets) in
                ["2026-10-19", "2026-10-26", "2026-11-02", "2026-11-09", "2026-11-16"]
                    .iter()
                    .zip(sets)
            {
                h.hard_sets(monday, sets);
            }
        });
        let scope = Scope { weeks: [week("2026-11-23")].into(), muscles: None };
        let known = [plateau];
        assert_eq!(steps(athlete(), &history, &scope, &known, &[], moment()), []);
        let later = History { today: "2026-11-30".parse().unwrap(), ..history.clone() };
        assert_eq!(steps(athlete(), &later, &scope, &known, &[], moment()).len(), 1);
        let pending = [week("2026-11-09")].into();
        let half = Moment { pending: &pending, ..moment() };
        let found = [deload];
        assert_eq!(steps(athlete(), &history, &scope, &[], &found, half), []);
        assert_eq!(steps(athlete(), &history, &scope, &[], &found, moment()).len(), 1);
    }

    #[test]
    fn two_who_find_a_pattern_at_once_give_it_the_same_id_and_the_next_one_has_another() {
        let plateau = |since| pattern(PatternKind::Plateau, since, 0.5);
        let id = |since, known: &[KnownPattern]| id_of(athlete(), &plateau(since), known, now());
        let first = id("2026-10-12", &[]);
        assert_eq!(id("2026-10-19", &[]), first);
        let mut gone = known(&plateau("2026-10-12"), PatternStatus::Resolved, 28);
        gone.pattern_id = first;
        let second = id("2026-10-19", &[gone.clone()]);
        assert_ne!(second, first);
        assert_eq!(id("2026-10-26", &[gone.clone()]), second);
        gone.resolved_at_ms = Some(now().timestamp_millis());
        assert_eq!(id("2026-10-19", &[gone]), first);
    }

    #[test]
    fn a_question_about_one_muscle_ends_nothing() {
        let plateau = pattern(PatternKind::Plateau, "2026-10-12", 0.5);
        let known = [known(&plateau, PatternStatus::Open, 7)];
        let scope =
            Scope { weeks: [week("2026-11-16")].into(), muscles: Some([Muscle::Chest].into()) };
        assert_eq!(steps(athlete(), &history(), &scope, &known, &[], moment()), []);
    }

    #[test]
    fn a_plateau_is_broken_by_a_lift_over_its_best() {
        let plateau = pattern(PatternKind::Plateau, "2026-10-12", 0.5);
        let known = [known(&plateau, PatternStatus::Open, 7)];
        let scope = Scope { weeks: [week("2026-11-16")].into(), muscles: None };
        let told = |kg: f64| {
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
            steps(athlete(), &history, &scope, &known, &[], moment())
        };
        let gone = |told| vec![Step::Gone { known: known[0].clone(), told }];
        assert_eq!(told(100.4), gone(false));
        assert_eq!(told(100.6), gone(true));
    }

    #[test]
    fn a_known_subject_reads_as_it_was_found() {
        let words = |subject: &str| {
            let mut known =
                known(&pattern(PatternKind::Plateau, "2026-10-12", 0.5), PatternStatus::Open, 1);
            subject.clone_into(&mut known.subject);
            subject_in_words(&known)
        };
        assert_eq!(words("front_delts"), "front delts");
        assert_eq!(words("barbell-bench-press"), "Barbell Bench Press");
        assert_eq!(words("training"), "training");
        assert_eq!(words("my-lift"), "my-lift");
    }
}
