//! Local Moran's I (Anselin 1995).

use super::super::error::{all_finite, same_length};
use super::super::{Shuffles, StatsError, Tails, Weights};
use super::rounded::Rounded;

/// Which of the four kinds of neighbourhood a cell has; numbered as esda does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quadrant {
    /// High among high.
    HighHigh = 1,
    /// Low among high.
    LowHigh = 2,
    /// Low among low.
    LowLow = 3,
    /// High among low.
    HighLow = 4,
}

/// Local Moran's I of one cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LocalMoran {
    /// The index, without unit; 0 for an island, `None` when all values are equal.
    pub i: Option<f64>,
    /// The kind of neighbourhood; more than the mean is high.
    pub quadrant: Quadrant,
    /// Its mean when the others are permuted and the cell is held (Sokal, Oden & Thomson 1998).
    pub expected: Option<f64>,
    /// Its variance then.
    pub variance: Option<f64>,
    /// (i − expected) / √variance.
    pub z: Option<f64>,
    /// p by conditional permutations, for showing: twice that of the likelier side, ties counted on both.
    /// `None` for an island, and where no permutations were asked for.
    pub p_two_sided: Option<f64>,
    /// p by conditional permutations, **one-sided and folded** as esda reports it: about half of the two-sided one, and
    /// with ties decided by its rounding.
    pub p_folded: Option<f64>,
}

/// How alike each cell and its neighbours are (local Moran's I, rows of weights standardised).
///
/// Iᵢ = (n − 1) zᵢ (1/kᵢ) Σⱼ zⱼ / Σ z², z = x − x̄   — Anselin 1995, with n − 1 as esda has it (spdep divides by n)
///
/// * `values` – one per cell, any unit
/// * `weights` – neighbours without the cell itself
/// * `shuffles` – for p by permutations; the same seed gives the same p for any number of threads
///
/// Returns cells in the order of `values`. A cell at the very mean has I = 0 in every permutation, and by the folding
/// the smallest `p_folded`. O(links), and twice what [`Shuffles::tails`] costs.
pub fn local_moran(values: &[f64], weights: &Weights, shuffles: Option<&Shuffles>) -> Result<Vec<LocalMoran>, StatsError> {
    same_length("weights", weights.len(), values.len())?;
    all_finite("value", values)?;
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let z: Vec<f64> = values.iter().map(|x| x - mean).collect();
    let sum2: f64 = z.iter().map(|z| z * z).sum();
    let m2 = sum2 / n;
    let varied = sum2 > 0.0 && values.iter().any(|x| x.total_cmp(&values[0]).is_ne());
    let rounded = Rounded::of(values);
    let (tails, larger) = match shuffles.filter(|_| varied) {
        Some(shuffles) => (shuffles.tails(&z, weights)?, rounded.larger(weights, shuffles)?),
        None => (vec![None; values.len()], vec![None; values.len()]),
    };
    let permutations = shuffles.map_or(0, Shuffles::permutations) as u32;
    let one = |(at, row): (usize, &[u32])| {
        let k = row.len() as f64;
        let sum: f64 = row.iter().map(|&j| z[j as usize]).sum();
        let lag = if row.is_empty() { 0.0 } else { sum / k };
        let i = varied.then(|| (n - 1.0) * z[at] * lag / sum2);
        let quadrant = match rounded.signs(at, row) {
            (true, true) => Quadrant::HighHigh,
            (false, true) => Quadrant::LowHigh,
            (false, false) => Quadrant::LowLow,
            (true, false) => Quadrant::HighLow,
        };
        let linked = varied && !row.is_empty();
        let own = z[at] * z[at];
        let expected = linked.then(|| -own / ((n - 1.0) * m2));
        let spread = (1.0 / k - 1.0 / (n - 1.0)) * (m2 - own / (n - 1.0));
        let variance = linked.then(|| own / (m2 * m2) * (n / (n - 2.0)) * spread).filter(|v| v.is_finite());
        let score = i.zip(expected).zip(variance).map(|((i, e), v)| (i - e) / v.sqrt()).filter(|z| z.is_finite());
        let p_folded = larger[at].map(|larger| f64::from(larger.min(permutations - larger) + 1) / f64::from(permutations + 1));
        let p_two_sided = tails[at].map(Tails::two_sided_p);
        LocalMoran { i, quadrant, expected, variance, z: score, p_two_sided, p_folded }
    };
    Ok(weights.rows().enumerate().map(one).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row_of_four() -> Weights {
        Weights::from_lists(&[vec![1], vec![0, 2], vec![1, 3], vec![2]]).unwrap()
    }

    #[test]
    fn four_cells_in_a_row_are_as_computed_by_hand() {
        // z 4 3 −4 −3, Σz² 50: I = 3 · 4 · 3 / 50, 3 · 3 · 0 / 50, 3 · −4 · 0 / 50, 3 · −3 · −4 / 50.
        let got = local_moran(&[9.0, 8.0, 1.0, 2.0], &row_of_four(), None).unwrap();
        assert_eq!(got.iter().map(|l| l.i.unwrap()).collect::<Vec<_>>(), [0.72, 0.0, 0.0, 0.72]);
        assert_eq!(got.iter().map(|l| l.quadrant as u8).collect::<Vec<_>>(), [1, 4, 3, 3]);
    }

    #[test]
    fn an_island_has_no_p_and_equal_values_have_no_index() {
        let weights = Weights::from_lists(&[vec![1], vec![0], vec![]]).unwrap();
        let shuffles = Shuffles::of(&weights, 99, 1).unwrap();
        let got = local_moran(&[1.0, 2.0, 6.0], &weights, Some(&shuffles)).unwrap();
        assert_eq!((got[2].i, got[2].z, got[2].p_folded, got[2].p_two_sided), (Some(0.0), None, None, None));
        assert!(got[0].p_folded.is_some() && got[0].p_two_sided.is_some());
        let flat = local_moran(&[0.1; 3], &weights, Some(&shuffles)).unwrap();
        assert_eq!((flat[0].i, flat[0].z, flat[0].p_folded), (None, None, None));
    }

    proptest! {
        #[test]
        fn shift_and_scale_change_neither_index_nor_p(values in prop::collection::vec(0..9_u8, 4), seed in 0..99_u64) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let moved: Vec<f64> = values.iter().map(|x| 5.0 + 2.0 * x).collect();
            let shuffles = Shuffles::of(&row_of_four(), 50, seed).unwrap();
            let before = local_moran(&values, &row_of_four(), Some(&shuffles)).unwrap();
            let after = local_moran(&moved, &row_of_four(), Some(&shuffles)).unwrap();
            for (a, b) in before.iter().zip(&after) {
                prop_assert!((a.i.unwrap_or(0.0) - b.i.unwrap_or(0.0)).abs() < 1e-12);
                prop_assert_eq!(a.p_two_sided, b.p_two_sided);
            }
        }

        #[test]
        fn the_indices_add_up_to_the_global_one(values in prop::collection::vec(0.0..9.0_f64, 4)) {
            use super::super::super::{Transform, global_moran};
            let local = local_moran(&values, &row_of_four(), None).unwrap();
            let global = global_moran(&values, &row_of_four(), Transform::Row).unwrap();
            // Σ Iᵢ = (n − 1) I for rows that add up to 1.
            let sum: f64 = local.iter().filter_map(|l| l.i).sum();
            prop_assert!((sum - 3.0 * global.i.unwrap_or(0.0)).abs() < 1e-9);
        }
    }
}
