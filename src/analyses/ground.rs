//! The inputs of an answer: places with their numbers, as far as the reader is told them.
//!
//! Either every number is true, counted now among cases each of which the reader may open, or every number is one of the
//! published cube, asked through [`Question`]. There is no mixture, so an answer never tells more than its inputs.

use std::ops::RangeInclusive;
use std::sync::Arc;

use chrono::{Datelike as _, NaiveDate};
use geo_types::MultiPolygon;
use rustc_hash::FxHashMap;
use serde_json::{Map, Value};
use xxhash_rust::xxh3::Xxh3;

use super::answer::Row;
use super::asked::Asked;
use super::hexes::{Finder, Hex, Size};
use super::params::{Denominator, PlaceLevel};
use super::store::WithoutPlace;
use crate::codes::{AreaCode, Level, Scope};
use crate::error::{Error, Fault, Result};
use crate::mvt::World;
use crate::privacy::suppression::ORDINARY;
use crate::published::{Month, Question};
use crate::read_model::{Incident, Model, MonthSum, Within, Words};

/// What time is cut into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slices {
    /// Not at all.
    None,
    /// Calendar months.
    Months,
    /// Seven days, counted back from the last.
    Weeks,
    /// The same, of five years unless told otherwise: what is usual has to be learnt.
    LongWeeks,
}

/// Which place it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// A cell, village or township.
    Area(AreaCode),
    /// A hexagon.
    Hex(Hex),
}

/// A place of the level asked for.
#[derive(Debug, Clone)]
pub struct Place {
    /// Which it is.
    pub at: At,
    /// Its true area, km²; 0 where its borders are not known.
    pub area_km2: f64,
    /// Key of its version: another one has other borders.
    pub version: i64,
    /// Incidents; of published months at least so many.
    pub count: u64,
    /// What they are set against; 0 where there is nothing, or where the place may not be judged.
    pub denominator: f64,
    /// Whether its numbers are whole: true ones, or of every published month.
    pub is_whole: bool,
    /// Incidents per 1,000 households and year in two significant digits, of published numbers.
    pub told_rate: Option<f64>,
    /// Why it is not told, of published numbers.
    pub silence: Option<&'static str>,
    /// Incidents by slice of time.
    pub series: Vec<u32>,
    /// Degrees, WGS 84.
    pub shape: Option<Arc<MultiPolygon>>,
    /// A point well inside.
    pub label: Option<World>,
}

impl Place {
    /// A place with nothing counted yet.
    fn empty(at: At, slices: usize) -> Self {
        let is_whole = matches!(at, At::Hex(_));
        Self {
            at,
            area_km2: 0.0,
            version: 0,
            count: 0,
            denominator: 0.0,
            is_whole,
            told_rate: None,
            silence: None,
            series: vec![0; slices],
            shape: None,
            label: None,
        }
    }

    fn of_area(model: &Model, code: AreaCode, slices: usize) -> Self {
        let (version, known) = match code.level() {
            Level::Cell => model.cells.by_code(code.lo()).map_or((0, None), |cell| (cell.id, Some(&cell.place))),
            level => model.areas.by_code(code.lo(), level.to_i16()).map_or((0, None), |area| (area.id, area.place.as_ref())),
        };
        Self {
            version,
            area_km2: known.map_or(0.0, |place| place.area_m2) / 1e6,
            label: known.map(|place| place.label),
            shape: known.map(|place| Arc::clone(&place.shape)),
            ..Self::empty(At::Area(code), slices)
        }
    }

    fn of_hex(hex: Hex, slices: usize) -> Self {
        Self { area_km2: hex.area_km2(), label: Some(hex.label()), shape: Some(hex.shape()), ..Self::empty(At::Hex(hex), slices) }
    }

    /// What an answer says of it.
    pub(super) fn row(&self, class: &'static str, mut properties: Map<String, Value>) -> Row {
        match self.at {
            At::Area(code) => Row { area: Some(code), class, properties, shape: None },
            At::Hex(hex) => {
                properties.insert("hex".into(), hex.to_string().into());
                Row { area: None, class, properties, shape: self.shape.as_deref().cloned() }
            }
        }
    }
}

