//! Everything that goes out and everything that comes in, by lists that a new route, layer or text cannot slip past.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use axum::http::{Method, StatusCode};
use maplebridge::tiles::LAYERS;
use maplebridge::users::Role;
use serde_json::{Value, json};
use sqlx::Executor as _;

use crate::roles::{ask, filled, queries, routes};
use crate::support::app::app;
use crate::support::database::database;
use crate::support::town::{OWN, OWN_KEY, town};

/// What an output tells of incidents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tells {
    /// Single cases or true numbers: to those alone who may open each case.
    Cases,
    /// Numbers as `privacy` lets them be told.
    Published,
    /// Nothing.
    Nothing,
}

use Tells::{Cases, Nothing, Published};

/// Every reading route. Where a new one is missing, say what it tells; where it tells of incidents, it asks `privacy`.
const ROUTES: [(&str, Tells); 50] = [
    ("/api/analyses", Nothing),
    ("/api/analyses/{name}/results", Published),
    ("/api/analyses/{name}/results/{id}", Published),
    ("/api/analyses/{name}/results/{id}/export", Published),
    ("/api/areas", Nothing),
    ("/api/areas/{code}", Nothing),
    ("/api/areas/{code}/summary", Published),
    ("/api/audit", Nothing),
    ("/api/base-maps", Nothing),
    ("/api/cells", Nothing),
    ("/api/cells/{code}", Nothing),
    ("/api/cells/{code}/summary", Published),
    ("/api/codes", Nothing),
    ("/api/events", Cases),
    ("/api/exports/{what}", Cases),
    ("/api/facilities", Nothing),
    ("/api/facilities/{id}", Nothing),
    ("/api/households", Nothing),
    ("/api/households/{id}", Nothing),
    ("/api/incident-clocks", Cases),
    ("/api/incident-counts", Published),
    ("/api/incident-mix", Published),
    ("/api/incident-series", Published),
    ("/api/incidents", Cases),
    ("/api/incidents/{id}", Cases),
    ("/api/incidents/{id}/place", Cases),
    ("/api/incidents/{id}/steps", Cases),
    ("/api/jobs", Nothing),
    ("/api/jobs/{id}", Nothing),
    ("/api/jobs/{id}/faults", Nothing),
    ("/api/me", Nothing),
    ("/api/publications", Published),
    ("/api/published", Published),
    ("/api/search", Nothing),
    ("/api/service-standards", Nothing),
    ("/api/settings", Nothing),
    ("/api/system", Nothing),
    ("/api/tokens", Nothing),
    ("/api/users", Nothing),
    ("/api/users/areas", Nothing),
    ("/api/warnings", Cases),
    ("/api/warnings/rules", Cases),
    ("/api/warnings/{key}", Cases),
    ("/api/webhooks", Nothing),
    ("/api/webhooks/{id}/deliveries", Nothing),
    ("/tiles/analysis/{id}", Published),
    ("/tiles/analysis/{id}/{z}/{x}/{y}", Published),
    ("/tiles/{layers}", Nothing),
    ("/tiles/{layers}/{z}/{x}/{y}", Cases),
    ("/styles/{name}", Nothing),
];

/// Every layer of tiles.
const TILES: [(&str, Tells); 17] = [
    ("areas", Nothing),
    ("area_labels", Nothing),
    ("cells", Nothing),
    ("cell_labels", Nothing),
    ("households", Nothing),
    ("facilities", Nothing),
    ("incidents", Cases),
    ("heat", Cases),
    ("heat_withheld", Published),
    ("earth", Nothing),
    ("landuse", Nothing),
    ("water", Nothing),
    ("roads", Nothing),
    ("buildings", Nothing),
    ("boundaries", Nothing),
    ("places", Nothing),
    ("published", Published),
];

