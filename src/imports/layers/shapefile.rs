//! Zipped shapefiles: `.shp` and `.dbf` read side by side, straight out of the archive.
//!
//! The index (`.shx`) is not needed, since both files are read from front to back. What else lies in the archive is
//! passed over. Z and M are dropped. The format is that of the “ESRI Shapefile Technical Description” of 1998.

use std::io::Read;

use geo_types::{Coord, Geometry, LineString, MultiLineString, MultiPoint, Point};

use super::super::faults::{FaultCode, RowFault};
use super::super::rows::Record;
use super::super::source::{Source, unreadable};
use super::archive::{Archive, ending, stem};
use super::dbf::{self, Dbf};
use super::{Facts, LayerRows, Opened, choose, few_columns, rings};

/// The entries of one layer.
#[derive(Debug, Clone, Default)]
struct Parts {
    shp: usize,
    dbf: usize,
    prj: Option<usize>,
    cpg: Option<usize>,
}

/// Opens the layer that was chosen, or the only one.
pub(super) fn open(source: &Source) -> Result<Opened, RowFault> {
    let mut archive = Archive::open(source)?;
    let known = layers(&archive);
    let parts = choose(&known, source.choice().layer.as_deref())?.clone();
    let layer = known.iter().find(|(_, own)| own.shp == parts.shp).and_then(|(names, _)| names.first()).cloned().unwrap_or_default();
    let crs = parts.prj.map(|at| archive.text(at, 64 * 1024)).transpose()?.filter(|text| !text.trim().is_empty());
    let said = parts.cpg.map(|at| archive.text(at, 200)).transpose()?;
    let limits = source.limits();
    let judged = dbf::judge(archive.stream(parts.dbf)?, said.as_deref(), limits)?;
    let mut notes = Vec::new();
    if judged.guessed {
        notes.push(RowFault::new(0, FaultCode::EncodingGuessed).arg(judged.name()));
    }
    let table = Dbf::open(archive.stream(parts.dbf)?, judged.encoding, limits)?;
    let headings = table.headings.clone();
    few_columns(&headings, limits.columns)?;
    let shapes = Shapes::open(archive.stream(parts.shp)?, limits.row_bytes, limits.corners)?;
    let layers = known.iter().filter_map(|(names, _)| names.first()).cloned().collect();
    let facts = Facts { headings, layer, layers, crs, encoding: Some(judged.name().to_owned()), notes, ..Facts::default() };
    Ok(Opened { facts, rows: Box::new(ShapefileRows { shapes, table, row: 0, ended: false }) })
}

/// Every `.shp` with a `.dbf` beside it, under its name, and under its path where the name is met twice.
fn layers(archive: &Archive) -> Vec<(Vec<String>, Parts)> {
    let mut found: Vec<(Vec<String>, Parts)> = Vec::new();
    let mut paths: Vec<&str> = archive.names().filter(|name| ending(name) == "shp").map(stem).collect();
    paths.sort_unstable();
    for path in &paths {
        let part = |ending: &str| archive.find(&format!("{path}.{ending}"));
        let (Some(shp), Some(dbf)) = (part("shp"), part("dbf")) else { continue };
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
        let twice = paths.iter().filter(|other| other.rsplit(['/', '\\']).next() == Some(name)).count() > 1;
        let names = if twice { vec![(*path).to_owned()] } else { vec![name.to_owned(), (*path).to_owned()] };
        found.push((names, Parts { shp, dbf, prj: part("prj"), cpg: part("cpg") }));
    }
    found
}

struct ShapefileRows {
    shapes: Shapes,
    table: Dbf,
    row: u64,
    ended: bool,
}

impl LayerRows for ShapefileRows {
    fn read(&mut self, record: &mut Record) -> Option<Result<(), RowFault>> {
        if self.ended {
            return None;
        }
        loop {
            let shape = self.shapes.next(self.row + 1);
            let cells = self.table.read(&mut record.cells);
            self.row += 1;
            record.row = self.row;
            let fault = match (shape, cells) {
                (None, None) => {
                    self.ended = true;
                    return None;
                }
                (Some(Err(fault)), Some(_)) | (_, Some(Err(fault))) => fault,
                (Some(Err(fault)), None) if fault.row == 0 => fault,
                // A deleted row goes with its shape.
                (Some(Ok(_)), Some(Ok(false))) => continue,
                (Some(Ok(shape)), Some(Ok(true))) => {
                    record.shape = shape;
                    return Some(Ok(()));
                }
                (shape, _) => {
                    self.ended = true;
                    let more = if shape.is_some() { self.shapes.count_rest() } else { Ok(self.table.count_rest()) };
                    let more = match more {
                        Ok(more) => more,
                        Err(fault) => return Some(Err(fault)),
                    };
                    let both = self.row - 1;
                    let (shapes, rows) = if shape.is_some() { (both + 1 + more, both) } else { (both, both + 1 + more) };
                    // A note of the file ends it.
                    return Some(Err(RowFault::new(0, FaultCode::Unpaired).arg(shapes).arg(rows)));
                }
            };
            self.ended = fault.row == 0;
            return Some(Err(fault));
        }
    }
}

/// A `.shp` from front to back.
struct Shapes {
    bytes: Box<dyn Read + Send>,
    content: Vec<u8>,
    row_bytes: usize,
    corners: usize,
}

