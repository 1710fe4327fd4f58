//! Whether somewhere, for some time up to now, there has been more than expected: the space-time scan.
//!
//! Every zone (a cell and its nearest, see [`nearest_zones`]) is looked at over every window of time; the pair that is
//! hardest to explain by chance is compared with what the same search finds in simulated data ([`simulate`]). What a
//! window scores is in `score`, how sums over nested zones are had for one addition each in `zones`.

mod score;
mod simulate;
mod zones;

pub use score::Model;
pub use zones::nearest_zones;

use rayon::prelude::*;

use super::StatsError;
use super::error::{all_counts, same_length};
use score::Score;
use zones::Chains;

/// What is searched.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// Cases by time, then cell; the last row is the most recent.
    pub counts: &'a [Vec<u32>],
    /// What is expected, by time, then cell, in cases.
    pub baseline: &'a [Vec<f64>],
    /// Sets of cells, by position.
    pub zones: &'a [Vec<usize>],
    /// The longest window in rows of time.
    pub max_duration: usize,
    /// Windows that last until now, or any.
    pub prospective: bool,
    /// What is compared with what.
    pub model: Model,
}

/// How much is reported, and how chance is simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How many of the best windows.
    pub top: usize,
    /// How many clusters without a common cell.
    pub clusters: usize,
    /// Simulations for p; 0 for none. p is never below 1 / (simulations + 1).
    pub simulations: usize,
    /// Seed of the simulations.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { top: 10, clusters: 5, simulations: 999, seed: 1 }
    }
}

/// A zone over a window of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// Position of the zone.
    pub zone: usize,
    /// First row of time.
    pub start: usize,
    /// Row after the last.
    pub end: usize,
    /// Log likelihood ratio.
    pub llr: f64,
    /// Cases in it.
    pub observed: u64,
    /// Cases expected in it.
    pub expected: f64,
    /// Share of simulations (and the data) whose best window scores as high; `None` without simulations.
    pub p: Option<f64>,
}

impl Cluster {
    /// Observed over expected; `None` when nothing was expected.
    pub fn relative_risk(&self) -> Option<f64> {
        (self.expected > 0.0).then(|| self.observed as f64 / self.expected)
    }

    /// How many days pass between chance finds as strong as this when the scan is done every so many days: days / p.
    pub fn recurrence_interval_days(&self, days_between_scans: f64) -> Option<f64> {
        self.p.map(|p| days_between_scans / p)
    }
}

/// What a scan found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The number of windows of time.
    pub windows: usize,
    /// The best windows: by score, then the shorter, then by zone.
    pub top: Vec<Cluster>,
    /// The best without a common cell.
    pub clusters: Vec<Cluster>,
}

impl Found {
    /// The highest score; 0 when nowhere is more than expected.
    pub fn max_llr(&self) -> f64 {
        self.top.first().map_or(0.0, |best| best.llr)
    }
}

/// Searches zones and windows for more cases than expected (space-time scan statistic).
///
/// Score: see [`Model`]; p = (1 + #{simulated maxima ≥ score}) / (1 + simulations)   — Kulldorff 2001, Neill 2009
///
/// Windows that score 0 are not reported. The same seed gives the same p for any number of threads. A case where nothing
/// was expected has no finite score: such cells must have some baseline (`OutOfRange`).
/// O(simulations · (cases + zones · windows)).
pub fn space_time_scan(search: &Search, options: &Options) -> Result<Found, StatsError> {
    check(search)?;
    let times = Times::of(search);
    let score = Score::of(search);
    let chains = Chains::of(search.zones);
    let expected = chains.sums(&times.over_windows(search.baseline, score.scale), times.windows.len());
    let counts: Vec<Vec<f64>> = search.counts.iter().map(|row| row.iter().map(|&c| f64::from(c)).collect()).collect();
    let observed = chains.sums(&times.over_windows(&counts, 1.0), times.windows.len());
    let width = times.windows.len();
    let mut scored: Vec<(f64, usize)> =
        (0..expected.len()).into_par_iter().map(|at| (score.llr(observed[at], expected[at]), at)).filter(|(llr, _)| *llr > 0.0).collect();
    // By score, then the shorter window, then the zone; `at` is zone · width + window.
    scored.par_sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then((a.1 % width).cmp(&(b.1 % width))).then(a.1.cmp(&b.1)));
    let cluster = |&(llr, at): &(f64, usize)| {
        let (start, end) = times.windows[at % width];
        Cluster { zone: at / width, start, end, llr, observed: observed[at] as u64, expected: expected[at], p: None }
    };
    let mut found = Found {
        windows: width,
        top: scored.iter().take(options.top).map(cluster).collect(),
        clusters: apart(&scored, width, search, options.clusters).iter().map(cluster).collect(),
    };
    let weakest = found.top.iter().chain(&found.clusters).map(|c| c.llr).fold(f64::INFINITY, f64::min);
    if options.simulations > 0 && weakest.is_finite() {
        let setup = simulate::Setup { search, times: &times, score: &score, chains: &chains, expected: &expected, weakest };
        let maxima = setup.maxima(options.simulations, options.seed);
        for cluster in found.top.iter_mut().chain(&mut found.clusters) {
            let as_high = maxima.iter().filter(|max| **max >= cluster.llr).count();
            cluster.p = Some((as_high + 1) as f64 / (maxima.len() + 1) as f64);
        }
    }
    Ok(found)
}

