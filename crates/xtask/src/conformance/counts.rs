//! Counts of responses by operation and status, and the share that an operation must accept.

use serde::Deserialize;
use std::collections::BTreeMap;

/// An operation that accepts fewer of its requests was hardly tested.
pub const SHARE_MIN_PERCENT: u64 = 20;

/// Responses by operation, then by status. Requests with a method that the path does not have are
/// counted under a name that is no number.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Counts(BTreeMap<String, BTreeMap<String, u64>>);

impl Counts {
    /// Adds the counts of another run.
    pub fn add(&mut self, other: Self) {
        for (operation, statuses) in other.0 {
            let sums = self.0.entry(operation).or_default();
            for (status, count) in statuses {
                *sums.entry(status).or_default() += count;
            }
        }
    }

    /// Returns the number of all requests.
    pub fn requests(&self) -> u64 {
        self.0.values().flat_map(BTreeMap::values).sum()
    }

    /// Returns those of the operations with too few responses of 2xx, and those without a request.
    pub fn operations_under_share(&self, operations: &[String]) -> Vec<String> {
        let is_under = |operation: &&String| {
            self.0
                .get(*operation)
                .is_none_or(|statuses| share_percent(statuses) < SHARE_MIN_PERCENT)
        };
        operations.iter().filter(is_under).cloned().collect()
    }

    /// Prints a row for each operation, and the sums.
    pub fn print(&self) {
        println!("\nrequests   2xx  statuses");
        for (operation, statuses) in &self.0 {
            let by_status: Vec<_> =
                statuses.iter().map(|(status, count)| format!("{status}: {count}")).collect();
            let (requests, share) = (statuses.values().sum::<u64>(), share_percent(statuses));
            println!("{requests:>8}  {share:>3} %  {operation:<58}  {}", by_status.join(", "));
        }
        println!("{:>8}  requests, {} operations", self.requests(), self.0.len());
    }
}

/// Returns the percentage of 2xx among the responses to requests with the operation's method.
fn share_percent(statuses: &BTreeMap<String, u64>) -> u64 {
    let numbers =
        statuses.iter().filter_map(|(status, count)| Some((status.parse::<u16>().ok()?, *count)));
    let (mut accepted, mut all) = (0, 0);
    for (status, count) in numbers {
        all += count;
        accepted += if (200..300).contains(&status) { count } else { 0 };
    }
    (100 * accepted).checked_div(all).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(text: &str) -> Counts {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn counts_of_runs_are_added() {
        let mut sums = counts(r#"{"GET /a":{"200":3,"404":1}}"#);
        sums.add(counts(r#"{"GET /a":{"200":2,"other methods":4},"POST /a":{"201":1}}"#));
        assert_eq!(sums.requests(), 11);
        assert_eq!(sums.0["GET /a"]["200"], 5);
    }

    #[test]
    fn operations_under_their_share_are_returned() {
        let sums = counts(
            r#"{"GET /a":{"200":1,"304":1,"404":3,"other methods":90},"GET /b":{"200":19,"422":81}}"#,
        );
        let all = ["GET /a", "GET /b", "GET /c"].map(str::to_owned);
        assert_eq!(sums.operations_under_share(&all), ["GET /b", "GET /c"]);
    }
}