/// Everything an answer is made of.
#[derive(Debug)]
pub struct Ground {
    /// Whether the numbers are true ones.
    pub of_cases: bool,
    /// Level of the places.
    pub level: PlaceLevel,
    /// First and last day.
    pub days: (NaiveDate, NaiveDate),
    /// In the order of codes.
    pub places: Vec<Place>,
    /// Safe places of the incidents; empty without case rights.
    pub points: Vec<World>,
    /// Incidents that lie in no place of the level.
    pub unplaced: u64,
    /// First day of each slice of time.
    pub slices: Vec<NaiveDate>,
}

impl Ground {
    /// Gathers the inputs; O(incidents + places).
    pub(super) fn gather(model: &Model, asked: &Asked, without_place: &[WithoutPlace]) -> Result<Self> {
        let slices = slices(asked);
        let mut ground = Self {
            of_cases: asked.of_cases(),
            level: asked.level,
            days: (asked.from, asked.to),
            places: Vec::new(),
            points: Vec::new(),
            unplaced: 0,
            slices,
        };
        let group = asked.params.group.as_deref().unwrap_or(ORDINARY);
        let months = (Month::of(asked.from).number(), Month::of(asked.to).number());
        let question = Question { model, reader: &asked.reader, group, months };
        let (range, count) = (asked.within.range(), ground.slices.len());
        ground.places = match (asked.level.area(), Size::of(asked.level)) {
            (None, Some(size)) => size.over(model, range)?.into_iter().map(|hex| Place::of_hex(hex, count)).collect(),
            (level, _) => question.places(level.unwrap_or(Level::Cell), range).into_iter().map(|code| Place::of_area(model, code, count)).collect(),
        };
        if ground.of_cases {
            ground.count_cases(model, asked, without_place)?;
        } else {
            ground.ask_published(&question, asked);
        }
        Ok(ground)
    }

    /// Incidents altogether, those in no place of the level included.
    pub fn total(&self) -> u64 {
        self.places.iter().map(|place| place.count).sum::<u64>() + self.unplaced
    }

    /// Counts as numbers.
    pub fn counts(&self) -> Vec<f64> {
        self.places.iter().map(|place| if place.is_whole { place.count as f64 } else { 0.0 }).collect()
    }

    /// What they are set against.
    pub fn denominators(&self) -> Vec<f64> {
        self.places.iter().map(|place| if place.is_whole { place.denominator } else { 0.0 }).collect()
    }

    /// Years of the period.
    pub fn years(&self) -> f64 {
        ((self.days.1 - self.days.0).num_days().max(0) + 1) as f64 / 365.0
    }

    /// A hash over every input: equal exactly when the answer would be made of the same, on every process.
    pub(super) fn revision(&self) -> String {
        let mut hash = Xxh3::new();
        hash.update(format!("{} {:?} {:?} {} {:?}", self.of_cases, self.level, self.days, self.unplaced, self.slices).as_bytes());
        for place in &self.places {
            let Place { at, version, count, denominator, is_whole, told_rate, silence, series, .. } = place;
            hash.update(format!("{at:?} {version} {count} {denominator} {is_whole} {told_rate:?} {silence:?} {series:?}\n").as_bytes());
        }
        for point in &self.points {
            hash.update(&point.x.to_le_bytes());
            hash.update(&point.y.to_le_bytes());
        }
        format!("{:032x}", hash.digest128())
    }

    /// Months of published numbers that are withheld, in part or whole, of some place.
    pub fn withheld_places(&self) -> usize {
        self.places.iter().filter(|place| !place.is_whole).count()
    }

    /// Cases each of which the reader may open: the caller has asked `privacy` for the whole area.
    fn count_cases(&mut self, model: &Model, asked: &Asked, without_place: &[WithoutPlace]) -> Result<()> {
        let wanted = Wanted::of(model, asked)?;
        let range = asked.within.range();
        let mut counting = Counting {
            finding: Finding::of(self, asked.level),
            days: day_number(asked.from)..=day_number(asked.to),
            starts: self.slices.iter().map(|day| day_number(*day)).collect(),
            all: vec![0; self.places.len()],
            wanted,
        };
        let asked_for = Scope::from_iter([range]);
        for block in model.incidents.blocks() {
            let within = block.within(&asked_for);
            if within == Within::None {
                continue;
            }
            for (n, row) in block.attributes.iter().enumerate().filter(|(n, _)| block.keeps(&within, *n)) {
                let scope = block.scope(n);
                if !asked.reader.cases.contains(scope) {
                    continue;
                }
                let is_counted = counting.takes(row) && {
                    let place = counting.place(self, scope, Some(block.at(n)));
                    counting.count(self, place, row)
                };
                if is_counted && counting.wanted.points {
                    self.points.push(block.at(n));
                }
            }
        }
        for case in without_place {
            let row = as_incident(model, case);
            if counting.takes(&row) {
                let place = counting.place(self, case.scope_code, None);
                counting.count(self, place, &row);
            }
        }
        for (place, all) in self.places.iter_mut().zip(counting.all) {
            place.is_whole = true;
            place.denominator = against(asked.params.denominator, households(model, place.at), place.area_km2, all as f64);
        }
        if asked.level.is_hex() {
            // Those that only incidents brought in stand at the end.
            self.places.sort_by_key(|place| if let At::Hex(hex) = place.at { Some(hex) } else { None });
        }
        Ok(())
    }

