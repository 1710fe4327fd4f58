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
/// Room that ETags are reckoned by at least.
const LEAST_ROOM: usize = 1 << 20;

/// Tiles up to a number of bytes; what was not asked for lately goes first.
#[derive(Debug)]
pub(super) struct Cache {
    inner: Mutex<Inner>,
    room: usize,
}

#[derive(Debug, Default)]
struct Inner {
    tiles: FxHashMap<Arc<Key>, Entry>,
    /// Tiles with their bytes, and tiles whose bytes are gone: apart, so that neither is passed over in search of the other.
    full: VecDeque<Arc<Key>>,
    bare: VecDeque<Arc<Key>>,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    tile: Tile,
    /// Asked for since it was last passed over.
    used: bool,
    /// Whether `bare` names it, also where its bytes have come back meanwhile.
    in_bare: bool,
}

impl Cache {
    pub(super) fn new(room: usize) -> Self {
        Self { inner: Mutex::default(), room }
    }

    pub(super) fn get(&self, key: &Key) -> Option<Tile> {
        let mut inner = self.inner.lock();
        let entry = inner.tiles.get_mut(key)?;
        entry.used = true;
        Some(entry.tile.clone())
    }

    pub(super) fn put(&self, key: Key, tile: Tile) {
        let mut inner = self.inner.lock();
        inner.keep(key, tile);
        inner.drop_bytes(self.room);
        inner.drop_tiles(self.room.max(LEAST_ROOM) / BYTES_PER_ENTRY);
    }

    pub(super) fn bytes(&self) -> usize {
        self.inner.lock().bytes
    }
}

impl Inner {
    fn keep(&mut self, key: Key, tile: Tile) {
        self.bytes += tile.size();
        let key = Arc::new(key);
        if let Some(known) = self.tiles.get_mut(&key) {
            let old = std::mem::replace(&mut known.tile, tile);
            self.bytes -= old.size();
            if old.body.is_none() {
                self.full.push_back(key);
            }
        } else {
            self.full.push_back(Arc::clone(&key));
            self.tiles.insert(key, Entry { tile, used: false, in_bare: false });
        }
    }

    /// Bytes go before the ETag; what was used since goes round once more.
    fn drop_bytes(&mut self, room: usize) {
        while self.bytes > room
            && let Some(key) = self.full.pop_front()
        {
            let Some(entry) = self.tiles.get_mut(&key) else { continue };
            if std::mem::take(&mut entry.used) {
                self.full.push_back(key);
                continue;
            }
            self.bytes -= entry.tile.size();
            entry.tile.body = None;
            if !std::mem::replace(&mut entry.in_bare, true) {
                self.bare.push_back(key);
            }
        }
    }

    fn drop_tiles(&mut self, most: usize) {
        while self.tiles.len() > most {
            if let Some(key) = self.bare.pop_front() {
                let Some(entry) = self.tiles.get_mut(&key) else { continue };
                entry.in_bare = false;
                if entry.tile.body.is_none() {
                    self.tiles.remove(&key);
                }
            } else if let Some(key) = self.full.pop_front() {
                if let Some(gone) = self.tiles.remove(&key) {
                    self.bytes -= gone.tile.size();
                }
            } else {
                return;
            }
        }
    }
}

impl Tile {
    fn size(&self) -> usize {
        self.body.as_ref().map_or(0, Bytes::len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_model::Reader;
    use crate::tiles::viewer::Classes;

    fn key(x: u32) -> Key {
        let layers = LayerSet::parse("cells").unwrap();
        let class = Classes::default().viewer(&Reader::default(), layers).class;
        Key { class, layers, tile: TileId::new(16, x, 0).unwrap(), filter: Filter::default(), encoding: Encoding::Identity }
    }

    fn tile(bytes: usize) -> Tile {
        let body = Some(Bytes::from(vec![0; bytes]));
        Tile { revision: 1, etag: HeaderValue::from_static("\"1\""), empty: false, packed: false, body }
    }

    #[test]
    fn bytes_stay_within_their_room_and_etags_outlive_them() {
        let cache = Cache::new(1_000);
        for x in 0..10 {
            cache.put(key(x), tile(300));
            assert!(cache.bytes() <= 1_000);
            assert!(cache.get(&key(0)).is_some_and(|first| first.body.is_some()), "what is asked for stays");
        }
        let kept = (0..10).filter(|x| cache.get(&key(*x)).unwrap().body.is_some()).count();
        assert_eq!(kept, 3);
        cache.put(key(1), tile(300));
        assert!(cache.get(&key(1)).unwrap().body.is_some() && cache.bytes() <= 1_000);
    }

    #[test]
    fn without_room_no_bytes_are_kept_and_etags_up_to_a_number() {
        let cache = Cache::new(0);
        for round in 0..3 {
            for x in 0..2_000 {
                cache.put(key(x), tile(10 + round));
            }
        }
        let inner = cache.inner.lock();
        assert_eq!((inner.bytes, inner.tiles.len(), inner.full.len()), (0, LEAST_ROOM / BYTES_PER_ENTRY, 0));
        assert!(inner.bare.len() <= inner.tiles.len() + 1, "nothing is named twice: {}", inner.bare.len());
    }
}
