//! The rows of `analyses` and `analysis_rows`.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use geo_types::Geometry;
use serde_json::Value;

use super::answer::{Legend, Row};
use crate::codes::{AreaCode, CodeRange, Level};
use crate::db::{Scoped, to_wkb};
use crate::error::{Error, Result};

/// Seconds without a sign of life after which the worker is taken for dead.
const DEAD_AFTER_S: i64 = 120;
/// Answers of one area that are kept.
const KEPT: i64 = 200;

/// An answer as it is kept, without its rows.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Kept {
    pub id: i64,
    pub analysis: String,
    pub version: i32,
    pub params: Value,
    pub of_cases: bool,
    pub told_as: String,
    pub data_revision: String,
    pub scope_code: i64,
    pub area_level: i16,
    pub state: String,
    pub step: String,
    pub asked_by: Option<i64>,
    pub made_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    pub row_count: i32,
    pub legend: Option<sqlx::types::Json<Legend>>,
    pub message: Option<String>,
}

const COLUMNS: &str = "id, analysis, version, params, of_cases, told_as, data_revision, scope_code, area_level, state, step, asked_by, made_at, ended_at, \
                       row_count, legend, message";

impl Kept {
    /// The area asked about.
    pub(super) fn area(&self) -> Option<AreaCode> {
        AreaCode::from_parts(self.scope_code, Level::from_i16(self.area_level)?)
    }
}

/// A row as it is kept.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct KeptRow {
    pub position: i32,
    pub area_lo: Option<i64>,
    pub area_level: Option<i16>,
    pub class: String,
    pub properties: Value,
    pub geom: Option<Vec<u8>>,
}

impl KeptRow {
    /// The place, where the row is of one.
    pub(super) fn area(&self) -> Option<AreaCode> {
        AreaCode::from_parts(self.area_lo?, Level::from_i16(self.area_level?)?)
    }
}

/// Kinds of a group; `ordinary`: of all groups without a sensitive kind.
pub(super) async fn categories(transaction: &mut Scoped, group: &str) -> Result<Vec<String>> {
    let sql = "select code from incident_categories c where case when $1 = 'ordinary'
                 then not exists (select 1 from incident_categories s where s.category_group = c.category_group and s.sensitive)
                 else c.category_group = $1 end order by 1";
    Ok(sqlx::query_scalar(sql).bind(group).fetch_all(transaction.conn()).await?)
}

/// A case that the map does not hold, for only its village is known.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct WithoutPlace {
    pub scope_code: i64,
    pub occurred_on: NaiveDate,
    pub category: String,
    pub source: String,
    pub state: String,
}

/// Cases without a safe place, each of which the reader may open.
pub(super) async fn cases_without_place(transaction: &mut Scoped, within: CodeRange, from: NaiveDate, to: NaiveDate) -> Result<Vec<WithoutPlace>> {
    let sql = "select scope_code, occurred_on, category, source, state from incidents
                where safe_place_id is null and scope_code >= $1 and scope_code < $2 and scope_code <@ (select app.allowed('cases'))
                  and occurred_on between $3 and $4 order by id";
    Ok(sqlx::query_as(sql).bind(within.lo).bind(within.hi).bind(from).bind(to).fetch_all(transaction.conn()).await?)
}

/// A question that is about to be answered.
#[derive(Debug)]
pub(super) struct New<'a> {
    pub analysis: &'a str,
    pub version: i32,
    pub params: &'a Value,
    pub of_cases: bool,
    pub told_as: &'a str,
    pub data_revision: &'a str,
    pub within: AreaCode,
    pub asked_by: i64,
}

/// The kept answer to the same question about the same data, where there is one or one is being made.
pub(super) async fn same(transaction: &mut Scoped, new: &New<'_>) -> Result<Option<i64>> {
    let sql = "select id from analyses where analysis = $1 and version = $2 and params = $3 and told_as = $4 and data_revision = $5
                and state in ('running', 'done') order by id desc limit 1";
    let query = sqlx::query_scalar(sql).bind(new.analysis).bind(new.version).bind(new.params).bind(new.told_as).bind(new.data_revision);
    Ok(query.fetch_optional(transaction.conn()).await?)
}

/// Writes the row of an answer that begins, and pushes the oldest of the area out.
pub(super) async fn insert(transaction: &mut Scoped, now: DateTime<Utc>, new: &New<'_>) -> Result<i64> {
    let sql = "insert into analyses (analysis, version, params, of_cases, told_as, data_revision, scope_code, area_level, state, step, asked_by, made_at, heartbeat_at)
               values ($1, $2, $3, $4, $5, $6, $7, $8, 'running', 'computing', $9, $10, $10) returning id";
    let id: i64 = sqlx::query_scalar(sql)
        .bind(new.analysis)
        .bind(new.version)
        .bind(new.params)
        .bind(new.of_cases)
        .bind(new.told_as)
        .bind(new.data_revision)
        .bind(new.within.lo())
        .bind(new.within.level().to_i16())
        .bind(Some(new.asked_by).filter(|&id| id > 0))
        .bind(now)
        .fetch_one(transaction.conn())
        .await?;
    let sql = "delete from analyses where scope_code = $1 and area_level = $2 and state <> 'running' and told_as = $3 and id <=
                 (select id from analyses where scope_code = $1 and area_level = $2 and told_as = $3 order by id desc offset $4 limit 1)";
    sqlx::query(sql).bind(new.within.lo()).bind(new.within.level().to_i16()).bind(new.told_as).bind(KEPT).execute(transaction.conn()).await?;
    Ok(id)
}

