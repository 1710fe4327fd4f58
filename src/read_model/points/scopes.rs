//! The scopes of a block's rows: few cells lie under a block, so that a row keeps a number and a scope is asked once a cell.

use super::Row;
use crate::codes::{CodeRange, Scope};

/// A scope a row, as numbers into a list of those that occur.
#[derive(Debug, PartialEq)]
pub(super) struct Scopes {
    /// Ascending.
    distinct: Box<[i64]>,
    numbers: Box<[u16]>,
}

/// Which rows of a block are let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Within {
    /// Every row.
    All,
    /// No row.
    None,
    /// Those whose scope has a true here, by the number of the scope.
    Some(Vec<bool>),
}

impl Scopes {
    pub(super) fn new<A>(rows: &[Row<A>]) -> Self {
        let mut distinct: Vec<i64> = rows.iter().map(|row| row.scope).collect();
        distinct.sort_unstable();
        distinct.dedup();
        let numbers = rows.iter().map(|row| distinct.partition_point(|&scope| scope < row.scope) as u16).collect();
        Self { distinct: distinct.into(), numbers }
    }

    pub(super) fn of(&self, row: usize) -> i64 {
        self.distinct[usize::from(self.numbers[row])]
    }

    pub(super) fn number(&self, row: usize) -> usize {
        self.numbers[row].into()
    }

    pub(super) fn within(&self, scope: &Scope) -> Within {
        let (Some(&lo), Some(&last)) = (self.distinct.first(), self.distinct.last()) else { return Within::None };
        let all = CodeRange { lo, hi: last + 1 };
        if scope.covers(all) {
            return Within::All;
        }
        if !scope.meets(all) {
            return Within::None;
        }
        let kept: Vec<bool> = self.distinct.iter().map(|&code| scope.contains(code)).collect();
        match kept.iter().filter(|kept| **kept).count() {
            0 => Within::None,
            n if n == kept.len() => Within::All,
            _ => Within::Some(kept),
        }
    }

    /// Bytes beside the struct.
    pub(super) fn bytes(&self) -> usize {
        self.distinct.len() * 8 + self.numbers.len() * 2
    }
}
