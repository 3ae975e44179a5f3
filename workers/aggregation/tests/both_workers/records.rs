//! Records: broken, told, taken back.

use super::*;

/// The records of an exercise, as `kind=value day`.
fn records(athlete: &Athlete<'_>) -> Vec<String> {
    let items = athlete.get("/v1/records?exercise=barbell-bench-press")["items"].clone();
    let words = |record: &Value| {
        let at = record["weight_kg"].as_f64().map(|kg| format!("@{kg}")).unwrap_or_default();
        let (kind, date) = (record["kind"].as_str().unwrap(), record["date"].as_str().unwrap());
        format!("{kind}{at}={} {date}", record["value"])
    };
    items.as_array().unwrap().iter().map(words).collect()
}

fn heaviest(athlete: &Athlete<'_>) -> Option<String> {
    records(athlete).into_iter().find_map(|r| Some(r.strip_prefix("heaviest_weight=")?.to_owned()))
}

#[test]
fn a_broken_record_is_told_once_with_all_its_numbers() {
    let house = House::new();
    let ada = house.athlete();
    ada.post(&bench("2026-11-18T18:00:00Z", 100.0, 5));
    assert_eq!(notifications(&house.settle()), [], "the first of all has beaten nothing");
    let path = ada.post(&bench("2026-11-23T08:00:00Z", 105.0, 5));
    let (events, _) = house.take_events();
    house.deliver(&events);
    let told = house.take_events().1;
    let news = notifications(&told);
    assert_eq!(news.len(), 1);
    assert_eq!((news[0].kind.as_str(), news[0].title.as_str()), ("new_record", "3 new records"));
    assert_eq!(news[0].date.map(|date| date.to_string()).as_deref(), Some("2026-11-23"));
    assert_eq!(
        json!(format!("/v1/workouts/{}", news[0].data["workout_id"].as_str().unwrap())),
        json!(path)
    );
    let told_numbers: Vec<_> = news[0].data["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| format!("{}: {} over {}", r["kind"].as_str().unwrap(), r["value"], r["beaten"]))
        .collect();
    assert_eq!(
        told_numbers,
        [
            "best_e1rm: 122.5 over 116.667",
            "heaviest_weight: 105.0 over 100.0",
            "most_volume: 525.0 over 500.0",
        ]
    );
    // Delivered again, it is the same event, which the inbox knows.
    house.deliver(&events);
    let ids = |events: &[Event]| -> Vec<_> {
        let news = |event: &&Event| event.event_type() == EventType::NotificationRequested;
        events.iter().filter(news).map(|event| event.id).collect()
    };
    assert_eq!(ids(&house.take_events().1), ids(&told));
    // A change that breaks no further record tells the same, by the same id.
    let mut noted = bench("2026-11-23T08:00:00Z", 105.0, 5);
    noted["notes"] = json!("easy");
    ada.ok("PUT", &path, &noted);
    assert_eq!(ids(&house.settle()), ids(&told));
    // What equals a record does not break it.
    ada.post(&bench("2026-11-23T09:00:00Z", 105.0, 5));
    assert_eq!(notifications(&house.settle()), []);
}

#[test]
fn a_record_is_told_when_its_workout_is_complete_and_lately() {
    let house = House::new();
    let ada = house.athlete();
    ada.post(&bench("2025-11-01T18:00:00Z", 100.0, 5));
    house.settle();
    let check = |started_at: &str, kg: f64, told: usize| {
        ada.post(&bench(started_at, kg, 5));
        assert_eq!(notifications(&house.settle()).len(), told, "{started_at}");
    };
    check("2026-11-15T23:59:59Z", 101.0, 0);
    check("2026-11-16T00:00:00Z", 102.0, 1);
    check("2026-11-23T08:00:00Z", 103.0, 1);
    check("2026-11-24T08:00:00Z", 104.0, 1);
    let mut open = bench("2026-11-23T10:00:00Z", 105.0, 5);
    open["ended_at"] = Value::Null;
    let path = ada.post(&open);
    assert_eq!(notifications(&house.settle()), [], "it goes on");
    assert_eq!(heaviest(&ada).as_deref(), Some("105.0 2026-11-23"));
    ada.ok("POST", &format!("{path}/complete"), &json!({ "ended_at": "2026-11-23T12:00:00Z" }));
    assert_eq!(notifications(&house.settle()).len(), 1);
}

#[test]
fn a_correction_or_a_deletion_takes_a_record_back() {
    let house = House::new();
    let ada = house.athlete();
    let first = ada.post(&bench("2026-11-18T18:00:00Z", 100.0, 5));
    house.settle();
    let before = records(&ada);
    assert_eq!(
        before,
        [
            "heaviest_weight=100.0 2026-11-18",
            "most_reps@100=5 2026-11-18",
            "best_e1rm=116.667 2026-11-18",
            "most_volume=500.0 2026-11-18",
        ]
    );
    let second = ada.post(&bench("2026-11-23T08:00:00Z", 110.0, 5));
    house.settle();
    assert_eq!(heaviest(&ada).as_deref(), Some("110.0 2026-11-23"));
    // A slip of the keyboard: it was 101.
    ada.ok("PUT", &second, &bench("2026-11-23T08:00:00Z", 101.0, 5));
    house.settle();
    assert_eq!(heaviest(&ada).as_deref(), Some("101.0 2026-11-23"));
    ada.ok("PUT", &second, &bench("2026-11-23T08:00:00Z", 90.0, 5));
    assert_eq!(notifications(&house.settle()), []);
    assert_eq!(heaviest(&ada).as_deref(), Some("100.0 2026-11-18"));
    assert!(records(&ada).contains(&"most_reps@90=5 2026-11-23".to_owned()));
    ada.ok("DELETE", &second, &Value::Null);
    house.settle();
    assert_eq!(records(&ada), before);
    ada.ok("DELETE", &first, &Value::Null);
    house.settle();
    assert_eq!(records(&ada), Vec::<String>::new());
}

#[test]
fn of_equal_records_the_earliest_day_has_it_however_they_come_in() {
    let house = House::new();
    let ada = house.athlete();
    let later = ada.post(&bench("2026-11-20T18:00:00Z", 100.0, 5));
    house.settle();
    ada.post(&bench("2026-11-18T18:00:00Z", 100.0, 5));
    assert_eq!(notifications(&house.settle()), [], "an equal is no news");
    assert_eq!(heaviest(&ada).as_deref(), Some("100.0 2026-11-18"));
    // Its holder moves behind the other.
    ada.ok("PUT", &later, &bench("2026-11-17T18:00:00Z", 100.0, 5));
    house.settle();
    assert_eq!(heaviest(&ada).as_deref(), Some("100.0 2026-11-17"));
    ada.ok("PUT", &later, &bench("2026-11-22T18:00:00Z", 100.0, 5));
    house.settle();
    assert_eq!(heaviest(&ada).as_deref(), Some("100.0 2026-11-18"));
}

#[test]
fn records_of_two_athletes_do_not_meet() {
    let house = House::new();
    let (ada, bob) = (house.athlete(), house.athlete());
    ada.post(&bench("2026-11-18T18:00:00Z", 100.0, 5));
    bob.post(&bench("2026-11-18T18:00:00Z", 90.0, 5));
    house.settle();
    bob.post(&bench("2026-11-19T18:00:00Z", 95.0, 5));
    assert_eq!(notifications(&house.settle()).len(), 1);
    assert_eq!(heaviest(&ada).as_deref(), Some("100.0 2026-11-18"));
    assert_eq!(heaviest(&bob).as_deref(), Some("95.0 2026-11-19"));
}
