//! `cargo xtask fuzz`: libFuzzer over the targets of `crates/fuzz`, with the pinned stable compiler
//! (docs/adr/0027).

use crate::process::{self, Group};
use crate::project::Project;
use crate::setup;
use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// LLVM's pass that counts what was reached, with what libFuzzer asks of it: 8-bit counters, the
/// places that they stand for, and the operands of comparisons. Codegen options, which stable has;
/// cargo-fuzz passes the same.
const COVERAGE: &str = "-Cpasses=sancov-module \
     -Cllvm-args=-sanitizer-coverage-level=4 \
     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
     -Cllvm-args=-sanitizer-coverage-pc-table \
     -Cllvm-args=-sanitizer-coverage-trace-compares";
/// Everything that fuzzing writes: builds with flags of their own, inputs that were found, logs.
const FOLDER: &str = "target/fuzz";
const CORPORA: &str = "crates/fuzz/corpus";
/// The longest that one input may take, in seconds (ours: each takes milliseconds; a machine may be
/// busy).
const INPUT_S_MAX: u32 = 10;
/// The longest input, in bytes (ours: long enough for several requests, short enough to be quick).
const INPUT_BYTES_MAX: u32 = 8_192;
const POLL: Duration = Duration::from_millis(100);

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    /// Which targets; none named are all.
    pub targets: Vec<String>,
    /// How long each is looked at, in seconds.
    pub seconds: u32,
    /// Bytes that are given to the one target again.
    pub replay: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self { targets: Vec::new(), seconds: 60, replay: None }
    }
}

/// Looks at as many targets at once as there are cores. Fails when bytes were found that break one,
/// and says how to see it.
pub fn run(project: &Project, options: &Options) -> Result<()> {
    setup::check_cpp_compiler()?;
    let targets = targets(project, &options.targets)?;
    let fuzzer = build(project)?;
    if let (Some(file), [target]) = (&options.replay, &targets[..]) {
        let mut replay = project.command(&fuzzer);
        return process::run(replay.env("FUZZ_TARGET", target).arg(file), "the replay");
    }
    let at_once = std::thread::available_parallelism().map_or(1, usize::from);
    let mut waiting = targets.iter();
    let mut running: Vec<Run<'_>> = Vec::new();
    let mut broken = Vec::new();
    loop {
        while running.len() < at_once
            && let Some(target) = waiting.next()
        {
            running.push(Run::start(project, &fuzzer, target, options.seconds)?);
        }
        if running.is_empty() {
            break;
        }
        process::pause(POLL)?;
        for run in std::mem::take(&mut running) {
            match run.ended()? {
                Ended::Not(run) => running.push(run),
                Ended::Clean => {}
                Ended::Broken(target) => broken.push(target),
            }
        }
    }
    if !broken.is_empty() {
        bail!("broken by what the fuzzer found: {}", broken.join(", "));
    }
    Ok(())
}

/// The targets, by the folders of their corpora.
fn targets(project: &Project, wanted: &[String]) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(project.path(CORPORA)).context("there are no corpora")? {
        all.push(entry?.file_name().to_string_lossy().into_owned());
    }
    all.sort();
    if let Some(unknown) = wanted.iter().find(|target| !all.contains(target)) {
        bail!("there is no target `{unknown}`; there are {}", all.join(", "));
    }
    Ok(if wanted.is_empty() { all } else { wanted.to_vec() })
}

/// Built for a named target, so that macros and build scripts go without the flags.
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

/// One target that is looked at.
struct Run<'a> {
    target: &'a str,
    group: Group,
    log: PathBuf,
    broken_by: PathBuf,
}

/// How a run stands.
enum Ended<'a> {
    Not(Run<'a>),
    Clean,
    Broken(&'a str),
}

impl<'a> Run<'a> {
    /// From its corpus and from what earlier runs on this machine found; new inputs go to the latter.
    fn start(project: &Project, fuzzer: &Path, target: &'a str, seconds: u32) -> Result<Self> {
        let found = project.path(FOLDER).join("found").join(target);
        let broken_by = project.path(FOLDER).join("broken").join(target);
        fs::create_dir_all(&found)?;
        // What an earlier run left there would look like this one's.
        let _ = fs::remove_dir_all(&broken_by);
        fs::create_dir_all(&broken_by)?;
        let log = project.path(FOLDER).join(format!("{target}.log"));
        let output =
            File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut command: Command = project.command(fuzzer);
        // The message says what broke; a backtrace would hide it.
        command.env("FUZZ_TARGET", target).env("RUST_BACKTRACE", "0");
        command.stdout(output.try_clone()?).stderr(output);
        command.arg(format!("-max_total_time={seconds}"));
        command.arg(format!("-timeout={INPUT_S_MAX}"));
        command.arg(format!("-max_len={INPUT_BYTES_MAX}"));
        command.arg(format!("-artifact_prefix={}/", broken_by.display()));
        command.arg("-print_final_stats=1");
        command.arg(found).arg(project.path(CORPORA).join(target));
        println!("fuzz: {target}, for {seconds} s");
        let group = Group::spawn(&mut command, target)?;
        Ok(Self { target, group, log, broken_by })
    }

    fn ended(mut self) -> Result<Ended<'a>> {
        let Some(status) = self.group.exited()? else { return Ok(Ended::Not(self)) };
        let target = self.target;
        if status.success() {
            println!("fuzz: {target}: {}", summary(&fs::read_to_string(&self.log)?));
            return Ok(Ended::Clean);
        }
        eprintln!("{}\nfuzz: {target} is broken ({status})", process::tail(&self.log));
        for entry in fs::read_dir(&self.broken_by)? {
            let file = entry?.path();
            eprintln!("  by    {}", file.display());
            eprintln!("  again cargo xtask fuzz {target} --replay {}", file.display());
            eprintln!("  keep  cp {} {CORPORA}/{target}/", file.display());
        }
        Ok(Ended::Broken(target))
    }
}

/// What libFuzzer says at its end: runs, and how much of the code was reached.
fn summary(log: &str) -> String {
    let number = |line: &str, name: &str| {
        let rest = line.split_once(name)?.1;
        rest.split_whitespace().next().map(str::to_owned)
    };
    let last = |name: &str| log.lines().rev().find_map(|line| number(line, name));
    let text = |value: Option<String>| value.unwrap_or_else(|| "?".to_owned());
    format!(
        "{} runs, {} edges reached",
        text(last("stat::number_of_executed_units:")),
        text(last(" cov: "))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_is_read_off_the_last_lines() {
        let log = "#2\tINITED cov: 5 ft: 6 corp: 1/1b\n\
                   #9\tDONE   cov: 12 ft: 13 corp: 2/9b exec/s: 9\n\
                   stat::number_of_executed_units: 9\n";
        assert_eq!(summary(log), "9 runs, 12 edges reached");
        assert_eq!(summary(""), "? runs, ? edges reached");
    }
}
