//! `cargo xtask fuzz`: libFuzzer over the targets of `crates/fuzz`, with the pinned stable compiler
//! (docs/adr/0027). Numbers without a source are project defaults.

use crate::process::{self, ProcessGroup};
use crate::project::Project;
use crate::setup;
use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

/// LLVM's coverage pass with the instrumentation that libFuzzer requires: 8-bit counters, their
/// program counters, and the operands of comparisons. Codegen options work on stable; cargo-fuzz
/// passes the same.
const COVERAGE: &str = "-Cpasses=sancov-module \
     -Cllvm-args=-sanitizer-coverage-level=4 \
     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
     -Cllvm-args=-sanitizer-coverage-pc-table \
     -Cllvm-args=-sanitizer-coverage-trace-compares";
/// The output of fuzzing: instrumented builds, inputs, logs.
const FOLDER: &str = "target/fuzz";
const CORPORA: &str = "crates/fuzz/corpus";
/// An input takes milliseconds; this allows for a busy machine.
const INPUT_DURATION_S_MAX: u32 = 10;
/// Long enough for several requests, short enough to be quick.
const INPUT_BYTES_MAX: u32 = 8_192;
const POLL: Duration = Duration::from_millis(100);

/// The options of `fuzz`.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Targets of crates/fuzz [default: all]
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
    /// Duration of each target
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    seconds: u32,
    /// Run one target on the bytes of this file
    #[arg(long, value_name = "FILE", requires = "targets")]
    replay: Option<PathBuf>,
}

impl Options {
    /// Returns the rule that clap cannot express and that these options break.
    pub fn problem(&self) -> Option<&'static str> {
        (self.replay.is_some() && self.targets.len() != 1)
            .then_some("--replay requires exactly one target")
    }
}

/// Fuzzes one target for each core at a time. Fails when an input crashes a target, and prints the
/// command that replays it.
pub fn run(project: &Project, options: &Options) -> Result<()> {
    setup::check_cpp_compiler()?;
    let targets = targets(project, &options.targets)?;
    let fuzzer = build(project)?;
    if let (Some(file), [target]) = (&options.replay, &targets[..]) {
        let mut replay = project.command(&fuzzer);
        return process::run(replay.env("FUZZ_TARGET", target).arg(file), "the replay");
    }
    let parallel_runs = std::thread::available_parallelism().map_or(1, usize::from);
    let mut waiting = targets.iter();
    let mut running: Vec<Run<'_>> = Vec::new();
    let mut crashed = Vec::new();
    loop {
        while running.len() < parallel_runs
            && let Some(target) = waiting.next()
        {
            running.push(Run::start(project, &fuzzer, target, options.seconds)?);
        }
        if running.is_empty() {
            break;
        }
        process::pause(POLL)?;
        for mut run in std::mem::take(&mut running) {
            match run.process.try_wait()? {
                None => running.push(run),
                Some(status) => {
                    run.print_result(status)?;
                    crashed.extend((!status.success()).then_some(run.target));
                }
            }
        }
    }
    if !crashed.is_empty() {
        bail!("the fuzzer found inputs that crash {}", crashed.join(", "));
    }
    Ok(())
}

/// Returns the requested targets, or all. Each has a folder in the corpora.
fn targets(project: &Project, requested: &[String]) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(project.path(CORPORA)).context("cannot read the corpora")? {
        all.push(entry?.file_name().to_string_lossy().into_owned());
    }
    all.sort();
    if let Some(unknown) = requested.iter().find(|target| !all.contains(target)) {
        bail!("no target `{unknown}`; the targets are {}", all.join(", "));
    }
    Ok(if requested.is_empty() { all } else { requested.to_vec() })
}

