//! The printed result of a soak.

use super::client::RequestCounts;
use super::comparison::Comparison;
use super::databases::Outgoing;
use anyhow::{Result, bail};
use std::time::Duration;

/// The first differences suffice to find the cause.
const PRINTED_DIFFERENCES_MAX: usize = 20;

/// The result of a soak.
pub struct Report {
    pub kills: Vec<Kill>,
    pub counts: RequestCounts,
    pub comparison: Comparison,
    /// The seconds of each outage of the databases.
    pub outages: Vec<f64>,
    /// All dead letters, and those that are open or wait for their redrive.
    pub dead_letters: (i64, i64),
    pub outgoing: Outgoing,
    /// The emails that the mail service received.
    pub emails: usize,
    /// The different deliveries that the receiver got, and the repeats.
    pub deliveries: (usize, usize),
    /// Workouts that the sweep resent, because their events were lost or late.
    pub resent: u64,
    pub recovered_after: Duration,
    pub total: Duration,
}

/// A kill of the runtime.
pub struct Kill {
    pub in_flight: usize,
    pub restart: Duration,
}

impl Report {
    /// Prints the figures and the first differences. Any difference or dead letter is an error.
    pub fn print(&self) -> Result<()> {
        let Self { counts, comparison, .. } = self;
        let restarts = self.kills.iter().map(|kill| kill.restart.as_secs_f64());
        let in_flight: usize = self.kills.iter().map(|kill| kill.in_flight).sum();
        println!("\nkills                     {:>6}", self.kills.len());
        println!("  requests in flight      {in_flight:>6}");
        println!("  longest restart         {:>6.1} s", restarts.fold(0.0, f64::max));
        println!("outages of the databases  {:>6}", self.outages.len());
        println!(
            "  longest                 {:>6.1} s",
            self.outages.iter().copied().fold(0.0, f64::max)
        );
        println!("workouts created (201)    {:>6}", counts.posted);
        println!("  logged live             {:>6}", counts.live);
        println!("  their sets              {:>6}", counts.live_sets);
        println!("  changed (200)           {:>6}", counts.changed);
        println!("  deleted                 {:>6}", counts.deleted);
        println!("retried, no response      {:>6}", counts.retried);
        println!("repeated after response   {:>6}", counts.repeated);
        println!("responses of 500 and more {:>6}", counts.server_errors);
        println!("resent by the sweep       {:>6}", self.resent);
        println!("accepted, not deleted     {:>6}", comparison.accepted);
        println!("counted                   {:>6}", comparison.counted);
        println!("  lost                    {:>6}", comparison.lost);
        println!("  duplicates              {:>6}", comparison.duplicates);
        println!("notifications             {:>6}", comparison.notifications);
        println!("  duplicates              {:>6}", comparison.duplicate_notifications);
        println!("emails to be sent         {:>6}", self.outgoing.of("email: sent"));
        println!("  received                {:>6}", self.emails);
        println!(
            "  over the daily limit    {:>6}",
            self.outgoing.of("email: over the daily limit")
        );
        println!("deliveries to be sent     {:>6}", self.outgoing.of("delivery: delivered"));
        println!("  received                {:>6}", self.deliveries.0);
        println!("  repeats of interrupted  {:>6}", self.deliveries.1);
        println!("dead letters              {:>6}", self.dead_letters.0);
        println!("  left                    {:>6}", self.dead_letters.1);
        println!("recovered after           {:>6.1} s", self.recovered_after.as_secs_f64());
        println!("total                     {:>6.1} s\n", self.total.as_secs_f64());
        for difference in comparison.differences.iter().take(PRINTED_DIFFERENCES_MAX) {
            println!("{difference}");
        }
        let differences = comparison.differences.len();
        if differences > 0 || self.dead_letters.1 > 0 {
            bail!("{differences} differences, {} dead letters left", self.dead_letters.1);
        }
        Ok(())
    }
}
