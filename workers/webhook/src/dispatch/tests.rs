//! Attempts on real SQL, at receivers that misbehave, with a clock that is moved.

use super::*;
use futures_util::FutureExt;
use platform::{Clock, Post, PostAnswer, Publisher};
use shared_kernel::{EventData, EventId};
use standard_webhooks::schedule::{JITTER, STEPS_S};
use standard_webhooks::{VerifyingKey, verify};
use std::collections::BTreeSet;
use std::rc::Rc;
use storage::webhooks::{deliveries, delivery_id};
use testkit::{
    Fault, FixedClock, FixedEntropy, Later, Receivers, RecordingSink, Sqlite, TestVault, TurnTimer,
    athlete, athlete_id, run, said,
};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OLD_SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;

struct House {
    database: Rc<Sqlite>,
    receivers: Rc<Receivers>,
    later: Rc<Later>,
    clock: Rc<FixedClock>,
    sink: Rc<RecordingSink>,
    dispatcher: Dispatcher,
}

impl House {
    /// One athlete with so many endpoints, `https://n.example/hook`.
    fn with_endpoints(count: u128) -> Self {
        let (database, shards) = testkit::database();
        athlete(&database, 1);
        let receivers = Rc::new(Receivers::answering(204));
        let later = Rc::new(Later::default());
        let clock = Rc::new(FixedClock::at("2026-11-23T12:00:00Z"));
        let sink = Rc::new(RecordingSink::default());
        let dispatcher = Dispatcher {
            shards,
            http: Rc::clone(&receivers) as _,
            vault: Rc::new(TestVault::default()),
            publisher: WebhookEventPublisher::new(Publisher::new(Rc::clone(&sink) as _)),
            background: Rc::clone(&later) as _,
            clock: Rc::clone(&clock) as _,
            timer: Rc::new(TurnTimer(Rc::clone(&clock))),
            entropy: Rc::new(FixedEntropy::default()),
            environment: Environment::Public,
        };
        let house = Self { database, receivers, later, clock, sink, dispatcher };
        (1..=count).for_each(|n| house.endpoint(n, &url(n)));
        house
    }

    fn endpoint(&self, n: u128, url: &str) {
        let EndpointKey { athlete_id, endpoint_id } = key(n);
        let sealed = seal(n, SECRET);
        self.database.execute(&format!(
            "INSERT INTO webhook_endpoints (athlete_id, endpoint_id, url, description, event_types, \
             form, version, signing_keys, created_at_ms) VALUES ('{athlete_id}', '{endpoint_id}', \
             '{url}', '', '[]', 'full', 1, '[{{\"sealed\":\"{sealed}\",\"signature\":\"v1\",\"expires_at_ms\":null}}]', 0)"
        ));
    }

    /// The nth event, due now at an endpoint.
    fn due(&self, endpoint: u128, n: u128) {
        let EndpointKey { athlete_id, endpoint_id } = key(endpoint);
        let now_ms = self.clock.now_ms();
        let event_id = EventId(Uuid::from_u128(n));
        let delivery_id = delivery_id(event_id, now_ms);
        self.database.execute(&format!(
            "INSERT INTO webhook_deliveries (athlete_id, endpoint_id, delivery_id, event_id, \
             event_type, body, traceparent, created_at_ms, due_at_ms) VALUES ('{athlete_id}', \
             '{endpoint_id}', '{delivery_id}', '{event_id}', 'record.broken', '{{\"n\":{n}}}', \
             '{TRACE}', {now_ms}, {now_ms})"
        ));
    }

    /// Wakes endpoints, and lets all that follows happen.
    fn wake(&self, endpoints: &[u128]) {
        self.begin(endpoints);
        self.later.run();
    }

    fn begin(&self, endpoints: &[u128]) {
        let keys: Vec<_> = endpoints.iter().map(|n| key(*n)).collect();
        run(self.dispatcher.dispatch(&keys)).unwrap();
    }

