//! GeoPackage (OGC 12-128): an SQLite file with layers, opened for reading only and as one that nobody changes.
//!
//! Only plain tables are read: a view or a virtual table could hold any statement. Rows come page by page in the order
//! of their keys, a few megabytes at a time.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use csv::ByteRecord;
use geo_types::Geometry;
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row, params};

use super::super::faults::{FaultCode, RowFault};
use super::super::rows::Record;
use super::super::source::{Source, unreadable};
use super::{Facts, LayerRows, Opened, choose, few_columns};
use crate::geom::wkb;

/// Rows of one page at most.
const PAGE_ROWS: i64 = 1000;
/// Bytes after which a page ends.
const PAGE_BYTES: usize = 8 << 20;
/// Steps of SQLite's machine between two looks at how many are left.
const STEPS_AT_ONCE: i32 = 10_000;
/// Steps of one statement; a page of a sound file with all the columns that may be takes a twentieth.
const MOST_STEPS: u64 = 100_000_000;

/// One layer.
#[derive(Debug, Clone)]
struct Layer {
    table: String,
    geometry: Option<String>,
    srs_id: Option<i64>,
}

/// Opens the layer that was chosen, or the only one.
pub(super) fn open(source: &Source) -> Result<Opened, RowFault> {
    let limits = source.limits();
    let (connection, copy, steps) = connect(source)?;
    let known = layers(&connection, limits.entries)?;
    let layer = choose(&known, source.choice().layer.as_deref())?.clone();
    let columns = columns(&connection, &layer)?;
    let headings: Vec<String> = columns.iter().filter(|name| Some(*name) != layer.geometry.as_ref()).cloned().collect();
    few_columns(&headings, limits.columns)?;
    let crs = layer.srs_id.map(|id| crs(&connection, id)).transpose()?.flatten();
    let layers = known.iter().filter_map(|(names, _)| names.first()).cloned().collect();
    let facts = Facts { headings: headings.clone(), layer: layer.table.clone(), layers, crs, ..Facts::default() };
    let list: Vec<String> = headings.iter().chain(&layer.geometry).map(|name| quoted(name)).collect();
    let statement = format!("select rowid, {} from {} where rowid > ?1 order by rowid limit {PAGE_ROWS}", list.join(", "), quoted(&layer.table));
    let rows = PackageRows {
        connection,
        statement,
        has_geometry: layer.geometry.is_some(),
        width: headings.len(),
        page: VecDeque::new(),
        after: i64::MIN,
        row: 0,
        ended: false,
        corners: limits.corners,
        steps,
        _copy: copy,
    };
    Ok(Opened { facts, rows: Box::new(rows) })
}

fn broken(error: impl std::fmt::Display) -> RowFault {
    RowFault::new(0, FaultCode::Unreadable).arg(error)
}

/// A connection, the file that goes with it, and the steps that its statements took.
type Connected = (Connection, Option<tempfile::TempPath>, Arc<AtomicU64>);

/// Bytes in memory go to disk first; the file goes with the connection.
///
/// A schema can hold statements without end and values without measure (views, generated columns): both are limited.
fn connect(source: &Source) -> Result<Connected, RowFault> {
    let copy = if source.on_disk().is_none() {
        let copied = tempfile::NamedTempFile::new().and_then(|mut file| {
            io::copy(&mut source.seekable()?, &mut file)?;
            Ok(file.into_temp_path())
        });
        Some(copied.map_err(|error| unreadable(&error))?)
    } else {
        None
    };
    let path = copy.as_deref().or(source.on_disk()).ok_or_else(|| broken("no file"))?;
    let path = path.to_str().ok_or_else(|| broken("its path is no text"))?;
    let escaped: String = path.chars().map(|c| if matches!(c, '%' | '?' | '#') { format!("%{:02X}", c as u32) } else { c.to_string() }).collect();
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(format!("file:{escaped}?mode=ro&immutable=1"), flags).map_err(broken)?;
    connection
        .execute_batch("pragma trusted_schema = off; pragma cell_size_check = on; pragma mmap_size = 0; pragma query_only = on")
        .map_err(broken)?;
    let longest = i32::try_from(source.limits().row_bytes).unwrap_or(i32::MAX);
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, longest);
    let steps = Arc::new(AtomicU64::new(0));
    let taken = Arc::clone(&steps);
    let is_enough = move || taken.fetch_add(STEPS_AT_ONCE.unsigned_abs().into(), Ordering::Relaxed) > MOST_STEPS;
    connection.progress_handler(STEPS_AT_ONCE, Some(is_enough));
    Ok((connection, copy, steps))
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn layers(connection: &Connection, most: usize) -> Result<Vec<(Vec<String>, Layer)>, RowFault> {
    let statement = "select c.table_name, g.column_name, coalesce(g.srs_id, c.srs_id)
                       from gpkg_contents c join sqlite_master m on m.name = c.table_name and m.type = 'table'
                       left join gpkg_geometry_columns g on g.table_name = c.table_name
                      where c.data_type in ('features', 'attributes') and m.sql not like 'create virtual%' order by 1";
    let plain = "select c.table_name, null, null from gpkg_contents c join sqlite_master m on m.name = c.table_name and m.type = 'table'
                  where c.data_type in ('features', 'attributes') and m.sql not like 'create virtual%' order by 1";
    let mut statement = connection.prepare(statement).or_else(|_| connection.prepare(plain)).map_err(broken)?;
    let rows = statement.query_map([], |row| Ok(Layer { table: row.get(0)?, geometry: row.get(1)?, srs_id: row.get(2)? })).map_err(broken)?;
    let mut known = Vec::new();
    for layer in rows.take(most) {
        let layer = layer.map_err(broken)?;
        known.push((vec![layer.table.clone()], layer));
    }
    Ok(known)
}

