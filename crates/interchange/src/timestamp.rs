//! Parses dates and times as the apps and office programs write them. A time without a UTC offset is a
//! local time of the athlete.

use crate::fold::{fold, normalize};
use crate::memo::Memo;
use chrono::{FixedOffset, NaiveDate, NaiveDateTime, NaiveTime};
use std::ops::RangeInclusive;
use std::str::FromStr;

/// The API accepts no earlier workout.
const YEAR_MIN: i32 = 1970;
/// Two digits of a year below this are of this century (POSIX, `strptime` with `%y`).
const CENTURY_PIVOT: i32 = 69;
/// The time of a date without one: noon stays on its day in any UTC offset; a project default.
const NOON: NaiveTime = match NaiveTime::from_hms_opt(12, 0, 0) {
    Some(noon) => noon,
    None => NaiveTime::MIN,
};

/// The beginnings of the month names of Unicode CLDR 48, short and long, on their own and in a date, in
/// plain characters: English, German, French, Spanish, Italian, Portuguese, Dutch, Turkish, Polish,
/// Russian, Czech, Slovak, Danish, Norwegian, Swedish, Finnish, Hungarian, Romanian, Ukrainian, Greek,
/// Catalan, Indonesian, Malay, Bulgarian, Chinese. The longest that fits decides: `marr` is
/// the Finnish November. `mrz` (German) and `agt` (Indonesian) are of older versions. Croatian is left out: its `lip`, `srp` and `lis` are other months in Polish
/// and Czech.
const MONTHS: [&str; 12] = [
    "ene gen ian jan led oca sty tam ιαν січ янв яну 一月",
    "feb fev hel lut sub uno φεβ лют фев 二月",
    "bre maa mac mar mrt mrz μαρ бер мар 三月",
    "abr apr avr dub huh kwi nis απρ апр кві 四月",
    "kve mag mai maj may mei tou μαι маи мая тра 五月",
    "cerven cervn cvn cze giu haz iun juin jun kes ιουν июн чер юни 六月",
    "cervenc cervene cvc hei iul juil jul lip lug tem ιουλ июл лип юли 七月",
    "ag agt aou aug elo ogo sie srp αυγ авг сер 八月",
    "eyl sep set syy sze wrz zar σεπ вер сен сеп 九月",
    "eki lok oct okt ott out paz rij οκτ жов окт 十月",
    "kas lis marr noi nov νοε лис ное ноя 十一月",
    "ara dec des dez dic dis gru jou pro δεκ гру дек 十二月",
];
/// The half of the day before noon, and the one after it, in plain characters.
const AM: [&str; 4] = ["am", "오전", "午前", "上午"];
const PM: [&str; 4] = ["pm", "오후", "午後", "下午"];
/// Words within a date that say nothing.
const FILLERS: [&str; 17] = [
    "de", "del", "of", "at", "um", "à", "a", "às", "las", "alle", "om", "kl", "klo", "o", "г", "р",
    "в",
];

/// A time of a file: local, or at an offset from UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timestamp {
    /// The digits that are written.
    pub written: NaiveDateTime,
    pub offset: Option<FixedOffset>,
}

/// The reason that a text is no date and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateError {
    Invalid,
    /// Day and month can be exchanged.
    Ambiguous,
}

/// Parses the dates of a file and records the order of day and month.
#[derive(Clone, Default)]
pub struct DateParser {
    /// Whether the day is before the month in `01/02/2024`; `None` where it is not known.
    day_first: Option<bool>,
    /// A date that has its day first, because a month has no such number.
    pub seen_day_first: bool,
    pub seen_month_first: bool,
    /// A date that was rejected because both orders are possible.
    pub seen_ambiguous: bool,
    memo: Memo<Timestamp>,
}

impl DateParser {
    /// Creates a parser. `day_first` is `None` where it is not known.
    pub fn new(day_first: Option<bool>) -> Self {
        Self { day_first, ..Self::default() }
    }

