//! A Shapefile packed as zip: `.shp`, `.shx`, `.dbf`, `.prj`, `.cpg`, and a note where texts had to be cut.

use std::fs::File;
use std::io::{self, BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use geo_types::Geometry;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::shp::{Attributes, Shapes};
use super::what::Shape;
use super::{Row, Table};
use crate::error::{Error, Result};

const PRJ: &str = r#"GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]"#;

pub(super) struct Writer {
    path: PathBuf,
    layers: Vec<Layer>,
}

/// The files of one layer. A shapefile holds shapes of one kind, so that a mixture becomes several layers.
struct Layer {
    name: String,
    shape: Shape,
    shapes: Shapes,
    attributes: Attributes,
}

fn failed(error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::FileTooLarge {
        Error::TooLarge { limit: error.to_string() }
    } else {
        Error::internal("write the Shapefile")(error)
    }
}

impl Writer {
    pub(super) fn begin(path: &Path, table: &Table) -> Result<Self> {
        let name = table.what.name();
        let kinds = match table.what.shape() {
            Shape::Mixed => vec![(format!("{name}_polygons"), Shape::Polygons), (format!("{name}_lines"), Shape::Lines)],
            shape => vec![(name.to_owned(), shape)],
        };
        let layer = |(name, shape)| Ok(Layer { name, shape, shapes: Shapes::begin(shape)?, attributes: Attributes::begin(table)? });
        let layers = kinds.into_iter().map(layer).collect::<io::Result<Vec<Layer>>>().map_err(failed)?;
        Ok(Self { path: path.to_owned(), layers })
    }

    fn pack(&mut self) -> io::Result<()> {
        let mut zip = ZipWriter::new(BufWriter::new(File::create(&self.path)?));
        let options = SimpleFileOptions::default().large_file(true);
        let mut cut = Vec::new();
        for Layer { name, shapes, attributes, .. } in &mut self.layers {
            shapes.finish()?;
            attributes.finish()?;
            for (ending, part) in [("shp", shapes.shp.get_mut()), ("shx", shapes.shx.get_mut()), ("dbf", attributes.dbf.get_mut())] {
                zip.start_file(format!("{name}.{ending}"), options)?;
                part.seek(SeekFrom::Start(0))?;
                io::copy(part, &mut zip)?;
            }
            for (ending, text) in [("prj", PRJ), ("cpg", "UTF-8")] {
                zip.start_file(format!("{name}.{ending}"), options)?;
                zip.write_all(text.as_bytes())?;
            }
            cut.extend(attributes.cut.iter().filter(|(_, count)| *count > 0).map(|(column, count)| format!("{name}.{column}: {count}")));
        }
        if !cut.is_empty() {
            zip.start_file("README.txt", options)?;
            let text =
                format!("Shapefile 的文字最多 254 字节，以下各列有文字被截断 · texts end at 254 bytes; so many were cut:\n{}\n", cut.join("\n"));
            zip.write_all(text.as_bytes())?;
        }
        zip.finish()?.flush()
    }
}

impl super::Writer for Writer {
    fn row(&mut self, row: &Row) -> Result<()> {
        let is_line = matches!(row.shape, Some(Geometry::MultiLineString(_)));
        let fitting = self.layers.iter().position(|layer| (layer.shape == Shape::Lines) == is_line).unwrap_or(0);
        let layer = &mut self.layers[fitting];
        layer.shapes.add(row.shape.as_ref()).and_then(|()| layer.attributes.add(row)).map_err(failed)
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.pack().map_err(failed)
    }
}
