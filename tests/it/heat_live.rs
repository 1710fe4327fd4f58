//! Heat over a town in the database: what is stale after a change, what nobody else may notice, published numbers, HTTP.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use maplebridge::codes::{CodeRange, Scope};
use maplebridge::mvt::{TileId, World};
use maplebridge::read_model::{Layer, Model, Reader};
use maplebridge::tiles::{Filter, encode, parse};
use maplebridge::users::Role;
use sqlx::Executor as _;

use crate::feed_support::{COUNTY, Town};
use crate::heat_support::{Drawn, own, place_in, tile, tiles_over};
use crate::support::app::app;
use crate::support::database::database;
use crate::support::town::town;

const TOWN: [f64; 4] = [119.999, 28.999, 120.041, 29.041];

/// The first township of the town.
fn west() -> Scope {
    [CodeRange { lo: COUNTY + 1_000_000, hi: COUNTY + 2_000_000 }].into_iter().collect()
}

fn own_cases() -> Reader {
    Reader { map: west(), cases: west(), published: west(), ..Reader::default() }
}

fn official() -> Reader {
    Reader { map: Scope::everything(), published: Scope::everything(), ..Reader::default() }
}

fn filters(model: &Model) -> Vec<Filter> {
    let queries: [&[(&str, &str)]; 4] = [
        &[],
        &[("state", "registered"), ("category", "01,02,03"), ("from", "2026-01-01")],
        &[("bandwidth_m", "3000")],
        &[("per", "households"), ("bandwidth_m", "1500")],
    ];
    queries.into_iter().map(|query| Filter::parse(query.iter().copied(), &model.lists, &own_cases()).unwrap()).collect()
}

fn bytes(model: &Model, layer: &str, t: TileId, filter: &Filter, reader: &Reader) -> Vec<u8> {
    encode(model, &parse(layer).unwrap(), t, filter, reader)
}

/// A published entry of January (1) or February (2) 2026, told to officials, as a row of values.
fn entry(code: i64, level: i16, month: u8, group: &str, count: Option<i32>) -> String {
    let outcome = if count.is_some() { "shown" } else { "primary" };
    let count = count.map_or("null".into(), |n| n.to_string());
    let threshold = if group == "ordinary" { 5 } else { 10 };
    format!(
        "({code}, {code}, {level}, '2026-0{month}-01'::date, '{group}', 'k5', '{outcome}', {count}::integer, {threshold}, '2026-03-01T00:00:00Z'::timestamptz)"
    )
}

/// Statements that publish the entries, each month of a township once.
fn publish(entries: &[String]) -> String {
    let columns = "scope_code, area_lo, level, month_on, category_group, audience, outcome, incident_count, threshold, published_at";
    format!(
        "create temporary table made on commit drop as select * from (values {}) v ({columns});
         insert into publications (township_lo, month_on, published_at, shown_count, withheld_count)
         select distinct area_lo - area_lo % 1000000, month_on, published_at, 0, 0 from made;
         insert into published_table ({columns}) select {columns} from made",
        entries.join(", ")
    )
}

/// Village `v` (0 or 1) of the township `t`, and the cell `c` (1 to 4) in it.
fn village(t: i64, v: i64) -> i64 {
    COUNTY + (t + 1) * 1_000_000 + (v + 1) * 1_000
}

