//! Places of which a reader of published numbers is told nothing: the style hatches them over the heat, and no density is
//! reckoned in them.

use std::collections::BTreeMap;

use super::told::told;
use crate::mvt::LayerWriter;
use crate::read_model::BUFFER;
use crate::tiles::encode::Question;

/// Levels of areas that stand for their cells where these do not fit, finest first.
const STEPS: [i16; 3] = [12, 9, 6];

/// Cells too few to say. Where they do not fit, every area that holds one: rather hatched too much than coloured.
pub(in crate::tiles) fn heat_withheld(q: &Question<'_>, fresh: LayerWriter, limit: usize) -> LayerWriter {
    if q.reader.reads_cases() {
        return fresh;
    }
    let around = q.tile.buffered(BUFFER + 2);
    let withheld: BTreeMap<i64, bool> = told(q, &around).into_iter().flat_map(|told| told.withheld).map(|(cell, some)| (cell.code, some)).collect();
    if withheld.is_empty() {
        return fresh;
    }
    let mut layer = fresh.again();
    let keep = |id| q.model.cells.get(id).is_some_and(|cell| withheld.contains_key(&cell.code));
    q.model.cells.coverage().tile(q.tile, BUFFER, keep, |id, rings| {
        if let Some((code, published)) = q.model.cells.get(id).and_then(|cell| withheld.get_key_value(&cell.code)) {
            let tags = tags(&mut layer, &format!("{code:015}"), 15, *published);
            layer.polygon(u64::try_from(*code).ok(), rings, &tags);
        }
    });
    for level in STEPS {
        if layer.size() <= limit {
            break;
        }
        layer = instead(q, level, &withheld, fresh.again());
    }
    layer
}

fn instead(q: &Question<'_>, level: i16, withheld: &BTreeMap<i64, bool>, mut layer: LayerWriter) -> LayerWriter {
    let Some(coverage) = q.model.areas.coverage(level) else { return layer };
    let keep = |id| q.model.areas.get(id).is_some_and(|a| withheld.range(a.range().lo..a.range().hi).next().is_some());
    coverage.tile(q.tile, BUFFER, keep, |id, rings| {
        if let Some(area) = q.model.areas.get(id) {
            let published = withheld.range(area.range().lo..area.range().hi).any(|(_, published)| *published);
            let tags = tags(&mut layer, &area.code_text(), level, published);
            layer.polygon(u64::try_from(area.lo).ok(), rings, &tags);
        }
    });
    layer
}

fn tags(layer: &mut LayerWriter, code: &str, level: i16, published: bool) -> [u32; 6] {
    let reason = if published { "too_few" } else { "not_published" };
    [layer.key("code"), layer.text(code), layer.key("level"), layer.int(i64::from(level)), layer.key("reason"), layer.text(reason)]
}
