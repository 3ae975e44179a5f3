//! Patterns, recommendations and weekly reports, and the weeks that the sweep ends.

use super::*;

impl TestApi {
    /// Stores a pattern as the analysis would.
    fn store_pattern(&self, athlete: &str, id: u8, status: &str) {
        self.database.execute(&format!(
            "INSERT INTO patterns (athlete_id, pattern_id, pattern, subject, since, confidence, \
             evidence, title, recommendation, detected_at_ms, status) VALUES ('{athlete}', \
             '00000000-0000-7000-8000-0000000000{id:02}', 'plateau', 'barbell-bench-press', \
             '2026-10-12', 0.5, '{{\"sessions\":6}}', 'Stalled', 'Change', {id}, '{status}')"
        ));
    }

    /// The weeks of the published `TrainingWeekEnded` events.
    fn take_ended_weeks(&self) -> Vec<String> {
        let week = |event: Event| match event.data {
            EventData::TrainingWeekEnded(data) => Some(data.week_start.to_string()),
            _ => None,
        };
        self.sink.take_events().into_iter().filter_map(week).collect()
    }
}

fn ids(response: &TestResponse) -> Vec<String> {
    let items = response.body["items"].as_array().unwrap();
    items.iter().map(|item| item["id"].as_str().unwrap()[34..].to_owned()).collect()
}

#[test]
fn own_patterns_are_listed_by_status_newest_first() {
    let api = TestApi::new();
    let (ada, bob) = (api.create_athlete(), api.create_athlete());
    let id = api.athlete_id(&ada);
    for (n, status) in [(1, "resolved"), (2, "open"), (3, "open")] {
        api.store_pattern(&id, n, status);
    }
    let list = |query: &str| ids(&api.get(&ada, &format!("/v1/patterns{query}")));
    assert_eq!(list(""), ["03", "02", "01"]);
    assert_eq!(list("?status=open"), ["03", "02"]);
    assert_eq!(list("?status=resolved"), ["01"]);
    assert_eq!(list("?limit=1"), ["03"]);
    let item = api.get(&ada, "/v1/patterns?limit=1").body["items"][0].clone();
    assert_eq!((&item["pattern"], &item["status"]), (&json!("plateau"), &json!("open")));
    assert_eq!(item["evidence"], json!({ "sessions": 6 }));
    assert_eq!(api.get(&ada, "/v1/patterns?status=gone").error_pointers(), ["status"]);
    assert_eq!(ids(&api.get(&bob, "/v1/patterns")), Vec::<String>::new());
}

#[test]
fn recommendations_keep_their_order_and_need_open_patterns() {
    let api = TestApi::new();
    let key = api.create_athlete();
    assert_eq!(api.get(&key, "/v1/recommendations").body, json!({ "items": [] }));
    let id = api.athlete_id(&key);
    for (n, status) in [(1, "open"), (2, "resolved"), (3, "open")] {
        api.store_pattern(&id, n, status);
    }
    let change = |n: u8| {
        let id = format!("00000000-0000-7000-8000-0000000000{n:02}");
        json!({
            "id": id, "pattern": "plateau", "subject": "chest",
            "adjustment": {
                "subject": "chest", "action": "raise_sets", "to": n, "unit": "hard sets a week", "weeks": 2,
            },
        })
    };
    api.store_pattern(&id, 4, "open");
    let mut late = change(4);
    late["until"] = json!("2026-11-23");
    let mut timely = change(3);
    timely["until"] = json!("2026-11-24");
    let items = json!([late, timely, change(2), change(1)]);
    api.database.execute(&format!(
        "INSERT INTO recommendations (athlete_id, items, made_at_ms) VALUES ('{id}', '{items}', 0)"
    ));
    let response = api.get(&key, "/v1/recommendations");
    assert_eq!(ids(&response), ["03", "01"]);
    assert_eq!(response.body["items"][0]["adjustment"]["to"], 3.0);
    assert_eq!(response.body["items"][0]["confidence"], 0.5);
}

