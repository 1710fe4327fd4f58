//! Rows of any format in one shape: cells under headings, perhaps a geometry, and the hash of all of it.

use csv::ByteRecord;
use geo_types::Geometry;
use rustc_hash::FxHashMap;

use super::faults::{Collector, RowFault, Severity};
use super::json::{Splitter, read_feature, value_text};
use super::keys::{self, RowHash};
use super::layers::{self, LayerRows};
use super::source::{Format, Known, Limits};
use super::table::Table;
use crate::geom::wkb;

/// The heading under which the `id` of a GeoJSON feature stands.
pub const FEATURE_ID: &str = "@id";

/// One row as it came; reused from row to row.
#[derive(Debug, Default)]
pub struct Record {
    /// The row as a person counts it: spreadsheet row with the headings as row 1, or number of the feature from 1.
    pub row: u64,
    /// The cells, in the order of the headings that `Rows::open` was given.
    pub cells: ByteRecord,
    /// The geometry of a feature, in the coordinates of the file.
    pub shape: Option<Geometry<f64>>,
    /// The hash over everything the row says.
    pub hash: RowHash,
}

impl Record {
    /// The text of a cell; empty where there is none.
    ///
    /// What is not UTF-8 is empty, but the whole text was checked before.
    pub fn cell(&self, column: usize) -> &str {
        self.cells.get(column).and_then(|cell| std::str::from_utf8(cell).ok()).unwrap_or_default()
    }
}

/// A file being read row by row.
pub struct Rows {
    inner: Inner,
    limits: Limits,
}

enum Inner {
    Table { table: Box<Table>, seeds: Vec<u64> },
    Layer { rows: Box<dyn LayerRows>, seeds: Vec<u64>, has_shapes: bool },
    Json { splitter: Box<Splitter>, piece: Vec<u8>, places: FxHashMap<String, usize>, slots: Vec<String>, faults: Vec<RowFault> },
}

impl Rows {
    /// Opens the file. `headings` are those of the survey; a table ignores them and has its own.
    pub fn open(known: &Known, headings: &[String]) -> Result<Self, RowFault> {
        let limits = known.source().limits();
        let inner = if known.format == Format::Table {
            let table = Table::open(known)?;
            let seeds = table.headings.iter().map(|heading| keys::seed(heading)).collect();
            Inner::Table { table: Box::new(table), seeds }
        } else if !known.format.is_geojson() {
            let opened = layers::open(known)?;
            let seeds = opened.facts.headings.iter().map(|heading| keys::seed(heading)).collect();
            Inner::Layer { rows: opened.rows, seeds, has_shapes: known.format.has_shapes() }
        } else {
            let places = headings.iter().enumerate().map(|(at, heading)| (heading.clone(), at)).collect();
            Inner::Json {
                splitter: Box::new(Splitter::open(known)?),
                piece: Vec::new(),
                places,
                slots: vec![String::new(); headings.len()],
                faults: Vec::new(),
            }
        };
        Ok(Self { inner, limits })
    }

    /// Reads the next row that can be read; faults on the way go to the collector.
    ///
    /// Returns `None` at the end. `Some(false)` is a row with faults of its own: it was counted, its cells mean nothing.
    pub fn read(&mut self, record: &mut Record, collector: &mut Collector) -> Option<bool> {
        match &mut self.inner {
            Inner::Table { table, seeds } => match table.read(&mut record.cells)? {
                Ok(row) => {
                    record.row = row;
                    record.hash = RowHash::default();
                    for (cell, &seed) in record.cells.iter().zip(seeds.iter()) {
                        record.hash.add(seed, cell);
                    }
                    Some(true)
                }
                Err(fault) => {
                    record.row = fault.row;
                    let is_file = fault.row == 0;
                    collector.push(fault);
                    if is_file { None } else { Some(false) }
                }
            },
            Inner::Layer { rows, seeds, has_shapes } => match rows.read(record)? {
                Ok(()) => {
                    record.hash = RowHash::default();
                    for (cell, &seed) in record.cells.iter().zip(seeds.iter()) {
                        record.hash.add(seed, cell);
                    }
                    if let Some(shape) = record.shape.as_ref().filter(|_| *has_shapes) {
                        record.hash.add(keys::seed("@geometry"), &wkb::encode(shape));
                    }
                    Some(true)
                }
                Err(fault) => {
                    record.row = fault.row;
                    let is_file = fault.row == 0;
                    collector.push(fault);
                    if is_file { None } else { Some(false) }
                }
            },
            Inner::Json { splitter, piece, places, slots, faults } => loop {
                match splitter.read(piece)? {
                    Ok(row) => {
                        record.row = row;
                        let sound = fill(record, piece, row, self.limits, places, slots, faults);
                        faults.drain(..).for_each(|fault| collector.push(fault));
                        return Some(sound);
                    }
                    Err(fault) => {
                        record.row = fault.row;
                        let is_file = fault.row == 0;
                        collector.push(fault);
                        if !is_file {
                            return Some(false);
                        }
                    }
                }
            },
        }
    }
}

fn fill(
    record: &mut Record,
    piece: &[u8],
    row: u64,
    limits: Limits,
    places: &FxHashMap<String, usize>,
    slots: &mut [String],
    faults: &mut Vec<RowFault>,
) -> bool {
    record.hash = RowHash::default();
    record.shape = None;
    let feature = read_feature(piece, row, limits, faults);
    let sound = faults.iter().all(|fault| fault.severity() == Severity::Warning);
    let Some(feature) = feature.filter(|_| sound) else { return false };
    slots.iter_mut().for_each(String::clear);
    let mut put = |name: &str, text: &str| {
        record.hash.add(keys::seed(name), text.as_bytes());
        if let Some(&at) = places.get(name) {
            slots[at].push_str(text);
        }
    };
    if let Some(id) = &feature.id {
        put(FEATURE_ID, id);
    }
    for (name, value) in &feature.properties.0 {
        put(name, &value_text(value));
    }
    if let Some(raw) = feature.raw_geometry {
        let bare: Vec<u8> = raw.get().bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        record.hash.add(keys::seed("@geometry"), &bare);
    }
    record.cells.clear();
    for slot in slots.iter() {
        record.cells.push_field(slot.as_bytes());
    }
    record.shape = feature.geometry;
    true
}
