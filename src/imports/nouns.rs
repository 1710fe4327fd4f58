//! Checked rows of each noun, and how a row becomes one.
//!
//! A row here holds together by itself. Whether it lies in a cell, overlaps its neighbours or is there already is
//! asked where the database is.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use geo_types::{MultiPolygon, Point};

use super::cells::Cells;
use super::faults::FaultCode;
use super::fields::{FieldId as F, Noun};
use super::lists::{CodeLists, ListKind};
use super::place::Places;
use super::values::{Trouble, codes};
use crate::codes::{AreaCode, CellCode, Level};

/// An area. Coordinates here and below are WGS 84 degrees on the 1e-7° grid.
#[derive(Debug, Clone, PartialEq)]
pub struct AreaRow {
    /// Its code; `None` only under `--under`, where `tree` issues one.
    pub code: Option<AreaCode>,
    /// The code as the file has it, where it is of another scheme.
    pub foreign_code: Option<String>,
    /// Its name.
    pub name: String,
    /// Its English name.
    pub name_en: Option<String>,
    /// `111` … `220`.
    pub urban_rural_class: Option<String>,
    /// The code of its township as the file has it.
    pub township_code: Option<String>,
    /// The name of its township.
    pub township_name: Option<String>,
    /// From when it is valid.
    pub valid_from: Option<NaiveDate>,
    /// Its polygon.
    pub shape: Option<MultiPolygon>,
}

/// A cell.
#[derive(Debug, Clone, PartialEq)]
pub struct CellRow {
    /// Its code; `None` where one is to be issued.
    pub code: Option<CellCode>,
    /// The code as the file has it, where it is of another scheme.
    pub foreign_code: Option<String>,
    /// The village it belongs to, where a column says so.
    pub village: Option<AreaCode>,
    /// Its name.
    pub name: Option<String>,
    /// `general` or `dedicated`.
    pub kind: String,
    /// From when it is valid.
    pub valid_from: Option<NaiveDate>,
    /// Its polygon.
    pub shape: MultiPolygon,
}

/// An address point with its households.
#[derive(Debug, Clone, PartialEq)]
pub struct HouseholdRow {
    /// Where.
    pub point: Point,
    /// Households at this address.
    pub household_count: u32,
    /// `p1_4` … `p200_plus`.
    pub population_band: Option<String>,
    /// `apartment`, `house`, `mixed`, `dormitory`.
    pub dwelling_kind: Option<String>,
    /// The cell that the file says it is in; the place decides.
    pub cell: Option<CellCode>,
    /// From when it is valid.
    pub valid_from: Option<NaiveDate>,
}

/// A facility.
#[derive(Debug, Clone, PartialEq)]
pub struct FacilityRow {
    /// `F01` … `F29`, or one that was added.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Where.
    pub point: Point,
    /// Who runs it.
    pub operator: Option<String>,
    /// Places, beds, seats: whatever the kind counts.
    pub capacity: Option<u32>,
    /// Opening hours, as written.
    pub hours: Option<String>,
    /// Whether it can be entered without steps.
    pub barrier_free: Option<bool>,
    /// The public telephone number of the office.
    pub phone_public: Option<String>,
    /// The cell that the file says it is in; the place decides.
    pub cell: Option<CellCode>,
    /// From when it is valid.
    pub valid_from: Option<NaiveDate>,
}

/// An incident.
#[derive(Debug, Clone, PartialEq)]
pub struct IncidentRow {
    /// The number of the case where it comes from.
    pub case_no: Option<String>,
    /// `01` … `99`, or one that was added.
    pub category: String,
    /// `screening`, `walk_in`, ….
    pub source: String,
    /// The civil day.
    pub occurred_on: NaiveDate,
    /// When it became known.
    pub discovered_at: Option<DateTime<Utc>>,
    /// Where; rows without a place are kept off the map.
    pub point: Option<Point>,
    /// How many parties.
    pub parties_count: Option<u32>,
    /// `person`, `organisation`, `group`.
    pub parties_kind: Option<String>,
    /// `simple` … `hard`.
    pub complexity: Option<String>,
    /// `blue` … `red`.
    pub risk_level: Option<String>,
    /// `draft` … `reopened`.
    pub state: String,
    /// A sentence; the gate for personal data is the store's to ask.
    pub summary: Option<String>,
    /// The cell that the file says it is in; the place decides.
    pub cell: Option<CellCode>,
}

/// A checked row of any noun.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each names its row")]
pub enum NounRow {
    Area(AreaRow),
    Cell(CellRow),
    Household(HouseholdRow),
    Facility(FacilityRow),
    Incident(IncidentRow),
}

