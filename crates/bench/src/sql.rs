//! `bench sql`: the SQL time and the stored bytes of a workout, over the history of one athlete.

use crate::budget::{self, Budget};
use crate::databases::Databases;
use crate::meter::{Costs, StatementCost, Step};
use crate::pipeline::Pipeline;
use crate::table::{self, row};
use crate::workload::{self, FIRST_MONDAY, Schedule};
use anyhow::Result;
use chrono::TimeDelta;
use serde_json::json;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;
use storage::inbox;

/// "SQL time a workout at aggregation, native SQLite": the budgets of docs/architecture.md.
const AGGREGATION_MS_MAX: f64 = 0.6;
/// "Bytes stored for it, all tables and indexes": the same, 5 KB.
const STORED_BYTES_MAX: f64 = 5_120.0;
/// The excess over a budget that fails the benchmark.
const TOLERANCE: f64 = 0.1;
/// The workouts whose mean is compared: the first ones, for growth, and the last ones.
const FIRST_COUNTED: Range<usize> = 9..100;
const LAST_COUNTED: usize = 200;
/// Other load on the machine slows a run; the fastest one counts.
const RUNS: usize = 3;
/// Looks of an inbox stream that are measured, their page, and the time between two of an open stream
/// (`workers/api/src/endpoints/notification_stream.rs`).
const LOOKS: u32 = 1_000;
const STREAM_PAGE: i64 = 100;
const LOOK_INTERVAL_MS: f64 = 2_000.0;
/// Statements that `--statements` prints.
const STATEMENTS_MAX: usize = 25;

/// The options of `bench sql`.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The workouts of the history
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(300..=1_000))]
    workouts: u32,
    /// Print the dearest statements too
    #[arg(long)]
    statements: bool,
    /// Print only the milliseconds a workout, by worker, as JSON, and check no budget
    #[arg(long, conflicts_with = "statements")]
    json: bool,
}

/// The costs of a history.
struct Measured {
    first: Costs,
    last: Costs,
    bytes: BTreeMap<String, u64>,
    /// The SQL time of a look of an open inbox stream that finds nothing.
    look: Duration,
}

/// Runs the benchmark.
pub fn run(options: &Options) -> Result<()> {
    let workouts = options.workouts as usize;
    let runs = (0..RUNS).map(|_| measure(workouts, false));
    let fastest = runs.min_by_key(|run| run.last.sql_time());
    let measured = fastest.expect("there is a run");
    if options.json {
        let ms = Step::ALL.map(|step| (step.name(), ms(&measured.last, step, LAST_COUNTED)));
        println!("{}", json!(BTreeMap::from(ms)));
        return Ok(());
    }
    println!(
        "SQL of a 24-set workout on native SQLite, in memory, one event a batch; ms a workout"
    );
    println!("{}", step_table(&measured, workouts));
    if options.statements {
        // Another run: triggers count the rows, and slow the statements down.
        println!("{}", statement_table(&measured.last, &measure(workouts, true).last));
    }
    let look_ms = measured.look.as_secs_f64() * 1_000.0;
    println!(
        "a look of an open inbox stream: {look_ms:.3} ms; with one each {LOOK_INTERVAL_MS} ms, half of the \
         time of a database is SQL at {:.0} streams, and at {:.0} if a query costs D1 1 ms in all",
        LOOK_INTERVAL_MS / look_ms / 2.0,
        LOOK_INTERVAL_MS / 2.0,
    );
    println!("bytes stored after {workouts} workouts, in whole pages");
    println!("{}", bytes_table(&measured.bytes, workouts));
    let aggregation = ms(&measured.last, Step::Aggregation, LAST_COUNTED);
    let bytes = measured.bytes.values().sum::<u64>() as f64 / workouts as f64;
    budget::check(&[
        Budget {
            name: "SQL time a workout at aggregation",
            measured: aggregation,
            limit: AGGREGATION_MS_MAX,
            unit: "ms",
            tolerance: TOLERANCE,
        },
        Budget {
            name: "bytes stored a workout",
            measured: bytes,
            limit: STORED_BYTES_MAX,
            unit: "bytes",
            tolerance: TOLERANCE,
        },
    ])
}

