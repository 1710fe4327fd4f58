//! Cases in SQL.

use chrono::{DateTime, NaiveDate, Utc};
use geo_types::{Geometry, Point};
use serde::Serialize;
use utoipa::ToSchema;

use super::api::{IncidentInput, IncidentProperties};
use crate::codes::{CellCode, CodeRange};
use crate::db::{Page, Scoped, point_from_wkb};
use crate::error::{Error, Result};
use crate::http::geojson::Feature;
use crate::rows::place::point_bytes;
use crate::rows::{Checks, Wanted, area_of, filled};

const COLUMNS: &str = "id, case_no, category, source, state, occurred_on, discovered_on, due_on, closed_on, parties_count, parties_kind, \
                       complexity, risk_level, summary, unit_id, scope_code, escalated, version, safe_place_id, \
                       ST_AsBinary(app.safe_place_point(safe_place_id)) as shape";

/// A case; `shape` is its safe place.
#[derive(Debug, Clone, Default, PartialEq, sqlx::FromRow)]
#[expect(missing_docs, reason = "the columns are described in the database")]
pub struct Incident {
    pub id: i64,
    pub case_no: Option<String>,
    pub category: String,
    pub source: String,
    pub state: String,
    pub occurred_on: NaiveDate,
    pub discovered_on: NaiveDate,
    pub due_on: Option<NaiveDate>,
    pub closed_on: Option<NaiveDate>,
    pub parties_count: i32,
    pub parties_kind: String,
    pub complexity: String,
    pub risk_level: String,
    pub summary: String,
    pub unit_id: Option<i64>,
    pub scope_code: i64,
    pub escalated: bool,
    pub version: i32,
    pub safe_place_id: Option<i64>,
    pub shape: Option<Vec<u8>>,
}

/// What a list is narrowed to besides place.
#[derive(Debug, Default)]
pub struct Filters {
    /// Codes of categories.
    pub category: Option<Vec<String>>,
    /// Codes of sources.
    pub source: Option<Vec<String>>,
    /// Codes of states.
    pub state: Option<Vec<String>>,
    /// First day on which it happened.
    pub from: Option<NaiveDate>,
    /// Last day on which it happened.
    pub to: Option<NaiveDate>,
    /// First day on which it was found.
    pub found_from: Option<NaiveDate>,
    /// First day by which it should be settled.
    pub due_from: Option<NaiveDate>,
    /// Last day by which it should be settled.
    pub due_to: Option<NaiveDate>,
    /// Instant since which it was moved on at least once.
    pub moved_since: Option<DateTime<Utc>>,
}

/// A step that a case took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
pub struct StepTaken {
    /// State before; null: it was registered.
    pub from_state: Option<String>,
    /// State after.
    pub to_state: String,
    /// Instant, UTC.
    pub at: DateTime<Utc>,
    /// Reason given, may be empty.
    pub reason: String,
}

impl Incident {
    /// A case before anything is said of it.
    pub fn new(today: NaiveDate) -> Self {
        Self {
            source: "screening".into(),
            state: "registered".into(),
            discovered_on: today,
            parties_count: 2,
            parties_kind: "person".into(),
            complexity: "ordinary".into(),
            risk_level: "blue".into(),
            ..Self::default()
        }
    }

    /// As the API shows it: at its safe place.
    pub fn feature(&self) -> Result<Feature<IncidentProperties>> {
        let at = self.shape.as_deref().map(point_from_wkb).transpose()?.map(Geometry::Point);
        let properties = IncidentProperties {
            id: self.id.to_string(),
            case_no: self.case_no.clone(),
            category: self.category.clone(),
            source: self.source.clone(),
            state: self.state.clone(),
            occurred_on: self.occurred_on,
            discovered_on: self.discovered_on,
            due_on: self.due_on,
            closed_on: self.closed_on,
            parties_count: self.parties_count,
            parties_kind: self.parties_kind.clone(),
            complexity: self.complexity.clone(),
            risk_level: self.risk_level.clone(),
            summary: filled(&self.summary),
            unit_id: self.unit_id.map(|id| id.to_string()),
            cell_code: CellCode::from_i64(self.scope_code).map(|code| code.to_string()),
            area_code: area_of(self.scope_code).map(|code| code.to_string()),
            escalated: self.escalated,
            version: self.version,
        };
        Ok(Feature::new(self.id.to_string(), at.as_ref(), properties))
    }

