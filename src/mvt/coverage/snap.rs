//! To the grid of a zoom, so that what comes to lie on one another coincides corner by corner.
//!
//! Snap rounding: the grid square of every corner drawn is hot, and an edge through a hot square takes up its corner.

use super::clip::Cut;
use super::{Ring, TileId, World, ZOOM, on_grid};

/// Hot squares are sorted into 64 × 64 buckets of 64 × 64 squares, repeated over the plane.
const BUCKETS: i64 = 64;

/// The corners drawn in a tile.
pub(super) struct Snap {
    tile: TileId,
    cut: Cut,
    /// The zoom whose squares are hot: beyond 20 a world unit is wider than a tile unit.
    z: u8,
    corners: Vec<World>,
    ends: Vec<usize>,
    hot: Vec<[i64; 2]>,
    bucket_starts: Vec<u32>,
    bucket_ends: Vec<u32>,
    taken_up: Vec<(i128, [i64; 2])>,
}

impl Snap {
    pub(super) fn new(tile: TileId, cut: Cut) -> Self {
        Self {
            tile,
            cut,
            z: tile.z().min(20),
            corners: Vec::new(),
            ends: vec![0],
            hot: Vec::new(),
            bucket_starts: Vec::new(),
            bucket_ends: Vec::new(),
            taken_up: Vec::new(),
        }
    }

    /// Takes the corners of a ring that are drawn at this zoom.
    pub(super) fn take(&mut self, ring: &Ring) {
        let drawn = ring.corners.iter().zip(&ring.marks).filter(|(_, mark)| **mark & ZOOM <= self.tile.z());
        self.corners.extend(drawn.map(|(corner, _)| *corner));
        self.ends.push(self.corners.len());
    }

    /// Sorts the squares of all corners taken into buckets, each once; those farther than a tile away are never asked for.
    pub(super) fn sort(&mut self) {
        let near = self.near();
        let inside = |s: &[i64; 2]| (0..2).all(|i| s[i] >> 6 >= near[i][0] && s[i] >> 6 <= near[i][1]);
        let squares = || self.corners.iter().map(|&c| on_grid(self.z, c)).filter(inside);
        let mut starts = vec![0_u32; (BUCKETS * BUCKETS) as usize + 1];
        squares().for_each(|s| starts[bucket(s[0] >> 6, s[1] >> 6) + 1] += 1);
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut ends = starts.clone();
        let mut hot = vec![[0; 2]; starts[starts.len() - 1] as usize];
        for square in squares() {
            let at = bucket(square[0] >> 6, square[1] >> 6);
            if !hot[starts[at] as usize..ends[at] as usize].contains(&square) {
                hot[ends[at] as usize] = square;
                ends[at] += 1;
            }
        }
        (self.hot, self.bucket_starts, self.bucket_ends) = (hot, starts, ends);
    }

    /// First and last column and row of the buckets a tile's width around the tile.
    fn near(&self) -> [[i64; 2]; 2] {
        self.tile.grid_origin().map(|o| o >> (self.tile.z() - self.z) >> 6).map(|o| [o - BUCKETS, o + 2 * BUCKETS])
    }

    /// Writes the `index`-th ring taken in tile units, uncut.
    pub(super) fn ring(&mut self, index: usize, into: &mut Vec<[i64; 2]>) {
        into.clear();
        let range = self.ends[index]..self.ends[index + 1];
        let finer = self.tile.z() - self.z;
        let origin = self.tile.grid_origin();
        let place = |square: [i64; 2]| [(square[0] << finer) - origin[0], (square[1] << finer) - origin[1]];
        for i in range.clone() {
            let a = self.corners[i];
            let b = self.corners[if i + 1 == range.end { range.start } else { i + 1 }];
            let (square, end) = (on_grid(self.z, a), on_grid(self.z, b));
            push(into, place(square));
            if square != end && self.cut.near(place(square), place(end)) {
                self.take_up(a.min(b), a.max(b));
                if a > b {
                    self.taken_up.reverse();
                }
                self.taken_up.iter().for_each(|&(_, s)| push(into, place(s)));
            }
        }
        while into.len() > 1 && into.first() == into.last() {
            into.pop();
        }
    }

