//! The base map from an extract of OpenStreetMap: stored whole or not at all, and served as tiles to whoever is signed in.

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode, header};
use maplebridge::codes::Scope;
use maplebridge::mvt::{TileId, World};
use maplebridge::read_model::Reader;
use maplebridge::tiles::{Filter, encode, parse};
use maplebridge::users::Role;
use mvt_reader::Reader as Mvt;
use mvt_reader::feature::Value;
use sqlx::Row as _;

use crate::feed_support::Town;
use crate::support::app::app;
use crate::support::database::{Database, database};
use crate::support::importing::{count, data, import, told};
use crate::support::pbf::{self, Pbf};

/// A place by the sea: two roads, a bridge, a stream, a lake with an island, a house, a park, a village, a border, a coast.
fn extract() -> Pbf {
    let square = |x: f64, y: f64, side: f64| [[x, y], [x + side, y], [x + side, y + side], [x, y + side]];
    Pbf::default()
        .bbox(120.0, 29.0, 120.04, 29.04)
        .dense(1, &[[120.0, 29.02], [120.02, 29.02], [120.04, 29.021]])
        .dense(10, &square(120.005, 29.005, 0.004))
        .dense(20, &square(120.006, 29.006, 0.001))
        .dense(30, &square(120.02, 29.03, 0.0002))
        .dense(40, &square(120.03, 29.03, 0.003))
        .dense(50, &[[119.99, 29.001], [120.05, 29.001]])
        .node(60, 120.01, 29.03, &[("place", "village"), ("name", "石桥村"), ("name:en", "Shiqiao")])
        .node(61, 120.011, 29.03, &[("amenity", "bench")])
        .way(101, &[1, 2], &[("highway", "primary"), ("name", "中路"), ("name:en", "Middle Road"), ("ref", "G104;S31")])
        .way(102, &[2, 3], &[("highway", "primary"), ("bridge", "yes")])
        .way(103, &[2, 12], &[("highway", "residential")])
        .way(104, &[3, 41], &[("waterway", "stream"), ("name", "小溪")])
        .way(105, &[10, 11, 12], &[])
        .way(106, &[12, 13, 10], &[])
        .way(107, &[20, 21, 22, 23, 20], &[])
        .way(108, &[30, 31, 32, 33, 30], &[("building", "yes")])
        .way(109, &[40, 41, 42, 43, 40], &[("leisure", "park"), ("name", "东园")])
        .way(110, &[50, 51], &[("natural", "coastline")])
        .way(111, &[1, 60], &[("power", "line")])
        .way(112, &[3, 9_999], &[("highway", "residential")])
        .relation(
            201,
            &[(105, "outer"), (106, "outer"), (107, "inner")],
            &[("type", "multipolygon"), ("natural", "water"), ("water", "lake"), ("name", "月湖")],
        )
        .relation(202, &[(101, "outer")], &[("type", "boundary"), ("boundary", "administrative"), ("admin_level", "6")])
}

fn file(bytes: &[u8]) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("town.osm.pbf");
    std::fs::write(&path, bytes).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

async fn stored(database: &Database) -> BTreeMap<String, i64> {
    let sql = "select layer || ' ' || kind || coalesce(' ' || nullif(kind_detail, ''), ''), count(*) from basemap_features group by 1";
    sqlx::query(sql).fetch_all(&mut database.root().await).await.unwrap().into_iter().map(|row| (row.get(0), row.get(1))).collect()
}

