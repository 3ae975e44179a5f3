//! Trend of a lift or of the body weight over time: the Theil–Sen slope, which a few odd days do
//! not move, with its confidence interval.
//!
//! Source: Theil 1950 and Sen 1968 (J. Am. Stat. Assoc. 63:1379–1389), computed as
//! `scipy.stats.theilslopes` of scipy 1.17 does.

use serde::{Deserialize, Serialize};

/// The most points that are looked at, the newest: a year of daily ones (ours). Every pair gives a
/// slope, so the work grows with the square: 365 points are 66,430 slopes to sort.
pub const POINTS_MAX: usize = 365;

/// Under so many points there is no 95 % interval, whatever they say: even four in perfect order
/// come about by chance in 2 of 24 cases (Kendall's exact distribution), five in 2 of 120.
pub const INTERVAL_POINTS_MIN: usize = 5;

/// The two-sided 95 % quantile of the standard normal distribution.
const Z_95: f64 = 1.96;

/// How something changes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trend {
    /// The change per unit of x: with x in days and y in kilograms, kilograms per day.
    pub slope: f64,
    /// The low end of the 95 % confidence interval of the slope; see [`Trend::has_interval`].
    pub low: f64,
    /// The high end of it.
    pub high: f64,
    /// How many points it was found from.
    pub points: usize,
}

impl Trend {
    /// Whether `low` to `high` is a 95 % interval. With fewer than [`INTERVAL_POINTS_MIN`] points
    /// there is none to be had, and it is the range of all slopes.
    pub const fn has_interval(&self) -> bool {
        self.points >= INTERVAL_POINTS_MIN
    }
}

/// The trend of these `(x, y)`, in any order: the median slope of all pairs of different x.
///
/// Of more than [`POINTS_MAX`] points those with the highest x are taken. Points that are not
/// finite are left out. `None` with fewer than two different x.
///
/// The interval is that of Sen's equation 2.6: of N sorted slopes those C/2 places to either side
/// of the middle, where C = 1.96·σ, and σ² is less the more points share their x or their y. With
/// fewer than [`INTERVAL_POINTS_MIN`] points, and where ties leave a σ² below nothing (there scipy
/// has no number at all), it is the range of all slopes: no claim of more than we know.
pub fn theil_sen(points: &[(f64, f64)]) -> Option<Trend> {
    let points = newest(points);
    let slopes = slopes(&points);
    let slope = median_of_sorted(&slopes)?;
    let (low, high) = interval(&points, &slopes)?;
    Some(Trend { slope, low, high, points: points.len() })
}

/// At most [`POINTS_MAX`] finite points, by x.
fn newest(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let finite = |point: &&(f64, f64)| point.0.is_finite() && point.1.is_finite();
    let mut points: Vec<_> = points.iter().filter(finite).copied().collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points.split_off(points.len().saturating_sub(POINTS_MAX))
}

/// The slopes of all pairs of different x, sorted. The points must be sorted by x.
fn slopes(points: &[(f64, f64)]) -> Vec<f64> {
    let mut slopes = Vec::new();
    for (index, later) in points.iter().enumerate() {
        for earlier in points.iter().take(index).take_while(|earlier| earlier.0 < later.0) {
            slopes.push((later.1 - earlier.1) / (later.0 - earlier.0));
        }
    }
    slopes.sort_by(f64::total_cmp);
    slopes
}

/// The middle of these numbers, in any order; of an even number of them the mean of the two in the
/// middle. `None` of none.
pub fn median(mut numbers: Vec<f64>) -> Option<f64> {
    numbers.sort_by(f64::total_cmp);
    median_of_sorted(&numbers)
}

/// The middle of sorted numbers.
fn median_of_sorted(sorted: &[f64]) -> Option<f64> {
    let upper = sorted.len() / 2;
    let high = *sorted.get(upper)?;
    if sorted.len() % 2 == 1 {
        return Some(high);
    }
    let low = *sorted.get(upper.checked_sub(1)?)?;
    Some(f64::midpoint(low, high))
}

#[expect(clippy::cast_precision_loss, reason = "at most 365 points and 66,430 slopes")]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "held at 0 or more")]
fn interval(points: &[(f64, f64)], slopes: &[f64]) -> Option<(f64, f64)> {
    let last = slopes.len().checked_sub(1)?;
    let xs = points.iter().map(|point| point.0).collect();
    let ys = points.iter().map(|point| point.1).collect();
    let variance = (pairs_term(points.len()) - ties_term(xs) - ties_term(ys)) / 18.0;
    let (lower, upper) = if points.len() < INTERVAL_POINTS_MIN || variance < 0.0 {
        (0, last)
    } else {
        let (count, width) = (slopes.len() as f64, Z_95 * variance.sqrt());
        // numpy rounds halves to even.
        let lower = ((count - width) / 2.0).round_ties_even() - 1.0;
        let upper = f64::midpoint(count, width).round_ties_even();
        (lower.max(0.0) as usize, (upper as usize).min(last))
    };
    Some((*slopes.get(lower)?, *slopes.get(upper)?))
}

