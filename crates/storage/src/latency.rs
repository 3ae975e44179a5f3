//! Event latencies, counted in buckets: a fixed size, and two histograms can be added.

use serde::{Deserialize, Serialize};

/// The upper bounds of the buckets, in milliseconds; one more bucket is above the last. 1-2-3-5-7
/// in each decade gives a quantile to within a third. Stored counts depend on them: a change
/// misreads the counts of the last two days.
const BOUNDS_MS: [i64; 24] = [
    10, 20, 30, 50, 70, 100, 200, 300, 500, 700, 1_000, 2_000, 3_000, 5_000, 7_000, 10_000, 20_000,
    30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000,
];

/// A histogram of latencies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LatencyHistogram(Vec<u64>);

impl Default for LatencyHistogram {
    fn default() -> Self {
        Self(vec![0; BOUNDS_MS.len() + 1])
    }
}

impl LatencyHistogram {
    /// Counts one latency, in milliseconds. A negative one counts as 0.
    pub fn record(&mut self, latency_ms: i64) {
        self.add(BOUNDS_MS.partition_point(|bound| *bound <= latency_ms), 1);
    }

    /// Adds `count` to a bucket. An unknown bucket is ignored.
    pub fn add(&mut self, bucket: usize, count: u64) {
        if let Some(slot) = self.0.get_mut(bucket) {
            *slot += count;
        }
    }

    /// Adds another histogram.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, count) in other.0.iter().enumerate() {
            self.add(bucket, *count);
        }
    }

    /// Returns a percentile in milliseconds, interpolated within its bucket; at most the last
    /// bound. `None` if the histogram is empty.
    pub fn percentile_ms(&self, percent: u64) -> Option<i64> {
        let total: u64 = self.0.iter().sum();
        let rank = (total * percent).div_ceil(100).max(1);
        let mut below = 0;
        let mut lower = 0;
        for (bucket, count) in self.0.iter().enumerate() {
            let upper = BOUNDS_MS.get(bucket).copied().unwrap_or(lower);
            if below + count >= rank {
                let within = i64::try_from(rank - below).ok()?;
                return Some(lower + (upper - lower) * within / i64::try_from(*count).ok()?);
            }
            below += count;
            lower = upper;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(latencies: &[i64], median_ms: Option<i64>, most_ms: Option<i64>) {
        let mut counted = LatencyHistogram::default();
        for latency in latencies {
            counted.record(*latency);
        }
        let read = (counted.percentile_ms(50), counted.percentile_ms(95));
        assert_eq!(read, (median_ms, most_ms), "{latencies:?}");
    }

    #[test]
    fn percentiles_are_interpolated_within_a_bucket() {
        check(&[], None, None);
        check(&[-5], Some(10), Some(10));
        check(&[0], Some(10), Some(10));
        check(&[10], Some(20), Some(20));
        check(&[1_999; 100], Some(1_500), Some(1_950));
        check(&[i64::MAX], Some(3_600_000), Some(3_600_000));
        let mixed: Vec<_> = [[15; 90].as_slice(), &[40_000; 10]].concat();
        check(&mixed, Some(15), Some(45_000));
    }

    #[test]
    fn two_counts_add_up_to_the_count_of_both() {
        let (mut few, mut more, mut both) =
            (LatencyHistogram::default(), LatencyHistogram::default(), LatencyHistogram::default());
        for latency in [5, 80, 4_000, 7_200_000] {
            few.record(latency);
            both.record(latency);
        }
        for latency in [80, 81, 999] {
            more.record(latency);
            both.record(latency);
        }
        few.merge(&more);
        assert_eq!(few, both);
        let text = serde_json::to_string(&few).unwrap();
        assert_eq!(serde_json::from_str::<LatencyHistogram>(&text).unwrap(), both);
    }
}