    /// The published cube, and nothing else: a place is judged where every month of it is told.
    fn ask_published(&mut self, question: &Question<'_>, asked: &Asked) {
        let asked_months = i64::from(question.months.1 - question.months.0) + 1;
        for place in &mut self.places {
            let At::Area(code) = place.at else { continue };
            let told = question.place(code).map(|(_, sum)| sum);
            let shown = told.filter(|sum| sum.shown > 0);
            place.count = shown.map_or(0, |sum| sum.count);
            place.told_rate = shown.filter(MonthSum::is_shown).and_then(|sum| question.rate(code, sum));
            // a month that was not published is no month without incidents
            place.is_whole = shown.is_some_and(|sum| i64::from(sum.shown) == asked_months);
            place.silence = (!place.is_whole).then(|| if shown.is_some() { "months_withheld" } else { question.silence(code) });
            place.denominator = against(asked.params.denominator, households(question.model, place.at), place.area_km2, 0.0);
            if place.is_whole {
                for (count, day) in place.series.iter_mut().zip(&self.slices) {
                    let month = Month::of(*day).number();
                    let one = Question { months: (month, month), ..*question };
                    *count = one.place(code).map_or(0, |(_, sum)| sum.count as u32);
                }
            } else {
                place.series.clear();
            }
        }
    }
}

/// Households of today; hexagons have none.
fn households(model: &Model, at: At) -> f64 {
    match at {
        At::Area(code) => model.tallies.within(code.range()).household_count as f64,
        At::Hex(_) => 0.0,
    }
}

fn day_number(day: NaiveDate) -> i32 {
    day.num_days_from_ce()
}

fn slices(asked: &Asked) -> Vec<NaiveDate> {
    match asked.entry.slices {
        Slices::None => Vec::new(),
        Slices::Months => {
            let (first, last) = (Month::of(asked.from).number(), Month::of(asked.to).number());
            (first..=last).filter_map(Month::from_number).map(Month::first_day).collect()
        }
        Slices::Weeks | Slices::LongWeeks => {
            let weeks = ((asked.to - asked.from).num_days() + 1) / 7;
            let start = |week: i64| asked.to.checked_sub_signed(chrono::TimeDelta::days(7 * (weeks - week) - 1));
            (0..weeks).filter_map(start).collect()
        }
    }
}

const fn against(denominator: Denominator, households: f64, area_km2: f64, incidents: f64) -> f64 {
    match denominator {
        Denominator::Households => households,
        Denominator::AreaKm2 => area_km2,
        Denominator::Incidents => incidents,
    }
}

/// A case as the map would hold it; a code that the map never saw is none that was asked for.
fn as_incident(model: &Model, case: &WithoutPlace) -> Incident {
    let number = |words: &Words, code: &str| words.find(code).unwrap_or(u16::MAX);
    Incident {
        unit_id: 0,
        occurred_day: day_number(case.occurred_on),
        category: number(&model.lists.category, &case.category),
        source: number(&model.lists.source, &case.source),
        state: number(&model.lists.state, &case.state),
        risk_level: u16::MAX,
    }
}

/// Cases being counted.
struct Counting {
    finding: Finding,
    days: RangeInclusive<i32>,
    /// First days of the slices of time.
    starts: Vec<i32>,
    /// Cases of every kind, by place.
    all: Vec<u64>,
    wanted: Wanted,
}

