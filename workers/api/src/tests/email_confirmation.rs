//! The confirmation of an email address.

use super::*;
use platform::Clock;
use shared_kernel::AthleteId;

const REQUEST: &str = "/v1/me/email/confirmation";
const NEW: &str = "new@example.com";

impl TestApi {
    /// Creates an athlete whose address is not confirmed.
    fn create_unconfirmed(&self) -> String {
        let body = json!({ "display_name": "Ada", "email": NEW });
        let created = self.post(OPERATOR, "/v1/admin/athletes", &body);
        assert_eq!(created.status, 201, "{}", created.body);
        created.body["api_key"].as_str().unwrap().to_owned()
    }

    fn is_confirmed(&self, key: &str) -> bool {
        self.get(key, "/v1/me").body["email_confirmed"].as_bool().unwrap()
    }

    /// Returns the link to an address, as the webhook worker makes it.
    fn link(&self, key: &str, address: &str) -> String {
        let id: AthleteId = self.athlete_id(key).parse().unwrap();
        let secret = LinkKey::derived_from("secret").unwrap();
        secret.confirmation_link("", id, address, self.clock.now())
    }

    fn open(&self, method: &str, link: &str) -> TestResponse {
        TestResponse::from_http(self.send(method, link, &[], b""))
    }
}

#[test]
fn address_is_confirmed_by_its_link() {
    let api = TestApi::new();
    let key = api.create_unconfirmed();
    assert!(!api.is_confirmed(&key));
    let requested = api.call(&key, "POST", REQUEST, None);
    assert_eq!((requested.status, &requested.body), (202, &json!({ "email": NEW })));
    let [event] = &api.sink.take_events()[..] else { panic!("not one event") };
    let EventData::NotificationRequested(data) = &event.data else { panic!("{event:?}") };
    assert_eq!(
        (data.athlete_id.to_string(), &*data.kind),
        (api.athlete_id(&key), "email_confirmation")
    );
    let link = api.link(&key, NEW);
    let page = api.open("GET", &link);
    assert_eq!(page.status, 200);
    assert!(page.text.contains("<form method=\"post\">"), "{}", page.text);
    assert!(!page.text.contains(NEW), "{}", page.text);
    assert!(!api.is_confirmed(&key), "a scanner that follows the link confirms nothing");
    for _ in 0..2 {
        assert_eq!(api.open("POST", &link).status, 200);
        assert!(api.is_confirmed(&key));
    }
    let again = api.call(&key, "POST", REQUEST, None);
    assert_eq!((again.status, &again.body["code"]), (409, &json!("email_not_confirmable")));
}

#[test]
fn changed_address_has_to_be_confirmed() {
    let api = TestApi::new();
    let key = api.create_athlete();
    assert!(api.is_confirmed(&key), "the operator vouched for it");
    let profile = api.get(&key, "/v1/me").body;
    assert_eq!(api.put(&key, "/v1/me", &profile).body, profile);
    let changed = api.put(&key, "/v1/me", &json!({ "email": NEW, "email_confirmed": true }));
    assert_eq!(changed.body["email_confirmed"], false, "only the server sets it");
    let old = api.link(&key, "ada@example.com");
    for method in ["GET", "POST"] {
        assert_eq!(api.open(method, &old).status, 404, "the link of another address");
    }
    assert_eq!(api.open("POST", &api.link(&key, NEW)).status, 200);
    assert!(api.is_confirmed(&key));
}

