//! `bench cost`: what a workout costs, posted whole and logged live, on a virtual clock.
//!
//! Each message is a batch of its own, as for an athlete who trains alone: in production busy workers
//! share an invocation and its round trips. Rows read are not counted: a thousand cost a millionth of a
//! dollar.

use crate::budget::{self, Budget};
use crate::databases::Databases;
use crate::meter::{Costs, Step, StepCost};
use crate::pipeline::Pipeline;
use crate::prices::{self, Price};
use crate::table::{self, row};
use crate::workload::{self, FIRST_MONDAY, Schedule};
use anyhow::Result;
use chrono::TimeDelta;
use serde_json::{Value, json};

/// The budgets of docs/architecture.md, posted and logged live.
const ROWS_WRITTEN_MAX: [f64; 2] = [10.0, 120.0];
const MESSAGES_MAX: [f64; 2] = [4.0, 10.0];
const DOLLARS_MAX: [f64; 2] = [20.0, 160.0];
/// Writes, reads and deletes of a message.
const OPERATIONS_PER_MESSAGE: u64 = 3;
/// CPU of an invocation, at most: a project default.
const CPU_MS_PER_INVOCATION: u64 = 5;
const SECONDS_PER_SET: i64 = 150;
const SWEEP_MS: i64 = 60_000;
/// The time after a workout in which the sweep still finds something of it.
const REST: TimeDelta = TimeDelta::minutes(30);
/// The time before a workout from which the sweep runs: reports of weeks are due within an hour.
const LEAD: TimeDelta = TimeDelta::minutes(90);
/// The workouts of a history, over which the stored bytes are a mean. Reports of weeks are among them.
const WORKOUTS: usize = 100;
/// The workout whose cost counts. The first one sets records.
const COUNTED: usize = 1;
/// The workouts whose counts D1 confirms: the first of an athlete, the same again, and heavier, with records.
const CONFIRMED: [usize; 3] = [0, 0, 100];

/// The options of `bench cost`.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Print the counts of three posted workouts, and their exercises, as JSON
    #[arg(long)]
    json: bool,
}

/// How the app sends a workout.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Posted,
    Live,
}

/// The cost of one workout.
struct Measured {
    costs: Costs,
    bytes: f64,
}

/// Runs the benchmark.
pub fn run(options: &Options) -> Result<()> {
    if options.json {
        println!("{}", comparison());
        return Ok(());
    }
    let measured = [Mode::Posted, Mode::Live].map(|mode| measure(mode, WORKOUTS));
    println!("a workout of 24 sets that breaks no record, each message in a batch of its own\n");
    println!("{}", step_table(&measured));
    println!("{}", dollar_table(&measured));
    let mut budgets = Vec::new();
    for (index, each) in measured.iter().enumerate() {
        let [rows, messages, dollars] = [
            ["rows written, posted", "queue messages, posted", "a million workouts, posted"],
            ["rows written, live", "queue messages, live", "a million workouts, live"],
        ][index];
        let count = |name, measured: u64, limit: [f64; 2], unit| Budget {
            name,
            measured: measured as f64,
            limit: limit[index],
            unit,
            tolerance: 0.0,
        };
        budgets.push(count(rows, each.rows_of_workout(), ROWS_WRITTEN_MAX, "rows"));
        budgets.push(count(messages, each.total(|cost| cost.messages), MESSAGES_MAX, "messages"));
        let limit = DOLLARS_MAX[index];
        let measured = each.dollars();
        budgets.push(Budget { name: dollars, measured, limit, unit: "dollars", tolerance: 0.0 });
    }
    budget::check(&budgets)
}

/// Returns the counts that `tests/bench/cost.bench.ts` compares with those of miniflare's D1 and queues.
fn comparison() -> Value {
    let (pipeline, key) = start();
    let workouts = CONFIRMED.iter().enumerate().map(|(n, like)| {
        wait_for(&pipeline, n);
        post(&pipeline, &key, n, *like);
        let costs = pipeline.meter.take();
        let steps = [Step::Request, Step::Aggregation, Step::Ai, Step::Webhook].map(|step| {
            let StepCost { round_trips, rows_written, messages, .. } = costs.step(step);
            json!({
                "worker": step.name().split(',').next(),
                "round_trips": round_trips,
                "rows_written": rows_written,
                "messages": messages,
            })
        });
        json!({ "exercises": workload::completed(n, *like)["exercises"], "steps": steps })
    });
    workouts.collect()
}

