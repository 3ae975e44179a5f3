//! Reads the records of a CSV file one by one, without copying the file. A broken record does not
//! lose others: the lines that an unclosed quote swallowed are reread.
//!
//! Limits without a source are project defaults.

use crate::findings::RowError;
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

/// The longest record: four texts of 2,000 characters of four bytes have 32,000 bytes.
const RECORD_BYTES_MAX: usize = 65_536;
/// The most columns of a file: the formats have up to 50.
const COLUMNS_MAX: usize = 256;
/// The limit of rereads of the lines below a broken record. Each rereads at most one record, so a
/// hostile file costs at most 64 MB of extra reading.
const REREADS_MAX: u32 = 1_000;

const TOO_LONG: &str = "exceeds 65,536 bytes or 256 columns: check for an unclosed quote";
const UNCLOSED: &str = "a quote is not closed";
const TOO_WIDE: &str = "has more cells than the header";
const TOO_NARROW: &str =
    "has fewer cells than the header, and line breaks: check for an unclosed quote";

/// A record with at most as many fields as the header; fields past the last are empty.
pub struct Record<'r> {
    text: &'r [u8],
    ends: &'r [usize],
}

impl<'r> Record<'r> {
    /// Returns a field; empty past the last.
    pub fn field(&self, index: usize) -> &'r str {
        let begin = index.checked_sub(1).and_then(|before| self.ends.get(before)).unwrap_or(&0);
        let bytes = self.ends.get(index).and_then(|end| self.text.get(*begin..*end));
        // The whole file is valid UTF-8 and is cut only at ASCII characters.
        bytes.and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }

    /// Returns the number of fields.
    pub fn width(&self) -> usize {
        self.ends.len()
    }
}

/// Reads the records of a file.
pub struct Records<'a> {
    file: &'a [u8],
    delimiter: u8,
    position: usize,
    reader: Reader,
    /// The fields of the current record, concatenated.
    text: Vec<u8>,
    /// The end of each field in `text`.
    ends: Vec<usize>,
    width: Option<usize>,
    rereads_left: u32,
    /// The position up to which lines are counted, and its line.
    counted_to: usize,
    line: u64,
}

/// The result of reading one record into the buffers.
enum Status {
    Complete { text_len: usize, width: usize },
    TooLong,
    EndOfFile,
}

impl<'a> Records<'a> {
    /// Creates a reader of a file from a position on.
    pub fn new(file: &'a str, delimiter: u8, position: usize) -> Self {
        Self {
            file: file.as_bytes(),
            delimiter,
            position,
            reader: ReaderBuilder::new().delimiter(delimiter).build(),
            text: vec![0; 1_024],
            ends: vec![0; 32],
            width: None,
            rereads_left: REREADS_MAX,
            counted_to: 0,
            line: 1,
        }
    }

    /// Makes every further record with more fields an error. One with fewer is complete: office programs
    /// leave out empty cells at the end.
    pub fn expect_width(&mut self, width: usize) {
        self.width = Some(width);
    }

