//! The numbers and dates of a text.

use chrono::NaiveDate;

/// Numbers that models write as words. `one` is absent: it is rarely a number.
const WRITTEN_OUT: [(&str, f64); 34] = [
    ("half", 0.5),
    ("twice", 2.0),
    ("double", 2.0),
    ("triple", 3.0),
    ("zero", 0.0),
    ("two", 2.0),
    ("three", 3.0),
    ("four", 4.0),
    ("five", 5.0),
    ("six", 6.0),
    ("seven", 7.0),
    ("eight", 8.0),
    ("nine", 9.0),
    ("ten", 10.0),
    ("eleven", 11.0),
    ("twelve", 12.0),
    ("dozen", 12.0),
    ("thirteen", 13.0),
    ("fourteen", 14.0),
    ("fifteen", 15.0),
    ("sixteen", 16.0),
    ("seventeen", 17.0),
    ("eighteen", 18.0),
    ("nineteen", 19.0),
    ("twenty", 20.0),
    ("thirty", 30.0),
    ("forty", 40.0),
    ("fifty", 50.0),
    ("sixty", 60.0),
    ("seventy", 70.0),
    ("eighty", 80.0),
    ("ninety", 90.0),
    ("hundred", 100.0),
    ("thousand", 1000.0),
];
/// Months whose names have no other meaning. The facts have no dates with names of months.
const MONTHS: [&str; 10] = [
    "january",
    "february",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The numbers and dates in a text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Numbers {
    /// Dates as in `2026-11-16`.
    pub dates: Vec<NaiveDate>,
    /// Numbers outside dates, without their signs.
    pub values: Vec<f64>,
    /// Whether the text has numbers that cannot be compared: `٣`, `½`, `1e9`, `16 November`.
    pub has_unknown: bool,
}

/// Parses the numbers in a text: digits with a decimal point or commas between thousands, dates, and
/// words for numbers.
pub fn parse_numbers(text: &str) -> Numbers {
    let mut found = Numbers::default();
    for word in text.split(|c: char| !(c.is_alphanumeric() || "-.,".contains(c))) {
        match word.get(..10).and_then(|date| Some((date.parse().ok()?, word.get(10..)?))) {
            Some((date, rest)) => {
                found.dates.push(date);
                parse_word(rest, &mut found);
            }
            None => parse_word(word, &mut found),
        }
    }
    found
}

/// Parses a word, or several with hyphens between them.
fn parse_word(word: &str, found: &mut Numbers) {
    for part in word.split('-') {
        parse_part(part, found);
        let digits = part.split(|c: char| !(c.is_ascii_digit() || ".,".contains(c)));
        for number in digits.map(|digits| digits.trim_end_matches(['.', ','])) {
            match parse(number) {
                Some(number) => found.values.push(number),
                None => found.has_unknown |= !number.is_empty(),
            }
        }
    }
}

fn parse_part(part: &str, found: &mut Numbers) {
    let foreign = |c: char| c.is_numeric() && !c.is_ascii_digit();
    // The value of "1e9" differs from its digits.
    let exponent = part.split_once(['e', 'E']).is_some_and(|(before, after)| {
        before.ends_with(|c: char| c.is_ascii_digit())
            && after.starts_with(|c: char| c.is_ascii_digit())
    });
    let word = part.trim_matches(['.', ',']).to_ascii_lowercase();
    found.has_unknown |= part.contains(foreign) || exponent || MONTHS.contains(&word.as_str());
    let number = WRITTEN_OUT.iter().find(|(name, _)| *name == word);
    found.values.extend(number.map(|(_, number)| *number));
}

/// Parses `12`, `6.5` and `12,500`.
fn parse(digits: &str) -> Option<f64> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let mut groups = whole.split(',');
    let first = groups.next()?.len();
    let thousands = whole.contains(',');
    let grouped = !thousands || ((1..=3).contains(&first) && groups.all(|group| group.len() == 3));
    // JSON forbids leading zeros.
    let whole = whole.replace(',', "");
    let whole = whole.trim_start_matches('0');
    let number = format!("{}.{fraction}", if whole.is_empty() { "0" } else { whole });
    (grouped && first > 0).then(|| serde_json::from_str(&number).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, numbers: &[f64]) {
        let expected = Numbers { values: numbers.to_vec(), ..Numbers::default() };
        assert_eq!(parse_numbers(text), expected, "{text}");
    }

    fn check_unknown(text: &str) {
        assert!(parse_numbers(text).has_unknown, "{text}");
    }

    #[test]
    fn numbers_are_found_anywhere_in_a_text() {
        check("", &[]);
        check("Take one day off. Really.", &[]);
        check("30 hard sets, not 24.", &[30.0, 24.0]);
        check("6.5 sets, 0.5% or -0.63 %", &[6.5, 0.5, 0.63]);
        check("100kg x5@8, 3-4 sets", &[100.0, 5.0, 8.0, 3.0, 4.0]);
        check("12,500 kg in (2) weeks: 1,250,000.25", &[12_500.0, 2.0, 1_250_000.25]);
        check("the 2nd week, week3", &[2.0, 3.0]);
        check("1/2 of 7", &[1.0, 2.0, 7.0]);
        check("007 or 0 or 0.25", &[7.0, 0.0, 0.25]);
    }

    #[test]
    fn words_for_numbers_are_numbers() {
        check("Do Five sets, twice.", &[5.0, 2.0]);
        check("twenty-five", &[20.0, 5.0]);
        check("half-hearted", &[0.5]);
        check("often someone tends to fiver", &[]);
    }

    #[test]
    fn date_is_not_split_into_numbers() {
        let numbers = parse_numbers("since 2026-11-16, or (2026-11-09).");
        let dates: Vec<_> = numbers.dates.iter().map(NaiveDate::to_string).collect();
        assert_eq!(
            (dates, numbers.values),
            (vec!["2026-11-16".into(), "2026-11-09".into()], vec![])
        );
        assert_eq!(parse_numbers("2026-11-161").values, [1.0]);
        check("2026-13-40", &[2_026.0, 13.0, 40.0]);
    }

    #[test]
    fn unsupported_notations_are_unknown() {
        check_unknown("٣ sets");
        check_unknown("½ of it");
        check_unknown("10² kg");
        check_unknown("1e9 kg");
        check_unknown("16 November");
        check_unknown("1.2.3");
        check_unknown("9..5");
        check_unknown(".5 of it");
        check_unknown("1,25");
        check_unknown("12,3456");
    }
}
