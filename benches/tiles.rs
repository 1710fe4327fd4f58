//! Tiles out of memory beside `ST_AsMVT` over the same rows, scopes and attributes: CPU of our thread and of the database's
//! backend, one after the other for each tile of one list, uncompressed, after a first round of each.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Instant;

use maplebridge::codes::{CodeRange, Scope};
use maplebridge::mvt::{TileId, World};
use maplebridge::read_model::{Model, Reader};
use maplebridge::tiles::{Filter, encode, parse};
use mvt_reader::feature::Value;
use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::client::{Server, token};
use crate::sql::Statements;
use crate::{Anyhow, cpu_ns, http, start_model};

/// Rounds of our side over the list: one takes microseconds a tile.
const ROUNDS: u64 = 20;
/// Tiles of a class whose bytes are decoded and compared.
const COMPARED: usize = 60;

/// Tiles that are alike.
pub(crate) struct Class {
    name: &'static str,
    pub(crate) layer: &'static str,
    pub(crate) zooms: std::ops::RangeInclusive<u8>,
    tiles: usize,
    anchors: &'static str,
    bar: u32,
}

pub(crate) const CLASSES: [Class; 6] = [
    Class { name: "single households", layer: "households", zooms: 15..=16, tiles: 500, anchors: "households", bar: 25 },
    Class { name: "cells", layer: "cells", zooms: 12..=13, tiles: 400, anchors: "households", bar: 15 },
    Class { name: "facilities", layer: "facilities", zooms: 14..=16, tiles: 500, anchors: "facilities", bar: 10 },
    Class { name: "incidents", layer: "incidents", zooms: 13..=14, tiles: 200, anchors: "households", bar: 0 },
    Class { name: "households in bins", layer: "households", zooms: 12..=14, tiles: 300, anchors: "households", bar: 100 },
    Class { name: "households in bins", layer: "households", zooms: 8..=11, tiles: 80, anchors: "households", bar: 100 },
];

/// The table as text, and one line of JSON.
pub(crate) async fn run(url: &str) -> Anyhow<String> {
    let model = start_model(url).await?;
    let model = model.model();
    let mut conn = PgConnection::connect(url).await?;
    conn.execute("set jit = off; set max_parallel_workers_per_gather = 0; set work_mem = '64MB'").await?;
    let backend: i32 = sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut conn).await?;
    let townships: i64 = sqlx::query_scalar("select count(*) from areas where level = 9").fetch_one(&mut conn).await?;
    let scope = scope(townships);
    let statements = Statements::new(&format!("t.scope_code <@ '{}'::int8multirange", scope.to_multirange()));
    let reader = Reader { map: scope.clone(), households: scope.clone(), cases: scope, units: vec![], ..Reader::default() };
    let token = token(url, reader.map.ranges()).await?;
    let server = Server::start(0)?;
    let mut out = format!(
        "{} households, {} incidents, {} cells, {} facilities; scope {}\n",
        model.households.len(),
        model.incidents.len(),
        model.cells.iter().count(),
        model.facilities.len(),
        reader.map.to_multirange()
    );
    out += "class | zoom | tiles | features a tile | bytes ours/SQL | CPU ms ours | CPU ms SQL | CPU ratio | wall ratio | over HTTP: CPU ms ours, bare, ratio | bar | compared: features, missing, extra, attributes, moved\n";
    let mut lines = Vec::new();
    for class in &CLASSES {
        let list = list(&mut conn, class, model.households.len()).await?;
        let statement = match (class.layer, *class.zooms.end() < 15) {
            ("households", true) => &statements.household_bins,
            ("households", false) => &statements.households,
            ("cells", _) => &statements.cells,
            ("facilities", _) => &statements.facilities,
            _ => &statements.incidents,
        };
        let mut measured = Measured::default();
        let layers = parse(class.layer)?;
        let ours = |tile| encode(&model, &layers, tile, &Filter::default(), &reader);
        // the first of both is not counted: it warms caches and prepares the statement
        let warm: Vec<Vec<u8>> = list.iter().map(|&tile| ours(tile)).collect();
        let (cpu, wall) = (own_cpu()?, Instant::now());
        for &tile in std::iter::repeat_n(&list, ROUNDS as usize).flatten() {
            std::hint::black_box(ours(tile));
        }
        measured.ours_wall = wall.elapsed().as_nanos() as u64 / ROUNDS;
        measured.ours_ns = (own_cpu()? - cpu) / ROUNDS;
        let over_http = http::per_tile(&server, &token, class.layer, &list, &warm)?;
        for (n, (&tile, warm)) in list.iter().zip(warm).enumerate() {
            if n < 10 || tile.z() < 12 {
                ask(&mut conn, statement, tile).await?;
            }
            let (cpu, wall) = (cpu_ns(&backend.to_string())?, Instant::now());
            let asked = ask(&mut conn, statement, tile).await?;
            measured.sql_wall += wall.elapsed().as_nanos() as u64;
            measured.sql_ns += settled(backend, cpu).await?;
            measured.ours_bytes += warm.len() as u64;
            measured.sql_bytes += asked.len() as u64;
            if n % list.len().div_ceil(COMPARED) == 0 {
                measured.compare(&decode(warm)?, &decode(asked)?);
            }
        }
        lines.push(measured.tell(class, list.len() as u64, over_http, &mut out)?);
    }
    let under_policy = under_policy(&mut conn, backend, &reader, &model).await?;
    out += &under_policy;
    writeln!(out, "{}", serde_json::Value::Array(lines))?;
    Ok(out)
}

