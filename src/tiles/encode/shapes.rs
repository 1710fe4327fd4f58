//! Areas and cells as polygons that share their borders, and one point inside each for its label.

use super::Question;
use crate::codes::CodeRange;
use crate::mvt::{EXTENT, LayerWriter};
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
        for &level in &levels {
            let Some(coverage) = q.model.areas.coverage(level) else { continue };
            let keep = |id| q.model.areas.get(id).is_some_and(|a| q.reader.map.meets(a.range()));
            coverage.tile(q.tile, BUFFER, keep, |id, rings| {
                if let Some(area) = q.model.areas.get(id) {
                    let tags = area_tags(q, area, &mut layer, true);
                    layer.polygon(u64::try_from(area.id).ok(), rings, &tags);
                }
            });
        }
        if layer.size() <= limit || levels.len() <= 3 {
            return layer;
        }
        levels.pop();
    }
}

fn area_tags(q: &Question<'_>, area: &Area, layer: &mut LayerWriter, dense: bool) -> Vec<u32> {
    let own = q.reader.map.covers(area.range());
    let counts = q.model.tallies.within_scope(area.range(), &q.reader.map);
    let mut tags = named(layer, &area.code_text(), area.level, &area.name_zh, &area.name_en);
    tags.extend([layer.key("own"), layer.boolean(own)]);
    tags.extend([layer.key("household_count"), layer.uint(counts.household_count)]);
    if let (true, Some(place)) = (own && dense, &area.place) {
        tags.extend([layer.key("density"), layer.double(density(&counts, place.area_m2))]);
    }
    tags
}

fn named(layer: &mut LayerWriter, code: &str, level: i16, name_zh: &str, name_en: &str) -> Vec<u32> {
    let mut tags = vec![layer.key("code"), layer.text(code), layer.key("level"), layer.int(i64::from(level))];
    let zh = layer.text(name_zh);
    tags.extend([layer.key("name"), zh, layer.key("name_zh"), zh]);
    if !name_en.is_empty() {
        tags.extend([layer.key("name_en"), layer.text(name_en)]);
    }
    tags
}

/// Households per hectare to two decimals.
fn density(counts: &Counts, area_m2: f64) -> f64 {
    (counts.household_count as f64 * 1_000_000.0 / area_m2.max(1.0)).round() / 100.0
}

pub(in crate::tiles) fn area_labels(q: &Question<'_>, mut layer: LayerWriter, _: usize) -> LayerWriter {
    for area in q.model.areas.iter().filter(|a| q.tile.z() >= zooms(a.level).1 && q.reader.map.meets(a.range())) {
        let Some(place) = area.place.as_ref().filter(|p| q.tile.world_box().holds(p.label)) else { continue };
        let tags = area_tags(q, area, &mut layer, false);
        layer.point(u64::try_from(area.id).ok(), q.tile.place(place.label), &tags);
    }
    layer
}

