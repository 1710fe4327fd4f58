//! Incidents over five years: how many, of what kind, where, when, and how far each has come; and the planted truths.
//!
//! First the category is drawn by its share, then a cell by households and by where the category gathers, then a
//! day by its season; so the shares hold exactly in the mean whatever the town looks like.

use chrono::{Datelike, Days, NaiveDate};

use super::areas::code;
use super::dice::Dice;
use super::divide::{Division, middle};
use super::land::{Land, distance};
use super::mesh::Mesh;
use super::mixes::{CATEGORIES, COMPLEXITIES, SOURCES, spring_festival};
use super::truth::{PlantedCluster, PlantedRise, SilentCell, Truth};
use super::world::{Household, Incident};
use super::{Plan, Size};

/// Days of history.
const DAYS: u64 = 5 * 365;
/// Incidents per household and year: 8 per 1,000 people at 2.62 people each; somewhat more in the city.
const RATE: [f64; 2] = [0.008 * 2.62, 0.0095 * 2.62];

/// Everything the drawing of one incident looks at.
struct Book<'a> {
    plan: &'a Plan,
    households: &'a [Household],
    /// First address of each cell, and one after the last.
    first: Vec<usize>,
    /// Cumulative weights of the cells for categories that gather in the country, anywhere, in town.
    by_lean: [Vec<f64>; 3],
    silent: Vec<(usize, NaiveDate)>,
    out: Vec<(usize, Incident)>,
}

/// All incidents by day of registration; writes what it plants into `truth`.
pub(super) fn rows(plan: &Plan, land: &Land, mesh: &Mesh, division: &Division, households: &[Household], truth: &mut Truth) -> Vec<Incident> {
    let mut dice = Dice::new(land.seed, "cases");
    let rate = RATE[usize::from(plan.size == Size::City)];
    let total: f64 = division.cells.iter().map(|c| f64::from(c.households)).sum();
    let mut book = Book::new(plan, division, households, &mut dice);
    let expected_all = total * rate * 5.0;
    plant_silence(&mut book, division, expected_all, &mut dice, truth);
    for _ in 0..dice.poisson(expected_all) {
        let category = draw_category(plan.size, &mut dice);
        let lean = (CATEGORIES[category].lean + 1) as usize;
        let cell = dice.weighted(&book.by_lean[lean]);
        let day = book.day(category, &mut dice);
        book.add(cell, category, day, &mut dice);
    }
    plant_clusters(&mut book, mesh, division, expected_all, &mut dice, truth);
    plant_rise(&mut book, division, &mut dice, truth);
    number(book.out, land, division)
}

fn draw_category(size: Size, dice: &mut Dice) -> usize {
    let column = usize::from(size == Size::City);
    let mut at = dice.unit() * CATEGORIES.iter().map(|c| c.share[column]).sum::<f64>();
    for (k, category) in CATEGORIES.iter().enumerate() {
        at -= category.share[column];
        if at < 0.0 {
            return k;
        }
    }
    CATEGORIES.len() - 1
}

impl<'a> Book<'a> {
    fn new(plan: &'a Plan, division: &Division, households: &'a [Household], dice: &mut Dice) -> Self {
        let mut first = Vec::with_capacity(division.cells.len() + 1);
        let mut at = 0;
        for part in &division.cells {
            first.push(at);
            while at < households.len() && households[at].cell.to_i64() == part.code {
                at += 1;
            }
        }
        first.push(at);
        let mut by_lean = [Vec::new(), Vec::new(), Vec::new()];
        let mut sums = [0.0; 3];
        for (c, part) in division.cells.iter().enumerate() {
            let town = division.villages[part.village].town;
            // Cells differ a little of themselves, most by no more than a quarter.
            let own = (0.22 * dice.gauss()).exp();
            let empty = first[c] == first[c + 1];
            let base = if empty { 0.0 } else { f64::from(part.households) * own };
            let lean = if town { [0.15, 1.0, 1.7] } else { [1.6, 1.0, 0.45] };
            for k in 0..3 {
                sums[k] += base * lean[k];
                by_lean[k].push(sums[k]);
            }
        }
        Self { plan, households, first, by_lean, silent: Vec::new(), out: Vec::new() }
    }

