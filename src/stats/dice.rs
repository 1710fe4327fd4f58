//! Seeded dice by position: the `n`-th stream of a seed is the same whoever draws it, and on any machine.
//!
//! SplitMix64 (Steele, Lea & Flood 2014): passes BigCrush, needs one word of state, so that a stream for each
//! permutation or simulation costs nothing. Written here rather than taken from `rand`, whose sequences may change
//! between versions: a p value that was stored must come out again.

/// A stream of pseudo-random numbers.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Dice {
    /// The `n`-th stream of a seed.
    pub(super) fn stream(seed: u64, n: u64) -> Self {
        Self(mix(mix(seed ^ GOLDEN).wrapping_add(mix(n.wrapping_add(GOLDEN)))))
    }

    /// The next 64 bits.
    pub(super) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// A number in `[0, 1)`.
    pub(super) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A whole number in `0..n`; `n` must not be 0. The bias of the multiplication is below n / 2⁶⁴.
    pub(super) fn below(&mut self, n: u32) -> u32 {
        ((u128::from(self.bits()) * u128::from(n)) >> 64) as u32
    }

    /// A Poisson number: by inversion for small means, else by transformed rejection (Hörmann 1993, PTRS), both exact.
    pub(super) fn poisson(&mut self, mean: f64) -> u32 {
        if mean.is_nan() || mean <= 0.0 {
            return 0;
        }
        if mean < 10.0 { self.poisson_small(mean) } else { self.poisson_large(mean) }
    }

    fn poisson_small(&mut self, mean: f64) -> u32 {
        let mut u = self.unit();
        let mut p = (-mean).exp();
        let mut x = 0;
        // Past 200 the rest of the mass (mean below 10) is under 1e-190: only rounding gets there.
        while u >= p && x < 200 {
            u -= p;
            x += 1;
            p *= mean / f64::from(x);
        }
        x
    }

    fn poisson_large(&mut self, mean: f64) -> u32 {
        let b = 0.931 + 2.53 * mean.sqrt();
        let a = -0.059 + 0.024_83 * b;
        let inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
        let squeeze = 0.9277 - 3.6224 / (b - 2.0);
        loop {
            let u = self.unit() - 0.5;
            let v = 1.0 - self.unit();
            let us = 0.5 - u.abs();
            let k = ((2.0 * a / us + b) * u + mean + 0.43).floor();
            if us >= 0.07 && v <= squeeze {
                return k as u32;
            }
            if k < 0.0 || (us < 0.013 && v > us) {
                continue;
            }
            if (v * inverse_alpha / (a / (us * us) + b)).ln() <= k * mean.ln() - mean - libm::lgamma(k + 1.0) {
                return k as u32;
            }
        }
    }
}

/// Draws positions with given probabilities in constant time (Walker 1977, tables after Vose 1991).
#[derive(Debug)]
pub(super) struct Alias {
    keep: Vec<f64>,
    other: Vec<u32>,
}

impl Alias {
    /// The tables of weights; `None` when none is above 0.
    pub(super) fn new(weights: &[f64]) -> Option<Self> {
        let total: f64 = weights.iter().sum();
        if !(total > 0.0 && total.is_finite()) {
            return None;
        }
        let n = weights.len();
        let mut keep: Vec<f64> = weights.iter().map(|w| w * n as f64 / total).collect();
        let mut other: Vec<u32> = (0..n as u32).collect();
        let (mut small, mut large): (Vec<usize>, Vec<usize>) = (0..n).partition(|&i| keep[i] < 1.0);
        while let (Some(&s), Some(&l)) = (small.last(), large.last()) {
            small.pop();
            other[s] = l as u32;
            keep[l] -= 1.0 - keep[s];
            if keep[l] < 1.0 {
                large.pop();
                small.push(l);
            }
        }
        // What is left over is 1 but for rounding.
        for i in small.into_iter().chain(large) {
            keep[i] = 1.0;
        }
        Some(Self { keep, other })
    }

    /// A position.
    pub(super) fn draw(&self, dice: &mut Dice) -> usize {
        let at = dice.below(self.keep.len() as u32) as usize;
        if dice.unit() < self.keep[at] { at } else { self.other[at] as usize }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poisson_numbers_have_their_mean_and_variance() {
        for mean in [0.3, 4.0, 9.99, 10.0, 42.0, 1_000.0] {
            let mut dice = Dice::stream(7, 3);
            let n = 40_000;
            let drawn: Vec<f64> = (0..n).map(|_| f64::from(dice.poisson(mean))).collect();
            let m = drawn.iter().sum::<f64>() / f64::from(n);
            let v = drawn.iter().map(|x| (x - m).powi(2)).sum::<f64>() / f64::from(n);
            let se = (mean / f64::from(n)).sqrt();
            assert!((m - mean).abs() < 4.0 * se, "mean {m} of {mean}");
            // Var of the sample variance: (mean + 2 mean²) / n.
            assert!((v - mean).abs() < 4.0 * ((mean + 2.0 * mean * mean) / f64::from(n)).sqrt(), "variance {v} of {mean}");
        }
        assert_eq!((Dice::stream(1, 1).poisson(0.0), Dice::stream(1, 1).poisson(f64::NAN)), (0, 0));
    }

    #[test]
    fn positions_come_as_often_as_they_weigh() {
        let weights = [1.0, 0.0, 5.0, 2.0];
        let alias = Alias::new(&weights).unwrap();
        let mut dice = Dice::stream(5, 0);
        let mut seen = [0.0; 4];
        for _ in 0..40_000 {
            seen[alias.draw(&mut dice)] += 1.0;
        }
        for (weight, seen) in weights.iter().zip(seen) {
            let p = weight / 8.0_f64;
            assert!((seen / 40_000.0 - p).abs() <= 4.0 * (p * (1.0 - p) / 40_000.0).sqrt(), "{p} {seen}");
        }
        assert!(Alias::new(&[0.0, 0.0]).is_none() && Alias::new(&[]).is_none());
    }

    #[test]
    fn streams_of_one_seed_differ_and_repeat() {
        let first = |n| Dice::stream(9, n).bits();
        assert!(first(0) != first(1) && first(0) == first(0));
    }
}
