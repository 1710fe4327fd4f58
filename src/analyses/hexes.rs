//! Hexagons of H3 as places: of one size everywhere, for who may open each case.
//!
//! The hexagons of a question are those whose middle lies in one of its cells, and those that hold one of its incidents.
//! The grid is Uber's, whose published definition the crate `h3o` follows.

use std::collections::BTreeSet;
use std::sync::Arc;

use geo::{BoundingRect as _, Contains as _};
use geo_types::{Coord, LineString, MultiPolygon, Point, Polygon};
use h3o::{CellIndex, LatLng, Resolution};
use rustc_hash::FxHashMap;

use super::params::PlaceLevel;
use crate::codes::CodeRange;
use crate::error::{Error, Result};
use crate::geom::round7;
use crate::mvt::World;
use crate::read_model::Model;

/// Most hexagons of an answer: a county of 4,000 km² at resolution 9.
const MOST: usize = 50_000;
/// Metres of a degree of latitude; a rough one is enough to step by.
const DEGREE_M: f64 = 111_320.0;

/// One hexagon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hex(CellIndex);

/// A size of hexagons.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Size {
    resolution: Resolution,
    /// Metres between two looks for hexagons: below the distance from the middle of one to its sides.
    step_m: f64,
}

impl Size {
    /// The size of a level; none for levels of areas.
    pub(super) const fn of(level: PlaceLevel) -> Option<Self> {
        match level {
            PlaceLevel::Hex7 => Some(Self { resolution: Resolution::Seven, step_m: 900.0 }),
            PlaceLevel::Hex8 => Some(Self { resolution: Resolution::Eight, step_m: 340.0 }),
            PlaceLevel::Hex9 => Some(Self { resolution: Resolution::Nine, step_m: 130.0 }),
            PlaceLevel::Cell | PlaceLevel::Village | PlaceLevel::Township => None,
        }
    }

    /// The hexagon of a position in degrees, where there is one.
    fn at(self, lon: f64, lat: f64) -> Option<Hex> {
        LatLng::new(lat, lon).ok().map(|at| Hex(at.to_cell(self.resolution)))
    }

    /// Hexagons whose middle lies in a cell of the range, ascending; too many of them are refused.
    pub(super) fn over(self, model: &Model, range: CodeRange) -> Result<Vec<Hex>> {
        let mut found = BTreeSet::new();
        for cell in model.cells.within(range) {
            self.over_shape(&cell.place.shape, &mut found);
            if found.len() > MOST {
                let message = format!("the area has more than {MOST} hexagons of this size; take a coarser one or a smaller area");
                return Err(Error::invalid("/level", "too_many", message));
            }
        }
        Ok(found.into_iter().collect())
    }

    fn over_shape(self, shape: &MultiPolygon, found: &mut BTreeSet<Hex>) {
        let Some(bounds) = shape.bounding_rect() else { return };
        let (low, high) = (bounds.min(), bounds.max());
        let widest = low.y.abs().max(high.y.abs()).to_radians().cos().max(0.01);
        let (step_x, step_y) = (self.step_m / DEGREE_M / widest, self.step_m / DEGREE_M);
        let steps = |from: f64, to: f64, step: f64| (0..=((to - from) / step).ceil() as usize).map(move |n| from + step * n as f64);
        let mut near = BTreeSet::new();
        for lat in steps(low.y, high.y, step_y) {
            near.extend(steps(low.x, high.x, step_x).filter_map(|lon| self.at(lon, lat)));
        }
        found.extend(near.into_iter().filter(|hex| shape.contains(&hex.middle())));
    }
}

impl Hex {
    /// Its true area, km²: hexagons of one resolution differ by a fifth over a country.
    pub(super) fn area_km2(self) -> f64 {
        self.0.area_km2()
    }

    /// Its middle, degrees.
    fn middle(self) -> Point {
        let at = LatLng::from(self.0);
        Point::new(at.lng(), at.lat())
    }

    pub(super) fn label(self) -> World {
        let at = self.middle();
        World::from_lon_lat(at.x(), at.y())
    }

    /// Its borders, degrees.
    pub(super) fn shape(self) -> Arc<MultiPolygon> {
        let ring: Vec<Coord> = self.0.boundary().iter().map(|at| Coord { x: at.lng(), y: at.lat() }).collect();
        Arc::new(round7(&MultiPolygon(vec![Polygon::new(LineString(ring), Vec::new())])))
    }

