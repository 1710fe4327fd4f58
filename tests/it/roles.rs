//! Every route, for every role, in the own township and in the foreign one. The routes come from the description of the
//! interface itself, so that a new one cannot be forgotten: without an entry in the tables below these tests fail.

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};
use maplebridge::mvt::{TileId, World};
use maplebridge::users::Role;
use mvt_reader::Reader as Tile;
use serde_json::{Value, json};
use sqlx::Executor as _;

use crate::support::app::{Answer, Site, app};
use crate::support::database::{Database, database};
use crate::support::town::{FOREIGN, FOREIGN_KEY, OWN, OWN_KEY, foreign_checksum, town};

/// A route of the description.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: String,
    /// Names of query parameters; those that must be given are marked.
    query: Vec<(String, bool)>,
    has_json_body: bool,
}

/// Every route that the program describes.
pub(crate) fn routes() -> Vec<Route> {
    let described = serde_json::to_value(maplebridge::app::openapi()).unwrap();
    let mut routes = Vec::new();
    for (path, item) in described["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Ok(method) = Method::from_bytes(method.to_uppercase().as_bytes()) else { continue };
            if operation.get("responses").is_none() {
                continue;
            }
            let query = operation["parameters"].as_array().into_iter().flatten().filter(|it| it["in"] == "query");
            let query = query.map(|it| (it["name"].as_str().unwrap().to_owned(), it["required"] == true)).collect();
            let has_json_body = operation["requestBody"]["content"].as_object().is_some_and(|content| content.keys().any(|key| key.contains("json")));
            routes.push(Route { method, path: path.clone(), query, has_json_body });
        }
    }
    assert!(routes.len() >= 15, "{routes:?}");
    routes
}

/// What stands for a path parameter: something of one's own, of the other township, and of nobody.
pub(crate) struct Filling {
    pub(crate) own: String,
    foreign: Option<String>,
    absent: String,
}

fn filling(path: &str, name: &str) -> Filling {
    let noun = path.trim_start_matches("/api/").trim_start_matches('/').split('/').next().unwrap();
    let keys = |own: i64, foreign: i64| Filling { own: own.to_string(), foreign: Some(foreign.to_string()), absent: "9900001".into() };
    let texts = |own: &str, foreign: &str, absent: &str| Filling { own: own.into(), foreign: Some(foreign.into()), absent: absent.into() };
    let only = |own: &str, absent: &str| Filling { own: own.into(), foreign: None, absent: absent.into() };
    match (noun, name) {
        ("areas", "code") => texts("990321001001", "990321002001", "990321009001"),
        ("cells", "code") => texts("990321001001001", "990321002001001", "990321009001001"),
        // the first case of each cell is with no unit yet, the second is
        ("incidents", "id") => keys(OWN_KEY + 1, FOREIGN_KEY + 1),
        ("facilities" | "households" | "units" | "users" | "tokens" | "analyses" | "tiles", "id") | ("users", "grant_id") => {
            keys(OWN_KEY, FOREIGN_KEY)
        }
        ("warnings", "key") | ("webhooks", "id") => keys(OWN_KEY, FOREIGN_KEY),
        ("jobs" | "imports", "id") => texts("01KA000000000000000000000A", "01KB000000000000000000000B", "01KC000000000000000000000C"),
        ("service-standards", "id") => only("1", "9900001"),
        ("settings", "key") => only("map_attribution", "no_such_setting"),
        ("analyses", "name") => only("rates", "rates"),
        ("tiles", "layers") => {
            only("areas,cells,households,facilities,incidents,earth,landuse,water,roads,buildings,boundaries,places,published", "nothing")
        }
        ("tiles", "z") => only("12", "31"),
        ("tiles", "x") => only("3413", "x"),
        ("tiles", "y") => only("1702", "y"),
        ("exports", "what") => only("cells", "nothing"),
        ("styles", "name") => only("light.json", "no.json"),
        _ => panic!("{path} has the parameter {name}: say in `filling` what to put there, for one's own, foreign and absent"),
    }
}

