//! Patterns on real SQL: what a mark of an analysis that read too early does.
#![expect(clippy::unwrap_used, reason = "a test says what failed by panicking")]

use serde_json::Map;
use shared_kernel::payload::{PatternKind, TrainingPatternDetected};
use storage::patterns::{self, ActivePattern, PatternChanges};
use testkit::{Sqlite, athlete_id, create_athlete, run};
use training::WeekStart;
use uuid::Uuid;

const PATTERN: Uuid = Uuid::from_u128(7);

fn mark(database: &Sqlite, stored: Vec<ActivePattern>, resolved: Vec<(Uuid, i64)>) {
    let marks =
        PatternChanges { athlete_id: athlete_id(1), stored, resolved, recommendations: None };
    run(patterns::mark(database, &[marks], 1)).unwrap();
}

fn stored(announcements: i64, told: bool) -> Vec<ActivePattern> {
    let data = TrainingPatternDetected {
        athlete_id: athlete_id(1),
        pattern_id: PATTERN,
        pattern: PatternKind::VolumeAboveMrv,
        subject: "chest".to_owned(),
        since: WeekStart::containing("2026-11-16".parse().unwrap()),
        confidence: 0.7,
        evidence: Map::new(),
        title: String::new(),
        recommendation: String::new(),
    };
    vec![ActivePattern { data, announcements, told }]
}

#[track_caller]
fn check(database: &Sqlite, status: &str, announcements: i64) {
    let row = format!(r#"{{"announcements":{announcements},"status":"{status}"}}"#);
    assert_eq!(database.query("SELECT announcements, status FROM patterns"), [row]);
}

#[test]
fn one_that_read_before_a_pattern_was_told_again_and_ended_neither_opens_it_nor_counts_back() {
    let database = Sqlite::migrated();
    create_athlete(&database, 1);
    mark(&database, stored(1, true), vec![]);
    mark(&database, vec![], vec![(PATTERN, 1)]);
    check(&database, "resolved", 1);
    // Two see that it is back: for one it is as it was; for the other, worse, and then it ends.
    mark(&database, stored(2, true), vec![]);
    mark(&database, vec![], vec![(PATTERN, 2)]);
    check(&database, "resolved", 2);
    mark(&database, stored(1, false), vec![]);
    check(&database, "resolved", 2);
    mark(&database, stored(2, false), vec![]);
    check(&database, "open", 2);
    mark(&database, vec![], vec![(PATTERN, 1)]);
    check(&database, "open", 2);
}
