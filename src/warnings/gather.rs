//! The facts of a county: cases from the database, cells and households from the read model.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{Days, NaiveDate};
use geo_types::Coord;

use super::Calendar;
use super::facts::{Case, Cell, Facts, Settings};
use crate::codes::{AreaCode, CellCode, CodeRange, Scope};
use crate::db::Scoped;
use crate::error::Result;
use crate::geom::{LonLat, Plane};
use crate::mvt::World;
use crate::read_model::Model;

/// Days of history that are read: five years.
const DAYS: u64 = 1_827;

/// The kind of facility whose reach is asked about: a mediation room.
pub(super) const ROOM: &str = "F08";
/// Metres of its reach where no standard is stored.
pub(super) const USUAL_REACH_M: f64 = 300.0;

/// Which county, as whom, on which day.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub county: AreaCode,
    /// Where cases may be read.
    pub scope: Scope,
    pub day: NaiveDate,
}

#[derive(Debug, sqlx::FromRow)]
struct CaseRow {
    id: i64,
    scope_code: i64,
    category_group: String,
    discovered_on: NaiveDate,
    due_on: Option<NaiveDate>,
    closed_on: Option<NaiveDate>,
    state: String,
    complexity: String,
    risk_level: String,
    parties_count: i32,
    escalated: bool,
    block: Option<i64>,
}

/// Reads the facts.
pub(super) async fn gather(transaction: &mut Scoped, model: &Model, wanted: &Wanted) -> Result<Facts> {
    let range = wanted.county.range();
    let reach_m = reach_of_rooms(transaction, wanted.day).await?.unwrap_or(USUAL_REACH_M);
    let cells = cells(model, range, &wanted.scope, reach_m);
    let sql = "select category_group, string_agg(name_zh, '、' order by code) from incident_categories group by 1 order by 1";
    let groups: Vec<(String, String)> = sqlx::query_as(sql).fetch_all(transaction.conn()).await?;
    let groups: Vec<(Arc<str>, Arc<str>)> = groups.into_iter().map(|(code, name)| (Arc::from(code), Arc::from(name))).collect();
    let sql =
        "select i.id, i.scope_code, c.category_group, i.discovered_on, i.due_on, i.closed_on, i.state, i.complexity, i.risk_level, i.parties_count,
                      i.escalated, case when s.kind = 'group' then s.id end as block
                 from incidents i join incident_categories c on c.code = i.category left join safe_places s on s.id = i.safe_place_id
                where i.scope_code >= $1 and i.scope_code < $2 and i.scope_code <@ (select app.allowed('cases'))
                  and i.discovered_on > $3 and i.discovered_on <= $4";
    let first = wanted.day.checked_sub_days(Days::new(DAYS)).unwrap_or(wanted.day);
    let rows: Vec<CaseRow> = sqlx::query_as(sql).bind(range.lo).bind(range.hi).bind(first).bind(wanted.day).fetch_all(transaction.conn()).await?;
    let mut words: HashMap<String, Arc<str>> = HashMap::new();
    let mut word = |text: String| Arc::clone(words.entry(text).or_insert_with_key(|text| Arc::from(text.as_str())));
    let case = |row: CaseRow| Case {
        id: row.id,
        scope_code: row.scope_code,
        group: groups.iter().position(|(code, _)| **code == *row.category_group).unwrap_or_default() as u16,
        discovered_on: row.discovered_on,
        due_on: row.due_on,
        closed_on: row.closed_on,
        state: word(row.state),
        complexity: word(row.complexity),
        risk_level: word(row.risk_level),
        parties_count: row.parties_count,
        escalated: row.escalated,
        block: row.block,
    };
    let cases = rows.into_iter().map(case).collect();
    let (settings, calendar) = (Settings::read(transaction).await?, Arc::new(Calendar::read(transaction).await?));
    Ok(Facts { day: wanted.day, whole: wanted.scope.covers(range), cells, cases, groups, settings, calendar, seed: 20_160_301 })
}

/// Metres within which the standard of a day wants a mediation room; none where it does not say.
pub(super) async fn reach_of_rooms(transaction: &mut Scoped, day: NaiveDate) -> Result<Option<f64>> {
    let sql = "select metres from service_standards where kind = $1 and metres is not null and urban_rural_class is null and valid_from <= $2
                  and (valid_to is null or valid_to > $2) order by metres limit 1";
    let metres: Option<f32> = sqlx::query_scalar(sql).bind(ROOM).bind(day).fetch_optional(transaction.conn()).await?;
    Ok(metres.map(f64::from))
}

