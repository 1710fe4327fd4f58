//! Tiles over a small town: sums, freshness, ETags, scopes, sizes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt as _;
use maplebridge::codes::{CodeRange, Scope};
use maplebridge::mvt::{TileId, World, WorldBox};
use maplebridge::read_model::{Area, Areas, Cell, Cells, Lists, Model, Place};
use maplebridge::read_model::{Layer, Reader};
use maplebridge::tiles::{Filter, TileService, encode, parse, tile};
use mvt_reader::Reader as Mvt;
use mvt_reader::feature::Value;
use sqlx::Executor as _;

use crate::feed_support::{COUNTY, Dice, Town};

/// How long a change may take to be shown where its bytes are looked at, not its speed: other tests take the processor.
const PATIENCE: Duration = Duration::from_secs(30);

fn all() -> Reader {
    Reader { map: Scope::everything(), households: Scope::everything(), cases: Scope::everything(), units: vec![], ..Reader::default() }
}

/// The first township only.
fn township() -> Reader {
    let scope = || -> Scope { [CodeRange { lo: COUNTY + 1_000_000, hi: COUNTY + 2_000_000 }].into_iter().collect() };
    Reader { map: scope(), households: scope(), cases: scope(), units: vec![], ..Reader::default() }
}

/// The tiles of a zoom that the town touches.
fn town_tiles(z: u8) -> Vec<TileId> {
    let corner = |lon, lat| TileId::holding(z, World::from_lon_lat(lon, lat));
    let (a, b) = (corner(119.999, 29.041), corner(120.041, 28.999));
    let row = |y| (a.x()..=b.x()).map(move |x| TileId::new(z, x, y).unwrap());
    (a.y()..=b.y()).flat_map(row).collect()
}

fn bytes_of(model: &maplebridge::read_model::Model, layers: &str, tile: TileId, reader: &Reader) -> Vec<u8> {
    encode(model, &parse(layers).unwrap(), tile, &Filter::default(), reader)
}

fn number(value: Option<&Value>) -> Option<u64> {
    match value {
        Some(Value::UInt(n)) => Some(*n),
        Some(Value::Int(n) | Value::SInt(n)) => u64::try_from(*n).ok(),
        _ => None,
    }
}

