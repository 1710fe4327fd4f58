//! The database.
pub mod cluster;
