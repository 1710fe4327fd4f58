//! From an edit to the tile that shows it, over HTTP: in the process that took the edit, and in another that only listens.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use maplebridge::codes::CodeRange;
use maplebridge::mvt::{TileId, World};
use sqlx::{Connection as _, PgConnection};

use crate::Anyhow;
use crate::client::{Answer, Connection, Server, request, token};

const EDITS: i64 = 200;
const PATIENCE: Duration = Duration::from_secs(10);

/// The figures as lines of text.
pub(crate) async fn run(url: &str) -> Anyhow<String> {
    let mut conn = PgConnection::connect(url).await?;
    let (rows, townships): (i64, i64) =
        sqlx::query_as("select (select count(*) from households), (select count(*) from areas where level = 9)").fetch_one(&mut conn).await?;
    let everything = CodeRange { lo: 990_321_001_000_000, hi: 990_321_000_000_000 + (1 + townships) * 1_000_000 };
    let token = token(url, &[everything]).await?;
    let (own, other) = (Server::start(64 << 20)?, Server::start(64 << 20)?);
    let (mut to_own, mut to_other) = (Connection::open(&own.ours)?, Connection::open(&other.ours)?);
    let (mut editing, mut own_tile, mut other_tile, mut whole) = (vec![], vec![], vec![], vec![]);
    for n in 0..EDITS {
        let (key, lon, lat, count): (i64, f64, f64, i32) = sqlx::query_as(
            "select household_id, ST_X(geom), ST_Y(geom), household_count from households where id > $1 and valid_to is null order by id limit 1",
        )
        .bind(n * 4_999 % rows)
        .fetch_one(&mut conn)
        .await?;
        let tile = format!("/tiles/households/{}", TileId::holding(16, World::from_lon_lat(lon, lat)));
        let ask = |headers: &str| request("GET", &tile, &token, headers, "");
        let before = to_own.ask(&ask(""))?;
        let known = format!("if-none-match: {}\r\n", etag(&before)?);
        if to_other.ask(&ask(&known))?.status != 304 {
            return Err("the two processes differ before an edit".into());
        }
        let row = to_own.ask(&request("GET", &format!("/api/households/{key}"), &token, "", ""))?;
        let body = serde_json::json!({"type": "Feature", "geometry": null, "properties": {"household_count": count % 900 + 1}}).to_string();
        let headers = format!("content-type: application/json\r\nif-match: {}\r\n", etag(&row)?);
        let edit = request("PATCH", &format!("/api/households/{key}"), &token, &headers, &body);
        // so that the other process's poll is met at every phase
        tokio::time::sleep(Duration::from_millis(20 + (n as u64 * 37) % 100)).await;
        let began = Instant::now();
        let answer = to_own.ask(&edit)?;
        let edited = Instant::now();
        if answer.status != 200 {
            return Err(format!("no edit: {}{}", answer.head, String::from_utf8_lossy(&answer.body)).into());
        }
        let after = to_own.ask(&ask(&known))?;
        let shown = Instant::now();
        if after.status != 200 || after.body == before.body {
            return Err("the own next tile does not show the edit".into());
        }
        let elsewhere = loop {
            let tile = to_other.ask(&ask(&known))?;
            if tile.status == 200 {
                break tile;
            }
            if edited.elapsed() > PATIENCE {
                return Err("the other process never showed the edit".into());
            }
        };
        if elsewhere.body != after.body || etag(&elsewhere)? != etag(&after)? {
            return Err("the two processes differ after an edit".into());
        }
        editing.push(edited - began);
        own_tile.push(shown - edited);
        whole.push(shown - began);
        other_tile.push(edited.elapsed());
    }
    let mut out =
        format!("{EDITS} edits among {rows} households, two processes; every own next tile showed its edit, and both gave the same bytes\n");
    for (name, mut took) in [
        ("edit, sent to answered", editing),
        ("answered to own next tile here", own_tile),
        ("edit sent to own next tile here", whole),
        ("answered to the other process's tile here", other_tile),
    ] {
        took.sort_unstable();
        let at = |share: usize| took[(took.len() - 1) * share / 100];
        writeln!(out, "{name}: p50 {:?}, p95 {:?}, p99 {:?}, most {:?}", at(50), at(95), at(99), at(100))?;
    }
    Ok(out)
}

fn etag(answer: &Answer) -> Anyhow<&str> {
    answer.head.split("\r\n").find_map(|line| line.strip_prefix("etag: ")).ok_or_else(|| format!("no ETag: {}", answer.head).into())
}
