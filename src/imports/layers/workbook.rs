//! Workbooks (XLSX): which sheet, where its headings stand, and its rows as text.
//!
//! The archive is judged before the library sees it: every entry is unpacked once and counted, and a number of texts
//! that the file announces is compared with what there is, since the library sets memory aside for it.

use std::io::Read;
use std::sync::mpsc::Receiver;

use calamine::{Reader as _, SheetType, SheetVisible};

use super::super::faults::{FaultCode, RowFault};
use super::super::rows::Record;
use super::super::source::{HeadingRow, Limits, Source, unreadable};
use super::archive::{Archive, ending};
use super::headings::{self, SheetRow};
use super::sheet::{self, Piece};
use super::{Facts, LayerRows, Opened, few_columns};

/// Bytes of all entries together once unpacked.
const LONGEST_BOOK: u64 = 2 << 30;
/// Bytes of the texts that sheets share, which are held in memory.
const LONGEST_TEXTS: u64 = 256 << 20;
/// Elements of those texts and ends of them; four a text, as programs write it.
const MOST_MARKS: u64 = 32_000_000;
/// Bytes of one text, or of the attributes of one element.
const LONGEST_RUN: u64 = 16 << 20;
/// Rows that are looked at for headings.
const LOOKED_AT: usize = 30;

/// Opens the sheet that was chosen, else the one whose headings fit best.
pub(super) fn open(source: &Source) -> Result<Opened, RowFault> {
    judge(source)?;
    // On a thread, so that a library that gives up on a hostile file takes nothing down with it.
    let looked = std::thread::scope(|scope| scope.spawn(|| look(source)).join());
    looked.unwrap_or_else(|_| Err(sheet::broken("the workbook broke off")))
}

fn look(source: &Source) -> Result<Opened, RowFault> {
    let mut book = sheet::book(source)?;
    let limits = source.limits();
    let shift = if book.has_1904_epoch() { 1462 } else { 0 };
    let all: Vec<(String, bool)> = book
        .sheets_metadata()
        .iter()
        .filter(|own| own.typ == SheetType::WorkSheet)
        .map(|own| (own.name.clone(), own.visible == SheetVisible::Visible))
        .collect();
    let layers: Vec<String> = all.iter().map(|(name, _)| name.clone()).collect();
    if layers.len() > limits.entries {
        return Err(RowFault::new(0, FaultCode::TooManyEntries).arg(layers.len()).arg(limits.entries));
    }
    let choice = source.choice();
    let told = choice.layer.as_ref();
    if let Some(told) = told.filter(|told| !layers.contains(told)) {
        return Err(RowFault::new(0, FaultCode::LayerUnknown).arg(told).arg(layers.join(", ")));
    }
    let mut best: Option<(usize, String, HeadingRow, Vec<String>)> = None;
    for (name, _) in all.iter().filter(|(name, visible)| told.map_or(*visible, |told| told == name)) {
        let head = head(&mut book, name, limits, choice.heading_row)?;
        let Some((at, score)) = headings::find(&head, choice.noun, choice.heading_row) else { continue };
        let row = |number: u32| head.iter().find(|(own, _)| *own == number).map(|(_, cells)| cells.as_slice());
        let lower = at.last.filter(|&last| last > at.first).and_then(row);
        let names = headings::join(row(at.first).unwrap_or_default(), lower);
        if best.as_ref().is_none_or(|(own, ..)| score > *own) {
            best = Some((score, name.clone(), at, names));
        }
    }
    let Some((_, layer, at, mut names)) = best else {
        return Err(match choice.heading_row {
            Some(told) => RowFault::new(0, FaultCode::NoHeadings).arg(told.first),
            None => RowFault::new(0, FaultCode::Empty),
        });
    };
    while names.last().is_some_and(String::is_empty) {
        names.pop();
    }
    few_columns(&names, limits.columns)?;
    for (at, name) in names.iter().enumerate() {
        if !name.is_empty() && names[..at].contains(name) {
            return Err(RowFault::new(0, FaultCode::DuplicateHeading).column(name).arg(name));
        }
    }
    let from = at.last.unwrap_or(at.first) + 1;
    let pieces = sheet::stream(source, &layer, from)?;
    let width = names.len();
    let facts = Facts { headings: names, layer, layers, heading_row: Some(at), serial_shift_days: shift, ..Facts::default() };
    Ok(Opened { facts, rows: Box::new(SheetRows { pieces, batch: Vec::new().into_iter(), width, ended: false }) })
}

/// The first rows that hold anything; where a person told the row, as many as lead there.
fn head(book: &mut sheet::Book, name: &str, limits: Limits, told: Option<HeadingRow>) -> Result<Vec<SheetRow>, RowFault> {
    let mut head = Vec::new();
    sheet::each_row(book, name, limits, Vec::new(), |row| {
        match told {
            // Only the rows told and the one below are wanted.
            Some(told) if row.0 < told.first => return true,
            Some(told) if row.0 > told.first + 1 => return false,
            _ => head.push(row),
        }
        head.len() < LOOKED_AT
    })?;
    Ok(head)
}

