//! The laws of safe places through a thousand writes: addresses come, go and move, borders shift, cases are registered.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::{Method, StatusCode};
use maplebridge::users::Role;
use serde_json::{Value, json};
use sqlx::{Executor as _, PgConnection};

use crate::published::COUNTY;
use crate::support::app::{Answer, Site, app};
use crate::support::database::{Database, database};

/// Writes of the trial.
const WRITES: usize = 1_000;
/// Fewest addresses that a group stands for, and that two may share.
const MIN: usize = 8;

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

async fn town() -> Option<(Database, Site, PgConnection)> {
    let database = database().await?;
    database.owner().await.execute(include_str!("fixtures/town.sql")).await.unwrap();
    let mut root = database.root().await;
    root.execute("insert into units (id, scope_code, name_zh) overriding system value values (5100001, 990321001001000, '调解室')").await.unwrap();
    let site = app(&database, COUNTY).await;
    Some((database, site, root))
}

/// What was seen of groups, points and cases so far.
#[derive(Default)]
struct Seen {
    members: Vec<(i64, BTreeSet<i64>)>,
    points: BTreeMap<i64, String>,
    cases: BTreeMap<i64, Option<i64>>,
}

async fn write(site: &Site, role: Role, method: Method, path: &str, body: Option<&Value>) -> Answer {
    let bearer = site.bearer(role);
    let version = if matches!(method, Method::PATCH | Method::DELETE) {
        let found = site.get(role, path).await;
        found.headers.get("etag").map(|tag| tag.to_str().unwrap().to_owned()).unwrap_or_default()
    } else {
        String::new()
    };
    let headers = [("authorization", bearer.as_str()), ("if-match", version.as_str())];
    let answer = site.ask(method, path, &headers[..if version.is_empty() { 1 } else { 2 }], body).await;
    assert!(!answer.status.is_server_error(), "{path}: {}", answer.text());
    answer
}

fn point(lon: f64, lat: f64) -> Value {
    json!({"type": "Feature", "geometry": {"type": "Point", "coordinates": [(lon * 1e7).round() / 1e7, (lat * 1e7).round() / 1e7]}})
}

