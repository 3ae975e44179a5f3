//! The chart of a weekly report: the hard sets of recent weeks, as bars in a PNG.
//!
//! The chart has no labels, which would need a font in the worker. The numbers are below it and in
//! its alternative text. Sizes and limits without a source are project defaults.

use super::indexed_png;
use serde_json::{Map, Value};
use training::WeekStart;

/// The chart's width in the email, in CSS pixels.
pub const SHOWN_WIDTH: u32 = 480;
/// The chart's height in the email, in CSS pixels.
pub const SHOWN_HEIGHT: u32 = 160;

/// Image pixels per CSS pixel, for the screens of phones.
const DENSITY: u32 = 2;
const WIDTH: u32 = SHOWN_WIDTH * DENSITY;
const HEIGHT: u32 = SHOWN_HEIGHT * DENSITY;
const BASELINE_HEIGHT: u32 = 2 * DENSITY;
/// Leaves a margin above the highest bar.
const BAR_HEIGHT_MAX: u32 = HEIGHT - BASELINE_HEIGHT - 8 * DENSITY;
/// Half a year: more bars would be too thin.
const WEEKS_MAX: u32 = 26;
/// More than any week can have: a higher number is invalid data.
const HARD_SETS_MAX: f64 = 100_000.0;

const BACKGROUND: u8 = 0;
const BASELINE: u8 = 1;
const BAR: u8 = 2;
/// The bar of the reported week, the last one.
const REPORTED_BAR: u8 = 3;
/// The red, green and blue of each colour index. The two bars differ in lightness.
const PALETTE: [[u8; 3]; 4] = [
    [0xff, 0xff, 0xff], // BACKGROUND
    [0x55, 0x55, 0x55], // BASELINE
    [0x9d, 0xb8, 0xd9], // BAR
    [0x1f, 0x5f, 0xa8], // REPORTED_BAR
];

/// A week of the chart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Week {
    pub start: WeekStart,
    pub hard_sets: f64,
}

/// Returns the weeks of a report, oldest first; `None` when the report has none, as old reports, or
/// an invalid one.
pub fn weeks(data: &Map<String, Value>) -> Option<Vec<Week>> {
    data.get("weeks")?.as_array()?.iter().map(week).collect()
}

fn week(value: &Value) -> Option<Week> {
    let start = serde_json::from_value(value.get("week_start")?.clone()).ok()?;
    let hard_sets = value.get("hard_sets")?.as_f64()?;
    (0.0..=HARD_SETS_MAX).contains(&hard_sets).then_some(Week { start, hard_sets })
}

/// Draws a bar for each week, the last in another colour. Returns `None` for no weeks, too many, or
/// weeks without hard sets.
pub fn png(weeks: &[Week]) -> Option<Vec<u8>> {
    let max = weeks.iter().map(|week| week.hard_sets).fold(0.0, f64::max);
    let count = u32::try_from(weeks.len()).ok()?;
    if max <= 0.0 || count > WEEKS_MAX {
        return None;
    }
    let bars = Bars {
        heights: weeks.iter().map(|week| bar_height(week.hard_sets / max)).collect(),
        share_width: WIDTH.checked_div(count)?,
    };
    let rows = (0..HEIGHT).map(|y| bars.row(HEIGHT - y));
    Some(indexed_png::encode(WIDTH, rows, &PALETTE))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share is between 0 and 1"
)]
fn bar_height(share: f64) -> u32 {
    (share * f64::from(BAR_HEIGHT_MAX)).round() as u32
}

/// Bars that divide the width of the image evenly.
struct Bars {
    heights: Vec<u32>,
    share_width: u32,
}

impl Bars {
    /// Returns a row of pixels, four per byte. The lowest row has height 1.
    fn row(&self, height: u32) -> Vec<u8> {
        let byte = |x: u32| (x..x + 4).fold(0, |byte, x| byte << 2 | self.colour(x, height));
        (0..WIDTH).step_by(4).map(byte).collect()
    }

