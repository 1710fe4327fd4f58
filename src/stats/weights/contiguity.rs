//! Neighbours by identical corners and edges: exact, fast, and only for layers whose borders are the same to the bit.

use std::hash::Hash;

use geo::{Coord, MultiPolygon};
use rustc_hash::FxHashMap;

use super::Weights;

/// Cells that have a corner in common to the bit (what libpysal calls queen).
///
/// Any frame. An empty shape is an island. O(corners).
pub fn queen(cells: &[MultiPolygon]) -> Weights {
    let corners = cells.iter().map(|cell| cell.iter().flat_map(rings).map(|ring| ring.0.len()).sum::<usize>()).sum();
    let mut shared = Shared::with_capacity(corners);
    for (i, cell) in cells.iter().enumerate() {
        for ring in cell.iter().flat_map(rings) {
            // The closing corner is the first again.
            for c in ring.0.iter().skip(1) {
                shared.add(i as u32, bits(*c));
            }
        }
    }
    Weights::from_pairs(cells.len(), &shared.pairs)
}

/// Cells that have an edge in common to the bit, in either direction (what libpysal calls rook).
///
/// Any frame. O(edges).
pub fn rook(cells: &[MultiPolygon]) -> Weights {
    let corners = cells.iter().map(|cell| cell.iter().flat_map(rings).map(|ring| ring.0.len()).sum::<usize>()).sum();
    let mut shared = Shared::with_capacity(corners);
    for (i, cell) in cells.iter().enumerate() {
        for ring in cell.iter().flat_map(rings) {
            for ends in ring.0.windows(2).filter(|ends| ends[0] != ends[1]) {
                let (a, b) = (bits(ends[0]), bits(ends[1]));
                shared.add(i as u32, [a.min(b), a.max(b)]);
            }
        }
    }
    Weights::from_pairs(cells.len(), &shared.pairs)
}

pub(super) fn rings(part: &geo::Polygon) -> impl Iterator<Item = &geo::LineString> {
    std::iter::once(part.exterior()).chain(part.interiors())
}

/// The bits of a coordinate; −0 and 0 are one.
fn bits(c: Coord) -> [u64; 2] {
    [(c.x + 0.0).to_bits(), (c.y + 0.0).to_bits()]
}

/// Things met before, and the pairs of cells that met them. A thing is had by few cells: they stand in a chain.
struct Shared<K> {
    last: FxHashMap<K, u32>,
    /// (cell, earlier link of the same thing)
    chain: Vec<(u32, u32)>,
    pairs: Vec<(u32, u32)>,
}

const NONE: u32 = u32::MAX;

impl<K: Hash + Eq> Shared<K> {
    fn with_capacity(things: usize) -> Self {
        let last = FxHashMap::with_capacity_and_hasher(things, rustc_hash::FxBuildHasher);
        Self { last, chain: Vec::with_capacity(things), pairs: Vec::with_capacity(things * 2) }
    }

    fn add(&mut self, cell: u32, thing: K) {
        let entry = self.last.entry(thing).or_insert(NONE);
        let mut at = *entry;
        while at != NONE {
            let (other, earlier) = self.chain[at as usize];
            if other == cell {
                // Met by this cell already, which has been paired with those before.
                return;
            }
            self.pairs.push((other, cell));
            at = earlier;
        }
        self.chain.push((cell, *entry));
        *entry = self.chain.len() as u32 - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(x: f64, y: f64) -> MultiPolygon {
        MultiPolygon::new(vec![geo::Rect::new((x, y), (x + 1.0, y + 1.0)).to_polygon()])
    }

    #[test]
    fn four_squares_meet_in_a_corner_and_along_their_sides() {
        let cells = [square(0.0, 0.0), square(1.0, 0.0), square(0.0, 1.0), square(1.0, 1.0), square(5.0, 5.0), MultiPolygon::new(vec![])];
        let all = Weights::from_lists(&[vec![1, 2, 3], vec![0, 2, 3], vec![0, 1, 3], vec![0, 1, 2], vec![], vec![]]).unwrap();
        let sides = Weights::from_lists(&[vec![1, 2], vec![0, 3], vec![0, 3], vec![1, 2], vec![], vec![]]).unwrap();
        assert_eq!((queen(&cells), rook(&cells)), (all, sides));
    }

    #[test]
    fn a_cell_in_the_hole_of_another_neighbours_it() {
        let ring = geo::Rect::new((-1.0, -1.0), (2.0, 2.0)).to_polygon().exterior().clone();
        let holed = MultiPolygon::new(vec![geo::Polygon::new(ring, vec![square(0.0, 0.0).0[0].exterior().clone()])]);
        assert_eq!(rook(&[holed, square(0.0, 0.0)]).links(), 2);
    }
}
