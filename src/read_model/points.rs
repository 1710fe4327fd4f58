//! Points in blocks: rows sorted by (place on the Z curve, id), at most 1,024 a block, each column an array of its own.
//!
//! A model is never changed. An edit makes a new list of blocks that shares all blocks it did not touch, so that a tile
//! being encoded keeps the rows it began with. No delta, no tombstones, nothing to compact.

use std::sync::Arc;

use super::sets::{Facets, Sets};
use crate::codes::{CodeRange, Scope};
use crate::mvt::{TileId, World, WorldBox};

/// Most rows in a block.
pub(super) const BLOCK_ROWS: usize = 1_024;
/// Rows in a block that is built afresh: three quarters, so that it can grow.
const FRESH_ROWS: usize = 768;
/// A touched block with fewer rows joins the one before it.
const FEW_ROWS: usize = 256;

/// What a row carries beside place, key and scope.
pub trait Attributes: Clone + PartialEq + std::fmt::Debug + Send + Sync + 'static {
    /// What the row counts for beside itself (households at an address), added up per block.
    fn weight(&self) -> u32 {
        0
    }

    /// What the row is found by within its block; none: it is not indexed.
    fn facets(&self) -> Option<Facets> {
        None
    }
}

/// One row by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Row<A> {
    /// Where it lies.
    pub at: World,
    /// Key of the row in its table.
    pub id: i64,
    /// Its cell, else the smallest area that holds it.
    pub scope: i64,
    /// The rest.
    pub attributes: A,
}

impl<A> Row<A> {
    fn key(&self) -> (u64, i64) {
        (self.at.z_order(), self.id)
    }
}

/// Up to 1,024 rows, column by column, with what is true of all of them.
#[derive(Debug, PartialEq)]
pub struct Block<A> {
    /// Eastwards, as `World::x`.
    pub xs: Box<[u32]>,
    /// Southwards, as `World::y`.
    pub ys: Box<[u32]>,
    /// Keys of the rows.
    pub ids: Box<[i64]>,
    /// Scopes of the rows.
    pub scopes: Box<[i64]>,
    /// The rest of the rows.
    pub attributes: Box<[A]>,
    /// All scopes lie inside.
    pub scope_range: CodeRange,
    /// Sum of the rows' weights.
    pub weight: u64,
    /// The rows by what they are found by.
    pub sets: Sets,
    first: (u64, i64),
    last: (u64, i64),
}

impl<A: Attributes> Block<A> {
    fn new(rows: &[Row<A>]) -> Arc<Self> {
        let first = rows.first().map_or((0, 0), Row::key);
        let last = rows.last().map_or((0, 0), Row::key);
        let lo = rows.iter().map(|r| r.scope).min().unwrap_or(0);
        let hi = rows.iter().map(|r| r.scope).max().unwrap_or(0);
        Arc::new(Self {
            xs: rows.iter().map(|r| r.at.x).collect(),
            ys: rows.iter().map(|r| r.at.y).collect(),
            ids: rows.iter().map(|r| r.id).collect(),
            scopes: rows.iter().map(|r| r.scope).collect(),
            attributes: rows.iter().map(|r| r.attributes.clone()).collect(),
            scope_range: CodeRange { lo, hi: hi + 1 },
            weight: rows.iter().map(|r| u64::from(r.attributes.weight())).sum(),
            sets: Sets::new(rows.iter().map(|r| r.attributes.facets())),
            first,
            last,
        })
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is none; no block of a model is empty.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Where row `i` lies.
    pub fn at(&self, i: usize) -> World {
        World { x: self.xs[i], y: self.ys[i] }
    }

    /// Row `i` by itself.
    pub fn row(&self, i: usize) -> Row<A> {
        Row { at: self.at(i), id: self.ids[i], scope: self.scopes[i], attributes: self.attributes[i].clone() }
    }

    fn key(&self, i: usize) -> (u64, i64) {
        (self.at(i).z_order(), self.ids[i])
    }

    /// The rows whose place on the Z curve is in `first..=last`.
    fn stretch(&self, first: u64, last: u64) -> std::ops::Range<usize> {
        let find = |past: &dyn Fn(u64) -> bool| {
            let (mut lo, mut hi) = (0, self.len());
            while lo < hi {
                let middle = usize::midpoint(lo, hi);
                if past(self.at(middle).z_order()) { hi = middle } else { lo = middle + 1 }
            }
            lo
        };
        let start = if self.first.0 >= first { 0 } else { find(&|key| key >= first) };
        let end = if self.last.0 <= last { self.len() } else { find(&|key| key > last) };
        start..end.max(start)
    }
}

/// One row before and after an edit.
#[derive(Debug, Clone)]
pub struct Moved<A> {
    /// As it was; none: it is new.
    pub old: Option<Row<A>>,
    /// As it is; none: it is gone.
    pub new: Option<Row<A>>,
}

/// All rows of a layer.
#[derive(Debug, Clone)]
pub struct Points<A> {
    blocks: Arc<[Arc<Block<A>>]>,
    len: usize,
}

impl<A: Attributes> Default for Points<A> {
    fn default() -> Self {
        Self { blocks: Arc::new([]), len: 0 }
    }
}

impl<A: Attributes> Points<A> {
    /// A layer of these rows, in any order; keys are unique. O(rows · log rows).
    pub fn new(mut rows: Vec<Row<A>>) -> Self {
        rows.sort_unstable_by_key(Row::key);
        Self { len: rows.len(), blocks: rows.chunks(FRESH_ROWS).map(Block::new).collect() }
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The blocks in order.
    pub fn blocks(&self) -> &[Arc<Block<A>>] {
        &self.blocks
    }

    /// All rows in order.
    pub fn rows(&self) -> impl Iterator<Item = Row<A>> + '_ {
        self.blocks.iter().flat_map(|b| (0..b.len()).map(|i| b.row(i)))
    }

