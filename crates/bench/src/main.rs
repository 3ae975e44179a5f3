//! Benchmarks of all four workers on native SQLite. `cargo xtask bench` runs them.
//!
//! In scope: SQL time, stored bytes, rows written as D1 bills them, messages, and what follows from
//! them. Out of scope: the time of the runtime and of WebAssembly, which tests/bench measures.
//!
//! Thresholds without a source are project defaults.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a benchmark fails by panicking"
)]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_wrap,
    reason = "counts of a benchmark are far below 2^53"
)]

mod budget;
mod cost;
mod databases;
mod meter;
mod pipeline;
mod ports;
mod prices;
mod replay;
mod scale;
mod sql;
mod stopwatch;
mod table;
mod workload;

use clap::Parser;
use std::process::ExitCode;

/// Benchmarks of all four workers on native SQLite
#[derive(Debug, Parser)]
#[command(name = "bench")]
enum Command {
    /// SQL milliseconds and stored bytes of a workout at each step
    Sql(sql::Options),
    /// A million workouts of 5,000 athletes: bytes, balance of the databases, and growth of the time
    Scale(scale::Options),
    /// Rows, messages, calls and dollars of a workout, posted whole and logged live
    Cost(cost::Options),
    /// A training log through all workers on a virtual clock: every notification, and a summary
    Replay(replay::Options),
}

fn main() -> ExitCode {
    let result = match Command::parse() {
        Command::Sql(options) => sql::run(&options),
        Command::Scale(options) => scale::run(&options),
        Command::Cost(options) => cost::run(&options),
        Command::Replay(options) => replay::run(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
