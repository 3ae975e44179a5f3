//! Keys, the profile, landmarks.

use super::*;

#[test]
fn a_key_of_nobody_stores_nothing_and_a_revoked_key_stops_at_once() {
    let house = House::new();
    let key = house.athlete();
    let wrong = format!("{}{}", &key[..key.len() - 1], if key.ends_with('0') { '1' } else { '0' });
    let headers = [("idempotency-key", "k")];
    for (method, path, body) in [
        ("POST", "/v1/workouts", Some(bench(1))),
        ("GET", "/v1/workouts", None),
        ("GET", "/v1/exercises", None),
        ("GET", "/v1/volume/weekly", None),
        ("GET", "/v1/notifications", None),
        ("POST", "/v1/notifications/read-all", None),
        ("GET", "/v1/me", None),
        ("PUT", "/v1/me", Some(json!({ "display_name": "Eve" }))),
    ] {
        let answer = house.call_with(&wrong, method, path, body.as_ref(), &headers);
        assert_eq!(answer.status, 401, "{method} {path}");
    }
    assert_eq!(house.workouts(), 0);
    assert_eq!(house.database.query("SELECT * FROM idempotency_keys"), Vec::<String>::new());
    assert_eq!(house.call(&key, "GET", "/v1/me", None).body["display_name"], "Ada");

    let athlete = house.call(&key, "GET", "/v1/me", None).body["athlete_id"].clone();
    let keys = format!("/v1/admin/athletes/{}/keys", athlete.as_str().unwrap());
    let second = house.call(OPERATOR, "POST", &keys, None).body;
    let key_id = second["key_id"].as_str().unwrap();
    let second = second["api_key"].as_str().unwrap();
    assert_eq!(house.call(second, "GET", "/v1/me", None).status, 200);
    let revoke = format!("{keys}/{key_id}");
    assert_eq!(house.call(OPERATOR, "DELETE", &revoke, None).status, 204);
    assert_eq!(house.call(OPERATOR, "DELETE", &revoke, None).status, 404);
    assert_eq!(house.call(second, "POST", "/v1/workouts", Some(&bench(1))).status, 401);
    assert_eq!(house.call(&key, "GET", "/v1/me", None).status, 200);
    assert_eq!(house.workouts(), 0);
}

#[test]
fn a_profile_changes_only_where_it_is_told() {
    let house = House::new();
    let key = house.athlete();
    let put = |body: Value| house.call(&key, "PUT", "/v1/me", Some(&body));
    let changed = put(json!({ "units": "lb", "body_weight_kg": 81.5, "email_threshold": 0.9 }));
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.body["email"], "ada@example.com");
    assert_eq!(changed.body["body_weight_kg"], 81.5);
    let cleared = put(json!({ "email": null, "body_weight_kg": null }));
    assert_eq!(cleared.body["email"], Value::Null);
    assert_eq!(cleared.body["units"], "lb");
    let bad = put(json!({
        "display_name": "a\nb", "email": "x@y\r\nBcc: z", "units": "stone", "email_threshold": 1.1,
        "body_weight_kg": -1, "colour": "red"
    }));
    let mut pointers = bad.pointers();
    pointers.sort();
    assert_eq!(
        pointers,
        ["/body_weight_kg", "/colour", "/display_name", "/email", "/email_threshold", "/units"]
    );
    assert_eq!(house.call(&key, "GET", "/v1/me", None).body["display_name"], "Ada");
    assert_eq!(put(json!({ "units": null })).pointers(), ["/units"]);
}

