//! A zip from outside: its names judged before anything is read, each entry unpacked only as far as the limits let it.
//!
//! Nothing is ever written to disk under a name from an archive; names only choose what is read.

use std::io::{BufReader, Read, Seek as _, SeekFrom};

use encoding_rs::GB18030;
use flate2::read::DeflateDecoder;
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::super::faults::{FaultCode, RowFault};
use super::super::source::{Limited, ReadSeek, Source, unreadable};

/// An archive whose names are sound.
pub(super) struct Archive {
    zip: ZipArchive<Box<dyn ReadSeek>>,
    names: Vec<String>,
    source: Source,
}

impl Archive {
    /// Reads the list of entries. Hostile names, locked entries and lists without end are refused.
    pub(super) fn open(source: &Source) -> Result<Self, RowFault> {
        let limits = source.limits();
        let bytes = source.seekable().map_err(|error| unreadable(&error))?;
        let mut zip = ZipArchive::new(bytes).map_err(broken)?;
        if zip.len() > limits.entries {
            return Err(RowFault::new(0, FaultCode::TooManyEntries).arg(zip.len()).arg(limits.entries));
        }
        let mut names = Vec::with_capacity(zip.len());
        let (mut unpacked, mut packed) = (0_u64, 0_u64);
        for at in 0..zip.len() {
            let entry = zip.by_index_raw(at).map_err(broken)?;
            let name = text(entry.name_raw());
            if is_hostile(&name) {
                let shown: String = name.chars().map(|c| if c.is_control() { '␀' } else { c }).collect();
                return Err(RowFault::new(0, FaultCode::ArchiveName).arg(shown));
            }
            if entry.encrypted() {
                return Err(RowFault::new(0, FaultCode::ArchiveLocked).arg(name));
            }
            unpacked = unpacked.saturating_add(entry.size());
            packed = packed.saturating_add(entry.compressed_size());
            names.push(name);
        }
        if unpacked > limits.unpacked(packed) {
            return Err(RowFault::new(0, FaultCode::FileTooLarge).arg(format!("{unpacked} bytes are announced in {packed}")));
        }
        Ok(Self { zip, names, source: source.clone() })
    }

    /// The names of the files that people put there: no folders, nothing that file managers leave behind.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str).filter(|name| !is_junk(name))
    }

    /// The number of an entry, whatever the case of its letters.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|own| own.eq_ignore_ascii_case(name))
    }

    /// An entry as a stream of its own; more than the limits ends it with `FileTooLarge`.
    pub(super) fn stream(&mut self, at: usize) -> Result<Box<dyn Read + Send>, RowFault> {
        let entry = self.zip.by_index(at).map_err(broken)?;
        let (packed, method) = (entry.compressed_size(), entry.compression());
        let from = entry.data_start().ok_or_else(|| RowFault::new(0, FaultCode::Unreadable).arg(&self.names[at]))?;
        drop(entry);
        let mut bytes = self.source.seekable().map_err(|error| unreadable(&error))?;
        bytes.seek(SeekFrom::Start(from)).map_err(|error| unreadable(&error))?;
        let bytes = BufReader::with_capacity(64 * 1024, bytes.take(packed));
        let most = self.source.limits().unpacked(packed);
        Ok(match method {
            CompressionMethod::Stored => Box::new(Limited::new(bytes, most)),
            CompressionMethod::Deflated => Box::new(Limited::new(BufReader::with_capacity(64 * 1024, DeflateDecoder::new(bytes)), most)),
            other => return Err(RowFault::new(0, FaultCode::Unreadable).arg(format!("{}: {other}", self.names[at]))),
        })
    }

    /// A small entry as text, `most` bytes of it.
    pub(super) fn text(&mut self, at: usize, most: u64) -> Result<String, RowFault> {
        let mut bytes = Vec::new();
        self.stream(at)?.take(most).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
        Ok(text(&bytes))
    }

    /// The name of an entry.
    pub(super) fn name(&self, at: usize) -> &str {
        self.names.get(at).map_or("", String::as_str)
    }

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }
}

/// UTF-8, or what Chinese file managers write without saying so.
fn text(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(|_| GB18030.decode_without_bom_handling(bytes).0.into_owned(), str::to_owned)
}

/// A name that would lead out of the archive, or is none.
fn is_hostile(name: &str) -> bool {
    let drive = name.as_bytes().get(1) == Some(&b':') && name.as_bytes()[0].is_ascii_alphabetic();
    name.is_empty() || name.len() > 1000 || drive || name.starts_with(['/', '\\']) || name.chars().any(char::is_control) || {
        name.split(['/', '\\']).any(|part| part == "..")
    }
}

fn is_junk(name: &str) -> bool {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let left = ["thumbs.db", "desktop.ini", ".ds_store"].iter().any(|junk| last.eq_ignore_ascii_case(junk));
    last.is_empty() || left || last.starts_with("._") || name.split(['/', '\\']).any(|part| part == "__MACOSX")
}

/// The letters behind the last point, small.
pub(super) fn ending(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    last.rsplit_once('.').map_or_else(String::new, |(_, ending)| ending.to_ascii_lowercase())
}

/// The name without what stands behind the last point.
pub(super) fn stem(name: &str) -> &str {
    let from = name.rfind(['/', '\\']).map_or(0, |at| at + 1);
    name[from..].rfind('.').map_or(name, |at| &name[..from + at])
}

fn broken(error: ZipError) -> RowFault {
    match error {
        ZipError::Io(error) => unreadable(&error),
        other => RowFault::new(0, FaultCode::Unreadable).arg(other),
    }
}
