//! How high the sums may rise for a wanted number of false alarms.

use rayon::prelude::*;

use super::super::StatsError;
use super::super::dice::Dice;
use super::super::error::{all_finite, positive, same_length};
use super::cusum::Gain;

/// Means of the table: 16, from 0.04 to 12 cases a week, each the same factor above the one before.
const MEANS: (f64, f64, usize) = (0.04, 12.0, 16);
/// Weeks of one simulated series.
const WEEKS: usize = 2_000;
/// Alarms of one cell fewer weeks apart than this are one.
const EPISODE: usize = 4;
/// Weeks in a year.
const YEAR: f64 = 52.18;

/// Lines at the means of the table for size 14 (counts a little more spread than chance makes them), by false alarms a
/// year: what `simulate(14.0, …, 4_000, 1)` gives. Lines jump a little from mean to mean because counts are whole.
const USUAL: [(f64, [f64; 16]); 3] = [
    (0.1, [2.944, 3.234, 3.448, 3.712, 3.792, 3.999, 4.154, 4.176, 4.331, 4.099, 4.556, 4.612, 4.364, 4.509, 4.288, 4.341]),
    (0.25, [2.036, 2.333, 2.540, 2.809, 2.881, 3.110, 3.261, 3.260, 3.493, 3.262, 3.416, 3.436, 3.634, 3.426, 3.332, 3.170]),
    (0.5, [1.406, 1.646, 1.851, 2.133, 2.246, 2.388, 2.457, 2.737, 2.733, 2.459, 2.809, 2.658, 2.997, 2.831, 2.857, 2.390]),
];

/// The `n`-th mean of the table.
fn mean_of(n: usize) -> f64 {
    let (first, last, count) = MEANS;
    first * ((last / first).ln() * n as f64 / (count - 1) as f64).exp()
}

/// The alarm line by expected mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Thresholds {
    /// (logarithm of the mean, line), ascending.
    table: Vec<(f64, f64)>,
}

impl Thresholds {
    /// A table of means, ascending and above 0, and their lines.
    pub fn new(means: &[f64], lines: &[f64]) -> Result<Self, StatsError> {
        same_length("lines", lines.len(), means.len())?;
        all_finite("line", lines)?;
        for &mean in means {
            positive("a mean", mean)?;
        }
        if let Some(pair) = means.windows(2).find(|pair| pair[0] >= pair[1]) {
            return Err(StatsError::OutOfRange { what: "a mean", value: pair[1], must: "above the one before" });
        }
        if means.is_empty() {
            return Err(StatsError::TooFewCells { have: 0, need: 1 });
        }
        Ok(Self { table: means.iter().map(|mean| mean.ln()).zip(lines.iter().copied()).collect() })
    }

    /// The line at a mean: straight between the entries over the logarithm, the outermost ones beyond.
    pub fn at(&self, mean: f64) -> f64 {
        let x = mean.ln();
        let above = self.table.partition_point(|(at, _)| *at <= x);
        if above == 0 {
            return self.table[0].1;
        }
        let Some(&(x1, y1)) = self.table.get(above) else { return self.table[above - 1].1 };
        let (x0, y0) = self.table[above - 1];
        y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    }

    /// A table that was simulated beforehand, for counts whose size k is 8 or more; `None` for other numbers of false
    /// alarms a year than 0.1, 0.25 and 0.5. Simulate where the spread is greater.
    pub fn usual(false_alarms_per_year: f64) -> Option<Self> {
        let (_, lines) = USUAL.iter().find(|(target, _)| target.total_cmp(&false_alarms_per_year).is_eq())?;
        Some(Self { table: lines.iter().enumerate().map(|(n, line)| (mean_of(n).ln(), *line)).collect() })
    }

