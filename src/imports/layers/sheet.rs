//! One sheet of a workbook as rows of text, from a thread that owns the workbook and is waited for.
//!
//! The reader of cells borrows the workbook, so both live on the thread; a few hundred rows at most are on their way.
//! Should the library give up on a hostile file by panicking, the thread ends and the file is called unreadable.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use calamine::{CellErrorType, DataRef, Dimensions, ExcelDateTime, Xlsx, open_workbook_from_rs};

use super::super::faults::{FaultCode, RowFault};
use super::super::source::{Limits, ReadSeek, Source, unreadable};
use super::headings::SheetRow;

/// Merged cells of one sheet that are looked at.
const MOST_MERGED: usize = 100_000;
/// Merged cells that may stand beside one another.
const MOST_BESIDE: usize = 2000;
/// Rows that travel together.
const BATCH: usize = 200;
/// Bytes after which fewer do.
const BATCH_BYTES: usize = 1 << 20;

pub(super) type Book = Xlsx<Box<dyn ReadSeek>>;

/// What goes over from the thread.
pub(super) enum Piece {
    /// Rows with anything in them.
    Rows(Vec<SheetRow>),
    /// The sheet is at its end.
    End,
    /// It could not be read.
    Fault(RowFault),
}

/// Opens a workbook whose archive was judged before.
pub(super) fn book(source: &Source) -> Result<Book, RowFault> {
    let bytes = source.seekable().map_err(|error| unreadable(&error))?;
    open_workbook_from_rs::<Book, _>(bytes).map_err(broken)
}

pub(super) fn broken(error: impl std::fmt::Display) -> RowFault {
    RowFault::new(0, FaultCode::Unreadable).arg(error)
}

/// Starts the thread; rows before `from` (from 1) are left out, columns beyond `columns` are a fault.
pub(super) fn stream(source: &Source, sheet: &str, from: u32) -> Result<Receiver<Piece>, RowFault> {
    let (to, pieces) = sync_channel(4);
    let (source, sheet) = (source.clone(), sheet.to_owned());
    let work = move || {
        let last = match book(&source).and_then(|mut book| send_rows(&mut book, &sheet, from, source.limits(), &to)) {
            Ok(()) => Piece::End,
            Err(fault) => Piece::Fault(fault),
        };
        // Nobody listens any more: nobody wants to know.
        let _ = to.send(last);
    };
    std::thread::Builder::new().name("workbook".to_owned()).spawn(work).map_err(|error| unreadable(&error))?;
    Ok(pieces)
}

fn send_rows(book: &mut Book, sheet: &str, from: u32, limits: Limits, to: &SyncSender<Piece>) -> Result<(), RowFault> {
    let merged = merged(book, sheet)?;
    let mut batch = Vec::with_capacity(BATCH);
    let (mut told, mut bytes) = (true, 0);
    each_row(book, sheet, limits, merged, |row| {
        if row.0 >= from {
            bytes += row.1.iter().map(String::len).sum::<usize>();
            batch.push(row);
            if batch.len() == BATCH || bytes > BATCH_BYTES {
                bytes = 0;
                told = to.send(Piece::Rows(std::mem::take(&mut batch))).is_ok();
            }
        }
        told
    })?;
    if told && !batch.is_empty() {
        let _ = to.send(Piece::Rows(batch));
    }
    Ok(())
}

/// The merged cells of a sheet in the order of their first rows.
pub(super) fn merged(book: &mut Book, sheet: &str) -> Result<Vec<Dimensions>, RowFault> {
    let mut merged = book.merge_cells_by_sheet_name(sheet).map_err(broken)?;
    if merged.len() > MOST_MERGED {
        return Err(RowFault::new(0, FaultCode::TooManyEntries).arg(merged.len()).arg(MOST_MERGED));
    }
    merged.retain(|own| own.end.0 >= own.start.0 && own.end.1 >= own.start.1);
    merged.sort_unstable_by_key(|own| own.start);
    Ok(merged)
}

