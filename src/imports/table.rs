//! Rows and columns: the delimiter found, the headings read, the rows streamed.
//!
//! Lines may end in CR, LF or CRLF. A cell in quotes may hold delimiters and line ends. Office programs write
//! `sep=;` into the first line; it is obeyed and skipped.

use std::io::{self, Read};

use csv::{ByteRecord, ReaderBuilder, Terminator};

use super::faults::{FaultCode, RowFault};
use super::source::{Known, unreadable};

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// A table that is being read: the headings are read already.
pub struct Table {
    reader: csv::Reader<Box<dyn Read + Send>>,
    /// The headings as they are written, blanks around them taken off.
    pub headings: Vec<String>,
    /// What stands between the cells.
    pub delimiter: u8,
    row: u64,
    row_bytes: usize,
}

impl Table {
    /// Opens the table and reads its headings. Without any, or with one twice, it is a fault of the file.
    pub fn open(known: &Known) -> Result<Self, RowFault> {
        let (told, head) = peek(known).map_err(|error| unreadable(&error))?;
        let delimiter = told.unwrap_or_else(|| find_delimiter(&head));
        let mut text: Box<dyn Read + Send> = Box::new(known.open().map_err(|error| unreadable(&error))?);
        if told.is_some() {
            skip_line(&mut text).map_err(|error| unreadable(&error))?;
        }
        let mut reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .terminator(Terminator::CRLF)
            .buffer_capacity(256 * 1024)
            .from_reader(text);
        let mut record = ByteRecord::new();
        if !reader.read_byte_record(&mut record).map_err(|error| bad_table(&error))? {
            return Err(RowFault::new(0, FaultCode::Empty));
        }
        let limits = known.source().limits();
        let mut headings: Vec<String> = record.iter().map(|cell| String::from_utf8_lossy(cell).trim().to_owned()).collect();
        while headings.last().is_some_and(String::is_empty) {
            headings.pop();
        }
        if headings.is_empty() {
            return Err(RowFault::new(0, FaultCode::Empty));
        }
        if headings.len() > limits.columns {
            return Err(RowFault::new(0, FaultCode::TooManyColumns).arg(headings.len()).arg(limits.columns));
        }
        for (at, heading) in headings.iter().enumerate() {
            if !heading.is_empty() && headings[..at].contains(heading) {
                return Err(RowFault::new(0, FaultCode::DuplicateHeading).column(heading).arg(heading));
            }
        }
        Ok(Self { reader, headings, delimiter, row: 1, row_bytes: limits.row_bytes })
    }

    /// Reads the next row into `record`: `None` at the end, a fault where the row cannot stand.
    ///
    /// Returns the row as a spreadsheet numbers it, the headings being row 1. A row with more or fewer cells than
    /// there are headings is a fault, empty cells at its end aside.
    pub fn read(&mut self, record: &mut ByteRecord) -> Option<Result<u64, RowFault>> {
        // Rows of blanks, as office programs leave them at the end, are no rows.
        loop {
            match self.reader.read_byte_record(record) {
                Ok(false) => return None,
                Ok(true) => self.row += 1,
                Err(error) => return Some(Err(bad_table(&error))),
            }
            if self.headings.len() == 1 || record.iter().any(|cell| !cell.trim_ascii().is_empty()) {
                break;
            }
        }
        let row = self.row;
        if record.as_slice().len() > self.row_bytes {
            return Some(Err(RowFault::new(row, FaultCode::RowTooLarge).arg(self.row_bytes)));
        }
        let want = self.headings.len();
        if record.len() > want && record.iter().skip(want).any(|cell| !cell.trim_ascii().is_empty()) || record.len() < want {
            return Some(Err(RowFault::new(row, FaultCode::Ragged).arg(record.len()).arg(want)));
        }
        Some(Ok(row))
    }
}

fn bad_table(error: &csv::Error) -> RowFault {
    match error.kind() {
        csv::ErrorKind::Io(error) => unreadable(error),
        _ => RowFault::new(0, FaultCode::Unreadable).arg(error),
    }
}

