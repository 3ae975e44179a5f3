//! Keys, the profile, landmarks.

use super::*;
use platform::Clock;

#[test]
fn unknown_and_revoked_keys_are_rejected_immediately() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let wrong = format!("{}{}", &key[..key.len() - 1], if key.ends_with('0') { '1' } else { '0' });
    let headers = [("idempotency-key", "k")];
    for (method, path, body) in [
        ("POST", "/v1/workouts", Some(bench_workout(1))),
        ("GET", "/v1/workouts", None),
        ("GET", "/v1/exercises", None),
        ("GET", "/v1/volume/weekly", None),
        ("GET", "/v1/notifications", None),
        ("POST", "/v1/notifications/read-all", None),
        ("GET", "/v1/me", None),
        ("PUT", "/v1/me", Some(json!({ "display_name": "Eve" }))),
    ] {
        let response = api.call_with(&wrong, method, path, body.as_ref(), &headers);
        assert_eq!(response.status, 401, "{method} {path}");
    }
    assert_eq!(api.workout_count(), 0);
    assert_eq!(api.database.query("SELECT * FROM idempotency_keys"), Vec::<String>::new());
    assert_eq!(api.call(&key, "GET", "/v1/me", None).body["display_name"], "Ada");

    let athlete = api.call(&key, "GET", "/v1/me", None).body["athlete_id"].clone();
    let keys = format!("/v1/admin/athletes/{}/keys", athlete.as_str().unwrap());
    let second = api.call(OPERATOR, "POST", &keys, None).body;
    let key_id = second["key_id"].as_str().unwrap();
    let second = second["api_key"].as_str().unwrap();
    assert_eq!(api.call(second, "GET", "/v1/me", None).status, 200);
    let revoke = format!("{keys}/{key_id}");
    assert_eq!(api.call(OPERATOR, "DELETE", &revoke, None).status, 204);
    assert_eq!(api.call(OPERATOR, "DELETE", &revoke, None).status, 404);
    assert_eq!(api.call(second, "POST", "/v1/workouts", Some(&bench_workout(1))).status, 401);
    assert_eq!(api.call(&key, "GET", "/v1/me", None).status, 200);
    assert_eq!(api.workout_count(), 0);
}

#[test]
fn profile_update_changes_only_the_given_fields() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let put = |body: Value| api.call(&key, "PUT", "/v1/me", Some(&body));
    let changed = put(json!({ "units": "lb", "body_weight_kg": 81.5, "email_threshold": 0.9 }));
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.body["email"], "ada@example.com");
    assert_eq!(changed.body["body_weight_kg"], 81.5);
    let cleared = put(json!({ "email": null, "body_weight_kg": null }));
    assert_eq!(cleared.body["email"], Value::Null);
    assert_eq!(cleared.body["units"], "lb");
    let bad = put(json!({
        "display_name": "a\nb", "email": "x@y\r\nBcc: z", "email_threshold": 1.1,
        "body_weight_kg": -1,
    }));
    let mut pointers = bad.error_pointers();
    pointers.sort();
    assert_eq!(pointers, ["/body_weight_kg", "/display_name", "/email", "/email_threshold"]);
    assert_eq!(put(json!({ "units": "stone" })).error_pointers(), ["/units"]);
    assert_eq!(put(json!({ "colour": "red" })).error_pointers(), ["/colour"]);
    assert_eq!(put(json!({ "display_name": "\u{200b}" })).error_pointers(), ["/display_name"]);
    assert_eq!(api.call(&key, "GET", "/v1/me", None).body["display_name"], "Ada");
    for field in ["display_name", "units", "email_threshold", "muted_kinds", "time_zone"] {
        assert_eq!(put(json!({ field: null })).error_pointers(), [format!("/{field}")]);
    }
}

#[test]
fn returned_profile_can_be_sent_back() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let check = || {
        let profile = api.get(&key, "/v1/me").body;
        let sent_back = api.put(&key, "/v1/me", &profile);
        assert_eq!((sent_back.status, &sent_back.body), (200, &profile));
    };
    check();
    let changed = api.put(&key, "/v1/me", &json!({
        "units": "lb", "body_weight_kg": 81.5, "landmarks": { "chest": { "mev": 8.5 }, "quads": {} },
        "notifications": { "plateau": { "in_app": false }, "new_record": { "email": true } },
        "muted_kinds": ["regression"], "time_zone": "Europe/Berlin", "daily_mail_limit": 3,
        "quiet_hours": { "from": "22:00", "to": "07:00" }, "email_threshold": 0.5,
    }));
    assert_eq!(changed.status, 200, "{}", changed.body);
    check();
    api.clock.advance_ms(7 * 86_400_000);
    check();
    assert_eq!(api.database.query("SELECT day FROM body_weights").len(), 1, "nothing was weighed");
}

