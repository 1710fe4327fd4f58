//! A file as it came: opened as often as it is needed, unpacked, limited, and told apart by what is in it.
//!
//! An import reads its file twice (`survey`, then the rows), so a source is a path or bytes in memory and never a
//! pipe; an upload is spooled to a file first. What the bytes say is left to `text`, `table`, `json` and `layers`.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::read::MultiGzDecoder;

use super::faults::{FaultCode, RowFault};
use super::fields::Noun;
use super::layers;
use super::text::{self, Encoding, Utf8Reader};

/// How much of a file is taken.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of the whole file once unpacked.
    pub file_bytes: u64,
    /// Times a packed file may grow when unpacked, from 64 MiB upwards.
    pub ratio: u64,
    /// Bytes of one GeoJSON feature or one CSV row.
    pub row_bytes: usize,
    /// How deep JSON may nest.
    pub depth: usize,
    /// Corners of one geometry.
    pub corners: usize,
    /// Columns of a table, or different properties of features.
    pub columns: usize,
    /// Entries of an archive, layers or sheets of a file.
    pub entries: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file_bytes: 4 << 30, ratio: 200, row_bytes: 64 << 20, depth: 64, corners: 1_000_000, columns: 2000, entries: 10_000 }
    }
}

impl Limits {
    /// Bytes that so many packed bytes may become.
    pub fn unpacked(&self, packed_bytes: u64) -> u64 {
        packed_bytes.saturating_mul(self.ratio).max(64 << 20).min(self.file_bytes)
    }
}

/// What a file is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// One GeoJSON document: a FeatureCollection, a Feature or a geometry.
    GeoJson,
    /// One GeoJSON object a line (also RFC 8142 with its RS before each).
    GeoJsonLines,
    /// Rows and columns with a delimiter.
    Table,
    /// One or more shapefiles in a zip.
    Shapefile,
    /// A GeoPackage: layers in an SQLite file.
    GeoPackage,
    /// FlatGeobuf: one layer of features.
    FlatGeobuf,
    /// A workbook (XLSX): sheets of rows and columns.
    Workbook,
}

impl Format {
    /// Whether rows bring geometries of their own, so that no column of coordinates is wanted.
    pub const fn has_shapes(self) -> bool {
        !matches!(self, Self::Table | Self::Workbook)
    }

    /// Whether it is GeoJSON, which is WGS 84 where it says nothing.
    pub const fn is_geojson(self) -> bool {
        matches!(self, Self::GeoJson | Self::GeoJsonLines)
    }

    /// The name people know it by.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GeoJson => "GeoJSON",
            Self::GeoJsonLines => "GeoJSON, one feature a line",
            Self::Table => "CSV",
            Self::Shapefile => "Shapefile",
            Self::GeoPackage => "GeoPackage",
            Self::FlatGeobuf => "FlatGeobuf",
            Self::Workbook => "XLSX",
        }
    }
}

/// What a person chose inside a file that holds more than one thing; what is left out is guessed or must be told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// The layer or sheet.
    pub layer: Option<String>,
    /// The row of the headings as a spreadsheet numbers it; both where there are two.
    pub heading_row: Option<HeadingRow>,
    /// What the rows are, to judge headings by.
    pub noun: Option<Noun>,
}

/// Where the headings of a sheet stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct HeadingRow {
    /// The first row of them, from 1.
    pub first: u32,
    /// The last row of them; `None`: to be guessed.
    pub last: Option<u32>,
}

impl HeadingRow {
    /// Reads `3` or `3-4`.
    pub fn parse(text: &str) -> Option<Self> {
        let row = |text: &str| text.trim().parse::<u32>().ok().filter(|row| (1..=1_048_576).contains(row));
        match text.split_once(['-', '–']) {
            None => row(text).map(|first| Self { first, last: None }),
            Some((first, last)) => {
                let (first, last) = (row(first)?, row(last)?);
                (last == first || last == first + 1).then_some(Self { first, last: Some(last) })
            }
        }
    }
}

impl std::fmt::Display for HeadingRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.last.filter(|&last| last != self.first) {
            Some(last) => write!(f, "{}-{last}", self.first),
            None => write!(f, "{}", self.first),
        }
    }
}

/// A file from which can be read at any place.
pub trait ReadSeek: Read + Seek + Send {}
impl<T: Read + Seek + Send> ReadSeek for T {}

#[derive(Debug, Clone)]
enum Origin {
    Path(PathBuf),
    Bytes(Arc<[u8]>),
}

/// A file that can be opened again and again.
#[derive(Debug, Clone)]
pub struct Source {
    origin: Origin,
    name: String,
    packed: bool,
    packed_bytes: u64,
    limits: Limits,
    choice: Choice,
}

/// A source whose encoding and format are known.
#[derive(Debug, Clone)]
pub struct Known {
    source: Source,
    /// How the bytes become text.
    pub encoding: Encoding,
    /// What the text is made of.
    pub format: Format,
}

