//! Tables of invented townships, put before an attacker who knows every published number.

use std::collections::{BTreeMap, BTreeSet};

use good_lp::{Expression, ProblemVariables, Solution as _, SolverModel as _, constraint, microlp, variable};
use proptest::prelude::*;

use super::*;
use crate::codes::{AreaCode, Level};
use crate::privacy::Audience;

const AUDIENCES: [Audience; 3] = [Audience::K3, Audience::K5, Audience::K10];

fn area(text: &str) -> AreaCode {
    AreaCode::parse(text).unwrap()
}

fn township() -> AreaCode {
    area("990321001")
}

fn village(number: usize) -> AreaCode {
    area(&format!("990321001{number:03}"))
}

fn cell(number: usize, in_village: usize) -> AreaCode {
    area(&format!("990321001{in_village:03}{number:03}"))
}

/// Places and incidents by which a table is made.
#[derive(Debug, Clone)]
struct Town {
    places: Vec<AreaCode>,
    groups: Vec<(String, bool)>,
    incidents: BTreeMap<(AreaCode, usize), u32>,
}

impl Town {
    fn told_to(&self, audience: Audience) -> Vec<Entry> {
        let month = Month { township: township(), places: &self.places, groups: &self.groups, incidents: &self.incidents };
        month.tables().into_iter().find(|(of, _)| *of == audience).map(|(_, entries)| entries).unwrap_or_default()
    }
}

fn groups(sensitive: &[bool]) -> Vec<(String, bool)> {
    sensitive.iter().enumerate().map(|(i, &sensitive)| (format!("group{i}"), sensitive)).collect()
}

/// An attacker's view of a table: the leaves are unknown, and every shown entry is the sum of some.
struct Attack<'a> {
    town: &'a Town,
    entries: &'a [Entry],
    leaves: Vec<&'a Entry>,
}

impl<'a> Attack<'a> {
    fn new(town: &'a Town, entries: &'a [Entry]) -> Self {
        let has_parts = |entry: &Entry| entries.iter().any(|e| e.kind == entry.kind && e.area != entry.area && entry.area.holds(e.area));
        let leaves = entries.iter().filter(|e| e.kind != Kind::Ordinary && !has_parts(e)).collect();
        Self { town, entries, leaves }
    }

    fn counts(&self, kind: Kind, group: usize) -> bool {
        match kind {
            Kind::Group(own) => own == group,
            Kind::Ordinary => !self.town.groups[group].1,
        }
    }

    fn sum(&self, entry: &Entry, values: &[good_lp::Variable]) -> Expression {
        let covers = |leaf: &Entry| matches!(leaf.kind, Kind::Group(group) if self.counts(entry.kind, group)) && entry.area.holds(leaf.area);
        self.leaves.iter().zip(values).filter(|(leaf, _)| covers(leaf)).map(|(_, &value)| Expression::from(value)).sum()
    }

    /// What of an entry is in no leaf: cases of which only the village or township is known, where it has parts.
    fn rest(&self, entry: &Entry) -> u32 {
        let in_leaf = |place: AreaCode, group: usize| self.leaves.iter().any(|leaf| leaf.kind == Kind::Group(group) && leaf.area.holds(place));
        let counted = self.town.incidents.iter().filter(|((place, group), _)| self.counts(entry.kind, *group) && entry.area.holds(*place));
        counted.filter(|((place, group), _)| !in_leaf(*place, *group)).map(|(_, count)| count).sum()
    }

    /// Least and greatest value of an entry's leaves by linear programming.
    fn bounds(&self, shows: impl Fn(&Entry) -> bool, wanted: &Entry) -> (f64, f64) {
        let end = |sign: f64| -> f64 {
            let mut variables = ProblemVariables::new();
            let values: Vec<_> = self.leaves.iter().map(|_| variables.add(variable().min(0.0).max(10_000.0))).collect();
            let objective = self.sum(wanted, &values) * sign;
            let mut model = variables.minimise(objective.clone()).using(microlp);
            for entry in self.entries.iter().filter(|entry| shows(entry)) {
                model = model.with(constraint!(self.sum(entry, &values) == f64::from(entry.count - self.rest(entry))));
            }
            sign * model.solve().unwrap().eval(&objective)
        };
        (end(1.0), end(-1.0))
    }
}

