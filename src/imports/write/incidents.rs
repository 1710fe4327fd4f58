//! Incidents: changed in place; the true place is put under seal, the safe place is kept for good.

use chrono::{DateTime, NaiveDate, Utc};
use geo_types::{Geometry, Point};

use super::{Lines, Merged, Origin, Rows, define, run, stage};
use crate::db::Scoped;
use crate::error::Result;

/// A case on its way into the database.
#[derive(Debug, Clone)]
pub struct IncidentOut {
    /// Row of the file.
    pub row: u64,
    /// Key within the source.
    pub key: String,
    /// Its cell of the day, else the smallest area that holds it.
    pub scope_code: i64,
    /// Number of the case where it comes from.
    pub case_no: Option<String>,
    /// Code of the category.
    pub category: String,
    /// Code of the source.
    pub source: String,
    /// Code of the state.
    pub state: String,
    /// Day it happened.
    pub occurred_on: NaiveDate,
    /// Day it was found.
    pub discovered_on: NaiveDate,
    /// Day by which it should be settled.
    pub due_on: Option<NaiveDate>,
    /// Day it was settled.
    pub closed_on: Option<NaiveDate>,
    /// How many parties.
    pub parties_count: u32,
    /// `person`, `organisation`, `group`.
    pub parties_kind: String,
    /// `simple` … `hard`.
    pub complexity: String,
    /// `blue` … `red`.
    pub risk_level: String,
    /// A sentence that the free-text gate has read.
    pub summary: String,
    /// Office that handles it.
    pub unit_id: Option<i64>,
    /// The true place.
    pub at: Option<Point>,
    /// When it was written down; `None`: now.
    pub registered_at: Option<DateTime<Utc>>,
}

impl IncidentOut {
    /// Writes it as a line of the stage.
    pub fn line(self, lines: &mut Lines) {
        lines.plain(self.row);
        lines.text(&self.key);
        lines.plain(self.scope_code);
        lines.maybe_text(self.case_no.as_deref());
        lines.text(&self.category);
        lines.text(&self.source);
        lines.text(&self.state);
        lines.plain(self.occurred_on);
        lines.plain(self.discovered_on);
        lines.maybe(self.due_on);
        lines.maybe(self.closed_on);
        lines.plain(self.parties_count);
        lines.text(&self.parties_kind);
        lines.text(&self.complexity);
        lines.text(&self.risk_level);
        lines.text(&self.summary);
        lines.maybe(self.unit_id);
        lines.maybe_shape(self.at.map(Geometry::from).as_ref());
        lines.maybe(self.registered_at);
    }
}

const STAGE: &str = "n bigint, origin_key text, scope_code bigint, case_no text, category text, source text, state text, occurred_on date, \
                     discovered_on date, due_on date, closed_on date, parties_count integer, parties_kind text, complexity text, \
                     risk_level text, summary text, unit_id bigint, geom geometry(Point,4326), registered_at timestamptz";

const COMPARED: [&str; 10] =
    ["case_no", "category", "source", "occurred_on", "discovered_on", "parties_count", "parties_kind", "complexity", "risk_level", "summary"];

/// Writes incidents.
///
/// A stored case keeps its cell, its safe place and its true place, whatever the file says of the place now; a state
/// and a day of closing that were reached here are not taken back by a file. Rows of the source that do not come any more
/// are withdrawn where `replace` says so, never deleted.
pub async fn incidents(scoped: &mut Scoped, origin: &Origin, now: DateTime<Utc>, rows: impl Rows) -> Result<Merged> {
    let staged = stage(scoped, "import_incidents", STAGE, rows).await?;
    let of = |alias: &str| COMPARED.map(|column| format!("{alias}.{column}")).join(", ");
    define(
        scoped,
        "drop table if exists pg_temp.import_diff;
         create temp table import_diff (n bigint, id bigint, changed boolean) on commit drop",
    )
    .await?;
    let compare = format!(
        "insert into import_diff select s.n, i.id, ({}) is distinct from ({})
           from import_incidents s left join incidents i on i.origin = $1 and i.origin_key = s.origin_key",
        of("i"),
        of("s")
    );
    run(scoped, origin, &compare).await?;
    define(scoped, "analyze import_diff").await?;
    let retired = if origin.replace {
        run(
            scoped,
            origin,
            "update incidents i set state = 'withdrawn', closed_on = coalesce(closed_on, greatest($3, discovered_on))
              where i.origin = $1 and i.state <> 'withdrawn' and not exists (select 1 from import_incidents s where s.origin_key = i.origin_key)",
        )
        .await?
    } else {
        0
    };
    let set = COMPARED.map(|column| format!("{column} = s.{column}")).join(", ");
    let update = format!(
        "update incidents i set {set}, closed_on = case when i.closed_on < s.discovered_on then s.discovered_on else i.closed_on end
           from import_diff d join import_incidents s using (n) where i.id = d.id and d.changed"
    );
    let updated = run(scoped, origin, &update).await?;
    super::safe::show(scoped).await?;
    let inserted = sqlx::query(
        "with made as (
           insert into incidents (case_no, category, source, state, occurred_on, discovered_on, due_on, closed_on, parties_count, parties_kind,
                                  complexity, risk_level, summary, unit_id, scope_code, safe_place_id, origin, origin_key, job_id)
           select s.case_no, s.category, s.source, s.state, s.occurred_on, s.discovered_on, s.due_on, s.closed_on, s.parties_count, s.parties_kind,
                  s.complexity, s.risk_level, s.summary, s.unit_id, s.scope_code, x.safe_place_id, $1, s.origin_key, $2
             from import_diff d join import_incidents s using (n) left join import_shown x using (n)
            where d.id is null order by s.scope_code, s.occurred_on
           returning id, scope_code, unit_id, origin_key, state),
         steps as (
           insert into incident_events (incident_id, scope_code, unit_id, to_state, at, reason)
           select m.id, m.scope_code, m.unit_id, m.state, coalesce(s.registered_at, $3), ''
             from made m join import_incidents s using (origin_key)),
         sealed as (
           insert into incident_places (incident_id, scope_code, geom)
           select m.id, m.scope_code, s.geom from made m join import_incidents s using (origin_key) where s.geom is not null)
         select count(*) from made",
    )
    .bind(&origin.source)
    .bind(&origin.job_id)
    .bind(now)
    .fetch_one(scoped.conn())
    .await?;
    let inserted: i64 = sqlx::Row::get(&inserted, 0);
    let inserted = inserted as u64;
    Ok(Merged { inserted, updated, overwritten: updated, unchanged: staged - inserted - updated, retired })
}
