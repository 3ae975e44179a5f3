//! GET /v1/workouts/events: a client that syncs page by page misses nothing.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// A client's copy of the athlete's workouts, with its next `since`.
#[derive(Default)]
struct Mirror {
    workouts: BTreeMap<String, Value>,
    since: Option<String>,
}

impl Mirror {
    /// Reads one page and returns whether there are more.
    fn read_page(&mut self, api: &TestApi, key: &str, limit: usize) -> bool {
        let since = self.since.as_ref().map(|since| format!("&since={since}")).unwrap_or_default();
        let path = format!("/v1/workouts/events?limit={limit}{since}");
        let page = api.get(key, &path).body;
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= limit);
        for item in items {
            if item["type"] == "deleted" {
                self.workouts.remove(item["id"].as_str().unwrap());
            } else {
                let workout = &item["workout"];
                self.workouts.insert(workout["id"].as_str().unwrap().to_owned(), workout.clone());
            }
        }
        self.since = Some(page["next_since"].as_str().unwrap().to_owned());
        page["has_more"] == true
    }
}

#[test]
fn each_changed_workout_is_listed_once_in_its_current_state() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let [first, second, third] =
        [1, 2, 3].map(|sets| api.create_workout(&key, &bench_workout(sets)));
    api.put(&key, &first, &bench_workout(4));
    api.put(&key, &first, &bench_workout(5));
    api.delete(&key, &second);
    let page = api.get(&key, "/v1/workouts/events").body;
    let items = page["items"].as_array().unwrap();
    let id = |path: &str| json!(path.strip_prefix("/v1/workouts/").unwrap());
    assert_eq!(items.len(), 3);
    assert_eq!(items[0]["workout"], api.get(&key, &third).body);
    assert_eq!(items[1]["workout"], api.get(&key, &first).body);
    assert_eq!(items[1]["workout"]["revision"], 3);
    assert_eq!((&items[2]["type"], &items[2]["id"]), (&json!("deleted"), &id(&second)));
    assert_eq!(items[2].get("workout"), None);
    assert_eq!(page["has_more"], false);
    let next = format!("/v1/workouts/events?since={}", page["next_since"].as_str().unwrap());
    let end = api.get(&key, &next).body;
    assert_eq!((&end["items"], &end["next_since"]), (&json!([]), &page["next_since"]));
    let other = api.create_athlete();
    assert_eq!(api.get(&other, "/v1/workouts/events").body["items"], json!([]));
}

#[test]
fn since_accepts_a_time_and_overlaps_by_a_minute() {
    let api = TestApi::new();
    let key = api.create_athlete();
    api.create_workout(&key, &bench_workout(1));
    api.clock.advance_ms(600_000);
    api.create_workout(&key, &bench_workout(2));
    let count = |since: &str| {
        let page = api.get(&key, &format!("/v1/workouts/events?since={since}")).body;
        page["items"].as_array().unwrap().len()
    };
    assert_eq!(count("2026-11-23T12:01:00Z"), 2);
    assert_eq!(count("2026-11-23T12:01:01Z"), 1);
    assert_eq!(count("2026-11-23T13:11:00%2B01:00"), 1);
    // A time ahead of the server's clock is now.
    assert_eq!(count("2026-11-23T12:11:01Z"), 1);
    assert_eq!(count("2027-11-23T12:11:01Z"), 1);
    api.clock.advance_ms(120_000);
    assert_eq!(count("2026-11-23T12:12:00Z"), 0);
    // `next_since` is the end of the changes, not the beginning.
    let page = api.get(&key, "/v1/workouts/events?since=2026-11-23T12:12:00Z").body;
    assert_eq!(page["next_since"], api.get(&key, "/v1/workouts/events").body["next_since"]);
}

#[test]
fn invalid_since_is_rejected() {
    let api = TestApi::new();
    let key = api.create_athlete();
    for since in [
        "-1",
        "x",
        "1.5",
        "01",
        "1",
        "20261126",
        "2026-11-23",
        "9007199254740992",
        "2026-11-23T12:00:00",
    ] {
        let response = api.get(&key, &format!("/v1/workouts/events?since={since}"));
        assert_eq!(
            (response.status, &response.body["code"]),
            (400, &json!("invalid_since")),
            "{since}"
        );
    }
    assert_eq!(api.get(&key, "/v1/workouts/events?since=").status, 400);
}

#[derive(Clone, Debug)]
enum Step {
    Post,
    Put(prop::sample::Index),
    AddSet(prop::sample::Index),
    Delete(prop::sample::Index),
    Read(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let which = any::<prop::sample::Index>;
    prop_oneof![
        3 => Just(Step::Post),
        2 => which().prop_map(Step::Put),
        2 => which().prop_map(Step::AddSet),
        2 => which().prop_map(Step::Delete),
        4 => (1_usize..=3).prop_map(Step::Read),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn client_that_syncs_page_by_page_misses_nothing(
        steps in prop::collection::vec(step(), 1..40)
    ) {
        let api = TestApi::new();
        let key = api.create_athlete();
        let mut paths: Vec<String> = Vec::new();
        let mut mirror = Mirror::default();
        for step in &steps {
            match step {
                Step::Post => paths.push(api.create_workout(&key, &open_workout())),
                Step::Read(limit) => drop(mirror.read_page(&api, &key, *limit)),
                _ if paths.is_empty() => {}
                Step::Put(which) => drop(api.put(&key, which.get::<String>(&paths), &bench_workout(1))),
                Step::AddSet(which) => {
                    let set = json!({ "exercise": "pull-up", "kind": "working", "reps": 5 });
                    api.post(&key, &format!("{}/sets", which.get(&paths)), &set);
                }
                Step::Delete(which) => drop(api.delete(&key, which.get::<String>(&paths))),
            }
        }
        while mirror.read_page(&api, &key, 2) {}
        let listed = api.get(&key, "/v1/workouts?limit=100").body;
        let listed: BTreeMap<_, _> = listed["items"].as_array().unwrap().iter()
            .map(|workout| (workout["id"].as_str().unwrap().to_owned(), workout.clone()))
            .collect();
        prop_assert_eq!(mirror.workouts, listed);
    }
}
