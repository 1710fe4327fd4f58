//! Counting positions into the bins of a tile: 64 × 64, each 64 tile units wide, its point at the centre.
//!
//! A centre is always inside [0, 4096) and a position falls into one bin of one tile, so that the counts of all tiles
//! of a zoom add up to the positions, exactly.

use super::{LayerWriter, TileId, World};

/// Bins along one side of a tile.
pub const BINS: usize = 64;

/// The counts of one tile, row by row from the north-west.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bins {
    counts: Vec<u32>,
}

impl Default for Bins {
    fn default() -> Self {
        Self { counts: vec![0; BINS * BINS] }
    }
}

/// The tile at zoom `z` and the bin in it (row × 64 + column) where a position counts.
pub fn bin_of(z: u8, at: World) -> (TileId, u16) {
    let tile = TileId::holding(z, at);
    let [x, y] = tile.place(at);
    (tile, (y as u16 / 64) * BINS as u16 + x as u16 / 64)
}

impl Bins {
    /// Counts a position that lies in `tile`; one outside is another tile's and left alone.
    pub fn add(&mut self, tile: TileId, at: World) {
        let [x, y] = tile.place(at);
        if (0..super::EXTENT).contains(&x) && (0..super::EXTENT).contains(&y) {
            self.counts[(y as usize / 64) * BINS + x as usize / 64] += 1;
        }
    }

    /// Changes one bin by `by`; a count does not go below 0.
    pub fn change(&mut self, bin: u16, by: i32) {
        let count = &mut self.counts[usize::from(bin)];
        *count = count.saturating_add_signed(by);
    }

    /// The counts, row by row.
    pub fn counts(&self) -> &[u32] {
        &self.counts
    }

    /// The sum of all counts.
    pub fn total(&self) -> u64 {
        self.counts.iter().map(|&n| u64::from(n)).sum()
    }

    /// Where the point of a bin stands in the tile, in tile units.
    pub fn centre(bin: u16) -> [i32; 2] {
        [i32::from(bin) % 64 * 64 + 32, i32::from(bin) / 64 * 64 + 32]
    }

    /// Writes each bin that counts anything as a point at its centre with its count under `key`.
    pub fn write(&self, layer: &mut LayerWriter, key: u32) {
        for (bin, &count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let value = layer.uint(u64::from(count));
            layer.point(None, Self::centre(bin as u16), &[key, value]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_position_counts_in_the_bin_whose_square_holds_it() {
        let at = World { x: (5 << 20) + 64 * 256, y: (7 << 20) - 1 };
        let (tile, bin) = bin_of(12, at);
        assert_eq!((tile, bin), (TileId::new(12, 5, 6).expect("inside"), 63 * 64 + 1));
        assert_eq!(Bins::centre(bin), [96, 4064]);
        let mut bins = Bins::default();
        bins.add(tile, at);
        bins.add(tile, World { x: at.x, y: at.y + 1 });
        assert_eq!((bins.total(), bins.counts()[usize::from(bin)]), (1, 1));
    }

    proptest! {
        #[test]
        fn the_tiles_of_a_zoom_add_up_to_all_positions(z in 0_u8..=22, rows in prop::collection::vec(any::<(u32, u32)>(), 0..300)) {
            let mut tiles: BTreeMap<TileId, Bins> = BTreeMap::new();
            for &(x, y) in &rows {
                let (tile, bin) = bin_of(z, World { x, y });
                tiles.entry(tile).or_default().change(bin, 1);
            }
            prop_assert_eq!(tiles.values().map(Bins::total).sum::<u64>(), rows.len() as u64);
            for (tile, bins) in tiles {
                let mut again = Bins::default();
                for &(x, y) in &rows {
                    again.add(tile, World { x, y });
                }
                prop_assert_eq!(bins, again);
            }
        }
    }
}