    /// The table that lets so many false alarms a year through in a cell, by simulation.
    ///
    /// For each of 16 means the sums are followed over series of 2,000 weeks of negative binomial counts, not held at the
    /// line, and the line is moved until alarms (those less than 4 weeks apart are one) come as often as wanted.
    ///
    /// * `size` – k of the negative binomial, see [`Expected`](super::Expected)
    /// * `false_alarms_per_year` – 0.25 is a good start
    /// * `series` – 40 as in the reference, where lines are known to some 10 %; 400 for the nightly run
    ///
    /// The same seed gives the same table for any number of threads. O(series).
    pub fn simulate(size: f64, false_alarms_per_year: f64, series: usize, seed: u64) -> Result<Self, StatsError> {
        positive("the size", size)?;
        positive("the number of false alarms", false_alarms_per_year)?;
        positive("the number of series", series as f64)?;
        let one = |n: usize| {
            let mean = mean_of(n);
            let gains = gains(size, mean, series, Dice::stream(seed, n as u64));
            let years = (series * WEEKS) as f64 / YEAR;
            let (mut low, mut high) = (0.0, 40.0);
            for _ in 0..24 {
                let middle = f64::midpoint(low, high);
                if episodes(&gains, middle) as f64 / years > false_alarms_per_year { low = middle } else { high = middle }
            }
            (mean.ln(), f64::midpoint(low, high))
        };
        Ok(Self { table: (0..MEANS.2).into_par_iter().map(one).collect() })
    }
}

/// What each week of each series adds to its sum.
fn gains(size: f64, mean: f64, series: usize, mut dice: Dice) -> Vec<Vec<f64>> {
    // P(x + 1)/P(x) = (k + x)/(x + 1) · μ/(k + μ); past 1,000 nothing is left at these means unless k is tiny.
    let mut p = (size * (size / (size + mean)).ln()).exp();
    let (mut reached, mut below) = (Vec::new(), 0.0);
    for x in 0..1_000 {
        below += p;
        reached.push(below);
        if below > 1.0 - 1e-14 {
            break;
        }
        p *= (size + f64::from(x)) / f64::from(x + 1) * mean / (size + mean);
    }
    let gain = Gain::of(size);
    let of: Vec<f64> = (0..reached.len()).map(|x| gain.at(x as f64, mean)).collect();
    let last = reached.len() - 1;
    let mut week = || {
        let u = dice.unit();
        of[reached.partition_point(|r| *r <= u).min(last)]
    };
    (0..series).map(|_| (0..WEEKS).map(|_| week()).collect()).collect()
}

/// How many alarms there are at a line.
fn episodes(gains: &[Vec<f64>], line: f64) -> usize {
    let mut count = 0;
    for series in gains {
        let (mut sum, mut quiet) = (0.0_f64, EPISODE);
        for gain in series {
            sum = (sum + gain).max(0.0);
            if sum >= line {
                count += usize::from(quiet >= EPISODE);
                quiet = 1;
            } else {
                quiet += 1;
            }
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_run_straight_over_the_logarithm_of_the_mean() {
        let table = Thresholds::new(&[1.0, 4.0], &[2.0, 6.0]).unwrap();
        assert!((table.at(2.0) - 4.0).abs() < 1e-12);
        assert_eq!((table.at(0.0), table.at(0.5), table.at(1.0), table.at(4.0), table.at(99.0)), (2.0, 2.0, 2.0, 6.0, 6.0));
        assert!(Thresholds::new(&[2.0, 1.0], &[1.0, 1.0]).is_err() && Thresholds::new(&[], &[]).is_err());
    }

    #[test]
    fn the_usual_lines_are_those_of_a_simulation() {
        let (usual, simulated) = (Thresholds::usual(0.5).unwrap(), Thresholds::simulate(14.0, 0.5, 30, 5).unwrap());
        for ((mean, line), (at, simulated)) in usual.table.iter().zip(&simulated.table) {
            assert!((mean - at).abs() < 1e-12 && (line - simulated).abs() < 0.15 * line, "{mean}: {line} {simulated}");
        }
        assert_eq!(Thresholds::usual(0.3), None);
    }

    #[test]
    fn alarms_less_than_four_weeks_apart_are_one() {
        let weeks = |alarms: &[usize]| vec![(0..20).map(|t| if alarms.contains(&t) { 9.0 } else { -9.0 }).collect::<Vec<f64>>()];
        assert_eq!(episodes(&weeks(&[2, 5, 8]), 5.0), 1);
        assert_eq!(episodes(&weeks(&[2, 6]), 5.0), 2);
        assert_eq!(episodes(&weeks(&[]), 5.0), 0);
    }

    #[test]
    fn fewer_false_alarms_take_higher_lines_on_any_number_of_threads() {
        let table = |target, threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| Thresholds::simulate(14.0, target, 3, 8).unwrap())
        };
        let (few, many) = (table(0.1, 1), table(1.0, 4));
        assert!(few.table.iter().zip(&many.table).all(|(few, many)| few.1 > many.1), "{few:?} {many:?}");
        assert_eq!(table(1.0, 2), many);
    }
}
