//! Which rows of a block bear a value, one bit a row: a filter of few values reads words of 64 rows instead of rows.
//!
//! Incidents are indexed by category and by spans of 32 days: some 14 bytes a row for the 60 months and 19 categories of a
//! city. Other rows have no sets and pay nothing.

use std::ops::{Range, RangeInclusive};

use super::points::BLOCK_ROWS;

const WORDS: usize = BLOCK_ROWS / 64;
/// Days of one span, as a shift.
const SPAN_SHIFT: u32 = 5;
/// The last day of a span, counted from its first.
const LAST: i32 = (1 << SPAN_SHIFT) - 1;

/// Rows of one block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowSet([u64; WORDS]);

/// What a row is found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facets {
    /// Number of its category.
    pub category: u16,
    /// Its day, as chrono counts.
    pub day: i32,
}

/// The rows of a block by their facets.
#[derive(Debug, Default, PartialEq)]
pub struct Sets {
    categories: Box<[(u16, RowSet)]>,
    /// Rows of each span and of all before it: a stretch of days is the difference of two.
    spans: Box<[(i32, RowSet)]>,
}

/// Rows found by their facets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Near {
    /// All that are of the days asked for, and some that lie within 32 days beside.
    pub rows: RowSet,
    /// Those of them that are of the days for sure.
    pub sure: RowSet,
}

impl RowSet {
    /// No row.
    pub const NONE: Self = Self([0; WORDS]);
    const ALL: Self = Self([u64::MAX; WORDS]);

    fn add(&mut self, row: usize) {
        self.0[row / 64] |= 1 << (row % 64);
    }

    fn or(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(own, other)| *own |= other);
    }

    fn and(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(own, other)| *own &= other);
    }

    fn without(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(own, other)| *own &= !other);
        self
    }

    /// Whether a row is in it.
    #[inline]
    pub const fn has(&self, row: usize) -> bool {
        self.0[row / 64] >> (row % 64) & 1 == 1
    }

    /// Numbers of the rows of the set in a stretch of the block, ascending.
    pub fn rows(&self, stretch: Range<usize>) -> impl Iterator<Item = usize> + '_ {
        let Range { start, end } = stretch;
        (start / 64..end.div_ceil(64)).flat_map(move |word| {
            let above = u64::MAX << (start.max(word * 64) - word * 64);
            let below = u64::MAX >> ((word + 1) * 64 - end.min((word + 1) * 64));
            let mut left = self.0[word] & above & below;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros() as usize)?;
                left &= left - 1;
                Some(word * 64 + bit)
            })
        })
    }
}

impl Sets {
    /// The sets of rows with these facets, in order; rows without any make none.
    pub fn new(rows: impl Iterator<Item = Option<Facets>>) -> Self {
        let (mut categories, mut spans) = (Vec::new(), Vec::new());
        for (row, facets) in rows.enumerate() {
            if let Some(Facets { category, day }) = facets {
                set_of(&mut categories, category).add(row);
                set_of(&mut spans, day >> SPAN_SHIFT).add(row);
            }
        }
        let mut so_far = RowSet::NONE;
        for (_, rows) in &mut spans {
            so_far.or(rows);
            *rows = so_far;
        }
        Self { categories: categories.into(), spans: spans.into() }
    }

    /// Bytes beside the value itself.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.categories) + size_of_val(&*self.spans)
    }

    /// Rows of these categories (bits by number, the lowest 64) and days.
    pub fn near(&self, categories: u64, days: RangeInclusive<i32>) -> Near {
        let mut any = RowSet::ALL;
        if categories != u64::MAX {
            any = RowSet::NONE;
            self.categories.iter().filter(|(category, _)| categories >> (category & 63) & 1 == 1).for_each(|(_, rows)| any.or(rows));
        }
        let (from, to) = (*days.start(), *days.end());
        let [mut rows, mut sure] =
            [from >> SPAN_SHIFT..=to >> SPAN_SHIFT, from.saturating_add(LAST) >> SPAN_SHIFT..=(to.saturating_sub(LAST) >> SPAN_SHIFT)]
                .map(|spans| if spans.is_empty() { RowSet::NONE } else { self.up_to(*spans.end()).without(&self.up_to(*spans.start() - 1)) });
        rows.and(&any);
        sure.and(&any);
        Near { rows, sure }
    }

    fn up_to(&self, span: i32) -> RowSet {
        let number = self.spans.partition_point(|(own, _)| *own <= span);
        number.checked_sub(1).map_or(RowSet::NONE, |last| self.spans[last].1)
    }
}

fn set_of<K: Ord + Copy>(sets: &mut Vec<(K, RowSet)>, key: K) -> &mut RowSet {
    let at = sets.binary_search_by_key(&key, |(own, _)| *own).unwrap_or_else(|at| {
        sets.insert(at, (key, RowSet::NONE));
        at
    });
    &mut sets[at].1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_row_that_passes_is_near_and_in_order(
            rows in prop::collection::vec((0_u16..20, 700_000_i32..702_000), 1..BLOCK_ROWS), categories in any::<u64>(),
            from in 699_990_i32..702_000, length in -40_i32..900, cut in (0.0..1.0_f64, 0.0..1.0_f64),
        ) {
            let sets = Sets::new(rows.iter().map(|&(category, day)| Some(Facets { category, day })));
            let at = |share: f64| (share * rows.len() as f64) as usize;
            let stretch = at(cut.0.min(cut.1))..at(cut.0.max(cut.1));
            let Near { rows: near, sure } = sets.near(categories, from..=from + length);
            let near: Vec<usize> = near.rows(stretch.clone()).collect();
            let passes = |&(category, day): &(u16, i32), around: i32| {
                categories >> category & 1 == 1 && (from - around..=from + length + around).contains(&day)
            };
            let exact: Vec<usize> = stretch.clone().filter(|&row| passes(&rows[row], 0)).collect();
            prop_assert!(exact.iter().all(|row| near.binary_search(row).is_ok()));
            prop_assert!(near.iter().all(|&row| stretch.contains(&row) && passes(&rows[row], 31)));
            prop_assert!(near.is_sorted());
            prop_assert!(near.iter().all(|&row| !sure.has(row) || passes(&rows[row], 0)));
            let inner = |&row: &usize| passes(&rows[row], 0) && passes(&(rows[row].0, rows[row].1 - 31), 0) && passes(&(rows[row].0, rows[row].1 + 31), 0);
            prop_assert!(stretch.clone().filter(inner).all(|row| sure.has(row)));
        }
    }
}