    /// Reads the next record or the error of a broken one, with its line; `None` at the end of the file.
    /// Empty lines are skipped.
    pub fn next(&mut self) -> Option<(u64, Result<Record<'_>, RowError<'static>>)> {
        while self.file.get(self.position).is_some_and(|byte| is_line_end(*byte)) {
            self.position += 1;
        }
        let (begin, line) = (self.position, self.line_at(self.position));
        let broken = |value: String, reason: &'static str| {
            Some((line, Err(RowError { column: "", value: value.into(), reason: reason.into() })))
        };
        let (text_len, mut width) = match self.read_record() {
            Status::EndOfFile => return None,
            Status::TooLong => {
                let from = if self.take_reread() { begin } else { self.position };
                self.skip_line(from);
                return broken("the row".to_owned(), TOO_LONG);
            }
            Status::Complete { text_len, width } => (text_len, width),
        };
        if self.ends_within_quotes(begin) {
            self.reread_below(begin);
            return broken("the row".to_owned(), UNCLOSED);
        }
        let expected = self.width.unwrap_or(width);
        // Cells without text behind the last column of the header.
        let last = self.ends.get(expected.saturating_sub(1)).copied();
        if width > expected && last == Some(text_len) {
            width = expected;
        }
        let is_narrow = width < expected && !self.has_whole_quotes(begin);
        if width > expected || is_narrow {
            self.reread_below(begin);
            let cells = format!("the row of {width} cells");
            return broken(cells, if is_narrow { TOO_NARROW } else { TOO_WIDE });
        }
        let text = self.text.get(..text_len).unwrap_or_default();
        let ends = self.ends.get(..width).unwrap_or_default();
        Some((line, Ok(Record { text, ends })))
    }

    fn read_record(&mut self) -> Status {
        let (mut text_len, mut width) = (0, 0);
        loop {
            // The reader takes an empty rest as the end of the file.
            let rest = self.file.get(self.position..).unwrap_or_default();
            let text = self.text.get_mut(text_len..).unwrap_or_default();
            let ends = self.ends.get_mut(width..).unwrap_or_default();
            let (result, consumed, written, fields) = self.reader.read_record(rest, text, ends);
            self.position += consumed;
            text_len += written;
            width += fields;
            let has_room = match result {
                ReadRecordResult::InputEmpty => true,
                ReadRecordResult::OutputFull => grow(&mut self.text, RECORD_BYTES_MAX),
                ReadRecordResult::OutputEndsFull => grow(&mut self.ends, COLUMNS_MAX),
                ReadRecordResult::Record => return Status::Complete { text_len, width },
                ReadRecordResult::End => return Status::EndOfFile,
            };
            if !has_room {
                return Status::TooLong;
            }
        }
    }

    /// Whether the file ended within quotes: the last record then has an odd number of them. A record
    /// that ends with its line may have a stray quote.
    fn ends_within_quotes(&self, begin: usize) -> bool {
        let record = self.file.get(begin..self.position).unwrap_or_default();
        self.position == self.file.len()
            && self.width.is_some()
            && record.split(|byte| *byte == b'"').count() % 2 == 0
            && spans_lines(record)
    }

    /// Whether each quote of a record that spans lines begins or ends a field: then its line breaks are
    /// within a text, and it has swallowed no other record.
    fn has_whole_quotes(&self, begin: usize) -> bool {
        let record = self.file.get(begin..self.position).unwrap_or_default();
        let record = record.trim_ascii_end();
        let is_edge =
            |byte: Option<&u8>| byte.is_none_or(|byte| *byte == self.delimiter || *byte == b'"');
        let is_whole = |(at, byte): (usize, &u8)| {
            let before = at.checked_sub(1).and_then(|before| record.get(before));
            *byte != b'"' || is_edge(before) || is_edge(record.get(at + 1))
        };
        !spans_lines(record) || record.iter().enumerate().all(is_whole)
    }

    /// If the record spans lines, continues at its second line.
    fn reread_below(&mut self, begin: usize) {
        let record = self.file.get(begin..self.position).unwrap_or_default();
        if spans_lines(record) && self.take_reread() {
            self.skip_line(begin);
        }
    }

    fn take_reread(&mut self) -> bool {
        let left = self.rereads_left.checked_sub(1);
        self.rereads_left = left.unwrap_or_default();
        left.is_some()
    }

    /// Continues at the end of the line that `begin` is in.
    fn skip_line(&mut self, begin: usize) {
        self.position = begin + line_len(self.file.get(begin..).unwrap_or_default());
        self.reader.reset();
    }

    /// Returns the line number of a position that is not before that of the last call.
    fn line_at(&mut self, position: usize) -> u64 {
        let passed = self.file.get(self.counted_to..position).unwrap_or_default();
        let mut after_cr =
            self.counted_to.checked_sub(1).and_then(|before| self.file.get(before)) == Some(&b'\r');
        for byte in passed {
            // CR LF is one line end.
            self.line += u64::from(*byte == b'\r' || *byte == b'\n' && !after_cr);
            after_cr = *byte == b'\r';
        }
        self.counted_to = self.counted_to.max(position);
        self.line
    }
}

