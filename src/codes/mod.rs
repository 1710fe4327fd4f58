//! Area and cell codes: pure, exact, and the same in text, in memory and in SQL.
//!
//! Area codes nest: province 2, city 4, county 6, township 9, village 12, cell 15 digits. Text at the edges,
//! inside one `i64` on the 15-digit scale with the level beside it, so that *being inside* is two comparisons.
//! What a code is allowed to see is `users`' business; this room only knows the numbers.

mod area;
mod range;

pub use area::{AreaCode, CellCode, CodeError, Level};
pub use range::{CodeRange, Scope};