    /// Finds the hot squares an edge (`a` < `b`) runs through, in order, but for those of its ends.
    fn take_up(&mut self, a: World, b: World) {
        self.taken_up.clear();
        let (from, to) = (on_grid(self.z, a), on_grid(self.z, b));
        let (north, south) = (from[1].min(to[1]), from[1].max(to[1]));
        let near = self.near();
        let columns = (from[0] >> 6).max(near[0][0])..=(to[0] >> 6).min(near[0][1]);
        let flat = south - north < 64;
        let slope = (to[1] - from[1]) as f64 / ((to[0] - from[0]) as f64).max(1.0);
        let row_at = |x: i64| from[1] + ((x.clamp(from[0], to[0]) - from[0]) as f64 * slope) as i64;
        for column in columns {
            let (mut top, mut bottom) = (north, south);
            if !flat && from[0] != to[0] {
                // the rows of the edge in this column, with what it rises within a square and rounding to spare
                let (one, other) = (row_at(column << 6), row_at((column + 1) << 6));
                let spare = slope.abs() as i64 + 3;
                (top, bottom) = ((one.min(other) - spare).max(north), (one.max(other) + spare).min(south));
            }
            let top = (top >> 6).max(near[1][0]);
            let bottom = (bottom >> 6).min(near[1][1]).min(top + BUCKETS - 1);
            for row in top..=bottom {
                let at = bucket(column, row);
                for &square in &self.hot[self.bucket_starts[at] as usize..self.bucket_ends[at] as usize] {
                    let [x, y] = square;
                    let in_box = x >= from[0] && x <= to[0] && y >= north && y <= south;
                    if in_box
                        && square != from
                        && square != to
                        && let Some(along) = runs_through(a, b, square, 20 - self.z)
                    {
                        self.taken_up.push((along, square));
                    }
                }
            }
        }
        if self.taken_up.len() > 1 {
            self.taken_up.sort_unstable();
            self.taken_up.dedup();
        }
    }
}

fn push(into: &mut Vec<[i64; 2]>, place: [i64; 2]) {
    if into.last() != Some(&place) {
        into.push(place);
    }
}

fn bucket(column: i64, row: i64) -> usize {
    (column & (BUCKETS - 1) | (row & (BUCKETS - 1)) << 6) as usize
}

/// How far along the edge a square of `2^log2` world units lies, if the edge runs through it. World units count as their
/// middles, so that the square has its border between units; all is doubled to stay whole.
fn runs_through(a: World, b: World, square: [i64; 2], log2: u8) -> Option<i128> {
    let half = 1_i64 << log2;
    let [x, y] = square.map(|s| ((2 * s + 1) << log2) - 1);
    let (ax, ay) = (2 * i64::from(a.x), 2 * i64::from(a.y));
    let (dx, dy) = (2 * i64::from(b.x) - ax, 2 * i64::from(b.y) - ay);
    let (mx, my) = (x - ax, y - ay);
    let beside = |m: i64, d: i64| d.max(0) <= m - half || d.min(0) >= m + half;
    if beside(mx, dx) || beside(my, dy) {
        return None;
    }
    if dx.abs().max(dy.abs()).max(half) < 1 << 29 {
        // the middle is no farther than the ends and half a square: the products stay below 2^62
        let through = (mx * dy - my * dx).abs() < half * (dx.abs() + dy.abs());
        return through.then(|| i128::from(mx * dx + my * dy));
    }
    let [half, dx, dy, mx, my] = [half, dx, dy, mx, my].map(i128::from);
    let through = (mx * dy - my * dx).abs() < half * (dx.abs() + dy.abs());
    through.then(|| mx * dx + my * dy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_runs_through_the_squares_it_enters() {
        let at = |x, y| World { x, y };
        // squares of 16 units, an edge from the first to the fourth in a row and one unit below their top
        let through = |square| runs_through(at(3, 1), at(50, 1), square, 4).is_some();
        assert_eq!([[0, 0], [1, 0], [3, 0], [4, 0], [1, 1]].map(through), [true, true, true, false, false]);
        // the diagonal meets the squares beside it in a corner alone
        assert!(runs_through(at(0, 0), at(31, 31), [1, 0], 4).is_none());
        assert!(runs_through(at(0, 1), at(31, 32), [0, 1], 4).is_some());
    }
}
