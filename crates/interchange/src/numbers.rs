//! Parses numbers with a decimal point or a decimal comma. An ambiguous number is rejected, never
//! guessed.
//!
//! Limits without a source are project defaults.

use crate::cell::Cell;
use std::borrow::Cow;

/// The longest number: a day in seconds with six decimals has 12 characters.
const NUMBER_CHARS_MAX: usize = 20;

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

impl NumberParser {
    /// Creates a parser. `decimal_comma` is `None` where it is not known.
    pub fn new(decimal_comma: Option<bool>) -> Self {
        Self { decimal_comma, seen: SeenSeparators::default() }
    }

    /// Parses a number that is not negative. An empty cell and a zero, which the apps write for an
    /// empty field, are `None`.
    pub fn parse(&mut self, cell: Cell<'_>) -> Result<Option<f64>, String> {
        let text = cell.value();
        if text.is_empty() {
            return Ok(None);
        }
        let digits = text.strip_prefix('-').unwrap_or(text);
        let is_allowed = |c: char| c.is_ascii_digit() || c == '.' || c == ',';
        let has_digits_at_both_ends = digits.starts_with(|c: char| c.is_ascii_digit())
            && digits.ends_with(|c: char| c.is_ascii_digit());
        if !has_digits_at_both_ends
            || !digits.chars().all(is_allowed)
            || digits.len() > NUMBER_CHARS_MAX
        {
            return Err(cell.error("must be a number"));
        }
        let plain = self.with_decimal_point(cell, digits)?;
        let number: f64 = plain.parse().map_err(|_| cell.error("must be a number"))?;
        if digits.len() < text.len() && number > 0.0 {
            return Err(cell.error("must not be negative"));
        }
        Ok(Some(number).filter(|number| *number > 0.0))
    }

    /// Parses an integer, which may be written as `8.0`. An empty cell and a zero are `None`.
    pub fn parse_integer(&mut self, cell: Cell<'_>, max: u32) -> Result<Option<u32>, String> {
        let Some(number) = self.parse(cell)? else { return Ok(None) };
        if number.fract() != 0.0 {
            return Err(cell.error("must be an integer"));
        }
        if number > f64::from(max) {
            return Err(cell.error(&format!("must be at most {max}")));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an integer between 1 and max"
        )]
        let integer = number as u32;
        Ok(Some(integer))
    }

    fn with_decimal_point<'d>(
        &mut self,
        cell: Cell<'_>,
        digits: &'d str,
    ) -> Result<Cow<'d, str>, String> {
        let mut parts = digits.split(['.', ',']);
        let (integer, fraction) = (parts.next().unwrap_or_default(), parts.next());
        let Some(fraction) = fraction else { return Ok(Cow::Borrowed(digits)) };
        if parts.next().is_some() {
            return Err(cell.error("thousands separators are not supported"));
        }
        if digits.contains('.') {
            if self.decimal_comma == Some(true) {
                return Err(cell.error("decimal point in a file with decimal commas"));
            }
            self.seen.decimal_point = true;
            return Ok(Cow::Borrowed(digits));
        }
        if self.decimal_comma == Some(false) {
            return Err(cell.error("comma in a file with decimal points"));
        }
        if self.decimal_comma.is_none() && may_be_thousands(integer, fraction) {
            self.seen.ambiguous_comma = true;
            return Err(cell.error("ambiguous comma: decimal comma or thousands separator"));
        }
        self.seen.decimal_comma = true;
        Ok(Cow::Owned(format!("{integer}.{fraction}")))
    }
}

/// Whether a comma may separate thousands: it may in `1,000`; not in `102,5`, `0,125`, `1000,125`.
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
        let check = |raw: &str, comma: Option<bool>, expected: Result<Option<f64>, &str>| {
            let parsed = NumberParser::new(comma).parse(cell(raw));
            let expected =
                expected.map_err(|reason| format!("weight is `{}`: {reason}", raw.trim()));
            assert_eq!(parsed, expected, "{raw:?} {comma:?}");
        };
        check("", None, Ok(None));
        check(" 0.0 ", None, Ok(None));
        check("-0", None, Ok(None));
        check("102.5", None, Ok(Some(102.5)));
        check("102,5", None, Ok(Some(102.5)));
        check("102,25", None, Ok(Some(102.25)));
        check("0,125", None, Ok(Some(0.125)));
        check("1.000", None, Ok(Some(1.0)));
        check("1000,125", None, Ok(Some(1_000.125)));
        check("1,000", Some(true), Ok(Some(1.0)));
        check("1,000", None, Err("ambiguous comma: decimal comma or thousands separator"));
        check("1,000", Some(false), Err("comma in a file with decimal points"));
        check("1.5", Some(true), Err("decimal point in a file with decimal commas"));
        check("1,000.5", None, Err("thousands separators are not supported"));
        check("1.000,5", Some(true), Err("thousands separators are not supported"));
        check("-2.5", None, Err("must not be negative"));
        for word in ["x", "8 kg", "1e3", "NaN", "inf", "+5", ".5", "5.", "--5", "-", "٣", "1'000"]
        {
            check(word, None, Err("must be a number"));
        }
        check(&"9".repeat(21), None, Err("must be a number"));
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
