//! Warnings in SQL.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

use crate::codes::CodeRange;
use crate::db::Scoped;
use crate::error::{Error, Result};

/// A stored warning.
#[derive(Debug, Clone, PartialEq, serde::Serialize, sqlx::FromRow)]
#[expect(missing_docs, reason = "the columns are described in the database")]
pub struct Warning {
    pub id: i64,
    pub rule: String,
    pub rule_version: i32,
    pub subject_kind: String,
    pub subject_key: String,
    pub part: String,
    pub cells: Vec<i64>,
    pub scope_code: i64,
    pub of_cases: bool,
    pub level: String,
    pub found_level: String,
    pub numbers: Value,
    pub sentence_zh: String,
    pub sentence_en: String,
    pub raised_on: NaiveDate,
    pub raised_at: DateTime<Utc>,
    pub held_on: NaiveDate,
    pub ended_on: Option<NaiveDate>,
    pub changed_at: DateTime<Utc>,
    pub state: String,
    pub owner: String,
    pub due_on: NaiveDate,
    pub version: i32,
}

const COLUMNS: &str = "id, rule, rule_version, subject_kind, subject_key, part, cells, scope_code, of_cases, level, found_level, numbers, sentence_zh, sentence_en, \
                       raised_on, raised_at, held_on, ended_on, changed_at, state, owner, due_on, version";

/// A step as it is stored.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub(super) struct Step {
    pub at: DateTime<Utc>,
    pub by_hand: bool,
    pub action: String,
    pub from_state: Option<String>,
    pub to_state: String,
    pub level: String,
    pub reason: String,
    pub numbers: Value,
}

/// Which warnings.
#[derive(Debug, Clone)]
pub struct Filters {
    /// States.
    pub state: Option<Vec<String>>,
    /// Names of rules.
    pub rule: Option<Vec<String>>,
    /// Codes whose warnings are wanted.
    pub within: CodeRange,
    /// Instant since which a step was taken.
    pub changed_since: Option<DateTime<Utc>>,
}

/// Warnings, newest first, with keys below `before`.
pub async fn list(transaction: &mut Scoped, filters: &Filters, before: i64, most: i64) -> Result<Vec<Warning>> {
    let sql = format!(
        "select {COLUMNS} from warnings where ($1::text[] is null or state = any($1)) and ($2::text[] is null or rule = any($2))
            and scope_code >= $3 and scope_code < $4 and ($5::timestamptz is null or changed_at >= $5) and id < $6 order by id desc limit $7"
    );
    Ok(sqlx::query_as(&sql)
        .bind(&filters.state)
        .bind(&filters.rule)
        .bind(filters.within.lo)
        .bind(filters.within.hi)
        .bind(filters.changed_since)
        .bind(before)
        .bind(most)
        .fetch_all(transaction.conn())
        .await?)
}

/// One warning.
pub(super) async fn get(transaction: &mut Scoped, id: i64) -> Result<Warning> {
    let sql = format!("select {COLUMNS} from warnings where id = $1");
    let found = sqlx::query_as(&sql).bind(id).fetch_optional(transaction.conn()).await?;
    found.ok_or_else(|| Error::NotFound { what: "warning", id: id.to_string() })
}

/// Locks a warning until the end of the transaction.
pub(super) async fn hold(transaction: &mut Scoped, id: i64) -> Result<()> {
    sqlx::query("select 1 from warnings where id = $1 for update").bind(id).execute(transaction.conn()).await?;
    Ok(())
}

/// The steps of a warning, the first one first.
pub(super) async fn steps(transaction: &mut Scoped, id: i64) -> Result<Vec<Step>> {
    let sql = "select at, run_id is null as by_hand, action, from_state, to_state, level, reason, numbers from warning_steps where warning_id = $1 order by id";
    Ok(sqlx::query_as(sql).bind(id).fetch_all(transaction.conn()).await?)
}

/// A step about to be taken.
#[derive(Debug)]
pub(super) struct NewStep<'a> {
    pub at: DateTime<Utc>,
    pub run_id: Option<&'a str>,
    pub actor_id: Option<i64>,
    pub action: &'static str,
    pub to_state: &'a str,
    pub level: &'a str,
    pub reason: &'a str,
    /// Day on which it ended, where it does.
    pub ended_on: Option<NaiveDate>,
    /// New day to act by, where it changes.
    pub due_on: Option<NaiveDate>,
    pub owner: Option<&'a str>,
}