    /// What the sweep would do now.
    fn sweep(&self) {
        // One that fails is made up for by the next.
        let due = run(deliveries::overdue(&*self.database, self.clock.now_ms(), 100));
        let keys: Vec<_> = due.iter().flatten().map(|due| due.key).collect();
        let _ = run(self.dispatcher.dispatch(&keys));
        self.later.run();
    }

    fn pass_ms(&self, milliseconds: i64) {
        self.clock.advance_ms(milliseconds);
    }

    /// `status attempt` of each delivery.
    fn deliveries(&self) -> Vec<String> {
        self.texts(
            "SELECT status || ' ' || attempt AS text FROM webhook_deliveries ORDER BY event_id",
        )
    }

    /// `outcome status error` of each attempt.
    fn attempts(&self) -> Vec<String> {
        self.texts(
            "SELECT concat_ws(' ', value ->> 'outcome', value ->> 'status', value ->> 'error') AS text \
             FROM webhook_deliveries, json_each(attempts) ORDER BY event_id, key",
        )
    }

    fn endpoints(&self) -> Vec<String> {
        self.texts(&format!(
            "SELECT concat_ws(' ', status, disabled_reason, iif(leased_until_ms > {}, 'held', 'free')) \
             AS text FROM webhook_endpoints ORDER BY endpoint_id",
            self.clock.now_ms()
        ))
    }

    fn texts(&self, sql: &str) -> Vec<String> {
        let rows = self.database.query(sql);
        let text = |row: &String| {
            let row: serde_json::Value = serde_json::from_str(row).unwrap();
            row["text"].as_str().unwrap().to_owned()
        };
        rows.iter().map(text).collect()
    }

    /// The ids of the news of disabled endpoints that was published so far.
    fn disabled_ids(&self) -> Vec<EventId> {
        let events = self.sink.take_events();
        let news = events.iter().filter(|e| matches!(e.data, EventData::NotificationRequested(_)));
        news.map(|event| event.id).collect()
    }

    /// The types of the events published so far.
    fn published(&self) -> Vec<String> {
        let events = self.sink.take_events();
        events
            .iter()
            .map(|event| match &event.data {
                EventData::NotificationRequested(data) => {
                    format!("{} {}", data.kind, data.data["reason"].as_str().unwrap())
                }
                EventData::WebhookDeliveryRequested(data) => format!("attempt {}", data.attempt),
                other => panic!("{other:?}"),
            })
            .collect()
    }
}

fn key(n: u128) -> EndpointKey {
    EndpointKey { athlete_id: athlete_id(1), endpoint_id: Uuid::from_u128(n) }
}

fn seal(n: u128, text: &str) -> String {
    run(TestVault::default().seal(text, &key(n).to_string())).unwrap()
}

fn url(n: u128) -> String {
    format!("https://r{n}.example/hook")
}

fn header<'a>(post: &'a Post, name: &str) -> Option<&'a str> {
    post.headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
}

fn verifies(post: &Post, secret: &str, now_s: i64) -> bool {
    let key = VerifyingKey::parse(secret).unwrap();
    verify(|name| header(post, name), post.body.as_bytes(), &[key], u64::try_from(now_s).unwrap())
        .is_ok()
}