fn columns(connection: &Connection, layer: &Layer) -> Result<Vec<String>, RowFault> {
    let mut statement = connection.prepare("select name from pragma_table_info(?1)").map_err(broken)?;
    let names = statement.query_map(params![layer.table], |row| row.get(0)).map_err(broken)?;
    let names: Vec<String> = names.collect::<Result<_, _>>().map_err(broken)?;
    match &layer.geometry {
        Some(geometry) if !names.contains(geometry) => Err(broken(format!("the table {} has no column {geometry}", layer.table))),
        _ => Ok(names),
    }
}

/// What the list of datums says under an id; nothing for the ids that stand for “undefined”.
fn crs(connection: &Connection, id: i64) -> Result<Option<String>, RowFault> {
    if id <= 0 {
        return Ok(None);
    }
    let statement = "select organization, organization_coordsys_id, definition from gpkg_spatial_ref_sys where srs_id = ?1";
    let found = connection.query_row(statement, params![id], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?)));
    match found {
        Ok((organization, code, _)) if organization.eq_ignore_ascii_case("EPSG") && code > 0 => Ok(Some(format!("EPSG:{code}"))),
        Ok((_, _, definition)) if definition.contains('[') => Ok(Some(definition)),
        Ok((organization, code, _)) => Ok(Some(format!("{organization}:{code}"))),
        Err(rusqlite::Error::QueryReturnedNoRows) => Ok(None),
        Err(error) => Err(broken(error)),
    }
}

type PageRow = (ByteRecord, Result<Option<Geometry>, String>);

struct PackageRows {
    connection: Connection,
    statement: String,
    has_geometry: bool,
    width: usize,
    page: VecDeque<PageRow>,
    after: i64,
    row: u64,
    ended: bool,
    corners: usize,
    steps: Arc<AtomicU64>,
    _copy: Option<tempfile::TempPath>,
}

impl LayerRows for PackageRows {
    fn read(&mut self, record: &mut Record) -> Option<Result<(), RowFault>> {
        if self.page.is_empty() && !self.ended {
            if let Err(fault) = self.turn() {
                self.ended = true;
                return Some(Err(fault));
            }
            self.ended = self.page.is_empty();
        }
        let (cells, shape) = self.page.pop_front()?;
        self.row += 1;
        record.row = self.row;
        record.cells = cells;
        match shape {
            Ok(shape) => {
                record.shape = shape;
                Some(Ok(()))
            }
            Err(why) => Some(Err(RowFault::new(self.row, FaultCode::BrokenRecord).arg(why))),
        }
    }
}

impl PackageRows {
    /// Reads the next page.
    fn turn(&mut self) -> Result<(), RowFault> {
        self.steps.store(0, Ordering::Relaxed);
        let mut statement = self.connection.prepare_cached(&self.statement).map_err(broken)?;
        let mut rows = statement.query(params![self.after]).map_err(broken)?;
        let mut bytes = 0;
        while let Some(row) = rows.next().map_err(broken)? {
            let key: i64 = row.get(0).map_err(broken)?;
            if key <= self.after && self.after != i64::MIN {
                return Err(broken("its keys are out of order"));
            }
            self.after = key;
            let mut cells = ByteRecord::new();
            for at in 1..=self.width {
                cells.push_field(cell(row, at).map_err(broken)?.as_bytes());
            }
            let shape = if self.has_geometry { shape(row, self.width + 1, self.corners) } else { Ok(None) };
            bytes += cells.as_slice().len()
                + shape.as_ref().map_or(0, |shape| shape.as_ref().map_or(0, |shape| geo::CoordsIter::coords_count(shape) * 16));
            self.page.push_back((cells, shape));
            if bytes > PAGE_BYTES {
                break;
            }
        }
        Ok(())
    }
}

fn cell(row: &Row<'_>, at: usize) -> rusqlite::Result<String> {
    Ok(match row.get_ref(at)? {
        ValueRef::Null | ValueRef::Blob(_) => String::new(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
    })
}

/// A GeoPackage geometry: a head of its own, then WKB.
fn shape(row: &Row<'_>, at: usize, corners: usize) -> Result<Option<Geometry>, String> {
    let blob = match row.get_ref(at).map_err(|error| error.to_string())? {
        ValueRef::Null => return Ok(None),
        ValueRef::Blob(blob) => blob,
        _ => return Err("its geometry is no geometry".to_owned()),
    };
    let (Some(b"GP"), Some(&flags)) = (blob.get(..2), blob.get(3)) else { return Err("its geometry is not one of a GeoPackage".to_owned()) };
    if flags & 0b0010_0000 != 0 {
        return Err("its geometry is of an extended kind".to_owned());
    }
    let envelope = match (flags >> 1) & 7 {
        0 => 0,
        1 => 32,
        2 | 3 => 48,
        4 => 64,
        other => return Err(format!("its geometry has an envelope of kind {other}")),
    };
    let body = blob.get(8 + envelope..).ok_or("its geometry is cut off")?;
    if flags & 0b0001_0000 != 0 || body.is_empty() {
        return Ok(None);
    }
    let (shape, _) = wkb::decode(body).map_err(|error| error.to_string())?;
    let count = geo::CoordsIter::coords_count(&shape);
    if count > corners { Err(format!("it has {count} corners, at most {corners} are taken")) } else { Ok(Some(shape)) }
}
