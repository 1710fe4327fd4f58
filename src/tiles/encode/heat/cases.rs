//! Cases in bins: those the reader may open and the filter lets through, each at its safe place.

use super::{Around, Bin, mean};
use crate::read_model::{Block, Incident, covers_block};
use crate::tiles::encode::Question;

/// Rows of one bin, being counted.
struct Counting {
    at: [u32; 2],
    count: u64,
    /// Of what the rows lie east and south of the bin's corner.
    sums: [u64; 2],
}

/// Bins with their counts, in the order of the Z curve, each at the mean of its rows: at the middle of the bin instead the
/// density would be off by a tenth and more. Rows lie in this order too: the rows of a bin follow one another.
pub(super) fn bins(q: &Question<'_>, around: Around) -> Vec<Bin> {
    let reader = q.reader;
    let (area, shift, all) = (around.area, around.shift, q.filter.all_incidents());
    let inside = (1_u32 << shift) - 1;
    let mut bins: Vec<Counting> = Vec::new();
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
                Some(bin) if bin.at == at => {
                    bin.count += 1;
                    bin.sums[0] += u64::from(block.xs[i] & inside);
                    bin.sums[1] += u64::from(block.ys[i] & inside);
                }
                _ => bins.push(Counting { at, count: 1, sums: [u64::from(block.xs[i] & inside), u64::from(block.ys[i] & inside)] }),
            }
        }
    };
    q.model.incidents.each_run(&area, area.scan_zoom(), &mut count_rows);
    bins.into_iter().map(|bin| Bin { at: bin.at, place: mean(bin.at, shift, bin.sums, bin.count), amount: bin.count as f64 }).collect()
}
