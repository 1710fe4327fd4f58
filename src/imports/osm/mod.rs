//! The base map from an extract of OpenStreetMap (`.osm.pbf`): roads, water, buildings, grounds, places, borders, land.
//!
//! `kinds` says what a tagged thing is; `frame` looks whether a file is whole before anything is read; `read` goes over it
//! three times (relations, ways, nodes), since a way's places stand before it in the file and those of a relation far from
//! it; `rings` and `coast` put areas together; `job` is the import around it. In memory are the keys of the nodes that a
//! drawn way needs, with their places, and those ways: nothing of the rest, and at most `MOST_NODES`.

mod coast;
mod frame;
mod job;
mod kinds;
mod read;
mod rings;
mod shapes;

pub use job::Request;

/// Nodes of drawn ways that are held at once: some 2.4 GB. A province of China has a tenth of it.
const MOST_NODES: usize = 100_000_000;