/// Posts the history, one workout after the other, each through all workers.
fn measure(workouts: usize, counts_rows: bool) -> Measured {
    let pipeline = Pipeline::new(Databases::in_memory(), FIRST_MONDAY);
    let key = pipeline.create_athlete(0);
    if counts_rows {
        pipeline.databases.all().for_each(|database| database.count_rows_written());
    }
    let empty = bytes(&pipeline);
    let mut first = Costs::default();
    for n in 0..workouts {
        if n == FIRST_COUNTED.start || n == workouts - LAST_COUNTED {
            pipeline.meter.take();
        }
        let now = Schedule::of(n).ended_at + TimeDelta::minutes(1);
        pipeline.advance_to_ms(now.timestamp_millis());
        let idempotency_key = workload::idempotency_key(0, n);
        let workout = workload::completed(n, n);
        pipeline.send(&key, "POST", "/v1/workouts", &workout, Some(&idempotency_key));
        pipeline.deliver_all(1);
        if n + 1 == FIRST_COUNTED.end {
            first = pipeline.meter.take();
        }
    }
    let last = pipeline.meter.take();
    let mut bytes = bytes(&pipeline);
    for (name, before) in empty {
        // An empty table is one page.
        bytes.entry(name).and_modify(|bytes| *bytes -= before);
    }
    Measured { first, last, bytes, look: look(&pipeline) }
}

/// Measures looks of an open inbox stream at the end of the inbox.
fn look(pipeline: &Pipeline) -> Duration {
    pipeline.meter.enter(Step::Request);
    let (key, database) = pipeline.first_key();
    let last_seq = testkit::run(inbox::last_seq(database, &key)).expect("the key is live");
    pipeline.meter.take();
    for _ in 0..LOOKS {
        let rows = inbox::after_seq(database, &key, last_seq, STREAM_PAGE, pipeline.now_ms());
        assert!(testkit::run(rows).expect("the key is live").items.is_empty());
    }
    pipeline.meter.take().sql_time() / LOOKS
}

fn bytes(pipeline: &Pipeline) -> BTreeMap<String, u64> {
    let mut sums = BTreeMap::new();
    for (_, bytes) in pipeline.databases.stored_bytes() {
        for (name, bytes) in bytes {
            *sums.entry(name).or_default() += bytes;
        }
    }
    sums
}

fn ms(costs: &Costs, step: Step, workouts: usize) -> f64 {
    costs.step(step).sql_time.as_secs_f64() * 1_000.0 / workouts as f64
}

fn step_table(measured: &Measured, workouts: usize) -> String {
    let last = format!("the last {LAST_COUNTED} of {workouts}");
    let mut rows =
        vec![row([&"step", &"10th to 100th", &last, &"growth", &"invocations", &"round trips"])];
    let (mut first_sum, mut last_sum) = (0.0, 0.0);
    for step in Step::ALL {
        let cost = measured.last.step(step);
        if cost.round_trips == 0 {
            continue;
        }
        let first = ms(&measured.first, step, FIRST_COUNTED.len());
        let last = ms(&measured.last, step, LAST_COUNTED);
        first_sum += first;
        last_sum += last;
        let a_workout = |count: u64| format!("{:.2}", count as f64 / LAST_COUNTED as f64);
        rows.push(row([
            &step.name(),
            &format!("{first:.3}"),
            &format!("{last:.3}"),
            &format!("{:.2}", last / first),
            &a_workout(cost.invocations),
            &a_workout(cost.round_trips),
        ]));
    }
    rows.push(row([
        &"total",
        &format!("{first_sum:.3}"),
        &format!("{last_sum:.3}"),
        &format!("{:.2}", last_sum / first_sum),
    ]));
    table::format(&rows)
}

fn statement_table(times: &Costs, rows_written: &Costs) -> String {
    let mut statements: Vec<_> = times.statements.iter().collect();
    statements.sort_by_key(|(_, cost)| std::cmp::Reverse(cost.time));
    let mut rows =
        vec![row([&"statement", &"calls", &"mean µs", &"rows written", &"µs a workout"])];
    for (key, StatementCost { calls, time, .. }) in statements.into_iter().take(STATEMENTS_MAX) {
        let (step, sql) = key;
        let written = rows_written.statements.get(key).map_or(0, |cost| cost.rows_written);
        let micros = time.as_secs_f64() * 1e6;
        rows.push(row([
            &format!("{}: {}", step.name(), table::start_of(sql)),
            calls,
            &format!("{:.1}", micros / *calls as f64),
            &written,
            &format!("{:.1}", micros / LAST_COUNTED as f64),
        ]));
    }
    table::format(&rows)
}

fn bytes_table(bytes: &BTreeMap<String, u64>, workouts: usize) -> String {
    let mut sorted: Vec<_> = bytes.iter().filter(|(_, bytes)| **bytes > 0).collect();
    sorted.sort_by_key(|(_, bytes)| std::cmp::Reverse(**bytes));
    let mut rows = vec![row([&"table or index", &"bytes", &"bytes a workout"])];
    let total = bytes.values().sum::<u64>();
    let total_name = "total".to_owned();
    for (name, bytes) in sorted.into_iter().chain([(&total_name, &total)]) {
        let a_workout = format!("{:.0}", *bytes as f64 / workouts as f64);
        rows.push(row([name, bytes, &a_workout]));
    }
    table::format(&rows)
}
