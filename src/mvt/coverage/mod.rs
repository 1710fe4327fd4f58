//! Polygons that share borders and keep sharing them at every zoom.
//!
//! What is done once, when polygons arrive:
//! 1. `noding`: a corner of one polygon that lies on an edge of another becomes a corner there too.
//! 2. `weight`: borders are cut at nodes, corners where other than two edges meet, into arcs. An arc is thinned by
//!    Visvalingam's effective area from the same end whichever polygon asks, and each corner keeps one number, the zoom
//!    from which it is drawn. No arc is stored: neighbours hold the same numbers for the same corners.
//!
//! What is done once for a zoom (`drawn`, kept by `kept`):
//! 3. `snap`: corners drawn at this zoom go to its grid, and an edge that runs through the grid square of a corner takes
//!    that corner up (hot pixels), so that what lies on one another coincides corner by corner. Whose corners count is for
//!    the tile to say, so that they are noted beside the edge.
//!
//! What is done for a tile, and left out for a shape that lies wholly inside and takes nothing up: its bytes are there.
//! 4. `clip`: rings are cut to the buffered box, cuts rounded alike from both sides.
//! 5. `untangle`: within a polygon, edges used in both directions cancel. What collapsed vanishes without a gap: the two
//!    neighbours of a collapsed polygon then share one border.
//!
//! Hence on the coordinates of a tile each border off the outer outline and off the cut is used twice, in opposite
//! directions; an edge that the cut has rounded onto a corner runs over it and does not name it, on the same pixels.
//! Shapes that cross each other or themselves are drawn as they are.

mod clip;
mod drawn;
mod kept;
mod noding;
mod snap;
mod untangle;
mod weight;

use std::sync::Arc;

use rayon::prelude::*;
use rstar::{AABB, RTree, RTreeObject};
use rustc_hash::{FxHashMap, FxHashSet};

use super::rings::{Outline, Rings};
use super::{EXTENT, TileId, World, WorldBox};

/// A polygon of one or more parts, each an exterior and its holes, wound in any way, closed or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// Its name in the coverage.
    pub id: i64,
    /// Part → ring (the exterior first) → corners.
    pub polygons: Vec<Vec<Vec<World>>>,
}

impl Shape {
    /// A shape from degrees (WGS 84).
    pub fn from_lon_lat(id: i64, parts: &geo_types::MultiPolygon<f64>) -> Self {
        let ring = |line: &geo_types::LineString<f64>| line.coords().map(|c| World::from_lon_lat(c.x, c.y)).collect();
        let part = |p: &geo_types::Polygon<f64>| std::iter::once(p.exterior()).chain(p.interiors()).map(ring).collect::<Vec<Vec<World>>>();
        Self { id, polygons: parts.iter().map(part).collect() }
    }
}

/// Polygons by id, ready to be drawn at every zoom. Cloning is cheap beside its size: shapes are shared.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    shapes: FxHashMap<i64, Arc<Placed>>,
    index: RTree<Entry>,
    /// Copies share it until one of them changes.
    kept: Arc<kept::Kept>,
}

/// A shape with everything the tiles need; equal when its corners, their zooms and its reach are.
#[derive(Debug, PartialEq)]
struct Placed {
    /// The box around the corners.
    extent: WorldBox,
    /// The box in which corners of others may lie on its edges.
    reach: WorldBox,
    rings: Vec<Ring>,
}

/// An unclosed ring with the interior on its right (exteriors clockwise on the screen).
#[derive(Debug, Clone, PartialEq, Default)]
struct Ring {
    corners: Vec<World>,
    /// One per corner: the zoom from which it is drawn, and [`TAKEN_UP`] when it came from a neighbour.
    marks: Vec<u8>,
}

/// The mark of a corner that noding put in.
const TAKEN_UP: u8 = 0x80;
/// The part of a mark that is a zoom.
const ZOOM: u8 = 0x7f;

#[derive(Debug, Clone, Copy, PartialEq)]
struct Entry {
    id: i64,
    reach: WorldBox,
    extent: WorldBox,
}

impl Entry {
    fn new(id: i64, placed: &Placed) -> Self {
        Self { id, reach: placed.reach, extent: placed.extent }
    }
}

impl RTreeObject for Entry {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        envelope(&self.reach)
    }
}

