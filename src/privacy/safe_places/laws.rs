//! The laws of safe places through a thousand changes, on a model of what the database does with the parts of this room.
//!
//! The model keeps addresses, cells in a row and groups as the rows do (`migrations/*_groups_of_addresses.sql`), so that
//! the rules themselves are tried far more often than a database could. `tests/it/safe_places.rs` tries the rows.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone, Copy)]
struct Living {
    x: i32,
    group: Option<usize>,
    part: Part,
}

#[derive(Debug, Clone)]
struct Stands {
    cell: usize,
    place: Place,
    open: bool,
}

/// Addresses on a line of a thousand steps, cut into cells at borders; land between cells is nobody's.
#[derive(Debug, Default)]
struct Book {
    living: BTreeMap<i64, Living>,
    groups: Vec<Stands>,
    /// Cells as half-open stretches.
    cells: Vec<(i32, i32)>,
    next: i64,
    /// Members of every group at every time that it was open.
    seen: Vec<(usize, BTreeSet<i64>)>,
}

fn spot(x: i32) -> Place {
    (120.0 + f64::from(x) * 1e-4, 29.7)
}

impl Book {
    fn cell_at(&self, place: Place) -> Option<usize> {
        let x = ((place.0 - 120.0) * 1e4).round() as i32;
        self.cells.iter().position(|&(from, to)| from <= x && x < to)
    }

    fn members(&self, group: usize) -> impl Iterator<Item = (&i64, &Living)> {
        self.living.iter().filter(move |(_, home)| home.group == Some(group) && matches!(home.part, Part::Founder | Part::Joined))
    }

    fn recount(&mut self) {
        for group in 0..self.groups.len() {
            let founders = self.members(group).filter(|(_, home)| home.part == Part::Founder).count();
            self.groups[group].open &= founders >= MIN_ADDRESSES;
        }
    }

    /// An address is out of its group once it is in another cell.
    fn leave(&mut self) {
        let cells: Vec<Option<usize>> = self.living.values().map(|home| self.cell_at(spot(home.x))).collect();
        for (home, cell) in self.living.values_mut().zip(cells) {
            if let (Some(group), Some(cell)) = (home.group, cell)
                && self.groups[group].cell != cell
            {
                home.part = Part::Left;
            }
        }
        self.recount();
    }

    fn add(&mut self, x: i32) {
        let cell = self.cell_at(spot(x));
        let open: Vec<usize> = (0..self.groups.len()).filter(|&g| self.groups[g].open && Some(self.groups[g].cell) == cell).collect();
        let places: Vec<Place> = open.iter().map(|&g| self.groups[g].place).collect();
        let group = nearest(&places, spot(x)).map(|i| open[i]);
        self.living.insert(self.next, Living { x, group, part: if group.is_some() { Part::Joined } else { Part::Never } });
        self.next += 1;
    }

    fn remove(&mut self, nth: usize) {
        let key = self.living.keys().nth(nth % self.living.len().max(1)).copied();
        key.map(|key| self.living.remove(&key));
        self.recount();
    }

    /// One cell gets other borders. Where two would overlap, the other gives way.
    fn redraw(&mut self, cell: usize, from: i32, to: i32) {
        let cell = cell % self.cells.len();
        for other in (0..self.cells.len()).filter(|&other| other != cell) {
            let (a, b) = self.cells[other];
            self.cells[other] = if a < to && from < b { if a < from { (a, from) } else { (to.min(b), b) } } else { (a, b) };
        }
        self.cells[cell] = (from, to);
        for group in 0..self.groups.len() {
            let cells: BTreeSet<Option<usize>> = self.members(group).map(|(_, home)| self.cell_at(spot(home.x))).collect();
            let here = self.cell_at(self.groups[group].place);
            if let (1, Some(&Some(one))) = (cells.len(), cells.first())
                && here == Some(one)
            {
                self.groups[group].cell = one;
            }
            if here.is_some_and(|here| here != self.groups[group].cell) {
                self.groups[group].open = false;
            }
        }
        self.leave();
    }

    /// Addresses that never were in a group join the nearest of their cell.
    fn join_all(&mut self, cell: usize) {
        let open: Vec<usize> = (0..self.groups.len()).filter(|&g| self.groups[g].open && self.groups[g].cell == cell).collect();
        let places: Vec<Place> = open.iter().map(|&g| self.groups[g].place).collect();
        let cells: Vec<Option<usize>> = self.living.values().map(|home| self.cell_at(spot(home.x))).collect();
        for (home, _) in self.living.values_mut().zip(cells).filter(|(home, at)| home.part == Part::Never && *at == Some(cell)) {
            if let Some(near) = nearest(&places, spot(home.x)) {
                (home.group, home.part) = (Some(open[near]), Part::Joined);
            }
        }
    }

