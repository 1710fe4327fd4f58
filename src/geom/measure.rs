//! Measures on the ellipsoid (Karney 2013, by `geo`): exact at any size, about a microsecond an edge.
//!
//! Loops over very many shapes use [`Plane`](super::Plane) and `Metres::area_m2` instead: the same area, a tenth of the time.

use geo::{Distance, Geodesic, GeodesicArea, Length, LineString, MultiPolygon, Polygon};

use super::{LonLat, frame::width};

/// Geodesic distance between two places, in metres.
pub fn distance_m(a: LonLat, b: LonLat) -> f64 {
    Geodesic.distance(geo::Point::from(a), geo::Point::from(b))
}

/// Geodesic length of a line in degrees, in metres.
pub fn length_m(line: &LineString) -> f64 {
    Geodesic.length(line)
}

/// Area on the ellipsoid in m², whatever way the rings wind; edges are geodesics. Parts are added, holes taken off.
pub fn area_m2(shape: &MultiPolygon) -> f64 {
    shape.iter().map(polygon_area_m2).sum()
}

fn polygon_area_m2(polygon: &Polygon) -> f64 {
    let holes: f64 = polygon.interiors().iter().map(ring_area_m2).sum();
    (ring_area_m2(polygon.exterior()) - holes).max(0.0)
}

fn ring_area_m2(ring: &LineString) -> f64 {
    Polygon::new(ring.clone(), Vec::new()).geodesic_area_signed().abs()
}

/// Geodesic length of all rings in metres, holes included.
pub fn perimeter_m(shape: &MultiPolygon) -> f64 {
    shape.iter().flat_map(|polygon| std::iter::once(polygon.exterior()).chain(polygon.interiors())).map(length_m).sum()
}

/// Mean width in metres: 2 · area / perimeter; 0 for a shape without perimeter.
pub fn mean_width_m(shape: &MultiPolygon) -> f64 {
    width(area_m2(shape), perimeter_m(shape))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(lon: f64, lat: f64, side: f64) -> Polygon {
        geo::Rect::new((lon, lat), (lon + side, lat + side)).to_polygon()
    }

    #[test]
    fn the_square_degree_at_the_equator_has_its_known_area() {
        // 12,308.78 km²: 0.5 · q(1°) · a² · π/180, with q of Snyder (3-12) on WGS 84.
        let area = area_m2(&MultiPolygon::new(vec![square(10.0, 0.0, 1.0)]));
        assert!((area / 12_308.78e6 - 1.0).abs() < 3e-5, "{area}");
    }

    #[test]
    fn winding_does_not_change_an_area() {
        let there = square(120.0, 30.0, 0.01);
        let mut back = there.exterior().clone();
        back.0.reverse();
        let a = area_m2(&MultiPolygon::new(vec![there]));
        let b = area_m2(&MultiPolygon::new(vec![Polygon::new(back, vec![])]));
        assert!((a - b).abs() < 1e-3);
    }

    #[test]
    fn a_hole_is_taken_off_whatever_its_winding() {
        let outer = square(120.0, 30.0, 0.03);
        let hole = square(120.01, 30.01, 0.01);
        let whole = area_m2(&MultiPolygon::new(vec![outer.clone()]));
        let part = area_m2(&MultiPolygon::new(vec![hole.clone()]));
        let holed = Polygon::new(outer.exterior().clone(), vec![hole.exterior().clone()]);
        assert!((area_m2(&MultiPolygon::new(vec![holed])) - (whole - part)).abs() < 1e-3);
    }

    #[test]
    fn distances_are_geodesic() {
        // Karney's GeodSolve: 0,0 to 1,0 along the equator is 111,319.491 m.
        assert!((distance_m(LonLat::new(0.0, 0.0), LonLat::new(1.0, 0.0)) - 111_319.491).abs() < 1e-3);
    }

    #[test]
    fn a_sliver_is_as_wide_as_it_is_drawn() {
        // 0.01° long (some 965 m), 1e-6° (0.11 m) wide.
        let sliver = geo::Rect::new((120.0, 30.0), (120.01, 30.000_001)).to_polygon();
        let width = mean_width_m(&MultiPolygon::new(vec![sliver]));
        assert!((width - 0.1108).abs() < 0.001, "{width}");
    }
}
