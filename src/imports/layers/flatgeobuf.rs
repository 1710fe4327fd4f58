//! FlatGeobuf: the head, the index passed over, then feature by feature. Works on a stream, so also out of gzip.
//!
//! The frames are cut here, under our limits, and each is verified before it is looked into; its own reader would set
//! aside what a file says it needs. Z and M are dropped, curves are refused.

use std::io::{self, Read};

use flatgeobuf::{ColumnType, Feature, Geometry as FgbGeometry, GeometryType, Header, size_prefixed_root_as_feature, size_prefixed_root_as_header};
use geo_types::{Coord, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon};

use super::super::faults::{FaultCode, RowFault};
use super::super::rows::Record;
use super::super::source::{Limits, Source, unreadable};
use super::{Facts, LayerRows, Opened, few_columns};

/// Bytes of the head.
const LONGEST_HEAD: u32 = 10 << 20;
/// Geometries in geometries.
const DEEPEST: usize = 16;

/// Opens the only layer there is.
pub(super) fn open(source: &Source) -> Result<Opened, RowFault> {
    let limits = source.limits();
    let mut bytes = source.open().map_err(|error| unreadable(&error))?;
    let mut magic = [0_u8; 8];
    bytes.read_exact(&mut magic).map_err(|error| unreadable(&error))?;
    let mut head = Vec::new();
    if !frame(&mut bytes, u64::from(LONGEST_HEAD), &mut head)? {
        return Err(RowFault::new(0, FaultCode::Empty));
    }
    let header = size_prefixed_root_as_header(&head).map_err(broken)?;
    let columns: Vec<(String, ColumnType)> =
        header.columns().into_iter().flat_map(|columns| columns.iter()).map(|column| (column.name().to_owned(), column.type_())).collect();
    let headings: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
    few_columns(&headings, limits.columns)?;
    let layer = header.name().unwrap_or_default().to_owned();
    let facts = Facts { headings, layers: vec![layer.clone()], layer, crs: crs(&header), ..Facts::default() };
    let (declared, kind) = (header.features_count(), header.geometry_type());
    let index = index_bytes(declared, header.index_node_size()).ok_or_else(|| declared_too_much(declared, 0))?;
    let passed = io::copy(&mut (&mut bytes).take(index), &mut io::sink()).map_err(|error| unreadable(&error))?;
    if passed < index {
        return Err(declared_too_much(declared, 0));
    }
    let rows = FgbRows {
        bytes,
        frame: Vec::new(),
        columns: columns.into_iter().map(|(_, kind)| kind).collect(),
        kind,
        declared,
        row: 0,
        limits,
        ended: false,
    };
    Ok(Opened { facts, rows: Box::new(rows) })
}

fn declared_too_much(declared: u64, read: u64) -> RowFault {
    RowFault::new(0, FaultCode::Declared).arg("features").arg(declared).arg(read)
}

fn broken(error: impl std::fmt::Display) -> RowFault {
    RowFault::new(0, FaultCode::Unreadable).arg(error)
}

/// The bytes of the packed R-tree; `None` where the numbers are absurd.
fn index_bytes(features: u64, node_size: u16) -> Option<u64> {
    if node_size == 0 || features == 0 {
        return Some(0);
    }
    if node_size < 2 || features > 1 << 40 {
        return None;
    }
    let (mut level, mut nodes) = (features, features);
    while level != 1 {
        level = level.div_ceil(u64::from(node_size));
        nodes = nodes.checked_add(level)?;
    }
    nodes.checked_mul(40)
}

/// Reads a length and that many bytes, both into `frame`; `false` at the end.
fn frame(bytes: &mut impl Read, most: u64, frame: &mut Vec<u8>) -> Result<bool, RowFault> {
    frame.clear();
    let read = bytes.by_ref().take(4).read_to_end(frame).map_err(|error| unreadable(&error))?;
    if read < 4 {
        return Ok(false);
    }
    let length = u64::from(u32::from_le_bytes([frame[0], frame[1], frame[2], frame[3]]));
    if length > most {
        return Err(RowFault::new(0, FaultCode::RowTooLarge).arg(most));
    }
    let read = bytes.by_ref().take(length).read_to_end(frame).map_err(|error| unreadable(&error))?;
    if (read as u64) < length {
        return Err(RowFault::new(0, FaultCode::Declared).arg("bytes").arg(length).arg(read));
    }
    Ok(true)
}