/// The box and a grid square of a zoom around it.
fn beyond(area: &WorldBox, z: u8) -> WorldBox {
    let square = 1_u32 << (20 - drawn::grid_of(z));
    WorldBox {
        min: World { x: area.min.x.saturating_sub(square), y: area.min.y.saturating_sub(square) },
        max: World { x: area.max.x.saturating_add(square), y: area.max.y.saturating_add(square) },
    }
}

fn envelope(area: &WorldBox) -> AABB<[f64; 2]> {
    let corner = |w: World| [f64::from(w.x), f64::from(w.y)];
    AABB::from_corners(corner(area.min), corner(area.max))
}

impl PartialEq for Coverage {
    fn eq(&self, other: &Self) -> bool {
        self.shapes == other.shapes
    }
}

impl Coverage {
    /// A coverage of these shapes. Of two with the same id the later counts. O(corners · log corners), on all cores.
    pub fn new(shapes: impl IntoIterator<Item = Shape>) -> Self {
        let mut coverage = Self::default();
        coverage.update(&[], shapes);
        coverage
    }

    /// Takes shapes out and puts shapes in (one with a known id replaces it). Equal to a coverage built afresh; only the
    /// shapes around the changed ones are worked on again. Shapes without a ring of three corners are not kept.
    pub fn update(&mut self, removed: &[i64], added: impl IntoIterator<Item = Shape>) {
        let mut changed: Vec<Entry> = Vec::new();
        let mut take_out = |coverage: &mut Self, id: i64| {
            if let Some(old) = coverage.shapes.remove(&id) {
                let entry = Entry::new(id, &old);
                coverage.index.remove(&entry);
                changed.push(entry);
            }
        };
        for &id in removed {
            take_out(self, id);
        }
        let mut fresh: FxHashMap<i64, Arc<Placed>> = FxHashMap::default();
        for shape in added {
            take_out(self, shape.id);
            match noding::place(&shape) {
                Some(placed) => fresh.insert(shape.id, Arc::new(placed)),
                None => fresh.remove(&shape.id),
            };
        }
        let mut entries: Vec<Entry> = fresh.iter().map(|(&id, placed)| Entry::new(id, placed)).collect();
        entries.sort_unstable_by_key(|e| e.id);
        changed.extend_from_slice(&entries);
        self.insert(entries);
        self.shapes.extend(fresh);

        let mut again = self.touching(&changed);
        let noded = self.work(&again, Self::renode);
        let entry = |coverage: &Self, id: i64| Entry::new(id, &coverage.shapes[&id]);
        let moved: Vec<Entry> = noded.iter().map(|&id| entry(self, id)).collect();
        again.extend(self.touching(&moved));
        let weighed = self.work(&again, Self::reweigh);
        changed.extend(moved);
        changed.extend(weighed.iter().map(|&id| entry(self, id)));
        self.forget_around(&changed);
    }

    /// Forgets what was drawn of these shapes and of those that may have taken up a corner of theirs.
    fn forget_around(&mut self, changed: &[Entry]) {
        if changed.len() >= self.shapes.len() / 4 {
            self.kept = Arc::default();
            return;
        }
        let stale = |z: u8| {
            let around = |e: &Entry| envelope(&beyond(&e.reach, z));
            let near = changed.iter().flat_map(|e| self.index.locate_in_envelope_intersecting(&around(e)).map(|near| near.id));
            near.chain(changed.iter().map(|e| e.id)).collect()
        };
        self.kept = Arc::new(self.kept.without(stale));
    }

    /// How many shapes there are.
    pub fn len(&self) -> usize {
        self.shapes.len()
    }

    /// Whether there is no shape.
    pub fn is_empty(&self) -> bool {
        self.shapes.is_empty()
    }

    /// About how many bytes the coverage takes in memory.
    pub fn bytes(&self) -> usize {
        let rings = self.shapes.values().flat_map(|p| &p.rings);
        let corners: usize = rings.map(|r| r.corners.capacity() * 9 + size_of::<Ring>()).sum();
        corners + self.shapes.len() * (size_of::<Placed>() + 2 * size_of::<Entry>() + 32) + self.kept.bytes()
    }

    /// The ids of the shapes whose box meets `area`, ascending.
    pub fn meeting(&self, area: &WorldBox) -> Vec<i64> {
        let near = self.index.locate_in_envelope_intersecting(&envelope(area));
        let mut ids: Vec<i64> = near.filter(|e| e.extent.meets(area)).map(|e| e.id).collect();
        ids.sort_unstable();
        ids
    }