impl NounRow {
    /// Every text of the row that somebody wrote: names, sentences, and values of lists that a file may add to.
    pub fn texts(&self) -> Vec<&str> {
        // many a source names its areas and cells by their numbers: a name of digits alone is a code, not a sentence
        let worded = |name: &&String| !name.bytes().all(|byte| byte.is_ascii_digit());
        let texts: Vec<Option<&String>> = match self {
            Self::Area(it) => {
                vec![
                    Some(&it.name).filter(worded),
                    it.name_en.as_ref(),
                    it.foreign_code.as_ref(),
                    it.township_name.as_ref(),
                    it.township_code.as_ref(),
                ]
            }
            Self::Cell(it) => vec![it.name.as_ref().filter(worded), it.foreign_code.as_ref().filter(worded), Some(&it.kind)],
            Self::Household(it) => vec![it.population_band.as_ref(), it.dwelling_kind.as_ref()],
            Self::Facility(it) => vec![Some(&it.name), it.operator.as_ref(), it.hours.as_ref(), it.phone_public.as_ref(), Some(&it.kind)],
            Self::Incident(it) => vec![
                it.case_no.as_ref(),
                it.summary.as_ref(),
                Some(&it.category),
                Some(&it.source),
                Some(&it.state),
                it.parties_kind.as_ref(),
                it.complexity.as_ref(),
                it.risk_level.as_ref(),
            ],
        };
        texts.into_iter().flatten().map(String::as_str).collect()
    }
}

/// What checking needs beside the row.
pub(super) struct Check<'c> {
    /// The code lists; extended where `extend` says so.
    pub lists: &'c mut CodeLists,
    /// Whether values outside a list are added to it.
    pub extend: bool,
    /// The zone of civil dates.
    pub zone: Tz,
    /// How places are read.
    pub places: &'c Places,
    /// The area that rows without codes of their own come under.
    pub under: Option<AreaCode>,
}

