//! Grid cells: versions of the smallest unit, one code for good.
//!
//! [`store`] asks and writes under the reader's scopes, [`api`] speaks HTTP, [`summary`] is the card of one cell. That
//! cells do not overlap and lie in their village is checked by the database at commit. A changed shape takes the
//! addresses and facilities inside along. Splitting and merging come as change sets, not from here.

pub mod api;
pub mod store;
pub mod summary;
