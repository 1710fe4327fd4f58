//! What the same search finds by chance.
//!
//! Cases are drawn anew: one at a time into rows and cells by their baseline, which makes independent Poisson numbers
//! when their total is Poisson, and Kulldorff's multinomial when it is held. Only maxima as high as the weakest cluster
//! reported matter, so each window knows how many cases that takes: the search is additions and comparisons of whole
//! numbers, and a logarithm is taken in the few windows that pass.

use rayon::prelude::*;

use super::super::dice::{Alias, Dice};
use super::score::{Model, Score};
use super::zones::Chains;
use super::{Search, Times};

/// A search, prepared.
pub(super) struct Setup<'a> {
    pub(super) search: &'a Search<'a>,
    pub(super) times: &'a Times,
    pub(super) score: &'a Score,
    pub(super) chains: &'a Chains,
    /// By zone, then window.
    pub(super) expected: &'a [f64],
    /// The lowest score of interest, above 0.
    pub(super) weakest: f64,
}

/// Room for one simulation.
struct Room {
    /// By time, then cell.
    counts: Vec<u32>,
    running: Vec<u32>,
    /// By cell, then window.
    cells: Vec<u32>,
    /// By step, then window.
    sums: Vec<u32>,
}

impl Setup<'_> {
    /// The highest score of each simulation; 0 where it is below the weakest of interest.
    pub(super) fn maxima(&self, simulations: usize, seed: u64) -> Vec<f64> {
        let baseline: Vec<f64> = self.search.baseline.iter().flatten().copied().collect();
        let Some(places) = Alias::new(&baseline) else { return vec![0.0; simulations] };
        let total: f64 = baseline.iter().sum();
        let windows = self.times.windows.len();
        let cells = self.search.counts[0].len();
        let enough: Vec<u32> = self.expected.par_iter().map(|&b| self.score.cases_for(self.weakest, b)).collect();
        let enough = self.chains.by_step(&enough, windows, u32::MAX);
        let expected = self.chains.by_step(self.expected, windows, 0.0);
        let room = || Room {
            counts: vec![0; baseline.len()],
            running: vec![0; self.times.rows + 1],
            cells: vec![0; cells * windows],
            sums: vec![0; self.chains.steps.len() * windows],
        };
        let one = |room: &mut Room, n: usize| {
            let mut dice = Dice::stream(seed, n as u64);
            let cases = match self.search.model {
                Model::ExpectationBased => dice.poisson(total),
                Model::PopulationBased => self.score.cases as u32,
            };
            room.counts.fill(0);
            for _ in 0..cases {
                room.counts[places.draw(&mut dice)] += 1;
            }
            for (cell, out) in room.cells.chunks_exact_mut(windows).enumerate() {
                self.times.fill(out, &mut room.running, |t| room.counts[t * cells + cell]);
            }
            self.highest(room, &enough, &expected, windows)
        };
        (0..simulations).into_par_iter().map_init(room, one).collect()
    }

    fn highest(&self, room: &mut Room, enough: &[u32], expected: &[f64], windows: usize) -> f64 {
        let mut highest = 0.0_f64;
        for (at, step) in self.chains.steps.iter().enumerate() {
            let first = at * windows;
            let (before, rest) = room.sums.split_at_mut(first);
            let sums = &mut rest[..windows];
            let cell = &room.cells[step.cell as usize * windows..][..windows];
            let enough = &enough[first..][..windows];
            let mut passed = false;
            if let Some(from) = step.from {
                let from = &before[from as usize * windows..][..windows];
                for w in 0..windows {
                    sums[w] = from[w] + cell[w];
                    passed |= sums[w] >= enough[w];
                }
            } else {
                for w in 0..windows {
                    sums[w] = cell[w];
                    passed |= sums[w] >= enough[w];
                }
            }
            if passed {
                for (w, sum) in sums.iter().enumerate().filter(|(w, sum)| **sum >= enough[*w]) {
                    highest = highest.max(self.score.llr(f64::from(*sum), expected[first + w]));
                }
            }
        }
        highest
    }
}
