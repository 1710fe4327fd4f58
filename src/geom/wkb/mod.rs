//! Well-known binary, as PostGIS sends and takes it (ISO WKB and EWKB).
//!
//! Written little-endian, with the SRID where one is given. Read in either byte order, with or without SRID; Z and M
//! ordinates are read over and dropped, since nothing here has a height. The bytes may be hostile: counts are checked
//! against the bytes that are left before anything is allocated, and nesting is bounded.

mod read;
mod write;

pub use read::{WkbError, decode};
pub use write::{encode, encode_ewkb};

/// Geometry type numbers of WKB.
const POINT: u32 = 1;
const LINE_STRING: u32 = 2;
const POLYGON: u32 = 3;
const MULTI_POINT: u32 = 4;
const MULTI_LINE_STRING: u32 = 5;
const MULTI_POLYGON: u32 = 6;
const COLLECTION: u32 = 7;

/// Flags of EWKB beside the type number.
const HAS_Z: u32 = 0x8000_0000;
const HAS_M: u32 = 0x4000_0000;
const HAS_SRID: u32 = 0x2000_0000;

#[cfg(test)]
mod tests;
