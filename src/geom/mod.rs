//! Pure geometry: frames, measures, datums, validity, partitions, places, and WKB.
//!
//! Everything stored and passed around is a `geo_types` geometry in WGS 84 degrees, rounded by [`round7`] so that
//! shared corners are equal to the bit. A coordinate that must be measured goes through a frame first: [`Plane`]
//! makes [`Metres`], and only those have a planar area; [`area_m2`] and [`distance_m`] measure degrees on the ellipsoid.
//!
//! No file, clock, database or thread pool of its own is touched here; `imports` reads files and asks [`crs`] and
//! [`validate`], `cells` asks [`overlaps`], [`gaps`] and [`outlying`], `db` moves geometry as [`wkb`].
//!
//! Read [`frame`](Plane) first, then validity, then partition.

mod borders;
mod compactness;
mod frame;
mod inner;
mod locator;
mod measure;
mod normal;
mod partition;
mod ring;
mod round;
mod validity;

#[cfg(test)]
pub(crate) mod shared_data;

pub mod crs;
pub mod wkb;

pub use borders::{SharedBorder, shared_borders};
pub use compactness::{Compactness, compactness};
pub use frame::{LonLat, Metres, Plane};
pub use inner::inner_point;
pub use locator::PointLocator;
pub use measure::{area_m2, distance_m, length_m, mean_width_m, perimeter_m};
pub use normal::normal;
pub use partition::{Gap, Outlying, Overlap, Tolerance, cut_back, gaps, outlying, overlaps, overlaps_with, union};
pub use round::{Round7, round7};
pub use validity::{Flaw, FlawKind, RepairError, Repaired, repair, validate};