    /// The share of a category's incidents that fall into a cell.
    fn share(&self, cell: usize, lean: usize) -> f64 {
        let sums = &self.by_lean[lean];
        let before = if cell == 0 { 0.0 } else { sums[cell - 1] };
        (sums[cell] - before) / sums.last().copied().unwrap_or(1.0).max(1e-9)
    }

    /// A day by the season of its category, with fewer at weekends and slightly more in later years.
    fn day(&self, category: usize, dice: &mut Dice) -> NaiveDate {
        let months = &CATEGORIES[category].months;
        loop {
            let back = dice.below(DAYS as usize) as u64;
            let day = self.plan.until - Days::new(back);
            let mut weight = months[day.month0() as usize];
            if CATEGORIES[category].code == "10" && before_festival(day) {
                weight *= 1.6;
            }
            weight *= if day.weekday().num_days_from_monday() > 4 { 0.72 } else { 1.0 };
            weight *= 1.06 - 0.12 * back as f64 / DAYS as f64;
            if dice.unit() * 4.6 < weight {
                return day;
            }
        }
    }

    /// Writes one incident, unless its cell is one that keeps silent.
    fn add(&mut self, cell: usize, category: usize, registered_on: NaiveDate, dice: &mut Dice) -> bool {
        let (lo, hi) = (self.first[cell], self.first[cell + 1]);
        if lo == hi || self.silent.iter().any(|&(c, since)| c == cell && registered_on >= since) {
            return false;
        }
        let household = lo + dice.below(hi - lo);
        let home = &self.households[household];
        let kind = &CATEGORIES[category];
        let complexity = dice.weighted(&[46.0, 85.0, 98.0, 100.0]);
        let (parties_count, parties_kind) = parties(kind.code, dice);
        let risk = (complexity as f64 * 0.75 + f64::from(u8::from(parties_kind == "group")) * 1.3 + dice.between(-0.9, 0.9)).round().clamp(0.0, 3.0);
        let discovered_on = registered_on - Days::new(dice.below(3) as u64);
        let (state, closed_on) = progress(registered_on, self.plan.until, complexity, dice);
        self.out.push((
            cell,
            Incident {
                case_no: String::new(),
                category: kind.code,
                source: source(dice),
                occurred_on: discovered_on - Days::new((dice.unit() * dice.unit() * 20.0) as u64),
                discovered_on,
                registered_on,
                closed_on,
                parties_count,
                parties_kind,
                complexity: COMPLEXITIES[complexity].0,
                risk_level: ["blue", "yellow", "orange", "red"][risk as usize],
                state,
                sensitive: sensitive(kind.code, dice),
                summary: kind.sentences[dice.below(kind.sentences.len())],
                cell: home.cell,
                household: household as u32,
                at: home.at,
            },
        ));
        true
    }
}

/// The seven weeks before the Spring Festival, when wages are due.
fn before_festival(day: NaiveDate) -> bool {
    let (month, dom) = spring_festival(day.year());
    NaiveDate::from_ymd_opt(day.year(), month, dom).is_some_and(|feast| (0..49).contains(&(feast - day).num_days()))
}

fn source(dice: &mut Dice) -> &'static str {
    let mut at = dice.unit() * 100.0;
    for (code, share) in SOURCES {
        at -= share;
        if at < 0.0 {
            return code;
        }
    }
    SOURCES[0].0
}

fn parties(category: &str, dice: &mut Dice) -> (u16, &'static str) {
    let many = match category {
        "08" | "10" | "14" | "18" => 0.12,
        "07" | "09" => 0.05,
        _ => 0.01,
    };
    if dice.chance(many) {
        return (10 + dice.below(28) as u16, "group");
    }
    let office = matches!(category, "04" | "05" | "10" | "11" | "12" | "14" | "16" | "17");
    let kind = if office && dice.chance(0.6) { "organisation" } else { "person" };
    (2 + (dice.unit().powi(4) * 5.0) as u16, kind)
}

