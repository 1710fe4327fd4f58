//! How far the weeks are above what was expected, added up.

use super::super::StatsError;
use super::super::error::same_length;
use super::{Expected, RISE, Thresholds};

/// What one more week adds to the sum: the log likelihood ratio of a rise against none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gain {
    size: f64,
    log_rise: f64,
}

impl Gain {
    pub(super) fn of(size: f64) -> Self {
        Self { size, log_rise: RISE.ln() }
    }

    /// x ln ρ − (x + k) ln((ρμ + k)/(μ + k))
    pub(super) fn at(self, count: f64, mean: f64) -> f64 {
        count * self.log_rise - (count + self.size) * ((RISE * mean + self.size) / (mean + self.size)).ln()
    }
}

/// The sums and alarm lines of one cell, by week.
#[derive(Debug, Clone, PartialEq)]
pub struct Sums {
    /// The sum, not above the line: an alarm ends soon after its cause.
    pub sums: Vec<f64>,
    /// The alarm line.
    pub lines: Vec<f64>,
}

/// A cell in a week in which its sum reached the alarm line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Alert {
    /// Position of the cell.
    pub cell: usize,
    /// Week, from 0.
    pub week: usize,
    /// Cases counted in it.
    pub count: u32,
    /// Cases expected in it.
    pub expected: f64,
}

/// Follows each cell over the weeks (negative binomial CUSUM for a rise to 2.5 times, held at the alarm line).
///
/// Sₜ = min(hₜ, max(0, Sₜ₋₁ + x ln ρ − (x + k) ln((ρμ + k)/(μ + k)))), an alert where Sₜ ≥ hₜ
///
/// * `counts` – by cell, then week, as given to [`expect`](super::expect)
///
/// Returns one entry for each cell. O(cells · weeks).
pub fn watch(counts: &[Vec<u32>], expected: &Expected, thresholds: &Thresholds) -> Result<Vec<Sums>, StatsError> {
    same_length("expected means", expected.means.len(), counts.len())?;
    let gain = Gain::of(expected.size);
    let cell = |(row, means): (&Vec<u32>, &Vec<f64>)| {
        same_length("expected means of a cell", means.len(), row.len())?;
        let lines: Vec<f64> = means.iter().map(|&mean| thresholds.at(mean)).collect();
        let mut sum = 0.0_f64;
        let weeks = row.iter().zip(means).zip(&lines);
        let sums = weeks.map(|((&count, &mean), &line)| {
            sum = (sum + gain.at(f64::from(count), mean)).max(0.0).min(line);
            sum
        });
        Ok(Sums { sums: sums.collect(), lines })
    };
    counts.iter().zip(&expected.means).map(cell).collect()
}

impl Sums {
    /// Whether the sum reached the line in a week.
    pub fn is_alert(&self, week: usize) -> bool {
        self.sums[week] >= self.lines[week]
    }
}

/// The alerts from a week on, by cell, then week.
pub fn alerts(counts: &[Vec<u32>], expected: &Expected, watched: &[Sums], from_week: usize) -> Vec<Alert> {
    let cell = |(cell, sums): (usize, &Sums)| {
        let weeks = (from_week..sums.sums.len()).filter(|&week| sums.is_alert(week));
        weeks.map(|week| Alert { cell, week, count: counts[cell][week], expected: expected.means[cell][week] }).collect::<Vec<_>>()
    };
    watched.iter().enumerate().flat_map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::super::expect;
    use super::*;

    #[test]
    fn a_week_gains_as_computed_by_hand() {
        // k 1, μ 1, x 2: 2 ln 2.5 − 3 ln(3.5/2).
        let got = Gain::of(1.0).at(2.0, 1.0);
        assert!((got - (2.0 * 2.5_f64.ln() - 3.0 * 1.75_f64.ln())).abs() < 1e-15, "{got}");
    }

    #[test]
    fn a_rise_to_three_times_is_told_and_the_alarm_ends_with_it() {
        let mut counts: Vec<Vec<u32>> = (0..40_u32).map(|i| (0..160_u32).map(|t| (i * 7 + t * 11 + i * t) % 3).collect()).collect();
        for count in &mut counts[5][120..128] {
            *count += 3;
        }
        let expected = expect(&counts).unwrap();
        let thresholds = Thresholds::new(&[0.1, 5.0], &[3.0, 3.0]).unwrap();
        let watched = watch(&counts, &expected, &thresholds).unwrap();
        let found = alerts(&counts, &expected, &watched, 104);
        assert!(found.iter().all(|a| a.cell == 5 && (120..132).contains(&a.week)), "{found:?}");
        assert!(found[0].week <= 122 && found[0].count >= 3 && found[0].expected < 1.5, "{found:?}");
    }
}