impl Check<'_> {
    /// Checks a row of a noun. What is wrong with it is in `cells.faults`; then the row means nothing.
    pub(super) fn row(&mut self, noun: Noun, cells: &mut Cells<'_>) -> Option<NounRow> {
        match noun {
            Noun::Areas => self.area(cells).map(NounRow::Area),
            Noun::Cells => self.cell(cells).map(NounRow::Cell),
            Noun::Households => self.household(cells).map(NounRow::Household),
            Noun::Facilities => self.facility(cells).map(NounRow::Facility),
            Noun::Incidents => self.incident(cells).map(NounRow::Incident),
        }
    }

    fn list(&mut self, cells: &mut Cells<'_>, id: F, kind: ListKind) -> Option<String> {
        cells.code(id, kind, self.lists, self.extend)
    }

    /// A code of one of our levels, or under `--under` the text of another scheme's.
    fn own_or_foreign(&self, cells: &mut Cells<'_>, wanted: impl Fn(AreaCode) -> bool) -> (Option<AreaCode>, Option<String>) {
        let Some(text) = cells.text(F::Code) else {
            if self.under.is_none() {
                cells.fault(F::Code, Trouble { code: FaultCode::UnderMissing, args: Vec::new() });
            }
            return (None, None);
        };
        let read = codes::area(text).and_then(|code| {
            if !wanted(code) {
                return Err(Trouble { code: FaultCode::CodeLevel, args: vec![text.to_owned()] });
            }
            match self.under {
                Some(under) if !under.holds(code) => Err(Trouble { code: FaultCode::CodeOutside, args: vec![text.to_owned(), under.to_string()] }),
                _ => Ok(code),
            }
        });
        match read {
            Ok(code) => (Some(code), None),
            Err(trouble) if self.under.is_some() && trouble.code != FaultCode::CodeScientific => (None, Some(text.to_owned())),
            Err(trouble) => {
                cells.fault(F::Code, trouble);
                (None, None)
            }
        }
    }

    fn area(&mut self, cells: &mut Cells<'_>) -> Option<AreaRow> {
        let (code, foreign_code) = self.own_or_foreign(cells, |code| code.level() != Level::Cell);
        Some(AreaRow {
            code,
            foreign_code,
            urban_rural_class: self.list(cells, F::UrbanRural, ListKind::UrbanRuralClass),
            name_en: cells.words(F::NameEn, 200),
            township_code: cells.text(F::TownshipCode).map(str::to_owned),
            township_name: cells.words(F::TownshipName, 100),
            valid_from: cells.day(F::ValidFrom, self.zone),
            shape: self.places.polygons(cells),
            name: cells.words(F::Name, 100)?,
        })
    }

    fn cell(&mut self, cells: &mut Cells<'_>) -> Option<CellRow> {
        let village = cells.value(F::VillageCode, |text| codes::of_level(text, Level::Village));
        let under = self.under;
        if under.is_none() && village.is_some() {
            self.under = village;
        }
        let (code, foreign_code) = self.own_or_foreign(cells, |code| code.level() == Level::Cell);
        self.under = under;
        let kind = self.list(cells, F::Kind, ListKind::CellKind);
        let name = cells.words(F::Name, 100);
        let valid_from = cells.day(F::ValidFrom, self.zone);
        let before = cells.faults.len();
        let shape = self.places.polygons(cells);
        if shape.is_none() && cells.faults.len() == before {
            cells.fault(F::Wkt, Trouble { code: FaultCode::PlaceMissing, args: Vec::new() });
        }
        Some(CellRow {
            code: code.and_then(|code| CellCode::from_i64(code.lo())),
            foreign_code,
            village,
            name,
            kind: kind?,
            valid_from,
            shape: shape?,
        })
    }

    fn in_cell(cells: &mut Cells<'_>) -> Option<CellCode> {
        cells.value(F::Cell, |text| codes::of_level(text, Level::Cell)).and_then(|code| CellCode::from_i64(code.lo()))
    }

    /// The point, and whether its absence is already a fault of its own.
    fn point(&self, cells: &mut Cells<'_>, absent: FaultCode) -> Option<Point> {
        let before = cells.faults.len();
        let point = self.places.point(cells);
        if point.is_none() && cells.faults.len() == before {
            let empty = if cells.binding.has_column(F::Longitude) { F::Longitude } else { F::Wkt };
            cells.fault(empty, Trouble { code: absent, args: Vec::new() });
        }
        point
    }

    fn household(&mut self, cells: &mut Cells<'_>) -> Option<HouseholdRow> {
        let point = self.point(cells, FaultCode::PlaceMissing);
        let household_count = cells.count(F::HouseholdCount, 100_000);
        Some(HouseholdRow {
            population_band: self.list(cells, F::PopulationBand, ListKind::PopulationBand),
            dwelling_kind: self.list(cells, F::DwellingKind, ListKind::DwellingKind),
            cell: Self::in_cell(cells),
            valid_from: cells.day(F::ValidFrom, self.zone),
            point: point?,
            household_count: household_count?,
        })
    }

    fn facility(&mut self, cells: &mut Cells<'_>) -> Option<FacilityRow> {
        let kind = cells.required_code(F::Kind, ListKind::FacilityKind, self.lists, self.extend);
        let name = cells.words(F::Name, 200);
        let point = self.point(cells, FaultCode::PlaceMissing);
        Some(FacilityRow {
            operator: cells.words(F::Operator, 200),
            capacity: cells.count(F::Capacity, 10_000_000),
            hours: cells.words(F::Hours, 200),
            barrier_free: cells.flag(F::BarrierFree),
            phone_public: cells.words(F::Phone, 60),
            cell: Self::in_cell(cells),
            valid_from: cells.day(F::ValidFrom, self.zone),
            kind: kind?,
            name: name?,
            point: point?,
        })
    }

    fn incident(&mut self, cells: &mut Cells<'_>) -> Option<IncidentRow> {
        let category = cells.required_code(F::Category, ListKind::Category, self.lists, self.extend);
        let source = cells.required_code(F::Source, ListKind::IncidentSource, self.lists, self.extend);
        let state = self.list(cells, F::State, ListKind::IncidentState);
        let discovered_at = cells.instant(F::DiscoveredAt, self.zone);
        let before = cells.faults.len();
        let occurred_on = cells.day(F::OccurredOn, self.zone).or_else(|| Some(discovered_at?.with_timezone(&self.zone).date_naive()));
        if occurred_on.is_none() && cells.faults.len() == before {
            cells.required(F::OccurredOn);
        }
        Some(IncidentRow {
            case_no: cells.words(F::CaseNo, 100),
            point: self.point(cells, FaultCode::NoPlace),
            parties_count: cells.count(F::PartiesCount, 100_000),
            parties_kind: self.list(cells, F::PartiesKind, ListKind::PartiesKind),
            complexity: self.list(cells, F::Complexity, ListKind::Complexity),
            risk_level: self.list(cells, F::RiskLevel, ListKind::RiskLevel),
            summary: cells.words(F::Summary, 2000),
            cell: Self::in_cell(cells),
            discovered_at,
            category: category?,
            source: source?,
            occurred_on: occurred_on?,
            state: state?,
        })
    }
}
