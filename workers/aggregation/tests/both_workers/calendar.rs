//! The local day and ISO week of a workout, around midnight, new year and clock changes.

use super::*;

#[test]
fn workout_counts_on_the_local_day_of_its_utc_offset() {
    let check = |started_at: &str, day: &str, week: &str| {
        let fixture = Fixture::new();
        let ada = fixture.create_athlete();
        ada.send_ok("POST", "/v1/workouts", &bench(started_at, 100.0, 8));
        fixture.consume_queue();
        let dates = |path: &str, list: &str, name: &str| -> Vec<String> {
            let response = ada.get(&format!("{path}?from=2025-12-20&to=2026-11-24"));
            let trained = response[list].as_array().unwrap().iter().filter(|row| row["sets"] == 1);
            trained.map(|row| row[name].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(dates("/v1/volume/daily", "days", "date"), [day], "{started_at}");
        assert_eq!(dates("/v1/volume/weekly", "weeks", "week_start"), [week], "{started_at}");
        let listed = ada.get(&format!("/v1/workouts?from={day}&to={day}"));
        assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{started_at}");
    };
    // Midnight between Sunday and Monday, in UTC and in distant offsets.
    check("2026-11-22T23:59:59Z", "2026-11-22", "2026-11-16");
    check("2026-11-23T00:00:00Z", "2026-11-23", "2026-11-23");
    check("2026-11-22T23:59:59.999+14:00", "2026-11-22", "2026-11-16");
    check("2026-11-23T00:00:00+14:00", "2026-11-23", "2026-11-23");
    check("2026-11-22T23:59:59-12:00", "2026-11-22", "2026-11-16");
    check("2026-11-23T00:00:00-12:00", "2026-11-23", "2026-11-23");
    check("2026-11-22T20:00:00-05:30", "2026-11-22", "2026-11-16");
    // The year ends within the first ISO week of 2026: Monday is still 2025.
    check("2025-12-28T23:59:59+01:00", "2025-12-28", "2025-12-22");
    check("2025-12-31T23:59:59+01:00", "2025-12-31", "2025-12-29");
    check("2026-01-01T00:00:00+01:00", "2026-01-01", "2025-12-29");
    check("2026-01-04T23:59:59+01:00", "2026-01-04", "2025-12-29");
    check("2026-01-05T00:00:00+01:00", "2026-01-05", "2026-01-05");
    // A clock change in the night to Sunday: the day has 23 or 25 hours.
    check("2026-03-29T00:30:00+01:00", "2026-03-29", "2026-03-23");
    check("2026-03-29T03:00:00+02:00", "2026-03-29", "2026-03-23");
    check("2026-03-29T23:59:59+02:00", "2026-03-29", "2026-03-23");
    check("2026-10-25T02:30:00+02:00", "2026-10-25", "2026-10-19");
    check("2026-10-25T02:30:00+01:00", "2026-10-25", "2026-10-19");
    check("2026-10-25T23:59:59+01:00", "2026-10-25", "2026-10-19");
    check("2026-10-26T00:00:00+01:00", "2026-10-26", "2026-10-26");
}

#[test]
fn week_53_includes_the_first_days_of_the_next_year() {
    let fixture = Fixture::new();
    fixture.clock.advance_ms(60 * 86_400_000);
    let ada = fixture.create_athlete();
    for day in ["2026-12-27", "2026-12-28", "2026-12-31", "2027-01-01", "2027-01-03", "2027-01-04"]
    {
        ada.post_workout(&bench(&format!("{day}T12:00:00+01:00"), 100.0, 8));
    }
    fixture.consume_queue();
    let weeks = ada.get("/v1/volume/weekly?from=2026-12-27&to=2027-01-04")["weeks"].clone();
    let rows = weeks.as_array().unwrap().iter();
    let actual: Vec<_> =
        rows.map(|week| (week["week_start"].as_str().unwrap(), week["sets"].clone())).collect();
    let expected = [("2026-12-21", 1), ("2026-12-28", 4), ("2027-01-04", 1)];
    assert_eq!(actual, expected.map(|(week, sets)| (week, json!(sets))));
}
