//! The unsubscribe link of an email: its page, its effect, and invalid links.

use super::*;
use shared_kernel::{AthleteId, NotificationKind};
use std::rc::Rc;

fn link(api: &TestApi, key: &str) -> String {
    let id: AthleteId =
        api.get(key, "/v1/me").body["athlete_id"].as_str().unwrap().parse().unwrap();
    let secret = LinkKey::derived_from("secret").unwrap();
    secret.unsubscribe_link("", id, NotificationKind::WeeklyReport)
}

fn is_emailed(api: &TestApi, key: &str) -> bool {
    let profile = api.get(key, "/v1/me").body;
    profile["notifications"]["weekly_report"]["email"].as_bool().unwrap()
}

const ONE_CLICK: (&[(&str, &str)], &[u8]) =
    (&[("content-type", "application/x-www-form-urlencoded")], b"List-Unsubscribe=One-Click");

#[test]
fn unsubscribe_get_changes_nothing_and_post_ends_the_emails() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let link = link(&api, &key);
    let page = TestResponse::from_http(api.send("GET", &link, &[], b""));
    assert_eq!(page.status, 200);
    assert!(page.text.contains("weekly report") && page.text.contains("<form method=\"post\">"));
    assert!(is_emailed(&api, &key), "a scanner that follows the link ends nothing");
    let header = |name: &str| page.headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "text/html; charset=utf-8");
    assert!(
        header("content-security-policy").starts_with("default-src 'none'; form-action 'self'")
    );

    api.put(&key, "/v1/me", &json!({ "notifications": { "regression": { "in_app": false } } }));
    for (headers, body) in [ONE_CLICK, (&[], b"")] {
        let done = TestResponse::from_http(api.send("POST", &link, headers, body));
        assert_eq!(done.status, 200);
        assert!(done.text.contains("weekly_report"), "{}", done.text);
        assert!(!is_emailed(&api, &key));
    }
    let kinds = api.get(&key, "/v1/me").body["notifications"].clone();
    assert_eq!(kinds["weekly_report"], json!({ "in_app": true, "email": false, "webhook": true }));
    assert_eq!(kinds["regression"]["in_app"], false, "other choices stay");
    assert_eq!(kinds["regression"]["email"], true);
}

#[test]
fn forged_or_outdated_unsubscribe_link_is_not_found() {
    let mut api = TestApi::new();
    let key = api.create_athlete();
    let link = link(&api, &key);
    let check_status = |api: &TestApi, path: &str, status: u16| {
        for method in ["GET", "POST"] {
            let response =
                TestResponse::from_http(api.send(method, path, ONE_CLICK.0, ONE_CLICK.1));
            assert_eq!(response.status, status, "{method} {path}");
        }
    };
    let check = |api: &TestApi, path: &str| check_status(api, path, 404);
    let forged =
        format!("{}{}", &link[..link.len() - 1], if link.ends_with('0') { '1' } else { '0' });
    check(&api, &forged);
    check(&api, &link.replace("weekly_report", "new_record"));
    check_status(&api, "/v1/unsubscribe", 400);
    check_status(&api, "/v1/unsubscribe?token=", 400);
    assert!(is_emailed(&api, &key));
    let put = TestResponse::from_http(api.send("PUT", &link, &[], b""));
    assert_eq!(
        (put.status, put.headers["allow"].to_str().unwrap()),
        (405, "GET, POST, HEAD, OPTIONS")
    );
    Rc::make_mut(&mut api.app).link_key = None;
    check(&api, &link);
    Rc::make_mut(&mut api.app).link_key = LinkKey::derived_from("secret");
    assert_eq!(TestResponse::from_http(api.send("GET", &link, &[], b"")).status, 200);
    assert_eq!(api.delete(&key, "/v1/me").status, 204);
    check(&api, &link);
}
