//! From the read model to the features of one tile, cut to one reader. One file a family of layers.

mod base;
mod bins;
mod heat;
mod points;
mod published;
mod shapes;
mod tags;

pub(super) use base::base;
pub(super) use heat::{heat, heat_withheld};
pub(super) use points::{facilities, households, incidents};
pub(super) use published::published;
pub(super) use shapes::{area_labels, areas, cell_labels, cells};

use super::filter::Filter;
use super::layers::{LayerEntry, LayerSet};
use crate::mvt::{LayerWriter, TileId, TileWriter};
use crate::read_model::{Layer, Model, Reader};

/// Most bytes of a tile before compression.
pub const MOST_BYTES: usize = 500_000;

/// What one tile is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The rows.
    pub model: &'a Model,
    /// For whom.
    pub reader: &'a Reader,
    /// Which of them.
    pub filter: &'a Filter,
    /// Where.
    pub tile: TileId,
    /// Which layer of the tile.
    pub layer: Layer,
}

/// Blocks of rows under a tile that is made at once, in a quarter of a millisecond at most; of one that is packed as well.
const FEW_BLOCKS: [usize; 2] = [48, 2];
/// Cells of a tile are few from here on.
const FEW_CELLS_FROM: u8 = 12;

/// Whether a tile, packed or not, is made in less time than it would be well to hand to another thread: handing it over costs
/// some 70 µs, and a thread that answers others should not be held up for long.
pub(super) fn is_small(model: &Model, layers: LayerSet, tile: TileId, packed: bool) -> bool {
    let blocks = FEW_BLOCKS[usize::from(packed)];
    layers.entries().all(|entry| match entry.layer {
        Layer::Households => model.households.is_few_under(tile, blocks),
        Layer::Facilities => model.facilities.is_few_under(tile, blocks),
        Layer::Incidents => model.incidents.is_few_under(tile, blocks),
        Layer::Cells | Layer::CellLabels => !packed && tile.z() >= FEW_CELLS_FROM,
        _ => false,
    })
}

/// The bytes of a tile; empty where nothing is in it. They depend on rows, reader and filter alone.
pub fn encode(model: &Model, layers: &[&LayerEntry], tile: TileId, filter: &Filter, reader: &Reader) -> Vec<u8> {
    let mut out = TileWriter::default();
    let mut room = MOST_BYTES;
    for (i, entry) in layers.iter().enumerate() {
        if tile.z() < entry.min_zoom {
            continue;
        }
        let question = Question { model, reader, filter, tile, layer: entry.layer };
        let layer = (entry.encode)(&question, LayerWriter::new(entry.name), room / (layers.len() - i));
        room = room.saturating_sub(layer.size());
        out.add(&layer);
    }
    out.finish()
}
