//! Hot spots to act on: where rates gather beyond what chance does, with few false finds.
//!
//! Gi* with the normal p finds "hot spots" in 10–32 % of maps that have none: small counts are skewed, rates of small
//! cells jump, and thousands of cells are looked at. Here p comes from permutations of rates that were standardised by
//! the variance chance gives them (`permuted`), and a find must stand two more tests: the exact Poisson tail of the
//! neighbourhood's cases (permutations take all cells for alike, and a neighbourhood of small cells is more skewed than
//! the map), and the false discovery rate.

mod permuted;

use permuted::{Neighbourhoods, Run};
use rayon::prelude::*;

use super::distribution::{poisson_at_least, poisson_at_most};
use super::error::{all_counts, same_length, share};
use super::{StatsError, Weights, adjusted, fdr_threshold, gi_star};

/// How hot spots are looked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Wanted share of false finds, among the hot and among the cold ones.
    pub alpha: f64,
    /// Seed of the permutations.
    pub seed: u64,
    /// Neighbourhoods (the cell itself included) where fewer cases are expected than this are too few to say.
    pub least_expected: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { alpha: 0.05, seed: 1, least_expected: 1.0 }
    }
}

/// What a cell is shown as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// More cases gather here than chance explains.
    Hot,
    /// Fewer.
    Cold,
    /// No more and no fewer.
    NotSignificant,
    /// No denominator, no neighbour, or too few expected cases to tell.
    TooFew,
}

/// One cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HotSpot {
    /// Cases of the cell and its neighbours.
    pub observed: f64,
    /// Cases expected there at the rate of the whole map.
    pub expected: f64,
    /// Gi* of the standardised rates, for colouring; `None` where it is not defined.
    pub z: Option<f64>,
    /// Two-sided p; `None` for [`Class::TooFew`].
    pub p: Option<f64>,
    /// The share of false finds, among those on its side, at which this cell would be one.
    pub q: Option<f64>,
    /// What to show.
    pub class: Class,
}

/// Cells in whose neighbourhood cases gather, or are missing, beyond chance.
///
/// u = (c − e)/√e with e = d·Σc/Σd;  T = Σ √e u over the cell and its neighbours;  p = max(share of conditional
/// permutations with T as far out, P(Poisson(Σe) as far out as Σc));  then Benjamini–Hochberg on either side
///
/// In a permutation the values u of the other cells are dealt to the places of the neighbourhood; the cell's own value is
/// compared, not dealt. There are as many as the finds need: 4·n/α for a single one, fewer for each of many.
///
/// * `counts`, `denominators` – one per cell; without denominator a cell is left out, and is no neighbour either
/// * `weights` – neighbours without the cell itself
///
/// Returns cells in the order of `counts`. On maps without clusters (Poisson counts of means 0.3, 2 and 10, on equal and
/// unequal denominators) at most 5 % show any hot cell. The same seed gives the same answer for any number of threads.
/// O(links · log + n/α · neighbours).
///
/// ```
/// use maplebridge::stats::{Weights, hot_spots};
/// let line: Vec<Vec<usize>> = (0..60_usize).map(|i| [i.wrapping_sub(1), i + 1].into_iter().filter(|j| *j < 60).collect()).collect();
/// let mut counts = vec![4.0; 60];
/// counts[20..25].fill(20.0);
/// let found = hot_spots::hot_spots(&counts, &[100.0; 60], &Weights::from_lists(&line)?, &hot_spots::Options::default())?;
/// assert_eq!(found[22].class, hot_spots::Class::Hot);
/// # Ok::<(), maplebridge::stats::StatsError>(())
/// ```
pub fn hot_spots(counts: &[f64], denominators: &[f64], weights: &Weights, options: &Options) -> Result<Vec<HotSpot>, StatsError> {
    let mut found = vec![HotSpot { observed: 0.0, expected: 0.0, z: None, p: None, q: None, class: Class::TooFew }; counts.len()];
    let Some(map) = Map::of(counts, denominators, weights, options)? else { return Ok(found) };
    let mut runs = map.candidates(options)?;
    map.settle(&mut runs, options);
    map.report_others(&mut runs);
    let scores = gi_star(&map.standard, &map.weights)?;
    for (n, &i) in map.kept.iter().enumerate() {
        let p = runs[n].as_ref().map(|run| (2.0 * run.p()).min(1.0));
        found[i] = HotSpot { observed: map.cases[n], expected: map.chance[n], z: scores[n].z, p, ..found[i] };
    }
    for (hot, class) in [(true, Class::Hot), (false, Class::Cold)] {
        let (family, p) = family(&runs, hot);
        let (threshold, q) = (fdr_threshold(&p, options.alpha)?, adjusted(&p)?);
        for ((n, own), (p, q)) in family.into_iter().zip(p.iter().zip(q)).filter(|((_, own), _)| *own) {
            let at = &mut found[map.kept[n]];
            at.q = own.then_some(q);
            at.class = if *p < threshold { class } else { Class::NotSignificant };
        }
    }
    Ok(found)
}

