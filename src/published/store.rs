//! Published numbers in SQL.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::Month;
use crate::codes::{AreaCode, CodeRange, Level};
use crate::db::Scoped;
use crate::error::{Error, Result};
use crate::privacy::suppression::ORDINARY;
use crate::read_model::MonthNumber;

/// Groups of kinds in order, and whether one of the kinds in it is sensitive.
pub async fn groups(transaction: &mut Scoped) -> Result<Vec<(String, bool)>> {
    let groups: Vec<(String, bool)> = sqlx::query_as("select category_group, bool_or(sensitive) from incident_categories group by 1 order by 1")
        .fetch_all(transaction.conn())
        .await?;
    if groups.iter().any(|(name, _)| name == ORDINARY) {
        let message = format!("a group of kinds is called “{ORDINARY}”, which is the name of the total; call it otherwise");
        return Err(Error::Conflict { rule: "group_name_reserved".into(), message });
    }
    Ok(groups)
}

/// Townships in the publisher's area with cases, and the month of the first.
pub(super) async fn first_months(transaction: &mut Scoped) -> Result<Vec<(AreaCode, Month)>> {
    let rows: Vec<(i64, NaiveDate)> =
        sqlx::query_as("select township_lo, first_on from app.first_incidents() order by 1").fetch_all(transaction.conn()).await?;
    Ok(rows.into_iter().filter_map(|(lo, day)| Some((AreaCode::from_parts(lo, Level::Township)?, Month::of(day)))).collect())
}

/// The months of each township that are published.
pub(super) async fn published_months(transaction: &mut Scoped, within: CodeRange) -> Result<Vec<(AreaCode, Month)>> {
    let sql = "select township_lo, month_on from publications where township_lo >= $1 and township_lo < $2 order by 1, 2";
    let rows: Vec<(i64, NaiveDate)> = sqlx::query_as(sql).bind(within.lo).bind(within.hi).fetch_all(transaction.conn()).await?;
    Ok(rows.into_iter().filter_map(|(lo, day)| Some((AreaCode::from_parts(lo, Level::Township)?, Month::of(day)))).collect())
}

/// What happened in a township, by month, place and group.
pub(super) async fn counts(transaction: &mut Scoped, township: AreaCode, from: Month, to: Month) -> Result<Vec<(Month, AreaCode, String, u32)>> {
    let range = township.range();
    let rows: Vec<(NaiveDate, i64, String, i64)> =
        sqlx::query_as("select month_on, scope_code, category_group, incident_count from app.count_incidents($1, $2, $3, $4) order by 1, 2, 3")
            .bind(range.lo)
            .bind(range.hi)
            .bind(from.first_day())
            .bind(to.next().first_day())
            .fetch_all(transaction.conn())
            .await?;
    let place = |code| crate::rows::area_of(code).filter(|area: &AreaCode| township.holds(*area));
    Ok(rows.into_iter().filter_map(|(day, code, group, count)| Some((Month::of(day), place(code)?, group, u32::try_from(count).ok()?))).collect())
}

/// Villages of a township.
pub(super) async fn villages(transaction: &mut Scoped, township: AreaCode) -> Result<Vec<AreaCode>> {
    let range = township.range();
    let rows: Vec<i64> =
        sqlx::query_scalar!("select code_lo from areas where level = 12 and code_lo >= $1 and code_lo < $2 order by 1", range.lo, range.hi)
            .fetch_all(transaction.conn())
            .await?;
    Ok(rows.into_iter().filter_map(|lo| AreaCode::from_parts(lo, Level::Village)).collect())
}

/// Versions of cells of a township: code, first day, first day after.
pub(super) async fn cells(transaction: &mut Scoped, township: AreaCode) -> Result<Vec<(AreaCode, NaiveDate, Option<NaiveDate>)>> {
    let range = township.range();
    let rows: Vec<(i64, NaiveDate, Option<NaiveDate>)> =
        sqlx::query_as("select code, valid_from, valid_to from cells where code >= $1 and code < $2 order by code, valid_from")
            .bind(range.lo)
            .bind(range.hi)
            .fetch_all(transaction.conn())
            .await?;
    Ok(rows.into_iter().filter_map(|(code, from, to)| Some((AreaCode::from_parts(code, Level::Cell)?, from, to))).collect())
}

/// One publication as it is remembered.
#[derive(Debug)]
pub(super) struct Publication<'a> {
    pub township: AreaCode,
    pub month: Month,
    pub at: DateTime<Utc>,
    pub job_id: &'a str,
    pub shown: usize,
    pub withheld: usize,
}

