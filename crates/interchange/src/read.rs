//! Reads a file. A file that is not a training log is rejected; an invalid row does not lose others.
//!
//! Limits without a source are project defaults.

use crate::cell::truncate;
use crate::columns::{ColumnNames, Columns, UnknownColumns};
use crate::encoding::decode;
use crate::findings::{ErrorKind, Findings, RowError};
use crate::memo::Memo;
use crate::numbers::NumberParser;
use crate::records::{Record, Records};
use crate::row::{FileState, Row};
use crate::sections::{self, Section, Sessions};
use crate::timestamp::DateParser;
use crate::training_log::{Format, HintCode, TrainingLog, UnitSource, WeightUnit};
use crate::unit_evidence::UnitEvidence;
use crate::workout_row::parse_row;
use crate::workouts::WorkoutsBuilder;

/// The most rows below the header (the limit of comparable importers).
pub const ROWS_MAX: usize = 50_000;

/// The delimiters; the first wins a tie.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// The first bytes of a zip file, which a spreadsheet is.
const ZIP: &[u8] = b"PK\x03\x04";
/// The most column names that an error shows: the widest format has 15.
const SHOWN_COLUMNS_MAX: usize = 20;

/// The caller's knowledge of a file; `None` is detected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// A file of another format is rejected.
    pub format: Option<Format>,
    /// The unit of weights for which the file states none.
    pub weight_unit: Option<WeightUnit>,
    /// If set, a number with the other decimal separator is rejected; if not, an ambiguous number is.
    pub decimal_comma: Option<bool>,
    /// Whether the day is before the month in dates of numbers; if not set, an ambiguous date is rejected.
    pub day_first: Option<bool>,
    /// The columns of a file of any format.
    pub columns: Option<ColumnNames>,
}

/// The reason that a whole file is rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    #[error("the file is a spreadsheet or an archive, not text; save it as CSV in UTF-8")]
    NotText,
    #[error("the file is empty")]
    Empty,
    /// The columns of no format, or not of the requested one.
    #[error(
        "the header `{header}` is not that of a supported training log: {required}. The parameter columns names the columns of another file"
    )]
    UnknownHeader { header: String, required: String },
    #[error("the file has more than {ROWS_MAX} rows")]
    TooManyRows,
}

/// Reads a log: UTF-8, UTF-16 or Windows-1252; LF, CR LF or CR; commas, semicolons, tabs or bars. Column names
/// match in any case and order; unknown columns are ignored, with a hint.
pub fn read(bytes: &[u8], options: &ReadOptions) -> Result<TrainingLog, ReadError> {
    if bytes.starts_with(ZIP) {
        return Err(ReadError::NotText);
    }
    let (text, assumed_encoding) = decode(bytes);
    if text.trim().is_empty() {
        return Err(ReadError::Empty);
    }
    let (mut log, file) = read_once(&text, options)?;
    // `1,000` and `01/02/2024` were rejected, but other numbers and dates of the file settle them.
    let (comma, day_first) = (file.numbers.seen.settled(), file.dates.settled());
    if comma.is_some() || day_first.is_some() {
        let decimal_comma = options.decimal_comma.or(comma);
        let day_first = options.day_first.or(day_first);
        (log, _) = read_once(&text, &ReadOptions { decimal_comma, day_first, ..options.clone() })?;
    } else if file.dates.seen_ambiguous {
        hint(
            &mut log,
            HintCode::DateOrderAmbiguous,
            "day and month of the file's dates can be exchanged, and no date decides it: \
             set the parameter locale, such as en-US or en-GB"
                .to_owned(),
        );
    }
    if let Some(encoding) = assumed_encoding {
        let detail = format!(
            "the file is not UTF-8 and was read as {encoding}; if names look wrong, save it as CSV in UTF-8"
        );
        hint(&mut log, HintCode::EncodingAssumed, detail);
    }
    Ok(log)
}

fn hint(log: &mut TrainingLog, code: HintCode, detail: String) {
    let mut hints = Findings::default();
    hints.add(None, 1, |_| false, || (code, detail));
    log.hints.extend(hints.into_sorted());
}

fn read_once(text: &str, options: &ReadOptions) -> Result<(TrainingLog, FileState), ReadError> {
    let sections = sections::sections(text);
    let (table, begin) = set_table(text, &sections)?;
    let (begin, delimiter) = delimiter(table, begin);
    let mut records = Records::new(table, delimiter, begin);
    let mut columns = read_header(&mut records, options)?;
    records.expect_width(columns.width());
    let section_unit = sections::weight_unit(text, &sections).and_then(WeightUnit::from_word);
    let mut file = FileState {
        numbers: NumberParser::new(options.decimal_comma),
        dates: DateParser::new(options.day_first),
        durations: Memo::default(),
        default_unit: section_unit.or(options.weight_unit).unwrap_or(WeightUnit::Kg),
        file_unit: columns.weight_unit().or(section_unit),
        evidence: UnitEvidence::default(),
    };
    let mut rows = Rows {
        unknown: std::mem::take(&mut columns.unknown),
        sessions: sections::sessions(text, &sections),
        builder: WorkoutsBuilder::new(columns.spec.grouping),
        total: 0,
        skipped: 0,
        errors: Findings::default(),
        hints: Findings::default(),
    };
    while let Some((line, record)) = records.next() {
        if rows.total == ROWS_MAX {
            return Err(ReadError::TooManyRows);
        }
        rows.add(line, record, &columns, &mut file);
    }
    let ignored = sections::ignored(text, &sections).join(", ");
    Ok((rows.finish(&columns, &file, options, &ignored), file))
}

