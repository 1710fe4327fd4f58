//! Drawn shapes, kept from tile to tile in bounded room.

use std::sync::Arc;

use parking_lot::RwLock;
use rustc_hash::{FxHashMap, FxHashSet};

use super::drawn::Drawn;

/// Bytes of one generation; two are kept at most.
const ROOM: usize = 16 << 20;

/// Drawn shapes by zoom and id. What fills its room becomes the elder generation; what nobody asks for until the next is
/// full goes with it.
#[derive(Debug, Default)]
pub(super) struct Kept(RwLock<[Generation; 2]>);

#[derive(Debug, Default, Clone)]
struct Generation {
    shapes: FxHashMap<(u8, i64), Arc<Drawn>>,
    bytes: usize,
}

impl Kept {
    /// The shapes of these ids at a zoom, in their order; `draw` makes those that are not here, in the order it is given.
    pub(super) fn get(&self, z: u8, ids: &[i64], draw: impl FnOnce(&[i64]) -> Vec<Drawn>) -> Vec<Arc<Drawn>> {
        let mut found: Vec<Option<Arc<Drawn>>> = Vec::with_capacity(ids.len());
        let mut all_young = true;
        {
            let [young, elder] = &*self.0.read();
            for &id in ids {
                let here = young.shapes.get(&(z, id));
                all_young &= here.is_some();
                found.push(here.or_else(|| elder.shapes.get(&(z, id))).cloned());
            }
        }
        if all_young {
            return found.into_iter().flatten().collect();
        }
        let absent: Vec<i64> = ids.iter().zip(&found).filter(|(_, found)| found.is_none()).map(|(&id, _)| id).collect();
        let mut drawn = if absent.is_empty() { Vec::new() } else { draw(&absent) }.into_iter().map(Arc::new);
        let all: Vec<Arc<Drawn>> = found.into_iter().filter_map(|found| found.or_else(|| drawn.next())).collect();
        let [young, elder] = &mut *self.0.write();
        for (&id, drawn) in ids.iter().zip(&all) {
            young.put((z, id), drawn);
        }
        if young.bytes > ROOM {
            *elder = std::mem::take(young);
        }
        all
    }

    /// The same without shapes that are no longer drawn as they were: `stale` tells them by zoom.
    pub(super) fn without(&self, mut stale: impl FnMut(u8) -> FxHashSet<i64>) -> Self {
        let mut kept = self.0.read().clone();
        let mut by_zoom: FxHashMap<u8, FxHashSet<i64>> = FxHashMap::default();
        for generation in &mut kept {
            generation.shapes.retain(|(z, id), _| !by_zoom.entry(*z).or_insert_with(|| stale(*z)).contains(id));
            generation.bytes = generation.shapes.values().map(|drawn| drawn.bytes()).sum();
        }
        Self(RwLock::new(kept))
    }

    /// About how many bytes all take in memory; what stands in both generations counts once.
    pub(super) fn bytes(&self) -> usize {
        let [young, elder] = &*self.0.read();
        young.bytes + elder.shapes.iter().filter(|(key, _)| !young.shapes.contains_key(key)).map(|(_, drawn)| drawn.bytes()).sum::<usize>()
    }
}

impl Generation {
    fn put(&mut self, key: (u8, i64), drawn: &Arc<Drawn>) {
        if self.shapes.insert(key, Arc::clone(drawn)).is_none() {
            self.bytes += drawn.bytes();
        }
    }
}
