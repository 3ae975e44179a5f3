//! Parses dates, times and durations as the apps write them. All are local times of the athlete. A
//! time with a UTC offset is rejected, because its digits would be read as a local time.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use std::ops::RangeInclusive;
use std::str::FromStr;

/// The API accepts no earlier workout.
const YEAR_MIN: i32 = 1970;

/// The prefixes of the month names in English, German, French, Spanish, Italian, Portuguese
/// and Dutch, in lower case and without accents.
const MONTHS: [&[&str]; 12] = [
    &["jan", "ene", "gen"],
    &["feb", "fev"],
    &["mar", "mrz", "mrt", "maa"],
    &["apr", "avr", "abr"],
    &["may", "mai", "mag", "mei"],
    &["jun", "juin", "giu"],
    &["jul", "juil", "lug"],
    &["aug", "aou", "ago"],
    &["sep", "set"],
    &["oct", "okt", "ott", "out"],
    &["nov"],
    &["dec", "dez", "dic"],
];

/// Parses a local date and time: `2024-01-07 17:15:00`, `2024-01-07T17:15`, `2024-01-07 5:15:00 PM`,
/// `07 Jan 2024, 17:15`, `7 févr. 2024, 17:15`, `7 de ene de 2024, 17:15`, `Jan 7, 2024, 5:15 PM`.
/// The space before AM and PM may be a narrow no-break space (U+202F).
pub fn parse_timestamp(text: &str) -> Option<NaiveDateTime> {
    let is_separator = |c: char| c.is_whitespace() || c == ',';
    let words = text.split(is_separator).filter(|word| !word.is_empty() && *word != "de");
    let words: Vec<_> = words.collect();
    let (date, time) = match words.as_slice() {
        [iso] => {
            let (date, time) = iso.split_once('T')?;
            (parse_date(date)?, parse_time_of_day(time)?)
        }
        [date, time @ ..] if date.contains('-') => {
            (parse_date(date)?, parse_time_of_day(&time.concat())?)
        }
        [first, second, year, time @ ..] => {
            let (day, month) = match (parse_month(second), parse_month(first)) {
                (Some(month), _) => (first, month),
                (None, Some(month)) => (second, month),
                (None, None) => return None,
            };
            let day = parse_digits(day.strip_suffix('.').unwrap_or(day), 1..=2)?;
            let date = new_date(parse_digits(year, 4..=4)?, month, day)?;
            (date, parse_time_of_day(&time.concat())?)
        }
        _ => return None,
    };
    Some(date.and_time(time))
}

/// Parses a date: `2024-01-07`.
pub fn parse_date(text: &str) -> Option<NaiveDate> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    new_date(parse_digits(year, 4..=4)?, parse_digits(month, 1..=2)?, parse_digits(day, 1..=2)?)
}

/// Parses a duration into seconds: `1h 5m`, `45 min`, `90s`, `3900`, `1:05:00`, `5:30` (minutes and
/// seconds).
pub fn parse_duration_s(text: &str) -> Option<u32> {
    if text.contains(':') {
        return parse_clock_duration_s(text);
    }
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let mut rest = compact.as_str();
    let mut sum: u32 = 0;
    while !rest.is_empty() {
        let (count, after) =
            rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
        let (unit, after) =
            after.split_at(after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len()));
        let seconds = match unit {
            "h" | "hr" => 3_600,
            "m" | "min" => 60,
            "s" | "sec" => 1,
            // A number without a unit.
            "" if count == compact => 1,
            _ => return None,
        };
        sum = sum.checked_add(parse_digits::<u32>(count, 1..=9)?.checked_mul(seconds)?)?;
        rest = after;
    }
    (!compact.is_empty()).then_some(sum)
}

fn parse_clock_duration_s(text: &str) -> Option<u32> {
    let mut parts = text.split(':').rev();
    let (seconds, minutes, hours) = (parts.next()?, parts.next()?, parts.next());
    let seconds = parse_digits::<u32>(seconds, 1..=2).filter(|seconds| *seconds < 60)?;
    let minutes = match hours {
        Some(_) => parse_digits::<u32>(minutes, 1..=2).filter(|minutes| *minutes < 60)?,
        None => parse_digits::<u32>(minutes, 1..=4)?,
    };
    let hours = hours.map_or(Some(0), |hours| parse_digits::<u32>(hours, 1..=4))?;
    parts.next().is_none().then_some(hours * 3_600 + minutes * 60 + seconds)
}

/// Parses a time of day without spaces: `17:15`, `17:15:00`, `5:15:00PM`, `5:15p.m.`.
fn parse_time_of_day(text: &str) -> Option<NaiveTime> {
    let digits_end = text.find(|c: char| c != ':' && !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, suffix) = text.split_at(digits_end);
    let mut parts = digits.split(':');
    let hour: u32 = parse_digits(parts.next()?, 1..=2)?;
    let minute = parse_digits(parts.next()?, 2..=2)?;
    let second: u32 = parts.next().map_or(Some(0), |second| parse_digits(second, 2..=2))?;
    // A leap second is the second before it.
    let second = if second == 60 { 59 } else { second };
    let is_12_hour = (1..=12).contains(&hour);
    let hour = match suffix.replace('.', "").to_ascii_lowercase().as_str() {
        "" => hour,
        "am" if is_12_hour => hour % 12,
        "pm" if is_12_hour => hour % 12 + 12,
        _ => return None,
    };
    parts.next().is_none().then(|| NaiveTime::from_hms_opt(hour, minute, second))?
}

