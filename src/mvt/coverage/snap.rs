//! To the grid of a zoom, so that what comes to lie on one another coincides corner by corner.
//!
//! Snap rounding: the grid square of every corner drawn is hot, and an edge through a hot square takes up its corner.

use super::World;
use crate::mvt::address::on_grid;

/// Hot squares are sorted into buckets of 64 × 64 squares.
const LOG2_BUCKET: u32 = 6;
/// An edge that runs through more buckets than this for each hot square is held against every square instead.
const BUCKETS_PER_SQUARE: usize = 8;

/// A square of the grid of a zoom up to 20: at most `4096 · 2^20` a side.
pub(super) type Square = [u32; 2];

/// The square of a position.
pub(super) fn square_of(z: u8, at: World) -> Square {
    on_grid(z, at).map(|v| v as u32)
}

/// Hot squares of one zoom and the shapes whose corners made them hot.
#[derive(Debug, Default)]
pub(super) struct Hot {
    z: u8,
    /// By bucket, then square, then owner.
    squares: Vec<(u64, Square, i64)>,
}

/// A hot square an edge runs through.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TakenUp {
    /// Where the edge begins among the places of its shape.
    pub(super) after: u32,
    pub(super) square: Square,
    /// The shapes that have a corner there.
    pub(super) owners: Box<[i64]>,
}

impl Hot {
    /// The squares of these corners on the grid of a zoom up to 20.
    pub(super) fn new(z: u8, corners: impl Iterator<Item = (i64, Square)>) -> Self {
        let mut squares: Vec<_> =
            corners.map(|(owner, square)| (bucket(square[0] >> LOG2_BUCKET, square[1] >> LOG2_BUCKET), square, owner)).collect();
        squares.sort_unstable();
        squares.dedup();
        Self { z, squares }
    }

    /// Adds the hot squares that the edge from `a` to `b` runs through, in its direction, but for those of its ends.
    pub(super) fn take_up(&self, a: World, b: World, after: u32, into: &mut Vec<TakenUp>) {
        let (from, to) = (square_of(self.z, a.min(b)), square_of(self.z, a.max(b)));
        let mut found: Vec<(i128, Square, i64)> = Vec::new();
        let mut look = |squares: &[(u64, Square, i64)]| {
            let (north, south) = (from[1].min(to[1]), from[1].max(to[1]));
            for &(_, square, owner) in squares {
                let [x, y] = square;
                let in_box = x >= from[0] && x <= to[0] && y >= north && y <= south;
                if in_box
                    && square != from
                    && square != to
                    && let Some(along) = runs_through(a.min(b), a.max(b), square, 20 - self.z)
                {
                    found.push((along, square, owner));
                }
            }
        };
        if self.each_bucket(from, to, |rows| look(rows)).is_none() {
            look(&self.squares);
        }
        if found.is_empty() {
            return;
        }
        found.sort_unstable();
        found.dedup();
        let start = into.len();
        into.extend(found.chunk_by(|p, q| p.1 == q.1).map(|same| TakenUp { after, square: same[0].1, owners: same.iter().map(|s| s.2).collect() }));
        if a > b {
            into[start..].reverse();
        }
    }

