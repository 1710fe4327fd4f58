//! Cases per household, with what chance alone does to them.

mod crude;
mod funnel;
mod smoothed;

pub use crude::{Rate, crude_rates};
pub use funnel::{Funnel, funnel_limits};
pub use smoothed::{empirical_bayes, empirical_bayes_local};

use super::StatsError;
use super::error::{all_counts, same_length};

/// Holds when there is a count and a denominator for each cell, none negative.
fn check(counts: &[f64], denominators: &[f64]) -> Result<(), StatsError> {
    same_length("denominators", denominators.len(), counts.len())?;
    all_counts("a count", counts)?;
    all_counts("a denominator", denominators)
}
