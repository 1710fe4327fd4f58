//! Polygons laid beside each other: overlaps told, and small ones cut away where a repair is asked for.
//!
//! Borders that were drawn twice differ by slivers that no eye sees but every rule trips over. A repair gives such a
//! sliver to the polygon that came first, as a surveyor would, and says so with its area. What is too large to be a slip
//! of the pen stays a fault: which of the two is right nobody but the owner of the map can know.

use geo_types::MultiPolygon;

use crate::geom::{self, Overlap, Tolerance, area_m2};

/// A sliver is at most this wide on the mean, metres: the width of a street.
const CUT_WIDTH_M: f64 = 10.0;
/// And at most this share of the smaller of the two polygons.
const CUT_SHARE: f64 = 0.01;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Laid {
    /// Overlaps that stay, by position in the list.
    pub(super) overlaps: Vec<Overlap>,
    /// Overlaps that were cut away from the later of the two.
    pub(super) cuts: Vec<Overlap>,
}

/// Looks at all pairs but those among the first `fixed` shapes, which are stored and never changed.
///
/// * `cut` – whether the later shape of a pair gives way where the overlap is a sliver
pub(super) fn lay(shapes: &mut [MultiPolygon], fixed: usize, cut: bool, tolerance: Tolerance) -> Laid {
    let mut laid = Laid::default();
    for overlap in geom::overlaps(shapes, tolerance) {
        if overlap.b < fixed {
            continue;
        }
        let whole = cut.then(|| area_m2(&shapes[overlap.a]).min(area_m2(&shapes[overlap.b])));
        let is_sliver = whole.is_some_and(|whole| overlap.mean_width_m <= CUT_WIDTH_M && overlap.area_m2 <= whole * CUT_SHARE);
        let rest = if is_sliver { geom::cut_back(&shapes[overlap.b], &shapes[overlap.a], tolerance) } else { None };
        match rest {
            Some(rest) => {
                shapes[overlap.b] = rest;
                laid.cuts.push(overlap);
            }
            None => laid.overlaps.push(overlap),
        }
    }
    laid
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::shared_data::wkt;

    fn rect(west: f64, east: f64) -> MultiPolygon {
        let text = format!("MULTIPOLYGON ((({west} 30, {east} 30, {east} 30.01, {west} 30.01, {west} 30)))");
        MultiPolygon::try_from(wkt(&text)).expect("a multipolygon")
    }

    #[test]
    fn a_sliver_goes_to_the_first_and_a_lump_stays_a_fault() {
        // 0.00005° are some 4.8 m, 0.0009° some 87 m.
        let drawn = [rect(120.0, 120.01), rect(120.009_95, 120.02), rect(120.019_1, 120.03)];
        let mut shapes = drawn.clone();
        let laid = lay(&mut shapes, 0, true, Tolerance::default());
        let pairs = |found: &[Overlap]| found.iter().map(|overlap| (overlap.a, overlap.b)).collect::<Vec<_>>();
        assert_eq!((pairs(&laid.cuts), pairs(&laid.overlaps)), (vec![(0, 1)], vec![(1, 2)]));
        assert_eq!(shapes[1], geom::normal(&rect(120.01, 120.02)));
        let mut untouched = drawn.clone();
        assert_eq!(lay(&mut untouched, 0, false, Tolerance::default()).overlaps.len(), 2);
        assert_eq!(untouched, drawn);
        assert_eq!(lay(&mut untouched, 3, true, Tolerance::default()).cuts.len(), 0, "what is stored is not cut");
    }
}