    /// Takes over what was sent; the names of what changed.
    pub fn take(&mut self, mut sent: IncidentInput) -> Vec<&'static str> {
        let row = self;
        let mut changed = Vec::new();
        crate::rows::take!(changed, row, sent: case_no, category, source, occurred_on, discovered_on, due_on, parties_count, parties_kind,
            complexity, risk_level, summary, unit_id, escalated);
        changed
    }

    /// Refuses what may not be stored.
    pub async fn check(&self, transaction: &mut Scoped, today: NaiveDate) -> Result<()> {
        let mut checks = Checks::default();
        checks.listed(transaction, "/properties/category", "incident_category", &self.category).await?;
        for (pointer, list, code) in [
            ("/properties/source", "incident_source", &self.source),
            ("/properties/parties_kind", "parties_kind", &self.parties_kind),
            ("/properties/complexity", "complexity", &self.complexity),
            ("/properties/risk_level", "risk_level", &self.risk_level),
        ] {
            checks.listed(transaction, pointer, list, code).await?;
        }
        checks.text("/properties/summary", &self.summary, 400);
        checks.text("/properties/case_no", self.case_no.as_deref().unwrap_or_default(), 60);
        checks.number("/properties/parties_count", self.parties_count, 1, 100_000);
        if self.occurred_on > self.discovered_on {
            checks.fault("/properties/discovered_on", "before_it_happened", "the case was found before it happened; mend one of the days");
        }
        if self.discovered_on > today {
            checks.fault("/properties/discovered_on", "in_the_future", "the day lies in the future");
        }
        if let Some(unit) = self.unit_id {
            let known: Option<i64> = sqlx::query_scalar!("select id from units where id = $1", unit).fetch_optional(transaction.conn()).await?;
            if known.is_none() {
                checks.fault("/properties/unit_id", "not_in_list", format!("there is no unit {unit} in your area"));
            }
        }
        checks.done()
    }
}

/// A page of cases in the order of their keys.
pub async fn list(transaction: &mut Scoped, wanted: Wanted, filters: Filters) -> Result<Page<Incident>> {
    let sql = format!(
        "select {COLUMNS} from incidents
          where scope_code >= $1 and scope_code < $2 and id > $3 and ($4::bigint[] is null or id = any($4))
            and ($5::text[] is null or category = any($5)) and ($6::text[] is null or source = any($6))
            and ($7::text[] is null or state = any($7))
            and ($8::date is null or occurred_on >= $8) and ($9::date is null or occurred_on <= $9)
            and ($10::date is null or discovered_on >= $10) and ($11::date is null or due_on >= $11) and ($12::date is null or due_on <= $12)
            and ($13::timestamptz is null or exists (select 1 from incident_events e where e.incident_id = incidents.id and e.at >= $13))
          order by id limit $14"
    );
    let rows = sqlx::query_as(&sql)
        .bind(wanted.range.lo)
        .bind(wanted.range.hi)
        .bind(wanted.after)
        .bind(wanted.ids)
        .bind(filters.category)
        .bind(filters.source)
        .bind(filters.state)
        .bind(filters.from)
        .bind(filters.to)
        .bind(filters.found_from)
        .bind(filters.due_from)
        .bind(filters.due_to)
        .bind(filters.moved_since)
        .bind(wanted.limit.fetch())
        .fetch_all(transaction.conn())
        .await?;
    Ok(Page::cut(rows, wanted.limit, |row: &Incident| row.id))
}

/// Holds the row for this transaction.
pub async fn hold(transaction: &mut Scoped, id: i64) -> Result<()> {
    sqlx::query("select 1 from incidents where id = $1 for update").bind(id).execute(transaction.conn()).await?;
    Ok(())
}

/// One case.
pub async fn find(transaction: &mut Scoped, id: i64) -> Result<Incident> {
    let sql = format!("select {COLUMNS} from incidents where id = $1");
    let row = sqlx::query_as(&sql).bind(id).fetch_optional(transaction.conn()).await?;
    row.ok_or_else(|| Error::NotFound { what: "incident", id: id.to_string() })
}

/// The cell of a day at a place, as far as the reader sees it.
pub async fn cell_on(transaction: &mut Scoped, at: Point, day: NaiveDate) -> Result<Option<i64>> {
    let code: Option<i64> =
        sqlx::query_scalar!("select app.scope_at(ST_GeomFromWKB($1, 4326), $2)", point_bytes(at), day).fetch_one(transaction.conn()).await?;
    Ok(code.filter(|code| code % 1000 != 0))
}

