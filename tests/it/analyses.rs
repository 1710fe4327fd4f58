//! Analyses over HTTP: true numbers for who may open each case, published ones for everybody else; kept, paged, exported,
//! drawn, stale when the data moved.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use axum::http::{Method, StatusCode};
use maplebridge::analyses::LIST;
use maplebridge::users::Role;
use mvt_reader::Reader as Tile;
use mvt_reader::feature::Value as TileValue;
use serde_json::{Value, json};
use sqlx::Executor as _;

use crate::published::{COUNTY, busy, publish};
use crate::support::app::{Answer, Site};
use crate::support::database::Database;

pub(crate) async fn ask(site: &Site, role: Role, name: &str, params: &Value) -> Answer {
    let bearer = site.bearer(role);
    site.ask(Method::POST, &format!("/api/analyses/{name}"), &[("authorization", &bearer)], Some(params)).await
}

/// Asks and waits; the answer without its rows.
pub(crate) async fn answered(site: &Site, role: Role, name: &str, params: &Value) -> Value {
    let answer = ask(site, role, name, params).await;
    assert!(answer.status.is_success(), "{role:?} {name}: {} {}", answer.status, answer.text());
    let mut result = answer.json();
    for _ in 0..600 {
        if result["state"] != "running" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        result = site.get(role, &path(&result)).await.json()["result"].take();
    }
    assert_eq!(result["state"], "done", "{name}: {result}");
    result
}

pub(crate) fn path(result: &Value) -> String {
    format!("/api/analyses/{}/results/{}", result["analysis"].as_str().unwrap(), result["id"])
}

