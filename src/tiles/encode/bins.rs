//! Counting the rows of a tile into 64 × 64 bins. A row counts in one bin of one tile, so that the tiles of a zoom add up.

use super::Question;
use super::points::Choice;
use crate::mvt::{BINS, Bins, LayerWriter};
use crate::read_model::{Attributes, Points, Within};

/// Writes each bin that holds chosen rows: `count`, and their weights under `weight_name`. Bins come in the order of the
/// rows.
pub(super) fn write<A: Attributes>(points: &Points<A>, q: &Question<'_>, choice: &Choice<'_, A>, layer: &mut LayerWriter, weight_name: Option<&str>) {
    let count = layer.key("count");
    let weight = weight_name.map(|name| layer.key(name));
    let z = q.tile.z();
    let shift = 26 - u32::from(z);
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
    points.each_under(q.tile, |block, under| {
        let within = choice.within(block);
        if within == Within::None {
            return;
        }
        let whole = within == Within::All && choice.passes.is_none();
        block.each_bin(under, z, |stretch| {
            let i = stretch.start;
            let here = ((block.ys[i] >> shift) as usize % BINS) * BINS + (block.xs[i] >> shift) as usize % BINS;
            if here != bin {
                put(bin, rows, weights);
                (bin, rows, weights) = (here, 0, 0);
            }
            if whole {
                rows += stretch.len() as u64;
                weights += u64::from(block.weight(stretch));
            } else {
                for i in stretch.filter(|&i| choice.keeps(&within, block, i)) {
                    rows += 1;
                    weights += u64::from(block.weight(i..i + 1));
                }
            }
        });
    });
    put(bin, rows, weights);
}
