//! What a week would bring: a level for each cell, learned slowly, times a factor of the week.

use super::super::StatsError;
use super::super::distribution::poisson_quantile;
use super::super::error::same_length;
use super::WARM_UP_WEEKS;

/// What a week weighs less than the one after it: half in 46 weeks.
const MEMORY: f64 = 0.985;
/// Weeks that are held back from the level, so that an outbreak does not raise its own expectation.
const GUARD: usize = 6;
/// The prior is renewed every so many weeks.
const RENEWAL: usize = 13;
/// Cases added to both sides of the week's factor, so that few cells do not make it jump.
const STEADY: f64 = 20.0;
/// Counts above this quantile of what was expected teach the level no more than it.
const CAP: f64 = 0.99;
/// Weeks (from, to) from which the spread beyond chance is taken.
const SPREAD_WEEKS: (usize, usize) = (60, 104);

/// What was expected, by cell and week.
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    /// Expected cases: by cell, then week.
    pub means: Vec<Vec<f64>>,
    /// How busy each week was for all cells together, 1 is as expected.
    pub week_factors: Vec<f64>,
    /// Size k of the negative binomial: the variance is mean + mean²/k.
    pub size: f64,
}

/// What is expected of each cell in each week, from the weeks before it (from week 52 on; before, the mean of the first year).
///
/// level = (a₀ + aᵢ)/(b₀ + b) with aᵢ, b discounted sums of counts and week factors, held back by six weeks, and a
/// gamma prior (a₀, b₀) from all cells; mean = level · factor of the week without the cell itself
///
/// * `counts` – by cell, then week
///
/// O(cells · weeks). No week at all: `OutOfRange`.
pub fn expect(counts: &[Vec<u32>]) -> Result<Expected, StatsError> {
    let weeks = counts.first().map_or(0, Vec::len);
    for row in counts {
        same_length("the weeks of a cell", row.len(), weeks)?;
    }
    if weeks == 0 {
        return Err(StatsError::OutOfRange { what: "the number of weeks", value: 0.0, must: "1 or more, of at least one cell" });
    }
    let mut learner = Learner::new(counts);
    let mut means = vec![Vec::with_capacity(weeks); counts.len()];
    let mut week_factors = Vec::with_capacity(weeks);
    for week in 0..weeks {
        learner.forget_and_learn(week);
        let levels = learner.levels(week);
        let (seen, all) = (counts.iter().map(|row| f64::from(row[week])).sum::<f64>(), levels.iter().sum::<f64>());
        for ((row, level), means) in counts.iter().zip(&levels).zip(&mut means) {
            let others = (seen - f64::from(row[week]) + STEADY) / (all - level + STEADY);
            means.push(level * others);
        }
        week_factors.push((seen + STEADY) / (all + STEADY));
        learner.keep(week, &means, week_factors[week]);
    }
    let size = size(counts, &means);
    Ok(Expected { means, week_factors, size })
}

/// The levels, and what they are learned from.
struct Learner<'a> {
    counts: &'a [Vec<u32>],
    first_year: Vec<f64>,
    /// aᵢ
    cases: Vec<f64>,
    /// b
    exposure: f64,
    /// (a₀, b₀)
    prior: (f64, f64),
    /// Counts as they are learned, by week, then cell.
    kept: Vec<Vec<f64>>,
    factors: Vec<f64>,
}

impl<'a> Learner<'a> {
    fn new(counts: &'a [Vec<u32>]) -> Self {
        let mean = |row: &Vec<u32>| {
            let first = &row[..row.len().min(WARM_UP_WEEKS)];
            first.iter().map(|&c| f64::from(c)).sum::<f64>() / first.len() as f64 + 0.05
        };
        let first_year = counts.iter().map(mean).collect();
        Self { counts, first_year, cases: vec![0.0; counts.len()], exposure: 0.0, prior: (0.0, 0.0), kept: Vec::new(), factors: Vec::new() }
    }

    fn forget_and_learn(&mut self, week: usize) {
        if let Some(then) = week.checked_sub(GUARD + 1) {
            for (cases, kept) in self.cases.iter_mut().zip(&self.kept[then]) {
                *cases = MEMORY * *cases + kept;
            }
            self.exposure = MEMORY * self.exposure + self.factors[then];
        }
        if week >= WARM_UP_WEEKS && (week - WARM_UP_WEEKS).is_multiple_of(RENEWAL) {
            self.renew_prior();
        }
    }

