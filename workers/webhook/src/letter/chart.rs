//! The chart of a weekly report: the hard sets of some weeks, as bars in a PNG.
//!
//! It has no lettering: that would bring a font into the worker. The numbers stand beside it and in
//! its alternative text.

use super::indexed_png;
use serde_json::{Map, Value};
use training::WeekStart;

/// How wide the mail shows it, in CSS pixels.
pub const SHOWN_WIDTH: u32 = 480;
/// How high the mail shows it, in CSS pixels.
pub const SHOWN_HEIGHT: u32 = 160;

/// Pixels of the picture for one CSS pixel: sharp on the screens of phones (ours).
const DENSITY: u32 = 2;
const WIDTH: u32 = SHOWN_WIDTH * DENSITY;
const HEIGHT: u32 = SHOWN_HEIGHT * DENSITY;
const BASELINE_HEIGHT: u32 = 2 * DENSITY;
/// The highest bar, which leaves a margin above it.
const BAR_HEIGHT_MAX: u32 = HEIGHT - BASELINE_HEIGHT - 8 * DENSITY;
/// Half a year (ours): more bars would be too thin to tell apart.
const WEEKS_MAX: u32 = 26;
/// More than any week can have (ours): a number above it is odd data.
const HARD_SETS_MAX: f64 = 100_000.0;

const BACKGROUND: u8 = 0;
const BASELINE: u8 = 1;
const BAR: u8 = 2;
/// The last bar, the week that the report is about.
const REPORTED_BAR: u8 = 3;
/// Red, green and blue of each shade, by its number: dark enough against white, the two bars told
/// apart by their lightness alone.
const PALETTE: [[u8; 3]; 4] = [
    [0xff, 0xff, 0xff], // background
    [0x55, 0x55, 0x55], // baseline
    [0x9d, 0xb8, 0xd9], // bar
    [0x1f, 0x5f, 0xa8], // the reported week's bar
];

/// A week of the chart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Week {
    /// Its Monday.
    pub start: WeekStart,
    /// Its hard sets, not negative.
    pub hard_sets: f64,
}

/// The weeks that a report's data tells, oldest first; `None` when there are none, as in reports of
/// old, or when one is odd.
pub fn weeks(data: &Map<String, Value>) -> Option<Vec<Week>> {
    data.get("weeks")?.as_array()?.iter().map(week).collect()
}

fn week(value: &Value) -> Option<Week> {
    let start = serde_json::from_value(value.get("week_start")?.clone()).ok()?;
    let hard_sets = value.get("hard_sets")?.as_f64()?;
    (0.0..=HARD_SETS_MAX).contains(&hard_sets).then_some(Week { start, hard_sets })
}

/// A bar for each week, the last in another shade, as a PNG. `None` when there is nothing to draw: no
/// weeks, too many, or none with a hard set.
pub fn chart(weeks: &[Week]) -> Option<Vec<u8>> {
    let most = weeks.iter().map(|week| week.hard_sets).fold(0.0, f64::max);
    let count = u32::try_from(weeks.len()).ok()?;
    if most <= 0.0 || count > WEEKS_MAX {
        return None;
    }
    let bars = Bars {
        heights: weeks.iter().map(|week| bar_height(week.hard_sets / most)).collect(),
        share_width: WIDTH.checked_div(count)?,
    };
    let rows = (0..HEIGHT).map(|y| bars.row(HEIGHT - y));
    Some(indexed_png::file(WIDTH, rows, &PALETTE))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share is between 0 and 1"
)]
fn bar_height(share: f64) -> u32 {
    (share * f64::from(BAR_HEIGHT_MAX)).round() as u32
}

/// Bars that share the width of the picture evenly.
struct Bars {
    heights: Vec<u32>,
    share_width: u32,
}

impl Bars {
    /// The row of pixels at this height above the lower edge, which is 1 for the lowest; four
    /// pixels make a byte.
    fn row(&self, height: u32) -> Vec<u8> {
        let byte = |x: u32| (x..x + 4).fold(0, |byte, x| byte << 2 | self.shade(x, height));
        (0..WIDTH).step_by(4).map(byte).collect()
    }

