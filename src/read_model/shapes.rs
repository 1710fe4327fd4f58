//! Areas, cells and the base map: few rows, wide shapes. Each keeps its borders as a coverage, so that neighbours share
//! them at every zoom.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};
use rustc_hash::FxHashMap;

use super::Layer;
use super::rows::{Area, BaseFeature, Cell};
use crate::codes::CodeRange;
use crate::geom::{self, LonLat, PointLocator};
use crate::mvt::{Coverage, Shape, WorldBox};

/// Levels of areas, widest first.
pub const AREA_LEVELS: [i16; 5] = [2, 4, 6, 9, 12];

/// Borders that run beside each other within this many metres count as one.
const SNAP_M: f64 = 0.05;

/// All areas.
#[derive(Debug, Clone, Default)]
pub struct Areas {
    rows: BTreeMap<i64, Arc<Area>>,
    by_code: BTreeMap<(i64, i16), i64>,
    coverages: BTreeMap<i16, Coverage>,
}

impl Area {
    /// Everything inside on the 15-digit scale.
    pub fn range(&self) -> CodeRange {
        CodeRange { lo: self.lo, hi: self.lo + 10_i64.pow(15 - self.level.clamp(0, 15) as u32) }
    }

    /// The digits of its code.
    pub fn code_text(&self) -> String {
        let level = self.level.clamp(0, 15) as usize;
        format!("{:0level$}", self.lo / 10_i64.pow(15 - level as u32))
    }
}

impl Areas {
    /// All areas of these rows.
    pub fn new(rows: Vec<Area>) -> Self {
        let mut areas = Self::default();
        areas.edit(&[], rows);
        areas
    }

    /// The area of this row key.
    pub fn get(&self, id: i64) -> Option<&Arc<Area>> {
        self.rows.get(&id)
    }

    /// The area of this code and level.
    pub fn by_code(&self, lo: i64, level: i16) -> Option<&Arc<Area>> {
        self.rows.get(self.by_code.get(&(lo, level))?)
    }

    /// All areas by key.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Area>> {
        self.rows.values()
    }

    /// The borders of one level.
    pub fn coverage(&self, level: i16) -> Option<&Coverage> {
        self.coverages.get(&level)
    }

    /// The areas a code lies in, widest first, itself included where it is one.
    pub fn above(&self, code: i64) -> impl Iterator<Item = &Arc<Area>> {
        AREA_LEVELS.into_iter().filter_map(move |level| {
            let span = 10_i64.pow(15 - level as u32);
            self.by_code(code - code.rem_euclid(span), level)
        })
    }

    pub(super) fn edit(&mut self, removed: &[i64], added: Vec<Area>) {
        let mut changes: BTreeMap<i16, (Vec<i64>, Vec<Shape>)> = BTreeMap::new();
        for id in removed {
            if let Some(old) = self.rows.remove(id) {
                self.by_code.remove(&(old.lo, old.level));
                changes.entry(old.level).or_default().0.push(*id);
            }
        }
        for area in added {
            let change = changes.entry(area.level).or_default();
            if let Some(place) = &area.place {
                change.1.push(Shape::from_lon_lat(area.id, &place.shape));
            }
            self.by_code.insert((area.lo, area.level), area.id);
            self.rows.insert(area.id, Arc::new(area));
        }
        for (level, (gone, come)) in changes {
            self.coverages.entry(level).or_default().update(&gone, come);
        }
    }
}

/// All cells in force.
#[derive(Default)]
pub struct Cells {
    rows: FxHashMap<i64, Arc<Cell>>,
    by_code: BTreeMap<i64, Arc<Cell>>,
    coverage: Coverage,
    locator: OnceLock<PointLocator<i64>>,
    neighbours: OnceLock<FxHashMap<i64, Vec<i64>>>,
}

impl std::fmt::Debug for Cells {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cells").field("len", &self.rows.len()).finish_non_exhaustive()
    }
}

impl Cells {
    /// All cells of these rows.
    pub fn new(rows: Vec<Cell>) -> Self {
        Self::default().edited(&[], rows)
    }

    /// The cell of this row key.
    pub fn get(&self, id: i64) -> Option<&Arc<Cell>> {
        self.rows.get(&id)
    }

    /// The cell of this code.
    pub fn by_code(&self, code: i64) -> Option<&Arc<Cell>> {
        self.by_code.get(&code)
    }

