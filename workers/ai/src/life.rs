//! The life of a pattern: begun, still there, worse, gone; and what of it an athlete is told.
//!
//! In scope: comparing what was found with what was known. Out of scope: finding, see
//! [`crate::rules`]; words, see [`crate::narrator`].
//!
//! | what happens | stored | told |
//! |---|---|---|
//! | a pattern begins | yes | yes, but for those that only please ([`is_told`]) |
//! | it is still there | no | again after four weeks |
//! | it has grown clearly worse | yes | yes |
//! | it ends | yes | a plateau that is broken |
//! | it comes back as it was, within four weeks | yes | no |

use crate::history::History;
use crate::rules::{Pattern, Scope, Subject};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use shared_kernel::AthleteId;
use shared_kernel::payload::PatternKind;
use storage::patterns::{KnownPattern, PatternStatus};
use training::e1rm::Formula;
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
        /// As it was found.
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

/// What becomes of an athlete's patterns: of those found within the scope, and of those known.
pub fn steps(
    athlete_id: AthleteId,
    history: &History,
    scope: &Scope,
    known: &[KnownPattern],
    found: &[Pattern],
    now: DateTime<Utc>,
) -> Vec<Step> {
    let there = found.iter().filter_map(|pattern| {
        let before = known_as(athlete_id, pattern, known);
        there(athlete_id, pattern, before, now)
    });
    let is_found = |known: &KnownPattern| {
        found
            .iter()
            .any(|pattern| known_as(athlete_id, pattern, std::slice::from_ref(known)).is_some())
    };
    let gone = known
        .iter()
        .filter(|known| known.status == PatternStatus::Open && !is_found(known))
        .filter(|known| is_gone(known, history, scope, found))
        .map(|known| Step::Gone { known: known.clone(), told: is_broken_plateau(known, history) });
    there.chain(gone).collect()
}

/// Whether an athlete is told of patterns of a kind: not of what only pleases; that stands in the
/// weekly report.
pub const fn is_told(kind: PatternKind) -> bool {
    !matches!(kind, PatternKind::ProgressiveOverload)
}

/// Patterns of one week: another week's is another pattern. All others go on, whenever they began.
const fn is_of_one_week(kind: PatternKind) -> bool {
    match kind {
        PatternKind::VolumeAboveMrv | PatternKind::DeloadTaken | PatternKind::HighMonotony => true,
        PatternKind::VolumeBelowMev
        | PatternKind::LoadSpike
        | PatternKind::ProgressiveOverload
        | PatternKind::Plateau
        | PatternKind::Regression
        | PatternKind::DeloadDue
        | PatternKind::PushPullImbalance => false,
    }
}

/// What was known of a pattern: the one that is open, else the one that began with it.
pub fn known_as<'a>(
    athlete_id: AthleteId,
    pattern: &Pattern,
    known: &'a [KnownPattern],
) -> Option<&'a KnownPattern> {
    let id = pattern.id(athlete_id);
    let goes_on = |known: &&KnownPattern| {
        known.status == PatternStatus::Open
            && known.kind == pattern.kind
            && known.subject == pattern.subject.as_str()
            && !is_of_one_week(pattern.kind)
    };
    known.iter().find(goes_on).or_else(|| known.iter().find(|known| known.pattern_id == id))
}

fn there(
    athlete_id: AthleteId,
    pattern: &Pattern,
    before: Option<&KnownPattern>,
    now: DateTime<Utc>,
) -> Option<Step> {
    let step = |pattern_id, announcements, told| {
        Some(Step::There { pattern: pattern.clone(), pattern_id, announcements, told })
    };
    let is_told = is_told(pattern.kind);
    let Some(before) = before else {
        return step(pattern.id(athlete_id), 1, is_told);
    };
    let told_at = DateTime::from_timestamp_millis(before.announced_at_ms).unwrap_or_default();
    let is_worse = pattern.confidence >= before.confidence + CLEARLY;
    let is_long_ago = !is_of_one_week(pattern.kind) && now - told_at >= REMINDER;
    if is_told && (is_worse || is_long_ago) {
        return step(before.pattern_id, before.announcements + 1, true);
    }
    match before.status {
        PatternStatus::Resolved if !is_of_one_week(pattern.kind) => {
            step(before.pattern_id, before.announcements, false)
        }
        PatternStatus::Open | PatternStatus::Resolved => None,
    }
}

/// Whether what was not found is gone, as far as the scope shows.
fn is_gone(known: &KnownPattern, history: &History, scope: &Scope, found: &[Pattern]) -> bool {
    if scope.muscles.is_some() {
        return false;
    }
    if is_of_one_week(known.kind) {
        let is_history =
            history.today - known.since.date() >= WEEK_IS_HISTORY + TimeDelta::weeks(1);
        return is_history || scope.weeks.contains(&known.since);
    }
    // During a deload lifts are light by design: nothing ends by that.
    let is_of_a_lift = matches!(known.kind, PatternKind::Plateau | PatternKind::Regression);
    let resting = found.iter().any(|pattern| {
        pattern.kind == PatternKind::DeloadTaken
            && history.today - pattern.since.date() < WEEK_IS_HISTORY + TimeDelta::weeks(1)
    });
    !(is_of_a_lift && resting)
}

