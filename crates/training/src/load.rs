//! Training load over days: acute and chronic load, monotony and strain.
//!
//! The load of a day is any additive measure: tonnage, hard sets, session RPE × minutes. Series
//! contain every day, the oldest first; a rest day is 0. A high acute:chronic ratio is a *load
//! spike*, not a prediction of injury: Impellizzeri 2020 contests the latter.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Number of days of the acute load: one week (Gabbett 2016).
pub const ACUTE_DAYS: usize = 7;
/// Number of days that acute and chronic load need: four weeks (Gabbett 2016).
pub const CHRONIC_DAYS: usize = 28;

/// The loads of the days of a week, in order.
pub type WeekOfLoads = [f64; ACUTE_DAYS];

/// The recent load and the load that the athlete is used to, both per day.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AcuteChronic {
    pub acute: f64,
    pub chronic: f64,
}

impl AcuteChronic {
    /// Compares the last 7 days with the 21 before them. The coupled form counts the acute load in
    /// both means, which biases the ratio (Lolli 2019; Windt & Gabbett 2019), so rules use this one.
    ///
    /// `None` with fewer than [`CHRONIC_DAYS`] days.
    pub fn uncoupled(days: &[f64]) -> Option<Self> {
        let month = days.last_chunk::<CHRONIC_DAYS>()?;
        let (before, acute) = month.split_last_chunk::<ACUTE_DAYS>()?;
        Some(Self { acute: mean(acute), chronic: mean(before) })
    }

    /// Compares the last 7 days with the last 28, which include them; for comparison with other
    /// tools.
    ///
    /// `None` with fewer than [`CHRONIC_DAYS`] days.
    pub fn coupled(days: &[f64]) -> Option<Self> {
        let month = days.last_chunk::<CHRONIC_DAYS>()?;
        let acute = month.last_chunk::<ACUTE_DAYS>()?;
        Some(Self { acute: mean(acute), chronic: mean(month) })
    }

    /// Compares the exponentially weighted means of 7 and of 28 days, each over all days given and
    /// seeded with the first: λ = 2 / (N + 1) (Williams 2017).
    ///
    /// `None` with fewer than [`CHRONIC_DAYS`] days.
    pub fn exponentially_weighted(days: &[f64]) -> Option<Self> {
        days.last_chunk::<CHRONIC_DAYS>()?;
        let acute = weighted_mean(days, ACUTE_DAYS)?;
        let chronic = weighted_mean(days, CHRONIC_DAYS)?;
        Some(Self { acute, chronic })
    }

    /// Returns acute / chronic load, or `None` if the chronic load is 0.
    pub fn ratio(self) -> Option<f64> {
        (self.chronic > 0.0).then(|| self.acute / self.chronic)
    }
}

/// The monotony and the strain of a week (Foster 1998).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Monotony {
    /// Mean daily load / its standard deviation.
    pub monotony: f64,
    /// The week's load × monotony.
    pub strain: f64,
}

/// The divisor of a standard deviation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deviation {
    /// n, since the seven days are the whole week. Rules use this one (a project default: Foster
    /// does not specify it).
    Population,
    /// n − 1, for comparison with other tools.
    Sample,
}

/// Computes the monotony of a week. `None` if all days are equal: the standard deviation is 0 then,
/// and the monotony is undefined.
pub fn monotony(week: &WeekOfLoads, deviation: Deviation) -> Option<Monotony> {
    let [first, rest @ ..] = week;
    // Rounding can make the standard deviation of equal days slightly positive.
    #[expect(clippy::float_cmp, reason = "equal means the same number")]
    if rest.iter().all(|day| day == first) {
        return None;
    }
    let mean = mean(week);
    let squares: f64 = week.iter().map(|day| (day - mean).powi(2)).sum();
    let divisor = match deviation {
        Deviation::Population => count(week),
        Deviation::Sample => count(week) - 1.0,
    };
    let monotony = mean / (squares / divisor).sqrt();
    Some(Monotony { monotony, strain: week.iter().sum::<f64>() * monotony })
}