/// The delimiter that a `sep=` line tells, and the beginning of the text.
fn peek(known: &Known) -> io::Result<(Option<u8>, Vec<u8>)> {
    let mut head = Vec::with_capacity(64 * 1024);
    known.open()?.take(64 * 1024).read_to_end(&mut head)?;
    let told = match head.as_slice() {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter, b'\r' | b'\n', ..] => Some(*delimiter),
        _ => None,
    };
    Ok((told, head))
}

fn skip_line(text: &mut impl Read) -> io::Result<()> {
    let mut byte = [0_u8; 1];
    while text.read(&mut byte)? == 1 && byte[0] != b'\n' && byte[0] != b'\r' {}
    Ok(())
}

/// The delimiter that cuts the first rows into the same number of cells, and into most of them.
fn find_delimiter(head: &[u8]) -> u8 {
    let score = |delimiter: u8| {
        let mut reader = ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).terminator(Terminator::CRLF).from_reader(head);
        let widths: Vec<usize> = reader.byte_records().take(20).map_while(Result::ok).map(|record| record.len()).collect();
        // The last row of the head may be cut off.
        let whole = if widths.len() > 2 && widths.len() < 20 { &widths[..widths.len() - 1] } else { &widths[..] };
        let first = whole.first().copied().unwrap_or(0);
        let alike = whole.iter().filter(|&&width| width == first).count();
        if first < 2 { (0, 0) } else { (alike * 1000 / whole.len(), first) }
    };
    let mut best = (b',', (0, 0));
    for delimiter in DELIMITERS {
        let own = score(delimiter);
        if own > best.1 {
            best = (delimiter, own);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::super::source::{Limits, Source};
    use super::*;

    fn read(text: &str) -> Result<(Vec<String>, Vec<Vec<String>>), FaultCode> {
        let source = Source::bytes("a.csv", text.as_bytes(), Limits::default()).expect("memory opens");
        let known = source.know().map_err(|fault| fault.code)?;
        let mut table = Table::open(&known).map_err(|fault| fault.code)?;
        let (mut rows, mut record) = (Vec::new(), ByteRecord::new());
        while let Some(row) = table.read(&mut record) {
            row.map_err(|fault| fault.code)?;
            rows.push(record.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect());
        }
        Ok((table.headings, rows))
    }

    #[test]
    fn any_delimiter_and_any_line_end_give_the_same_rows() {
        let rows = [["名称", "备注"], ["甲村", "a;b\tc"], ["乙村", "d,\"e\""], ["丙村", "two\nlines"]];
        let expected = read("名称,备注\n甲村,\"a;b\tc\"\n乙村,\"d,\"\"e\"\"\"\n丙村,\"two\nlines\"\n");
        assert_eq!(expected.as_ref().map(|(_, rows)| rows.len()), Ok(3));
        for delimiter in [",", ";", "\t", "|"] {
            for end in ["\r", "\n", "\r\n"] {
                let line = |row: &[&str; 2]| row.map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).join(delimiter);
                let text = rows.iter().map(line).collect::<Vec<_>>().join(end);
                assert_eq!(read(&text), expected, "{delimiter:?} {end:?}");
                let told = format!("sep={delimiter}{end}{text}");
                assert_eq!(read(&told), expected, "told {delimiter:?} {end:?}");
            }
        }
    }

    #[test]
    fn a_row_of_another_width_is_a_fault_and_blanks_at_its_end_are_not() {
        assert_eq!(read("a,b\n1,2,3\n"), Err(FaultCode::Ragged));
        assert_eq!(read("a,b\n1\n"), Err(FaultCode::Ragged));
        assert!(read("a,b,\n1,2,\n3,4, ,\n").is_ok());
        assert_eq!(read("a,b,a\n"), Err(FaultCode::DuplicateHeading));
        assert_eq!(read("\n\n"), Err(FaultCode::Empty));
    }
}