    /// The row of this key at this place.
    pub fn find(&self, at: World, id: i64) -> Option<Row<A>> {
        let key = (at.z_order(), id);
        let block = &self.blocks[self.blocks.partition_point(|b| b.first <= key).checked_sub(1)?];
        block.stretch(key.0, key.0).find(|&i| block.ids[i] == id).map(|i| block.row(i))
    }

    /// Hands out block and row number of every row in the box, in order. `finest` is the zoom of the squares the box is
    /// covered with: tile zoom + 4 is a good trade.
    pub fn each_in(&self, area: &WorldBox, finest: u8, mut each: impl FnMut(&Block<A>, usize)) {
        self.each_run(area, finest, |block, rows| {
            for i in rows {
                if area.holds(block.at(i)) {
                    each(block, i);
                }
            }
        });
    }

    /// Hands out stretches of blocks, in order, that hold every row of the box and some around it.
    pub fn each_run(&self, area: &WorldBox, finest: u8, mut each: impl FnMut(&Block<A>, std::ops::Range<usize>)) {
        let mut ranges = Vec::new();
        area.z_ranges(finest, &mut ranges);
        for (first, last) in ranges {
            for block in self.blocks_between(first, last) {
                each(block, block.stretch(first, last));
            }
        }
    }

    /// Hands out the rows of a tile (without buffer) as stretches of a block, in order. `whole` is true where the block
    /// lies in one bin of the tile altogether.
    pub fn each_stretch(&self, tile: TileId, mut each: impl FnMut(&Block<A>, std::ops::Range<usize>, bool)) {
        let area = tile.world_box();
        let (first, last) = (area.min.z_order(), area.max.z_order());
        let bin_shift = 2 * (26 - u32::from(tile.z()));
        for block in self.blocks_between(first, last) {
            let rows = block.stretch(first, last);
            let whole = rows.len() == block.len() && block.first.0 >> bin_shift == block.last.0 >> bin_shift;
            each(block, rows, whole);
        }
    }

    /// About how many rows the tile holds, from block bounds alone.
    pub fn rough_count(&self, tile: TileId) -> usize {
        let area = tile.world_box();
        self.blocks_between(area.min.z_order(), area.max.z_order()).map(|b| b.len()).sum()
    }

    fn blocks_between(&self, first: u64, last: u64) -> impl Iterator<Item = &Arc<Block<A>>> {
        let start = self.blocks.partition_point(|b| b.last.0 < first);
        self.blocks[start..].iter().take_while(move |b| b.first.0 <= last)
    }