/// The files whose statements read incidents, and why each may.
const READERS: [(&str, &str); 10] = [
    ("src/demo/load.rs", "the first steps of demonstration cases; no number is told"),
    ("src/warnings/around.rs", "how many cases of each kind lie around a warning, for those who may open each of them"),
    ("src/warnings/gather.rs", "what the rules of warnings look at; what they find is told where each case may be opened"),
    (
        "src/exports/statements.rs",
        "the list of cases without places, and the safe places that bands of heat are drawn from, under the reader's rights",
    ),
    ("src/analyses/store.rs", "cases of which only the village is known, of an area of which the reader may open each"),
    ("src/incidents/store.rs", "cases, under the reader's rights"),
    ("src/published/store.rs", "counts of cases under the reader's rights; the publisher's counts come from app.count_incidents"),
    ("src/imports/undo.rs", "whether an import can be taken back; no number is told"),
    ("src/imports/write/incidents.rs", "the merge of an import"),
    ("tiles/layers/incidents.sql", "the read model; its readers are cut in tiles and ask"),
];

/// The files that read incidents in memory, and why each may.
const READERS_IN_MEMORY: [(&str, &str); 8] = [
    ("src/analyses/ground.rs", "cases of an area of which the reader may open each; privacy is asked for the whole of it"),
    ("src/read_model/model.rs", "the digest"),
    ("src/read_model/size.rs", "bytes"),
    ("src/read_model/ask.rs", "keys in a box, of cases the reader may open"),
    ("src/read_model/apply.rs", "the follower"),
    ("src/tiles/encode/heat/cases.rs", "cases the reader may open"),
    ("src/tiles/encode/mod.rs", "whether blocks are few, which decides on the thread"),
    ("src/tiles/encode/points.rs", "cases the reader may open"),
];

#[test]
fn every_output_is_known_and_says_what_it_tells_of_incidents() {
    let described: BTreeSet<String> = routes().into_iter().filter(|route| route.method == Method::GET).map(|route| route.path).collect();
    let listed: BTreeSet<String> = ROUTES.iter().map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(described.symmetric_difference(&listed).collect::<Vec<_>>(), Vec::<&String>::new(), "say in ROUTES what these tell of incidents");
    let layers: Vec<&str> = LAYERS.iter().map(|entry| entry.name).collect();
    assert_eq!(layers, TILES.map(|(name, _)| name), "say in TILES what each layer tells of incidents");
}

/// Every `$ref` in a part of the description.
fn references(part: &Value, found: &mut BTreeSet<String>) {
    match part {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn what_the_description_refers_to_is_in_it() {
    let described = serde_json::to_value(maplebridge::app::openapi()).unwrap();
    let mut found = BTreeSet::new();
    references(&described, &mut found);
    let absent: Vec<_> = found.iter().filter(|name| described.pointer(name.trim_start_matches('#')).is_none()).collect();
    assert!(found.len() > 20 && absent.is_empty(), "{absent:?}");
}

#[test]
fn incidents_are_read_in_known_places_only() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut in_sql, mut in_memory) = (BTreeSet::new(), BTreeSet::new());
    let mut folders = vec![root.join("src"), root.join("tiles")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
            let reads = |sql: &str| code.split(sql).skip(1).any(|rest| !rest.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_'));
            if reads("from incidents") || reads("join incidents") {
                in_sql.insert(name.clone());
            }
            let is_model = name.starts_with("src/read_model")
                || name.starts_with("src/tiles")
                || name.starts_with("src/app")
                || name.starts_with("src/analyses");
            if is_model && reads(".incidents") {
                in_memory.insert(name);
            }
        }
    }
    assert_eq!(in_sql, READERS.iter().map(|(file, _)| (*file).to_owned()).collect(), "say in READERS why a file reads incidents");
    assert_eq!(in_memory, READERS_IN_MEMORY.iter().map(|(file, _)| (*file).to_owned()).collect(), "say in READERS_IN_MEMORY why");
}

/// Roles that may open no case of the township, but for those of their unit.
const BLIND: [Role; 6] = [Role::Unit, Role::Planner, Role::Official, Role::System, Role::Security, Role::Auditor];

