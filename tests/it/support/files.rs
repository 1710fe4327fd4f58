//! Files made for tests: archives, workbooks, shapefiles by hand, and a file taken the way an import takes it.

use std::io::{Cursor, Write as _};

use maplebridge::codes::AreaCode;
use maplebridge::imports::columns::Mapping;
use maplebridge::imports::faults::{FaultCode, RowFault, Severity};
use maplebridge::imports::fields::Noun;
use maplebridge::imports::lists::CodeLists;
use maplebridge::imports::plan::Plan;
use maplebridge::imports::reading::{Checked, Options, Reading};
use maplebridge::imports::source::{Choice, HeadingRow, Limits, Source};
use maplebridge::imports::survey::Survey;

/// How a file is to be taken.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Way<'w> {
    pub(crate) map: &'w str,
    pub(crate) crs: Option<&'w str>,
    pub(crate) under: Option<&'w str>,
    pub(crate) layer: Option<&'w str>,
    pub(crate) heading_row: Option<&'w str>,
    pub(crate) repair: bool,
}

/// What came of a file.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) layer: Option<String>,
    pub(crate) heading_row: Option<String>,
    pub(crate) encoding: String,
    pub(crate) crs: Option<String>,
    pub(crate) headings: Vec<String>,
    pub(crate) rows: Vec<Checked>,
    pub(crate) read: u64,
    pub(crate) faulty: u64,
    pub(crate) faults: Vec<RowFault>,
}

impl Taken {
    /// How often a kind of fault or note is among those kept.
    pub(crate) fn count(&self, code: FaultCode) -> usize {
        self.faults.iter().filter(|fault| fault.code == code).count()
    }
}

/// Takes a file as an import does, short of the database; the faults of a file that is refused as a whole.
pub(crate) fn take(source: Source, noun: Noun, way: Way<'_>) -> Result<Taken, Vec<RowFault>> {
    let choice =
        Choice { layer: way.layer.map(str::to_owned), heading_row: way.heading_row.map(|text| HeadingRow::parse(text).unwrap()), noun: Some(noun) };
    let survey = Survey::of(source.choosing(choice)).map_err(|fault| vec![fault])?;
    let map = if way.map.is_empty() { "{}" } else { way.map };
    let plan = Plan::make(survey, noun, Mapping::from_json(map.as_bytes()).unwrap(), way.crs);
    if !plan.is_ready() {
        return Err(plan.faults.into_iter().filter(|fault| fault.severity() == Severity::Fault).collect());
    }
    let layer = plan.survey.layer.clone();
    let heading_row = plan.survey.heading_row.map(|row| row.to_string());
    let (encoding, headings, crs) = (plan.survey.encoding_name().to_owned(), plan.survey.names(), plan.crs.map(|crs| crs.to_string()));
    let under = way.under.map(|code| AreaCode::parse(code).unwrap());
    let options = Options { under, repair: way.repair, faults_shown: 100_000, ..Options::default() };
    let mut reading = Reading::open(plan, options, CodeLists::builtin())?;
    let rows = std::iter::from_fn(|| reading.next_row()).collect();
    let read = reading.read();
    let (collector, _) = reading.finish();
    let faults: Vec<RowFault> = collector.shown().cloned().collect();
    let of_file: Vec<RowFault> = faults.iter().filter(|fault| fault.row == 0 && fault.severity() == Severity::Fault).cloned().collect();
    if !of_file.is_empty() {
        return Err(of_file);
    }
    Ok(Taken { layer, heading_row, encoding, crs, headings, rows, read, faulty: collector.faulty_rows(), faults })
}

/// The code of the first fault with which a file is refused as a whole.
pub(crate) fn refusal(source: Source, noun: Noun, way: Way<'_>) -> Option<FaultCode> {
    take(source, noun, way).err().and_then(|faults| faults.first().map(|fault| fault.code))
}

/// Bytes as a source.
pub(crate) fn bytes(name: &str, bytes: impl Into<std::sync::Arc<[u8]>>) -> Source {
    Source::bytes(name, bytes, Limits::default()).unwrap()
}

/// A zip of these entries.
pub(crate) fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A `.shp` of points.
pub(crate) fn shp_points(points: &[(f64, f64)]) -> Vec<u8> {
    let mut shp = shp_head();
    for (number, (x, y)) in (1_i32..).zip(points) {
        shp.extend(number.to_be_bytes());
        shp.extend(10_i32.to_be_bytes());
        shp.extend(1_i32.to_le_bytes());
        shp.extend(x.to_le_bytes());
        shp.extend(y.to_le_bytes());
    }
    shp
}

/// The head of a `.shp`.
pub(crate) fn shp_head() -> Vec<u8> {
    let mut head = 9994_i32.to_be_bytes().to_vec();
    head.resize(28, 0);
    head.extend(1000_i32.to_le_bytes());
    head.resize(100, 0);
    head
}

/// A `.dbf` of texts of twenty bytes, whatever their encoding; `language` is its byte for the code page.
pub(crate) fn dbf(names: &[&[u8]], rows: &[Vec<Vec<u8>>], language: u8) -> Vec<u8> {
    let mut table = vec![3, 126, 1, 1];
    table.extend((rows.len() as u32).to_le_bytes());
    table.extend((33 + 32 * names.len() as u16).to_le_bytes());
    table.extend((1 + 20 * names.len() as u16).to_le_bytes());
    table.resize(29, 0);
    table.push(language);
    table.resize(32, 0);
    for name in names {
        let mut field = name.to_vec();
        field.resize(11, 0);
        field.push(b'C');
        field.resize(16, 0);
        field.push(20);
        field.resize(32, 0);
        table.extend(field);
    }
    table.push(0x0D);
    for row in rows {
        table.push(b' ');
        for cell in row {
            let mut cell = cell.clone();
            cell.resize(20, b' ');
            table.extend(cell);
        }
    }
    table.push(0x1A);
    table
}

/// A workbook that `fill` writes into.
pub(crate) fn workbook(fill: impl FnOnce(&mut rust_xlsxwriter::Workbook)) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    fill(&mut book);
    book.save_to_buffer().unwrap()
}
