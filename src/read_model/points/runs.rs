//! Reading a layer by place: the rows of a box, of a tile with its buffer, of a tile bin by bin.

use std::ops::Range;
use std::sync::Arc;

use super::{Attributes, Block, Points};
use crate::mvt::{TileId, WorldBox};

/// Rows from one of a block's marks to the next.
pub(super) const MARKED: usize = 64;
/// Up to this many blocks under a tile its surroundings are cut into quarters of its side, beyond into sixteenths: looking a
/// stretch up costs about as much as passing over two hundred rows.
const FEW_BLOCKS: usize = 8;
/// Rows whose borders between bins are looked for at once.
const AT_ONCE: usize = 32;

impl<A: Attributes> Points<A> {
    /// Hands out block and row number of every row in the box, in order. `finest` is the zoom of the squares the box is
    /// covered with: zoom of a tile as large as the box + 4 is a good trade.
    pub fn each_in(&self, area: &WorldBox, finest: u8, mut each: impl FnMut(&Block<A>, usize)) {
        self.each_run(area, finest, |block, rows| rows.filter(|&i| area.holds(block.at(i))).for_each(|i| each(block, i)));
    }

    /// Hands out stretches of rows that hold every row of the box and some around it, in order and none twice.
    pub fn each_run(&self, area: &WorldBox, finest: u8, each: impl FnMut(&Block<A>, Range<usize>)) {
        let mut runs = Vec::new();
        area.z_ranges(finest, &mut runs);
        self.each_of(&runs, each);
    }

    /// Hands out stretches of rows that hold every row of a tile with `buffer` tile units around it, in order and none
    /// twice; some of their rows lie beyond the buffer.
    pub fn each_around(&self, tile: TileId, buffer: i32, each: impl FnMut(&Block<A>, Range<usize>)) {
        let mut runs = Vec::with_capacity(80);
        tile.z_runs(buffer, if self.is_few_under(tile, FEW_BLOCKS) { 2 } else { 4 }, &mut runs);
        self.each_of(&runs, each);
    }

    /// Whether at most so many blocks lie under a tile.
    pub fn is_few_under(&self, tile: TileId, blocks: usize) -> bool {
        let own = tile.world_box();
        self.blocks_between(own.min.z_order(), own.max.z_order()).take(blocks + 1).count() <= blocks
    }

    /// Hands out the rows of a tile (without buffer) block by block, in order.
    pub fn each_under(&self, tile: TileId, mut each: impl FnMut(&Block<A>, Range<usize>)) {
        let area = tile.world_box();
        let (first, last) = (area.min.z_order(), area.max.z_order());
        for block in self.blocks_between(first, last) {
            let rows = block.stretch(first, last);
            if !rows.is_empty() {
                each(block, rows);
            }
        }
    }

    fn blocks_between(&self, first: u64, last: u64) -> impl Iterator<Item = &Arc<Block<A>>> {
        let start = self.block_of(first, 0);
        let blocks = self.blocks[start..].iter().zip(&self.firsts[start..]);
        blocks.take_while(move |(_, start)| **start <= last).map(|(block, _)| block).filter(move |block| block.last.0 >= first)
    }

    /// The number of the first block from `from` on that may hold a place from `first` on.
    fn block_of(&self, first: u64, from: usize) -> usize {
        // the last block that begins before may reach into the stretch
        from + self.firsts[from..].partition_point(|&start| start < first).saturating_sub(1)
    }

    /// Hands out what holds these stretches of the Z curve, from mark to mark, none twice. Stretches are in order.
    fn each_of(&self, runs: &[(u64, u64)], mut each: impl FnMut(&Block<A>, Range<usize>)) {
        let (mut at, mut done) = (0, 0);
        for &(first, last) in runs {
            let from = self.block_of(first, at);
            for (number, block) in self.blocks.iter().enumerate().skip(from) {
                if self.firsts[number] > last {
                    break;
                }
                if number != at {
                    (at, done) = (number, 0);
                }
                let start = MARKED * block.marks.partition_point(|&mark| mark < first).saturating_sub(1);
                let end = (MARKED * block.marks.partition_point(|&mark| mark <= last)).min(block.len());
                let rows = start.max(done)..end;
                if block.last.0 >= first && !rows.is_empty() {
                    done = end;
                    each(block, rows);
                }
            }
        }
    }
}

impl<A: Attributes> Block<A> {
    /// Hands out stretches of `rows` that lie in one bin of a tile of zoom `z`, in order, each as long as may be.
    pub fn each_bin(&self, rows: Range<usize>, z: u8, mut each: impl FnMut(Range<usize>)) {
        let bin_bits = 26 - z;
        let (mut start, mut from) = (rows.start, rows.start + 1);
        while from < rows.end {
            let to = (from + AT_ONCE).min(rows.end);
            let apart = &self.apart[from..to];
            if apart.iter().fold(0, |most, &bits| bits.max(most)) > bin_bits {
                for (n, _) in apart.iter().enumerate().filter(|(_, bits)| **bits > bin_bits) {
                    each(start..from + n);
                    start = from + n;
                }
            }
            from = to;
        }
        if start < rows.end {
            each(start..rows.end);
        }
    }

    /// The rows whose place on the Z curve is in `first..=last`.
    pub(super) fn stretch(&self, first: u64, last: u64) -> Range<usize> {
        let start = if self.first.0 >= first { 0 } else { self.first_row(|key| key >= first) };
        let end = if self.last.0 <= last { self.len() } else { self.first_row(|key| key > last) };
        start..end.max(start)
    }

    fn first_row(&self, reached: impl Fn(u64) -> bool) -> usize {
        let marked = MARKED * self.marks.partition_point(|&mark| !reached(mark));
        let (mut lo, mut hi) = (marked.saturating_sub(MARKED), marked.min(self.len()));
        while lo < hi {
            let middle = usize::midpoint(lo, hi);
            if reached(self.at(middle).z_order()) { hi = middle } else { lo = middle + 1 }
        }
        lo
    }
}
