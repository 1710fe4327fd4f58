//! The rules, a file each.

pub(super) mod block;
pub(super) mod cluster;
pub(super) mod group;
pub(super) mod overdue;
pub(super) mod rise;
pub(super) mod risk;
pub(super) mod silence;
pub(super) mod size;
pub(super) mod uncovered;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::codes::Level as AreaLevel;
use crate::error::Error;
use crate::stats::StatsError;

/// The township of a scope code, or the wider area that it is of.
fn township(scope_code: i64) -> i64 {
    scope_code - scope_code % AreaLevel::Township.span()
}

/// Counts by township.
fn tallied(places: impl IntoIterator<Item = i64>) -> Vec<(i64, u32)> {
    let mut counts = BTreeMap::new();
    for place in places {
        *counts.entry(place).or_insert(0) += 1;
    }
    counts.into_iter().collect()
}

/// Numbers in the order of their names.
fn numbers<const N: usize>(pairs: [(&str, Value); N]) -> Map<String, Value> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A number of cases as it is shown: two decimals.
fn short(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

/// What a measure cannot work with; rules ask only what it can.
fn failed(error: StatsError) -> Error {
    Error::internal("measure")(error)
}
