//! What several rooms need to know about rings and edges, decided exactly (Shewchuk's adaptive predicates, by `geo`).

use geo::{Coord, GeoNum, Kernel, Orientation};

/// Where a place lies with respect to a ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Inside,
    Boundary,
    Outside,
}

/// Which way p → q → r turns: 1 left, −1 right, 0 straight.
pub(super) fn turn(p: Coord, q: Coord, r: Coord) -> i8 {
    match <f64 as GeoNum>::Ker::orient2d(p, q, r) {
        Orientation::CounterClockwise => 1,
        Orientation::Clockwise => -1,
        Orientation::Collinear => 0,
    }
}

/// Whether `p`, known to be on the line through `a` and `b`, is between them (ends included).
pub(super) fn between(a: Coord, b: Coord, p: Coord) -> bool {
    a.x.min(b.x) <= p.x && p.x <= a.x.max(b.x) && a.y.min(b.y) <= p.y && p.y <= a.y.max(b.y)
}

/// How an edge stands to a ray that runs from `p` towards positive x.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ray {
    Misses,
    Crosses,
    /// The edge goes through `p` itself.
    Through,
}

/// One step of the crossing count; upper ends count, lower ends do not.
pub(super) fn ray(a: Coord, b: Coord, p: Coord) -> Ray {
    let (lo, hi) = if a.y <= b.y { (a, b) } else { (b, a) };
    if p.y < lo.y || p.y > hi.y || (p.x > lo.x && p.x > hi.x) {
        return Ray::Misses;
    }
    let side = turn(lo, hi, p);
    if side == 0 && between(lo, hi, p) {
        return Ray::Through;
    }
    if side > 0 && lo.y < p.y { Ray::Crosses } else { Ray::Misses }
}

/// Where `p` lies with respect to a closed ring (first point = last). O(points).
pub(super) fn side_of(ring: &[Coord], p: Coord) -> Side {
    let mut inside = false;
    for edge in ring.windows(2) {
        match ray(edge[0], edge[1], p) {
            Ray::Misses => {}
            Ray::Crosses => inside = !inside,
            Ray::Through => return Side::Boundary,
        }
    }
    if inside { Side::Inside } else { Side::Outside }
}

/// Where a ring lies with respect to another that it neither crosses nor runs along; they may touch in points.
///
/// Corners decide; where all of them touch, the middles of the stretches between touches do.
pub(super) fn side_of_ring(outer: &[Coord], inner: &[Coord]) -> Side {
    if let Some(side) = inner.iter().map(|p| side_of(outer, *p)).find(|side| *side != Side::Boundary) {
        return side;
    }
    for edge in inner.windows(2) {
        let (a, b) = (edge[0], edge[1]);
        let along = |p: &Coord| (p.x - a.x).mul_add(b.x - a.x, (p.y - a.y) * (b.y - a.y));
        let mut stops: Vec<Coord> = outer.iter().copied().filter(|p| turn(a, b, *p) == 0 && between(a, b, *p)).collect();
        stops.extend([a, b]);
        stops.sort_by(|p, q| along(p).total_cmp(&along(q)));
        for pair in stops.windows(2).filter(|pair| pair[0] != pair[1]) {
            let middle = Coord { x: f64::midpoint(pair[0].x, pair[1].x), y: f64::midpoint(pair[0].y, pair[1].y) };
            let side = side_of(outer, middle);
            if side != Side::Boundary {
                return side;
            }
        }
    }
    Side::Boundary
}

/// Twice the signed area: positive for a ring that winds counter-clockwise.
pub(super) fn winding(ring: &[Coord]) -> f64 {
    let Some(origin) = ring.first().copied() else { return 0.0 };
    ring.windows(2).map(|e| (e[0].x - origin.x) * (e[1].y - origin.y) - (e[1].x - origin.x) * (e[0].y - origin.y)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(points: &[(f64, f64)]) -> Vec<Coord> {
        points.iter().map(|&(x, y)| Coord { x, y }).collect()
    }

    #[test]
    fn a_place_is_inside_outside_or_on_the_boundary() {
        let square = ring(&[(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0), (0.0, 0.0)]);
        let side = |x, y| side_of(&square, Coord { x, y });
        assert_eq!(side(1.0, 1.0), Side::Inside);
        assert_eq!(side(5.0, 0.0), Side::Outside);
        assert_eq!(side(-1.0, 4.0), Side::Outside);
        assert_eq!(side(4.0, 2.0), Side::Boundary);
        assert_eq!(side(0.0, 0.0), Side::Boundary);
        assert_eq!(side(2.0, 4.0), Side::Boundary);
    }

    #[test]
    fn a_ray_through_a_corner_counts_once() {
        let diamond = ring(&[(0.0, -1.0), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)]);
        assert_eq!(side_of(&diamond, Coord { x: 0.0, y: 0.0 }), Side::Inside);
        assert_eq!(side_of(&diamond, Coord { x: -2.0, y: 0.0 }), Side::Outside);
        assert_eq!(side_of(&diamond, Coord { x: -2.0, y: 1.0 }), Side::Outside);
    }

    #[test]
    fn a_ring_whose_corners_all_touch_is_placed_by_its_edges() {
        let square = ring(&[(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0), (0.0, 0.0)]);
        let diamond = ring(&[(2.0, 0.0), (4.0, 2.0), (2.0, 4.0), (0.0, 2.0), (2.0, 0.0)]);
        assert_eq!(side_of_ring(&square, &diamond), Side::Inside);
        assert_eq!(side_of_ring(&diamond, &square), Side::Outside);
    }
}