    /// Hands out the shapes that `keep` lets through as they look in a tile with `buffer` tile units around it, ascending
    /// by id. What has no area left is not handed out. Borders are shared among the shapes kept; those left out have no
    /// part in it.
    pub fn tile(&self, tile: TileId, buffer: i32, mut keep: impl FnMut(i64) -> bool, mut each: impl FnMut(i64, &Rings)) {
        let mut ids = self.meeting(&tile.buffered(buffer + 1));
        ids.retain(|&id| keep(id));
        let mut rings = Rings::default();
        self.outlines(tile, buffer, &ids, |id, outline| {
            match outline {
                Outline::Rings(found) => rings.clone_from(found),
                Outline::Encoded { start, rest } => rings.read(start, rest),
            }
            each(id, &rings);
        });
    }

    /// The same for shapes told by `ids`, ascending, each of which [`Self::meeting`] finds within `buffer` + 1 tile units
    /// around the tile; outlines may come encoded. `each` asks for no outlines of this coverage.
    pub fn outlines(&self, tile: TileId, buffer: i32, ids: &[i64], mut each: impl FnMut(i64, Outline<'_>)) {
        let z = tile.z();
        let cut = clip::Cut { lo: -i64::from(buffer), hi: i64::from(EXTENT + buffer) };
        let mut view = drawn::View::new(tile, cut, ids);
        let draw = |absent: &[i64]| self.draw(z, absent);
        self.kept.see(z, ids, draw, |drawn| {
            for (&id, drawn) in ids.iter().zip(drawn) {
                if let Some(outline) = view.outline(drawn) {
                    each(id, outline);
                }
            }
        });
    }

    fn draw(&self, z: u8, ids: &[i64]) -> Vec<drawn::Drawn> {
        let wanted: Vec<(i64, &Placed)> = ids.iter().map(|&id| (id, self.shapes[&id].as_ref())).collect();
        let Some(area) = WorldBox::around(wanted.iter().flat_map(|(_, p)| [p.extent.min, p.extent.max])) else { return Vec::new() };
        let area = beyond(&area, z);
        let near = self.index.locate_in_envelope_intersecting(&envelope(&area));
        let around: Vec<(i64, &Placed)> = near.map(|e| (e.id, self.shapes[&e.id].as_ref())).collect();
        drawn::draw(z, &area, &wanted, &around)
    }

    fn insert(&mut self, entries: Vec<Entry>) {
        if entries.len() > self.shapes.len() / 4 {
            let all = self.index.iter().copied().chain(entries).collect();
            self.index = RTree::bulk_load(all);
        } else {
            for entry in entries {
                self.index.insert(entry);
            }
        }
    }

    /// The ids of all shapes whose reach meets that of one of these, themselves included where they are still there.
    fn touching(&self, entries: &[Entry]) -> FxHashSet<i64> {
        if entries.len() >= self.shapes.len() {
            return self.shapes.keys().copied().collect();
        }
        entries.iter().flat_map(|e| self.index.locate_in_envelope_intersecting(&e.envelope())).map(|e| e.id).collect()
    }

    /// Reworks shapes from what is there now and puts all results in afterwards, so that order has no say. Returns the
    /// ids of those that changed.
    fn work(&mut self, ids: &FxHashSet<i64>, rework: impl Fn(&Placed, &[&Placed]) -> Vec<Ring> + Sync) -> Vec<i64> {
        let ids: Vec<i64> = ids.iter().copied().collect();
        let done: Vec<(i64, Placed)> = ids
            .into_par_iter()
            .filter_map(|id| {
                let placed = self.shapes[&id].as_ref();
                let near = self.index.locate_in_envelope_intersecting(&envelope(&placed.reach));
                let around: Vec<&Placed> = near.map(|e| self.shapes[&e.id].as_ref()).collect();
                let rings = rework(placed, &around);
                (rings != placed.rings).then_some((id, Placed { extent: placed.extent, reach: placed.reach, rings }))
            })
            .collect();
        let changed = done.iter().map(|d| d.0).collect();
        self.shapes.extend(done.into_iter().map(|(id, placed)| (id, Arc::new(placed))));
        changed
    }
}
