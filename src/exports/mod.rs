//! Layers and lists as files: areas and cells with their labels, households, facilities, the base map, published numbers, heat as bands,
//! and cases as a list.
//!
//! [`what`] says which columns a thing has, [`rows`] reads them under the reader's scopes, [`run`] takes rows to a writer
//! on a thread of its own; one format a file beside them. A file is made whole on disk before the first byte leaves, so
//! that its audit entry has the number of rows and a failure is an answer and not half a file.
//!
//! Cases leave as a table only, without any place: no file of incident points exists. What a file may hold is settled
//! by row level security and by the same rights as the screens; reading files back in is `imports`' business.

pub mod api;
mod csv;
mod flatgeobuf;
mod geojson;
mod geopackage;
mod heat;
mod rows;
pub mod run;
mod shapefile;
mod shp;
mod statements;
pub mod what;
mod xlsx;

use std::path::Path;

use geo_types::Geometry;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::error::Result;
use what::{Column, Value, What};

/// A format that files are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
#[value(rename_all = "lowercase")]
pub enum Format {
    /// GeoJSON, RFC 7946.
    Geojson,
    /// A table, UTF-8 with a byte order mark; borders as WKT.
    Csv,
    /// A workbook; borders as WKT where they fit into a cell.
    Xlsx,
    /// A Shapefile packed as zip.
    Shapefile,
    /// A GeoPackage.
    Gpkg,
    /// FlatGeobuf with its index.
    Fgb,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Geojson, Self::Csv, Self::Xlsx, Self::Shapefile, Self::Gpkg, Self::Fgb];

    /// The ending of its files.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Geojson => "geojson",
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Shapefile => "zip",
            Self::Gpkg => "gpkg",
            Self::Fgb => "fgb",
        }
    }

    /// The format of a file of that name.
    pub fn of_name(name: &str) -> Option<Self> {
        let ending = name.rsplit_once('.')?.1.to_ascii_lowercase();
        let ending = if ending == "json" { "geojson" } else { ending.as_str() };
        Self::ALL.into_iter().find(|format| format.ending() == ending)
    }

    /// The media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Geojson => "application/geo+json",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Shapefile => "application/zip",
            Self::Gpkg => "application/geopackage+sqlite3",
            Self::Fgb => "application/octet-stream",
        }
    }

    /// Whether it is a table, into which a list without places fits.
    pub const fn is_table(self) -> bool {
        matches!(self, Self::Csv | Self::Xlsx)
    }
}

/// The language of headings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
#[value(rename_all = "lowercase")]
pub enum Headings {
    /// As offices write them.
    Zh,
    /// As the interface names them.
    En,
}

/// One row on its way into a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// In the order of the columns.
    pub values: Vec<Value>,
    /// Its place, WGS 84 degrees.
    pub shape: Option<Geometry>,
}

/// What is written: the columns with their headings.
#[derive(Debug, Clone)]
pub struct Table {
    /// What the rows are.
    pub what: What,
    /// The columns.
    pub columns: Vec<Column>,
    /// The language of the headings.
    pub headings: Headings,
}

impl Table {
    /// The heading of a column.
    fn heading(&self, column: &Column) -> &'static str {
        if self.headings == Headings::Zh { column.zh } else { column.name }
    }
}

/// A file being written.
trait Writer {
    /// Adds a row.
    fn row(&mut self, row: &Row) -> Result<()>;

    /// Writes what stands at the end.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// Begins a file at a path where an empty one may stand.
fn begin(format: Format, path: &Path, table: Table) -> Result<Box<dyn Writer>> {
    Ok(match format {
        Format::Geojson => Box::new(geojson::Writer::begin(path, table)?),
        Format::Csv => Box::new(csv::Writer::begin(path, &table)?),
        Format::Xlsx => Box::new(xlsx::Writer::begin(path, &table)?),
        Format::Shapefile => Box::new(shapefile::Writer::begin(path, &table)?),
        Format::Gpkg => Box::new(geopackage::Writer::begin(path, table)?),
        Format::Fgb => Box::new(flatgeobuf::Writer::begin(path, table)?),
    })
}
