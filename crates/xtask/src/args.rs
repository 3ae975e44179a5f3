//! The command line: words in, one [`Command`] out.

use crate::{dead_letters, fuzz};
use std::ops::RangeInclusive;
use std::path::PathBuf;

/// Minutes and kills of a soak, at most (ours: a day of minutes).
const SOAK_MAX: u32 = 1_440;
/// Seconds for a target of the fuzzer, at most (ours: a day).
const FUZZ_S_MAX: u32 = 86_400;

/// What is printed after a usage error, and for `help`.
pub const USAGE: &str = "\
usage: cargo xtask <command>

  dev [--port 8787] [--state .bulktrack] [--no-demo]
                 set up, build, and run all four workers with sample training
  test           set up, then formatting, lints, native tests, builds, miniflare tests
  check          formatting and lints
  bench          build, then measure what must not grow with a history, nor by one receiver that hangs
  soak [--quick] [--minutes 5] [--kills 10] [--seed N]
                 run a stack of its own under load, kill it again and again, and hold what was
                 counted against what was accepted; --quick is 3 kills, in about 90 s
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
    /// Kill the local stack under load, and see that nothing is lost.
    Soak(SoakOptions),
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

/// Options of `soak`.
#[derive(Debug, PartialEq, Eq)]
pub struct SoakOptions {
    /// How long it takes, about; none in the quick form, which takes as long as its kills do.
    pub minutes: Option<u32>,
    /// How often the runtime is killed.
    pub kills: u32,
    /// What the dice begin with; a random one otherwise.
    pub seed: Option<u32>,
}

impl Default for SoakOptions {
    fn default() -> Self {
        Self { minutes: Some(5), kills: 10, seed: None }
    }
}

impl SoakOptions {
    /// The form that every change goes through.
    pub fn quick() -> Self {
        Self { minutes: None, kills: 3, seed: None }
    }
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
        "soak" => parse_soak(words),
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

fn parse_soak(mut words: impl Iterator<Item = String>) -> Result<Command, String> {
    let (mut quick, mut minutes, mut kills, mut seed) = (false, None, None, None);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--quick" => quick = true,
            "--minutes" => minutes = Some(number("--minutes", words.next(), 1..=SOAK_MAX)?),
            "--kills" => kills = Some(number("--kills", words.next(), 1..=SOAK_MAX)?),
            "--seed" => seed = Some(number("--seed", words.next(), 0..=u32::MAX)?),
            "--help" | "-h" => return Ok(Command::Help),
            other => return Err(format!("soak has no option `{other}`")),
        }
    }
    if quick && minutes.is_some() {
        return Err("--quick takes as long as its kills do: leave --minutes out".to_owned());
    }
    let form = if quick { SoakOptions::quick() } else { SoakOptions::default() };
    Ok(Command::Soak(SoakOptions {
        minutes: minutes.or(form.minutes),
        kills: kills.unwrap_or(form.kills),
        seed,
    }))
}

fn number(option: &str, value: Option<String>, range: RangeInclusive<u32>) -> Result<u32, String> {
    let value = value_of(option, value)?;
    value.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
        format!("{option} must be {} to {}, not `{value}`", range.start(), range.end())
    })
}

fn parse_fuzz(mut words: impl Iterator<Item = String>) -> Result<Command, String> {
    let mut options = fuzz::Options::default();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--seconds" => options.seconds = number("--seconds", words.next(), 1..=FUZZ_S_MAX)?,
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
        let soak = |minutes, kills, seed| Ok(Command::Soak(SoakOptions { minutes, kills, seed }));
        check("soak", soak(Some(5), 10, None));
        check("soak --quick --seed 7", soak(None, 3, Some(7)));
        check("soak --minutes 20 --kills=40", soak(Some(20), 40, None));
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
        check("build --fast", Err("unexpected `--fast`"));
        check("dev --port", Err("--port needs a value"));
        check("dev --state --no-demo", Err("--state needs a value"));
        check("dev --port 0", Err("--port must be 1 to 65535, not `0`"));
        check("dev --port 70000", Err("--port must be 1 to 65535, not `70000`"));
        check("soak --kills 0", Err("--kills must be 1 to 1440, not `0`"));
        check("soak --seed x", Err("--seed must be 0 to 4294967295, not `x`"));
        check(
            "soak --quick --minutes 1",
            Err("--quick takes as long as its kills do: leave --minutes out"),
        );
        check("soak --forever", Err("soak has no option `--forever`"));
        check("fuzz --fast", Err("fuzz has no option `--fast`"));
        check("fuzz --seconds 0", Err("--seconds must be 1 to 86400, not `0`"));
        check("fuzz --replay a", Err("--replay needs one target"));
        check("deploy --force", Err("deploy has no option `--force`"));
    }
}
