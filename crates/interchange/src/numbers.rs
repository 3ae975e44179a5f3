//! Parses numbers with a decimal point or a decimal comma, with or without thousands separators. An
//! ambiguous number is rejected, never guessed.
//!
//! Limits without a source are project defaults.

use crate::cell::Cell;
use crate::findings::RowError;
use std::borrow::Cow;

/// The longest number: a load that was converted between units has 17 digits.
const NUMBER_CHARS_MAX: usize = 24;
const NOT_A_NUMBER: &str = "must be a number like 102.5 or 102,5";
const AMBIGUOUS: &str =
    "ambiguous comma: decimal comma or thousands separator; the parameter locale decides it";

/// Parses the numbers of a file and records how they are written.
pub struct NumberParser {
    decimal_comma: Option<bool>,
    pub seen: SeenSeparators,
}

/// The separators in the numbers parsed so far.
#[derive(Clone, Copy, Default)]
pub struct SeenSeparators {
    pub decimal_point: bool,
    /// A comma that can only be a decimal comma.
    pub decimal_comma: bool,
    /// A comma that can be a decimal comma or a thousands separator; the number was rejected.
    pub ambiguous_comma: bool,
}

impl SeenSeparators {
    /// Whether the file has decimal commas, if its other numbers settle an ambiguous one.
    pub fn settled(self) -> Option<bool> {
        let is_settled = self.ambiguous_comma && self.decimal_comma != self.decimal_point;
        is_settled.then_some(self.decimal_comma)
    }
}

impl NumberParser {
    /// Creates a parser. `decimal_comma` is `None` where it is not known.
    pub fn new(decimal_comma: Option<bool>) -> Self {
        Self { decimal_comma, seen: SeenSeparators::default() }
    }

    /// Parses a number that is not negative. An empty cell and a zero, which the apps write for an
    /// empty field, are `None`.
    pub fn parse<'a>(&mut self, cell: Cell<'a>) -> Result<Option<f64>, RowError<'a>> {
        if cell.is_empty() {
            return Ok(None);
        }
        let text = cell.value();
        // Most numbers are an integer, or have a decimal point only.
        let mut points = 0;
        let is_plain = text.len() <= NUMBER_CHARS_MAX
            && text.starts_with(|c: char| c.is_ascii_digit())
            && text.ends_with(|c: char| c.is_ascii_digit())
            && text.bytes().all(|byte| {
                points += usize::from(byte == b'.');
                byte.is_ascii_digit() || byte == b'.'
            });
        if is_plain && (points == 0 || points == 1 && self.decimal_comma != Some(true)) {
            self.seen.decimal_point |= points == 1;
            let number: f64 = text.parse().map_err(|_| cell.error(NOT_A_NUMBER))?;
            return Ok(Some(number).filter(|number| *number > 0.0));
        }
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let digits = without_spaces(unsigned);
        let has_digits_at_both_ends = digits.starts_with(|c: char| c.is_ascii_digit())
            && digits.ends_with(|c: char| c.is_ascii_digit());
        if !has_digits_at_both_ends
            || !digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b',')
            || digits.len() > NUMBER_CHARS_MAX
        {
            return Err(cell.error(NOT_A_NUMBER));
        }
        let plain = self.with_decimal_point(cell, &digits)?;
        let number: f64 = plain.parse().map_err(|_| cell.error(NOT_A_NUMBER))?;
        if unsigned.len() < text.len() && number > 0.0 {
            return Err(cell.error("must not be negative"));
        }
        Ok(Some(number).filter(|number| *number > 0.0))
    }

    /// Parses an integer, which may be written as `8.0`. An empty cell and a zero are `None`.
    pub fn parse_integer<'a>(
        &mut self,
        cell: Cell<'a>,
        max: u32,
    ) -> Result<Option<u32>, RowError<'a>> {
        let Some(number) = self.parse(cell)? else { return Ok(None) };
        if number.fract() != 0.0 {
            return Err(cell.error("must be an integer"));
        }
        if number > f64::from(max) {
            return Err(cell.error(format!("must be at most {max}")));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an integer between 1 and max"
        )]
        let integer = number as u32;
        Ok(Some(integer))
    }

    /// Removes the thousands separators and writes a decimal point.
    fn with_decimal_point<'d, 'a>(
        &mut self,
        cell: Cell<'a>,
        digits: &'d str,
    ) -> Result<Cow<'d, str>, RowError<'a>> {
        let Some(last) = digits.rfind(['.', ',']) else { return Ok(Cow::Borrowed(digits)) };
        let (integer, fraction) = digits.split_at(last);
        let (is_comma, fraction) =
            (fraction.starts_with(','), fraction.get(1..).unwrap_or_default());
        let first = integer.find(['.', ',']);
        // Two kinds of separators, or one that occurs twice: the last one is the decimal one only in
        // the first case.
        let is_decimal = match first.and_then(|at| integer.get(at..=at)) {
            Some(separator)
                if digits.matches(separator).count() == digits.matches(['.', ',']).count() =>
            {
                false
            }
            Some(_) => true,
            None if is_comma => match self.decimal_comma {
                None if may_be_thousands(integer, fraction) => {
                    self.seen.ambiguous_comma = true;
                    return Err(cell.error(AMBIGUOUS));
                }
                Some(false) if !may_be_thousands(integer, fraction) => {
                    return Err(cell.error("comma in a file with decimal points"));
                }
                decimal_comma => decimal_comma.unwrap_or(true),
            },
            None => match self.decimal_comma {
                Some(true) if !may_be_thousands(integer, fraction) => {
                    return Err(cell.error("decimal point in a file with decimal commas"));
                }
                decimal_comma => decimal_comma != Some(true),
            },
        };
        let groups = if is_decimal { integer } else { digits };
        if !are_groups(groups)
            || first.is_some() && is_decimal && self.decimal_comma == Some(!is_comma)
        {
            return Err(cell.error(NOT_A_NUMBER));
        }
        if !is_decimal {
            return Ok(Cow::Owned(digits.replace(['.', ','], "")));
        }
        self.seen.decimal_comma |= is_comma;
        self.seen.decimal_point |= !is_comma;
        if first.is_none() && !is_comma {
            return Ok(Cow::Borrowed(digits));
        }
        Ok(Cow::Owned(format!("{}.{fraction}", integer.replace(['.', ','], ""))))
    }
}