/// Rows and households that a tile counts: bins by their count, single points inside the tile by one.
fn counted(bytes: Vec<u8>) -> (u64, u64) {
    let reader = Mvt::new(bytes).unwrap();
    let mut sum = (0, 0);
    for layer in reader.get_layer_metadata().unwrap() {
        for feature in reader.get_features(layer.layer_index).unwrap() {
            let inside = match &feature.geometry {
                geo_types::Geometry::Point(p) => (0.0..4096.0).contains(&p.x()) && (0.0..4096.0).contains(&p.y()),
                geo_types::Geometry::MultiPoint(p) => p.iter().all(|p| (0.0..4096.0).contains(&p.x()) && (0.0..4096.0).contains(&p.y())),
                _ => false,
            };
            if inside {
                let properties = feature.properties.unwrap_or_default();
                sum.0 += number(properties.get("count")).unwrap_or(1);
                sum.1 += number(properties.get("household_count")).unwrap_or(0);
            }
        }
    }
    sum
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_every_zoom_the_tiles_add_up_to_the_readers_rows() {
    let Some(town) = Town::new().await else { return };
    town.build().await;
    let model = town.model().await;
    let model = model.model();
    for (reader, share) in [(all(), 1), (township(), 2)] {
        for z in 0..=18 {
            for (layer, rows) in [("households", 320), ("facilities", 16), ("incidents", 48)] {
                let sum = town_tiles(z).into_iter().map(|t| counted(bytes_of(&model, layer, t, &reader)).0).sum::<u64>();
                assert_eq!(sum, rows / share, "{layer} at zoom {z}");
            }
        }
    }
    let nobody = Reader { map: Scope::everything(), ..Reader::default() };
    for z in 15..=18 {
        assert!(town_tiles(z).into_iter().all(|t| bytes_of(&model, "households,incidents", t, &nobody).is_empty()), "no single home, no case");
    }
    drop(model);
}

async fn ask(
    service: &Arc<TileService>,
    reader: &Reader,
    layers: &str,
    t: TileId,
    accept: &str,
    known: Option<&str>,
) -> (StatusCode, String, Vec<u8>) {
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCEPT_ENCODING, accept.parse().unwrap());
    if let Some(known) = known {
        headers.insert(header::IF_NONE_MATCH, known.parse().unwrap());
    }
    let answer = tile(service, reader, layers, [&t.z().to_string(), &t.x().to_string(), &format!("{}.mvt", t.y())], "", &headers).await.unwrap();
    let etag = answer.headers()[header::ETAG].to_str().unwrap().to_owned();
    (answer.status(), etag, answer.into_body().collect().await.unwrap().to_bytes().to_vec())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_differ_exactly_when_etags_do_in_two_services_and_after_a_restart() {
    let Some(town) = Town::new().await else { return };
    town.build().await;
    let services = [Arc::new(TileService::new(town.model().await, 8 << 20)), Arc::new(TileService::new(town.model().await, 50_000))];
    let mut tiles: Vec<(&str, TileId)> = Vec::new();
    for z in 8..=16 {
        for t in town_tiles(z) {
            for layers in ["cells,areas", "households", "facilities,cell_labels,area_labels", "incidents"] {
                tiles.push((layers, t));
            }
        }
    }
    let mut dice = Dice(11);
    let step = (tiles.len() / 500).max(1);
    let tiles: Vec<_> = tiles.into_iter().step_by(step).take(500).collect();
    let reader = township();
    let mut known: BTreeMap<usize, (String, Vec<u8>)> = BTreeMap::new();
    let mut owner = town.owner().await;
    let mut unchanged = 0;
    for edit in 0..50 {
        let id = dice.roll(320) + 1;
        let (lon, lat) = (120.0 + f64::from(dice.roll(399)) / 10_000.0, 29.0 + f64::from(dice.roll(399)) / 10_000.0);
        let text = match edit % 5 {
            0 => format!("update households set geom = ST_SetSRID(ST_MakePoint({lon}, {lat}), 4326) where id = {id}"),
            1 => format!("update facilities set kind = 'F10', name_zh = '改{edit}' where id = {}", id % 16 + 1),
            2 => format!("update incidents set state = 'closed', risk_level = 'red' where id = {}", id % 48 + 1),
            3 => format!("update households set household_count = household_count + 1 where id = {id}"),
            _ => format!("update cells set name_zh = '格{edit}' where id = {}", id % 16 + 1),
        };
        owner.execute(text.as_str()).await.unwrap();
        for service in &services {
            service.model().wait_fresh_within(Duration::from_secs(30)).await.unwrap();
        }
        let model = services[0].model().model();
        for (i, &(layers, t)) in tiles.iter().enumerate().filter(|(i, _)| (i + edit) % 5 == 0 || edit == 49) {
            let truth = encode(&model, &parse(layers).unwrap(), t, &Filter::default(), &reader);
            let (_, etag, body) = ask(&services[0], &reader, layers, t, "identity", None).await;
            assert_eq!(body, truth, "{layers} {t} after {text}");
            let (status, other, _) = ask(&services[1], &reader, layers, t, "identity", Some(&etag)).await;
            assert_eq!((status, &other), (StatusCode::NOT_MODIFIED, &etag));
            if let Some((old_etag, old_body)) = known.insert(i, (etag.clone(), body.clone())) {
                assert_eq!(old_etag == etag, old_body == body);
                unchanged += usize::from(old_etag == etag);
            }
        }
    }
    assert!(unchanged > 100);
    let again = Arc::new(TileService::new(town.model().await, 8 << 20));
    for (i, (etag, body)) in &known {
        let (layers, t) = tiles[*i];
        let (_, fresh, bytes) = ask(&again, &reader, layers, t, "identity", None).await;
        assert_eq!((&fresh, &bytes), (etag, body));
        let (status, _, packed) = ask(&again, &reader, layers, t, "zstd", None).await;
        if status == StatusCode::OK && packed != *body {
            assert_eq!(zstd::bulk::decompress(&packed, 1 << 20).unwrap(), *body);
        }
    }
    drop((services, again));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stamps_cover_every_tile_whose_bytes_changed_and_foreign_changes_change_no_byte() {
    let Some(town) = Town::new().await else { return };
    town.build().await;
    let model = town.model().await;
    let mut owner = town.owner().await;
    let own = township();
    let layers = [
        (Layer::Households, "households"),
        (Layer::Cells, "cells"),
        (Layer::CellLabels, "cell_labels"),
        (Layer::Areas, "areas"),
        (Layer::Facilities, "facilities"),
        (Layer::Incidents, "incidents"),
    ];
    for text in [
        // on the edge of a tile: the middle of the county, and a point of the second township that only others may see
        "update households set geom = ST_SetSRID(ST_MakePoint(120.0099, 29.0099), 4326) where id = 1",
        "update households set household_count = 9 where id = 300",
        "update households set scope_code = 990321001001002 where id = 2",
        "update incidents set state = 'closed' where id > 40",
        "delete from households where id = 3; update facilities set geom = ST_SetSRID(ST_MakePoint(120.0391, 29.0391), 4326) where id = 16",
        "update cells set geom = ST_Multi(ST_MakeEnvelope(120, 29, 120.0095, 29.01, 4326)) where code = 990321001001001",
    ] {
        let before = model.model();
        owner.execute(text).await.unwrap();
        model.wait_fresh_within(PATIENCE).await.unwrap();
        let after = model.model();
        for z in [0, 5, 9, 12, 13, 14, 15, 16] {
            for t in town_tiles(z) {
                for (layer, name) in layers {
                    let changed = bytes_of(&before, name, t, &all()) != bytes_of(&after, name, t, &all());
                    let stale = model.stamp(layer, t) > before.revision;
                    assert!(stale || !changed, "{name} {t} changed unmarked by {text}");
                    let foreign = text.contains("id = 300") || text.contains("id > 40");
                    if foreign {
                        assert_eq!(bytes_of(&before, name, t, &own), bytes_of(&after, name, t, &own), "{name} {t} tells of {text}");
                    }
                }
            }
        }
    }
    drop(model);
}

/// A province of 85,000 square cells in 21,250 villages, 1,700 townships and 17 counties, as large as Zhejiang.
fn province() -> Model {
    let side = 0.015;
    let place = |x: i32, y: i32, w: i32, h: i32| {
        let at = |v: i32, from: f64| geo_types_round(from + f64::from(v) * side);
        let ([west, east], [south, north]) = ([at(x, 118.0), at(x + w, 118.0)], [at(y, 27.0), at(y + h, 27.0)]);
        let shape = geo_types::MultiPolygon(vec![geo_types::Rect::new((west, south), (east, north)).to_polygon()]);
        let corners = [World::from_lon_lat(west, north), World::from_lon_lat(east, south)];
        let label = World::from_lon_lat(f64::midpoint(west, east), f64::midpoint(south, north));
        Place { shape: shape.into(), extent: WorldBox::around(corners).unwrap(), label, area_m2: 2_400_000.0 }
    };
    let mut model = Model::empty(chrono::NaiveDate::default(), std::sync::Arc::new(Lists::default()));
    let kind = model.lists.cell_kind.number("general");
    let code = |x: i32, y: i32, level: i16| {
        let county = i64::from(x / 68 + 5 * (y / 72)) + 1;
        let township = i64::from(x % 68 / 7 + 10 * (y % 72 / 8)) + 1;
        let village = i64::from(x % 68 % 7 / 2 + 4 * (y % 72 % 8 / 2)) + 1;
        let cell = i64::from(x % 68 % 7 % 2 + 2 * (y % 72 % 8 % 2)) + 1;
        let full = 330_000_000_000_000 + county * 1_000_000_000 + township * 1_000_000 + village * 1_000 + cell;
        full - full % 10_i64.pow(15 - level as u32)
    };
    let mut cells = Vec::new();
    let mut boxes: BTreeMap<(i16, i64), [i32; 4]> = BTreeMap::new();
    for (x, y) in (0..340).flat_map(|x| (0..250).map(move |y| (x, y))) {
        let id = i64::from(x * 1_000 + y);
        let name = || "网格名".into();
        cells.push(Cell { id, code: code(x, y, 15), name_zh: name(), name_en: "".into(), short_name: name(), kind, place: place(x, y, 1, 1) });
        for level in [6, 9, 12] {
            let b = boxes.entry((level, code(x, y, level))).or_insert([x, y, x, y]);
            *b = [b[0].min(x), b[1].min(y), b[2].max(x), b[3].max(y)];
        }
    }
    assert_eq!(cells.len(), 85_000);
    let areas = boxes.into_iter().enumerate().map(|(id, ((level, lo), [x0, y0, x1, y1]))| Area {
        id: id as i64,
        lo,
        level,
        name_zh: "某某街道".into(),
        name_en: "".into(),
        place: Some(place(x0, y0, x1 - x0 + 1, y1 - y0 + 1)),
    });
    model.areas = std::sync::Arc::new(Areas::new(areas.collect()));
    model.cells = std::sync::Arc::new(Cells::new(cells));
    model
}

fn geo_types_round(v: f64) -> f64 {
    (v * 1e7).round() / 1e7
}

#[test]
fn a_province_of_85_000_cells_gives_way_at_zoom_6_and_below_and_no_tile_is_too_large() {
    let model = province();
    for z in [0_u8, 4, 6, 7, 8, 9, 10] {
        let (a, b) = (TileId::holding(z, World::from_lon_lat(118.0, 30.8)), TileId::holding(z, World::from_lon_lat(123.2, 27.0)));
        let mut levels = std::collections::BTreeSet::new();
        for t in (a.x()..=b.x()).flat_map(|x| (a.y()..=b.y()).map(move |y| TileId::new(z, x, y).unwrap())).take(6) {
            let bytes = bytes_of(&model, "cells,areas", t, &all());
            assert!(bytes.len() <= maplebridge::tiles::MOST_BYTES, "{t} has {} bytes", bytes.len());
            let reader = Mvt::new(bytes).unwrap();
            let meta = reader.get_layer_metadata().unwrap();
            let Some(layer) = meta.iter().find(|l| l.name == "cells") else { continue };
            for feature in reader.get_features(layer.layer_index).unwrap() {
                levels.extend(number(feature.properties.unwrap_or_default().get("level")));
            }
        }
        assert_eq!(levels.len(), 1, "zoom {z} shows {levels:?}");
        assert!(z > 6 || !levels.contains(&15), "zoom {z} shows {levels:?}");
    }
}
