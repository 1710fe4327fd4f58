//! Neighbours by the exact predicates of GEOS: touching at all, and sharing a line. Corners need not be the same.

use std::ops::ControlFlow;

use geo::coordinate_position::{CoordPos, CoordinatePosition};
use geo::{Coord, Intersects, Kernel, Line, MultiPolygon, Orientation};
use rayon::prelude::*;

use super::Weights;
use super::contiguity::queen;
use super::edges::{Edge, candidates, for_near_pairs, near_edges};

/// Two cells whose borders run along each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SharedLine {
    /// Position of the first cell in the list.
    pub a: usize,
    /// Position of the second, greater than `a`.
    pub b: usize,
    /// Length of what the two borders have in common, in the unit of the coordinates.
    pub length: f64,
}

/// Cells that have at least one point in common, by exact predicates (GEOS `intersects`): also where a corner lies on
/// the edge of another cell, where cells overlap, and where one lies inside another.
///
/// Any plane frame. O(pairs of near edges).
pub fn intersecting(cells: &[MultiPolygon]) -> Weights {
    let corners = queen(cells);
    let touch = |&(a, b): &(usize, usize)| corners.of(a).binary_search(&(b as u32)).is_ok() || touches(&cells[a], &cells[b]);
    let pairs: Vec<(u32, u32)> = candidates(cells, 0.0).into_par_iter().filter(touch).map(|(a, b)| (a as u32, b as u32)).collect();
    Weights::from_pairs(cells.len(), &pairs)
}

fn touches(one: &MultiPolygon, other: &MultiPolygon) -> bool {
    let Some(edges) = near_edges(one, other, 0.0) else { return false };
    let mut met = false;
    for_near_pairs(&edges, 0.0, |e, f| {
        met = Line::new(e.a, e.b).intersects(&Line::new(f.a, f.b));
        if met { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    met || part_inside(one, other) || part_inside(other, one)
}

/// Whether a part of the first lies inside the second, when no borders meet: then one corner of each part tells.
fn part_inside(one: &MultiPolygon, other: &MultiPolygon) -> bool {
    one.iter().filter_map(|part| part.exterior().0.first()).any(|corner| other.coordinate_position(corner) != CoordPos::Outside)
}

/// Cells whose borders have a line of some length in common, exactly (GEOS: the boundaries' intersection has a length).
pub fn sharing_a_line(cells: &[MultiPolygon]) -> Weights {
    let pairs: Vec<(u32, u32)> = shared_lines(cells).iter().map(|s| (s.a as u32, s.b as u32)).collect();
    Weights::from_pairs(cells.len(), &pairs)
}

/// All pairs of cells whose borders have a line in common, with its length, by ascending positions.
///
/// Edges count where they lie on one line exactly; a border that was drawn twice with other corners shares nothing, see
/// [`rook_snapped`](super::rook_snapped). Any plane frame. O(pairs of near edges).
pub fn shared_lines(cells: &[MultiPolygon]) -> Vec<SharedLine> {
    let share = |(a, b): (usize, usize)| {
        let edges = near_edges(&cells[a], &cells[b], 0.0)?;
        let mut length = 0.0;
        for_near_pairs(&edges, 0.0, |e, f| {
            length += overlap(e, f);
            ControlFlow::Continue(())
        });
        (length > 0.0).then_some(SharedLine { a, b, length })
    };
    candidates(cells, 0.0).into_par_iter().filter_map(share).collect()
}

/// The length of what two edges on one line have in common, 0 when they are not.
fn overlap(e: &Edge, f: &Edge) -> f64 {
    let on_line = |c: Coord| geo::kernels::RobustKernel::orient2d(e.a, e.b, c) == Orientation::Collinear;
    if !(on_line(f.a) && on_line(f.b)) {
        return 0.0;
    }
    // On one line the greater of the two later beginnings and the lesser of the two earlier ends are corners themselves.
    let order = |p: &Coord, q: &Coord| p.x.total_cmp(&q.x).then(p.y.total_cmp(&q.y));
    let sorted = |g: &Edge| if order(&g.a, &g.b).is_le() { (g.a, g.b) } else { (g.b, g.a) };
    let ((e_from, e_to), (f_from, f_to)) = (sorted(e), sorted(f));
    let from = std::cmp::max_by(e_from, f_from, order);
    let to = std::cmp::min_by(e_to, f_to, order);
    if order(&from, &to).is_lt() { (to.x - from.x).hypot(to.y - from.y) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(west: f64, south: f64, east: f64, north: f64) -> MultiPolygon {
        MultiPolygon::new(vec![geo::Rect::new((west, south), (east, north)).to_polygon()])
    }

    #[test]
    fn a_half_side_is_shared_where_no_corner_is() {
        let cells = [rect(0.0, 0.0, 2.0, 2.0), rect(2.0, 0.5, 4.0, 1.5), rect(4.0, 1.5, 5.0, 3.0)];
        assert_eq!(queen(&cells).links(), 2);
        assert_eq!(intersecting(&cells), Weights::from_lists(&[vec![1], vec![0, 2], vec![1]]).unwrap());
        assert_eq!(shared_lines(&cells), [SharedLine { a: 0, b: 1, length: 1.0 }]);
    }

    #[test]
    fn a_cell_inside_another_intersects_it_and_shares_no_line() {
        let cells = [rect(0.0, 0.0, 9.0, 9.0), rect(3.0, 3.0, 4.0, 4.0), rect(20.0, 0.0, 21.0, 1.0)];
        assert_eq!(intersecting(&cells), Weights::from_lists(&[vec![1], vec![0], vec![]]).unwrap());
        assert_eq!(shared_lines(&cells), []);
    }

    #[test]
    fn overlapping_cells_share_the_stretches_where_both_borders_run() {
        // South sides overlap from 1 to 2, north sides too.
        let cells = [rect(0.0, 0.0, 2.0, 1.0), rect(1.0, 0.0, 3.0, 1.0)];
        assert_eq!(shared_lines(&cells), [SharedLine { a: 0, b: 1, length: 2.0 }]);
        assert_eq!(sharing_a_line(&cells).links(), 2);
    }
}