/// Removes spaces and apostrophes between digits: `1 000`, `1'000`.
fn without_spaces(text: &str) -> Cow<'_, str> {
    let is_mark = |c: char| matches!(c, ' ' | '\'' | '’' | '\u{a0}' | '\u{202f}');
    if !text.contains(is_mark) {
        return Cow::Borrowed(text);
    }
    let end = text.find(['.', ',']).unwrap_or(text.len());
    let are_groups =
        text.get(..end).unwrap_or_default().split(is_mark).skip(1).all(|it| it.len() == 3);
    if are_groups { Cow::Owned(text.replace(is_mark, "")) } else { Cow::Borrowed(text) }
}

/// Whether digits are in groups of three behind the first: `1,000,000`.
fn are_groups(digits: &str) -> bool {
    let mut groups = digits.split(['.', ',']);
    let first = groups.next().map_or(0, str::len);
    let mut others = groups.peekable();
    others.peek().is_none() || (1..=3).contains(&first) && others.all(|group| group.len() == 3)
}

/// Whether a separator may separate thousands: it may in `1,000`; not in `102,5`, `0,125`, `1000,125`.
fn may_be_thousands(before: &str, after: &str) -> bool {
    after.len() == 3 && before.len() <= 3 && !before.starts_with('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(raw: &str) -> Cell<'_> {
        Cell { column: "weight", raw }
    }

    #[test]
    fn ambiguous_number_is_rejected() {
        let check =
            |raw: &str, comma: Option<bool>, expected: Result<Option<f64>, &'static str>| {
                let parsed = NumberParser::new(comma).parse(cell(raw));
                assert_eq!(
                    parsed.map_err(|error| error.reason.into_owned()),
                    expected.map_err(str::to_owned),
                    "{raw:?} {comma:?}"
                );
            };
        check("", None, Ok(None));
        check("null", None, Ok(None));
        check(" 0.0 ", None, Ok(None));
        check("-0", None, Ok(None));
        check("102.5", None, Ok(Some(102.5)));
        check("102,5", None, Ok(Some(102.5)));
        check("102,25", None, Ok(Some(102.25)));
        check("0,125", None, Ok(Some(0.125)));
        check("1.000", None, Ok(Some(1.0)));
        check("44.09245243697551", None, Ok(Some(44.092_452_436_975_51)));
        check("1000,125", None, Ok(Some(1_000.125)));
        check("1,000", Some(true), Ok(Some(1.0)));
        check("1.000", Some(true), Ok(Some(1_000.0)));
        check("1,000", None, Err(AMBIGUOUS));
        check("1,000", Some(false), Ok(Some(1_000.0)));
        check("102,5", Some(false), Err("comma in a file with decimal points"));
        check("1.5", Some(true), Err("decimal point in a file with decimal commas"));
        check("1,000.5", None, Ok(Some(1_000.5)));
        check("1,000.5", Some(true), Err(NOT_A_NUMBER));
        check("1.000,5", Some(true), Ok(Some(1_000.5)));
        check("1.000,5", None, Ok(Some(1_000.5)));
        check("1,234,567", None, Ok(Some(1_234_567.0)));
        check("1.234.567,5", None, Ok(Some(1_234_567.5)));
        check("1 000,5", None, Ok(Some(1_000.5)));
        check("1\u{202f}000", None, Ok(Some(1_000.0)));
        check("1'000.5", None, Ok(Some(1_000.5)));
        check("-2.5", None, Err("must not be negative"));
        for word in [
            "x",
            "8 kg",
            "1e3",
            "NaN",
            "inf",
            "+5",
            ".5",
            "5.",
            "--5",
            "-",
            "٣",
            "1,00.5",
            "1,0,0",
            "10 00",
            "1.2.3",
            "1000,000,5",
        ] {
            check(word, None, Err(NOT_A_NUMBER));
        }
        check(&"9".repeat(25), None, Err(NOT_A_NUMBER));
    }

    #[test]
    fn integer_has_no_fraction_and_is_at_most_the_maximum() {
        let check = |raw: &str, expected: Result<Option<u32>, ()>| {
            assert_eq!(
                NumberParser::new(None).parse_integer(cell(raw), 1_000).map_err(|_| ()),
                expected,
                "{raw}"
            );
        };
        check("8", Ok(Some(8)));
        check("8.0", Ok(Some(8)));
        check("8,0", Ok(Some(8)));
        check("1000", Ok(Some(1_000)));
        check("1001", Err(()));
        check("8.5", Err(()));
        check("99999999999999999999", Err(()));
    }
}
