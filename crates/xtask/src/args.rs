//! The command line: words in, one [`Command`] out.

use crate::{dead_letters, fuzz};
use std::path::PathBuf;

/// What is printed after a usage error, and for `help`.
pub const USAGE: &str = "\
usage: cargo xtask <command>

  dev [--port 8787] [--state .bulktrack] [--no-demo]
                 set up, build, and run all four workers with sample training
  test           set up, then formatting, lints, native tests, builds, miniflare tests
  check          formatting and lints
  bench          build, then measure what must not grow with a history, nor by one receiver that hangs
  build          build the four workers and hold them to their size
  deploy [--dry-run]
                 build, migrate, deploy
  fuzz [TARGET…] [--seconds 60]
                 look for bytes that break what parses them, each target of crates/fuzz for so long
  fuzz TARGET --replay FILE
                 give one target these bytes again
  deny           licences, sources and advisories of the crates
  setup          install what is missing, inside this folder

  dead-letters list [FILTER…] [--limit N]
  dead-letters groups [FILTER…]
  dead-letters show ID
  dead-letters redrive ID… | FILTER… | --all [--limit N] [--rate LETTERS_A_SECOND] [--dry-run]
                 [--note TEXT] [--force, with ids] [--body FILE, with one id]
  dead-letters discard ID… | FILTER… | --all --note TEXT [--limit N] [--dry-run]
                 of the local stack [--state .bulktrack], or of [--url URL] with --token or
                 OPERATOR_TOKEN; [--operator NAME] for the record.
                 FILTER: --queue --type --reason --group --status --q --event --athlete
                 --since --until";

/// A command with its options.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Print the usage.
    Help,
    /// Install what is missing.
    Setup,
    /// Formatting and lints.
    Check,
    /// Build the workers.
    Build,
    /// Everything that must pass.
    Test,
    /// What a workout costs, by the history of its athlete.
    Bench,
    /// Look for bytes that break what parses them.
    Fuzz(fuzz::Options),
    /// Licences, sources and advisories of the crates.
    Deny,
    /// Deploy the workers.
    Deploy(DeployOptions),
    /// Run the local stack.
    Dev(DevOptions),
    /// Look at dead letters, and act on them.
    DeadLetters(Box<dead_letters::Options>),
}

/// Options of `deploy`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct DeployOptions {
    /// Bundle and measure; touch no network.
    pub dry_run: bool,
}

/// Options of `dev`.
#[derive(Debug, PartialEq, Eq)]
pub struct DevOptions {
    /// Where the api listens.
    pub port: u16,
    /// Everything the run keeps.
    pub state: PathBuf,
    /// Load twelve weeks of sample training.
    pub demo: bool,
}

impl Default for DevOptions {
    fn default() -> Self {
        Self { port: 8787, state: PathBuf::from(".bulktrack"), demo: true }
    }
}

/// Reads the words after `cargo xtask`. The error is one line for people.
pub fn parse(words: impl Iterator<Item = String>) -> Result<Command, String> {
    let mut words = words.flat_map(|word| split_equals(&word));
    let Some(command) = words.next() else {
        return Err("a command is missing".to_owned());
    };
    match command.as_str() {
        "help" | "--help" | "-h" => Ok(Command::Help),
        "setup" => no_options(words, Command::Setup),
        "check" => no_options(words, Command::Check),
        "build" => no_options(words, Command::Build),
        "test" => no_options(words, Command::Test),
        "bench" => no_options(words, Command::Bench),
        "deny" => no_options(words, Command::Deny),
        "fuzz" => parse_fuzz(words),
        "deploy" => parse_deploy(words),
        "dev" => parse_dev(words),
        "dead-letters" => Ok(dead_letters::parse(words)?
            .map_or(Command::Help, |options| Command::DeadLetters(Box::new(options)))),
        other => Err(format!("there is no command `{other}`")),
    }
}

/// `--port=8787` reads as `--port 8787`.
fn split_equals(word: &str) -> Vec<String> {
    match word.split_once('=') {
        Some((option, value)) if option.starts_with("--") => {
            vec![option.to_owned(), value.to_owned()]
        }
        _ => vec![word.to_owned()],
    }
}

fn no_options(
    mut words: impl Iterator<Item = String>,
    command: Command,
) -> Result<Command, String> {
    match words.next() {
        None => Ok(command),
        Some(word) => Err(format!("unexpected `{word}`")),
    }
}

