//! The bins of a polygon: those whose middle lies in it.

use geo_types::{LineString, MultiPolygon};

use crate::mvt::World;
use crate::read_model::Place;

/// Bins of 2^`shift` world units a side whose middle lies in the place, row by row; the one that holds its label where
/// none does. O(rows · corners).
pub(super) fn bins_of(place: &Place, shift: u32) -> Vec<[u32; 2]> {
    let side = f64::from(1_u32 << shift);
    let edges = edges(&place.shape);
    let rows = place.extent.min.y >> shift..=place.extent.max.y >> shift;
    let mut bins = Vec::new();
    let mut crossings = Vec::new();
    for row in rows {
        let y = (f64::from(row) + 0.5) * side;
        crossings.clear();
        for [(x0, y0), (x1, y1)] in &edges {
            if (*y0 <= y) != (*y1 <= y) {
                crossings.push(x0 + (y - y0) / (y1 - y0) * (x1 - x0));
            }
        }
        crossings.sort_unstable_by(f64::total_cmp);
        for inside in crossings.chunks_exact(2) {
            // a middle on the western edge is inside, one on the eastern is the neighbour's
            let [from, to] = [inside[0], inside[1]].map(|x| (x / side - 0.5).ceil().max(0.0) as u32);
            bins.extend((from..to).map(|column| [column, row]));
        }
    }
    if bins.is_empty() {
        bins.push([place.label.x >> shift, place.label.y >> shift]);
    }
    bins
}

type Corner = (f64, f64);

fn edges(shape: &MultiPolygon) -> Vec<[Corner; 2]> {
    let corner = |c: &geo_types::Coord| {
        let at = World::from_lon_lat(c.x, c.y);
        (f64::from(at.x), f64::from(at.y))
    };
    let of_ring = |ring: &LineString| -> Vec<[Corner; 2]> {
        let corners: Vec<Corner> = ring.coords().map(corner).collect();
        corners.windows(2).map(|pair| [pair[0], pair[1]]).collect()
    };
    shape.iter().flat_map(|part| std::iter::once(part.exterior()).chain(part.interiors())).flat_map(of_ring).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo_types::{Polygon, Rect};

    fn place(shape: Vec<Polygon>) -> Place {
        Place::new(MultiPolygon(shape), None).expect("a shape with an inside")
    }

    #[test]
    fn a_border_gives_each_bin_to_one_side_and_a_hole_holds_none() {
        let square = |west: f64, east: f64| Rect::new((west, 29.0), (east, 29.02)).to_polygon();
        let (left, right) = (place(vec![square(120.0, 120.013)]), place(vec![square(120.013, 120.03)]));
        let both = place(vec![square(120.0, 120.03)]);
        let mut together = [bins_of(&left, 14), bins_of(&right, 14)].concat();
        let mut whole = bins_of(&both, 14);
        together.sort_unstable();
        whole.sort_unstable();
        assert_eq!(together, whole);
        let area_m2 = whole.len() as f64 * (World::from_lon_lat(120.0, 29.01).unit_m() * 16_384.0).powi(2);
        assert!((area_m2 / both.area_m2 - 1.0).abs() < 0.05, "{area_m2} of {}", both.area_m2);
        let hole = Rect::new((120.005, 29.005), (120.025, 29.015)).to_polygon().exterior().clone();
        let ring = place(vec![Polygon::new(square(120.0, 120.03).exterior().clone(), vec![hole])]);
        assert!((bins_of(&ring, 12).len() as f64 / bins_of(&both, 12).len() as f64 - 2.0 / 3.0).abs() < 0.02);
    }

    #[test]
    fn a_place_smaller_than_a_bin_has_the_one_of_its_label() {
        let small = place(vec![Rect::new((120.0, 29.0), (120.0001, 29.0001)).to_polygon()]);
        assert_eq!(bins_of(&small, 14), [[small.label.x >> 14, small.label.y >> 14]]);
    }
}
