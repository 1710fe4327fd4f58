//! Long works as rows: what was asked, how far it is, how it ended. Imports, their undoing, demonstrations, publications.
//!
//! A job's row is written in transactions of its own around the work, so that progress is seen while the work is not
//! committed, and a work that was killed leaves nothing but a row without a heartbeat. What a job does is the business
//! of the nouns.

mod desk;
mod progress;
mod rows;

pub use desk::Desk;
pub use progress::Progress;
pub use rows::{FaultRow, Job, New, State, begin, cancel, end, faults, get, keep_faults, list, mark_undone, sweep};