/// Every row of an answer, page by page.
pub(crate) async fn rows(site: &Site, role: Role, result: &Value, limit: usize) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = site.get(role, &format!("{}?limit={limit}{cursor}", path(result))).await.json();
        all.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["page"]["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

async fn register(database: &Database, site: &Site, on: &str, count: i32) {
    let sql = format!(
        "insert into incidents (category, source, occurred_on, discovered_on, scope_code, safe_place_id)
         select '02', 'screening', '{on}', '{on}', s.scope_code, s.id from safe_places s, generate_series(1, {count}) where s.scope_code = 990321001001001"
    );
    database.root().await.execute(sql.as_str()).await.unwrap();
    site.model.wait_fresh_within(Duration::from_secs(10)).await.unwrap();
}

const JANUARY: [(&str, &str); 3] = [("within", COUNTY), ("from", "2026-01-01"), ("to", "2026-01-31")];

fn january() -> Value {
    JANUARY.into_iter().collect()
}

#[tokio::test]
async fn who_may_open_each_case_is_told_true_numbers_page_by_page() {
    let Some((database, site)) = busy().await else { return };
    let result = answered(&site, Role::Centre, "rates", &january()).await;
    assert_eq!((&result["source"], &result["stale"]), (&json!("cases"), &json!(false)));
    let told: BTreeMap<String, i64> = rows(&site, Role::Centre, &result, 3)
        .await
        .iter()
        .map(|row| (row["code"].as_str().unwrap().to_owned(), row["count"].as_i64().unwrap()))
        .collect();
    let stored: Vec<(String, i64)> = sqlx::query_as(
        "select c.code::text, count(i.id) from cells c left join incidents i on i.scope_code = c.code and i.state not in ('draft', 'merged')
           and i.occurred_on between '2026-01-01' and '2026-01-31' group by 1",
    )
    .fetch_all(&mut database.root().await)
    .await
    .unwrap();
    assert_eq!(told, stored.into_iter().collect());
    let few: Value =
        JANUARY.into_iter().map(|(name, value)| (name, json!(value))).chain([("category", json!(["02"])), ("level", json!("village"))]).collect();
    let few = rows(&site, Role::Centre, &answered(&site, Role::Centre, "rates", &few).await, 100).await;
    let sum: i64 = few.iter().map(|row| row["count"].as_i64().unwrap()).sum();
    let stored: i64 = sqlx::query_scalar(
        "select count(*) from incidents where category = '02' and state not in ('draft', 'merged') and occurred_on between '2026-01-01' and '2026-01-31'",
    )
    .fetch_one(&mut database.root().await)
    .await
    .unwrap();
    assert_eq!((few.len(), sum), (4, stored));
}

#[tokio::test]
async fn an_answer_is_kept_and_stale_when_the_data_moved() {
    let Some((database, site)) = busy().await else { return };
    let first = answered(&site, Role::Centre, "hot_spots", &january()).await;
    let again = answered(&site, Role::Centre, "hot_spots", &january()).await;
    assert_eq!(first["id"], again["id"], "the same question about the same data");
    register(&database, &site, "2026-02-20", 2).await;
    assert_eq!(site.get(Role::Centre, &path(&first)).await.json()["result"]["stale"], false, "not a case of the days asked about");
    register(&database, &site, "2026-01-20", 2).await;
    assert_eq!(site.get(Role::Centre, &path(&first)).await.json()["result"]["stale"], true);
    let next = answered(&site, Role::Centre, "hot_spots", &january()).await;
    assert!(next["id"] != first["id"] && next["data_revision"] != first["data_revision"] && next["stale"] == false);
    let list = site.get(Role::Supervisor, "/api/analyses/hot_spots/results").await.json();
    let listed: Vec<(&Value, &Value)> = list["items"].as_array().unwrap().iter().map(|item| (&item["id"], &item["stale"])).collect();
    assert_eq!(listed, [(&next["id"], &json!(false)), (&first["id"], &json!(true))], "who may open the same cases is given the same answers");
    for role in [Role::Official, Role::Unit, Role::Planner] {
        for path in [path(&first), format!("{}/export", path(&first)), format!("/tiles/analysis/{}", first["id"])] {
            assert_eq!(site.get(role, &path).await.status, StatusCode::NOT_FOUND, "{role:?} {path}");
        }
        assert_eq!(site.get(role, "/api/analyses/hot_spots/results").await.json()["items"], json!([]), "{role:?}");
    }
    let drop = |role| {
        let (bearer, path, site) = (site.bearer(role), path(&first), &site);
        async move { site.ask(Method::DELETE, &path, &[("authorization", &bearer)], None).await.status }
    };
    assert_eq!((drop(Role::Supervisor).await, drop(Role::Centre).await), (StatusCode::FORBIDDEN, StatusCode::NO_CONTENT));
    assert_eq!(site.get(Role::Centre, &path(&first)).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn without_case_rights_an_answer_is_made_of_published_numbers_alone() {
    let Some((database, site)) = busy().await else { return };
    publish(&site, None).await;
    site.model.wait_fresh_within(Duration::from_secs(10)).await.unwrap();
    let allowed: BTreeSet<&str> =
        ["code", "name_zh", "name_en", "class", "rate_per_1000_households_year", "rate_class", "reason"].into_iter().collect();
    let mut before = Vec::new();
    for name in ["hot_spots", "rates", "trends", "emerging"] {
        for level in ["cell", "village", "township"] {
            let asked = json!({"within": COUNTY, "level": level});
            let result = answered(&site, Role::Official, name, &asked).await;
            assert_eq!(result["source"], "published");
            let told = rows(&site, Role::Official, &result, 1_000).await;
            assert!(told.iter().flat_map(|row| row.as_object().unwrap().keys()).all(|key| allowed.contains(key.as_str())), "{told:?}");
            before.push((name, asked, result["data_revision"].clone(), result["legend"].clone(), told));
        }
    }
    assert!(before.iter().any(|(.., told)| told.iter().any(|row| row["class"] != "too_few")), "some place is judged: {before:?}");
    register(&database, &site, "2026-01-20", 40).await;
    for (name, asked, revision, legend, told) in before {
        let result = answered(&site, Role::Official, name, &asked).await;
        assert_eq!((&result["data_revision"], &result["legend"]), (&revision, &legend), "{name} {asked}");
        assert_eq!(rows(&site, Role::Official, &result, 1_000).await, told, "{name} {asked}");
    }
    for name in ["clusters", "density", "scan", "warnings"] {
        assert_eq!(ask(&site, Role::Official, name, &json!({"within": COUNTY})).await.status, StatusCode::FORBIDDEN, "{name}");
    }
    for wrong in [json!({"category": ["02"]}), json!({"state": ["closed"]}), json!({"denominator": "incidents"}), json!({"within": "99"})] {
        let answer = ask(&site, Role::Official, "rates", &wrong).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}: {}", answer.text());
    }
}

#[tokio::test]
async fn months_that_were_not_published_are_not_months_without_incidents() {
    let Some((_database, site)) = busy().await else { return };
    publish(&site, None).await;
    let asked = json!({"within": COUNTY, "level": "township", "group": "ordinary"});
    let result = answered(&site, Role::Official, "trends", &asked).await;
    assert_eq!((&result["params"]["from"], &result["params"]["to"]), (&json!("2025-12-01"), &json!("2026-02-28")), "{result}");
    let told = rows(&site, Role::Official, &result, 10).await;
    assert!(told.iter().all(|row| row["class"] == "too_few"), "three months of numbers are no trend of two years: {told:?}");
    let before = json!({"within": COUNTY, "level": "township", "from": "2024-01-01", "to": "2024-12-31"});
    let told = answered(&site, Role::Official, "rates", &before).await;
    let told = rows(&site, Role::Official, &told, 10).await;
    assert!(!told.is_empty() && told.iter().all(|row| row["class"] == "too_few" && row["reason"] == "too_few"), "{told:?}");
}

#[tokio::test]
async fn every_analysis_answers_with_a_sentence_and_is_drawn_and_exported() {
    let Some((_database, site)) = busy().await else { return };
    let listed = site.get(Role::Centre, "/api/analyses").await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), LIST.len());
    for entry in LIST {
        let mut asked = json!({"within": COUNTY, "from": "2025-01-01", "to": "2026-02-28"});
        for (name, value) in [("eps_m", json!(500)), ("min_points", json!(3)), ("simulations", json!(99))] {
            if entry.takes.contains(&name) {
                asked[name] = value;
            }
        }
        let result = answered(&site, Role::Centre, entry.name, &asked).await;
        for (sentence, words) in [("sentence_zh", "件"), ("sentence_en", "incidents")] {
            let said = result["legend"][sentence].as_str().unwrap();
            assert!(said.contains(words) && said.contains("2026-02-28"), "{}: {said}", entry.name);
        }
        let told = rows(&site, Role::Centre, &result, 1_000).await;
        assert!(!told.is_empty(), "{}", entry.name);
        let exported = site.get(Role::Centre, &format!("{}/export", path(&result))).await.json();
        let features = exported["features"].as_array().unwrap();
        assert!(features.len() == told.len() && features.iter().all(|feature| feature["geometry"]["type"] == "MultiPolygon"), "{}", entry.name);
        let csv = site.get(Role::Centre, &format!("{}/export?format=csv", path(&result))).await.text();
        assert!(csv.starts_with("\u{feff}") && csv.lines().count() == told.len() + 1, "{}: {csv}", entry.name);
        let style = site.get(Role::Centre, &format!("/tiles/analysis/{}", result["id"])).await.json();
        assert_eq!(style["metadata"]["maplebridge:legend"], result["legend"], "{}", entry.name);
        let tile = site.get(Role::Centre, &format!("/tiles/analysis/{}/10/853/425", result["id"])).await;
        assert_eq!(tile.status, StatusCode::OK, "{}", entry.name);
        let drawn = classes(&tile);
        let counted = |classes: Vec<String>| {
            classes.into_iter().fold(BTreeMap::new(), |mut all: BTreeMap<String, usize>, class| {
                *all.entry(class).or_default() += 1;
                all
            })
        };
        let by_rows = counted(told.iter().map(|row| row["class"].as_str().unwrap().to_owned()).collect());
        assert_eq!(counted(drawn), by_rows, "{}", entry.name);
        let etag = tile.headers["etag"].to_str().unwrap().to_owned();
        let bearer = site.bearer(Role::Centre);
        let headers = [("authorization", bearer.as_str()), ("if-none-match", etag.as_str())];
        let again = site.ask(Method::GET, &format!("/tiles/analysis/{}/10/853/425", result["id"]), &headers, None).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{}", entry.name);
    }
}

