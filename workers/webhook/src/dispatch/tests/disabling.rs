//! Endpoints that are disabled, moved or deleted.

use super::*;

#[test]
fn five_days_of_failure_disable_and_notify_once() {
    let fixture = Fixture::with_endpoints(1);
    fixture.receivers.respond_with(|_| (0, http_response(500)));
    for day in 0..7 {
        fixture.create_delivery(1, day);
        fixture.sweep();
        for _ in 0..24 * 6 {
            fixture.advance_ms(10 * MINUTE_MS);
            fixture.sweep();
        }
    }
    assert_eq!(fixture.endpoints(), ["disabled failing free"]);
    let disabled: Vec<_> =
        fixture.published().into_iter().filter(|event| event.starts_with("webhook")).collect();
    assert_eq!(disabled, ["webhook_disabled failing"]);
    let sent = fixture.receivers.take().len();
    assert!(
        fixture
            .deliveries()
            .iter()
            .all(|delivery| delivery.starts_with("failed") || delivery == "waiting 0"),
        "{:?}",
        fixture.deliveries()
    );
    fixture.advance_ms(DAY_MS);
    fixture.sweep();
    assert_eq!((sent > 10, fixture.receivers.take().len()), (true, 0));
}

#[test]
fn success_restarts_the_five_days() {
    let fixture = Fixture::with_endpoints(1);
    for day in 0..12_u128 {
        let status = if day % 4 == 3 { 204 } else { 500 };
        fixture.receivers.respond_with(move |_| (0, http_response(status)));
        fixture.create_delivery(1, day);
        fixture.sweep();
        fixture.advance_ms(DAY_MS);
        fixture.sweep();
    }
    assert_eq!(fixture.endpoints(), ["enabled free"]);
}

#[test]
fn gone_receiver_notifies_once_per_generation() {
    let fixture = Fixture::with_endpoints(1);
    (0..9).for_each(|n| fixture.create_delivery(1, n));
    let requests = std::cell::Cell::new(0);
    fixture.receivers.respond_with(move |_| {
        requests.set(requests.get() + 1);
        (2, http_response(if requests.get() > 3 { 410 } else { 200 }))
    });
    fixture.run(&[1]);
    let first = fixture.disabled_ids();
    assert_eq!(first.len(), 1);
    fixture.database.execute(
        "UPDATE webhook_endpoints SET status = 'enabled', generation = generation + 2; \
         UPDATE webhook_deliveries SET status = 'waiting', attempt = 0, due_at_ms = 0",
    );
    fixture.start(&[1]);
    fixture.later.run();
    assert_ne!(fixture.disabled_ids(), first);
}

#[test]
fn result_for_an_old_url_does_not_disable() {
    let fixture = Fixture::with_endpoints(1);
    (0..2).for_each(|n| fixture.create_delivery(1, n));
    fixture.receivers.respond_with(|_| (3, http_response(410)));
    fixture.start(&[1]);
    let mut work = fixture.later.take();
    let _ = (&mut work[0]).now_or_never();
    fixture.database.execute(
        "UPDATE webhook_endpoints SET url = 'https://new.example/', generation = generation + 1",
    );
    work.into_iter().for_each(run);
    assert_eq!(fixture.endpoints(), ["enabled free"]);
    assert_eq!(fixture.deliveries()[1], "waiting 0");
}

#[test]
fn deliveries_of_a_deleted_or_disabled_endpoint_stop() {
    for change in
        ["DELETE FROM webhook_endpoints", "UPDATE webhook_endpoints SET status = 'disabled'"]
    {
        let fixture = Fixture::with_endpoints(1);
        fixture.receivers.respond_with(|_| (3, http_response(500)));
        (0..9).for_each(|n| fixture.create_delivery(1, n));
        fixture.start(&[1]);
        let mut work = fixture.later.take();
        let _ = (&mut work[0]).now_or_never();
        fixture.database.execute(change);
        work.into_iter().for_each(run);
        assert_eq!(fixture.receivers.take().len(), 1, "the one in flight");
        fixture.run(&[1]);
        fixture.advance_ms(DAY_MS);
        fixture.sweep();
        assert_eq!(fixture.receivers.take(), []);
    }
}

#[test]
fn deleted_athlete_has_no_deliveries() {
    let fixture = Fixture::with_endpoints(1);
    fixture.create_delivery(1, 1);
    fixture.database.execute("DELETE FROM athletes");
    fixture.run(&[1]);
    assert_eq!(fixture.receivers.take(), []);
    assert_eq!(fixture.deliveries(), [""; 0]);
}