/// How many entries below the threshold an attacker narrows to fewer than k − 1.
fn broken(town: &Town, audience: Audience, shows: impl Fn(&Entry) -> bool) -> usize {
    let entries = town.told_to(audience);
    let attack = Attack::new(town, &entries);
    let narrowed = |entry: &&Entry| {
        let (least, most) = attack.bounds(&shows, entry);
        (most + 1e-6).floor() - (least - 1e-6).ceil() < f64::from(entry.threshold - 1)
    };
    entries.iter().filter(|entry| entry.outcome == Outcome::Primary).filter(narrowed).count()
}

/// How many entries that are below the threshold of every table are narrowed, for the smallest threshold, by whoever has
/// all the tables, the freest of which is the first.
fn broken_together(town: &Town, tables: &[Vec<Entry>]) -> usize {
    let shown: BTreeSet<(AreaCode, Kind)> =
        tables.iter().flatten().filter(|entry| entry.outcome == Outcome::Shown).map(|entry| (entry.area, entry.kind)).collect();
    let attack = Attack::new(town, &tables[0]);
    let narrowed = |entry: &&Entry| {
        let (least, most) = attack.bounds(|entry| shown.contains(&(entry.area, entry.kind)), entry);
        (most + 1e-6).floor() - (least - 1e-6).ceil() < f64::from(entry.threshold - 1)
    };
    tables[0].iter().filter(|entry| entry.outcome == Outcome::Primary).filter(narrowed).count()
}

/// Two villages; the first has two cells.
fn example() -> Town {
    let places = vec![township(), village(1), village(2), cell(1, 1), cell(2, 1)];
    let incidents = BTreeMap::from([((cell(1, 1), 0), 6), ((cell(2, 1), 0), 1), ((village(2), 0), 9)]);
    Town { places, groups: groups(&[false]), incidents }
}

#[test]
fn the_partner_of_a_small_number_is_withheld_with_it() {
    let told: Vec<String> = example()
        .told_to(Audience::K3)
        .into_iter()
        .filter(|entry| entry.kind == Kind::Group(0))
        .map(|entry| format!("{} {} {}", entry.area, entry.count, entry.outcome.name()))
        .collect();
    assert_eq!(
        told,
        ["990321001 16 shown", "990321001001 7 shown", "990321001001001 6 complementary", "990321001001002 1 primary", "990321001002 9 shown",]
    );
}

#[test]
fn nothing_is_a_number_like_any_other() {
    let mut town = example();
    town.incidents.clear();
    assert!(town.told_to(Audience::K3).iter().all(|entry| entry.count == 0 && entry.outcome == Outcome::Primary));
}

#[test]
fn sensitive_groups_stand_alone_from_ten_on_and_not_in_cells() {
    let mut town = example();
    town.groups = groups(&[false, true]);
    town.incidents.insert((village(2), 1), 12);
    town.incidents.insert((cell(1, 1), 1), 11);
    let told = town.told_to(Audience::K3);
    let sensitive: Vec<_> = told.iter().filter(|e| e.kind == Kind::Group(1)).map(|e| (e.area, e.count, e.threshold, e.outcome)).collect();
    assert_eq!(sensitive, [(township(), 23, 10, Outcome::Shown), (village(1), 11, 10, Outcome::Shown), (village(2), 12, 10, Outcome::Shown)]);
    let total = told.iter().find(|e| e.kind == Kind::Ordinary && e.area == township()).unwrap();
    assert_eq!(total.count, 16, "the ordinary total is without them");
}

#[test]
fn the_public_is_told_of_no_cell_and_case_readers_need_no_table() {
    assert!(example().told_to(Audience::K10).iter().all(|entry| entry.area.level() <= Level::Village));
    assert!(example().told_to(Audience::Cases).is_empty());
}

#[test]
fn without_the_withheld_partners_the_attacker_gets_through() {
    assert!(broken(&example(), Audience::K3, |entry| entry.outcome != Outcome::Primary) > 0);
    assert_eq!(broken(&example(), Audience::K3, |entry| entry.outcome == Outcome::Shown), 0);
}

