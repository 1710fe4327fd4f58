//! What rules look at: a county on a day. Plain rows, so that a test makes them by hand.

use std::sync::Arc;

use chrono::{Days, NaiveDate};
use geo_types::Coord;
use serde_json::{Map, Value};

use super::Calendar;
use crate::codes::CellCode;

/// How grave, canonical four.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WarningLevel)]
pub enum Level {
    /// 蓝 latent.
    Blue,
    /// 黄 ordinary.
    Yellow,
    /// 橙 may widen.
    Orange,
    /// 红 serious.
    Red,
}

impl Level {
    /// The stored word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Blue => "blue",
            Self::Yellow => "yellow",
            Self::Orange => "orange",
            Self::Red => "red",
        }
    }

    /// Reads the stored word.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Blue, Self::Yellow, Self::Orange, Self::Red].into_iter().find(|level| level.name() == name)
    }

    /// One graver, red at most.
    #[must_use]
    pub const fn up(self) -> Self {
        match self {
            Self::Blue => Self::Yellow,
            Self::Yellow => Self::Orange,
            Self::Orange | Self::Red => Self::Red,
        }
    }

    /// One milder, blue at least.
    #[must_use]
    pub const fn down(self) -> Self {
        match self {
            Self::Red => Self::Orange,
            Self::Orange => Self::Yellow,
            Self::Yellow | Self::Blue => Self::Blue,
        }
    }
}

/// A cell in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// Its code.
    pub code: CellCode,
    /// Name, Chinese.
    pub name: Arc<str>,
    /// `general`, `dedicated`.
    pub kind: Arc<str>,
    /// Households in it.
    pub households: u64,
    /// Share of them within the standard of a mediation room, in a straight line; none where it has no household.
    pub covered: Option<f64>,
    /// A point inside, on the plane of the county, metres.
    pub at: Option<Coord>,
}

/// A case, as far as rules read it.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Key of the row.
    pub id: i64,
    /// Its cell, else the smallest area that holds it.
    pub scope_code: i64,
    /// Number of its group in [`Facts::groups`].
    pub group: u16,
    /// Civil day on which it was found.
    pub discovered_on: NaiveDate,
    /// Civil day by which it should be settled.
    pub due_on: Option<NaiveDate>,
    /// Civil day on which it was settled.
    pub closed_on: Option<NaiveDate>,
    /// Code of `incident_state`.
    pub state: Arc<str>,
    /// Code of `complexity`.
    pub complexity: Arc<str>,
    /// Code of `risk_level`.
    pub risk_level: Arc<str>,
    /// Number of parties.
    pub parties_count: i32,
    /// Raised to a higher level.
    pub escalated: bool,
    /// Key of the group of addresses it is shown at; none: of a whole cell or village.
    pub block: Option<i64>,
}

/// States in which nothing is to be done any more.
const OVER: [&str; 7] = ["not_accepted", "merged", "withdrawn", "confirmed", "closed", "followed_up", "archived"];

impl Case {
    /// Whether somebody still has to act.
    pub fn is_open(&self) -> bool {
        !OVER.contains(&&*self.state) && &*self.state != "draft"
    }

    /// Whether it counts: a draft is none yet, a merged one counts as the one it was merged into.
    pub fn counts(&self) -> bool {
        !matches!(&*self.state, "draft" | "merged")
    }
}

/// A group of at least eight addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Block(pub i64);

/// Numbers that an administrator sets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Days for a simple, an ordinary, a complex case.
    pub clock_days: [f64; 3],
    /// False alarms a year that a cell may have in the warning of a rise.
    pub false_alarms_per_year: f64,
    /// Days between chance finds from which on a cluster is a warning.
    pub recurrence_days: f64,
    /// Most households of a cell.
    pub most_households: f64,
    /// Fewest households of a cell.
    pub fewest_households: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { clock_days: [1.0, 7.0, 20.0], false_alarms_per_year: 0.1, recurrence_days: 100.0, most_households: 500.0, fewest_households: 300.0 }
    }
}

/// A county, or the part of one that may be looked at, on a day.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The last day that has data; what happened after it is not in it.
    pub day: NaiveDate,
    /// Whether it is a whole county.
    pub whole: bool,
    /// In the order of codes.
    pub cells: Vec<Cell>,
    /// Cases of the last five years, in no order.
    pub cases: Vec<Case>,
    /// Groups of kinds of dispute: code, and what it is called in Chinese.
    pub groups: Vec<(Arc<str>, Arc<str>)>,
    /// Numbers that an administrator sets.
    pub settings: Settings,
    /// Holidays and the rhythm of the week.
    pub calendar: Arc<Calendar>,
    /// Seed of simulations.
    pub seed: u64,
}

impl Facts {
    /// Position of the cell of a scope code; none for an area wider than a cell or a cell that is no longer.
    pub fn cell_of(&self, scope_code: i64) -> Option<usize> {
        self.cells.binary_search_by_key(&scope_code, |cell| cell.code.to_i64()).ok()
    }

    /// The same facts as they were on an earlier day, as far as the rules that look at counts are concerned.
    #[must_use]
    pub fn as_of(&self, day: NaiveDate) -> Self {
        Self { day, cases: self.cases.iter().filter(|case| case.discovered_on <= day).cloned().collect(), ..self.clone() }
    }

    /// First day of the last year.
    pub fn year_ago(&self) -> NaiveDate {
        self.day.checked_sub_days(Days::new(364)).unwrap_or(self.day)
    }

    /// Cases by cell and week of seven days, the last one ending on `last`: of a group, or of all.
    pub fn weekly(&self, group: Option<u16>, last: NaiveDate, weeks: usize) -> Vec<Vec<u32>> {
        let mut counts = vec![vec![0; weeks]; self.cells.len()];
        for case in self.cases.iter().filter(|case| case.counts() && group.is_none_or(|group| case.group == group)) {
            let back = (last - case.discovered_on).num_days();
            if let (0.., Some(cell)) = (back, self.cell_of(case.scope_code))
                && let Some(week) = weeks.checked_sub(1 + (back / 7) as usize)
            {
                counts[cell][week] += 1;
            }
        }
        counts
    }

    /// The name of a group as a part of a warning; all kinds together: `all`.
    pub fn part(&self, group: Option<u16>) -> String {
        group.and_then(|group| self.groups.get(usize::from(group))).map_or_else(|| "all".to_owned(), |(code, _)| code.to_string())
    }

    /// What a group is called in Chinese; all kinds together: 全部.
    pub fn called(&self, group: Option<u16>) -> &str {
        group.and_then(|group| self.groups.get(usize::from(group))).map_or("全部", |(_, name)| name)
    }
}

/// What a warning is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// One cell.
    Cell(CellCode),
    /// Several cells, codes ascending.
    Cells(Vec<CellCode>),
    /// A case: its key and scope.
    Case(i64, i64),
}

/// Whether what was found is enough to begin a warning, or only to let one go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    /// Begins one.
    Raises,
    /// Keeps one that is there: a warning at its limit would otherwise end and begin every other night.
    Keeps,
}

/// What a rule found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// What it is about.
    pub subject: Subject,
    /// Group of kinds, or block, that tells several warnings of a rule over one subject apart; may be empty.
    pub part: String,
    /// How grave.
    pub level: Level,
    /// Whether it begins a warning.
    pub strength: Strength,
    /// The numbers shown.
    pub numbers: Map<String, Value>,
    /// What was found, Chinese and English.
    pub sentence: [String; 2],
}
