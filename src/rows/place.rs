//! Places that clients send: sound, rounded, and put into their cell.

use geo_types::{Geometry, MultiPolygon, Point};
use geojson::Value;

use crate::context::Context;
use crate::db::{Scoped, to_wkb};
use crate::error::{Error, Fault, Result};
use crate::geom::{LonLat, round7, validate};
use crate::users::{Reader, Right};

const POINTER: &str = "/geometry";

/// Reads a point, on the 1e-7° grid.
pub fn point(shape: Option<&geojson::Geometry>) -> Result<Point> {
    match sound(shape)? {
        Geometry::Point(point) => Ok(point),
        _ => Err(Error::invalid(POINTER, "wrong_geometry", "the place must be a Point")),
    }
}

/// Reads a polygon or several, on the 1e-7° grid.
pub fn polygons(shape: Option<&geojson::Geometry>) -> Result<MultiPolygon> {
    let parts = match sound(shape)? {
        Geometry::Polygon(polygon) => MultiPolygon(vec![polygon]),
        Geometry::MultiPolygon(parts) => parts,
        _ => return Err(Error::invalid(POINTER, "wrong_geometry", "the shape must be a Polygon or a MultiPolygon")),
    };
    if parts.0.is_empty() || parts.iter().any(|part| part.exterior().0.is_empty()) {
        return Err(Error::invalid(POINTER, "empty_geometry", "the shape has no area"));
    }
    Ok(parts)
}

fn sound(shape: Option<&geojson::Geometry>) -> Result<Geometry> {
    let shape = shape.ok_or_else(|| Error::invalid(POINTER, "missing", "give a geometry in WGS 84 degrees, longitude first"))?;
    let corners_fit = match &shape.value {
        Value::Point(place) => corner(place),
        Value::Polygon(rings) => rings.iter().all(|ring| closed(ring)),
        Value::MultiPolygon(parts) => parts.iter().flatten().all(|ring| closed(ring)),
        _ => return Err(Error::invalid(POINTER, "wrong_geometry", "give a Point, Polygon or MultiPolygon")),
    };
    if !corners_fit {
        let message = "a corner is not [longitude, latitude] in degrees within the world, or a ring does not end where it began";
        return Err(Error::invalid(POINTER, "bad_coordinates", message));
    }
    let shape = Geometry::try_from(shape.value.clone()).map_err(|error| Error::invalid(POINTER, "bad_coordinates", error.to_string()))?;
    let shape = match shape {
        Geometry::Point(point) => Geometry::Point(round7(&point)),
        Geometry::Polygon(polygon) => Geometry::Polygon(round7(&polygon)),
        Geometry::MultiPolygon(parts) => Geometry::MultiPolygon(round7(&parts)),
        other => other,
    };
    let flaws = validate(&shape);
    if flaws.is_empty() {
        return Ok(shape);
    }
    let fault = |flaw: &crate::geom::Flaw| {
        let fault = Fault::new(POINTER, flaw.kind.code(), format!("the shape is not valid: {}", flaw.kind.code().replace('_', " ")));
        if flaw.at.lon.is_finite() && flaw.at.lat.is_finite() { fault.at(flaw.at.lon, flaw.at.lat) } else { fault }
    };
    Err(Error::Invalid(flaws.iter().map(fault).collect()))
}

fn corner(place: &[f64]) -> bool {
    matches!(place, [lon, lat, ..] if (-180.0..=180.0).contains(lon) && (-90.0..=90.0).contains(lat))
}

fn closed(ring: &[Vec<f64>]) -> bool {
    ring.iter().all(|place| corner(place)) && ring.first() == ring.last()
}

/// The bytes of a point for SQL.
pub fn point_bytes(point: Point) -> Vec<u8> {
    to_wkb(&Geometry::Point(point))
}

/// Where a point belongs: its cell, else the smallest area that holds it; refused where the reader lacks the right there.
///
/// The refusal is the same wherever it falls, so that it tells nothing of what is there.
pub async fn scope_at(context: &Context, transaction: &mut Scoped, reader: &Reader, right: Right, place: Point) -> Result<i64> {
    let cell = context.ground().cell_code_at(LonLat::new(place.x(), place.y()));
    let scope = match cell {
        Some(code) => Some(code),
        None => area_at(transaction, place).await?,
    };
    scope.filter(|&code| reader.may(right, code)).ok_or_else(foreign)
}

/// What is said to who writes where they have no right.
pub fn foreign() -> Error {
    Error::Forbidden("the place lies outside the area in which you may write".into())
}

async fn area_at(transaction: &mut Scoped, place: Point) -> Result<Option<i64>> {
    let sql = "select code_lo from areas where geom is not null and ST_Covers(geom, ST_GeomFromWKB($1, 4326)) order by level desc, code_lo limit 1";
    Ok(sqlx::query_scalar(sql).bind(point_bytes(place)).fetch_optional(transaction.conn()).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> geojson::Geometry {
        serde_json::from_str(text).unwrap()
    }

    fn code(result: Result<MultiPolygon>) -> String {
        let Err(Error::Invalid(faults)) = result else { panic!("no fault") };
        faults[0].code.clone()
    }

    #[test]
    fn a_point_lands_on_the_grid() {
        let place = point(Some(&read(r#"{"type":"Point","coordinates":[120.123456789,29.7]}"#))).unwrap();
        assert_eq!((place.x(), place.y()), (120.123_456_8, 29.7));
        assert!(point(None).is_err());
        assert!(point(Some(&read(r#"{"type":"Point","coordinates":[200,29.7]}"#))).is_err());
    }

    #[test]
    fn a_ring_that_crosses_itself_is_told_where() {
        let bow_tie = read(r#"{"type":"Polygon","coordinates":[[[0,0],[1,1],[1,0],[0,1],[0,0]]]}"#);
        let Err(Error::Invalid(faults)) = polygons(Some(&bow_tie)) else { panic!("no fault") };
        assert_eq!(faults[0].at, Some([0.5, 0.5]));
        assert_eq!(code(polygons(Some(&read(r#"{"type":"Polygon","coordinates":[[[0,0],[1,1],[1,0]]]}"#)))), "bad_coordinates");
        assert_eq!(code(polygons(Some(&read(r#"{"type":"Polygon","coordinates":[]}"#)))), "empty_geometry");
    }
}
