//! The statements of exports: one a thing, with its columns in the order in which `what` lists them.

use super::what::What;

/// A layer of the base map, the same for every reader.
macro_rules! base_map {
    ($layer:literal) => {
        concat!(
            "select kind, nullif(name_zh, ''), nullif(name_en, ''), min_zoom::bigint, null::text, ST_AsBinary(geom), 0::bigint, 0::bigint
               from basemap_features
              where layer = '",
            $layer,
            "' and $1::date is not null and $2::bigint is not null and $3::bigint is not null
                and ($4::float8[] is null or geom && ST_MakeEnvelope($4[1], $4[2], $4[3], $4[4], 4326))
                and $5::text is null and $6::bigint is null and $7::bigint is null
                and $8::text[] is null and $9::text[] is null and $10::text[] is null and $11::date is null and $12::date is null
              order by id"
        )
    };
}

/// The columns of each thing in the order of `what`, then the key of its source and the shape.
///
/// `$1` day, `$2` `$3` codes, `$4` box, `$5` pattern of a name with `$6` `$7` its codes, `$8` kinds, `$9` sources,
/// `$10` states, `$11` `$12` days; of published numbers `$13` a level, `$14` `$15` the areas of whose cases one is staff.
///
/// None of heat, whose rows are made of others: see [`POINTS`] and [`PLACES`].
pub(super) const fn statement(what: What) -> Option<&'static str> {
    Some(match what {
        What::Heat => return None,
        What::AreaLabels => AREA_LABELS,
        What::CellLabels => CELL_LABELS,
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
        What::Published => {
            // Whose numbers one is told is settled as in the list of `published`.
            "select app.code_text(t.area_lo, t.level), coalesce(c.name_zh, a.name_zh), nullif(coalesce(c.name_en, a.name_en), ''), t.level::bigint,
                    to_char(t.month_on, 'YYYY-MM'), t.category_group, t.incident_count::bigint, t.threshold::bigint,
                    null::text, ST_AsBinary(coalesce(c.geom, a.geom)), t.area_lo, t.area_lo + 1, t.month_on, t.level
               from published_table t
               left join areas a on a.code_lo = t.area_lo and a.level = t.level
               left join cells c on t.level = 15 and c.code = t.area_lo and c.valid_from <= $1 and (c.valid_to is null or c.valid_to > $1)
              where t.area_lo >= $2 and t.area_lo < $3
                and ($4::float8[] is null or coalesce(c.geom, a.geom) && ST_MakeEnvelope($4[1], $4[2], $4[3], $4[4], 4326))
                and $5::text is null and $6::bigint is null and $7::bigint is null and ($8::text[] is null or t.category_group = any($8))
                and $9::text[] is null and $10::text[] is null
                and ($11::date is null or t.month_on >= date_trunc('month', $11)) and ($12::date is null or t.month_on <= $12)
                and ($13::smallint is null or t.level = $13)
                and t.audience = case when exists (select 1 from unnest($14::bigint[], $15::bigint[]) as s (lo, hi)
                                                    where t.area_lo >= s.lo and t.area_lo < s.hi) then 'k3' else 'k5' end
              order by t.area_lo, t.level, t.month_on, t.category_group"
        }
        What::Water => base_map!("water"),
        What::Roads => base_map!("roads"),
        What::Landuse => base_map!("landuse"),
        What::Buildings => base_map!("buildings"),
        What::Boundaries => base_map!("boundaries"),
        What::Places => base_map!("places"),
    })
}

/// Areas with a border, to be labelled.
const AREA_LABELS: &str =
    "select app.code_text(code_lo, level), name_zh, nullif(name_en, ''), level::bigint, null::text, ST_AsBinary(geom), code_lo, code_hi
       from areas
      where $1::date is not null and geom is not null and code_lo >= $2 and code_lo < $3
        and ($4::float8[] is null or geom && ST_MakeEnvelope($4[1], $4[2], $4[3], $4[4], 4326))
        and ($5::text is null or name_zh ilike $5 or name_en ilike $5 or (code_lo >= $6 and code_lo < $7))
        and $8::text[] is null and $9::text[] is null and $10::text[] is null and $11::date is null and $12::date is null
      order by code_lo, level";

