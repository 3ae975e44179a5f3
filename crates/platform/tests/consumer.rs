//! The consumer loop with handlers of a test: grouping, settlement, dead letters, and what happens
//! when nothing works any more.
#![expect(clippy::unwrap_used, reason = "a test panics on failure")]

use async_trait::async_trait;
use platform::consumer::{Consumer, RawMessage};
use platform::{Delivery, EventHandler, FlushPorts, PipelineMetrics, Registry, Usage};
use shared_kernel::MessageResult;
use shared_kernel::payload::{AggregationUpdated, VolumeThresholdReached};
use shared_kernel::{DeadLetter, Event, Outcome, Queue};
use std::cell::RefCell;
use std::rc::Rc;
use storage::Shards;
use storage::latency::LatencyHistogram;
use storage::pipeline::{self, EventMetrics};
use testkit::{DatabaseFault, DeferredTasks, FixedClock, RecordingSink, Sqlite, run};

/// Answers each batch with what it was told, and remembers how large the batches were.
#[derive(Clone, Default)]
struct Scripted {
    outcomes: Vec<Outcome>,
    panics: bool,
    batches: Rc<RefCell<Vec<usize>>>,
}

impl Scripted {
    fn answers(outcomes: &[Outcome]) -> Self {
        Self { outcomes: outcomes.to_vec(), ..Self::default() }
    }

    fn panics() -> Self {
        Self { panics: true, ..Self::default() }
    }
}

#[async_trait(?Send)]
impl EventHandler<AggregationUpdated> for Scripted {
    async fn handle(&self, deliveries: &[Delivery<'_, AggregationUpdated>]) -> Vec<Outcome> {
        assert!(!self.panics, "nobody wrote this");
        self.batches.borrow_mut().push(deliveries.len());
        self.outcomes.clone()
    }
}

#[async_trait(?Send)]
impl EventHandler<VolumeThresholdReached> for Scripted {
    async fn handle(&self, deliveries: &[Delivery<'_, VolumeThresholdReached>]) -> Vec<Outcome> {
        self.batches.borrow_mut().push(deliveries.len());
        self.outcomes.clone()
    }
}

struct House {
    database: Rc<Sqlite>,
    shards: Shards,
    sink: RecordingSink,
    clock: Rc<FixedClock>,
    metrics: Rc<PipelineMetrics>,
    later: Rc<DeferredTasks>,
}

impl House {
    fn new() -> Self {
        let (database, shards) = testkit::database();
        let clock = Rc::new(FixedClock::at("2026-11-23T12:00:00Z"));
        let (metrics, later) = (Rc::default(), Rc::default());
        Self { database, shards, sink: RecordingSink::default(), clock, metrics, later }
    }

