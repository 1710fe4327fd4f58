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
    /// Hands over the shapes of these ids at a zoom, in their order; `draw` makes those that are not here, in the order it
    /// is given. `see` may run while the table is held for reading: it asks for no shapes of it.
    pub(super) fn see<R>(&self, z: u8, ids: &[i64], draw: impl FnOnce(&[i64]) -> Vec<Drawn>, see: impl FnOnce(&[&Drawn]) -> R) -> R {
        {
            let [young, _] = &*self.0.read();
            let found: Vec<&Drawn> = ids.iter().map_while(|&id| young.shapes.get(&(z, id)).map(|drawn| &**drawn)).collect();
            if found.len() == ids.len() {
                return see(&found);
            }
        }
        let all = self.fill(z, ids, draw);
        let all: Vec<&Drawn> = all.iter().map(|drawn| &**drawn).collect();
        see(&all)
    }

    /// Puts the shapes of these ids into the young generation: from the elder, or made.
    fn fill(&self, z: u8, ids: &[i64], draw: impl FnOnce(&[i64]) -> Vec<Drawn>) -> Vec<Arc<Drawn>> {
        let found: Vec<Option<Arc<Drawn>>> = {
            let [young, elder] = &*self.0.read();
            ids.iter().map(|&id| young.shapes.get(&(z, id)).or_else(|| elder.shapes.get(&(z, id))).cloned()).collect()
        };
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
