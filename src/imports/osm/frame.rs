//! Whether a file is a whole PBF: a look at the frame around its blocks, before anything is unpacked.

use std::fs::File;
use std::io::{BufReader, SeekFrom};
use std::path::Path;

use geo_types::{Coord, Rect};
use osmpbf::{Blob, BlobReader, BlobType, ErrorKind, PrimitiveBlock};

use super::super::faults::{FaultCode, RowFault};

/// Bytes of a block, packed and unpacked; the format allows no more.
const LONGEST_BLOCK: i32 = 32 << 20;
/// What a reader of today's files must know of.
const KNOWN: [&str; 2] = ["OsmSchema-V0.6", "DenseNodes"];

/// What the frame says.
#[derive(Debug)]
pub(super) struct Frame {
    /// Blocks of data.
    pub(super) blocks: u64,
    /// The box that the file says it holds, degrees.
    pub(super) area: Option<Rect>,
}

fn open(path: &Path) -> Result<BlobReader<BufReader<File>>, RowFault> {
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    BlobReader::new_seekable(BufReader::new(file)).map_err(|error| damaged(0, error))
}

fn unreadable(error: &std::io::Error) -> RowFault {
    RowFault::new(0, FaultCode::Unreadable).arg(error)
}

/// Goes from block to block without reading them; a file that ends early, holds more than it may or is none is refused.
pub(super) fn look(path: &Path) -> Result<Frame, RowFault> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let length = std::fs::metadata(path).map_err(|error| unreadable(&error))?.len();
    if length == 0 {
        return Err(RowFault::new(0, FaultCode::Empty));
    }
    let mut frame = Frame { blocks: 0, area: header(path, &name)? };
    let mut reader = open(path)?;
    let mut at = 0;
    while at < length {
        let Some(Ok((header, _))) = reader.next_header_skip_blob() else { return Err(truncated(at)) };
        if !(0..=LONGEST_BLOCK).contains(&header.get_blob_size()) {
            return Err(damaged(frame.blocks + 1, format!("it says it is {} bytes long", header.get_blob_size())));
        }
        frame.blocks += u64::from(header.blob_type() == BlobType::OsmData);
        let after = reader.seek_raw(SeekFrom::Current(0)).map_err(|error| damaged(frame.blocks, error))?;
        if after > length {
            return Err(truncated(at));
        }
        at = after;
    }
    Ok(frame)
}

/// The box that the first block names; a file that does not begin with a header is no PBF.
fn header(path: &Path, name: &str) -> Result<Option<Rect>, RowFault> {
    let first = open(path)?.next().and_then(Result::ok).filter(|blob| blob.get_type() == BlobType::OsmHeader);
    let Some(blob) = first else { return Err(RowFault::new(0, FaultCode::NotPbf).arg(name)) };
    let header = blob.to_headerblock().map_err(|error| unpacked(0, error))?;
    if let Some(foreign) = header.required_features().iter().find(|feature| !KNOWN.contains(&feature.as_str())) {
        return Err(RowFault::new(0, FaultCode::PbfFeature).arg(foreign));
    }
    let corner = |x: f64, y: f64| Coord { x: x.clamp(-180.0, 180.0), y: y.clamp(-85.0, 85.0) };
    let area = header.bbox().map(|b| Rect::new(corner(b.left, b.bottom), corner(b.right, b.top)));
    Ok(area.filter(|area| area.width() > 0.0 && area.height() > 0.0))
}

/// Unpacks the blocks of data one after the other, until `each` says that it is enough.
pub(super) fn blocks(path: &Path, mut each: impl FnMut(&PrimitiveBlock) -> Result<bool, RowFault>) -> Result<(), RowFault> {
    let mut number = 0;
    for blob in open(path)? {
        let blob: Blob = blob.map_err(|error| damaged(number + 1, error))?;
        if blob.get_type() != BlobType::OsmData {
            continue;
        }
        number += 1;
        let block = blob.to_primitiveblock().map_err(|error| unpacked(number, error))?;
        if !each(&block)? {
            break;
        }
    }
    Ok(())
}

fn truncated(at: u64) -> RowFault {
    RowFault::new(0, FaultCode::PbfTruncated).arg(at)
}

fn damaged(block: u64, error: impl std::fmt::Display) -> RowFault {
    RowFault::new(0, FaultCode::PbfDamaged).arg(block).arg(error)
}

fn unpacked(block: u64, error: osmpbf::Error) -> RowFault {
    match error.kind() {
        ErrorKind::Blob(osmpbf::BlobError::Empty) => RowFault::new(0, FaultCode::PbfPacked),
        _ => damaged(block, error),
    }
}
