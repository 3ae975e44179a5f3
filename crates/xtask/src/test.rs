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

/// A benchmark: the file `tests/bench/<name>.bench.ts`.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Benchmark {
    History,
    Post,
    Webhooks,
}

/// Measures the built workers: a POST beside bare workers, the cost of a workout, and the cost of one
/// hanging webhook receiver for the others.
pub fn bench(tools: &Toolchain, name: Option<Benchmark>) -> Result<()> {
    build::run(tools)?;
    let files: &[&str] = match name {
        None => &[],
        Some(Benchmark::History) => &["history"],
        Some(Benchmark::Post) => &["post"],
        Some(Benchmark::Webhooks) => &["webhooks"],
    };
    vitest(tools, "tests/bench", files)
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
