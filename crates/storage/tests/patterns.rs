//! Patterns on real SQL: the changes of an outdated analysis.
#![expect(clippy::unwrap_used, reason = "a test says what failed by panicking")]

use serde_json::Map;
use shared_kernel::payload::{PatternKind, TrainingPatternDetected};
use storage::patterns::{self, ActivePattern, PatternChanges};
use testkit::{Sqlite, athlete_id, create_athlete, run};
use training::WeekStart;
use uuid::Uuid;

const PATTERN: Uuid = Uuid::from_u128(7);

fn store(database: &Sqlite, active: Vec<ActivePattern>, resolved: Vec<(Uuid, i64)>) {
    let changes =
        PatternChanges { athlete_id: athlete_id(1), active, resolved, recommendations: None };
    run(patterns::store(database, &[changes], 1)).unwrap();
}

fn active(announcements: i64, is_notified: bool) -> Vec<ActivePattern> {
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
    vec![ActivePattern { data, announcements, is_notified }]
}

#[track_caller]
fn check(database: &Sqlite, status: &str, announcements: i64) {
    let row = format!(r#"{{"announcements":{announcements},"status":"{status}"}}"#);
    assert_eq!(database.query("SELECT announcements, status FROM patterns"), [row]);
}

#[test]
fn outdated_analysis_neither_reopens_a_pattern_nor_lowers_its_count() {
    let database = Sqlite::migrated();
    create_athlete(&database, 1);
    store(&database, active(1, true), vec![]);
    store(&database, vec![], vec![(PATTERN, 1)]);
    check(&database, "resolved", 1);
    // Two analyses see it return: one as before; the other worse, and then resolved.
    store(&database, active(2, true), vec![]);
    store(&database, vec![], vec![(PATTERN, 2)]);
    check(&database, "resolved", 2);
    store(&database, active(1, false), vec![]);
    check(&database, "resolved", 2);
    store(&database, active(2, false), vec![]);
    check(&database, "open", 2);
    store(&database, vec![], vec![(PATTERN, 1)]);
    check(&database, "open", 2);
}
