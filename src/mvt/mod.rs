//! Vector tiles: addresses, positions, the MVT 2 encoder, and bins.
//!
//! Pure: nothing here reads, waits or knows what a household is. Which rows a tile shows, to whom and cached how, is for
//! `read_model` and `tiles`. Reading order: [`World`] (positions), [`TileId`] (addresses), [`LayerWriter`] (bytes),
//! [`Bins`] (low zooms).
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

mod address;
mod bins;
mod layer;
mod rings;
mod wire;
mod world;

pub use address::{EXTENT, MAX_ZOOM, TileError, TileId};
pub use bins::{BINS, Bins, bin_of};
pub use layer::{CodeColumn, LayerWriter, TileWriter};
pub use rings::Rings;
pub use world::{World, WorldBox};
