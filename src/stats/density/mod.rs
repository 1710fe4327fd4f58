//! How dense events lie, smoothed over a grid, and the bands of a map made of it.

mod contours;
mod kernel;

pub use contours::{Band, contour_bands};
pub use kernel::{Grid, Kernel, density};
