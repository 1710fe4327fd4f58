//! Everything the map reads, as it stood at one snapshot of the database. Never changed once published.

use std::sync::Arc;

use chrono::NaiveDate;
use xxhash_rust::xxh3::Xxh3;

use super::points::{Points, Row};
use super::published::Published;
use super::rows::{Facility, Household, Incident};
use super::shapes::{Areas, Basemap, Cells};
use super::tallies::Tallies;
use super::words::Lists;

/// One revision of the model. Copies share everything that did not change.
#[derive(Debug, Clone)]
pub struct Model {
    /// Counts publications of this process, from 1.
    pub revision: u64,
    /// The civil day whose rows these are.
    pub day: NaiveDate,
    /// What the numbers in rows stand for.
    pub lists: Arc<Lists>,
    /// Administrative areas.
    pub areas: Arc<Areas>,
    /// Cells in force.
    pub cells: Arc<Cells>,
    /// Addresses in force.
    pub households: Points<Household>,
    /// Facilities in force.
    pub facilities: Points<Facility>,
    /// Incidents at their safe places.
    pub incidents: Points<Incident>,
    /// Land, water, roads and what else lies under the data.
    pub basemap: Arc<Basemap>,
    /// What was published of incidents.
    pub published: Arc<Published>,
    /// Counts by cell and area.
    pub tallies: Tallies,
}

impl Model {
    /// A model without rows.
    pub fn empty(day: NaiveDate, lists: Arc<Lists>) -> Self {
        Self {
            revision: 0,
            day,
            lists,
            areas: Arc::default(),
            cells: Arc::default(),
            households: Points::default(),
            facilities: Points::default(),
            incidents: Points::default(),
            basemap: Arc::default(),
            published: Arc::default(),
            tallies: Tallies::default(),
        }
    }

    /// A hash over every row of every layer in order, with codes as texts: equal in two processes exactly when their
    /// rows are. For tests and for comparing processes; O(rows).
    pub fn digest(&self) -> u128 {
        let mut hash = Xxh3::new();
        let mut line = |text: String| {
            hash.update(text.as_bytes());
            hash.update(b"\n");
        };
        for area in self.areas.iter() {
            line(format!("{area:?}"));
        }
        for cell in self.cells.iter() {
            line(format!("{} {:?}", self.lists.cell_kind.text(cell.kind), super::rows::Cell { kind: 0, ..(**cell).clone() }));
        }
        for row in self.households.rows() {
            let a = row.attributes;
            let (band, kind) = (self.lists.population_band.text(a.population_band), self.lists.dwelling_kind.text(a.dwelling_kind));
            line(format!("{} {} {} {band} {kind}", head(&row), a.household_id, a.household_count));
        }
        for row in self.facilities.rows() {
            let a = &row.attributes;
            line(format!("{} {} {} {} {}", head(&row), a.facility_id, self.lists.facility_kind.text(a.kind), a.name_zh, a.name_en));
        }
        for row in self.incidents.rows() {
            let a = row.attributes;
            let codes = [
                self.lists.category.text(a.category),
                self.lists.source.text(a.source),
                self.lists.state.text(a.state),
                self.lists.risk_level.text(a.risk_level),
            ];
            line(format!("{} {} {} {codes:?}", head(&row), a.unit_id, a.occurred_day));
        }
        for feature in self.basemap.iter() {
            let [kind, detail] = [feature.kind, feature.kind_detail].map(|number| self.lists.basemap_kind.text(number));
            line(format!("{kind} {detail} {:?}", super::rows::BaseFeature { kind: 0, kind_detail: 0, ..(**feature).clone() }));
        }
        self.published.lines().for_each(line);
        hash.digest128()
    }
}

fn head<A>(row: &Row<A>) -> String {
    format!("{} {} {} {}", row.id, row.at.x, row.at.y, row.scope)
}