/// Begins a publication; false where the month of the township was published before.
pub(super) async fn begin(transaction: &mut Scoped, publication: &Publication<'_>) -> Result<bool> {
    let done = sqlx::query!(
        "insert into publications (township_lo, month_on, published_at, job_id, shown_count, withheld_count) values ($1, $2, $3, $4, $5, $6)
         on conflict (township_lo, month_on) do nothing",
        publication.township.lo(),
        publication.month.first_day(),
        publication.at,
        Some(publication.job_id).filter(|id| !id.is_empty()),
        publication.shown as i32,
        publication.withheld as i32
    )
    .execute(transaction.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Entries to store, column by column.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub areas: Vec<i64>,
    pub levels: Vec<i16>,
    pub months: Vec<NaiveDate>,
    pub groups: Vec<String>,
    pub audiences: Vec<&'static str>,
    pub outcomes: Vec<&'static str>,
    pub counts: Vec<Option<i32>>,
    pub thresholds: Vec<i32>,
}

/// Stores entries of publications that began in this transaction.
pub(super) async fn insert(transaction: &mut Scoped, rows: &Rows, at: DateTime<Utc>) -> Result<()> {
    sqlx::query!("insert into published_table (scope_code, area_lo, level, month_on, category_group, audience, outcome, incident_count, threshold, published_at)
         select r.area, r.area, r.level, r.month, r.kinds, r.audience, r.outcome, r.count, r.threshold, $9
           from unnest($1::bigint[], $2::smallint[], $3::date[], $4::text[], $5::text[], $6::text[], $7::integer[], $8::integer[])
             as r (area, level, month, kinds, audience, outcome, count, threshold)", &rows.areas, &rows.levels, &rows.months, &rows.groups, &rows.audiences as &[&str], &rows.outcomes as &[&str], &rows.counts as &[Option<i32>], &rows.thresholds, at)
    .execute(transaction.conn())
    .await?;
    Ok(())
}

/// Days after the end of a month at which its numbers are published.
pub(super) async fn publish_after_days(transaction: &mut Scoped) -> Result<u64> {
    let days: f64 = sqlx::query_scalar!("select app.setting_number('publish_after_days', 5) as \"days!\"").fetch_one(transaction.conn()).await?;
    Ok(days.clamp(0.0, 25.0) as u64)
}

/// Places and months in which cases of the units were: what their people know without being told.
pub async fn known(transaction: &mut Scoped, units: &[i64]) -> Result<Vec<(i64, MonthNumber)>> {
    if units.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "select distinct scope_code, (extract(year from occurred_on) * 12 + extract(month from occurred_on) - 1)::integer
                 from incidents where unit_id = any($1) order by 1, 2";
    Ok(sqlx::query_as(sql).bind(units).fetch_all(transaction.conn()).await?)
}

/// A stored entry as a list shows it.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Stored {
    pub id: i64,
    pub area_lo: i64,
    pub level: i16,
    pub month_on: NaiveDate,
    pub category_group: String,
    pub incident_count: Option<i32>,
    pub threshold: i32,
}

/// What a list of entries is narrowed to.
#[derive(Debug)]
pub(super) struct Narrowed {
    pub within: CodeRange,
    pub level: Option<Level>,
    pub group: Option<String>,
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    pub staff: Vec<CodeRange>,
    pub after: i64,
    pub most: i64,
}

/// Stored entries, of each area those of the reader's audience there.
pub(super) async fn list(transaction: &mut Scoped, narrowed: &Narrowed) -> Result<Vec<Stored>> {
    let (lows, highs): (Vec<i64>, Vec<i64>) = narrowed.staff.iter().map(|range| (range.lo, range.hi)).unzip();
    let sql = "select id, area_lo, level, month_on, category_group, incident_count, threshold from published_table t
                where area_lo >= $1 and area_lo < $2 and ($3::smallint is null or level = $3) and ($4::text is null or category_group = $4)
                  and ($5::date is null or month_on >= $5) and ($6::date is null or month_on <= $6) and id > $7
                  and audience = case when exists (select 1 from unnest($8::bigint[], $9::bigint[]) as s (lo, hi) where t.area_lo >= s.lo and t.area_lo < s.hi)
                                      then 'k3' else 'k5' end
                order by id limit $10";
    Ok(sqlx::query_as(sql)
        .bind(narrowed.within.lo)
        .bind(narrowed.within.hi)
        .bind(narrowed.level.map(Level::to_i16))
        .bind(&narrowed.group)
        .bind(narrowed.from)
        .bind(narrowed.to)
        .bind(narrowed.after)
        .bind(lows)
        .bind(highs)
        .bind(narrowed.most)
        .fetch_all(transaction.conn())
        .await?)
}

/// A publication as a list shows it.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Remembered {
    pub id: i64,
    pub township_lo: i64,
    pub month_on: NaiveDate,
    pub published_at: DateTime<Utc>,
}

