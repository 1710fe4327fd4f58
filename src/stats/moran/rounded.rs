//! Local Moran's I rounded the way esda rounds it, to the last bit.
//!
//! Counts have many ties: a permuted neighbourhood often holds the very numbers of the real one in another order. Whether
//! esda counts it as "as great" is then decided by rounding, cell by cell and always the same way, and p may be off by
//! the whole weight of the ties (0.0000 instead of 0.0053 in one of the reference cases). To give its p, its sums are
//! taken in its order: pairwise for means (numpy), by lanes of four with fused products for a permuted neighbourhood
//! (OpenBLAS), one after the other for the real one (scipy). `p_two_sided` counts every tie and knows none of this.

use super::super::{Shuffles, StatsError, Weights};

/// Standardised values, with what one permuted sum is multiplied by.
pub(super) struct Rounded {
    z: Vec<f64>,
    scale: f64,
    sum2: f64,
}

impl Rounded {
    pub(super) fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = pairwise(values) / n;
        let centred: Vec<f64> = values.iter().map(|x| x - mean).collect();
        let squares: Vec<f64> = centred.iter().map(|x| x * x).collect();
        let deviation = (pairwise(&squares) / n).sqrt();
        let z: Vec<f64> = centred.iter().map(|x| x / deviation).collect();
        let sum2 = pairwise(&z.iter().map(|z| z * z).collect::<Vec<f64>>());
        Self { z, scale: (n - 1.0) / sum2, sum2 }
    }

    /// How many permutations have an index as great as the cell's own, as esda counts them; `None` for islands.
    pub(super) fn larger(&self, weights: &Weights, shuffles: &Shuffles) -> Result<Vec<Option<u32>>, StatsError> {
        let own: Vec<f64> = weights.rows().enumerate().map(|(i, row)| self.index(i, row)).collect();
        let factor: Vec<f64> = self.z.iter().map(|z| z * self.scale).collect();
        // factor · lag rises or falls with the lag, rounded too: sorted lags part into those that reach and those that do not.
        let reaches = |i: usize, lag: f64| factor[i] * lag >= own[i];
        shuffles.reaching(&self.z, weights, lag, reaches, |i| factor[i] >= 0.0)
    }

    /// Whether the cell and its neighbours are above the mean; a neighbourhood at the very mean falls as rounding has it.
    pub(super) fn signs(&self, i: usize, row: &[u32]) -> (bool, bool) {
        (self.z[i] > 0.0, self.lag(row) > 0.0)
    }

    fn index(&self, i: usize, row: &[u32]) -> f64 {
        (self.z.len() as f64 - 1.0) * self.z[i] * self.lag(row) / self.sum2
    }

    /// The mean of the neighbours; 0 for an island.
    fn lag(&self, row: &[u32]) -> f64 {
        let w = 1.0 / row.len() as f64;
        row.iter().fold(0.0, |sum, &j| sum + w * self.z[j as usize])
    }
}

/// The mean of a permuted neighbourhood.
fn lag(values: &[f64]) -> f64 {
    let w = 1.0 / values.len() as f64;
    let blocks = values.chunks_exact(4);
    let rest = blocks.remainder();
    let mut lanes = [0.0_f64; 4];
    for block in blocks {
        for (lane, value) in lanes.iter_mut().zip(block) {
            *lane = value.mul_add(w, *lane);
        }
    }
    let sum = (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]);
    match *rest {
        [a] => a.mul_add(w, sum),
        [a, b] => sum + a.mul_add(w, b * w),
        [a, b, c] => sum + c.mul_add(w, a.mul_add(w, b * w)),
        _ => sum,
    }
}

/// The sum of numbers in the order of numpy: eight lanes up to 128, halves beyond.
fn pairwise(values: &[f64]) -> f64 {
    let n = values.len();
    if n < 8 {
        return values.iter().fold(-0.0, |sum, v| sum + v);
    }
    if n > 128 {
        let half = n / 2 - (n / 2) % 8;
        return pairwise(&values[..half]) + pairwise(&values[half..]);
    }
    let mut lanes = [0.0; 8];
    let blocks = values.chunks_exact(8);
    let rest = blocks.remainder();
    for (n, block) in blocks.enumerate() {
        for (lane, value) in lanes.iter_mut().zip(block) {
            *lane = if n == 0 { *value } else { *lane + value };
        }
    }
    let sum = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
    rest.iter().fold(sum, |sum, v| sum + v)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_in_any_order_are_sums() {
        let values: Vec<f64> = (0..1000).map(|i| f64::from(i % 17) * 0.1).collect();
        for n in [0, 1, 7, 8, 9, 127, 128, 129, 1000] {
            let plain: f64 = values[..n].iter().sum();
            assert!((pairwise(&values[..n]) - plain).abs() < 1e-9, "{n}");
            if n > 0 {
                assert!((lag(&values[..n]) - plain / n as f64).abs() < 1e-12, "{n}");
            }
        }
    }

    #[test]
    fn the_last_bit_is_that_of_numpy() {
        // numpy 2.4.6 with its OpenBLAS: np.add.reduce(x), and [x] @ np.full(k, 1/k), for x = (i % 5) · 0.1.
        let x: Vec<f64> = (0..300).map(|i| f64::from(i % 5) * 0.1).collect();
        let sums: Vec<u64> = [5, 13, 200, 300].iter().map(|&n| pairwise(&x[..n]).to_bits()).collect();
        let lags: Vec<u64> = [3, 5, 6, 7, 8].iter().map(|&k| lag(&x[1..=k]).to_bits()).collect();
        assert_eq!((sums, lags), (SUMS.to_vec(), LAGS.to_vec()));
    }

    const SUMS: [u64; 4] = [0x3ff0_0000_0000_0000, 0x4002_6666_6666_6667, 0x4044_0000_0000_0001, 0x404e_0000_0000_0000];
    const LAGS: [u64; 5] = [0x3fc9_9999_9999_999a, 0x3fc9_9999_9999_999b, 0x3fc7_7777_7777_7778, 0x3fc7_c57c_57c5_7c58, 0x3fc9_9999_9999_999a];
}
