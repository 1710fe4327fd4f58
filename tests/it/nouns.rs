//! The nouns over HTTP: pages, versions, writers in each other's way, borders that move, a case on its way.

use axum::http::{Method, StatusCode, header};
use maplebridge::users::Role;
use serde_json::{Value, json};

use crate::support::app::{Answer, Site, app};
use crate::support::database::{Database, database};
use crate::support::town::{OWN, OWN_KEY, town};

async fn ready() -> Option<(Database, Site)> {
    let database = database().await?;
    town(&database).await;
    let site = app(&database, OWN).await;
    Some((database, site))
}

async fn patch(site: &Site, role: Role, path: &str, version: &str, body: &Value) -> Answer {
    site.ask(Method::PATCH, path, &[("authorization", &site.bearer(role)), ("if-match", version)], Some(body)).await
}

fn etag(answer: &Answer) -> String {
    answer.headers[header::ETAG].to_str().unwrap().to_owned()
}

fn features(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()["features"].as_array().unwrap().clone()
}

#[tokio::test]
async fn pages_neither_skip_nor_repeat() {
    let Some((_database, site)) = ready().await else { return };
    let whole: Vec<Value> = features(&site.get(Role::Centre, "/api/households").await).iter().map(|row| row["id"].clone()).collect();
    assert_eq!(whole.len(), 8);
    let mut path = "/api/households?limit=3".to_owned();
    let mut paged = Vec::new();
    loop {
        let answer = site.get(Role::Centre, &path).await;
        paged.extend(features(&answer).iter().map(|row| row["id"].clone()));
        match answer.json()["page"]["next"].as_str() {
            Some(next) => path = format!("/api/households?limit=3&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(paged, whole);
}

#[tokio::test]
async fn of_two_writers_the_second_is_shown_what_the_first_wrote() {
    let Some((_database, site)) = ready().await else { return };
    let path = format!("/api/facilities/{OWN_KEY}");
    let read = site.get(Role::Centre, &path).await;
    let version = etag(&read);
    let first = patch(&site, Role::Centre, &path, &version, &json!({"properties": {"hours": "08:00–12:00"}})).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text());
    let second = patch(&site, Role::Supervisor, &path, &version, &json!({"properties": {"hours": "全天"}})).await;
    assert_eq!(second.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(second.json()["type"], "/problems/stale");
    assert_eq!(second.json()["current"]["properties"]["hours"], "08:00–12:00");
    let without = site.ask(Method::PATCH, &path, &[("authorization", &site.bearer(Role::Centre))], Some(&json!({"properties": {}}))).await;
    assert_eq!(without.status, StatusCode::PRECONDITION_REQUIRED);
}

#[tokio::test]
async fn what_was_in_force_yesterday_is_still_told() {
    let Some((_database, site)) = ready().await else { return };
    let path = format!("/api/facilities/{OWN_KEY}");
    let version = etag(&site.get(Role::Centre, &path).await);
    let changed = patch(&site, Role::Centre, &path, &version, &json!({"properties": {"name_zh": "新站"}})).await;
    assert_eq!(changed.json()["properties"]["valid_from"], "2026-03-01");
    let names = async |query: &str| -> Vec<String> {
        let rows = features(&site.get(Role::Centre, &format!("/api/facilities{query}")).await);
        rows.iter()
            .filter(|row| row["id"] == json!(OWN_KEY.to_string()))
            .map(|row| row["properties"]["name_zh"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names("").await, ["新站"]);
    assert_eq!(names("?as_of=2026-02-28").await, ["甲站1"]);
}

#[tokio::test]
async fn addresses_follow_a_border_that_moves() {
    let Some((_database, site)) = ready().await else { return };
    let (west, east) = ("/api/cells/990321001001001", "/api/cells/990321001001002");
    let square = |from: f64, to: f64| {
        let (from, to) = (120.0 + from, 120.0 + to);
        json!({"geometry": {"type": "MultiPolygon", "coordinates": [[[[from, 29.0], [to, 29.0], [to, 29.02], [from, 29.02], [from, 29.0]]]]}})
    };
    let count = async |code: &str| features(&site.get(Role::Centre, &format!("/api/households?within={code}")).await).len();
    assert_eq!((count("990321001001001").await, count("990321001001002").await), (4, 4));

    let version = etag(&site.get(Role::Planner, west).await);
    let over = patch(&site, Role::Planner, west, &version, &square(0.0, 0.0185)).await;
    assert_eq!((over.status, over.json()["rule"].as_str()), (StatusCode::CONFLICT, Some("cells_overlap")), "{}", over.text());
    let said = over.json()["detail"].as_str().unwrap().to_owned();
    assert!(said.contains("990321001001001 and 990321001001002 overlap by") && said.contains(" m2 at 120."), "{said}");

    let east_version = etag(&site.get(Role::Planner, east).await);
    let shrunk = patch(&site, Role::Planner, east, &east_version, &square(0.0185, 0.02)).await;
    assert_eq!(shrunk.status, StatusCode::OK, "{}", shrunk.text());
    let grown = patch(&site, Role::Planner, west, &version, &square(0.0, 0.0185)).await;
    assert_eq!(grown.status, StatusCode::OK, "{}", grown.text());
    assert_eq!((count("990321001001001").await, count("990321001001002").await), (8, 0));
    let summary = site.get(Role::Centre, &format!("{west}/summary")).await.json();
    assert_eq!(summary["households"]["addresses"], 8, "the card shows it at once");
}

#[tokio::test]
async fn the_handling_unit_sees_the_true_place_while_the_case_is_open_and_it_is_noted() {
    let Some((_database, site)) = ready().await else { return };
    let open = features(&site.get(Role::Unit, "/api/incidents?state=in_process").await);
    assert_eq!(open.len(), 2, "a unit sees the cases sent to it");
    let id = open[0]["id"].as_str().unwrap();
    let place = format!("/api/incidents/{id}/place");
    assert_eq!(site.get(Role::Centre, &place).await.status, StatusCode::NOT_FOUND);
    let told = site.get(Role::Unit, &place).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text());
    assert_ne!(told.json()["at"], open[0]["geometry"]["coordinates"], "the map shows the safe place only");
    let trail = site.get(Role::Auditor, "/api/audit?action=incident.place").await.json();
    assert_eq!(trail["items"][0]["target"], json!(id));

    let path = format!("/api/incidents/{id}");
    for (to, status) in [("archived", StatusCode::CONFLICT), ("agreed", StatusCode::OK), ("closed", StatusCode::OK)] {
        let version = etag(&site.get(Role::Unit, &path).await);
        let headers = [("authorization", &*site.bearer(Role::Unit)), ("if-match", &version)];
        let step = site.ask(Method::POST, &format!("{path}/transitions"), &headers, Some(&json!({"to": to, "reason": "口头协议"}))).await;
        assert_eq!(step.status, status, "{to}: {}", step.text());
    }
    assert_eq!(site.get(Role::Unit, &place).await.status, StatusCode::NOT_FOUND, "a closed case keeps its place to itself");
}
