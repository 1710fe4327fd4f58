//! From `geo_types` to bytes.

use geo::{Coord, Geometry, LineString, Polygon};

use super::{COLLECTION, HAS_SRID, LINE_STRING, MULTI_LINE_STRING, MULTI_POINT, MULTI_POLYGON, POINT, POLYGON};

/// ISO WKB, little-endian, without SRID: for `ST_GeomFromWKB($1, 4326)`.
pub fn encode(shape: &Geometry) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    geometry(&mut out, shape, None);
    out
}

/// EWKB with an SRID: for a parameter of type `geometry`.
pub fn encode_ewkb(shape: &Geometry, srid: i32) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    geometry(&mut out, shape, Some(srid));
    out
}

fn geometry(out: &mut Vec<u8>, shape: &Geometry, srid: Option<i32>) {
    match shape {
        Geometry::Point(point) => {
            head(out, POINT, srid);
            coord(out, point.0);
        }
        Geometry::Line(line) => line_string(out, &LineString::from(*line), srid),
        Geometry::LineString(line) => line_string(out, line, srid),
        Geometry::Polygon(area) => polygon(out, area, srid),
        Geometry::Rect(rect) => polygon(out, &rect.to_polygon(), srid),
        Geometry::Triangle(triangle) => polygon(out, &triangle.to_polygon(), srid),
        Geometry::MultiPoint(points) => {
            head(out, MULTI_POINT, srid);
            count(out, points.0.len());
            for point in points {
                head(out, POINT, None);
                coord(out, point.0);
            }
        }
        Geometry::MultiLineString(lines) => {
            head(out, MULTI_LINE_STRING, srid);
            count(out, lines.0.len());
            lines.iter().for_each(|line| line_string(out, line, None));
        }
        Geometry::MultiPolygon(parts) => {
            head(out, MULTI_POLYGON, srid);
            count(out, parts.0.len());
            parts.iter().for_each(|part| polygon(out, part, None));
        }
        Geometry::GeometryCollection(shapes) => {
            head(out, COLLECTION, srid);
            count(out, shapes.0.len());
            shapes.iter().for_each(|shape| geometry(out, shape, None));
        }
    }
}

fn line_string(out: &mut Vec<u8>, line: &LineString, srid: Option<i32>) {
    head(out, LINE_STRING, srid);
    coords(out, line);
}

fn polygon(out: &mut Vec<u8>, area: &Polygon, srid: Option<i32>) {
    head(out, POLYGON, srid);
    if area.exterior().0.is_empty() && area.interiors().is_empty() {
        return count(out, 0);
    }
    count(out, 1 + area.interiors().len());
    coords(out, area.exterior());
    area.interiors().iter().for_each(|hole| coords(out, hole));
}

fn head(out: &mut Vec<u8>, kind: u32, srid: Option<i32>) {
    out.push(1);
    out.extend_from_slice(&(kind | if srid.is_some() { HAS_SRID } else { 0 }).to_le_bytes());
    if let Some(srid) = srid {
        out.extend_from_slice(&srid.to_le_bytes());
    }
}

fn count(out: &mut Vec<u8>, n: usize) {
    out.extend_from_slice(&u32::try_from(n).expect("a geometry has fewer than 2^32 parts").to_le_bytes());
}

fn coords(out: &mut Vec<u8>, line: &LineString) {
    count(out, line.0.len());
    out.reserve(line.0.len() * 16);
    line.0.iter().for_each(|c| coord(out, *c));
}

fn coord(out: &mut Vec<u8>, c: Coord) {
    out.extend_from_slice(&c.x.to_le_bytes());
    out.extend_from_slice(&c.y.to_le_bytes());
}