    /// A case at an address: the group at which it is shown, made where the cell has none.
    fn show(&mut self, nth: usize, seed: u64) -> Option<(usize, i64)> {
        let (&key, &home) = self.living.iter().nth(nth % self.living.len().max(1))?;
        let cell = self.cell_at(spot(home.x))?;
        if !self.groups.iter().any(|group| group.open && group.cell == cell) {
            let of_cell = |home: &Living| self.cell_at(spot(home.x)) == Some(cell);
            let fresh: Vec<Address> = self
                .living
                .iter()
                .filter(|(_, home)| home.part == Part::Never && of_cell(home))
                .map(|(&key, home)| Address { key, place: spot(home.x) })
                .collect();
            let inside = |place: Place| self.cell_at(place) == Some(cell);
            for made in group(&fresh, MIN_ADDRESSES, seed_for(seed, cell as i64), Some(&inside)) {
                let number = self.groups.len();
                self.groups.push(Stands { cell, place: made.place, open: true });
                for member in made.members {
                    if let Some(home) = self.living.get_mut(&fresh[member].key) {
                        (home.group, home.part) = (Some(number), Part::Founder);
                    }
                }
            }
        }
        self.join_all(cell);
        let in_cell = self.living.values().filter(|home| self.cell_at(spot(home.x)) == Some(cell));
        let is_in = |home: &Living| home.group.filter(|&g| self.groups[g].open && self.groups[g].cell == cell && home.part != Part::Left);
        let homes: Vec<Home> = in_cell.map(|home| Home { place: spot(home.x), group: is_in(home).map(|g| g as i64), part: home.part }).collect();
        shown_at(&homes, spot(home.x)).map(|group| (group as usize, key))
    }

    /// Two groups of any time share no address that is there now, or eight and more; one that is open has eight founders.
    fn check(&mut self) -> Result<(), String> {
        for number in (0..self.groups.len()).filter(|&number| self.groups[number].open) {
            let now: BTreeSet<i64> = self.members(number).map(|(key, _)| *key).collect();
            let founders = self.members(number).filter(|(_, home)| home.part == Part::Founder).count();
            if founders < MIN_ADDRESSES {
                return Err(format!("group {number} is open with {founders} founders"));
            }
            if self.seen.contains(&(number, now.clone())) {
                continue;
            }
            for (other, then) in &self.seen {
                let shared = then.intersection(&now).filter(|key| self.living.contains_key(key)).count();
                if (1..MIN_ADDRESSES).contains(&shared) {
                    return Err(format!("groups {number} and {other} share {shared}"));
                }
            }
            self.seen.push((number, now));
        }
        Ok(())
    }
}

/// One change, out of random numbers.
fn change(book: &mut Book, kind: u8, a: i32, b: i32) -> Result<(), String> {
    match kind {
        0..=3 => book.add(a),
        4..=5 => book.remove(a as usize),
        6..=7 => {
            let points: Vec<Place> = book.groups.iter().map(|group| group.place).collect();
            let (from, length) = (a.min(950), 50 + b % 300);
            book.redraw(b as usize, from, (from + length).min(1_000));
            let same = points.iter().zip(&book.groups).all(|(point, group)| *point == group.place);
            if !same {
                return Err("a point moved".into());
            }
        }
        _ => {
            if let Some((group, key)) = book.show(a as usize, 7) {
                let stands_for = book.members(group).filter(|(_, home)| book.cell_at(spot(home.x)) == Some(book.groups[group].cell)).count();
                let home = book.living[&key];
                let own = home.group == Some(group) || book.members(group).any(|(_, other)| other.x == home.x);
                if stands_for < MIN_ADDRESSES || !own {
                    return Err(format!("a case at {key} is shown at group {group}, which stands for {stands_for} here"));
                }
            }
        }
    }
    book.check()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn the_laws_hold_after_a_thousand_changes(changes in prop::collection::vec((0..10_u8, 0..1_000_i32, 0..1_000_i32), 1_000)) {
        let mut book = Book { cells: vec![(0, 250), (250, 500), (500, 750), (750, 1_000)], ..Book::default() };
        for x in 0..160 {
            book.add(x * 37 % 1_000);
        }
        for (kind, a, b) in changes {
            prop_assert_eq!(change(&mut book, kind, a, b), Ok(()));
        }
        prop_assert!(book.groups.len() > 4, "{} groups: nothing was tried", book.groups.len());
    }
}
