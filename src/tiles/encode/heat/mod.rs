//! Heat: weighted bins around a tile, for a reader with case rights from cases, for others from published numbers.
//!
//! Bins are squares of one grid of the world (`kernel`), the same at every zoom, each with one point. A tile holds those
//! within the kernel's reach of it, so that the density anywhere in the tile can be reckoned from it alone and tiles meet
//! without a seam.
//! `cases` counts them, `told` spreads published numbers over them, `rates` weighs them, `write` puts them out.

mod cases;
mod ground;
mod rates;
mod told;
mod withheld;
mod write;

pub(in crate::tiles) use withheld::heat_withheld;

use super::Question;
use crate::mvt::{LayerWriter, World, WorldBox};
use crate::tiles::kernel::Per;

/// A bin that holds anything.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bin {
    /// Column and row on the grid of the world.
    at: [u32; 2],
    /// Its point.
    place: World,
    /// Incidents, or their share of a published number.
    amount: f64,
}

/// What of the world a tile's bins come from.
#[derive(Debug, Clone, Copy)]
struct Around {
    /// Whole bins that meet the tile or lie within the kernel's reach of it.
    area: WorldBox,
    /// Bins are 2^this world units a side.
    shift: u32,
}

impl Around {
    fn of(q: &Question<'_>) -> Self {
        let shift = q.filter.bandwidth.bin_shift();
        Self { area: whole_bins(q.tile.world_box().grown_m(q.filter.bandwidth.reach_m()), shift), shift }
    }
}

fn whole_bins(area: WorldBox, shift: u32) -> WorldBox {
    let (down, up) = (|v: u32| v >> shift << shift, |v: u32| v | ((1 << shift) - 1));
    let WorldBox { min, max } = area;
    WorldBox { min: World { x: down(min.x), y: down(min.y) }, max: World { x: up(max.x), y: up(max.y) } }
}

/// The position in the middle of a bin.
fn centre(at: [u32; 2], shift: u32) -> World {
    let middle = |v: u32| (v << shift) + (1 << shift >> 1);
    World { x: middle(at[0]), y: middle(at[1]) }
}

/// The mean of `count` positions in a bin, of which the sums of what they lie from its corner are given, on a grid of
/// eighths of the bin: tiles from zoom 9 on can tell these apart, and so all hold the very same point.
fn mean(at: [u32; 2], shift: u32, sums: [u64; 2], count: u64) -> World {
    let eighth = shift - 3;
    let on_grid = |corner: u32, sum: u64| (corner << shift) + ((((sum / count) + (1 << eighth >> 1)) >> eighth).min(7) << eighth) as u32;
    World { x: on_grid(at[0], sums[0]), y: on_grid(at[1], sums[1]) }
}

/// Most doublings of the side of a bin where a tile would grow too large.
const MOST_DOUBLINGS: u32 = 6;

pub(in crate::tiles) fn heat(q: &Question<'_>, fresh: LayerWriter, limit: usize) -> LayerWriter {
    let mut around = Around::of(q);
    let published = !q.reader.reads_cases();
    let mut layer = fresh;
    for _ in 0..=MOST_DOUBLINGS {
        let bins = if published { told::bins(q, around) } else { cases::bins(q, around) };
        if bins.is_empty() {
            break;
        }
        let weights = match q.filter.per {
            Per::Km2 => None,
            Per::Households => Some(rates::weights(q, around.shift, &bins)),
        };
        let written = write::write(q, &bins, weights.as_deref(), published, layer.again());
        if written.size() <= limit {
            return written;
        }
        // wider bins, not fewer: what is left out would be missing from every sum
        around.shift += 1;
        layer = layer.again();
    }
    layer
}
