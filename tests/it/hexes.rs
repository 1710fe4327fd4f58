//! Analyses by hexagons of H3: every case counted once, a planted cluster found, and nothing without case rights.

use axum::http::StatusCode;
use maplebridge::users::Role;
use serde_json::{Value, json};
use sqlx::Executor as _;

use crate::analyses::{answered, ask, classes, path, rows};
use crate::published::{COUNTY, busy};
use crate::support::app::Site;

const LEVELS: [&str; 3] = ["hex7", "hex8", "hex9"];

fn asked(level: &str, more: &Value) -> Value {
    let mut asked = json!({"within": COUNTY, "from": "2025-12-01", "to": "2026-02-28", "level": level});
    asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    asked
}

async fn told(site: &Site, name: &str, asked: &Value) -> (Value, Vec<Value>) {
    let result = answered(site, Role::Centre, name, asked).await;
    let told = rows(site, Role::Centre, &result, 1_000).await;
    (result, told)
}

fn sum(rows: &[Value]) -> i64 {
    rows.iter().map(|row| row["count"].as_i64().unwrap()).sum()
}

#[tokio::test]
async fn hexagons_of_every_size_hold_each_case_that_has_a_safe_place_once() {
    let Some((database, site)) = busy().await else { return };
    let placed = "select count(*) from incidents where safe_place_id is not null and state not in ('draft', 'merged')
                   and occurred_on between '2025-12-01' and '2026-02-28'";
    let placed: i64 = sqlx::query_scalar(placed).fetch_one(&mut database.root().await).await.unwrap();
    let of_kind =
        format!("{} and category = '02'", "select count(*) from incidents where safe_place_id is not null and state not in ('draft', 'merged')");
    let of_kind: i64 = sqlx::query_scalar(&of_kind).fetch_one(&mut database.root().await).await.unwrap();
    for level in LEVELS {
        for name in ["rates", "hot_spots", "trends"] {
            let (result, told) = told(&site, name, &asked(level, &json!({}))).await;
            assert_eq!(result["params"]["level"], level);
            assert_eq!(sum(&told), placed, "{name} {level}");
            let mut names: Vec<&str> = told.iter().map(|row| row["hex"].as_str().unwrap()).collect();
            assert!(names.iter().all(|name| name.len() == 15) && names.is_sorted());
            names.dedup();
            assert_eq!(names.len(), told.len(), "{name} {level}");
        }
        let (_, few) = told(&site, "rates", &asked(level, &json!({"category": ["02"]}))).await;
        assert_eq!(sum(&few), of_kind, "{level}");
        let (_, whole) = told(&site, "rates", &asked(level, &json!({}))).await;
        // 4.4 by 3.9 km of cells: hexagons whose middle lies there cover about as much, of true area.
        let km2: f64 = whole.iter().map(|row| row["denominator"].as_f64().unwrap()).sum();
        assert!((10.0..32.0).contains(&km2), "{level}: {km2} km²");
        // A density counts the same by the same areas; those below its first class are left out.
        let (_, dense) = told(&site, "density", &asked(level, &json!({}))).await;
        assert!(!dense.is_empty() && sum(&dense) <= placed);
        for row in &dense {
            let same = whole.iter().find(|it| it["hex"] == row["hex"]).unwrap();
            assert_eq!((&same["count"], &same["denominator"]), (&row["count"], &row["area_km2"]));
            let density = row["count"].as_f64().unwrap() / row["area_km2"].as_f64().unwrap() * 365.0 / 90.0;
            assert!((row["per_km2_year"].as_f64().unwrap() / density - 1.0).abs() < 0.002, "{row}");
        }
    }
}

#[tokio::test]
async fn without_the_right_to_open_each_case_hexagons_are_refused_and_say_what_to_ask_instead() {
    let Some((_database, site)) = busy().await else { return };
    for level in LEVELS {
        for name in ["hot_spots", "rates", "trends", "emerging"] {
            for role in [Role::Official, Role::Planner] {
                let answer = ask(&site, role, name, &asked(level, &json!({}))).await;
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "{role:?} {name} {level}");
                assert!(answer.text().contains("level=village"), "{}", answer.text());
            }
        }
    }
    let result = answered(&site, Role::Centre, "rates", &asked("hex8", &json!({}))).await;
    for of in [path(&result), format!("{}/export", path(&result)), format!("/tiles/analysis/{}", result["id"])] {
        assert_eq!(site.get(Role::Official, &of).await.status, StatusCode::NOT_FOUND, "{of}");
    }
    let households = ask(&site, Role::Centre, "rates", &asked("hex8", &json!({"denominator": "households"}))).await;
    assert_eq!(households.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", households.text());
}

#[tokio::test]
async fn a_planted_cluster_is_hot_with_its_ring_and_nothing_else_is() {
    let Some((database, site)) = busy().await else { return };
    let plant = "delete from incidents;
        insert into incidents (category, source, occurred_on, discovered_on, scope_code, safe_place_id)
        select '02', 'screening', '2026-01-10', '2026-01-10', s.scope_code, s.id from safe_places s,
          lateral generate_series(1, case when s.scope_code = 990321001001001 then 60 else 3 end)";
    database.root().await.execute(plant).await.unwrap();
    site.model.wait_fresh_within(std::time::Duration::from_secs(10)).await.unwrap();
    let (result, told) = told(&site, "hot_spots", &asked("hex8", &json!({}))).await;
    assert_eq!(sum(&told), 60 + 15 * 3);
    let hot: Vec<&Value> = told.iter().filter(|row| row["class"] == "hot").collect();
    let planted = told.iter().max_by_key(|row| row["count"].as_i64()).unwrap();
    assert!(hot.iter().any(|row| row["hex"] == planted["hex"]), "{told:?}");
    // Hot places are the planted one and some of the six around it: each counts the planted cases among its own.
    assert!(hot.len() <= 7 && hot.iter().all(|row| row["around_observed"].as_f64().unwrap() >= 60.0), "{hot:?}");
    assert!(hot.iter().all(|row| row["confidence_percent"].as_i64().unwrap() >= 95), "{hot:?}");
    let exported = site.get(Role::Centre, &format!("{}/export", path(&result))).await.json();
    let corners = |feature: &Value| feature["geometry"]["coordinates"][0][0].as_array().unwrap().len();
    let features = exported["features"].as_array().unwrap();
    assert!(features.len() == told.len() && features.iter().all(|feature| corners(feature) >= 7), "{exported}");
    let csv = site.get(Role::Centre, &format!("{}/export?format=csv", path(&result))).await.text();
    assert!(csv.lines().next().unwrap().contains("hex") && csv.lines().count() == told.len() + 1, "{csv}");
    let tile = site.get(Role::Centre, &format!("/tiles/analysis/{}/10/853/425", result["id"])).await;
    assert_eq!(classes(&tile).iter().filter(|class| *class == "hot").count(), hot.len());
}
