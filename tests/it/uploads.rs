//! Uploads over HTTP, from the form to the tile: dry run, the good rows, progress, cancel, sizes.

use std::fmt::Write as _;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use maplebridge::mvt::{TileId, World};
use maplebridge::users::Role;
use serde_json::Value;
use sqlx::{Connection as _, Executor as _};

use crate::support::app::{Answer, Site, app};
use crate::support::database::{Database, database};
use crate::support::importing::count;
use crate::support::town::{OWN, town};

async fn ready() -> Option<(Database, Site)> {
    let database = database().await?;
    town(&database).await;
    let site = app(&database, OWN).await;
    Some((database, site))
}

/// A form with fields and, last, a file.
fn form(fields: &[(&str, &str)], name: &str, file: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for (field, value) in fields {
        body.extend(format!("--edge\r\ncontent-disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n").into_bytes());
    }
    body.extend(format!("--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n").into_bytes());
    body.extend_from_slice(file);
    body.extend(b"\r\n--edge--\r\n");
    body
}

async fn upload(site: &Site, role: Role, fields: &[(&str, &str)], name: &str, file: &[u8]) -> Answer {
    let request = Request::post("/api/imports")
        .header(header::HOST, "maplebridge.test")
        .header(header::AUTHORIZATION, site.bearer(role))
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=edge");
    site.send(request.body(Body::from(form(fields, name, file))).unwrap()).await
}

fn begun(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    answer.json()["job"].as_str().unwrap().to_owned()
}