fn crs(header: &Header<'_>) -> Option<String> {
    let crs = header.crs()?;
    let is_epsg = crs.org().is_none_or(|org| org.eq_ignore_ascii_case("EPSG"));
    if is_epsg && crs.code() > 0 {
        return Some(format!("EPSG:{}", crs.code()));
    }
    crs.wkt().or(crs.code_string()).filter(|text| !text.trim().is_empty()).map(str::to_owned)
}

struct FgbRows {
    bytes: Box<dyn Read + Send>,
    frame: Vec<u8>,
    columns: Vec<ColumnType>,
    kind: GeometryType,
    declared: u64,
    row: u64,
    limits: Limits,
    ended: bool,
}

impl LayerRows for FgbRows {
    fn read(&mut self, record: &mut Record) -> Option<Result<(), RowFault>> {
        if self.ended {
            return None;
        }
        match frame(&mut self.bytes, self.limits.row_bytes as u64, &mut self.frame) {
            Err(fault) => {
                self.ended = true;
                return Some(Err(fault));
            }
            Ok(false) => {
                self.ended = true;
                let short = self.declared > 0 && self.row < self.declared;
                return short.then(|| Err(declared_too_much(self.declared, self.row)));
            }
            Ok(true) => {}
        }
        self.row += 1;
        record.row = self.row;
        let bad = |why: String| RowFault::new(self.row, FaultCode::BrokenRecord).arg(why);
        let feature = match size_prefixed_root_as_feature(&self.frame) {
            Ok(feature) => feature,
            Err(error) => return Some(Err(bad(error.to_string()))),
        };
        Some(self.fill(&feature, record).map_err(bad))
    }
}

impl FgbRows {
    fn fill(&self, feature: &Feature<'_>, record: &mut Record) -> Result<(), String> {
        let mut cells = vec![String::new(); self.columns.len()];
        if let Some(properties) = feature.properties() {
            read_properties(properties.bytes(), &self.columns, &mut cells)?;
        }
        record.cells.clear();
        for cell in &cells {
            record.cells.push_field(cell.as_bytes());
        }
        record.shape = feature.geometry().map(|own| geometry(&own, self.kind, 0, self.limits.corners)).transpose()?.flatten();
        Ok(())
    }
}

/// Pairs of column number and value, as far as they go.
fn read_properties(mut bytes: &[u8], columns: &[ColumnType], cells: &mut [String]) -> Result<(), String> {
    fn take<'b, const N: usize>(bytes: &mut &'b [u8]) -> Result<[u8; N], String> {
        let whole: &'b [u8] = bytes;
        let (taken, rest) = whole.split_first_chunk::<N>().ok_or("its attributes are cut off")?;
        *bytes = rest;
        Ok(*taken)
    }
    let real = |number: f64| if number.is_finite() { number.to_string() } else { String::new() };
    while bytes.len() >= 2 {
        let at = usize::from(u16::from_le_bytes(take(&mut bytes)?));
        let kind = *columns.get(at).ok_or("an attribute has no column")?;
        cells[at] = match kind {
            ColumnType::Byte => i8::from_le_bytes(take(&mut bytes)?).to_string(),
            ColumnType::UByte => u8::from_le_bytes(take(&mut bytes)?).to_string(),
            ColumnType::Bool => (take::<1>(&mut bytes)?[0] != 0).to_string(),
            ColumnType::Short => i16::from_le_bytes(take(&mut bytes)?).to_string(),
            ColumnType::UShort => u16::from_le_bytes(take(&mut bytes)?).to_string(),
            ColumnType::Int => i32::from_le_bytes(take(&mut bytes)?).to_string(),
            ColumnType::UInt => u32::from_le_bytes(take(&mut bytes)?).to_string(),
            ColumnType::Long => i64::from_le_bytes(take(&mut bytes)?).to_string(),
            ColumnType::ULong => u64::from_le_bytes(take(&mut bytes)?).to_string(),
            ColumnType::Float => real(f64::from(f32::from_le_bytes(take(&mut bytes)?))),
            ColumnType::Double => real(f64::from_le_bytes(take(&mut bytes)?)),
            ColumnType::String | ColumnType::Json | ColumnType::DateTime | ColumnType::Binary => {
                let length = u32::from_le_bytes(take(&mut bytes)?) as usize;
                let text = bytes.get(..length).ok_or("its attributes are cut off")?;
                bytes = &bytes[length..];
                if kind == ColumnType::Binary { String::new() } else { std::str::from_utf8(text).map_err(|_| "a text is no UTF-8")?.to_owned() }
            }
            other => return Err(format!("attribute type {other:?} is not read")),
        };
    }
    Ok(())
}

