//! The parts of a shapefile written from front to back: shapes with their index, and the table of attributes.
//!
//! The heads hold lengths and bounds that are known at the end, so each part goes to a temporary file and its head is
//! written last. “ESRI Shapefile Technical Description”, 1998; dBase III.

use std::fs::File;
use std::io::{self, BufWriter, Seek as _, SeekFrom, Write};

use geo::{BoundingRect as _, Winding as _};
use geo_types::{Coord, Geometry, LineString, Rect};

use super::what::{Kind, Shape, Value};
use super::{Row, Table};

/// Bytes of a text, the most that dBase has.
const LONGEST_TEXT: usize = 254;

/// `.shp` and `.shx`.
pub(super) struct Shapes {
    pub(super) shp: BufWriter<File>,
    pub(super) shx: BufWriter<File>,
    kind: i32,
    number: i32,
    /// 16-bit words of the file so far.
    words: i32,
    bounds: Option<[f64; 4]>,
}

impl Shapes {
    pub(super) fn begin(shape: Shape) -> io::Result<Self> {
        let part = || {
            let mut file = BufWriter::new(tempfile::tempfile()?);
            file.write_all(&[0; 100])?;
            Ok::<_, io::Error>(file)
        };
        let kind = match shape {
            Shape::Point => 1,
            Shape::Lines => 3,
            _ => 5,
        };
        Ok(Self { shp: part()?, shx: part()?, kind, number: 0, words: 50, bounds: None })
    }

    pub(super) fn add(&mut self, shape: Option<&Geometry>) -> io::Result<()> {
        let content = match shape {
            Some(Geometry::Point(point)) => {
                let mut content = 1_i32.to_le_bytes().to_vec();
                content.extend(corner(point.0));
                content
            }
            Some(Geometry::MultiPolygon(parts)) => polygons(parts),
            Some(Geometry::MultiLineString(lines)) => several(3, lines.bounding_rect(), &lines.0),
            _ => 0_i32.to_le_bytes().to_vec(),
        };
        if let Some(own) = shape.and_then(geo::BoundingRect::bounding_rect) {
            let all = self.bounds.unwrap_or([own.min().x, own.min().y, own.max().x, own.max().y]);
            self.bounds = Some([all[0].min(own.min().x), all[1].min(own.min().y), all[2].max(own.max().x), all[3].max(own.max().y)]);
        }
        let length = i32::try_from(content.len() / 2).map_err(|_| too_large())?;
        self.number += 1;
        self.shx.write_all(&self.words.to_be_bytes())?;
        self.shx.write_all(&length.to_be_bytes())?;
        self.shp.write_all(&self.number.to_be_bytes())?;
        self.shp.write_all(&length.to_be_bytes())?;
        self.shp.write_all(&content)?;
        self.words = self.words.checked_add(length + 4).ok_or_else(too_large)?;
        Ok(())
    }

    /// Writes the heads.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        let bounds = self.bounds.unwrap_or_default();
        for (file, words) in [(&mut self.shp, self.words), (&mut self.shx, 50 + self.number * 4)] {
            let mut head = 9994_i32.to_be_bytes().to_vec();
            head.extend([0; 20]);
            head.extend(words.to_be_bytes());
            head.extend(1000_i32.to_le_bytes());
            head.extend(self.kind.to_le_bytes());
            head.extend(bounds.iter().flat_map(|number| number.to_le_bytes()));
            head.resize(100, 0);
            file.seek(SeekFrom::Start(0))?;
            file.write_all(&head)?;
            file.flush()?;
        }
        Ok(())
    }
}

fn too_large() -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, "a shapefile ends at 4 GB; cut it with within, or take gpkg")
}

fn corner(at: Coord) -> impl Iterator<Item = u8> {
    at.x.to_le_bytes().into_iter().chain(at.y.to_le_bytes())
}

/// Shells with the clock, holes against it.
fn polygons(parts: &geo_types::MultiPolygon) -> Vec<u8> {
    let mut rings: Vec<LineString> = Vec::new();
    for part in parts {
        let mut shell = part.exterior().clone();
        shell.make_cw_winding();
        rings.push(shell);
        for hole in part.interiors() {
            let mut hole = hole.clone();
            hole.make_ccw_winding();
            rings.push(hole);
        }
    }
    several(5, parts.bounding_rect(), &rings)
}