#[test]
fn address_of_invalid_form_is_rejected() {
    let api = TestApi::new();
    let key = api.create_athlete();
    for email in ["a@.", "a@b..c", "a@b.", ".a@b.co", "a@b", "nowhere", ""] {
        let put = api.put(&key, "/v1/me", &json!({ "email": email }));
        assert_eq!((put.status, put.error_pointers()), (422, vec!["/email".to_owned()]), "{email}");
        let new = json!({ "display_name": "Ada", "email": email });
        let post = api.post(OPERATOR, "/v1/admin/athletes", &new);
        assert_eq!(
            (post.status, post.error_pointers()),
            (422, vec!["/email".to_owned()]),
            "{email}"
        );
    }
}

#[test]
fn own_landmarks_replace_the_defaults_in_the_week() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let chest = || {
        let weeks = api.get(&key, "/v1/volume/weekly?from=2026-11-23&to=2026-11-23").body;
        let chest = &weeks["weeks"][0]["muscles"][0];
        assert_eq!(chest["muscle"], "chest");
        (chest["mev"].as_f64().unwrap(), chest["mrv"].as_f64().unwrap())
    };
    let put = |landmarks: Value| api.put(&key, "/v1/me", &json!({ "landmarks": landmarks }));
    let set = put(json!({ "chest": { "mev": 8.5, "mrv": 20 } }));
    assert_eq!(set.body["landmarks"], json!({ "chest": { "mev": 8.5, "mrv": 20.0 } }));
    assert_eq!(chest(), (8.5, 20.0));
    api.put(&key, "/v1/me", &json!({ "units": "lb" }));
    assert_eq!(chest(), (8.5, 20.0), "an unrelated change keeps them");
    let check = |landmarks: Value, pointer: &str| {
        assert_eq!(put(landmarks).error_pointers(), [pointer]);
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

/// The enabled channels of a kind: `a` in the app, `e` by email, `w` by webhook.
fn channels(api: &TestApi, key: &str, kind: &str) -> String {
    let kinds = api.get(key, "/v1/me").body["notifications"].clone();
    let is_on = |channel: &str| kinds[kind][channel].as_bool().unwrap();
    [("in_app", 'a'), ("email", 'e'), ("webhook", 'w')]
        .into_iter()
        .filter_map(|(channel, symbol)| is_on(channel).then_some(symbol))
        .collect()
}

#[test]
fn channel_preference_changes_one_channel_of_one_kind() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let profile = api.get(&key, "/v1/me").body;
    assert_eq!(profile["notifications"].as_object().unwrap().len(), 20);
    assert_eq!(profile["muted_kinds"], json!([]));
    let put = |choices: Value| api.put(&key, "/v1/me", &json!({ "notifications": choices }));
    let check = |kind: &str, expected: &str| assert_eq!(channels(&api, &key, kind), expected);
    check("new_record", "aw");
    check("weekly_report", "aew");
    assert_eq!(put(json!({ "new_record": { "email": true } })).status, 200);
    put(json!({ "new_record": { "webhook": false }, "weekly_report": { "in_app": false } }));
    check("new_record", "ae");
    check("weekly_report", "ew");
    api.put(&key, "/v1/me", &json!({ "units": "lb" }));
    check("new_record", "ae");
    put(json!({ "new_record": { "webhook": null } }));
    check("new_record", "aew");
    put(json!({ "new_record": null }));
    check("new_record", "aw");
    check("weekly_report", "ew");
    put(Value::Null);
    check("weekly_report", "aew");
    let rejected = |choices: Value, pointer: &str| {
        assert_eq!(put(choices).error_pointers(), [pointer]);
        check("new_record", "aw");
    };
    rejected(json!({ "horoscope": {} }), "/notifications/horoscope");
    rejected(json!({ "new_record": { "fax": true } }), "/notifications/new_record/fax");
    rejected(json!({ "new_record": { "email": 1 } }), "/notifications/new_record/email");
    rejected(json!({ "new_record": true }), "/notifications/new_record");
    rejected(json!([]), "/notifications");
}