fn parse_deploy(words: impl Iterator<Item = String>) -> Result<Command, String> {
    let mut options = DeployOptions::default();
    for word in words {
        match word.as_str() {
            "--dry-run" => options.dry_run = true,
            "--help" | "-h" => return Ok(Command::Help),
            other => return Err(format!("deploy has no option `{other}`")),
        }
    }
    Ok(Command::Deploy(options))
}

fn parse_dev(mut words: impl Iterator<Item = String>) -> Result<Command, String> {
    let mut options = DevOptions::default();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--port" => options.port = port(&value_of("--port", words.next())?)?,
            "--state" => options.state = PathBuf::from(value_of("--state", words.next())?),
            "--no-demo" => options.demo = false,
            "--help" | "-h" => return Ok(Command::Help),
            other => return Err(format!("dev has no option `{other}`")),
        }
    }
    Ok(Command::Dev(options))
}

fn parse_fuzz(mut words: impl Iterator<Item = String>) -> Result<Command, String> {
    let mut options = fuzz::Options::default();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--seconds" => options.seconds = seconds(&value_of("--seconds", words.next())?)?,
            "--replay" => {
                options.replay = Some(PathBuf::from(value_of("--replay", words.next())?));
            }
            "--help" | "-h" => return Ok(Command::Help),
            option if option.starts_with('-') => {
                return Err(format!("fuzz has no option `{option}`"));
            }
            target => options.targets.push(target.to_owned()),
        }
    }
    if options.replay.is_some() && options.targets.len() != 1 {
        return Err("--replay needs one target".to_owned());
    }
    Ok(Command::Fuzz(options))
}

fn value_of(option: &str, value: Option<String>) -> Result<String, String> {
    value
        .filter(|value| !value.is_empty() && !value.starts_with("--"))
        .ok_or_else(|| format!("{option} needs a value"))
}

fn port(value: &str) -> Result<u16, String> {
    match value.parse() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(format!("--port must be 1 to 65535, not `{value}`")),
    }
}

/// libFuzzer takes 0 for no end.
fn seconds(value: &str) -> Result<u32, String> {
    match value.parse() {
        Ok(seconds) if seconds > 0 => Ok(seconds),
        _ => Err(format!("--seconds must be a whole number from 1, not `{value}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Result<Command, &str>) {
        let parsed = parse(line.split_whitespace().map(str::to_owned));
        assert_eq!(parsed, expected.map_err(str::to_owned), "{line}");
    }

    #[test]
    fn a_command_line_becomes_a_command() {
        let dev = |port, state: &str, demo| {
            Ok(Command::Dev(DevOptions { port, state: state.into(), demo }))
        };
        check("test", Ok(Command::Test));
        check("dev", dev(8787, ".bulktrack", true));
        check("dev --port 9000 --state run/a --no-demo", dev(9000, "run/a", false));
        check("dev --port=9000", dev(9000, ".bulktrack", true));
        let fuzz = |targets: &[&str], seconds, replay: Option<&str>| {
            let targets = targets.iter().map(|target| (*target).to_owned()).collect();
            Ok(Command::Fuzz(fuzz::Options { targets, seconds, replay: replay.map(Into::into) }))
        };
        check("fuzz", fuzz(&[], 60, None));
        check("fuzz csv cursor --seconds 5", fuzz(&["csv", "cursor"], 5, None));
        check("fuzz csv --replay a", fuzz(&["csv"], 60, Some("a")));
        check("deploy --dry-run", Ok(Command::Deploy(DeployOptions { dry_run: true })));
    }

    #[test]
    fn a_usage_error_says_what_is_wrong() {
        check("", Err("a command is missing"));
        check("run", Err("there is no command `run`"));
        check("test --fast", Err("unexpected `--fast`"));
        check("dev --port", Err("--port needs a value"));
        check("dev --state --no-demo", Err("--state needs a value"));
        check("dev --port 0", Err("--port must be 1 to 65535, not `0`"));
        check("dev --port 70000", Err("--port must be 1 to 65535, not `70000`"));
        check("fuzz --fast", Err("fuzz has no option `--fast`"));
        check("fuzz --seconds 0", Err("--seconds must be a whole number from 1, not `0`"));
        check("fuzz --replay a", Err("--replay needs one target"));
        check("deploy --force", Err("deploy has no option `--force`"));
    }
}
