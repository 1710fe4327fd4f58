//! Geometry crosses to and from PostGIS as WKB bytes: `ST_AsBinary(geom)` out, `ST_GeomFromWKB($1, 4326)` in.

use geo_types::{Geometry, Point};

use crate::error::{Error, Result};
use crate::geom::wkb;

/// The bytes of a geometry.
pub fn to_wkb(shape: &Geometry) -> Vec<u8> {
    wkb::encode(shape)
}

/// Reads what PostGIS gave.
pub fn wkb_to_geometry(bytes: &[u8]) -> Result<Geometry> {
    wkb::decode(bytes).map(|(shape, _)| shape).map_err(Error::internal("read a stored geometry"))
}

/// Reads a stored point.
pub fn point_from_wkb(bytes: &[u8]) -> Result<Point> {
    match wkb_to_geometry(bytes)? {
        Geometry::Point(point) => Ok(point),
        _ => Err(Error::internal("read a stored point")("another geometry is stored")),
    }
}
