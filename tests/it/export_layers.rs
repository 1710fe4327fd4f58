//! Exports of labels and of heat, and the filters of the command line.

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use maplebridge::users::Role;
use serde_json::{Value, json};
use sqlx::Executor as _;

use crate::exports::{FORMATS, ending, export, gdal_reads, ready};
use crate::published::{COUNTY, busy, publish};
use crate::support::app::Site;

async fn features(site: &Site, role: Role, path: &str) -> Vec<Value> {
    let answer = site.get(role, &format!("/api/exports/{path}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
    answer.json()["features"].as_array().unwrap().clone()
}

async fn refusal(site: &Site, role: Role, path: &str) -> (StatusCode, Value) {
    let answer = site.get(role, &format!("/api/exports/{path}")).await;
    (answer.status, answer.json()["faults"][0]["code"].clone())
}

#[tokio::test]
async fn labels_are_points_inside_their_borders_in_every_format() {
    let Some((database, site)) = ready().await else { return };
    let folder = tempfile::tempdir().unwrap();
    for format in FORMATS {
        for (what, own, all) in [("cell_labels", 2, 4), ("area_labels", 3, 5)] {
            let path = folder.path().join(format!("{what}.{}", ending(format)));
            assert_eq!(export(&site.db, &format!("{what} {}", path.display())).await.unwrap(), all, "{what} {format}");
            gdal_reads(&path, what, all);
            let answer = site.get(Role::Centre, &format!("/api/exports/{what}?format={format}")).await;
            assert_eq!(answer.headers["x-maplebridge-rows"], own.to_string().as_str(), "{what} {format}: {}", answer.text());
        }
    }
    let labels = features(&site, Role::Official, "cell_labels?format=geojson").await;
    for label in &labels {
        let inside: bool = sqlx::query_scalar(
            "select ST_Contains(geom, ST_SetSRID(ST_GeomFromGeoJSON($1), 4326)) from cells where code::text = $2 and valid_to is null",
        )
        .bind(label["geometry"].to_string())
        .bind(label["properties"]["code"].as_str())
        .fetch_one(&mut database.root().await)
        .await
        .unwrap();
        assert!(inside && label["properties"]["level"] == 15, "{label}");
    }
    let [lon, lat] = [0, 1].map(|n| labels[0]["geometry"]["coordinates"][n].as_f64().unwrap());
    let around = format!("{},{},{},{}", lon - 1e-4, lat - 1e-4, lon + 1e-4, lat + 1e-4);
    assert_eq!(features(&site, Role::Official, &format!("cell_labels?format=geojson&bbox={around}")).await, labels[..1]);
    let beside = format!("{},{},{},{}", lon + 1e-4, lat + 1e-4, lon + 2e-4, lat + 2e-4);
    assert_eq!(features(&site, Role::Official, &format!("cell_labels?format=geojson&bbox={beside}")).await, Vec::<Value>::new());
    let sought =
        features(&site, Role::Official, &format!("cell_labels?format=geojson&q={}", labels[1]["properties"]["code"].as_str().unwrap())).await;
    assert_eq!(sought, labels[1..2]);
}

#[tokio::test]
async fn heat_leaves_as_the_bands_of_density_for_who_may_open_the_cases() {
    let Some((database, site)) = busy().await else { return };
    let dates = "from=2026-01-01&to=2026-02-28";
    let heat = features(&site, Role::Centre, &format!("heat?format=geojson&{dates}")).await;
    let bearer = site.bearer(Role::Centre);
    let asked = json!({"within": COUNTY, "from": "2026-01-01", "to": "2026-02-28", "bandwidth_m": 800});
    let begun = site.ask(Method::POST, "/api/analyses/density", &[("authorization", &bearer)], Some(&asked)).await.json();
    assert_eq!(begun["state"], "done", "{begun}");
    let path = format!("/api/analyses/density/results/{}/export", begun["id"]);
    let bands = site.get(Role::Centre, &path).await.json()["features"].as_array().unwrap().clone();
    assert!(bands.len() > 1, "{bands:?}");
    let told = |all: &[Value]| -> Vec<Value> {
        all.iter()
            .map(|one| {
                json!([
                    one["properties"]["class"].to_string().replace('"', ""),
                    one["properties"]["from_per_km2_year"],
                    one["properties"]["to_per_km2_year"]
                ])
            })
            .collect()
    };
    assert_eq!(told(&heat), told(&bands));
    for (band, other) in heat.iter().zip(&bands) {
        assert_eq!(band["geometry"]["type"], "MultiPolygon", "no shape is a point");
        assert_eq!(area(band), area(other));
        let properties = &band["properties"];
        assert_eq!((&properties["source"], &properties["bandwidth_m"]), (&json!("cases"), &json!(800.0)));
        assert_eq!((&properties["first_day"], &properties["last_day"]), (&json!("2026-01-01"), &json!("2026-02-28")));
        assert!(properties.as_object().unwrap().keys().all(|key| !key.contains("count") && !key.contains("case_no")), "{properties}");
    }
    // the filters of the screen
    let fewer = features(&site, Role::Centre, &format!("heat?format=geojson&{dates}&category=02,03&source=police")).await;
    assert!(sum(&fewer) < 0.8 * sum(&heat), "{} of {}", sum(&fewer), sum(&heat));
    assert!(features(&site, Role::Centre, "heat?format=geojson&from=2020-01-01&to=2020-12-31").await.is_empty());
    let wide = features(&site, Role::Centre, &format!("heat?format=geojson&{dates}&bandwidth_m=2000")).await;
    assert_ne!(told(&wide), Vec::<Value>::new());
    let cut = features(&site, Role::Centre, &format!("heat?format=geojson&{dates}&bbox=120,29,120.005,29.005")).await;
    let corners = cut.iter().flat_map(|band| numbers(&band["geometry"]["coordinates"])).collect::<Vec<f64>>();
    assert!(
        !corners.is_empty() && corners.chunks(2).all(|at| (119.999_999..=120.005_001).contains(&at[0]) && (28.999_999..=29.005_001).contains(&at[1]))
    );
    // a supervisor of one village has no more than its cases
    let other = features(&site, Role::Centre, &format!("heat?format=geojson&{dates}&within=990321001001")).await;
    assert!(sum(&other) < sum(&heat));
    assert_eq!(refusal(&site, Role::Centre, "heat?format=geojson&group=ordinary").await, (StatusCode::UNPROCESSABLE_ENTITY, json!("not_a_filter")));
    assert_eq!(refusal(&site, Role::Centre, "heat?format=geojson&bandwidth_m=10").await, (StatusCode::UNPROCESSABLE_ENTITY, json!("out_of_range")));
    assert_eq!(site.get(Role::Auditor, "/api/exports/heat?format=csv").await.status, StatusCode::FORBIDDEN);
    let points = site.get(Role::Centre, "/api/exports/incidents?format=geojson").await;
    assert_eq!(points.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        points.text().contains("no file of incident points") && points.text().contains("csv or xlsx") && points.text().contains("heat"),
        "{}",
        points.text()
    );
    let folder = tempfile::tempdir().unwrap();
    for format in FORMATS {
        let path = folder.path().join(format!("heat.{}", ending(format)));
        let rows = export(&site.db, &format!("heat {} --as at-centre --from 2026-01-01 --to 2026-02-28", path.display())).await.unwrap();
        assert_eq!(rows as usize, heat.len(), "{format}");
        gdal_reads(&path, "heat", rows);
    }
    let entries: i64 = sqlx::query_scalar("select count(*) from audit_entries where action = 'export' and target = 'heat' and account = 'at-centre' and detail ->> 'from' = '2026-01-01'")
        .fetch_one(&mut database.root().await)
        .await
        .unwrap();
    assert_eq!(entries, 11, "one an export that was made");
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(all) => all.iter().flat_map(numbers).collect(),
        other => other.as_f64().into_iter().collect(),
    }
}

/// Square degrees of the rings of a feature, holes taken off.
fn area(feature: &Value) -> i64 {
    let ring = |ring: &Value| {
        let at: Vec<f64> = numbers(ring);
        at.chunks(2).zip(at[2..].chunks(2)).map(|(a, b)| (a[0] - 120.0) * (b[1] - 29.0) - (b[0] - 120.0) * (a[1] - 29.0)).sum::<f64>().abs() / 2.0
    };
    let polygons = feature["geometry"]["coordinates"].as_array().unwrap();
    let of = |polygon: &Value| {
        let rings = polygon.as_array().unwrap();
        ring(&rings[0]) - rings[1..].iter().map(ring).sum::<f64>()
    };
    (polygons.iter().map(of).sum::<f64>() * 1e9).round() as i64
}

/// How much there is of all bands, by their lower bounds.
fn sum(bands: &[Value]) -> f64 {
    bands.iter().map(|band| area(band) as f64 * band["properties"]["from_per_km2_year"].as_f64().unwrap()).sum()
}

#[tokio::test]
async fn heat_of_who_may_open_no_case_is_published_numbers_by_place_and_says_what_is_withheld() {
    let Some((database, site)) = busy().await else { return };
    publish(&site, None).await;
    let path = "heat?format=geojson&from=2026-01-10&to=2026-01-20";
    for role in [Role::Official, Role::Unit, Role::Planner] {
        let heat = features(&site, role, path).await;
        let entries = site.get(role, "/api/published?limit=1000&level=cell&group=ordinary&from=2026-01-01&to=2026-01-01").await.json();
        let told: BTreeMap<&str, Option<u64>> =
            entries["items"].as_array().unwrap().iter().map(|entry| (entry["code"].as_str().unwrap(), entry["count"].as_u64())).collect();
        let cells: i64 = sqlx::query_scalar("select count(*) from cells where valid_to is null").fetch_one(&mut database.root().await).await.unwrap();
        assert_eq!(heat.len() as i64, cells, "{role:?}");
        let (mut shown, mut withheld) = (0, 0);
        for place in &heat {
            let properties = &place["properties"];
            let count = told.get(properties["code"].as_str().unwrap()).copied().flatten();
            assert_eq!(properties["withheld"], count.is_none(), "{role:?}: {properties} of {count:?}");
            assert_eq!(properties["class"].is_null(), count.is_none(), "{role:?}: {properties}");
            assert_eq!(
                (&properties["source"], &properties["first_day"], &properties["last_day"]),
                (&json!("published"), &json!("2026-01-01"), &json!("2026-01-31"))
            );
            assert!(properties.get("count").is_none());
            if let Some(count) = count {
                let km2: f64 = sqlx::query_scalar("select area_m2 / 1e6 from cells where valid_to is null and code::text = $1")
                    .bind(properties["code"].as_str())
                    .fetch_one(&mut database.root().await)
                    .await
                    .unwrap();
                let density = count as f64 / km2 * 12.0;
                let (from, to) = (properties["from_per_km2_year"].as_f64().unwrap(), properties["to_per_km2_year"].as_f64().unwrap_or(f64::INFINITY));
                assert!((from..to).contains(&density), "{role:?}: {density} in {properties}");
                shown += 1;
            } else {
                withheld += 1;
            }
        }
        assert!(shown > 0 && withheld > 0, "{role:?}: {shown} shown, {withheld} withheld");
    }
    let before = features(&site, Role::Official, path).await;
    let sql = "insert into incidents (category, source, occurred_on, discovered_on, scope_code, safe_place_id)
               select '02', 'screening', '2026-01-15', '2026-02-20', s.scope_code, s.id from safe_places s, generate_series(1, 9)";
    database.root().await.execute(sql).await.unwrap();
    assert_eq!(features(&site, Role::Official, path).await, before, "a case registered later changes nothing");
    for filter in ["category=02", "source=police", "state=closed", "bandwidth_m=500"] {
        assert_eq!(
            refusal(&site, Role::Official, &format!("heat?format=csv&{filter}")).await,
            (StatusCode::UNPROCESSABLE_ENTITY, json!("not_published")),
            "{filter}"
        );
    }
    let sensitive = features(&site, Role::Official, "heat?format=geojson&group=family").await;
    assert!(!sensitive.is_empty() && sensitive.iter().all(|place| place["properties"]["level"] == 12), "{sensitive:?}");
    assert_eq!(refusal(&site, Role::Official, "heat?format=csv&group=nothing").await.0, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn the_command_line_has_the_filters_of_the_page() {
    let Some((_database, site)) = ready().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    for (number, (line, rows)) in [
        ("incidents {} --as at-centre --state closed --from 2026-02-01", 2),
        ("incidents {} --as at-centre --to 2019-12-31", 0),
        ("facilities {} --as at-centre --kind F02", 1),
        ("households {} --as at-centre --bbox 120,29,120.0101,29.02", 4),
        ("households {} --as at-centre --as-of 2019-01-01", 0),
        ("cells {} --as at-centre --q 990321001001001", 1),
    ]
    .into_iter()
    .enumerate()
    {
        let line = line.replace("{}", &file(&format!("{number}.csv")));
        assert_eq!(export(&site.db, &line).await.unwrap(), rows, "{line}");
    }
    for line in
        ["cells {} --category 01", "cells {} --group ordinary", "incidents {} --as at-centre --bbox 1,2,3,4", "heat {}", "cells {} --bbox 1,2,3"]
    {
        let path = file("refused.csv");
        let refused = export(&site.db, &line.replace("{}", &path)).await;
        assert!(refused.is_err() && !std::path::Path::new(&path).exists(), "{line}: {refused:?}");
    }
}