    fn consume(
        &self,
        registry: &Registry,
        queue: &str,
        messages: &[RawMessage],
    ) -> Vec<MessageResult> {
        let usage = Usage::default();
        let consumer = Consumer {
            worker: "test",
            registry,
            sink: &self.sink,
            shards: &self.shards,
            clock: &*self.clock,
            usage: &usage,
            metrics: &self.metrics,
        };
        run(consumer.consume_named(queue, messages))
    }
}

fn golden(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared-kernel/golden");
    std::fs::read_to_string(format!("{folder}/{name}.v1.json")).unwrap()
}

fn message(id: &str, body: String, attempts: u32) -> RawMessage {
    RawMessage { id: id.to_owned(), body, attempts }
}

fn updated(attempts: u32) -> RawMessage {
    message("m", golden("AggregationUpdated"), attempts)
}

#[test]
fn a_handler_gets_all_events_of_its_kind_at_once_and_each_outcome_goes_to_its_event() {
    let house = House::new();
    let updates = Scripted::answers(&[Outcome::Done, Outcome::transient("away")]);
    let thresholds = Scripted::answers(&[Outcome::permanent("no such muscle")]);
    let registry = Registry::default()
        .on::<AggregationUpdated>(updates.clone())
        .on::<VolumeThresholdReached>(thresholds.clone());
    let batch = [
        updated(1),
        message("t", golden("VolumeThresholdReached"), 1),
        message("g", "garbage".to_owned(), 1),
        updated(2),
    ];
    let results = house.consume(&registry, "ai-analysis", &batch);
    let dead_letter = MessageResult::DeadLetter;
    assert_eq!(
        results,
        [MessageResult::Ack, dead_letter, dead_letter, MessageResult::Retry { delay_s: 2 }]
    );
    assert_eq!(*updates.batches.borrow(), [2]);
    assert_eq!(*thresholds.batches.borrow(), [1]);
    let letters = house.sink.take_dead_letters(Queue::AiAnalysis);
    let reasons: Vec<_> = letters.iter().map(|letter| letter.reason.as_str()).collect();
    assert_eq!(reasons[0], "no such muscle");
    assert!(reasons[1].starts_with("decode: not a CloudEvents 1.0 envelope"));
}

#[test]
fn each_attempt_is_retried_later_and_the_fourth_is_a_dead_letter() {
    let house = House::new();
    let away = Scripted::answers(&[Outcome::transient("away")]);
    let registry = Registry::default().on::<AggregationUpdated>(away);
    let results: Vec<_> = (1..=4)
        .map(|attempt| house.consume(&registry, "ai-analysis", &[updated(attempt)])[0])
        .collect();
    let retry = |delay_s| MessageResult::Retry { delay_s };
    assert_eq!(results, [retry(1), retry(2), retry(4), MessageResult::DeadLetter]);
    let letters = house.sink.take_dead_letters(Queue::AiAnalysis);
    assert_eq!(
        letters,
        [DeadLetter {
            queue: "ai-analysis".to_owned(),
            message_id: "m".to_owned(),
            reason: "away".to_owned(),
            attempts: 4,
            failed_at_ms: 1_795_435_200_000,
            body: golden("AggregationUpdated"),
        }]
    );
}

#[test]
fn an_event_without_a_handler_or_without_an_answer_is_a_dead_letter() {
    let house = House::new();
    let silent = Scripted::answers(&[]);
    for registry in [Registry::default(), Registry::default().on::<AggregationUpdated>(silent)] {
        house.consume(&registry, "ai-analysis", &[updated(1)]);
        let letters = house.sink.take_dead_letters(Queue::AiAnalysis);
        assert_eq!(letters[0].reason, "no handler returned an outcome for this event");
    }
}

/// Panics at an event that comes for the second time, and remembers what it took.
struct Panicking {
    taken: Rc<RefCell<Vec<usize>>>,
}

#[async_trait(?Send)]
impl EventHandler<AggregationUpdated> for Panicking {
    async fn handle(&self, deliveries: &[Delivery<'_, AggregationUpdated>]) -> Vec<Outcome> {
        self.taken.borrow_mut().push(deliveries.len());
        assert!(deliveries.iter().all(|delivery| delivery.attempt != 2), "it cannot be twice");
        deliveries.iter().map(|_| Outcome::Done).collect()
    }
}

#[test]
fn an_event_that_a_handler_panics_at_is_retried_and_its_neighbours_are_handled() {
    let house = House::new();
    let taken = Rc::default();
    let registry =
        Registry::default().on::<AggregationUpdated>(Panicking { taken: Rc::clone(&taken) });
    let batch = [1, 1, 2, 1, 1, 1, 2, 1].map(updated);
    let (ack, again) = (MessageResult::Ack, MessageResult::Retry { delay_s: 2 });
    let results = house.consume(&registry, "ai-analysis", &batch);
    assert_eq!(results, [ack, ack, again, ack, ack, ack, again, ack]);
    assert_eq!(*taken.borrow(), [8, 4, 2, 2, 1, 1, 4, 2, 2, 1, 1]);
    // The last time it is given up, with what it said.
    let poisoned = Registry::default().on::<AggregationUpdated>(Scripted::panics());
    assert_eq!(house.consume(&poisoned, "ai-analysis", &[updated(4)]), [MessageResult::DeadLetter]);
    let letters = house.sink.take_dead_letters(Queue::AiAnalysis);
    assert_eq!(letters.len(), 1);
    assert!(letters[0].reason.contains("panicked: nobody wrote this"), "{}", letters[0].reason);
}

#[test]
fn an_event_on_a_queue_that_is_not_its_own_is_a_dead_letter() {
    let house = House::new();
    let registry =
        Registry::default().on::<AggregationUpdated>(Scripted::answers(&[Outcome::Done]));
    house.consume(&registry, "volume-aggregation", &[updated(1)]);
    let letters = house.sink.take_dead_letters(Queue::VolumeAggregation);
    assert_eq!(letters[0].reason, "AggregationUpdated is not routed to volume-aggregation");
}

#[test]
fn a_dead_letter_that_no_queue_takes_is_retried_and_never_dropped() {
    let house = House::new();
    let garbage = |attempts| message("g", "garbage".to_owned(), attempts);
    for (attempts, delay_s) in [(1, 1), (3, 4), (4, 1)] {
        house.sink.fail_next(3);
        let results = house.consume(&Registry::default(), "ai-analysis", &[garbage(attempts)]);
        assert_eq!(results, [MessageResult::Retry { delay_s }], "attempt {attempts}");
    }
}

#[test]
fn a_dead_letter_too_long_to_carry_its_reason_goes_the_platforms_own_way() {
    let house = House::new();
    // Each quote becomes two characters within the dead letter.
    let long = message("g", "\"".repeat(100_000), 1);
    let results = house.consume(&Registry::default(), "ai-analysis", &[long]);
    assert_eq!(results, [MessageResult::Retry { delay_s: 1 }]);
}

#[test]
fn a_message_nested_too_deep_is_a_dead_letter_and_its_neighbours_are_handled() {
    let house = House::new();
    let registry =
        Registry::default().on::<AggregationUpdated>(Scripted::answers(&[Outcome::Done]));
    let nested =
        golden("AggregationUpdated").replace("\"muscles\": {", "\"muscles\": {\"deep\": @,");
    let deep = |open: &str| nested.replace('@', &open.repeat(60_000 / open.len()));
    let closed = nested.replace('@', &format!("{}{}", "[".repeat(30_000), "]".repeat(30_000)));
    let bodies = ["[".repeat(120_000), deep("["), deep("{\"a\":"), closed];
    let mut batch: Vec<_> = bodies.map(|body| message("g", body, 1)).into();
    batch.push(updated(1));
    let results = house.consume(&registry, "ai-analysis", &batch);
    let dead_letter = MessageResult::DeadLetter;
    assert_eq!(results, [dead_letter, dead_letter, dead_letter, dead_letter, MessageResult::Ack]);
    let letters = house.sink.take_dead_letters(Queue::AiAnalysis);
    let reasons: Vec<_> = letters.iter().map(|letter| letter.reason.as_str()).collect();
    assert_eq!(reasons.len(), 4, "{reasons:?}");
    assert!(reasons.iter().all(|reason| reason.starts_with("decode: ")), "{reasons:?}");
}

#[test]
fn dead_letters_become_rows_and_wait_for_a_database_that_is_away() {
    let house = House::new();
    let registry = Registry::default();
    let ours = DeadLetter {
        queue: "ai-analysis".to_owned(),
        message_id: "m".to_owned(),
        reason: "away".to_owned(),
        attempts: 4,
        failed_at_ms: 5,
        body: golden("AggregationUpdated"),
    };
    let batch = [
        message("d1", serde_json::to_string(&ours).unwrap(), 1),
        message("d2", "moved by the platform".to_owned(), 9),
    ];
    house.database.fail_next(&[DatabaseFault::BeforeCommit]);
    let results = house.consume(&registry, "ai-analysis-dlq", &batch);
    assert_eq!(
        results,
        [MessageResult::Retry { delay_s: 1 }, MessageResult::Retry { delay_s: 256 }]
    );
    for _ in 0..2 {
        let results = house.consume(&registry, "ai-analysis-dlq", &batch);
        assert_eq!(results, [MessageResult::Ack, MessageResult::Ack]);
    }
    let rows = house.database.query(
        "SELECT event_type, reason, attempts, status FROM dead_letters ORDER BY failed_at_ms",
    );
    assert_eq!(rows.len(), 2, "the same dead letters again are the same rows");
    assert_eq!(
        rows[0],
        r#"{"attempts":4,"event_type":"bulktrack.AggregationUpdated.v1","reason":"away","status":"open"}"#
    );
    assert!(rows[1].contains(DeadLetter::MOVED_BY_PLATFORM));
}

#[test]
fn a_queue_that_the_table_does_not_know_keeps_its_messages() {
    let house = House::new();
    let results = house.consume(&Registry::default(), "no-such-queue", &[updated(1)]);
    assert_eq!(results, [MessageResult::Retry { delay_s: 60 }]);
}

/// Lets what was counted be stored, as after each batch.
fn schedule_flush(house: &House) {
    house.metrics.schedule_flush(&FlushPorts {
        shards: house.shards.clone(),
        clock: Rc::clone(&house.clock) as _,
        timer: Rc::clone(&house.clock) as _,
        background: Rc::clone(&house.later) as _,
    });
}

/// What is stored: type, handled, retried, dead-lettered, and the median of the latency.
fn counted(house: &House) -> Vec<(String, i64, i64, i64, Option<i64>)> {
    let (flows, _) = run(pipeline::flows(house.shards.operators(), 0)).unwrap();
    let read = |flow: EventMetrics| {
        let EventMetrics { event_type, handled, retried, dead_lettered, latency, .. } = flow;
        (event_type, handled, retried, dead_lettered, latency.percentile_ms(50))
    };
    flows.into_iter().map(read).collect()
}

#[test]
fn what_came_of_events_is_stored_by_type_once_in_ten_seconds() {
    let house = House::new();
    let outcomes = [Outcome::Done, Outcome::transient("away"), Outcome::permanent("bad")];
    let registry = Registry::default().on::<AggregationUpdated>(Scripted::answers(&outcomes));
    let garbage = message("g", "garbage".to_owned(), 1);
    let batch = [updated(1), updated(1), updated(1), garbage];
    for _ in 0..3 {
        house.consume(&registry, "ai-analysis", &batch);
        schedule_flush(&house);
    }
    let trips = house.database.round_trips();
    assert_eq!(house.later.run(), 1, "one flush for three batches");
    assert_eq!(house.database.round_trips(), trips + 1);
    let golden = Event::decode(&golden("AggregationUpdated")).unwrap();
    let age_ms = 1_795_435_200_000 - golden.time.timestamp_millis();
    let mut latency = LatencyHistogram::default();
    for _ in 0..3 {
        latency.record(age_ms);
    }
    let updated = "bulktrack.AggregationUpdated.v1".to_owned();
    assert_eq!(
        counted(&house),
        [(String::new(), 0, 0, 3, None), (updated, 3, 3, 3, latency.percentile_ms(50))]
    );
    schedule_flush(&house);
    assert_eq!(house.later.run(), 0, "there is nothing to store");
}

#[test]
fn a_dead_letter_that_no_queue_takes_is_counted_as_put_off() {
    let house = House::new();
    house.sink.fail_next(3);
    house.consume(&Registry::default(), "ai-analysis", &[updated(1)]);
    schedule_flush(&house);
    house.later.run();
    let read: Vec<_> = counted(&house).into_iter().map(|row| (row.1, row.2, row.3)).collect();
    assert_eq!(read, [(0, 1, 0)]);
}

#[test]
fn counts_wait_for_a_database_that_is_away_and_a_flush_that_died_is_replaced() {
    let house = House::new();
    let garbage = [message("g", "garbage".to_owned(), 1)];
    let dead_lettered = |house: &House| counted(house).iter().map(|row| row.3).sum::<i64>();
    house.consume(&Registry::default(), "ai-analysis", &garbage);
    schedule_flush(&house);
    house.database.fail_next(&[DatabaseFault::BeforeCommit]);
    house.later.run();
    house.consume(&Registry::default(), "ai-analysis", &garbage);
    schedule_flush(&house);
    drop(house.later.take());
    schedule_flush(&house);
    assert_eq!(house.later.run(), 0, "it may still be under way");
    house.clock.advance_ms(15_000);
    schedule_flush(&house);
    house.later.run();
    assert_eq!(dead_lettered(&house), 2);
}