/// Cells of a day, to be labelled.
const CELL_LABELS: &str = "select app.code_text(code, 15::smallint), name_zh, nullif(name_en, ''), nullif(short_name, ''), 15::bigint, null::text,
            ST_AsBinary(geom), code, code + 1
       from cells
      where valid_from <= $1 and (valid_to is null or valid_to > $1) and code >= $2 and code < $3
        and ($4::float8[] is null or geom && ST_MakeEnvelope($4[1], $4[2], $4[3], $4[4], 4326))
        and ($5::text is null or name_zh ilike $5 or name_en ilike $5 or short_name ilike $5 or (code >= $6 and code < $7))
        and $8::text[] is null and $9::text[] is null and $10::text[] is null and $11::date is null and $12::date is null
      order by code";

/// Safe places of cases each of which the reader may open: `$1` `$2` codes, `$3` a box, `$4` categories, `$5` sources,
/// `$6` states, `$7` `$8` days.
pub(super) const POINTS: &str = "select ST_X(p.geom), ST_Y(p.geom)
   from incidents i join safe_places p on p.id = i.safe_place_id
  where i.scope_code >= $1 and i.scope_code < $2 and i.scope_code <@ (select app.allowed('cases'))
    and ($3::float8[] is null or p.geom && ST_MakeEnvelope($3[1], $3[2], $3[3], $3[4], 4326))
    and ($4::text[] is null or i.category = any($4)) and ($5::text[] is null or i.source = any($5))
    and (i.state = any($6) or $6::text[] is null and i.state not in ('draft', 'merged'))
    and i.occurred_on between $7 and $8
  order by i.id";

/// The first and last month that were published in a range of codes.
pub(super) const MONTHS: &str = "select min(month_on), max(month_on) from publications
  where int8range(township_lo, township_lo + 1000000) && int8range($1, $2)
    and int8range(township_lo, township_lo + 1000000) && (select app.allowed('published'))";

/// Places of a level with the numbers published of them: `$1` day, `$2` `$3` codes, `$4` a box, `$5` the level, `$6` the
/// group, `$7` `$8` first and last month, `$9` `$10` the areas of whose cases one is staff.
pub(super) const PLACES: &str = "with places as (
    select code as lo, 15::smallint as level, name_zh, name_en, area_m2, geom from cells
     where $5::smallint = 15 and valid_from <= $1 and (valid_to is null or valid_to > $1)
    union all
    select code_lo, level, name_zh, name_en, ST_Area(geom::geography), geom from areas where $5::smallint <> 15 and level = $5 and geom is not null)
 select p.lo, p.level, p.name_zh, nullif(p.name_en, ''), p.area_m2, ST_AsBinary(p.geom), coalesce(t.months, '{}'), coalesce(t.counts, '{}')
   from places p
   left join lateral (
     select array_agg(month_on order by month_on) as months, array_agg(incident_count order by month_on) as counts
       from published_table t
      where t.area_lo = p.lo and t.level = p.level and t.category_group = $6 and t.month_on between $7 and $8 and t.incident_count is not null
        and t.audience = case when exists (select 1 from unnest($9::bigint[], $10::bigint[]) as s (lo, hi)
                                            where p.lo >= s.lo and p.lo < s.hi) then 'k3' else 'k5' end) t on true
  where p.lo >= $2 and p.lo < $3 and p.lo <@ (select app.allowed('published'))
    and ($4::float8[] is null or p.geom && ST_MakeEnvelope($4[1], $4[2], $4[3], $4[4], 4326))
  order by p.lo";
