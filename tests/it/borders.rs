//! The rules of borders, held by the database whoever writes: no overlap, inside the village, no retired code.

use std::time::Duration;

use maplebridge::db::{Db, Scoped, Scopes};
use maplebridge::error::{Error, Result};

use crate::support::database::{Database, database};
use crate::support::town::town;

const VILLAGE: i64 = 990_321_001_001_000;

async fn ready() -> Option<(Database, Db)> {
    let database = database().await?;
    town(&database).await;
    let db = database.db().await;
    Some((database, db))
}

async fn writer(db: &Db) -> Scoped {
    db.scoped(&Scopes::default().with_everything("map").with_everything("write_cells")).await.unwrap()
}

/// Puts a cell between two longitudes, over the whole height of the village.
async fn put(transaction: &mut Scoped, code: i64, west: f64, east: f64) -> Result<()> {
    sqlx::query(
        "insert into cells (code, valid_from, name_zh, geom, area_m2)
         values ($1, '2026-03-01', '新网格', ST_Multi(ST_MakeEnvelope($2, 29, $3, 29.02, 4326)), 1)",
    )
    .bind(code)
    .bind(west)
    .bind(east)
    .execute(transaction.conn())
    .await?;
    Ok(())
}

async fn reshape(transaction: &mut Scoped, code: i64, west: f64, east: f64) {
    sqlx::query("update cells set geom = ST_Multi(ST_MakeEnvelope($2, 29, $3, 29.02, 4326)) where code = $1")
        .bind(code)
        .bind(west)
        .bind(east)
        .execute(transaction.conn())
        .await
        .unwrap();
}

async fn clear(transaction: &mut Scoped) {
    sqlx::query("delete from cells where code / 1000 = $1").bind(VILLAGE / 1000).execute(transaction.conn()).await.unwrap();
}

fn conflict<T: std::fmt::Debug>(outcome: Result<T>) -> (String, String) {
    match outcome {
        Err(Error::Conflict { rule, message }) => (rule, message),
        other => panic!("a conflict was expected, not {other:?}"),
    }
}

#[tokio::test]
async fn two_sessions_that_write_overlapping_cells_at_once_are_never_both_right() {
    let Some((_database, db)) = ready().await else { return };
    let mut first = writer(&db).await;
    clear(&mut first).await;
    first.commit().await.unwrap();

    let mut first = writer(&db).await;
    put(&mut first, VILLAGE + 11, 120.0, 120.012).await.unwrap();
    let second = tokio::spawn(async move {
        let mut second = writer(&db).await;
        put(&mut second, VILLAGE + 12, 120.01, 120.02).await?;
        second.commit().await
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!second.is_finished(), "the second writer of the county waits for the first");
    first.commit().await.unwrap();
    let (rule, message) = conflict(second.await.unwrap());
    assert_eq!(rule, "cells_overlap");
    assert!(message.contains("990321001001011") && message.contains("990321001001012"), "{message}");
}

#[tokio::test]
async fn a_shared_border_moves_in_two_updates_of_one_transaction() {
    let Some((_database, db)) = ready().await else { return };
    let mut transaction = writer(&db).await;
    reshape(&mut transaction, VILLAGE + 1, 120.0, 120.013).await;
    reshape(&mut transaction, VILLAGE + 2, 120.013, 120.02).await;
    transaction.commit().await.unwrap();

    let mut transaction = writer(&db).await;
    reshape(&mut transaction, VILLAGE + 1, 120.0, 120.015).await;
    let (rule, message) = conflict(transaction.commit().await);
    assert_eq!(rule, "cells_overlap");
    assert!(message.contains("990321001001001") && message.contains("990321001001002"), "{message}");
}

#[tokio::test]
async fn a_retired_code_is_never_used_again() {
    let Some((_database, db)) = ready().await else { return };
    let mut transaction = writer(&db).await;
    sqlx::query("update cells set retired = true, valid_to = '2026-02-01' where code = $1")
        .bind(VILLAGE + 2)
        .execute(transaction.conn())
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    let mut transaction = writer(&db).await;
    put(&mut transaction, VILLAGE + 2, 120.01, 120.02).await.unwrap();
    let (rule, message) = conflict(transaction.commit().await);
    assert_eq!(rule, "cells_code_retired");
    assert!(message.contains("990321001001002"), "{message}");
}

#[tokio::test]
async fn a_cell_lies_in_a_village_that_is_stored() {
    let Some((_database, db)) = ready().await else { return };
    let mut transaction = writer(&db).await;
    put(&mut transaction, VILLAGE + 1_001, 120.0, 120.01).await.unwrap();
    let (rule, message) = conflict(transaction.commit().await);
    assert_eq!(rule, "cells_village_missing");
    assert!(message.contains("990321001002001") && message.contains("990321001002"), "{message}");

    let mut transaction = writer(&db).await;
    clear(&mut transaction).await;
    put(&mut transaction, VILLAGE + 3, 119.99, 120.02).await.unwrap();
    let (rule, message) = conflict(transaction.commit().await);
    assert_eq!(rule, "cells_outside_village");
    assert!(message.contains("甲村"), "{message}");
}

#[tokio::test]
async fn drawing_errors_below_the_tolerance_are_let_through() {
    let Some((_database, db)) = ready().await else { return };
    let mut transaction = writer(&db).await;
    // one centimetre over two kilometres: more than a square metre, less than five centimetres wide
    reshape(&mut transaction, VILLAGE + 1, 120.0, 120.010_000_1).await;
    transaction.commit().await.unwrap();
}
