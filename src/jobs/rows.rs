//! The rows of `jobs` and `job_faults`.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::db::Scoped;
use crate::error::{Error, Result};

/// Seconds without a heartbeat after which the worker is taken for dead.
const DEAD_AFTER_S: i64 = 120;

/// How a work stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Not begun.
    Waiting,
    /// At work.
    Running,
    /// Done: its rows are stored and on the map.
    Done,
    /// Failed; `message` says why and what to do. Nothing was stored.
    Failed,
    /// Stopped on request. Nothing was stored.
    Cancelled,
}

impl State {
    /// The stored word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A job as it is shown.
#[derive(Debug, Clone, Serialize, ToSchema, sqlx::FromRow)]
pub struct Job {
    /// ULID.
    pub id: String,
    /// `import`, `undo`, `demo`, `publish`, `export`.
    pub kind: String,
    /// What it is about: `areas`, `cells`, …
    pub noun: Option<String>,
    /// `waiting`, `running`, `done`, `failed`, `cancelled`.
    pub state: String,
    /// What it was asked to do.
    pub params: Value,
    /// Who asked; null: the command line.
    pub user_id: Option<i64>,
    /// When it was asked for.
    pub made_at: DateTime<Utc>,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// `reading`, `checking`, `writing`, `done`.
    pub step: String,
    /// Rows of the step that are done.
    pub done_rows: i64,
    /// Rows of the step, where known.
    pub total_rows: Option<i64>,
    /// Counts and the matching of columns.
    pub report: Option<Value>,
    /// Why it failed, with the cure.
    pub message: Option<String>,
    /// Somebody asked it to stop.
    pub cancel_asked: bool,
    /// The job that undid it.
    pub undone_by: Option<String>,
}

const COLUMNS: &str = "id, kind, noun, state, params, user_id, made_at, started_at, ended_at, step, done_rows, total_rows, report, message, \
                       cancel_asked, undone_by";

/// A fault as it is kept and shown.
#[derive(Debug, Clone, Serialize, ToSchema, sqlx::FromRow)]
pub struct FaultRow {
    /// Key, ascending in the order of finding.
    pub id: i64,
    /// Row in the file; 0: the whole file.
    pub row_number: i64,
    /// Heading of the column, may be empty.
    pub column_name: String,
    /// Kind of fault.
    pub code: String,
    /// What is wrong, Chinese.
    pub reason_zh: String,
    /// What is wrong, English.
    pub reason_en: String,
    /// What to do, Chinese.
    pub cure_zh: String,
    /// What to do, English.
    pub cure_en: String,
    /// Longitude in degrees, where there is a place.
    pub lon: Option<f64>,
    /// Latitude in degrees, where there is a place.
    pub lat: Option<f64>,
}

/// A job about to begin.
#[derive(Debug, Clone)]
pub struct New<'a> {
    /// ULID.
    pub id: &'a str,
    /// `import` or `undo`.
    pub kind: &'a str,
    /// What it is about.
    pub noun: Option<&'a str>,
    /// What it was asked to do; no row of data.
    pub params: Value,
    /// Who asked; 0: the command line.
    pub user_id: i64,
    /// Area it works under; 0: everywhere.
    pub scope_code: i64,
}

/// Writes the row of a job that begins now.
pub async fn begin(scoped: &mut Scoped, now: DateTime<Utc>, job: &New<'_>) -> Result<()> {
    sqlx::query!(
        "insert into jobs (id, kind, noun, state, params, user_id, scope_code, made_at, started_at, heartbeat_at, step)
         values ($1, $2, $3, 'running', $4, $5, $6, $7, $7, $7, 'reading')",
        job.id,
        job.kind,
        job.noun,
        &job.params,
        Some(job.user_id).filter(|&id| id > 0),
        job.scope_code,
        now
    )
    .execute(scoped.conn())
    .await?;
    Ok(())
}

/// A sign of life; returns whether somebody asked the job to stop.
pub(super) async fn beat(scoped: &mut Scoped, now: DateTime<Utc>, id: &str, step: &str, rows: u64) -> Result<bool> {
    let asked: Option<bool> = sqlx::query_scalar!(
        "update jobs set heartbeat_at = $2, step = $3, done_rows = $4 where id = $1 returning cancel_asked",
        id,
        now,
        step,
        rows as i64
    )
    .fetch_optional(scoped.conn())
    .await?;
    Ok(asked.unwrap_or(false))
}