/// A body that would write something into the foreign township, or change what it is sent to.
fn body(route: &Route) -> Option<Value> {
    if !route.has_json_body {
        return None;
    }
    let point = json!({"type": "Point", "coordinates": [120.031, 29.011]});
    let square = json!({"type": "Polygon", "coordinates": [[[120.03, 29.0], [120.035, 29.0], [120.035, 29.005], [120.03, 29.005], [120.03, 29.0]]]});
    let feature = |geometry: &Value, properties: Value| json!({"type": "Feature", "geometry": geometry, "properties": properties});
    let change = |properties: Value| json!({"type": "Feature", "properties": properties});
    Some(match (route.method.as_str(), route.path.as_str()) {
        ("POST", "/api/session") => json!({"account": "nobody", "password": "wrong"}),
        ("PUT", "/api/session/password") => json!({"current": "wrong", "new": "枫桥 bridge 2026"}),
        ("POST", "/api/tokens") => json!({"name": "x"}),
        ("POST", "/api/users") => json!({"account": "made-here"}),
        ("PATCH", "/api/users/{id}") => json!({"disabled": true}),
        ("POST", "/api/users/{id}/grants") => json!({"role": "supervisor", "area": FOREIGN}),
        ("POST", "/api/areas") => feature(&square, json!({"code": "990321002002", "name_zh": "侵入村"})),
        ("POST", "/api/cells") => feature(&square, json!({"code": "990321002001009", "name_zh": "侵入格"})),
        ("POST", "/api/households") => feature(&point, json!({"household_count": 3})),
        ("POST", "/api/facilities") => feature(&point, json!({"kind": "F01", "name_zh": "侵入站"})),
        ("POST", "/api/incidents") => feature(&point, json!({"category": "02", "source": "screening", "occurred_on": "2026-02-20"})),
        ("PATCH", "/api/areas/{code}" | "/api/cells/{code}" | "/api/facilities/{id}") => change(json!({"name_zh": "改名"})),
        ("PATCH", "/api/households/{id}") => change(json!({"household_count": 5})),
        ("PATCH", "/api/incidents/{id}") => change(json!({"complexity": "hard"})),
        ("POST", "/api/incidents/{id}/transitions") => json!({"to": "in_process"}),
        ("POST", "/api/exports") => json!({"noun": "incidents", "rows": 3}),
        ("POST", "/api/publications") => json!({"month": "2026-01", "within": FOREIGN}),
        ("POST", "/api/analyses/{name}") => json!({"within": FOREIGN}),
        (
            "POST",
            "/api/warnings/{key}/acknowledge" | "/api/warnings/{key}/escalate" | "/api/warnings/{key}/downgrade" | "/api/warnings/{key}/false-alarm",
        ) => {
            json!({"reason": "看过现场"})
        }
        ("POST", "/api/webhooks") => json!({"area": FOREIGN, "url": "http://127.0.0.1:9/hook"}),
        ("PATCH", "/api/webhooks/{id}") => json!({"active": false}),
        ("PATCH", "/api/service-standards/{id}") => json!({"minutes": 6}),
        ("PUT", "/api/settings/{key}") => json!({"value": ""}),
        ("POST", "/api/imports" | "/api/imports/{id}/commit" | "/api/imports/{id}/undo" | "/api/jobs/{id}/undo" | "/api/jobs/{id}/cancel") => {
            json!({})
        }
        (method, path) => panic!("{method} {path} takes a body: say in `body` what to send"),
    })
}

