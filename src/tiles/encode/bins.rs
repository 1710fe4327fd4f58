//! Counting the rows of a tile into 64 × 64 bins. A row counts in one bin of one tile, so that the tiles of a zoom add up.

use crate::mvt::{BINS, Bins, LayerWriter, TileId};
use crate::read_model::{Attributes, Block, Points};

/// Rows and their weights by bin.
pub(super) struct Counted {
    rows: Vec<u32>,
    weights: Vec<u64>,
}

/// Counts the rows that `keeps` lets through; where `keeps_all` says so of a block that lies in one bin, it is added as a
/// whole.
pub(super) fn count<A: Attributes>(
    points: &Points<A>,
    tile: TileId,
    keeps_all: impl Fn(&Block<A>) -> bool,
    keeps: impl Fn(&Block<A>, usize) -> bool,
) -> Counted {
    let mut counted = Counted { rows: vec![0; BINS * BINS], weights: vec![0; BINS * BINS] };
    let shift = 26 - u32::from(tile.z());
    let bin_of = |block: &Block<A>, i: usize| ((block.ys[i] >> shift) as usize % BINS) * BINS + (block.xs[i] >> shift) as usize % BINS;
    points.each_stretch(tile, |block, rows, whole| {
        if whole && keeps_all(block) {
            let bin = bin_of(block, 0);
            counted.rows[bin] += block.len() as u32;
            counted.weights[bin] += block.weight;
            return;
        }
        for i in rows {
            if keeps(block, i) {
                let bin = bin_of(block, i);
                counted.rows[bin] += 1;
                counted.weights[bin] += u64::from(block.attributes[i].weight());
            }
        }
    });
    counted
}

/// Writes each bin that holds anything: `count`, and the weights under their own name.
pub(super) fn write(counted: &Counted, layer: &mut LayerWriter, weight_name: Option<&str>) {
    let count = layer.key("count");
    let weight = weight_name.map(|name| layer.key(name));
    for (bin, &rows) in counted.rows.iter().enumerate().filter(|(_, rows)| **rows > 0) {
        let rows = layer.uint(u64::from(rows));
        let centre = Bins::centre(bin as u16);
        match weight {
            Some(weight) => {
                let weights = layer.uint(counted.weights[bin]);
                layer.point(None, centre, &[count, rows, weight, weights]);
            }
            None => layer.point(None, centre, &[count, rows]),
        }
    }
}
