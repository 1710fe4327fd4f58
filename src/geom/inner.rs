//! A point well inside a polygon, for labels and for the one safe place of a small cell.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use geo::{Area, Coord, CoordsIter, InteriorPoint, MultiPolygon, Polygon};

use super::ring::{Side, side_of};
use super::{LonLat, Metres, Plane, round7};

/// A square that may hold the best point.
struct Square {
    centre: Coord,
    half_m: f64,
    /// Distance of the centre to the boundary, negative outside.
    depth_m: f64,
    /// What any point of the square can reach at most.
    best_m: f64,
}

impl Square {
    fn new(edges: &[[Coord; 2]], centre: Coord, half_m: f64) -> Self {
        let depth_m = depth(edges, centre);
        Self { centre, half_m, depth_m, best_m: depth_m + half_m * std::f64::consts::SQRT_2 }
    }
}

impl Ord for Square {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_place = || other.centre.x.total_cmp(&self.centre.x).then(other.centre.y.total_cmp(&self.centre.y));
        self.best_m.total_cmp(&other.best_m).then_with(by_place)
    }
}

impl PartialOrd for Square {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Square {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Square {}

/// The point of the largest part that lies farthest from any boundary, to 1 % of the part's size, on the 1e-7° grid.
///
/// The same shape gives the same point, on every machine. `None` for a shape without an inside. Squares are split best
/// first, as Mapbox' polylabel does; some 100 µs for a cell of 100 corners.
pub fn inner_point(shape: &MultiPolygon) -> Option<LonLat> {
    let part = shape.iter().max_by(|a, b| a.unsigned_area().total_cmp(&b.unsigned_area()))?;
    if part.unsigned_area() <= 0.0 || !part.coords_iter().all(|c| c.x.is_finite() && c.y.is_finite()) {
        return None;
    }
    let plane = Plane::around_shape(part);
    let deepest = plane.lonlat(deepest(&plane.to_metres(part))?);
    let inside = |place: &LonLat| is_inside(part, (*place).into());
    let on_grid = |place: LonLat| LonLat::from(round7(&Coord::from(place)));
    let spare = || part.interior_point().map(LonLat::from);
    [Some(on_grid(deepest)), spare().map(on_grid)].into_iter().flatten().find(inside).or_else(spare)
}

fn is_inside(part: &Polygon, at: Coord) -> bool {
    side_of(&part.exterior().0, at) == Side::Inside && part.interiors().iter().all(|hole| side_of(&hole.0, at) == Side::Outside)
}

fn deepest(part: &Metres<Polygon>) -> Option<Coord> {
    let rings = std::iter::once(part.0.exterior()).chain(part.0.interiors());
    let edges: Vec<[Coord; 2]> = rings.flat_map(|ring| ring.0.windows(2).map(|e| [e[0], e[1]])).collect();
    let (mut lo, mut hi) = (edges.first()?[0], edges.first()?[0]);
    for [a, _] in &edges {
        lo = Coord { x: lo.x.min(a.x), y: lo.y.min(a.y) };
        hi = Coord { x: hi.x.max(a.x), y: hi.y.max(a.y) };
    }
    let side = (hi.x - lo.x).min(hi.y - lo.y);
    let precise_m = part.area_m2().sqrt() * 0.01;
    if side <= 0.0 || precise_m <= 0.0 {
        return None;
    }
    // A very long shape would be covered by very many squares; 64 along it are enough to begin with.
    let half = (side / 2.0).max((hi.x - lo.x).max(hi.y - lo.y) / 128.0);
    let mut queue = BinaryHeap::new();
    let count = |length: f64| (length / (2.0 * half)).ceil().max(1.0) as u32;
    for i in 0..count(hi.x - lo.x) {
        for j in 0..count(hi.y - lo.y) {
            let centre = Coord { x: lo.x + half * (2.0 * f64::from(i) + 1.0), y: lo.y + half * (2.0 * f64::from(j) + 1.0) };
            queue.push(Square::new(&edges, centre, half));
        }
    }
    let middle = geo::Centroid::centroid(&part.0)?.0;
    let mut best = Square::new(&edges, middle, 0.0);
    // 10,000 squares are some hundred times what a real boundary needs.
    for _ in 0..10_000 {
        let Some(square) = queue.pop() else { break };
        if square.best_m - best.depth_m.max(0.0) <= precise_m && best.depth_m > 0.0 {
            break;
        }
        let half = square.half_m / 2.0;
        for (dx, dy) in [(-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0), (1.0, 1.0)] {
            let centre = Coord { x: square.centre.x + dx * half, y: square.centre.y + dy * half };
            queue.push(Square::new(&edges, centre, half));
        }
        if square.depth_m > best.depth_m {
            best = square;
        }
    }
    // Of places equally deep the middle looks right.
    let at = if depth(&edges, middle) >= best.depth_m - precise_m { middle } else { best.centre };
    (best.depth_m > 0.0).then_some(at)
}

/// Distance to the nearest edge, negative outside.
fn depth(edges: &[[Coord; 2]], p: Coord) -> f64 {
    let mut inside = false;
    let mut nearest = f64::INFINITY;
    for [a, b] in edges {
        if (a.y > p.y) != (b.y > p.y) && p.x < (b.x - a.x) * (p.y - a.y) / (b.y - a.y) + a.x {
            inside = !inside;
        }
        let (dx, dy) = (b.x - a.x, b.y - a.y);
        let along = ((p.x - a.x) * dx + (p.y - a.y) * dy) / (dx * dx + dy * dy);
        let t = if along.is_finite() { along.clamp(0.0, 1.0) } else { 0.0 };
        let (ex, ey) = (a.x + t * dx - p.x, a.y + t * dy - p.y);
        nearest = nearest.min(ex * ex + ey * ey);
    }
    if inside { nearest.sqrt() } else { -nearest.sqrt() }
}

#[cfg(test)]
mod tests {
    use geo::{LineString, polygon};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_middle_of_a_square_is_its_inner_point() {
        let square = geo::Rect::new((120.0, 30.0), (120.01, 30.01)).to_polygon();
        let at = inner_point(&MultiPolygon::new(vec![square])).unwrap();
        assert!((at.lon - 120.005).abs() < 2e-4 && (at.lat - 30.005).abs() < 2e-4, "{at:?}");
    }