/// Requires at least one day.
fn mean(days: &[f64]) -> f64 {
    days.iter().sum::<f64>() / count(days)
}

fn weighted_mean(days: &[f64], span_days: usize) -> Option<f64> {
    let weight = 2.0 / (number(span_days) + 1.0);
    let (first, rest) = days.split_first()?;
    Some(rest.iter().fold(*first, |mean, day| weight * day + (1.0 - weight) * mean))
}

fn count(days: &[f64]) -> f64 {
    number(days.len())
}

#[expect(clippy::cast_precision_loss, reason = "days of a lifetime")]
fn number(days: usize) -> f64 {
    days as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_near(actual: f64, expected: f64, name: &str) {
        assert!((actual - expected).abs() <= 0.000_5, "{name}: {actual}, not {expected}");
    }

    fn days(parts: &[(usize, f64)]) -> Vec<f64> {
        parts.iter().flat_map(|(count, load)| vec![*load; *count]).collect()
    }

    #[test]
    fn ratio_of_a_week_of_double_load() {
        let spike = days(&[(21, 100.0), (7, 200.0)]);
        let check = |load: Option<AcuteChronic>, ratio: f64, name: &str| {
            assert_near(load.unwrap().ratio().unwrap(), ratio, name);
        };
        check(AcuteChronic::coupled(&spike), 1.600, "coupled");
        check(AcuteChronic::uncoupled(&spike), 2.000, "uncoupled");
        check(AcuteChronic::exponentially_weighted(&spike), 1.339, "exponentially weighted");
        assert_eq!(
            AcuteChronic::uncoupled(&spike),
            Some(AcuteChronic { acute: 200.0, chronic: 100.0 })
        );
        // Neither mean includes days older than four weeks.
        let longer = days(&[(30, 900.0), (21, 100.0), (7, 200.0)]);
        check(AcuteChronic::coupled(&longer), 1.600, "coupled, of more days");
        check(AcuteChronic::uncoupled(&longer), 2.000, "uncoupled, of more days");
    }

    #[test]
    fn acute_chronic_load_requires_four_weeks() {
        let short = days(&[(27, 100.0)]);
        assert_eq!(AcuteChronic::coupled(&short), None);
        assert_eq!(AcuteChronic::uncoupled(&short), None);
        assert_eq!(AcuteChronic::exponentially_weighted(&short), None);
        assert_eq!(AcuteChronic::uncoupled(&[]), None);
    }

    #[test]
    fn ratio_is_undefined_without_chronic_load() {
        let first_week = days(&[(21, 0.0), (7, 200.0)]);
        assert_eq!(AcuteChronic::uncoupled(&first_week).unwrap().ratio(), None);
        assert_near(AcuteChronic::coupled(&first_week).unwrap().ratio().unwrap(), 4.0, "coupled");
        assert_eq!(AcuteChronic::coupled(&days(&[(28, 0.0)])).unwrap().ratio(), None);
    }

    #[test]
    fn monotony_and_strain_match_worked_examples() {
        let check = |week: WeekOfLoads, population: f64, sample: f64| {
            let with = |deviation| monotony(&week, deviation).unwrap().monotony;
            assert_near(with(Deviation::Population), population, "population");
            assert_near(with(Deviation::Sample), sample, "sample");
        };
        let three_days = [300.0, 0.0, 300.0, 0.0, 300.0, 0.0, 0.0];
        check(three_days, 0.866, 0.802);
        check([600.0, 200.0, 400.0, 500.0, 100.0, 650.0, 0.0], 1.492, 1.382);
        let strain = monotony(&three_days, Deviation::Population).unwrap().strain;
        assert!((strain - 779.4).abs() <= 0.05, "{strain}");
    }

    #[test]
    fn monotony_of_equal_days_is_undefined() {
        for load in [0.0, 0.1, 300.0] {
            for deviation in [Deviation::Population, Deviation::Sample] {
                assert_eq!(monotony(&[load; ACUTE_DAYS], deviation), None, "{load}");
            }
        }
    }
}