#[test]
fn invalid_or_expired_link_is_not_found() {
    let mut api = TestApi::new();
    let key = api.create_unconfirmed();
    let link = api.link(&key, NEW);
    let check = |api: &TestApi, link: &str, status: u16| {
        for method in ["GET", "POST"] {
            assert_eq!(api.open(method, link).status, status, "{method} {link}");
        }
    };
    let forged =
        format!("{}{}", &link[..link.len() - 1], if link.ends_with('0') { '1' } else { '0' });
    check(&api, &forged, 404);
    check(&api, "/v1/email/confirm", 400);
    check(&api, "/v1/email/confirm?token=", 400);
    check(&api, &format!("{link}&more=1"), 400);
    check(&api, &link.replace("/v1/email/confirm", "/v1/unsubscribe"), 404);
    Rc::make_mut(&mut api.app).link_key = None;
    check(&api, &link, 404);
    Rc::make_mut(&mut api.app).link_key = LinkKey::derived_from("secret");
    api.clock.advance_ms(3 * 86_400_000);
    check(&api, &link, 404);
    assert!(!api.is_confirmed(&key));
    let fresh = api.link(&key, NEW);
    assert_eq!(api.delete(&key, "/v1/me").status, 204);
    check(&api, &fresh, 404);
}

#[test]
fn sixth_link_of_a_day_waits_for_the_next_day() {
    let api = TestApi::new();
    let key = api.create_unconfirmed();
    for _ in 0..5 {
        assert_eq!(api.call(&key, "POST", REQUEST, None).status, 202);
    }
    let sixth = api.call(&key, "POST", REQUEST, None);
    assert_eq!((sixth.status, &sixth.body["code"]), (429, &json!("rate_limited")));
    let retry_after = sixth.headers["retry-after"].to_str().unwrap().parse::<i64>().unwrap();
    assert_eq!(api.sink.take_events().len(), 5);
    api.clock.advance_ms(retry_after * 1_000);
    assert_eq!(api.call(&key, "POST", REQUEST, None).status, 202);
}

#[test]
fn link_requires_an_address_and_a_public_url() {
    let mut api = TestApi::new();
    let key = api.create_unconfirmed();
    let check = |api: &TestApi| {
        let rejected = api.call(&key, "POST", REQUEST, None);
        assert_eq!(
            (rejected.status, &rejected.body["code"]),
            (409, &json!("email_not_confirmable"))
        );
        assert_eq!(api.sink.take_events().len(), 0);
    };
    Rc::make_mut(&mut api.app).has_public_url = false;
    check(&api);
    Rc::make_mut(&mut api.app).has_public_url = true;
    api.put(&key, "/v1/me", &json!({ "email": null }));
    check(&api);
}

#[test]
fn lost_queue_is_unavailable_and_can_be_retried() {
    let api = TestApi::new();
    let key = api.create_unconfirmed();
    api.sink.fail_next(3);
    assert_eq!(api.call(&key, "POST", REQUEST, None).status, 503);
    assert_eq!(api.call(&key, "POST", REQUEST, None).status, 202);
}

#[test]
fn operator_confirms_the_current_address() {
    let api = TestApi::new();
    let key = api.create_unconfirmed();
    let path = format!("/v1/admin/athletes/{}/email/confirmation", api.athlete_id(&key));
    let vouch = |path: &str, email: &str| api.post(OPERATOR, path, &json!({ "email": email }));
    let other = vouch(&path, "other@example.com");
    assert_eq!((other.status, &other.body["code"]), (409, &json!("email_not_confirmable")));
    assert_eq!(vouch(&path, "a@.").status, 422);
    assert!(!api.is_confirmed(&key));
    for _ in 0..2 {
        assert_eq!(vouch(&path, NEW).status, 204);
        assert!(api.is_confirmed(&key));
    }
    let unknown = "/v1/admin/athletes/01a20785-0b62-7169-a234-e1edb5d47d8e/email/confirmation";
    assert_eq!(vouch(unknown, NEW).status, 404);
    assert_eq!(api.post(&key, &path, &json!({ "email": NEW })).status, 403);
}

#[test]
fn confirmed_athlete_without_an_address_is_rejected() {
    let api = TestApi::new();
    let body = json!({ "display_name": "Ada", "email_confirmed": true });
    let rejected = api.post(OPERATOR, "/v1/admin/athletes", &body);
    assert_eq!(
        (rejected.status, rejected.error_pointers()),
        (422, vec!["/email_confirmed".to_owned()])
    );
}
