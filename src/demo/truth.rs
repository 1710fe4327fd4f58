//! What was planted, so that a test can ask whether an analysis finds it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::codes::{AreaCode, CellCode};

/// The planted truths of a world; written as JSON beside the files.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Truth {
    /// The seed that made the world.
    pub seed: u64,
    /// Groups of neighbouring cells where one category gathered for some weeks.
    pub clusters: Vec<PlantedCluster>,
    /// Cells whose incidents grow month by month up to the last day.
    pub rising: Vec<PlantedRise>,
    /// Areas without a kind of facility they should have.
    pub service_gaps: Vec<ServiceGap>,
    /// General cells with more than 500 households.
    pub over_size: Vec<SizedCell>,
    /// General cells with fewer than 200 households.
    pub under_size: Vec<SizedCell>,
    /// Cells from which nothing was heard for long.
    pub silent: Vec<SilentCell>,
    /// How many rows there are.
    pub totals: Totals,
}

/// Neighbouring cells where one category came too often for some weeks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlantedCluster {
    /// The cells, codes ascending.
    pub cells: Vec<CellCode>,
    /// The category.
    pub category: String,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// Incidents of the category expected there and then without the planting.
    pub expected_count: f64,
    /// Incidents added.
    pub added_count: u32,
    /// (expected + added) ÷ expected.
    pub relative_risk: f64,
}

/// A cell whose incidents grow month by month.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlantedRise {
    /// The cell.
    pub cell: CellCode,
    /// First day of the growth; it ends on the last day of the data.
    pub from: NaiveDate,
    /// Incidents added in each 28 days from `from` on.
    pub added_per_28_days: Vec<u32>,
}

/// An area without a kind of facility.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServiceGap {
    /// The township or village.
    pub area: AreaCode,
    /// The kind that is missing, `F01` to `F29`.
    pub kind: String,
}

/// A cell out of balance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SizedCell {
    /// The cell.
    pub cell: CellCode,
    /// Its households.
    pub household_count: u32,
}

/// A cell from which nothing was heard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SilentCell {
    /// The cell.
    pub cell: CellCode,
    /// First day of the silence, which lasts to the end of the data.
    pub since: NaiveDate,
    /// Incidents that would have been expected.
    pub expected_count: f64,
}

/// How many rows a world has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Areas of all levels.
    pub areas: usize,
    /// Cells.
    pub cells: usize,
    /// Rows of households, that is addresses.
    pub addresses: usize,
    /// Sum of their `household_count`.
    pub households: u64,
    /// Facilities.
    pub facilities: usize,
    /// Incidents.
    pub incidents: usize,
}
