//! One form for shapes that differ only in how they were written down.

use geo::orient::{Direction, Orient};
use geo::{Coord, LineString, MultiPolygon, Polygon};

/// The normal form: every ring begins at its lowest corner (west before east, then south before north), shells run
/// counter-clockwise and holes clockwise, holes and parts stand in the order of their corners.
///
/// Two shapes with the same corners have the same normal form, whoever wrote them and wherever they began. O(n log n).
pub fn normal(shape: &MultiPolygon) -> MultiPolygon {
    let mut parts: Vec<Polygon> = shape.orient(Direction::Default).0.into_iter().map(part).collect();
    parts.sort_by(|a, b| ordered(a.exterior(), b.exterior()));
    MultiPolygon::new(parts)
}

fn part(polygon: Polygon) -> Polygon {
    let (mut shell, mut holes) = polygon.into_inner();
    std::iter::once(&mut shell).chain(&mut holes).for_each(begin_lowest);
    holes.sort_by(ordered);
    Polygon::new(shell, holes)
}

fn begin_lowest(ring: &mut LineString) {
    let points = &mut ring.0;
    points.pop();
    let lowest = (0..points.len()).min_by(|&a, &b| compare(&points[a], &points[b])).unwrap_or(0);
    points.rotate_left(lowest);
    ring.close();
}

fn ordered(a: &LineString, b: &LineString) -> std::cmp::Ordering {
    let differing = a.0.iter().zip(&b.0).map(|(a, b)| compare(a, b)).find(|order| order.is_ne());
    differing.unwrap_or_else(|| a.0.len().cmp(&b.0.len()))
}

fn compare(a: &Coord, b: &Coord) -> std::cmp::Ordering {
    a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::shared_data::wkt;

    fn shape(text: &str) -> MultiPolygon {
        MultiPolygon::try_from(wkt(text)).expect("a multipolygon")
    }

    #[test]
    fn a_shape_written_in_another_order_has_the_same_normal_form() {
        let one = shape("MULTIPOLYGON (((0 0, 9 0, 9 9, 0 9, 0 0), (1 1, 1 2, 2 2, 1 1), (5 5, 5 6, 6 6, 5 5)), ((20 0, 21 0, 21 1, 20 0)))");
        let other = shape("MULTIPOLYGON (((21 1, 20 0, 21 0, 21 1)), ((9 9, 9 0, 0 0, 0 9, 9 9), (6 6, 5 6, 5 5, 6 6), (2 2, 1 2, 1 1, 2 2)))");
        assert_eq!(normal(&one), normal(&other));
        assert_eq!(normal(&one), one, "this one is in normal form already");
        let moved = shape("MULTIPOLYGON (((0 0, 9 0, 9 9, 0 9, 0 0), (1 1, 1 2, 2 2, 1 1), (5 5, 5 6, 6 6, 5 5)), ((20 0, 22 0, 21 1, 20 0)))");
        assert_ne!(normal(&one), normal(&moved));
    }
}
