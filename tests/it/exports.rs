//! Exports: cut as the screen is, read by GDAL, and read back by our own import without a change.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use axum::http::{StatusCode, header};
use clap::Parser;
use maplebridge::cli::export::{ExportWhat, write};
use maplebridge::cli::import::Terms;
use maplebridge::context::Clock;
use maplebridge::db::Db;
use maplebridge::imports::fields::Noun;
use maplebridge::users::Role;
use serde_json::Value;

use crate::published::{busy, publish};
use crate::support::app::{Site, app, noon};
use crate::support::database::{Database, database};
use crate::support::files::{Way, bytes, take};
use crate::support::skip::skip;
use crate::support::town::{OWN, town};

pub(crate) const FORMATS: [&str; 6] = ["geojson", "csv", "xlsx", "shapefile", "gpkg", "fgb"];

pub(crate) async fn ready() -> Option<(Database, Site)> {
    let database = database().await?;
    town(&database).await;
    let site = app(&database, OWN).await;
    Some((database, site))
}

fn clock() -> Clock {
    Clock { zone: chrono_tz::Asia::Shanghai, fixed: Some(noon()) }
}

#[derive(Parser)]
struct Export {
    #[command(flatten)]
    what: ExportWhat,
}

#[derive(Parser)]
struct Import {
    #[command(flatten)]
    args: maplebridge::cli::import::ImportArgs,
}

/// Runs a line of `maplebridge export`; gives how many rows were written.
pub(crate) async fn export(db: &Db, line: &str) -> Result<i64, maplebridge::error::Error> {
    let words = std::iter::once("export").chain(line.split_whitespace());
    write(&Export::try_parse_from(words).unwrap().what, db, clock()).await
}

/// Runs a line of `maplebridge import`; gives what it printed.
async fn import(db: &Db, line: &str) -> String {
    let typed: Vec<String> = std::iter::once("import").chain(line.split_whitespace()).map(str::to_owned).collect();
    let (args, terms) = (Import::try_parse_from(&typed).unwrap().args, Terms { typed: &typed, locale: "en" });
    let mut out = Vec::new();
    if let Err(error) = maplebridge::cli::import::run(args, db, clock(), terms, &mut out).await {
        out.extend(error.to_string().into_bytes());
    }
    String::from_utf8(out).unwrap()
}

pub(crate) fn ending(format: &str) -> &str {
    if format == "shapefile" { "zip" } else { format }
}

#[tokio::test]
async fn every_format_holds_the_own_area_and_nothing_else() {
    let Some((_database, site)) = ready().await else { return };
    for (what, rows, noun, kind) in [
        ("areas", 3, Noun::Areas, ""),
        ("cells", 2, Noun::Cells, ""),
        ("households", 8, Noun::Households, ""),
        ("facilities", 2, Noun::Facilities, ""),
    ] {
        for format in FORMATS {
            let answer = site.get(Role::Centre, &format!("/api/exports/{what}?format={format}{kind}")).await;
            assert_eq!(answer.status, StatusCode::OK, "{what} {format}: {}", answer.text());
            assert_eq!(answer.headers["x-maplebridge-rows"], rows.to_string().as_str(), "{what} {format}");
            let name = answer.headers[header::CONTENT_DISPOSITION].to_str().unwrap();
            assert!(name.contains(&format!("{what}-2026-03-01.{}", ending(format))), "{name}");
            // What our own import reads of it is the own township's.
            let source = bytes(&format!("{what}.{}", ending(format)), answer.body.to_vec());
            let crs = matches!(format, "csv" | "xlsx").then_some("EPSG:4326");
            let taken = take(source, noun, Way { crs, ..Way::default() }).unwrap_or_else(|faults| panic!("{what} {format}: {faults:?}"));
            assert_eq!((taken.rows.len(), taken.faulty), (rows, 0), "{what} {format}: {:?}", taken.faults);
            let told = format!("{:?}", taken.rows);
            assert!(!told.contains('乙') && !told.contains("990321002"), "{what} {format}: {told}");
        }
    }
}

