//! The rows of an export, read one by one in the transaction of the reader, whose scopes the policies hold.

use chrono::NaiveDate;
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::Row;
use super::what::{Kind, Shape, Value, What};
use crate::codes::CodeRange;
use crate::db::{Scoped, wkb_to_geometry};
use crate::error::Result;

/// Which rows, beside what the reader may see.
#[derive(Debug, Clone, Default)]
pub struct Filters {
    /// The day; of cells, households and facilities.
    pub day: NaiveDate,
    /// Codes they lie in.
    pub range: Option<CodeRange>,
    /// West, south, east, north in degrees; not of cases.
    pub frame: Option<[f64; 4]>,
    /// A part of a name, or the beginning of a code; of areas and cells.
    pub sought: Option<String>,
    /// Codes: of a facility's kind, of a case's category.
    pub kind: Option<Vec<String>>,
    /// Codes of a case's source.
    pub source: Option<Vec<String>>,
    /// Codes of a case's state.
    pub state: Option<Vec<String>>,
    /// First day on which a case happened.
    pub from: Option<NaiveDate>,
    /// Last day on which it happened.
    pub to: Option<NaiveDate>,
}

/// The columns of each thing in the order of `what`, then the key of its source and the shape.
///
/// `$1` day, `$2` `$3` codes, `$4` box, `$5` pattern of a name with `$6` `$7` its codes, `$8` kinds, `$9` sources,
/// `$10` states, `$11` `$12` days.
const fn statement(what: What) -> &'static str {
    match what {
        What::Areas => {
            "select app.code_text(code_lo, level), name_zh, nullif(name_en, ''), level::bigint, urban_rural_class, null::bigint, origin_key,
                    ST_AsBinary(geom), code_lo, code_hi
               from areas
              where $1::date is not null and code_lo >= $2 and code_lo < $3
                and ($4::float8[] is null or geom && ST_MakeEnvelope($4[1], $4[2], $4[3], $4[4], 4326))
                and ($5::text is null or name_zh ilike $5 or name_en ilike $5 or (code_lo >= $6 and code_lo < $7))
                and $8::text[] is null and $9::text[] is null and $10::text[] is null and $11::date is null and $12::date is null
              order by code_lo, level"
        }
        What::Cells => {
            "select app.code_text(c.code, 15::smallint), c.name_zh, nullif(c.name_en, ''), nullif(c.short_name, ''), c.kind,
                    app.code_text(c.code - c.code % 1000, 12::smallint), v.name_zh, t.name_zh, c.area_m2, null::bigint, c.valid_from, c.valid_to,
                    c.origin_key, ST_AsBinary(c.geom), c.code, c.code + 1
               from cells c
               left join areas v on v.code_lo = c.code - c.code % 1000 and v.level = 12
               left join areas t on t.code_lo = c.code - c.code % 1000000 and t.level = 9
              where c.valid_from <= $1 and (c.valid_to is null or c.valid_to > $1) and c.code >= $2 and c.code < $3
                and ($4::float8[] is null or c.geom && ST_MakeEnvelope($4[1], $4[2], $4[3], $4[4], 4326))
                and ($5::text is null or c.name_zh ilike $5 or c.name_en ilike $5 or c.short_name ilike $5 or (c.code >= $6 and c.code < $7))
                and $8::text[] is null and $9::text[] is null and $10::text[] is null and $11::date is null and $12::date is null
              order by c.code"
        }
        What::Households => {
            "select household_id::text, household_count::bigint, population_band, dwelling_kind, nullif(address, ''),
                    case when scope_code % 1000 <> 0 then app.code_text(scope_code, 15::smallint) end, scope_code::text, valid_from, valid_to,
                    origin_key, ST_AsBinary(geom), scope_code, scope_code + 1
               from households
              where valid_from <= $1 and (valid_to is null or valid_to > $1) and scope_code >= $2 and scope_code < $3
                and ($4::float8[] is null or ST_Intersects(geom, ST_MakeEnvelope($4[1], $4[2], $4[3], $4[4], 4326)))
                and $5::text is null and $6::bigint is null and $7::bigint is null
                and $8::text[] is null and $9::text[] is null and $10::text[] is null and $11::date is null and $12::date is null
              order by household_id"
        }
        What::Facilities => {
            "select facility_id::text, kind, name_zh, nullif(name_en, ''), nullif(operator, ''), capacity::bigint, nullif(hours, ''), barrier_free,
                    nullif(phone_public, ''), case when scope_code % 1000 <> 0 then app.code_text(scope_code, 15::smallint) end, scope_code::text,
                    valid_from, valid_to, origin_key, ST_AsBinary(geom), scope_code, scope_code + 1
               from facilities
              where valid_from <= $1 and (valid_to is null or valid_to > $1) and scope_code >= $2 and scope_code < $3
                and ($4::float8[] is null or ST_Intersects(geom, ST_MakeEnvelope($4[1], $4[2], $4[3], $4[4], 4326)))
                and $5::text is null and $6::bigint is null and $7::bigint is null and ($8::text[] is null or kind = any($8))
                and $9::text[] is null and $10::text[] is null and $11::date is null and $12::date is null
              order by facility_id"
        }
        What::Incidents => {
            "select id::text, case_no, category, source, state, occurred_on, discovered_on, due_on, closed_on, parties_count::bigint, parties_kind,
                    complexity, risk_level, nullif(summary, ''), unit_id::text,
                    case when scope_code % 1000 <> 0 then app.code_text(scope_code, 15::smallint) end, scope_code::text, escalated,
                    null::text, null::bytea, scope_code, scope_code + 1
               from incidents
              where $1::date is not null and scope_code >= $2 and scope_code < $3
                and $4::float8[] is null and $5::text is null and $6::bigint is null and $7::bigint is null
                and ($8::text[] is null or category = any($8)) and ($9::text[] is null or source = any($9))
                and ($10::text[] is null or state = any($10))
                and ($11::date is null or occurred_on >= $11) and ($12::date is null or occurred_on <= $12)
              order by id"
        }
    }
}