#[tokio::test]
async fn an_extract_is_stored_by_the_layers_and_kinds_of_the_schema() {
    let Some(database) = database().await else { return };
    let (db, (_folder, path)) = (database.db().await, file(&extract().finish()));
    let tried = told(&db, &["basemap", &path, "--dry-run"]).await;
    assert_eq!((tried.ending(), count(&database, "select count(*) from basemap_features").await), ("dry_run", 0));
    let done = told(&db, &["basemap", &path]).await;
    let expected = [
        ("boundaries county 6", 1),
        ("buildings building", 1),
        ("earth earth", 1),
        ("landuse park", 1),
        ("places locality village", 1),
        ("roads major_road primary", 2),
        ("roads minor_road residential", 1),
        ("water lake lake", 1),
        ("water ocean", 1),
        ("water stream", 1),
    ];
    assert_eq!(stored(&database).await, expected.map(|(what, n)| (what.to_owned(), n)).into());
    assert_eq!((done.ending(), done.counts(), done.met("pbf_incomplete")), ("committed", [11, 11, 0, 0, 0], 1));
    let lake = "select count(*) from basemap_features where kind = 'lake' and name_zh = '月湖' and ST_NRings(geom) = 2
                   and ST_IsValid(geom) and round(ST_Area(geom) * 1e6) = 15";
    assert_eq!(count(&database, lake).await, 1, "the island is a hole of the lake");
    let road = "select count(*) from basemap_features where name_zh = '中路' and name_en = 'Middle Road' and ref = 'G104' and deck = 0";
    assert_eq!(count(&database, road).await, 1);
    assert_eq!(count(&database, "select count(*) from basemap_features where deck = 1").await, 1);
    let sea = "select count(*) from basemap_features l, basemap_features s where l.layer = 'earth' and s.kind = 'ocean'
                  and ST_YMin(l.geom) = 29.001 and ST_YMax(s.geom) = 29.001 and ST_Area(ST_Intersection(l.geom, s.geom)) = 0";
    assert_eq!(count(&database, sea).await, 1, "the coast has land to its left");
    assert_eq!(count(&database, "select count(*) from jobs where noun = 'basemap' and state = 'done'").await, 2);
    assert_eq!(count(&database, "select count(*) from audit_entries where action = 'import.commit'").await, 1);
}

#[tokio::test]
async fn a_new_base_map_takes_the_place_of_the_old_one_or_joins_it() {
    let Some(database) = database().await else { return };
    let db = database.db().await;
    let (_one, first) = file(&extract().finish());
    let (_two, second) = file(&Pbf::default().dense(1, &[[120.0, 29.0], [120.01, 29.0]]).way(1, &[1, 2], &[("highway", "track")]).finish());
    told(&db, &["basemap", &first]).await;
    let replaced = told(&db, &["basemap", &second]).await;
    assert_eq!(stored(&database).await, [("roads path track".to_owned(), 1)].into());
    let refused = import(&db, &["undo", replaced.job()]).await;
    assert!(refused.contains("Import the former file again instead"), "{refused}");
    let added = told(&db, &["basemap", &first, "--add"]).await;
    assert_eq!(count(&database, "select count(*) from basemap_features").await, 12);
    let undone = import(&db, &["undo", added.job()]).await;
    assert!(undone.contains("11 rows"), "{undone}");
    assert_eq!(count(&database, "select count(*) from basemap_features").await, 1);
    let refused = import(&db, &["basemap", &first, "--crs", "GCJ-02"]).await;
    assert!(refused.contains("--crs says nothing about a base map"), "{refused}");
}

