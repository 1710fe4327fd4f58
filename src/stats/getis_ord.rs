//! Where high or low values gather: Getis–Ord Gi*.

use super::distribution::{normal_two_sided, normal_upper};
use super::error::{all_finite, same_length};
use super::{Shuffles, StatsError, Weights};

/// Gi* of one cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GiStar {
    /// Sum of the values of the cell and its neighbours, in the unit of the values.
    pub local_sum: f64,
    /// That sum as a share of all values; `None` when these add up to 0.
    pub g: Option<f64>,
    /// Standard score, positive is hot; `None` when all values are equal or every cell neighbours this one.
    pub z: Option<f64>,
    /// p of a score as far from 0 on either side, by the normal distribution.
    pub p_two_sided: Option<f64>,
}

impl GiStar {
    /// p of a score as far from 0 on the same side, which is what esda reports.
    pub fn p_one_sided(&self) -> Option<f64> {
        self.z.map(|z| normal_upper(z.abs()))
    }

    /// −3 … 3: the sign of the score, and 3 below p 0.01, 2 below 0.05, 1 below 0.10, else 0 (the bins of ArcGIS).
    pub fn bin(&self) -> Option<i8> {
        let (z, p) = (self.z?, self.p_two_sided?);
        let depth = if p < 0.01 {
            3
        } else if p < 0.05 {
            2
        } else {
            i8::from(p < 0.10)
        };
        Some(if z < 0.0 { -depth } else { depth })
    }
}

