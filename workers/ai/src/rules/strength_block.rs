//! `strength_block`: a block of heavy sets, which is judged by the weight on the bar and not by the number of
//! sets.
//!
//! Trigger: in the last 28 days, 60 % or more of the best sets of all lifts have 5 repetitions or fewer, of 8 sets or
//! more. Confidence 0.8. Five repetitions are the upper end of what is prescribed for maximum strength (ACSM position
//! stand 2009: 1 to 6 repetitions).

use super::calendar::latest_day;
use super::pattern::{Pattern, Subject, evidence};
use crate::history::History;
use serde_json::json;
use shared_kernel::payload::PatternKind;
use training::{E1rmFormula, WeekStart};

const DAYS: i64 = 28;
const REPS_MAX: u32 = 5;
const SETS_MIN: usize = 8;
const SHARE_MIN_TENTHS: usize = 6;
const CONFIDENCE: f64 = 0.8;

/// Applies the rule to the last four weeks.
pub fn strength_block(history: &History) -> Option<Pattern> {
    let latest = latest_day(history.today);
    let sessions = history
        .lifts
        .values()
        .flatten()
        .filter(|session| (0..DAYS).contains(&(latest - session.local_date).num_days()));
    let best = sessions.filter_map(|session| {
        let best = session.performance.best.get(&E1rmFormula::Epley)?;
        Some((session.local_date, best.reps))
    });
    let best: Vec<_> = best.collect();
    let heavy: Vec<_> = best.iter().filter(|(_, reps)| *reps <= REPS_MAX).collect();
    let since = heavy.iter().map(|(date, _)| *date).min()?;
    if best.len() < SETS_MIN || heavy.len() * 10 < best.len() * SHARE_MIN_TENTHS {
        return None;
    }
    Some(Pattern {
        kind: PatternKind::StrengthBlock,
        subject: Subject::Training,
        since: WeekStart::containing(since),
        confidence: CONFIDENCE,
        evidence: evidence([
            ("best_sets", json!(best.len())),
            ("heavy_sets", json!(heavy.len())),
            ("reps_max", json!(REPS_MAX)),
        ]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::histories::{day_after, history};

    fn check(reps: &[u32], found: bool) {
        let history = history("2026-11-30", |h| {
            for (day, reps) in (0..).zip(reps) {
                h.sets("deadlift", &[(&day_after("2026-11-05", day * 2), 100.0, *reps, None)]);
            }
        });
        assert_eq!(strength_block(&history).is_some(), found, "{reps:?}");
    }

    #[test]
    fn mostly_heavy_best_sets_are_a_strength_block() {
        check(&[3; 8], true);
        check(&[5, 5, 5, 5, 5, 8, 8, 8], true);
        check(&[5, 5, 5, 5, 8, 8, 8, 8], false);
        check(&[3; 7], false);
    }
}
