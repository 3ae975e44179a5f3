//! Parses durations as the apps write them.

use crate::fold::normalize;
use crate::timestamp::parse_digits;

/// The units of a duration in seconds, in plain characters: their short and long forms in Unicode CLDR 48
/// (unit patterns of `duration-day`, `-hour`, `-minute` and `-second`), without plural endings.
const UNITS: [(u32, &str); 4] = [
    (86_400, "d day tag g giorn gun j jour dia dni dzien dag д дн 天 日 일"),
    (
        3_600,
        "h hr hour std stunde heure hora or ora ore uur u godz sa saat t tim timme ч час 小时 小時 时 時間 時 시간",
    ),
    (60, "m min minute minut minuto minuut dk dakika мин минут 分钟 分鐘 分 분"),
    (1, "s sec second sek sekund sekunde seconde segundo secondo sn saniye с сек 秒钟 秒鐘 秒 초"),
];

/// Parses a duration into seconds: `1h 5m`, `45 min`, `1 Std. 13 Min.`, `1小时13分钟`, `3900`, `1:05:00`,
/// `5:30` (minutes and seconds).
pub fn parse_duration_s(text: &str) -> Option<u32> {
    if text.contains(':') {
        return parse_clock_duration_s(text);
    }
    let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let mut marks = text.match_indices(['.', ',']);
    let has_fraction =
        marks.any(|(at, _)| is_digit(text.get(at + 1..).and_then(|it| it.chars().next())));
    if has_fraction || text.contains(['-', '+']) {
        return None;
    }
    let plain = normalize(text).replace(' ', "");
    let mut rest = plain.as_str();
    let mut sum: u32 = 0;
    while !rest.is_empty() {
        let (count, after) =
            rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
        let (unit, after) =
            after.split_at(after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len()));
        // A number without a unit.
        let seconds = if count == plain { 1 } else { unit_s(unit)? };
        sum = sum.checked_add(parse_digits::<u32>(count, 1..=9)?.checked_mul(seconds)?)?;
        rest = after;
    }
    (!plain.is_empty()).then_some(sum)
}

/// Returns a unit in seconds, in the singular or the plural.
fn unit_s(unit: &str) -> Option<u32> {
    let is_unit = |name: &str| {
        unit.strip_prefix(name).is_some_and(|plural| {
            matches!(plural, "" | "s" | "n" | "e" | "en" | "i" | "a" | "er" | "ar")
        })
    };
    UNITS.iter().find(|(_, names)| names.split(' ').any(is_unit)).map(|(seconds, _)| *seconds)
}

fn parse_clock_duration_s(text: &str) -> Option<u32> {
    let mut parts = text.trim().split(':').rev();
    let (seconds, minutes, hours) = (parts.next()?, parts.next()?, parts.next());
    let seconds = parse_digits::<u32>(seconds, 1..=2).filter(|seconds| *seconds < 60)?;
    let minutes = match hours {
        Some(_) => parse_digits::<u32>(minutes, 1..=2).filter(|minutes| *minutes < 60)?,
        None => parse_digits::<u32>(minutes, 1..=4)?,
    };
    let hours = hours.map_or(Some(0), |hours| parse_digits::<u32>(hours, 1..=4))?;
    parts.next().is_none().then_some(hours * 3_600 + minutes * 60 + seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        check("1 Std. 5 Min.", Some(3_900));
        check("2 Stunden 1 Minute", Some(7_260));
        check("1d 2h", Some(93_600));
        check("1小时13分钟", Some(4_380));
        check("1 小时 13 分", Some(4_380));
        check("1時間13分", Some(4_380));
        check("1시간 13분", Some(4_380));
        check("1 ч 13 мин", Some(4_380));
        check("1 heure 13 minutes", Some(4_380));
        check("1 uur 13 minuten", Some(4_380));
        check("1 sa. 13 dk.", Some(4_380));
        check("1\u{a0}h 13\u{202f}min", Some(4_380));
        check("2 hours", Some(7_200));
        for text in [
            "",
            "h",
            "1h5",
            "1x",
            "-5m",
            "1:60",
            "1:2:3:4",
            "1:75:00",
            "9999999999h",
            "999999999h",
            "1.5h",
        ] {
            check(text, None);
        }
    }
}
