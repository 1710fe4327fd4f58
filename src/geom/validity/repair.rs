//! Making a valid shape of an invalid one, and saying what that did to its area.

use std::collections::HashSet;

use geo::{Area, Geometry, LineString, MakeValid, MultiPolygon, Polygon};

use super::{is_valid, polygons};
use crate::geom::{Round7, area_m2, normal};

/// A repaired shape and what the repair cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Repaired {
    /// Valid, on the 1e-7° grid, in [`normal`] form; empty where nothing with an inside was left.
    pub geometry: MultiPolygon,
    /// Area as drawn, m²: the shells' less the holes', each ring by itself.
    pub area_before_m2: f64,
    /// Area of `geometry`, m².
    pub area_after_m2: f64,
}

impl Repaired {
    /// By how much the area grew (positive) or shrank, m².
    pub fn change_m2(&self) -> f64 {
        self.area_after_m2 - self.area_before_m2
    }
}

/// Why a shape cannot be repaired.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RepairError {
    /// Points and lines have nothing to repair.
    #[error("only polygons can be repaired")]
    NotPolygons,
    /// A number that is none.
    #[error("a coordinate is not a number: correct it in the source")]
    NotFinite,
    /// The repair itself failed, or rounding undid it again and again.
    #[error("the shape cannot be repaired: draw it anew")]
    Hopeless,
}

/// Makes polygons valid by the odd-even rule: what the boundaries go round an odd number of times is inside.
///
/// So parts that share an edge are joined, a part inside another becomes a hole of it (as GEOS has it, and as enclaves
/// that were written as parts need it), a spike goes, and a ring that is there twice counts once. Lines and points that a
/// collapsed part leaves behind are dropped. The result lies on the 1e-7° grid; where rounding breaks it
/// again, it is repaired again.
pub fn repair(shape: &Geometry) -> Result<Repaired, RepairError> {
    let parts = match shape {
        Geometry::Polygon(polygon) => MultiPolygon::new(vec![polygon.clone()]),
        Geometry::MultiPolygon(parts) => parts.clone(),
        Geometry::Rect(rect) => MultiPolygon::new(vec![rect.to_polygon()]),
        Geometry::Triangle(triangle) => MultiPolygon::new(vec![triangle.to_polygon()]),
        _ => return Err(RepairError::NotPolygons),
    };
    if geo::CoordsIter::coords_iter(&parts).any(|c| !c.x.is_finite() || !c.y.is_finite()) {
        return Err(RepairError::NotFinite);
    }
    let area_before_m2 = area_m2(&parts);
    let mut geometry = parts.round7();
    for _ in 0..4 {
        if is_valid(&geometry) {
            let geometry = tidy(geometry);
            let area_after_m2 = area_m2(&geometry);
            return Ok(Repaired { geometry, area_before_m2, area_after_m2 });
        }
        geometry = make_valid(&geometry)?.round7();
        geometry.0.retain(|part| polygons(std::slice::from_ref(part)).iter().all(|flaw| flaw.kind != super::FlawKind::TooFewPoints));
    }
    Err(RepairError::Hopeless)
}

/// Odd-even over all rings; a ring that is there twice counts once.
pub(super) fn make_valid(shape: &MultiPolygon) -> Result<MultiPolygon, RepairError> {
    let mut seen = HashSet::new();
    let rings = shape.iter().flat_map(|part| std::iter::once(part.exterior()).chain(part.interiors()));
    let parts = rings.filter(|ring| seen.insert(canonical(ring))).map(|ring| Polygon::new(ring.clone(), Vec::new())).collect();
    MultiPolygon::new(parts).make_valid().map_err(|_| RepairError::Hopeless)
}

/// The same for rings that differ only in where they begin and which way they run.
fn canonical(ring: &LineString) -> Vec<[u64; 2]> {
    let mut points: Vec<[u64; 2]> = ring.0.iter().skip(1).map(|c| [c.x.to_bits(), c.y.to_bits()]).collect();
    points.dedup();
    let start = |points: &[[u64; 2]]| (0..points.len()).min_by_key(|i| points[*i]).unwrap_or(0);
    let at = start(&points);
    points.rotate_left(at);
    if points.len() > 2 && points[points.len() - 1] < points[1] {
        points[1..].reverse();
    }
    points
}

/// Empty parts dropped, the rest in normal form: what the repair leaves must not hang on the order in which it worked.
fn tidy(shape: MultiPolygon) -> MultiPolygon {
    normal(&MultiPolygon::new(shape.0.into_iter().filter(|part| part.unsigned_area() > 0.0).collect()))
}
