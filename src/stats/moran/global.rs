//! Global Moran's I (Moran 1950; Cliff & Ord 1981).

use super::super::distribution::normal_two_sided;
use super::super::error::{all_finite, same_length};
use super::super::{StatsError, Weights};

/// How a link weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transform {
    /// 1 over the number of the cell's neighbours.
    Row,
    /// 1.
    Binary,
}

/// An index with its variance, score and p under one assumption.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    /// Variance of the index.
    pub variance: f64,
    /// (i − expected) / √variance.
    pub z: f64,
    /// p of a score as far from 0 on either side.
    pub p_two_sided: f64,
}

/// Global Moran's I with its moments.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GlobalMoran {
    /// The index; `None` when all values are equal or no cells are linked.
    pub i: Option<f64>,
    /// −1 / (n − 1).
    pub expected: f64,
    /// When values are drawn from a normal distribution.
    pub normality: Option<Moment>,
    /// When the values at hand are dealt to the cells in any order.
    pub randomisation: Option<Moment>,
}

/// Whether like lies beside like on the whole map (Moran's I).
///
/// I = n/S₀ · Σᵢ Σⱼ wᵢⱼ zᵢ zⱼ / Σ z², z = x − x̄; variances after Cliff & Ord 1981, pp. 42–46
///
/// * `values` – one per cell, any unit
/// * `weights` – neighbours without the cell itself; an island counts in n
///
/// Fewer than 4 cells: `TooFewCells`. O(links · log).
pub fn global_moran(values: &[f64], weights: &Weights, transform: Transform) -> Result<GlobalMoran, StatsError> {
    same_length("weights", weights.len(), values.len())?;
    all_finite("value", values)?;
    if values.len() < 4 {
        return Err(StatsError::TooFewCells { have: values.len(), need: 4 });
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let z: Vec<f64> = values.iter().map(|x| x - mean).collect();
    let sum2: f64 = z.iter().map(|z| z * z).sum();
    let sum4: f64 = z.iter().map(|z| z.powi(4)).sum();
    let varied = sum2 > 0.0 && values.iter().any(|x| x.total_cmp(&values[0]).is_ne());
    let weight = |i: usize| match transform {
        Transform::Row => 1.0 / weights.of(i).len().max(1) as f64,
        Transform::Binary => 1.0,
    };
    let lags: Vec<f64> = weights.sums(&z).iter().enumerate().map(|(i, sum)| weight(i) * sum).collect();
    let cross: f64 = z.iter().zip(&lags).map(|(z, lag)| z * lag).sum();
    let links = Links::of(weights, weight);
    let expected = -1.0 / (n - 1.0);
    let i = (varied && links.s0 > 0.0).then(|| n / links.s0 * cross / sum2);
    let moment = |second: f64| {
        let variance = second - expected * expected;
        let z = (i? - expected) / variance.sqrt();
        z.is_finite().then(|| Moment { variance, z, p_two_sided: normal_two_sided(z) })
    };
    let kurtosis = n * sum4 / (sum2 * sum2);
    Ok(GlobalMoran { i, expected, normality: moment(links.normality(n)), randomisation: moment(links.randomisation(n, kurtosis)) })
}

/// Sums over the weights that the moments are made of.
struct Links {
    /// Σ wᵢⱼ
    s0: f64,
    /// ½ Σ (wᵢⱼ + wⱼᵢ)²
    s1: f64,
    /// Σ (wᵢ. + w.ᵢ)²
    s2: f64,
}

impl Links {
    fn of(weights: &Weights, weight: impl Fn(usize) -> f64) -> Self {
        let (mut s0, mut s1) = (0.0, 0.0);
        let mut both = vec![0.0; weights.len()];
        for (i, row) in weights.rows().enumerate() {
            let w = weight(i);
            for &j in row {
                let j = j as usize;
                s0 += w;
                both[i] += w;
                both[j] += w;
                // A pair linked both ways is met twice, at half each; linked one way only, it counts in both orders.
                s1 += match weights.of(j).binary_search(&(i as u32)) {
                    Ok(_) => 0.5 * (w + weight(j)).powi(2),
                    Err(_) => w * w,
                };
            }
        }
        Self { s0, s1, s2: both.iter().map(|b| b * b).sum() }
    }

    /// Second moment of I about 0 under normality.
    fn normality(&self, n: f64) -> f64 {
        let Self { s0, s1, s2 } = self;
        (n * n * s1 - n * s2 + 3.0 * s0 * s0) / ((n * n - 1.0) * s0 * s0)
    }

    /// Second moment of I about 0 under randomisation.
    fn randomisation(&self, n: f64, kurtosis: f64) -> f64 {
        let Self { s0, s1, s2 } = self;
        let first = n * ((n * n - 3.0 * n + 3.0) * s1 - n * s2 + 3.0 * s0 * s0);
        let second = kurtosis * ((n * n - n) * s1 - 2.0 * n * s2 + 6.0 * s0 * s0);
        (first - second) / ((n - 1.0) * (n - 2.0) * (n - 3.0) * s0 * s0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_cells_in_a_row_have_the_moments_of_all_their_orders() {
        let weights = Weights::from_lists(&[vec![1], vec![0, 2], vec![1, 3], vec![2]]).unwrap();
        for transform in [Transform::Row, Transform::Binary] {
            let got = global_moran(&[9.0, 8.0, 1.0, 2.0], &weights, transform).unwrap();
            let mut all = Vec::new();
            let x = [9.0, 8.0, 1.0, 2.0];
            for order in 0..256_usize {
                let at: Vec<usize> = (0..4).map(|d| (order >> (2 * d)) & 3).collect();
                if (0..4).all(|v| at.contains(&v)) {
                    let values: Vec<f64> = at.iter().map(|&a| x[a]).collect();
                    all.push(global_moran(&values, &weights, transform).unwrap().i.unwrap());
                }
            }
            assert_eq!(all.len(), 24);
            let mean = all.iter().sum::<f64>() / 24.0;
            let variance = all.iter().map(|i| (i - mean).powi(2)).sum::<f64>() / 24.0;
            assert!((mean - got.expected).abs() < 1e-12, "{mean} {}", got.expected);
            assert!((variance - got.randomisation.unwrap().variance).abs() < 1e-12, "{transform:?} {variance} {got:?}");
        }
    }

    #[test]
    fn links_one_way_only_have_these_moments_too() {
        let weights = Weights::from_lists(&[vec![1], vec![2], vec![0, 1], vec![2]]).unwrap();
        let got = global_moran(&[9.0, 8.0, 1.0, 3.0], &weights, Transform::Binary).unwrap();
        let x = [9.0, 8.0, 1.0, 3.0];
        let mut all = Vec::new();
        for order in 0..256_usize {
            let at: Vec<usize> = (0..4).map(|d| (order >> (2 * d)) & 3).collect();
            if (0..4).all(|v| at.contains(&v)) {
                all.push(global_moran(&at.iter().map(|&a| x[a]).collect::<Vec<_>>(), &weights, Transform::Binary).unwrap().i.unwrap());
            }
        }
        let variance = all.iter().map(|i| (i - got.expected).powi(2)).sum::<f64>() / 24.0;
        assert!((variance - got.randomisation.unwrap().variance).abs() < 1e-12, "{variance} {got:?}");
    }

    #[test]
    fn equal_values_and_loose_cells_have_no_index() {
        let weights = Weights::from_lists(&[vec![1], vec![0], vec![], vec![]]).unwrap();
        let flat = global_moran(&[0.1; 4], &weights, Transform::Row).unwrap();
        assert_eq!((flat.i, flat.normality), (None, None));
        let loose = Weights::from_lists(&vec![Vec::<usize>::new(); 4]).unwrap();
        assert_eq!(global_moran(&[1.0, 2.0, 3.0, 4.0], &loose, Transform::Binary).unwrap().i, None);
        assert!(global_moran(&[1.0], &Weights::from_lists(&[Vec::<usize>::new()]).unwrap(), Transform::Row).is_err());
    }
}
