//! Readers as some layers see them: without the rights that none of the layers asks for, so that readers who see the same
//! share a tile, and with a number instead of their scopes, so that a kept tile is found by a few words.

use std::sync::Arc;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use super::layers::LayerSet;
use crate::codes::Scope;
use crate::read_model::{Layer, Reader};

/// Stands for everything that a reader may see of some layers; equal numbers, equal rights. Never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Class(u64);

/// A reader before some layers.
#[derive(Debug, Clone)]
pub struct Viewer {
    pub(super) reader: Arc<Reader>,
    pub(super) layers: LayerSet,
    pub(super) class: Class,
}

/// Classes kept; with more of them all are forgotten, and given anew.
const MOST_CLASSES: usize = 50_000;

#[derive(Debug, Default)]
pub(super) struct Classes(Mutex<Numbered>);

#[derive(Debug, Default)]
struct Numbered {
    numbers: FxHashMap<Arc<Reader>, Class>,
    last: u64,
}

impl Classes {
    /// The reader before these layers.
    pub(super) fn viewer(&self, reader: &Reader, layers: LayerSet) -> Viewer {
        let reader = relevant(reader, layers);
        let mut numbered = self.0.lock();
        if let Some((reader, class)) = numbered.numbers.get_key_value(&reader) {
            return Viewer { reader: Arc::clone(reader), layers, class: *class };
        }
        if numbered.numbers.len() >= MOST_CLASSES {
            numbered.numbers.clear();
        }
        numbered.last += 1;
        let (reader, class) = (Arc::new(reader), Class(numbered.last));
        numbered.numbers.insert(Arc::clone(&reader), class);
        Viewer { reader, layers, class }
    }
}

/// The reader without rights that none of the layers asks for.
fn relevant(reader: &Reader, layers: LayerSet) -> Reader {
    let mut reader = reader.clone();
    let own_cases = reader.cases.clone();
    reader.units.sort_unstable();
    if !layers.has(Layer::Households) {
        reader.households = Scope::none();
    }
    let heat = layers.has(Layer::Heat) || layers.has(Layer::HeatWithheld);
    if !layers.has(Layer::Incidents) && !heat {
        reader.cases = Scope::none();
        reader.units.clear();
    }
    if layers.has(Layer::Published) || (heat && !reader.reads_cases()) {
        // whose numbers are told how depends on the cases one may open
        reader.cases = own_cases;
    } else {
        reader.published = Scope::none();
        reader.staff = Scope::none();
        reader.known = Arc::default();
    }
    if layers.entries().all(|entry| Layer::BASE.contains(&entry.layer) || entry.layer == Layer::Incidents) {
        reader.map = Scope::none();
    }
    reader
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_who_see_the_same_have_one_number() {
        let classes = Classes::default();
        let clerk = Reader { map: Scope::everything(), ..Reader::default() };
        let mediator = Reader { cases: Scope::everything(), ..clerk.clone() };
        let number = |reader: &Reader, names: &str| classes.viewer(reader, LayerSet::parse(names).unwrap()).class;
        assert_eq!(number(&clerk, "cells"), number(&mediator, "cells"));
        assert_ne!(number(&clerk, "cells,incidents"), number(&mediator, "cells,incidents"));
        assert_eq!(number(&clerk, "roads"), number(&Reader::default(), "roads"));
        assert_ne!(number(&clerk, "cells"), number(&Reader::default(), "cells"));
    }
}
