//! `cargo xtask`: everything a developer runs, from a fresh clone on.
//!
//! In scope: set-up, build, checks, tests, fuzzing, the local stack and its soak, deployment, dead letters.
//! Out of scope: what any of it is about. Only [`demo`], [`pipeline`], [`soak`] and [`dead_letters`]
//! know the HTTP contract.

mod args;
mod build;
mod check;
mod clock;
mod dead_letters;
mod demo;
mod deny;
mod deploy;
mod dev;
mod fuzz;
mod http;
mod local_stack;
mod mails;
mod pipeline;
mod process;
mod project;
mod setup;
mod sizes;
mod soak;
mod state;
mod test;

use args::Command;
use project::Project;
use std::process::ExitCode;

/// As every Unix shell reports an interrupt: 128 + SIGINT.
const EXIT_INTERRUPTED: u8 = 130;
const EXIT_USAGE: u8 = 2;

fn main() -> ExitCode {
    let command = match args::parse(std::env::args().skip(1)) {
        Ok(command) => command,
        Err(error) => {
            eprintln!("xtask: {error}\n\n{}", args::USAGE);
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let result = process::watch_signals().and_then(|()| run(&command));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // A developer ends `dev` by a signal: that is its ordinary end.
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
        Command::Help => println!("{}", args::USAGE),
        Command::Setup => {
            setup::run(&project)?;
            println!("set-up is complete");
        }
        Command::Check => check::run(&setup::run(&project)?)?,
        Command::Build => build::run(&setup::run(&project)?)?,
        Command::Test => test::run(&project)?,
        Command::Bench => test::bench(&setup::run(&project)?)?,
        Command::Fuzz(options) => fuzz::run(&project, options)?,
        Command::Deny => deny::run(&project)?,
        Command::Deploy(options) => deploy::run(&setup::run(&project)?, options)?,
        Command::Dev(options) => dev::run(&project, options)?,
        Command::Soak(options) => soak::run(&project, options)?,
        Command::DeadLetters(options) => {
            dead_letters::run(options, &project.path(&options.state))?;
        }
    }
    Ok(())
}
