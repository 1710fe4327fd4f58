//! When a cell's weekly cases have risen for good reason to look: the detector of the early warning.
//!
//! Three steps, a file each: [`expect`] says what a week would bring (a level per cell that learns slowly and borrows
//! from all cells, times a factor of the week), [`watch`] adds up how far the weeks are above it, [`Thresholds`] say how
//! high that sum may rise for a wanted number of false alarms. A week is judged by the weeks up to it alone.
//!
//! The detector is the one recommended in the reference data (negative binomial CUSUM on an empirical-Bayes level).
//! Show count and expectation beside each alert. Neighbouring cells are not pooled: that is the scan's business.

mod cusum;
mod expect;
mod table;
mod thresholds;

pub use cusum::{Alert, Sums, alerts, watch};
pub use expect::{Expected, expect};
pub use table::{alerts_csv, read_counts};
pub use thresholds::Thresholds;

/// Weeks whose mean is the first level of a cell; alerts before the second year mean little.
pub const WARM_UP_WEEKS: usize = 52;

/// The rise that is watched for: 2.5 times what is expected.
pub const RISE: f64 = 2.5;