fn sensitive(category: &str, dice: &mut Dice) -> Option<&'static str> {
    match category {
        "12" => Some("medical"),
        "01" if dice.chance(0.07) => Some("family_violence"),
        "01" | "02" if dice.chance(0.015) => Some("minors"),
        "02" | "99" if dice.chance(0.01) => Some("psychological"),
        _ => None,
    }
}

/// How far an incident has come by the last day, and when it was closed.
fn progress(registered_on: NaiveDate, until: NaiveDate, complexity: usize, dice: &mut Dice) -> (&'static str, Option<NaiveDate>) {
    let age = (until - registered_on).num_days();
    if dice.chance(0.02) && age > 1 {
        return (if dice.chance(0.6) { "not_accepted" } else { "merged" }, None);
    }
    let [lo, hi] = COMPLEXITIES[complexity].2;
    // One in fourteen takes far longer than its clock.
    let late = if dice.chance(0.07) { dice.between(1.5, 3.0) } else { 1.0 };
    let took = (dice.between(lo, hi) * late).round() as i64;
    if took > age {
        let open = match age {
            0 => *dice.pick(&["registered", "registered", "accepted"]),
            1 => *dice.pick(&["accepted", "dispatched"]),
            2 => *dice.pick(&["dispatched", "in_process"]),
            _ if took - age < 2 => *dice.pick(&["agreed", "agreed", "in_process", "not_agreed", "withdrawn"]),
            _ => *dice.pick(&["in_process", "in_process", "in_process", "in_process", "suspended", "referred", "returned"]),
        };
        return (open, None);
    }
    let closed_on = registered_on + Days::new(took as u64);
    let since = age - took;
    let state = if since < 10 {
        if dice.chance(0.1) { "confirmed" } else { "closed" }
    } else if since < 45 {
        if dice.chance(0.5) { "closed" } else { "followed_up" }
    } else if since < 120 && dice.chance(0.015) {
        "reopened"
    } else {
        "archived"
    };
    if state == "reopened" || state == "confirmed" { (state, None) } else { (state, Some(closed_on)) }
}

/// Cells that say nothing for a long time though something would be expected.
fn plant_silence(book: &mut Book<'_>, division: &Division, expected_all: f64, dice: &mut Dice, truth: &mut Truth) {
    let days = 400_u64;
    let since = book.plan.until - Days::new(days - 1);
    for _ in 0..(division.cells.len() / 200).max(1) {
        for _ in 0..400 {
            let cell = dice.below(division.cells.len());
            let part = &division.cells[cell];
            let expected = expected_all * book.share(cell, 1) * days as f64 / DAYS as f64;
            if expected >= 4.0 && !part.dedicated && book.silent.iter().all(|s| s.0 != cell) {
                book.silent.push((cell, since));
                truth.silent.push(SilentCell { cell: code(part.code), since, expected_count: rounded(expected) });
                break;
            }
        }
    }
    truth.silent.sort_by_key(|s| s.cell);
}