#[test]
fn weekly_report_is_by_day_or_the_newest() {
    let api = TestApi::new();
    let key = api.create_athlete();
    assert_eq!(api.get(&key, "/v1/reports/weekly").status, 404);
    let id = api.athlete_id(&key);
    for week in ["2026-11-09", "2026-11-16"] {
        api.database.execute(&format!(
            "INSERT INTO weekly_reports VALUES ('{id}', '{week}', '{{\"week\":\"{week}\"}}', 0)"
        ));
    }
    let report = |query: &str| api.get(&key, &format!("/v1/reports/weekly{query}"));
    assert_eq!(report("").body["week"], "2026-11-16");
    assert_eq!(report("?week=2026-11-15").body["week"], "2026-11-09");
    assert_eq!(report("?week=2026-11-23").status, 404);
    assert_eq!(report("?week=monday").error_pointers(), ["week"]);
}

#[test]
fn week_end_is_published_in_the_athletes_minute() {
    let api = TestApi::new();
    // The two bytes before the last one of the id are half of their values: so is the minute of the day.
    let (id, minute) = (testkit::athlete_id(0x80_0000), 720);
    api.database.of(id).execute(&format!(
        "INSERT INTO athletes (athlete_id, display_name, created_at_ms) VALUES ('{id}', '', 0); \
         INSERT INTO weekly_volume (athlete_id, week_start, workouts, sets, tonnage_grams, \
         hard_half_sets, muscles, version) VALUES ('{id}', '2026-11-16', 1, 1, 0, 0, '{{}}', 1)"
    ));
    // Monday noon UTC: the week has ended in every time zone, and the day of the reports begins.
    let sweep_at = |minutes: i64| {
        api.clock.advance_ms(minutes * 60_000);
        run(api.app.sweep());
        api.take_ended_weeks()
    };
    assert_eq!(sweep_at(minute - 1), Vec::<String>::new());
    assert_eq!(sweep_at(1), ["2026-11-16"]);
    assert_eq!(sweep_at(1), Vec::<String>::new());
    // The report has not been written by then.
    assert_eq!(sweep_at(10), ["2026-11-16"]);
    api.database.execute("UPDATE athletes SET reported_week = '2026-11-16'");
    assert_eq!(sweep_at(60), Vec::<String>::new());
    // The next week, hours late: every athlete without a report gets the event, also after a
    // week without training.
    assert_eq!(sweep_at(7 * 24 * 60), ["2026-11-23"]);
}

#[test]
fn athlete_without_recent_training_gets_no_week_end() {
    let api = TestApi::new();
    api.create_athlete();
    api.clock.advance_ms(86_400_000);
    run(api.app.sweep());
    assert_eq!(api.take_ended_weeks(), Vec::<String>::new());
}

#[test]
fn report_that_keeps_failing_is_requested_six_times() {
    let api = TestApi::new();
    let id = api.athlete_id(&api.create_athlete());
    api.database.of(id.parse().unwrap()).execute(&format!(
        "INSERT INTO weekly_volume (athlete_id, week_start, workouts, sets, tonnage_grams, \
         hard_half_sets, muscles, version) VALUES ('{id}', '2026-11-16', 1, 1, 0, 0, '{{}}', 1)"
    ));
    api.clock.advance_ms(86_400_000);
    let mut minutes = Vec::new();
    for minute in 0..12 * 60 {
        run(api.app.sweep());
        if !api.take_ended_weeks().is_empty() {
            minutes.push(minute);
        }
        api.clock.advance_ms(60_000);
    }
    assert_eq!(minutes, [0, 10, 30, 70, 150, 310]);
    api.clock.advance_ms(7 * 86_400_000);
    run(api.app.sweep());
    assert_eq!(api.take_ended_weeks().len(), 1, "the next week has tries of its own");
}

#[test]
fn workout_aggregated_after_the_first_sweep_still_gets_a_report() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let mut workout = bench_workout(1);
    workout["started_at"] = json!("2026-11-22T08:00:00Z");
    workout["ended_at"] = json!("2026-11-22T09:00:00Z");
    api.create_workout(&key, &workout);
    api.clock.advance_ms(86_400_000);
    run(api.app.sweep());
    api.sink.take_events();
    api.mark_aggregated();
    let id = api.athlete_id(&key);
    api.database.of(id.parse().unwrap()).execute(&format!(
        "INSERT INTO weekly_volume (athlete_id, week_start, workouts, sets, tonnage_grams, \
         hard_half_sets, muscles, version) VALUES ('{id}', '2026-11-16', 1, 1, 0, 0, '{{}}', 1)"
    ));
    api.clock.advance_ms(10 * 60_000);
    run(api.app.sweep());
    assert_eq!(api.take_ended_weeks(), ["2026-11-16"]);
}
