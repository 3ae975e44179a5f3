//! Leases, concurrency and pauses.

use super::*;
use std::collections::BTreeSet;

#[test]
fn unresponsive_receiver_delays_no_other() {
    let fixture = Fixture::with_endpoints(10);
    fixture.receivers.respond_with(|request| {
        if request.url == url(10) {
            (5_000, Err(HttpError::TimedOut))
        } else {
            (1, http_response(200))
        }
    });
    for n in 0..1_000 {
        fixture.create_delivery(n % 10 + 1, n);
    }
    fixture.start(&(1..=10).collect::<Vec<_>>());
    let mut work = fixture.later.take();
    // Nine endpoints finish in these turns, during the first attempt of the tenth.
    for _ in 0..4_000 {
        let _ = (&mut work[0]).now_or_never();
    }
    let delivered = fixture.deliveries().iter().filter(|d| *d == "delivered 1").count();
    assert_eq!(delivered, 900);
    let to_tenth = fixture.receivers.take().iter().filter(|request| request.url == url(10)).count();
    assert_eq!(to_tenth, 1);
    for n in 1..10 {
        let in_flight_max = fixture.receivers.in_flight_max(&url(n));
        assert!((1..=3).contains(&in_flight_max), "{in_flight_max} at once");
    }
    assert_eq!(fixture.endpoints()[..9], ["enabled free"; 9], "an empty endpoint is released");
}

#[test]
fn slow_receivers_delay_no_other_in_any_order() {
    for offset in 0..10 {
        let fixture = Fixture::with_endpoints(10);
        // Six of ten take long and then succeed: no failure stops them.
        let is_slow =
            move |request: &HttpRequest| (0..6).any(|n| request.url == url((n + offset) % 10 + 1));
        fixture.receivers.respond_with(move |request| {
            (if is_slow(request) { 50_000 } else { 1 }, http_response(200))
        });
        for n in 0..100 {
            fixture.create_delivery(n % 10 + 1, n);
        }
        fixture.start(&(1..=10).collect::<Vec<_>>());
        let mut work = fixture.later.take();
        for _ in 0..10 {
            for _ in 0..400 {
                work.retain_mut(|work| work.now_or_never().is_none());
            }
            // Another run serves the released endpoints.
            let released: BTreeSet<_> = fixture
                .sink
                .take_events()
                .iter()
                .filter_map(|event| match &event.data {
                    EventData::WebhookDeliveryRequested(data) => Some(data.endpoint_id.as_u128()),
                    _ => None,
                })
                .collect();
            if !released.is_empty() {
                fixture.start(&released.into_iter().collect::<Vec<_>>());
                work.extend(fixture.later.take());
            }
        }
        let delivered = fixture.deliveries().iter().filter(|d| *d == "delivered 1").count();
        assert_eq!(delivered, 40, "from {offset}");
    }
}

#[test]
fn attempt_of_a_restarted_delivery_is_not_recorded() {
    let fixture = Fixture::with_endpoints(1);
    fixture.create_delivery(1, 1);
    fixture.receivers.respond_with(|_| (3, http_response(500)));
    fixture.start(&[1]);
    let mut work = fixture.later.take();
    let _ = (&mut work[0]).now_or_never();
    fixture
        .database
        .execute("UPDATE webhook_deliveries SET attempt = 0, due_at_ms = due_at_ms - 7");
    work.into_iter().for_each(run);
    assert_eq!(fixture.attempts(), [""; 0]);
}

