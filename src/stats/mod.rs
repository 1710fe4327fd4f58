//! Pure statistics of places, one measure a file: who neighbours whom, where values cluster, whether that is more than
//! chance, whether it grows, and when to say so.
//!
//! * the ground: [`Weights`] (contiguity, bands, nearest), the shared permutations behind every simulated p
//!   ([`Shuffles`]), [`fdr`];
//! * where: [`gi_star`], [`local_moran`], [`global_moran`], [`hot_spots`] (the one to show people), [`density`],
//!   [`dbscan`], [`rates`];
//! * when: [`mann_kendall`], [`emerging`], [`space_time_scan`], [`early_warning`]; how long: [`median_time`].
//!
//! Nothing here reads a file, a clock or unseeded dice. What is not defined (no variance, no neighbour, no denominator)
//! is `None`, never NaN and never 0. The same seed gives the same answer for any number of threads, because chance is
//! drawn by position and sums are taken in a fixed order. How compact a cell is stands in `geom`, with the other
//! measures of shape.
//!
//! The definitions are those of the reference packages (esda, libpysal, scikit-learn); `tests/it/reference.rs` holds
//! them to it. Read [`weights`] first, then [`getis_ord`].

mod buckets;
mod dice;
mod distribution;
mod error;

pub mod dbscan;
pub mod density;
pub mod early_warning;
pub mod emerging;
pub mod fdr;
pub mod getis_ord;
pub mod hot_spots;
pub mod kaplan_meier;
pub mod mann_kendall;
pub mod moran;
pub mod permutation;
pub mod rates;
pub mod space_time_scan;
pub mod weights;

pub use dbscan::{Clusters, dbscan};
pub use emerging::emerging;
pub use error::StatsError;
pub use fdr::{adjusted, fdr_threshold};
pub use getis_ord::{GiStar, gi_star};
pub use kaplan_meier::median_time;
pub use mann_kendall::{Trend, mann_kendall};
pub use moran::{GlobalMoran, LocalMoran, Transform, global_moran, local_moran};
pub use permutation::{Shuffles, Tails};
pub use space_time_scan::space_time_scan;
pub use weights::Weights;
