//! Whether a shape is what OGC Simple Features calls valid, where it is not, and what repairing it does.
//!
//! `geo` has a `Validation` trait, which compares every pair of edges and does not see a disconnected interior or a
//! ring that touches itself; so the rules are ours: [`edges`] finds meetings of edges in a sweep, [`nesting`] looks at
//! rings that do not cross. The verdict is that of GEOS on its own test suite.

mod edges;
mod nesting;
mod repair;

use std::fmt;

use geo::{Coord, CoordsIter, Geometry, LineString, MultiPolygon, Polygon};

use super::LonLat;

pub use repair::{RepairError, Repaired, repair};

/// What is wrong with a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FlawKind {
    /// A coordinate is not a number or infinite.
    NotFinite,
    /// A ring with fewer than three, or a line with fewer than two different points.
    TooFewPoints,
    /// Boundaries cross, run along each other, or a ring touches itself.
    SelfIntersection,
    /// A hole lies outside its shell.
    HoleOutside,
    /// A hole lies inside another hole.
    NestedHoles,
    /// A part lies inside another part, not in a hole of it.
    NestedShells,
    /// Touching rings cut the inside in two.
    DisconnectedInterior,
}

impl FlawKind {
    /// The name in `snake_case`, as faults carry it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotFinite => "not_finite",
            Self::TooFewPoints => "too_few_points",
            Self::SelfIntersection => "self_intersection",
            Self::HoleOutside => "hole_outside",
            Self::NestedHoles => "nested_holes",
            Self::NestedShells => "nested_shells",
            Self::DisconnectedInterior => "disconnected_interior",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::NotFinite => "a coordinate is not a number",
            Self::TooFewPoints => "too few different points",
            Self::SelfIntersection => "the boundary crosses, touches or runs along itself",
            Self::HoleOutside => "a hole lies outside its shell",
            Self::NestedHoles => "a hole lies inside another hole",
            Self::NestedShells => "a part lies inside another part",
            Self::DisconnectedInterior => "touching rings cut the inside in two",
        }
    }
}

/// One flaw and its place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Flaw {
    /// What is wrong.
    pub kind: FlawKind,
    /// Where; not finite for [`FlawKind::NotFinite`].
    pub at: LonLat,
}

impl Flaw {
    fn new(kind: FlawKind, at: Coord) -> Self {
        Self { kind, at: at.into() }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {} {}", self.kind.words(), self.at.lon, self.at.lat)
    }
}

/// After this many crossings a shape is garbage, and naming more helps nobody.
const ENOUGH: usize = 100;

/// A ring without repeated points, and whose it is.
struct Ring {
    /// Closed: the first point is the last.
    coords: Vec<Coord>,
    polygon: usize,
    is_hole: bool,
}

/// All flaws of a shape; none where it is valid. Empty shapes and parts are valid, as in GEOS.
///
/// A shape with unsound numbers or rings is told those first; one whose boundaries cross is not asked how its rings nest.
/// At most 100 crossings are named. O(n log n) for edges that lie about as those of real boundaries do.
pub fn validate(shape: &Geometry) -> Vec<Flaw> {
    if let Some(bad) = shape.coords_iter().find(|c| !c.x.is_finite() || !c.y.is_finite()) {
        return vec![Flaw::new(FlawKind::NotFinite, bad)];
    }
    match shape {
        Geometry::Point(_) | Geometry::MultiPoint(_) => Vec::new(),
        Geometry::Line(line) => short_line(&LineString::from(*line)).into_iter().collect(),
        Geometry::LineString(line) => short_line(line).into_iter().collect(),
        Geometry::MultiLineString(lines) => lines.iter().filter_map(short_line).collect(),
        Geometry::Polygon(polygon) => polygons(std::slice::from_ref(polygon)),
        Geometry::MultiPolygon(parts) => polygons(&parts.0),
        Geometry::Rect(rect) => polygons(&[rect.to_polygon()]),
        Geometry::Triangle(triangle) => polygons(&[triangle.to_polygon()]),
        Geometry::GeometryCollection(shapes) => shapes.iter().flat_map(validate).collect(),
    }
}

fn short_line(line: &LineString) -> Option<Flaw> {
    let first = line.0.first()?;
    line.0.iter().all(|c| c == first).then(|| Flaw::new(FlawKind::TooFewPoints, *first))
}

fn polygons(parts: &[Polygon]) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let mut rings = Vec::new();
    for (polygon, part) in parts.iter().enumerate() {
        let all = std::iter::once((part.exterior(), false)).chain(part.interiors().iter().map(|hole| (hole, true)));
        for (line, is_hole) in all.filter(|(line, _)| !line.0.is_empty()) {
            let mut coords = line.0.clone();
            coords.dedup();
            if coords.len() < 4 {
                flaws.push(Flaw::new(FlawKind::TooFewPoints, coords[0]));
            } else {
                rings.push(Ring { coords, polygon, is_hole });
            }
        }
    }
    if !flaws.is_empty() {
        return flaws;
    }
    let meetings = edges::meetings(&rings);
    if meetings.flaws.is_empty() { nesting::flaws(&rings, &meetings.touches) } else { meetings.flaws }
}

/// [`validate`] for a shape that is known to be polygons.
pub(super) fn is_valid(shape: &MultiPolygon) -> bool {
    shape.coords_iter().all(|c| c.x.is_finite() && c.y.is_finite()) && polygons(&shape.0).is_empty()
}

#[cfg(test)]
mod tests;
