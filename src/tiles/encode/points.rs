//! Households, facilities and incidents: single from a zoom on, counted in bins below and wherever they are too many.

use super::{Question, bins};
use crate::codes::Scope;
use crate::mvt::{CodeColumn, LayerWriter};
use crate::read_model::{Attributes, BUFFER, Block, Facility, Incident, Points, Within};

/// Single households from here on.
pub(in crate::tiles) const HOUSEHOLDS_FROM: u8 = 15;
/// Single facilities from here on.
const FACILITIES_FROM: u8 = 10;
/// Single incidents from here on.
const INCIDENTS_FROM: u8 = 13;

/// Whether a row of a block passes.
type Test<'a, A> = dyn Fn(&Block<A>, usize) -> bool + 'a;

/// Which rows of a layer are shown.
pub(super) struct Choice<'a, A> {
    /// Rows of these; none: of all.
    pub(super) scope: Option<&'a Scope>,
    /// What a row must pass beside; none: nothing.
    pub(super) passes: Option<&'a Test<'a, A>>,
}

impl<A: Attributes> Choice<'_, A> {
    pub(super) fn within(&self, block: &Block<A>) -> Within {
        self.scope.map_or(Within::All, |scope| block.within(scope))
    }

    pub(super) fn keeps(&self, within: &Within, block: &Block<A>, i: usize) -> bool {
        block.keeps(within, i) && self.passes.is_none_or(|passes| passes(block, i))
    }
}

pub(in crate::tiles) fn households(q: &Question<'_>, layer: LayerWriter, limit: usize) -> LayerWriter {
    let reader = q.reader;
    let counted = |scope: &Scope, mut layer: LayerWriter| {
        let choice = Choice { scope: Some(scope), passes: None };
        bins::write(&q.model.households, q, &choice, &mut layer, Some("household_count"));
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
    let choice = Choice { scope: Some(&reader.households), passes: None };
    let fits = singles(&q.model.households, q, &choice, limit, &mut layer, |layer, b, i, at| {
        let row = &b.attributes[i];
        let n = layer.uint(u64::from(row.household_count));
        let [k0, k1] = kinds.tag(layer, row.dwelling_kind.into(), |l| l.text(&lists.dwelling_kind.text(row.dwelling_kind)));
        let [b0, b1] = bands.tag(layer, row.population_band.into(), |l| l.text(&lists.population_band.text(row.population_band)));
        layer.point(u64::try_from(row.household_id).ok(), at, &[count, n, k0, k1, b0, b1]);
    });
    if fits { layer } else { counted(&reader.households, fresh) }
}

pub(in crate::tiles) fn facilities(q: &Question<'_>, fresh: LayerWriter, limit: usize) -> LayerWriter {
    let passes = |b: &Block<Facility>, i: usize| q.filter.facility(&b.attributes[i]);
    let choice = Choice { scope: Some(&q.reader.map), passes: (!q.filter.all_facilities()).then_some(&passes as _) };
    if q.tile.z() >= FACILITIES_FROM {
        let lists = &q.model.lists;
        let mut layer = fresh.again();
        let mut kinds = CodeColumn::new(&mut layer, "kind");
        let (key, name, name_en) = (layer.key("id"), layer.key("name"), layer.key("name_en"));
        let fits = singles(&q.model.facilities, q, &choice, limit, &mut layer, |layer, b, i, at| {
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
    bins::write(&q.model.facilities, q, &choice, &mut layer, None);
    layer
}

pub(in crate::tiles) fn incidents(q: &Question<'_>, fresh: LayerWriter, limit: usize) -> LayerWriter {
    let reader = q.reader;
    if !reader.reads_cases() {
        return fresh;
    }
    // whoever handles cases for an office sees its cases wherever they lie
    let anywhere = !reader.units.is_empty();
    let passes = |b: &Block<Incident>, i: usize| {
        let row = &b.attributes[i];
        let own = !anywhere || reader.cases.contains(b.scope(i)) || reader.units.binary_search(&row.unit_id).is_ok();
        own && q.filter.incident(row)
    };
    let all_pass = !anywhere && q.filter.all_incidents();
    let choice = Choice { scope: (!anywhere).then_some(&reader.cases), passes: (!all_pass).then_some(&passes as _) };
    if q.tile.z() >= INCIDENTS_FROM {
        let lists = &q.model.lists;
        let mut layer = fresh.again();
        let mut columns = ["category", "state", "source", "risk_level"].map(|key| CodeColumn::new(&mut layer, key));
        let fits = singles(&q.model.incidents, q, &choice, limit, &mut layer, |layer, b, i, at| {
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
    bins::write(&q.model.incidents, q, &choice, &mut layer, None);
    layer
}

/// Writes each chosen row on its own; false, and no more is written, once they take more than `limit` bytes.
fn singles<A: Attributes>(
    points: &Points<A>,
    q: &Question<'_>,
    choice: &Choice<'_, A>,
    limit: usize,
    layer: &mut LayerWriter,
    mut write: impl FnMut(&mut LayerWriter, &Block<A>, usize, [i32; 2]),
) -> bool {
    let area = q.tile.buffered(BUFFER);
    let mut fits = true;
    points.each_around(q.tile, BUFFER, |b, rows| {
        let within = choice.within(b);
        if within == Within::None || !fits {
            return;
        }
        for i in rows.filter(|&i| area.holds(b.at(i))) {
            if fits && choice.keeps(&within, b, i) {
                write(layer, b, i, q.tile.place(b.at(i)));
                fits = layer.size() <= limit;
            }
        }
    });
    fits
}
