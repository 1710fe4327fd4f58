//! Encoded tiles by everything they depend on but the rows; whether one is still true is said by the stamps.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::body::Bytes;
use axum::http::HeaderValue;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use super::filter::Filter;
use super::layers::LayerSet;
use super::negotiate::Encoding;
use super::viewer::Class;
use crate::mvt::TileId;

/// What a tile depends on beside the rows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) class: Class,
    pub(super) layers: LayerSet,
    pub(super) tile: TileId,
    pub(super) filter: Filter,
    pub(super) encoding: Encoding,
}

/// An encoded tile. The ETag outlives the bytes.
#[derive(Debug, Clone)]
pub(super) struct Tile {
    /// Revision of the model it was encoded from.
    pub(super) revision: u64,
    pub(super) etag: HeaderValue,
    /// Whether nothing is in it.
    pub(super) empty: bool,
    /// Whether the body is packed as the key says; small ones are not.
    pub(super) packed: bool,
    /// Packed; none once evicted.
    pub(super) body: Option<Bytes>,
}

/// ETags kept per byte of room: one for each 2 KB.
const BYTES_PER_ENTRY: usize = 2_048;

/// Tiles up to a number of bytes; what was not asked for lately goes first.
#[derive(Debug)]
pub(super) struct Cache {
    inner: Mutex<Inner>,
    room: usize,
}

#[derive(Debug, Default)]
struct Inner {
    tiles: FxHashMap<Arc<Key>, (Tile, bool)>,
    order: VecDeque<Arc<Key>>,
    bytes: usize,
}

impl Cache {
    pub(super) fn new(room: usize) -> Self {
        Self { inner: Mutex::default(), room }
    }

    pub(super) fn get(&self, key: &Key) -> Option<Tile> {
        let mut inner = self.inner.lock();
        let (tile, used) = inner.tiles.get_mut(key)?;
        *used = true;
        Some(tile.clone())
    }

    pub(super) fn put(&self, key: Key, tile: Tile) {
        let size = |tile: &Tile| tile.body.as_ref().map_or(0, Bytes::len);
        let mut inner = self.inner.lock();
        let key = Arc::new(key);
        inner.bytes += size(&tile);
        match inner.tiles.insert(Arc::clone(&key), (tile, false)) {
            Some((old, _)) => inner.bytes -= size(&old),
            None => inner.order.push_back(key),
        }
        // second chance: what was used since goes round once more; bytes go before the ETag
        let mut turns = inner.order.len() * 3;
        while turns > 0 && (inner.bytes > self.room || inner.tiles.len() * BYTES_PER_ENTRY > self.room.max(1 << 20)) {
            turns -= 1;
            let many = inner.tiles.len() * BYTES_PER_ENTRY > self.room.max(1 << 20);
            let Some(key) = inner.order.pop_front() else { break };
            let Some((tile, used)) = inner.tiles.get_mut(&key) else { continue };
            let freed = if std::mem::take(used) { 0 } else { tile.body.take().map_or(0, |body| body.len()) };
            inner.bytes -= freed;
            if freed == 0 && many {
                if let Some((gone, _)) = inner.tiles.remove(&key) {
                    inner.bytes -= size(&gone);
                }
            } else {
                inner.order.push_back(key);
            }
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.inner.lock().bytes
    }
}
