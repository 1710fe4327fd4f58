//! From the commit of an edit to the tile that shows it: for its writer, and in another model that only listens.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use maplebridge::codes::Scope;
use maplebridge::mvt::{TileId, World};
use maplebridge::read_model::Reader;
use maplebridge::tiles::{Filter, encode, parse};
use sqlx::{Connection as _, PgConnection};

use crate::start_model;

const EDITS: i64 = 200;

/// The figures as lines of text.
pub(crate) async fn run(url: &str) -> Result<String, Box<dyn std::error::Error>> {
    let (own, other) = (start_model(url).await?, start_model(url).await?);
    let mut conn = PgConnection::connect(url).await?;
    let reader = Reader { map: Scope::everything(), households: Scope::everything(), ..Reader::default() };
    let layers = parse("households")?;
    let (mut committing, mut waiting, mut own_tile, mut other_tile) = (vec![], vec![], vec![], vec![]);
    let mut unchanged = 0;
    let rows = own.model().households.len() as i64;
    for n in 0..EDITS {
        let id = 1 + n * 4_999 % rows;
        let (lon, lat): (f64, f64) =
            sqlx::query_as("select ST_X(geom), ST_Y(geom) from households where id = $1").bind(id).fetch_one(&mut conn).await?;
        let tile = TileId::holding(16, World::from_lon_lat(lon, lat));
        let before = encode(&own.model(), &layers, tile, &Filter::default(), &reader);
        let mut revisions = other.revisions();
        revisions.borrow_and_update();
        // so that the other model's poll is met at every phase
        tokio::time::sleep(Duration::from_millis(20 + (n as u64 * 37) % 100)).await;
        let began = Instant::now();
        sqlx::query("update households set household_count = household_count % 900 + 1 where id = $1").bind(id).execute(&mut conn).await?;
        committing.push(began.elapsed());
        let committed = Instant::now();
        own.wait_fresh().await?;
        waiting.push(committed.elapsed());
        let after = encode(&own.model(), &layers, tile, &Filter::default(), &reader);
        own_tile.push(committed.elapsed());
        revisions.changed().await?;
        let elsewhere = encode(&other.model(), &layers, tile, &Filter::default(), &reader);
        other_tile.push(committed.elapsed());
        unchanged += i32::from(before == after) + i32::from(after != elsewhere);
    }
    let mut out = format!("{EDITS} edits among {rows} households; tiles that did not show the edit: {unchanged}\n");
    for (name, mut took) in [
        ("the edit itself", committing),
        ("commit to ticket", waiting),
        ("commit to own next tile", own_tile),
        ("commit to the other model's tile", other_tile),
    ] {
        took.sort_unstable();
        let at = |share: usize| took[(took.len() - 1) * share / 100];
        writeln!(out, "{name}: p50 {:?}, p95 {:?}, p99 {:?}, most {:?}", at(50), at(95), at(99), at(100))?;
    }
    Ok(out)
}