#[test]
fn healthy_endpoint_gets_three_at_once_and_failing_one_probe() {
    let fixture = Fixture::with_endpoints(1);
    fixture.receivers.respond_with(|_| (2, http_response(200)));
    (0..30).for_each(|n| fixture.create_delivery(1, n));
    fixture.run(&[1]);
    assert_eq!(fixture.receivers.take().len(), 30);
    assert_eq!(fixture.receivers.in_flight_max(&url(1)), 3);
    fixture.receivers.respond_with(|_| (2, http_response(500)));
    (30..60).for_each(|n| fixture.create_delivery(1, n));
    fixture.run(&[1]);
    assert_eq!(fixture.receivers.take().len(), 3, "until it counts as failing");
    fixture.advance_ms(MINUTE_MS);
    fixture.sweep();
    assert_eq!(fixture.receivers.take().len(), 1, "a probe");
    fixture.receivers.respond_with(|_| (2, http_response(200)));
    fixture.advance_ms(10 * MINUTE_MS);
    fixture.sweep();
    assert_eq!(fixture.receivers.take().len(), 30);
}

#[test]
fn throttled_endpoint_is_paused_until_its_next_attempt() {
    let fixture = Fixture::with_endpoints(1);
    fixture.receivers.respond_with(|_| (0, http_response(429)));
    (0..5).for_each(|n| fixture.create_delivery(1, n));
    fixture.run(&[1]);
    fixture.run(&[1]);
    assert_eq!(fixture.receivers.take().len(), 1);
    fixture.advance_ms(6_000);
    fixture.receivers.respond_with(|_| (0, http_response(200)));
    fixture.run(&[1]);
    assert_eq!(fixture.receivers.take().len(), 5);
}

#[test]
fn leased_endpoint_is_left_to_its_run() {
    let fixture = Fixture::with_endpoints(1);
    fixture.create_delivery(1, 1);
    fixture.start(&[1]);
    fixture.create_delivery(1, 2);
    let first = fixture.later.take();
    fixture.run(&[1]);
    assert_eq!(fixture.receivers.take(), []);
    first.into_iter().for_each(run);
    assert_eq!(fixture.receivers.take().len(), 2, "the first run makes both attempts");
    assert_eq!(fixture.endpoints(), ["enabled free"]);
}

#[test]
fn crashed_attempt_is_repeated_after_the_lease() {
    let fixture = Fixture::with_endpoints(1);
    fixture.create_delivery(1, 1);
    fixture.start(&[1]);
    drop(fixture.later.take());
    fixture.sweep();
    assert_eq!(fixture.receivers.take(), []);
    fixture.advance_ms(MINUTE_MS);
    fixture.sweep();
    assert_eq!(fixture.receivers.take().len(), 1);
    assert_eq!(fixture.deliveries(), ["delivered 2"]);
}

#[test]
fn database_errors_lose_no_delivery() {
    for fault in [DatabaseFault::BeforeCommit, DatabaseFault::AfterCommit] {
        for passing in 0..4 {
            let fixture = Fixture::with_endpoints(2);
            (0..6).for_each(|n| fixture.create_delivery(n % 2 + 1, n));
            // More errors than tries.
            fixture.database.fail_after(passing, fault);
            let result = run(fixture.dispatcher.dispatch(&[key(1), key(2)]));
            assert_eq!(result.is_empty(), passing > 0);
            fixture.later.run();
            for _ in 0..3 {
                fixture.advance_ms(MINUTE_MS);
                fixture.sweep();
            }
            assert!(fixture.deliveries().iter().all(|d| d.starts_with("delivered")), "{passing}");
            assert_eq!(fixture.endpoints(), ["enabled free"; 2]);
            let requests = fixture.receivers.take().len();
            assert!((6..=12).contains(&requests), "{requests} after {passing}");
        }
    }
}

#[test]
fn run_releases_endpoints_when_its_time_is_over() {
    let fixture = Fixture::with_endpoints(1);
    let clock = Rc::clone(&fixture.clock);
    fixture.receivers.respond_with(move |_| {
        clock.advance_ms(3_000);
        (0, http_response(200))
    });
    (0..20).for_each(|n| fixture.create_delivery(1, n));
    fixture.run(&[1]);
    let sent = fixture.receivers.take().len();
    assert!((3..10).contains(&sent), "{sent}");
    assert_eq!(fixture.endpoints(), ["enabled free"]);
    assert_eq!(fixture.published(), ["attempt 1"]);
}
