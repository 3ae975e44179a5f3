//! A mail's link: what it shows, what it ends, and for whom it does nothing.

use super::*;
use shared_kernel::{AthleteId, NotificationKind};

fn link(house: &House, key: &str) -> String {
    let id: AthleteId =
        house.get(key, "/v1/me").body["athlete_id"].as_str().unwrap().parse().unwrap();
    let secret = UnsubscribeKey::derived_from("secret").unwrap();
    secret.link("", id, NotificationKind::WeeklyReport)
}

fn mailed(house: &House, key: &str) -> bool {
    let profile = house.get(key, "/v1/me").body;
    profile["notifications"]["weekly_report"]["email"].as_bool().unwrap()
}

const ONE_CLICK: (&[(&str, &str)], &[u8]) =
    (&[("content-type", "application/x-www-form-urlencoded")], b"List-Unsubscribe=One-Click");

#[test]
fn a_get_shows_a_page_and_changes_nothing_and_a_post_ends_mails_of_that_kind() {
    let house = House::new();
    let key = house.athlete();
    let link = link(&house, &key);
    let page = Answer::of(house.send("GET", &link, &[], b""));
    assert_eq!(page.status, 200);
    assert!(page.text.contains("weekly report") && page.text.contains("<form method=\"post\">"));
    assert!(mailed(&house, &key), "a scanner that follows the link ends nothing");
    let header = |name: &str| page.headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "text/html; charset=utf-8");
    assert!(
        header("content-security-policy").starts_with("default-src 'none'; form-action 'self'")
    );

    house.put(&key, "/v1/me", &json!({ "notifications": { "plateau": { "in_app": false } } }));
    for (headers, body) in [ONE_CLICK, (&[], b"")] {
        let done = Answer::of(house.send("POST", &link, headers, body));
        assert_eq!(done.status, 200);
        assert!(done.text.contains("weekly_report"), "{}", done.text);
        assert!(!mailed(&house, &key));
    }
    let kinds = house.get(&key, "/v1/me").body["notifications"].clone();
    assert_eq!(kinds["weekly_report"], json!({ "in_app": true, "email": false, "webhook": true }));
    assert_eq!(kinds["plateau"]["in_app"], false, "other choices stay");
    assert_eq!(kinds["plateau"]["email"], true);
}

#[test]
fn a_link_that_is_not_ours_and_one_of_an_athlete_who_is_gone_lead_nowhere() {
    let mut house = House::new();
    let key = house.athlete();
    let link = link(&house, &key);
    let check = |house: &House, path: &str| {
        for method in ["GET", "POST"] {
            let answer = Answer::of(house.send(method, path, ONE_CLICK.0, ONE_CLICK.1));
            assert_eq!(answer.status, 404, "{method} {path}");
        }
    };
    let forged =
        format!("{}{}", &link[..link.len() - 1], if link.ends_with('0') { '1' } else { '0' });
    check(&house, &forged);
    check(&house, &link.replace("weekly_report", "new_record"));
    check(&house, "/v1/unsubscribe");
    check(&house, "/v1/unsubscribe?token=");
    assert!(mailed(&house, &key));
    let put = Answer::of(house.send("PUT", &link, &[], b""));
    assert_eq!((put.status, put.headers["allow"].to_str().unwrap()), (405, "GET, POST"));
    house.app.unsubscribe_key = None;
    check(&house, &link);
    house.app.unsubscribe_key = UnsubscribeKey::derived_from("secret");
    assert_eq!(Answer::of(house.send("GET", &link, &[], b"")).status, 200);
    assert_eq!(house.delete(&key, "/v1/me").status, 204);
    check(&house, &link);
}