/// A sign of life; whether somebody asked it to stop.
pub(super) async fn beat(transaction: &mut Scoped, now: DateTime<Utc>, id: i64, step: &str) -> Result<bool> {
    let sql = "update analyses set heartbeat_at = $2, step = $3 where id = $1 and state = 'running' returning cancel_asked";
    let asked: Option<bool> = sqlx::query_scalar(sql).bind(id).bind(now).bind(step).fetch_optional(transaction.conn()).await?;
    Ok(asked.unwrap_or(true))
}

/// Stores the answer and calls it done; nothing where it was stopped meanwhile.
pub(super) async fn finish(transaction: &mut Scoped, now: DateTime<Utc>, kept: &Kept, rows: &[Row], legend: &Legend) -> Result<bool> {
    let sql = "update analyses set state = 'done', step = 'done', ended_at = $2, heartbeat_at = $2, row_count = $3, legend = $4
                where id = $1 and state = 'running' and not cancel_asked";
    let count = i32::try_from(rows.len()).unwrap_or(i32::MAX);
    let done = sqlx::query(sql).bind(kept.id).bind(now).bind(count).bind(sqlx::types::Json(legend)).execute(transaction.conn()).await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    let positions: Vec<i32> = (0..count).collect();
    let (lows, levels): (Vec<Option<i64>>, Vec<Option<i16>>) =
        rows.iter().map(|row| (row.area.map(AreaCode::lo), row.area.map(|area| area.level().to_i16()))).unzip();
    let classes: Vec<&str> = rows.iter().map(|row| row.class).collect();
    let properties: Vec<Value> = rows.iter().map(|row| Value::Object(row.properties.clone())).collect();
    let shapes: Vec<Option<Vec<u8>>> = rows.iter().map(|row| row.shape.clone().map(|shape| to_wkb(&Geometry::MultiPolygon(shape)))).collect();
    let sql = "insert into analysis_rows (analysis_id, position, scope_code, of_cases, area_lo, area_level, class, properties, geom)
               select $1, r.position, $2, $3, r.lo, r.level, r.class, r.properties, ST_GeomFromWKB(r.geom, 4326)
                 from unnest($4::integer[], $5::bigint[], $6::smallint[], $7::text[], $8::jsonb[], $9::bytea[]) as r (position, lo, level, class, properties, geom)";
    sqlx::query(sql)
        .bind(kept.id)
        .bind(kept.scope_code)
        .bind(kept.of_cases)
        .bind(positions)
        .bind(lows)
        .bind(levels)
        .bind(classes)
        .bind(properties)
        .bind(shapes)
        .execute(transaction.conn())
        .await?;
    Ok(true)
}

/// How it ended, otherwise than done.
pub(super) async fn end(transaction: &mut Scoped, now: DateTime<Utc>, id: i64, state: &str, message: Option<&str>) -> Result<()> {
    let sql = "update analyses set state = $3, ended_at = $2, heartbeat_at = $2, message = $4 where id = $1 and state = 'running'";
    sqlx::query(sql).bind(id).bind(now).bind(state).bind(message).execute(transaction.conn()).await?;
    Ok(())
}

/// Calls answers failed whose worker gave no sign of life for two minutes.
pub(super) async fn sweep(transaction: &mut Scoped, now: DateTime<Utc>) -> Result<()> {
    let sql = "update analyses set state = 'failed', ended_at = $1, message = '中断，请重新分析 · interrupted: its process is gone; ask again'
                where state = 'running' and heartbeat_at < $2";
    sqlx::query(sql).bind(now).bind(now - TimeDelta::seconds(DEAD_AFTER_S)).execute(transaction.conn()).await?;
    Ok(())
}

/// Asks a running one to stop; whether it ran.
pub(super) async fn cancel(transaction: &mut Scoped, id: i64) -> Result<bool> {
    let done =
        sqlx::query("update analyses set cancel_asked = true where id = $1 and state = 'running'").bind(id).execute(transaction.conn()).await?;
    Ok(done.rows_affected() > 0)
}

/// Takes an answer away.
pub(super) async fn delete(transaction: &mut Scoped, id: i64) -> Result<()> {
    sqlx::query("delete from analyses where id = $1").bind(id).execute(transaction.conn()).await?;
    Ok(())
}

/// One answer, of a given analysis where one is given.
pub(super) async fn get(transaction: &mut Scoped, analysis: Option<&str>, id: i64) -> Result<Kept> {
    let statement = format!("select {COLUMNS} from analyses where id = $1 and ($2::text is null or analysis = $2)");
    let found = sqlx::query_as(&statement).bind(id).bind(analysis).fetch_optional(transaction.conn()).await?;
    found.ok_or_else(|| missing(id))
}

/// What is said of an answer that is not there, or not for this reader.
pub(super) fn missing(id: i64) -> Error {
    Error::NotFound { what: "result", id: id.to_string() }
}

/// Answers of an analysis, newest first, older than the one given.
pub(super) async fn list(transaction: &mut Scoped, analysis: &str, told_as: &str, before: i64, most: i64) -> Result<Vec<Kept>> {
    let statement = format!("select {COLUMNS} from analyses where analysis = $1 and told_as in ('cases', $2) and id < $3 order by id desc limit $4");
    Ok(sqlx::query_as(&statement).bind(analysis).bind(told_as).bind(before).bind(most).fetch_all(transaction.conn()).await?)
}

/// Rows of an answer in their order, after the one given.
pub(super) async fn rows(transaction: &mut Scoped, id: i64, after: i64, most: i64) -> Result<Vec<KeptRow>> {
    let sql = "select position, area_lo, area_level, class, properties, ST_AsBinary(geom) as geom from analysis_rows
                where analysis_id = $1 and position > $2 order by position limit $3";
    let after = i32::try_from(after.max(-1)).unwrap_or(i32::MAX);
    Ok(sqlx::query_as(sql).bind(id).bind(after).bind(most).fetch_all(transaction.conn()).await?)
}
