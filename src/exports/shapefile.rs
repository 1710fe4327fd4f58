//! A Shapefile packed as zip: `.shp`, `.shx`, `.dbf`, `.prj`, `.cpg`, and a note where texts had to be cut.

use std::fs::File;
use std::io::{self, BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::shp::{Attributes, Shapes};
use super::{Row, Table};
use crate::error::{Error, Result};

const PRJ: &str = r#"GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]"#;

pub(super) struct Writer {
    path: PathBuf,
    name: &'static str,
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
        let shapes = Shapes::begin(table.what.shape()).map_err(failed)?;
        let attributes = Attributes::begin(table).map_err(failed)?;
        Ok(Self { path: path.to_owned(), name: table.what.name(), shapes, attributes })
    }

    fn pack(&mut self) -> io::Result<()> {
        self.shapes.finish()?;
        self.attributes.finish()?;
        let mut zip = ZipWriter::new(BufWriter::new(File::create(&self.path)?));
        let options = SimpleFileOptions::default().large_file(true);
        let parts = [("shp", self.shapes.shp.get_mut()), ("shx", self.shapes.shx.get_mut()), ("dbf", self.attributes.dbf.get_mut())];
        for (ending, part) in parts {
            zip.start_file(format!("{}.{ending}", self.name), options)?;
            part.seek(SeekFrom::Start(0))?;
            io::copy(part, &mut zip)?;
        }
        for (ending, text) in [("prj", PRJ), ("cpg", "UTF-8")] {
            zip.start_file(format!("{}.{ending}", self.name), options)?;
            zip.write_all(text.as_bytes())?;
        }
        let cut: Vec<String> = self.attributes.cut.iter().filter(|(_, count)| *count > 0).map(|(name, count)| format!("{name}: {count}")).collect();
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
        self.shapes.add(row.shape.as_ref()).and_then(|()| self.attributes.add(row)).map_err(failed)
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.pack().map_err(failed)
    }
}