fn rectangle(west: f64, south: f64, east: f64, north: f64) -> Value {
    json!({"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]]}})
}

/// The border between the two cells of one row of a village comes to lie elsewhere; who loses land gives way first.
async fn shift_a_border(site: &Site, dice: &mut Dice, borders: &mut BTreeMap<(u64, u64), f64>) {
    let (column, row) = (dice.roll(2), dice.roll(4));
    let (west, south) = (120.0 + 0.02 * column as f64, 29.0 + 0.01 * row as f64);
    let at = ((west + 0.002 + 0.001 * dice.roll(17) as f64) * 1e7).round() / 1e7;
    let before = borders.insert((column, row), at).unwrap_or(west + 0.01);
    let code = |x: u64| 990_321_000_000_000 + (column + 1) * 1_000_000 + (row / 2 + 1) * 1_000 + x + 2 * (row % 2) + 1;
    let left = (code(0), rectangle(west, south, at, south + 0.01));
    let right = (code(1), rectangle(at, south, west + 0.02, south + 0.01));
    for (code, shape) in if at < before { [left, right] } else { [right, left] } {
        let answer = write(site, Role::Planner, Method::PATCH, &format!("/api/cells/{code}"), Some(&shape)).await;
        assert_eq!(answer.status, StatusCode::OK, "{code}: {}", answer.text());
    }
}

/// Checks every law against all that was seen before.
async fn check(root: &mut PgConnection, seen: &mut Seen) {
    let living: BTreeSet<i64> =
        sqlx::query_scalar("select household_id from households where valid_to is null").fetch_all(&mut *root).await.unwrap().into_iter().collect();
    let groups: Vec<(i64, i32, Vec<i64>, i64)> = sqlx::query_as(
        "select s.id, s.address_count, array_agg(h.household_id), count(*) filter (where h.safe_place_part = 'founder')
           from safe_places s join households h on h.safe_place_id = s.id and h.valid_to is null and h.safe_place_part in ('founder', 'joined')
          where s.kind = 'group' and s.open group by s.id",
    )
    .fetch_all(&mut *root)
    .await
    .unwrap();
    for (id, counted, members, founders) in groups {
        let now: BTreeSet<i64> = members.into_iter().collect();
        assert_eq!(counted as usize, now.len(), "group {id} is counted wrongly");
        assert!(founders as usize >= MIN, "group {id} is open with {founders} founders");
        if seen.members.contains(&(id, now.clone())) {
            continue;
        }
        for (other, then) in &seen.members {
            let shared = then.intersection(&now).filter(|key| living.contains(key)).count();
            assert!(shared == 0 || shared >= MIN, "groups {id} and {other} share {shared} addresses");
        }
        seen.members.push((id, now));
    }
    let empty: i64 = sqlx::query_scalar(
        "select count(*) from safe_places s where s.kind = 'group' and s.open
            and not exists (select 1 from households h where h.safe_place_id = s.id and h.valid_to is null and h.safe_place_part = 'founder')",
    )
    .fetch_one(&mut *root)
    .await
    .unwrap();
    assert_eq!(empty, 0, "groups without founders take cases");
    let points: Vec<(i64, String)> = sqlx::query_as("select id, ST_AsText(geom) from safe_places").fetch_all(&mut *root).await.unwrap();
    for (id, point) in points {
        assert_eq!(seen.points.entry(id).or_insert_with(|| point.clone()), &point, "safe place {id} moved");
    }
    let cases: Vec<(i64, Option<i64>)> = sqlx::query_as("select id, safe_place_id from incidents").fetch_all(&mut *root).await.unwrap();
    for (id, place) in cases {
        assert_eq!(*seen.cases.entry(id).or_insert(place), place, "case {id} moved");
    }
}

#[tokio::test]
async fn the_laws_hold_in_the_database_after_a_thousand_writes() {
    let Some((_database, site, mut root)) = town().await else { return };
    let (mut dice, mut seen, mut borders) = (Dice(7), Seen::default(), BTreeMap::new());
    let mut done: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..WRITES {
        let homes: Vec<(i64, f64, f64)> =
            sqlx::query_as("select household_id, ST_X(geom), ST_Y(geom) from households where valid_to is null order by 1")
                .fetch_all(&mut root)
                .await
                .unwrap();
        let home = homes[dice.roll(homes.len() as u64) as usize];
        // somewhere in the town, some of it where borders move
        let (lon, lat) = (120.0 + dice.roll(400_000) as f64 * 1e-7, 29.0 + dice.roll(400_000) as f64 * 1e-7);
        let path = format!("/api/households/{}", home.0);
        let (what, answer) = match dice.roll(20) {
            0..6 => ("added", Some(write(&site, Role::Centre, Method::POST, "/api/households", Some(&point(lon, lat))).await)),
            6..12 => ("removed", Some(write(&site, Role::Centre, Method::DELETE, &path, None).await)),
            12..14 => ("moved", Some(write(&site, Role::Centre, Method::PATCH, &path, Some(&point(lon, lat))).await)),
            14..15 => {
                shift_a_border(&site, &mut dice, &mut borders).await;
                ("borders", None)
            }
            _ => {
                let mut case = point(home.1, home.2);
                case["properties"] = json!({"category": "02", "source": "screening", "occurred_on": "2026-03-01"});
                ("cases", Some(write(&site, Role::Centre, Method::POST, "/api/incidents", Some(&case)).await))
            }
        };
        assert!(answer.as_ref().is_none_or(|answer| answer.status.is_success()), "{what}: {}", answer.map(|it| it.text()).unwrap_or_default());
        *done.entry(what).or_default() += 1;
        if what == "cases" {
            shown_among_eight(&mut root, home).await;
        }
        check(&mut root, &mut seen).await;
    }
    let (made, closed, gone_on): (i64, i64, i64) = sqlx::query_as(
        "select count(*), count(*) filter (where not open),
                count(*) filter (where exists (select 1 from households h where h.safe_place_id = s.id and h.safe_place_part = 'left')) from safe_places s where kind = 'group'",
    )
    .fetch_one(&mut root)
    .await
    .unwrap();
    assert!(
        done.values().all(|&count| count > 20) && made > 20 && closed > 3 && gone_on > 3,
        "{done:?}: {made} made, {closed} closed, {gone_on} cut"
    );
}

/// The newest case is shown at the village's point or the cell's, or at a group that its address is in, or one beside it at
/// the same point, and that has eight founders in the cell.
async fn shown_among_eight(root: &mut PgConnection, home: (i64, f64, f64)) {
    let (kind, founders, is_own): (String, i64, bool) = sqlx::query_as(
        "select coalesce(s.kind, 'none'), (select count(*) from households h where h.safe_place_id = s.id and h.valid_to is null and h.safe_place_part = 'founder' and h.scope_code = i.scope_code),
                exists (select 1 from households h where h.safe_place_id = s.id and h.valid_to is null and h.safe_place_part in ('founder', 'joined')
                           and ST_X(h.geom) = $1 and ST_Y(h.geom) = $2)
           from incidents i left join safe_places s on s.id = i.safe_place_id order by i.id desc limit 1",
    )
    .bind(home.1)
    .bind(home.2)
    .fetch_one(&mut *root)
    .await
    .unwrap();
    assert!(
        kind != "none" && (kind != "group" || founders as usize >= MIN && is_own),
        "household {}: {kind}, {founders} founders, own {is_own}",
        home.0
    );
}

#[tokio::test]
async fn a_group_that_comes_into_another_cell_as_a_whole_goes_on_there() {
    let Some((_database, site, mut root)) = town().await else { return };
    let mut case = point(120.005, 29.005);
    case["properties"] = json!({"category": "02", "source": "screening", "occurred_on": "2026-03-01"});
    assert_eq!(write(&site, Role::Centre, Method::POST, "/api/incidents", Some(&case)).await.status, StatusCode::CREATED);
    let first = "select id from safe_places where kind = 'group' and cell_code = 990321001001001 order by id";
    let made: Vec<i64> = sqlx::query_scalar(first).fetch_all(&mut root).await.unwrap();
    assert!(made.len() >= 2, "{made:?}");
    // all but a sliver of the cell goes to its neighbour, in the two steps that borders are drawn in
    for (code, shape) in
        [("990321001001001", rectangle(120.0, 29.0, 120.000_1, 29.01)), ("990321001001002", rectangle(120.000_1, 29.0, 120.02, 29.01))]
    {
        assert_eq!(write(&site, Role::Planner, Method::PATCH, &format!("/api/cells/{code}"), Some(&shape)).await.status, StatusCode::OK);
    }
    let moved: Vec<(i64, i64, bool)> =
        sqlx::query_as("select id, cell_code, open from safe_places where id = any($1) order by id").bind(&made).fetch_all(&mut root).await.unwrap();
    assert!(moved.iter().all(|(_, cell, open)| *cell == 990_321_001_001_002 && *open), "{moved:?}");
    let left: i64 = sqlx::query_scalar("select count(*) from households where safe_place_part = 'left'").fetch_one(&mut root).await.unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn neither_a_point_nor_the_place_of_a_case_is_ever_changed() {
    let Some(database) = database().await else { return };
    database.owner().await.execute(include_str!("fixtures/town.sql")).await.unwrap();
    let mut root = database.root().await;
    for statement in [
        "update safe_places set geom = ST_Translate(geom, 0.001, 0) where id = (select min(id) from safe_places)",
        "update incidents set safe_place_id = (select max(id) from safe_places) where id = (select min(id) from incidents)",
        "update incidents set safe_place_id = null where id = (select min(id) from incidents)",
    ] {
        let refusal = root.execute(statement).await.unwrap_err().to_string();
        assert!(refusal.contains("keeps"), "{statement}: {refusal}");
    }
    root.execute("update safe_places set open = false").await.unwrap();
    assert!(root.execute("update safe_places set open = true").await.is_err(), "a closed place does not open again");
}
