//! Numbers as apps and spreadsheets write them: with a point or a comma, never guessed.

use crate::cell::Cell;
use std::borrow::Cow;
use std::cell::Cell as Shared;

/// A number has no more characters (ours): a day of seconds with six decimals has 12.
const NUMBER_CHARS_MAX: usize = 20;

/// Reads the numbers of a file, and remembers how they are written.
pub struct Numbers {
    decimal_comma: Option<bool>,
    seen: Shared<Seen>,
}

/// How the numbers of a file are written, as far as it was read.
#[derive(Clone, Copy, Default)]
pub struct Seen {
    /// One had a decimal point.
    pub point: bool,
    /// One had a comma that can only be a decimal one.
    pub comma: bool,
    /// One was refused because its comma may be either.
    pub ambiguous: bool,
}

impl Numbers {
    /// Of a file whose decimal comma is known, or not.
    pub const fn new(decimal_comma: Option<bool>) -> Self {
        Self {
            decimal_comma,
            seen: Shared::new(Seen { point: false, comma: false, ambiguous: false }),
        }
    }

    /// How those read until now are written.
    pub fn seen(&self) -> Seen {
        self.seen.get()
    }

    /// A number that is not negative; `None` for an empty cell and for zero, which the apps write
    /// where nothing was entered.
    pub fn number(&self, cell: Cell<'_>) -> Result<Option<f64>, String> {
        let text = cell.value();
        if text.is_empty() {
            return Ok(None);
        }
        let digits = text.strip_prefix('-').unwrap_or(text);
        let known = |c: char| c.is_ascii_digit() || c == '.' || c == ',';
        let framed = digits.starts_with(|c: char| c.is_ascii_digit())
            && digits.ends_with(|c: char| c.is_ascii_digit());
        if !framed || !digits.chars().all(known) || digits.len() > NUMBER_CHARS_MAX {
            return Err(cell.refused("not a number"));
        }
        let plain = self.with_point(cell, digits)?;
        let number: f64 = plain.parse().map_err(|_| cell.refused("not a number"))?;
        if digits.len() < text.len() && number > 0.0 {
            return Err(cell.refused("negative"));
        }
        Ok(Some(number).filter(|number| *number > 0.0))
    }

    /// A whole number, also as `8.0`; `None` for an empty cell and for zero.
    pub fn whole(&self, cell: Cell<'_>, max: u32) -> Result<Option<u32>, String> {
        let Some(number) = self.number(cell)? else { return Ok(None) };
        if number.fract() != 0.0 {
            return Err(cell.refused("not a whole number"));
        }
        if number > f64::from(max) {
            return Err(cell.refused(&format!("over {max}")));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number from 1 to max"
        )]
        let whole = number as u32;
        Ok(Some(whole))
    }

    fn with_point<'d>(&self, cell: Cell<'_>, digits: &'d str) -> Result<Cow<'d, str>, String> {
        let seen = self.seen.get();
        let mut parts = digits.split(['.', ',']);
        let (before, after) = (parts.next().unwrap_or_default(), parts.next());
        let Some(after) = after else { return Ok(Cow::Borrowed(digits)) };
        if parts.next().is_some() {
            return Err(cell.refused("a number with separated thousands is not read"));
        }
        if digits.contains('.') {
            if self.decimal_comma == Some(true) {
                return Err(cell.refused("a point in a file with decimal commas"));
            }
            self.seen.set(Seen { point: true, ..seen });
            return Ok(Cow::Borrowed(digits));
        }
        if self.decimal_comma == Some(false) {
            return Err(cell.refused("a comma in a file with decimal points"));
        }
        if self.decimal_comma.is_none() && may_be_thousands(before, after) {
            self.seen.set(Seen { ambiguous: true, ..seen });
            return Err(cell.refused("the comma may be a decimal one or separate thousands"));
        }
        self.seen.set(Seen { comma: true, ..seen });
        Ok(Cow::Owned(format!("{before}.{after}")))
    }
}

/// `1,000` may be one or a thousand; `102,5`, `0,125` and `1000,125` may not.
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
    fn a_number_is_read_or_refused_never_guessed() {
        let check = |raw: &str, comma: Option<bool>, expected: Result<Option<f64>, &str>| {
            let found = Numbers::new(comma).number(cell(raw));
            let expected = expected.map_err(|why| format!("weight is `{}`: {why}", raw.trim()));
            assert_eq!(found, expected, "{raw:?} {comma:?}");
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
        check("1,000", None, Err("the comma may be a decimal one or separate thousands"));
        check("1,000", Some(false), Err("a comma in a file with decimal points"));
        check("1.5", Some(true), Err("a point in a file with decimal commas"));
        check("1,000.5", None, Err("a number with separated thousands is not read"));
        check("1.000,5", Some(true), Err("a number with separated thousands is not read"));
        check("-2.5", None, Err("negative"));
        for word in ["x", "8 kg", "1e3", "NaN", "inf", "+5", ".5", "5.", "--5", "-", "٣", "1'000"]
        {
            check(word, None, Err("not a number"));
        }
        check(&"9".repeat(21), None, Err("not a number"));
    }

    #[test]
    fn a_whole_number_has_no_fraction_and_a_bound() {
        let check = |raw: &str, expected: Result<Option<u32>, ()>| {
            assert_eq!(
                Numbers::new(None).whole(cell(raw), 1_000).map_err(|_| ()),
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