    fn renew_prior(&mut self) {
        let n = self.cases.len() as f64;
        let rates: Vec<f64> = self.cases.iter().map(|cases| cases / self.exposure).collect();
        // Where nothing ever happened a breath is left, so that the first case is a surprise and not a division by 0.
        let mean = (rates.iter().sum::<f64>() / n).max(1e-9);
        let spread = rates.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / n;
        let variance = (spread - mean / self.exposure).max(0.001 * mean * mean);
        self.prior = (mean * mean / variance, mean / variance);
    }

    fn levels(&self, week: usize) -> Vec<f64> {
        if week < WARM_UP_WEEKS {
            return self.first_year.clone();
        }
        let (cases, exposure) = self.prior;
        self.cases.iter().map(|own| (cases + own) / (exposure + self.exposure)).collect()
    }

    fn keep(&mut self, week: usize, means: &[Vec<f64>], factor: f64) {
        let kept = self.counts.iter().zip(means).map(|(row, means)| {
            let count = f64::from(row[week]);
            if week < WARM_UP_WEEKS { count } else { count.min(poisson_quantile(CAP, means[week])) }
        });
        self.kept.push(kept.collect());
        self.factors.push(factor);
    }
}

/// k = 1/w, w = Σ((x − μ)² − μ) / Σμ², at least 0.001, over the second year. Series that end before: all their weeks.
fn size(counts: &[Vec<u32>], means: &[Vec<f64>]) -> f64 {
    let weeks = counts[0].len();
    let (from, to) = if weeks > SPREAD_WEEKS.0 { (SPREAD_WEEKS.0, SPREAD_WEEKS.1.min(weeks)) } else { (0, weeks) };
    let (mut beyond, mut squares) = (0.0, 0.0);
    for (row, means) in counts.iter().zip(means) {
        for (&count, mean) in row[from..to].iter().zip(&means[from..to]) {
            beyond += (f64::from(count) - mean).powi(2) - mean;
            squares += mean * mean;
        }
    }
    1.0 / (beyond / squares).max(0.001)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_town_is_expected_to_stay_level() {
        // 2 cells with 1 and 3 a week: factors are 1 + 0.1·2/24-odd in the first year and settle near 1.
        let counts = vec![vec![1; 150], vec![3; 150]];
        let got = expect(&counts).unwrap();
        assert!((got.means[0][0] - 1.05 * 23.0 / 23.05).abs() < 1e-12, "{}", got.means[0][0]);
        assert!((got.week_factors[0] - 24.0 / 24.1).abs() < 1e-12);
        for (means, wanted) in got.means.iter().zip([1.0, 3.0]) {
            assert!(means[52..].iter().all(|m| (m / wanted - 1.0).abs() < 0.1), "{:?}", &means[52..]);
        }
        assert!((got.size - 1000.0).abs() < 1e-9);
    }

    #[test]
    fn later_weeks_change_nothing_before_them() {
        let counts: Vec<Vec<u32>> = (0..9_u32).map(|i| (0..130_u32).map(|t| (i * 31 + t * t * 7) % (2 + i % 3)).collect()).collect();
        let cut: Vec<Vec<u32>> = counts.iter().map(|row| row[..110].to_vec()).collect();
        let (whole, part) = (expect(&counts).unwrap(), expect(&cut).unwrap());
        for (a, b) in whole.means.iter().zip(&part.means) {
            assert_eq!(a[..110], b[..]);
        }
        assert!(whole.size.total_cmp(&part.size).is_eq());
    }

    #[test]
    fn cells_without_any_case_have_small_finite_means() {
        let got = expect(&vec![vec![0; 120]; 3]).unwrap();
        assert!(got.means.iter().flatten().all(|m| m.is_finite() && *m > 0.0) && got.size.is_finite());
        assert!(expect(&[]).is_err() && expect(&[vec![]]).is_err() && expect(&[vec![1], vec![]]).is_err());
        assert!(expect(&[vec![2]]).is_ok());
    }
}