/// The class of every feature of a tile.
pub(crate) fn classes(tile: &Answer) -> Vec<String> {
    let tile = Tile::new(tile.body.to_vec()).unwrap();
    let features = tile.get_features(0).unwrap();
    let class = |properties: Option<std::collections::HashMap<String, TileValue>>| match properties.unwrap_or_default().get("class") {
        Some(TileValue::String(class)) => class.clone(),
        other => panic!("{other:?}"),
    };
    features.into_iter().map(|feature| class(feature.properties)).collect()
}

#[tokio::test]
async fn a_running_answer_is_stopped_and_one_without_a_sign_of_life_is_called_failed() {
    let Some((database, site)) = busy().await else { return };
    let row = |beat: &str| {
        format!(
            "insert into analyses (analysis, version, params, of_cases, told_as, data_revision, scope_code, area_level, state, step, asked_by, made_at, heartbeat_at)
             values ('rates', 1, '{{}}', true, 'cases', 'x', 990321000000000, 6, 'running', 'computing', {}, '{beat}', '{beat}') returning id",
            site.accounts[&Role::Centre].id
        )
    };
    let mut root = database.root().await;
    let fresh: i64 = sqlx::query_scalar(&row("2026-03-01T03:59:30Z")).fetch_one(&mut root).await.unwrap();
    let dead: i64 = sqlx::query_scalar(&row("2026-03-01T03:50:00Z")).fetch_one(&mut root).await.unwrap();
    let bearer = site.bearer(Role::Centre);
    let answer = site.ask(Method::DELETE, &format!("/api/analyses/rates/results/{fresh}"), &[("authorization", &bearer)], None).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let asked: bool = sqlx::query_scalar("select cancel_asked from analyses where id = $1").bind(fresh).fetch_one(&mut root).await.unwrap();
    assert!(asked);
    let list = site.get(Role::Centre, "/api/analyses/rates/results").await.json();
    let states: Vec<(&Value, &Value)> = list["items"].as_array().unwrap().iter().map(|item| (&item["id"], &item["state"])).collect();
    assert_eq!(states, [(&json!(dead), &json!("failed")), (&json!(fresh), &json!("running"))]);
}
