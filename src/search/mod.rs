//! One box to find places by name or code: areas, cells and facilities, as far as the reader may see them.
//!
//! Names are asked of the database under the reader's scopes; where things lie on the map comes from the read model.

pub mod api;
pub mod store;