/// Gives every row that holds anything to `take` until it says no. A cell merged downwards stands in each of its rows.
pub(super) fn each_row(
    book: &mut Book,
    sheet: &str,
    limits: Limits,
    merged: Vec<Dimensions>,
    mut take: impl FnMut(SheetRow) -> bool,
) -> Result<(), RowFault> {
    let mut cells = book.worksheet_cells_reader(sheet).map_err(broken)?;
    let mut spread = Spread { waiting: merged.into_iter().filter(|own| own.end.0 > own.start.0).peekable(), standing: Vec::new() };
    let mut row: Option<SheetRow> = None;
    let mut bytes = 0;
    while let Some(cell) = cells.next_cell().map_err(broken)? {
        let (at, column) = cell.get_position();
        if row.as_ref().is_some_and(|(own, _)| *own != at + 1)
            && let Some(mut whole) = row.take()
        {
            spread.over(&mut whole)?;
            if whole.1.iter().any(|text| !text.trim().is_empty()) && !take(whole) {
                return Ok(());
            }
        }
        let text = text(cell.get_value());
        if row.is_none() {
            bytes = 0;
        }
        let (_, texts) = row.get_or_insert_with(|| (at + 1, Vec::new()));
        if text.is_empty() {
            continue;
        }
        bytes += text.len();
        if bytes > limits.row_bytes {
            return Err(RowFault::new(0, FaultCode::RowTooLarge).arg(limits.row_bytes));
        }
        let column = column as usize;
        if column >= limits.columns {
            return Err(RowFault::new(0, FaultCode::TooManyColumns).arg(column + 1).arg(limits.columns));
        }
        if texts.len() <= column {
            texts.resize(column + 1, String::new());
        }
        texts[column] = text;
    }
    if let Some(mut whole) = row {
        spread.over(&mut whole)?;
        if whole.1.iter().any(|text| !text.trim().is_empty()) {
            take(whole);
        }
    }
    Ok(())
}

/// Cells merged over several rows, and those of them that reach the row at hand.
struct Spread<I: Iterator<Item = Dimensions>> {
    waiting: std::iter::Peekable<I>,
    standing: Vec<(Dimensions, String)>,
}

impl<I: Iterator<Item = Dimensions>> Spread<I> {
    fn over(&mut self, (row, texts): &mut SheetRow) -> Result<(), RowFault> {
        let at = *row - 1;
        self.standing.retain(|(own, _)| own.end.0 >= at);
        let is_blank = texts.iter().all(|text| text.trim().is_empty());
        for (own, text) in &self.standing {
            let column = own.start.1 as usize;
            // A row that holds nothing of its own stays empty.
            if !is_blank && own.start.0 < at && texts.get(column).is_none_or(String::is_empty) {
                if texts.len() <= column {
                    texts.resize(column + 1, String::new());
                }
                texts[column].clone_from(text);
            }
        }
        while let Some(own) = self.waiting.next_if(|own| own.start.0 <= at) {
            let text = texts.get(own.start.1 as usize).filter(|_| own.start.0 == at);
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                self.standing.push((own, text.clone()));
            }
            if self.standing.len() > MOST_BESIDE {
                return Err(RowFault::new(0, FaultCode::TooManyEntries).arg(self.standing.len()).arg(MOST_BESIDE));
            }
        }
        Ok(())
    }
}

/// A value as a person would write it: codes without a point, dates as dates.
fn text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Empty | DataRef::Error(CellErrorType::NA) => String::new(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => figure(*number),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(flag) => flag.to_string(),
        DataRef::DateTime(when) => moment(when),
        DataRef::Error(error) => error.to_string(),
    }
}

/// Workbooks keep fifteen digits: whole numbers up to there are exact, beyond it they are written as what they are, rounded.
fn figure(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        (number as i64).to_string()
    } else if number.abs() >= 1e15 {
        format!("{number:E}")
    } else {
        number.to_string()
    }
}

fn moment(when: &ExcelDateTime) -> String {
    let days = when.as_f64();
    if !when.is_datetime() || !(0.0..2_958_466.0).contains(&days) {
        return figure(days);
    }
    let (year, month, day, hour, minute, second, _) = when.to_ymd_hms_milli();
    let time = format!("{hour:02}:{minute:02}:{second:02}");
    if days < 1.0 {
        time
    } else if days.fract() == 0.0 {
        format!("{year:04}-{month:02}-{day:02}")
    } else {
        format!("{year:04}-{month:02}-{day:02} {time}")
    }
}