    /// Whether days are before months, if the other dates settle an ambiguous one.
    pub fn settled(&self) -> Option<bool> {
        let is_settled = self.seen_ambiguous && self.seen_day_first != self.seen_month_first;
        is_settled.then_some(self.seen_day_first)
    }

    /// Parses a date with or without a time: `2024-01-07 17:15:00`, `2024-01-07T17:15Z`,
    /// `07 Jan 2024, 17:15`, `7 de ene de 2024, 17:15`, `Jan 7, 2024, 5:15 PM`, `18.11.2024 15:04`,
    /// `11/18/2024 3:04 pm`, `2024年1月7日 17:15`. A date without a time is noon.
    pub fn parse(&mut self, text: &str) -> Result<Timestamp, DateError> {
        if let Some(known) = self.memo.get(text) {
            return Ok(known);
        }
        let parsed = self.parse_text(text)?;
        self.memo.put(text, parsed);
        Ok(parsed)
    }

    fn parse_text(&mut self, text: &str) -> Result<Timestamp, DateError> {
        let is_space = |c: char| c.is_whitespace() || c == ',';
        let mut date: Vec<&str> = Vec::with_capacity(3);
        let mut time = String::new();
        let words = text.split(is_space).flat_map(|word| {
            // `2024-01-07T17:15`
            let iso = word.split_once('T').filter(|(_, time)| time.contains(':'));
            iso.map_or([word, ""], |(date, time)| [date, time])
        });
        let is_filler =
            |word: &&str| word.is_empty() || FILLERS.contains(&word.trim_end_matches('.'));
        for word in words.filter(|word| !is_filler(word)) {
            if !time.is_empty() || word.contains(':') || AM.contains(&word) || PM.contains(&word) {
                time.push_str(word);
            } else {
                let parts = word.split(['年', '日', '년', '일']);
                let parts = parts.flat_map(|part| part.split_inclusive(['月', '월']));
                date.extend(parts.filter(|part| !part.is_empty()));
            }
        }
        let day = self.parse_date(&date)?;
        if time.is_empty() {
            return Ok(Timestamp { written: day.and_time(NOON), offset: None });
        }
        let (time, offset) = parse_time(&time).ok_or(DateError::Invalid)?;
        Ok(Timestamp { written: day.and_time(time), offset })
    }

    /// Parses the words of a date.
    fn parse_date(&mut self, words: &[&str]) -> Result<NaiveDate, DateError> {
        let has_dots = words.iter().any(|word| word.contains('.'));
        let mut parts =
            words.iter().flat_map(|word| word.split(['-', '/', '.'])).filter(|it| !it.is_empty());
        let first = parts.next().unwrap_or_default();
        let is_weekday =
            first.bytes().all(|byte| !byte.is_ascii_digit()) && parse_month(first).is_none();
        let mut next = || parts.next().ok_or(DateError::Invalid);
        let first = if is_weekday { next()? } else { first };
        let (second, third) = (next()?, next()?);
        if parts.next().is_some() {
            return Err(DateError::Invalid);
        }
        let date = match (parse_month(first), parse_month(second)) {
            (_, Some(month)) if first.len() == 4 => new_date(first, Some(month), third),
            (_, Some(month)) => new_date(third, Some(month), first),
            (Some(month), None) => new_date(third, Some(month), second),
            (None, None) if first.len() == 4 => new_date(first, parse_digits(second, 1..=2), third),
            (None, None) => return self.parse_numeric((first, second, third), has_dots),
        };
        date.ok_or(DateError::Invalid)
    }

