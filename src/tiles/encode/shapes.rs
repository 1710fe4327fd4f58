//! Areas and cells as polygons that share their borders, and one point inside each for its label.

use super::Question;
use super::tags::{Columns, Tags};
use crate::mvt::{Coverage, EXTENT, LayerWriter, Outline};
use crate::read_model::{Area, BUFFER, Cell, Counts, Place};

/// More shapes than this in a tile are not even tried.
const MOST_SHAPES: usize = 6_000;
/// Shapes narrower than this many tile units on average give way: 7 px of a tile of 512 px. A tile full of wider ones fits.
const NARROWEST: f64 = 56.0;
/// Levels that cells give way to, finest first.
const STEPS: [i16; 3] = [12, 9, 6];

/// The first zoom at which areas of a level are drawn, and at which they are named.
const fn zooms(level: i16) -> (u8, u8) {
    match level {
        12 => (8, 10),
        9 => (6, 7),
        _ => (0, 0),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "all encoders take the layer they may hand back")]
pub(in crate::tiles) fn areas(q: &Question<'_>, fresh: LayerWriter, limit: usize) -> LayerWriter {
    let levels = [2_i16, 4, 6, 9, 12].into_iter().filter(|&level| q.tile.z() >= zooms(level).0);
    let mut levels: Vec<i16> = levels.collect();
    loop {
        let mut layer = fresh.again();
        let mut columns = Columns::new(&q.model.lists);
        for &level in &levels {
            each_area(q, level, |area, outline| {
                let tags = area_tags(q, area, &mut layer, &mut columns, true);
                layer.outline(u64::try_from(area.id).ok(), outline, tags.as_slice());
            });
        }
        if layer.size() <= limit || levels.len() <= 3 {
            return layer;
        }
        levels.pop();
    }
}

/// Hands out the areas of a level that meet the reader's own, with their outlines in the tile.
fn each_area(q: &Question<'_>, level: i16, mut each: impl FnMut(&Area, Outline<'_>)) {
    let Some(coverage) = q.model.areas.coverage(level) else { return };
    let own: Vec<&Area> = own_areas(q, coverage).collect();
    let ids: Vec<i64> = own.iter().map(|area| area.id).collect();
    let mut own = own.iter().peekable();
    coverage.outlines(q.tile, BUFFER, &ids, |id, outline| {
        while let Some(area) = own.next_if(|area| area.id <= id) {
            if area.id == id {
                each(area, outline);
            }
        }
    });
}

/// The areas around the tile that meet the reader's own, ascending by id.
fn own_areas<'a>(q: &Question<'a>, coverage: &'a Coverage) -> impl Iterator<Item = &'a Area> {
    let q = *q;
    let ids = coverage.meeting(&q.tile.buffered(BUFFER + 1));
    ids.into_iter().filter_map(move |id| q.model.areas.get(id)).map(|area| &**area).filter(move |area| q.reader.map.meets(area.range()))
}

fn area_tags(q: &Question<'_>, area: &Area, layer: &mut LayerWriter, columns: &mut Columns, dense: bool) -> Tags {
    let own = q.reader.map.covers(area.range());
    let counts = q.model.tallies.within_scope(area.range(), &q.reader.map);
    let mut tags = columns.area(layer, area);
    columns.own(layer, &mut tags, own);
    columns.households(layer, &mut tags, &counts);
    if let (true, Some(place)) = (own && dense, &area.place) {
        columns.density(layer, &mut tags, &counts, place.area_m2);
    }
    tags
}

pub(in crate::tiles) fn area_labels(q: &Question<'_>, mut layer: LayerWriter, _: usize) -> LayerWriter {
    let mut columns = Columns::new(&q.model.lists);
    for area in q.model.areas.iter().filter(|a| q.tile.z() >= zooms(a.level).1 && q.reader.map.meets(a.range())) {
        let Some(place) = area.place.as_ref().filter(|p| q.tile.world_box().holds(p.label)) else { continue };
        let tags = area_tags(q, area, &mut layer, &mut columns, false);
        layer.point(u64::try_from(area.id).ok(), q.tile.place(place.label), tags.as_slice());
    }
    layer
}

/// Cells, or what they give way to: the finest of cells, villages, townships and counties whose shapes are wide enough to
/// be told apart and fit. The choice looks at the reader's own shapes around the tile and at nothing else.
pub(in crate::tiles) fn cells(q: &Question<'_>, fresh: LayerWriter, limit: usize) -> LayerWriter {
    let around = q.model.cells.coverage().meeting(&q.tile.buffered(BUFFER + 1));
    let own: Vec<&Cell> = around.into_iter().filter_map(|id| q.model.cells.get(id)).map(|c| &**c).filter(|c| q.reader.map.contains(c.code)).collect();
    let cells = spread(q, own.iter().map(|c| &c.place));
    let alone = (cells.count > 0 && cells.can_be_told_apart()).then(|| cells_alone(q, &own, fresh.again()));
    match alone {
        Some(layer) if layer.size() <= limit => layer,
        tried => cells_or_coarser(q, &own, cells, tried, fresh, limit),
    }
}