    /// A bar is the middle three fifths of its share.
    fn shade(&self, x: u32, height: u32) -> u8 {
        if height <= BASELINE_HEIGHT {
            return BASELINE;
        }
        let (index, within) = ((x / self.share_width) as usize, x % self.share_width);
        let is_across = (self.share_width / 5..self.share_width * 4 / 5).contains(&within);
        match self.heights.get(index) {
            Some(bar) if is_across && height <= BASELINE_HEIGHT + bar => {
                if index + 1 == self.heights.len() { REPORTED_BAR } else { BAR }
            }
            Some(_) | None => BACKGROUND,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use png::{Decoder, Transformations};
    use serde_json::json;
    use std::io::Cursor;

    const WHITE: [u8; 3] = [0xff; 3];
    const LIGHT: [u8; 3] = [0x9d, 0xb8, 0xd9];
    const DARK: [u8; 3] = [0x1f, 0x5f, 0xa8];

    fn weeks_of(hard_sets: &[f64]) -> Vec<Week> {
        let start = WeekStart::containing("2026-10-19".parse().unwrap());
        hard_sets.iter().map(|&hard_sets| Week { start, hard_sets }).collect()
    }

    /// The pixels of a PNG, row by row, as anybody reads them.
    fn decoded(file: Vec<u8>) -> Vec<Vec<[u8; 3]>> {
        let mut decoder = Decoder::new(Cursor::new(file));
        decoder.set_transformations(Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut bytes).unwrap();
        assert_eq!((info.width, info.height), (960, 320));
        bytes
            .chunks(960 * 3)
            .map(|row| row.chunks(3).map(|pixel| pixel.try_into().unwrap()).collect())
            .collect()
    }

    /// The colour of each bar and how high it is, read at the middle of its share of the width.
    fn bars(hard_sets: &[f64]) -> Vec<(usize, [u8; 3])> {
        let rows = decoded(chart(&weeks_of(hard_sets)).unwrap());
        let above_baseline = &rows[..316];
        (0..hard_sets.len())
            .map(|bar| {
                let x = (2 * bar + 1) * 960 / (2 * hard_sets.len());
                let height = above_baseline.iter().filter(|row| row[x] != WHITE).count();
                (height, above_baseline[315][x])
            })
            .collect()
    }

    #[test]
    fn bars_are_as_high_as_their_share_of_the_most_and_the_last_is_dark() {
        let drawn = bars(&[40.0, 20.0, 0.0, 10.0, 30.0]);
        assert_eq!(drawn, [(300, LIGHT), (150, LIGHT), (0, WHITE), (75, LIGHT), (225, DARK)]);
        assert_eq!(bars(&[6.5]), [(300, DARK)]);
    }

    #[test]
    fn bars_stand_apart_on_a_line_below_a_margin() {
        let file = chart(&weeks_of(&[1.0; 5])).unwrap();
        assert!(file.len() < 2_000, "{} bytes", file.len());
        let rows = decoded(file);
        assert!(rows[..16].iter().flatten().all(|pixel| *pixel == WHITE));
        let dark = rows[300].iter().filter(|pixel| **pixel == DARK).count();
        let light = rows[300].iter().filter(|pixel| **pixel == LIGHT).count();
        assert_eq!((dark, light), (115, 4 * 115));
        assert!([0, 192, 384, 576, 768, 959].iter().all(|x| rows[300][*x] == WHITE));
        assert!(rows[316..].iter().flatten().all(|pixel| *pixel == [0x55; 3]));
    }

    #[test]
    fn nothing_to_draw_is_no_picture() {
        for hard_sets in [&[][..], &[0.0, 0.0], &[1.0; 27]] {
            assert_eq!(chart(&weeks_of(hard_sets)), None, "{hard_sets:?}");
        }
    }

    #[track_caller]
    fn check_weeks(data: &Value, hard_sets: Option<&[f64]>) {
        let read = weeks(data.as_object().unwrap());
        let read = read.map(|weeks| weeks.iter().map(|week| week.hard_sets).collect::<Vec<_>>());
        assert_eq!(read.as_deref(), hard_sets, "{data}");
    }

    #[test]
    fn reports_without_weeks_or_with_odd_ones_have_none() {
        let good = json!({ "week_start": "2026-11-16", "hard_sets": 26.5, "tonnage_kg": 9000.5 });
        check_weeks(&json!({ "weeks": [good, good] }), Some(&[26.5, 26.5]));
        check_weeks(&json!({}), None);
        check_weeks(&json!({ "weeks": 5 }), None);
        for odd in [
            json!(null),
            json!({ "week_start": "2026-11-16" }),
            json!({ "week_start": "2026-11-16", "hard_sets": "26" }),
            json!({ "week_start": "2026-11-16", "hard_sets": -1 }),
            json!({ "week_start": "2026-11-16", "hard_sets": 1e300 }),
            json!({ "week_start": "2026-11-17", "hard_sets": 1 }),
            json!({ "week_start": "<b>", "hard_sets": 1 }),
        ] {
            check_weeks(&json!({ "weeks": [good, odd] }), None);
        }
    }
}
