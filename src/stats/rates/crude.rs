//! The rate as it was seen, with its interval.

use super::super::StatsError;
use super::super::distribution::{mean_where, poisson_at_least, poisson_at_most};
use super::super::error::share;
use super::check;

/// A rate and the interval that chance leaves to it, in cases per unit of the denominator.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Count over denominator.
    pub rate: f64,
    /// Lower limit; 0 when nothing was counted.
    pub low: f64,
    /// Upper limit.
    pub high: f64,
}

/// Counts over denominators, with exact Poisson limits (Garwood 1936).
///
/// low: P(X ≥ count | low·d) = α/2; high: P(X ≤ count | high·d) = α/2
///
/// * `denominators` – households, people, cases of all kinds; in any unit
/// * `alpha` – 0.05 for 95 % limits
///
/// Returns cells in the order of `counts`; `None` without denominator. O(cells).
pub fn crude_rates(counts: &[f64], denominators: &[f64], alpha: f64) -> Result<Vec<Option<Rate>>, StatsError> {
    check(counts, denominators)?;
    share("alpha", alpha)?;
    let one = |(&count, &d): (&f64, &f64)| {
        (d > 0.0).then(|| {
            // Ten deviations and a bit beyond the count lie past any limit that is asked for.
            let far = count + 40.0 * (count + 1.0).sqrt() + 800.0;
            let low = if count > 0.0 { mean_where(far, |mean| poisson_at_least(count, mean) >= alpha / 2.0) } else { 0.0 };
            let high = mean_where(far, |mean| poisson_at_most(count, mean) <= alpha / 2.0);
            Rate { rate: count / d, low: low / d, high: high / d }
        })
    };
    Ok(counts.iter().zip(denominators).map(one).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_those_of_the_tables() {
        // Garwood 1936, 95 %: 0: 0–3.68888, 1: 0.02532–5.57164, 10: 4.79539–18.39036.
        let got = crude_rates(&[0.0, 1.0, 10.0, 5.0], &[1.0, 1.0, 2.0, 0.0], 0.05).unwrap();
        let near = |a: f64, b: f64| assert!((a - b).abs() < 6e-6, "{a} {b}");
        let [zero, one, ten] = [got[0].unwrap(), got[1].unwrap(), got[2].unwrap()];
        near(zero.high, 3.688_88);
        near(one.low, 0.025_318);
        near(one.high, 5.571_64);
        near(ten.low * 2.0, 4.795_39);
        near(ten.high * 2.0, 18.390_36);
        assert_eq!((zero.low, ten.rate, got[3]), (0.0, 5.0, None));
        assert!(crude_rates(&[-1.0], &[1.0], 0.05).is_err() && crude_rates(&[1.0], &[], 0.05).is_err());
    }
}
