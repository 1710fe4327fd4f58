//! Scopes hold in the database itself, and these tests would notice if they did not.

use maplebridge::db::{Db, Scopes};
use maplebridge::error::Error;
use sqlx::postgres::PgConnection;
use sqlx::{ConnectOptions as _, Executor as _};

use crate::support::database::{Database, database};
use crate::support::town::town;

/// Every table with row level security.
async fn scoped_tables(root: &mut PgConnection) -> Vec<String> {
    sqlx::query_scalar("select relname::text from pg_class where relrowsecurity and relnamespace = 'public'::regnamespace order by relname")
        .fetch_all(root)
        .await
        .unwrap()
}

/// Rows that the application sees in a table without any scope; a refusal counts as none.
async fn seen_without_scope(app: &mut PgConnection, table: &str) -> i64 {
    match sqlx::query_scalar::<_, i64>(&format!("select count(*) from {table}")).fetch_one(&mut *app).await {
        Ok(count) => count,
        Err(error) => {
            let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code).map(std::borrow::Cow::into_owned);
            assert_eq!(code.as_deref(), Some("42501"), "{table}: {error}");
            0
        }
    }
}

async fn ready() -> Option<(Database, PgConnection)> {
    let database = database().await?;
    town(&database).await;
    let mut root = database.root().await;
    // made by the sealer's first run, with a key of its own
    root.execute(
        "insert into audit_chain (fingerprint, begun_at, adopted_upto) values (sha256('key'), '2026-01-01T00:00:00Z', 0) on conflict do nothing;
         insert into audit_seals_before (fingerprint, seq, entry_id, hash, origin) values (sha256('old'), 1, 1, sha256('seal'), 'signed')",
    )
    .await
    .unwrap();
    Some((database, root))
}

#[tokio::test]
async fn without_a_scope_no_row_of_any_scoped_table_is_seen() {
    let Some((database, mut root)) = ready().await else { return };
    let mut app = database.app().connect().await.unwrap();
    let tables = scoped_tables(&mut root).await;
    assert!(tables.len() >= 18, "{tables:?}");
    for table in tables {
        assert_eq!(seen_without_scope(&mut app, &table).await, 0, "{table}");
        let stored: i64 = sqlx::query_scalar(&format!("select count(*) from {table}")).fetch_one(&mut root).await.unwrap();
        assert!(stored > 0, "{table} has no row in the fixture, so that nothing is tested");
    }
}

#[tokio::test]
async fn with_row_security_off_the_same_look_finds_rows_in_every_table() {
    let Some((database, mut root)) = ready().await else { return };
    let mut app = database.app().connect().await.unwrap();
    for table in scoped_tables(&mut root).await {
        root.execute(format!("alter table {table} disable row level security; grant select on {table} to maplebridge_app").as_str()).await.unwrap();
        assert!(seen_without_scope(&mut app, &table).await > 0, "{table}: the look of the test before sees nothing anyway");
    }
}

#[tokio::test]
async fn every_table_with_a_scope_code_has_row_security_forced() {
    let Some((_database, mut root)) = ready().await else { return };
    let open: Vec<String> = sqlx::query_scalar(
        "select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'scope_code' and not a.attisdropped
          where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and not (c.relrowsecurity and c.relforcerowsecurity)",
    )
    .fetch_all(&mut root)
    .await
    .unwrap();
    assert!(open.is_empty(), "{open:?}");
}

#[tokio::test]
async fn a_right_over_one_township_shows_no_row_of_the_other() {
    let Some((database, mut root)) = ready().await else { return };
    let own = ["{[990321001000000,990321002000000)}"; 14];
    let rights = [
        "map",
        "households",
        "cases",
        "published",
        "write_areas",
        "write_cells",
        "write_households",
        "write_facilities",
        "write_incidents",
        "import_incidents",
        "imports",
        "settings",
        "worker",
        "publish",
    ];
    let setting: std::collections::BTreeMap<_, _> = rights.into_iter().zip(own).collect();
    let setting = serde_json::to_string(&setting).unwrap();
    let mut app = database.app().connect().await.unwrap();
    sqlx::query("select set_config('maplebridge.scopes', $1, false)").bind(setting).execute(&mut app).await.unwrap();
    for table in scoped_tables(&mut root).await {
        let system_wide: bool = sqlx::query_scalar(&format!("select bool_and(scope_code = 0) from {table}")).fetch_one(&mut root).await.unwrap();
        if system_wide || table == "incident_places" {
            assert_eq!(seen_without_scope(&mut app, &table).await, 0, "{table}");
            continue;
        }
        let count = |side: &str| format!("select count(*) from {table} where scope_code between 99032100{side}000000 and 99032100{side}999999");
        let (own, foreign): (i64, i64) =
            (sqlx::query_scalar(&count("1")).fetch_one(&mut app).await.unwrap(), sqlx::query_scalar(&count("2")).fetch_one(&mut app).await.unwrap());
        assert!(own > 0 && foreign == 0, "{table}: {own} own and {foreign} foreign rows");
    }
}