/// Takes a step: the row as it then is, and its history.
pub(super) async fn take(transaction: &mut Scoped, row: &Warning, step: &NewStep<'_>) -> Result<()> {
    let sql = "update warnings set state = $2, level = $3, changed_at = $4, ended_on = coalesce($5, ended_on), due_on = coalesce($6, due_on),
                      owner = coalesce($7, owner) where id = $1";
    sqlx::query(sql)
        .bind(row.id)
        .bind(step.to_state)
        .bind(step.level)
        .bind(step.at)
        .bind(step.ended_on)
        .bind(step.due_on)
        .bind(step.owner)
        .execute(transaction.conn())
        .await?;
    let sql =
        "insert into warning_steps (warning_id, scope_code, of_cases, at, run_id, actor_id, action, from_state, to_state, level, reason, numbers)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    sqlx::query(sql)
        .bind(row.id)
        .bind(row.scope_code)
        .bind(row.of_cases)
        .bind(step.at)
        .bind(step.run_id)
        .bind(step.actor_id)
        .bind(step.action)
        .bind(&row.state)
        .bind(step.to_state)
        .bind(step.level)
        .bind(step.reason)
        .bind(&row.numbers)
        .execute(transaction.conn())
        .await?;
    Ok(())
}

/// What was judged by hand, rule by rule, as far as the reader may see it: (rule, confirmed, false alarms, open now).
///
/// The last judgement of a warning counts: acknowledged, escalated and downgraded ones were real.
pub(super) async fn judged(transaction: &mut Scoped) -> Result<Vec<(String, i64, i64, i64)>> {
    let sql = "select w.rule, count(*) filter (where last.action in ('acknowledge', 'escalate', 'downgrade')), count(*) filter (where last.action = 'false_alarm'),
                      count(*) filter (where w.ended_on is null and w.state <> 'false_alarm')
                 from warnings w
                 left join lateral (select action from warning_steps s where s.warning_id = w.id and s.run_id is null order by s.id desc limit 1) last on true
                group by w.rule";
    Ok(sqlx::query_as(sql).fetch_all(transaction.conn()).await?)
}

/// Back-tests as far as the reader may see them: (rule, version, first day, last day, would have raised).
pub(super) async fn back_tests(transaction: &mut Scoped) -> Result<Vec<(String, i32, NaiveDate, NaiveDate, i64)>> {
    let sql = "select rule, max(rule_version), min(from_on), max(to_on), sum(would_raise)::bigint from warning_backtests group by rule";
    Ok(sqlx::query_as(sql).fetch_all(transaction.conn()).await?)
}

/// Steps that a run took, as far as the reader may see them: (rule, raised, ended, changed).
pub(super) async fn steps_of_run(transaction: &mut Scoped, run_id: &str) -> Result<Vec<(String, i64, i64, i64)>> {
    let sql = "select w.rule, count(*) filter (where s.action = 'raise'), count(*) filter (where s.action = 'end'), count(*) filter (where s.action = 'level')
                 from warning_steps s join warnings w on w.id = s.warning_id where s.run_id = $1 group by w.rule order by w.rule";
    Ok(sqlx::query_as(sql).bind(run_id).fetch_all(transaction.conn()).await?)
}

/// Warnings that hold, in a range and of some rules; for a run.
pub(super) async fn holding(transaction: &mut Scoped, within: CodeRange, rules: &[&str]) -> Result<Vec<Warning>> {
    let sql =
        format!("select {COLUMNS} from warnings where ended_on is null and scope_code >= $1 and scope_code < $2 and rule = any($3) order by id");
    Ok(sqlx::query_as(&sql).bind(within.lo).bind(within.hi).bind(rules).fetch_all(transaction.conn()).await?)
}

