//! Which revision last touched a tile, per layer: what decides whether a cached tile is still true.
//!
//! Order matters and is kept by `apply`: mark first, then publish the model, then release tickets. A cached tile keeps
//! the revision of the model it was encoded from and is fresh while the stamp is not above it.

use parking_lot::RwLock;
use rustc_hash::FxHashMap;

use super::Layer;
use crate::mvt::{EXTENT, TileId, World, WorldBox};

/// Tiles are marked up to this zoom; finer ones ask their ancestor.
pub(super) const FINEST: u8 = 18;
/// A box that covers more tiles of a zoom is marked as "this tile and all below" one zoom above.
const MOST_EXACT: u64 = 64;
/// Past this many entries the older half of a layer goes into its floor.
const MOST_ENTRIES: usize = 1_000_000;

/// The stamps of all layers.
#[derive(Debug)]
pub struct Stamps([RwLock<Marks>; Layer::COUNT]);

#[derive(Debug, Default)]
struct Marks {
    exact: FxHashMap<u64, u64>,
    below: FxHashMap<u64, u64>,
    floor: u64,
}

impl Default for Stamps {
    fn default() -> Self {
        Self(std::array::from_fn(|_| RwLock::default()))
    }
}

impl Stamps {
    /// Marks every tile whose box, with `buffer` tile units around it, holds the position.
    pub fn mark_point(&self, layer: Layer, at: World, buffer: i32, revision: u64) {
        let mut marks = self.0[layer as usize].write();
        for z in 0..=FINEST {
            let [x0, y0, x1, y1] = columns_and_rows(z, &WorldBox { min: at, max: at }, buffer);
            for y in y0..=y1 {
                for x in x0..=x1 {
                    marks.exact.insert(pack(z, x, y), revision);
                }
            }
        }
        marks.bound();
    }

    /// Marks every tile whose box, with `buffer` tile units around it, meets the area.
    pub fn mark_box(&self, layer: Layer, area: &WorldBox, buffer: i32, revision: u64) {
        let mut marks = self.0[layer as usize].write();
        for z in 0..=FINEST {
            let [x0, y0, x1, y1] = columns_and_rows(z, area, buffer);
            let [nx0, ny0, nx1, ny1] = columns_and_rows(z + 1, area, buffer);
            let next = u64::from(nx1 - nx0 + 1) * u64::from(ny1 - ny0 + 1);
            let last = z < FINEST && next > MOST_EXACT;
            for y in y0..=y1 {
                for x in x0..=x1 {
                    let marked = if last { &mut marks.below } else { &mut marks.exact };
                    marked.insert(pack(z, x, y), revision);
                }
            }
            if last {
                break;
            }
        }
        marks.bound();
    }

    /// Marks every tile of a layer.
    pub fn mark_all(&self, layer: Layer, revision: u64) {
        let mut marks = self.0[layer as usize].write();
        *marks = Marks { floor: revision, ..Marks::default() };
    }

    /// The revision that last touched the tile.
    pub fn of(&self, layer: Layer, tile: TileId) -> u64 {
        let marks = self.0[layer as usize].read();
        let up = tile.z().saturating_sub(FINEST);
        let (mut z, mut x, mut y) = (tile.z() - up, tile.x() >> up, tile.y() >> up);
        let mut stamp = marks.floor.max(marks.exact.get(&pack(z, x, y)).copied().unwrap_or(0));
        if marks.below.is_empty() {
            return stamp;
        }
        loop {
            stamp = stamp.max(marks.below.get(&pack(z, x, y)).copied().unwrap_or(0));
            if z == 0 {
                return stamp;
            }
            (z, x, y) = (z - 1, x >> 1, y >> 1);
        }
    }
}

impl Marks {
    fn bound(&mut self) {
        if self.exact.len() + self.below.len() <= MOST_ENTRIES {
            return;
        }
        let mut revisions: Vec<u64> = self.exact.values().chain(self.below.values()).copied().collect();
        let middle = revisions.len() / 2;
        let floor = *revisions.select_nth_unstable(middle).1;
        self.exact.retain(|_, revision| *revision > floor);
        self.below.retain(|_, revision| *revision > floor);
        self.floor = self.floor.max(floor);
    }
}

fn pack(z: u8, x: u32, y: u32) -> u64 {
    u64::from(z) << 56 | u64::from(x) << 28 | u64::from(y)
}

/// First and last column and row of the tiles whose buffered box meets the area: `[x0, y0, x1, y1]`.
fn columns_and_rows(z: u8, area: &WorldBox, buffer: i32) -> [u32; 4] {
    let side = 1_i64 << (32 - u32::from(z));
    let margin = (i64::from(buffer) * side + i64::from(EXTENT) - 1) / i64::from(EXTENT);
    let number = |v: i64| v.div_euclid(side).clamp(0, (1 << z) - 1) as u32;
    let (min, max) = (area.min, area.max);
    [number(i64::from(min.x) - margin), number(i64::from(min.y) - margin), number(i64::from(max.x) + margin), number(i64::from(max.y) + margin)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn around(tile: TileId) -> Vec<TileId> {
        let n = 1_i64 << tile.z();
        let mut all = Vec::new();
        for dy in -3..=3_i64 {
            for dx in -3..=3_i64 {
                let (x, y) = (i64::from(tile.x()) + dx, i64::from(tile.y()) + dy);
                if (0..n).contains(&x) && (0..n).contains(&y) {
                    all.push(TileId::new(tile.z(), x as u32, y as u32).expect("inside the zoom"));
                }
            }
        }
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_point_marks_the_tiles_whose_buffered_box_holds_it(x in any::<u32>(), y in any::<u32>(), edge in any::<bool>()) {
            let cut = |v: u32| if edge { v & !0x3fff } else { v };
            let at = World { x: cut(x), y: cut(y) };
            let stamps = Stamps::default();
            stamps.mark_point(Layer::Households, at, 64, 7);
            for z in 0..=18 {
                for tile in around(TileId::holding(z, at)) {
                    let marked = stamps.of(Layer::Households, tile) == 7;
                    prop_assert_eq!(marked, tile.buffered(64).holds(at), "{}", tile);
                }
            }
        }

        #[test]
        fn a_box_marks_all_tiles_it_meets(x in any::<u32>(), y in any::<u32>(), w in 0_u32..1 << 24, h in 0_u32..1 << 22) {
            let area = WorldBox { min: World { x, y }, max: World { x: x.saturating_add(w), y: y.saturating_add(h) } };
            let stamps = Stamps::default();
            stamps.mark_box(Layer::Cells, &area, 8, 3);
            for z in 0..=20 {
                for corner in [area.min, area.max] {
                    for tile in around(TileId::holding(z, corner)) {
                        if tile.buffered(8).meets(&area) {
                            prop_assert_eq!(stamps.of(Layer::Cells, tile), 3, "{}", tile);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn old_marks_sink_into_the_floor() {
        let stamps = Stamps::default();
        let at = |i: u32| World { x: i.wrapping_mul(0x9e37_79b1), y: i.wrapping_mul(0x85eb_ca6b) };
        for i in 0..120_000 {
            stamps.mark_point(Layer::Facilities, at(i), 0, u64::from(i) + 1);
        }
        let marks = stamps.0[Layer::Facilities as usize].read();
        assert!(marks.exact.len() <= MOST_ENTRIES && marks.floor > 0);
        drop(marks);
        assert!((0..120_000).step_by(997).all(|i| stamps.of(Layer::Facilities, TileId::holding(18, at(i))) > u64::from(i)));
    }
}
