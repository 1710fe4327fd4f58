//! The import key of a row: what tells on the next import that it is the same row.
//!
//! Told columns make a named key. Without them the key is a hash over all that the row says, and its occurrence number
//! where the same row stands in the file again; the source stands beside it in its own column.

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128_with_seed};

/// A hash over a row's headings and values that does not depend on the order of columns or on empty cells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RowHash(u128);

/// The seed that stands for a heading.
pub fn seed(heading: &str) -> u64 {
    xxh3_64(heading.as_bytes())
}

impl RowHash {
    /// Takes in a value under its heading; blanks around it and empty values change nothing.
    pub fn add(&mut self, seed: u64, value: &[u8]) {
        let value = value.trim_ascii();
        if !value.is_empty() {
            self.0 = self.0.wrapping_add(xxh3_128_with_seed(value, seed));
        }
    }
}

/// Counts how often each row was met.
#[derive(Debug, Default)]
pub struct Occurrences(FxHashMap<u128, u32>);

impl Occurrences {
    /// The key of a row without named columns: 22 letters, and `-2`, `-3`, … where it was met before.
    ///
    /// O(1), some 32 bytes a row.
    pub fn key(&mut self, hash: RowHash) -> String {
        use base64::Engine;
        let count = self.0.entry(hash.0).or_insert(0);
        *count += 1;
        let mut key = String::with_capacity(28);
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode_string(hash.0.to_be_bytes(), &mut key);
        if *count > 1 {
            key.push('-');
            key.push_str(&count.to_string());
        }
        key
    }
}

/// Joins the values of named key columns; a bar inside a value is escaped so that no two keys fall together.
pub fn named<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    let mut key = String::from("k:");
    for (at, value) in values.into_iter().enumerate() {
        if at > 0 {
            key.push('|');
        }
        key.push_str(&value.trim().replace('\\', "\\\\").replace('|', "\\|"));
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(cells: &[(&str, &str)]) -> RowHash {
        let mut hash = RowHash::default();
        for (heading, value) in cells {
            hash.add(seed(heading), value.as_bytes());
        }
        hash
    }

    #[test]
    fn the_same_row_has_the_same_key_in_any_order_of_columns() {
        let row = hash(&[("a", "1"), ("b", "2")]);
        assert_eq!(row, hash(&[("b", " 2 "), ("c", ""), ("a", "1")]));
        assert_ne!(row, hash(&[("a", "2"), ("b", "1")]));
        assert_ne!(row, hash(&[("a", "12"), ("b", "")]));
    }

    #[test]
    fn a_row_met_again_is_numbered() {
        let mut met = Occurrences::default();
        let first = met.key(hash(&[("a", "1")]));
        assert_eq!(first.len(), 22);
        assert_eq!(met.key(hash(&[("a", "1")])), format!("{first}-2"));
        assert_ne!(met.key(hash(&[("a", "2")])), first);
        assert_ne!(named(["a|", "b"]), named(["a", "|b"]));
    }
}