#[tokio::test]
async fn a_case_that_one_may_not_open_changes_no_answer() {
    let Some(database) = database().await else { return };
    town(&database).await;
    let site = app(&database, OWN).await;
    let mut asked: Vec<(Role, String)> = Vec::new();
    // each look at the trail adds to it; what the stream of changes tells whom is held in `events`
    let once = ["/api/audit", "/api/events"];
    for route in routes().into_iter().filter(|route| route.method == Method::GET && !once.contains(&route.path.as_str())) {
        for role in BLIND {
            asked.extend(queries(&route).into_iter().map(|query| (role, format!("{}{query}", filled(&route, |it| it.own)))));
        }
    }
    let tiles = LAYERS.iter().flat_map(|entry| {
        [8, 12, 14].map(|z| {
            format!(
                "/tiles/{}/{z}/{}/{}",
                entry.name,
                3413 >> (12 - i32::min(z, 12)) << (z - i32::min(z, 12)),
                1702 >> (12 - i32::min(z, 12)) << (z - i32::min(z, 12))
            )
        })
    });
    asked.extend(tiles.flat_map(|tile| BLIND.map(|role| (role, tile.clone()))));
    let get = routes().into_iter().find(|route| route.method == Method::GET).unwrap();
    let mut before: BTreeMap<(Role, String), (StatusCode, String, Vec<u8>)> = BTreeMap::new();
    for (role, path) in &asked {
        before.insert((*role, path.clone()), answer(&site, *role, &get, path).await);
    }
    database
        .root()
        .await
        .execute(
            "insert into incidents (category, source, occurred_on, discovered_on, scope_code, safe_place_id)
             select '02', 'screening', d, '2026-02-28', s.scope_code, s.id
               from safe_places s, generate_series(1, 9) n, unnest(array[date '2026-01-10', date '2026-02-10']) d",
        )
        .await
        .unwrap();
    site.model.wait_fresh_within(std::time::Duration::from_secs(10)).await.unwrap();
    let mut told = 0;
    for ((role, path), then) in before {
        let now = answer(&site, role, &get, &path).await;
        told += usize::from(now.0 == StatusCode::OK);
        assert!(now == then, "{role:?} {path}: {} {} became {} {}", then.0, String::from_utf8_lossy(&then.2), now.0, String::from_utf8_lossy(&now.2));
    }
    assert!(told > 100, "{told} answers compared");
    let centre = site.get(Role::Centre, "/api/incidents?limit=1000").await.json();
    assert!(centre["features"].as_array().unwrap().len() > 20, "those who may, see them");
}

/// Status, ETag and body, without the id of the request.
async fn answer(site: &crate::support::app::Site, role: Role, route: &crate::roles::Route, path: &str) -> (StatusCode, String, Vec<u8>) {
    let answer = ask(site, Some(role), route, path).await;
    let etag = answer.headers.get("etag").map(|tag| tag.to_str().unwrap().to_owned()).unwrap_or_default();
    let mut body = answer.body.to_vec();
    if let Ok(mut value) = serde_json::from_slice::<Value>(&body)
        && let Some(members) = value.as_object_mut()
        && members.remove("request_id").is_some()
    {
        body = value.to_string().into_bytes();
    }
    (answer.status, etag, body)
}

/// An identity number as the gate knows it, made up with a right check digit.
const NUMBER: &str = "11010519491231002X";

/// Texts that pass no gate, and why.
const UNGATED: [(&str, &str); 18] = [
    ("account", "a name of letters, checked as such; the gate of a new account reads it too"),
    ("area", "a code"),
    ("code", "a code"),
    ("current", "a password"),
    ("new", "a password"),
    ("password", "a password"),
    ("kind", "a code of a list"),
    ("category", "a code of a list"),
    ("source", "a code of a list, or gated where it is a sentence"),
    ("parties_kind", "a code of a list"),
    ("complexity", "a code of a list"),
    ("risk_level", "a code of a list"),
    ("population_band", "a code of a list"),
    ("dwelling_kind", "a code of a list"),
    ("urban_rural_class", "a code of a list"),
    ("month", "a month"),
    ("to", "a state of the list"),
    ("within", "a code"),
];

/// Texts of bodies, by pointer: every plain string of the description.
fn texts(described: &Value, schema: &Value, pointer: &str, found: &mut BTreeSet<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        return texts(described, &described["components"]["schemas"][name.rsplit('/').next().unwrap()], pointer, found);
    }
    for part in ["oneOf", "anyOf", "allOf"] {
        schema[part].as_array().into_iter().flatten().for_each(|part| texts(described, part, pointer, found));
    }
    let is_text = schema["type"] == "string" || schema["type"].as_array().is_some_and(|types| types.contains(&json!("string")));
    if is_text && schema.get("format").is_none() && schema.get("enum").is_none() {
        found.insert(pointer.to_owned());
    }
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        texts(described, member, &format!("{pointer}/{name}"), found);
    }
}