impl Source {
    /// A file on disk.
    pub fn path(path: impl AsRef<Path>, limits: Limits) -> io::Result<Self> {
        let path = path.as_ref();
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        Self::new(Origin::Path(path.to_owned()), name, limits)
    }

    /// A spooled upload: the file on disk has another name than the one the user knows.
    pub fn spooled(path: impl AsRef<Path>, name: impl Into<String>, limits: Limits) -> io::Result<Self> {
        Self::new(Origin::Path(path.as_ref().to_owned()), name.into(), limits)
    }

    /// Bytes in memory.
    pub fn bytes(name: impl Into<String>, bytes: impl Into<Arc<[u8]>>, limits: Limits) -> io::Result<Self> {
        Self::new(Origin::Bytes(bytes.into()), name.into(), limits)
    }

    fn new(origin: Origin, name: String, limits: Limits) -> io::Result<Self> {
        let mut source = Self { origin, name, packed: false, packed_bytes: 0, limits, choice: Choice::default() };
        let mut magic = [0_u8; 2];
        let (mut raw, bytes) = source.raw()?;
        source.packed_bytes = bytes;
        source.packed = raw.read_exact(&mut magic).is_ok() && magic == [0x1F, 0x8B];
        Ok(source)
    }

    fn raw(&self) -> io::Result<(Box<dyn Read + Send>, u64)> {
        Ok(match &self.origin {
            Origin::Path(path) => {
                let file = File::open(path)?;
                let bytes = file.metadata()?.len();
                (Box::new(file), bytes)
            }
            Origin::Bytes(bytes) => (Box::new(Cursor::new(Arc::clone(bytes))), bytes.len() as u64),
        })
    }

    /// The name of the file as the user knows it, without its folder.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The limits it is read under.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// The same file with what a person chose inside it.
    #[must_use]
    pub fn choosing(mut self, choice: Choice) -> Self {
        self.choice = choice;
        self
    }

    /// What a person chose inside it.
    pub fn choice(&self) -> &Choice {
        &self.choice
    }

    /// The bytes as they are on disk, with the freedom to read them in any order.
    pub fn seekable(&self) -> io::Result<Box<dyn ReadSeek>> {
        Ok(match &self.origin {
            Origin::Path(path) => Box::new(BufReader::with_capacity(64 * 1024, File::open(path)?)),
            Origin::Bytes(bytes) => Box::new(Cursor::new(Arc::clone(bytes))),
        })
    }

    /// Where it lies on disk; `None`: in memory.
    pub fn on_disk(&self) -> Option<&Path> {
        match &self.origin {
            Origin::Path(path) => Some(path),
            Origin::Bytes(_) => None,
        }
    }

    /// The bytes, unpacked. More than the limits ends the stream with `FileTooLarge`.
    pub fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        let (raw, _) = self.raw()?;
        let mut most = self.limits.file_bytes;
        if !self.packed {
            return Ok(Box::new(Limited { inner: BufReader::with_capacity(256 * 1024, raw), left: most }));
        }
        most = most.min(self.limits.unpacked(self.packed_bytes));
        let unpacked = MultiGzDecoder::new(BufReader::with_capacity(128 * 1024, raw));
        Ok(Box::new(Limited { inner: BufReader::with_capacity(256 * 1024, unpacked), left: most }))
    }

    /// Finds encoding and format. What cannot be read at all is a fault of the file.
    pub fn know(self) -> Result<Known, RowFault> {
        if let Some(format) = self.binary_format()? {
            return Ok(Known { source: self, encoding: Encoding::Utf8, format });
        }
        let encoding = match text::detect(|| self.open()) {
            Ok(Ok(encoding)) => encoding,
            Ok(Err(bad)) => {
                return Err(RowFault::new(0, FaultCode::Encoding).arg(bad.line).arg(bad.offset).arg(bad.taken_for.name()));
            }
            Err(error) => return Err(unreadable(&error)),
        };
        let mut known = Known { source: self, encoding, format: Format::Table };
        known.format =
            known.find_format().map_err(|error| unreadable(&error))?.ok_or_else(|| RowFault::new(0, FaultCode::Format).arg(known.source.name()))?;
        Ok(known)
    }

    /// A format that is no text, told by its first bytes. One that is known and not read is a fault with its cure.
    fn binary_format(&self) -> Result<Option<Format>, RowFault> {
        let mut head = Vec::with_capacity(16);
        let read = self.open().and_then(|bytes| bytes.take(16).read_to_end(&mut head));
        read.map_err(|error| unreadable(&error))?;
        let format = match head.as_slice() {
            [b'P', b'K', 3 | 5, 4 | 6, ..] => layers::in_archive(self)?,
            head if head.starts_with(b"SQLite format 3\0") => Format::GeoPackage,
            [b'f', b'g', b'b', 1..=3, b'f', b'g', b'b', ..] => return Ok(Some(Format::FlatGeobuf)),
            [0xD0, 0xCF, 0x11, 0xE0, ..] => return Err(RowFault::new(0, FaultCode::OldOffice).arg(&self.name)),
            [0, 0, 0x27, 0x0A, ..] => return Err(RowFault::new(0, FaultCode::BareShapefile).arg(&self.name)),
            _ => return Ok(None),
        };
        // These are read in any order, which a stream out of gzip does not give.
        if self.packed { Err(RowFault::new(0, FaultCode::PackedTwice).arg(&self.name)) } else { Ok(Some(format)) }
    }
}

