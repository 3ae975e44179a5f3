//! The consumer loop with scripted handlers: grouping, message results, dead letters, metrics, and
//! outages of the database and the queues.
#![expect(clippy::unwrap_used, reason = "a test panics on failure")]

use async_trait::async_trait;
use platform::consumer::{Consumer, RawMessage};
use platform::{Delivery, Destination, EventHandler, FlushPorts, PipelineMetrics, Registry, Usage};
use shared_kernel::MessageResult;
use shared_kernel::payload::{AggregationUpdated, VolumeThresholdReached};
use shared_kernel::{DeadLetter, Event, Outcome, Queue};
use std::cell::RefCell;
use std::rc::Rc;
use storage::Shards;
use storage::latency::LatencyHistogram;
use storage::pipeline::{self, EventMetrics};
use testkit::{DatabaseFault, Databases, DeferredTasks, FixedClock, RecordingSink, run};

/// A handler that returns the same outcomes for each batch, and records the sizes of the batches.
#[derive(Clone, Default)]
struct Scripted {
    outcomes: Vec<Outcome>,
    panics: bool,
    batches: Rc<RefCell<Vec<usize>>>,
}

impl Scripted {
    fn returning(outcomes: &[Outcome]) -> Self {
        Self { outcomes: outcomes.to_vec(), ..Self::default() }
    }

    fn panicking() -> Self {
        Self { panics: true, ..Self::default() }
    }
}