/// Builds the fuzzer. With `--target`, cargo applies the flags to neither macros nor build scripts.
fn build(project: &Project) -> Result<PathBuf> {
    let host = process::output_of(project.command("rustc").args(["--print", "host-tuple"]))
        .context("rustc does not work")?;
    let mut cargo = project.command("cargo");
    cargo.args(["build", "--package", "fuzz", "--features", "libfuzzer", "--bin", "libfuzzer"]);
    cargo.args(["--profile", "fuzz", "--target", &host, "--target-dir", FOLDER]);
    cargo.env_remove("CARGO_ENCODED_RUSTFLAGS").env("RUSTFLAGS", COVERAGE);
    process::run(&mut cargo, "cargo build of the fuzzer")?;
    Ok(project.path(FOLDER).join(host).join("fuzz/libfuzzer"))
}

/// A running fuzzer of one target.
struct Run<'a> {
    target: &'a str,
    process: ProcessGroup,
    log: PathBuf,
    crashes: PathBuf,
}

impl<'a> Run<'a> {
    /// Starts with the corpus and the inputs that earlier runs on this machine found.
    fn start(project: &Project, fuzzer: &Path, target: &'a str, seconds: u32) -> Result<Self> {
        let found = project.path(FOLDER).join("found").join(target);
        let crashes = project.path(FOLDER).join("broken").join(target);
        fs::create_dir_all(&found)?;
        // Crashes of an earlier run are not this one's.
        let _ = fs::remove_dir_all(&crashes);
        fs::create_dir_all(&crashes)?;
        let log = project.path(FOLDER).join(format!("{target}.log"));
        let output =
            File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut command: Command = project.command(fuzzer);
        // The panic message suffices; a backtrace would hide it.
        command.env("FUZZ_TARGET", target).env("RUST_BACKTRACE", "0");
        command.stdout(output.try_clone()?).stderr(output);
        command.arg(format!("-max_total_time={seconds}"));
        command.arg(format!("-timeout={INPUT_DURATION_S_MAX}"));
        command.arg(format!("-max_len={INPUT_BYTES_MAX}"));
        command.arg(format!("-artifact_prefix={}/", crashes.display()));
        command.arg("-print_final_stats=1");
        command.arg(found).arg(project.path(CORPORA).join(target));
        println!("fuzz: {target}, for {seconds} s");
        let process = ProcessGroup::spawn(&mut command, target)?;
        Ok(Self { target, process, log, crashes })
    }

    fn print_result(&self, status: ExitStatus) -> Result<()> {
        let target = self.target;
        if status.success() {
            println!("fuzz: {target}: {}", summary(&fs::read_to_string(&self.log)?));
            return Ok(());
        }
        eprintln!("{}\nfuzz: {target} crashed ({status})", process::tail(&self.log));
        for entry in fs::read_dir(&self.crashes)? {
            let file = entry?.path();
            eprintln!("  input   {}", file.display());
            eprintln!("  replay  cargo xtask fuzz {target} --replay {}", file.display());
            eprintln!("  keep    cp {} {CORPORA}/{target}/", file.display());
        }
        Ok(())
    }
}

/// Returns the number of runs and of covered edges from libFuzzer's log.
fn summary(log: &str) -> String {
    let number = |line: &str, name: &str| {
        let rest = line.split_once(name)?.1;
        rest.split_whitespace().next().map(str::to_owned)
    };
    let last = |name: &str| log.lines().rev().find_map(|line| number(line, name));
    let text = |value: Option<String>| value.unwrap_or_else(|| "?".to_owned());
    format!(
        "{} runs, {} edges covered",
        text(last("stat::number_of_executed_units:")),
        text(last(" cov: "))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summary_contains_last_runs_and_coverage() {
        let log = "#2\tINITED cov: 5 ft: 6 corp: 1/1b\n\
                   #9\tDONE   cov: 12 ft: 13 corp: 2/9b exec/s: 9\n\
                   stat::number_of_executed_units: 9\n";
        assert_eq!(summary(log), "9 runs, 12 edges covered");
        assert_eq!(summary(""), "? runs, ? edges covered");
    }
}
