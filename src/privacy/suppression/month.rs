//! The tables of one township and month, as each audience is told them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::network::{Arc, Network};
use super::{Entry, Kind, Outcome};
use crate::codes::{AreaCode, Level};
use crate::privacy::Audience;

/// What happened in one township in one month.
#[derive(Debug, Clone)]
pub struct Month<'a> {
    /// The township.
    pub township: AreaCode,
    /// Its villages and cells; those of which an incident speaks are added by themselves.
    pub places: &'a [AreaCode],
    /// Groups of kinds, and whether one of the kinds in it is sensitive.
    pub groups: &'a [(String, bool)],
    /// Incidents by place and number of the group. A place is a cell, or the village or township where no more is known.
    pub incidents: &'a BTreeMap<(AreaCode, usize), u32>,
}

/// One network: the ordinary kinds with their total, or one sensitive group alone.
struct Part {
    groups: Vec<usize>,
    has_total: bool,
    threshold: u32,
    finest: Level,
}

impl Month<'_> {
    /// The table of each audience that is told published numbers, the freest first: every entry it is told of or not told,
    /// in the order of places and groups.
    ///
    /// An entry below its threshold is withheld, 0 like any other number; others are withheld beside it until each of
    /// those could be at least threshold − 1 more or less than it could be at the other end. What a freer audience is not
    /// told a stricter one is not told either: readers of several who put their tables together have the freest of them
    /// and nothing more.
    pub fn tables(&self) -> Vec<(Audience, Vec<Entry>)> {
        let mut kept: BTreeSet<(AreaCode, Kind)> = BTreeSet::new();
        let mut tables = Vec::new();
        for audience in [Audience::K3, Audience::K5, Audience::K10] {
            let Some(threshold) = audience.threshold() else { continue };
            let table = self.told_to(audience, threshold, &kept);
            kept.extend(table.iter().filter(|entry| entry.outcome != Outcome::Shown).map(|entry| (entry.area, entry.kind)));
            tables.push((audience, table));
        }
        tables
    }

    /// The table of one audience, of which what is kept from a freer one is withheld.
    pub(super) fn told_to(&self, audience: Audience, threshold: u32, kept: &BTreeSet<(AreaCode, Kind)>) -> Vec<Entry> {
        let places = self.all_places();
        let (sensitive, ordinary): (Vec<usize>, Vec<usize>) = (0..self.groups.len()).partition(|&group| self.groups[group].1);
        let hidden = Audience::K10.threshold().unwrap_or(threshold);
        let mut parts = vec![Part { groups: ordinary, has_total: true, threshold, finest: audience.finest_level() }];
        let alone = |group| Part { groups: vec![group], has_total: false, threshold: hidden, finest: Audience::K10.finest_level() };
        parts.extend(sensitive.into_iter().map(alone));
        let mut entries: Vec<Entry> = parts.iter().flat_map(|part| self.part(part, &places, kept)).collect();
        entries.sort_by_key(|entry| (entry.area, entry.kind));
        entries
    }

    /// The township, its villages and its cells, each before those inside it, with the place above each.
    fn all_places(&self) -> Vec<AreaCode> {
        let mentioned = self.incidents.keys().map(|(place, _)| *place);
        let mut places: Vec<AreaCode> = self.places.iter().copied().chain(mentioned).filter(|&place| self.township.holds(place)).collect();
        places.extend(places.clone().into_iter().filter_map(|place| place.ancestor(Level::Village)));
        places.push(self.township);
        places.sort_unstable();
        places.dedup();
        places
    }

    fn part(&self, part: &Part, places: &[AreaCode], kept: &BTreeSet<(AreaCode, Kind)>) -> Vec<Entry> {
        let places: Vec<AreaCode> = places.iter().copied().filter(|place| place.level() <= part.finest).collect();
        let number: BTreeMap<AreaCode, usize> = places.iter().enumerate().map(|(i, &place)| (place, i)).collect();
        let above: Vec<Option<usize>> = places.iter().map(|place| above(*place, &number)).collect();
        let counts = self.counts(part, &number, &above);
        let (width, sides) = (part.groups.len(), part.groups.len() + 1);
        // Node 0 is the source; each place has a node for each group and one for its total.
        let node = |place: usize, side: usize| 1 + place * sides + side;
        let is_leaf = |place: usize| !above.contains(&Some(place));
        let mut arcs = Vec::new();
        let mut entries = Vec::new();
        for (place, &area) in places.iter().enumerate() {
            let leaf = is_leaf(place);
            for (side, &group) in part.groups.iter().enumerate() {
                let from = above[place].map_or(0, |up| node(up, side));
                let to = node(place, if leaf { width } else { side });
                let count = counts[place][side];
                arcs.push(Arc { from, to, count, weight: weight(area, count, 1) });
                entries.push((area, Kind::Group(group), count));
            }
            if part.has_total {
                let count = counts[place].iter().sum();
                let to = above[place].map_or(0, |up| node(up, width));
                arcs.push(Arc { from: node(place, width), to, count, weight: weight(area, count, 2) });
                entries.push((area, Kind::Ordinary, count));
            }
        }
        // A single group has no totals: its leaves flow straight back to the source.
        if !part.has_total {
            for arc in arcs.iter_mut().filter(|arc| (arc.to - 1) % sides == width) {
                arc.to = 0;
            }
        }
        let mut network = Network::new(1 + places.len() * sides, arcs);
        let kept: Vec<bool> = entries.iter().map(|(area, kind, _)| kept.contains(&(*area, *kind))).collect();
        let rows = width + usize::from(part.has_total);
        // Places without incidents under one roof are withheld whole and are alike: what hides one hides all.
        let twin = |i: usize| {
            let (place, side) = (i / rows, i % rows);
            (is_leaf(place) && counts[place].iter().all(|&count| count == 0)).then_some((above[place], side))
        };
        let primary = withhold(&mut network, part.threshold, &kept, twin);
        let outcome = |i: usize| match (primary[i], network.is_withheld(i)) {
            (true, _) => Outcome::Primary,
            (false, true) => Outcome::Complementary,
            (false, false) => Outcome::Shown,
        };
        let told = entries.into_iter().enumerate();
        told.map(|(i, (area, kind, count))| Entry { area, kind, count, threshold: part.threshold, outcome: outcome(i) }).collect()
    }

    /// Numbers by place and place in `part.groups`, those of the places inside included.
    fn counts(&self, part: &Part, number: &BTreeMap<AreaCode, usize>, above: &[Option<usize>]) -> Vec<Vec<u32>> {
        let mut counts = vec![vec![0; part.groups.len()]; number.len()];
        for (&(place, group), &count) in self.incidents {
            let Some(side) = part.groups.iter().position(|&own| own == group) else { continue };
            let mut at = number.get(&place).copied().or_else(|| self::above(place, number));
            while let Some(here) = at {
                counts[here][side] += count;
                at = above[here];
            }
        }
        counts
    }
}

