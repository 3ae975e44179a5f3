//! Reads a file. A file that is not a training log is rejected; an invalid row does not lose others.
//!
//! Limits without a source are project defaults.

use crate::cell::truncate;
use crate::columns::Columns;
use crate::numbers::{NumberParser, SeenSeparators};
use crate::records::{Record, Records};
use crate::row::Row;
use crate::training_log::{Format, LineError, TrainingLog, UnitSource, WeightUnit};
use crate::workouts::WorkoutsBuilder;
use crate::{fit_notes, hevy, strong};
use serde::{Deserialize, Serialize};

/// The most rows below the header (the limit of comparable importers).
pub const ROWS_MAX: usize = 50_000;

/// Spreadsheets write it before UTF-8.
const BYTE_ORDER_MARK: char = '\u{feff}';
/// The delimiters; the first wins a tie.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];
/// The most column names that an error shows: the widest format has 15.
const SHOWN_COLUMNS_MAX: usize = 20;

/// The caller's knowledge of a file; `None` is detected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadOptions {
    /// A file of another format is rejected.
    pub format: Option<Format>,
    /// The unit of weights for which the file states none.
    pub weight_unit: Option<WeightUnit>,
    /// If set, a number with the other decimal separator is rejected; if not, an ambiguous number is.
    pub decimal_comma: Option<bool>,
}

/// The reason that a whole file is rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    #[error("the file is not UTF-8 text (line {line}); save it as CSV in UTF-8")]
    NotUtf8 { line: usize },
    #[error("the file is empty")]
    Empty,
    /// The columns of no format, or not of the requested one.
    #[error("the header `{header}` is not that of a supported training log: {required}")]
    UnknownHeader { header: String, required: String },
    #[error("the file has more than {ROWS_MAX} rows")]
    TooManyRows,
}

/// Reads a log: UTF-8 with or without a byte order mark; LF, CR LF or CR; commas, semicolons or tabs.
/// Column names match in any case and order; unknown columns are ignored.
pub fn read(bytes: &[u8], options: &ReadOptions) -> Result<TrainingLog, ReadError> {
    let text = utf8(bytes)?;
    let (log, seen) = read_once(text, *options)?;
    // `1,000` was rejected, but another number shows that the file has decimal commas.
    let is_ambiguous = options.decimal_comma.is_none() && seen.ambiguous_comma;
    if is_ambiguous && seen.decimal_comma && !seen.decimal_point {
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

fn read_once(text: &str, options: ReadOptions) -> Result<(TrainingLog, SeenSeparators), ReadError> {
    let mut records = Records::new(text, delimiter(text));
    let columns = read_header(&mut records, options.format)?;
    records.expect_width(columns.width());
    let mut numbers = NumberParser::new(options.decimal_comma);
    let default_unit = options.weight_unit.unwrap_or(WeightUnit::Kg);
    let mut file_unit = columns.weight_unit();
    let mut builder = WorkoutsBuilder::new(columns.format);
    let (mut rows, mut skipped, mut errors) = (0, 0, Vec::new());
    while let Some(record) = records.next() {
        if rows == ROWS_MAX {
            return Err(ReadError::TooManyRows);
        }
        rows += 1;
        let added = record.and_then(|record| {
            let mut row = Row {
                columns: &columns,
                record: &record,
                numbers: &mut numbers,
                default_unit,
                file_unit: &mut file_unit,
            };
            add_row(&mut row, &mut builder)
                .map_err(|detail| LineError { line: record.line, detail })
        });
        match added {
            Ok(has_set) => skipped += usize::from(!has_set),
            Err(error) => errors.push(error),
        }
    }
    let weight_unit_source = match (file_unit, options.weight_unit) {
        (Some(_), _) => UnitSource::File,
        (None, Some(_)) => UnitSource::Caller,
        (None, None) => UnitSource::Assumed,
    };
    let mut log = TrainingLog {
        format: columns.format,
        weight_unit: file_unit.unwrap_or(default_unit),
        weight_unit_source,
        decimal_comma: options.decimal_comma.unwrap_or(numbers.seen.decimal_comma),
        rows,
        sets: 0,
        skipped,
        rejected: errors.len(),
        workouts: Vec::new(),
        errors,
    };
    add_workouts(&mut log, builder);
    Ok((log, numbers.seen))
}

fn add_workouts(log: &mut TrainingLog, builder: WorkoutsBuilder) {
    for (sets, workout) in builder.finish() {
        match workout {
            Ok(workout) => {
                log.sets += sets;
                log.workouts.push(workout);
            }
            Err(error) => {
                log.rejected += sets;
                log.errors.push(error);
            }
        }
    }
    log.errors.sort_by_key(|error| error.line);
}

/// Adds a row to its workout; returns whether it has a set.
fn add_row(row: &mut Row<'_>, builder: &mut WorkoutsBuilder) -> Result<bool, String> {
    let parsed = match row.columns.format {
        Format::Strong => strong::parse_row(row)?,
        Format::Hevy => Some(hevy::parse_row(row)?),
        Format::FitNotes => Some(fit_notes::parse_row(row)?),
    };
    let Some(parsed) = parsed else { return Ok(false) };
    let has_set = parsed.set.is_some();
    builder.add(row.record.line, parsed)?;
    Ok(has_set)
}

fn read_header(records: &mut Records<'_>, format: Option<Format>) -> Result<Columns, ReadError> {
    let unknown = |header, required| ReadError::UnknownHeader { header, required };
    let header = records.next().ok_or(ReadError::Empty)?;
    let header = header.map_err(|error| unknown(String::new(), error.detail))?;
    Columns::parse(&header, format).map_err(|required| unknown(column_names(&header), required))
}

fn column_names(header: &Record<'_>) -> String {
    let shown = 0..header.width().min(SHOWN_COLUMNS_MAX);
    shown.map(|index| truncate(header.field(index))).collect::<Vec<_>>().join(",")
}

/// Returns the most frequent delimiter outside of quotes in the first line that is not empty.
fn delimiter(text: &str) -> u8 {
    let line = text.trim_start_matches(['\r', '\n']).split(['\r', '\n']).next();
    let mut counts = [0_usize; DELIMITERS.len()];
    let mut is_quoted = false;
    for byte in line.unwrap_or_default().bytes() {
        is_quoted ^= byte == b'"';
        for (count, delimiter) in counts.iter_mut().zip(DELIMITERS) {
            *count += usize::from(!is_quoted && byte == delimiter);
        }
    }
    let counted = counts.into_iter().zip(DELIMITERS).rev();
    counted.max_by_key(|(count, _)| *count).map_or(b',', |(_, delimiter)| delimiter)
}
