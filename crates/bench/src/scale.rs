//! `bench scale`: a million workouts of five thousand athletes over all athletes' databases.

use crate::budget::{self, Budget};
use crate::databases::Databases;
use crate::meter::{Costs, Step};
use crate::pipeline::Pipeline;
use crate::stopwatch::{ProcessorTime, Stopwatch};
use crate::table::{self, row};
use crate::workload::{self, FIRST_MONDAY, Schedule};
use anyhow::{Context, Result};
use chrono::TimeDelta;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// "Cost of the 10,000th workout against the 10th": the budget of docs/architecture.md, here for the last
/// workouts of all athletes against the first.
const GROWTH_MAX: f64 = 1.2;
/// The size of the largest database against the mean.
const SKEW_MAX: f64 = 1.1;
const TOLERANCE: f64 = 0.1;
/// The share of the workouts that the growth compares, at either end: 5 %.
const ENDS: usize = 20;
const PROGRESS_EVERY: Duration = Duration::from_secs(10);
/// Statements of the table of growth.
const STATEMENTS_MAX: usize = 8;
/// Workouts that are posted before the queues are emptied: a full batch of aggregation.
const ROUND: usize = 100;

/// The options of `bench scale`.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The workouts of all athletes
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1_000..))]
    workouts: u32,
    /// The athletes
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..))]
    athletes: u32,
    /// An empty folder for the databases; kept [default: a temporary one, deleted]
    #[arg(long)]
    folder: Option<PathBuf>,
}

/// Runs the benchmark.
pub fn run(options: &Options) -> Result<()> {
    let temporary = std::env::temp_dir().join(format!("bulktrack-scale-{}", std::process::id()));
    let folder = options.folder.as_ref().unwrap_or(&temporary);
    std::fs::create_dir_all(folder).context("cannot create the folder of the databases")?;
    let result = measure(options, folder);
    if options.folder.is_none() {
        std::fs::remove_dir_all(folder).context("cannot delete the folder of the databases")?;
    }
    result
}

/// Posts one workout of each athlete after the other, so that all histories grow together.
fn measure(options: &Options, folder: &Path) -> Result<()> {
    let (workouts, athletes) = (options.workouts as usize, options.athletes as usize);
    let pipeline = Pipeline::new(Databases::in_folder(folder), FIRST_MONDAY);
    let keys: Vec<_> = (0..athletes).map(|n| pipeline.create_athlete(n)).collect();
    let end = workouts / ENDS;
    let (mut first, mut last) = (Part::default(), Part::default());
    let (start, mut reported) = (Stopwatch::start(), Duration::ZERO);
    let mut done = 0;
    while done < workouts {
        let round = ProcessorTime::start();
        let count = ROUND.min(workouts - done);
        for index in done..done + count {
            post(&pipeline, &keys, index);
        }
        pipeline.deliver_all(ROUND);
        let cost = (round.elapsed(), pipeline.meter.take());
        if done < end {
            first.add(&cost, count);
        }
        if done + count > workouts - end {
            last.add(&cost, count);
        }
        done += count;
        if start.elapsed() >= reported + PROGRESS_EVERY {
            reported = start.elapsed();
            let rate = done as f64 / reported.as_secs_f64();
            println!(
                "{done} of {workouts} workouts, {:.0} s, {rate:.0} a second",
                reported.as_secs_f64()
            );
        }
    }
    let rate = workouts as f64 / start.elapsed().as_secs_f64();
    println!("{workouts} workouts of {athletes} athletes, {rate:.0} a second on one core\n");
    report(&pipeline, &first, &last, workouts)
}

fn post(pipeline: &Pipeline, keys: &[String], index: usize) {
    let (n, athlete) = (index / keys.len(), index % keys.len());
    let now = Schedule::of(n).ended_at + TimeDelta::minutes(1);
    pipeline.advance_to_ms(now.timestamp_millis());
    let idempotency_key = workload::idempotency_key(athlete, n);
    let workout = workload::completed(n, n);
    pipeline.send(&keys[athlete], "POST", "/v1/workouts", &workout, Some(&idempotency_key));
}

/// The cost of the workouts at one end.
#[derive(Default)]
struct Part {
    workouts: usize,
    time: Duration,
    costs: Costs,
}

impl Part {
    fn add(&mut self, (time, costs): &(Duration, Costs), workouts: usize) {
        self.time += *time;
        self.workouts += workouts;
        self.costs.add(costs);
    }

    /// The milliseconds of a workout.
    fn ms(&self, time: Duration) -> f64 {
        time.as_secs_f64() * 1e3 / self.workouts as f64
    }
}

/// The milliseconds of SQL of a workout by step, and the statements that grow most.
fn growth_table(first: &Part, last: &Part) -> String {
    let mut rows = vec![row([&"ms of SQL a workout", &"first 5 %", &"last 5 %", &"growth"])];
    let mut add = |name: &str, first: f64, last: f64| {
        rows.push(row([
            &name,
            &format!("{first:.3}"),
            &format!("{last:.3}"),
            &format!("{:+.3}", last - first),
        ]));
    };
    for step in Step::ALL {
        let of = |part: &Part| part.ms(part.costs.step(step).sql_time);
        add(step.name(), of(first), of(last));
    }
    add("total", first.ms(first.costs.sql_time()), last.ms(last.costs.sql_time()));
    let mut statements: Vec<_> = last
        .costs
        .statements
        .iter()
        .map(|(key, cost)| {
            let before = first.costs.statements.get(key).map_or(Duration::ZERO, |cost| cost.time);
            (key, first.ms(before), last.ms(cost.time))
        })
        .collect();
    statements.sort_by(|a, b| (b.2 - b.1).total_cmp(&(a.2 - a.1)));
    for ((step, sql), first, last) in statements.into_iter().take(STATEMENTS_MAX) {
        add(&format!("{}: {}", step.name(), table::start_of(sql)), first, last);
    }
    table::format(&rows)
}

fn report(pipeline: &Pipeline, first: &Part, last: &Part, workouts: usize) -> Result<()> {
    let mut rows = vec![row([&"database", &"MB", &"bytes a workout of all"])];
    let mut sizes = Vec::new();
    for (name, bytes) in pipeline.databases.stored_bytes() {
        let bytes = bytes.values().sum::<u64>() as f64;
        sizes.push(bytes);
        let a_workout = format!("{:.0}", bytes / workouts as f64);
        rows.push(row([&name, &format!("{:.1}", bytes / 1e6), &a_workout]));
    }
    let total = sizes.iter().sum::<f64>();
    let a_workout = format!("{:.0}", total / workouts as f64);
    rows.push(row([&"total", &format!("{:.1}", total / 1e6), &a_workout]));
    println!("{}", table::format(&rows));
    println!("{}", growth_table(first, last));
    let (first, last) = (first.ms(first.time), last.ms(last.time));
    println!(
        "processor time of a workout through all workers: {first:.2} ms of the first 5 %, {last:.2} ms of the last 5 %"
    );
    let largest = sizes.iter().copied().fold(0.0, f64::max);
    budget::check(&[
        Budget {
            name: "time of the last workouts against the first",
            measured: last / first,
            limit: GROWTH_MAX,
            unit: "times",
            tolerance: TOLERANCE,
        },
        Budget {
            name: "size of the largest database against the mean",
            measured: largest / (total / sizes.len() as f64),
            limit: SKEW_MAX,
            unit: "times",
            tolerance: 0.0,
        },
    ])
}
