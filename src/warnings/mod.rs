//! Early warning: what is out of the ordinary now, told to whoever should act, with its numbers and its clock.
//!
//! [`LIST`] is the list of rules; a rule is a file under `rules` with an [`Entry`] in it and a pure `find` over [`Facts`].
//! What happens in a night: `gather` reads a county, each rule finds, `reconcile` compares with what is stored (so that the
//! same night raises nothing twice, and what no longer holds ends by itself), `store` writes, `run` is that as a work with
//! its audit entry. `api` and `rules_api` give it out and take what people decide; `heard` tells open pages, `ring`
//! the webhooks of `webhook_api`. A new rule is a file and its line in the list.

pub mod api;
mod around;
mod calendar;
mod facts;
mod gather;
mod heard;
mod reconcile;
mod ring;
mod rules;
mod rules_api;
mod run;
mod store;
mod webhook_api;

pub use calendar::Calendar;
pub use facts::{Block, Case, Cell, Facts, Found, Level, Settings, Strength, Subject};
pub use heard::{Heard, Hearing, News};
pub use ring::{deliver_due, ring_for_ever};
pub use run::{Done, every_night, run_night, run_within};
pub use store::{Filters, Warning, list};

use crate::error::{Error, Result};

/// Who should act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// 网格管理员
    Supervisor,
    /// 综治中心
    Centre,
    /// 规划人员
    Planner,
}

impl Owner {
    /// The stored word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Supervisor => "supervisor",
            Self::Centre => "centre",
            Self::Planner => "planner",
        }
    }
}

/// One rule.
#[derive(Debug)]
pub struct Entry {
    /// Its name in rows and addresses.
    pub name: &'static str,
    /// Grows with every change that changes what is found.
    pub version: i32,
    /// What it is called, Chinese and English.
    pub title: [&'static str; 2],
    /// What it looks for, in one sentence, Chinese and English.
    pub sentence: [&'static str; 2],
    /// What its warnings are about: `cell`, `cells`, `case`, `facility`; never somebody.
    pub subjects: &'static [&'static str],
    /// Names of the numbers it shows.
    pub numbers: &'static [&'static str],
    /// Who should act.
    pub owner: Owner,
    /// Working days in which.
    pub clock_days: u32,
    /// Whether its numbers speak of cases.
    pub of_cases: bool,
    /// Whether it compares cells of the whole county, so that a part of one cannot be looked at by itself.
    pub of_county: bool,
    ask: Ask,
}

/// How often something would have been raised, by place: (scope code, count).
type Counts = Vec<(i64, u32)>;

/// How a rule is asked: reads no clock, waits for nothing, throws seeded dice only.
#[derive(Debug)]
enum Ask {
    /// By counting and comparing.
    Plain { find: fn(&Facts) -> Vec<Found>, back_test: fn(&Facts) -> Counts },
    /// By a measure of `stats`.
    Measured { find: fn(&Facts) -> Result<Vec<Found>>, back_test: fn(&Facts) -> Result<Counts> },
}

impl Entry {
    /// What holds on the day of the facts.
    pub fn find(&self, facts: &Facts) -> Result<Vec<Found>> {
        match self.ask {
            Ask::Plain { find, .. } => Ok(find(facts)),
            Ask::Measured { find, .. } => find(facts),
        }
    }

    /// What it would have raised in the year up to the day of the facts, by place: (scope code, how often).
    pub fn back_test(&self, facts: &Facts) -> Result<Vec<(i64, u32)>> {
        match self.ask {
            Ask::Plain { back_test, .. } => Ok(back_test(facts)),
            Ask::Measured { back_test, .. } => back_test(facts),
        }
    }
}

/// All rules.
pub static LIST: [&Entry; 9] = [
    &rules::overdue::ENTRY,
    &rules::block::ENTRY,
    &rules::cluster::ENTRY,
    &rules::rise::ENTRY,
    &rules::group::ENTRY,
    &rules::risk::ENTRY,
    &rules::uncovered::ENTRY,
    &rules::size::ENTRY,
    &rules::silence::ENTRY,
];

/// The rule of a name.
pub fn find(name: &str) -> Result<&'static Entry> {
    let found = LIST.iter().find(|entry| entry.name == name);
    found.copied().ok_or_else(|| Error::NotFound { what: "rule", id: name.chars().take(40).collect() })
}
