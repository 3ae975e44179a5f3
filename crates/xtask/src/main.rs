//! `cargo xtask`: the commands that a developer runs, starting with a fresh clone.
//!
//! In scope: set-up, build, checks, tests, fuzzing, the local stack and its soak test, deployment,
//! dead letters. Out of scope: the product. Only [`demo`], [`pipeline`], [`soak`] and
//! [`dead_letters`] know the HTTP API.

mod build;
mod check;
mod cli;
mod clock;
mod conformance;
mod dead_letters;
mod demo;
mod deny;
mod deploy;
mod dev;
mod emails;
mod fuzz;
mod http;
mod local_stack;
mod pipeline;
mod process;
mod project;
mod setup;
mod sizes;
mod soak;
mod state;
mod test;

use cli::Command;
use project::Project;
use std::process::ExitCode;

/// The exit code of Unix shells after an interrupt: 128 + SIGINT.
const EXIT_INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let command = cli::parse(std::env::args_os()).unwrap_or_else(|error| error.exit());
    let result = process::watch_signals().and_then(|()| run(&command));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // A developer stops `dev` by a signal: its normal end.
        Err(error) if error.is::<process::Stopped>() => match command {
            Command::Dev(_) => ExitCode::SUCCESS,
            _ => ExitCode::from(EXIT_INTERRUPTED),
        },
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command) -> anyhow::Result<()> {
    let project = Project::locate()?;
    match command {
        Command::Setup => {
            setup::run(&project)?;
            println!("set-up is complete");
        }
        Command::Check => check::run(&setup::run(&project)?)?,
        Command::Build => build::run(&setup::run(&project)?)?,
        Command::Test => test::run(&project)?,
        Command::Bench { name, options } => {
            test::bench(&setup::run(&project)?, *name, options)?;
        }
        Command::Replay { arguments } => {
            test::native_bench(&setup::run(&project)?, "replay", arguments)?;
        }
        Command::Fuzz(options) => fuzz::run(&project, options)?,
        Command::Deny => deny::run(&project)?,
        Command::Deploy(options) => deploy::run(&setup::run(&project)?, options)?,
        Command::Dev(options) => dev::run(&project, options)?,
        Command::Soak(options) => soak::run(&project, options)?,
        Command::Conformance(options) => conformance::run(&project, options)?,
        Command::DeadLetters(options) => dead_letters::run(&project, options)?,
        Command::Completions { shell } => cli::print_completions(*shell)?,
    }
    Ok(())
}