/// Cells, or what they give way to: the finest of cells, villages, townships and counties whose shapes are wide enough to
/// be told apart and fit. The choice looks at the reader's own shapes around the tile and at nothing else.
pub(in crate::tiles) fn cells(q: &Question<'_>, fresh: LayerWriter, limit: usize) -> LayerWriter {
    let around = q.tile.buffered(BUFFER + 1);
    let own_cells =
        || q.model.cells.coverage().meeting(&around).into_iter().filter_map(|id| q.model.cells.get(id)).filter(|c| q.reader.map.contains(c.code));
    let own_areas = |level: i16| {
        let ids = q.model.areas.coverage(level).map(|c| c.meeting(&around)).unwrap_or_default();
        ids.into_iter().filter_map(|id| q.model.areas.get(id)).filter(|a| q.reader.map.meets(a.range()))
    };
    let mut steps = vec![(15, spread(q, own_cells().map(|c| &c.place)))];
    for level in STEPS {
        // an area of which the reader has only a part stands for it only beside areas that are wholly the reader's
        if own_areas(level).any(|a| q.reader.map.covers(a.range())) {
            steps.push((level, spread(q, own_areas(level).filter_map(|a| a.place.as_ref()))));
        }
    }
    steps.retain(|(_, spread)| spread.count > 0);
    let mut last = fresh.again();
    for (i, (level, spread)) in steps.iter().enumerate() {
        let coarsest = i + 1 == steps.len();
        if !coarsest && (spread.count > MOST_SHAPES || spread.mean_width < NARROWEST) {
            continue;
        }
        let layer = if *level == 15 { cells_alone(q, fresh.again()) } else { areas_instead(q, *level, fresh.again()) };
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

fn cells_alone(q: &Question<'_>, mut layer: LayerWriter) -> LayerWriter {
    let keep = |id| q.model.cells.get(id).is_some_and(|cell| q.reader.map.contains(cell.code));
    q.model.cells.coverage().tile(q.tile, BUFFER, keep, |id, rings| {
        if let Some(cell) = q.model.cells.get(id) {
            let tags = cell_tags(q, cell, &mut layer);
            layer.polygon(u64::try_from(cell.code).ok(), rings, &tags);
        }
    });
    layer
}

fn areas_instead(q: &Question<'_>, level: i16, mut layer: LayerWriter) -> LayerWriter {
    let Some(coverage) = q.model.areas.coverage(level) else { return layer };
    let keep = |id| q.model.areas.get(id).is_some_and(|a| q.reader.map.meets(a.range()));
    coverage.tile(q.tile, BUFFER, keep, |id, rings| {
        if let Some(area) = q.model.areas.get(id) {
            let counts = q.model.tallies.within_scope(area.range(), &q.reader.map);
            let mut tags = named(&mut layer, &area.code_text(), level, &area.name_zh, &area.name_en);
            let area_m2 = area.place.as_ref().map_or(1.0, |p| p.area_m2);
            tags.extend(counted(&mut layer, &counts, area_m2));
            layer.polygon(u64::try_from(area.lo).ok(), rings, &tags);
        }
    });
    layer
}

fn counted(layer: &mut LayerWriter, counts: &Counts, area_m2: f64) -> [u32; 10] {
    [
        layer.key("household_count"),
        layer.uint(counts.household_count),
        layer.key("address_count"),
        layer.uint(counts.address_count),
        layer.key("area_m2"),
        layer.uint(area_m2.round() as u64),
        layer.key("density"),
        layer.double(density(counts, area_m2)),
        layer.key("facility_count"),
        layer.uint(counts.facility_count),
    ]
}

fn cell_tags(q: &Question<'_>, cell: &Cell, layer: &mut LayerWriter) -> Vec<u32> {
    let counts = q.model.tallies.within(CodeRange { lo: cell.code, hi: cell.code + 1 });
    let mut tags = named(layer, &format!("{:015}", cell.code), 15, &cell.name_zh, &cell.name_en);
    tags.extend([layer.key("short_name"), layer.text(&cell.short_name)]);
    tags.extend([layer.key("kind"), layer.text(&q.model.lists.cell_kind.text(cell.kind))]);
    tags.extend(counted(layer, &counts, cell.place.area_m2));
    tags
}

pub(in crate::tiles) fn cell_labels(q: &Question<'_>, mut layer: LayerWriter, limit: usize) -> LayerWriter {
    let inside = q.tile.world_box();
    for id in q.model.cells.coverage().meeting(&inside) {
        let Some(cell) = q.model.cells.get(id).filter(|c| q.reader.map.contains(c.code) && inside.holds(c.place.label)) else { continue };
        let [x, y] = q.tile.place(cell.place.label);
        if !(0..EXTENT).contains(&x) || !(0..EXTENT).contains(&y) || layer.size() > limit {
            continue;
        }
        let counts = q.model.tallies.within(CodeRange { lo: cell.code, hi: cell.code + 1 });
        let mut tags = named(&mut layer, &format!("{:015}", cell.code), 15, &cell.name_zh, &cell.name_en);
        tags.extend([layer.key("short_name"), layer.text(&cell.short_name)]);
        tags.extend([layer.key("household_count"), layer.uint(counts.household_count)]);
        layer.point(u64::try_from(cell.code).ok(), [x, y], &tags);
    }
    layer
}
