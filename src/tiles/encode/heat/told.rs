//! Published numbers in bins, for readers without case rights.
//!
//! A number is published of a cell; where its kind is sensitive there is no heat below the township. It is spread evenly
//! over the bins of that ground: where in it the cases lie was not published. Nothing else than published numbers is read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Around, Bin, centre, ground};
use crate::codes::{CodeRange, Level};
use crate::mvt::WorldBox;
use crate::privacy::{Audience, Merged, PublishedBin, merge_published_bins};
use crate::read_model::Cell;
use crate::tiles::encode::Question;

/// The name of the total over all kinds that are not sensitive.
const ORDINARY: &str = "ordinary";

/// How fine numbers are told, and from how many on.
#[derive(Debug, Clone, Copy)]
struct Grain {
    group: u16,
    level: Level,
    /// The level next above.
    wider: Level,
    threshold: u16,
}

impl Grain {
    /// The reader's published numbers are those of the own area: from 3 on by cell, sensitive ones from 10 by township.
    fn of(q: &Question<'_>) -> Self {
        let lists = &q.model.lists;
        let group = q.filter.group().unwrap_or_else(|| lists.category_group.number(ORDINARY));
        let sensitive = (Audience::K10, Level::Township, Level::County);
        let (audience, level, wider) = if lists.is_sensitive(group) { sensitive } else { (Audience::K3, Level::Cell, Level::Village) };
        Self { group, level, wider, threshold: audience.threshold().and_then(|k| u16::try_from(k).ok()).unwrap_or(u16::MAX) }
    }
}

/// What is told of one village, or of one county in sensitive kinds.
pub(super) struct Told {
    /// Cells of a number, with the number.
    groups: Vec<(Vec<Arc<Cell>>, u32)>,
    /// Cells of which nothing is told, and whether anything was published of them.
    pub(super) withheld: Vec<(Arc<Cell>, bool)>,
}

/// What is told of every village, or county, with a cell that meets the box.
pub(super) fn told(q: &Question<'_>, area: &WorldBox) -> Vec<Told> {
    let grain = Grain::of(q);
    let span = grain.wider.span();
    let own = |cell: &Cell| q.reader.published.contains(cell.code) && q.reader.map.contains(cell.code);
    let near = q.model.cells.coverage().meeting(area).into_iter().filter_map(|id| q.model.cells.get(id)).filter(|cell| own(cell));
    let wider: BTreeSet<i64> = near.map(|cell| cell.code - cell.code.rem_euclid(span)).collect();
    let cells = |lo| q.model.cells.within(CodeRange { lo, hi: lo + span }).filter(|cell| own(cell)).cloned().collect();
    wider.into_iter().map(|lo| told_of(q, grain, lo, cells(lo))).collect()
}

fn told_of(q: &Question<'_>, grain: Grain, within: i64, cells: Vec<Arc<Cell>>) -> Told {
    let (span, wide_span) = (grain.level.span(), grain.wider.span());
    let mut places: BTreeMap<i64, Vec<Arc<Cell>>> = BTreeMap::new();
    for cell in cells {
        places.entry(cell.code - cell.code.rem_euclid(span)).or_default().push(cell);
    }
    // of a place that is the reader's in part only the reader is told no number
    let entries = |level: Level, lo: i64| {
        let whole = q.reader.published.covers(CodeRange { lo, hi: lo + level.span() });
        q.model.published.entries((lo, level.to_i16()), grain.group, grain.threshold, q.filter.months()).filter(move |_| whole)
    };
    // of all places, those that are no more too: what they show is not in the others
    let mut shown: BTreeMap<i32, u32> = BTreeMap::new();
    let range = CodeRange { lo: within, hi: within + wide_span };
    for entry in q.model.published.places_within(range, grain.level.to_i16()).flat_map(|place| entries(grain.level, place)) {
        *shown.entry(entry.month).or_default() += entry.incident_count.unwrap_or(0);
    }
    let (published, unpublished): (Vec<i64>, Vec<i64>) = places.keys().partition(|&&place| entries(grain.level, place).next().is_some());
    let bin = |&place: &i64| {
        let count = entries(grain.level, place).filter_map(|entry| entry.incident_count).sum();
        let label = places[&place][0].place.label;
        PublishedBin { place, within, at: [f64::from(label.x), f64::from(label.y)], count }
    };
    let bins: Vec<PublishedBin> = published.iter().map(bin).collect();
    // what the wider place shows beyond its places lies in those that are withheld
    let wider = entries(grain.wider, within);
    let rest = wider.map(|e| e.incident_count.map_or(0, |all| all.saturating_sub(shown.get(&e.month).copied().unwrap_or(0)))).sum();
    let Merged { told, hatched } = merge_published_bins(&bins, &BTreeMap::from([(within, rest)]), u32::from(grain.threshold));
    let cells_of = |members: &[usize]| members.iter().flat_map(|&i| places[&bins[i].place].iter().cloned()).collect();
    let withheld = hatched.iter().map(|place| (place, true)).chain(unpublished.iter().map(|place| (place, false)));
    Told {
        groups: told.iter().map(|told| (cells_of(&told.members), told.count)).collect(),
        withheld: withheld.flat_map(|(place, some)| places[place].iter().map(move |cell| (Arc::clone(cell), some))).collect(),
    }
}

/// The told numbers in bins around a tile.
pub(super) fn bins(q: &Question<'_>, around: Around) -> Vec<Bin> {
    let mut bins = Vec::new();
    for (cells, count) in told(q, &around.area).into_iter().flat_map(|told| told.groups) {
        let ground: Vec<[u32; 2]> = cells.iter().flat_map(|cell| ground::bins_of(&cell.place, around.shift)).collect();
        let amount = f64::from(count) / ground.len() as f64;
        let bin = |at| Bin { at, place: centre(at, around.shift), amount };
        bins.extend(ground.into_iter().map(bin).filter(|bin| around.area.holds(bin.place)));
    }
    bins
}