    /// Parses a date of numbers with the year last. With dots the day is first (all locales of CLDR).
    fn parse_numeric(
        &mut self,
        (first, second, year): (&str, &str, &str),
        has_dots: bool,
    ) -> Result<NaiveDate, DateError> {
        let day_first = new_date(year, parse_digits(second, 1..=2), first);
        let month_first = new_date(year, parse_digits(first, 1..=2), second);
        match (day_first, month_first, self.day_first) {
            (Some(date), _, _) if has_dots => Ok(date),
            (Some(date), Some(other), _) if date == other => Ok(date),
            (Some(date), Some(_), Some(true)) | (Some(_), Some(date), Some(false)) => Ok(date),
            (Some(_), Some(_), None) => {
                self.seen_ambiguous = true;
                Err(DateError::Ambiguous)
            }
            (Some(date), None, _) => {
                self.seen_day_first = true;
                Ok(date)
            }
            (None, Some(date), _) if !has_dots => {
                self.seen_month_first = true;
                Ok(date)
            }
            (None, _, _) => Err(DateError::Invalid),
        }
    }
}

/// Parses a time of day without spaces, and its offset from UTC if it has one: `17:15`, `5:15:00PM`,
/// `5:15p.m.`, `오후5:15`, `17:15:00.000Z`, `17:15+0100`.
pub fn parse_time(text: &str) -> Option<(NaiveTime, Option<FixedOffset>)> {
    let plain: String = text.chars().filter_map(fold).filter(|c| !c.is_whitespace()).collect();
    let begin = plain.find(|c: char| c.is_ascii_digit())?;
    let (before, clock) = plain.split_at(begin);
    let end = clock.find(|c: char| c != ':' && !c.is_ascii_digit()).unwrap_or(clock.len());
    let (digits, mut suffix) = clock.split_at(end);
    if let Some(fraction) =
        suffix.strip_prefix('.').filter(|it| it.starts_with(|c: char| c.is_ascii_digit()))
    {
        suffix = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    let mut parts = digits.split(':');
    let hour: u32 = parse_digits(parts.next()?, 1..=2)?;
    let minute = parse_digits(parts.next()?, 2..=2)?;
    let second: u32 = parts.next().map_or(Some(0), |second| parse_digits(second, 2..=2))?;
    // A leap second is the second before it.
    let second = if second == 60 { 59 } else { second };
    let half = suffix.replace('.', "");
    let half = if before.is_empty() { half.as_str() } else { before };
    let is_12_hour = (1..=12).contains(&hour);
    let mut offset = None;
    let hour = match half {
        "" => hour,
        _ if is_12_hour && AM.contains(&half) => hour % 12,
        _ if is_12_hour && PM.contains(&half) => hour % 12 + 12,
        _ => {
            offset = Some(parse_offset(suffix)?);
            hour
        }
    };
    let time = NaiveTime::from_hms_opt(hour, minute, second)?;
    parts.next().is_none().then_some((time, offset))
}

/// Parses `z`, `+01:00`, `+0100` or `-05`.
fn parse_offset(text: &str) -> Option<FixedOffset> {
    if text == "z" || text == "utc" {
        return FixedOffset::east_opt(0);
    }
    let (sign, digits) = text.split_at_checked(1)?;
    let digits = digits.replace(':', "");
    let (hours, minutes) = digits.split_at_checked(2)?;
    let minutes: i32 = if minutes.is_empty() { 0 } else { parse_digits(minutes, 2..=2)? };
    let seconds = (parse_digits::<i32>(hours, 2..=2)? * 60 + minutes) * 60;
    match sign {
        "+" => FixedOffset::east_opt(seconds),
        "-" => FixedOffset::west_opt(seconds),
        _ => None,
    }
}

fn new_date(year: &str, month: Option<u32>, day: &str) -> Option<NaiveDate> {
    let number: i32 = parse_digits(year, 2..=4)?;
    let year = match year.len() {
        4 => number,
        2 if number < CENTURY_PIVOT => 2_000 + number,
        2 => 1_900 + number,
        _ => return None,
    };
    NaiveDate::from_ymd_opt(year, month?, parse_digits(day, 1..=2)?).filter(|_| year >= YEAR_MIN)
}

/// Parses the name of a month, or its number with the word: `1月`, `1월`.
fn parse_month(name: &str) -> Option<u32> {
    if let Some(number) =
        name.strip_suffix(['月', '월']).filter(|it| it.starts_with(|c: char| c.is_ascii_digit()))
    {
        return parse_digits(number, 1..=2);
    }
    // Most parts of most dates.
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let name = normalize(name);
    let mut longest = (0, 0);
    for (month, prefixes) in (1..).zip(MONTHS) {
        for prefix in prefixes.split(' ').filter(|prefix| name.starts_with(prefix)) {
            longest = longest.max((prefix.len(), month));
        }
    }
    Some(longest.1).filter(|month| *month > 0)
}

/// Parses a number of ASCII digits only; `len` bounds their count.
pub fn parse_digits<T: FromStr>(text: &str, len: RangeInclusive<usize>) -> Option<T> {
    let is_digits = len.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, day_first: Option<bool>) -> Result<String, DateError> {
        let mut parser = DateParser::new(day_first);
        parser.parse(text).map(|time| {
            let offset = time.offset.map(|offset| offset.to_string()).unwrap_or_default();
            format!("{}{offset}", time.written.format("%Y-%m-%d %H:%M:%S"))
        })
    }

    #[test]
    fn timestamp_parses_in_every_format_of_the_apps() {
        let check = |text: &str, expected: &str| {
            assert_eq!(parse(text, None).as_deref(), Ok(expected), "{text:?}");
        };
        check("2016-12-31 23:59:60", "2016-12-31 23:59:59");
        for text in [
            "2024-01-07 17:15:00",
            "2024-01-07 17:15",
            "2024-01-07T17:15:00",
            "2024-01-07T17:15:00.123",
            " 2024-01-07  17:15:00 ",
            "2024-01-07 5:15:00\u{202f}PM",
            "2024-01-07 5:15:00 p. m.",
            "2024-01-07, 5:15 pm",
            "2024/01/07 17:15",
            "2024.1.7 17:15",
            "07 Jan 2024, 17:15",
            "7 Jan 2024, 17:15",
            "7-Jan-24 17:15",
            "7 janv. 2024, 17:15",
            "7. Jan. 2024, 17:15",
            "7 de ene de 2024, 17:15",
            "7 gennaio 2024 17:15",
            "7 Oca 2024, 17:15",
            "7 янв. 2024 г., 17:15",
            "Jan 7, 2024, 5:15\u{202f}PM",
            "Sunday 7 January 2024 at 17:15",
            "7 1月 2024, 17:15",
            "2024年1月7日 17:15",
            "2024年1月7日 下午5:15",
            "2024년 1월 7일 오후 5:15",
            "2024 jan. 7. 17:15",
            "7 janvier 2024 à 17:15",
            "7. januar 2024 kl. 17:15",
            "7 gennaio 2024 alle 17:15",
        ] {
            check(text, "2024-01-07 17:15:00");
        }
        check("2024-01-07 12:15:00 AM", "2024-01-07 00:15:00");
        check("2024-01-07 12:15:00 PM", "2024-01-07 12:15:00");
        check("2024-01-07T17:15:00Z", "2024-01-07 17:15:00+00:00");
        check("2024-01-07 17:15:00 +0100", "2024-01-07 17:15:00+01:00");
        check("2024-01-07T17:15:00-05:30", "2024-01-07 17:15:00-05:30");
        check("2024-01-07", "2024-01-07 12:00:00");
        check("7 Oct 2024", "2024-10-07 12:00:00");
    }

    #[test]
    fn text_that_is_no_timestamp_is_rejected() {
        for text in [
            "",
            "2024-02-30 17:15:00",
            "2024-13-07 17:15:00",
            "2024-01-07 25:15:00",
            "2016-12-31 23:59:61",
            "2024-01-07 0:15 AM",
            "2024-01-07 13:15 PM",
            "1969-12-31 17:15:00",
            "7 xyz 2024, 17:15",
            "7 jui 2024, 17:15",
            "7 Jan 2024 17:15 x",
            "17:15",
            "yesterday",
            "2024-01-07 17:15:00 noon",
            "2024-1-7-1 17:15",
            "+024-01-07 17:15",
            "30/02/2024 17:15",
            "13/13/2024",
            "01.13.2024",
            "1/2/024",
        ] {
            assert_eq!(parse(text, None), Err(DateError::Invalid), "{text:?}");
        }
    }

    #[test]
    fn order_of_day_and_month_is_never_guessed() {
        let check = |text: &str, day_first: Option<bool>, expected: Result<&str, DateError>| {
            assert_eq!(
                parse(text, day_first).as_deref(),
                expected.as_deref(),
                "{text} {day_first:?}"
            );
        };
        check("11/18/2024 15:04", None, Ok("2024-11-18 15:04:00"));
        check("18/11/2024 15:04", None, Ok("2024-11-18 15:04:00"));
        check("18.11.2024 15:04", None, Ok("2024-11-18 15:04:00"));
        check("1.2.2024 15:04", None, Ok("2024-02-01 15:04:00"));
        check("1. 2. 2024 15:04", None, Ok("2024-02-01 15:04:00"));
        check("1-2-2024 15:04", None, Err(DateError::Ambiguous));
        check("1/2/24 3:04 PM", None, Err(DateError::Ambiguous));
        check("1/2/2024 15:04", Some(true), Ok("2024-02-01 15:04:00"));
        check("1/2/2024 15:04", Some(false), Ok("2024-01-02 15:04:00"));
        check("3/3/2024 15:04", None, Ok("2024-03-03 15:04:00"));
        check("11/18/24 15:04", None, Ok("2024-11-18 15:04:00"));
        check("11/18/99 15:04", None, Ok("1999-11-18 15:04:00"));
        let settle = |texts: &[&str]| {
            let mut parser = DateParser::default();
            let _ = texts.iter().map(|text| parser.parse(text)).count();
            parser.settled()
        };
        assert_eq!(settle(&["1/2/2024", "1/13/2024"]), Some(false));
        assert_eq!(settle(&["1/2/2024", "13/1/2024"]), Some(true));
        assert_eq!(settle(&["1/2/2024", "13/1/2024", "1/13/2024"]), None);
        assert_eq!(settle(&["1/2/2024"]), None);
        assert_eq!(settle(&["13/1/2024"]), None, "nothing is ambiguous");
    }

    #[test]
    fn month_parses_in_25_languages() {
        let check = |number: u32, names: &str| {
            for name in names.split(' ') {
                assert_eq!(parse_month(name), Some(number), "{name}");
                assert_eq!(parse_month(&name.to_uppercase()), Some(number), "{name}");
            }
        };
        check(1, "Jan January Jänner janv. enero gennaio januari oca ocak sty января 1月 1월 一月");
        check(2, "Feb févr. février fev fevereiro febbraio şub şubat luty únor helmikuu február");
        check(3, "Mar March Mär März Mrz mars marzo março mrt maart mart марта maalis březen bře");
        check(4, "Apr April avr. abr abril aprile nis nisan kwi dub huhtikuu квіт");
        check(5, "May Mai mayo maggio maio mei mayıs maj květen мая μαΐου touko");
        check(6, "Jun Juni juin junio giugno junho haz haziran cze června kesäkuu ιουν");
        check(7, "Jul Juli juil. julio luglio julho tem temmuz lip července heinä ιουλ");
        check(8, "Aug août ago agosto augustus ağu ağustos sie srp elokuu серп");
        check(9, "Sep Sept. set setembro settembre eyl eylül wrz září syyskuu вересня");
        check(10, "Oct Okt oct. ott out outubro oktober eki ekim paź října loka жовт");
        check(11, "Nov nov. novembre kas kasım lis listopadu marraskuu листопада 11月");
        check(12, "Dec Dez déc. dic dicembre dezembro ara aralık gru prosince joulukuu");
    }
}
