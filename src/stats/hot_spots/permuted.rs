//! Conditional permutations for one cell, as many as its p needs.

use super::super::Weights;
use super::super::dice::Dice;

/// The map that values are dealt on.
pub(super) struct Neighbourhoods<'a> {
    pub(super) weights: &'a Weights,
    /// e
    pub(super) expected: &'a [f64],
    /// u
    pub(super) standard: &'a [f64],
}

/// Sums within this of each other are equal, per place.
const TIE: f64 = 1e-9;

/// How far one cell has been permuted, and what came of it.
pub(super) struct Run {
    cell: usize,
    /// Whether more or fewer cases than expected are asked about.
    pub(super) hot: bool,
    /// P of the cases by the Poisson distribution.
    tail: f64,
    /// Whether the tail alone makes a find.
    pub(super) open: bool,
    /// Permutations as far out as the map.
    pub(super) as_far: u32,
    done: u32,
    dice: Dice,
}

impl Run {
    pub(super) fn new(cell: usize, hot: bool, tail: f64, seed: u64) -> Self {
        Self { cell, hot, tail, open: false, as_far: 0, done: 0, dice: Dice::stream(seed, cell as u64) }
    }

    /// One-sided p: the greater of that by permutations (if there were any) and that by the Poisson distribution.
    pub(super) fn p(&self) -> f64 {
        self.tail.max(f64::from(self.as_far + 1) / f64::from(self.done + 1) * f64::from(u8::from(self.done > 0)))
    }

    /// Permutes on until so many are done.
    pub(super) fn go_to(&mut self, permutations: u32, around: &Neighbourhoods) {
        let places = std::iter::once(self.cell).chain(around.weights.of(self.cell).iter().map(|&j| j as usize));
        // On the cold side all signs are turned.
        let sign = if self.hot { 1.0 } else { -1.0 };
        let mut roots = Vec::with_capacity(around.weights.of(self.cell).len() + 1);
        let mut observed = -TIE;
        for j in places {
            let root = sign * around.expected[j].sqrt();
            observed += root * around.standard[j];
            roots.push(root);
        }
        let others = around.standard.len() as u32 - 1;
        // With every other cell for a neighbour nothing is left to deal to the cell's own place: its value stays there.
        let fixed = if roots.len() > others as usize { roots[0] * around.standard[self.cell] } else { 0.0 };
        let dealt = if roots.len() > others as usize { &roots[1..] } else { &roots[..] };
        let mut drawn = vec![0_u32; dealt.len()];
        while self.done < permutations {
            let mut sum = fixed;
            let mut n = 0;
            while n < dealt.len() {
                let mut j = self.dice.below(others);
                j += u32::from(j as usize >= self.cell);
                if is_new(&drawn, n, j) {
                    drawn[n] = j;
                    sum += dealt[n] * around.standard[j as usize];
                    n += 1;
                }
            }
            self.done += 1;
            self.as_far += u32::from(sum >= observed);
        }
    }
}

fn is_new(drawn: &[u32], count: usize, j: u32) -> bool {
    let mut n = 0;
    while n < count {
        if drawn[n] == j {
            return false;
        }
        n += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p_is_the_share_of_all_ways_to_deal() {
        let weights = Weights::from_lists(&[vec![1], vec![0], vec![], vec![], vec![]]).unwrap();
        let standard = [2.0, 1.0, 3.0, 0.0, 0.5];
        let around = Neighbourhoods { weights: &weights, expected: &[1.0; 5], standard: &standard };
        let mut run = Run::new(0, true, 0.0, 4);
        run.go_to(30_000, &around);
        // Ordered pairs of (1, 3, 0, 0.5) that reach 3: those with the 3, which are half of all.
        assert!((run.p() - 0.5).abs() < 4.0 * (0.25_f64 / 30_000.0).sqrt(), "{}", run.p());
    }

    #[test]
    fn a_neighbour_of_all_is_dealt_all_others() {
        let weights = Weights::from_lists(&[vec![1, 2], vec![0, 2], vec![0, 1]]).unwrap();
        let around = Neighbourhoods { weights: &weights, expected: &[1.0; 3], standard: &[2.0, 1.0, -3.0] };
        let mut run = Run::new(0, true, 0.1, 4);
        run.go_to(50, &around);
        assert!((run.p() - 1.0).abs() < 1e-12);
        assert!((Run::new(0, true, 0.1, 4).p() - 0.1).abs() < 1e-12);
    }
}