/// Publications, in the order in which they were made.
pub(super) async fn publications(transaction: &mut Scoped, within: CodeRange, after: i64, most: i64) -> Result<Vec<Remembered>> {
    let sql = "select id, township_lo, month_on, published_at from publications
                where township_lo < $2 and township_lo + 1000000 > $1 and id > $3 order by id limit $4";
    Ok(sqlx::query_as(sql).bind(within.lo).bind(within.hi).bind(after).bind(most).fetch_all(transaction.conn()).await?)
}

/// What a count of cases is narrowed to.
#[derive(Debug, Default)]
pub(super) struct Filters {
    pub category: Option<Vec<String>>,
    pub group: Option<String>,
    pub source: Option<Vec<String>>,
    pub state: Option<Vec<String>>,
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
}

/// Cases by place of a level, for a reader who may open each of them. A merged case counts as the one it was merged into.
pub(super) async fn count_cases(transaction: &mut Scoped, within: CodeRange, level: Level, filters: &Filters) -> Result<BTreeMap<i64, u64>> {
    let sql = "select i.scope_code - i.scope_code % $3, count(*) from incidents i
                where i.scope_code >= $1 and i.scope_code < $2 and i.scope_code <@ (select app.allowed('cases')) and i.state not in ('draft', 'merged')
                  and ($4::text[] is null or i.category = any($4)) and ($5::text[] is null or i.source = any($5)) and ($6::text[] is null or i.state = any($6))
                  and ($7::date is null or i.occurred_on >= $7) and ($8::date is null or i.occurred_on <= $8)
                  and ($9::text is null or exists (select 1 from incident_categories c where c.code = i.category and
                       case when $9 = 'ordinary' then not exists (select 1 from incident_categories s where s.category_group = c.category_group and s.sensitive)
                            else c.category_group = $9 end))
                group by 1";
    let rows: Vec<(i64, i64)> = sqlx::query_as(sql)
        .bind(within.lo)
        .bind(within.hi)
        .bind(level.span())
        .bind(&filters.category)
        .bind(&filters.source)
        .bind(&filters.state)
        .bind(filters.from)
        .bind(filters.to)
        .bind(&filters.group)
        .fetch_all(transaction.conn())
        .await?;
    Ok(rows.into_iter().map(|(place, count)| (place, count as u64)).collect())
}

/// Cases of a range of codes by the day on which they happened, in order.
pub(super) async fn count_days(transaction: &mut Scoped, within: CodeRange, filters: &Filters) -> Result<Vec<(NaiveDate, u64)>> {
    let sql = "select i.occurred_on, count(*) from incidents i
                where i.scope_code >= $1 and i.scope_code < $2 and i.scope_code <@ (select app.allowed('cases')) and i.state not in ('draft', 'merged')
                  and ($3::text[] is null or i.category = any($3)) and ($4::text[] is null or i.source = any($4)) and ($5::text[] is null or i.state = any($5))
                  and ($6::date is null or i.occurred_on >= $6) and ($7::date is null or i.occurred_on <= $7)
                group by 1 order by 1";
    let rows: Vec<(NaiveDate, i64)> = sqlx::query_as(sql)
        .bind(within.lo)
        .bind(within.hi)
        .bind(&filters.category)
        .bind(&filters.source)
        .bind(&filters.state)
        .bind(filters.from)
        .bind(filters.to)
        .fetch_all(transaction.conn())
        .await?;
    Ok(rows.into_iter().map(|(day, count)| (day, count as u64)).collect())
}

/// Cases of a range of codes by category and source, for a reader who may open each of them.
pub(super) async fn count_kinds(transaction: &mut Scoped, within: CodeRange, filters: &Filters) -> Result<Vec<(String, String, u64)>> {
    let sql = "select i.category, i.source, count(*) from incidents i
                where i.scope_code >= $1 and i.scope_code < $2 and i.scope_code <@ (select app.allowed('cases')) and i.state not in ('draft', 'merged')
                  and ($3::text[] is null or i.category = any($3)) and ($4::text[] is null or i.source = any($4)) and ($5::text[] is null or i.state = any($5))
                  and ($6::date is null or i.occurred_on >= $6) and ($7::date is null or i.occurred_on <= $7)
                group by 1, 2 order by 1, 2";
    let rows: Vec<(String, String, i64)> = sqlx::query_as(sql)
        .bind(within.lo)
        .bind(within.hi)
        .bind(&filters.category)
        .bind(&filters.source)
        .bind(&filters.state)
        .bind(filters.from)
        .bind(filters.to)
        .fetch_all(transaction.conn())
        .await?;
    Ok(rows.into_iter().map(|(category, source, count)| (category, source, count as u64)).collect())
}