    /// All cells by code.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Cell>> {
        self.by_code.values()
    }

    /// The cells whose codes lie in a range, by code.
    pub fn within(&self, range: CodeRange) -> impl Iterator<Item = &Arc<Cell>> {
        self.by_code.range(range.lo..range.hi).map(|(_, cell)| cell)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The borders.
    pub const fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    /// The code of the cell that holds a place; of two on a shared border the lower.
    pub fn code_at(&self, place: LonLat) -> Option<i64> {
        let locate = || PointLocator::new(self.by_code.iter().map(|(&code, cell)| (code, &*cell.place.shape)));
        self.locator.get_or_init(locate).locate(place)
    }

    /// Codes of the cells that share a border with this one, ascending.
    pub fn neighbours(&self, code: i64) -> &[i64] {
        let all = self.neighbours.get_or_init(|| {
            let (codes, shapes): (Vec<i64>, Vec<_>) = self.by_code.iter().map(|(&c, cell)| (c, (*cell.place.shape).clone())).unzip();
            let mut all: FxHashMap<i64, Vec<i64>> = FxHashMap::default();
            for border in geom::shared_borders(&shapes, SNAP_M) {
                let (a, b) = (codes[border.a], codes[border.b]);
                all.entry(a).or_default().push(b);
                all.entry(b).or_default().push(a);
            }
            for n in all.values_mut() {
                n.sort_unstable();
                n.dedup();
            }
            all
        });
        all.get(&code).map_or(&[], Vec::as_slice)
    }

    #[must_use]
    pub(super) fn edited(&self, removed: &[i64], added: Vec<Cell>) -> Self {
        let (mut rows, mut by_code, mut coverage) = (self.rows.clone(), self.by_code.clone(), self.coverage.clone());
        for id in removed {
            if let Some(old) = rows.remove(id) {
                by_code.remove(&old.code);
            }
        }
        let shapes: Vec<Shape> = added.iter().map(|cell| Shape::from_lon_lat(cell.id, &cell.place.shape)).collect();
        coverage.update(removed, shapes);
        for cell in added.into_iter().map(Arc::new) {
            by_code.insert(cell.code, Arc::clone(&cell));
            rows.insert(cell.id, cell);
        }
        Self { rows, by_code, coverage, locator: OnceLock::new(), neighbours: OnceLock::new() }
    }
}

/// The base map, by key.
#[derive(Debug, Clone, Default)]
pub struct Basemap {
    rows: BTreeMap<i64, Arc<BaseFeature>>,
    /// Made when a tile is first asked for; an edit forgets it, since a base map changes as a whole and seldom.
    trees: OnceLock<BTreeMap<Layer, RTree<Leaf>>>,
}

/// A feature in the tree of its layer.
type Leaf = GeomWithData<Rectangle<[i64; 2]>, Arc<BaseFeature>>;

fn envelope(area: &WorldBox) -> AABB<[i64; 2]> {
    AABB::from_corners([area.min.x.into(), area.min.y.into()], [area.max.x.into(), area.max.y.into()])
}

impl Basemap {
    /// The base map of these features.
    pub fn new(rows: Vec<BaseFeature>) -> Self {
        Self { rows: rows.into_iter().map(|f| (f.id, Arc::new(f))).collect(), trees: OnceLock::new() }
    }

    /// The feature of this key.
    pub fn get(&self, id: i64) -> Option<&Arc<BaseFeature>> {
        self.rows.get(&id)
    }

    /// All features by key.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<BaseFeature>> {
        self.rows.values()
    }

    /// Those of a layer whose box meets the area and that are drawn at a zoom, by key.
    pub fn meeting(&self, layer: Layer, area: &WorldBox, zoom: u8) -> Vec<&Arc<BaseFeature>> {
        let Some(tree) = self.trees().get(&layer) else { return Vec::new() };
        let met = tree.locate_in_envelope_intersecting(&envelope(area)).map(|leaf| &leaf.data);
        let mut found: Vec<&Arc<BaseFeature>> = met.filter(|feature| feature.min_zoom <= zoom).collect();
        found.sort_unstable_by_key(|feature| feature.id);
        found
    }

    fn trees(&self) -> &BTreeMap<Layer, RTree<Leaf>> {
        self.trees.get_or_init(|| {
            let mut leaves: BTreeMap<Layer, Vec<Leaf>> = BTreeMap::new();
            for feature in self.rows.values() {
                let leaf = Leaf::new(Rectangle::from_aabb(envelope(&feature.extent)), Arc::clone(feature));
                leaves.entry(feature.layer).or_default().push(leaf);
            }
            leaves.into_iter().map(|(layer, leaves)| (layer, RTree::bulk_load(leaves))).collect()
        })
    }

    pub(super) fn edit(&mut self, removed: &[i64], added: Vec<BaseFeature>) {
        self.trees = OnceLock::new();
        for id in removed {
            self.rows.remove(id);
        }
        self.rows.extend(added.into_iter().map(|f| (f.id, Arc::new(f))));
    }
}
