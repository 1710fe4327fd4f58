//! Reading a layer by place: the rows of a box, of a tile with its buffer, of a tile bin by bin.

use std::ops::Range;
use std::sync::Arc;

use super::{Attributes, Block, Points};
use crate::mvt::{TileId, WorldBox};

/// Up to this many blocks under a tile its surroundings are cut into quarters of its side, beyond into sixteenths: looking a
/// stretch up costs about as much as passing over a hundred rows.
const FEW_BLOCKS: usize = 4;
/// Rows whose borders between bins are looked for at once.
const AT_ONCE: usize = 32;

impl<A: Attributes> Points<A> {
    /// Hands out block and row number of every row in the box, in order. `finest` is the zoom of the squares the box is
    /// covered with: zoom of a tile as large as the box + 4 is a good trade.
    pub fn each_in(&self, area: &WorldBox, finest: u8, mut each: impl FnMut(&Block<A>, usize)) {
        let mut ranges = Vec::new();
        area.z_ranges(finest, &mut ranges);
        for (first, last) in ranges {
            for block in self.blocks_between(first, last) {
                for i in block.stretch(first, last) {
                    if area.holds(block.at(i)) {
                        each(block, i);
                    }
                }
            }
        }
    }

    /// Hands out stretches of rows that hold every row of a tile with `buffer` tile units around it, in order. `inside` is
    /// true where all of them lie in the tile; of the others some lie beyond the buffer.
    pub fn each_around(&self, tile: TileId, buffer: i32, mut each: impl FnMut(&Block<A>, Range<usize>, bool)) {
        let own = tile.world_box();
        let under = self.blocks_between(own.min.z_order(), own.max.z_order()).take(FEW_BLOCKS + 1).count();
        let mut runs = Vec::with_capacity(80);
        tile.z_runs(buffer, if under > FEW_BLOCKS { 4 } else { 2 }, &mut runs);
        let mut at = 0;
        for (first, last, inside) in runs {
            at += self.block_of(first, at);
            for block in self.from_block(at, first, last) {
                let rows = block.stretch(first, last);
                if !rows.is_empty() {
                    each(block, rows, inside);
                }
            }
        }
    }

    /// Hands out the rows of a tile (without buffer) as stretches that lie in one bin of it, in order: all stretches of a bin
    /// come one after the other, one of each block that has rows there.
    pub fn each_in_bin(&self, tile: TileId, mut each: impl FnMut(&Block<A>, Range<usize>)) {
        let area = tile.world_box();
        let bin_bits = (26 - tile.z()).min(32);
        for block in self.blocks_between(area.min.z_order(), area.max.z_order()) {
            let rows = block.stretch(area.min.z_order(), area.max.z_order());
            let mut start = rows.start;
            let mut from = rows.start + 1;
            while from < rows.end {
                let to = (from + AT_ONCE).min(rows.end);
                let apart = &block.apart[from..to];
                if apart.iter().fold(0, |most, &bits| bits.max(most)) > bin_bits {
                    for (n, _) in apart.iter().enumerate().filter(|(_, bits)| **bits > bin_bits) {
                        each(block, start..from + n);
                        start = from + n;
                    }
                }
                from = to;
            }
            if start < rows.end {
                each(block, start..rows.end);
            }
        }
    }

    pub(super) fn blocks_between(&self, first: u64, last: u64) -> impl Iterator<Item = &Arc<Block<A>>> {
        self.from_block(self.block_of(first, 0), first, last)
    }

    /// How many blocks after block `from` the first lies that may hold a place from `first` on.
    fn block_of(&self, first: u64, from: usize) -> usize {
        // the last block that begins before may reach into the stretch
        self.firsts[from..].partition_point(|&start| start < first).saturating_sub(1)
    }

    fn from_block(&self, at: usize, first: u64, last: u64) -> impl Iterator<Item = &Arc<Block<A>>> {
        let blocks = self.blocks[at..].iter().zip(&self.firsts[at..]);
        blocks.take_while(move |(_, start)| **start <= last).map(|(block, _)| block).filter(move |block| block.last.0 >= first)
    }
}

impl<A: Attributes> Block<A> {
    /// The rows whose place on the Z curve is in `first..=last`.
    pub(super) fn stretch(&self, first: u64, last: u64) -> Range<usize> {
        let start = if self.first.0 >= first { 0 } else { self.first_row(|key| key >= first) };
        let end = if self.last.0 <= last { self.len() } else { self.first_row(|key| key > last) };
        start..end.max(start)
    }

    fn first_row(&self, reached: impl Fn(u64) -> bool) -> usize {
        let (mut lo, mut hi) = (0, self.len());
        while lo < hi {
            let middle = usize::midpoint(lo, hi);
            if reached(self.at(middle).z_order()) { hi = middle } else { lo = middle + 1 }
        }
        lo
    }
}