/// The rows, streamed.
///
/// * `households_in` – how many households a range of codes has, as far as the reader may know; for areas and cells
pub(super) fn read<'t>(
    transaction: &'t mut Scoped,
    what: What,
    filters: Filters,
    with_keys: bool,
    households_in: impl Fn(CodeRange) -> Option<u64> + Send + 't,
) -> BoxStream<'t, Result<Row>> {
    let (pattern, codes) = filters.sought.as_deref().map(crate::rows::sought).unzip();
    let codes = codes.flatten();
    let range = filters.range.unwrap_or(CodeRange { lo: 0, hi: i64::MAX });
    sqlx::query(statement(what))
        .bind(filters.day)
        .bind(range.lo)
        .bind(range.hi)
        .bind(filters.frame.map(|frame| frame.to_vec()))
        .bind(pattern)
        .bind(codes.map(|range| range.lo))
        .bind(codes.map(|range| range.hi))
        .bind(filters.kind)
        .bind(filters.source)
        .bind(filters.state)
        .bind(filters.from)
        .bind(filters.to)
        .fetch(transaction.conn())
        .map_err(crate::error::Error::from)
        .map(move |row| row.and_then(|row| take(&row, what, with_keys, &households_in)))
        .boxed()
}

fn take(row: &PgRow, what: What, with_keys: bool, households_in: &impl Fn(CodeRange) -> Option<u64>) -> Result<Row> {
    let columns = what.columns();
    let width = columns.len();
    let mut values = Vec::with_capacity(width + 1);
    for (at, column) in columns.iter().enumerate() {
        let value = match column.kind {
            Kind::Text(_) => row.try_get::<Option<String>, _>(at)?.map(Value::Text),
            Kind::Int => row.try_get::<Option<i64>, _>(at)?.map(Value::Int),
            Kind::Real => row.try_get::<Option<f64>, _>(at)?.map(Value::Real),
            Kind::Flag => row.try_get::<Option<bool>, _>(at)?.map(Value::Flag),
            Kind::Day => row.try_get::<Option<NaiveDate>, _>(at)?.map(Value::Day),
        };
        values.push(value.unwrap_or(Value::Null));
    }
    if matches!(what, What::Areas | What::Cells)
        && let Some(at) = columns.iter().position(|column| column.name == "household_count")
    {
        let range = CodeRange { lo: row.try_get(width + 2)?, hi: row.try_get(width + 3)? };
        values[at] = households_in(range).map_or(Value::Null, |count| Value::Int(count as i64));
    }
    if let Some(at) = columns.iter().position(|column| column.name == "area_code")
        && let Value::Text(_) = values[at]
    {
        let scope: i64 = row.try_get(width + 2)?;
        values[at] = crate::rows::area_of(scope).map_or(Value::Null, |code| Value::Text(code.to_string()));
    }
    if with_keys {
        values.push(row.try_get::<Option<String>, _>(width)?.map_or(Value::Null, Value::Text));
    }
    let shape = if what.shape() == Shape::None { None } else { row.try_get::<Option<Vec<u8>>, _>(width + 1)? };
    Ok(Row { values, shape: shape.as_deref().map(wkb_to_geometry).transpose()? })
}
