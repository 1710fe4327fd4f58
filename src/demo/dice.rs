//! Seeded dice: the only source of chance in this room, so that one seed always gives one place.
//!
//! SplitMix64 (Steele, Lea, Flood 2014) is enough here: its numbers shape an invented county, they guard nothing.

/// A stream of pseudo-random numbers; equal seeds give equal streams.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    /// The stream of a seed and a purpose. Streams of different purposes do not disturb each other, so that one more
    /// house does not move every facility.
    pub(super) fn new(seed: u64, purpose: &str) -> Self {
        let mut state = seed ^ 0x9e37_79b9_7f4a_7c15;
        for byte in purpose.bytes() {
            state = mix(state ^ u64::from(byte));
        }
        Self(state)
    }

    /// The stream of the `n`-th thing of this purpose.
    pub(super) fn fork(&self, n: usize) -> Self {
        Self(mix(self.0 ^ mix(n as u64)))
    }

    /// The next 64 bits.
    pub(super) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number in `[0, 1)`.
    pub(super) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number in `[lo, hi)`.
    pub(super) fn between(&mut self, lo: f64, hi: f64) -> f64 {
        lo + (hi - lo) * self.unit()
    }

    /// A whole number in `0..n`; `n` must not be 0.
    pub(super) fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.bits()) * n as u128) >> 64) as usize
    }

    /// True with the given probability.
    pub(super) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// A standard normal number (Box–Muller).
    pub(super) fn gauss(&mut self) -> f64 {
        let u = 1.0 - self.unit();
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// A Poisson number; above a mean of 30 by the normal approximation.
    pub(super) fn poisson(&mut self, mean: f64) -> usize {
        if mean <= 0.0 {
            return 0;
        }
        if mean > 30.0 {
            return (mean + mean.sqrt() * self.gauss()).round().max(0.0) as usize;
        }
        let (limit, mut product, mut n) = ((-mean).exp(), self.unit(), 0);
        while product > limit {
            product *= self.unit();
            n += 1;
        }
        n
    }

    /// One of the items; the slice must not be empty.
    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// An index drawn in proportion to the steps of cumulative sums.
    pub(super) fn weighted(&mut self, cumulative: &[f64]) -> usize {
        let total = cumulative.last().copied().unwrap_or(0.0);
        let at = self.unit() * total;
        cumulative.partition_point(|&sum| sum <= at).min(cumulative.len().saturating_sub(1))
    }

    /// The items in a random order.
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

/// The output function of SplitMix64.
pub(super) fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Smooth value noise in `[0, 1]` at a place, with features about `wavelength_m` wide.
pub(super) fn noise(seed: u64, at: [f64; 2], wavelength_m: f64) -> f64 {
    let (x, y) = (at[0] / wavelength_m, at[1] / wavelength_m);
    let (x0, y0) = (x.floor(), y.floor());
    let (u, v) = (x - x0, y - y0);
    let (u, v) = (u * u * (3.0 - 2.0 * u), v * v * (3.0 - 2.0 * v));
    let (i, j) = (x0 as i64, y0 as i64);
    let corner = |di: i64, dj: i64| {
        let h = mix(seed ^ ((i + di) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ ((j + dj) as u64).rotate_left(32));
        (h >> 11) as f64 / (1_u64 << 53) as f64
    };
    let low = corner(0, 0) * (1.0 - u) + corner(1, 0) * u;
    let high = corner(0, 1) * (1.0 - u) + corner(1, 1) * u;
    low * (1.0 - v) + high * v
}
