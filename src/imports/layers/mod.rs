//! Formats that are no text: zipped shapefiles, GeoPackage, FlatGeobuf, workbooks. One format a file.
//!
//! Each gives its headings at once and then rows one by one, so that `survey` and `rows` treat them alike. What bytes
//! from outside claim is never believed: counts are checked against what is there, sizes against `Limits`, and nothing
//! is set aside in memory because a file says so.

mod archive;
mod dbf;
mod flatgeobuf;
mod geopackage;
mod headings;
mod rings;
mod shapefile;
mod sheet;
mod workbook;

use super::faults::{FaultCode, RowFault};
use super::rows::Record;
use super::source::{Format, HeadingRow, Known, Source};

/// Rows of a layer or a sheet.
pub(super) trait LayerRows: Send {
    /// Puts the next row into `record` (its hash aside): `None` at the end; a fault of row 0 is one of the file and the last.
    fn read(&mut self, record: &mut Record) -> Option<Result<(), RowFault>>;
}

/// What a file with layers tells beside its rows.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// The columns as they are written.
    pub headings: Vec<String>,
    /// The layer or sheet that is read.
    pub layer: String,
    /// All of them.
    pub layers: Vec<String>,
    /// What it says of its datum.
    pub crs: Option<String>,
    /// The encoding of its attributes, where that is not the format's own.
    pub encoding: Option<String>,
    /// The rows of the headings of a sheet.
    pub heading_row: Option<HeadingRow>,
    /// Days between the workbook's first day and that of the usual count.
    pub serial_shift_days: i64,
    /// What a person should know.
    pub notes: Vec<RowFault>,
}

/// A file that is open at its first row.
pub(super) struct Opened {
    /// What it tells.
    pub facts: Facts,
    /// Its rows.
    pub rows: Box<dyn LayerRows>,
}

/// Opens a file of one of these formats.
pub(super) fn open(known: &Known) -> Result<Opened, RowFault> {
    match known.format {
        Format::Shapefile => shapefile::open(known.source()),
        Format::GeoPackage => geopackage::open(known.source()),
        Format::FlatGeobuf => flatgeobuf::open(known.source()),
        Format::Workbook => workbook::open(known.source()),
        Format::GeoJson | Format::GeoJsonLines | Format::Table => Err(RowFault::new(0, FaultCode::Format).arg(known.source().name())),
    }
}

/// What a zip holds: a workbook or shapefiles.
pub(super) fn in_archive(source: &Source) -> Result<Format, RowFault> {
    let archive = archive::Archive::open(source)?;
    if archive.find("xl/workbook.xml").is_some() || archive.find("[Content_Types].xml").is_some() {
        return Ok(Format::Workbook);
    }
    if archive.names().any(|name| archive::ending(name) == "shp") {
        return Ok(Format::Shapefile);
    }
    let some: Vec<&str> = archive.names().take(8).collect();
    Err(RowFault::new(0, FaultCode::NoLayer).arg(some.join(", ")))
}

/// Settles which layer is read: the one told, else the only one.
///
/// * `known` – each layer under its names, the first of which is shown
fn choose<'a, T>(known: &'a [(Vec<String>, T)], told: Option<&str>) -> Result<&'a T, RowFault> {
    let list = || known.iter().filter_map(|(names, _)| names.first()).take(20).cloned().collect::<Vec<_>>().join(", ");
    if let Some(told) = told {
        let hits: Vec<&T> = known.iter().filter(|(names, _)| names.iter().any(|name| name == told)).map(|(_, layer)| layer).collect();
        return match hits[..] {
            [layer] => Ok(layer),
            _ => Err(RowFault::new(0, FaultCode::LayerUnknown).arg(told).arg(list())),
        };
    }
    match known {
        [] => Err(RowFault::new(0, FaultCode::NoLayer).arg("–")),
        [(_, layer)] => Ok(layer),
        _ => Err(RowFault::new(0, FaultCode::LayerChoose).arg(list())),
    }
}

/// Refuses columns without end.
fn few_columns(headings: &[String], most: usize) -> Result<(), RowFault> {
    if headings.len() > most { Err(RowFault::new(0, FaultCode::TooManyColumns).arg(headings.len()).arg(most)) } else { Ok(()) }
}