fn cells_or_coarser(q: &Question<'_>, own: &[&Cell], cells: Spread, mut tried: Option<LayerWriter>, fresh: LayerWriter, limit: usize) -> LayerWriter {
    let mut steps = vec![(15, cells)];
    for level in STEPS {
        let Some(coverage) = q.model.areas.coverage(level) else { continue };
        // an area of which the reader has only a part stands for it only beside areas that are wholly the reader's
        if own_areas(q, coverage).any(|a| q.reader.map.covers(a.range())) {
            steps.push((level, spread(q, own_areas(q, coverage).filter_map(|a| a.place.as_ref()))));
        }
    }
    steps.retain(|(_, spread)| spread.count > 0);
    let mut last = fresh.again();
    for (i, (level, spread)) in steps.iter().enumerate() {
        let coarsest = i + 1 == steps.len();
        if !coarsest && !spread.can_be_told_apart() {
            continue;
        }
        let layer = match *level {
            15 => tried.take().unwrap_or_else(|| cells_alone(q, own, fresh.again())),
            level => areas_instead(q, level, fresh.again()),
        };
        if layer.size() <= limit {
            return layer;
        }
        last = layer;
    }
    if last.size() <= limit { last } else { fresh }
}

/// How many shapes there are and how wide, in tile units, they are on average.
struct Spread {
    count: usize,
    mean_width: f64,
}

impl Spread {
    fn can_be_told_apart(&self) -> bool {
        self.count <= MOST_SHAPES && self.mean_width >= NARROWEST
    }
}

fn spread<'a>(q: &Question<'_>, places: impl Iterator<Item = &'a Place>) -> Spread {
    let unit = 2_f64.powi(20 - i32::from(q.tile.z()));
    let (mut count, mut widths) = (0, 0.0);
    for place in places {
        let side = |lo: u32, hi: u32| f64::from(hi - lo);
        let (min, max) = (place.extent.min, place.extent.max);
        widths += (side(min.x, max.x) * side(min.y, max.y)).sqrt() / unit;
        count += 1;
    }
    Spread { count, mean_width: widths / count.max(1) as f64 }
}

/// The reader's cells around the tile, ascending by id.
fn cells_alone(q: &Question<'_>, own: &[&Cell], mut layer: LayerWriter) -> LayerWriter {
    let ids: Vec<i64> = own.iter().map(|cell| cell.id).collect();
    let mut columns = Columns::new(&q.model.lists);
    let nothing = Counts::default();
    let mut own = own.iter().peekable();
    q.model.cells.coverage().outlines(q.tile, BUFFER, &ids, |id, outline| {
        while let Some(cell) = own.next_if(|cell| cell.id <= id) {
            if cell.id == id {
                let mut tags = columns.cell(&mut layer, cell);
                columns.kind(&mut layer, &mut tags, cell);
                columns.counted(&mut layer, &mut tags, q.model.tallies.of(cell.code).unwrap_or(&nothing), cell.place.area_m2);
                layer.outline(u64::try_from(cell.code).ok(), outline, tags.as_slice());
            }
        }
    });
    layer
}

fn areas_instead(q: &Question<'_>, level: i16, mut layer: LayerWriter) -> LayerWriter {
    let mut columns = Columns::new(&q.model.lists);
    each_area(q, level, |area, outline| {
        let counts = q.model.tallies.within_scope(area.range(), &q.reader.map);
        let mut tags = columns.area(&mut layer, area);
        let area_m2 = area.place.as_ref().map_or(1.0, |p| p.area_m2);
        columns.counted(&mut layer, &mut tags, &counts, area_m2);
        layer.outline(u64::try_from(area.lo).ok(), outline, tags.as_slice());
    });
    layer
}

pub(in crate::tiles) fn cell_labels(q: &Question<'_>, mut layer: LayerWriter, limit: usize) -> LayerWriter {
    let inside = q.tile.world_box();
    let (mut columns, nothing) = (Columns::new(&q.model.lists), Counts::default());
    for id in q.model.cells.coverage().meeting(&inside) {
        let Some(cell) = q.model.cells.get(id).filter(|c| q.reader.map.contains(c.code) && inside.holds(c.place.label)) else { continue };
        let [x, y] = q.tile.place(cell.place.label);
        if !(0..EXTENT).contains(&x) || !(0..EXTENT).contains(&y) || layer.size() > limit {
            continue;
        }
        let mut tags = columns.cell(&mut layer, cell);
        columns.households(&mut layer, &mut tags, q.model.tallies.of(cell.code).unwrap_or(&nothing));
        layer.point(u64::try_from(cell.code).ok(), [x, y], tags.as_slice());
    }
    layer
}