/// How it ended.
pub async fn end(scoped: &mut Scoped, now: DateTime<Utc>, id: &str, state: State, report: Option<&Value>, message: Option<&str>) -> Result<()> {
    sqlx::query!(
        "update jobs set state = $3, ended_at = $2, heartbeat_at = $2, report = $4, message = $5,
                step = case when $3 = 'done' then 'done' else step end
          where id = $1",
        id,
        now,
        state.name(),
        report,
        message
    )
    .execute(scoped.conn())
    .await?;
    Ok(())
}

/// Asks a job to stop. One that has ended is left as it is, and told.
pub async fn cancel(scoped: &mut Scoped, id: &str) -> Result<Job> {
    sqlx::query!("update jobs set cancel_asked = true where id = $1 and state in ('waiting', 'running')", id).execute(scoped.conn()).await?;
    get(scoped, id).await
}

/// Notes that a job was undone.
pub async fn mark_undone(scoped: &mut Scoped, id: &str, by: &str) -> Result<()> {
    sqlx::query!("update jobs set undone_by = $2 where id = $1", id, by).execute(scoped.conn()).await?;
    Ok(())
}

/// Calls jobs failed whose worker gave no sign of life for two minutes.
pub async fn sweep(scoped: &mut Scoped, now: DateTime<Utc>) -> Result<u64> {
    let swept = sqlx::query!("update jobs set state = 'failed', ended_at = $1,
                message = '中断：执行它的进程不在了，什么都没有写入，请重新导入 · interrupted: its process is gone and nothing was stored; start it again'
          where state in ('waiting', 'running') and heartbeat_at < $2", now, now - TimeDelta::seconds(DEAD_AFTER_S))
    .execute(scoped.conn())
    .await?;
    Ok(swept.rows_affected())
}

/// One job.
pub async fn get(scoped: &mut Scoped, id: &str) -> Result<Job> {
    sqlx::query_as(&format!("select {COLUMNS} from jobs where id = $1"))
        .bind(id)
        .fetch_optional(scoped.conn())
        .await?
        .ok_or_else(|| Error::NotFound { what: "job", id: id.to_owned() })
}

/// Jobs, newest first; `before` is the id of the last one seen.
pub async fn list(scoped: &mut Scoped, before: Option<&str>, most: i64) -> Result<Vec<Job>> {
    let statement = format!("select {COLUMNS} from jobs where ($1::text is null or id < $1) order by id desc limit $2");
    Ok(sqlx::query_as(&statement).bind(before).bind(most).fetch_all(scoped.conn()).await?)
}

/// Faults of a job, in the order of finding; `after` is the id of the last one seen.
pub async fn faults(scoped: &mut Scoped, id: &str, after: i64, most: i64) -> Result<Vec<FaultRow>> {
    Ok(sqlx::query_as(
        "select id, row_number, column_name, code, reason_zh, reason_en, cure_zh, cure_en, ST_X(at) as lon, ST_Y(at) as lat
           from job_faults where job_id = $1 and id > $2 order by id limit $3",
    )
    .bind(id)
    .bind(after)
    .bind(most)
    .fetch_all(scoped.conn())
    .await?)
}

/// Keeps the faults of a job. Values of rows stand in the sentences, so of incidents none is kept in them.
pub async fn keep_faults(scoped: &mut Scoped, id: &str, scope_code: i64, faults: &[FaultRow]) -> Result<()> {
    for fault in faults.iter().take(1000) {
        sqlx::query!(
            "insert into job_faults (job_id, scope_code, row_number, column_name, code, reason_zh, reason_en, cure_zh, cure_en, at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, case when $10::float8 is null then null else ST_SetSRID(ST_MakePoint($10, $11), 4326) end)",
            id,
            scope_code,
            fault.row_number,
            &fault.column_name,
            &fault.code,
            &fault.reason_zh,
            &fault.reason_en,
            &fault.cure_zh,
            &fault.cure_en,
            fault.lon,
            fault.lat
        )
        .execute(scoped.conn())
        .await?;
    }
    Ok(())
}
