//! Vector tiles: addresses, positions, the MVT 2 encoder, bins, and coverages whose borders stay shared.
//!
//! Pure: nothing here reads, waits or knows what a household is. Which rows a tile shows, to whom and cached how, is for
//! `read_model` and `tiles`. Reading order: [`World`] (positions), [`TileId`] (addresses), [`LayerWriter`] (bytes),
//! [`Bins`] (low zooms), [`Coverage`] (areas and cells).
//!
//! # Points from columns
//!
//! Rows sorted by [`World::z_order`]; a tile reads the stretches of [`WorldBox::z_ranges`] and writes what its buffered
//! box holds. Keys are named once, codes become values when first used, a feature costs no allocation:
//!
//! ```
//! use maplebridge::mvt::{CodeColumn, LayerWriter, TileId, TileWriter, World};
//!
//! let (xs, ys, ids, kinds) = ([1_u32 << 31, 7], [1_u32 << 31, 9], [41_u64, 42], [2_usize, 0]);
//! let names = ["clinic", "school", "market"];
//! let tile = TileId::new(1, 1, 1)?;
//! let box_with_buffer = tile.buffered(64);
//! let mut layer = LayerWriter::new("facilities");
//! let mut kind = CodeColumn::new(&mut layer, "kind");
//! for row in 0..xs.len() {
//!     let at = World { x: xs[row], y: ys[row] };
//!     if box_with_buffer.holds(at) {
//!         let tag = kind.tag(&mut layer, kinds[row], |l| l.text(names[kinds[row]]));
//!         layer.point(Some(ids[row]), tile.place(at), &tag);
//!     }
//! }
//! let mut out = TileWriter::default();
//! out.add(&layer);
//! assert_eq!(layer.feature_count(), 1);
//! # assert!(!out.finish().is_empty());
//! # Ok::<(), maplebridge::mvt::TileError>(())
//! ```
//!
//! # Polygons from a coverage
//!
//! ```
//! use maplebridge::mvt::{Coverage, LayerWriter, Shape, TileId, World};
//!
//! let square = |id, x0: u32, x1: u32| {
//!     let ring = [(x0, 0), (x1, 0), (x1, 1 << 30), (x0, 1 << 30)];
//!     Shape { id, polygons: vec![vec![ring.map(|(x, y)| World { x, y }).to_vec()]] }
//! };
//! let mut cells = Coverage::new([square(1, 0, 1 << 30), square(2, 1 << 30, 1 << 31)]);
//! cells.update(&[2], [square(3, 1 << 30, 3 << 29)]); // one cell gone, one new; the rest is left alone
//! let mut layer = LayerWriter::new("cells");
//! let name = layer.key("name");
//! cells.tile(TileId::new(0, 0, 0)?, 64, |_id| true, |id, rings| {
//!     let value = layer.text(&format!("cell {id}"));
//!     layer.polygon(Some(id as u64), rings, &[name, value]);
//! });
//! assert_eq!(layer.feature_count(), 2);
//! # Ok::<(), maplebridge::mvt::TileError>(())
//! ```

mod address;
mod bins;
mod coverage;
mod layer;
mod rings;
mod values;
mod wire;
mod world;

#[cfg(test)]
mod laws;

pub use address::{EXTENT, MAX_ZOOM, TileError, TileId};
pub use bins::{BINS, Bins, bin_of};
pub use coverage::{Coverage, Shape};
pub use layer::{CodeColumn, LateKey, LayerWriter, TileWriter};
pub use rings::{Outline, Rings};
pub use world::{World, WorldBox};
