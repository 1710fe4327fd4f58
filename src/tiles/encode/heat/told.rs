//! Published numbers in bins, for readers without case rights.
//!
//! A number is published of a cell; where its kind is sensitive there is no heat below the township. It is spread evenly
//! over the bins of that ground: where in it the cases lie was not published. Nothing else than published numbers is read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Around, Bin, centre, ground};
use crate::codes::{AreaCode, CodeRange, Level};
use crate::mvt::WorldBox;
use crate::privacy::{Audience, Merged, PublishedBin, merge_published_bins};
use crate::published;
use crate::read_model::{Cell, MonthSum};
use crate::tiles::encode::Question;

/// How fine numbers of a group are told.
#[derive(Debug, Clone, Copy)]
struct Grain {
    level: Level,
    /// The level next above.
    wider: Level,
    /// The smallest number that is told, where the kind asks for more than the audience does.
    threshold: u32,
}

impl Grain {
    /// By cell; sensitive ones by township.
    fn of(q: &Question<'_>) -> Self {
        let lists = &q.model.lists;
        let sensitive = lists.category_group.find(q.filter.group()).is_some_and(|group| lists.is_sensitive(group));
        let threshold = Audience::K10.threshold().filter(|_| sensitive).unwrap_or(0);
        let (level, wider) = if sensitive { (Level::Township, Level::County) } else { (Level::Cell, Level::Village) };
        Self { level, wider, threshold }
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
    let span = grain.level.span();
    let mut places: BTreeMap<i64, Vec<Arc<Cell>>> = BTreeMap::new();
    for cell in cells {
        places.entry(cell.code - cell.code.rem_euclid(span)).or_default().push(cell);
    }
    let question = published::Question { model: q.model, reader: q.reader, group: q.filter.group(), months: q.filter.months() };
    // of a place that is the reader's in part only the reader is told no number
    let asked = |lo: i64| AreaCode::from_parts(lo, grain.level).filter(|area| q.reader.published.covers(area.range()));
    let sums: BTreeMap<i64, (Audience, MonthSum)> = places
        .keys()
        .filter_map(|&lo| Some((lo, asked(lo).and_then(|area| question.place(area))?)))
        .filter(|(_, (_, sum))| sum.shown + sum.withheld > 0)
        .collect();
    let unpublished: Vec<i64> = places.keys().copied().filter(|lo| !sums.contains_key(lo)).collect();
    let bin = |(&place, (_, sum)): (&i64, &(Audience, MonthSum))| {
        let label = places[&place][0].place.label;
        PublishedBin { place, within, at: [f64::from(label.x), f64::from(label.y)], count: u32::try_from(sum.count).unwrap_or(u32::MAX) }
    };
    let bins: Vec<PublishedBin> = sums.iter().map(bin).collect();
    let threshold = sums.values().filter_map(|(audience, _)| audience.threshold()).max().unwrap_or(u32::MAX).max(grain.threshold);
    // what the wider place shows beyond its places is left undrawn: it lies in those that are withheld
    let Merged { told, hatched } = merge_published_bins(&bins, &BTreeMap::new(), threshold);
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