/// January and February: the first village shows two cells and withholds two, the second shows nothing, the third all.
fn two_months() -> Vec<String> {
    let cell = |t, v, c, month, count| entry(village(t, v) + c, 15, month, "ordinary", count);
    let mut all = vec![
        entry(COUNTY + 1_000_000, 9, 1, "ordinary", Some(20)),
        entry(COUNTY + 1_000_000, 9, 2, "ordinary", Some(9)),
        entry(COUNTY + 2_000_000, 9, 1, "ordinary", Some(26)),
        entry(village(0, 0), 12, 1, "ordinary", Some(17)),
        cell(0, 0, 1, 1, Some(6)),
        cell(0, 0, 2, 1, Some(5)),
        cell(0, 0, 1, 2, Some(7)),
        entry(village(1, 0), 12, 1, "ordinary", Some(26)),
        entry(village(0, 0), 12, 1, "family", Some(11)),
        entry(COUNTY + 1_000_000, 9, 1, "family", Some(13)),
        entry(COUNTY + 2_000_000, 9, 1, "family", None),
    ];
    all.extend((1..=4).map(|c| cell(1, 0, c, 1, Some(5 + c as i32 % 2 * 3))));
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heat_whose_bytes_changed_is_stale_and_a_foreign_change_changes_no_byte() {
    let Some(town) = Town::new().await else { return };
    town.build().await;
    let model = town.model().await;
    let mut owner = town.owner().await;
    let publish_first = publish(&[entry(village(1, 0) + 1, 15, 1, "ordinary", Some(7))]);
    let publish_own = publish(&[entry(village(0, 0) + 1, 15, 1, "ordinary", Some(9))]);
    // text, whether nobody but a reader of cases elsewhere may notice
    let edits: [(&str, bool); 8] = [
        ("update incidents set state = 'closed' where scope_code >= 990321002000000", true),
        (
            "insert into incidents (category, source, state, occurred_on, discovered_on, scope_code, safe_place_id) select '02', 'police', 'registered', '2026-02-02', '2026-02-02', scope_code, id from safe_places where scope_code >= 990321002000000",
            true,
        ),
        ("delete from incidents where id = 1", false),
        ("update incidents set occurred_on = occurred_on - 40, category = '07' where id = 5", false),
        ("update households set household_count = household_count + 40 where id = 7", false),
        (&publish_first, false),
        (&publish_own, false),
        ("update cells set geom = ST_Multi(ST_MakeEnvelope(120, 29, 120.0095, 29.01, 4326)) where code = 990321001001001", false),
    ];
    for (text, foreign) in edits {
        let before = model.model();
        owner.execute(text).await.unwrap();
        model.wait_fresh().await.unwrap();
        let after = model.model();
        let mut changed_tiles = 0;
        for z in [0, 8, 11, 13, 14, 16, 18] {
            for t in tiles_over([119.93, 28.93, 120.11, 29.11], z).into_iter().enumerate().filter(|(i, _)| z < 16 || i % 37 == 0).map(|(_, t)| t) {
                for filter in filters(&after) {
                    for (layer, name) in [(Layer::Heat, "heat"), (Layer::HeatWithheld, "heat_withheld")] {
                        let everyone = Reader { map: Scope::everything(), cases: Scope::everything(), ..Reader::default() };
                        for reader in [&everyone, &own_cases(), &official()] {
                            let changed = bytes(&before, name, t, &filter, reader) != bytes(&after, name, t, &filter, reader);
                            assert!(!changed || model.stamp(layer, t) > before.revision, "{name} {t} changed unmarked by {text}");
                            assert!(!changed || !foreign || *reader == everyone, "{name} {t} tells of {text}");
                            assert!(!changed || *reader != official() || !text.contains("incidents"), "{name} {t} tells of a case: {text}");
                            changed_tiles += usize::from(changed);
                        }
                    }
                }
            }
        }
        assert!(changed_tiles > 0, "nothing changed by {text}");
    }
    assert_eq!(model.model().digest(), town.model().await.model().digest(), "followed as it would be loaded");
    drop(model);
}

/// Weights of the own points of all tiles over the town by zoom, and the hatched codes.
fn told(model: &Model, filter: &Filter, reader: &Reader, z: u8) -> (f64, BTreeSet<String>) {
    let mut sum = 0.0;
    let mut hatched = BTreeSet::new();
    for t in tiles_over(TOWN, z) {
        let heat = tile(model, t, filter, reader);
        sum += own(&heat).map(|p| p.weight).sum::<f64>();
        assert!(heat.points.iter().all(|p| p.count.is_none()), "a share of a published number is no count");
        hatched.extend(heat.withheld.into_iter().map(|(code, _)| code));
    }
    (sum, hatched)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_case_rights_heat_is_what_was_published_and_none_of_it_is_in_a_hatched_cell() {
    let Some(town) = Town::new().await else { return };
    town.build().await;
    town.owner().await.execute(publish(&two_months()).as_str()).await.unwrap();
    let read = town.model().await;
    let model = read.model();
    let reader = official();
    let ask = |query: &[(&str, &str)]| Filter::parse(query.iter().copied(), &model.lists, &reader).unwrap();
    let cells = |villages: &[(i64, i64)]| -> BTreeSet<String> {
        villages.iter().flat_map(|&(t, v)| (1..=4).map(move |c| (village(t, v) + c).to_string())).collect()
    };
    let few = |cells: BTreeSet<String>| -> BTreeSet<String> { cells.into_iter().chain([3, 4].map(|c| (village(0, 0) + c).to_string())).collect() };
    // 6 and 5 in the first village, 26 in the third; the fourth shows nothing
    let january = ask(&[("from", "2026-01-15"), ("to", "2026-01-20")]);
    for z in [9, 12, 14] {
        let (sum, hatched) = told(&model, &january, &reader, z);
        assert!((sum - 37.0).abs() < 1e-6, "zoom {z}: {sum}");
        assert_eq!(hatched, few(cells(&[(0, 1), (1, 1)])), "zoom {z}");
    }
    // February adds 7 in a cell
    let (sum, hatched) = told(&model, &ask(&[("to", "2026-02-01")]), &reader, 12);
    assert!((sum - 44.0).abs() < 1e-6, "{sum}");
    assert_eq!(hatched, few(cells(&[(0, 1), (1, 1)])));
    let (sum, hatched) = told(&model, &ask(&[("from", "2026-02-01")]), &reader, 12);
    assert!((sum - 7.0).abs() < 1e-6, "{sum}");
    assert_eq!(hatched.len(), 15, "all but one cell: {hatched:?}");
    // of a sensitive group there is no heat below the township, and from ten on
    let (sum, hatched) = told(&model, &ask(&[("group", "family")]), &reader, 12);
    assert!((sum - 13.0).abs() < 1e-6, "{sum}");
    assert_eq!(hatched, cells(&[(1, 0), (1, 1)]));
    let village_alone = || -> Scope { [CodeRange { lo: village(0, 0), hi: village(0, 0) + 1_000 }].into_iter().collect() };
    let (sum, hatched) =
        told(&model, &ask(&[("group", "family")]), &Reader { map: village_alone(), published: village_alone(), ..Reader::default() }, 12);
    assert!(sum.abs() < 1e-9 && hatched == cells(&[(0, 0)]), "a part of a township is told none of its numbers: {sum} {hatched:?}");
    // a reader of the first township hears of it alone
    let (sum, hatched) = told(&model, &january, &Reader { map: west(), published: west(), ..Reader::default() }, 12);
    assert!((sum - 11.0).abs() < 1e-6 && hatched == few(cells(&[(0, 1)])), "{sum} {hatched:?}");

    // no density is reckoned in a hatched cell, though the kernel of its neighbours reaches into it; there is beside it
    let drawn = Drawn::of_style();
    let mut beside = 0;
    for z in [11, 13, 15] {
        for cell in model.cells.iter() {
            let hatched = few(cells(&[(0, 1), (1, 1)])).contains(&cell.code.to_string());
            for (dx, dy) in [(0.0, 0.0), (0.45, 0.45), (-0.45, 0.4), (0.4, -0.45), (-0.45, -0.45)] {
                let [lon, lat] = cell.place.label.to_lon_lat();
                let at = World::from_lon_lat(lon + dx * 0.01, lat + dy * 0.01);
                let t = TileId::holding(z, at);
                let value = drawn.value(&tile(&model, t, &january, &reader), z, place_in(t, at));
                assert_eq!(value > 0.0, !hatched, "cell {} at zoom {z}: {value}", cell.code);
                beside += usize::from(value > 0.0);
            }
        }
    }
    assert!(beside > 60);
    drop((model, read));
}

#[tokio::test]
async fn over_http_heat_is_described_filtered_refused_and_cached() {
    let Some(database) = database().await else { return };
    town(&database).await;
    let site = app(&database, "990321001").await;
    let model = site.model.model();
    let at = model.incidents.rows().find(|row| row.scope < 990_321_002_000_000).unwrap().at;
    let t = TileId::holding(13, at);
    let path = |query: &str| format!("/tiles/heat,heat_withheld/{t}.mvt{query}");
    let described = site.get(Role::Centre, "/tiles/heat,heat_withheld?bandwidth_m=500&per=households").await.json();
    assert_eq!(described["heat"]["bandwidth_m"], 500.0);
    assert_eq!((&described["heat"]["unit"], &described["heat"]["source"]), (&"incidents per 1,000 households".into(), &"cases".into()));
    assert!(described["tiles"][0].as_str().unwrap().ends_with("/tiles/heat,heat_withheld/{z}/{x}/{y}?bandwidth_m=500&per=households"));
    assert!(described["maxzoom"].as_u64().unwrap() <= 14 && described["vector_layers"][0]["fields"]["weight"].is_string());

    let answers: BTreeMap<&str, StatusCode> = [
        ("", StatusCode::OK),
        ("?bandwidth_m=500&per=households&category=02&state=registered&source=screening&from=2020-01-01&to=2030-01-01", StatusCode::OK),
        ("?bandwidth_m=50", StatusCode::BAD_REQUEST),
        ("?per=head", StatusCode::BAD_REQUEST),
        ("?radius=5", StatusCode::BAD_REQUEST),
        ("?group=labour", StatusCode::FORBIDDEN),
    ]
    .into();
    for (query, status) in answers {
        let answer = site.get(Role::Centre, &path(query)).await;
        let empty_is_fine = status == StatusCode::OK && answer.status == StatusCode::NO_CONTENT && !query.is_empty();
        assert!(answer.status == status || empty_is_fine, "{query}: {} {}", answer.status, answer.text());
    }
    let first = site.get(Role::Centre, &path("")).await;
    let etag = first.headers["etag"].to_str().unwrap().to_owned();
    let asked = [("authorization", site.bearer(Role::Centre)), ("if-none-match", etag.clone())];
    let asked: Vec<(&str, &str)> = asked.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(site.ask(axum::http::Method::GET, &path(""), &asked, None).await.status, StatusCode::NOT_MODIFIED);

    // without case rights: nothing was published, so nothing is told, whatever happens to cases
    for role in [Role::Official, Role::Planner, Role::System] {
        let before = site.get(role, &path("")).await;
        assert!(tile_points(&before.body).is_empty(), "{role:?}");
        database.root().await.execute("update incidents set occurred_on = occurred_on - 1, state = 'closed'").await.unwrap();
        site.model.wait_fresh().await.unwrap();
        let after = site.get(role, &path("")).await;
        assert_eq!((before.headers["etag"].clone(), before.body), (after.headers["etag"].clone(), after.body), "{role:?}");
        assert_eq!(site.get(role, &path("?state=closed")).await.status, StatusCode::FORBIDDEN, "{role:?}");
    }
    assert_eq!(site.get(Role::Official, &path("?from=2026-01-05&group=labour")).await.status.as_u16() / 100, 2);
    assert_eq!(site.get(Role::Auditor, &path("")).await.status, StatusCode::FORBIDDEN);
    let style = site.get(Role::Official, "/styles/light.json?heat_full=32&per=households").await.json();
    let heat = style["layers"].as_array().unwrap().iter().find(|layer| layer["id"] == "heat").unwrap().clone();
    assert_eq!((&heat["layout"]["visibility"], &heat["metadata"]["maplebridge:legend"]["bounds"][4]), (&"none".into(), &20.0.into()));
    assert_eq!(site.get(Role::Official, "/styles/light.json?heat_full=none").await.status, StatusCode::BAD_REQUEST);
    drop(model);
}

fn tile_points(body: &[u8]) -> Vec<crate::heat_support::Point> {
    crate::heat_support::decode(body.to_vec()).points
}
