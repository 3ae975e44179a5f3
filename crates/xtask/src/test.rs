//! `cargo xtask test`: everything that must pass, stopping at the first failure.

use crate::project::{Project, Ready};
use crate::{build, check, clock, process, setup};
use anyhow::{Context, Result};
use std::io::IsTerminal;
use std::time::Duration;

/// The last runner's closing lines are the last of all, so the times are shown before it runs.
pub fn run(project: &Project) -> Result<()> {
    let mut times = Vec::new();
    let ready = timed("set-up", &mut times, || setup::run(project))?;
    timed("formatting and lints", &mut times, || check::run(&ready))?;
    timed("native tests", &mut times, || native_tests(&ready))?;
    timed("wasm builds", &mut times, || build::run(&ready))?;
    summarize(&times);
    timed("miniflare tests", &mut times, || miniflare_tests(&ready))?;
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

/// Compiled first, with cargo's progress, then run, with a dot for each test.
fn native_tests(ready: &Ready) -> Result<()> {
    let mut compile = ready.command("cargo");
    compile.args(["test", "--workspace", "--no-run"]);
    process::run(&mut compile, "cargo test --no-run")?;
    let mut test = ready.command("cargo");
    process::run(test.args(["test", "--quiet", "--workspace"]), "cargo test")
}

/// What a workout costs, and what one receiver of webhooks may cost the others, measured on the built
/// workers.
pub fn bench(ready: &Ready) -> Result<()> {
    build::run(ready)?;
    vitest(ready, "tests/bench")
}

fn miniflare_tests(ready: &Ready) -> Result<()> {
    vitest(ready, "tests")
}

fn vitest(ready: &Ready, root: &str) -> Result<()> {
    let mut vitest = ready.command(ready.project.node_tool("vitest"));
    // vitest paints its lines wherever CI is set; a log is for reading.
    if !std::io::stdout().is_terminal() {
        vitest.env("NO_COLOR", "1");
    }
    process::run(vitest.args(["run", "--root", root]), "vitest")
}

fn summarize(times: &[(&str, Duration)]) {
    println!("── times so far ──");
    for (name, time) in times {
        println!("{name:<22} {:>10}", minutes(*time));
    }
}

fn minutes(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds / 60 {
        0 => format!("{:.1} s", time.as_secs_f64()),
        minutes => format!("{minutes} min {:02} s", seconds % 60),
    }
}
