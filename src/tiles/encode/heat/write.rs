//! Bins as features: points of the same weight in the same band of latitude are one feature, which takes 2 to 4 bytes a
//! point where single features would take 20.

use rustc_hash::FxHashMap;

use super::Bin;
use crate::mvt::{LayerWriter, TileId, World};
use crate::tiles::encode::Question;
use crate::tiles::kernel;

/// Features in the order in which the bins first show them.
pub(super) fn write(q: &Question<'_>, bins: &[Bin], weights: Option<&[f64]>, published: bool, mut layer: LayerWriter) -> LayerWriter {
    let mut numbers: FxHashMap<(u32, u64, u64), usize> = FxHashMap::default();
    let mut features: Vec<(u32, f64, f64, Vec<[i32; 2]>)> = Vec::new();
    for (i, bin) in bins.iter().enumerate() {
        let weight = weights.map_or(bin.amount, |weights| weights[i]);
        let key = (kernel::band(bin.place.y), bin.amount.to_bits(), weight.to_bits());
        let number = *numbers.entry(key).or_insert_with(|| {
            features.push((key.0, bin.amount, weight, Vec::new()));
            features.len() - 1
        });
        features[number].3.push(nearest(q.tile, bin.place));
    }
    let (weight_key, count_key, radius_key) = (layer.key("weight"), layer.key("count"), layer.key("radius_z0_px"));
    let published = published.then(|| [layer.key("published"), layer.boolean(true)]);
    let mut radius = (u32::MAX, 0);
    for (band, amount, weight, places) in features {
        if radius.0 != band {
            radius = (band, layer.double(kernel::radius_z0_px(q.filter.bandwidth, band)));
        }
        let mut tags = vec![weight_key, number(&mut layer, weight)];
        match published {
            Some(published) => tags.extend(published),
            None => tags.extend([count_key, number(&mut layer, amount)]),
        }
        tags.extend([radius_key, radius.1]);
        layer.points(None, &places, &tags);
    }
    layer
}

/// Whole numbers are written as such.
fn number(layer: &mut LayerWriter, value: f64) -> u32 {
    if value.fract() == 0.0 && (0.0..9e15).contains(&value) { layer.uint(value as u64) } else { layer.double(value) }
}

/// The tile unit nearest to a position; far out units are wider than what bins tell apart.
fn nearest(tile: TileId, at: World) -> [i32; 2] {
    let half = 1_u32 << 20_u32.saturating_sub(u32::from(tile.z())) >> 1;
    tile.place(World { x: at.x.saturating_add(half), y: at.y.saturating_add(half) })
}
