//! Tails of the normal and the Poisson distribution, exact far out.

/// P(Z > z) of the standard normal; keeps its digits to z = 37.
pub(super) fn normal_upper(z: f64) -> f64 {
    0.5 * libm::erfc(z * std::f64::consts::FRAC_1_SQRT_2)
}

/// P(|Z| > |z|) of the standard normal.
pub(super) fn normal_two_sided(z: f64) -> f64 {
    libm::erfc(z.abs() * std::f64::consts::FRAC_1_SQRT_2)
}

/// P(X ≥ count) of a Poisson number: the lower incomplete gamma function P(count, mean).
pub(super) fn poisson_at_least(count: f64, mean: f64) -> f64 {
    if count <= 0.0 {
        return 1.0;
    }
    if mean <= 0.0 {
        return 0.0;
    }
    if mean < count + 1.0 { gamma_series(count, mean) } else { 1.0 - gamma_fraction(count, mean) }
}

/// P(X ≤ count) of a Poisson number.
pub(super) fn poisson_at_most(count: f64, mean: f64) -> f64 {
    if count < 0.0 {
        return 0.0;
    }
    if mean <= 0.0 {
        return 1.0;
    }
    let a = count.floor() + 1.0;
    if mean < a + 1.0 { 1.0 - gamma_series(a, mean) } else { gamma_fraction(a, mean) }
}

/// The smallest count that a Poisson number does not exceed with probability `q` (0 < q < 1).
pub(super) fn poisson_quantile(q: f64, mean: f64) -> f64 {
    if mean <= 0.0 {
        return 0.0;
    }
    if mean <= 500.0 {
        let (mut p, mut below, mut count) = ((-mean).exp(), 0.0, 0.0);
        loop {
            below += p;
            // Far out the terms vanish before a q beside 1 is reached.
            if below >= q || (count > mean && p < 1e-18) {
                return count;
            }
            count += 1.0;
            p *= mean / count;
        }
    }
    let (mut low, mut high) = (-1.0_f64, mean + 40.0 * mean.sqrt());
    while high - low > 1.0 {
        let middle = f64::midpoint(low, high).floor();
        if poisson_at_most(middle, mean) >= q { high = middle } else { low = middle }
    }
    high.ceil()
}

/// The mean at which a decreasing or increasing tail takes a value, by bisection between 0 and `high`.
pub(super) fn mean_where(high: f64, reached: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, high);
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if reached(middle) { high = middle } else { low = middle }
    }
    f64::midpoint(low, high)
}

/// Regularised lower gamma by its series (Abramowitz & Stegun 6.5.29), for x < a + 1.
fn gamma_series(a: f64, x: f64) -> f64 {
    let mut term = 1.0 / a;
    let mut sum = term;
    for n in 1..100_000 {
        term *= x / (a + f64::from(n));
        sum += term;
        if term < sum * 1e-17 {
            break;
        }
    }
    (sum * (a * x.ln() - x - libm::lgamma(a)).exp()).min(1.0)
}

/// Regularised upper gamma by its continued fraction (Abramowitz & Stegun 6.5.31, evaluated after Lentz 1976), for x ≥ a + 1.
fn gamma_fraction(a: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / b;
    let mut fraction = d;
    for n in 1..100_000 {
        let n = f64::from(n);
        let numerator = -n * (n - a);
        b += 2.0;
        d = numerator * d + b;
        d = 1.0 / if d.abs() < TINY { TINY } else { d };
        c = b + numerator / c;
        c = if c.abs() < TINY { TINY } else { c };
        let factor = c * d;
        fraction *= factor;
        if (factor - 1.0).abs() < 1e-16 {
            break;
        }
    }
    (fraction * (a * x.ln() - x - libm::lgamma(a)).exp()).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: f64, want: f64, rel: f64) {
        assert!((got - want).abs() <= rel * want.abs(), "{got} {want}");
    }

    #[test]
    fn normal_tails_are_those_of_the_tables() {
        // Abramowitz & Stegun, table 26.1 and 26.2 (−log₁₀ Q(20) = 88.56010).
        near(normal_upper(1.96), 0.024_997_895_148_220_4, 1e-12);
        near(normal_upper(20.0), 10.0_f64.powf(-88.560_10), 1e-4);
        near(normal_two_sided(-1.0), 0.317_310_507_862_914_1, 1e-13);
        near(normal_upper(0.0), 0.5, 1e-15);
    }

    #[test]
    fn poisson_tails_are_sums_of_their_terms() {
        for mean in [0.04_f64, 0.3, 2.0, 7.5, 30.0] {
            let term = |k: i32| (f64::from(k) * mean.ln() - mean - libm::lgamma(f64::from(k) + 1.0)).exp();
            for count in 0..60 {
                let below: f64 = (0..=count).map(term).sum();
                let above: f64 = (count..400).map(term).sum();
                near(poisson_at_most(f64::from(count), mean), below, 1e-11);
                near(poisson_at_least(f64::from(count), mean), above, 1e-11);
            }
        }
        near(poisson_at_least(0.0, 0.0), 1.0, 0.0);
        near(poisson_at_most(0.0, 0.0), 1.0, 0.0);
    }

    #[test]
    fn a_quantile_is_the_first_count_that_reaches_the_share() {
        for mean in [0.05, 1.0, 6.0, 80.0, 499.0, 501.0, 20_000.0] {
            for q in [0.001, 0.5, 0.99, 0.999] {
                let count = poisson_quantile(q, mean);
                assert!(poisson_at_most(count, mean) >= q && poisson_at_most(count - 1.0, mean) < q, "{mean} {q} {count}");
            }
        }
    }
}
