//! Rings of a shapefile's polygon put together: which are shells, and which shell each hole lies in.

use geo::coordinate_position::{CoordPos, coord_pos_relative_to_ring};
use geo_types::{Coord, LineString, MultiPolygon, Polygon};

/// Pairs of hole and shell that are compared; beyond it a file is hostile rather than detailed.
const MOST_PAIRS: usize = 50_000_000;

/// Shells run with the clock, holes against it; where no ring runs with the clock all are shells.
///
/// A hole goes into the smallest shell that holds it; a hole in no shell is a shell that was wound wrongly.
/// `None`: too many of both to be compared. O(holes × shells) boxes, of which few are looked at closer.
pub(super) fn assemble(rings: Vec<Vec<Coord>>) -> Option<MultiPolygon> {
    let (mut shells, mut holes): (Vec<Ring>, Vec<Ring>) =
        rings.into_iter().filter(|ring| !ring.is_empty()).map(Ring::of).partition(|ring| ring.doubled < 0.0);
    if shells.is_empty() {
        std::mem::swap(&mut shells, &mut holes);
    }
    if shells.len() > 1 && shells.len().saturating_mul(holes.len()) > MOST_PAIRS {
        return None;
    }
    let mut inside: Vec<Vec<LineString>> = shells.iter().map(|_| Vec::new()).collect();
    let mut astray = Vec::new();
    for hole in holes {
        let around = (0..shells.len()).filter(|&at| shells[at].holds(&hole));
        match around.min_by(|&a, &b| shells[a].doubled.abs().total_cmp(&shells[b].doubled.abs())) {
            Some(at) => inside[at].push(hole.line),
            None => astray.push(Polygon::new(hole.line, Vec::new())),
        }
    }
    let whole = shells.into_iter().zip(inside).map(|(shell, holes)| Polygon::new(shell.line, holes));
    Some(MultiPolygon(whole.chain(astray).collect()))
}

struct Ring {
    line: LineString,
    /// Twice the area; negative with the clock.
    doubled: f64,
    low: Coord,
    high: Coord,
}

impl Ring {
    fn of(corners: Vec<Coord>) -> Self {
        let first = corners[0];
        let (mut low, mut high, mut doubled) = (first, first, 0.0);
        for pair in corners.windows(2) {
            // From the first corner, so that far coordinates do not eat the digits.
            let (a, b) = (pair[0] - first, pair[1] - first);
            doubled += a.x * b.y - b.x * a.y;
            low = Coord { x: low.x.min(pair[1].x), y: low.y.min(pair[1].y) };
            high = Coord { x: high.x.max(pair[1].x), y: high.y.max(pair[1].y) };
        }
        Self { line: LineString(corners), doubled, low, high }
    }

    fn holds(&self, other: &Self) -> bool {
        let boxed = self.low.x <= other.low.x && self.low.y <= other.low.y && self.high.x >= other.high.x && self.high.y >= other.high.y;
        if !boxed || self.doubled.abs() < other.doubled.abs() {
            return false;
        }
        let told = other.line.0.iter().map(|corner| coord_pos_relative_to_ring(*corner, &self.line)).find(|place| *place != CoordPos::OnBoundary);
        told != Some(CoordPos::Outside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(x: f64, size: f64, with_the_clock: bool) -> Vec<Coord> {
        let mut corners = vec![(x, 0.0), (x + size, 0.0), (x + size, size), (x, size), (x, 0.0)];
        if with_the_clock {
            corners.reverse();
        }
        corners.into_iter().map(Into::into).collect()
    }

    #[test]
    fn holes_find_their_shell_and_rings_wound_wrongly_stay() {
        let hole = |x: f64| square(x, 1.0, false).into_iter().map(|c| Coord { x: c.x, y: c.y + 1.0 }).collect::<Vec<_>>();
        let parts = assemble(vec![square(0.0, 10.0, true), square(20.0, 10.0, true), hole(22.0), hole(40.0)]).expect("few");
        assert_eq!(parts.0.iter().map(|part| part.interiors().len()).collect::<Vec<_>>(), [0, 1, 0]);
        let parts = assemble(vec![square(0.0, 1.0, false), square(5.0, 1.0, false)]).expect("few");
        assert_eq!(parts.0.len(), 2);
    }
}
