//! Training load over days: how the last week compares with the weeks before (acute against
//! chronic), and how alike its days were (monotony and strain).
//!
//! A day's load is any measure that adds up, always the same one: tonnage, hard sets, session RPE
//! × minutes. Days are dense and in order, the oldest first and the last one the day in question;
//! a rest day is 0. The numbers describe load: none of them foretells an injury (contested by
//! Impellizzeri 2020), so a high ratio is a *load spike* and nothing more.

use serde::{Deserialize, Serialize};

/// Days of the acute load: one week (Gabbett 2016).
pub const ACUTE_DAYS: usize = 7;
/// Days of the chronic load: four weeks where it holds the acute one (coupled), else the three
/// before it (Gabbett 2016; Lolli 2019 and Windt & Gabbett 2019 for the uncoupled form).
pub const CHRONIC_DAYS: usize = 28;

/// A week, the last day last.
pub type WeekOfLoads = [f64; ACUTE_DAYS];

/// The load of late against the load the athlete is used to, both in load per day.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AcuteChronic {
    /// The mean day of late.
    pub acute: f64,
    /// The mean day of the time before.
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

    /// Acute over chronic, without unit; `None` after weeks of nothing, which no load compares to.
    pub fn ratio(self) -> Option<f64> {
        (self.chronic > 0.0).then(|| self.acute / self.chronic)
    }
}

/// How alike the days of a week were, and what that made of it (Foster 1998).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Monotony {
    /// Mean day over standard deviation, without unit.
    pub monotony: f64,
    /// The week's load × monotony, in the unit of the load.
    pub strain: f64,
}

/// By what the squares are divided in a standard deviation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deviation {
    /// n: the seven days are the whole week. The one we judge by (ours; Foster does not say).
    Population,
    /// n − 1, as many spreadsheets do; for comparison with other tools.
    Sample,
}

/// The monotony of a week. `None` when all days were alike: their deviation is 0, and a monotony
/// without bound says nothing.
pub fn monotony(week: &WeekOfLoads, deviation: Deviation) -> Option<Monotony> {
    let [first, rest @ ..] = week;
    // Compared day by day: the deviation of alike days can come out a little over 0.
    #[expect(clippy::float_cmp, reason = "alike means the same number")]
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

/// Of a slice that is not empty.
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

#[expect(clippy::cast_precision_loss, reason = "days of one life")]
fn number(days: usize) -> f64 {
    days as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_near(found: f64, wanted: f64, what: &str) {
        assert!((found - wanted).abs() <= 0.000_5, "{what}: {found}, not {wanted}");
    }

    fn days(parts: &[(usize, f64)]) -> Vec<f64> {
        parts.iter().flat_map(|(count, load)| vec![*load; *count]).collect()
    }

    #[test]
    fn a_week_of_double_load_after_three_of_a_hundred() {
        let spike = days(&[(21, 100.0), (7, 200.0)]);
        let check = |load: Option<AcuteChronic>, ratio: f64, what: &str| {
            assert_near(load.unwrap().ratio().unwrap(), ratio, what);
        };
        check(AcuteChronic::coupled(&spike), 1.600, "coupled");
        check(AcuteChronic::uncoupled(&spike), 2.000, "uncoupled");
        check(AcuteChronic::exponentially_weighted(&spike), 1.339, "exponentially weighted");
        assert_eq!(
            AcuteChronic::uncoupled(&spike),
            Some(AcuteChronic { acute: 200.0, chronic: 100.0 })
        );
        // What is older than four weeks is no part of either mean.
        let longer = days(&[(30, 900.0), (21, 100.0), (7, 200.0)]);
        check(AcuteChronic::coupled(&longer), 1.600, "coupled, of more days");
        check(AcuteChronic::uncoupled(&longer), 2.000, "uncoupled, of more days");
    }

    #[test]
    fn four_weeks_are_needed() {
        let short = days(&[(27, 100.0)]);
        assert_eq!(AcuteChronic::coupled(&short), None);
        assert_eq!(AcuteChronic::uncoupled(&short), None);
        assert_eq!(AcuteChronic::exponentially_weighted(&short), None);
        assert_eq!(AcuteChronic::uncoupled(&[]), None);
    }

    #[test]
    fn nothing_before_gives_no_ratio() {
        let first_week = days(&[(21, 0.0), (7, 200.0)]);
        assert_eq!(AcuteChronic::uncoupled(&first_week).unwrap().ratio(), None);
        assert_near(AcuteChronic::coupled(&first_week).unwrap().ratio().unwrap(), 4.0, "coupled");
        assert_eq!(AcuteChronic::coupled(&days(&[(28, 0.0)])).unwrap().ratio(), None);
    }

    #[test]
    fn monotony_and_strain_are_those_of_the_worked_examples() {
        let check = |week: WeekOfLoads, population: f64, sample: f64| {
            let of = |deviation| monotony(&week, deviation).unwrap();
            assert_near(of(Deviation::Population).monotony, population, "population");
            assert_near(of(Deviation::Sample).monotony, sample, "sample");
        };
        let three_days = [300.0, 0.0, 300.0, 0.0, 300.0, 0.0, 0.0];
        check(three_days, 0.866, 0.802);
        check([600.0, 200.0, 400.0, 500.0, 100.0, 650.0, 0.0], 1.492, 1.382);
        let strain = monotony(&three_days, Deviation::Population).unwrap().strain;
        assert!((strain - 779.4).abs() <= 0.05, "{strain}");
    }

    #[test]
    fn days_that_are_all_alike_have_no_monotony() {
        for load in [0.0, 0.1, 300.0] {
            for deviation in [Deviation::Population, Deviation::Sample] {
                assert_eq!(monotony(&[load; ACUTE_DAYS], deviation), None, "{load}");
            }
        }
    }
}