#[tokio::test]
async fn a_scope_ends_with_its_transaction() {
    let Some((database, _root)) = ready().await else { return };
    let db = Db::connect(database.app(), 1).await.unwrap();
    let count = "select count(*) from cells";
    let mut wide = db.scoped(&Scopes::default().with_everything("map")).await.unwrap();
    assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(wide.conn()).await.unwrap(), 4);
    wide.commit().await.unwrap();
    let mut none = db.scoped(&Scopes::default()).await.unwrap();
    assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(none.conn()).await.unwrap(), 0, "the one connection was used again");
    none.rollback().await.unwrap();
}

#[tokio::test]
async fn a_role_that_could_see_past_the_policies_is_refused() {
    let Some((database, mut root)) = ready().await else { return };
    let by = |role: &str| database.url(role).parse().unwrap();
    let bypassing = format!("it_bypass_{}", database.name);
    root.execute(format!("create role {bypassing} login bypassrls password 'dev'; grant usage on schema public to {bypassing}").as_str())
        .await
        .unwrap();
    let outcomes = [Db::connect(database.superuser(), 1).await, Db::connect(by("maplebridge_owner"), 1).await, Db::connect(by(&bypassing), 1).await];
    root.execute(format!("revoke all on schema public from {bypassing}; drop role {bypassing}").as_str()).await.unwrap();
    for outcome in outcomes {
        assert!(matches!(&outcome, Err(Error::Usage(message)) if message.contains("maplebridge_app")), "{outcome:?}");
    }
    assert!(Db::connect(database.app(), 1).await.is_ok());
}

#[tokio::test]
async fn the_application_never_selects_a_true_place_and_never_changes_the_audit_trail() {
    let Some((database, _root)) = ready().await else { return };
    let db = database.db().await;
    let everything = ["map", "cases", "write_incidents", "import_incidents", "audit", "seal", "users", "login"]
        .into_iter()
        .fold(Scopes::default(), Scopes::with_everything);
    for statement in [
        "select * from incident_places",
        "update incident_places set geom = geom",
        "delete from incident_places",
        "update audit_entries set action = ''",
        "delete from audit_entries",
        "delete from audit_seals",
        "truncate audit_entries",
    ] {
        let mut transaction = db.scoped(&everything).await.unwrap();
        let outcome = sqlx::query(statement).execute(transaction.conn()).await.map_err(Error::from);
        assert!(matches!(outcome, Err(Error::Forbidden(_))), "{statement}: {outcome:?}");
    }
}

#[tokio::test]
async fn only_the_unit_of_an_open_case_is_told_its_true_place_and_that_is_written_down() {
    let Some((database, mut root)) = ready().await else { return };
    let db = database.db().await;
    let keys: Vec<(i64, String, Option<i64>)> =
        sqlx::query_as("select id, state, unit_id from incidents where id < 6000000 order by id").fetch_all(&mut root).await.unwrap();
    for (unit, id, state, unit_id) in
        keys.iter().flat_map(|(id, state, unit_id)| [(5_100_001, *id, state, *unit_id), (6_200_001, *id, state, *unit_id)])
    {
        let mut transaction = db.scoped(&Scopes::default().with_ids("units", &[unit])).await.unwrap();
        let found: Option<(f64, f64)> = sqlx::query_as("select lon, lat from app.open_place($1, 1, 'at-unit', now(), '')")
            .bind(id)
            .fetch_optional(transaction.conn())
            .await
            .unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(found.is_some(), unit_id == Some(unit) && state != "closed", "unit {unit}, case {id}, {state}");
    }
    let written: i64 = sqlx::query_scalar("select count(*) from audit_entries where action = 'incident.place'").fetch_one(&mut root).await.unwrap();
    assert_eq!(written, 4, "two open cases with the unit in each of two cells");
}
