//! Changes that are not announced: old training, and deletions; and several events about one athlete.

use super::*;

#[test]
fn week_of_long_ago_is_stored_without_a_notification() {
    let fixture = Fixture::new(1);
    fixture.add_workout(1, "2026-05-20", Muscle::Chest, 60);
    assert_eq!(fixture.consume(&[changed(1, "2026-05-18", true)]), [MessageResult::Ack]);
    assert_eq!(fixture.patterns(), []);
    let stored = "SELECT pattern, since, announcements, announced_at_ms FROM patterns";
    assert_eq!(
        fixture.database.query(stored),
        [
            r#"{"announced_at_ms":0,"announcements":0,"pattern":"volume_above_mrv","since":"2026-05-18"}"#
        ]
    );
    // Neither does the next workout, which is of another week.
    fixture.add_workout(1, "2026-11-24", Muscle::Back, 10);
    assert_eq!(fixture.consume(&[updated(1, "2026-11-23")]), [MessageResult::Ack]);
    assert_eq!(fixture.patterns(), []);
    // An event of May that arrives after an outage of half a year is too late to change anything.
    fixture.add_workout(1, "2026-05-27", Muscle::Chest, 60);
    assert_eq!(fixture.consume(&[updated(1, "2026-05-25")]), [MessageResult::Ack]);
    assert_eq!(fixture.patterns(), []);
}

#[test]
fn deletion_is_quiet_until_the_next_workout() {
    let fixture = Fixture::new(1);
    fixture.add_workout(1, "2026-11-24", Muscle::Chest, 60);
    assert_eq!(fixture.consume(&[changed(1, "2026-11-23", true)]), [MessageResult::Ack]);
    assert_eq!(fixture.patterns(), []);
    for announced in [1, 0] {
        assert_eq!(fixture.consume(&[updated(1, "2026-11-23")]), [MessageResult::Ack]);
        assert_eq!(fixture.patterns().len(), announced);
    }
}

#[test]
fn events_about_one_athlete_are_read_in_one_round_trip() {
    let fixture = Fixture::new(1);
    fixture.add_workout(1, "2026-11-24", Muscle::Chest, 60);
    let before = fixture.database.round_trips();
    fixture.consume(&[
        updated(1, "2026-11-23"),
        crossed(1, "2026-11-23", Threshold::MrvExceeded),
        updated(1, "2026-11-16"),
    ]);
    assert_eq!(fixture.database.round_trips() - before, 2, "one to read, one to store");
    assert_eq!(fixture.patterns().len(), 1);
}