#[test]
fn a_delivery_is_posted_signed_and_recorded_and_its_lane_let_go() {
    let house = House::with_endpoints(1);
    house.due(1, 7);
    house.wake(&[1]);
    let posts = house.receivers.take();
    assert_eq!(posts.len(), 1);
    assert_eq!(posts[0].url, "https://r1.example/hook");
    assert_eq!(posts[0].body, r#"{"n":7}"#);
    assert_eq!(header(&posts[0], "webhook-id"), Some("msg_00000000000000000000000000000007"));
    assert_eq!(header(&posts[0], "content-type"), Some("application/json"));
    assert_eq!((posts[0].within_ms, posts[0].answer_bytes_max), (20_000, 2_048));
    assert!(verifies(&posts[0], SECRET, house.clock.now().timestamp()));
    assert_eq!(house.deliveries(), ["delivered 1"]);
    assert_eq!(house.attempts(), ["delivered 204"]);
    assert_eq!(house.endpoints(), ["enabled free"]);
    assert_eq!(house.published(), [""; 0]);
    house.wake(&[1]);
    assert_eq!(house.receivers.take(), [], "what arrived is not sent again");
}

#[test]
fn while_a_key_is_rotated_both_sign_and_afterwards_the_new_one_alone() {
    let house = House::with_endpoints(1);
    let expires_at_ms = house.clock.now_ms() + DAY_MS;
    let (sealed, old) = (seal(1, SECRET), seal(1, OLD_SECRET));
    house.database.execute(&format!(
        "UPDATE webhook_endpoints SET signing_keys = '[{{\"sealed\":\"{sealed}\",\
         \"signature\":\"v1\",\"expires_at_ms\":null}},{{\"sealed\":\"{old}\",\"signature\":\"v1\",\"expires_at_ms\":{expires_at_ms}}}]'"
    ));
    let check = |n, old_signs| {
        house.due(1, n);
        house.wake(&[1]);
        let post = house.receivers.take().remove(0);
        let now_s = house.clock.now().timestamp();
        assert!(verifies(&post, SECRET, now_s));
        assert_eq!(verifies(&post, OLD_SECRET, now_s), old_signs);
    };
    check(1, true);
    house.pass_ms(DAY_MS);
    check(2, false);
}

/// One answer: what is recorded, what becomes of the delivery, of the endpoint, and what is told.
fn check_answer(answer: PostAnswer, attempt: &str, delivery: &str, endpoint: &str, told: &[&str]) {
    let house = House::with_endpoints(1);
    house.receivers.behave(move |_| (0, answer.clone()));
    house.due(1, 1);
    house.wake(&[1]);
    assert_eq!(house.attempts(), [attempt]);
    assert_eq!(house.deliveries(), [delivery], "{attempt}");
    assert_eq!(house.endpoints(), [endpoint], "{attempt}");
    assert_eq!(house.published(), told, "{attempt}");
    assert_eq!(house.receivers.take().len(), 1);
}

#[test]
fn each_answer_is_recorded_and_followed_as_the_standard_says() {
    fn check(answer: PostAnswer, attempt: &str) {
        check_answer(answer, attempt, "waiting 1", "enabled free", &["attempt 2"]);
    }
    for status in [301, 302, 307, 400, 401, 404, 500, 503] {
        check(said(status), &format!("failed {status}"));
    }
    check(PostAnswer::TimedOut, "failed no answer within 20 s");
    check(PostAnswer::Unreachable { reason: "lost".to_owned() }, "failed lost");
    for status in [429, 502, 504] {
        let attempt = format!("throttled {status}");
        check_answer(said(status), &attempt, "waiting 1", "enabled held", &["attempt 2"]);
    }
    for status in [200, 201, 204] {
        check_answer(
            said(status),
            &format!("delivered {status}"),
            "delivered 1",
            "enabled free",
            &[],
        );
    }
    let broken = PostAnswer::Status {
        status: 200,
        retry_after: None,
        body: "half".to_owned(),
        broken: Some("cut off".to_owned()),
    };
    check_answer(broken, "delivered 200 cut off", "delivered 1", "enabled free", &[]);
    let gone = ["webhook_disabled gone"];
    check_answer(said(410), "gone 410", "failed 1", "disabled gone free", &gone);
}

#[test]
fn a_url_that_is_not_allowed_any_more_is_not_called_and_disables_its_endpoint() {
    let house = House::with_endpoints(0);
    house.endpoint(1, "https://169.254.169.254/latest");
    house.due(1, 1);
    house.wake(&[1]);
    assert_eq!(house.receivers.take(), []);
    assert_eq!(house.endpoints(), ["disabled forbidden free"]);
    assert_eq!(house.deliveries(), ["failed 1"]);
    assert_eq!(house.published(), ["webhook_disabled forbidden"]);
}

#[test]
fn a_key_that_does_not_open_is_our_fault_and_not_the_endpoints() {
    let house = House::with_endpoints(1);
    house.database.execute(
        "UPDATE webhook_endpoints SET signing_keys = '[{\"sealed\":\"broken\",\"signature\":\"v1\",\"expires_at_ms\":null}]'",
    );
    house.due(1, 1);
    house.due(1, 2);
    house.wake(&[1]);
    assert_eq!(house.receivers.take(), []);
    assert_eq!(house.attempts(), ["not_sent vault: no key opens what was sealed"]);
    assert_eq!(house.endpoints(), ["enabled free"]);
    let failing = house.database.query("SELECT failing_since_ms FROM webhook_endpoints");
    assert_eq!(failing, [r#"{"failing_since_ms":null}"#]);
}

#[test]
fn the_whole_schedule_is_kept_with_its_jitter_and_then_the_delivery_has_failed() {
    let house = House::with_endpoints(1);
    house.receivers.behave(|_| (0, said(500)));
    house.due(1, 1);
    let mut at_ms = Vec::new();
    let mut ids = BTreeSet::new();
    house.wake(&[1]);
    // A clock that goes by the second: what is soon comes by the queue, the rest by the sweep.
    for second in 0..4 * 86_400_i64 {
        for post in house.receivers.take() {
            at_ms.push(house.clock.now_ms());
            ids.insert(header(&post, "webhook-id").unwrap().to_owned());
            assert!(verifies(&post, SECRET, house.clock.now().timestamp()), "signed anew");
        }
        house.pass_ms(1_000);
        if second < 60 {
            house.wake(&[1]);
        } else if second % 60 == 0 {
            house.sweep();
        }
    }
    assert_eq!(at_ms.len(), STEPS_S.len());
    assert_eq!(ids.len(), 1);
    for (gap, step_s) in at_ms.windows(2).zip(&STEPS_S[1..]) {
        let (gap_ms, step_ms) = (gap[1] - gap[0], f64::from(*step_s) * 1_000.0);
        #[expect(clippy::cast_possible_truncation, reason = "a day of milliseconds")]
        let (low, high) = ((step_ms * (1.0 - JITTER)) as i64, (step_ms * (1.0 + JITTER)) as i64);
        assert!((low..=high + MINUTE_MS).contains(&gap_ms), "{gap_ms} for {step_ms}");
    }
    assert_eq!(house.deliveries(), ["failed 10"]);
    assert_eq!(house.endpoints(), ["enabled free"], "not yet five days");
}

#[test]
fn after_five_days_of_failure_the_endpoint_is_disabled_and_its_athlete_told_once() {
    let house = House::with_endpoints(1);
    house.receivers.behave(|_| (0, said(500)));
    for day in 0..7 {
        house.due(1, day);
        house.sweep();
        for _ in 0..24 * 6 {
            house.pass_ms(10 * MINUTE_MS);
            house.sweep();
        }
    }
    assert_eq!(house.endpoints(), ["disabled failing free"]);
    let told: Vec<_> =
        house.published().into_iter().filter(|event| event.starts_with("webhook")).collect();
    assert_eq!(told, ["webhook_disabled failing"]);
    let posted = house.receivers.take().len();
    assert!(
        house
            .deliveries()
            .iter()
            .all(|delivery| delivery.starts_with("failed") || delivery == "waiting 0"),
        "{:?}",
        house.deliveries()
    );
    house.pass_ms(DAY_MS);
    house.sweep();
    assert_eq!((posted > 10, house.receivers.take().len()), (true, 0));
}

#[test]
fn one_success_and_the_five_days_begin_anew() {
    let house = House::with_endpoints(1);
    for day in 0..12_u128 {
        let status = if day % 4 == 3 { 204 } else { 500 };
        house.receivers.behave(move |_| (0, said(status)));
        house.due(1, day);
        house.sweep();
        house.pass_ms(DAY_MS);
        house.sweep();
    }
    assert_eq!(house.endpoints(), ["enabled free"]);
}

#[test]
fn a_receiver_that_never_answers_delays_no_other_and_gets_few_at_once() {
    let house = House::with_endpoints(10);
    house.receivers.behave(|post| {
        if post.url == url(10) { (5_000, PostAnswer::TimedOut) } else { (1, said(200)) }
    });
    for n in 0..1_000 {
        house.due(n % 10 + 1, n);
    }
    house.begin(&(1..=10).collect::<Vec<_>>());
    let mut work = house.later.take();
    // As many turns as the nine need; the tenth is in its first attempt all the while.
    for _ in 0..4_000 {
        let _ = (&mut work[0]).now_or_never();
    }
    let arrived = house.deliveries().iter().filter(|d| *d == "delivered 1").count();
    assert_eq!(arrived, 900);
    let to_tenth = house.receivers.take().iter().filter(|post| post.url == url(10)).count();
    assert_eq!(to_tenth, 1);
    for n in 1..10 {
        let most = house.receivers.in_flight_max(&url(n));
        assert!((1..=3).contains(&most), "{most} at once");
    }
    assert_eq!(house.endpoints()[..9], ["enabled free"; 9], "and nobody holds what is empty");
}

#[test]
fn slow_receivers_that_have_every_connection_delay_no_other_whoever_is_woken_first() {
    for offset in 0..10 {
        let house = House::with_endpoints(10);
        // Six of ten take the whole of their time, and then succeed: no failure stops them.
        let is_slow = move |post: &Post| (0..6).any(|n| post.url == url((n + offset) % 10 + 1));
        house.receivers.behave(move |post| (if is_slow(post) { 50_000 } else { 1 }, said(200)));
        for n in 0..100 {
            house.due(n % 10 + 1, n);
        }
        house.begin(&(1..=10).collect::<Vec<_>>());
        let mut work = house.later.take();
        for _ in 0..10 {
            for _ in 0..400 {
                work.retain_mut(|work| work.now_or_never().is_none());
            }
            // What was let go is woken, and finds another run.
            let woken: BTreeSet<_> = house
                .sink
                .take_events()
                .iter()
                .filter_map(|event| match &event.data {
                    EventData::WebhookDeliveryRequested(data) => Some(data.endpoint_id.as_u128()),
                    _ => None,
                })
                .collect();
            if !woken.is_empty() {
                house.begin(&woken.into_iter().collect::<Vec<_>>());
                work.extend(house.later.take());
            }
        }
        let arrived = house.deliveries().iter().filter(|d| *d == "delivered 1").count();
        assert_eq!(arrived, 40, "from {offset}");
    }
}

#[test]
fn a_receiver_that_is_gone_is_told_of_once_and_again_when_it_was_enabled_meanwhile() {
    let house = House::with_endpoints(1);
    (0..9).for_each(|n| house.due(1, n));
    let posts = std::cell::Cell::new(0);
    house.receivers.behave(move |_| {
        posts.set(posts.get() + 1);
        (2, said(if posts.get() > 3 { 410 } else { 200 }))
    });
    house.wake(&[1]);
    let first = house.disabled_ids();
    assert_eq!(first.len(), 1);
    house.database.execute(
        "UPDATE webhook_endpoints SET status = 'enabled', generation = generation + 2; \
         UPDATE webhook_deliveries SET status = 'waiting', attempt = 0, due_at_ms = 0",
    );
    house.begin(&[1]);
    house.later.run();
    assert_ne!(house.disabled_ids(), first);
}

#[test]
fn what_was_seen_of_an_endpoint_before_its_owner_moved_it_does_not_count() {
    let house = House::with_endpoints(1);
    (0..2).for_each(|n| house.due(1, n));
    house.receivers.behave(|_| (3, said(410)));
    house.begin(&[1]);
    let mut work = house.later.take();
    let _ = (&mut work[0]).now_or_never();
    house.database.execute(
        "UPDATE webhook_endpoints SET url = 'https://new.example/', generation = generation + 1",
    );
    work.into_iter().for_each(run);
    assert_eq!(house.endpoints(), ["enabled free"]);
    assert_eq!(house.deliveries()[1], "waiting 0");
}

#[test]
fn one_key_that_opens_is_enough_to_sign() {
    let house = House::with_endpoints(1);
    let sealed = seal(1, SECRET);
    house.database.execute(&format!(
        "UPDATE webhook_endpoints SET signing_keys = '[{{\"sealed\":\"{sealed}\",\
         \"signature\":\"v1\",\"expires_at_ms\":null}},{{\"sealed\":\"broken\",\
         \"signature\":\"v1\",\"expires_at_ms\":null}}]'"
    ));
    house.due(1, 1);
    house.wake(&[1]);
    assert_eq!(house.deliveries(), ["delivered 1"]);
}

#[test]
fn an_attempt_that_its_owner_began_anew_meanwhile_is_recorded_nowhere() {
    let house = House::with_endpoints(1);
    house.due(1, 1);
    house.receivers.behave(|_| (3, said(500)));
    house.begin(&[1]);
    let mut work = house.later.take();
    let _ = (&mut work[0]).now_or_never();
    house.database.execute("UPDATE webhook_deliveries SET attempt = 0, due_at_ms = due_at_ms - 7");
    work.into_iter().for_each(run);
    assert_eq!(house.attempts(), [""; 0]);
}

#[test]
fn a_record_whose_answer_was_lost_stands_once_in_the_log() {
    let house = House::with_endpoints(1);
    house.due(1, 1);
    house.receivers.behave(|_| (0, said(500)));
    house.database.fail_after(1, Fault::AfterCommit);
    house.wake(&[1]);
    assert_eq!(house.attempts(), ["failed 500"]);
}

#[test]
fn a_healthy_endpoint_gets_up_to_three_at_once_and_a_failing_one_a_single_probe() {
    let house = House::with_endpoints(1);
    house.receivers.behave(|_| (2, said(200)));
    (0..30).for_each(|n| house.due(1, n));
    house.wake(&[1]);
    assert_eq!(house.receivers.take().len(), 30);
    assert_eq!(house.receivers.in_flight_max(&url(1)), 3);
    house.receivers.behave(|_| (2, said(500)));
    (30..60).for_each(|n| house.due(1, n));
    house.wake(&[1]);
    assert_eq!(house.receivers.take().len(), 3, "until it is clear that it fails");
    house.pass_ms(MINUTE_MS);
    house.sweep();
    assert_eq!(house.receivers.take().len(), 1, "one shows whether it still does");
    house.receivers.behave(|_| (2, said(200)));
    house.pass_ms(10 * MINUTE_MS);
    house.sweep();
    assert_eq!(house.receivers.take().len(), 30);
}

#[test]
fn who_has_too_much_to_do_gets_nothing_until_the_next_attempt_is_due() {
    let house = House::with_endpoints(1);
    house.receivers.behave(|_| (0, said(429)));
    (0..5).for_each(|n| house.due(1, n));
    house.wake(&[1]);
    house.wake(&[1]);
    assert_eq!(house.receivers.take().len(), 1);
    house.pass_ms(6_000);
    house.receivers.behave(|_| (0, said(200)));
    house.wake(&[1]);
    assert_eq!(house.receivers.take().len(), 5);
}

#[test]
fn a_lane_that_another_holds_is_left_to_it() {
    let house = House::with_endpoints(1);
    house.due(1, 1);
    house.begin(&[1]);
    house.due(1, 2);
    let first = house.later.take();
    house.wake(&[1]);
    assert_eq!(house.receivers.take(), []);
    first.into_iter().for_each(run);
    assert_eq!(house.receivers.take().len(), 2, "the holder makes what came in meanwhile");
    assert_eq!(house.endpoints(), ["enabled free"]);
}

#[test]
fn what_dies_with_its_holder_is_made_again_when_the_lease_is_over() {
    let house = House::with_endpoints(1);
    house.due(1, 1);
    house.begin(&[1]);
    drop(house.later.take());
    house.sweep();
    assert_eq!(house.receivers.take(), []);
    house.pass_ms(MINUTE_MS);
    house.sweep();
    assert_eq!(house.receivers.take().len(), 1);
    assert_eq!(house.deliveries(), ["delivered 2"]);
}

#[test]
fn a_database_that_fails_at_any_step_loses_nothing_and_repeats_at_most_that_attempt() {
    for fault in [Fault::BeforeCommit, Fault::AfterCommit] {
        for passing in 0..4 {
            let house = House::with_endpoints(2);
            (0..6).for_each(|n| house.due(n % 2 + 1, n));
            // Longer than it is tried at once.
            house.database.fail_after(passing, fault);
            let woken = run(house.dispatcher.dispatch(&[key(1), key(2)]));
            assert_eq!(woken.is_err(), passing == 0);
            house.later.run();
            for _ in 0..3 {
                house.pass_ms(MINUTE_MS);
                house.sweep();
            }
            assert!(house.deliveries().iter().all(|d| d.starts_with("delivered")), "{passing}");
            assert_eq!(house.endpoints(), ["enabled free"; 2]);
            let posts = house.receivers.take().len();
            assert!((6..=12).contains(&posts), "{posts} after {passing}");
        }
    }
}

#[test]
fn the_deliveries_of_an_endpoint_that_is_deleted_or_disabled_stop() {
    for change in
        ["DELETE FROM webhook_endpoints", "UPDATE webhook_endpoints SET status = 'disabled'"]
    {
        let house = House::with_endpoints(1);
        house.receivers.behave(|_| (3, said(500)));
        (0..9).for_each(|n| house.due(1, n));
        house.begin(&[1]);
        let mut work = house.later.take();
        let _ = (&mut work[0]).now_or_never();
        house.database.execute(change);
        work.into_iter().for_each(run);
        assert_eq!(house.receivers.take().len(), 1, "the one that was under way");
        house.wake(&[1]);
        house.pass_ms(DAY_MS);
        house.sweep();
        assert_eq!(house.receivers.take(), []);
    }
}

#[test]
fn an_athlete_that_is_deleted_takes_all_of_it_along() {
    let house = House::with_endpoints(1);
    house.due(1, 1);
    house.database.execute("DELETE FROM athletes");
    house.wake(&[1]);
    assert_eq!(house.receivers.take(), []);
    assert_eq!(house.deliveries(), [""; 0]);
}

#[test]
fn a_run_whose_time_is_up_lets_go_and_has_its_lanes_woken() {
    let house = House::with_endpoints(1);
    let clock = Rc::clone(&house.clock);
    house.receivers.behave(move |_| {
        clock.advance_ms(3_000);
        (0, said(200))
    });
    (0..20).for_each(|n| house.due(1, n));
    house.wake(&[1]);
    let posted = house.receivers.take().len();
    assert!((3..10).contains(&posted), "{posted}");
    assert_eq!(house.endpoints(), ["enabled free"]);
    assert_eq!(house.published(), ["attempt 1"]);
}

#[test]
fn a_log_keeps_the_last_twenty_attempts() {
    let house = House::with_endpoints(1);
    house.receivers.behave(|_| (0, said(500)));
    house.due(1, 1);
    for _ in 0..3 {
        house.database.execute(
            "UPDATE webhook_deliveries SET status = 'waiting', attempt = 0, due_at_ms = 0",
        );
        house.database.execute("UPDATE webhook_endpoints SET failing_since_ms = NULL");
        for _ in 0..10 {
            house.database.execute(
                "UPDATE webhook_deliveries SET due_at_ms = 0; \
                 UPDATE webhook_endpoints SET leased_until_ms = 0",
            );
            house.wake(&[1]);
        }
    }
    assert_eq!(house.attempts().len(), 20);
    assert_eq!(house.deliveries(), ["failed 10"]);
}