/// The family of tests of one side: every cell that has a p, and whether it lies on this side; on the other its p is 1.
fn family(runs: &[Option<Run>], hot: bool) -> (Vec<(usize, bool)>, Vec<f64>) {
    let cells = runs.iter().enumerate().filter_map(|(n, run)| run.as_ref().map(|run| (n, run)));
    cells.map(|(n, run)| ((n, run.hot == hot), if run.hot == hot { run.p() } else { 1.0 })).unzip()
}

/// The cells that have a denominator, and what is known of them.
struct Map {
    /// Their positions among all.
    kept: Vec<usize>,
    weights: Weights,
    expected: Vec<f64>,
    /// u
    standard: Vec<f64>,
    /// Cases of each neighbourhood.
    cases: Vec<f64>,
    /// Cases expected there.
    chance: Vec<f64>,
    seed: u64,
}

impl Map {
    fn of(counts: &[f64], denominators: &[f64], weights: &Weights, options: &Options) -> Result<Option<Self>, StatsError> {
        same_length("denominators", denominators.len(), counts.len())?;
        same_length("weights", weights.len(), counts.len())?;
        all_counts("a count", counts)?;
        all_counts("a denominator", denominators)?;
        share("alpha", options.alpha)?;
        let kept: Vec<usize> = (0..counts.len()).filter(|&i| denominators[i] > 0.0).collect();
        let pick = |values: &[f64]| kept.iter().map(|&i| values[i]).collect::<Vec<f64>>();
        let (counts, denominators, weights) = (pick(counts), pick(denominators), weights.among(&kept));
        let rate = counts.iter().sum::<f64>() / denominators.iter().sum::<f64>();
        if kept.is_empty() || rate <= 0.0 {
            return Ok(None);
        }
        let expected: Vec<f64> = denominators.iter().map(|d| d * rate).collect();
        let standard = counts.iter().zip(&expected).map(|(c, e)| (c - e) / e.sqrt()).collect();
        let around = |values: &[f64]| weights.sums(values).into_iter().zip(values).map(|(sum, own)| sum + own).collect();
        let (cases, chance) = (around(&counts), around(&expected));
        Ok(Some(Self { kept, weights, expected, standard, cases, chance, seed: options.seed }))
    }

    fn neighbourhoods(&self) -> Neighbourhoods<'_> {
        Neighbourhoods { weights: &self.weights, expected: &self.expected, standard: &self.standard }
    }

    /// A run for each cell that can be judged, with its Poisson tail; `open` where that tail alone makes a find.
    ///
    /// p is never below the tail, so that what is no find by the tails is none at all.
    fn candidates(&self, options: &Options) -> Result<Vec<Option<Run>>, StatsError> {
        let judge = |n: usize| {
            if self.weights.of(n).is_empty() || self.chance[n] < options.least_expected {
                return None;
            }
            let (cases, chance) = (self.cases[n], self.chance[n]);
            let hot = cases > chance;
            let tail = if hot { poisson_at_least(cases, chance) } else { poisson_at_most(cases, chance) };
            Some(Run::new(n, hot, tail, self.seed))
        };
        let mut runs: Vec<Option<Run>> = (0..self.kept.len()).into_par_iter().with_min_len(256).map(judge).collect();
        for hot in [true, false] {
            let (family, p) = family(&runs, hot);
            let threshold = fdr_threshold(&p, options.alpha)?;
            for ((n, _), _) in family.iter().zip(&p).filter(|(_, p)| **p < threshold) {
                if let Some(run) = &mut runs[*n] {
                    run.open = true;
                }
            }
        }
        Ok(runs)
    }

    /// Permutes for the candidates until those still open have enough to be finds together.
    fn settle(&self, runs: &mut [Option<Run>], options: &Options) {
        let around = self.neighbourhoods();
        let mut open: Vec<&mut Run> = runs.iter_mut().flatten().filter(|run| run.open).collect();
        let mut permutations = FIRST;
        while !open.is_empty() {
            open.par_iter_mut().for_each(|run| run.go_to(permutations, &around));
            open.retain(|run| run.as_far < ENOUGH);
            let needed = 4.0 * self.kept.len() as f64 / (options.alpha * open.len().max(1) as f64);
            if f64::from(permutations) >= needed {
                break;
            }
            permutations *= 4;
        }
    }

    /// A rough p for the cells that are no candidates: it is shown, and decides nothing.
    fn report_others(&self, runs: &mut [Option<Run>]) {
        let around = self.neighbourhoods();
        let others: Vec<&mut Run> = runs.iter_mut().flatten().filter(|run| !run.open).collect();
        others.into_par_iter().with_min_len(32).for_each(|run| {
            for permutations in [ENOUGH, 4 * ENOUGH, 16 * ENOUGH, FIRST] {
                if run.as_far < ENOUGH / 2 {
                    run.go_to(permutations, &around);
                }
            }
        });
    }
}

/// Permutations of the first round.
const FIRST: u32 = 500;

/// A p counted from so many permutations is known to a fifth: more would change no decision.
const ENOUGH: u32 = 20;

#[cfg(test)]
mod tests;