/// n(n−1)(2n+5), of all points or of those that share a value.
#[expect(clippy::cast_precision_loss, reason = "at most 365 points")]
fn pairs_term(count: usize) -> f64 {
    let n = count as f64;
    n * (n - 1.0) * (2.0 * n + 5.0)
}

/// What equal values take from the variance; one that stands alone takes nothing.
#[expect(clippy::float_cmp, reason = "a tie is the same value, entered twice")]
fn ties_term(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.chunk_by(|a, b| a == b).map(|same| pairs_term(same.len())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAYS: [f64; 8] = [0.0, 4.0, 7.0, 11.0, 14.0, 18.0, 21.0, 25.0];

    fn points(xs: &[f64], ys: &[f64]) -> Vec<(f64, f64)> {
        xs.iter().copied().zip(ys.iter().copied()).collect()
    }

    fn check(points: &[(f64, f64)], slope: f64, low: f64, high: f64) {
        let trend = theil_sen(points).unwrap();
        let found = [trend.slope, trend.low, trend.high];
        for (found, wanted) in found.iter().zip([slope, low, high]) {
            assert!((found - wanted).abs() <= 0.000_05, "{points:?}: {trend:?}, not {wanted}");
        }
    }

    #[test]
    fn the_slopes_and_intervals_are_those_of_scipy() {
        let golden = |ys: [f64; 8], slope, low, high| {
            let mut points = points(&DAYS, &ys);
            check(&points, slope, low, high);
            points.reverse();
            check(&points, slope, low, high);
        };
        golden([100.0, 101.0, 100.5, 102.0, 102.5, 103.0, 103.5, 104.5], 0.1667, 0.1429, 0.2222);
        golden([104.0, 103.5, 104.2, 103.8, 104.1, 103.9, 104.0, 103.7], -0.00635, -0.0286, 0.0294);
        golden([110.0, 109.0, 108.5, 108.0, 107.0, 106.5, 105.0, 104.0], -0.2367, -0.2857, -0.1818);
    }

    #[test]
    fn the_median_is_the_middle_or_between_the_two_in_the_middle() {
        let check = |numbers: &[f64], middle| assert_eq!(median(numbers.to_vec()), middle);
        check(&[], None);
        check(&[3.0], Some(3.0));
        check(&[9.0, 1.0, 4.0], Some(4.0));
        check(&[9.0, 1.0, 4.0, 2.0], Some(3.0));
    }

    #[test]
    fn points_of_the_same_day_give_no_slope_among_themselves() {
        // Slopes 1, 2, 2, 3 of the pairs across the two days.
        let two_days = points(&[0.0, 0.0, 1.0, 1.0], &[1.0, 2.0, 3.0, 4.0]);
        check(&two_days, 2.0, 1.0, 3.0);
    }

    #[test]
    fn equal_values_narrow_the_interval() {
        // N = 28 slopes, n = 8, four values twice each: σ² = (8·7·21 − 4·2·1·9) / 18 = 61.33,
        // C = 15.35, so the slopes 5 and 22, counted from 0.
        let ys = [1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0];
        let pairs = points(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], &ys);
        let all = slopes(&newest(&pairs));
        assert_eq!(all.len(), 28);
        check(&pairs, 0.5, all[5], all[22]);
        // All the same: no trend, and no doubt about it.
        check(&points(&DAYS, &[80.0; 8]), 0.0, 0.0, 0.0);
    }

    #[test]
    fn without_a_95_percent_interval_it_is_the_range_of_all_slopes() {
        let four = points(&[0.0, 1.0, 2.0, 3.0], &[0.0, 1.0, 3.0, 6.0]);
        check(&four, 2.0, 1.0, 3.0);
        assert!(!theil_sen(&four).unwrap().has_interval());
        check(&points(&[0.0, 2.0], &[1.0, 2.0]), 0.5, 0.5, 0.5);
        // Ties on both sides leave a variance below nothing.
        let mut tied = vec![(0.0, 1.0); 6];
        tied.extend([(0.0, 5.0), (1.0, 1.0)]);
        check(&tied, 0.0, -4.0, 0.0);
        assert!(theil_sen(&tied).unwrap().has_interval());
    }

    #[test]
    fn two_different_x_are_needed() {
        assert_eq!(theil_sen(&[]), None);
        assert_eq!(theil_sen(&[(1.0, 1.0)]), None);
        assert_eq!(theil_sen(&[(1.0, 1.0), (1.0, 2.0)]), None);
        assert_eq!(theil_sen(&[(1.0, 1.0), (f64::NAN, 2.0), (2.0, f64::INFINITY)]), None);
    }

    #[test]
    fn only_the_newest_points_are_looked_at() {
        // Falling for long, then rising for as many points as are looked at.
        let count = u32::try_from(POINTS_MAX).unwrap();
        let rising = (0..count).map(|day| (f64::from(day), f64::from(day)));
        let falling = (1..=50).map(|day| (-f64::from(day), f64::from(day) * 1_000.0));
        let trend = theil_sen(&rising.chain(falling).collect::<Vec<_>>()).unwrap();
        assert_eq!(trend, Trend { slope: 1.0, low: 1.0, high: 1.0, points: POINTS_MAX });
    }
}