/// A failure to read, in the words of the import.
pub fn unreadable(error: &io::Error) -> RowFault {
    if error.kind() == io::ErrorKind::FileTooLarge {
        RowFault::new(0, FaultCode::FileTooLarge).arg(error)
    } else {
        RowFault::new(0, FaultCode::Unreadable).arg(error)
    }
}

impl Known {
    /// The file.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The text as UTF-8 from its beginning.
    pub fn open(&self) -> io::Result<Utf8Reader<Box<dyn Read + Send>>> {
        Ok(Utf8Reader::new(self.source.open()?, self.encoding))
    }

    /// Names help only where the content leaves a doubt: lines of JSON, and words that could be a table of one column.
    fn find_format(&self) -> io::Result<Option<Format>> {
        let mut head = Vec::with_capacity(64 * 1024);
        self.open()?.take(64 * 1024).read_to_end(&mut head)?;
        let name = self.source.name.to_ascii_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        let text = head.trim_ascii_start();
        if head.contains(&0) || text.starts_with(b"PK\x03\x04") {
            return Ok(None);
        }
        let json_name = matches!(extension, "geojson" | "json");
        let lines_name = matches!(extension, "ndjson" | "jsonl" | "geojsonl" | "geojsons" | "geojsonseq" | "ldjson");
        Ok(Some(match text.first() {
            Some(0x1E) => Format::GeoJsonLines,
            Some(b'{') if lines_name || second_line_opens_an_object(text) => Format::GeoJsonLines,
            Some(b'{' | b'[') => Format::GeoJson,
            _ if lines_name => Format::GeoJsonLines,
            _ if json_name => Format::GeoJson,
            _ => Format::Table,
        }))
    }
}

/// Whether the first line is a whole object and another follows it.
fn second_line_opens_an_object(head: &[u8]) -> bool {
    let mut lines = head.splitn(2, |&b| b == b'\n');
    let (first, rest) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let next = rest.trim_ascii_start().first().copied();
    matches!(next, Some(b'{' | 0x1E)) && serde_json::from_slice::<serde::de::IgnoredAny>(first).is_ok()
}

/// A reader that ends with `FileTooLarge` where more comes than may.
pub(super) struct Limited<R> {
    inner: R,
    left: u64,
}

impl<R> Limited<R> {
    /// Lets so many bytes through.
    pub(super) const fn new(inner: R, most: u64) -> Self {
        Self { inner, left: most }
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(to)?;
        self.left =
            self.left.checked_sub(read as u64).ok_or_else(|| io::Error::new(io::ErrorKind::FileTooLarge, "more than the limit once unpacked"))?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn format_of(name: &str, bytes: &[u8]) -> Option<Format> {
        let source = Source::bytes(name, bytes, Limits::default()).expect("memory opens");
        source.know().ok().map(|known| known.format)
    }

    #[test]
    fn files_are_told_apart_by_content_and_then_by_name() {
        let feature = b"{\"type\":\"Feature\",\"properties\":{},\"geometry\":null}\n";
        let two = [&feature[..], feature].concat();
        assert_eq!(format_of("a.txt", feature), Some(Format::GeoJson));
        assert_eq!(format_of("a.txt", &two), Some(Format::GeoJsonLines));
        assert_eq!(format_of("a.geojsonl", feature), Some(Format::GeoJsonLines));
        assert_eq!(format_of("a.json", &[b"\x1e", &feature[..]].concat()), Some(Format::GeoJsonLines));
        assert_eq!(format_of("a.json", b"{\n\"type\":\n\"Feature\"}"), Some(Format::GeoJson));
        assert_eq!(format_of("a.geojson", b"null"), Some(Format::GeoJson));
        assert_eq!(format_of("a.csv", b"lon,lat\n1,2\n"), Some(Format::Table));
        assert_eq!(format_of("a.xlsx", b"PK\x03\x04\x14"), None);
    }

    #[test]
    fn a_packed_file_is_unpacked_and_may_not_burst() {
        let pack = |bytes: &[u8]| {
            let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            packer.write_all(bytes).expect("memory takes it");
            packer.finish().expect("memory takes it")
        };
        let mut text = String::new();
        let source = Source::bytes("a.csv.gz", pack(b"lon,lat\n"), Limits::default()).expect("memory opens");
        source.open().expect("opens").read_to_string(&mut text).expect("unpacks");
        assert_eq!(text, "lon,lat\n");
        let limits = Limits { file_bytes: 1000, ..Limits::default() };
        let source = Source::bytes("a.csv.gz", pack(&vec![b'a'; 100_000]), limits).expect("memory opens");
        assert_eq!(source.know().map(|_| ()).map_err(|fault| fault.code), Err(FaultCode::FileTooLarge));
    }
}
