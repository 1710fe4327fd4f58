//! Takes what a step read into the model: old rows out, new rows in, counts and stamps with them.
//!
//! There is one writer a process. It alone knows where the row of a key lies, so that a change need only name keys.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::load::{Rows, Table};
use super::model::Model;
use super::points::{Attributes, Moved, Points, Row};
use super::published::{Published, PublishedRow};
use super::rows::{Area, BaseFeature, Cell};
use super::shapes::{Areas, Basemap, Cells};
use super::stamps::Stamps;
use super::tallies::Tallies;
use super::touched::Touched;
use super::{BUFFER, HEAT_REACH_M, Layer};
use crate::codes::CodeRange;
use crate::mvt::{TileId, World, WorldBox};

/// What a shape may move in tiles beside its own box: rounding and the buffer.
const SHAPE_BUFFER: i32 = BUFFER + 2;

/// Changes that are felt far around them are marked once for each tile of this zoom, some 2 km wide.
const FELT_ZOOM: u8 = 14;

/// What one step read: keys that were asked for and the rows that were there.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Whole tables; they replace what was there.
    pub whole: Vec<Rows>,
    /// Tables by keys; a key without a row is gone.
    pub parts: Vec<(Table, Vec<i64>, Rows)>,
}

/// Where rows lie by key, for the one writer.
#[derive(Debug, Default)]
pub(super) struct Writer {
    households: FxHashMap<i64, World>,
    facilities: FxHashMap<i64, World>,
    incidents: FxHashMap<i64, World>,
}

impl Writer {
    /// The model after the batch. Marks `stamps` with the new revision before it returns; the caller publishes after.
    ///
    /// * `shown` – the model that readers have; whole tables are compared with it, so that they are told of what differs only
    pub(super) fn apply(&mut self, model: &Model, shown: &Model, batch: Batch, stamps: &Stamps) -> (Model, Touched) {
        let mut next = Model { revision: model.revision + 1, ..model.clone() };
        let mut step = Step { revision: next.revision, stamps, touched: Touched::default(), codes: Vec::new() };
        let recount = batch.whole.iter().any(|rows| matches!(rows, Rows::Households(_) | Rows::Facilities(_)));
        for rows in batch.whole {
            self.replace(&mut next, shown, rows, &mut step);
        }
        if recount {
            next.tallies = Tallies::new(&next.households, &next.facilities);
        }
        for (_, asked, rows) in batch.parts {
            self.change(&mut next, &asked, rows, &mut step);
        }
        step.mark_counted(&next);
        (next, step.touched)
    }

    fn replace(&mut self, next: &mut Model, shown: &Model, rows: Rows, step: &mut Step<'_>) {
        let stale: &[Layer] = match rows {
            Rows::Areas(rows) => {
                next.areas = Arc::new(Areas::new(rows));
                step.compare_areas(&shown.areas, &next.areas);
                &[Layer::Areas, Layer::AreaLabels, Layer::Cells, Layer::HeatWithheld, Layer::Published]
            }
            Rows::Cells(rows) => {
                next.cells = Arc::new(Cells::new(rows));
                step.compare_cells(&shown.cells, &next.cells);
                &[Layer::Cells, Layer::CellLabels, Layer::Heat, Layer::HeatWithheld, Layer::Published]
            }
            Rows::Households(rows) => {
                next.households = whole(rows, &mut self.households);
                let scopes = step.touched.differences(Layer::Households, &shown.households, &next.households);
                step.codes.extend(scopes);
                &[Layer::Households, Layer::Areas, Layer::AreaLabels, Layer::Cells, Layer::CellLabels, Layer::Heat, Layer::Published]
            }
            Rows::Facilities(rows) => {
                next.facilities = whole(rows, &mut self.facilities);
                let scopes = step.touched.differences(Layer::Facilities, &shown.facilities, &next.facilities);
                step.codes.extend(scopes);
                &[Layer::Facilities, Layer::Areas, Layer::AreaLabels, Layer::Cells, Layer::CellLabels]
            }
            Rows::Incidents(rows) => {
                next.incidents = whole(rows, &mut self.incidents);
                step.touched.differences(Layer::Incidents, &shown.incidents, &next.incidents);
                step.touched.differences(Layer::Heat, &shown.incidents, &next.incidents);
                &[Layer::Incidents, Layer::Heat]
            }
            Rows::Basemap(rows) => {
                next.basemap = Arc::new(Basemap::new(rows));
                step.compare_basemap(&shown.basemap, &next.basemap);
                &Layer::BASE
            }
            Rows::Published(rows) => {
                let mut published = Published::default();
                published.add(rows);
                next.published = Arc::new(published);
                &[Layer::Heat, Layer::HeatWithheld, Layer::Published]
            }
        };
        for &layer in stale {
            step.stamps.mark_all(layer, step.revision);
        }
    }