/// Lines or rings as one record.
fn several(kind: i32, bounds: Option<Rect>, rings: &[LineString]) -> Vec<u8> {
    let mut content = kind.to_le_bytes().to_vec();
    let bounds = bounds.map_or([0.0; 4], |own| [own.min().x, own.min().y, own.max().x, own.max().y]);
    content.extend(bounds.iter().flat_map(|number| number.to_le_bytes()));
    content.extend((rings.len() as i32).to_le_bytes());
    content.extend((rings.iter().map(|ring| ring.0.len()).sum::<usize>() as i32).to_le_bytes());
    let mut start = 0_i32;
    for ring in rings {
        content.extend(start.to_le_bytes());
        start += ring.0.len() as i32;
    }
    content.extend(rings.iter().flat_map(|ring| ring.0.iter()).flat_map(|at| corner(*at)));
    content
}

/// `.dbf`, in UTF-8.
pub(super) struct Attributes {
    pub(super) dbf: BufWriter<File>,
    widths: Vec<(Kind, usize)>,
    rows: u32,
    /// How often a text was longer than a cell, by column.
    pub(super) cut: Vec<(&'static str, u64)>,
}

impl Attributes {
    pub(super) fn begin(table: &Table) -> io::Result<Self> {
        let widths: Vec<(Kind, usize)> = table.columns.iter().map(|column| (column.kind, width(column.kind))).collect();
        let mut head = vec![3, 126, 1, 1];
        head.extend([0; 4]);
        head.extend((32 * (widths.len() as u16 + 1) + 1).to_le_bytes());
        head.extend((widths.iter().map(|(_, width)| *width as u16).sum::<u16>() + 1).to_le_bytes());
        head.resize(32, 0);
        for (column, (kind, width)) in table.columns.iter().zip(&widths) {
            let mut field = column.short.as_bytes().to_vec();
            field.resize(11, 0);
            field.push(match kind {
                Kind::Text(_) => b'C',
                Kind::Int | Kind::Real => b'N',
                Kind::Flag => b'L',
                Kind::Day => b'D',
            });
            field.extend([0; 4]);
            field.push(*width as u8);
            field.push(if *kind == Kind::Real { 3 } else { 0 });
            field.resize(32, 0);
            head.extend(field);
        }
        head.push(0x0D);
        let mut dbf = BufWriter::new(tempfile::tempfile()?);
        dbf.write_all(&head)?;
        Ok(Self { dbf, widths, rows: 0, cut: table.columns.iter().map(|column| (column.short, 0)).collect() })
    }

    pub(super) fn add(&mut self, row: &Row) -> io::Result<()> {
        self.dbf.write_all(b" ")?;
        for ((value, (kind, width)), cut) in row.values.iter().zip(&self.widths).zip(&mut self.cut) {
            let text = match (value, kind) {
                (Value::Null, _) => String::new(),
                (Value::Flag(flag), _) => if *flag { "T" } else { "F" }.to_owned(),
                (Value::Day(day), _) => day.format("%Y%m%d").to_string(),
                (Value::Real(number), _) => format!("{number:.3}"),
                (other, _) => other.text(),
            };
            let fits = if text.len() <= *width { text.len() } else { (0..=*width).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0) };
            cut.1 += u64::from(fits < text.len());
            let text = &text[..fits];
            let pad = " ".repeat(width - fits);
            let (before, after) = if matches!(kind, Kind::Int | Kind::Real) { (pad.as_str(), "") } else { ("", pad.as_str()) };
            write!(self.dbf, "{before}{text}{after}")?;
        }
        self.rows = self.rows.checked_add(1).ok_or_else(too_large)?;
        Ok(())
    }

    /// Writes the end and the number of rows.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.dbf.write_all(&[0x1A])?;
        self.dbf.seek(SeekFrom::Start(4))?;
        self.dbf.write_all(&self.rows.to_le_bytes())?;
        self.dbf.flush()
    }
}

/// Three bytes a character, as Chinese has in UTF-8.
fn width(kind: Kind) -> usize {
    match kind {
        Kind::Text(most) if most <= 20 => usize::from(most).max(8),
        Kind::Text(most) => (usize::from(most) * 3).min(LONGEST_TEXT),
        Kind::Int => 18,
        Kind::Real => 24,
        Kind::Flag => 1,
        Kind::Day => 8,
    }
}
