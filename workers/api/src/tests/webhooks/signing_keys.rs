//! Signing keys: shown once, sealed, rotated.

use super::*;
use standard_webhooks::{Attempt, MessageId, SigningKey, VerifyingKey, sign, verify};
use std::rc::Rc;

/// The opened signing keys of the only endpoint, with their expiry.
fn open_keys(api: &TestApi) -> Vec<(SigningKey, Option<i64>)> {
    let row =
        api.database.query("SELECT athlete_id, endpoint_id, signing_keys FROM webhook_endpoints");
    let row: Value = serde_json::from_str(&row[0]).unwrap();
    let text = |name: &str| row[name].as_str().unwrap().to_owned();
    let place = format!("{}/{}", text("athlete_id"), text("endpoint_id"));
    let keys: Value = serde_json::from_str(&text("signing_keys")).unwrap();
    let open = |key: &Value| {
        let key_text = run(api.app.vault.open(key["sealed"].as_str().unwrap(), &place)).unwrap();
        (SigningKey::parse(&key_text).unwrap(), key["expires_at_ms"].as_i64())
    };
    keys.as_array().unwrap().iter().map(open).collect()
}

fn verifies(shown: &Value, key: &SigningKey) -> bool {
    let id = MessageId::parse("msg_1").unwrap();
    let attempt = Attempt { id: &id, timestamp_s: 1_795_435_200, body: b"{}" };
    let headers = sign(&attempt, std::slice::from_ref(key)).unwrap();
    let shown = VerifyingKey::parse(shown.as_str().unwrap()).unwrap();
    let header =
        |name: &str| headers.pairs().into_iter().find_map(|(n, v)| (n == name).then_some(v));
    verify(header, b"{}", &[shown], 1_795_435_200).is_ok()
}

#[test]
fn shown_secret_verifies_signatures_of_the_sealed_key() {
    for (signature, prefix) in [("v1", "whsec_"), ("v1a", "whpk_")] {
        let api = TestApi::new();
        let key = api.create_athlete();
        let (path, body) = create_endpoint(&api, &key, &json!({ "signature": signature }));
        assert!(body["secret"].as_str().unwrap().starts_with(prefix), "{body}");
        assert_eq!(api.get(&key, &path).body["signature"], signature);
        assert!(verifies(&body["secret"], &open_keys(&api)[0].0));
        let rotated = api.call(&key, "POST", &format!("{path}/rotate-secret"), None).body;
        assert!(verifies(&rotated["secret"], &open_keys(&api)[0].0), "the same kind of key");
        assert!(verifies(&body["secret"], &open_keys(&api)[1].0), "both sign");
        assert!(!verifies(&body["secret"], &open_keys(&api)[0].0));
        assert_eq!(api.get(&key, &path).body["signature"], signature);
    }
}

#[test]
fn rotated_key_signs_for_24_more_hours() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let (path, _) = create_endpoint(&api, &key, &json!({}));
    let rotate = || api.call(&key, "POST", &format!("{path}/rotate-secret"), None);
    let ends = || open_keys(&api).into_iter().map(|(_, end)| end).collect::<Vec<_>>();
    assert_eq!(ends(), [None]);
    let trips = api.database.round_trips();
    let rotated = rotate();
    assert_eq!(api.database.round_trips() - trips, 2);
    assert_eq!(rotated.status, 200, "{}", rotated.body);
    assert_eq!(rotated.body["old_secret_expires_at"], "2026-11-24T12:00:00.000Z");
    let day_ms = 86_400_000;
    assert_eq!(ends(), [None, Some(NOW_MS + day_ms)]);
    api.clock.advance_ms(1_000);
    for _ in 0..3 {
        assert_eq!(rotate().status, 200);
    }
    let later = Some(NOW_MS + 1_000 + day_ms);
    assert_eq!(ends(), [None, later, later, later, Some(NOW_MS + day_ms)]);
    assert_eq!(rotate().status, 409);
    api.clock.advance_ms(day_ms - 1_001);
    assert_eq!(rotate().status, 409, "a millisecond before the first expires");
    api.clock.advance_ms(1);
    assert_eq!(rotate().status, 200);
    assert_eq!(ends(), [None, Some(NOW_MS + 2 * day_ms), later, later, later]);
}

#[test]
fn concurrent_secret_rotations_are_not_lost() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let (path, _) = create_endpoint(&api, &key, &json!({}));
    let rotate = || api.call(&key, "POST", &format!("{path}/rotate-secret"), None);
    let overtaken = DatabaseFault::Interleaved(
        "UPDATE webhook_endpoints SET signing_keys = json_insert(signing_keys, '$[#]', \
         json_set(signing_keys -> '$[0]', '$.expires_at_ms', 9000000000000000))",
    );
    api.database.fail_after(1, overtaken);
    assert_eq!(rotate().status, 200, "it was retried");
    assert_eq!(open_keys(&api).len(), 3, "the concurrent key is stored too");
    api.database.fail_after(1, overtaken);
    api.database.fail_after(1, overtaken);
    let response = rotate();
    assert_eq!((response.status, open_keys(&api).len()), (409, 5), "overtaken twice");
    assert_eq!(response.body["code"], "concurrent_change");
}

#[test]
fn without_a_sealing_key_only_new_secrets_fail() {
    let mut api = TestApi::new();
    let key = api.create_athlete();
    let (path, _) = create_endpoint(&api, &key, &json!({}));
    Rc::make_mut(&mut api.app).vault = Rc::new(TestVault::new("no key"));
    for (path, body) in [
        ("/v1/webhooks".to_owned(), Some(json!({ "url": URL }))),
        (format!("{path}/rotate-secret"), None),
    ] {
        let response = api.call(&key, "POST", &path, body.as_ref());
        assert_eq!(response.status, 503, "{path}: {}", response.body);
        assert!(!response.text.contains("SEALING_KEY"), "only the log names it");
    }
    assert_eq!(items(&api.get(&key, "/v1/webhooks")).len(), 1);
    assert_eq!(
        open_keys(&TestApi {
            app: Rc::new(App { vault: Rc::new(TestVault::default()), ..(*api.app).clone() }),
            ..api
        })
        .len(),
        1
    );
}
