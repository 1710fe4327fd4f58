//! What a model of a million addresses costs: run with `MAPLEBRIDGE_BENCH_URL=<superuser URL of an empty, migrated database>
//! cargo bench --bench main -- read_model`.

use std::fmt::Write as _;
use std::time::Instant;

use futures::TryStreamExt as _;
use maplebridge::codes::Scope;
use maplebridge::mvt::{TileId, World};
use maplebridge::read_model::{Options, ReadModel, Reader};
use maplebridge::tiles::{Encoding, Filter, encode, parse};
use sqlx::{Connection as _, Executor as _, PgConnection, Row as _};

const ROWS: i64 = 1_000_000;

fn resident_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ').nth(1).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0) * 4096
}

/// The figures as lines of text; empty where no database is given.
pub(crate) async fn run() -> Result<String, Box<dyn std::error::Error>> {
    let Ok(url) = std::env::var("MAPLEBRIDGE_BENCH_URL") else { return Ok(String::new()) };
    let mut out = String::new();
    let mut conn = PgConnection::connect(&url).await?;
    let have: i64 = sqlx::query_scalar("select count(*) from households").fetch_one(&mut conn).await?;
    if have < ROWS {
        conn.execute(
            format!(
                "insert into households (valid_from, scope_code, geom, household_count)
                 select '2020-01-01', 990321001001001 + (n * 7919 % 70) * 7000000 + n % 11,
                        ST_SetSRID(ST_MakePoint(120 + 0.7 * ((n * 2654435761) % 1000003) / 1000003.0, 29 + 0.7 * ((n * 40503) % 999983) / 999983.0), 4326), 1 + n % 30
                   from generate_series(1::bigint, {ROWS}) n"
            )
            .as_str(),
        )
        .await?;
        conn.execute("vacuum analyze households").await?;
    }
    let text = include_str!("../tiles/layers/households.sql");
    let day = chrono::NaiveDate::from_ymd_opt(2026, 3, 1).ok_or("a day")?;
    for _ in 0..2 {
        let began = Instant::now();
        let mut rows = sqlx::query(text).bind(None::<Vec<i64>>).bind(day).fetch(&mut conn);
        let mut sum = 0;
        while let Some(row) = rows.try_next().await? {
            sum += row.len();
        }
        writeln!(out, "bare SELECT, {} columns: {:?}", sum / ROWS as usize, began.elapsed())?;
    }
    let feed = url.replacen("postgres:dev@", "maplebridge_feed:dev@", 1);
    let before = resident_bytes();
    let began = Instant::now();
    let clock = std::sync::Arc::new(|| chrono::DateTime::from_timestamp(1_772_337_600, 0).unwrap_or_default());
    let model = ReadModel::start(Options { url: feed, clock, time_zone: chrono_tz::Asia::Shanghai, rule: None }).await?;
    writeln!(out, "start with {ROWS} addresses: {:?}", began.elapsed())?;
    let rows = model.model().households.len() as u64;
    let own = model.bytes().into_iter().map(|(_, bytes)| bytes as u64).sum::<u64>();
    writeln!(out, "resident: {} bytes a row; said: {}", (resident_bytes() - before) / rows, own / rows)?;
    let model_now = model.model();
    let everything = Scope::everything;
    let reader = Reader { map: everything(), households: everything(), cases: everything(), units: vec![], ..Reader::default() };
    let layers = parse("households")?;
    for z in [8_u8, 10, 11, 12, 13, 14, 15, 16] {
        let mut tiles = Vec::new();
        for n in 0..100_u32 {
            let (lon, lat) = (120.02 + f64::from(n % 10) * 0.066, 29.02 + f64::from(n / 10) * 0.066);
            tiles.push(TileId::holding(z, World::from_lon_lat(lon, lat)));
        }
        tiles.sort_unstable();
        tiles.dedup();
        let began = Instant::now();
        let mut bytes = Vec::new();
        for _ in 0..5 {
            bytes = tiles.iter().map(|&t| encode(&model_now, &layers, t, &Filter::default(), &reader)).collect();
        }
        let each = began.elapsed() / (5 * tiles.len() as u32);
        let mean = bytes.iter().map(Vec::len).sum::<usize>() / bytes.len();
        write!(out, "z{z}: {each:?} a tile of {mean} bytes")?;
        for encoding in [Encoding::Gzip, Encoding::Brotli, Encoding::Zstd] {
            let began = Instant::now();
            let mut packed = 0;
            for body in &bytes {
                packed += encoding.pack(body)?.len();
            }
            write!(out, "; {encoding:?} {:?}, {} bytes", began.elapsed() / tiles.len() as u32, packed / tiles.len())?;
        }
        writeln!(out)?;
    }
    let mut took = Vec::new();
    for n in 0..200_i64 {
        sqlx::query("update households set household_count = 3 + $2 where id = $1")
            .bind(n * 4_999 + 1)
            .bind((n % 20) as i32)
            .execute(&mut conn)
            .await?;
        let began = Instant::now();
        model.wait_fresh().await?;
        took.push(began.elapsed());
    }
    took.sort_unstable();
    writeln!(out, "commit to ticket: p50 {:?}, p99 {:?}", took[100], took[198])?;
    Ok(out)
}
