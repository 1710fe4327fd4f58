//! Counting the rows of a tile into 64 × 64 bins. A row counts in one bin of one tile, so that the tiles of a zoom add up.

use crate::mvt::{BINS, Bins, LayerWriter, TileId};
use crate::read_model::{Attributes, Block, Points};

/// Writes each bin that holds rows which `keeps` lets through: `count`, and their weights under `weight_name`. Where
/// `keeps_all` says so of a block, its rows are not looked at one by one. Bins come in the order of the rows.
pub(super) fn write<A: Attributes>(
    points: &Points<A>,
    tile: TileId,
    layer: &mut LayerWriter,
    weight_name: Option<&str>,
    keeps_all: impl Fn(&Block<A>) -> bool,
    keeps: impl Fn(&Block<A>, usize) -> bool,
) {
    let count = layer.key("count");
    let weight = weight_name.map(|name| layer.key(name));
    let shift = 26 - u32::from(tile.z());
    let mut put = |bin: usize, rows: u64, weights: u64| {
        if rows == 0 {
            return;
        }
        let rows = layer.uint(rows);
        let centre = Bins::centre(bin as u16);
        match weight {
            Some(weight) => {
                let weights = layer.uint(weights);
                layer.point(None, centre, &[count, rows, weight, weights]);
            }
            None => layer.point(None, centre, &[count, rows]),
        }
    };
    let (mut bin, mut rows, mut weights) = (0, 0, 0);
    points.each_in_bin(tile, |block, stretch| {
        let i = stretch.start;
        let here = ((block.ys[i] >> shift) as usize % BINS) * BINS + (block.xs[i] >> shift) as usize % BINS;
        if here != bin {
            put(bin, rows, weights);
            (bin, rows, weights) = (here, 0, 0);
        }
        if keeps_all(block) {
            rows += stretch.len() as u64;
            weights += u64::from(block.weight(stretch));
        } else {
            for i in stretch.filter(|&i| keeps(block, i)) {
                rows += 1;
                weights += u64::from(block.weight(i..i + 1));
            }
        }
    });
    put(bin, rows, weights);
}
