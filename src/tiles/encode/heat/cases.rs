//! Cases in bins: those the reader may open and the filter lets through, each at its safe place.

use super::{Around, Bin, mean};
use crate::mvt::World;
use crate::read_model::{Block, Incident, Near};
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
    let mut counted = Counted { q, around, bins: Vec::new() };
    let quick = q.filter.quick(&q.model.lists);
    // few wide squares: a stretch costs as much to find as a hundred rows to pass over
    let finest = around.area.scan_zoom() - 2;
    q.model.incidents.each_run(&around.area, finest, |block, rows| {
        let near = quick.filter(|_| rows.len() > FEW_ROWS).and_then(|quick| quick.near(&block.sets));
        match (near, quick) {
            (Some(Near { rows: near, sure }), Some(quick)) => counted.take(block, near.rows(rows), |i, row| sure.has(i) || quick.incident(row)),
            (None, Some(quick)) => counted.take(block, rows, |_, row| quick.incident(row)),
            (_, None) => counted.take(block, rows, |_, row| q.filter.incident(row)),
        }
    });
    let place = |bin: &Counting| mean(bin.at, around.shift, bin.sums, bin.count);
    counted.bins.iter().map(|bin| Bin { at: bin.at, place: place(bin), amount: bin.count as f64 }).collect()
}

/// Stretches as short as this are read row by row.
const FEW_ROWS: usize = 64;

struct Counted<'a> {
    q: &'a Question<'a>,
    around: Around,
    bins: Vec<Counting>,
}

impl Counted<'_> {
    /// Counts those of the rows that pass, are the reader's and lie in the area; most fall at the filter, so it comes first.
    fn take(&mut self, block: &Block<Incident>, rows: impl Iterator<Item = usize>, passes: impl Fn(usize, &Incident) -> bool) {
        let (reader, shift) = (self.q.reader, self.around.shift);
        let inside = (1_u32 << shift) - 1;
        let within = block.within(&reader.cases);
        let area = self.around.area;
        for i in rows {
            let row = &block.attributes[i];
            let at = World { x: block.xs[i], y: block.ys[i] };
            if !passes(i, row) || !area.holds(at) || !(block.keeps(&within, i) || reader.units.binary_search(&row.unit_id).is_ok()) {
                continue;
            }
            let bin = [at.x >> shift, at.y >> shift];
            let sums = [u64::from(at.x & inside), u64::from(at.y & inside)];
            match self.bins.last_mut() {
                Some(last) if last.at == bin => {
                    last.count += 1;
                    last.sums[0] += sums[0];
                    last.sums[1] += sums[1];
                }
                _ => self.bins.push(Counting { at: bin, count: 1, sums }),
            }
        }
    }
}
