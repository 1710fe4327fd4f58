//! A change as it is told to a reader: which layers, which cells and areas, and where.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::mvt::{World, WorldBox};
use crate::read_model::{Reader, Revised};
use crate::rows::area_of;
use crate::tiles::LAYERS;

/// Places are told to the tile of this zoom, some 35 m: as fine as the bins in which those who see no single address see
/// counts change (1/64 of a tile of zoom 14), so that an event tells nothing that tiles do not.
const GRAIN_ZOOM: u32 = 20;
/// Past so many boxes one is drawn around all.
const MOST_BOXES: usize = 64;
/// Past so many codes none are named.
const MOST_CODES: usize = 200;

/// What changed, as far as the reader may see it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct Change {
    /// Layers of tiles that changed.
    layers: Vec<ChangedLayer>,
}

/// What changed of a layer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
struct ChangedLayer {
    /// Its name in addresses of tiles.
    layer: &'static str,
    /// Codes of cells and areas whose rows changed; null where they are too many to name.
    codes: Option<Vec<String>>,
    /// Boxes around what changed: west, south, east, north in degrees.
    boxes: Vec<[f64; 4]>,
}

impl Change {
    /// What of these publications the reader may see; none where that is nothing.
    pub(super) fn seen_by(reader: &Reader, revised: &[Revised]) -> Option<Self> {
        let mut layers: BTreeMap<_, (Vec<i64>, Vec<WorldBox>)> = BTreeMap::new();
        for seen in revised.iter().flat_map(|revised| revised.touched.seen_by(reader)) {
            let (codes, boxes) = layers.entry(seen.layer).or_default();
            codes.extend(seen.codes);
            boxes.extend(seen.boxes.into_iter().map(coarse));
        }
        let told: Vec<ChangedLayer> = layers
            .into_iter()
            .filter_map(|(layer, (mut codes, boxes))| {
                let name = LAYERS.iter().find(|entry| entry.layer == layer)?.name;
                codes.sort_unstable();
                codes.dedup();
                let text = |code: i64| area_of(code).map(|area| area.to_string());
                let codes = (codes.len() <= MOST_CODES).then(|| codes.into_iter().filter_map(text).collect());
                Some(ChangedLayer { layer: name, codes, boxes: few(boxes).into_iter().map(degrees).collect() })
            })
            .collect();
        (!told.is_empty()).then_some(Self { layers: told })
    }
}

/// The box of the tiles that hold the corners.
fn coarse(exact: WorldBox) -> WorldBox {
    let grain = u32::MAX >> GRAIN_ZOOM;
    let down = |at: World| World { x: at.x & !grain, y: at.y & !grain };
    let up = |at: World| World { x: at.x | grain, y: at.y | grain };
    WorldBox { min: down(exact.min), max: up(exact.max) }
}

fn few(mut boxes: Vec<WorldBox>) -> Vec<WorldBox> {
    boxes.sort_unstable_by_key(|b| (b.min, b.max));
    boxes.dedup();
    if boxes.len() <= MOST_BOXES {
        return boxes;
    }
    WorldBox::around(boxes.into_iter().flat_map(|b| [b.min, b.max])).into_iter().collect()
}

/// West, south, east, north.
fn degrees(area: WorldBox) -> [f64; 4] {
    let ([west, north], [east, south]) = (area.min.to_lon_lat(), area.max.to_lon_lat());
    let short = |degrees: f64| (degrees * 1e6).round() / 1e6;
    [short(west), short(south), short(east), short(north)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_told_as_finely_as_a_bin_of_counts() {
        let at = World::from_lon_lat(120.123_456_7, 29.765_432_1);
        let [west, south, east, north] = degrees(coarse(WorldBox { min: at, max: at }));
        assert!(west < 120.1235 && 120.1234 < east && south < 29.7655 && 29.7654 < north);
        let bin = 360.0 / 16_384.0 / 64.0;
        assert!((east - west - bin).abs() < 2e-6, "{} and {bin}", east - west);
    }

    #[test]
    fn many_boxes_become_one_around_all() {
        let point = |x| WorldBox { min: World { x, y: x }, max: World { x, y: x } };
        assert_eq!(few(vec![point(1), point(1), point(2)]).len(), 2);
        let many = few((0..100).map(point).collect());
        assert_eq!(many, [WorldBox { min: World { x: 0, y: 0 }, max: World { x: 99, y: 99 } }]);
    }
}