    fn change(&mut self, next: &mut Model, asked: &[i64], rows: Rows, step: &mut Step<'_>) {
        match rows {
            Rows::Households(rows) => {
                let moved = moved(&next.households, &mut self.households, asked, rows);
                next.households = step.edit(Layer::Households, &next.households, &moved);
                // a rate has the households around each incident in it
                step.mark_felt(Layer::Heat, &moved, 2.0 * HEAT_REACH_M);
                next.tallies.move_households(&moved, &mut step.codes);
            }
            Rows::Facilities(rows) => {
                let moved = moved(&next.facilities, &mut self.facilities, asked, rows);
                next.facilities = step.edit(Layer::Facilities, &next.facilities, &moved);
                next.tallies.move_facilities(&moved, &mut step.codes);
            }
            Rows::Incidents(rows) => {
                let moved = moved(&next.incidents, &mut self.incidents, asked, rows);
                next.incidents = step.edit(Layer::Incidents, &next.incidents, &moved);
                step.mark_felt(Layer::Heat, &moved, HEAT_REACH_M);
            }
            Rows::Areas(rows) => change_areas(next, asked, rows, step),
            Rows::Cells(rows) => change_cells(next, asked, rows, step),
            Rows::Basemap(rows) => change_basemap(next, asked, rows, step),
            Rows::Published(rows) => add_published(next, rows, step),
        }
    }
}

/// What one application marks and tells.
struct Step<'a> {
    revision: u64,
    stamps: &'a Stamps,
    touched: Touched,
    /// Scope codes whose counts changed.
    codes: Vec<i64>,
}

impl Step<'_> {
    fn edit<A: Attributes>(&mut self, layer: Layer, points: &Points<A>, moved: &[Moved<A>]) -> Points<A> {
        if moved.is_empty() {
            return points.clone();
        }
        for row in moved.iter().flat_map(|m| m.old.iter().chain(&m.new)) {
            self.stamps.mark_point(layer, row.at, BUFFER, self.revision);
            self.touched.row(layer, row.scope, row.attributes.unit(), WorldBox { min: row.at, max: row.at });
        }
        points.edit(moved)
    }

    /// Marks what lies within `reach_m` metres of rows that came, went or moved.
    fn mark_felt<A: Attributes>(&mut self, layer: Layer, moved: &[Moved<A>], reach_m: f64) {
        let mut tiles = BTreeSet::new();
        for row in moved.iter().flat_map(|m| m.old.iter().chain(&m.new)) {
            tiles.insert(TileId::holding(FELT_ZOOM, row.at));
            let at = WorldBox { min: row.at, max: row.at };
            self.touched.row(layer, row.scope, row.attributes.unit(), at.grown_m(reach_m));
        }
        for tile in tiles {
            self.stamps.mark_box(layer, &tile.world_box().grown_m(reach_m), 0, self.revision);
        }
    }

    fn mark_shape(&mut self, layers: &[Layer], area: &WorldBox) {
        for &layer in layers {
            self.stamps.mark_box(layer, area, SHAPE_BUFFER, self.revision);
        }
    }

    /// Households and facilities are counted in the attributes of their cell and of the areas above it. Whoever sees the
    /// scope sees the counts change; an area above counts for each reader only what the reader sees.
    fn mark_counted(&mut self, next: &Model) {
        let codes: FxHashSet<i64> = self.codes.drain(..).collect();
        let mut areas: FxHashMap<i64, WorldBox> = FxHashMap::default();
        for code in codes {
            if let Some(cell) = next.cells.by_code(code) {
                self.mark_shape(&[Layer::Cells, Layer::CellLabels, Layer::Published], &cell.place.extent);
                for layer in [Layer::Cells, Layer::CellLabels] {
                    self.touched.row(layer, code, 0, cell.place.extent);
                }
            }
            for area in next.areas.above(code) {
                if let Some(place) = &area.place {
                    areas.insert(area.id, place.extent);
                    // cells give way to areas at low zooms, so their tiles carry these counts too
                    for layer in [Layer::Areas, Layer::AreaLabels, Layer::Cells] {
                        self.touched.row(layer, code, 0, place.extent);
                    }
                }
            }
        }
        for extent in areas.into_values() {
            self.mark_shape(&[Layer::Areas, Layer::AreaLabels, Layer::Cells, Layer::Published], &extent);
        }
    }

    fn touch_area(&mut self, area: &Area) {
        for layer in [Layer::Areas, Layer::AreaLabels, Layer::Cells] {
            self.touched.area(layer, area.range(), area.place.as_ref().map(|place| place.extent));
        }
    }

    fn touch_cell(&mut self, cell: &Cell) {
        for layer in [Layer::Cells, Layer::CellLabels] {
            self.touched.row(layer, cell.code, 0, cell.place.extent);
        }
    }

    fn compare_areas(&mut self, old: &Areas, new: &Areas) {
        old.iter().filter(|area| new.get(area.id) != Some(*area)).for_each(|area| self.touch_area(area));
        new.iter().filter(|area| old.get(area.id) != Some(*area)).for_each(|area| self.touch_area(area));
    }

    fn compare_cells(&mut self, old: &Cells, new: &Cells) {
        old.iter().filter(|cell| new.get(cell.id) != Some(*cell)).for_each(|cell| self.touch_cell(cell));
        new.iter().filter(|cell| old.get(cell.id) != Some(*cell)).for_each(|cell| self.touch_cell(cell));
    }

    fn compare_basemap(&mut self, old: &Basemap, new: &Basemap) {
        let gone = old.iter().filter(|feature| new.get(feature.id) != Some(*feature));
        let come = new.iter().filter(|feature| old.get(feature.id) != Some(*feature));
        for feature in gone.chain(come) {
            self.touched.everywhere(feature.layer, feature.extent);
        }
    }
}