/// Groups of neighbouring cells where a category gathers for some weeks.
fn plant_clusters(book: &mut Book<'_>, mesh: &Mesh, division: &Division, expected_all: f64, dice: &mut Dice, truth: &mut Truth) {
    let per_county = if book.plan.size == Size::Township { 2 } else { 5 };
    let middles: Vec<_> = division.cells.iter().map(|c| middle(&c.blocks, mesh)).collect();
    let mut taken = vec![false; division.cells.len()];
    for c in &book.silent {
        taken[c.0] = true;
    }
    for k in 0..per_county * (division.townships.len() / 13).max(1) {
        // Category, weeks, days before the end, town or country.
        let (category, weeks, back, town) = [(1, 9, 0, true), (9, 7, 290, true), (6, 12, 60, false), (13, 10, 200, true), (1, 8, 700, false)][k % 5];
        let Some(core) = (0..500).map(|_| dice.below(division.cells.len())).find(|&c| {
            let part = &division.cells[c];
            !taken[c] && !part.dedicated && division.villages[part.village].town == town
        }) else {
            continue;
        };
        let township = division.villages[division.cells[core].village].township;
        let mut near: Vec<usize> = (0..division.cells.len())
            .filter(|&c| !taken[c] && !division.cells[c].dedicated && division.villages[division.cells[c].village].township == township)
            .collect();
        near.sort_by(|&a, &b| distance(middles[a], middles[core]).total_cmp(&distance(middles[b], middles[core])));
        near.truncate(5);
        near.sort_unstable();
        let to = book.plan.until - Days::new(back);
        let days = weeks * 7;
        let from = to - Days::new(days - 1);
        let column = usize::from(book.plan.size == Size::City);
        let part = CATEGORIES[category].share[column] / CATEGORIES.iter().map(|c| c.share[column]).sum::<f64>();
        let lean = (CATEGORIES[category].lean + 1) as usize;
        let share: f64 = near.iter().map(|&c| book.share(c, lean)).sum();
        let expected = expected_all * part * share * days as f64 / DAYS as f64;
        let wanted = (expected * 5.0).max(14.0).round() as usize;
        let mut added = 0;
        for n in 0..wanted {
            let day = from + Days::new(dice.below(days as usize) as u64);
            // The core gets a third, its neighbours the rest.
            let cell = if n % 3 == 0 { core } else { near[dice.below(near.len())] };
            added += u32::from(book.add(cell, category, day, dice));
        }
        for &c in &near {
            taken[c] = true;
        }
        truth.clusters.push(PlantedCluster {
            cells: near.iter().map(|&c| code(division.cells[c].code)).collect(),
            category: CATEGORIES[category].code.into(),
            from,
            to,
            expected_count: rounded(expected),
            added_count: added,
            relative_risk: rounded((expected + f64::from(added)) / expected.max(1e-9)),
        });
    }
}

/// A cell where more comes every four weeks of the last year.
fn plant_rise(book: &mut Book<'_>, division: &Division, dice: &mut Dice, truth: &mut Truth) {
    const STEPS: u64 = 13;
    let planted: Vec<_> = truth.clusters.iter().flat_map(|c| c.cells.iter().copied()).chain(truth.silent.iter().map(|s| s.cell)).collect();
    for _ in 0..(division.townships.len() / 13).max(1) {
        let Some(cell) = (0..500).map(|_| dice.below(division.cells.len())).find(|&c| {
            let part = &division.cells[c];
            !part.dedicated
                && part.households > 300
                && !planted.contains(&code(part.code))
                && truth.rising.iter().all(|r| r.cell.to_i64() != part.code)
        }) else {
            continue;
        };
        let from = book.plan.until - Days::new(28 * STEPS - 1);
        let mut added_per_28_days = Vec::new();
        for step in 0..STEPS {
            let n = (step as f64 * 0.42 + dice.between(-0.3, 0.3)).round().max(0.0) as u32;
            for _ in 0..n {
                let day = from + Days::new(28 * step + dice.below(28) as u64);
                let category = draw_category(book.plan.size, dice);
                book.add(cell, category, day, dice);
            }
            added_per_28_days.push(n);
        }
        truth.rising.push(PlantedRise { cell: code(division.cells[cell].code), from, added_per_28_days });
    }
}

/// Three decimals, so that the truth comes back from its file as it was.
fn rounded(number: f64) -> f64 {
    (number * 1_000.0).round() / 1_000.0
}

/// Orders by day and numbers by county and year.
fn number(mut out: Vec<(usize, Incident)>, land: &Land, division: &Division) -> Vec<Incident> {
    out.sort_by_key(|(cell, i)| (i.registered_on, *cell));
    let mut serials = std::collections::BTreeMap::new();
    out.into_iter()
        .map(|(cell, mut incident)| {
            let county = division.townships[division.villages[division.cells[cell].village].township].county;
            let year = incident.registered_on.year();
            let serial = serials.entry((county, year)).or_insert(0_u32);
            *serial += 1;
            let first = land.counties[county].name.zh.chars().next().unwrap_or('枫');
            incident.case_no = format!("{first}调〔{year}〕{serial}号");
            incident
        })
        .collect()
}