#[test]
fn muted_kinds_have_no_channel_and_can_be_replaced() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let put = |body: Value| api.put(&key, "/v1/me", &body);
    let muted = |kinds: Value| put(json!({ "muted_kinds": kinds })).body["muted_kinds"].clone();
    assert_eq!(
        muted(json!(["new_record", "plateau", "plateau"])),
        json!(["plateau", "new_record"])
    );
    let only_webhook = json!({ "in_app": false, "email": false });
    let only_email = json!({ "in_app": false, "webhook": false });
    put(json!({ "notifications": {
        "weekly_report": { "email": false }, "regression": only_webhook, "load_spike": only_email,
    } }));
    assert_eq!(muted(json!(["plateau"])), json!(["plateau"]));
    assert_eq!(channels(&api, &key, "new_record"), "aw", "back to its defaults");
    assert_eq!(channels(&api, &key, "weekly_report"), "aw", "it was not muted, so it stays");
    assert_eq!(channels(&api, &key, "regression"), "w");
    assert_eq!(channels(&api, &key, "load_spike"), "e");
    let by_channels = json!({ "in_app": false, "email": false, "webhook": false });
    let both = put(json!({ "notifications": { "regression": by_channels.clone() } }));
    assert_eq!(both.body["muted_kinds"], json!(["plateau", "regression"]));
    assert_eq!(muted(json!([])), json!([]));

    let whole = put(json!({ "muted_kinds": ["deload_due"] })).body;
    let sent_back = json!({
        "notifications": whole["notifications"], "muted_kinds": whole["muted_kinds"],
    });
    assert_eq!(put(sent_back).body, whole, "the returned profile can be sent back");
    let disagree = |notifications: Value, kinds: Value| {
        let body = json!({ "notifications": notifications, "muted_kinds": kinds });
        assert_eq!(put(body).error_pointers(), ["/muted_kinds"]);
        assert_eq!(api.get(&key, "/v1/me").body, whole);
    };
    disagree(json!({ "plateau": { "email": true } }), json!(["plateau"]));
    disagree(json!({ "plateau": null }), json!(["plateau"]));
    disagree(Value::Null, json!(["plateau"]));
    disagree(json!({ "new_record": by_channels }), json!([]));
    let bad = put(json!({ "muted_kinds": ["plateau", "horoscope", "tarot"] }));
    assert_eq!(bad.error_pointers(), ["/muted_kinds/1", "/muted_kinds/2"]);
    assert_eq!(put(json!({ "muted_kinds": ["plateau", 7] })).error_pointers(), ["/muted_kinds/1"]);
    assert_eq!(put(json!({ "muted_kinds": null })).error_pointers()[0], "/muted_kinds");
}

#[test]
fn time_zone_quiet_hours_and_email_limit_are_validated() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let put = |body: Value| api.put(&key, "/v1/me", &body);
    let fresh = api.get(&key, "/v1/me").body;
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
    assert_eq!(api.get(&key, "/v1/me").body["quiet_hours"], quiet);
    let rejected =
        |body: Value, pointers: &[&str]| assert_eq!(put(body).error_pointers(), pointers);
    rejected(json!({ "time_zone": "Moon/Tycho" }), &["/time_zone"]);
    rejected(json!({ "time_zone": null }), &["/time_zone"]);
    rejected(json!({ "daily_mail_limit": 101 }), &["/daily_mail_limit"]);
    rejected(json!({ "daily_mail_limit": -1 }), &["/daily_mail_limit"]);
    rejected(json!({ "daily_mail_limit": 1.5 }), &["/daily_mail_limit"]);
    rejected(json!({ "quiet_hours": { "from": "22:00" } }), &["/quiet_hours/to"]);
    let hours = |from: &str, to: &str| json!({ "quiet_hours": { "from": from, "to": to } });
    rejected(hours("22h", "07:00"), &["/quiet_hours/from"]);
    rejected(hours("22:00", "24:00"), &["/quiet_hours/to"]);
    rejected(hours("22:00", "22:00"), &["/quiet_hours/to"]);
    rejected(json!({ "quiet_hours": "22:00-07:00" }), &["/quiet_hours"]);
    assert_eq!(put(json!({ "quiet_hours": null })).body["quiet_hours"], Value::Null);
}

#[test]
fn export_fails_once_its_key_has_expired() {
    let api = TestApi::new();
    let key = api.create_athlete();
    api.create_workout(&key, &bench_workout(1));
    let bearer = format!("Bearer {key}");
    let response = api.send("GET", "/v1/export", &[("authorization", &bearer)], b"");
    api.clock.advance_ms(1);
    let expire = format!("UPDATE api_keys SET expires_at_ms = {}", api.clock.now_ms());
    api.database.execute(&expire);
    let Content::Stream(body) = response.into_body() else { panic!("not a stream") };
    assert_eq!(run(body.try_collect::<Vec<_>>()).unwrap_err(), "the key was revoked or expired");
}

#[test]
fn dead_letters_of_a_deleted_athlete_survive_no_outage() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let id = api.athlete_id(&key);
    api.database.operations.execute(&format!(
        "INSERT INTO dead_letters (dead_letter_id, queue, message_id, athlete_id, reason, \
         reason_group, attempts, failed_at_ms, body) \
         VALUES ('d', 'ai-analysis', 'm', '{id}', '', '', 4, {}, '')",
        api.app.clock.now_ms()
    ));
    let dead_letters = || api.database.query("SELECT 1 FROM dead_letters").len();
    api.database.operations.fail_next(&[DatabaseFault::BeforeCommit]);
    assert_eq!(api.delete(&key, "/v1/me").status, 204);
    assert_eq!((api.get(&key, "/v1/me").status, dead_letters()), (401, 1));
    run(api.app.sweep());
    assert_eq!(dead_letters(), 0);
}
