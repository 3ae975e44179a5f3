//! The trend of a lift over time: the Theil–Sen slope, which is robust against outliers, with its
//! confidence interval.
//!
//! Source: Theil 1950 and Sen 1968 (J. Am. Stat. Assoc. 63:1379–1389), computed as
//! `scipy.stats.theilslopes` of scipy 1.17 does. Limits without a source are project defaults.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Maximum number of points that [`theil_sen`] uses: a year of daily ones. Each pair gives a slope,
/// so 365 points give 66,430 slopes to sort.
pub const POINTS_MAX: usize = 365;

/// Minimum number of points for a 95 % interval: four random points are in perfect order in 2 of 24
/// cases (Kendall's exact distribution), five in 2 of 120.
pub const INTERVAL_POINTS_MIN: usize = 5;

/// The two-sided 95 % quantile of the standard normal distribution.
const Z_95: f64 = 1.96;

/// The change of a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Trend {
    /// The change per unit of x: with x in days and y in kilograms, kilograms per day.
    pub slope: f64,
    /// The lower bound of the 95 % confidence interval of the slope; see [`Trend::has_interval`].
    pub low: f64,
    pub high: f64,
    pub points: usize,
}

impl Trend {
    /// Whether `low` to `high` is a 95 % interval. With fewer than [`INTERVAL_POINTS_MIN`] points it
    /// is the range of all slopes.
    pub const fn has_interval(&self) -> bool {
        self.points >= INTERVAL_POINTS_MIN
    }
}

/// Computes the trend of points `(x, y)` in any order: the median slope of all pairs with different
/// x.
///
/// Uses the [`POINTS_MAX`] points with the highest x and ignores points that are not finite. `None`
/// with fewer than two different x.
///
/// The interval is that of Sen's equation 2.6: of N sorted slopes those C/2 ranks below and above
/// the middle, where C = 1.96·σ; ties in x or y reduce σ². With fewer than [`INTERVAL_POINTS_MIN`]
/// points, and if ties make σ² negative (scipy returns no number then), it is the range of all
/// slopes.
pub fn theil_sen(points: &[(f64, f64)]) -> Option<Trend> {
    let points = newest(points);
    let slopes = slopes(&points);
    let slope = median_of_sorted(&slopes)?;
    let (low, high) = interval(&points, &slopes)?;
    Some(Trend { slope, low, high, points: points.len() })
}

/// Returns the [`POINTS_MAX`] finite points with the highest x, sorted by x.
fn newest(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let finite = |point: &&(f64, f64)| point.0.is_finite() && point.1.is_finite();
    let mut points: Vec<_> = points.iter().filter(finite).copied().collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points.split_off(points.len().saturating_sub(POINTS_MAX))
}

/// Returns the sorted slopes of all pairs with different x. The points must be sorted by x.
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

/// Returns the median of numbers in any order, or `None` if there are none.
pub fn median(mut numbers: Vec<f64>) -> Option<f64> {
    numbers.sort_by(f64::total_cmp);
    median_of_sorted(&numbers)
}

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
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at least 0")]
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

/// Returns n(n−1)(2n+5).
#[expect(clippy::cast_precision_loss, reason = "at most 365 points")]
fn pairs_term(count: usize) -> f64 {
    let n = count as f64;
    n * (n - 1.0) * (2.0 * n + 5.0)
}

/// Returns the reduction of the variance by ties: the sum of [`pairs_term`] over groups of equal
/// values.
#[expect(clippy::float_cmp, reason = "a tie is the same value entered twice")]
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
        let actual = [trend.slope, trend.low, trend.high];
        for (actual, expected) in actual.iter().zip([slope, low, high]) {
            assert!((actual - expected).abs() <= 0.000_05, "{points:?}: {trend:?}, not {expected}");
        }
    }

    #[test]
    fn slopes_and_intervals_match_scipy() {
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
    fn median_of_an_even_count_is_the_mean_of_two() {
        let check = |numbers: &[f64], middle| assert_eq!(median(numbers.to_vec()), middle);
        check(&[], None);
        check(&[3.0], Some(3.0));
        check(&[9.0, 1.0, 4.0], Some(4.0));
        check(&[9.0, 1.0, 4.0, 2.0], Some(3.0));
    }

    #[test]
    fn pairs_with_equal_x_give_no_slope() {
        // The pairs across the two days have the slopes 1, 2, 2 and 3.
        let two_days = points(&[0.0, 0.0, 1.0, 1.0], &[1.0, 2.0, 3.0, 4.0]);
        check(&two_days, 2.0, 1.0, 3.0);
    }

    #[test]
    fn ties_narrow_the_interval() {
        // N = 28 slopes, n = 8, four values twice each: σ² = (8·7·21 − 4·2·1·9) / 18 = 61.33,
        // C = 15.35, so the bounds are the slopes 5 and 22, counted from 0.
        let ys = [1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0];
        let pairs = points(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], &ys);
        let all = slopes(&newest(&pairs));
        assert_eq!(all.len(), 28);
        check(&pairs, 0.5, all[5], all[22]);
        // All values equal: no trend, with certainty.
        check(&points(&DAYS, &[80.0; 8]), 0.0, 0.0, 0.0);
    }

    #[test]
    fn interval_falls_back_to_the_range_of_all_slopes() {
        let four = points(&[0.0, 1.0, 2.0, 3.0], &[0.0, 1.0, 3.0, 6.0]);
        check(&four, 2.0, 1.0, 3.0);
        assert!(!theil_sen(&four).unwrap().has_interval());
        check(&points(&[0.0, 2.0], &[1.0, 2.0]), 0.5, 0.5, 0.5);
        // Ties in x and y make the variance negative.
        let mut tied = vec![(0.0, 1.0); 6];
        tied.extend([(0.0, 5.0), (1.0, 1.0)]);
        check(&tied, 0.0, -4.0, 0.0);
        assert!(theil_sen(&tied).unwrap().has_interval());
    }

    #[test]
    fn trend_requires_two_different_x() {
        assert_eq!(theil_sen(&[]), None);
        assert_eq!(theil_sen(&[(1.0, 1.0)]), None);
        assert_eq!(theil_sen(&[(1.0, 1.0), (1.0, 2.0)]), None);
        assert_eq!(theil_sen(&[(1.0, 1.0), (f64::NAN, 2.0), (2.0, f64::INFINITY)]), None);
    }

    #[test]
    fn only_the_newest_points_are_used() {
        // 50 falling points, then POINTS_MAX rising ones.
        let count = u32::try_from(POINTS_MAX).unwrap();
        let rising = (0..count).map(|day| (f64::from(day), f64::from(day)));
        let falling = (1..=50).map(|day| (-f64::from(day), f64::from(day) * 1_000.0));
        let trend = theil_sen(&rising.chain(falling).collect::<Vec<_>>()).unwrap();
        assert_eq!(trend, Trend { slope: 1.0, low: 1.0, high: 1.0, points: POINTS_MAX });
    }
}
