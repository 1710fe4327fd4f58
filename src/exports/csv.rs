//! Tables: UTF-8 with a byte order mark, so that office programs read them; points as longitude and latitude, borders as WKT.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use geo_types::{Geometry, LineString, Polygon};

use super::what::{Shape, Value};
use super::{Headings, Row, Table};
use crate::error::{Error, Result};

pub(super) struct Writer {
    out: csv::Writer<BufWriter<File>>,
    shape: Shape,
}

impl Writer {
    pub(super) fn begin(path: &Path, table: &Table) -> Result<Self> {
        let mut out = BufWriter::new(File::create(path).map_err(Error::internal("write the export"))?);
        out.write_all("\u{feff}".as_bytes()).map_err(Error::internal("write the export"))?;
        let mut out = csv::Writer::from_writer(out);
        let shape = table.what.shape();
        let headings = table.columns.iter().map(|column| table.heading(column)).chain(place_headings(shape, table.headings).iter().copied());
        out.write_record(headings).map_err(Error::internal("write the export"))?;
        Ok(Self { out, shape })
    }
}

/// The headings of the place in a table.
pub(super) const fn place_headings(shape: Shape, headings: Headings) -> &'static [&'static str] {
    match (shape, headings) {
        (Shape::Point, Headings::Zh) => &["经度", "纬度"],
        (Shape::Point, Headings::En) => &["lon", "lat"],
        (Shape::Lines | Shape::Polygons | Shape::Mixed, Headings::Zh) => &["图形"],
        (Shape::Lines | Shape::Polygons | Shape::Mixed, Headings::En) => &["wkt"],
        (Shape::None, _) => &[],
    }
}

/// The place in a table: two numbers, a WKT, or nothing.
pub(super) fn place(shape: Shape, row: &Row) -> Vec<Value> {
    match (shape, &row.shape) {
        (Shape::Point, Some(Geometry::Point(at))) => vec![Value::Real(at.x()), Value::Real(at.y())],
        (Shape::Point, _) => vec![Value::Null, Value::Null],
        (Shape::None, _) => Vec::new(),
        (_, Some(shape)) => vec![Value::Text(wkt(shape))],
        (_, None) => vec![Value::Null],
    }
}

/// A shape as WKT. Of the base map some are points; nothing else is stored.
fn wkt(shape: &Geometry) -> String {
    match shape {
        Geometry::Point(at) => format!("POINT({} {})", at.x(), at.y()),
        Geometry::MultiLineString(lines) => format!("MULTILINESTRING({})", lines.iter().map(corners).collect::<Vec<_>>().join(",")),
        Geometry::MultiPolygon(parts) => {
            let rings = |part: &Polygon| std::iter::once(part.exterior()).chain(part.interiors()).map(corners).collect::<Vec<_>>().join(",");
            format!("MULTIPOLYGON({})", parts.iter().map(|part| format!("({})", rings(part))).collect::<Vec<_>>().join(","))
        }
        _ => String::new(),
    }
}

fn corners(line: &LineString) -> String {
    use std::fmt::Write as _;
    let mut text = String::from("(");
    for (at, corner) in line.coords().enumerate() {
        let comma = if at > 0 { "," } else { "" };
        // Writing to a string cannot fail.
        let _ = write!(text, "{comma}{} {}", corner.x, corner.y);
    }
    text.push(')');
    text
}

/// A text that an office program will not take for a formula.
fn inert(text: String) -> String {
    let starts_formula = text.starts_with(['=', '@', '\t', '\r']) || text.starts_with(['+', '-']) && text.parse::<f64>().is_err();
    if starts_formula { format!("'{text}") } else { text }
}

impl super::Writer for Writer {
    fn row(&mut self, row: &Row) -> Result<()> {
        let place = place(self.shape, row);
        let texts = row.values.iter().chain(&place).map(|value| match value {
            Value::Text(text) => inert(text.clone()),
            other => other.text(),
        });
        self.out.write_record(texts).map_err(Error::internal("write the export"))
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.out.flush().map_err(Error::internal("write the export"))
    }
}