    /// The layer after an edit: each touched block is copied once, the full split, the nearly empty joined.
    #[must_use]
    pub fn edit(&self, moved: &[Moved<A>]) -> Self {
        let mut removed: Vec<(u64, i64)> = moved.iter().filter_map(|m| m.old.as_ref().map(Row::key)).collect();
        let mut added: Vec<&Row<A>> = moved.iter().filter_map(|m| m.new.as_ref()).collect();
        removed.sort_unstable();
        added.sort_unstable_by_key(|r| r.key());
        let (mut removed, mut added) = (removed.as_slice(), added.as_slice());
        let mut out: Vec<Arc<Block<A>>> = Vec::with_capacity(self.blocks.len() + added.len() / FRESH_ROWS + 1);
        let mut small: Option<Vec<Row<A>>> = None;
        for (i, block) in self.blocks.iter().enumerate() {
            let end = self.blocks.get(i + 1).map(|next| next.first);
            let within = |key: (u64, i64)| end.is_none_or(|end| key < end);
            let gone = take(&mut removed, |&key| within(key));
            let come = take(&mut added, |row| within(row.key()));
            if gone.is_empty() && come.is_empty() {
                match small.take() {
                    Some(mut rows) if rows.len() + block.len() <= FRESH_ROWS => {
                        rows.extend((0..block.len()).map(|i| block.row(i)));
                        out.push(Block::new(&rows));
                    }
                    rows => {
                        out.extend(rows.map(|rows| Block::new(&rows)));
                        out.push(Arc::clone(block));
                    }
                }
                continue;
            }
            let mut rows = small.take().unwrap_or_default();
            merge(block, gone, come, &mut rows);
            flush(rows, &mut out, &mut small);
        }
        if !added.is_empty() {
            let mut rows = small.take().unwrap_or_default();
            rows.extend(added.iter().map(|&r| r.clone()));
            flush(rows, &mut out, &mut small);
        }
        out.extend(small.filter(|rows| !rows.is_empty()).map(|rows| Block::new(&rows)));
        let len = out.iter().map(|b| b.len()).sum();
        Self { blocks: out.into(), len }
    }

    /// About how many bytes the columns take.
    pub fn bytes(&self) -> usize {
        let row = 4 + 4 + 8 + 8 + size_of::<A>();
        let sets: usize = self.blocks.iter().map(|b| b.sets.bytes()).sum();
        self.len * row + self.blocks.len() * (size_of::<Block<A>>() + 16 + 5 * 16 + 8) + sets
    }
}

/// Splits what holds off the front of a sorted slice.
fn take<'a, T>(from: &mut &'a [T], holds: impl Fn(&T) -> bool) -> &'a [T] {
    let n = from.partition_point(holds);
    let (front, back) = from.split_at(n);
    *from = back;
    front
}

fn merge<A: Attributes>(block: &Block<A>, gone: &[(u64, i64)], come: &[&Row<A>], into: &mut Vec<Row<A>>) {
    let mut come = come.iter().peekable();
    for i in 0..block.len() {
        let key = block.key(i);
        while let Some(row) = come.next_if(|row| row.key() < key) {
            into.push((*row).clone());
        }
        if gone.binary_search(&key).is_err() {
            into.push(block.row(i));
        }
    }
    into.extend(come.map(|row| (*row).clone()));
}

/// Puts rows out as blocks; too few wait for the next block.
fn flush<A: Attributes>(rows: Vec<Row<A>>, out: &mut Vec<Arc<Block<A>>>, small: &mut Option<Vec<Row<A>>>) {
    if rows.len() < FEW_ROWS {
        *small = (!rows.is_empty()).then_some(rows);
    } else if rows.len() <= BLOCK_ROWS {
        out.push(Block::new(&rows));
    } else {
        let parts = rows.len().div_ceil(FRESH_ROWS);
        out.extend(rows.chunks(rows.len().div_ceil(parts)).map(Block::new));
    }
}

/// Whether every row of the block is the reader's.
pub fn covers_block<A>(scope: &Scope, block: &Block<A>) -> bool {
    scope.covers(block.scope_range)
}

#[cfg(test)]
mod tests;
