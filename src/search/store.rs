//! What was found, in SQL.

use chrono::NaiveDate;

use crate::db::Scoped;
use crate::error::Result;
use crate::rows::sought;

/// A find.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Found {
    /// `area`, `cell`, `facility`, `address`.
    pub what: String,
    /// On the 15-digit scale: the area, the cell, or where the facility belongs.
    pub code: i64,
    /// Digits of the code of an area; 15 otherwise.
    pub level: i16,
    /// Key of a facility.
    pub id: Option<i64>,
    /// Name in Chinese.
    pub name_zh: String,
    /// Name in English.
    pub name_en: String,
    /// Longitude of a facility.
    pub lon: Option<f64>,
    /// Latitude of a facility.
    pub lat: Option<f64>,
}

/// The best finds for a text: what is named exactly so first, then what begins so; wide areas before narrow ones.
pub async fn find(transaction: &mut Scoped, text: &str, day: NaiveDate, limit: i64) -> Result<Vec<Found>> {
    let (pattern, codes) = sought(text);
    let sql = "
        with found as (
          select 'area' as what, code_lo as code, level, null::bigint as id, name_zh, name_en, '' as other, null::float8 as lon, null::float8 as lat
            from areas where name_zh ilike $2 or name_en ilike $2 or (code_lo >= $4 and code_lo < $5 and level >= $6)
          union all
          select 'cell', code, 15::smallint, null, name_zh, name_en, short_name, null, null
            from cells where valid_from <= $1 and (valid_to is null or valid_to > $1)
             and (name_zh ilike $2 or name_en ilike $2 or short_name ilike $2 or (code >= $4 and code < $5))
          union all
          select 'facility', scope_code, 16::smallint, facility_id, name_zh, name_en, '', ST_X(geom), ST_Y(geom)
            from facilities where valid_from <= $1 and (valid_to is null or valid_to > $1) and (name_zh ilike $2 or name_en ilike $2)
          union all
          (select 'address', scope_code, 17::smallint, household_id, address, '', '', ST_X(geom), ST_Y(geom)
             from households where valid_from <= $1 and (valid_to is null or valid_to > $1) and length($3) >= 2 and address ilike $2
            order by length(address), household_id limit $7)
        )
        select what, code, level, id, name_zh, name_en, lon, lat from found
         order by case when lower($3) in (lower(name_zh), lower(name_en), lower(other)) then 0
                       when starts_with(lower(name_zh), lower($3)) or starts_with(lower(name_en), lower($3)) then 1 else 2 end,
                  level, code, id nulls first
         limit $7";
    let rows = sqlx::query_as(sql)
        .bind(day)
        .bind(pattern)
        .bind(text.trim())
        .bind(codes.map(|range| range.lo))
        .bind(codes.map(|range| range.hi))
        .bind(text.trim().len().min(15) as i16)
        .bind(limit)
        .fetch_all(transaction.conn())
        .await?;
    Ok(rows)
}
