//! GeoJSON as RFC 7946 wants it, with our own precise faults, streamed.
//!
//! `split` cuts a document of any size into features and keeps what stands around them; `feature` reads one of them;
//! `shape` reads geometries. Which columns mean what is `columns`' business, which shapes a noun takes is `nouns`'.

mod feature;
mod members;
mod shape;
mod split;

pub use feature::{Feature, read_feature};
pub use members::{Members, value_text};
pub use split::{Root, Splitter};

#[cfg(test)]
mod tests;
