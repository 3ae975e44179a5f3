//! The command line: the list of commands, and the checks that need more than one option.
//! Each command declares its options in its own module.

use crate::test::Benchmark;
use crate::{conformance, dead_letters, deploy, dev, fuzz, soak};
use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::ffi::OsString;
use std::io::Write;

/// The commands of the project: set-up, build, tests, the local stack, deployment, dead letters.
#[derive(Parser)]
#[command(name = "xtask", bin_name = "cargo xtask", max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// A command with its options. The doc comments are the text of `--help`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Set up, build, and run all four workers with sample training
    Dev(dev::Options),
    /// Set up, then run formatting, lints, native tests, wasm builds and miniflare tests
    Test,
    /// Check formatting and lints
    Check,
    /// Measure the workers: speed, SQL, stored bytes, cost, a long history, a receiver that hangs
    Bench {
        /// Run only this benchmark [default: all but scale]
        name: Option<Benchmark>,
        /// Options of cost, scale or sql, as in `bench sql -- --help`
        #[arg(last = true, requires = "name")]
        options: Vec<String>,
    },
    /// Log the last weeks of a training log on a virtual clock and print every notification
    Replay {
        /// The log and its options, as in `replay LOG.csv --zone Europe/Berlin --units kg`
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Kill the local stack under load and check that each accepted workout is counted once
    Soak(soak::Options),
    /// Generate requests from the OpenAPI document and check the responses of the local stack
    Conformance(conformance::Options),
    /// Build the four workers and check their sizes
    Build,
    /// Build, migrate the databases and deploy the four workers
    Deploy(deploy::Options),
    /// Fuzz the parsers, or replay one input
    Fuzz(fuzz::Options),
    /// Check licences, sources and advisories of the crates
    Deny,
    /// Install missing tools inside this repository
    Setup,
    /// List, redrive and discard dead letters of the local stack or of a deployment
    DeadLetters(Box<dead_letters::Options>),
    /// Print a completion script for an `xtask` command (alias xtask='cargo xtask')
    Completions { shell: clap_complete::Shell },
}

/// Parses the arguments of the process, program name first. The error prints as usage or help text.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, clap::Error> {
    let matches = Cli::command().try_get_matches_from(args)?;
    let command = Cli::from_arg_matches(&matches)?.command;
    let problem = match &command {
        Command::Fuzz(options) => options.problem(),
        Command::DeadLetters(options) => options.problem(),
        _ => None,
    };
    match problem {
        Some(problem) => Err(Cli::command().error(ErrorKind::WrongNumberOfValues, problem)),
        None => Ok(command),
    }
}