/// Our side alone, for a profiler: CPU a tile and a digest of all bytes of the list, which says whether a quicker way still
/// draws the same.
pub(crate) async fn ours(url: &str) -> Anyhow<String> {
    let model = start_model(url).await?;
    let model = model.model();
    let mut conn = PgConnection::connect(url).await?;
    let townships: i64 = sqlx::query_scalar("select count(*) from areas where level = 9").fetch_one(&mut conn).await?;
    let scope = scope(townships);
    let reader = Reader { map: scope.clone(), households: scope.clone(), cases: scope, units: vec![], ..Reader::default() };
    let chosen = std::env::args().find_map(|word| word.strip_prefix("--class=").map(str::to_owned));
    let mut out = String::new();
    for class in CLASSES.iter().filter(|class| chosen.as_ref().is_none_or(|name| class.name.starts_with(name.as_str()))) {
        let list = list(&mut conn, class, model.households.len()).await?;
        let layers = parse(class.layer)?;
        let ours = |tile| encode(&model, &layers, tile, &Filter::default(), &reader);
        let mut digest = xxhash_rust::xxh3::Xxh3::new();
        for &tile in &list {
            digest.update(&ours(tile));
        }
        let mut best = u64::MAX;
        for _ in 0..10 {
            let cpu = own_cpu()?;
            for &tile in std::iter::repeat_n(&list, ROUNDS as usize).flatten() {
                std::hint::black_box(ours(tile));
            }
            best = best.min((own_cpu()? - cpu) / ROUNDS / list.len() as u64);
        }
        writeln!(out, "{} z{}–{}: {best} ns of CPU a tile, bytes {:032x}", class.name, class.zooms.start(), class.zooms.end(), digest.digest128())?;
    }
    Ok(out)
}

/// Three townships in eight, and three more: a reader of two districts.
pub(crate) fn scope(townships: i64) -> Scope {
    let range = |from: i64, to: i64| CodeRange { lo: 990_321_000_000_000 + (1 + from) * 1_000_000, hi: 990_321_000_000_000 + (1 + to) * 1_000_000 };
    [range(0, townships * 3 / 8), range(townships / 2, townships * 7 / 8)].into_iter().collect()
}

