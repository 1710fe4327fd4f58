//! Within which limits a rate stays by chance, by the size of its denominator (funnel plot).

use super::super::StatsError;
use super::super::distribution::{poisson_at_most, poisson_quantile};
use super::super::error::{all_counts, positive, share};

/// The limits at one denominator, in cases per unit of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Funnel {
    /// The denominator.
    pub denominator: f64,
    /// Rates below this are lower than chance explains.
    pub low: f64,
    /// Rates above this are higher.
    pub high: f64,
}

/// Limits of rates around a common one, for drawing a funnel (exact Poisson, interpolated; Spiegelhalter 2005, A.1.1).
///
/// (r − (P(X ≤ r) − p) / P(X = r)) / d with r the smallest count that X ~ Poisson(rate·d) does not exceed with
/// probability p, for p = α/2 and 1 − α/2; not below 0
///
/// * `rate` – the common rate, per unit of the denominator, above 0
/// * `denominators` – where the limits are wanted
/// * `alpha` – 0.05 for the inner and 0.002 for the outer limits
///
/// `None` without denominator. O(limits · √(rate·d)).
pub fn funnel_limits(rate: f64, denominators: &[f64], alpha: f64) -> Result<Vec<Option<Funnel>>, StatsError> {
    positive("the rate", rate)?;
    share("alpha", alpha)?;
    all_counts("a denominator", denominators)?;
    let one = |&denominator: &f64| {
        (denominator > 0.0).then(|| {
            let mean = rate * denominator;
            let limit = |p: f64| {
                let r = poisson_quantile(p, mean);
                let (reached, before) = (poisson_at_most(r, mean), poisson_at_most(r - 1.0, mean));
                let over = if reached > before { (reached - p) / (reached - before) } else { 0.0 };
                ((r - over) / denominator).max(0.0)
            };
            Funnel { denominator, low: limit(alpha / 2.0), high: limit(1.0 - alpha / 2.0) }
        })
    };
    Ok(denominators.iter().map(one).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_at_a_mean_of_four_are_as_computed_by_hand() {
        // Poisson(4): P(X ≤ 0) = 0.018316, ≤ 1 0.091578, ≤ 7 0.948866, ≤ 8 0.978637.
        // p 0.025: r 1, 1 − (0.091578 − 0.025)/0.073263; p 0.975: r 8, 8 − (0.978637 − 0.975)/0.029770.
        let got = funnel_limits(0.04, &[100.0, 0.0], 0.05).unwrap();
        let at = got[0].unwrap();
        assert!((at.low * 100.0 - 0.091_24).abs() < 1e-4 && (at.high * 100.0 - 7.877_8).abs() < 1e-3, "{at:?}");
        assert_eq!(got[1], None);
        assert!(funnel_limits(0.0, &[1.0], 0.05).is_err());
    }

    #[test]
    fn the_funnel_narrows() {
        let sizes: Vec<f64> = (1..60).map(|n| f64::from(n) * 37.0).collect();
        let limits = funnel_limits(0.03, &sizes, 0.002).unwrap();
        for pair in limits.windows(2) {
            let (a, b) = (pair[0].unwrap(), pair[1].unwrap());
            assert!(b.high < a.high && b.low >= a.low && b.low < 0.03 && b.high > 0.03, "{a:?} {b:?}");
        }
    }
}