fn whole<A: Attributes>(rows: Vec<Row<A>>, places: &mut FxHashMap<i64, World>) -> Points<A> {
    *places = rows.iter().map(|row| (row.id, row.at)).collect();
    Points::new(rows)
}

/// What of the asked rows really changed; a row read again unchanged touches nothing.
fn moved<A: Attributes>(points: &Points<A>, places: &mut FxHashMap<i64, World>, asked: &[i64], found: Vec<Row<A>>) -> Vec<Moved<A>> {
    let mut found: FxHashMap<i64, Row<A>> = found.into_iter().map(|row| (row.id, row)).collect();
    let mut moved = Vec::new();
    for id in asked {
        let old = places.get(id).and_then(|&at| points.find(at, *id));
        let new = found.remove(id);
        match &new {
            Some(row) => places.insert(*id, row.at),
            None => places.remove(id),
        };
        if old != new {
            moved.push(Moved { old, new });
        }
    }
    moved
}

fn change_areas(next: &mut Model, asked: &[i64], rows: Vec<Area>, step: &mut Step<'_>) {
    let found: FxHashMap<i64, Area> = rows.into_iter().map(|row| (row.id, row)).collect();
    let ids: Vec<i64> = asked.iter().copied().filter(|id| next.areas.get(*id).map(|a| &**a) != found.get(id)).collect();
    if ids.is_empty() {
        return;
    }
    let mut areas = (*next.areas).clone();
    let mut boxes: Vec<WorldBox> = Vec::new();
    for area in ids.iter().flat_map(|id| next.areas.get(*id).map(|a| &**a).into_iter().chain(found.get(id))) {
        step.touch_area(area);
        boxes.extend(area.place.as_ref().map(|p| p.extent));
    }
    areas.edit(&ids, found.into_values().filter(|a| ids.contains(&a.id)).collect());
    for coverage in super::shapes::AREA_LEVELS.iter().filter_map(|&level| areas.coverage(level)) {
        let around = around(&boxes, |area| coverage.meeting(area).into_iter().filter_map(|id| extent_of(&areas, id)).collect());
        for area in &around {
            step.mark_shape(&[Layer::Areas, Layer::AreaLabels, Layer::Cells, Layer::HeatWithheld, Layer::Published], area);
        }
    }
    for area in &boxes {
        step.mark_shape(&[Layer::Areas, Layer::AreaLabels, Layer::Cells, Layer::HeatWithheld, Layer::Published], area);
    }
    next.areas = Arc::new(areas);
}

fn extent_of(areas: &Areas, id: i64) -> Option<WorldBox> {
    areas.get(id).and_then(|a| a.place.as_ref()).map(|p| p.extent)
}