/// Tiles that hold rows drawn by number, so that dense ones come more often.
pub(crate) async fn list(conn: &mut PgConnection, class: &Class, households: usize) -> Anyhow<Vec<TileId>> {
    let tiles = (class.tiles as f64 * (households as f64 / 1e6).sqrt().min(1.0)) as i64;
    let anchors = format!(
        "with n as (select count(*) as rows from {0}) select ST_X(geom), ST_Y(geom) from n, generate_series(1, $1) g
           join {0} t on t.id = 1 + g * 7919::bigint * 65537 % (select count(*) from {0}) order by g",
        class.anchors
    );
    let places: Vec<(f64, f64)> = sqlx::query_as(&anchors).bind(tiles).fetch_all(conn).await?;
    let zooms: Vec<u8> = class.zooms.clone().collect();
    Ok(places.iter().enumerate().map(|(n, p)| TileId::holding(zooms[n % zooms.len()], World::from_lon_lat(p.0, p.1))).collect())
}

async fn ask(conn: &mut PgConnection, statement: &str, tile: TileId) -> Anyhow<Vec<u8>> {
    let day = chrono::NaiveDate::from_ymd_opt(2026, 3, 1);
    let bytes: Option<Vec<u8>> =
        sqlx::query_scalar(statement).bind(i32::from(tile.z())).bind(tile.x() as i32).bind(tile.y() as i32).bind(day).fetch_one(conn).await?;
    Ok(bytes.unwrap_or_default())
}

/// Of this thread. It sleeps first: the system settles a thread's account when it stops.
pub(crate) fn own_cpu() -> Anyhow<u64> {
    std::thread::sleep(std::time::Duration::from_millis(1));
    cpu_ns("thread-self")
}

/// What the backend used since; it may still be going to sleep when its answer is here.
pub(crate) async fn settled(backend: i32, before: u64) -> Anyhow<u64> {
    let mut now = cpu_ns(&backend.to_string())?;
    loop {
        tokio::time::sleep(std::time::Duration::from_micros(300)).await;
        let then = std::mem::replace(&mut now, cpu_ns(&backend.to_string())?);
        if then == now {
            return Ok(now - before);
        }
    }
}

#[derive(Default)]
struct Measured {
    ours_ns: u64,
    sql_ns: u64,
    ours_wall: u64,
    sql_wall: u64,
    ours_bytes: u64,
    sql_bytes: u64,
    tiles_compared: u64,
    features: u64,
    missing: u64,
    extra: u64,
    attributes: u64,
    moved: u64,
}

type Decoded = BTreeMap<String, (BTreeMap<String, String>, Option<[f32; 2]>)>;

impl Measured {
    fn compare(&mut self, ours: &Decoded, theirs: &Decoded) {
        self.tiles_compared += 1;
        self.features += ours.len() as u64;
        self.extra += ours.keys().filter(|key| !theirs.contains_key(*key)).count() as u64;
        for (key, (attributes, place)) in theirs {
            let Some((own, own_place)) = ours.get(key) else {
                self.missing += 1;
                continue;
            };
            self.attributes += u64::from(own != attributes);
            let far = place.zip(*own_place).is_some_and(|(a, b)| (a[0] - b[0]).abs() > 1.0 || (a[1] - b[1]).abs() > 1.0);
            self.moved += u64::from(far);
        }
    }

    fn tell(&self, class: &Class, tiles: u64, over_http: http::PerTile, out: &mut String) -> Anyhow<serde_json::Value> {
        let ms = |ns: u64| ns as f64 / tiles as f64 / 1e6;
        let (cpu, wall) = (self.sql_ns as f64 / self.ours_ns as f64, self.sql_wall as f64 / self.ours_wall as f64);
        let http_ns = over_http.ours_ns - over_http.bare_ns;
        let http_ratio = self.sql_ns as f64 / tiles as f64 / http_ns;
        let zooms = format!("{}–{}", class.zooms.start(), class.zooms.end());
        writeln!(
            out,
            "{} | {zooms} | {tiles} | {} | {}/{} | {:.4} | {:.3} | {cpu:.1} | {wall:.1} | {:.4}, {:.4}, {http_ratio:.1} | {} | {} tiles: {}, {}, {}, {}, {}",
            class.name,
            self.features / self.tiles_compared.max(1),
            self.ours_bytes / tiles,
            self.sql_bytes / tiles,
            ms(self.ours_ns),
            ms(self.sql_ns),
            over_http.ours_ns / 1e6,
            over_http.bare_ns / 1e6,
            class.bar,
            self.tiles_compared,
            self.features,
            self.missing,
            self.extra,
            self.attributes,
            self.moved
        )?;
        Ok(
            serde_json::json!({"class": class.name, "zooms": zooms, "tiles": tiles, "ours_cpu_ms": ms(self.ours_ns), "sql_cpu_ms": ms(self.sql_ns), "cpu_ratio": cpu, "http_ours_ms": over_http.ours_ns / 1e6, "http_bare_ms": over_http.bare_ns / 1e6, "http_ratio": http_ratio,
            "ours_wall_ms": ms(self.ours_wall), "sql_wall_ms": ms(self.sql_wall), "wall_ratio": wall, "ours_bytes": self.ours_bytes / tiles, "sql_bytes": self.sql_bytes / tiles,
            "tiles_compared": self.tiles_compared, "features": self.features, "missing": self.missing, "extra": self.extra, "attributes_differ": self.attributes, "moved": self.moved}),
        )
    }
}

