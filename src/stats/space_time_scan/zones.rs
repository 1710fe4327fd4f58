//! Zones, and the sums over them: a zone that is another and one cell more costs one addition.

use geo::Coord;
use rustc_hash::FxHashMap;

use super::super::StatsError;
use super::super::weights::nearest_in_order;

/// Each cell alone, with its nearest, its two nearest, … to `most` cells; sets that came before are left out.
///
/// * `points` – one in each cell, on a plane, metres
///
/// Cells of a zone ascend; of equally near ones those come first that are first in the list. O(points · most · log).
pub fn nearest_zones(points: &[Coord], most: usize) -> Result<Vec<Vec<usize>>, StatsError> {
    if most == 0 {
        return Ok(Vec::new());
    }
    let near = if most == 1 { vec![Vec::new(); points.len()] } else { nearest_in_order(points, most - 1)? };
    let mut seen = std::collections::HashSet::new();
    let mut zones = Vec::new();
    for (i, others) in near.iter().enumerate() {
        for count in 0..=others.len() {
            let mut zone: Vec<usize> = std::iter::once(i).chain(others[..count].iter().copied()).collect();
            zone.sort_unstable();
            if seen.insert(zone.clone()) {
                zones.push(zone);
            }
        }
    }
    Ok(zones)
}

/// A set of cells as another set and one cell.
pub(super) struct Step {
    /// Position of the other set among the steps; `None`: the empty set.
    pub(super) from: Option<u32>,
    /// The cell that is added.
    pub(super) cell: u32,
}

/// An order of sums that makes all zones; sets on the way that are no zones stand among them.
pub(super) struct Chains {
    pub(super) steps: Vec<Step>,
    /// The step that makes each zone; `None` for an empty zone.
    step_of: Vec<Option<u32>>,
}

impl Chains {
    pub(super) fn of(zones: &[Vec<usize>]) -> Self {
        let mut chains = Self { steps: Vec::with_capacity(zones.len()), step_of: Vec::with_capacity(zones.len()) };
        let mut known: FxHashMap<(u64, usize), u32> = FxHashMap::default();
        for zone in zones {
            let mut cells = zone.clone();
            cells.sort_unstable();
            cells.dedup();
            let key = (cells.iter().fold(0, |all, &cell| all ^ mark(cell)), cells.len());
            let step = known.get(&key).copied().or_else(|| chains.add(&cells, key, &mut known));
            chains.step_of.push(step);
        }
        chains
    }

    /// Adds a set: from one that lacks a single cell of it, or else cell by cell.
    fn add(&mut self, cells: &[usize], key: (u64, usize), known: &mut FxHashMap<(u64, usize), u32>) -> Option<u32> {
        let shorter = |&cell: &usize| known.get(&(key.0 ^ mark(cell), key.1 - 1)).map(|&from| (from, cell));
        if let Some((from, cell)) = cells.iter().rev().find_map(shorter) {
            return Some(self.push(Some(from), cell, key, known));
        }
        let mut last = None;
        let mut part = (0, 0);
        for &cell in cells {
            part = (part.0 ^ mark(cell), part.1 + 1);
            last = Some(known.get(&part).copied().unwrap_or_else(|| self.push(last, cell, part, known)));
        }
        last
    }

    fn push(&mut self, from: Option<u32>, cell: usize, key: (u64, usize), known: &mut FxHashMap<(u64, usize), u32>) -> u32 {
        let at = self.steps.len() as u32;
        self.steps.push(Step { from, cell: cell as u32 });
        known.insert(key, at);
        at
    }

    /// The sums of each zone over each window, from those of each cell.
    pub(super) fn sums(&self, of_cells: &[f64], windows: usize) -> Vec<f64> {
        let mut steps = vec![0.0; self.steps.len() * windows];
        for (at, step) in self.steps.iter().enumerate() {
            let (before, rest) = steps.split_at_mut(at * windows);
            let cell = &of_cells[step.cell as usize * windows..][..windows];
            match step.from {
                None => rest[..windows].copy_from_slice(cell),
                Some(from) => {
                    for ((sum, a), b) in rest.iter_mut().zip(&before[from as usize * windows..][..windows]).zip(cell) {
                        *sum = a + b;
                    }
                }
            }
        }
        self.step_of
            .iter()
            .flat_map(|step| {
                let range = step.map_or(0..0, |s| s as usize * windows..(s as usize + 1) * windows);
                let missing = windows - range.len();
                steps[range].iter().copied().chain(std::iter::repeat_n(0.0, missing))
            })
            .collect()
    }

    /// For each step and window what belongs to the zone it makes; `other` where it makes none.
    pub(super) fn by_step<T: Copy>(&self, of_zones: &[T], windows: usize, other: T) -> Vec<T> {
        let mut found = vec![other; self.steps.len() * windows];
        for (zone, step) in self.step_of.iter().enumerate() {
            if let Some(step) = step {
                found[*step as usize * windows..][..windows].copy_from_slice(&of_zones[zone * windows..][..windows]);
            }
        }
        found
    }
}

/// A number for a cell; those of a set are added without carry, so that their order does not matter.
fn mark(cell: usize) -> u64 {
    let mut z = (cell as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn zones_nest_and_come_once() {
        let points: Vec<Coord> = [0.0, 1.0, 3.0].iter().map(|&x| Coord { x, y: 0.0 }).collect();
        let zones = nearest_zones(&points, 3).unwrap();
        assert_eq!(zones, [vec![0], vec![0, 1], vec![0, 1, 2], vec![1], vec![2], vec![1, 2]]);
        assert_eq!(nearest_zones(&points, 1).unwrap(), [[0], [1], [2]]);
        assert_eq!(Chains::of(&zones).steps.len(), 6);
    }

    proptest! {
        #[test]
        fn chained_sums_are_sums(
            zones in prop::collection::vec(prop::collection::vec(0..12_usize, 0..9), 0..20), values in prop::collection::vec(0..50_i32, 24),
        ) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let got = Chains::of(&zones).sums(&values, 2);
            for (n, zone) in zones.iter().enumerate() {
                let mut zone = zone.clone();
                zone.sort_unstable();
                zone.dedup();
                for w in 0..2 {
                    let plain: f64 = zone.iter().map(|c| values[c * 2 + w]).sum();
                    prop_assert!((got[n * 2 + w] - plain).abs() < 1e-9);
                }
            }
        }
    }
}
