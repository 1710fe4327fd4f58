//! Heat with a date and a category filter beside the same in SQL: bins of 2^14 world units around the tile, each a point at
//! the mean of its cases with their count, `ST_AsMVT`.
//!
//! SQL gets what helps it: the indexes below beside those of the program, the scope in the statement, plans both generic
//! and for the values at hand, of which the cheaper counts, and, in a third run, a table made for nothing else: place on the
//! grid, category, day and scope beside each other in one index. The client's own work is not counted.

use std::fmt::Write as _;
use std::time::Instant;

use maplebridge::mvt::{TileId, World};
use maplebridge::read_model::Reader;
use maplebridge::tiles::{Filter, encode, parse};
use mvt_reader::feature::Value;
use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::tiles::{own_cpu, scope, settled};
use crate::{cpu_ns, start_model};

type Anyhow<T> = Result<T, Box<dyn std::error::Error>>;

const ROUNDS: u64 = 20;
/// Categories and days: a third of all kinds in a year, as neighbours alone are in a county; and two kinds of eighteen.
const FILTERS: [(&[&str], [&str; 2]); 2] =
    [(&["02", "03", "06", "10", "13", "14"], ["2024-01-01", "2024-12-31"]), (&["02", "14"], ["2024-01-01", "2024-12-31"])];

const INDEXES: &str = "
create index if not exists bench_heat_by_place on incidents (safe_place_id, category, occurred_on) include (scope_code);
create index if not exists bench_heat_by_kind on incidents (category, occurred_on) include (safe_place_id, scope_code);
create table if not exists bench.heat_rows as
select floor((ST_X(p.geom) + 180) / 360 * 4294967296)::bigint as x,
       floor((0.5 - ln((1 + sin(radians(ST_Y(p.geom)))) / (1 - sin(radians(ST_Y(p.geom))))) / (4 * pi())) * 4294967296)::bigint as y,
       i.category, i.occurred_on, i.scope_code
  from incidents i join safe_places p on p.id = i.safe_place_id order by 1, 2;
create index if not exists bench_heat_rows on bench.heat_rows (category, x, y, occurred_on) include (scope_code);
create index if not exists bench_heat_rows_by_day on bench.heat_rows (category, occurred_on) include (x, y, scope_code);";

/// $1 z, $2 x, $3 y; the box around the tile (world units) and the filter are written in. `rows` yields x, y.
fn statement(rows: &str) -> String {
    format!(
        "select ST_AsMVT(q, 'heat', 4096, 'geom') from (
           select count(*) as weight, count(*) as count, 800.0 as radius_z0_px,
                  ST_MakePoint(round(avg((x - $2::bigint * side)::float8) * 4096 / side), round(avg((y - $3::bigint * side)::float8) * 4096 / side)) as geom
             from ({rows}) r, lateral (select (2::bigint << (31 - $1::integer)) as side) s
            where $1::integer >= 0
            group by x >> 14, y >> 14, side) q"
    )
}

struct Class {
    zooms: std::ops::RangeInclusive<u8>,
    tiles: i64,
}

const CLASSES: [Class; 3] = [Class { zooms: 9..=11, tiles: 30 }, Class { zooms: 12..=14, tiles: 200 }, Class { zooms: 15..=16, tiles: 200 }];