/// Creates the workers, and an athlete with this key.
fn start() -> (Pipeline, String) {
    let pipeline = Pipeline::new(Databases::in_memory(), FIRST_MONDAY);
    let key = pipeline.create_athlete(0);
    pipeline.databases.all().for_each(|database| database.count_rows_written());
    (pipeline, key)
}

/// Lets the time pass until the beginning of workout `n`, and forgets all costs.
fn wait_for(pipeline: &Pipeline, n: usize) {
    let Schedule { started_at, .. } = Schedule::of(n);
    pipeline.advance_to_ms((started_at - LEAD).timestamp_millis());
    pass_time(pipeline, started_at.timestamp_millis());
    pipeline.meter.take();
}

/// Logs the same workout four times a week, and counts one of them.
fn measure(mode: Mode, workouts: usize) -> Measured {
    let (pipeline, key) = start();
    let before = stored_bytes(&pipeline);
    let mut costs = Costs::default();
    for n in 0..workouts {
        wait_for(&pipeline, n);
        match mode {
            Mode::Posted => post(&pipeline, &key, n, 0),
            Mode::Live => log_live(&pipeline, &key, n),
        }
        if n == COUNTED {
            costs = pipeline.meter.take();
        }
    }
    let bytes = (stored_bytes(&pipeline) - before) as f64 / workouts as f64;
    Measured { costs, bytes }
}

fn stored_bytes(pipeline: &Pipeline) -> u64 {
    let databases = pipeline.databases.stored_bytes();
    databases.iter().flat_map(|(_, bytes)| bytes.values()).sum()
}

fn post(pipeline: &Pipeline, key: &str, n: usize, like: usize) {
    let Schedule { ended_at, .. } = Schedule::of(n);
    pipeline.advance_to_ms(ended_at.timestamp_millis());
    let idempotency_key = workload::idempotency_key(0, n);
    let workout = workload::completed(n, like);
    pipeline.send(key, "POST", "/v1/workouts", &workout, Some(&idempotency_key));
    pass_time(pipeline, (ended_at + REST).timestamp_millis());
}

/// Starts a workout, adds a set each 150 s, and completes it.
fn log_live(pipeline: &Pipeline, key: &str, n: usize) {
    let Schedule { started_at, .. } = Schedule::of(n);
    let mut now = started_at;
    pipeline.advance_to_ms(now.timestamp_millis());
    let workout = json!({ "started_at": started_at, "exercises": [] });
    let idempotency_key = workload::idempotency_key(0, n);
    let workout = pipeline.send(key, "POST", "/v1/workouts", &workout, Some(&idempotency_key));
    let path = format!("/v1/workouts/{}", workout["id"].as_str().unwrap_or_default());
    for (number, (exercise, mut set)) in workload::sets(0).into_iter().enumerate() {
        now += TimeDelta::seconds(SECONDS_PER_SET);
        pass_time(pipeline, now.timestamp_millis());
        set["exercise"] = exercise.into();
        let idempotency_key = workload::idempotency_key(1 + number, n);
        pipeline.send(key, "POST", &format!("{path}/sets"), &set, Some(&idempotency_key));
    }
    now += TimeDelta::seconds(SECONDS_PER_SET);
    pass_time(pipeline, now.timestamp_millis());
    let end = json!({ "ended_at": now });
    pipeline.send(key, "POST", &format!("{path}/complete"), &end, None);
    pass_time(pipeline, (now + REST).timestamp_millis());
}

/// Delivers what is due and runs the sweep each minute, until an instant.
fn pass_time(pipeline: &Pipeline, until_ms: i64) {
    pipeline.deliver_all(1);
    while let next_ms = (pipeline.now_ms() / SWEEP_MS + 1) * SWEEP_MS
        && next_ms <= until_ms
    {
        pipeline.advance_to_ms(next_ms);
        pipeline.sweep();
        pipeline.deliver_all(1);
    }
    pipeline.advance_to_ms(until_ms);
    pipeline.deliver_all(1);
}

