//! maplebridge: grid cells, households, facilities and incidents in PostGIS, and the maps made of them.
//!
//! This is a work in its first days; the tour follows the rooms in reading order.
pub mod codes;
pub mod error;
pub mod geom;
pub mod mvt;
pub mod read_model;
pub mod tiles;