    #[test]
    fn the_point_lies_in_the_thick_end_of_a_bent_shape() {
        let bent = polygon![
            (x: 120.0, y: 30.0), (x: 120.01, y: 30.0), (x: 120.01, y: 30.01),
            (x: 120.009, y: 30.01), (x: 120.009, y: 30.004), (x: 120.0, y: 30.004),
        ];
        let at = inner_point(&MultiPolygon::new(vec![bent])).unwrap();
        assert!(at.lat < 30.004 && at.lon > 120.0, "{at:?}");
    }

    #[test]
    fn what_has_no_inside_has_no_inner_point() {
        assert_eq!(inner_point(&MultiPolygon::new(vec![])), None);
        let line = Polygon::new(LineString::from(vec![(1.0, 1.0), (2.0, 2.0), (1.0, 1.0)]), vec![]);
        assert_eq!(inner_point(&MultiPolygon::new(vec![line])), None);
    }

    proptest! {
        #[test]
        fn the_inner_point_is_inside(radii in prop::collection::vec(0.0001..0.01_f64, 3..30), hole in any::<bool>()) {
            let n = radii.len() as f64;
            let star = |scale: f64| Iterator::collect::<LineString>(radii.iter().enumerate().map(|(i, r)| {
                let angle = std::f64::consts::TAU * i as f64 / n;
                (120.0 + scale * r * angle.cos(), 30.0 + scale * r * angle.sin())
            }));
            let shape = Polygon::new(star(1.0), if hole { vec![star(0.5)] } else { vec![] });
            prop_assume!(shape.unsigned_area() > 1e-9);
            let at = inner_point(&MultiPolygon::new(vec![shape.clone()])).unwrap();
            prop_assert!(is_inside(&shape, at.into()), "{at:?}");
        }
    }
}