#[tokio::test]
async fn a_file_that_is_cut_off_damaged_hostile_or_no_extract_stores_nothing_and_says_the_cure() {
    let Some(database) = database().await else { return };
    let db = database.db().await;
    let whole = extract().finish();
    let mut bomb = pbf::header(&["OsmSchema-V0.6"], None);
    pbf::blob(&mut bomb, "OSMData", &pbf::packed_blob(&vec![0; 200 << 20]));
    let mut long = pbf::header(&["OsmSchema-V0.6"], None);
    long.extend_from_slice(&[0, 0, 0, 13]);
    // a block that says it is 4 GB long, as a negative number
    long.extend_from_slice(&[10, 7, b'O', b'S', b'M', b'D', b'a', b't', b'a', 24, 0xff, 0xff, 0xff]);
    let mut damaged = whole.clone();
    let middle = damaged.len() - 40;
    damaged[middle..middle + 20].fill(0xa5);
    let mut unpacked = pbf::header(&["OsmSchema-V0.6"], None);
    pbf::blob(&mut unpacked, "OSMData", &[16, 1, 58, 1, 0]);
    let cases: [(&str, Vec<u8>, &str); 11] = [
        ("nothing", Vec::new(), "empty"),
        ("XML", b"<?xml version='1.0'?><osm version='0.6'></osm>".to_vec(), "not_pbf"),
        ("a zip", b"PK\x03\x04 and so on and so on".to_vec(), "not_pbf"),
        ("cut off within a block", whole[..whole.len() - 9].to_vec(), "pbf_truncated"),
        ("cut off within a frame", [&whole[..], &[0, 0]].concat(), "pbf_truncated"),
        ("damaged", damaged, "pbf_damaged"),
        ("a bomb", bomb, "pbf_damaged"),
        ("a block longer than may be", long, "pbf_truncated"),
        ("packed otherwise", unpacked, "pbf_packed"),
        ("history", pbf::header(&["OsmSchema-V0.6", "HistoricalInformation"], None), "pbf_feature"),
        ("nothing to draw", pbf::header(&["OsmSchema-V0.6"], None), "pbf_nothing"),
    ];
    for (what, bytes, code) in cases {
        let (_folder, path) = file(&bytes);
        let refused = told(&db, &["basemap", &path]).await;
        assert_eq!((refused.ending(), refused.met(code)), ("faults", 1), "{what}: {:?}", refused.faults());
    }
    assert_eq!(count(&database, "select count(*) from basemap_features").await, 0);
    assert_eq!(count(&database, "select count(*) from jobs where state = 'failed'").await, 11);
    let (_folder, path) = file(&whole[..whole.len() - 9]);
    let said = import(&db, &["basemap", &path]).await;
    assert!(said.contains("the file is cut off") && said.contains("download it again") && said.contains("nothing was stored"), "{said}");
    let absent = import(&db, &["basemap", "/nowhere/x.osm.pbf"]).await;
    assert!(absent.contains("cannot be read"), "{absent}");
}

/// The features of a tile: layer, kind, name.
fn drawn(bytes: Vec<u8>) -> Vec<(String, String, String)> {
    let reader = Mvt::new(bytes).unwrap();
    let mut all = Vec::new();
    for layer in reader.get_layer_metadata().unwrap() {
        for feature in reader.get_features(layer.layer_index).unwrap() {
            let properties = feature.properties.unwrap_or_default();
            let text = |key: &str| match properties.get(key) {
                Some(Value::String(text)) => text.clone(),
                _ => String::new(),
            };
            all.push((layer.name.clone(), text("kind"), text("name")));
        }
    }
    all.sort();
    all
}

