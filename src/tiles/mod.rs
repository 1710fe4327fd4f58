//! Vector tiles for everyone: from the read model to bytes, cut to the reader, cached while they are true.
//!
//! `layers` is the list; `encode` writes one tile; `filter` reads the query; `cache` keeps packed bytes and ETags;
//! `negotiate` packs; `tilejson` and `style` tell clients how to draw them; `kernel` is what heat is reckoned by. Routes are bound in `app`, which also knows
//! who the reader is.

mod cache;
mod encode;
mod filter;
mod heat_style;
mod kernel;
mod layers;
mod negotiate;
mod style;
mod tilejson;

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};

pub use encode::{MOST_BYTES, encode};
pub use filter::{Filter, pairs};
pub use heat_style::HeatLook;
pub use kernel::{Bandwidth, Per};
pub use layers::{LAYERS, LayerEntry, parse};
pub use negotiate::Encoding;
pub use style::style;
pub use tilejson::tilejson;

use crate::codes::Scope;
use crate::error::{Error, Result};
use crate::mvt::TileId;
use crate::read_model::{Layer, ReadModel, Reader};
use cache::{Cache, Key, Tile};

/// Changes with every change of the encoder that changes bytes of equal rows.
const ENCODER: &str = "3";
const VARY: &str = "Cookie, Authorization, Accept-Encoding";
/// Bodies below this are not packed: it would make them larger.
const SMALLEST_PACKED: usize = 200;

/// Characters of a filter that stand in the audit trail; a longer one is told apart by its hash.
const LONGEST_FILTER: usize = 200;

/// Answers for tiles.
#[derive(Debug)]
pub struct TileService {
    model: Arc<ReadModel>,
    cache: Cache,
}

impl TileService {
    /// A service over a model; `cache_bytes` bounds the packed bytes that are kept.
    pub fn new(model: Arc<ReadModel>, cache_bytes: usize) -> Self {
        Self { model, cache: Cache::new(cache_bytes) }
    }

    /// The model it reads.
    pub fn model(&self) -> &Arc<ReadModel> {
        &self.model
    }

    /// Bytes of packed tiles kept now.
    pub fn cached_bytes(&self) -> usize {
        self.cache.bytes()
    }

    fn is_fresh(&self, tile: &Tile, key: &Key) -> bool {
        key.layers.iter().all(|&layer| self.model.stamp(layer, key.tile) <= tile.revision)
    }
}

/// One tile: `layers` by name with commas, `z`, `x` and `y` as they stand in the path (`y` with or without `.mvt`).
///
/// 200 with the bytes, 204 where the tile is empty, 304 where the client has them. `NotFound` for an unknown layer or a
/// place outside the world, `Invalid` for an unknown filter or value, `Forbidden` for a filter of cases without the right.
#[expect(clippy::too_many_arguments, reason = "the parts of one request, as the route hands them over")]
pub async fn tile(
    service: &TileService,
    reader: &Reader,
    layers: &str,
    z: &str,
    x: &str,
    y: &str,
    query: &str,
    headers: &HeaderMap,
) -> Result<Response<Body>> {
    let entries = layers::parse(layers)?;
    let tile = TileId::parse(z, x, y).map_err(|fault| Error::NotFound { what: "tile", id: format!("{z}/{x}/{y}: {fault}") })?;
    let model = service.model.model();
    let filter = Filter::of_query(query, &model.lists, reader)?;
    let heat = entries.iter().any(|entry| matches!(entry.layer, Layer::Heat | Layer::HeatWithheld));
    if heat && filter.names_group() && reader.reads_cases() {
        return Err(Error::Forbidden("heat of your cases is filtered by category; group is for readers of published numbers".into()));
    }
    let accept = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|v| v.to_str().ok()).collect::<Vec<_>>().join(",");
    let key = Key {
        layers: entries.iter().map(|entry| entry.layer).collect(),
        tile,
        filter,
        reader: relevant(reader, &entries),
        encoding: Encoding::best(&accept),
    };
    let known = service.cache.get(&key).filter(|known| service.is_fresh(known, &key));
    if let Some(known) = known
        && (known.body.is_some() || known.empty || is_match(headers, &known.etag))
    {
        return answer(headers, &known, key.encoding);
    }
    let encoding = key.encoding;
    // Brotli takes ten times as long as a tile
    let at_once = encoding != Encoding::Brotli && encode::is_small(&model, &entries, key.tile, encoding != Encoding::Identity);
    let work = move || -> Result<(Key, Tile)> {
        let bytes = encode::encode(&model, &entries, key.tile, &key.filter, &key.reader);
        let hash = xxhash_rust::xxh3::xxh3_128(&bytes);
        let packed = if bytes.len() < SMALLEST_PACKED { Encoding::Identity } else { key.encoding };
        let etag = format!("\"{ENCODER}-{hash:032x}{}\"", key.encoding.name().map(|name| format!("-{name}")).unwrap_or_default());
        let empty = bytes.is_empty();
        let body = packed.pack(&bytes).map_err(Error::internal("pack a tile"))?;
        Ok((key, Tile { revision: model.revision, etag: etag.into(), empty, packed: packed != Encoding::Identity, body: Some(Bytes::from(body)) }))
    };
    let (key, made) = if at_once { work()? } else { tokio::task::spawn_blocking(work).await.map_err(Error::internal("encode a tile"))?? };
    service.cache.put(key, made.clone());
    answer(headers, &made, encoding)
}

