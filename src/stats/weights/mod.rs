//! Who neighbours whom: binary lists, made by contiguity, by distance or by nearness.
//!
//! | way | for |
//! |---|---|
//! | [`queen`], [`rook`] | clean layers: an identical corner, an identical edge (what libpysal does) |
//! | [`queen_snapped`], [`rook_snapped`] | drawn layers: within a tolerance in metres |
//! | [`intersecting`], [`sharing_a_line`] | the exact predicates of GEOS, corners or not |
//! | [`distance_band`], [`nearest`] | points |
//!
//! Use the snapped ones for real layers: matching corners misses a third of the links where borders were drawn twice.

mod contiguity;
mod distance;
mod edges;
mod predicates;
mod snapped;

pub use contiguity::{queen, rook};
pub(super) use distance::nearest_in_order;
pub use distance::{distance_band, nearest};
pub use predicates::{SharedLine, intersecting, shared_lines, sharing_a_line};
pub use snapped::{queen_snapped, rook_snapped};

use super::StatsError;

/// Neighbours of each cell, ascending, without the cell itself and without repetition.
///
/// Rows need not mirror each other (of the nearest neighbours they do not).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weights {
    starts: Vec<u32>,
    links: Vec<u32>,
}

impl Weights {
    /// From one list of neighbours for each cell. The cell itself and repetitions are dropped.
    ///
    /// A neighbour that is no cell: `OutOfRange`.
    pub fn from_lists<L: AsRef<[usize]>>(lists: &[L]) -> Result<Self, StatsError> {
        let mut starts = vec![0];
        let mut links: Vec<u32> = Vec::new();
        for (i, list) in lists.iter().enumerate() {
            let mut row = Vec::with_capacity(list.as_ref().len());
            for &j in list.as_ref() {
                if j >= lists.len() {
                    return Err(StatsError::OutOfRange { what: "neighbour", value: j as f64, must: "the position of a cell" });
                }
                if j != i {
                    row.push(j as u32);
                }
            }
            row.sort_unstable();
            row.dedup();
            links.extend(row);
            starts.push(links.len() as u32);
        }
        Ok(Self { starts, links })
    }

    /// From pairs of neighbours, in any order and repeated as they come; both directions are linked. O(pairs).
    pub(super) fn from_pairs(cells: usize, pairs: &[(u32, u32)]) -> Self {
        let mut starts = vec![0_u32; cells + 1];
        for &(a, b) in pairs {
            starts[a as usize + 1] += 1;
            starts[b as usize + 1] += 1;
        }
        for i in 0..cells {
            starts[i + 1] += starts[i];
        }
        let mut next = starts.clone();
        let mut links = vec![0_u32; pairs.len() * 2];
        for &(a, b) in pairs {
            for (from, to) in [(a, b), (b, a)] {
                links[next[from as usize] as usize] = to;
                next[from as usize] += 1;
            }
        }
        let mut kept = 0;
        let mut first = 0;
        for i in 0..cells {
            let last = starts[i + 1] as usize;
            links[first..last].sort_unstable();
            let begin = kept;
            for at in first..last {
                if links[at] as usize != i && (kept == begin || links[kept - 1] != links[at]) {
                    links[kept] = links[at];
                    kept += 1;
                }
            }
            first = last;
            starts[i + 1] = kept as u32;
        }
        links.truncate(kept);
        Self { starts, links }
    }

    /// The number of cells.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Whether there are no cells.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The neighbours of a cell, ascending.
    pub fn of(&self, cell: usize) -> &[u32] {
        &self.links[self.starts[cell] as usize..self.starts[cell + 1] as usize]
    }

    /// Lists of neighbours in the order of the cells.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[u32]> + use<'_> {
        self.starts.windows(2).map(|w| &self.links[w[0] as usize..w[1] as usize])
    }

    /// How many neighbours the cell has that has most.
    pub fn widest(&self) -> usize {
        self.rows().map(<[u32]>::len).max().unwrap_or(0)
    }

    /// The number of links, each direction counted.
    pub fn links(&self) -> usize {
        self.links.len()
    }

    /// Cells without neighbours.
    pub fn islands(&self) -> Vec<usize> {
        self.rows().enumerate().filter(|(_, row)| row.is_empty()).map(|(i, _)| i).collect()
    }

    /// The same neighbourhoods among a part of the cells, given ascending; links to the others are dropped.
    #[must_use]
    pub fn among(&self, cells: &[usize]) -> Self {
        let mut place = vec![u32::MAX; self.len()];
        for (new, &old) in cells.iter().enumerate() {
            place[old] = new as u32;
        }
        let mut starts = vec![0];
        let mut links = Vec::new();
        for &old in cells {
            links.extend(self.of(old).iter().map(|&j| place[j as usize]).filter(|&j| j != u32::MAX));
            starts.push(links.len() as u32);
        }
        Self { starts, links }
    }

    /// The sum of a value over the neighbours of each cell, the cell itself left out, in the order of the list.
    pub(super) fn sums(&self, values: &[f64]) -> Vec<f64> {
        self.rows().map(|row| row.iter().map(|&j| values[j as usize]).sum()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_lose_themselves_and_their_repetitions() {
        let weights = Weights::from_lists(&[vec![1, 0, 1], vec![0], vec![]]).unwrap();
        assert_eq!(weights.rows().collect::<Vec<_>>(), [&[1][..], &[0], &[]]);
        assert_eq!((weights.islands(), weights.links(), weights.widest()), (vec![2], 2, 1));
        assert!(Weights::from_lists(&[vec![1]]).is_err());
    }

    #[test]
    fn pairs_are_linked_both_ways_once() {
        let weights = Weights::from_pairs(4, &[(2, 0), (0, 2), (1, 2), (3, 3)]);
        assert_eq!(weights, Weights::from_lists(&[vec![2], vec![2], vec![0, 1], vec![]]).unwrap());
    }

    #[test]
    fn a_part_keeps_the_links_within_it() {
        let weights = Weights::from_lists(&[vec![1, 2], vec![0, 2], vec![0, 1, 3], vec![2]]).unwrap();
        assert_eq!(weights.among(&[0, 2, 3]), Weights::from_lists(&[vec![1], vec![0, 2], vec![1]]).unwrap());
    }
}