/// The table as text.
pub(crate) async fn run(url: &str) -> Anyhow<String> {
    let model = start_model(url).await?;
    let model = model.model();
    let mut conn = PgConnection::connect(url).await?;
    conn.execute(INDEXES).await?;
    conn.execute("vacuum analyze incidents; ").await?;
    conn.execute("vacuum analyze safe_places").await?;
    conn.execute("vacuum analyze bench.heat_rows").await?;
    conn.execute("set jit = off; set max_parallel_workers_per_gather = 0; set work_mem = '64MB'").await?;
    let backend: i32 = sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut conn).await?;
    let townships: i64 = sqlx::query_scalar("select count(*) from areas where level = 9").fetch_one(&mut conn).await?;
    let reader = Reader { map: scope(townships), cases: scope(townships), ..Reader::default() };
    let layers = parse("heat")?;
    let mut out = String::new();
    for (categories, days) in FILTERS {
        let filter = Filter::parse([("category", categories.join(",").as_str()), ("from", days[0]), ("to", days[1])], &model.lists, &reader)?;
        let sql_filter = format!("category in ('{}') and occurred_on between '{}' and '{}'", categories.join("', '"), days[0], days[1]);
        let passing = model.incidents.rows().filter(|row| filter.incident(&row.attributes)).count();
        writeln!(out, "heat: {passing} of {} incidents pass the filter", model.incidents.len())?;
        out += "zoom | tiles | points a tile | bytes ours/SQL | CPU ms ours | CPU ms SQL generic, custom plans | ratio to the better | CPU ms SQL, own table, generic, custom | ratio to the better\n";
        for class in &CLASSES {
            let list = list(&mut conn, class).await?;
            let ours = |tile| encode(&model, &layers, tile, &filter, &reader);
            let warm: Vec<Vec<u8>> = list.iter().map(|&tile| ours(tile)).collect();
            let rounds = if *class.zooms.end() < 12 { ROUNDS } else { 20 * ROUNDS };
            let (cpu, wall) = (own_cpu()?, Instant::now());
            for &tile in std::iter::repeat_n(&list, rounds as usize).flatten() {
                std::hint::black_box(ours(tile));
            }
            let ours_ns = (own_cpu()? - cpu) / rounds;
            let wall_ns = wall.elapsed().as_nanos() as u64 / rounds;
            let mut sql = Vec::new();
            let mut theirs = Vec::new();
            for own_table in [false, true] {
                for mode in ["force_generic_plan", "force_custom_plan"] {
                    conn.execute(format!("set plan_cache_mode = {mode}").as_str()).await?;
                    let mut spent = 0;
                    theirs.clear();
                    for (n, &tile) in list.iter().enumerate() {
                        if n < 10 || tile.z() < 12 {
                            ask(&mut conn, &reader, tile, &sql_filter, own_table).await?;
                        }
                        let cpu = cpu_ns(&backend.to_string())?;
                        let bytes = ask(&mut conn, &reader, tile, &sql_filter, own_table).await?;
                        spent += settled(backend, cpu).await?;
                        theirs.push(bytes);
                    }
                    sql.push(spent);
                }
            }
            let (mut points, mut differ) = (0, 0);
            for (own, other) in warm.iter().zip(&theirs) {
                let (own, other) = (decode(own.clone())?, decode(other.clone())?);
                points += own.0;
                differ += u64::from(own != other);
            }
            let ms = |ns: u64| ns as f64 / list.len() as f64 / 1e6;
            let bytes = |all: &[Vec<u8>]| all.iter().map(Vec::len).sum::<usize>() / list.len();
            let ratio = |a: u64, b: u64| a.min(b) as f64 / ours_ns as f64;
            writeln!(
                out,
                "{}–{} | {} | {} | {}/{} | {:.4} (wall {:.4}) | {:.3}, {:.3} | {:.1} | {:.3}, {:.3} | {:.1} | tiles whose points or counts differ: {differ}",
                class.zooms.start(),
                class.zooms.end(),
                list.len(),
                points / list.len() as u64,
                bytes(&warm),
                bytes(&theirs),
                ms(ours_ns),
                ms(wall_ns),
                ms(sql[0]),
                ms(sql[1]),
                ratio(sql[0], sql[1]),
                ms(sql[2]),
                ms(sql[3]),
                ratio(sql[2], sql[3])
            )?;
        }
    }
    Ok(out)
}

