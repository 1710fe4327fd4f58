//! Public facilities: what they are, where, and until when.
//!
//! [`store`] asks and writes under the reader's scopes, [`api`] speaks HTTP. Counting them by cell is the read model's.

pub mod api;
pub mod store;
