//! The invariants of the change feed: whatever is written, and however, every follower ends at the rows of the table.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use maplebridge::codes::{CodeRange, Scope};
use maplebridge::read_model::{Layer, Reader, Rule};
use sqlx::{Executor as _, PgConnection, Row as _};

use crate::feed_support::{COUNTY, Dice, Town, noon};

/// The rows a follower by serial number would hold: it asks for changes of transactions above the last it saw.
async fn follow_by_number(mut conn: PgConnection, stop: Arc<AtomicBool>) -> BTreeMap<i64, String> {
    let everything = "select id, row(household_id, scope_code, household_count, ST_AsText(geom))::text from households";
    let mut rows: BTreeMap<i64, String> = conn.fetch_all(everything).await.unwrap().iter().map(|r| (r.get(0), r.get(1))).collect();
    let mut last: String = sqlx::query_scalar("select coalesce(max(xid), '0')::text from feed.change").fetch_one(&mut conn).await.unwrap();
    loop {
        let ended = stop.load(Ordering::SeqCst);
        let changes = sqlx::query("select xid::text, ids from feed.change where layer = 3 and xid > $1::text::xid8 order by xid")
            .bind(&last)
            .fetch_all(&mut conn)
            .await
            .unwrap();
        for change in changes {
            last = change.get(0);
            for id in change.get::<Option<Vec<i64>>, _>(1).unwrap_or_default() {
                let found = sqlx::query(&format!("{everything} where id = $1")).bind(id).fetch_optional(&mut conn).await.unwrap();
                match found {
                    Some(row) => rows.insert(id, row.get(1)),
                    None => rows.remove(&id),
                };
            }
        }
        if ended {
            return rows;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// One writer: transactions of one to six statements with savepoints, one in six rolled back.
pub(crate) async fn write(mut conn: PgConnection, mut dice: Dice, writes: usize, changed: Arc<AtomicI64>) {
    let cells: Vec<i64> = sqlx::query_scalar("select code from cells order by code").fetch_all(&mut conn).await.unwrap();
    let mut done = 0;
    while done < writes {
        let mut rows = 0;
        conn.execute("begin").await.unwrap();
        for n in 0..=dice.roll(5) {
            let in_savepoint = dice.roll(5) == 0;
            if in_savepoint {
                conn.execute("savepoint s").await.unwrap();
            }
            let cell = cells[dice.roll(cells.len() as u32) as usize];
            let (lon, lat) = (120.0 + f64::from(dice.roll(399)) / 10_000.0, 29.0 + f64::from(dice.roll(399)) / 10_000.0);
            let (id, count) = (i64::from(dice.roll(900)) + 1, dice.roll(9));
            let text = match dice.roll(8) {
                0 | 1 => format!(
                    "insert into households (valid_from, scope_code, geom, household_count) values ('2020-01-01', {cell}, ST_SetSRID(ST_MakePoint({lon}, {lat}), 4326), {count})"
                ),
                2 => format!("delete from households where id = {id}"),
                3 => format!("update households set valid_to = '2026-02-01' where id = {id}"),
                4 => format!("update incidents set state = 'accepted', unit_id = null, risk_level = 'red' where id = {}", id % 48 + 1),
                5 => format!(
                    "update facilities set geom = ST_SetSRID(ST_MakePoint({lon}, {lat}), 4326), scope_code = {cell} where id = {}",
                    id % 16 + 1
                ),
                6 => format!("update households set household_count = {count} where id between {id} and {}", id + 3),
                _ => format!("update households set geom = ST_SetSRID(ST_MakePoint({lon}, {lat}), 4326), scope_code = {cell} where id = {id}"),
            };
            // writers may meet on rows in either order: one of two that wait for each other is told so and begins again
            let Ok(result) = conn.execute(text.as_str()).await else {
                rows = 0;
                break;
            };
            rows += result.rows_affected() as i64;
            done += 1;
            if in_savepoint {
                let way = if dice.roll(2) == 0 { "rollback to s" } else { "release s" };
                conn.execute(way).await.unwrap();
            }
            if n % 3 == 2 {
                tokio::time::sleep(Duration::from_millis(u64::from(dice.roll(4)))).await;
            }
        }
        let end = if dice.roll(6) == 0 { "rollback" } else { "commit" };
        conn.execute(end).await.unwrap();
        changed.fetch_add(rows, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_written_every_follower_equals_a_fresh_load() {
    let Some(town) = Town::new().await else { return };
    town.build().await;
    let by_snapshot = town.model().await;
    let by_transaction = town.model_with(Some(Rule::Standby), Arc::new(noon)).await;
    let stop = Arc::new(AtomicBool::new(false));
    let by_number = tokio::spawn(follow_by_number(town.owner().await, Arc::clone(&stop)));

    let mut long = town.owner().await;
    long.execute("begin; create temporary table t (n integer); insert into t values (1)").await.unwrap();
    let changed = Arc::new(AtomicI64::new(0));
    let mut writers = Vec::new();
    for seed in 1..=4 {
        writers.push(tokio::spawn(write(town.owner().await, Dice(seed * 977), 2_500, Arc::clone(&changed))));
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut bulk = town.owner().await;
    let bulked = bulk
        .execute(format!("insert into households (valid_from, scope_code, geom) select '2020-01-01', {COUNTY} + 1001001, ST_SetSRID(ST_MakePoint(120.001 + n * 1e-7, 29.001), 4326) from generate_series(1, 3000) n").as_str())
        .await
        .unwrap();
    changed.fetch_add(bulked.rows_affected() as i64, Ordering::SeqCst);
    for writer in writers {
        writer.await.unwrap();
    }
    by_snapshot.wait_fresh_within(Duration::from_secs(10)).await.unwrap();
    by_transaction.wait_fresh_within(Duration::from_secs(10)).await.unwrap();
    stop.store(true, Ordering::SeqCst);
    let numbered = by_number.await.unwrap();

    let fresh = town.model().await;
    assert!(fresh.model().households.len() > 3_000);
    assert_eq!(by_snapshot.model().digest(), fresh.model().digest(), "by snapshot");
    assert_eq!(by_transaction.model().digest(), fresh.model().digest(), "by transaction");
    for model in [&by_snapshot, &by_transaction] {
        let tallies = maplebridge::read_model::Tallies::new(&fresh.model().households, &fresh.model().facilities);
        let counts = |t: &maplebridge::read_model::Tallies| t.within(maplebridge::codes::CodeRange { lo: COUNTY, hi: COUNTY + 1_000_000_000 });
        assert_eq!(counts(&model.model().tallies).household_count, counts(&tallies).household_count);
    }
    let changed = changed.load(Ordering::SeqCst) as u64;
    assert!(by_snapshot.rows_reread() <= 2 * changed, "{} rows read again for {changed} changed", by_snapshot.rows_reread());

    let mut conn = town.owner().await;
    let rows = conn.fetch_all("select id, row(household_id, scope_code, household_count, ST_AsText(geom))::text from households").await.unwrap();
    let truth: BTreeMap<i64, String> = rows.iter().map(|r| (r.get(0), r.get(1))).collect();
    assert_ne!(numbered, truth, "a follower by number must lose commits here, or the test is too mild");
    long.execute("commit").await.unwrap();
    drop((by_snapshot, by_transaction, fresh));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_after_the_commit_shows_the_edit_and_a_whole_layer_is_waited_for() {
    let Some(town) = Town::new().await else { return };
    town.build().await;
    let model = town.model().await;
    let mut accounts = model.accounts();
    accounts.mark_unchanged();
    let mut owner = town.owner().await;
    for count in 1..50 {
        sqlx::query("update households set household_count = $1 where id = 5").bind(count).execute(&mut owner).await.unwrap();
        model.wait_fresh().await.unwrap();
        let seen = model.model().households.rows().find(|r| r.id == 5).unwrap().attributes.household_count;
        assert_eq!(i32::from(seen), count);
    }
    let before = model.model().revision;
    owner.execute("insert into feed.change (layer, ids) values (3, null); update households set household_count = 77 where id = 6").await.unwrap();
    owner.execute("insert into users (login, name, password_hash, scope_code) select 'x', 'x', 'x', 1 where false").await.ok();
    model.wait_fresh_within(Duration::from_secs(5)).await.unwrap();
    assert_eq!(model.model().households.rows().find(|r| r.id == 6).unwrap().attributes.household_count, 77);
    // of a table that was read whole, readers are told of what differs and of nothing else
    let scope = model.model().households.rows().find(|r| r.id == 6).unwrap().scope;
    let told = |reader: &Reader| {
        let seen = model.revised_since(before).unwrap().into_iter().flat_map(|revised| revised.touched.seen_by(reader));
        let codes: BTreeSet<i64> = seen.filter(|seen| seen.layer == Layer::Households).flat_map(|seen| seen.codes).collect();
        codes.into_iter().collect::<Vec<_>>()
    };
    assert_eq!(told(&Reader { map: Scope::everything(), ..Reader::default() }), [scope]);
    let beside = CodeRange { lo: scope + 1, hi: scope + 1_000 };
    assert_eq!(told(&Reader { map: [beside].into_iter().collect(), ..Reader::default() }), [0_i64; 0]);

    // an answer is given although the feed cannot follow, and the model stays
    let mut admin = town.admin().await;
    admin.execute(format!("alter database {} allow_connections false", town.name()).as_str()).await.unwrap();
    admin
        .execute(
            format!(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{}' and application_name = 'maplebridge feed'",
                town.name()
            )
            .as_str(),
        )
        .await
        .unwrap();
    assert!(model.wait_fresh().await.is_err() && !model.connected());
    assert!(model.model().households.len() > 300);
    owner.execute("update households set household_count = 78 where id = 6").await.unwrap();
    admin.execute(format!("alter database {} allow_connections true", town.name()).as_str()).await.unwrap();
    model.wait_fresh_within(Duration::from_secs(10)).await.unwrap();
    assert_eq!(model.model().households.rows().find(|r| r.id == 6).unwrap().attributes.household_count, 78);
    drop(model);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_that_turns_brings_and_takes_the_versions_of_that_day() {
    let Some(town) = Town::new().await else { return };
    town.build().await;
    let now = Arc::new(AtomicI64::new(noon().timestamp()));
    let clock = Arc::clone(&now);
    let model = town.model_with(None, Arc::new(move || chrono::DateTime::from_timestamp(clock.load(Ordering::SeqCst), 0).unwrap())).await;
    let mut owner = town.owner().await;
    owner.execute("update households set valid_to = '2026-03-02' where id = 1; update households set valid_from = '2026-03-02' where id = 2; update cells set valid_to = '2026-03-02' where code = 990321001001001").await.unwrap();
    model.wait_fresh().await.unwrap();
    let held = |id: i64| model.model().households.rows().any(|r| r.id == id);
    assert_eq!((held(1), held(2), model.model().cells.len()), (true, false, 16));
    now.fetch_add(12 * 3_600, Ordering::SeqCst);
    model.wait_fresh().await.unwrap();
    assert_eq!((held(1), held(2), model.model().cells.len()), (false, true, 15));
    drop(model);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_way_to_write_is_noted() {
    let Some(town) = Town::new().await else { return };
    town.build().await;
    let model = town.model().await;
    let mut admin = town.root().await;
    for text in [
        "insert into facilities (facility_id, valid_from, scope_code, kind, name_zh, geom) select facility_id, '2020-01-01', scope_code, 'F02', 'x', geom from facilities where id = 1 on conflict (facility_id) where valid_to is null do update set name_zh = '改'",
        "merge into facilities f using (values (2)) v (id) on f.id = v.id when matched then update set name_zh = '并'",
        "with gone as (delete from facilities where id = 3 returning *) insert into facilities (valid_from, scope_code, kind, name_zh, geom) select valid_from, scope_code, kind, name_zh, geom from gone",
        "set session_replication_role = replica; update facilities set name_zh = '复' where id = 4; set session_replication_role = origin",
        "delete from facilities where false",
        "update areas set name_zh = '新镇' where level = 9; update basemap_features set min_zoom = 3; delete from incidents where id = 7",
        "truncate basemap_features",
    ] {
        admin.execute(text).await.unwrap();
        model.wait_fresh_within(Duration::from_secs(5)).await.unwrap();
        let fresh = town.model().await;
        assert_eq!(model.model().digest(), fresh.model().digest(), "{text}");
    }
    drop(model);
}
