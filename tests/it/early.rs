//! Kinds, channels and clocks of incidents over HTTP, as each reader may be told them.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use maplebridge::users::Role;
use serde_json::{Value, json};
use sqlx::Executor as _;

use crate::published::{busy, publish};

fn counts(list: &Value) -> BTreeMap<String, i64> {
    list.as_array().unwrap().iter().filter_map(|row| Some((row["code"].as_str()?.to_owned(), row["count"].as_i64()?))).collect()
}

#[tokio::test]
async fn kinds_and_channels_add_up_to_the_cases_one_may_open() {
    let Some((database, site)) = busy().await else { return };
    let days = "from=2026-01-01&to=2026-01-31";
    let mix = site.get(Role::Centre, &format!("/api/incident-mix?within=990321&{days}")).await.json();
    assert_eq!(mix["source"], "cases");
    let stored = |column: &str| {
        format!(
            "select {column}, count(*) from incidents where state not in ('draft', 'merged') and occurred_on between '2026-01-01' and '2026-01-31' group by 1"
        )
    };
    for (told, column) in [(&mix["kinds"], "category"), (&mix["channels"], "source")] {
        let rows: Vec<(String, i64)> = sqlx::query_as(&stored(column)).fetch_all(&mut database.root().await).await.unwrap();
        assert_eq!(counts(told), rows.into_iter().collect(), "{column}");
    }
    let one = site.get(Role::Centre, &format!("/api/incident-mix?within=990321&{days}&category=02")).await.json();
    assert_eq!(counts(&one["kinds"]).keys().collect::<Vec<_>>(), ["02"]);
    for role in [Role::System, Role::Security, Role::Auditor] {
        assert_eq!(site.get(role, "/api/incident-mix").await.status, StatusCode::FORBIDDEN, "{role:?}");
    }
}

#[tokio::test]
async fn without_case_rights_kinds_are_the_published_groups_and_channels_are_not_told() {
    let Some((_database, site)) = busy().await else { return };
    publish(&site, None).await;
    for within in ["990321", "990321001", "990321001001"] {
        let path = format!("/api/incident-mix?within={within}&from=2026-01-01&to=2026-01-31");
        let mix = site.get(Role::Official, &path).await.json();
        assert_eq!((&mix["source"], &mix["channels"]), (&json!("published"), &Value::Null));
        for kind in mix["kinds"].as_array().unwrap() {
            let group = kind["code"].as_str().unwrap();
            let level = if within.len() == 12 { "village" } else { "township" };
            let path = format!("/api/incident-counts?within={within}&level={level}&group={group}&from=2026-01-01&to=2026-01-31");
            let told = site.get(Role::Official, &path).await.json();
            let sum: Option<i64> = told["items"].as_array().unwrap().iter().filter_map(|item| item["count"].as_i64()).reduce(|a, b| a + b);
            assert_eq!(kind["count"].as_i64(), sum, "{within} {group}: no number that the counts do not tell");
        }
    }
    let refused = site.get(Role::Official, "/api/incident-mix?category=02").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn clocks_are_medians_in_which_waiting_cases_count_and_are_told_of_own_cases_only() {
    let Some((database, site)) = busy().await else { return };
    let sql = "update incidents set discovered_on = occurred_on + 2, state = case when id % 3 = 0 then state else 'closed' end,
                      closed_on = case when id % 3 = 0 then null else occurred_on + 12 end where occurred_on >= '2026-02-01';
               insert into incident_events (incident_id, scope_code, from_state, to_state, at)
               select id, scope_code, 'dispatched', 'in_process', (discovered_on + 3)::timestamp at time zone 'Asia/Shanghai' from incidents
                where occurred_on >= '2026-02-01' and id % 2 = 0";
    database.root().await.execute(sql).await.unwrap();
    let path = "/api/incident-clocks?within=990321&level=village&from=2026-02-01&to=2026-02-28";
    let told = site.get(Role::Centre, path).await.json();
    let whole = &told["whole"];
    assert_eq!((&whole["found"]["median_days"], &whole["found"]["waiting"]), (&json!(2.0), &json!(0)));
    assert_eq!(whole["contacted"]["median_days"], json!(3.0));
    assert_eq!(whole["resolved"]["median_days"], json!(10.0), "{whole}");
    assert!(whole["resolved"]["waiting"].as_i64().unwrap() > 0);
    let parts: i64 = told["items"].as_array().unwrap().iter().map(|item| item["clocks"]["cases"].as_i64().unwrap()).sum();
    let stored: i64 = sqlx::query_scalar(
        "select count(*) from incidents where state not in ('draft', 'merged') and occurred_on between '2026-02-01' and '2026-02-28'",
    )
    .fetch_one(&mut database.root().await)
    .await
    .unwrap();
    assert_eq!((parts, whole["cases"].as_i64().unwrap()), (stored, stored));
    for role in [Role::Official, Role::Planner, Role::System] {
        assert_eq!(site.get(role, path).await.status, StatusCode::FORBIDDEN, "{role:?}");
    }
    assert_eq!(site.get(Role::Supervisor, "/api/incident-clocks?within=99").await.status, StatusCode::FORBIDDEN, "not all of it is one's own");
}