/// How strongly high or low values gather around each cell (Getis–Ord Gi*), with p by the normal distribution.
///
/// Gi* = (Σⱼ wᵢⱼxⱼ − x̄ Wᵢ) / (s √[(n Wᵢ − Wᵢ²) / (n − 1)]), w = 1 for the cell and its neighbours   — Ord & Getis 1995
///
/// * `values` – one per cell, any unit; a rate rather than a count when cells differ in size
/// * `weights` – neighbours without the cell itself, which is added
///
/// Returns cells in the order of `values`; scores have no unit. An island keeps its own value. All values equal: `None`.
/// A missing value is not a zero: drop the cell first. For maps that people act on take [`hot_spots`](super::hot_spots):
/// the normal p finds clusters in 10–32 % of maps that have none when counts are small.
/// O(links).
///
/// ```
/// use maplebridge::stats::{Weights, gi_star};
/// let row = Weights::from_lists(&[vec![1], vec![0, 2], vec![1, 3], vec![2]])?;
/// let scores = gi_star(&[9.0, 8.0, 1.0, 2.0], &row)?;
/// assert!(scores[0].z > Some(1.5) && scores[3].z < Some(-1.5));
/// # Ok::<(), maplebridge::stats::StatsError>(())
/// ```
pub fn gi_star(values: &[f64], weights: &Weights) -> Result<Vec<GiStar>, StatsError> {
    same_length("weights", weights.len(), values.len())?;
    all_finite("value", values)?;
    let n = values.len() as f64;
    let total: f64 = values.iter().sum();
    let mean = total / n;
    let s = (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
    // Rounding leaves a breath of variance in equal values.
    let varied = values.iter().any(|x| x.total_cmp(&values[0]).is_ne()) && s > 0.0;
    let one = |(i, row): (usize, &[u32])| {
        let local_sum: f64 = values[i] + row.iter().map(|&j| values[j as usize]).sum::<f64>();
        let w = (row.len() + 1) as f64;
        let room = (n * w - w * w) / (n - 1.0);
        let z = (varied && room > 0.0).then(|| (local_sum - mean * w) / (s * room.sqrt())).filter(|z| z.is_finite());
        let g = Some(local_sum / total).filter(|g| g.is_finite());
        GiStar { local_sum, g, z, p_two_sided: z.map(normal_two_sided) }
    };
    Ok(weights.rows().enumerate().map(one).collect())
}

/// p of Gi* by conditional permutations, two-sided, in the order of `values`; `None` without neighbours.
///
/// * `shuffles` – drawn for these cells, see [`Shuffles::of`]
///
/// The cell keeps its value, so that p speaks of its neighbours. The same seed gives the same p.
pub fn gi_star_permuted(values: &[f64], weights: &Weights, shuffles: &Shuffles) -> Result<Vec<Option<f64>>, StatsError> {
    same_length("weights", weights.len(), values.len())?;
    all_finite("value", values)?;
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let centred: Vec<f64> = values.iter().map(|x| x - mean).collect();
    Ok(shuffles.tails(&centred, weights)?.into_iter().map(|tails| tails.map(super::Tails::two_sided_p)).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ring(n: usize) -> Weights {
        Weights::from_lists(&(0..n).map(|i| vec![(i + 1) % n, (i + n - 1) % n]).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn four_cells_in_a_row_are_as_computed_by_hand() {
        // x̄ 5, s² 12.5; W 2 at the ends: (17 − 10) / √(12.5 · (4·2 − 4)/3); W 3 within: (18 − 15) / √(12.5 · (4·3 − 9)/3).
        let row = Weights::from_lists(&[vec![1], vec![0, 2], vec![1, 3], vec![2]]).unwrap();
        let got = gi_star(&[9.0, 8.0, 1.0, 2.0], &row).unwrap();
        let want = [7.0 / (50.0_f64 / 3.0).sqrt(), 3.0 / 12.5_f64.sqrt(), -4.0 / 12.5_f64.sqrt(), -7.0 / (50.0_f64 / 3.0).sqrt()];
        for (got, want) in got.iter().zip(want) {
            assert!((got.z.unwrap() - want).abs() < 1e-14, "{got:?} {want}");
        }
    }

    #[test]
    fn nothing_is_said_where_nothing_varies() {
        for got in gi_star(&[0.1; 7], &ring(7)).unwrap() {
            assert_eq!((got.z, got.p_two_sided, got.bin()), (None, None, None));
        }
        assert_eq!(gi_star(&[0.0; 3], &ring(3)).unwrap()[0].g, None);
        assert_eq!(gi_star(&[3.0], &Weights::from_lists(&[vec![]]).unwrap()).unwrap()[0].z, None);
        assert_eq!(gi_star(&[], &Weights::from_lists::<Vec<usize>>(&[]).unwrap()), Ok(vec![]));
        assert!(gi_star(&[1.0, f64::NAN, 2.0], &ring(3)).is_err());
    }

    proptest! {
        #[test]
        fn shifting_and_stretching_the_values_changes_no_score(
            values in prop::collection::vec(0.0..50.0_f64, 3..30), shift in -1e3..1e3_f64, scale in 0.01..100.0_f64,
        ) {
            let moved: Vec<f64> = values.iter().map(|x| shift + scale * x).collect();
            let (before, after) = (gi_star(&values, &ring(values.len())).unwrap(), gi_star(&moved, &ring(values.len())).unwrap());
            for (a, b) in before.iter().zip(&after) {
                prop_assert_eq!(a.z.is_some(), b.z.is_some());
                prop_assert!((a.z.unwrap_or(0.0) - b.z.unwrap_or(0.0)).abs() < 1e-6);
            }
        }

        #[test]
        fn naming_the_cells_in_another_order_moves_the_scores_along(values in prop::collection::vec(0..9_u8, 4..30), turn in 0..30_usize) {
            let n = values.len();
            let turn = turn % n;
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let mut turned = values.clone();
            turned.rotate_left(turn);
            let mut after: Vec<Option<f64>> = gi_star(&turned, &ring(n)).unwrap().iter().map(|g| g.z).collect();
            after.rotate_right(turn);
            for (a, b) in gi_star(&values, &ring(n)).unwrap().iter().zip(after) {
                prop_assert!((a.z.unwrap_or(0.0) - b.unwrap_or(0.0)).abs() < 1e-9);
            }
        }

        #[test]
        fn permuted_p_ignores_shift_and_scale_too(values in prop::collection::vec(0..9_u8, 4..30), seed in 0..9_u64) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let moved: Vec<f64> = values.iter().map(|x| 7.0 + 3.0 * x).collect();
            let weights = ring(values.len());
            let shuffles = Shuffles::of(&weights, 99, seed).unwrap();
            prop_assert_eq!(gi_star_permuted(&values, &weights, &shuffles), gi_star_permuted(&moved, &weights, &shuffles));
        }
    }
}