async fn job(site: &Site, id: &str) -> Value {
    let answer = site.get(Role::System, &format!("/api/jobs/{id}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

/// The job once it is as asked.
async fn until(site: &Site, id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..600 {
        let job = job(site, id).await;
        if wanted(&job) {
            return job;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the job does not come to it: {}", job(site, id).await)
}

async fn ended(site: &Site, id: &str) -> Value {
    until(site, id, |job| job["ended_at"].is_string()).await
}

const FACILITIES: &str =
    "类型,名称,经度,纬度\n幼儿园,新幼儿园,120.005,29.005\nF08,新调解室,120.006,29.006\n飞机场,新机场,120.007,29.007\nF08,无处,,\n";

#[tokio::test]
async fn an_upload_goes_from_a_dry_run_over_its_good_rows_to_the_tile() {
    let Some((database, site)) = ready().await else { return };
    let place = TileId::holding(14, World::from_lon_lat(120.005, 29.005));
    let tile = format!("/tiles/facilities/14/{}/{}", place.x(), place.y());
    let before = site.get(Role::Planner, &tile).await;
    let fields = [("noun", "facilities"), ("crs", "EPSG:4490"), ("key", "名称"), ("source", "街道清单")];

    let id = begun(&upload(&site, Role::System, &[&fields[..], &[("dry_run", "true")]].concat(), "清单.csv", FACILITIES.as_bytes()).await);
    let dry = ended(&site, &id).await;
    assert_eq!((dry["state"].as_str(), dry["report"]["faults"].as_u64()), (Some("failed"), Some(2)), "{dry}");
    let columns: Vec<&Value> =
        dry["report"]["understood"]["columns"]["fields"].as_array().unwrap().iter().filter(|field| field["heading"].is_string()).collect();
    assert!(
        columns.iter().any(|field| field["field"] == "kind" && field["heading"] == "类型"),
        "columns are shown before anything is written: {columns:?}"
    );
    let faults = site.get(Role::System, &format!("/api/jobs/{id}/faults")).await.json();
    let told: Vec<(u64, &str)> =
        faults["items"].as_array().unwrap().iter().map(|fault| (fault["row_number"].as_u64().unwrap(), fault["code"].as_str().unwrap())).collect();
    assert_eq!(told, [(4, "not_in_list"), (5, "place_missing")]);
    assert!(faults["items"][0]["cure_zh"].as_str().unwrap().contains("--extend"), "{faults}");

    let good = [&fields[..], &[("skip_faulty", "true")]].concat();
    let id = begun(&upload(&site, Role::System, &good, "清单.csv", FACILITIES.as_bytes()).await);
    let done = ended(&site, &id).await;
    assert_eq!((done["state"].as_str(), done["step"].as_str()), (Some("done"), Some("done")), "{done}");
    let counts = &done["report"]["counts"];
    assert_eq!(["read", "inserted", "updated", "unchanged", "rejected"].map(|name| counts[name].as_u64().unwrap()), [4, 2, 0, 0, 2]);
    let after = site.get(Role::Planner, &tile).await;
    assert_eq!(after.status, StatusCode::OK);
    assert_ne!(
        after.headers[header::ETAG],
        before.headers.get(header::ETAG).cloned().unwrap_or_else(|| "none".parse().unwrap()),
        "done means that the tile shows it"
    );
    let found = after.body.windows("新调解室".len()).any(|window| window == "新调解室".as_bytes());
    assert!(found, "the tile names the new office");

    let id = begun(&upload(&site, Role::System, &good, "清单.csv", FACILITIES.as_bytes()).await);
    assert_eq!(ended(&site, &id).await["report"]["counts"]["unchanged"], 2, "the same upload again");
    let taken_back = site
        .ask(Method::POST, &format!("/api/jobs/{}/undo", done["id"].as_str().unwrap()), &[("authorization", &site.bearer(Role::System))], None)
        .await;
    assert_eq!(taken_back.status, StatusCode::OK, "{}", taken_back.text());
    assert_eq!(count(&database, "select count(*) from facilities where origin = '街道清单'").await, 0);
    let gone = site.get(Role::Planner, &tile).await;
    assert_eq!(gone.headers.get(header::ETAG), before.headers.get(header::ETAG), "and the tile is what it was");
}

#[tokio::test]
async fn a_job_that_is_told_to_stop_stores_nothing_and_shows_how_far_it_was() {
    let Some((database, site)) = ready().await else { return };
    let mut doors = String::from("门牌,经度,纬度\n");
    for door in 0..20_000 {
        writeln!(doors, "{door}号,{:.6},{:.6}", 120.0 + 0.000_001 * f64::from(door), 29.001).unwrap();
    }
    // Nothing can be written while this lock is held, so the job is caught in the middle.
    let mut holder = database.root().await;
    let mut lock = holder.begin().await.unwrap();
    lock.execute("lock table households in exclusive mode").await.unwrap();
    let before = count(&database, "select count(*) from households").await;
    let fields = [("noun", "households"), ("crs", "EPSG:4490"), ("key", "门牌")];
    let id = begun(&upload(&site, Role::System, &fields, "doors.csv", doors.as_bytes()).await);
    let running = until(&site, &id, |job| job["done_rows"].as_i64() == Some(20_000)).await;
    assert_eq!(running["state"], "running");
    let waiting =
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%households%'";
    for _ in 0..200 {
        if count(&database, waiting).await > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let asked = site.ask(Method::DELETE, &format!("/api/jobs/{id}"), &[("authorization", &site.bearer(Role::System))], None).await;
    assert_eq!((asked.status, &asked.json()["cancel_asked"]), (StatusCode::ACCEPTED, &Value::Bool(true)));
    let cancelled = ended(&site, &id).await;
    assert_eq!(cancelled["state"], "cancelled", "even in the midst of its last statement: {cancelled}");
    lock.rollback().await.unwrap();
    assert_eq!(count(&database, "select count(*) from households").await, before);
    let id = begun(&upload(&site, Role::System, &fields, "doors.csv", doors.as_bytes()).await);
    assert_eq!(ended(&site, &id).await["state"], "done", "the next one goes through");
    assert_eq!(count(&database, "select count(*) from households").await, before + 20_000);
}

#[tokio::test]
async fn an_upload_may_be_larger_than_other_bodies_and_not_larger_than_its_own_limit() {
    let Some((database, site)) = ready().await else { return };
    let mut file = String::from("类型,名称,经度,纬度,备注\n");
    for row in 0..6000 {
        writeln!(file, "F08,第{row}室,120.005,29.005,{}", "x".repeat(1000)).unwrap();
    }
    assert!(file.len() > 5 << 20);
    let fields = [("noun", "facilities"), ("crs", "EPSG:4490"), ("key", "名称")];
    let id = begun(&upload(&site, Role::System, &fields, "large.csv", file.as_bytes()).await);
    assert_eq!(ended(&site, &id).await["report"]["counts"]["inserted"], 6000);
    assert_eq!(count(&database, "select count(*) from facilities where origin = 'large.csv'").await, 6000);

    let request = Request::post("/api/imports")
        .header(header::HOST, "maplebridge.test")
        .header(header::AUTHORIZATION, site.bearer(Role::System))
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=edge")
        .header(header::CONTENT_LENGTH, (1_u64 << 30) + 1);
    let refused = site.send(request.body(Body::from(form(&fields, "a.csv", b"x"))).unwrap()).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
    let problem = refused.json();
    assert_eq!(problem["type"], "/problems/too-large");
    assert!(
        problem["detail"].as_str().unwrap().contains("1024 MiB") && problem["detail"].as_str().unwrap().contains("maplebridge import"),
        "{problem}"
    );
}

#[tokio::test]
async fn who_may_not_import_is_refused_before_the_file_is_read_and_a_form_without_sense_is_told() {
    let Some((_database, site)) = ready().await else { return };
    for role in [Role::Supervisor, Role::Unit, Role::Centre, Role::Planner, Role::Official, Role::Security, Role::Auditor] {
        let answer = upload(&site, role, &[("noun", "facilities")], "a.csv", FACILITIES.as_bytes()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{role:?}");
    }
    for (fields, pointer) in [
        (&[("noun", "people")][..], "noun"),
        (&[("noun", "cells"), ("under", "99032")], "under"),
        (&[("noun", "cells"), ("repair", "perhaps")], "repair"),
        (&[("noun", "cells"), ("map", "{")], "map"),
        (&[("noun", "cells"), ("colour", "red")], "colour"),
    ] {
        let answer = upload(&site, Role::System, fields, "a.csv", b"x").await;
        assert_eq!(
            (answer.status, answer.json()["faults"][0]["pointer"].as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some(pointer)),
            "{}",
            answer.text()
        );
    }
}
