//! What the analysis has found, as an athlete reads it, and the weeks that ended.

use super::*;

impl House {
    /// Stores a pattern as the analysis would.
    fn found(&self, athlete: &str, id: u8, status: &str) {
        self.database.execute(&format!(
            "INSERT INTO patterns (athlete_id, pattern_id, pattern, subject, since, confidence, \
             evidence, title, recommendation, detected_at_ms, status) VALUES ('{athlete}', \
             '00000000-0000-7000-8000-0000000000{id:02}', 'plateau', 'barbell-bench-press', \
             '2026-10-12', 0.5, '{{\"sessions\":6}}', 'Stalled', 'Change', {id}, '{status}')"
        ));
    }

    /// The ends of weeks that were published, each as the week.
    fn weeks_ended(&self) -> Vec<String> {
        let week = |event: Event| match event.data {
            EventData::TrainingWeekEnded(data) => Some(data.week_start.to_string()),
            _ => None,
        };
        self.sink.take_events().into_iter().filter_map(week).collect()
    }
}

fn ids(answer: &Answer) -> Vec<String> {
    let items = answer.body["items"].as_array().unwrap();
    items.iter().map(|item| item["id"].as_str().unwrap()[34..].to_owned()).collect()
}

#[test]
fn patterns_are_listed_by_status_newest_first_and_each_athletes_own() {
    let house = House::new();
    let (ada, bob) = (house.athlete(), house.athlete());
    let id = house.athlete_id(&ada);
    for (n, status) in [(1, "resolved"), (2, "open"), (3, "open")] {
        house.found(&id, n, status);
    }
    let of = |query: &str| ids(&house.get(&ada, &format!("/v1/patterns{query}")));
    assert_eq!(of(""), ["03", "02", "01"]);
    assert_eq!(of("?status=open"), ["03", "02"]);
    assert_eq!(of("?status=resolved"), ["01"]);
    assert_eq!(of("?limit=1"), ["03"]);
    let item = house.get(&ada, "/v1/patterns?limit=1").body["items"][0].clone();
    assert_eq!((&item["pattern"], &item["status"]), (&json!("plateau"), &json!("open")));
    assert_eq!(item["evidence"], json!({ "sessions": 6 }));
    assert_eq!(house.get(&ada, "/v1/patterns?status=gone").pointers(), ["/status"]);
    assert_eq!(ids(&house.get(&bob, "/v1/patterns")), Vec::<String>::new());
}

#[test]
fn recommendations_come_in_their_order_with_the_patterns_that_are_open() {
    let house = House::new();
    let key = house.athlete();
    assert_eq!(house.get(&key, "/v1/recommendations").body, json!({ "items": [] }));
    let id = house.athlete_id(&key);
    for (n, status) in [(1, "open"), (2, "resolved"), (3, "open")] {
        house.found(&id, n, status);
    }
    let change = |n: u8| {
        let id = format!("00000000-0000-7000-8000-0000000000{n:02}");
        json!({ "id": id, "adjustment": { "to": n } })
    };
    house.found(&id, 4, "open");
    let mut late = change(4);
    late["until"] = json!("2026-11-23");
    let mut timely = change(3);
    timely["until"] = json!("2026-11-24");
    let items = json!([late, timely, change(2), change(1)]);
    house.database.execute(&format!(
        "INSERT INTO recommendations (athlete_id, items, made_at_ms) VALUES ('{id}', '{items}', 0)"
    ));
    let answer = house.get(&key, "/v1/recommendations");
    assert_eq!(ids(&answer), ["03", "01"]);
    assert_eq!(answer.body["items"][0]["adjustment"], json!({ "to": 3 }));
    assert_eq!(answer.body["items"][0]["confidence"], 0.5);
}

#[test]
fn a_report_is_that_of_the_week_of_a_day_or_the_newest() {
    let house = House::new();
    let key = house.athlete();
    assert_eq!(house.get(&key, "/v1/reports/weekly").status, 404);
    let id = house.athlete_id(&key);
    for week in ["2026-11-09", "2026-11-16"] {
        house.database.execute(&format!(
            "INSERT INTO weekly_reports VALUES ('{id}', '{week}', '{{\"week\":\"{week}\"}}', 0)"
        ));
    }
    let of = |query: &str| house.get(&key, &format!("/v1/reports/weekly{query}"));
    assert_eq!(of("").body["week"], "2026-11-16");
    assert_eq!(of("?week=2026-11-15").body["week"], "2026-11-09");
    assert_eq!(of("?week=2026-11-23").status, 404);
    assert_eq!(of("?week=monday").pointers(), ["/week"]);
}

#[test]
fn the_end_of_a_week_is_told_once_it_is_over_everywhere_in_the_minute_of_each_athlete() {
    let house = House::new();
    let athlete = || {
        let key = house.athlete();
        let id = house.athlete_id(&key);
        let minute = i64::from(u8::from_str_radix(&id[id.len() - 2..], 16).unwrap()) * 60 / 256;
        (id, minute)
    };
    // One whose minute is not the first, so that there is one before it.
    let (id, minute) = (0..50).map(|_| athlete()).find(|(_, minute)| *minute > 0).unwrap();
    house.database.execute(&format!(
        "INSERT INTO weekly_volume (athlete_id, week_start, workouts, sets, tonnage_grams, \
         hard_half_sets, muscles, version) VALUES ('{id}', '2026-11-16', 1, 1, 0, 0, '{{}}', 1)"
    ));
    // It is Monday noon, UTC: the week is over everywhere, and the hour of reports begins.
    let sweep_at = |minutes: i64| {
        house.clock.advance_ms(minutes * 60_000);
        run(house.app.sweep());
        house.weeks_ended()
    };
    assert_eq!(sweep_at(minute - 1), Vec::<String>::new());
    assert_eq!(sweep_at(1), ["2026-11-16"]);
    assert_eq!(sweep_at(1), Vec::<String>::new());
    // Nobody has made it by then.
    assert_eq!(sweep_at(10), ["2026-11-16"]);
    house.database.execute("UPDATE athletes SET reported_week = '2026-11-16'");
    assert_eq!(sweep_at(60), Vec::<String>::new());
    // The next week, an hour late: whoever has no report gets one. It had no training, the one
    // before it had.
    assert_eq!(sweep_at(7 * 24 * 60), ["2026-11-23"]);
}

#[test]
fn who_has_not_trained_for_five_weeks_is_left_in_peace() {
    let house = House::new();
    house.athlete();
    house.clock.advance_ms(3_600_000);
    run(house.app.sweep());
    assert_eq!(house.weeks_ended(), Vec::<String>::new());
}
