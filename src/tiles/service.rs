//! Answers for tiles: one that is kept and true still, else one made now.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};

use super::MVT;
use super::cache::{Cache, Key, Tile};
use super::encode::{self, encode};
use super::filter::Filter;
use super::layers::LayerSet;
use super::negotiate::Encoding;
use super::viewer::{Classes, Viewer};
use crate::error::{Error, Result};
use crate::mvt::TileId;
use crate::read_model::{Layer, Model, ReadModel, Reader};

/// Changes with every change of the encoder that changes bytes of equal rows.
const ENCODER: &str = "3";
const VARY: HeaderValue = HeaderValue::from_static("Cookie, Authorization, Accept-Encoding");
const CACHING: HeaderValue = HeaderValue::from_static("private, no-cache");
/// Bodies below this are not packed: it would make them larger.
const SMALLEST_PACKED: usize = 200;
/// Room for the headers of an answer, with those that every answer has.
const HEADERS: usize = 12;

/// Answers for tiles.
#[derive(Debug)]
pub struct TileService {
    model: Arc<ReadModel>,
    cache: Cache,
    classes: Classes,
}

/// One tile, as it was asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    viewer: Viewer,
    tile: TileId,
    filter: Filter,
    encoding: Encoding,
}

impl TileService {
    /// A service over a model; `cache_bytes` bounds the packed bytes that are kept.
    pub fn new(model: Arc<ReadModel>, cache_bytes: usize) -> Self {
        Self { model, cache: Cache::new(cache_bytes), classes: Classes::default() }
    }

    /// The model it reads.
    pub fn model(&self) -> &Arc<ReadModel> {
        &self.model
    }

    /// Bytes of packed tiles kept now.
    pub fn cached_bytes(&self) -> usize {
        self.cache.bytes()
    }

    /// A reader before some layers: made once, asked with often.
    pub fn viewer(&self, reader: &Reader, layers: LayerSet) -> Viewer {
        self.classes.viewer(reader, layers)
    }

    /// Reads what is asked for: `z`, `x` and `y` as they stand in the path (`y` with or without `.mvt`), and the query.
    ///
    /// `NotFound` for a place outside the world, `Invalid` for an unknown filter or value, `Forbidden` for a filter of
    /// cases without the right.
    pub fn ask(&self, viewer: &Viewer, [z, x, y]: [&str; 3], query: &str, headers: &HeaderMap) -> Result<Asked> {
        let tile = TileId::parse(z, x, y).map_err(|fault| Error::NotFound { what: "tile", id: format!("{z}/{x}/{y}: {fault}") })?;
        let filter = if query.is_empty() { Filter::default() } else { Filter::of_query(query, &self.model.model().lists, &viewer.reader)? };
        let heat = viewer.layers.has(Layer::Heat) || viewer.layers.has(Layer::HeatWithheld);
        if heat && filter.names_group() && viewer.reader.reads_cases() {
            return Err(Error::Forbidden("heat of your cases is filtered by category; group is for readers of published numbers".into()));
        }
        Ok(Asked { viewer: viewer.clone(), tile, filter, encoding: accepted(headers) })
    }

    /// The answer where it is kept, or made in less time than it takes to hand the work to another thread.
    pub fn at_once(&self, asked: &Asked, headers: &HeaderMap) -> Option<Result<Response<Body>>> {
        let key = asked.key();
        let known = self.cache.get(&key).filter(|known| self.is_fresh(known, &key));
        if let Some(known) = known
            && (known.body.is_some() || known.empty || is_match(headers, &known.etag))
        {
            return Some(Ok(answer(headers, &known, key.encoding)));
        }
        let model = self.model.model();
        // Brotli takes ten times as long as a tile
        let small = key.encoding != Encoding::Brotli && encode::is_small(&model, key.layers, key.tile, key.encoding != Encoding::Identity);
        small.then(|| self.make(&model, asked, headers))
    }

