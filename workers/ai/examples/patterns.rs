//! Analyses the 200 synthetic athletes, prints the precision and recall of the rules, writes them
//! into docs/patterns.md, and measures the analysis of three years of training.
//!
//! `cargo run -p ai --release --example patterns`. A number after `--` is the seed of other athletes;
//! the page then stays as it is.

#[path = "../tests/synthetic/mod.rs"]
mod synthetic;

use ai::rules::{Scope, find_patterns};
use chrono::Days;
use std::collections::BTreeSet;
use std::io::Write;
use std::time::{Duration, Instant};
use synthetic::athlete::{Athlete, Profile};
use synthetic::diary::Diary;
use synthetic::docs;
use synthetic::score::{SEED, analyse_all, first_monday, tables};
use training::WeekStart;

const WEEKS_OF_THREE_YEARS: u32 = 156;
const RUNS: u32 = 200;

fn main() -> std::io::Result<()> {
    let other_seed = std::env::args().nth(1).and_then(|seed| seed.parse().ok());
    let tables = tables(&analyse_all(other_seed.unwrap_or(SEED)));
    let mut out = std::io::stdout().lock();
    writeln!(out, "{tables}")?;
    if other_seed.is_none() {
        let page = std::fs::read_to_string(docs::PAGE)?;
        std::fs::write(docs::PAGE, docs::with_tables(&page, &tables))?;
    }
    let (read, whole) = three_years();
    writeln!(out, "analysis of an athlete with three years of training, mean of {RUNS} runs:")?;
    writeln!(out, "  over the {} weeks that are read: {read:.2?}", ai::history::HISTORY_WEEKS)?;
    writeln!(out, "  over all of it: {whole:.2?}")
}

/// Measures one analysis of the history that is read, and one of the whole history.
fn three_years() -> (Duration, Duration) {
    let mut athlete = Athlete::new(Profile::Progressing, 3);
    let workouts = athlete.workouts(first_monday(), WEEKS_OF_THREE_YEARS);
    let mut diary = Diary::new(first_monday());
    for workout in &workouts {
        diary.record(workout);
    }
    let last = Days::new(u64::from(7 * WEEKS_OF_THREE_YEARS) - 1);
    let today = first_monday().checked_add_days(last).unwrap_or_default();
    let scope = Scope { weeks: BTreeSet::from([WeekStart::containing(today)]), muscles: None };
    let read = diary.read_on(today);
    (
        mean_time(|| find_patterns(&read, &scope)),
        mean_time(|| find_patterns(diary.on(today), &scope)),
    )
}

#[expect(clippy::disallowed_methods, reason = "the example runs on the host and measures time")]
fn mean_time<T>(mut work: impl FnMut() -> T) -> Duration {
    let started = Instant::now();
    for _ in 0..RUNS {
        std::hint::black_box(work());
    }
    started.elapsed() / RUNS
}
