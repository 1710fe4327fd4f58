//! An invented world into the database, in one transaction, by the writer that the imports use.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, Months, NaiveDate, Utc};
use geo_types::{Geometry, MultiPolygon};
use serde_json::json;

use super::{Shape, World};
use crate::audit::{self, Entry};
use crate::codes::{CellCode, Level};
use crate::db::{Db, Scoped, Written};
use crate::error::Result;
use crate::imports::write::safe::Rule;
use crate::imports::write::{self, AreaOut, CellOut, FacilityOut, HouseholdOut, IncidentOut, Lines, Origin, chunks};
use crate::users::Reader;

/// Name of the source under which the rows stand.
pub const ORIGIN: &str = "demo";

/// How many rows were loaded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[expect(missing_docs, reason = "each counts its noun")]
pub struct Counts {
    pub areas: u64,
    pub cells: u64,
    pub households: u64,
    pub facilities: u64,
    pub units: u64,
    pub incidents: u64,
    pub basemap: u64,
}

/// Loads a world.
///
/// * `now`, `day` – the instant and civil day of the work
///
/// One transaction: all of it or nothing. Loading the same world again changes nothing; another world of the same
/// codes is refused by the rules of borders. Cells begin five years back, so that every incident has the cell of its day.
pub async fn load(world: &World, db: &Db, now: DateTime<Utc>, day: NaiveDate) -> Result<(Counts, Written)> {
    let reader = Reader::command_line(day);
    let mut scoped = db.scoped(&reader.scopes()).await?;
    scoped.without_time_limit().await?;
    let job_id = ulid::Ulid::from_datetime(now.into()).to_string();
    begin_job(&mut scoped, &job_id, now, world).await?;
    let origin = Origin { source: ORIGIN.into(), job_id: job_id.clone(), day, replace: false };
    let since = day.checked_sub_months(Months::new(60)).unwrap_or(day).min(first_day(world, day));
    let rule = Rule::read(&mut scoped).await?;
    let mut counts = Counts {
        areas: write::areas(&mut scoped, &origin, chunks(areas(world), |lines, area| area.line(lines))).await?.changes(),
        cells: write::cells(&mut scoped, &origin, chunks(cells(world, since), |lines, cell| cell.line(lines))).await?.changes(),
        households: write::households(&mut scoped, &origin, rule, chunks(households(world, since), |lines, row| row.line(lines))).await?.changes(),
        facilities: write::facilities(&mut scoped, &origin, chunks(facilities(world, since), |lines, row| row.line(lines))).await?.changes(),
        ..Counts::default()
    };
    let units = units(&mut scoped, &mut counts).await?;
    let cases = chunks(incidents(world, &units), |lines, row| row.line(lines));
    counts.incidents = write::incidents(&mut scoped, &origin, now, cases).await?.changes();
    contacts(&mut scoped, day).await?;
    counts.basemap = basemap(&mut scoped, &origin, world).await?;
    end_job(&mut scoped, &job_id, now, counts).await?;
    Ok((counts, scoped.commit().await?))
}

/// The first step into mediation of each case that came so far, none to three days after it was found: what the clock of
/// early contact is made of. A case that has a step keeps it.
async fn contacts(scoped: &mut Scoped, day: NaiveDate) -> Result<()> {
    let sql = "insert into incident_events (incident_id, scope_code, unit_id, from_state, to_state, at, reason)
               select i.id, i.scope_code, i.unit_id, 'dispatched', 'in_process', (least(i.discovered_on + mod(abs(hashtext(i.origin_key)::bigint), 4)::integer, i.closed_on, $2) + time '02:00') at time zone 'UTC', ''
                 from incidents i
                where i.origin = $1 and i.state not in ('draft', 'registered', 'accepted', 'not_accepted', 'merged', 'dispatched')
                  and not exists (select 1 from incident_events e where e.incident_id = i.id and e.from_state is not null)";
    sqlx::query(sql).bind(ORIGIN).bind(day).execute(scoped.conn()).await?;
    Ok(())
}

fn first_day(world: &World, day: NaiveDate) -> NaiveDate {
    world.incidents.iter().map(|case| case.occurred_on).min().unwrap_or(day)
}

