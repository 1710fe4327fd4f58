//! Rounding to 1e-7°, the one grid that every stored coordinate lies on.
//!
//! 1e-7° is 11 mm at the equator. Neighbours that were drawn with the same corner keep it equal to the bit, which is
//! what makes partitions checkable by equality.

use geo::{Coord, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon};

/// What can be rounded to 1e-7°.
pub trait Round7: Sized {
    /// The shape on the 1e-7° grid, without the repeated points that rounding made.
    ///
    /// A hole that collapsed is dropped; a line or shell that collapsed keeps what is left of it, so that validity can name it.
    #[must_use]
    fn round7(&self) -> Self;
}

/// [`Round7::round7`] as a function.
pub fn round7<G: Round7>(shape: &G) -> G {
    shape.round7()
}

fn nearest(degrees: f64) -> f64 {
    // Adding 0.0 turns -0.0 into 0.0, so that equal places have equal bits.
    (degrees * 1e7).round() / 1e7 + 0.0
}

impl Round7 for Coord {
    fn round7(&self) -> Self {
        Self { x: nearest(self.x), y: nearest(self.y) }
    }
}

impl Round7 for Point {
    fn round7(&self) -> Self {
        Self(self.0.round7())
    }
}

impl Round7 for MultiPoint {
    fn round7(&self) -> Self {
        Self(self.0.iter().map(Round7::round7).collect())
    }
}

impl Round7 for LineString {
    fn round7(&self) -> Self {
        let mut coords: Vec<Coord> = Vec::with_capacity(self.0.len());
        for coord in &self.0 {
            let coord = coord.round7();
            if coords.last() != Some(&coord) {
                coords.push(coord);
            }
        }
        Self(coords)
    }
}

impl Round7 for MultiLineString {
    fn round7(&self) -> Self {
        Self(self.0.iter().map(Round7::round7).collect())
    }
}

impl Round7 for Polygon {
    fn round7(&self) -> Self {
        let holes = self.interiors().iter().map(Round7::round7).filter(|ring| ring.0.len() >= 4).collect();
        Self::new(self.exterior().round7(), holes)
    }
}

impl Round7 for MultiPolygon {
    fn round7(&self) -> Self {
        Self(self.0.iter().map(Round7::round7).collect())
    }
}

impl Round7 for GeometryCollection {
    fn round7(&self) -> Self {
        Self(self.0.iter().map(Round7::round7).collect())
    }
}

impl Round7 for Geometry {
    fn round7(&self) -> Self {
        match self {
            Self::Point(g) => Self::Point(g.round7()),
            Self::Line(g) => Self::Line(geo::Line::new(g.start.round7(), g.end.round7())),
            Self::LineString(g) => Self::LineString(g.round7()),
            Self::Polygon(g) => Self::Polygon(g.round7()),
            Self::MultiPoint(g) => Self::MultiPoint(g.round7()),
            Self::MultiLineString(g) => Self::MultiLineString(g.round7()),
            Self::MultiPolygon(g) => Self::MultiPolygon(g.round7()),
            Self::GeometryCollection(g) => Self::GeometryCollection(g.round7()),
            Self::Rect(g) => Self::Polygon(g.to_polygon().round7()),
            Self::Triangle(g) => Self::Polygon(g.to_polygon().round7()),
        }
    }
}

#[cfg(test)]
mod tests {
    use geo::{coord, polygon};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn corners_a_millimetre_apart_become_one() {
        let a = coord! { x: 120.123_456_741, y: 30.0 };
        let b = coord! { x: 120.123_456_739, y: 30.000_000_01 };
        assert_eq!(a.round7(), b.round7());
    }

    #[test]
    fn points_that_fall_together_are_kept_once() {
        let shape = polygon![(x: 0.0, y: 0.0), (x: 1.0, y: 0.0), (x: 1.0, y: 0.000_000_01), (x: 1.0, y: 1.0)];
        assert_eq!(shape.round7(), polygon![(x: 0.0, y: 0.0), (x: 1.0, y: 0.0), (x: 1.0, y: 1.0)]);
    }

    #[test]
    fn minus_zero_is_zero() {
        assert_eq!(coord! { x: -1e-9, y: 0.0 }.round7().x.to_bits(), 0.0_f64.to_bits());
    }

    proptest! {
        #[test]
        fn rounding_twice_is_rounding_once(x in -180.0..180.0_f64, y in -90.0..90.0_f64) {
            let once = coord! { x: x, y: y }.round7();
            prop_assert_eq!(once.round7(), once);
        }
    }
}
