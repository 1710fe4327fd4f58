//! How small p must be when thousands of cells are tested at once.

use super::StatsError;
use super::error::share;

/// The greatest p that counts as a find when the share of false finds is held down (Benjamini & Hochberg 1995).
///
/// The largest k·α/n with p₍ₖ₎ < k·α/n, strictly, as esda has it; α/n when there is none.
///
/// * `p` – of every cell of the family; leave out cells that have none
/// * `alpha` – wanted share of false finds, 0.05
///
/// A cell is a find where its p is at or below the threshold (strictly below, where its class is drawn: see
/// [`gi_star`](super::gi_star)). An empty family: α. O(n log n).
///
/// ```
/// let p = [0.001, 0.02, 0.04, 0.9];
/// assert_eq!(maplebridge::stats::fdr_threshold(&p, 0.05)?, 2.0 * 0.05 / 4.0);
/// # Ok::<(), maplebridge::stats::StatsError>(())
/// ```
pub fn fdr_threshold(p: &[f64], alpha: f64) -> Result<f64, StatsError> {
    check(p)?;
    share("alpha", alpha)?;
    let n = p.len().max(1) as f64;
    let mut sorted = p.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let line = |k: usize| k as f64 * alpha / n;
    Ok((1..=sorted.len()).rev().find(|&k| sorted[k - 1] < line(k)).map_or(alpha / n, line))
}

/// p of each cell as the smallest share of false finds at which it would be one (Benjamini–Hochberg q values).
///
/// qᵢ = min over ranks k at or above its own of p₍ₖ₎·n/k, at most 1; in the order of `p`. O(n log n).
pub fn adjusted(p: &[f64]) -> Result<Vec<f64>, StatsError> {
    check(p)?;
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut q = vec![1.0; p.len()];
    let mut least = 1.0_f64;
    for (rank, &i) in order.iter().enumerate().rev() {
        least = least.min(p[i] * p.len() as f64 / (rank + 1) as f64);
        q[i] = least;
    }
    Ok(q)
}

fn check(p: &[f64]) -> Result<(), StatsError> {
    let wrong = p.iter().find(|p| !(0.0..=1.0).contains(*p));
    wrong.map_or(Ok(()), |&value| Err(StatsError::OutOfRange { what: "p", value, must: "between 0 and 1" }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_line_is_crossed_strictly() {
        // p₍₂₎ lies on the line 2·0.05/2: no find there, and p₍₁₎ is above 0.025.
        assert_eq!(fdr_threshold(&[0.05, 0.03], 0.05), Ok(0.025));
        assert_eq!(fdr_threshold(&[0.049, 0.03], 0.05), Ok(0.05));
        assert_eq!(fdr_threshold(&[], 0.05), Ok(0.05));
        assert!(fdr_threshold(&[f64::NAN], 0.05).is_err() && fdr_threshold(&[0.5], 1.0).is_err());
    }

    #[test]
    fn adjusted_values_never_fall_with_p() {
        // By hand, n = 4: 0.01·4/1, min(0.04·4/2, 0.03·4/…): ranks 0.01 0.03 0.04 0.5.
        let q = adjusted(&[0.01, 0.04, 0.03, 0.5]).unwrap();
        let near = |a: f64, b: f64| (a - b).abs() < 1e-15;
        assert!(near(q[0], 0.04) && near(q[1], 0.16 / 3.0) && near(q[2], 0.16 / 3.0) && near(q[3], 0.5), "{q:?}");
    }

    proptest! {
        #[test]
        fn the_order_of_the_family_does_not_matter(mut p in prop::collection::vec(0.0..1.0_f64, 1..60), turn in 0..60_usize) {
            let before = (fdr_threshold(&p, 0.1).unwrap(), adjusted(&p).unwrap());
            let turn = turn % p.len();
            p.rotate_left(turn);
            let mut after = adjusted(&p).unwrap();
            after.rotate_right(turn);
            prop_assert_eq!(before, (fdr_threshold(&p, 0.1).unwrap(), after));
        }

        #[test]
        fn finds_are_those_whose_adjusted_value_is_below_alpha(p in prop::collection::vec(0.0..0.2_f64, 1..60)) {
            let threshold = fdr_threshold(&p, 0.05).unwrap();
            for (p, q) in p.iter().zip(adjusted(&p).unwrap()) {
                prop_assert!((*p < threshold) == (q < 0.05) || (q - 0.05).abs() < 1e-12);
            }
        }
    }
}
