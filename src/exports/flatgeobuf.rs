//! FlatGeobuf with its spatial index; features come out along the Hilbert curve, not in the order of their keys.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use ::flatgeobuf::geozero::error::Result as GeozeroResult;
use ::flatgeobuf::geozero::{ColumnValue, GeomProcessor, GeozeroGeometry, PropertyProcessor as _};
use ::flatgeobuf::{ColumnType, FgbCrs, FgbWriter, FgbWriterOptions, GeometryType};
use geo_types::{Geometry, LineString, Polygon};

use super::what::{Kind, Shape, Value};
use super::{Row, Table};
use crate::error::{Error, Result};

pub(super) struct Writer {
    out: FgbWriter<'static>,
    path: PathBuf,
    table: Table,
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::internal("write the FlatGeobuf")(error.to_string())
}

impl Writer {
    pub(super) fn begin(path: &Path, table: Table) -> Result<Self> {
        let kind = match table.what.shape() {
            Shape::Point => GeometryType::Point,
            Shape::Polygons => GeometryType::MultiPolygon,
            // Each feature says what it is.
            Shape::Lines | Shape::Mixed | Shape::None => GeometryType::Unknown,
        };
        let options = FgbWriterOptions {
            write_index: true,
            detect_type: false,
            promote_to_multi: false,
            crs: FgbCrs { org: Some("EPSG"), code: 4326, name: Some("WGS 84"), ..FgbCrs::default() },
            ..FgbWriterOptions::default()
        };
        let mut out = FgbWriter::create_with_options(table.what.name(), kind, options).map_err(failed)?;
        for column in &table.columns {
            let kind = match column.kind {
                Kind::Text(_) => ColumnType::String,
                Kind::Int => ColumnType::Long,
                Kind::Real => ColumnType::Double,
                Kind::Flag => ColumnType::Bool,
                Kind::Day => ColumnType::DateTime,
            };
            out.add_column(table.heading(column), kind, |_, _| {});
        }
        Ok(Self { out, path: path.to_owned(), table })
    }
}

/// A stored shape as the library walks over it.
struct Walked<'s>(Option<&'s Geometry>);

impl GeozeroGeometry for Walked<'_> {
    fn process_geom<P: GeomProcessor>(&self, to: &mut P) -> GeozeroResult<()> {
        match self.0 {
            Some(Geometry::Point(point)) => {
                to.point_begin(0)?;
                to.xy(point.x(), point.y(), 0)?;
                to.point_end(0)
            }
            Some(Geometry::MultiPolygon(parts)) => {
                to.multipolygon_begin(parts.0.len(), 0)?;
                for (at, part) in parts.iter().enumerate() {
                    polygon(part, at, to)?;
                }
                to.multipolygon_end(0)
            }
            // The library leaves out where a single line of several ends, and GDAL then finds none.
            Some(Geometry::MultiLineString(lines)) if lines.0.len() == 1 => linestring(&lines.0[0], true, 0, to),
            Some(Geometry::MultiLineString(lines)) => {
                to.multilinestring_begin(lines.0.len(), 0)?;
                for (at, line) in lines.iter().enumerate() {
                    linestring(line, false, at, to)?;
                }
                to.multilinestring_end(0)
            }
            // Nothing else is stored; a row without a place has no geometry.
            _ => Ok(()),
        }
    }
}

fn polygon<P: GeomProcessor>(part: &Polygon, at: usize, to: &mut P) -> GeozeroResult<()> {
    to.polygon_begin(false, part.interiors().len() + 1, at)?;
    for (ring_at, ring) in std::iter::once(part.exterior()).chain(part.interiors()).enumerate() {
        linestring(ring, false, ring_at, to)?;
    }
    to.polygon_end(false, at)
}

fn linestring<P: GeomProcessor>(line: &LineString, alone: bool, at: usize, to: &mut P) -> GeozeroResult<()> {
    to.linestring_begin(alone, line.0.len(), at)?;
    for (corner_at, corner) in line.coords().enumerate() {
        to.xy(corner.x, corner.y, corner_at)?;
    }
    to.linestring_end(alone, at)
}

impl super::Writer for Writer {
    fn row(&mut self, row: &Row) -> Result<()> {
        let columns = &self.table.columns;
        let mut told = Ok(());
        let added = self.out.add_feature_geom(Walked(row.shape.as_ref()), |feature| {
            for (at, (column, value)) in columns.iter().zip(&row.values).enumerate() {
                let text = value.text();
                let value = match value {
                    Value::Null => continue,
                    Value::Text(_) => ColumnValue::String(&text),
                    Value::Int(number) => ColumnValue::Long(*number),
                    Value::Real(number) => ColumnValue::Double(*number),
                    Value::Flag(flag) => ColumnValue::Bool(*flag),
                    Value::Day(_) => ColumnValue::DateTime(&text),
                };
                if let Err(error) = feature.property(at, column.name, &value) {
                    told = Err(failed(error));
                }
            }
        });
        added.map_err(failed)?;
        told
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let mut out = BufWriter::new(File::create(&self.path).map_err(Error::internal("write the export"))?);
        self.out.write(&mut out).map_err(failed)?;
        out.flush().map_err(Error::internal("write the export"))
    }
}
