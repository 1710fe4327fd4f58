//! Points in blocks: rows sorted by (place on the Z curve, id), at most 1,024 a block, each column an array of its own.
//!
//! A model is never changed. An edit makes a new list of blocks that shares all blocks it did not touch, so that a tile
//! being encoded keeps the rows it began with. No delta, no tombstones, nothing to compact.

use std::sync::Arc;

use super::sets::{Facets, Sets};
use crate::codes::Scope;
use crate::mvt::World;

mod runs;
mod scopes;

pub use scopes::Within;

/// Most rows in a block.
pub(super) const BLOCK_ROWS: usize = 1_024;
/// Rows in a block that is built afresh: three quarters, so that it can grow.
const FRESH_ROWS: usize = 768;
/// A touched block with fewer rows joins the one before it.
const FEW_ROWS: usize = 256;

/// What a row carries beside place, key and scope.
pub trait Attributes: Clone + PartialEq + std::hash::Hash + std::fmt::Debug + Send + Sync + 'static {
    /// Whether rows count for anything beside themselves.
    const WEIGHS: bool = false;

    /// What the row counts for beside itself: households at an address. Below 2^22, so that a block's sum fits 32 bits.
    fn weight(&self) -> u32 {
        0
    }

    /// The office whose readers see the row wherever it lies; 0: none.
    fn unit(&self) -> i64 {
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
    /// The rest of the rows.
    pub attributes: Box<[A]>,
    /// The rows by what they are found by.
    pub sets: Sets,
    scopes: scopes::Scopes,
    /// Place on the Z curve of every 64th row, the first included.
    marks: Box<[u64]>,
    /// How many low bits of `x` and `y` tell a row from the one before it; 32 for the first.
    apart: Box<[u8]>,
    /// Weights of the rows before each and of all; empty where rows have none.
    weights: Box<[u32]>,
    first: (u64, i64),
    last: (u64, i64),
}

impl<A: Attributes> Block<A> {
    fn new(rows: &[Row<A>]) -> Arc<Self> {
        let first = rows.first().map_or((0, 0), Row::key);
        let last = rows.last().map_or((0, 0), Row::key);
        let bits = |pair: &[Row<A>]| 32 - ((pair[0].at.x ^ pair[1].at.x) | (pair[0].at.y ^ pair[1].at.y)).leading_zeros() as u8;
        let mut sum = 0;
        let mut add = |row: &Row<A>| {
            sum += row.attributes.weight();
            sum
        };
        Arc::new(Self {
            xs: rows.iter().map(|r| r.at.x).collect(),
            ys: rows.iter().map(|r| r.at.y).collect(),
            ids: rows.iter().map(|r| r.id).collect(),
            attributes: rows.iter().map(|r| r.attributes.clone()).collect(),
            sets: Sets::new(rows.iter().map(|r| r.attributes.facets())),
            scopes: scopes::Scopes::new(rows),
            marks: rows.iter().step_by(runs::MARKED).map(|r| r.at.z_order()).collect(),
            apart: rows.first().map(|_| 32).into_iter().chain(rows.windows(2).map(bits)).collect(),
            weights: if A::WEIGHS { std::iter::once(0).chain(rows.iter().map(&mut add)).collect() } else { Box::default() },
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

    /// The cell of row `i`, else the smallest area that holds it.
    pub fn scope(&self, i: usize) -> i64 {
        self.scopes.of(i)
    }

    /// Which rows a scope lets through.
    pub fn within(&self, scope: &Scope) -> Within {
        self.scopes.within(scope)
    }

    /// Whether row `i` is let through.
    pub fn keeps(&self, within: &Within, i: usize) -> bool {
        match within {
            Within::All => true,
            Within::None => false,
            Within::Some(kept) => kept[self.scopes.number(i)],
        }
    }

    /// Row `i` by itself.
    pub fn row(&self, i: usize) -> Row<A> {
        Row { at: self.at(i), id: self.ids[i], scope: self.scope(i), attributes: self.attributes[i].clone() }
    }

    fn key(&self, i: usize) -> (u64, i64) {
        (self.at(i).z_order(), self.ids[i])
    }

    /// The sum of the weights of rows.
    pub fn weight(&self, rows: std::ops::Range<usize>) -> u32 {
        if A::WEIGHS { self.weights[rows.end] - self.weights[rows.start] } else { 0 }
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
    /// Where each block begins on the Z curve.
    firsts: Arc<[u64]>,
    len: usize,
}

impl<A: Attributes> Default for Points<A> {
    fn default() -> Self {
        Self::of_blocks(Vec::new())
    }
}

impl<A: Attributes> Points<A> {
    /// A layer of these rows, in any order; keys are unique. O(rows · log rows).
    pub fn new(mut rows: Vec<Row<A>>) -> Self {
        rows.sort_unstable_by_key(Row::key);
        Self::of_blocks(rows.chunks(FRESH_ROWS).map(Block::new).collect())
    }

    fn of_blocks(blocks: Vec<Arc<Block<A>>>) -> Self {
        Self { len: blocks.iter().map(|b| b.len()).sum(), firsts: blocks.iter().map(|b| b.first.0).collect(), blocks: blocks.into() }
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
        Self::of_blocks(out)
    }

    /// About how many bytes the columns take.
    pub fn bytes(&self) -> usize {
        let row = 4 + 4 + 8 + size_of::<A>() + 1 + if A::WEIGHS { 4 } else { 0 };
        let beside = self.blocks.iter().map(|b| b.scopes.bytes() + b.marks.len() * 8 + b.sets.bytes()).sum::<usize>();
        self.len * row + beside + self.blocks.len() * (size_of::<Block<A>>() + 16 + 9 * 16 + 8 + 8)
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

#[cfg(test)]
mod tests;
