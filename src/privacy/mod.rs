//! What may be told to whom: audiences, suppression, safe places, the free-text gate. Pure.
//!
//! Every output that counts incidents asks [`audience`]; numbers are published as [`suppression`] lets them; every
//! incident is shown at a safe place that [`safe_places`] made; every free text passes [`text_gate`] before it is stored.
//! The rooms that call them bring the rights, the addresses and the words, and keep what comes back. Start with
//! `audience.rs`.

mod audience;
mod published_bins;
pub mod safe_places;
pub mod suppression;
pub mod text_gate;

pub use audience::{Audience, Standing, audience, told};
pub use published_bins::{Merged, PublishedBin, ToldBins, merge_published_bins};
