//! Questions about where disputes cluster: each with a name, a version, parameters, and an answer that is kept.
//!
//! [`LIST`] is the list; an analysis is a file with an [`Entry`] in it and a pure `compute`. What happens to a question:
//! `params` reads it, `asked` settles what was left open and as whom the reader is told, `ground` gathers its inputs (cases
//! from the read model for who may open each of them, else the published cube alone), `compute` answers in [`Outcome`],
//! `work` keeps the answer (`store`), and `api`, `tile` and `export` give it out. A new analysis is a file and its line in
//! the list: route, schema, command, result, staleness, legend and tiles follow.

mod answer;
pub mod api;
mod asked;
mod clusters;
mod density;
mod emerging;
mod export;
mod ground;
mod hexes;
mod hot_spots;
mod neighbours;
mod params;
mod rates;
mod revisions;
mod scan;
mod store;
mod tile;
mod trends;
mod warnings;
mod words;
mod work;

pub use answer::{ClassEntry, Legend, Outcome, Row};
pub use density::{DensityBand, density_bands, density_class};
pub use export::{Format, write as export};
pub use ground::{At, Ground};
pub use hexes::Hex;
pub use params::Params;
pub use tile::{Drawn, drawn, sentences, style};
pub use work::{Asker, Begun, begin, finished};

use crate::error::{Error, Result};
use ground::Slices;

/// One analysis.
#[derive(Debug)]
pub struct Entry {
    /// Its name in addresses and on the command line.
    pub name: &'static str,
    /// Grows with every change that changes answers: kept answers of an older one are stale.
    pub version: i32,
    /// What it answers, Chinese and English.
    pub title: [&'static str; 2],
    /// Whether it needs the right to open each of the cases.
    pub cases_only: bool,
    /// Names of the parameters it takes beside `within`, `level`, `group`, `from`, `to`, `category`, `source`, `state`.
    pub takes: &'static [&'static str],
    /// What time is cut into.
    slices: Slices,
    /// The answer: reads no clock, waits for nothing, throws seeded dice only.
    compute: fn(&Ground, &Params) -> Result<Outcome>,
}

/// All analyses.
pub static LIST: [&Entry; 8] =
    [&hot_spots::ENTRY, &rates::ENTRY, &trends::ENTRY, &clusters::ENTRY, &density::ENTRY, &scan::ENTRY, &warnings::ENTRY, &emerging::ENTRY];

/// The analysis of a name.
pub fn find(name: &str) -> Result<&'static Entry> {
    let found = LIST.iter().find(|entry| entry.name == name);
    found.copied().ok_or_else(|| Error::NotFound { what: "analysis", id: name.chars().take(40).collect() })
}