/// The place next above among those numbered.
fn above(place: AreaCode, number: &BTreeMap<AreaCode, usize>) -> Option<usize> {
    [Level::Village, Level::Township].into_iter().filter_map(|level| place.ancestor(level)).find_map(|up| number.get(&up).copied())
}

/// What is lost where a number is withheld: more for wider places, for totals, and for many.
const fn weight(area: AreaCode, count: u32, kinds: u64) -> u64 {
    let width = match area.level() {
        Level::Cell => 1,
        Level::Village => 3,
        _ => 9,
    };
    (10 + count as u64) * width * kinds
}

/// Withholds what is below the threshold and what must be withheld beside it; says which entries are below.
///
/// * `kept` – entries that are withheld in any case
/// * `twin` – entries of equal value are alike to the network
fn withhold<Twin: Ord>(network: &mut Network, threshold: u32, kept: &[bool], twin: impl Fn(usize) -> Option<Twin>) -> Vec<bool> {
    let primary: Vec<bool> = network.arcs().iter().map(|arc| arc.count < threshold).collect();
    for entry in (0..primary.len()).filter(|&i| primary[i] || kept[i]) {
        network.withhold(entry);
    }
    let mut below: Vec<usize> = (0..primary.len()).filter(|&i| primary[i]).collect();
    let mut met = BTreeSet::new();
    below.retain(|&i| twin(i).is_none_or(|twin| met.insert(twin)));
    // Wider places first: what is withheld for them also hides what lies in them.
    below.sort_by_key(|&i| (Reverse(network.arcs()[i].weight), i));
    let width = threshold.saturating_sub(1);
    for &entry in &below {
        while !network.is_hidden(entry, width) {
            let before = withheld_count(network);
            network.hide(entry, width);
            if withheld_count(network) == before {
                break;
            }
        }
    }
    // What another entry came to hide as well may be shown after all, the greatest loss first.
    let mut beside: Vec<usize> = (0..primary.len()).filter(|&i| network.is_withheld(i) && !primary[i] && !kept[i]).collect();
    beside.sort_by_key(|&i| (Reverse(network.arcs()[i].weight), i));
    for entry in beside {
        network.show(entry);
        if !below.iter().all(|&entry| network.is_hidden(entry, width)) {
            network.withhold(entry);
        }
    }
    primary
}

fn withheld_count(network: &Network) -> usize {
    (0..network.arcs().len()).filter(|&i| network.is_withheld(i)).count()
}
