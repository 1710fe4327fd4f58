//! Files in: bytes to rows, rows to checked rows and faults. Nothing in this room knows a database but `store`'s kin.
mod builtin;
mod cells;
pub mod columns;
pub mod faults;
pub mod fields;
pub mod json;
pub mod keys;
pub mod lists;
pub mod nouns;
mod place;
pub mod plan;
pub mod reading;
pub mod report;
pub mod rows;
pub mod serials;
pub mod source;
pub mod survey;
pub mod table;
pub mod text;
pub mod tree;
pub mod values;
pub mod wkt;
mod words;

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
