//! What a publication changed, by whom it concerns: so that readers are told of what they may see and of nothing else.

use std::collections::BTreeMap;
use std::hash::{Hash as _, Hasher as _};

use rustc_hash::{FxHashMap, FxHasher};

use super::points::{Attributes, Points};
use super::{Layer, Reader};
use crate::codes::CodeRange;
use crate::mvt::{World, WorldBox};

/// Whom a changed row concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Concern {
    layer: Layer,
    /// The scope of the row; of an area all that lies in it, since areas above and below the own one are shown.
    range: CodeRange,
    /// The office that sees it wherever it lies; 0: none.
    unit: i64,
}

/// Rows that a publication changed: for each layer, scope and office the box around their old and new places.
#[derive(Debug, Clone, Default)]
pub struct Touched(FxHashMap<Concern, Option<WorldBox>>);

/// What of one layer a reader should ask for again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The layer.
    pub layer: Layer,
    /// Cells and areas whose rows changed, on the 15-digit scale, sorted.
    pub codes: Vec<i64>,
    /// Where: boxes around old and new places, one a code, none for areas without borders.
    pub boxes: Vec<WorldBox>,
}

impl Touched {
    /// How many concerns it holds; what it takes of memory goes with it.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing changed that anybody may see.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a row of a scope.
    pub(super) fn row(&mut self, layer: Layer, scope: i64, unit: i64, area: WorldBox) {
        self.add(layer, CodeRange { lo: scope, hi: scope + 1 }, unit, Some(area));
    }

    /// Adds an area itself: whoever sees anything above, in or below it sees it.
    pub(super) fn area(&mut self, layer: Layer, range: CodeRange, area: Option<WorldBox>) {
        self.add(layer, range, 0, area);
    }

    /// Adds what everybody with a map sees.
    pub(super) fn everywhere(&mut self, layer: Layer, area: WorldBox) {
        self.add(layer, CodeRange { lo: 0, hi: i64::MAX }, 0, Some(area));
    }

    fn add(&mut self, layer: Layer, range: CodeRange, unit: i64, area: Option<WorldBox>) {
        let known = self.0.entry(Concern { layer, range, unit }).or_default();
        *known = joined(*known, area);
    }

    /// Adds the rows that differ between two versions of a layer, by scope and office; the scopes, for counts. O(rows).
    pub(super) fn differences<A: Attributes>(&mut self, layer: Layer, old: &Points<A>, new: &Points<A>) -> Vec<i64> {
        let (mut old, new) = (sums(old), sums(new));
        let mut scopes = Vec::new();
        for ((scope, unit), (sum, area)) in new {
            let before = old.remove(&(scope, unit));
            if before.is_none_or(|(before, _)| before != sum) {
                let area = before.map_or(area, |(_, before)| around(area, before));
                self.row(layer, scope, unit, area);
                scopes.push(scope);
            }
        }
        for ((scope, unit), (_, area)) in old {
            self.row(layer, scope, unit, area);
            scopes.push(scope);
        }
        scopes
    }

    /// What of it a reader may see, layer by layer; nothing where that is nothing.
    pub fn seen_by(&self, reader: &Reader) -> Vec<Seen> {
        let mut layers: BTreeMap<Layer, BTreeMap<i64, Option<WorldBox>>> = BTreeMap::new();
        for (concern, area) in self.0.iter().filter(|(concern, _)| concern.is_seen_by(reader)) {
            let known = layers.entry(concern.layer).or_default().entry(concern.range.lo).or_default();
            *known = joined(*known, *area);
        }
        let seen = |(layer, rows): (Layer, BTreeMap<i64, Option<WorldBox>>)| Seen {
            layer,
            codes: rows.keys().copied().filter(|&code| code > 0).collect(),
            boxes: rows.into_values().flatten().collect(),
        };
        layers.into_iter().map(seen).collect()
    }
}

impl Concern {
    fn is_seen_by(&self, reader: &Reader) -> bool {
        match self.layer {
            // published numbers and what follows from them are told to their readers; heat else follows cases
            Layer::Published | Layer::HeatWithheld => reader.published.meets(self.range),
            Layer::Incidents | Layer::Heat => reader.cases.meets(self.range) || reader.units.contains(&self.unit),
            _ => reader.map.meets(self.range),
        }
    }
}

fn joined(one: Option<WorldBox>, other: Option<WorldBox>) -> Option<WorldBox> {
    match (one, other) {
        (Some(one), Some(other)) => Some(around(one, other)),
        (one, other) => one.or(other),
    }
}

fn around(one: WorldBox, other: WorldBox) -> WorldBox {
    WorldBox {
        min: World { x: one.min.x.min(other.min.x), y: one.min.y.min(other.min.y) },
        max: World { x: one.max.x.max(other.max.x), y: one.max.y.max(other.max.y) },
    }
}

/// For each scope and office a sum over its rows, in whatever order they come, and the box around them.
fn sums<A: Attributes>(points: &Points<A>) -> FxHashMap<(i64, i64), (u64, WorldBox)> {
    let mut sums: FxHashMap<(i64, i64), (u64, WorldBox)> = FxHashMap::default();
    for block in points.blocks() {
        for i in 0..block.len() {
            let (at, attributes) = (block.at(i), &block.attributes[i]);
            let mut hasher = FxHasher::default();
            (at.x, at.y, block.ids[i]).hash(&mut hasher);
            attributes.hash(&mut hasher);
            let own = WorldBox { min: at, max: at };
            let known = sums.entry((block.scope(i), attributes.unit())).or_insert((0, own));
            *known = (known.0.wrapping_add(hasher.finish()), around(known.1, own));
        }
    }
    sums
}