/// Points and the sum of their counts.
fn decode(bytes: Vec<u8>) -> Anyhow<(u64, u64)> {
    let mut sums = (0, 0);
    if bytes.is_empty() {
        return Ok(sums);
    }
    let reader = mvt_reader::Reader::new(bytes).map_err(|fault| format!("{fault:?}"))?;
    for layer in reader.get_layer_metadata().map_err(|fault| format!("{fault:?}"))? {
        for feature in reader.get_features(layer.layer_index).map_err(|fault| format!("{fault:?}"))? {
            let points = match &feature.geometry {
                geo_types::Geometry::MultiPoint(many) => many.0.len() as u64,
                _ => 1,
            };
            let count = match feature.properties.as_ref().and_then(|p| p.get("count")) {
                Some(Value::UInt(n)) => *n,
                Some(Value::Int(n) | Value::SInt(n)) => *n as u64,
                other => return Err(format!("no count: {other:?}").into()),
            };
            sums.0 += points;
            sums.1 += points * count;
        }
    }
    Ok(sums)
}

/// Tiles that hold safe places drawn by number.
async fn list(conn: &mut PgConnection, class: &Class) -> Anyhow<Vec<TileId>> {
    let drawn = "with n as (select count(*) as rows from safe_places) select ST_X(geom), ST_Y(geom) from n, generate_series(1, $1) g
                   join safe_places t on t.id = 1 + g * 7919::bigint * 65537 % (select count(*) from safe_places) order by g";
    let places: Vec<(f64, f64)> = sqlx::query_as(drawn).bind(class.tiles).fetch_all(conn).await?;
    let zooms: Vec<u8> = class.zooms.clone().collect();
    Ok(places.iter().enumerate().map(|(n, p)| TileId::holding(zooms[n % zooms.len()], World::from_lon_lat(p.0, p.1))).collect())
}

async fn ask(conn: &mut PgConnection, reader: &Reader, tile: TileId, filter: &str, own_table: bool) -> Anyhow<Vec<u8>> {
    let scope = format!("scope_code <@ '{}'::int8multirange", reader.cases.to_multirange());
    // the very box of ours: whole bins within one and a half bandwidths of the tile
    let area = tile.world_box().grown_m(1_200.0);
    let (down, up) = (|v: u32| i64::from(v >> 14 << 14), |v: u32| i64::from(v | 16_383));
    let edges = [down(area.min.x), up(area.max.x), down(area.min.y), up(area.max.y)];
    let rows = if own_table {
        format!("select x, y from bench.heat_rows where x between $4 and $5 and y between $6 and $7 and {filter} and {scope}")
    } else {
        format!(
            "select x, y from (
               select floor((ST_X(p.geom) + 180) / 360 * 4294967296)::bigint as x,
                      floor((0.5 - ln((1 + sin(radians(ST_Y(p.geom)))) / (1 - sin(radians(ST_Y(p.geom))))) / (4 * pi())) * 4294967296)::bigint as y
                 from safe_places p join incidents i on i.safe_place_id = p.id
                where p.geom && ST_MakeEnvelope($8, $9, $10, $11, 4326) and i.{filter_i} and i.{scope}) all_rows
              where x between $4 and $5 and y between $6 and $7",
            filter_i = filter.replace("and occurred_on", "and i.occurred_on")
        )
    };
    let statement = statement(&rows);
    let [west, north] = World { x: edges[0] as u32, y: edges[2] as u32 }.to_lon_lat();
    let [east, south] = World { x: edges[1] as u32, y: edges[3] as u32 }.to_lon_lat();
    let asked = sqlx::query_scalar(&statement).bind(i32::from(tile.z())).bind(i64::from(tile.x())).bind(i64::from(tile.y()));
    let asked = edges.into_iter().fold(asked, sqlx::query::QueryScalar::bind);
    let degrees = [west, south, east, north].into_iter().filter(|_| !own_table);
    let bytes: Option<Vec<u8>> = degrees.fold(asked, sqlx::query::QueryScalar::bind).fetch_one(conn).await?;
    Ok(bytes.unwrap_or_default())
}
