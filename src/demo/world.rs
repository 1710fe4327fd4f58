//! What the generator gives: plain rows, ready to be written to files or into the database.
//!
//! Codes of lists are the strings the database and the API use (`walk_in`, `in_process`, `F08`, `07`).

use chrono::NaiveDate;
use geo_types::{LineString, Point, Polygon};
use serde::Serialize;

use super::Truth;
use crate::codes::{AreaCode, CellCode};

/// An invented place with everything that the imports would bring.
#[derive(Debug, Clone, PartialEq)]
pub struct World {
    /// Province, city, counties, townships, villages; parents before children, codes ascending inside a level.
    pub areas: Vec<Area>,
    /// The cells, codes ascending.
    pub cells: Vec<Cell>,
    /// The addresses, cell by cell.
    pub households: Vec<Household>,
    /// The facilities, village by village, then townships and counties.
    pub facilities: Vec<Facility>,
    /// Five years of incidents, by day of registration.
    pub incidents: Vec<Incident>,
    /// Rivers, lakes, roads, greens: what the map shows under the data.
    pub basemap: Vec<Feature>,
    /// What was planted, for tests of analyses.
    pub truth: Truth,
}

/// An administrative area.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Area {
    /// Its code; the level is in it.
    pub code: AreaCode,
    /// 茶亭社区.
    pub name_zh: String,
    /// Chating Community.
    pub name_en: String,
    /// The 城乡分类 class of a village: 111, 112, 121, 122, 210 or 220; nothing for wider areas.
    pub urban_rural_class: Option<i16>,
    /// WGS 84, 1e-7°, outer ring counter-clockwise.
    #[serde(skip)]
    pub polygon: Polygon<f64>,
}

/// A cell 网格.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cell {
    /// 15 digits.
    pub code: CellCode,
    /// `general` or `dedicated`.
    pub kind: &'static str,
    /// 茶亭社区第2网格.
    pub name_zh: String,
    /// 茶亭2.
    pub short_name_zh: String,
    /// Chating Cell 2.
    pub name_en: String,
    /// Sum of `household_count` of its addresses.
    pub household_count: u32,
    /// WGS 84, 1e-7°, outer ring counter-clockwise; a cell may have holes (a campus inside).
    #[serde(skip)]
    pub polygon: Polygon<f64>,
}

/// An address: a house, or a stairwell of flats.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Household {
    /// Stable key: the cell code, a dash and a number in the cell.
    pub key: String,
    /// The cell it lies in.
    pub cell: CellCode,
    /// Where it is.
    #[serde(skip)]
    pub at: Point<f64>,
    /// How many households live there.
    pub household_count: u16,
    /// `p1_4`, `p5_9`, `p10_49`, `p50_199` or `p200_plus` people.
    pub population_band: &'static str,
    /// `apartment`, `house`, `mixed` or `dormitory`.
    pub dwelling_kind: &'static str,
}

/// A facility that people go to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Facility {
    /// Stable key: kind, a dash and a number.
    pub key: String,
    /// `F01` to `F29`.
    pub kind: &'static str,
    /// 茶亭社区人民调解室.
    pub name_zh: String,
    /// Chating Community Village mediation room.
    pub name_en: String,
    /// Who runs it.
    pub operator: String,
    /// Places, beds, seats; by kind.
    pub capacity: Option<u32>,
    /// Opening hours as a text: `08:30–17:30`.
    pub hours: &'static str,
    /// Whether a wheelchair gets in.
    pub barrier_free: bool,
    /// The cell it lies in.
    pub cell: CellCode,
    /// Where it is.
    #[serde(skip)]
    pub at: Point<f64>,
}

/// An incident 矛盾纠纷. No person is in it; `at` is the true place and belongs under seal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Incident {
    /// 枫调〔2026〕1180号.
    pub case_no: String,
    /// `01` to `18`, `99`.
    pub category: &'static str,
    /// `screening`, `walk_in`, `hotline_12345`, `petition`, `police`, `court`, `procuratorate`, `department` or `qr`.
    pub source: &'static str,
    /// The day it happened.
    pub occurred_on: NaiveDate,
    /// The day somebody learnt of it.
    pub discovered_on: NaiveDate,
    /// The day it was written down.
    pub registered_on: NaiveDate,
    /// The day it was closed, where it is.
    pub closed_on: Option<NaiveDate>,
    /// How many parties.
    pub parties_count: u16,
    /// `person`, `organisation` or `group`.
    pub parties_kind: &'static str,
    /// `simple`, `ordinary`, `complex` or `hard`.
    pub complexity: &'static str,
    /// `blue`, `yellow`, `orange` or `red`.
    pub risk_level: &'static str,
    /// One of the states of `DOMAIN`: `registered` … `reopened`.
    pub state: &'static str,
    /// `family_violence`, `minors`, `medical` or `psychological` where it is of a sensitive kind.
    pub sensitive: Option<&'static str>,
    /// A sentence from a template; names nobody.
    pub summary: &'static str,
    /// The cell it happened in.
    pub cell: CellCode,
    /// Index into `World::households` of the address it happened at.
    #[serde(skip)]
    pub household: u32,
    /// The true place.
    #[serde(skip)]
    pub at: Point<f64>,
}

/// A feature of the base map.
#[derive(Debug, Clone, PartialEq)]
pub struct Feature {
    /// `river`, `brook`, `lake`, `wood`, `park`, `main_road`, `road`, `street`, `lane`, `rail` or `settlement`.
    pub kind: &'static str,
    /// Its name, empty where it has none.
    pub name_zh: String,
    /// Its name in English, empty where it has none.
    pub name_en: String,
    /// Its shape.
    pub shape: Shape,
}

/// The shape of a base map feature, WGS 84.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A river, road, street.
    Line(LineString<f64>),
    /// A lake, a forest, a park.
    Area(Polygon<f64>),
    /// A settlement's label.
    Place(Point<f64>),
}
