//! What a measure cannot work with.

/// Why a measure has no answer at all (where single cells have none, they are `None` in the answer).
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum StatsError {
    /// Fewer cells than the formula needs.
    #[error("{need} cells are needed and {have} are given: take a larger area or a finer level")]
    TooFewCells {
        /// Cells given.
        have: usize,
        /// Cells needed.
        need: usize,
    },
    /// Lists that belong together differ in length.
    #[error("{what} has {have} entries where {need} are needed, one for each cell")]
    LengthDiffers {
        /// Which list.
        what: &'static str,
        /// Its length.
        have: usize,
        /// The length of the others.
        need: usize,
    },
    /// A number that is missing or infinite.
    #[error("{what} number {at} is not a number: a missing value is not a zero, leave the cell out")]
    NotFinite {
        /// Which list.
        what: &'static str,
        /// Position in it.
        at: usize,
    },
    /// A field of a table that is no count.
    #[error("line {line}, column {column} is no whole number of 0 or more: counts stand one cell a line, one week a column, with commas")]
    NotACount {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// A parameter outside its range.
    #[error("{what} is {value}: it must be {must}")]
    OutOfRange {
        /// Which parameter.
        what: &'static str,
        /// The value given.
        value: f64,
        /// What is allowed.
        must: &'static str,
    },
}

/// Holds when every number is finite.
pub(super) fn all_finite(what: &'static str, values: &[f64]) -> Result<(), StatsError> {
    values.iter().position(|v| !v.is_finite()).map_or(Ok(()), |at| Err(StatsError::NotFinite { what, at }))
}

/// Holds when every number is finite and not negative.
pub(super) fn all_counts(what: &'static str, values: &[f64]) -> Result<(), StatsError> {
    all_finite(what, values)?;
    values.iter().find(|v| **v < 0.0).map_or(Ok(()), |&value| Err(StatsError::OutOfRange { what, value, must: "0 or more" }))
}

/// Holds when a list has one entry for each cell.
pub(super) fn same_length(what: &'static str, have: usize, need: usize) -> Result<(), StatsError> {
    if have == need { Ok(()) } else { Err(StatsError::LengthDiffers { what, have, need }) }
}

/// Holds when a parameter is a finite number above 0.
pub(super) fn positive(what: &'static str, value: f64) -> Result<(), StatsError> {
    if value.is_finite() && value > 0.0 { Ok(()) } else { Err(StatsError::OutOfRange { what, value, must: "above 0" }) }
}

/// Holds when a parameter lies strictly between 0 and 1.
pub(super) fn share(what: &'static str, value: f64) -> Result<(), StatsError> {
    if value > 0.0 && value < 1.0 { Ok(()) } else { Err(StatsError::OutOfRange { what, value, must: "between 0 and 1" }) }
}
