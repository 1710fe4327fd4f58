//! The axum toolkit: problems, extractors, GeoJSON bodies, ETags, who may call from where.
//!
//! [`problem`] alone knows statuses. Handlers take our extractors, so that a malformed body speaks the same language
//! as everything else. Sessions and rights are `users`' business.

pub mod etag;
pub mod extract;
pub mod geojson;
pub mod origin;
pub mod problem;

pub use extract::{Body, Path, Query};
pub use problem::Problem;
