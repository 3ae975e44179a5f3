//! The printed result of a soak.

use super::client::RequestCounts;
use super::comparison::Comparison;
use anyhow::{Result, bail};
use std::time::Duration;

/// The first differences suffice to find the cause.
const PRINTED_DIFFERENCES_MAX: usize = 20;

/// The result of a soak.
pub struct Report {
    pub kills: Vec<Kill>,
    pub counts: RequestCounts,
    pub comparison: Comparison,
    pub dead_letters: i64,
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
        println!("workouts created (201)    {:>6}", counts.posted);
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
        println!("dead letters              {:>6}", self.dead_letters);
        println!("recovered after           {:>6.1} s", self.recovered_after.as_secs_f64());
        println!("total                     {:>6.1} s\n", self.total.as_secs_f64());
        for difference in comparison.differences.iter().take(PRINTED_DIFFERENCES_MAX) {
            println!("{difference}");
        }
        let differences = comparison.differences.len();
        if differences > 0 || self.dead_letters > 0 {
            bail!("{differences} differences, {} dead letters", self.dead_letters);
        }
        Ok(())
    }
}