/// The best windows, one after the other, that have no cell in common with those before.
fn apart(scored: &[(f64, usize)], width: usize, search: &Search, most: usize) -> Vec<(f64, usize)> {
    let mut taken = vec![false; search.counts.first().map_or(0, Vec::len)];
    let mut kept = Vec::new();
    for &(llr, at) in scored {
        if kept.len() >= most {
            break;
        }
        let zone = &search.zones[at / width];
        if !zone.iter().any(|&cell| taken[cell]) {
            for &cell in zone {
                taken[cell] = true;
            }
            kept.push((llr, at));
        }
    }
    kept
}

fn check(search: &Search) -> Result<(), StatsError> {
    same_length("baseline", search.baseline.len(), search.counts.len())?;
    let cells = search.counts.first().map_or(0, Vec::len);
    if search.max_duration == 0 || search.counts.is_empty() {
        return Err(StatsError::OutOfRange {
            what: "the longest window",
            value: search.max_duration as f64,
            must: "1 or more, of at least one row of time",
        });
    }
    for (counts, baseline) in search.counts.iter().zip(search.baseline) {
        same_length("a row of counts", counts.len(), cells)?;
        same_length("a row of the baseline", baseline.len(), cells)?;
        all_counts("a baseline", baseline)?;
        if let Some(cell) = counts.iter().zip(baseline).position(|(c, b)| *c > 0 && *b <= 0.0) {
            return Err(StatsError::OutOfRange { what: "the baseline of a cell with cases", value: baseline[cell], must: "above 0" });
        }
    }
    if let Some(cell) = search.zones.iter().flatten().find(|cell| **cell >= cells) {
        return Err(StatsError::OutOfRange { what: "a cell of a zone", value: *cell as f64, must: "the position of a cell" });
    }
    Ok(())
}

/// The windows of time, by duration: `[start, end)`.
struct Times {
    windows: Vec<(usize, usize)>,
    rows: usize,
    prospective: bool,
}

impl Times {
    fn of(search: &Search) -> Self {
        let rows = search.counts.len();
        let longest = search.max_duration.min(rows);
        let windows = if search.prospective {
            (1..=longest).map(|d| (rows - d, rows)).collect()
        } else {
            (1..=longest).flat_map(|d| (0..=rows - d).map(move |start| (start, start + d))).collect()
        };
        Self { windows, rows, prospective: search.prospective }
    }

    /// The sums of each cell over each window: cell by cell.
    fn over_windows(&self, values: &[Vec<f64>], scale: f64) -> Vec<f64> {
        let cells = values.first().map_or(0, Vec::len);
        let mut sums = vec![0.0; cells * self.windows.len()];
        let mut running = vec![0.0; self.rows + 1];
        for (cell, out) in sums.chunks_exact_mut(self.windows.len()).enumerate() {
            self.fill(out, &mut running, |t| values[t][cell] * scale);
        }
        sums
    }

    /// The sums of one series over each window. `running` is room for one number more than rows.
    fn fill<N: Copy + Default + std::ops::AddAssign>(&self, out: &mut [N], running: &mut [N], value: impl Fn(usize) -> N) {
        running.fill(N::default());
        // A window is one row longer than an earlier one: of the same end where all end now, else of the same start.
        for (place, &(start, end)) in out.iter_mut().zip(&self.windows) {
            let (earlier, row) = if self.prospective { (self.rows, start) } else { (start, end - 1) };
            running[earlier] += value(row);
            *place = running[earlier];
        }
    }
}

#[cfg(test)]
mod tests;