/// The rows that were read so far.
struct Rows {
    unknown: UnknownColumns,
    sessions: Sessions,
    builder: WorkoutsBuilder,
    total: usize,
    skipped: usize,
    errors: Findings<ErrorKind>,
    hints: Findings<HintCode>,
}

impl Rows {
    fn add(
        &mut self,
        line: u64,
        record: Result<Record<'_>, RowError<'static>>,
        columns: &Columns,
        file: &mut FileState,
    ) {
        self.total += 1;
        let record = match record {
            Ok(record) => record,
            Err(error) => return self.errors.reject(line, 1, error),
        };
        self.unknown.record(&record);
        let mut row = Row { columns, record: &record, file };
        match parse_row(&mut row, &self.sessions) {
            Ok(None) => self.skipped += 1,
            Ok(Some(parsed)) => {
                let has_sets = !parsed.sets.is_empty();
                match self.builder.add(line, parsed) {
                    Ok(()) => self.skipped += usize::from(!has_sets),
                    Err(error) => self.errors.reject(line, 1, error),
                }
            }
            Err(error) => self.errors.reject(line, 1, error),
        }
    }

    fn finish(
        mut self,
        columns: &Columns,
        file: &FileState,
        options: &ReadOptions,
        ignored_sections: &str,
    ) -> TrainingLog {
        let weight_unit_source = match (file.file_unit, options.weight_unit) {
            (Some(_), _) => UnitSource::File,
            (None, Some(_)) => UnitSource::Caller,
            (None, None) => UnitSource::Assumed,
        };
        let weight_unit = file.file_unit.unwrap_or(file.default_unit);
        let built: Vec<_> = self.builder.finish(&mut self.errors, &mut self.hints).collect();
        let sets = built.iter().map(|(sets, _)| sets).sum();
        let workouts: Vec<_> = built.into_iter().map(|(_, workout)| workout).collect();
        let read = workouts.iter().map(|workout| workout.rows).sum();
        let mut log = TrainingLog {
            format: columns.spec.format,
            weight_unit,
            weight_unit_source,
            decimal_comma: options.decimal_comma.unwrap_or(file.numbers.seen.decimal_comma),
            rows: self.total,
            read,
            sets,
            skipped: self.skipped,
            rejected: self.total - read - self.skipped,
            workouts,
            errors: self.errors.into_sorted(),
            hints: self.hints.into_sorted(),
        };
        let unknown = self.unknown.with_values().join(", ");
        if !unknown.is_empty() {
            hint(
                &mut log,
                HintCode::ColumnsIgnored,
                format!("columns that are not imported: {unknown}"),
            );
        }
        if !ignored_sections.is_empty() {
            let detail = format!("tables that are not imported: {ignored_sections}");
            hint(&mut log, HintCode::SectionsIgnored, detail);
        }
        let looks_like =
            file.evidence.hint(weight_unit).filter(|_| weight_unit_source != UnitSource::File);
        if let Some(code) = looks_like {
            hint(&mut log, code, unit_detail(weight_unit).to_owned());
        }
        log
    }
}

const fn unit_detail(unit: WeightUnit) -> &'static str {
    match unit {
        WeightUnit::Kg => {
            "the file states no unit; its weights were read as kilograms and look like pounds: set the parameter units to lb"
        }
        WeightUnit::Lb => {
            "the file states no unit; its weights were read as pounds and look like kilograms: set the parameter units to kg"
        }
    }
}

/// Returns the text up to the end of the table with the sets, and the position of the table's begin.
fn set_table<'a>(text: &'a str, sections: &[Section<'a>]) -> Result<(&'a str, usize), ReadError> {
    if sections.is_empty() {
        return Ok((text, 0));
    }
    let Section { begin, end, .. } = sections::set_section(sections).ok_or(ReadError::Empty)?;
    Ok((text.get(..end).unwrap_or_default(), begin))
}

fn read_header(records: &mut Records<'_>, options: &ReadOptions) -> Result<Columns, ReadError> {
    let unknown = |header, required| ReadError::UnknownHeader { header, required };
    let (_, header) = records.next().ok_or(ReadError::Empty)?;
    let header = header.map_err(|error| unknown(String::new(), error.reason.into_owned()))?;
    let columns = match &options.columns {
        Some(names) => Columns::with_names(&header, names),
        None => Columns::parse(&header, options.format),
    };
    columns.map_err(|required| unknown(column_names(&header), required))
}

fn column_names(header: &Record<'_>) -> String {
    let shown = 0..header.width().min(SHOWN_COLUMNS_MAX);
    shown.map(|index| truncate(header.field(index))).collect::<Vec<_>>().join(",")
}

/// Returns the position of the header and the delimiter: that of a line `sep=;`, or the most frequent one
/// outside of quotes in the first line that is not empty.
fn delimiter(text: &str, begin: usize) -> (usize, u8) {
    let table = text.get(begin..).unwrap_or_default();
    let begin = begin + table.len() - table.trim_start_matches(['\r', '\n']).len();
    let line = text.get(begin..).unwrap_or_default().split(['\r', '\n']).next().unwrap_or_default();
    if let Some([b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter]) =
        line.as_bytes().first_chunk()
        && line.len() == 5
    {
        return (begin + line.len(), *delimiter);
    }
    let mut counts = [0_usize; DELIMITERS.len()];
    let mut is_quoted = false;
    for byte in line.bytes() {
        is_quoted ^= byte == b'"';
        for (count, delimiter) in counts.iter_mut().zip(DELIMITERS) {
            *count += usize::from(!is_quoted && byte == delimiter);
        }
    }
    let counted = counts.into_iter().zip(DELIMITERS).rev();
    (begin, counted.max_by_key(|(count, _)| *count).map_or(b',', |(_, delimiter)| delimiter))
}
