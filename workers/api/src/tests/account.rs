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