impl Shapes {
    fn open(mut bytes: Box<dyn Read + Send>, row_bytes: usize, corners: usize) -> Result<Self, RowFault> {
        let mut head = [0_u8; 100];
        bytes.read_exact(&mut head).map_err(|error| unreadable(&error))?;
        if head[..4] != [0, 0, 0x27, 0x0A] {
            return Err(RowFault::new(0, FaultCode::Unreadable).arg(".shp"));
        }
        Ok(Self { bytes, content: Vec::new(), row_bytes, corners })
    }

    /// The next shape; `Ok(None)` is a row without one.
    fn next(&mut self, row: u64) -> Option<Result<Option<Geometry>, RowFault>> {
        match self.next_content() {
            Ok(false) => None,
            Ok(true) => Some(shape(&self.content, self.corners).map_err(|why| RowFault::new(row, FaultCode::BrokenRecord).arg(why))),
            Err(fault) => Some(Err(fault)),
        }
    }

    fn next_content(&mut self) -> Result<bool, RowFault> {
        let mut head = Vec::with_capacity(8);
        (&mut self.bytes).take(8).read_to_end(&mut head).map_err(|error| unreadable(&error))?;
        if head.len() < 8 {
            return Ok(false);
        }
        let words = u32::from_be_bytes([head[4], head[5], head[6], head[7]]);
        let length = u64::from(words) * 2;
        if length > self.row_bytes as u64 {
            return Err(RowFault::new(0, FaultCode::RowTooLarge).arg(self.row_bytes));
        }
        self.content.clear();
        let read = (&mut self.bytes).take(length).read_to_end(&mut self.content).map_err(|error| unreadable(&error))?;
        if read as u64 == length { Ok(true) } else { Err(RowFault::new(0, FaultCode::Declared).arg("bytes").arg(length).arg(read)) }
    }

    fn count_rest(&mut self) -> Result<u64, RowFault> {
        let mut rest = 0;
        while self.next_content()? {
            rest += 1;
        }
        Ok(rest)
    }
}

/// The shape of one record.
fn shape(content: &[u8], corners: usize) -> Result<Option<Geometry>, String> {
    let cut = || "it is cut off".to_owned();
    let kind = int(content, 0).ok_or_else(cut)?;
    // Z and M forms are the plain ones with more behind.
    match kind {
        0 => Ok(None),
        1 | 11 | 21 => Ok(Some(Geometry::Point(Point(coord(content, 4).ok_or_else(cut)?)))),
        8 | 18 | 28 => {
            let n = int(content, 36).ok_or_else(cut)?;
            Ok(Some(Geometry::MultiPoint(MultiPoint(coords(content, 40, n, corners)?.into_iter().map(Point).collect()))))
        }
        3 | 13 | 23 | 5 | 15 | 25 => {
            let parts = parts(content, corners)?;
            if parts.is_empty() {
                return Ok(None);
            }
            if matches!(kind, 3 | 13 | 23) {
                return Ok(Some(Geometry::MultiLineString(MultiLineString(parts.into_iter().map(LineString).collect()))));
            }
            let shape = rings::assemble(parts).ok_or_else(|| "there are too many rings".to_owned())?;
            Ok(Some(Geometry::MultiPolygon(shape)))
        }
        other => Err(format!("shape type {other} is not read")),
    }
}

fn parts(content: &[u8], corners: usize) -> Result<Vec<Vec<Coord>>, String> {
    let cut = || "it is cut off".to_owned();
    let (parts, points) = (int(content, 36).ok_or_else(cut)?, int(content, 40).ok_or_else(cut)?);
    let parts = usize::try_from(parts).ok().filter(|&n| n <= content.len() / 4).ok_or_else(|| format!("it says it has {parts} parts"))?;
    let places = 44 + parts * 4;
    let all = coords(content, places, points, corners)?;
    let starts: Vec<usize> = (0..parts).filter_map(|at| int(content, 44 + at * 4)).filter_map(|start| usize::try_from(start).ok()).collect();
    let sound = starts.len() == parts && starts.windows(2).all(|pair| pair[0] <= pair[1]) && starts.first().is_none_or(|&first| first == 0);
    if !sound {
        return Err("its parts are out of order".to_owned());
    }
    let ends = starts.iter().skip(1).copied().chain([all.len()]);
    let slices = starts.iter().zip(ends).map(|(&from, to)| all.get(from..to).map(<[Coord]>::to_vec));
    slices.collect::<Option<Vec<_>>>().ok_or_else(|| "its parts are out of order".to_owned())
}

fn coords(content: &[u8], from: usize, n: i32, most: usize) -> Result<Vec<Coord>, String> {
    let room = content.len().saturating_sub(from) / 16;
    match usize::try_from(n) {
        Ok(n) if n > most => Err(format!("it has {n} corners, at most {most} are taken")),
        Ok(n) if n <= room => Ok((0..n).filter_map(|at| coord(content, from + at * 16)).collect()),
        _ => Err(format!("it says it has {n} corners, there is room for {room}")),
    }
}

fn int(content: &[u8], at: usize) -> Option<i32> {
    content.get(at..at + 4)?.try_into().ok().map(i32::from_le_bytes)
}

fn coord(content: &[u8], at: usize) -> Option<Coord> {
    let number = |at: usize| content.get(at..at + 8)?.try_into().ok().map(f64::from_le_bytes);
    Some(Coord { x: number(at)?, y: number(at + 8)? })
}
