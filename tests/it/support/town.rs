//! Two neighbouring townships with a row of everything in both.

use sqlx::Executor as _;

use super::database::Database;

/// The reader's own township.
pub(crate) const OWN: &str = "990321001";
/// The township beside it.
pub(crate) const FOREIGN: &str = "990321002";
/// First key of the rows of the own township.
pub(crate) const OWN_KEY: i64 = 5_100_001;
/// First key of the rows of the foreign township; the next thousand are foreign too.
pub(crate) const FOREIGN_KEY: i64 = 6_200_001;

/// Fills the database with the two townships.
pub(crate) async fn town(database: &Database) {
    database.root().await.execute(include_str!("../fixtures/neighbours.sql")).await.unwrap();
}

/// A checksum over every row of the foreign township that people make.
pub(crate) async fn foreign_checksum(database: &Database) -> String {
    let mut root = database.root().await;
    let tables = [
        "areas",
        "cells",
        "households",
        "facilities",
        "safe_places",
        "units",
        "incidents",
        "incident_events",
        "incident_places",
        "jobs",
        "warnings",
        "warning_steps",
        "webhooks",
        "webhook_deliveries",
    ];
    let parts = tables.map(|table| {
        format!("select '{table}' as t, count(*) as n, md5(coalesce(string_agg(r::text, '|' order by r::text), '')) as sum from {table} r where scope_code between 990321002000000 and 990321002999999")
    });
    sqlx::query_scalar(&format!("select string_agg(t || ' ' || n || ' ' || sum, ', ' order by t) from ({}) parts", parts.join(" union all ")))
        .fetch_one(&mut root)
        .await
        .unwrap()
}
