//! Weights for a number per 1,000 households: each bin's incidents over the density of households around it.
//!
//! Households are smoothed by the same kernel as the incidents. A bin's denominator does not depend on tile or zoom: it is
//! summed from the bins around it in a fixed order.

use std::collections::BTreeMap;

use super::{Bin, whole_bins};
use crate::mvt::{World, WorldBox};
use crate::tiles::encode::Question;
use crate::tiles::kernel;

/// Households under the kernel below which a rate would be chance: a micro-grid has so many. Fewer count as so many.
const FEWEST_HOUSEHOLDS: f64 = 30.0;
/// Bins along one side of the squares that are summed together.
const SQUARE: u32 = 64;

/// The weight of each bin, to three figures.
pub(super) fn weights(q: &Question<'_>, shift: u32, bins: &[Bin]) -> Vec<f64> {
    let mut squares: BTreeMap<[u32; 2], Vec<usize>> = BTreeMap::new();
    for (i, bin) in bins.iter().enumerate() {
        squares.entry([bin.at[0] / SQUARE, bin.at[1] / SQUARE]).or_default().push(i);
    }
    let height = kernel::height_per_km2(q.filter.bandwidth);
    let fewest_per_km2 = FEWEST_HOUSEHOLDS * height;
    let mut weights = vec![0.0; bins.len()];
    for (square, members) in squares {
        let sums = Sums::of(q, shift, square);
        for i in members {
            let per_km2 = height * sums.at(bins[i].at);
            weights[i] = three_figures(bins[i].amount * 1_000.0 / per_km2.max(fewest_per_km2));
        }
    }
    weights
}

/// Households around each bin of a square, each times what the kernel leaves of it.
struct Sums {
    first: [u32; 2],
    sums: Vec<f64>,
}

impl Sums {
    fn of(q: &Question<'_>, shift: u32, square: [u32; 2]) -> Self {
        let first = [square[0] * SQUARE, square[1] * SQUARE];
        let kernel = falloff(q, shift, first[1]);
        let reach = kernel.len() - 1;
        let side = SQUARE as usize + 2 * reach;
        let counts = households(q, shift, first, reach as u32, side);
        // the Gaussian is a product: first along the rows, then along the columns
        let mut rows = vec![0.0; side * SQUARE as usize];
        for y in 0..side {
            for x in 0..SQUARE as usize {
                let line = &counts[y * side + x..][..=2 * reach];
                rows[y * SQUARE as usize + x] = line.iter().enumerate().map(|(i, n)| n * kernel[i.abs_diff(reach)]).sum();
            }
        }
        let mut sums = vec![0.0; (SQUARE * SQUARE) as usize];
        for y in 0..SQUARE as usize {
            for x in 0..SQUARE as usize {
                let column = (0..=2 * reach).map(|i| rows[(y + i) * SQUARE as usize + x] * kernel[i.abs_diff(reach)]);
                sums[y * SQUARE as usize + x] = column.sum();
            }
        }
        Self { first, sums }
    }

    fn at(&self, at: [u32; 2]) -> f64 {
        self.sums[((at[1] - self.first[1]) * SQUARE + at[0] - self.first[0]) as usize]
    }
}

/// What the kernel leaves of its height at each number of bins, up to its reach, at the latitude of a row of bins.
fn falloff(q: &Question<'_>, shift: u32, row: u32) -> Vec<f64> {
    let bandwidth = q.filter.bandwidth;
    let side_m = kernel::unit_m(kernel::band(row << shift)) * f64::from(1_u32 << shift);
    let reach = (bandwidth.reach_m() / side_m).ceil() as u32;
    (0..=reach).map(|n| (-4.5 * (f64::from(n) * side_m / bandwidth.metres()).powi(2)).exp()).collect()
}

/// Households the reader may see as counts, by bin of the square and of what lies within reach of it.
fn households(q: &Question<'_>, shift: u32, first: [u32; 2], reach: u32, side: usize) -> Vec<f64> {
    let from = first.map(|v| v.saturating_sub(reach) << shift);
    let to = first.map(|v| ((u64::from(v) + u64::from(SQUARE + reach)) << shift).saturating_sub(1).min(u64::from(u32::MAX)) as u32);
    let area = whole_bins(WorldBox { min: World { x: from[0], y: from[1] }, max: World { x: to[0], y: to[1] } }, shift);
    let mut counts = vec![0.0; side * side];
    let place = |v: u32, first: u32| ((v >> shift) + reach - first) as usize;
    q.model.households.each_run(&area, area.scan_zoom(), |block, rows| {
        let within = block.within(&q.reader.map);
        for i in rows {
            if area.holds(block.at(i)) && block.keeps(&within, i) {
                let bin = place(block.ys[i], first[1]) * side + place(block.xs[i], first[0]);
                counts[bin] += f64::from(block.attributes[i].household_count);
            }
        }
    });
    counts
}

fn three_figures(value: f64) -> f64 {
    if value <= 0.0 {
        return 0.0;
    }
    let scale = 10_f64.powi(2 - value.log10().floor() as i32);
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_figures_are_kept() {
        for (value, kept) in [(0.0, 0.0), (1.0, 1.0), (123.4, 123.0), (0.012_345, 0.012_3), (99_960.0, 100_000.0)] {
            assert!((three_figures(value) - kept).abs() < 1e-9, "{value}");
        }
    }
}
