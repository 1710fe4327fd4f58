//! The published cube in memory: what is shown, and which months of which townships were published.
//!
//! Rows of it never change, so they only ever come in. A number that is not here is withheld where its month was
//! published; who is told which is asked of `privacy` by whoever answers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::codes::{AreaCode, CodeRange, Level, Scope};
use crate::privacy::Audience;
use crate::privacy::suppression::ORDINARY;

/// A calendar month, counted from January of the year 0.
pub type MonthNumber = i32;

/// A row of `tiles/layers/published.sql`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedRow {
    /// Where.
    pub area: AreaCode,
    /// The month.
    pub month: MonthNumber,
    /// Group of kinds.
    pub group: Arc<str>,
    /// Whom it is told.
    pub audience: Audience,
    /// The number; none where it is withheld.
    pub count: Option<u32>,
}

/// Shown numbers of one audience and group.
type Shown = BTreeMap<(AreaCode, MonthNumber), u32>;

/// Everything that was published.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Published {
    shown: BTreeMap<(Audience, Arc<str>), Shown>,
    /// Months by township.
    months: BTreeMap<AreaCode, BTreeSet<MonthNumber>>,
}

/// Numbers of a place over some months.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MonthSum {
    /// The sum over the months that are shown: at least so many there were.
    pub count: u64,
    /// Months in the sum.
    pub shown: u32,
    /// Months that were published and are withheld here.
    pub withheld: u32,
}

impl MonthSum {
    /// Whether half of the published months or more are shown.
    pub const fn is_shown(&self) -> bool {
        self.shown > 0 && self.shown >= self.withheld
    }
}

impl Published {
    /// Whether nothing was published.
    pub fn is_empty(&self) -> bool {
        self.months.is_empty() && self.shown.is_empty()
    }

    /// Takes rows in.
    pub fn add(&mut self, rows: impl IntoIterator<Item = PublishedRow>) {
        for row in rows {
            if row.area.level() == Level::Township && &*row.group == ORDINARY {
                self.months.entry(row.area).or_default().insert(row.month);
            }
            if let Some(count) = row.count {
                self.shown.entry((row.audience, row.group)).or_default().insert((row.area, row.month), count);
            }
        }
    }

    /// What an audience is told of a place over the months from the first to the last given, but for those left out.
    pub fn sum(&self, audience: Audience, group: &str, area: AreaCode, months: (MonthNumber, MonthNumber), without: &[MonthNumber]) -> MonthSum {
        let township = area.ancestor(Level::Township).unwrap_or(area);
        let published = self.months.get(&township).map_or(0, |all| all.range(months.0..=months.1).count());
        let shown = self.shown.get(&(audience, group.into()));
        let within = shown.into_iter().flat_map(|all| all.range((area, months.0)..=(area, months.1)));
        let mut sum = MonthSum::default();
        for (_, count) in within.filter(|((_, month), _)| !without.contains(month)) {
            sum.count += u64::from(*count);
            sum.shown += 1;
        }
        sum.withheld = published as u32 - sum.shown.min(published as u32);
        sum
    }

    /// The last month that was published anywhere in a range of codes, as far as a scope reaches.
    pub fn last_month(&self, within: CodeRange, scope: &Scope) -> Option<MonthNumber> {
        self.months_of(within, scope).filter_map(BTreeSet::last).max().copied()
    }

    /// The first month that was published anywhere in a range of codes, as far as a scope reaches.
    pub fn first_month(&self, within: CodeRange, scope: &Scope) -> Option<MonthNumber> {
        self.months_of(within, scope).filter_map(BTreeSet::first).min().copied()
    }

    fn months_of<'a>(&'a self, within: CodeRange, scope: &'a Scope) -> impl Iterator<Item = &'a BTreeSet<MonthNumber>> {
        let meets = move |township: &AreaCode| {
            let range = township.range();
            let both = CodeRange { lo: range.lo.max(within.lo), hi: range.hi.min(within.hi) };
            both.lo < both.hi && scope.meets(both)
        };
        self.months.iter().filter(move |(township, _)| meets(township)).map(|(_, all)| all)
    }

    /// Every number, for comparing processes.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        let shown = self.shown.iter().flat_map(|(key, all)| all.iter().map(move |entry| format!("{key:?} {entry:?}")));
        shown.chain(self.months.iter().map(|months| format!("{months:?}")))
    }

    /// Bytes it holds, estimated.
    pub(super) fn bytes(&self) -> usize {
        self.shown.values().map(|all| all.len() * 32).sum::<usize>() + self.months.values().map(|all| all.len() * 8 + 64).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(area: &str, month: MonthNumber, count: Option<u32>) -> PublishedRow {
        PublishedRow { area: AreaCode::parse(area).unwrap(), month, group: ORDINARY.into(), audience: Audience::K5, count }
    }

    #[test]
    fn a_sum_says_how_many_months_it_lacks() {
        let mut published = Published::default();
        published.add([row("990321001", 10, Some(20)), row("990321001", 11, None), row("990321001", 12, Some(9)), row("990321001001", 11, Some(7))]);
        let sum = |area: &str, months| published.sum(Audience::K5, ORDINARY, AreaCode::parse(area).unwrap(), months, &[]);
        assert_eq!(sum("990321001", (10, 12)), MonthSum { count: 29, shown: 2, withheld: 1 });
        assert_eq!(sum("990321001001", (0, 99)), MonthSum { count: 7, shown: 1, withheld: 2 });
        assert!(sum("990321001", (10, 12)).is_shown() && !sum("990321001001", (0, 99)).is_shown());
        assert_eq!(sum("990321002", (0, 99)), MonthSum::default());
        assert_eq!(published.sum(Audience::K3, ORDINARY, AreaCode::parse("990321001").unwrap(), (10, 12), &[]).withheld, 3);
        let all = CodeRange { lo: 0, hi: i64::MAX };
        assert_eq!(published.last_month(all, &Scope::everything()), Some(12));
        assert_eq!(published.last_month(all, &Scope::none()), None);
        let cell = AreaCode::parse("990321001001001").unwrap().range();
        assert_eq!(published.last_month(cell, &[cell].into_iter().collect()), Some(12), "a cell has the months of its township");
    }

    #[test]
    fn a_month_left_out_counts_as_withheld() {
        let mut published = Published::default();
        published.add([row("990321001", 10, Some(20)), row("990321001", 11, Some(30))]);
        let area = AreaCode::parse("990321001").unwrap();
        assert_eq!(published.sum(Audience::K5, ORDINARY, area, (10, 11), &[11]), MonthSum { count: 20, shown: 1, withheld: 1 });
    }
}