/// A geometry; `kind` is that of the head, or unknown where each says its own.
fn geometry(own: &FgbGeometry<'_>, kind: GeometryType, depth: usize, most: usize) -> Result<Option<Geometry>, String> {
    if depth > DEEPEST {
        return Err("geometries are nested too deep".to_owned());
    }
    let kind = if kind == GeometryType::Unknown { own.type_() } else { kind };
    let corners = coords(own, most)?;
    Ok(match kind {
        GeometryType::Point => corners.first().map(|corner| Geometry::Point(Point(*corner))),
        GeometryType::MultiPoint => Some(Geometry::MultiPoint(MultiPoint(corners.into_iter().map(Point).collect()))),
        GeometryType::LineString => Some(Geometry::LineString(LineString(corners))),
        GeometryType::MultiLineString => Some(Geometry::MultiLineString(MultiLineString(lines(own, &corners)?))),
        GeometryType::Polygon => polygon(own, &corners)?.map(Geometry::Polygon),
        GeometryType::MultiPolygon => {
            let Some(parts) = own.parts() else { return Ok(polygon(own, &corners)?.map(|part| Geometry::MultiPolygon(MultiPolygon(vec![part])))) };
            let mut whole = Vec::new();
            let mut left = most;
            for part in parts {
                let corners = coords(&part, left)?;
                left -= corners.len();
                whole.extend(polygon(&part, &corners)?);
            }
            Some(Geometry::MultiPolygon(MultiPolygon(whole)))
        }
        GeometryType::GeometryCollection => {
            let mut all = Vec::new();
            for part in own.parts().into_iter().flat_map(|parts| parts.iter()) {
                all.extend(geometry(&part, GeometryType::Unknown, depth + 1, most)?);
            }
            Some(Geometry::GeometryCollection(GeometryCollection(all)))
        }
        other => return Err(format!("{} is not read", other.variant_name().unwrap_or("this kind of geometry"))),
    })
}

fn coords(own: &FgbGeometry<'_>, most: usize) -> Result<Vec<Coord>, String> {
    let Some(xy) = own.xy() else { return Ok(Vec::new()) };
    if xy.len() / 2 > most {
        return Err(format!("it has {} corners, at most {most} are taken", xy.len() / 2));
    }
    Ok((0..xy.len() / 2).map(|at| Coord { x: xy.get(at * 2), y: xy.get(at * 2 + 1) }).collect())
}

fn lines(own: &FgbGeometry<'_>, corners: &[Coord]) -> Result<Vec<LineString>, String> {
    let Some(ends) = own.ends().filter(|ends| !ends.is_empty()) else { return Ok(vec![LineString(corners.to_vec())]) };
    let (mut lines, mut from) = (Vec::new(), 0);
    for end in ends {
        let end = end as usize;
        lines.push(LineString(corners.get(from..end).ok_or("its rings are out of order")?.to_vec()));
        from = end;
    }
    Ok(lines)
}

fn polygon(own: &FgbGeometry<'_>, corners: &[Coord]) -> Result<Option<Polygon>, String> {
    let mut rings = lines(own, corners)?.into_iter();
    Ok(rings.next().filter(|shell| !shell.0.is_empty()).map(|shell| Polygon::new(shell, rings.collect())))
}