fn new_date(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, month, day).filter(|_| year >= YEAR_MIN)
}

fn parse_month(name: &str) -> Option<u32> {
    // The tables of Unicode would add 21 KB of wasm (measured).
    let plain = |c: char| match c {
        'é' | 'è' | 'ê' | 'É' | 'È' | 'Ê' => 'e',
        'û' | 'ü' | 'ù' | 'Û' | 'Ü' | 'Ù' => 'u',
        'ä' | 'á' | 'à' | 'Ä' | 'Á' | 'À' => 'a',
        'ç' | 'Ç' => 'c',
        other => other.to_ascii_lowercase(),
    };
    let name: String = name.trim_end_matches('.').chars().map(plain).collect();
    let matches = |prefixes: &&[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    let is_word = name.bytes().all(|byte| byte.is_ascii_lowercase());
    let index = is_word.then(|| MONTHS.iter().position(matches))??;
    u32::try_from(index + 1).ok()
}

/// Parses a number of ASCII digits only; `len` bounds their count.
fn parse_digits<T: FromStr>(text: &str, len: RangeInclusive<usize>) -> Option<T> {
    let is_digits = len.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamp_parses_in_every_format_of_the_apps() {
        let check = |text: &str, expected: Option<&str>| {
            let parsed = parse_timestamp(text).map(|at| at.format("%Y-%m-%d %H:%M:%S").to_string());
            assert_eq!(parsed.as_deref(), expected, "{text:?}");
        };
        check("2016-12-31 23:59:60", Some("2016-12-31 23:59:59"));
        check("2016-12-31 23:59:61", None);
        let sunday = Some("2024-01-07 17:15:00");
        for text in [
            "2024-01-07 17:15:00",
            "2024-01-07 17:15",
            "2024-01-07T17:15:00",
            " 2024-01-07  17:15:00 ",
            "2024-01-07 5:15:00\u{202f}PM",
            "2024-01-07 5:15:00 p. m.",
            "2024-01-07, 5:15 pm",
            "07 Jan 2024, 17:15",
            "7 Jan 2024, 17:15",
            "7 janv. 2024, 17:15",
            "7. Jan. 2024, 17:15",
            "7 de ene de 2024, 17:15",
            "7 gennaio 2024 17:15",
            "Jan 7, 2024, 5:15\u{202f}PM",
        ] {
            check(text, sunday);
        }
        check("2024-01-07 12:15:00 AM", Some("2024-01-07 00:15:00"));
        check("2024-01-07 12:15:00 PM", Some("2024-01-07 12:15:00"));
        for text in [
            "",
            "2024-01-07",
            "2024-01-07T17:15:00Z",
            "2024-01-07T17:15:00+01:00",
            "07/01/2024 17:15",
            "2024-02-30 17:15:00",
            "2024-01-07 25:15:00",
            "2024-01-07 0:15 AM",
            "2024-01-07 13:15 PM",
            "1969-12-31 17:15:00",
            "7 xyz 2024, 17:15",
            "7 jui 2024, 17:15",
            "7 Jan 24, 17:15",
            "7 Jan 2024",
            "17:15",
            "2024-01-07 17:15:00 noon",
            "2024-1-7-1 17:15",
            "+024-01-07 17:15",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn month_parses_in_seven_languages() {
        let check = |number: u32, names: &str| {
            for name in names.split(' ') {
                assert_eq!(parse_month(name), Some(number), "{name}");
                assert_eq!(parse_month(&name.to_uppercase()), Some(number), "{name}");
            }
        };
        check(1, "Jan January Jänner janv. enero gennaio januari");
        check(2, "Feb févr. février fev fevereiro febbraio");
        check(3, "Mar March Mär März Mrz mars marzo março mrt maart");
        check(4, "Apr April avr. abr abril aprile");
        check(5, "May Mai mayo maggio maio mei");
        check(6, "Jun Juni juin junio giugno junho");
        check(7, "Jul Juli juil. julio luglio julho");
        check(8, "Aug août ago agosto augustus");
        check(9, "Sep Sept. set setembro settembre");
        check(10, "Oct Okt oct. ott out outubro oktober");
        check(11, "Nov nov. novembre");
        check(12, "Dec Dez déc. dic dicembre dezembro");
    }

    #[test]
    fn duration_parses_in_every_format_of_the_apps() {
        let check = |text: &str, expected: Option<u32>| {
            assert_eq!(parse_duration_s(text), expected, "{text:?}");
        };
        check("1h 5m", Some(3_900));
        check("1h", Some(3_600));
        check("45m", Some(2_700));
        check("45 min", Some(2_700));
        check("1h 5m 30s", Some(3_930));
        check("3900", Some(3_900));
        check("0:01:30", Some(90));
        check("01:05:00", Some(3_900));
        check("5:30", Some(330));
        check("0", Some(0));
        for text in
            ["", "h", "1h5", "1x", "-5m", "1:60", "1:2:3:4", "1:75:00", "9999999999h", "999999999h"]
        {
            check(text, None);
        }
    }
}