/// How the place of a case is found.
enum Finding {
    /// By its code: places by their first code, and how many codes each spans.
    Code { place_of: FxHashMap<i64, usize>, span: i64 },
    /// By where its safe place is.
    Hex { place_of: FxHashMap<Hex, usize>, finder: Finder },
}

impl Finding {
    fn of(ground: &Ground, level: PlaceLevel) -> Self {
        let places = || ground.places.iter().enumerate();
        match Size::of(level) {
            Some(size) => Self::Hex {
                place_of: places().filter_map(|(n, place)| if let At::Hex(hex) = place.at { Some((hex, n)) } else { None }).collect(),
                finder: Finder::new(size),
            },
            None => Self::Code {
                place_of: places().filter_map(|(n, place)| if let At::Area(code) = place.at { Some((code.lo(), n)) } else { None }).collect(),
                span: level.area().unwrap_or(Level::Cell).span(),
            },
        }
    }
}

impl Counting {
    /// Whether a case is of the days asked for, and counts.
    fn takes(&self, row: &Incident) -> bool {
        self.days.contains(&row.occurred_day) && !self.wanted.not_counted.contains(&row.state)
    }

    /// The place of a case; a hexagon that holds one becomes a place.
    fn place(&mut self, ground: &mut Ground, scope: i64, at: Option<World>) -> Option<usize> {
        match &mut self.finding {
            Finding::Code { place_of, span } => place_of.get(&(scope - scope.rem_euclid(*span))).copied(),
            Finding::Hex { place_of, finder } => {
                let hex = finder.find(at?)?;
                Some(*place_of.entry(hex).or_insert_with(|| {
                    ground.places.push(Place::of_hex(hex, ground.slices.len()));
                    self.all.push(0);
                    ground.places.len() - 1
                }))
            }
        }
    }

    /// Takes a case in; whether it is one of those asked for.
    fn count(&mut self, ground: &mut Ground, place: Option<usize>, row: &Incident) -> bool {
        if let Some(place) = place {
            self.all[place] += 1;
        }
        if !self.wanted.passes(row) {
            return false;
        }
        let Some(place) = place.map(|place| &mut ground.places[place]) else {
            ground.unplaced += 1;
            return true;
        };
        place.count += 1;
        let slice = self.starts.partition_point(|start| *start <= row.occurred_day);
        if let Some(count) = slice.checked_sub(1).and_then(|slice| place.series.get_mut(slice)) {
            *count += 1;
        }
        true
    }
}

/// Which cases are counted.
struct Wanted {
    categories: Option<Vec<u16>>,
    sources: Option<Vec<u16>>,
    states: Option<Vec<u16>>,
    /// Drafts, and cases that count as the one they were merged into.
    not_counted: Vec<u16>,
    points: bool,
}

impl Wanted {
    fn of(model: &Model, asked: &Asked) -> Result<Self> {
        let (lists, params) = (&model.lists, &asked.params);
        let mut faults = Vec::new();
        let mut read = |name: &str, list: &[String], words: &Words| {
            let number = |(n, code): (usize, &String)| {
                let found = words.find(code);
                if found.is_none() {
                    faults.push(Fault::new(format!("/{name}/{n}"), "not_in_list", format!("{name} has the values {}", words.all().join(", "))));
                }
                found
            };
            (!list.is_empty()).then(|| list.iter().enumerate().filter_map(number).collect::<Vec<u16>>())
        };
        let mut categories = read("category", &params.category, &lists.category);
        let (sources, states) = (read("source", &params.source, &lists.source), read("state", &params.state, &lists.state));
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        if let Some(group) = &asked.of_group {
            let of_group: Vec<u16> = group.iter().filter_map(|code| lists.category.find(code)).collect();
            categories = Some(match categories {
                Some(own) => own.into_iter().filter(|code| of_group.contains(code)).collect(),
                None => of_group,
            });
        }
        let not_counted = ["draft", "merged"].into_iter().filter_map(|state| lists.state.find(state)).collect();
        Ok(Self { categories, sources, states, not_counted, points: asked.entry.cases_only && asked.entry.slices == Slices::None })
    }

    fn passes(&self, row: &Incident) -> bool {
        let within = |list: &Option<Vec<u16>>, code: u16| list.as_ref().is_none_or(|list| list.contains(&code));
        within(&self.categories, row.category) && within(&self.sources, row.source) && within(&self.states, row.state)
    }
}
