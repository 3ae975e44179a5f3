//! The records of a CSV file, one after the other, without a copy of the file: each with the
//! physical line on which it begins. A record that is broken costs no other one: where a quote
//! that is never closed swallowed the lines below it, they are read again.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

/// The longest record (ours): four texts of 2,000 characters of four bytes are 32,000.
const RECORD_BYTES_MAX: usize = 65_536;
/// The most columns of a file (ours): the formats have up to 15.
const COLUMNS_MAX: usize = 256;
/// How often the lines below a broken record are read again (ours). Each time costs at most one
/// record, so that a hostile file costs at most 64 MB of reading more.
const REREADS_MAX: u32 = 1_000;

/// What stands at one place of the file.
pub enum Found<'r> {
    /// A record with as many fields as the header has.
    Record(Record<'r>),
    /// One that is none, and why.
    Broken {
        /// The line on which it begins.
        line: u64,
        /// Why, in words.
        detail: String,
    },
}

/// One record.
pub struct Record<'r> {
    /// The line on which it begins.
    pub line: u64,
    text: &'r [u8],
    ends: &'r [usize],
}

impl<'r> Record<'r> {
    /// A field by its place; empty past the last.
    pub fn field(&self, index: usize) -> &'r str {
        let begin = index.checked_sub(1).and_then(|before| self.ends.get(before)).unwrap_or(&0);
        let bytes = self.ends.get(index).and_then(|end| self.text.get(*begin..*end));
        // The file was checked to be UTF-8 as a whole, and is cut at ASCII characters only.
        bytes.and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }

    /// How many fields it has.
    pub fn width(&self) -> usize {
        self.ends.len()
    }
}

/// Reads the records of a file.
pub struct Records<'a> {
    file: &'a [u8],
    at: usize,
    reader: Reader,
    /// The fields of the record at hand, one after the other.
    text: Vec<u8>,
    /// Where each of them ends in `text`.
    ends: Vec<usize>,
    width: Option<usize>,
    rereads_left: u32,
    /// Line ends were counted up to here.
    counted_to: usize,
    line: u64,
}

/// How the reading of one record came out.
enum Outcome {
    Whole { text_len: usize, width: usize },
    TooLong,
    End,
}

impl<'a> Records<'a> {
    /// Of a file with a delimiter, from its first line on.
    pub fn new(file: &'a str, delimiter: u8) -> Self {
        Self {
            file: file.as_bytes(),
            at: 0,
            reader: ReaderBuilder::new().delimiter(delimiter).build(),
            text: vec![0; 1_024],
            ends: vec![0; 32],
            width: None,
            rereads_left: REREADS_MAX,
            counted_to: 0,
            line: 1,
        }
    }

    /// From now on a record is broken when it has not so many fields.
    pub fn expect_width(&mut self, width: usize) {
        self.width = Some(width);
    }