    /// Returns a colour index. A bar is the middle three fifths of its share.
    fn colour(&self, x: u32, height: u32) -> u8 {
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
    use ::png::{Decoder, Transformations};
    use serde_json::json;
    use std::io::Cursor;

    const WHITE: [u8; 3] = [0xff; 3];
    const LIGHT: [u8; 3] = [0x9d, 0xb8, 0xd9];
    const DARK: [u8; 3] = [0x1f, 0x5f, 0xa8];

    fn weeks_of(hard_sets: &[f64]) -> Vec<Week> {
        let start = WeekStart::containing("2026-10-19".parse().unwrap());
        hard_sets.iter().map(|&hard_sets| Week { start, hard_sets }).collect()
    }

    /// Decodes a PNG into rows of pixels.
    fn decode(file: Vec<u8>) -> Vec<Vec<[u8; 3]>> {
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

    /// Returns the height and colour of each bar, read at the middle of its share of the width.
    fn bars(hard_sets: &[f64]) -> Vec<(usize, [u8; 3])> {
        let rows = decode(png(&weeks_of(hard_sets)).unwrap());
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
    fn bar_heights_are_proportional_and_the_last_bar_is_dark() {
        let drawn = bars(&[40.0, 20.0, 0.0, 10.0, 30.0]);
        assert_eq!(drawn, [(300, LIGHT), (150, LIGHT), (0, WHITE), (75, LIGHT), (225, DARK)]);
        assert_eq!(bars(&[6.5]), [(300, DARK)]);
    }

    #[test]
    fn bars_have_gaps_a_baseline_and_a_top_margin() {
        let file = png(&weeks_of(&[1.0; 5])).unwrap();
        assert!(file.len() < 2_000, "{} bytes", file.len());
        let rows = decode(file);
        assert!(rows[..16].iter().flatten().all(|pixel| *pixel == WHITE));
        let dark = rows[300].iter().filter(|pixel| **pixel == DARK).count();
        let light = rows[300].iter().filter(|pixel| **pixel == LIGHT).count();
        assert_eq!((dark, light), (115, 4 * 115));
        assert!([0, 192, 384, 576, 768, 959].iter().all(|x| rows[300][*x] == WHITE));
        assert!(rows[316..].iter().flatten().all(|pixel| *pixel == [0x55; 3]));
    }

    #[test]
    fn chart_without_drawable_weeks_is_omitted() {
        for hard_sets in [&[][..], &[0.0, 0.0], &[1.0; 27]] {
            assert_eq!(png(&weeks_of(hard_sets)), None, "{hard_sets:?}");
        }
    }

    #[track_caller]
    fn check_weeks(data: &Value, hard_sets: Option<&[f64]>) {
        let parsed = weeks(data.as_object().unwrap());
        let parsed =
            parsed.map(|weeks| weeks.iter().map(|week| week.hard_sets).collect::<Vec<_>>());
        assert_eq!(parsed.as_deref(), hard_sets, "{data}");
    }

    #[test]
    fn invalid_or_missing_weeks_give_no_chart() {
        let valid = json!({ "week_start": "2026-11-16", "hard_sets": 26.5, "tonnage_kg": 9000.5 });
        check_weeks(&json!({ "weeks": [valid, valid] }), Some(&[26.5, 26.5]));
        check_weeks(&json!({}), None);
        check_weeks(&json!({ "weeks": 5 }), None);
        for invalid in [
            json!(null),
            json!({ "week_start": "2026-11-16" }),
            json!({ "week_start": "2026-11-16", "hard_sets": "26" }),
            json!({ "week_start": "2026-11-16", "hard_sets": -1 }),
            json!({ "week_start": "2026-11-16", "hard_sets": 1e300 }),
            json!({ "week_start": "2026-11-17", "hard_sets": 1 }),
            json!({ "week_start": "<b>", "hard_sets": 1 }),
        ] {
            check_weeks(&json!({ "weeks": [valid, invalid] }), None);
        }
    }
}