/// Raises a warning.
pub(super) async fn raise(transaction: &mut Scoped, new: &Warning, run_id: &str) -> Result<()> {
    let sql = "with raised as (
                 insert into warnings (rule, rule_version, subject_kind, subject_key, part, cells, scope_code, of_cases, level, found_level, numbers,
                                       sentence_zh, sentence_en, raised_on, raised_at, held_on, changed_at, state, owner, due_on)
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, $11, $12, $13, $14, $13, $14, 'open', $15, $16) returning *)
               insert into warning_steps (warning_id, scope_code, of_cases, at, run_id, action, to_state, level, numbers)
               select id, scope_code, of_cases, raised_at, $17, 'raise', state, level, numbers from raised";
    sqlx::query(sql)
        .bind(&new.rule)
        .bind(new.rule_version)
        .bind(&new.subject_kind)
        .bind(&new.subject_key)
        .bind(&new.part)
        .bind(&new.cells)
        .bind(new.scope_code)
        .bind(new.of_cases)
        .bind(&new.level)
        .bind(&new.numbers)
        .bind(&new.sentence_zh)
        .bind(&new.sentence_en)
        .bind(new.raised_on)
        .bind(new.raised_at)
        .bind(&new.owner)
        .bind(new.due_on)
        .bind(run_id)
        .execute(transaction.conn())
        .await?;
    Ok(())
}

/// Notes that a warning still holds, with its numbers of today; nothing is told of it.
pub(super) async fn still_holds(transaction: &mut Scoped, row: &Warning) -> Result<()> {
    let sql = "update warnings set held_on = $2, numbers = $3, sentence_zh = $4, sentence_en = $5, found_level = $6
                where id = $1 and (held_on, numbers, sentence_zh, sentence_en, found_level) is distinct from ($2, $3, $4, $5, $6)";
    sqlx::query(sql)
        .bind(row.id)
        .bind(row.held_on)
        .bind(&row.numbers)
        .bind(&row.sentence_zh)
        .bind(&row.sentence_en)
        .bind(&row.found_level)
        .execute(transaction.conn())
        .await?;
    Ok(())
}

/// Keeps what a rule would have done in the last year, in place of what was kept before.
pub(super) async fn keep_back_test(
    transaction: &mut Scoped,
    rule: &super::Entry,
    within: CodeRange,
    (from, to): (NaiveDate, NaiveDate),
    counts: &[(i64, i32)],
) -> Result<()> {
    let sql = "delete from warning_backtests where rule = $1 and scope_code >= $2 and scope_code < $3";
    sqlx::query(sql).bind(rule.name).bind(within.lo).bind(within.hi).execute(transaction.conn()).await?;
    let (places, would): (Vec<i64>, Vec<i32>) = counts.iter().copied().unzip();
    let sql = "insert into warning_backtests (rule, rule_version, scope_code, of_cases, from_on, to_on, would_raise)
               select $1, $2, t.place, $3, $4, $5, t.would from unnest($6::bigint[], $7::integer[]) as t (place, would)";
    sqlx::query(sql)
        .bind(rule.name)
        .bind(rule.version)
        .bind(rule.of_cases)
        .bind(from)
        .bind(to)
        .bind(places)
        .bind(would)
        .execute(transaction.conn())
        .await?;
    Ok(())
}

/// Whether the night of a county was worked off.
pub(super) async fn night_is_done(transaction: &mut Scoped, county_lo: i64, night_on: NaiveDate) -> Result<bool> {
    let sql = "select exists (select 1 from warning_nights where scope_code = $1 and night_on >= $2)";
    Ok(sqlx::query_scalar(sql).bind(county_lo).bind(night_on).fetch_one(transaction.conn()).await?)
}

/// Notes that the night of a county is worked off.
pub(super) async fn night_done(transaction: &mut Scoped, county_lo: i64, night_on: NaiveDate, run_id: &str, at: DateTime<Utc>) -> Result<()> {
    let sql = "insert into warning_nights (scope_code, night_on, run_id, at) values ($1, $2, $3, $4)
               on conflict (scope_code) do update set night_on = excluded.night_on, run_id = excluded.run_id, at = excluded.at";
    sqlx::query(sql).bind(county_lo).bind(night_on).bind(run_id).bind(at).execute(transaction.conn()).await?;
    Ok(())
}

/// Takes the turn at a county until the end of the transaction; false where another process has it.
pub(super) async fn take_turn(transaction: &mut Scoped, county_lo: i64) -> Result<bool> {
    let sql = "select pg_try_advisory_xact_lock(7301, ($1 / 1000000000)::integer)";
    Ok(sqlx::query_scalar(sql).bind(county_lo).fetch_one(transaction.conn()).await?)
}
