//! Whether a series rises or falls.

use super::StatsError;
use super::distribution::normal_two_sided;
use super::error::all_finite;

/// The trend of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trend {
    /// Pairs that rise less pairs that fall.
    pub s: i64,
    /// Variance of `s` without a trend, ties taken into account.
    pub variance: f64,
    /// Standard score with continuity correction, positive when the series rises.
    pub z: f64,
    /// p of a score as far from 0 on either side.
    pub p_two_sided: f64,
}

/// Whether a series rises or falls, whatever its shape (Mann–Kendall).
///
/// S = Σ sign(xⱼ − xᵢ) over i < j;  V = (n(n−1)(2n+5) − Σ t(t−1)(2t+5)) / 18 over ties of t;  z = (S − sign S) / √V   — Mann 1945, Kendall 1975
///
/// * `series` – in the order of time, equally spaced, any unit
///
/// V = 0 (all equal, or fewer than two values): z 0, p 1. O(n²); series are short.
pub fn mann_kendall(series: &[f64]) -> Result<Trend, StatsError> {
    all_finite("value", series)?;
    let pairs = series.iter().enumerate().flat_map(|(i, x)| series[i + 1..].iter().map(move |y| (x, y)));
    let s: i64 = pairs.map(|(x, y)| i64::from(y > x) - i64::from(y < x)).sum();
    let mut sorted = series.to_vec();
    sorted.sort_by(f64::total_cmp);
    let weight = |t: usize| {
        let t = t as f64;
        t * (t - 1.0) * (2.0 * t + 5.0)
    };
    // + 0 makes −0 and 0 one value.
    let ties: f64 = sorted.chunk_by(|a, b| (a + 0.0).total_cmp(&(b + 0.0)).is_eq()).map(|run| weight(run.len())).sum();
    let variance = (weight(series.len()) - ties) / 18.0;
    let z = if variance > 0.0 { (s - s.signum()) as f64 / variance.sqrt() } else { 0.0 };
    Ok(Trend { s, variance, z, p_two_sided: normal_two_sided(z) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn five_values_are_as_computed_by_hand() {
        // 1 2 2 3 1: rises 12 12 13 23 23 = 5, falls 21 21 31 = 3, so S 2; V (5·4·15 − 2 · 2·1·9)/18 = 264/18; z 1/√V.
        let got = mann_kendall(&[1.0, 2.0, 2.0, 3.0, 1.0]).unwrap();
        assert_eq!((got.s, got.variance), (2, 264.0 / 18.0));
        assert!((got.z - 1.0 / (264.0_f64 / 18.0).sqrt()).abs() < 1e-15);
    }

    #[test]
    fn a_level_series_has_no_trend() {
        for series in [&[][..], &[1.0], &[2.0; 9]] {
            assert_eq!(mann_kendall(series).unwrap(), Trend { s: 0, variance: 0.0, z: 0.0, p_two_sided: 1.0 });
        }
        assert!(mann_kendall(&[f64::INFINITY]).is_err());
    }

    proptest! {
        #[test]
        fn turned_round_it_falls_as_it_rose(series in prop::collection::vec(-9..9_i8, 0..30)) {
            let mut series: Vec<f64> = series.into_iter().map(f64::from).collect();
            let there = mann_kendall(&series).unwrap();
            series.reverse();
            let back = mann_kendall(&series).unwrap();
            prop_assert_eq!((there.s, there.variance, there.p_two_sided), (-back.s, back.variance, back.p_two_sided));
        }

        #[test]
        fn shift_and_scale_change_nothing(series in prop::collection::vec(-9..9_i8, 0..30)) {
            let series: Vec<f64> = series.into_iter().map(f64::from).collect();
            let moved: Vec<f64> = series.iter().map(|x| 3.0 + 0.5 * x).collect();
            prop_assert_eq!(mann_kendall(&series), mann_kendall(&moved));
        }
    }
}
