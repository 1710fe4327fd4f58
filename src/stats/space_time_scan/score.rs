//! How far a window's cases are above what was expected.

use super::Search;

/// What the cases of a window are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Model {
    /// Expectation-based Poisson (Neill 2009): with the baseline as it is. C ln(C/B) + B − C where C > B. Finds a rise
    /// that is everywhere, too.
    ExpectationBased,
    /// Population-based Poisson (Kulldorff 1997): with the rest of space and time; the baseline is scaled so that its
    /// total is the number of cases N. C ln(C/B) + (N − C) ln((N − C)/(N − B)) where C > B.
    PopulationBased,
}

/// The score with what it needs of the whole.
pub(super) struct Score {
    model: Model,
    /// N.
    pub(super) cases: f64,
    /// What every baseline is multiplied by.
    pub(super) scale: f64,
}

impl Score {
    pub(super) fn of(search: &Search) -> Self {
        let cases: f64 = search.counts.iter().flatten().map(|&c| f64::from(c)).sum();
        let total: f64 = search.baseline.iter().flatten().sum();
        let scale = if search.model == Model::PopulationBased && total > 0.0 { cases / total } else { 1.0 };
        Self { model: search.model, cases, scale }
    }

    /// The log likelihood ratio of a window, 0 when there are no more cases than expected.
    pub(super) fn llr(&self, c: f64, b: f64) -> f64 {
        if c <= b {
            return 0.0;
        }
        let inside = c * (c / b).ln();
        match self.model {
            Model::ExpectationBased => inside + b - c,
            Model::PopulationBased => {
                let (rest, rest_expected) = (self.cases - c, self.cases - b);
                inside + if rest > 0.0 { rest * (rest / rest_expected).ln() } else { 0.0 }
            }
        }
    }

    /// The smallest number of cases with which a window scores this much; `u32::MAX` when none does.
    pub(super) fn cases_for(&self, llr: f64, b: f64) -> u32 {
        if b <= 0.0 {
            return u32::MAX;
        }
        let most = match self.model {
            Model::ExpectationBased => f64::from(u32::MAX - 1),
            Model::PopulationBased => self.cases,
        };
        let (mut low, mut step) = (b.floor(), 1.0);
        while self.llr((low + step).min(most), b) < llr {
            if low + step >= most {
                return u32::MAX;
            }
            low += step;
            step *= 2.0;
        }
        let mut high = (low + step).min(most);
        while high - low > 1.0 {
            let middle = f64::midpoint(low, high).floor();
            if self.llr(middle, b) >= llr { high = middle } else { low = middle }
        }
        high as u32
    }
}