/// Stores a new case, its sealed true place and its first step; its key.
pub async fn insert(transaction: &mut Scoped, row: &Incident, true_place: Point, actor: i64, now: DateTime<Utc>) -> Result<i64> {
    let sql = "insert into incidents (case_no, category, source, state, occurred_on, discovered_on, due_on, parties_count, parties_kind,
                                      complexity, risk_level, summary, unit_id, scope_code, safe_place_id, escalated)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) returning id";
    let id: i64 = sqlx::query_scalar(sql)
        .bind(&row.case_no)
        .bind(&row.category)
        .bind(&row.source)
        .bind(&row.state)
        .bind(row.occurred_on)
        .bind(row.discovered_on)
        .bind(row.due_on)
        .bind(row.parties_count)
        .bind(&row.parties_kind)
        .bind(&row.complexity)
        .bind(&row.risk_level)
        .bind(&row.summary)
        .bind(row.unit_id)
        .bind(row.scope_code)
        .bind(row.safe_place_id)
        .bind(row.escalated)
        .fetch_one(transaction.conn())
        .await?;
    sqlx::query!(
        "insert into incident_places (incident_id, scope_code, geom) values ($1, $2, ST_GeomFromWKB($3, 4326))",
        id,
        row.scope_code,
        point_bytes(true_place)
    )
    .execute(transaction.conn())
    .await?;
    step(transaction, &Incident { id, ..row.clone() }, None, actor, now, "").await?;
    Ok(id)
}

/// Writes the attributes and the state of a case.
pub async fn update(transaction: &mut Scoped, row: &Incident) -> Result<()> {
    let sql = "update incidents set case_no = $2, category = $3, source = $4, state = $5, discovered_on = $6, due_on = $7, closed_on = $8,
                      parties_count = $9, parties_kind = $10, complexity = $11, risk_level = $12, summary = $13, unit_id = $14, escalated = $15
                where id = $1";
    sqlx::query(sql)
        .bind(row.id)
        .bind(&row.case_no)
        .bind(&row.category)
        .bind(&row.source)
        .bind(&row.state)
        .bind(row.discovered_on)
        .bind(row.due_on)
        .bind(row.closed_on)
        .bind(row.parties_count)
        .bind(&row.parties_kind)
        .bind(&row.complexity)
        .bind(&row.risk_level)
        .bind(&row.summary)
        .bind(row.unit_id)
        .bind(row.escalated)
        .execute(transaction.conn())
        .await?;
    Ok(())
}

/// Adds a step: from the given state (none: made) to the row's.
pub async fn step(transaction: &mut Scoped, row: &Incident, from: Option<&str>, actor: i64, now: DateTime<Utc>, reason: &str) -> Result<()> {
    let sql = "insert into incident_events (incident_id, scope_code, unit_id, from_state, to_state, actor_id, at, reason)
               values ($1, $2, $3, $4, $5, $6, $7, $8)";
    sqlx::query(sql)
        .bind(row.id)
        .bind(row.scope_code)
        .bind(row.unit_id)
        .bind(from)
        .bind(&row.state)
        .bind(Some(actor).filter(|&id| id > 0))
        .bind(now)
        .bind(reason)
        .execute(transaction.conn())
        .await?;
    Ok(())
}

/// The steps of a case, the first one first.
pub async fn steps(transaction: &mut Scoped, id: i64) -> Result<Vec<StepTaken>> {
    let sql = "select from_state, to_state, at, reason from incident_events where incident_id = $1 order by at, id";
    Ok(sqlx::query_as(sql).bind(id).fetch_all(transaction.conn()).await?)
}

/// The days of a case's life.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Lived {
    /// Its cell, else the smallest area that holds it.
    pub scope_code: i64,
    /// Civil day on which it happened.
    pub occurred_on: NaiveDate,
    /// Civil day on which it was found.
    pub discovered_on: NaiveDate,
    /// Instant of the first step into `in_process`, UTC.
    pub contacted_at: Option<DateTime<Utc>>,
    /// Civil day on which it was closed.
    pub closed_on: Option<NaiveDate>,
    /// Whether any step after its registration is recorded.
    pub has_steps: bool,
}

/// The lives of cases of a range of codes that happened in the days asked for, for a reader who may open each of them.
pub async fn lived(transaction: &mut Scoped, within: CodeRange, filters: &Filters) -> Result<Vec<Lived>> {
    let sql = "select i.scope_code, i.occurred_on, i.discovered_on, e.contacted_at, i.closed_on,
                      e.step_count > 0 as has_steps
                 from incidents i,
                      lateral (select min(s.at) filter (where s.to_state = 'in_process') as contacted_at, count(*) as step_count
                                 from incident_events s where s.incident_id = i.id and s.from_state is not null) e
                where i.scope_code >= $1 and i.scope_code < $2 and i.scope_code <@ (select app.allowed('cases')) and i.state not in ('draft', 'merged')
                  and ($3::text[] is null or i.category = any($3)) and ($4::text[] is null or i.source = any($4))
                  and ($5::date is null or i.occurred_on >= $5) and ($6::date is null or i.occurred_on <= $6)
                order by i.id";
    Ok(sqlx::query_as(sql)
        .bind(within.lo)
        .bind(within.hi)
        .bind(&filters.category)
        .bind(&filters.source)
        .bind(filters.from)
        .bind(filters.to)
        .fetch_all(transaction.conn())
        .await?)
}