/// Features by key, or by place where they have none; attributes as texts, numbers alike whatever their kind.
fn decode(bytes: Vec<u8>) -> Anyhow<Decoded> {
    let mut decoded = Decoded::new();
    if bytes.is_empty() {
        return Ok(decoded);
    }
    let reader = mvt_reader::Reader::new(bytes).map_err(|fault| format!("{fault:?}"))?;
    for layer in reader.get_layer_metadata().map_err(|fault| format!("{fault:?}"))? {
        for feature in reader.get_features(layer.layer_index).map_err(|fault| format!("{fault:?}"))? {
            let place = match &feature.geometry {
                geo_types::Geometry::Point(p) => Some([p.x(), p.y()]),
                geo_types::Geometry::MultiPoint(p) => p.0.first().map(|p| [p.x(), p.y()]),
                _ => None,
            };
            let key = feature.id.map_or_else(|| format!("{place:?}"), |id| id.to_string());
            let text = |value: &Value| match value {
                Value::String(text) => text.clone(),
                Value::Float(n) => format!("{n:.2}"),
                Value::Double(n) => format!("{n:.2}"),
                Value::Int(n) | Value::SInt(n) => n.to_string(),
                Value::UInt(n) => n.to_string(),
                Value::Bool(b) => b.to_string(),
                Value::Null => String::new(),
            };
            let attributes = feature.properties.iter().flatten().map(|(name, value)| (name.clone(), text(value))).collect();
            decoded.insert(key, (attributes, place));
        }
    }
    Ok(decoded)
}

/// The same statement without the scope in it, as the application's role with policies in force: a few tiles.
async fn under_policy(conn: &mut PgConnection, backend: i32, reader: &Reader, model: &Model) -> Anyhow<String> {
    let class = Class { name: "", layer: "households", zooms: 15..=16, tiles: 6, anchors: "households", bar: 0 };
    let list = list(conn, &class, 1_000_000).await?;
    let statement = Statements::new("true").households;
    let (layers, mut ours_ns, mut sql_ns) = (parse("households")?, 0, 0);
    conn.execute("begin; set local role maplebridge_app").await?;
    let scopes = serde_json::json!({"households": reader.households.to_multirange()}).to_string();
    sqlx::query("select set_config('maplebridge.scopes', $1, true)").bind(scopes).execute(&mut *conn).await?;
    let cpu = own_cpu()?;
    for &tile in std::iter::repeat_n(&list, 20 * ROUNDS as usize).flatten() {
        std::hint::black_box(encode(model, &layers, tile, &Filter::default(), reader));
    }
    ours_ns += (own_cpu()? - cpu) / (20 * ROUNDS);
    for &tile in &list {
        let cpu = cpu_ns(&backend.to_string())?;
        ask(conn, &statement, tile).await?;
        sql_ns += settled(backend, cpu).await?;
    }
    conn.execute("rollback").await?;
    let tiles = list.len() as f64;
    Ok(format!(
        "single households under row level security, {} tiles: CPU ms ours {:.4}, SQL {:.1}\n",
        list.len(),
        ours_ns as f64 / tiles / 1e6,
        sql_ns as f64 / tiles / 1e6
    ))
}
