//! Files in: bytes to rows, rows to checked rows and faults.
//!
//! ```text
//! Source ─ know ─▶ encoding, format ─▶ Survey ─ + Mapping, --crs ─▶ Plan ─ + Options, CodeLists ─▶ Reading ─▶ Checked
//!  source text        table json layers  survey      columns         plan        cells place nouns keys       rows
//! ```
//! A file is looked at first (`Survey`), a `Plan` says how it will be read and is shown before anything is written, and
//! a `Reading` gives out checked rows one by one and gathers what is wrong with the others. Memory stays flat but for
//! one key a row. What needs all rows at once is in `tree` (area trees) and `serials` (codes issued to cells).
//!
//! Left to others: whether a row lies in a cell, overlaps another or is there already (where the database is), datums
//! and the validity of polygons (`geom`), personal data in free text (`privacy`).
//! The base map comes from an extract
//! of OpenStreetMap by a way of its own: `osm`.
//! To add a field of a noun: a line in `fields`, its reading in `nouns`. A fault: a line in `words`.

pub mod api;
mod beside;
mod builtin;
mod cells;
pub mod columns;
pub mod commit;
pub mod faults;
pub mod fields;
pub mod ground;
pub mod json;
pub mod keys;
mod layers;
pub mod lists;
pub mod nouns;
pub mod osm;
mod place;
pub mod plan;
pub mod reading;
pub mod report;
pub mod rows;
pub mod serials;
pub mod source;
mod stored_lists;
pub mod survey;
pub mod table;
mod take_areas;
mod take_cells;
mod take_points;
pub mod text;
pub mod tree;
pub mod undo;
pub mod values;
pub mod wkt;
mod words;
pub mod work;
pub mod write;

/// A file of the shared development data; says `skipped:` and returns `None` where it is absent.
#[cfg(test)]
pub(crate) fn shared_data(path: &str) -> Option<std::path::PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared");
    let root = std::env::var("MAPLEBRIDGE_SHARED").unwrap_or_else(|_| beside.to_owned());
    let file = std::path::Path::new(&root).join("data").join(path);
    if file.exists() {
        return Some(file);
    }
    eprintln!("skipped: {path} of the shared data is absent");
    None
}

#[cfg(test)]
mod tests;