async fn begin_job(scoped: &mut Scoped, id: &str, now: DateTime<Utc>, world: &World) -> Result<()> {
    sqlx::query(
        "insert into jobs (id, kind, state, params, scope_code, made_at, started_at, heartbeat_at, step)
         values ($1, 'demo', 'running', $2, 0, $3, $3, $3, 'writing')",
    )
    .bind(id)
    .bind(json!({ "seed": world.truth.seed }))
    .bind(now)
    .execute(scoped.conn())
    .await?;
    Ok(())
}

async fn end_job(scoped: &mut Scoped, id: &str, now: DateTime<Utc>, counts: Counts) -> Result<()> {
    let rows = counts.areas + counts.cells + counts.households + counts.facilities + counts.units + counts.incidents + counts.basemap;
    sqlx::query(
        "update jobs set state = 'done', ended_at = $2, heartbeat_at = $2, step = 'done', done_rows = $3, total_rows = $3, report = $4 where id = $1",
    )
    .bind(id)
    .bind(now)
    .bind(rows as i64)
    .bind(json!(counts))
    .execute(scoped.conn())
    .await?;
    let entry = Entry {
        user_id: None,
        account: "",
        action: "demo.load",
        target: id,
        area: None,
        detail: json!(counts),
        rows: Some(rows as i64),
        request_id: "",
    };
    audit::record(scoped, now, &entry).await
}

fn areas(world: &World) -> impl Iterator<Item = AreaOut> + Send + Unpin {
    world.areas.iter().map(|area| AreaOut {
        code: area.code,
        name_zh: area.name_zh.clone(),
        name_en: area.name_en.clone(),
        urban_rural_class: area.urban_rural_class.map(|class| class.to_string()),
        shape: Some(MultiPolygon::new(vec![area.polygon.clone()])),
        key: area.code.to_string(),
    })
}

fn cells(world: &World, since: NaiveDate) -> impl Iterator<Item = CellOut> + Send + Unpin {
    world.cells.iter().map(move |cell| CellOut {
        code: cell.code,
        valid_from: since,
        name_zh: cell.name_zh.clone(),
        name_en: cell.name_en.clone(),
        short_name: cell.short_name_zh.clone(),
        kind: cell.kind.to_owned(),
        shape: MultiPolygon::new(vec![cell.polygon.clone()]),
        key: cell.code.to_string(),
    })
}

fn households(world: &World, since: NaiveDate) -> impl Iterator<Item = HouseholdOut> + Send + Unpin {
    (1..).zip(&world.households).map(move |(row, home)| HouseholdOut {
        row,
        key: home.key.clone(),
        scope_code: home.cell.to_i64(),
        valid_from: Some(since),
        household_count: u32::from(home.household_count),
        population_band: home.population_band.to_owned(),
        dwelling_kind: home.dwelling_kind.to_owned(),
        at: home.at,
    })
}

fn facilities(world: &World, since: NaiveDate) -> impl Iterator<Item = FacilityOut> + Send + Unpin {
    (1..).zip(&world.facilities).map(move |(row, facility)| FacilityOut {
        row,
        key: facility.key.clone(),
        scope_code: facility.cell.to_i64(),
        valid_from: Some(since),
        kind: facility.kind.to_owned(),
        name_zh: facility.name_zh.clone(),
        name_en: facility.name_en.clone(),
        operator: facility.operator.clone(),
        capacity: facility.capacity,
        hours: facility.hours.to_owned(),
        barrier_free: Some(facility.barrier_free),
        phone_public: String::new(),
        at: facility.at,
    })
}

/// One office a mediation room; returns the office of each village, by the village's code.
async fn units(scoped: &mut Scoped, counts: &mut Counts) -> Result<BTreeMap<i64, i64>> {
    let made = sqlx::query(
        "insert into units (scope_code, name_zh, name_en, facility_id)
         select f.scope_code - f.scope_code % 1000, f.name_zh, f.name_en, f.facility_id from facilities f
          where f.origin = $1 and f.kind = 'F08' and f.valid_to is null
            and not exists (select 1 from units u where u.facility_id = f.facility_id)
          order by f.scope_code",
    )
    .bind(ORIGIN)
    .execute(scoped.conn())
    .await?;
    counts.units = made.rows_affected();
    let units: Vec<(i64, i64)> = sqlx::query_as(
        "select u.scope_code, min(u.id) from units u join facilities f on f.facility_id = u.facility_id and f.valid_to is null
          where f.origin = $1 group by u.scope_code",
    )
    .bind(ORIGIN)
    .fetch_all(scoped.conn())
    .await?;
    Ok(units.into_iter().collect())
}