/// What a request looked at, for the audit trail: each layer with its filter in order, `facilities?kind=F01`.
pub fn looked_at(layers: &str, query: &str) -> Result<Vec<String>> {
    let mut filter = pairs(query);
    filter.sort_unstable();
    filter.dedup();
    let filter: Vec<String> = filter.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut filter = if filter.is_empty() { String::new() } else { format!("?{}", filter.join("&")) };
    if filter.chars().count() > LONGEST_FILTER {
        let hash = xxhash_rust::xxh3::xxh3_128(filter.as_bytes());
        filter = format!("{}… {hash:032x}", filter.chars().take(LONGEST_FILTER).collect::<String>());
    }
    Ok(parse(layers)?.into_iter().map(|entry| format!("{}{filter}", entry.name)).collect())
}

/// The reader without rights that none of the layers asks for, so that readers who see the same share a tile.
fn relevant(reader: &Reader, entries: &[&LayerEntry]) -> Reader {
    let has = |layer: Layer| entries.iter().any(|entry| entry.layer == layer);
    let mut reader = reader.clone();
    let own_cases = reader.cases.clone();
    reader.units.sort_unstable();
    if !has(Layer::Households) {
        reader.households = Scope::none();
    }
    let heat = has(Layer::Heat) || has(Layer::HeatWithheld);
    if !has(Layer::Incidents) && !heat {
        reader.cases = Scope::none();
        reader.units.clear();
    }
    if has(Layer::Published) || (heat && !reader.reads_cases()) {
        // whose numbers are told how depends on the cases one may open
        reader.cases = own_cases;
    } else {
        reader.published = Scope::none();
        reader.staff = Scope::none();
        reader.known = Arc::default();
    }
    if entries.iter().all(|entry| Layer::BASE.contains(&entry.layer) || entry.layer == Layer::Incidents) {
        reader.map = Scope::none();
    }
    reader
}

fn is_match(headers: &HeaderMap, etag: &str) -> bool {
    let asked = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|v| v.to_str().ok());
    asked.flat_map(|v| v.split(',')).map(|v| v.trim().trim_start_matches("W/")).any(|v| v == "*" || v == etag)
}

fn answer(headers: &HeaderMap, tile: &Tile, encoding: Encoding) -> Result<Response<Body>> {
    let etag = HeaderValue::from_str(&tile.etag).map_err(Error::internal("name a tile"))?;
    let response = Response::builder().header(header::ETAG, etag).header(header::CACHE_CONTROL, "private, no-cache").header(header::VARY, VARY);
    let body = tile.body.clone().unwrap_or_default();
    let built = if is_match(headers, &tile.etag) {
        response.status(StatusCode::NOT_MODIFIED).body(Body::empty())
    } else if tile.empty {
        response.status(StatusCode::NO_CONTENT).body(Body::empty())
    } else {
        let response = response.header(header::CONTENT_TYPE, "application/vnd.mapbox-vector-tile");
        match encoding.name().filter(|_| tile.packed) {
            Some(name) => response.header(header::CONTENT_ENCODING, name).body(Body::from(body)),
            None => response.body(Body::from(body)),
        }
    };
    built.map_err(Error::internal("answer with a tile"))
}