#[tokio::test]
async fn every_text_that_comes_in_passes_the_gate() {
    let Some(database) = database().await else { return };
    town(&database).await;
    let site = app(&database, OWN).await;
    let described = serde_json::to_value(maplebridge::app::openapi()).unwrap();
    let point = json!({"type": "Point", "coordinates": [120.002, 29.011]});
    let (mut gated, mut loose) = (0, Vec::new());
    for route in routes().into_iter().filter(|route| [Method::POST, Method::PATCH, Method::PUT].contains(&route.method)) {
        let method = route.method.as_str().to_lowercase();
        let content = &described["paths"][&route.path][&method]["requestBody"]["content"];
        let Some(schema) = content.as_object().and_then(|all| all.iter().find(|(kind, _)| kind.contains("json"))).map(|(_, it)| &it["schema"]) else {
            continue;
        };
        let mut found = BTreeSet::new();
        texts(&described, schema, "", &mut found);
        for pointer in found {
            let name = pointer.rsplit('/').next().unwrap();
            if name == "type" || UNGATED.iter().any(|(ungated, _)| *ungated == name) && !(name == "source" && route.path.contains("standards")) {
                continue;
            }
            let mut body = match (route.method.as_str(), route.path.as_str()) {
                ("POST", "/api/incidents") => json!({"geometry": point, "properties": {"category": "02", "occurred_on": "2026-02-20"}}),
                ("POST", "/api/facilities") => json!({"geometry": point, "properties": {"kind": "F01", "name_zh": "站"}}),
                ("POST", "/api/households") => json!({"geometry": point, "properties": {}}),
                ("POST", "/api/areas") => json!({"properties": {"code": "990321001002", "name_zh": "新村"}}),
                ("POST", "/api/cells") => {
                    json!({"geometry": {"type": "Polygon", "coordinates": [[[120.0, 29.0], [120.001, 29.0], [120.001, 29.001], [120.0, 29.0]]]},
                                                "properties": {"code": "990321001001009", "name_zh": "新格"}})
                }
                ("POST", "/api/webhooks") => json!({"area": OWN}),
                ("POST", "/api/users") => json!({"account": "made-here"}),
                ("POST", "/api/exports") => json!({"noun": "facilities", "rows": 1}),
                ("POST", "/api/incidents/{id}/transitions") => json!({"to": "dispatched"}),
                _ => json!({}),
            };
            if pointer.starts_with("/properties") && body.get("properties").is_none() {
                body["properties"] = json!({});
            }
            let text = format!("说明 {NUMBER}");
            match pointer.strip_prefix("/properties/") {
                Some(member) => body["properties"][member] = json!(text),
                None => body[name] = json!(text),
            }
            // somebody who may write it
            let path = filled(&route, |it| it.own);
            let mut told = Vec::new();
            for role in Role::ALL {
                let bearer = site.bearer(role);
                let version =
                    site.get(role, path.trim_end_matches("/transitions")).await.headers.get("etag").map(|tag| tag.to_str().unwrap().to_owned());
                let version = version.unwrap_or_else(|| "\"v1\"".into());
                let answer = site.ask(route.method.clone(), &path, &[("authorization", &bearer), ("if-match", &version)], Some(&body)).await;
                assert!(!answer.text().contains(NUMBER), "{} {path} {pointer} repeats it: {}", route.method, answer.text());
                told.push((role, answer.status, answer.text()));
            }
            let refused = told.iter().any(|(_, status, text)| *status == StatusCode::UNPROCESSABLE_ENTITY && text.contains("personal_data"));
            let taken = told.iter().any(|(_, status, _)| status.is_success());
            gated += usize::from(refused);
            if !refused || taken {
                loose.push(format!("{} {} {pointer}: {told:?}", route.method, route.path));
            }
        }
    }
    assert!(loose.is_empty(), "{}", loose.join("\n"));
    assert!(gated > 20, "{gated} texts tried");
    let mut root = database.root().await;
    let answer = site
        .ask(Method::PUT, "/api/settings/map_attribution", &[("authorization", &site.bearer(Role::System))], Some(&json!({"value": NUMBER})))
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text());
    let stored: i64 = sqlx::query_scalar("select count(*) from settings where value::text like '%1949%'").fetch_one(&mut root).await.unwrap();
    assert_eq!((stored, OWN_KEY > 0), (0, true));
}

