//! Rates drawn towards the mean by as much as their smallness makes them doubtful (empirical Bayes).

use super::super::error::same_length;
use super::super::{StatsError, Weights};
use super::check;

/// The mean of rates and their variance beyond chance.
#[derive(Debug, Clone, Copy)]
struct Prior {
    mean: f64,
    beyond_chance: f64,
}

impl Prior {
    /// b = Σc/Σd, s² = Σ d (c/d − b)² / Σd, a = s² − b / d̄, not below 0   — Marshall 1991
    fn of(pairs: impl Iterator<Item = (f64, f64)> + Clone) -> Option<Self> {
        let pairs = pairs.filter(|(_, d)| *d > 0.0);
        let (cases, all, cells) = pairs.clone().fold((0.0, 0.0, 0.0), |(c, d, n), (count, of)| (c + count, d + of, n + 1.0));
        if all <= 0.0 {
            return None;
        }
        let mean = cases / all;
        let spread = pairs.map(|(count, d)| d * (count / d - mean).powi(2)).sum::<f64>() / all;
        Some(Self { mean, beyond_chance: (spread - mean / (all / cells)).max(0.0) })
    }

    /// The rate drawn towards the mean; the mean itself where there is no denominator to speak of.
    fn smooth(self, count: f64, d: f64) -> f64 {
        let chance = self.mean / d;
        let trust = if self.beyond_chance > 0.0 { self.beyond_chance / (self.beyond_chance + chance) } else { 0.0 };
        trust * count / d + (1.0 - trust) * self.mean
    }
}

/// Rates drawn towards the rate of the whole map (global empirical Bayes).
///
/// w c/d + (1 − w) b, w = a / (a + b/d), a the variance of rates beyond chance, b the rate of all   — Marshall 1991
///
/// Returns cells in the order of `counts`, in cases per unit of the denominator; `None` without denominator. When rates
/// vary no more than chance makes them, all are the mean. O(cells).
pub fn empirical_bayes(counts: &[f64], denominators: &[f64]) -> Result<Vec<Option<f64>>, StatsError> {
    check(counts, denominators)?;
    let pairs = counts.iter().copied().zip(denominators.iter().copied());
    let Some(prior) = Prior::of(pairs.clone()) else { return Ok(vec![None; counts.len()]) };
    Ok(pairs.map(|(count, d)| (d > 0.0).then(|| prior.smooth(count, d))).collect())
}

/// Rates drawn towards that of their neighbourhood (local empirical Bayes): the prior is that of the cell and its
/// neighbours. Use it where the map has a town and a country side.
///
/// `None` without denominator. O(links).
pub fn empirical_bayes_local(counts: &[f64], denominators: &[f64], weights: &Weights) -> Result<Vec<Option<f64>>, StatsError> {
    check(counts, denominators)?;
    same_length("weights", weights.len(), counts.len())?;
    let one = |(i, row): (usize, &[u32])| {
        let d = denominators[i];
        let around = std::iter::once(i).chain(row.iter().map(|&j| j as usize)).map(|j| (counts[j], denominators[j]));
        Prior::of(around).filter(|_| d > 0.0).map(|prior| prior.smooth(counts[i], d))
    };
    Ok(weights.rows().enumerate().map(one).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn two_cells_are_as_computed_by_hand() {
        // b 12/200, s² = ((0.1 − 0.06)² + (0.02 − 0.06)²)/2 = 0.0016, a = 0.0016 − 0.06/100 = 0.001, w = 0.001/0.0016.
        let got = empirical_bayes(&[10.0, 2.0, 4.0], &[100.0, 100.0, 0.0]).unwrap();
        assert!((got[0].unwrap() - (0.625 * 0.1 + 0.375 * 0.06)).abs() < 1e-15, "{got:?}");
        assert!((got[1].unwrap() - (0.625 * 0.02 + 0.375 * 0.06)).abs() < 1e-15 && got[2].is_none());
        assert_eq!(empirical_bayes(&[0.0, 0.0], &[5.0, 9.0]).unwrap(), [Some(0.0), Some(0.0)]);
        assert_eq!(empirical_bayes(&[1.0], &[0.0]).unwrap(), [None]);
    }

    proptest! {
        #[test]
        fn a_smoothed_rate_lies_between_its_own_and_the_mean(cells in prop::collection::vec((0..50_u32, 1..900_u32), 1..40)) {
            let counts: Vec<f64> = cells.iter().map(|c| f64::from(c.0)).collect();
            let denominators: Vec<f64> = cells.iter().map(|c| f64::from(c.1)).collect();
            let mean = counts.iter().sum::<f64>() / denominators.iter().sum::<f64>();
            for (i, got) in empirical_bayes(&counts, &denominators).unwrap().into_iter().enumerate() {
                let (own, got) = (counts[i] / denominators[i], got.unwrap());
                prop_assert!(got >= own.min(mean) - 1e-12 && got <= own.max(mean) + 1e-12);
            }
        }

        #[test]
        fn where_all_are_neighbours_local_is_global(cells in prop::collection::vec((0..50_u32, 1..900_u32), 1..12)) {
            let counts: Vec<f64> = cells.iter().map(|c| f64::from(c.0)).collect();
            let denominators: Vec<f64> = cells.iter().map(|c| f64::from(c.1)).collect();
            let all: Vec<Vec<usize>> = vec![(0..cells.len()).collect(); cells.len()];
            let local = empirical_bayes_local(&counts, &denominators, &Weights::from_lists(&all).unwrap()).unwrap();
            for (a, b) in local.iter().zip(empirical_bayes(&counts, &denominators).unwrap()) {
                prop_assert!((a.unwrap() - b.unwrap()).abs() < 1e-9);
            }
        }
    }
}
