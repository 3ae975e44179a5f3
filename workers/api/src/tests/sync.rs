//! What changed since: a client that goes on misses nothing.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// What a client knows of the athlete's workouts, and where it goes on.
#[derive(Default)]
struct Mirror {
    workouts: BTreeMap<String, Value>,
    since: String,
}

impl Mirror {
    /// Reads one page; answers whether there is more.
    fn read(&mut self, house: &House, key: &str, limit: usize) -> bool {
        let path = format!("/v1/workouts/events?since={}&limit={limit}", self.since);
        let page = house.get(key, &path).body;
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
        page["next_since"].as_str().unwrap().clone_into(&mut self.since);
        page["has_more"] == true
    }
}

#[test]
fn each_changed_workout_is_told_once_as_it_now_is() {
    let house = House::new();
    let key = house.athlete();
    let [first, second, third] = [1, 2, 3].map(|sets| house.posted(&key, &bench(sets)));
    house.put(&key, &first, &bench(4));
    house.put(&key, &first, &bench(5));
    house.delete(&key, &second);
    let page = house.get(&key, "/v1/workouts/events").body;
    let items = page["items"].as_array().unwrap();
    let id = |path: &str| json!(path.strip_prefix("/v1/workouts/").unwrap());
    assert_eq!(items.len(), 3);
    assert_eq!(items[0]["workout"], house.get(&key, &third).body);
    assert_eq!(items[1]["workout"], house.get(&key, &first).body);
    assert_eq!(items[1]["workout"]["revision"], 3);
    assert_eq!((&items[2]["type"], &items[2]["id"]), (&json!("deleted"), &id(&second)));
    assert_eq!(items[2].get("workout"), None);
    assert_eq!(page["has_more"], false);
    let next = format!("/v1/workouts/events?since={}", page["next_since"].as_str().unwrap());
    let end = house.get(&key, &next).body;
    assert_eq!((&end["items"], &end["next_since"]), (&json!([]), &page["next_since"]));
    let other = house.athlete();
    assert_eq!(house.get(&other, "/v1/workouts/events").body["items"], json!([]));
}

#[test]
fn since_may_be_a_time_and_reaches_a_minute_further_back() {
    let house = House::new();
    let key = house.athlete();
    house.posted(&key, &bench(1));
    house.clock.advance_ms(600_000);
    house.posted(&key, &bench(2));
    let count = |since: &str| {
        let page = house.get(&key, &format!("/v1/workouts/events?since={since}")).body;
        page["items"].as_array().unwrap().len()
    };
    assert_eq!(count("2026-11-23T12:01:00Z"), 2);
    assert_eq!(count("2026-11-23T12:01:01Z"), 1);
    assert_eq!(count("2026-11-23T13:11:00%2B01:00"), 1);
    assert_eq!(count("2026-11-23T12:11:01Z"), 0);
    // It goes on from here, and not from the beginning.
    let page = house.get(&key, "/v1/workouts/events?since=2026-11-23T12:11:01Z").body;
    assert_eq!(page["next_since"], house.get(&key, "/v1/workouts/events").body["next_since"]);
}

#[test]
fn a_since_that_nobody_gave_is_refused() {
    let house = House::new();
    let key = house.athlete();
    for since in ["-1", "x", "1.5", "2026-11-23", "9007199254740992", "2026-11-23T12:00:00"] {
        let answer = house.get(&key, &format!("/v1/workouts/events?since={since}"));
        assert_eq!((answer.status, answer.pointers()), (422, vec!["/since".to_owned()]), "{since}");
    }
    assert_eq!(house.get(&key, "/v1/workouts/events?since=&limit=0").status, 422);
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
    fn a_client_that_goes_on_page_by_page_misses_nothing(
        steps in prop::collection::vec(step(), 1..40)
    ) {
        let house = House::new();
        let key = house.athlete();
        let mut paths: Vec<String> = Vec::new();
        let mut mirror = Mirror::default();
        for step in &steps {
            match step {
                Step::Post => paths.push(house.posted(&key, &open())),
                Step::Read(limit) => drop(mirror.read(&house, &key, *limit)),
                _ if paths.is_empty() => {}
                Step::Put(which) => drop(house.put(&key, which.get::<String>(&paths), &bench(1))),
                Step::AddSet(which) => {
                    let set = json!({ "exercise": "pull-up", "kind": "working", "reps": 5 });
                    house.post(&key, &format!("{}/sets", which.get(&paths)), &set);
                }
                Step::Delete(which) => drop(house.delete(&key, which.get::<String>(&paths))),
            }
        }
        while mirror.read(&house, &key, 2) {}
        let listed = house.get(&key, "/v1/workouts?limit=100").body;
        let listed: BTreeMap<_, _> = listed["items"].as_array().unwrap().iter()
            .map(|workout| (workout["id"].as_str().unwrap().to_owned(), workout.clone()))
            .collect();
        prop_assert_eq!(mirror.workouts, listed);
    }
}