/// Unpacks everything once and counts; nothing is kept.
fn judge(source: &Source) -> Result<(), RowFault> {
    let mut archive = Archive::open(source)?;
    let most = LONGEST_BOOK.min(source.limits().file_bytes);
    let mut all = 0_u64;
    for at in 0..archive.len() {
        let name = archive.name(at).to_ascii_lowercase();
        // Pictures and the like are never opened.
        if !matches!(ending(&name).as_str(), "xml" | "rels") {
            continue;
        }
        let mut entry = archive.stream(at)?;
        let count = count(&mut entry, LONGEST_RUN)?;
        all += count.bytes;
        let is_texts = name.ends_with("sharedstrings.xml");
        if all > most || is_texts && (count.bytes > LONGEST_TEXTS || count.marks > MOST_MARKS) {
            return Err(RowFault::new(0, FaultCode::FileTooLarge).arg(name));
        }
        // The shortest text is `<si/>`.
        if is_texts && count.announced > count.bytes / 5 {
            return Err(RowFault::new(0, FaultCode::Declared).arg("sharedStrings").arg(count.announced).arg(count.bytes / 5));
        }
    }
    Ok(())
}

/// What is counted of one part of a workbook.
#[derive(Default)]
struct Count {
    bytes: u64,
    /// Elements and ends of them.
    marks: u64,
    /// Bytes since the last.
    run: u64,
    /// The greatest number of texts that the part announces.
    announced: u64,
}

/// Reads a part to its end and counts; a text or a list of attributes beyond `most` bytes ends it.
fn count(entry: &mut dyn Read, most: u64) -> Result<Count, RowFault> {
    const WORD: &[u8] = b"uniqueCount";
    let mut buffer = vec![0_u8; 64 * 1024];
    let (mut kept, mut count) = (0, Count::default());
    loop {
        let read = entry.read(&mut buffer[kept..]).map_err(|error| unreadable(&error))?;
        let end = kept + read;
        count.bytes += read as u64;
        for piece in buffer[kept..end].split_inclusive(|&byte| byte == b'<') {
            count.run += piece.len() as u64;
            if count.run > most {
                return Err(RowFault::new(0, FaultCode::RowTooLarge).arg(most));
            }
            if piece.ends_with(b"<") {
                count.run = 0;
                count.marks += 1;
            }
        }
        // The word and its number may lie across two pieces, so the end of one is looked at again with the next.
        let looked_at = if read == 0 { end } else { end.saturating_sub(WORD.len() + 40) };
        for at in memchr::memmem::find_iter(&buffer[..end], WORD).filter(|&at| at < looked_at) {
            let rest = buffer[at + WORD.len()..end].iter().skip_while(|byte| !byte.is_ascii_digit());
            let digits: String = rest.take_while(|byte| byte.is_ascii_digit()).map(|&byte| char::from(byte)).collect();
            count.announced = count.announced.max(if digits.len() > 18 { u64::MAX } else { digits.parse().unwrap_or(0) });
        }
        if read == 0 {
            return Ok(count);
        }
        kept = end.min(WORD.len() + 40);
        buffer.copy_within(end - kept..end, 0);
    }
}

struct SheetRows {
    pieces: Receiver<Piece>,
    batch: std::vec::IntoIter<SheetRow>,
    width: usize,
    ended: bool,
}

impl LayerRows for SheetRows {
    fn read(&mut self, record: &mut Record) -> Option<Result<(), RowFault>> {
        loop {
            if let Some((row, cells)) = self.batch.next() {
                record.row = u64::from(row);
                record.shape = None;
                record.cells.clear();
                let extra = cells.iter().skip(self.width).any(|cell| !cell.trim().is_empty());
                for at in 0..self.width {
                    record.cells.push_field(cells.get(at).map_or("", String::as_str).as_bytes());
                }
                if extra {
                    return Some(Err(RowFault::new(record.row, FaultCode::Ragged).arg(cells.len()).arg(self.width)));
                }
                // A merged note below the table, or a row of blanks.
                if cells.iter().take(self.width).all(|cell| cell.trim().is_empty()) {
                    continue;
                }
                return Some(Ok(()));
            }
            if self.ended {
                return None;
            }
            match self.pieces.recv() {
                Ok(Piece::Rows(rows)) => self.batch = rows.into_iter(),
                Ok(Piece::End) => self.ended = true,
                Ok(Piece::Fault(fault)) => {
                    self.ended = true;
                    return Some(Err(fault));
                }
                Err(_) => {
                    self.ended = true;
                    return Some(Err(sheet::broken("the workbook broke off")));
                }
            }
        }
    }
}