#[test]
fn landmarks_of_ones_own_take_the_place_of_the_listing_in_the_week() {
    let house = House::new();
    let key = house.athlete();
    let chest = || {
        let weeks = house.get(&key, "/v1/volume/weekly?from=2026-11-23&to=2026-11-23").body;
        let chest = &weeks["weeks"][0]["muscles"][0];
        assert_eq!(chest["muscle"], "chest");
        (chest["mev"].as_f64().unwrap(), chest["mrv"].as_f64().unwrap())
    };
    let put = |landmarks: Value| house.put(&key, "/v1/me", &json!({ "landmarks": landmarks }));
    let set = put(json!({ "chest": { "mev": 8.5, "mrv": 20 } }));
    assert_eq!(set.body["landmarks"], json!({ "chest": { "mev": 8.5, "mrv": 20.0 } }));
    assert_eq!(chest(), (8.5, 20.0));
    house.put(&key, "/v1/me", &json!({ "units": "lb" }));
    assert_eq!(chest(), (8.5, 20.0), "another change leaves them as they are");
    let check = |landmarks: Value, pointer: &str| {
        assert_eq!(put(landmarks).pointers(), [pointer]);
        assert_eq!(chest(), (8.5, 20.0));
    };
    check(json!({ "chest": { "mev": 8.2 } }), "/landmarks/chest/mev");
    check(json!({ "chest": { "mrv": 100.5 } }), "/landmarks/chest/mrv");
    check(json!({ "chest": { "mrv": 2 } }), "/landmarks/chest");
    check(json!({ "chest": { "max": 20 } }), "/landmarks/chest/max");
    check(json!({ "tail": {} }), "/landmarks/tail");
    check(json!([]), "/landmarks");
    put(Value::Null);
    assert_eq!(chest(), (4.0, 24.0));
}

/// The channels of a kind as GET shows them: `a` in the app, `e` by mail, `w` by webhook.
fn channels(house: &House, key: &str, kind: &str) -> String {
    let kinds = house.get(key, "/v1/me").body["notifications"].clone();
    let goes = |channel: &str| kinds[kind][channel].as_bool().unwrap();
    [("in_app", 'a'), ("email", 'e'), ("webhook", 'w')]
        .into_iter()
        .filter_map(|(channel, letter)| goes(channel).then_some(letter))
        .collect()
}

#[test]
fn each_kind_of_news_shows_its_channels_and_a_choice_changes_one_of_them() {
    let house = House::new();
    let key = house.athlete();
    let profile = house.get(&key, "/v1/me").body;
    assert_eq!(profile["notifications"].as_object().unwrap().len(), 15);
    assert_eq!(profile["muted_kinds"], json!([]));
    let put = |choices: Value| house.put(&key, "/v1/me", &json!({ "notifications": choices }));
    let check = |kind: &str, expected: &str| assert_eq!(channels(&house, &key, kind), expected);
    check("new_record", "aw");
    check("weekly_report", "aew");
    assert_eq!(put(json!({ "new_record": { "email": true } })).status, 200);
    put(json!({ "new_record": { "webhook": false }, "weekly_report": { "in_app": false } }));
    check("new_record", "ae");
    check("weekly_report", "ew");
    house.put(&key, "/v1/me", &json!({ "units": "lb" }));
    check("new_record", "ae");
    put(json!({ "new_record": { "webhook": null } }));
    check("new_record", "aew");
    put(json!({ "new_record": null }));
    check("new_record", "aw");
    check("weekly_report", "ew");
    put(Value::Null);
    check("weekly_report", "aew");
    let refused = |choices: Value, pointer: &str| {
        assert_eq!(put(choices).pointers(), [pointer]);
        check("new_record", "aw");
    };
    refused(json!({ "horoscope": {} }), "/notifications/horoscope");
    refused(json!({ "new_record": { "fax": true } }), "/notifications/new_record/fax");
    refused(json!({ "new_record": { "email": 1 } }), "/notifications/new_record/email");
    refused(json!({ "new_record": true }), "/notifications/new_record");
    refused(json!([]), "/notifications");
}

