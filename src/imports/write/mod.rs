//! The one writer of rows in bulk: rows go by COPY into a temporary table and from there, set by set, into the stored one.
//!
//! COPY into a table with row level security is refused to the application's role, so every noun has a stage (a
//! temporary table that the commit drops) and a merge that compares the stage with what is stored by (origin,
//! origin_key): rows that are new, rows that say something else, rows that say the same. The same rows again change
//! nothing. All of it happens in the caller's transaction; committing is the caller's.
//!
//! Reading files is left to `imports::reading`, finding the cell of a place to `imports::ground`.

mod areas;
mod basemap;
mod cells;
mod copy;
mod facilities;
mod households;
mod incidents;
pub mod safe;
mod versioned;

use chrono::NaiveDate;

pub use areas::{AreaOut, areas};
pub use basemap::{BaseOut, basemap};
pub use cells::{CellOut, cells};
pub use copy::{Lines, Rows, chunks};
pub use facilities::{FacilityOut, facilities};
pub use households::{HouseholdOut, households};
pub use incidents::{IncidentOut, incidents};

use crate::db::Scoped;
use crate::error::Result;

/// From where rows come, and under which work.
#[derive(Debug, Clone)]
pub struct Origin {
    /// Name of the source; keys are unique within it.
    pub source: String,
    /// The job that brings them.
    pub job_id: String,
    /// The civil day from which changes hold.
    pub day: NaiveDate,
    /// Whether rows of the source that do not come are ended.
    pub replace: bool,
}

/// What became of the rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Merged {
    /// Rows that were not there.
    pub inserted: u64,
    /// Rows that were there and say something else now.
    pub updated: u64,
    /// Of them, rows changed where they stood, because their version began on the same day; these cannot be undone.
    pub overwritten: u64,
    /// Rows that were there and say the same.
    pub unchanged: u64,
    /// Rows of the source that did not come and were ended.
    pub retired: u64,
}

impl Merged {
    /// Whether anything was written.
    pub const fn changes(&self) -> u64 {
        self.inserted + self.updated + self.retired
    }
}

/// Runs one statement with the source, the job and the day as `$1`, `$2`, `$3`; returns the rows it touched.
async fn run(scoped: &mut Scoped, origin: &Origin, statement: &str) -> Result<u64> {
    let done = sqlx::query(statement).bind(&origin.source).bind(&origin.job_id).bind(origin.day).execute(scoped.conn()).await?;
    Ok(done.rows_affected())
}

/// Runs statements without parameters.
async fn define(scoped: &mut Scoped, statements: &str) -> Result<()> {
    sqlx::Executor::execute(scoped.conn(), statements).await?;
    Ok(())
}

/// Makes a stage anew and pours rows into it.
async fn stage(scoped: &mut Scoped, table: &str, columns: &str, rows: impl Rows) -> Result<u64> {
    define(scoped, &format!("drop table if exists pg_temp.{table}; create temp table {table} ({columns}) on commit drop")).await?;
    let names: Vec<&str> = columns.split(", ").filter_map(|column| column.split(' ').next()).collect();
    let poured = copy::pour(scoped, &format!("copy {table} ({}) from stdin", names.join(", ")), rows).await?;
    define(scoped, &format!("analyze {table}")).await?;
    Ok(poured)
}
