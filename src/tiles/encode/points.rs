//! Households, facilities and incidents: single from a zoom on, counted in bins below and wherever they are too many.

use super::{Question, bins};
use crate::mvt::{CodeColumn, LayerWriter};
use crate::read_model::{Attributes, BUFFER, Block, Facility, Household, Incident, Points, covers_block};

/// Single households from here on.
pub(in crate::tiles) const HOUSEHOLDS_FROM: u8 = 15;
/// Single facilities from here on.
const FACILITIES_FROM: u8 = 10;
/// Single incidents from here on.
const INCIDENTS_FROM: u8 = 13;

pub(in crate::tiles) fn households(q: &Question<'_>, layer: LayerWriter, limit: usize) -> LayerWriter {
    let reader = q.reader;
    let counted = |scope: &crate::codes::Scope, mut layer: LayerWriter| {
        let keeps = |b: &Block<Household>, i: usize| scope.contains(b.scopes[i]);
        bins::write(&q.model.households, q.tile, &mut layer, Some("household_count"), |b| covers_block(scope, b), keeps);
        layer
    };
    if q.tile.z() < HOUSEHOLDS_FROM {
        return counted(&reader.map, layer);
    }
    let lists = &q.model.lists;
    let fresh = layer;
    let mut layer = fresh.again();
    let count = layer.key("household_count");
    let mut kinds = CodeColumn::new(&mut layer, "dwelling_kind");
    let mut bands = CodeColumn::new(&mut layer, "population_band");
    let fits = singles(
        &q.model.households,
        q,
        limit,
        &mut layer,
        |b| covers_block(&reader.households, b),
        |b, i| reader.households.contains(b.scopes[i]),
        |layer, b, i, at| {
            let row = &b.attributes[i];
            let n = layer.uint(u64::from(row.household_count));
            let [k0, k1] = kinds.tag(layer, row.dwelling_kind.into(), |l| l.text(&lists.dwelling_kind.text(row.dwelling_kind)));
            let [b0, b1] = bands.tag(layer, row.population_band.into(), |l| l.text(&lists.population_band.text(row.population_band)));
            layer.point(u64::try_from(row.household_id).ok(), at, &[count, n, k0, k1, b0, b1]);
        },
    );
    if fits { layer } else { counted(&reader.households, fresh) }
}

pub(in crate::tiles) fn facilities(q: &Question<'_>, fresh: LayerWriter, limit: usize) -> LayerWriter {
    let all = |b: &Block<Facility>| q.filter.all_facilities() && covers_block(&q.reader.map, b);
    let keeps = |b: &Block<Facility>, i: usize| q.reader.map.contains(b.scopes[i]) && q.filter.facility(&b.attributes[i]);
    if q.tile.z() >= FACILITIES_FROM {
        let lists = &q.model.lists;
        let mut layer = fresh.again();
        let mut kinds = CodeColumn::new(&mut layer, "kind");
        let (key, name, name_en) = (layer.key("id"), layer.key("name"), layer.key("name_en"));
        let fits = singles(&q.model.facilities, q, limit, &mut layer, all, keeps, |layer, b, i, at| {
            let row = &b.attributes[i];
            let [k0, k1] = kinds.tag(layer, row.kind.into(), |l| l.text(&lists.facility_kind.text(row.kind)));
            let zh = layer.text(&row.name_zh);
            let id = u64::try_from(row.facility_id).ok();
            let value = layer.int(row.facility_id);
            if row.name_en.is_empty() {
                layer.point(id, at, &[key, value, k0, k1, name, zh]);
            } else {
                let en = layer.text(&row.name_en);
                layer.point(id, at, &[key, value, k0, k1, name, zh, name_en, en]);
            }
        });
        if fits {
            return layer;
        }
    }
    let mut layer = fresh;
    bins::write(&q.model.facilities, q.tile, &mut layer, None, all, keeps);
    layer
}

pub(in crate::tiles) fn incidents(q: &Question<'_>, fresh: LayerWriter, limit: usize) -> LayerWriter {
    let reader = q.reader;
    if !reader.reads_cases() {
        return fresh;
    }
    let keeps = |b: &Block<Incident>, i: usize| {
        let row = &b.attributes[i];
        (reader.cases.contains(b.scopes[i]) || reader.units.binary_search(&row.unit_id).is_ok()) && q.filter.incident(row)
    };
    if q.tile.z() >= INCIDENTS_FROM {
        let lists = &q.model.lists;
        let mut layer = fresh.again();
        let mut columns = ["category", "state", "source", "risk_level"].map(|key| CodeColumn::new(&mut layer, key));
        let fits = singles(&q.model.incidents, q, limit, &mut layer, |_| false, keeps, |layer, b, i, at| {
            let row = &b.attributes[i];
            let [category, state, source, risk] = &mut columns;
            let tags = [
                category.tag(layer, row.category.into(), |l| l.text(&lists.category.text(row.category))),
                state.tag(layer, row.state.into(), |l| l.text(&lists.state.text(row.state))),
                source.tag(layer, row.source.into(), |l| l.text(&lists.source.text(row.source))),
                risk.tag(layer, row.risk_level.into(), |l| l.text(&lists.risk_level.text(row.risk_level))),
            ];
            layer.point(u64::try_from(b.ids[i]).ok(), at, tags.as_flattened());
        });
        if fits {
            return layer;
        }
    }
    let mut layer = fresh;
    bins::write(&q.model.incidents, q.tile, &mut layer, None, |_| false, keeps);
    layer
}

/// Writes each row on its own; false, and no more is written, once they take more than `limit` bytes. Where `keeps_all` says
/// so of a block, its rows are not asked about one by one.
fn singles<A: Attributes>(
    points: &Points<A>,
    q: &Question<'_>,
    limit: usize,
    layer: &mut LayerWriter,
    keeps_all: impl Fn(&Block<A>) -> bool,
    keeps: impl Fn(&Block<A>, usize) -> bool,
    mut write: impl FnMut(&mut LayerWriter, &Block<A>, usize, [i32; 2]),
) -> bool {
    let area = q.tile.buffered(BUFFER);
    let mut fits = true;
    points.each_around(q.tile, BUFFER, |b, rows, inside| {
        let all = keeps_all(b);
        for i in rows {
            let at = b.at(i);
            if (inside || area.holds(at)) && fits && (all || keeps(b, i)) {
                write(layer, b, i, q.tile.place(at));
                fits = layer.size() <= limit;
            }
        }
    });
    fits
}