    /// The hexagons around it: six, or five around a pentagon.
    pub(super) fn ring(self) -> Vec<Self> {
        self.0.grid_disk::<Vec<_>>(1).into_iter().map(Self).filter(|hex| *hex != self).collect()
    }
}

impl std::fmt::Display for Hex {
    /// The index as H3 writes it: 15 hexadecimal digits.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Finds the hexagon of safe places, of which many are the same.
pub(super) struct Finder {
    size: Size,
    known: FxHashMap<World, Option<Hex>>,
}

impl Finder {
    pub(super) fn new(size: Size) -> Self {
        Self { size, known: FxHashMap::default() }
    }

    /// The hexagon that holds a position.
    pub(super) fn find(&mut self, at: World) -> Option<Hex> {
        let size = self.size;
        *self.known.entry(at).or_insert_with(|| {
            let [lon, lat] = at.to_lon_lat();
            size.at(lon, lat)
        })
    }
}

#[cfg(test)]
mod tests {
    use geo::{Area as _, Intersects as _};
    use geo_types::Rect;

    use super::*;

    fn over(level: PlaceLevel, rect: Rect) -> BTreeSet<Hex> {
        let mut found = BTreeSet::new();
        Size::of(level).unwrap().over_shape(&MultiPolygon(vec![rect.to_polygon()]), &mut found);
        found
    }

    #[test]
    fn no_hexagon_is_missed_or_found_twice_by_two_areas_that_touch() {
        // Far north, where a degree of longitude is short; the border runs through many hexagons.
        let (west, east) = (Rect::new((20.0, 60.0), (20.1, 60.1)), Rect::new((20.1, 60.0), (20.2, 60.1)));
        for level in [PlaceLevel::Hex7, PlaceLevel::Hex8, PlaceLevel::Hex9] {
            let (w, e, both) = (over(level, west), over(level, east), over(level, Rect::new((20.0, 60.0), (20.2, 60.1))));
            assert_eq!(w.intersection(&e).count(), 0);
            assert_eq!(w.union(&e).copied().collect::<BTreeSet<_>>(), both);
            let inside = Rect::new((20.0, 60.0), (20.2, 60.1));
            let around: BTreeSet<Hex> = both.iter().flat_map(|hex| hex.ring()).filter(|hex| inside.contains(&hex.middle())).collect();
            assert!(around.is_subset(&both), "{level:?}: hexagons beside found ones were missed");
            // Middles inside: as many as the area holds, but for what hangs over the border.
            let km2: f64 = both.iter().map(|hex| hex.area_km2()).sum();
            let whole = 0.2 * DEGREE_M / 1e3 * 60.05_f64.to_radians().cos() * 0.1 * DEGREE_M / 1e3;
            assert!((km2 / whole - 1.0).abs() < 0.08, "{level:?}: {km2} km² of {whole}");
        }
    }

    #[test]
    fn a_small_cell_between_middles_has_no_hexagon_and_one_around_a_middle_has_one() {
        let hex = Size::of(PlaceLevel::Hex7).unwrap().at(104.0, 30.0).unwrap();
        let at = hex.middle();
        let around = |x: f64, y: f64| Rect::new((x - 0.0005, y - 0.0005), (x + 0.0005, y + 0.0005));
        assert_eq!(over(PlaceLevel::Hex7, around(at.x(), at.y())), BTreeSet::from([hex]));
        assert!(over(PlaceLevel::Hex7, around(at.x() + 0.005, at.y())).is_empty());
    }

    #[test]
    fn a_position_lies_in_its_hexagon_and_the_hexagon_beside_its_ring() {
        let mut finder = Finder::new(Size::of(PlaceLevel::Hex9).unwrap());
        let hex = finder.find(World::from_lon_lat(104.06, 30.67)).unwrap();
        assert!(hex.shape().contains(&Point::new(104.06, 30.67)));
        assert_eq!(hex.to_string().len(), 15);
        assert!((hex.shape().unsigned_area() * DEGREE_M * DEGREE_M * 30.67_f64.to_radians().cos() / 1e6 / hex.area_km2() - 1.0).abs() < 0.01);
        let ring = hex.ring();
        assert_eq!(ring.len(), 6);
        assert!(ring.iter().all(|beside| beside.ring().contains(&hex) && beside.shape().intersects(&*hex.shape())));
    }
}