/// Doubles a buffer up to a limit; returns false at the limit.
fn grow<T: Clone + Default>(buffer: &mut Vec<T>, max: usize) -> bool {
    let (len, new_len) = (buffer.len(), (buffer.len() * 2).min(max));
    buffer.resize(new_len, T::default());
    new_len > len
}

const fn is_line_end(byte: u8) -> bool {
    byte == b'\n' || byte == b'\r'
}

fn line_len(text: &[u8]) -> usize {
    text.iter().position(|byte| is_line_end(*byte)).unwrap_or(text.len())
}

fn spans_lines(record: &[u8]) -> bool {
    line_len(record) < record.trim_ascii_end().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(file: &str) -> Vec<(u64, String)> {
        let mut records = Records::new(file, b',', 0);
        records.expect_width(2);
        let mut lines = Vec::new();
        while let Some((line, next)) = records.next() {
            let text = match next {
                Ok(record) => format!("{}|{}", record.field(0), record.field(1)),
                Err(error) => error.reason.into_owned(),
            };
            lines.push((line, text));
        }
        lines
    }

    #[test]
    fn record_has_the_number_of_its_first_line() {
        let check = |file: &str, expected: &[(u64, &str)]| {
            let expected: Vec<_> = expected.iter().map(|(l, t)| (*l, (*t).to_owned())).collect();
            assert_eq!(records(file), expected, "{file:?}");
        };
        check("", &[]);
        check("\n\r\n", &[]);
        check("a,b\nc,d\n", &[(1, "a|b"), (2, "c|d")]);
        check("a,b\r\nc,d", &[(1, "a|b"), (2, "c|d")]);
        check("a,b\rc,d\r", &[(1, "a|b"), (2, "c|d")]);
        check("a,b\n\n\r\n\nc,d", &[(1, "a|b"), (5, "c|d")]);
        check("a,\"b\r\n\r\nb\"\r\nc,d", &[(1, "a|b\r\n\r\nb"), (4, "c|d")]);
        check("a,\"say \"\"b\"\"\"\n", &[(1, "a|say \"b\"")]);
        check("a,5\" box\nc,d", &[(1, "a|5\" box"), (2, "c|d")]);
        check("a,\n,\n", &[(1, "a|"), (2, "|")]);
        check("a,\u{2028}\n", &[(1, "a|\u{2028}")]);
        check("a\nc,d\n", &[(1, "a|"), (2, "c|d")]);
        check("a,b,,\n", &[(1, "a|b")]);
        check("a,b,,c\n", &[(1, TOO_WIDE)]);
        check("\"a\nb\"\nc,d", &[(1, "a\nb|"), (3, "c|d")]);
    }

    #[test]
    fn broken_record_does_not_lose_others() {
        let open = UNCLOSED.to_owned();
        assert_eq!(
            records("a,\"b\nc,d\ne,f\n"),
            [(1, open), (2, "c|d".to_owned()), (3, "e|f".to_owned())]
        );
        // The quote is closed by the next one, in the middle of another record.
        assert_eq!(
            records("a,\"b\nc,d\n\"e,f\ng,h"),
            [
                (1, TOO_WIDE.to_owned()),
                (2, "c|d".to_owned()),
                (3, UNCLOSED.to_owned()),
                (4, "g|h".to_owned())
            ]
        );
        assert_eq!(
            records("\"b\nc\"e\ng,h"),
            [(1, TOO_NARROW.to_owned()), (2, "c\"e|".to_owned()), (3, "g|h".to_owned())]
        );
    }

    #[test]
    fn lines_below_an_endless_record_are_read() {
        let file = format!("a,\"b\n{}c,d", "x,y\n".repeat(30_000));
        let lines = records(&file);
        assert_eq!(lines.len(), 30_002);
        assert!(lines[0].1.starts_with("exceeds 65,536 bytes"), "{}", lines[0].1);
        assert_eq!(lines[30_001], (30_002, "c|d".to_owned()));
        let wide = records(&format!("a{}\nc,d", ",".repeat(300)));
        assert_eq!(wide.len(), 2);
        assert_eq!(wide[1], (2, "c|d".to_owned()));
    }
}
