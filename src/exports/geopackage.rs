//! GeoPackage 1.3 (OGC 12-128): one layer in an SQLite file, written in one transaction.

use std::path::Path;

use geo::BoundingRect as _;
use geo_types::Geometry;
use rusqlite::{Connection, ToSql, params};

use super::what::{Kind, Shape, Value};
use super::{Row, Table};
use crate::error::{Error, Result};
use crate::geom::wkb;

const HEAD: &str = "
pragma application_id = 0x47504B47;
pragma user_version = 10300;
pragma journal_mode = off;
pragma synchronous = off;
begin;
create table gpkg_spatial_ref_sys (srs_name text not null, srs_id integer not null primary key, organization text not null,
  organization_coordsys_id integer not null, definition text not null, description text);
insert into gpkg_spatial_ref_sys values
  ('Undefined cartesian SRS', -1, 'NONE', -1, 'undefined', null), ('Undefined geographic SRS', 0, 'NONE', 0, 'undefined', null),
  ('WGS 84 geodetic', 4326, 'EPSG', 4326, 'GEOGCS[\"WGS 84\",DATUM[\"WGS_1984\",SPHEROID[\"WGS 84\",6378137,298.257223563,AUTHORITY[\"EPSG\",\"7030\"]],AUTHORITY[\"EPSG\",\"6326\"]],PRIMEM[\"Greenwich\",0,AUTHORITY[\"EPSG\",\"8901\"]],UNIT[\"degree\",0.0174532925199433,AUTHORITY[\"EPSG\",\"9122\"]],AXIS[\"Latitude\",NORTH],AXIS[\"Longitude\",EAST],AUTHORITY[\"EPSG\",\"4326\"]]', 'longitude/latitude');
create table gpkg_contents (table_name text not null primary key, data_type text not null, identifier text unique, description text default '',
  last_change datetime not null default (strftime('%Y-%m-%dT%H:%M:%fZ','now')), min_x double, min_y double, max_x double, max_y double, srs_id integer,
  constraint fk_gc_r_srs_id foreign key (srs_id) references gpkg_spatial_ref_sys(srs_id));
create table gpkg_geometry_columns (table_name text not null, column_name text not null, geometry_type_name text not null, srs_id integer not null,
  z tinyint not null, m tinyint not null, constraint pk_geom_cols primary key (table_name, column_name), constraint uk_gc_table_name unique (table_name),
  constraint fk_gc_tn foreign key (table_name) references gpkg_contents(table_name),
  constraint fk_gc_srs foreign key (srs_id) references gpkg_spatial_ref_sys (srs_id));
";

pub(super) struct Writer {
    connection: Connection,
    table: Table,
    statement: String,
    extent: Option<[f64; 4]>,
}

fn failed(error: rusqlite::Error) -> Error {
    Error::internal("write the GeoPackage")(error)
}

impl Writer {
    pub(super) fn begin(path: &Path, table: Table) -> Result<Self> {
        let connection = Connection::open(path).map_err(failed)?;
        connection.execute_batch(HEAD).map_err(failed)?;
        let name = table.what.name();
        let quoted = |column: &super::what::Column| format!("\"{}\"", table.heading(column));
        let kinds = table.columns.iter().map(|column| {
            let kind = match column.kind {
                Kind::Text(width) => format!("text({width})"),
                Kind::Int => "integer".to_owned(),
                Kind::Real => "double".to_owned(),
                Kind::Flag => "boolean".to_owned(),
                Kind::Day => "date".to_owned(),
            };
            format!("{} {kind}", quoted(column))
        });
        let kinds = kinds.collect::<Vec<_>>().join(", ");
        connection
            .execute_batch(&format!("create table {name} (fid integer primary key autoincrement not null, geom blob, {kinds})"))
            .map_err(failed)?;
        let kind = match table.what.shape() {
            Shape::Point => "POINT",
            Shape::Lines => "MULTILINESTRING",
            Shape::Polygons => "MULTIPOLYGON",
            Shape::Mixed | Shape::None => "GEOMETRY",
        };
        connection
            .execute("insert into gpkg_contents (table_name, data_type, identifier, srs_id) values (?1, 'features', ?1, 4326)", params![name])
            .map_err(failed)?;
        connection.execute("insert into gpkg_geometry_columns values (?1, 'geom', ?2, 4326, 0, 0)", params![name, kind]).map_err(failed)?;
        let names: Vec<String> = table.columns.iter().map(quoted).collect();
        let places: Vec<String> = (2..names.len() + 2).map(|at| format!("?{at}")).collect();
        let statement = format!("insert into {name} (geom, {}) values (?1, {})", names.join(", "), places.join(", "));
        Ok(Self { connection, table, statement, extent: None })
    }

    fn blob(&mut self, shape: &Geometry) -> Option<Vec<u8>> {
        let bounds = shape.bounding_rect()?;
        let own = [bounds.min().x, bounds.max().x, bounds.min().y, bounds.max().y];
        let all = self.extent.unwrap_or(own);
        self.extent = Some([all[0].min(own[0]), all[1].max(own[1]), all[2].min(own[2]), all[3].max(own[3])]);
        // Version 1, low byte first; an envelope of four numbers for what is no point.
        let is_point = matches!(shape, Geometry::Point(_));
        let mut blob = vec![b'G', b'P', 0, if is_point { 1 } else { 0b11 }];
        blob.extend(4326_i32.to_le_bytes());
        if !is_point {
            blob.extend(own.iter().flat_map(|number| number.to_le_bytes()));
        }
        blob.extend(wkb::encode(shape));
        Some(blob)
    }
}

impl super::Writer for Writer {
    fn row(&mut self, row: &Row) -> Result<()> {
        let blob = row.shape.as_ref().and_then(|shape| self.blob(shape));
        let mut values: Vec<Box<dyn ToSql>> = vec![Box::new(blob)];
        for value in &row.values {
            values.push(match value {
                Value::Null => Box::new(rusqlite::types::Null),
                Value::Text(text) => Box::new(text.clone()),
                Value::Int(number) => Box::new(*number),
                Value::Real(number) => Box::new(*number),
                Value::Flag(flag) => Box::new(*flag),
                Value::Day(day) => Box::new(day.to_string()),
            });
        }
        let values: Vec<&dyn ToSql> = values.iter().map(AsRef::as_ref).collect();
        let mut statement = self.connection.prepare_cached(&self.statement).map_err(failed)?;
        statement.execute(values.as_slice()).map_err(failed)?;
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        if let Some([west, east, south, north]) = self.extent {
            let update = "update gpkg_contents set min_x = ?2, max_x = ?3, min_y = ?4, max_y = ?5 where table_name = ?1";
            self.connection.execute(update, params![self.table.what.name(), west, east, south, north]).map_err(failed)?;
        }
        self.connection.execute_batch("commit").map_err(failed)?;
        self.connection.close().map_err(|(_, error)| failed(error))
    }
}