#[tokio::test]
async fn rights_are_those_of_the_screens_and_every_export_is_in_the_audit_trail() {
    let Some((database, site)) = ready().await else { return };
    let status = async |role, path: &str| site.get(role, &format!("/api/exports/{path}")).await.status;
    assert_eq!(status(Role::Official, "cells?format=csv").await, StatusCode::OK);
    assert_eq!(status(Role::Official, "households?format=csv").await, StatusCode::FORBIDDEN);
    assert_eq!(status(Role::Auditor, "cells?format=csv").await, StatusCode::FORBIDDEN);
    assert_eq!(status(Role::Planner, "incidents?format=csv").await, StatusCode::FORBIDDEN);
    assert_eq!(status(Role::System, "incidents?format=csv").await, StatusCode::FORBIDDEN);
    assert_eq!(status(Role::Centre, "incidents?format=geojson").await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(status(Role::Centre, "cells?format=csv&category=01").await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(status(Role::Centre, "cells?format=doc").await, StatusCode::BAD_REQUEST);
    let entries: Vec<(String, String, i64)> =
        sqlx::query_as("select account, target, row_count from audit_entries where action = 'export' order by id")
            .fetch_all(&mut database.root().await)
            .await
            .unwrap();
    assert_eq!(entries, [("at-official".to_owned(), "cells".to_owned(), 2)]);
}

#[tokio::test]
async fn cases_leave_as_a_list_without_any_place() {
    let Some((_database, site)) = ready().await else { return };
    let all = site.get(Role::Centre, "/api/exports/incidents?format=csv").await;
    assert_eq!((all.status, &all.headers["x-maplebridge-rows"]), (StatusCode::OK, &"8".parse().unwrap()), "{}", all.text());
    let text = all.text();
    let headings = text.trim_start_matches('\u{feff}').lines().next().unwrap();
    for place in ["lon", "lat", "wkt", "geom", "经度", "纬度", "图形", "safe_place", "safe_place_id"] {
        assert!(!headings.split(',').any(|heading| heading == place), "{headings}");
    }
    assert!(!text.contains("120.0") && text.contains("甲案") && !text.contains('乙'), "{text}");
    let closed = site.get(Role::Centre, "/api/exports/incidents?format=xlsx&state=closed&from=2026-02-01").await;
    assert_eq!(closed.headers["x-maplebridge-rows"], "2");
    let unit = site.get(Role::Unit, "/api/exports/incidents?format=csv").await;
    assert_eq!(unit.headers["x-maplebridge-rows"], "6", "{}", unit.text());
}

#[tokio::test]
async fn filters_of_the_screen_cut_the_file_too() {
    let Some((_database, site)) = ready().await else { return };
    let rows = async |path: &str| {
        let answer = site.get(Role::Centre, &format!("/api/exports/{path}")).await;
        answer.headers.get("x-maplebridge-rows").map_or_else(|| answer.text(), |rows| rows.to_str().unwrap().to_owned())
    };
    assert_eq!(rows("households?format=csv&within=990321001001001").await, "4");
    assert_eq!(rows("households?format=csv&bbox=120,29,120.0101,29.02").await, "4");
    assert_eq!(rows("cells?format=csv&q=Cell%20%E7%94%B21").await, "1");
    assert_eq!(rows("facilities?format=csv&kind=F02").await, "1");
    assert_eq!(rows("households?format=csv&as_of=2019-01-01").await, "0");
    let answer = site.get(Role::Centre, "/api/exports/cells?format=geojson").await;
    let first: &Value = &answer.json()["features"][0]["properties"];
    assert_eq!((&first["village_name"], &first["household_count"]), (&"甲村".into(), &10.into()), "{first}");
}

#[tokio::test]
async fn what_is_exported_comes_back_in_without_a_change() {
    let Some((database, site)) = ready().await else { return };
    let folder = tempfile::tempdir().unwrap();
    // Rows made in the program have no key of a source; as an import would have left them they have one.
    for statement in [
        "update households set origin = 'doors', origin_key = 'k:' || household_id",
        "update facilities set origin = 'posts', origin_key = 'k:' || facility_id",
    ] {
        sqlx::query(statement).execute(&mut database.root().await).await.unwrap();
    }
    for format in FORMATS {
        for (what, source) in [("areas", "areas"), ("cells", "cells"), ("households", "doors"), ("facilities", "posts")] {
            let path = folder.path().join(format!("{what}.{}", ending(format)));
            let rows = export(&site.db, &format!("{what} {}", path.display())).await.unwrap();
            let expected = match what {
                "areas" => 5,
                "cells" | "facilities" => 4,
                _ => 16,
            };
            assert_eq!(rows, expected, "{what} {format}");
            let crs = if matches!(format, "csv" | "xlsx") { "--crs EPSG:4326" } else { "" };
            let told = import(&site.db, &format!("{what} {} --source {source} {crs}", path.display())).await;
            assert!(told.contains(" 0 inserted, 0 updated,") && told.contains(" 0 faulty"), "{what} {format}: {told}");
            assert!(export(&site.db, &format!("{what} {}", path.display())).await.is_err(), "a file that is there is not written over");
            gdal_reads(&path, what, rows);
            std::fs::remove_file(path).unwrap();
        }
    }
    assert!(export(&site.db, &format!("incidents {}", folder.path().join("a.csv").display())).await.is_err());
    let list = folder.path().join("list.xlsx");
    assert_eq!(export(&site.db, &format!("incidents {} --as at-centre", list.display())).await.unwrap(), 8);
    assert!(export(&site.db, &format!("incidents {} --as at-planner", folder.path().join("b.csv").display())).await.is_err());
}

/// Every row of a list, page by page; the status where it is refused.
async fn listed(site: &Site, role: Role, path: &str) -> Result<Vec<Value>, StatusCode> {
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    loop {
        let answer = site.get(role, &format!("{path}?limit=1000{cursor}")).await;
        if answer.status != StatusCode::OK {
            return Err(answer.status);
        }
        let page = answer.json();
        rows.extend(page["features"].as_array().or(page["items"].as_array()).unwrap().iter().cloned());
        let Some(next) = page["page"]["next"].as_str() else { return Ok(rows) };
        cursor = format!("&cursor={next}");
    }
}

#[tokio::test]
async fn a_file_holds_the_rows_of_its_list_whoever_asks() {
    let Some((_database, site)) = busy().await else { return };
    publish(&site, None).await;
    for what in ["areas", "cells", "households", "facilities", "incidents", "published"] {
        let mut told = 0;
        for role in Role::ALL {
            let list = listed(&site, role, &format!("/api/{what}")).await;
            let file = site.get(role, &format!("/api/exports/{what}?format=csv")).await;
            let rows = match list {
                Ok(rows) => rows,
                Err(status) => {
                    assert_eq!(file.status, status, "{role:?} {what}");
                    continue;
                }
            };
            assert_eq!(file.status, StatusCode::OK, "{role:?} {what}: {}", file.text());
            let text = file.text();
            let mut table = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
            let lines: Vec<BTreeMap<String, String>> = table.deserialize().map(Result::unwrap).collect();
            assert_eq!(lines.len(), rows.len(), "{role:?} {what}");
            told += usize::from(!rows.is_empty());
            if what == "published" {
                let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string().replace("null", ""), str::to_owned);
                let names = ["code", "level", "month", "group", "count", "threshold"];
                let mut entries: Vec<_> = rows.iter().map(|row| names.map(|name| plain(&row[name]))).collect();
                let mut written: Vec<_> = lines.iter().map(|line| names.map(|name| line[name].clone())).collect();
                entries.sort();
                written.sort();
                assert_eq!(written, entries, "{role:?}");
            }
        }
        assert!(told >= 2, "{what}: {told} roles were told something");
    }
    let bordered = site.get(Role::Official, "/api/exports/published?format=geojson&level=village&group=ordinary&from=2026-01-15&to=2026-01-20").await;
    let features = bordered.json()["features"].as_array().unwrap().clone();
    assert!(!features.is_empty() && features.iter().all(|one| one["geometry"]["type"] == "MultiPolygon"), "{}", bordered.text());
    assert!(features.iter().all(|one| one["properties"]["month"] == "2026-01" && one["properties"]["level"] == 12), "{}", bordered.text());
    assert_eq!(site.get(Role::Official, "/api/exports/cells?format=csv&level=village").await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn the_base_map_is_read_by_gdal_in_every_format() {
    let Some((database, site)) = ready().await else { return };
    let statement = "insert into basemap_features (layer, kind, name_zh, geom) values
        ('roads', 'major_road', '甲路', ST_GeomFromText('LINESTRING(120 29, 120.01 29.01)', 4326)),
        ('water', 'river', '甲江', ST_GeomFromText('MULTILINESTRING((120 29, 120.01 29.01), (120.02 29, 120.03 29))', 4326)),
        ('water', 'lake', '甲湖', ST_GeomFromText('POLYGON((120 29, 120.01 29, 120.01 29.01, 120 29), (120.005 29.001, 120.006 29.001, 120.006 29.002, 120.005 29.001))', 4326)),
        ('landuse', 'park', '甲园', ST_GeomFromText('MULTIPOLYGON(((120 29, 120.01 29, 120.01 29.01, 120 29)))', 4326)),
        ('buildings', 'building', '甲楼', ST_GeomFromText('POLYGON((120 29, 120.01 29, 120.01 29.01, 120 29))', 4326)),
        ('boundaries', 'county', '甲界', ST_GeomFromText('LINESTRING(120 29, 120.01 29.01)', 4326)),
        ('places', 'locality', '甲村', ST_GeomFromText('POINT(120 29)', 4326))";
    sqlx::query(statement).execute(&mut database.root().await).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    for format in FORMATS {
        for (what, rows) in [("roads", 1), ("water", 2), ("landuse", 1), ("buildings", 1), ("boundaries", 1), ("places", 1)] {
            let path = folder.path().join(format!("{what}.{}", ending(format)));
            assert_eq!(export(&site.db, &format!("{what} {}", path.display())).await.unwrap(), rows, "{what} {format}");
            gdal_reads(&path, what, rows);
            let answer = site.get(Role::Supervisor, &format!("/api/exports/{what}?format={format}")).await;
            assert_eq!(answer.headers["x-maplebridge-rows"], rows.to_string().as_str(), "{what} {format}: {}", answer.text());
        }
    }
}

/// GDAL finds as many features in the file, with names in Chinese intact.
pub(crate) fn gdal_reads(path: &Path, what: &str, rows: i64) {
    if Command::new("ogrinfo").arg("--version").output().is_err() {
        skip("GDAL (ogrinfo) is not installed");
        return;
    }
    let name = path.display().to_string();
    let opened = if path.extension().is_some_and(|end| end == "zip") { format!("/vsizip/{name}") } else { name };
    // A mixture of shapes comes as several layers of a shapefile, which GDAL is asked for one by one.
    let layers = Command::new("ogrinfo").args(["-q", "-ro", &opened]).output().unwrap();
    let layers = String::from_utf8_lossy(&layers.stdout).into_owned();
    let layers = layers.lines().filter_map(|line| line.split_once(": ")?.1.split(" (").next());
    let mut text = String::new();
    for layer in layers {
        let said = Command::new("ogr2ogr").args(["-f", "GeoJSONSeq", "/vsistdout/", &opened, layer]).output().unwrap();
        let warned = String::from_utf8_lossy(&said.stderr);
        assert!(said.status.success() && !warned.contains("ERROR"), "{opened} {layer}: {warned}");
        text += &String::from_utf8_lossy(&said.stdout);
    }
    assert_eq!(text.lines().count() as i64, rows, "{opened}: {text}");
    let word = match what {
        "households" => "house",
        "heat" => "cases",
        _ => "甲",
    };
    assert!(text.contains(word), "{opened}: {text}");
    if !matches!(path.extension().and_then(|end| end.to_str()), Some("csv" | "xlsx")) {
        assert!(text.lines().all(|line| line.contains("\"coordinates\"")), "{opened}: {text}");
    }
}