/// Prints the completion script of a shell.
pub fn print_completions(shell: clap_complete::Shell) -> std::io::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "xtask", &mut script);
    std::io::stdout().write_all(&script)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parses the words after `cargo xtask`.
    fn parse_line(line: &str) -> Result<Command, clap::Error> {
        let words = std::iter::once("xtask").chain(line.split_whitespace());
        parse(words.map(OsString::from))
    }

    fn check_accepted(line: &str, expected: &str) {
        let command = parse_line(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        let shown = format!("{command:?}");
        assert!(shown.contains(expected), "{line}: {shown} does not contain {expected}");
    }

    fn check_rejected(line: &str, expected: &str) {
        let error = parse_line(line).expect_err(line);
        let text = error.to_string();
        assert_eq!(error.exit_code(), 2, "{line}: {text}");
        assert!(text.contains(expected), "{line}: {text}");
    }

    #[test]
    fn declarations_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn defaults_of_options_are_documented_ones() {
        check_accepted("dev", r#"Options { port: 8787, state: ".bulktrack", no_demo: false }"#);
        check_accepted(
            "dev --port=9000 --state run/a --no-demo",
            r#"9000, state: "run/a", no_demo: true"#,
        );
        let soak = |minutes: &str, kills: u32, outages: u32, seed: &str| {
            format!("minutes: {minutes}, kills: {kills}, outages: {outages}, seed: {seed}")
        };
        check_accepted("soak", &soak("Some(5)", 10, 3, "None"));
        check_accepted("soak --quick --seed 7", &soak("None", 3, 1, "Some(7)"));
        check_accepted("soak --quick --kills 4 --outages 0", &soak("None", 4, 0, "None"));
        check_accepted("soak --minutes 20 --kills=40", &soak("Some(20)", 40, 3, "None"));
        check_accepted("conformance", "quick: false, requests: 20000, seed: None");
        check_accepted(
            "conformance --quick --seed 7",
            "quick: true, requests: 20000, seed: Some(7)",
        );
        check_accepted("fuzz", "targets: [], seconds: 60, replay: None");
        check_accepted("fuzz csv cursor --seconds 5", r#"targets: ["csv", "cursor"], seconds: 5"#);
        check_accepted("fuzz csv --replay a", r#"replay: Some("a")"#);
        check_accepted("deploy --dry-run", "dry_run: true");
        check_accepted("replay a.csv --zone UTC", r#"["a.csv", "--zone", "UTC"]"#);
        check_accepted("bench", "Bench { name: None, options: [] }");
        check_accepted("bench sql -- --statements", r#"Some(Sql), options: ["--statements"]"#);
    }

    #[test]
    fn invalid_options_are_rejected() {
        for (line, expected) in [
            ("", "Usage: cargo xtask <COMMAND>"),
            ("run", "'run'"),
            ("test --fast", "'--fast'"),
            ("dev --state --no-demo", "a value is required for '--state"),
            ("dev --port 0", "1..=65535"),
            ("dev --port 70000", "1..=65535"),
            ("soak --kills 0", "1..=1440"),
            ("soak --seed x", "'x'"),
            ("soak --quick --minutes 1", "cannot be used with"),
            ("conformance --quick --requests 500", "cannot be used with"),
            ("bench -- --statements", "required arguments were not provided"),
            ("bench speed", "'speed'"),
            ("replay", "required arguments were not provided"),
            ("fuzz --seconds 0", "1..=86400"),
            ("fuzz --replay a", "required arguments were not provided"),
            ("fuzz csv cursor --replay a", "--replay requires exactly one target"),
        ] {
            check_rejected(line, expected);
        }
    }

    #[test]
    fn dead_letters_options_are_accepted() {
        for (line, expected) in [
            ("list --limit 5 --status redriven", r#"status: Some("redriven")"#),
            ("groups --status redriven", r#"status: Some("redriven")"#),
            ("show a --state s", r#"state: "s""#),
            ("redrive --queue ai-analysis --group g --limit 500 --rate 10", "rate: Some(10)"),
            ("redrive --all --dry-run", "dry_run: true"),
            ("redrive --all --type t", r#"event_type: Some("t")"#),
            ("redrive a b --force --url u --operator ann", r#"url: Some("u")"#),
            ("redrive a --body f --note why", r#"body: Some("f")"#),
            ("discard --all --note why", r#"note: "why""#),
        ] {
            check_accepted(&format!("dead-letters {line}"), expected);
        }
    }

    #[test]
    fn contradictory_dead_letters_options_are_rejected() {
        for (line, expected) in [
            ("", "Usage: cargo xtask dead-letters"),
            ("eat", "'eat'"),
            ("redrive", "required arguments were not provided"),
            ("redrive a --queue q", "cannot be used with"),
            ("redrive a --all", "cannot be used with"),
            ("redrive --all --force", "cannot be used with"),
            ("redrive --all --body f", "cannot be used with"),
            ("redrive a b --body f", "--body requires exactly one id"),
            ("redrive a --body f --dry-run", "cannot be used with"),
            ("redrive --all --limit 0", "'0'"),
            ("redrive --all --rate x", "'x'"),
            ("discard --all", "--note <TEXT>"),
            ("discard --all --note", "a value is required"),
            ("discard --note x", "required arguments were not provided"),
            ("discard a --note x --rate 1", "'--rate'"),
            ("show", "<ID>"),
            ("show a b", "'b'"),
            ("show a --queue q", "'--queue'"),
            ("groups --limit 5", "'--limit'"),
            ("list a", "'a'"),
            ("list --dry-run", "'--dry-run'"),
        ] {
            check_rejected(&format!("dead-letters {line}"), expected);
        }
    }
}
