//! GeoJSON, RFC 7946: one feature a line, so that tools of lines work on it too.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use geo::Orient as _;
use geo::orient::Direction;
use geo_types::Geometry;
use serde_json::{Map, Value as Json, json};

use super::what::Value;
use super::{Row, Table};
use crate::error::{Error, Result};

pub(super) struct Writer {
    out: BufWriter<File>,
    table: Table,
    any: bool,
}

impl Writer {
    pub(super) fn begin(path: &Path, table: Table) -> Result<Self> {
        let mut out = BufWriter::new(File::create(path).map_err(Error::internal("write the export"))?);
        let name = serde_json::to_string(table.what.name()).map_err(Error::internal("write the export"))?;
        writeln!(out, "{{\"type\":\"FeatureCollection\",\"name\":{name},\"features\":[").map_err(Error::internal("write the export"))?;
        Ok(Self { out, table, any: false })
    }
}

fn json_of(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Text(text) => json!(text),
        Value::Int(number) => json!(number),
        Value::Real(number) => json!(number),
        Value::Flag(flag) => json!(flag),
        Value::Day(day) => json!(day.to_string()),
    }
}

impl super::Writer for Writer {
    fn row(&mut self, row: &Row) -> Result<()> {
        let properties: Map<String, Json> =
            self.table.columns.iter().zip(&row.values).map(|(column, value)| (self.table.heading(column).to_owned(), json_of(value))).collect();
        // Shells against the clock, holes with it, as the RFC wants.
        let geometry = row.shape.as_ref().map(|shape| match shape {
            Geometry::MultiPolygon(parts) => geojson::Value::from(&parts.orient(Direction::Default)),
            other => geojson::Value::from(other),
        });
        let geometry = geometry.map(geojson::Geometry::new);
        let feature = json!({ "type": "Feature", "properties": properties, "geometry": geometry });
        let comma = if self.any { ",\n" } else { "" };
        self.any = true;
        write!(self.out, "{comma}{feature}").map_err(Error::internal("write the export"))
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.out.write_all(b"\n]}\n").and_then(|()| self.out.flush()).map_err(Error::internal("write the export"))
    }
}