/// The office of the village, else of the nearest number in the township, else of the county.
fn unit_of(cell: CellCode, units: &BTreeMap<i64, i64>) -> Option<i64> {
    let village = cell.village();
    let in_area = |level| {
        let range = village.ancestor(level)?.range();
        units.range(range.lo..range.hi).next().map(|(_, &unit)| unit)
    };
    units.get(&village.lo()).copied().or_else(|| in_area(Level::Township)).or_else(|| in_area(Level::County))
}

fn incidents(world: &World, units: &BTreeMap<i64, i64>) -> impl Iterator<Item = IncidentOut> + Send + Unpin {
    (1..).zip(&world.incidents).map(move |(row, case)| {
        // What it takes to settle a case, by how hard it is.
        let days = match case.complexity {
            "simple" => 7,
            "ordinary" => 30,
            "complex" => 60,
            _ => 90,
        };
        IncidentOut {
            row,
            key: case.case_no.clone(),
            scope_code: case.cell.to_i64(),
            case_no: Some(case.case_no.clone()),
            category: case.category.to_owned(),
            source: case.source.to_owned(),
            state: case.state.to_owned(),
            occurred_on: case.occurred_on,
            discovered_on: case.discovered_on,
            due_on: case.registered_on.checked_add_days(Days::new(days)),
            closed_on: case.closed_on,
            parties_count: u32::from(case.parties_count),
            parties_kind: case.parties_kind.to_owned(),
            complexity: case.complexity.to_owned(),
            risk_level: case.risk_level.to_owned(),
            summary: case.summary.to_owned(),
            unit_id: unit_of(case.cell, units),
            at: Some(case.at),
            registered_at: case.registered_on.and_hms_opt(1, 0, 0).map(|time| time.and_utc()),
        }
    })
}

/// Layer, kind, finer kind and first zoom of a feature of the base map, by the names that an extract of OpenStreetMap gets.
fn drawn(kind: &str) -> (&'static str, &'static str, &'static str, u8) {
    match kind {
        "river" => ("water", "river", "", 0),
        "brook" => ("water", "stream", "", 12),
        "lake" => ("water", "lake", "", 0),
        "wood" => ("landuse", "wood", "", 9),
        "park" => ("landuse", "park", "", 9),
        "main_road" => ("roads", "major_road", "primary", 0),
        "rail" => ("roads", "rail", "", 9),
        "road" => ("roads", "minor_road", "unclassified", 11),
        "street" => ("roads", "minor_road", "residential", 13),
        "lane" => ("roads", "minor_road", "service", 14),
        _ => ("places", "locality", "village", 11),
    }
}

/// The base map of the world, once: where the source has drawn before, nothing is drawn.
async fn basemap(scoped: &mut Scoped, origin: &Origin, world: &World) -> Result<u64> {
    let there: bool =
        sqlx::query_scalar("select exists (select 1 from basemap_features where origin = $1)").bind(ORIGIN).fetch_one(scoped.conn()).await?;
    if there {
        return Ok(0);
    }
    let rows = chunks(&world.basemap, |lines: &mut Lines, feature: &super::Feature| {
        let (layer, kind, kind_detail, min_zoom) = drawn(feature.kind);
        let shape = match &feature.shape {
            Shape::Line(line) => Geometry::from(line.clone()),
            Shape::Area(area) => Geometry::from(area.clone()),
            Shape::Place(at) => Geometry::from(*at),
        };
        let (name_zh, name_en) = (feature.name_zh.clone(), feature.name_en.clone());
        let (kind, kind_detail, reference) = (kind.into(), kind_detail.into(), String::new());
        write::BaseOut { layer, kind, kind_detail, name_zh, name_en, reference, deck: 0, min_zoom, shape }.line(lines);
    });
    Ok(write::basemap(scoped, origin, rows).await?.inserted)
}