impl Measured {
    fn total(&self, quantity: impl Fn(StepCost) -> u64) -> u64 {
        self.costs.total(quantity)
    }

    /// The rows of the workout. The day on which a key was last used is another row: one for each key and day,
    /// however many workouts. It is in the dollars.
    fn rows_of_workout(&self) -> u64 {
        let key_use = self.costs.step(Step::AfterResponse).rows_written;
        self.total(|cost| cost.rows_written) - key_use
    }

    /// Invocations for this workout. The sweep runs each minute for all athletes.
    fn invocations(&self) -> u64 {
        self.total(|cost| cost.invocations) - self.costs.step(Step::Sweep).invocations
    }

    /// The units of each price.
    fn units(&self) -> [(Price, u64); 5] {
        let sweep_lines = self.costs.step(Step::Sweep).log_lines;
        [
            (prices::ROWS_WRITTEN, self.total(|cost| cost.rows_written)),
            (
                prices::QUEUE_OPERATIONS,
                self.total(|cost| cost.message_chunks) * OPERATIONS_PER_MESSAGE,
            ),
            (prices::INVOCATIONS, self.invocations()),
            (prices::CPU_MS, self.invocations() * CPU_MS_PER_INVOCATION),
            (prices::LOG_LINES, self.total(|cost| cost.log_lines) - sweep_lines),
        ]
    }

    /// The price of a million such workouts, without storage.
    fn dollars(&self) -> f64 {
        self.units().iter().map(|(price, units)| price.dollars_a_million * *units as f64).sum()
    }
}

fn step_table([posted, live]: &[Measured; 2]) -> String {
    let mut rows = vec![row([
        &"",
        &"posted: calls",
        &"round trips",
        &"rows",
        &"messages",
        &"live: calls",
        &"round trips",
        &"rows",
        &"messages",
    ])];
    let cells = |name: &str, [posted, live]: [StepCost; 2]| {
        row([
            &name,
            &posted.invocations,
            &posted.round_trips,
            &posted.rows_written,
            &posted.messages,
            &live.invocations,
            &live.round_trips,
            &live.rows_written,
            &live.messages,
        ])
    };
    for step in Step::ALL {
        rows.push(cells(step.name(), [posted.costs.step(step), live.costs.step(step)]));
    }
    let total = |each: &Measured| StepCost {
        invocations: each.invocations(),
        round_trips: each.total(|cost| cost.round_trips) - each.costs.step(Step::Sweep).round_trips,
        rows_written: each.total(|cost| cost.rows_written),
        messages: each.total(|cost| cost.messages),
        ..StepCost::default()
    };
    rows.push(cells("total, calls without the sweep", [total(posted), total(live)]));
    table::format(&rows)
}

fn dollar_table([posted, live]: &[Measured; 2]) -> String {
    let heading = "dollars a million workouts";
    let mut rows = vec![row([&heading, &"price", &"posted", &"live", &"source, November 2026"])];
    let dollars = |amount: f64| format!("{amount:.2}");
    for ((price, units), (_, live_units)) in posted.units().iter().zip(live.units()) {
        let Price { name, dollars_a_million, source } = price;
        rows.push(row([
            name,
            dollars_a_million,
            &dollars(*units as f64 * dollars_a_million),
            &dollars(live_units as f64 * dollars_a_million),
            source,
        ]));
    }
    rows.push(row([&"total", &"", &dollars(posted.dollars()), &dollars(live.dollars())]));
    let Price { name, dollars_a_million, source } = prices::STORED_MB;
    let stored = |each: &Measured| dollars(each.bytes / 1e6 * dollars_a_million);
    rows.push(row([&name, &dollars_a_million, &stored(posted), &stored(live), &source]));
    let bytes = |each: &Measured| format!("{:.0}", each.bytes);
    rows.push(row([&"bytes stored a workout", &"", &bytes(posted), &bytes(live)]));
    table::format(&rows)
}
