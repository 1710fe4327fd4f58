//! How many addresses, households and facilities lie in each cell and area, kept as rows come and go.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::points::{Moved, Points, Row};
use super::rows::{Facility, Household};
use crate::codes::{CodeRange, Scope};

/// Counts of one cell or area.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows of households.
    pub address_count: u64,
    /// Households at them.
    pub household_count: u64,
    /// Facilities of all kinds.
    pub facility_count: u64,
    /// Facilities by number of kind (`Lists::facility_kind`); kinds without any are absent.
    pub by_kind: BTreeMap<u16, u64>,
}

impl Counts {
    fn change(&mut self, by: &Self, sign: i64) {
        let change = |n: &mut u64, by: u64| *n = n.saturating_add_signed(sign * by as i64);
        change(&mut self.address_count, by.address_count);
        change(&mut self.household_count, by.household_count);
        change(&mut self.facility_count, by.facility_count);
        for (&kind, &n) in &by.by_kind {
            let here = self.by_kind.entry(kind).or_default();
            change(here, n);
            if *here == 0 {
                self.by_kind.remove(&kind);
            }
        }
    }

    fn of_household(row: &Row<Household>) -> Self {
        Self { address_count: 1, household_count: u64::from(row.attributes.household_count), ..Self::default() }
    }

    fn of_facility(row: &Row<Facility>) -> Self {
        Self { facility_count: 1, by_kind: BTreeMap::from([(row.attributes.kind, 1)]), ..Self::default() }
    }
}

/// Codes of one page: a township.
const PAGE: i64 = 1_000_000;

/// Counts by scope code, in pages that copies share.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tallies(BTreeMap<i64, Arc<Page>>);

#[derive(Debug, Clone, Default, PartialEq)]
struct Page {
    total: Counts,
    by_code: BTreeMap<i64, Counts>,
}

impl Tallies {
    /// The counts of all rows.
    pub fn new(households: &Points<Household>, facilities: &Points<Facility>) -> Self {
        let mut tallies = Self::default();
        for block in households.blocks() {
            for i in 0..block.len() {
                tallies.count_household(block.scope(i), u64::from(block.attributes[i].household_count));
            }
        }
        facilities.rows().for_each(|row| tallies.change(row.scope, &Counts::of_facility(&row), 1));
        tallies
    }

    /// Takes a change of households in; the codes whose counts changed are added to `touched`.
    pub fn move_households(&mut self, moved: &[Moved<Household>], touched: &mut Vec<i64>) {
        self.moved(moved, Counts::of_household, touched);
    }

    /// Takes a change of facilities in.
    pub fn move_facilities(&mut self, moved: &[Moved<Facility>], touched: &mut Vec<i64>) {
        self.moved(moved, Counts::of_facility, touched);
    }

    /// The counts of one code by itself: a cell; none where nothing lies in it.
    pub fn of(&self, code: i64) -> Option<&Counts> {
        self.0.get(&code.div_euclid(PAGE))?.by_code.get(&code)
    }

    /// The counts of everything inside a range of codes: a cell, or an area with all below it.
    pub fn within(&self, range: CodeRange) -> Counts {
        let mut sum = Counts::default();
        for (&page, counts) in self.0.range(range.lo.div_euclid(PAGE)..=(range.hi - 1).div_euclid(PAGE)) {
            if range.lo <= page * PAGE && (page + 1) * PAGE <= range.hi {
                sum.change(&counts.total, 1);
            } else {
                counts.by_code.range(range.lo..range.hi).for_each(|(_, c)| sum.change(c, 1));
            }
        }
        sum
    }

    /// The same as far as a scope reaches: what an area above the own one shows.
    pub fn within_scope(&self, range: CodeRange, scope: &Scope) -> Counts {
        let mut sum = Counts::default();
        for own in scope.ranges().iter().filter(|own| own.lo < range.hi && range.lo < own.hi) {
            sum.change(&self.within(CodeRange { lo: own.lo.max(range.lo), hi: own.hi.min(range.hi) }), 1);
        }
        sum
    }

    /// Old and new rows are set against each other by scope: an edit that makes a new version of a row counts the same.
    fn moved<A>(&mut self, moved: &[Moved<A>], counts: impl Fn(&Row<A>) -> Counts, touched: &mut Vec<i64>) {
        let mut scopes: BTreeMap<i64, (Counts, Counts)> = BTreeMap::new();
        for m in moved {
            if let Some(old) = &m.old {
                scopes.entry(old.scope).or_default().0.change(&counts(old), 1);
            }
            if let Some(new) = &m.new {
                scopes.entry(new.scope).or_default().1.change(&counts(new), 1);
            }
        }
        for (scope, (gone, come)) in scopes.into_iter().filter(|(_, (gone, come))| gone != come) {
            self.change(scope, &gone, -1);
            self.change(scope, &come, 1);
            touched.push(scope);
        }
    }

    fn count_household(&mut self, scope: i64, households: u64) {
        let page = Arc::make_mut(self.0.entry(scope.div_euclid(PAGE)).or_default());
        for counts in [&mut page.total, page.by_code.entry(scope).or_default()] {
            counts.address_count += 1;
            counts.household_count += households;
        }
    }

    fn change(&mut self, scope: i64, by: &Counts, sign: i64) {
        let number = scope.div_euclid(PAGE);
        let page = Arc::make_mut(self.0.entry(number).or_default());
        page.total.change(by, sign);
        let here = page.by_code.entry(scope).or_default();
        here.change(by, sign);
        if *here == Counts::default() {
            page.by_code.remove(&scope);
        }
        if page.by_code.is_empty() {
            self.0.remove(&number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mvt::World;

    fn home(id: i64, scope: i64, household_count: u16) -> Row<Household> {
        let attributes = Household { household_id: id, household_count, population_band: 0, dwelling_kind: 0 };
        Row { at: World { x: 1, y: 1 }, id, scope, attributes }
    }

    #[test]
    fn counts_follow_rows_from_cell_to_cell() {
        let (a, b) = (990_321_001_001_001, 990_321_002_001_001);
        let rows = vec![home(1, a, 3), home(2, a, 4), home(3, b, 5)];
        let mut tallies = Tallies::new(&Points::new(rows.clone()), &Points::default());
        let mut touched = Vec::new();
        let moved = Moved { old: Some(rows[1].clone()), new: Some(home(2, b, 6)) };
        tallies.move_households(&[moved], &mut touched);
        assert_eq!(touched, [a, b]);
        assert_eq!(tallies, Tallies::new(&Points::new(vec![home(1, a, 3), home(2, b, 6), home(3, b, 5)]), &Points::default()));
        let count = |lo, hi| tallies.within(CodeRange { lo, hi }).household_count;
        assert_eq!(count(a, a + 1), 3);
        assert_eq!((tallies.of(a).map(|c| c.household_count), tallies.of(a + 1)), (Some(3), None));
        assert_eq!(count(990_321_000_000_000, 990_322_000_000_000), 14);
        assert_eq!(count(990_321_002_000_000, 990_321_003_000_000), 11);
    }
}
