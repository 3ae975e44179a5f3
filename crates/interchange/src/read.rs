//! Reading a file: whole, or not at all when it is not a log; a broken row costs no other.

use crate::assembly::Assembly;
use crate::cell::shown;
use crate::columns::{Columns, UnknownHeader};
use crate::entry::Entry;
use crate::measures::Row;
use crate::numbers::{Numbers, Seen};
use crate::records::{Found, Record, Records};
use crate::training_log::{Format, LineError, TrainingLog, UnitSource, WeightUnit};
use crate::{fit_notes, hevy, strong};
use serde::{Deserialize, Serialize};
use std::cell::Cell as Shared;

/// Rows below the header (the bar that peers' importers set).
pub const ROWS_MAX: usize = 50_000;

/// The byte order mark that spreadsheets put before UTF-8.
const BYTE_ORDER_MARK: char = '\u{feff}';
/// What a header's line may be delimited by; at a tie the first wins.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];
/// Names of columns that an error shows (ours): the widest format has 15.
const SHOWN_COLUMNS_MAX: usize = 20;

/// What the caller knows of a file; what is `None` is detected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadOptions {
    /// The app that wrote it; a file of another one is refused.
    pub format: Option<Format>,
    /// The unit of weights where the file does not say it. What the file says wins.
    pub weight_unit: Option<WeightUnit>,
    /// Whether numbers have a decimal comma. Known, each number has to be written so; else each
    /// is read as it can only be meant.
    pub decimal_comma: Option<bool>,
}

/// Why a file is refused as a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Its bytes are no text.
    #[error("the file is not UTF-8 text (line {line}); save it as CSV in UTF-8")]
    NotUtf8 {
        /// The line with the first byte that is none.
        line: usize,
    },
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// Its header is not that of a log that is known, or not of the format asked for.
    #[error("the header `{header}` is not that of a training log: {expected}")]
    UnknownHeader {
        /// The names of its columns, cut.
        header: String,
        /// What would have been one.
        expected: String,
    },
    /// It has more rows than are read at once.
    #[error("the file has over {max} rows")]
    TooManyRows {
        /// `ROWS_MAX`
        max: usize,
    },
}

/// Reads a log: UTF-8, with or without a byte order mark, LF, CR LF or CR, delimited by commas,
/// semicolons or tabs. The header's names are matched without case, in any order; columns that
/// mean nothing here are passed over.
pub fn read(bytes: &[u8], options: &ReadOptions) -> Result<TrainingLog, ReadError> {
    let text = utf8(bytes)?;
    let (log, seen) = read_once(text, *options)?;
    // `1,000` was refused while another number showed that the file has decimal commas.
    if options.decimal_comma.is_none() && seen.ambiguous && seen.comma && !seen.point {
        let options = ReadOptions { decimal_comma: Some(true), ..*options };
        return Ok(read_once(text, options)?.0);
    }
    Ok(log)
}

fn utf8(bytes: &[u8]) -> Result<&str, ReadError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
        ReadError::NotUtf8 { line: valid.split(|byte| *byte == b'\n').count() }
    })?;
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    if text.trim().is_empty() { Err(ReadError::Empty) } else { Ok(text) }
}

fn read_once(text: &str, options: ReadOptions) -> Result<(TrainingLog, Seen), ReadError> {
    let mut records = Records::new(text, delimiter(text));
    let columns = columns(&mut records, options.format)?;
    records.expect_width(columns.width());
    let numbers = Numbers::new(options.decimal_comma);
    let weight_unit = options.weight_unit.unwrap_or(WeightUnit::Kg);
    let unit_said = Shared::new(columns.weight_unit());
    let mut assembly = Assembly::new(columns.format);
    let (mut rows, mut skipped, mut errors) = (0, 0, Vec::new());
    while let Some(found) = records.next() {
        if rows == ROWS_MAX {
            return Err(ReadError::TooManyRows { max: ROWS_MAX });
        }
        rows += 1;
        let (line, outcome) = match &found {
            Found::Broken { line, detail } => (*line, Err(detail.clone())),
            Found::Record(record) => {
                let (columns, numbers, unit_said) = (&columns, &numbers, &unit_said);
                let row = Row { columns, record, numbers, weight_unit, unit_said };
                (record.line, add(&row, &mut assembly))
            }
        };
        match outcome {
            Ok(has_set) => skipped += usize::from(!has_set),
            Err(detail) => errors.push(LineError { line, detail }),
        }
    }
    let rejected = errors.len();
    let assembled = assembly.finish();
    errors.extend(assembled.errors);
    errors.sort_by_key(|error| error.line);
    let (weight_unit, weight_unit_source) = match (unit_said.get(), options.weight_unit) {
        (Some(said), _) => (said, UnitSource::File),
        (None, Some(asked)) => (asked, UnitSource::Caller),
        (None, None) => (weight_unit, UnitSource::Assumed),
    };
    let seen = numbers.seen();
    let log = TrainingLog {
        format: columns.format,
        weight_unit,
        weight_unit_source,
        decimal_comma: options.decimal_comma.unwrap_or(seen.comma),
        rows,
        sets: assembled.sets,
        skipped,
        rejected: rejected + assembled.rejected,
        workouts: assembled.workouts,
        errors,
    };
    Ok((log, seen))
}

/// Adds a row to its workout; whether it has a set.
fn add(row: &Row<'_>, assembly: &mut Assembly) -> Result<bool, String> {
    let Some(entry) = entry(row)? else { return Ok(false) };
    let has_set = entry.set.is_some();
    assembly.add(row.record.line, entry)?;
    Ok(has_set)
}

fn entry<'a>(row: &Row<'a>) -> Result<Option<Entry<'a>>, String> {
    match row.columns.format {
        Format::Strong => strong::entry(row),
        Format::Hevy => hevy::entry(row).map(Some),
        Format::FitNotes => fit_notes::entry(row).map(Some),
    }
}

fn columns(records: &mut Records<'_>, format: Option<Format>) -> Result<Columns, ReadError> {
    match records.next() {
        None => Err(ReadError::Empty),
        Some(Found::Broken { detail, .. }) => {
            Err(ReadError::UnknownHeader { header: String::new(), expected: detail })
        }
        Some(Found::Record(header)) => {
            Columns::of(&header, format).map_err(|UnknownHeader { expected }| {
                ReadError::UnknownHeader { header: names(&header), expected }
            })
        }
    }
}

fn names(header: &Record<'_>) -> String {
    let names = (0..header.width().min(SHOWN_COLUMNS_MAX)).map(|index| shown(header.field(index)));
    names.collect::<Vec<_>>().join(",")
}

/// What stands most often in the first line that is not empty, outside of quotes.
fn delimiter(text: &str) -> u8 {
    let line = text.trim_start_matches(['\r', '\n']).split(['\r', '\n']).next();
    let mut counts = [0_usize; DELIMITERS.len()];
    let mut quoted = false;
    for byte in line.unwrap_or_default().bytes() {
        quoted ^= byte == b'"';
        for (count, delimiter) in counts.iter_mut().zip(DELIMITERS) {
            *count += usize::from(!quoted && byte == delimiter);
        }
    }
    let counted = counts.into_iter().zip(DELIMITERS).rev();
    counted.max_by_key(|(count, _)| *count).map_or(b',', |(_, delimiter)| delimiter)
}