    /// Hands out the squares of the buckets an edge may run through, column by column; none where they are too many.
    fn each_bucket(&self, from: Square, to: Square, mut look: impl FnMut(&[(u64, Square, i64)])) -> Option<()> {
        let (x, y) = ([from[0], to[0]].map(i64::from), [from[1], to[1]].map(i64::from));
        let (north, south) = (y[0].min(y[1]), y[0].max(y[1]));
        let buckets = |lo: i64, hi: i64| ((hi >> LOG2_BUCKET) - (lo >> LOG2_BUCKET) + 1) as usize;
        if buckets(x[0], x[1]) + buckets(north, south) > (self.squares.len() / BUCKETS_PER_SQUARE).max(64) {
            return None;
        }
        let slope = (y[1] - y[0]) as f64 / ((x[1] - x[0]) as f64).max(1.0);
        let row_at = |at: i64| y[0] + ((at.clamp(x[0], x[1]) - x[0]) as f64 * slope) as i64;
        // what the edge rises within a square, and rounding
        let spare = slope.abs() as i64 + 3;
        for column in x[0] >> LOG2_BUCKET..=x[1] >> LOG2_BUCKET {
            let (mut top, mut bottom) = (north, south);
            if x[0] != x[1] {
                let (one, other) = (row_at(column << LOG2_BUCKET), row_at((column + 1) << LOG2_BUCKET));
                (top, bottom) = ((one.min(other) - spare).max(north), (one.max(other) + spare).min(south));
            }
            // the buckets of a column stand one after the other
            let (first, last) = (bucket(column as u32, (top >> LOG2_BUCKET) as u32), bucket(column as u32, (bottom >> LOG2_BUCKET) as u32));
            let start = self.squares.partition_point(|s| s.0 < first);
            let rows = &self.squares[start..];
            look(&rows[..rows.iter().take_while(|s| s.0 <= last).count()]);
        }
        Some(())
    }
}

fn bucket(column: u32, row: u32) -> u64 {
    u64::from(column) << 32 | u64::from(row)
}

/// How far along the edge a square of `2^log2` world units lies, if the edge runs through it. World units count as their
/// middles, so that the square has its border between units; all is doubled to stay whole.
fn runs_through(a: World, b: World, square: Square, log2: u8) -> Option<i128> {
    let half = 1_i64 << log2;
    let [x, y] = square.map(|s| ((2 * i64::from(s) + 1) << log2) - 1);
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

    fn at(x: u32, y: u32) -> World {
        World { x, y }
    }

    #[test]
    fn an_edge_runs_through_the_squares_it_enters() {
        // squares of 16 units, an edge from the first to the fourth in a row and one unit below their top
        let through = |square| runs_through(at(3, 1), at(50, 1), square, 4).is_some();
        assert_eq!([[0, 0], [1, 0], [3, 0], [4, 0], [1, 1]].map(through), [true, true, true, false, false]);
        // the diagonal meets the squares beside it in a corner alone
        assert!(runs_through(at(0, 0), at(31, 31), [1, 0], 4).is_none());
        assert!(runs_through(at(0, 1), at(31, 32), [0, 1], 4).is_some());
    }

    #[test]
    fn what_an_edge_takes_up_is_the_same_by_buckets_and_by_all_squares() {
        let mut state = 5_u64;
        let mut roll = |below: u32| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) as u32) % below
        };
        let few = 250 << 6;
        let corners: Vec<World> = (0..4_000).map(|_| at(roll(few), roll(few))).collect();
        let hot = Hot::new(16, corners.iter().zip(0..).map(|(&c, owner)| (owner, square_of(16, c))));
        let mut some = 0;
        for n in 0..300 {
            // short, long, upright and level ones, in both directions
            let (a, near) = (at(roll(few), roll(few)), 1 << (6 + n % 10));
            let b = at(if n % 7 == 0 { a.x } else { (a.x + roll(near)).min(few) }, if n % 5 == 0 { a.y } else { a.y.saturating_sub(roll(near)) });
            let (mut by_bucket, mut by_all) = (Vec::new(), Vec::new());
            hot.take_up(a, b, 7, &mut by_bucket);
            for (&c, owner) in corners.iter().zip(0..) {
                let square = square_of(16, c);
                if square != square_of(16, a) && square != square_of(16, b) {
                    Hot::new(16, std::iter::once((owner, square))).take_up(a, b, 7, &mut by_all);
                }
            }
            some += by_bucket.len();
            let listed = |all: Vec<TakenUp>| {
                let mut all: Vec<_> = all.iter().flat_map(|t| t.owners.iter().map(move |owner| (t.square, *owner))).collect();
                all.sort_unstable();
                all
            };
            assert_eq!(listed(by_bucket), listed(by_all));
        }
        assert!(some > 100);
    }
}