const LAYERS: &str = "earth,landuse,water,roads,buildings,boundaries,places";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_imported_is_on_the_tiles_of_a_running_server_from_its_zoom_on() {
    let Some(town) = Town::new().await else { return };
    town.build().await;
    let model = town.model().await;
    let reader = Reader { map: Scope::everything(), ..Reader::default() };
    let asked = parse(LAYERS).unwrap();
    let at = |z: u8| TileId::holding(z, World::from_lon_lat(120.01, 29.01));
    let tile = |z: u8| drawn(encode(&model.model(), &asked, at(z), &Filter::default(), &reader));
    assert_eq!(tile(12).iter().map(|f| f.2.as_str()).collect::<Vec<_>>(), ["中路", "湖"], "the base map of the fixture");
    let db = maplebridge::db::Db::connect(town.url("maplebridge_app").parse().unwrap(), 2).await.unwrap();
    let (_folder, path) = file(&extract().finish());
    assert_eq!(told(&db, &["basemap", &path]).await.ending(), "committed");
    model.wait_fresh_within(std::time::Duration::from_secs(30)).await.unwrap();
    let names =
        |z: u8| -> Vec<String> { tile(z).into_iter().map(|(layer, kind, name)| format!("{layer} {kind} {name}").trim_end().to_owned()).collect() };
    let wide = names(9);
    assert!(wide.contains(&"roads major_road 中路".to_owned()) && wide.contains(&"water lake 月湖".to_owned()), "{wide:?}");
    assert!(!wide.iter().any(|f| f.contains("minor_road") || f.starts_with("buildings") || f.starts_with("places")), "{wide:?}");
    let near = drawn(encode(&model.model(), &asked, TileId::holding(14, World::from_lon_lat(120.02, 29.03)), &Filter::default(), &reader));
    assert!(near.iter().any(|f| f.0 == "buildings"), "{near:?}");
    let order: Vec<String> = {
        let bytes = encode(&model.model(), &asked, at(11), &Filter::default(), &reader);
        Mvt::new(bytes).unwrap().get_layer_metadata().unwrap().into_iter().map(|layer| layer.name).collect()
    };
    assert_eq!(order, ["earth", "landuse", "water", "roads", "boundaries", "places"], "bottom to top");
    drop(model);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn base_tiles_are_for_whoever_is_signed_in_packed_and_not_sent_twice() {
    let Some(database) = database().await else { return };
    crate::support::town::town(&database).await;
    let (_folder, path) = file(&extract().finish());
    assert_eq!(told(&database.db().await, &["basemap", &path]).await.ending(), "committed");
    let site = app(&database, "990321001").await;
    let t = TileId::holding(12, World::from_lon_lat(120.02, 29.02));
    let address = format!("/tiles/earth,landuse,roads,water,places/{}/{}/{}.mvt", t.z(), t.x(), t.y());
    assert_eq!(site.ask(Method::GET, &address, &[], None).await.status, StatusCode::UNAUTHORIZED);
    let mut bodies = Vec::new();
    for role in [Role::Supervisor, Role::Official] {
        let answer = site.get(role, &address).await;
        assert_eq!(answer.status, StatusCode::OK, "{role:?}");
        bodies.push((answer.headers[header::ETAG].clone(), answer.body));
    }
    assert_eq!(bodies[0], bodies[1], "the same for every reader");
    let known = bodies[0].0.to_str().unwrap().to_owned();
    let bearer = site.bearer(Role::Supervisor);
    let again = site.ask(Method::GET, &address, &[("authorization", &bearer), ("if-none-match", &known)], None).await;
    assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
    let packed = site.ask(Method::GET, &address, &[("authorization", &bearer), ("accept-encoding", "gzip")], None).await;
    assert_eq!(packed.headers.get(header::CONTENT_ENCODING).map(|v| v.to_str().unwrap()), Some("gzip"));
}

#[tokio::test]
async fn monaco_comes_in_with_its_roads_houses_and_sea() {
    let (Some(database), Some(path)) = (database().await, data("monaco/monaco.osm.pbf")) else { return };
    let done = told(&database.db().await, &["basemap", &path]).await;
    assert_eq!(done.ending(), "committed", "{:?}", done.faults());
    let layers = "select count(distinct layer) from basemap_features";
    assert_eq!(count(&database, layers).await, 7);
    let buildings = count(&database, "select count(*) from basemap_features where kind = 'building'").await;
    assert!((23_000..23_800).contains(&buildings), "23,327 in the README, parts aside: {buildings}");
    let roads = "select (sum(ST_Length(geom::geography)) / 1000)::bigint from basemap_features where layer = 'roads' and kind in ('highway', 'major_road', 'minor_road', 'path')";
    let km = count(&database, roads).await;
    assert!((480..530).contains(&km), "515 km in the README, with what is planned and closed: {km}");
    let sea = "select count(*) from basemap_features where kind = 'ocean' and ST_Contains(geom, ST_SetSRID(ST_MakePoint(7.44, 43.725), 4326))";
    let land = "select count(*) from basemap_features where layer = 'earth' and ST_Contains(geom, ST_SetSRID(ST_MakePoint(7.42, 43.739), 4326))";
    assert_eq!((count(&database, sea).await, count(&database, land).await), (1, 1));
    let names = "select count(*) from basemap_features where layer = 'places' and name_zh in ('Monaco', '摩纳哥', 'Monte-Carlo', '蒙特卡洛')";
    assert!(count(&database, names).await > 0);
}
