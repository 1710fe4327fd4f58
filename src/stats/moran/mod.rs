//! Whether like lies beside like: Moran's I, for each cell and for the whole map.

mod global;
mod local;
mod rounded;

pub use global::{GlobalMoran, Transform, global_moran};
pub use local::{LocalMoran, Quadrant, local_moran};
