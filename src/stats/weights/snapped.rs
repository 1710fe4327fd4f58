//! Neighbours of drawn layers: borders that come within a tolerance count as meeting.

use std::ops::ControlFlow;

use geo::{Coord, MultiPolygon};
use rayon::prelude::*;

use super::super::StatsError;
use super::edges::{Edge, candidates, for_near_pairs, near_edges};
use super::{Weights, intersecting};

/// A stretch that two borders run beside each other counts from this many tolerances on: borders that only cross are
/// within the tolerance of each other for about two.
const LEAST_STRETCH: f64 = 4.0;

/// Cells whose borders come within a tolerance anywhere, or that have a point in common.
///
/// * `cells` – on a plane, metres
/// * `tolerance_m` – metres; 0.05 for surveyed layers, 1 for drawn ones
///
/// O(pairs of near edges).
pub fn queen_snapped(cells: &[MultiPolygon], tolerance_m: f64) -> Result<Weights, StatsError> {
    check(tolerance_m)?;
    let exact = intersecting(cells);
    let near = |&(a, b): &(usize, usize)| {
        exact.of(a).binary_search(&(b as u32)).is_ok() || {
            let mut met = false;
            if let Some(edges) = near_edges(&cells[a], &cells[b], tolerance_m) {
                for_near_pairs(&edges, tolerance_m, |e, f| {
                    met = apart(e, f) <= tolerance_m;
                    if met { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                });
            }
            met
        }
    };
    let pairs: Vec<(u32, u32)> = candidates(cells, tolerance_m).into_par_iter().filter(near).map(|(a, b)| (a as u32, b as u32)).collect();
    Ok(Weights::from_pairs(cells.len(), &pairs))
}

/// Cells whose borders run beside each other within a tolerance, over more than four tolerances and more than 1 mm.
///
/// * `cells` – on a plane, metres
/// * `tolerance_m` – metres
///
/// O(pairs of near edges).
pub fn rook_snapped(cells: &[MultiPolygon], tolerance_m: f64) -> Result<Weights, StatsError> {
    check(tolerance_m)?;
    let share = |&(a, b): &(usize, usize)| {
        let mut stretch = 0.0;
        if let Some(edges) = near_edges(&cells[a], &cells[b], tolerance_m) {
            for_near_pairs(&edges, tolerance_m, |e, f| {
                stretch += beside(e, f, tolerance_m);
                ControlFlow::Continue(())
            });
        }
        stretch > (LEAST_STRETCH * tolerance_m).max(1e-3)
    };
    let pairs: Vec<(u32, u32)> = candidates(cells, tolerance_m).into_par_iter().filter(share).map(|(a, b)| (a as u32, b as u32)).collect();
    Ok(Weights::from_pairs(cells.len(), &pairs))
}

fn check(tolerance_m: f64) -> Result<(), StatsError> {
    if tolerance_m.is_finite() && tolerance_m >= 0.0 {
        return Ok(());
    }
    Err(StatsError::OutOfRange { what: "the tolerance", value: tolerance_m, must: "0 m or more" })
}

/// The distance between two edges that do not cross: it is taken at one of the four ends.
fn apart(e: &Edge, f: &Edge) -> f64 {
    from_edge(e.a, f).min(from_edge(e.b, f)).min(from_edge(f.a, e)).min(from_edge(f.b, e))
}

fn from_edge(c: Coord, e: &Edge) -> f64 {
    let (dx, dy) = (e.b.x - e.a.x, e.b.y - e.a.y);
    let along = (((c.x - e.a.x) * dx + (c.y - e.a.y) * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
    (c.x - e.a.x - along * dx).hypot(c.y - e.a.y - along * dy)
}

/// How long `f` runs beside `e` no further off than the tolerance, measured along `e`.
fn beside(e: &Edge, f: &Edge, tolerance: f64) -> f64 {
    let length = (e.b.x - e.a.x).hypot(e.b.y - e.a.y);
    let unit = [(e.b.x - e.a.x) / length, (e.b.y - e.a.y) / length];
    // (along e, off e)
    let on = |c: Coord| {
        let (x, y) = (c.x - e.a.x, c.y - e.a.y);
        [x * unit[0] + y * unit[1], y * unit[0] - x * unit[1]]
    };
    let (mut p, mut q) = (on(f.a), on(f.b));
    if p[0] > q[0] {
        std::mem::swap(&mut p, &mut q);
    }
    let (mut from, mut to) = (p[0].max(0.0), q[0].min(length));
    if to <= from {
        return 0.0;
    }
    // off = p₁ + slope (s − p₀): where it is within ± tolerance.
    let slope = (q[1] - p[1]) / (q[0] - p[0]);
    if slope == 0.0 || !slope.is_finite() {
        return if p[1].abs() <= tolerance { to - from } else { 0.0 };
    }
    let at = |off: f64| p[0] + (off - p[1]) / slope;
    from = from.max(at(-tolerance).min(at(tolerance)));
    to = to.min(at(-tolerance).max(at(tolerance)));
    (to - from).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(west: f64, south: f64, east: f64, north: f64) -> MultiPolygon {
        MultiPolygon::new(vec![geo::Rect::new((west, south), (east, north)).to_polygon()])
    }

    #[test]
    fn a_sliver_between_two_cells_does_not_part_them() {
        let cells =
            [rect(0.0, 0.0, 100.0, 100.0), rect(100.03, 20.0, 200.0, 70.0), rect(100.02, 100.02, 300.0, 300.0), rect(200.5, 0.0, 300.0, 50.0)];
        assert_eq!(intersecting(&cells).links(), 0);
        assert_eq!(queen_snapped(&cells, 0.05).unwrap(), Weights::from_lists(&[vec![1, 2], vec![0], vec![0], vec![]]).unwrap());
        assert_eq!(rook_snapped(&cells, 0.05).unwrap(), Weights::from_lists(&[vec![1], vec![0], vec![], vec![]]).unwrap());
        assert_eq!(rook_snapped(&cells, 0.01).unwrap().links(), 0);
        assert_eq!(rook_snapped(&cells, 1.0).unwrap(), Weights::from_lists(&[vec![1], vec![0, 3], vec![], vec![1]]).unwrap());
        assert!(queen_snapped(&cells, -1.0).is_err());
    }

    #[test]
    fn without_tolerance_they_are_the_exact_predicates() {
        let cells = [rect(0.0, 0.0, 2.0, 2.0), rect(2.0, 0.5, 4.0, 1.5), rect(4.0, 1.5, 5.0, 3.0), rect(1.0, 1.0, 1.5, 1.5)];
        assert_eq!(queen_snapped(&cells, 0.0).unwrap(), intersecting(&cells));
        assert_eq!(rook_snapped(&cells, 0.0).unwrap(), super::super::sharing_a_line(&cells));
    }
}
