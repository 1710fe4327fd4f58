//! Cases in bins: those the reader may open and the filter lets through, each at its safe place.

use super::{Around, Bin};
use crate::read_model::{Block, Incident, covers_block};
use crate::tiles::encode::Question;

/// Bins with their counts, in the order of the Z curve. Rows lie in this order too: the rows of a bin follow one another.
pub(super) fn bins(q: &Question<'_>, around: Around) -> Vec<Bin> {
    let reader = q.reader;
    let (area, shift, all) = (around.area, around.shift, q.filter.all_incidents());
    let mut bins: Vec<Bin> = Vec::new();
    let mut count_rows = |block: &Block<Incident>, rows: std::ops::Range<usize>| {
        let own = covers_block(&reader.cases, block);
        for i in rows {
            let row = &block.attributes[i];
            let passes = area.holds(block.at(i))
                && (all || q.filter.incident(row))
                && (own || reader.cases.contains(block.scopes[i]) || reader.units.binary_search(&row.unit_id).is_ok());
            if !passes {
                continue;
            }
            let at = [block.xs[i] >> shift, block.ys[i] >> shift];
            match bins.last_mut() {
                Some(bin) if bin.at == at => bin.amount += 1.0,
                _ => bins.push(Bin { at, amount: 1.0 }),
            }
        }
    };
    q.model.incidents.each_run(&area, area.scan_zoom(), &mut count_rows);
    bins
}