/// Whether a plateau ended by a lift that is over the best on it.
fn is_broken_plateau(known: &KnownPattern, history: &History) -> bool {
    let best = known.evidence.get("e1rm_best_kg").and_then(Value::as_f64);
    let sessions = history.lifts.get(&known.subject).map_or(&[][..], Vec::as_slice);
    let newest = sessions
        .iter()
        .rev()
        .find_map(|session| Some(session.performance.best.get(&Formula::Epley)?.e1rm_grams.kg()));
    known.kind == PatternKind::Plateau
        && best.zip(newest).is_some_and(|(best, newest)| newest > best * BROKEN)
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
    use storage::volume::LiftSession;
    use training::performance::{BestSet, Performance};
    use training::{Grams, Muscle, WeekStart};

    const NOW: &str = "2026-11-25T12:00:00Z";

    fn athlete() -> AthleteId {
        AthleteId(Uuid::from_u128(7))
    }

    fn week(monday: &str) -> WeekStart {
        WeekStart::of(monday.parse().unwrap())
    }

    fn now() -> DateTime<Utc> {
        NOW.parse().unwrap()
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
        }
    }

    /// What becomes of one pattern, in short.
    fn check(before: Option<KnownPattern>, found: Option<Pattern>, expected: Option<(&str, i64)>) {
        let known: Vec<_> = before.into_iter().collect();
        let found: Vec<_> = found.into_iter().collect();
        let scope = Scope { weeks: [week("2026-11-16")].into(), muscles: None };
        let steps = steps(athlete(), &history(), &scope, &known, &found, now());
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
        use PatternKind::{Plateau, ProgressiveOverload, VolumeAboveMrv};
        use PatternStatus::{Open, Resolved};
        let plateau = |confidence| pattern(Plateau, "2026-10-12", confidence);
        let before = |status, days| Some(known(&plateau(0.5), status, days));
        check(None, Some(plateau(0.5)), Some(("told", 1)));
        check(before(Open, 7), Some(plateau(0.5)), None);
        check(before(Open, 7), Some(plateau(0.64)), None);
        check(before(Open, 7), Some(plateau(0.65)), Some(("told", 2)));
        check(before(Open, 27), Some(plateau(0.5)), None);
        check(before(Open, 28), Some(plateau(0.5)), Some(("told", 2)));
        check(before(Resolved, 7), Some(plateau(0.5)), Some(("stored", 1)));
        check(before(Resolved, 28), Some(plateau(0.5)), Some(("told", 2)));
        // A window that slides on is still the same plateau.
        check(before(Open, 7), Some(pattern(Plateau, "2026-10-19", 0.5)), None);
        check(before(Resolved, 7), Some(pattern(Plateau, "2026-10-19", 0.5)), Some(("told", 1)));
        // Progress is stored, and not told.
        check(None, Some(pattern(ProgressiveOverload, "2026-10-12", 0.9)), Some(("stored", 1)));
        // A pattern of one week is another one in the next, and told once.
        let above = |since| pattern(VolumeAboveMrv, since, 0.7);
        let told = |status, days| Some(known(&above("2026-11-16"), status, days));
        check(told(Open, 40), Some(above("2026-11-16")), None);
        check(told(Resolved, 40), Some(above("2026-11-16")), None);
    }

    #[test]
    fn what_is_found_no_more_is_gone_where_it_was_looked_for() {
        use PatternKind::{DeloadTaken, Plateau, VolumeAboveMrv};
        let open = |kind, since| Some(known(&pattern(kind, since, 0.7), PatternStatus::Open, 7));
        check(open(Plateau, "2026-10-12"), None, Some(("gone", 0)));
        check(open(VolumeAboveMrv, "2026-11-16"), None, Some(("gone", 0)));
        check(open(VolumeAboveMrv, "2026-11-09"), None, None);
        check(open(VolumeAboveMrv, "2026-11-02"), None, Some(("gone", 0)));
        let resolved = known(&pattern(Plateau, "2026-10-12", 0.7), PatternStatus::Resolved, 7);
        check(Some(resolved), None, None);
        let deload = pattern(DeloadTaken, "2026-11-09", 0.9);
        check(open(Plateau, "2026-10-12"), Some(deload), Some(("told", 1)));
    }

    #[test]
    fn a_question_about_one_muscle_ends_nothing() {
        let plateau = pattern(PatternKind::Plateau, "2026-10-12", 0.5);
        let known = [known(&plateau, PatternStatus::Open, 7)];
        let scope =
            Scope { weeks: [week("2026-11-16")].into(), muscles: Some([Muscle::Chest].into()) };
        assert_eq!(steps(athlete(), &history(), &scope, &known, &[], now()), []);
    }

    #[test]
    fn a_plateau_is_broken_by_a_lift_over_its_best() {
        let plateau = pattern(PatternKind::Plateau, "2026-10-12", 0.5);
        let known = [known(&plateau, PatternStatus::Open, 7)];
        let scope = Scope { weeks: [week("2026-11-16")].into(), muscles: None };
        let told = |kg: f64| {
            let best = BestSet {
                e1rm_grams: Grams::from_kg(kg),
                load_grams: Grams::from_kg(kg),
                weight_grams: None,
                reps: 1,
                rpe: None,
            };
            let performance =
                Performance { best: [(Formula::Epley, best)].into(), ..Performance::default() };
            let session = LiftSession { local_date: "2026-11-24".parse().unwrap(), performance };
            let mut history = history();
            history.lifts.insert("barbell-bench-press".to_owned(), vec![session]);
            steps(athlete(), &history, &scope, &known, &[], now())
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