    fn make(&self, model: &Model, asked: &Asked, headers: &HeaderMap) -> Result<Response<Body>> {
        let made = asked.encoded(model)?;
        let answer = answer(headers, &made, asked.encoding);
        self.cache.put(asked.key(), made);
        Ok(answer)
    }

    fn is_fresh(&self, tile: &Tile, key: &Key) -> bool {
        key.layers.entries().all(|entry| self.model.stamp(entry.layer, key.tile) <= tile.revision)
    }
}

impl Asked {
    fn key(&self) -> Key {
        let Viewer { layers, class, .. } = self.viewer;
        Key { class, layers, tile: self.tile, filter: self.filter.clone(), encoding: self.encoding }
    }

    fn encoded(&self, model: &Model) -> Result<Tile> {
        let entries: Vec<_> = self.viewer.layers.entries().collect();
        let bytes = encode(model, &entries, self.tile, &self.filter, &self.viewer.reader);
        let hash = xxhash_rust::xxh3::xxh3_128(&bytes);
        let packed = if bytes.len() < SMALLEST_PACKED { Encoding::Identity } else { self.encoding };
        let name = self.encoding.name();
        let etag = format!("\"{ENCODER}-{hash:032x}{}{}\"", if name.is_some() { "-" } else { "" }, name.unwrap_or_default());
        let empty = bytes.is_empty();
        let body = if packed == Encoding::Identity { bytes } else { packed.pack(&bytes).map_err(Error::internal("pack a tile"))? };
        let etag = HeaderValue::try_from(etag).map_err(Error::internal("name a tile"))?;
        Ok(Tile { revision: model.revision, etag, empty, packed: packed != Encoding::Identity, body: Some(Bytes::from(body)) })
    }
}

/// One tile: `layers` by name with commas, `z`, `x` and `y` as they stand in the path (`y` with or without `.mvt`).
///
/// 200 with the bytes, 204 where the tile is empty, 304 where the client has them. Errors as [`LayerSet::parse`] and
/// [`TileService::ask`] say.
pub async fn tile(
    service: &Arc<TileService>,
    reader: &Reader,
    layers: &str,
    place: [&str; 3],
    query: &str,
    headers: &HeaderMap,
) -> Result<Response<Body>> {
    let viewer = service.viewer(reader, LayerSet::parse(layers)?);
    let asked = service.ask(&viewer, place, query, headers)?;
    if let Some(answer) = service.at_once(&asked, headers) {
        return answer;
    }
    let (service, headers) = (Arc::clone(service), headers.clone());
    let work = move || service.make(&service.model.model(), &asked, &headers);
    tokio::task::spawn_blocking(work).await.map_err(Error::internal("encode a tile"))?
}

fn accepted(headers: &HeaderMap) -> Encoding {
    let mut said = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    match (said.next(), said.next()) {
        (None, _) => Encoding::Identity,
        (Some(one), None) => Encoding::best(one),
        (Some(one), Some(two)) => Encoding::best(&[one, two].into_iter().chain(said).collect::<Vec<_>>().join(",")),
    }
}

fn is_match(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let asked = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|v| v.to_str().ok());
    asked.flat_map(|v| v.split(',')).map(|v| v.trim().trim_start_matches("W/")).any(|v| v == "*" || v.as_bytes() == etag.as_bytes())
}

fn answer(headers: &HeaderMap, tile: &Tile, encoding: Encoding) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    let mut said = HeaderMap::with_capacity(HEADERS);
    said.insert(header::ETAG, tile.etag.clone());
    said.insert(header::CACHE_CONTROL, CACHING);
    said.insert(header::VARY, VARY);
    if is_match(headers, &tile.etag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else if tile.empty {
        *response.status_mut() = StatusCode::NO_CONTENT;
    } else {
        said.insert(header::CONTENT_TYPE, HeaderValue::from_static(MVT));
        if let Some(name) = encoding.name().filter(|_| tile.packed) {
            said.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
        }
        *response.body_mut() = Body::from(tile.body.clone().unwrap_or_default());
    }
    *response.headers_mut() = said;
    response
}