#[async_trait(?Send)]
impl EventHandler<AggregationUpdated> for Scripted {
    async fn handle(&self, deliveries: &[Delivery<'_, AggregationUpdated>]) -> Vec<Outcome> {
        assert!(!self.panics, "scripted panic");
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

struct Fixture {
    database: Databases,
    shards: Shards,
    sink: RecordingSink,
    clock: Rc<FixedClock>,
    metrics: Rc<PipelineMetrics>,
    background_tasks: Rc<DeferredTasks>,
}

impl Fixture {
    fn new() -> Self {
        let (database, shards) = testkit::databases();
        let clock = Rc::new(FixedClock::at("2026-11-23T12:00:00Z"));
        let (metrics, background_tasks) = (Rc::default(), Rc::default());
        Self { database, shards, sink: RecordingSink::default(), clock, metrics, background_tasks }
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
fn handler_receives_events_grouped_by_type_and_outcomes_map_back() {
    let fixture = Fixture::new();
    let updates = Scripted::returning(&[Outcome::Done, Outcome::transient("unavailable")]);
    let thresholds = Scripted::returning(&[Outcome::permanent("no such muscle")]);
    let registry = Registry::default()
        .on::<AggregationUpdated>(updates.clone())
        .on::<VolumeThresholdReached>(thresholds.clone());
    let batch = [
        updated(1),
        message("t", golden("VolumeThresholdReached"), 1),
        message("g", "garbage".to_owned(), 1),
        updated(2),
    ];
    let results = fixture.consume(&registry, "ai-analysis", &batch);
    let dead_letter = MessageResult::DeadLetter;
    assert_eq!(
        results,
        [MessageResult::Ack, dead_letter, dead_letter, MessageResult::Retry { delay_s: 2 }]
    );
    assert_eq!(*updates.batches.borrow(), [2]);
    assert_eq!(*thresholds.batches.borrow(), [1]);
    let dead_letters = fixture.sink.take_dead_letters(Queue::AiAnalysis);
    let reasons: Vec<_> =
        dead_letters.iter().map(|dead_letter| dead_letter.reason.as_str()).collect();
    assert_eq!(reasons[0], "no such muscle");
    assert!(dead_letters.iter().all(|dead_letter| !dead_letter.is_transient));
    assert!(reasons[1].starts_with("decode: not a CloudEvents 1.0 envelope"));
}

#[test]
fn retries_back_off_and_the_fourth_attempt_is_dead_lettered() {
    let fixture = Fixture::new();
    let failing = Scripted::returning(&[Outcome::transient("unavailable")]);
    let registry = Registry::default().on::<AggregationUpdated>(failing);
    let results: Vec<_> = (1..=4)
        .map(|attempt| fixture.consume(&registry, "ai-analysis", &[updated(attempt)])[0])
        .collect();
    let retry = |delay_s| MessageResult::Retry { delay_s };
    assert_eq!(results, [retry(1), retry(2), retry(4), MessageResult::DeadLetter]);
    let dead_letters = fixture.sink.take_dead_letters(Queue::AiAnalysis);
    assert_eq!(
        dead_letters,
        [DeadLetter {
            queue: "ai-analysis".to_owned(),
            message_id: "m".to_owned(),
            reason: "unavailable".to_owned(),
            attempts: 4,
            failed_at_ms: 1_795_435_200_000,
            is_transient: true,
            body: golden("AggregationUpdated"),
        }]
    );
}

#[test]
fn event_without_handler_or_outcome_is_dead_lettered() {
    let fixture = Fixture::new();
    let silent = Scripted::returning(&[]);
    for registry in [Registry::default(), Registry::default().on::<AggregationUpdated>(silent)] {
        fixture.consume(&registry, "ai-analysis", &[updated(1)]);
        let dead_letters = fixture.sink.take_dead_letters(Queue::AiAnalysis);
        assert_eq!(dead_letters[0].reason, "no handler returned an outcome for this event");
    }
}

/// A handler that panics at a second attempt, and records the sizes of its batches.
struct Panicking {
    batches: Rc<RefCell<Vec<usize>>>,
}

#[async_trait(?Send)]
impl EventHandler<AggregationUpdated> for Panicking {
    async fn handle(&self, deliveries: &[Delivery<'_, AggregationUpdated>]) -> Vec<Outcome> {
        self.batches.borrow_mut().push(deliveries.len());
        assert!(deliveries.iter().all(|delivery| delivery.attempt != 2), "second attempt");
        deliveries.iter().map(|_| Outcome::Done).collect()
    }
}

#[test]
fn panicking_event_is_retried_and_its_neighbours_are_handled() {
    let fixture = Fixture::new();
    let batches = Rc::default();
    let registry =
        Registry::default().on::<AggregationUpdated>(Panicking { batches: Rc::clone(&batches) });
    let batch = [1, 1, 2, 1, 1, 1, 2, 1].map(updated);
    let (ack, retry) = (MessageResult::Ack, MessageResult::Retry { delay_s: 2 });
    let results = fixture.consume(&registry, "ai-analysis", &batch);
    assert_eq!(results, [ack, ack, retry, ack, ack, ack, retry, ack]);
    assert_eq!(*batches.borrow(), [8, 4, 2, 2, 1, 1, 4, 2, 2, 1, 1]);
    // The last attempt is dead-lettered with the panic message.
    let poisoned = Registry::default().on::<AggregationUpdated>(Scripted::panicking());
    assert_eq!(
        fixture.consume(&poisoned, "ai-analysis", &[updated(4)]),
        [MessageResult::DeadLetter]
    );
    let dead_letters = fixture.sink.take_dead_letters(Queue::AiAnalysis);
    assert_eq!(dead_letters.len(), 1);
    assert!(
        dead_letters[0].reason.contains("panicked: scripted panic"),
        "{}",
        dead_letters[0].reason
    );
    assert!(!dead_letters[0].is_transient, "a bug, which waits for an operator");
}

#[test]
fn event_on_the_wrong_queue_is_dead_lettered() {
    let fixture = Fixture::new();
    let registry =
        Registry::default().on::<AggregationUpdated>(Scripted::returning(&[Outcome::Done]));
    fixture.consume(&registry, "volume-aggregation", &[updated(1)]);
    let dead_letters = fixture.sink.take_dead_letters(Queue::VolumeAggregation);
    assert_eq!(dead_letters[0].reason, "AggregationUpdated is not routed to volume-aggregation");
}

#[test]
fn message_is_retried_while_its_dead_letter_cannot_be_sent() {
    let fixture = Fixture::new();
    let garbage = |attempts| message("g", "garbage".to_owned(), attempts);
    for (attempts, delay_s) in [(1, 1), (3, 4), (4, 1)] {
        fixture.sink.fail_next(3);
        let results = fixture.consume(&Registry::default(), "ai-analysis", &[garbage(attempts)]);
        assert_eq!(results, [MessageResult::Retry { delay_s }], "attempt {attempts}");
    }
}

fn garbage(id: usize) -> RawMessage {
    message(&id.to_string(), "garbage".to_owned(), 1)
}

#[test]
fn dead_letters_of_a_batch_are_sent_together() {
    let fixture = Fixture::new();
    let mut batch: Vec<_> = (0..99).map(garbage).collect();
    batch.insert(50, message("long", "\"".repeat(100_000), 1));
    let results = fixture.consume(&Registry::default(), "ai-analysis", &batch);
    let to = Destination::DeadLetters(Queue::AiAnalysis);
    assert_eq!(fixture.sink.take_sends(), [(to, 0, 99)]);
    let retried: Vec<_> = (0..100).filter(|index| results[*index].delay_s().is_some()).collect();
    assert_eq!(retried, [50], "only the one that is too long");
}

#[test]
fn dead_letters_of_a_rejected_send_are_sent_singly() {
    let fixture = Fixture::new();
    let batch: Vec<_> = (0..4).map(garbage).collect();
    // The send and its retries, and then the first dead letter alone.
    fixture.sink.fail_next(4);
    let results = fixture.consume(&Registry::default(), "ai-analysis", &batch);
    let dead_letter = MessageResult::DeadLetter;
    let retry = MessageResult::Retry { delay_s: 1 };
    assert_eq!(results, [retry, dead_letter, dead_letter, dead_letter]);
    let sent = fixture.sink.take_dead_letters(Queue::AiAnalysis);
    let ids: Vec<_> = sent.iter().map(|dead_letter| dead_letter.message_id.as_str()).collect();
    assert_eq!(ids, ["1", "2", "3"]);
}

#[test]
fn message_too_long_for_a_dead_letter_is_retried() {
    let fixture = Fixture::new();
    // JSON escapes each quote to two characters, so the dead letter is too long. Cloudflare moves
    // the message to the dead-letter queue after its last retry.
    let long = message("g", "\"".repeat(100_000), 1);
    let results = fixture.consume(&Registry::default(), "ai-analysis", &[long]);
    assert_eq!(results, [MessageResult::Retry { delay_s: 1 }]);
}

#[test]
fn deeply_nested_message_is_dead_lettered_and_its_neighbours_handled() {
    let fixture = Fixture::new();
    let registry =
        Registry::default().on::<AggregationUpdated>(Scripted::returning(&[Outcome::Done]));
    let nested =
        golden("AggregationUpdated").replace("\"muscles\": {", "\"muscles\": {\"deep\": @,");
    let deep = |open: &str| nested.replace('@', &open.repeat(60_000 / open.len()));
    let closed = nested.replace('@', &format!("{}{}", "[".repeat(30_000), "]".repeat(30_000)));
    let bodies = ["[".repeat(120_000), deep("["), deep("{\"a\":"), closed];
    let mut batch: Vec<_> = bodies.map(|body| message("g", body, 1)).into();
    batch.push(updated(1));
    let results = fixture.consume(&registry, "ai-analysis", &batch);
    let dead_letter = MessageResult::DeadLetter;
    assert_eq!(results, [dead_letter, dead_letter, dead_letter, dead_letter, MessageResult::Ack]);
    let dead_letters = fixture.sink.take_dead_letters(Queue::AiAnalysis);
    let reasons: Vec<_> =
        dead_letters.iter().map(|dead_letter| dead_letter.reason.as_str()).collect();
    assert_eq!(reasons.len(), 4, "{reasons:?}");
    assert!(reasons.iter().all(|reason| reason.starts_with("decode: ")), "{reasons:?}");
}

#[test]
fn dead_letters_are_stored_after_a_database_outage() {
    let fixture = Fixture::new();
    let registry = Registry::default();
    let dead_letter = DeadLetter {
        queue: "ai-analysis".to_owned(),
        message_id: "m".to_owned(),
        reason: "unavailable".to_owned(),
        attempts: 4,
        failed_at_ms: 5,
        is_transient: false,
        body: golden("AggregationUpdated"),
    };
    let batch = [
        message("d1", serde_json::to_string(&dead_letter).unwrap(), 1),
        message("d2", "moved by the platform".to_owned(), 9),
    ];
    fixture.database.fail_next(&[DatabaseFault::BeforeCommit]);
    let results = fixture.consume(&registry, "ai-analysis-dlq", &batch);
    assert_eq!(
        results,
        [MessageResult::Retry { delay_s: 1 }, MessageResult::Retry { delay_s: 256 }]
    );
    for _ in 0..2 {
        let results = fixture.consume(&registry, "ai-analysis-dlq", &batch);
        assert_eq!(results, [MessageResult::Ack, MessageResult::Ack]);
    }
    let rows = fixture.database.query(
        "SELECT event_type, reason, attempts, status FROM dead_letters ORDER BY failed_at_ms",
    );
    assert_eq!(rows.len(), 2, "a redelivered dead letter adds no row");
    assert_eq!(
        rows[0],
        r#"{"attempts":4,"event_type":"bulktrack.AggregationUpdated.v1","reason":"unavailable","status":"open"}"#
    );
    assert!(rows[1].contains(DeadLetter::MOVED_BY_PLATFORM));
}

#[test]
fn messages_of_an_unknown_queue_are_retried() {
    let fixture = Fixture::new();
    let results = fixture.consume(&Registry::default(), "no-such-queue", &[updated(1)]);
    assert_eq!(results, [MessageResult::Retry { delay_s: 60 }]);
}

/// Schedules a flush of the metrics, as a worker does after each batch.
fn schedule_flush(fixture: &Fixture) {
    fixture.metrics.schedule_flush(&FlushPorts {
        shards: fixture.shards.clone(),
        clock: Rc::clone(&fixture.clock) as _,
        timer: Rc::clone(&fixture.clock) as _,
        background: Rc::clone(&fixture.background_tasks) as _,
    });
}

/// Returns the stored metrics of each event type: its name, the counts of handled, retried and
/// dead-lettered messages, and the median latency in milliseconds.
fn stored_metrics(fixture: &Fixture) -> Vec<(String, i64, i64, i64, Option<i64>)> {
    let metrics = run(pipeline::flows(fixture.shards.operators(), 0)).unwrap().events;
    let to_row = |metrics: EventMetrics| {
        let EventMetrics { event_type, handled, retried, dead_lettered, latency, .. } = metrics;
        (event_type, handled, retried, dead_lettered, latency.percentile_ms(50))
    };
    metrics.into_iter().map(to_row).collect()
}

#[test]
fn metrics_are_stored_by_event_type_every_ten_seconds() {
    let fixture = Fixture::new();
    let outcomes = [Outcome::Done, Outcome::transient("unavailable"), Outcome::permanent("bad")];
    let registry = Registry::default().on::<AggregationUpdated>(Scripted::returning(&outcomes));
    let garbage = message("g", "garbage".to_owned(), 1);
    let batch = [updated(1), updated(1), updated(1), garbage];
    for _ in 0..3 {
        fixture.consume(&registry, "ai-analysis", &batch);
        schedule_flush(&fixture);
    }
    let trips = fixture.database.round_trips();
    assert_eq!(fixture.background_tasks.run(), 1, "one flush for three batches");
    assert_eq!(fixture.database.round_trips(), trips + 1);
    let golden = Event::decode(&golden("AggregationUpdated")).unwrap();
    let age_ms = 1_795_435_200_000 - golden.time.timestamp_millis();
    let mut latency = LatencyHistogram::default();
    for _ in 0..3 {
        latency.record(age_ms);
    }
    let updated = "bulktrack.AggregationUpdated.v1".to_owned();
    assert_eq!(
        stored_metrics(&fixture),
        [(String::new(), 0, 0, 3, None), (updated, 3, 3, 3, latency.percentile_ms(50))]
    );
    schedule_flush(&fixture);
    assert_eq!(fixture.background_tasks.run(), 0, "an empty flush is not scheduled");
}

#[test]
fn unsendable_dead_letter_counts_its_message_as_retried() {
    let fixture = Fixture::new();
    fixture.sink.fail_next(3);
    fixture.consume(&Registry::default(), "ai-analysis", &[updated(1)]);
    schedule_flush(&fixture);
    fixture.background_tasks.run();
    let counts: Vec<_> =
        stored_metrics(&fixture).into_iter().map(|row| (row.1, row.2, row.3)).collect();
    assert_eq!(counts, [(0, 1, 0)]);
}

#[test]
fn metrics_survive_a_database_outage_and_a_cancelled_flush() {
    let fixture = Fixture::new();
    let garbage = [message("g", "garbage".to_owned(), 1)];
    let dead_lettered =
        |fixture: &Fixture| stored_metrics(fixture).iter().map(|row| row.3).sum::<i64>();
    fixture.consume(&Registry::default(), "ai-analysis", &garbage);
    schedule_flush(&fixture);
    fixture.database.fail_next(&[DatabaseFault::BeforeCommit]);
    fixture.background_tasks.run();
    fixture.consume(&Registry::default(), "ai-analysis", &garbage);
    schedule_flush(&fixture);
    drop(fixture.background_tasks.take());
    schedule_flush(&fixture);
    assert_eq!(fixture.background_tasks.run(), 0, "the dropped flush may still be running");
    fixture.clock.advance_ms(15_000);
    schedule_flush(&fixture);
    fixture.background_tasks.run();
    assert_eq!(dead_lettered(&fixture), 2);
}