fn change_cells(next: &mut Model, asked: &[i64], rows: Vec<Cell>, step: &mut Step<'_>) {
    let found: FxHashMap<i64, Cell> = rows.into_iter().map(|row| (row.id, row)).collect();
    let ids: Vec<i64> = asked.iter().copied().filter(|id| next.cells.get(*id).map(|c| &**c) != found.get(id)).collect();
    if ids.is_empty() {
        return;
    }
    let mut boxes: Vec<WorldBox> = Vec::new();
    for cell in ids.iter().flat_map(|id| next.cells.get(*id).map(|c| &**c).into_iter().chain(found.get(id))) {
        step.touch_cell(cell);
        boxes.push(cell.place.extent);
    }
    mark_told_in(next, &found, &ids, step);
    let cells = next.cells.edited(&ids, found.into_values().filter(|c| ids.contains(&c.id)).collect());
    let meeting = |area: &WorldBox| cells.coverage().meeting(area).into_iter().filter_map(|id| cells.get(id)).map(|c| c.place.extent).collect();
    for area in around(&boxes, meeting).iter().chain(&boxes) {
        step.mark_shape(&[Layer::Cells, Layer::CellLabels, Layer::HeatWithheld, Layer::Published], area);
    }
    next.cells = Arc::new(cells);
}

/// Published numbers are spread over the cells of a village, or of a township, together: the heat around all of them may
/// change with the border of one.
fn mark_told_in(next: &Model, found: &FxHashMap<i64, Cell>, ids: &[i64], step: &mut Step<'_>) {
    if next.published.is_empty() {
        return;
    }
    let codes: Vec<i64> = ids.iter().flat_map(|id| next.cells.get(*id).map(|c| c.code).into_iter().chain(found.get(id).map(|c| c.code))).collect();
    let townships: BTreeSet<i64> = codes.iter().map(|code| code - code.rem_euclid(1_000_000)).collect();
    for lo in townships {
        let own = next.cells.within(CodeRange { lo, hi: lo + 1_000_000 }).map(|c| c.place.extent);
        let new = found.values().filter(|c| c.code - c.code.rem_euclid(1_000_000) == lo).map(|c| c.place.extent);
        if let Some(around) = WorldBox::around(own.chain(new).flat_map(|b| [b.min, b.max])) {
            step.stamps.mark_box(Layer::Heat, &around.grown_m(HEAT_REACH_M), 0, step.revision);
            step.mark_shape(&[Layer::HeatWithheld], &around);
            step.touched.area(Layer::HeatWithheld, CodeRange { lo, hi: lo + 1_000_000 }, Some(around));
        }
    }
}

/// The boxes of the neighbours of these boxes, and of their neighbours: a new corner on a shared border may change how
/// the borders next to it are thinned.
fn around(boxes: &[WorldBox], meeting: impl Fn(&WorldBox) -> Vec<WorldBox>) -> Vec<WorldBox> {
    let corners = |b: &WorldBox| (b.min, b.max);
    let mut all: BTreeSet<(World, World)> = boxes.iter().flat_map(&meeting).map(|b| corners(&b)).collect();
    let second: Vec<_> = all.iter().flat_map(|&(min, max)| meeting(&WorldBox { min, max })).map(|b| corners(&b)).collect();
    all.extend(second);
    all.into_iter().map(|(min, max)| WorldBox { min, max }).collect()
}

/// The grain at which numbers are shown depends on all of them, so every tile may change.
fn add_published(next: &mut Model, rows: Vec<PublishedRow>, step: &mut Step<'_>) {
    if rows.is_empty() {
        return;
    }
    let mut published = (*next.published).clone();
    published.add(rows);
    if published != *next.published {
        next.published = Arc::new(published);
        for layer in [Layer::Heat, Layer::HeatWithheld, Layer::Published] {
            step.stamps.mark_all(layer, step.revision);
        }
        for layer in [Layer::HeatWithheld, Layer::Published] {
            step.touched.everywhere(layer, TileId::holding(0, World { x: 0, y: 0 }).world_box());
        }
    }
}

fn change_basemap(next: &mut Model, asked: &[i64], rows: Vec<BaseFeature>, step: &mut Step<'_>) {
    let mut basemap = (*next.basemap).clone();
    let mut changed = false;
    let found: FxHashMap<i64, BaseFeature> = rows.into_iter().map(|row| (row.id, row)).collect();
    for id in asked {
        let (old, new) = (next.basemap.get(*id).map(|f| &**f), found.get(id));
        if old == new {
            continue;
        }
        changed = true;
        for feature in old.into_iter().chain(new) {
            step.mark_shape(&[feature.layer], &feature.extent);
            step.touched.everywhere(feature.layer, feature.extent);
        }
        basemap.edit(&[*id], new.cloned().into_iter().collect());
    }
    if changed {
        next.basemap = Arc::new(basemap);
    }
}