#[test]
fn tables_made_without_looking_at_each_other_give_numbers_away_together() {
    let counts = [(cell(1, 1), 2, 9), (cell(1, 1), 3, 4), (cell(3, 1), 0, 10), (cell(3, 1), 1, 1), (cell(3, 1), 2, 9), (cell(3, 1), 3, 1)];
    let incidents = counts.into_iter().map(|(place, group, count)| ((place, group), count)).collect();
    let town = Town { places: vec![township(), village(1), cell(1, 1), cell(2, 1), cell(3, 1)], groups: groups(&[false; 4]), incidents };
    let month = Month { township: township(), places: &town.places, groups: &town.groups, incidents: &town.incidents };
    let apart = |audience: Audience| month.told_to(audience, audience.threshold().unwrap(), &BTreeSet::new());
    assert!(broken_together(&town, &[apart(Audience::K3), apart(Audience::K5)]) > 0);
    assert_eq!(broken_together(&town, &[town.told_to(Audience::K3), town.told_to(Audience::K5)]), 0);
}

/// Townships of up to four villages of up to four cells, busy and quiet, some cases without a cell.
fn towns() -> impl Strategy<Value = Town> {
    let village = prop::collection::vec(prop::collection::vec(prop_oneof![4 => 0..2_u32, 2 => 0..6_u32, 1 => 0..30_u32], 5), 1..5);
    (prop::collection::vec(village, 1..5), any::<[bool; 4]>()).prop_map(|(villages, extra)| {
        let mut town = Town { places: vec![township()], groups: groups(&[false, false, false, false, true]), incidents: BTreeMap::new() };
        for (v, cells) in villages.iter().enumerate() {
            town.places.push(village_of(v));
            for (c, counts) in cells.iter().enumerate() {
                // the first row is of cases without a cell, in some villages
                let place = if c == 0 && extra[v % 4] { village_of(v) } else { cell(c + 1, v + 1) };
                town.places.push(place);
                town.incidents.extend(counts.iter().enumerate().map(|(group, &count)| ((place, group), count)));
            }
        }
        town
    })
}

fn village_of(number: usize) -> AreaCode {
    village(number + 1)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn every_small_number_stays_hidden_from_linear_programming(town in towns()) {
        for audience in AUDIENCES {
            prop_assert_eq!(broken(&town, audience, |entry| entry.outcome == Outcome::Shown), 0, "{:?}", audience);
        }
    }

    #[test]
    fn small_numbers_stay_hidden_from_readers_who_put_their_tables_together(town in towns()) {
        for together in [&AUDIENCES[..], &AUDIENCES[..2], &AUDIENCES[1..], &[Audience::K3, Audience::K10]] {
            let tables: Vec<Vec<Entry>> = together.iter().map(|&audience| town.told_to(audience)).collect();
            prop_assert_eq!(broken_together(&town, &tables), 0, "{:?}", together);
        }
    }

    #[test]
    fn a_stricter_audience_is_shown_nothing_that_a_freer_is_not(town in towns()) {
        let shown = |audience| -> BTreeSet<(AreaCode, Kind)> {
            town.told_to(audience).iter().filter(|entry| entry.outcome == Outcome::Shown).map(|entry| (entry.area, entry.kind)).collect()
        };
        let [freest, middle, strictest] = AUDIENCES.map(shown);
        prop_assert!(strictest.is_subset(&middle) && middle.is_subset(&freest));
    }

    #[test]
    fn what_is_shown_is_true_and_large_enough(town in towns()) {
        for audience in AUDIENCES {
            for entry in town.told_to(audience) {
                let inside = |place: AreaCode| entry.area.holds(place);
                let counts = |group: usize| match entry.kind { Kind::Group(own) => own == group, Kind::Ordinary => !town.groups[group].1 };
                let count: u32 = town.incidents.iter().filter(|((place, group), _)| inside(*place) && counts(*group)).map(|(_, n)| n).sum();
                prop_assert_eq!(entry.count, count);
                prop_assert_eq!(entry.outcome == Outcome::Primary, count < entry.threshold);
            }
        }
    }

    #[test]
    fn the_order_of_places_does_not_matter(town in towns()) {
        let mut backwards = town.clone();
        backwards.places.reverse();
        prop_assert_eq!(town.told_to(Audience::K5), backwards.told_to(Audience::K5));
    }
}