/// A form with a file, as a browser sends it.
fn form(fields: &[(&str, &str)], name: &str, file: &str) -> (String, Vec<u8>) {
    let parts = fields.iter().map(|(field, value)| format!("--edge\r\ncontent-disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n"));
    let last = format!(
        "--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\ncontent-type: text/csv\r\n\r\n{file}\r\n--edge--\r\n"
    );
    let body: String = parts.chain([last]).collect();
    ("multipart/form-data; boundary=edge".into(), body.into_bytes())
}

#[tokio::test]
async fn no_text_of_a_file_brings_a_persons_number_into_the_database() {
    let Some(database) = database().await else { return };
    town(&database).await;
    let site = app(&database, OWN).await;
    let mut root = database.root().await;
    let incident = "category,source,occurred_on,lon,lat,case_no,summary,state";
    let facility = "kind,name,lon,lat,operator,hours,phone_public";
    for (noun, heading, row, extra) in [
        ("incidents", incident, format!("02,screening,2026-02-01,120.002,29.011,{NUMBER},x,registered"), vec![]),
        ("incidents", incident, format!("02,screening,2026-02-01,120.002,29.011,A1,说明 {NUMBER},registered"), vec![]),
        ("incidents", incident, format!("02,screening,2026-02-01,120.002,29.011,{NUMBER},x,registered"), vec![("key", "case_no")]),
        ("incidents", incident, format!("02,来源 {NUMBER},2026-02-01,120.002,29.011,A2,x,registered"), vec![("extend", "true")]),
        ("facilities", facility, format!("F01,站 {NUMBER},120.002,29.011,a,b,c"), vec![]),
        ("facilities", facility, format!("F01,站,120.002,29.011,{NUMBER},b,c"), vec![]),
        ("facilities", facility, format!("F01,站,120.002,29.011,a,{NUMBER},c"), vec![]),
        ("facilities", facility, "F01,站,120.002,29.011,a,b,13800138000".to_owned(), vec![]),
        ("facilities", facility, format!("{NUMBER},站,120.002,29.011,a,b,c"), vec![]),
        ("facilities", facility, format!("设施 {NUMBER},站,120.002,29.011,a,b,c"), vec![("extend", "true")]),
    ] {
        let mut fields = vec![("noun", noun), ("crs", "EPSG:4326"), ("source", "a table")];
        fields.extend(extra);
        let (kind, body) = form(&fields, &format!("{NUMBER}.csv"), &format!("{heading}\n{row}\n"));
        let request = axum::http::Request::post("/api/imports").header("host", "maplebridge.test").header("content-type", kind);
        let request = request.header("authorization", site.bearer(Role::System)).body(axum::body::Body::from(body)).unwrap();
        let answer = site.send(request).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{row}: {}", answer.text());
        let path = format!("/api/jobs/{}", answer.json()["job"].as_str().unwrap());
        let mut job = site.get(Role::System, &path).await.json();
        for _ in 0..400 {
            if job["state"] != "running" {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
            job = site.get(Role::System, &path).await.json();
        }
        assert_eq!(job["state"], "failed", "{row}: {job}");
        let faults = site.get(Role::System, &format!("{path}/faults")).await;
        assert!(!faults.text().contains("1949") && !faults.text().contains("13800138000"), "{row}: {}", faults.text());
    }
    let refused = form(&[("noun", "facilities"), ("source", &format!("表 {NUMBER}"))], "a.csv", "kind\nF01\n");
    let request = axum::http::Request::post("/api/imports").header("host", "maplebridge.test").header("content-type", refused.0);
    let request = request.header("authorization", site.bearer(Role::System)).body(axum::body::Body::from(refused.1)).unwrap();
    assert_eq!(site.send(request).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    // nowhere in the database
    let tables: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and relname <> 'spatial_ref_sys'",
    )
    .fetch_all(&mut root)
    .await
    .unwrap();
    for table in tables {
        let found: Vec<String> =
            sqlx::query_scalar(&format!("select r::text from {table} r where r::text like '%19491231%' or r::text like '%13800138000%'"))
                .fetch_all(&mut root)
                .await
                .unwrap();
        assert!(found.is_empty(), "{table}: {found:?}");
    }
}