#[test]
fn muted_kinds_are_those_without_a_channel_and_the_list_can_be_replaced() {
    let house = House::new();
    let key = house.athlete();
    let put = |body: Value| house.put(&key, "/v1/me", &body);
    let muted = |kinds: Value| put(json!({ "muted_kinds": kinds })).body["muted_kinds"].clone();
    assert_eq!(
        muted(json!(["new_record", "plateau", "plateau"])),
        json!(["plateau", "new_record"])
    );
    let but_webhook = json!({ "in_app": false, "email": false });
    let but_mail = json!({ "in_app": false, "webhook": false });
    put(json!({ "notifications": {
        "weekly_report": { "email": false }, "regression": but_webhook, "load_spike": but_mail,
    } }));
    assert_eq!(muted(json!(["plateau"])), json!(["plateau"]));
    assert_eq!(channels(&house, &key, "new_record"), "aw", "back to its defaults");
    assert_eq!(channels(&house, &key, "weekly_report"), "aw", "it was not muted, and stays");
    assert_eq!(channels(&house, &key, "regression"), "w");
    assert_eq!(channels(&house, &key, "load_spike"), "e");
    let by_channels = json!({ "in_app": false, "email": false, "webhook": false });
    let both = put(json!({ "notifications": { "regression": by_channels.clone() } }));
    assert_eq!(both.body["muted_kinds"], json!(["plateau", "regression"]));
    assert_eq!(muted(json!([])), json!([]));

    let whole = put(json!({ "muted_kinds": ["deload_due"] })).body;
    let again = json!({
        "notifications": whole["notifications"], "muted_kinds": whole["muted_kinds"],
    });
    assert_eq!(put(again).body, whole, "what was read can be written");
    let disagree = |notifications: Value, kinds: Value| {
        let body = json!({ "notifications": notifications, "muted_kinds": kinds });
        assert_eq!(put(body).pointers(), ["/muted_kinds"]);
        assert_eq!(house.get(&key, "/v1/me").body, whole);
    };
    disagree(json!({ "plateau": { "email": true } }), json!(["plateau"]));
    disagree(json!({ "plateau": null }), json!(["plateau"]));
    disagree(Value::Null, json!(["plateau"]));
    disagree(json!({ "new_record": by_channels }), json!([]));
    let bad = put(json!({ "muted_kinds": ["plateau", "horoscope", 7] }));
    assert_eq!(bad.pointers(), ["/muted_kinds/1", "/muted_kinds/2"]);
    assert_eq!(put(json!({ "muted_kinds": null })).pointers()[0], "/muted_kinds");
}

#[test]
fn time_zone_quiet_hours_and_the_limit_of_mails_are_checked_and_kept() {
    let house = House::new();
    let key = house.athlete();
    let put = |body: Value| house.put(&key, "/v1/me", &body);
    let fresh = house.get(&key, "/v1/me").body;
    assert_eq!(fresh["time_zone"], "UTC");
    assert_eq!(fresh["quiet_hours"], Value::Null);
    assert_eq!(fresh["daily_mail_limit"], 10);
    let quiet = json!({ "from": "22:00", "to": "07:00" });
    let changed = put(json!({
        "time_zone": "Europe/Berlin", "quiet_hours": quiet, "daily_mail_limit": 0,
    }));
    assert_eq!(changed.body["time_zone"], "Europe/Berlin");
    assert_eq!(changed.body["quiet_hours"], quiet);
    assert_eq!(changed.body["daily_mail_limit"], 0);
    put(json!({ "units": "lb" }));
    assert_eq!(house.get(&key, "/v1/me").body["quiet_hours"], quiet);
    let refused = |body: Value, pointers: &[&str]| assert_eq!(put(body).pointers(), pointers);
    refused(json!({ "time_zone": "Moon/Tycho" }), &["/time_zone"]);
    refused(json!({ "time_zone": null }), &["/time_zone"]);
    refused(json!({ "daily_mail_limit": 101 }), &["/daily_mail_limit"]);
    refused(json!({ "daily_mail_limit": -1 }), &["/daily_mail_limit"]);
    refused(json!({ "daily_mail_limit": 1.5 }), &["/daily_mail_limit"]);
    refused(json!({ "quiet_hours": { "from": "22:00" } }), &["/quiet_hours/to"]);
    let hours = |from: &str, to: &str| json!({ "quiet_hours": { "from": from, "to": to } });
    refused(hours("22h", "07:00"), &["/quiet_hours/from"]);
    refused(hours("22:00", "24:00"), &["/quiet_hours/to"]);
    refused(hours("22:00", "22:00"), &["/quiet_hours/to"]);
    refused(json!({ "quiet_hours": "22:00-07:00" }), &["/quiet_hours"]);
    assert_eq!(put(json!({ "quiet_hours": null })).body["quiet_hours"], Value::Null);
}
