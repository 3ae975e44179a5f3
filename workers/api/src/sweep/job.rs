//! A job of the sweep: its bounds, and its rounds in one database.
//!
//! Thresholds without a source are project defaults.

use crate::app::App;
use futures_util::future::{self, Either, LocalBoxFuture};
use platform::catch_panic;
use std::pin::pin;
use storage::Database;

/// A job starts no round in a database this long after its first one: the next sweep continues.
const JOB_MS_MAX: i64 = 5_000;
/// A round that takes longer is dropped. A slow round of a large backlog has the time to end: it is the only one.
pub(super) const ROUND_MS_MAX: u32 = 20_000;
/// The characters of an error in the log, at most.
const ERROR_CHARS_MAX: usize = 300;

/// A job of the sweep.
pub(super) struct Job {
    pub(super) name: &'static str,
    /// Rounds in one database and sweep, at most.
    pub(super) rounds_max: u32,
    /// Statements of a round, at most.
    pub(super) statements: u32,
    pub(super) round: for<'a> fn(&'a App, &'a dyn Database) -> RoundFuture<'a>,
}

/// A round in progress.
pub(super) type RoundFuture<'a> = LocalBoxFuture<'a, Result<Round, String>>;

/// The rows that a round found, and those that it handled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Round {
    pub(super) found: usize,
    pub(super) handled: usize,
}

impl Round {
    pub(super) const fn of(rows: usize) -> Self {
        Self { found: rows, handled: rows }
    }
}

/// The result of a job in one database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct JobResult {
    pub(super) name: &'static str,
    pub(super) handled: usize,
    pub(super) error: Option<String>,
    elapsed_ms: i64,
}

/// Runs the jobs of one database. They take turns, a round each, until each has found nothing, failed, or reached
/// its bounds.
pub(super) async fn run_jobs(app: &App, jobs: &[Job], database: &dyn Database) -> Vec<JobResult> {
    let start = |job: &Job| JobResult { name: job.name, ..JobResult::default() };
    let mut results: Vec<_> = jobs.iter().map(start).collect();
    let mut open: Vec<_> = jobs.iter().zip(&mut results).collect();
    let mut rounds = 0;
    while !open.is_empty() {
        let mut next = Vec::new();
        for (job, result) in open {
            let started_ms = app.clock.now_ms();
            let done = bounded(app, (job.round)(app, database)).await;
            result.elapsed_ms += app.clock.now_ms() - started_ms;
            match done {
                Ok(round) => {
                    result.handled += round.handled;
                    if round.found > 0 && result.elapsed_ms < JOB_MS_MAX {
                        next.push((job, result));
                    }
                }
                Err(error) => result.error = Some(error.chars().take(ERROR_CHARS_MAX).collect()),
            }
        }
        rounds += 1;
        open = next.into_iter().filter(|(job, _)| rounds < job.rounds_max).collect();
    }
    results
}

/// Turns the panic of a round, and one that does not end, into an error. A dropped round is as one that
/// crashed.
async fn bounded(app: &App, round: RoundFuture<'_>) -> Result<Round, String> {
    let round = pin!(catch_panic(round));
    match future::select(round, app.timer.sleep_ms(ROUND_MS_MAX)).await {
        Either::Left((result, _)) => result.map_err(|panic| panic.to_string()).flatten(),
        Either::Right(_) => Err(format!("no result after {} s", ROUND_MS_MAX / 1_000)),
    }
}