/// The path with every parameter filled by the same choice.
pub(crate) fn filled(route: &Route, choose: impl Fn(Filling) -> String) -> String {
    let parts = route.path.split('/').map(|part| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
        Some(name) => choose(filling(&route.path, name)),
        None => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("/")
}

fn has_foreign(route: &Route) -> bool {
    let names = route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names.map(|name| filling(&route.path, name)).any(|filling| filling.foreign.is_some())
}

/// The queries with which a reading route is asked.
pub(crate) fn queries(route: &Route) -> Vec<String> {
    let has = |name: &str| route.query.iter().any(|(query, _)| query == name);
    let mut queries = Vec::new();
    if has("q") {
        queries.extend(["甲", "乙", "村", FOREIGN, "cell", "route 1"].map(|q| format!("?q={}", encoded(q))));
    }
    if route.path.starts_with("/api/exports/") {
        queries.extend(["?format=geojson", "?format=csv", "?format=geojson&within=990321"].map(str::to_owned));
        queries.push(format!("?format=csv&within={FOREIGN}"));
    }
    if route.query.iter().all(|(_, required)| !required) {
        queries.push(String::new());
        for (name, value) in [("limit", "1000"), ("within", OWN), ("within", FOREIGN), ("within", "990321"), ("bbox", "119.9,28.9,120.1,29.1")] {
            if has(name) {
                queries.push(format!("?{name}={value}"));
            }
        }
    }
    assert!(!queries.is_empty(), "{} needs a query: say in `queries` which", route.path);
    queries
}

fn hex_digit(number: u8) -> char {
    char::from(b"0123456789ABCDEF"[usize::from(number)])
}

fn encoded(text: &str) -> String {
    text.bytes().flat_map(|byte| ['%', hex_digit(byte >> 4), hex_digit(byte & 15)]).collect()
}

pub(crate) async fn ask(site: &Site, role: Option<Role>, route: &Route, path: &str) -> Answer {
    let bearer = role.map(|role| site.bearer(role));
    let mut headers = vec![("if-match", "\"v1\"")];
    headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
    site.ask(route.method.clone(), path, &headers, body(route).as_ref()).await
}

/// A word or key of the foreign township in an answer.
fn foreign_in(value: &Value) -> Option<String> {
    let is_key = |number: i64| (FOREIGN_KEY..FOREIGN_KEY + 1_000).contains(&number) || (990_321_002_000_000..990_321_003_000_000).contains(&number);
    let is_text = |text: &str| text.contains(FOREIGN) || text.contains('乙') || text.parse().is_ok_and(is_key);
    match value {
        Value::String(text) => is_text(text).then(|| text.clone()),
        Value::Number(number) => number.as_i64().filter(|&number| is_key(number)).map(|number| number.to_string()),
        Value::Array(items) => items.iter().find_map(foreign_in),
        Value::Object(members) => members.iter().find_map(|(name, value)| is_text(name).then(|| name.clone()).or_else(|| foreign_in(value))),
        Value::Null | Value::Bool(_) => None,
    }
}

/// The same, of a tile; with the names of its layers.
fn tile_of(answer: &Answer) -> (BTreeSet<String>, Option<String>) {
    let tile = Tile::new(answer.body.to_vec()).unwrap();
    let (mut names, mut found) = (BTreeSet::new(), None);
    for layer in tile.get_layer_metadata().unwrap() {
        for feature in tile.get_features(layer.layer_index).unwrap() {
            let text = format!("{:?} {:?}", feature.id, feature.properties);
            let numbers = text.split(|letter: char| !letter.is_ascii_digit()).filter_map(|digits| digits.parse::<i64>().ok());
            found = found.or_else(|| numbers.map(Value::from).chain([Value::from(text.as_str())]).find_map(|part| foreign_in(&part)));
        }
        names.insert(layer.name);
    }
    (names, found)
}

fn foreign_in_answer(answer: &Answer) -> Option<String> {
    if answer.status != StatusCode::OK || answer.body.is_empty() {
        return None;
    }
    match answer.headers["content-type"].to_str().unwrap() {
        "application/vnd.mapbox-vector-tile" => tile_of(answer).1,
        kind if kind.contains("json") => foreign_in(&answer.json()),
        _ => foreign_in(&Value::from(answer.text())),
    }
}

/// An answer without what names the request itself.
fn without(answer: &Answer, asked: &str) -> (StatusCode, String) {
    if answer.body.is_empty() {
        return (answer.status, String::new());
    }
    let mut body = answer.json();
    if let Some(members) = body.as_object_mut() {
        members.remove("request_id");
        members.remove("instance");
    }
    (answer.status, body.to_string().replace(asked, "…"))
}

async fn ready() -> Option<(Database, Site)> {
    let database = database().await?;
    town(&database).await;
    let site = app(&database, OWN).await;
    Some((database, site))
}

/// Addresses of tiles that hold both townships, from the province to the street.
fn tiles_over_both() -> Vec<String> {
    let mut tiles = BTreeSet::new();
    for z in [4, 8, 10, 12, 14, 16] {
        for (lon, lat) in [(120.005, 29.01), (120.015, 29.01), (120.02, 29.01), (120.025, 29.01), (120.035, 29.01)] {
            let tile = TileId::holding(z, World::from_lon_lat(lon, lat));
            tiles.insert(format!("{z}/{}/{}", tile.x(), tile.y()));
        }
    }
    tiles.into_iter().collect()
}

/// What the administrators of the whole system see of every township by right: accounts, and the audit trail.
pub(crate) fn is_system_wide(route: &Route, role: Role) -> bool {
    (role == Role::Security && route.path.starts_with("/api/users")) || (role == Role::Auditor && route.path == "/api/audit")
}

#[tokio::test]
async fn whoever_is_not_signed_in_reaches_nothing_but_the_sign_in() {
    let Some((_database, site)) = ready().await else { return };
    for route in routes() {
        let answer = ask(&site, None, &route, &filled(&route, |it| it.own)).await;
        if (route.method.as_str(), route.path.as_str()) == ("POST", "/api/session") {
            assert_eq!(answer.json()["type"], "/problems/unauthenticated");
            continue;
        }
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{} {}: {}", route.method, route.path, answer.text());
        assert_eq!(answer.json()["type"], "/problems/unauthenticated", "{}", route.path);
    }
    assert_eq!(site.ask(Method::GET, "/openapi.json", &[], None).await.status, StatusCode::UNAUTHORIZED);
    for open in ["/healthz", "/readyz"] {
        assert_eq!(site.ask(Method::GET, open, &[], None).await.status, StatusCode::OK, "{open}");
    }
}

#[tokio::test]
async fn no_role_of_one_township_is_shown_a_word_of_the_other() {
    let Some((_database, site)) = ready().await else { return };
    let (mut asked, mut silent) = (0, BTreeSet::new());
    for route in routes().into_iter().filter(|route| route.method == Method::GET) {
        silent.insert(route.path.clone());
        for role in Role::ALL {
            for query in queries(&route) {
                let path = format!("{}{query}", filled(&route, |it| it.own));
                let answer = ask(&site, Some(role), &route, &path).await;
                assert!(!answer.status.is_server_error(), "{role:?} {path}: {} {}", answer.status, answer.text());
                if matches!(answer.status, StatusCode::OK | StatusCode::NO_CONTENT) {
                    silent.remove(&route.path);
                }
                if !is_system_wide(&route, role) {
                    assert_eq!(foreign_in_answer(&answer), None, "{role:?} {path}: {}", answer.text());
                }
                asked += 1;
            }
        }
    }
    assert!(silent.is_empty(), "answered to no role, so that nothing was tested: {silent:?}");
    assert!(asked > 50);
}

#[tokio::test]
async fn no_tile_shows_a_word_of_the_other_township_at_any_zoom() {
    let Some((_database, site)) = ready().await else { return };
    let mut seen = BTreeSet::new();
    for role in Role::ALL {
        for tile in tiles_over_both() {
            let path = format!(
                "/tiles/areas,area_labels,cells,cell_labels,households,facilities,incidents,earth,landuse,water,roads,buildings,boundaries,places,published/{tile}"
            );
            let answer = site.get(role, &path).await;
            if answer.status != StatusCode::OK {
                continue;
            }
            let (layers, foreign) = tile_of(&answer);
            assert_eq!(foreign, None, "{role:?} {path}");
            seen.extend(layers);
        }
    }
    for layer in ["areas", "cells", "households", "facilities", "incidents"] {
        assert!(seen.iter().any(|name| name.starts_with(layer)), "no role saw {layer}, so that nothing was tested: {seen:?}");
    }
}

#[tokio::test]
async fn an_area_above_the_own_one_counts_only_what_the_reader_may_see() {
    let Some((_database, site)) = ready().await else { return };
    let answer = site.get(Role::Centre, "/api/areas/990321").await;
    if answer.status == StatusCode::OK {
        assert_eq!(answer.json()["properties"]["household_count"], 20, "{}", answer.text());
    }
    let me = site.get(Role::Centre, "/api/me").await.json();
    assert_eq!((&me["totals"]["households"], &me["totals"]["cells"]), (&json!(20), &json!(2)));
}

#[tokio::test]
async fn what_is_foreign_is_answered_byte_for_byte_like_what_is_not_there() {
    let Some((database, site)) = ready().await else { return };
    let before = foreign_checksum(&database).await;
    for route in routes().into_iter().filter(has_foreign) {
        let foreign = filled(&route, |it| it.foreign.unwrap_or(it.own));
        let absent = filled(&route, |it| it.absent);
        let key = |path: &str| {
            path.split('/')
                .find(|part| part.contains("6200") || part.contains("990321") || part.contains("99000") || part.starts_with("01K"))
                .unwrap_or("-")
                .to_owned()
        };
        for role in Role::ALL.into_iter().filter(|role| !is_system_wide(&route, *role)) {
            let one = ask(&site, Some(role), &route, &foreign).await;
            let other = ask(&site, Some(role), &route, &absent).await;
            assert!(matches!(one.status.as_u16(), 403 | 404 | 422), "{role:?} {} {foreign}: {} {}", route.method, one.status, one.text());
            assert_eq!(without(&one, &key(&foreign)), without(&other, &key(&absent)), "{role:?} {} {foreign}", route.method);
        }
    }
    assert_eq!(foreign_checksum(&database).await, before, "nothing foreign was changed");
}

#[tokio::test]
async fn a_list_within_a_foreign_area_is_answered_like_one_within_an_area_that_is_not_there() {
    let Some((_database, site)) = ready().await else { return };
    for route in routes().into_iter().filter(|route| route.method == Method::GET && route.query.iter().any(|(name, _)| name == "within")) {
        for role in Role::ALL {
            let path = filled(&route, |it| it.own);
            let one = ask(&site, Some(role), &route, &format!("{path}?within={FOREIGN}")).await;
            let other = ask(&site, Some(role), &route, &format!("{path}?within=990321009")).await;
            assert_eq!(without(&one, FOREIGN), without(&other, "990321009"), "{role:?} {path}");
        }
    }
}

#[tokio::test]
async fn nothing_is_written_into_the_foreign_township() {
    let Some((database, site)) = ready().await else { return };
    let before = foreign_checksum(&database).await;
    for route in routes().into_iter().filter(|route| route.method == Method::POST && !route.path.contains('{')) {
        for role in Role::ALL {
            let answer = ask(&site, Some(role), &route, &route.path).await;
            assert!(!answer.status.is_server_error(), "{role:?} {}: {} {}", route.path, answer.status, answer.text());
            let is_of_place = ["areas", "cells", "households", "facilities", "incidents"].iter().any(|noun| route.path == format!("/api/{noun}"));
            assert!(!is_of_place || answer.status.is_client_error(), "{role:?} {}: {} {}", route.path, answer.status, answer.text());
        }
    }
    assert_eq!(foreign_checksum(&database).await, before);
}

#[tokio::test]
async fn who_has_no_case_right_gets_no_case_and_a_unit_only_its_own() {
    let Some((database, site)) = ready().await else { return };
    let cases = routes().into_iter().find(|route| route.path == "/api/incidents" && route.method == Method::GET);
    for role in Role::ALL {
        let sees = matches!(role, Role::Supervisor | Role::Centre | Role::Unit);
        let mut held = false;
        for tile in tiles_over_both() {
            let answer = site.get(role, &format!("/tiles/incidents/{tile}")).await;
            held |= answer.status == StatusCode::OK && !tile_of(&answer).0.is_empty();
        }
        assert_eq!(held, sees, "{role:?}");
        if cases.is_some() {
            let answer = site.get(role, "/api/incidents?limit=1000").await;
            let rows = if answer.status == StatusCode::OK { answer.json()["features"].as_array().unwrap().len() } else { 0 };
            let expected = match role {
                Role::Supervisor | Role::Centre => 8,
                Role::Unit => 6,
                _ => 0,
            };
            assert_eq!(rows, expected, "{role:?} {}", answer.status);
        }
    }
    drop(database);
}

#[tokio::test]
async fn with_row_security_off_these_tests_find_foreign_rows() {
    let Some((database, site)) = ready().await else { return };
    let mut root = database.root().await;
    let described = routes();
    for (noun, role, key) in [
        ("areas", Role::System, "990321002001".to_owned()),
        ("cells", Role::Planner, "990321002001001".to_owned()),
        ("households", Role::Centre, FOREIGN_KEY.to_string()),
        ("facilities", Role::Centre, FOREIGN_KEY.to_string()),
        ("incidents", Role::Centre, (FOREIGN_KEY + 1).to_string()),
    ] {
        let Some(route) = described.iter().find(|route| route.method == Method::GET && route.path.starts_with(&format!("/api/{noun}/{{"))) else {
            continue;
        };
        let path = format!("/api/{noun}/{key}");
        assert_eq!(ask(&site, Some(role), route, &path).await.status, StatusCode::NOT_FOUND, "{path}");
        root.execute(format!("alter table {noun} disable row level security").as_str()).await.unwrap();
        let answer = ask(&site, Some(role), route, &path).await;
        assert!(foreign_in_answer(&answer).is_some(), "{path} with the policies off: {} {}", answer.status, answer.text());
    }
}
