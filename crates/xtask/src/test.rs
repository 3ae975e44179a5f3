//! `cargo xtask test`: all required checks; the first failure ends it.

use crate::project::{Project, Toolchain};
use crate::{build, check, clock, process, setup};
use anyhow::{Context, Result};
use std::io::IsTerminal;
use std::time::Duration;

/// Runs all steps. The times are printed before vitest, because its summary ends the output.
pub fn run(project: &Project) -> Result<()> {
    let mut times = Vec::new();
    let tools = timed("set-up", &mut times, || setup::run(project))?;
    timed("formatting and lints", &mut times, || check::run(&tools))?;
    timed("native tests", &mut times, || native_tests(&tools))?;
    timed("wasm builds", &mut times, || build::run(&tools))?;
    summarize(&times);
    timed("miniflare tests", &mut times, || vitest(&tools, "tests", &[]))?;
    Ok(())
}

fn timed<T>(
    name: &'static str,
    times: &mut Vec<(&'static str, Duration)>,
    step: impl FnOnce() -> Result<T>,
) -> Result<T> {
    println!("── {name} ──");
    let start = clock::now();
    let value = step().with_context(|| format!("step `{name}`"))?;
    times.push((name, start.elapsed()));
    Ok(value)
}

/// Compiles with cargo's progress, then runs with a dot for each test.
fn native_tests(tools: &Toolchain) -> Result<()> {
    let mut compile = tools.command("cargo");
    compile.args(["test", "--workspace", "--no-run"]);
    process::run(&mut compile, "cargo test --no-run")?;
    let mut test = tools.command("cargo");
    process::run(test.args(["test", "--quiet", "--workspace"]), "cargo test")
}

/// A benchmark: the file `tests/bench/<name>.bench.ts`, the command of `crates/bench`, or both.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Benchmark {
    /// Rows, messages, calls and dollars of a workout, posted whole and logged live
    Cost,
    /// The cost of an athlete's 10,000th workout beside the 10th
    History,
    /// Workouts a second through all four workers
    Pipeline,
    /// A POST of a workout beside bare workers
    Post,
    /// A million workouts of 5,000 athletes; about an hour, so only by name
    Scale,
    /// SQL milliseconds and stored bytes of a workout at each step
    Sql,
    /// Nine webhook receivers beside a tenth that hangs
    Webhooks,
}

/// Builds the workers if the benchmark needs them, and measures. Every benchmark runs, even after one has
/// exceeded its budget.
pub fn bench(tools: &Toolchain, name: Option<Benchmark>, options: &[String]) -> Result<()> {
    let (files, commands): (&[&str], &[&str]) = match name {
        None => (&[""], &["sql", "cost"]),
        Some(Benchmark::Cost) => (&["cost"], &["cost"]),
        Some(Benchmark::History) => (&["history"], &[]),
        Some(Benchmark::Pipeline) => (&["pipeline"], &[]),
        Some(Benchmark::Post) => (&["post"], &[]),
        Some(Benchmark::Scale) => (&[], &["scale"]),
        Some(Benchmark::Sql) => (&[], &["sql"]),
        Some(Benchmark::Webhooks) => (&["webhooks"], &[]),
    };
    let mut results = Vec::new();
    if !files.is_empty() {
        build::run(tools)?;
        results.push(vitest(tools, "tests/bench", files));
    }
    results.extend(commands.iter().map(|command| native_bench(tools, command, options)));
    results.into_iter().collect()
}

/// Runs all workers on native SQLite.
pub fn native_bench(tools: &Toolchain, command: &str, options: &[String]) -> Result<()> {
    let mut bench = tools.command("cargo");
    bench.args(["run", "--release", "--quiet", "--package", "bench", "--", command]).args(options);
    process::run(&mut bench, &format!("bench {command}"))
}

fn vitest(tools: &Toolchain, root: &str, files: &[&str]) -> Result<()> {
    let mut vitest = tools.command(tools.project.node_tool("vitest"));
    // With CI set, vitest prints colours even into a file.
    if !std::io::stdout().is_terminal() {
        vitest.env("NO_COLOR", "1");
    }
    process::run(vitest.args(["run", "--root", root]).args(files), "vitest")
}

fn summarize(times: &[(&str, Duration)]) {
    println!("── times so far ──");
    for (name, time) in times {
        println!("{name:<22} {:>10}", format_duration(*time));
    }
}

fn format_duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds / 60 {
        0 => format!("{:.1} s", time.as_secs_f64()),
        minutes => format!("{minutes} min {:02} s", seconds % 60),
    }
}
