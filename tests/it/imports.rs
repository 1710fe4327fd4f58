//! Imports and the demonstration against a real database.

use chrono::{NaiveDate, TimeZone as _, Utc};
use clap::Parser;
use maplebridge::db::{Db, Roles, make_database, migrate};
use maplebridge::demo::{self, Plan, Size};
use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;

use crate::support::skip::skip;

fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 24).unwrap()
}

fn now() -> chrono::DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 24, 1, 0, 0).unwrap()
}

/// A database of its own, dropped and made anew; with it a connection that sees everything.
async fn database(name: &str) -> Option<(Db, sqlx::PgConnection)> {
    let Ok(url) = std::env::var("MAPLEBRIDGE_TEST_DB") else {
        skip("MAPLEBRIDGE_TEST_DB is not set");
        return None;
    };
    let root: PgConnectOptions = url.parse().unwrap();
    let roles = Roles { owner: Some("dev".into()), app: Some("dev".into()), feed: Some("dev".into()) };
    roles.make(&root).await.unwrap();
    let mut connection = root.connect().await.unwrap();
    sqlx::raw_sql(&format!("drop database if exists {name} with (force)")).execute(&mut connection).await.unwrap();
    make_database(&root, name).await.unwrap();
    let role = |role: &str| root.clone().database(name).username(role).password("dev");
    migrate(&role("maplebridge_owner")).await.unwrap();
    let db = Db::connect(role("maplebridge_app"), 4).await.unwrap();
    Some((db, root.clone().database(name).connect().await.unwrap()))
}

async fn count(connection: &mut sqlx::PgConnection, question: &str) -> i64 {
    sqlx::query_scalar(question).fetch_one(connection).await.unwrap()
}

#[tokio::test]
async fn an_invented_township_loads_once_and_changes_nothing_again() {
    let Some((db, mut root)) = database("mb_it_demo").await else { return };
    let world = demo::generate(&Plan { size: Size::Township, seed: 1, until: day() });
    let (counts, _) = demo::load(&world, &db, now(), day()).await.unwrap();
    assert_eq!(counts.cells, world.cells.len() as u64);
    assert_eq!(counts.households, world.households.len() as u64);
    assert_eq!(counts.incidents, world.incidents.len() as u64);
    for (question, expected) in [
        ("select count(*) from (select scope_code from households where safe_place_id is null group by 1 having count(*) >= 8) many", 0),
        ("select count(*) from incidents where safe_place_id is null or unit_id is null", 0),
        ("select count(*) from incident_places", world.incidents.len() as i64),
        ("select count(*) from (select safe_place_id from households where safe_place_id is not null group by 1 having count(*) < 8) few", 0),
        (
            "select count(*) from safe_places s join (select safe_place_id, count(*) from households group by 1) h on h.safe_place_id = s.id
              where kind = 'group' and address_count <> h.count",
            0,
        ),
    ] {
        assert_eq!(count(&mut root, question).await, expected, "{question}");
    }
    let (again, _) = demo::load(&world, &db, now() + chrono::TimeDelta::seconds(1), day()).await.unwrap();
    assert_eq!(again, demo::Counts::default());
}

#[derive(Parser)]
struct Import {
    #[command(flatten)]
    args: maplebridge::cli::import::ImportArgs,
}

fn clock() -> maplebridge::context::Clock {
    maplebridge::context::Clock { zone: chrono_tz::Asia::Shanghai, fixed: None }
}

/// Runs a line of the command; gives what it printed.
async fn import(db: &Db, line: &str) -> String {
    let words = std::iter::once("import").chain(line.split_whitespace());
    let typed: Vec<String> = words.map(str::to_owned).collect();
    let args = Import::try_parse_from(&typed).unwrap().args;
    let terms = maplebridge::cli::import::Terms { typed: &typed, locale: "en" };
    let mut out = Vec::new();
    if let Err(error) = maplebridge::cli::import::run(args, db, clock(), terms, &mut out).await {
        out.extend(error.to_string().into_bytes());
    }
    String::from_utf8(out).unwrap()
}

/// The files of an invented township, in the order of their import.
fn township_files() -> (tempfile::TempDir, Vec<String>) {
    let world = demo::generate(&Plan { size: Size::Township, seed: 1, until: day() });
    let folder = tempfile::tempdir().unwrap();
    let mut lines = Vec::new();
    for file in demo::FILES {
        let path = folder.path().join(file.name);
        (file.write)(&world, &mut std::fs::File::create(&path).unwrap()).unwrap();
        lines.extend(file.noun.map(|noun| format!("{noun} {} --crs EPSG:4326", path.display())));
    }
    (folder, lines)
}

#[tokio::test]
async fn the_same_files_again_change_nothing() {
    let Some((db, mut root)) = database("mb_it_files").await else { return };
    let (_folder, lines) = township_files();
    for line in &lines {
        let told = import(&db, line).await;
        assert!(told.contains("stored (job") && told.contains(" 0 faulty"), "{told}");
    }
    let entries = count(&mut root, "select count(*) from audit_entries").await;
    assert_eq!(entries, lines.len() as i64, "an import is one entry in the audit trail, however many rows it has");
    for line in &lines {
        let told = import(&db, line).await;
        assert!(told.contains(" 0 inserted, 0 updated,") && told.contains(" 0 ended"), "{told}");
    }
    assert_eq!(count(&mut root, "select count(*) from incidents where scope_code % 1000 = 0 or safe_place_id is null").await, 0);
}

#[tokio::test]
async fn cells_before_their_villages_are_told_which_command_comes_first() {
    let Some((db, mut root)) = database("mb_it_order").await else { return };
    let (_folder, lines) = township_files();
    let told = import(&db, &lines[1]).await;
    assert!(told.contains("maplebridge import areas FILE") && told.contains("nothing was stored"), "{told}");
    assert_eq!(count(&mut root, "select count(*) from cells").await, 0);
    assert_eq!(count(&mut root, "select count(*) from jobs where state = 'failed' and noun = 'cells'").await, 1);
    assert!(count(&mut root, "select count(*) from job_faults where code = 'no_village'").await > 0);
}

#[tokio::test]
async fn an_import_is_taken_back_only_while_nothing_is_built_on_it() {
    let Some((db, mut root)) = database("mb_it_undo").await else { return };
    let (_folder, lines) = township_files();
    let mut jobs = Vec::new();
    for line in &lines[..3] {
        let told = import(&db, line).await;
        jobs.push(told.rsplit("undo ").next().unwrap().trim().to_owned());
    }
    import(&db, &format!("undo {}", jobs[1])).await;
    assert!(count(&mut root, "select count(*) from cells").await > 0, "addresses lie in the cells");
    import(&db, &format!("undo {}", jobs[2])).await;
    assert_eq!(count(&mut root, "select count(*) from households").await, 0);
}