    /// The next record; `None` at the end. Empty lines are none.
    pub fn next(&mut self) -> Option<Found<'_>> {
        while self.file.get(self.at).is_some_and(|byte| is_line_end(*byte)) {
            self.at += 1;
        }
        let (begin, line) = (self.at, self.line_at(self.at));
        let (text_len, width) = match self.read_record() {
            Outcome::End => return None,
            Outcome::TooLong => {
                self.give_up(begin);
                let detail = format!(
                    "the row is over {RECORD_BYTES_MAX} bytes or {COLUMNS_MAX} columns: a quote \
                     may not be closed"
                );
                return Some(Found::Broken { line, detail });
            }
            Outcome::Whole { text_len, width } => (text_len, width),
        };
        if self.ends_within_quotes(begin) {
            self.reread_below(begin);
            let detail = "a quote is opened and never closed".to_owned();
            return Some(Found::Broken { line, detail });
        }
        if let Some(expected) = self.width.filter(|expected| *expected != width) {
            self.reread_below(begin);
            let detail = format!("the row has {width} fields, the header {expected}");
            return Some(Found::Broken { line, detail });
        }
        let text = self.text.get(..text_len).unwrap_or_default();
        let ends = self.ends.get(..width).unwrap_or_default();
        Some(Found::Record(Record { line, text, ends }))
    }

    fn read_record(&mut self) -> Outcome {
        let (mut text_len, mut width) = (0, 0);
        loop {
            // An empty rest tells the reader that the file ends.
            let rest = self.file.get(self.at..).unwrap_or_default();
            let text = self.text.get_mut(text_len..).unwrap_or_default();
            let ends = self.ends.get_mut(width..).unwrap_or_default();
            let (result, read, written, ended) = self.reader.read_record(rest, text, ends);
            self.at += read;
            text_len += written;
            width += ended;
            let room = match result {
                ReadRecordResult::InputEmpty => true,
                ReadRecordResult::OutputFull => grow(&mut self.text, RECORD_BYTES_MAX),
                ReadRecordResult::OutputEndsFull => grow(&mut self.ends, COLUMNS_MAX),
                ReadRecordResult::Record => return Outcome::Whole { text_len, width },
                ReadRecordResult::End => return Outcome::End,
            };
            if !room {
                return Outcome::TooLong;
            }
        }
    }

    /// Whether the file ended while a quote was open: the last record then has an odd number of
    /// them. A record that ends with its line may have a stray one.
    fn ends_within_quotes(&self, begin: usize) -> bool {
        let record = self.file.get(begin..self.at).unwrap_or_default();
        self.at == self.file.len()
            && self.width.is_some()
            && record.split(|byte| *byte == b'"').count() % 2 == 0
            && line_len(record) < record.trim_ascii_end().len()
    }

    /// Goes back to the line below the one at `begin`, when the record went over lines.
    fn reread_below(&mut self, begin: usize) {
        let record = self.file.get(begin..self.at).unwrap_or_default();
        if line_len(record) < record.trim_ascii_end().len() && self.take_reread() {
            self.skip_line(begin);
        }
    }

    /// Leaves a record that has no end; past the last rereading, where it was left.
    fn give_up(&mut self, begin: usize) {
        let from = if self.take_reread() { begin } else { self.at };
        self.skip_line(from);
    }

    fn take_reread(&mut self) -> bool {
        let left = self.rereads_left.checked_sub(1);
        self.rereads_left = left.unwrap_or_default();
        left.is_some()
    }

    /// Goes on with the line below the one at `begin`.
    fn skip_line(&mut self, begin: usize) {
        self.at = begin + line_len(self.file.get(begin..).unwrap_or_default());
        self.reader.reset();
    }

    /// The number of the line at a place that is not before the one asked for last.
    fn line_at(&mut self, place: usize) -> u64 {
        let passed = self.file.get(self.counted_to..place).unwrap_or_default();
        let mut after_cr =
            self.counted_to.checked_sub(1).and_then(|before| self.file.get(before)) == Some(&b'\r');
        for byte in passed {
            // CR LF is one end.
            self.line += u64::from(*byte == b'\r' || *byte == b'\n' && !after_cr);
            after_cr = *byte == b'\r';
        }
        self.counted_to = self.counted_to.max(place);
        self.line
    }
}

/// Doubles a buffer, up to a limit; false when it is there already.
fn grow<T: Clone + Default>(buffer: &mut Vec<T>, max: usize) -> bool {
    let (len, longer) = (buffer.len(), (buffer.len() * 2).min(max));
    buffer.resize(longer, T::default());
    longer > len
}

const fn is_line_end(byte: u8) -> bool {
    byte == b'\n' || byte == b'\r'
}

fn line_len(text: &[u8]) -> usize {
    text.iter().position(|byte| is_line_end(*byte)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(file: &str) -> Vec<(u64, String)> {
        let mut records = Records::new(file, b',');
        records.expect_width(2);
        let mut found = Vec::new();
        while let Some(next) = records.next() {
            found.push(match next {
                Found::Record(record) => {
                    (record.line, format!("{}|{}", record.field(0), record.field(1)))
                }
                Found::Broken { line, detail } => (line, detail),
            });
        }
        found
    }

    #[test]
    fn a_record_has_the_line_on_which_it_begins() {
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
    }

    #[test]
    fn a_broken_record_costs_no_other() {
        let fields = |n: usize| format!("the row has {n} fields, the header 2");
        let open = "a quote is opened and never closed".to_owned();
        assert_eq!(records("a\nc,d\n"), [(1, fields(1)), (2, "c|d".to_owned())]);
        assert_eq!(
            records("a,\"b\nc,d\ne,f\n"),
            [(1, open), (2, "c|d".to_owned()), (3, "e|f".to_owned())]
        );
        // The quote is closed by the next one, in the middle of another record.
        assert_eq!(
            records("a,\"b\nc,d\n\"e,f\ng,h"),
            [
                (1, fields(3)),
                (2, "c|d".to_owned()),
                (3, "a quote is opened and never closed".to_owned()),
                (4, "g|h".to_owned())
            ]
        );
    }

    #[test]
    fn a_record_without_an_end_is_cut_and_the_lines_below_it_are_read() {
        let file = format!("a,\"b\n{}c,d", "x,y\n".repeat(30_000));
        let found = records(&file);
        assert_eq!(found.len(), 30_002);
        assert!(found[0].1.starts_with("the row is over 65536 bytes"), "{}", found[0].1);
        assert_eq!(found[30_001], (30_002, "c|d".to_owned()));
        let wide = records(&format!("a{}\nc,d", ",".repeat(300)));
        assert_eq!(wide.len(), 2);
        assert_eq!(wide[1], (2, "c|d".to_owned()));
    }
}
