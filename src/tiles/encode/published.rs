//! Published incident numbers as classes of places; no number itself is in a tile.

use super::Question;
use crate::codes::{AreaCode, CodeRange, Level};
use crate::mvt::LayerWriter;
use crate::published::{self, class_of};
use crate::read_model::BUFFER;

/// Zooms from which villages and cells are wide enough to be told apart.
const VILLAGES_FROM: u8 = 9;
const CELLS_FROM: u8 = 11;

/// Places of one level, the same in all tiles of a zoom: the finest at which half of all that the reader is told of is
/// shown, as far as the zoom lets it be drawn.
pub(in crate::tiles) fn published(q: &Question<'_>, mut layer: LayerWriter, limit: usize) -> LayerWriter {
    let everything = CodeRange { lo: 0, hi: i64::MAX };
    let (group, months) = q.filter.published(q.model.published.last_month(everything, &q.reader.published));
    let question = published::Question { model: q.model, reader: q.reader, group, months };
    let widest = match q.tile.z() {
        ..VILLAGES_FROM => Level::Township,
        VILLAGES_FROM..CELLS_FROM => Level::Village,
        _ => Level::Cell,
    };
    let level = question.grain(everything).level.min(widest);
    let mut write = |area: AreaCode, name_zh: &str, name_en: &str, rings: &_| {
        let told = question.place(area);
        let class = told.filter(|(_, sum)| sum.is_shown()).and_then(|(_, sum)| question.rate(area, sum)).map(class_of);
        let mut tags = vec![layer.key("code"), layer.text(&area.to_string()), layer.key("level"), layer.int(i64::from(area.level().to_i16()))];
        tags.extend([layer.key("name"), layer.text(name_zh)]);
        if !name_en.is_empty() {
            tags.extend([layer.key("name_en"), layer.text(name_en)]);
        }
        if let Some(class) = class {
            tags.extend([layer.key("class"), layer.uint(u64::from(class))]);
        }
        if layer.size() <= limit {
            layer.polygon(u64::try_from(area.lo()).ok(), rings, &tags);
        }
    };
    let told = |area: AreaCode| q.reader.published.covers(area.range());
    if level == Level::Cell {
        let area =
            |id| q.model.cells.get(id).and_then(|cell| AreaCode::from_parts(cell.code, level).filter(|&area| told(area)).map(|area| (area, cell)));
        q.model.cells.coverage().tile(
            q.tile,
            BUFFER,
            |id| area(id).is_some(),
            |id, rings| {
                if let Some((area, cell)) = area(id) {
                    write(area, &cell.name_zh, &cell.name_en, rings);
                }
            },
        );
    } else if let Some(coverage) = q.model.areas.coverage(level.to_i16()) {
        let area = |id| q.model.areas.get(id).and_then(|row| AreaCode::from_parts(row.lo, level).filter(|&area| told(area)).map(|area| (area, row)));
        coverage.tile(
            q.tile,
            BUFFER,
            |id| area(id).is_some(),
            |id, rings| {
                if let Some((area, row)) = area(id) {
                    write(area, &row.name_zh, &row.name_en, rings);
                }
            },
        );
    }
    layer
}
