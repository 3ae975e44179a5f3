//! The databases under the running workers: an outage of all of them, and the emails and deliveries in
//! them.

use crate::process;
use crate::project::Toolchain;
use crate::state::StateDir;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::process::Command;

const SCRIPT: &str = include_str!("databases.mjs");
/// The folder of wrangler's D1 databases in a state directory.
const FOLDER: &str = "v3/d1/miniflare-D1DatabaseObject";

/// The local databases of a stack.
#[derive(Clone, Copy)]
pub struct Databases<'a> {
    pub tools: &'a Toolchain<'a>,
    pub state: &'a StateDir,
}

impl Databases<'_> {
    /// Makes every statement of every database fail.
    pub fn take_away(self) -> Result<()> {
        process::run(&mut self.command("take-away"), "taking the databases away")
    }

    /// Ends the outage.
    pub fn bring_back(self) -> Result<()> {
        process::run(&mut self.command("bring-back"), "bringing the databases back")
    }

    /// Counts emails and deliveries by their state.
    pub fn count(self) -> Result<Outgoing> {
        let counts = process::output_of(&mut self.command("count"));
        let counts: BTreeMap<String, usize> =
            serde_json::from_str(&counts.context("the databases cannot be read")?)?;
        Ok(Outgoing { counts })
    }

    fn command(self, action: &str) -> Command {
        let mut node = self.tools.command("node");
        node.args(["--disable-warning=ExperimentalWarning", "--input-type=module", "--eval"])
            .arg(SCRIPT)
            .arg("--")
            .arg(self.state.path(FOLDER))
            .arg(action);
        node
    }
}

/// The rows of emails and deliveries, by state.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outgoing {
    counts: BTreeMap<String, usize>,
}

impl Outgoing {
    /// The rows in one state, such as `email: sent`.
    pub fn of(&self, state: &str) -> usize {
        self.counts.get(state).copied().unwrap_or_default()
    }

    /// Whether something is still to be sent.
    pub fn is_waiting(&self) -> bool {
        self.of("email: waiting") + self.of("delivery: waiting") > 0
    }

    /// The states, with their rows, in which something is lost: neither sent nor over a limit that the
    /// athlete chose.
    pub fn lost(&self) -> impl Iterator<Item = String> + '_ {
        let done = ["email: sent", "email: over the daily limit", "delivery: delivered"];
        let lost = self.counts.iter().filter(move |(state, _)| !done.contains(&state.as_str()));
        lost.map(|(state, rows)| format!("{rows} × {state}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outgoing(counts: &[(&str, usize)]) -> Outgoing {
        let counts = counts.iter().map(|(state, rows)| ((*state).to_owned(), *rows));
        Outgoing { counts: counts.collect() }
    }

    #[test]
    fn rows_that_are_not_sent_are_lost() {
        let sent = outgoing(&[
            ("email: sent", 3),
            ("email: over the daily limit", 1),
            ("delivery: delivered", 9),
        ]);
        assert!(!sent.is_waiting());
        assert_eq!(sent.lost().count(), 0);
        let lost = outgoing(&[("email: rejected", 1), ("delivery: failed", 2), ("email: sent", 3)]);
        assert_eq!(
            lost.lost().collect::<Vec<_>>(),
            ["2 × delivery: failed", "1 × email: rejected"]
        );
        assert!(outgoing(&[("delivery: waiting", 1)]).is_waiting());
    }
}