fn cells(model: &Model, range: CodeRange, scope: &Scope, reach_m: f64) -> Vec<Cell> {
    let rows: Vec<_> = model.cells.within(range).filter(|cell| scope.contains(cell.code)).collect();
    let middle = rows.first().map(|cell| cell.place.label.to_lon_lat());
    let plane = Plane::around(middle.map_or(LonLat::new(0.0, 0.0), |[lon, lat]| LonLat::new(lon, lat)));
    let at = |place: World| {
        let [lon, lat] = place.to_lon_lat();
        plane.xy(LonLat::new(lon, lat))
    };
    let cell = |cell: &&Arc<crate::read_model::Cell>| {
        Some(Cell {
            code: CellCode::from_i64(cell.code)?,
            name: Arc::clone(&cell.name_zh),
            kind: model.lists.cell_kind.text(cell.kind),
            households: model.tallies.of(cell.code).map_or(0, |counts| counts.household_count),
            covered: None,
            at: Some(at(cell.place.label)),
        })
    };
    let mut cells: Vec<Cell> = rows.iter().filter_map(cell).collect();
    cells.sort_unstable_by_key(|cell| cell.code);
    let room = model.lists.facility_kind.find(ROOM);
    let rooms: Vec<Coord> =
        model.facilities.rows().filter(|row| Some(row.attributes.kind) == room && range.contains(row.scope)).map(|row| at(row.at)).collect();
    cover(&mut cells, model, &rooms, reach_m, at);
    cells
}

/// What share of the households of each cell has a room within reach. O(addresses · rooms of the county).
fn cover(cells: &mut [Cell], model: &Model, rooms: &[Coord], reach_m: f64, at: impl Fn(World) -> Coord) {
    let mut sums = vec![(0_u64, 0_u64); cells.len()];
    for block in model.households.blocks() {
        for n in 0..block.len() {
            let Ok(cell) = cells.binary_search_by_key(&block.scope(n), |cell| cell.code.to_i64()) else { continue };
            let (place, count) = (at(block.at(n)), u64::from(block.attributes[n].household_count));
            let near = rooms.iter().any(|room| (room.x - place.x).hypot(room.y - place.y) <= reach_m);
            sums[cell].0 += count;
            sums[cell].1 += if near { count } else { 0 };
        }
    }
    for (cell, (all, near)) in cells.iter_mut().zip(sums) {
        cell.covered = (all > 0).then(|| near as f64 / all as f64);
    }
}

impl Settings {
    async fn read(transaction: &mut Scoped) -> Result<Self> {
        let usual = Self::default();
        let named = [
            ("clock_simple_days", usual.clock_days[0]),
            ("clock_ordinary_days", usual.clock_days[1]),
            ("clock_complex_days", usual.clock_days[2]),
            ("warn_false_alarms_per_year", usual.false_alarms_per_year),
            ("warn_recurrence_days", usual.recurrence_days),
            ("cell_max_households", usual.most_households),
            ("cell_min_households", usual.fewest_households),
        ];
        let mut read = [0.0_f64; 7];
        for (value, (key, otherwise)) in read.iter_mut().zip(named) {
            *value = sqlx::query_scalar("select app.setting_number($1, $2)").bind(key).bind(otherwise).fetch_one(transaction.conn()).await?;
        }
        let [simple, ordinary, complex, alarms, recurrence, most, fewest] = read;
        Ok(Self {
            clock_days: [simple, ordinary, complex].map(|days| days.clamp(1.0, 3_650.0)),
            // below a thousandth nothing is simulated well any more
            false_alarms_per_year: alarms.clamp(0.001, 12.0),
            recurrence_days: recurrence.clamp(2.0, 900.0),
            most_households: most,
            fewest_households: fewest,
        })
    }
}

impl Calendar {
    /// The calendar as it is stored.
    pub(super) async fn read(transaction: &mut Scoped) -> Result<Self> {
        let days: Vec<(NaiveDate, bool)> = sqlx::query_as("select day, kind = 'holiday' from holidays").fetch_all(transaction.conn()).await?;
        let rows: Vec<(i16, f32)> = sqlx::query_as("select weekday, weight from weekday_weights").fetch_all(transaction.conn()).await?;
        let mut weights = [1.0; 8];
        for (weekday, weight) in rows {
            if let Some(place) = usize::try_from(weekday - 1).ok().and_then(|n| weights.get_mut(n)) {
                *place = f64::from(weight);
            }
        }
        Ok(Self::new(days, weights))
    }
}
