//! Who owns which block: counties, townships, villages, cells, and their codes and names.
//!
//! Works only with numbers of blocks; `areas` makes rows with outlines of it.

use super::dice::Dice;
use super::graph::{FAR, Graph};
use super::land::{Land, P, distance};
use super::mesh::Mesh;
use super::names::{FENGXI_COMMUNITIES, Kind, Name, deck, with_kind};

/// Households of a cell to aim at, in towns and in the country.
const TOWN_CELL: f64 = 385.0;
const COUNTRY_CELL: f64 = 268.0;
/// Cells of a community and of a village to aim at.
const COMMUNITY_CELLS: f64 = 3.7;
const VILLAGE_CELLS: f64 = 2.0;

/// What a block is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Homes,
    Lake,
    Park,
    Campus,
}

/// A township: its code on the 9-digit scale.
#[derive(Debug)]
pub(super) struct Township {
    pub(super) code: i64,
    pub(super) county: usize,
    pub(super) kind: Kind,
    pub(super) name: Name,
    pub(super) at: P,
}

/// A village or community: its code on the 12-digit scale.
#[derive(Debug)]
pub(super) struct Village {
    pub(super) code: i64,
    pub(super) township: usize,
    pub(super) town: bool,
    pub(super) class: i16,
    /// Without the word for its kind, and with it.
    pub(super) bare: Name,
    pub(super) name: Name,
    /// Its cells: `first_cell..first_cell + cell_count`.
    pub(super) first_cell: usize,
    pub(super) cell_count: usize,
}

/// A cell: its code on the 15-digit scale.
#[derive(Debug)]
pub(super) struct CellPart {
    pub(super) code: i64,
    pub(super) village: usize,
    pub(super) dedicated: bool,
    pub(super) blocks: Vec<u32>,
    pub(super) households: u32,
}

/// The whole division; lists are in the order of their codes.
#[derive(Debug)]
pub(super) struct Division {
    pub(super) townships: Vec<Township>,
    pub(super) villages: Vec<Village>,
    pub(super) cells: Vec<CellPart>,
    /// By block: its cell (`FAR` outside), households, use, and the next block on the way to the township's centre.
    pub(super) cell_of: Vec<u32>,
    pub(super) households: Vec<u32>,
    pub(super) used: Vec<Use>,
    pub(super) before: Vec<u32>,
}

/// The digits of the invented province and city.
pub(super) const CITY: i64 = 9903;

/// Divides the land.
pub(super) fn divide(land: &Land, mesh: &Mesh) -> Division {
    let n = mesh.sites.len();
    let mut graph = Graph::new(mesh);
    let mut out = Division {
        townships: Vec::new(),
        villages: Vec::new(),
        cells: Vec::new(),
        cell_of: vec![FAR; n],
        households: vec![0; n],
        used: uses(land, mesh),
        before: vec![FAR; n],
    };
    let seats: Vec<(usize, f64)> =
        (0..land.counties.len()).filter_map(|c| land.towns.iter().find(|t| t.county == c)).map(|seat| (block_at(mesh, seat.at), 1.0)).collect();
    let county_of = graph.nearest(&seats, None).centre;
    let mut order: Vec<usize> = (0..land.counties.len()).collect();
    order.sort_by_key(|&c| land.counties[c].serial);
    for c in order {
        let blocks: Vec<u32> = (0..n as u32).filter(|&b| county_of[b as usize] == c as u32).collect();
        people(land, mesh, c, &blocks, &mut out);
        county(land, mesh, &mut graph, c, &blocks, &mut out);
    }
    out
}

/// The block inside whose middle is nearest to a place.
pub(super) fn block_at(mesh: &Mesh, p: P) -> usize {
    (0..mesh.sites.len()).filter(|&i| mesh.inside[i]).min_by(|&a, &b| distance(mesh.sites[a], p).total_cmp(&distance(mesh.sites[b], p))).unwrap_or(0)
}

/// Lakes in the country, parks and campuses in towns.
fn uses(land: &Land, mesh: &Mesh) -> Vec<Use> {
    let dice = Dice::new(land.seed, "uses");
    (0..mesh.sites.len())
        .map(|b| {
            let mut dice = dice.fork(b);
            if mesh.in_town(b) {
                if dice.chance(0.045) { Use::Park } else { Use::Homes }
            } else if mesh.area_m2[b] > 150_000.0 && dice.chance(0.011) {
                Use::Lake
            } else {
                Use::Homes
            }
        })
        .collect()
}

/// Shares the households of a county out to its blocks, exactly.
fn people(land: &Land, mesh: &Mesh, county: usize, blocks: &[u32], out: &mut Division) {
    let dice = Dice::new(land.seed, "people");
    let want: Vec<f64> = blocks
        .iter()
        .map(|&b| {
            let block = b as usize;
            if out.used[block] != Use::Homes {
                return 0.0;
            }
            let spread = dice.fork(block).between(0.7, 1.3);
            land.density(mesh.sites[block]) * mesh.area_m2[block] * spread
        })
        .collect();
    for (&b, households) in blocks.iter().zip(share_out(land.counties[county].households, &want, 0)) {
        out.households[b as usize] = households as u32;
    }
}

/// Shares a whole number out in proportion to weights, at least `least` each; the sum is exact.
pub(super) fn share_out(whole: usize, weights: &[f64], least: usize) -> Vec<usize> {
    let sum: f64 = weights.iter().sum();
    if weights.is_empty() || sum <= 0.0 {
        return vec![least; weights.len()];
    }
    let exact: Vec<f64> = weights.iter().map(|w| w / sum * whole as f64).collect();
    let mut parts: Vec<usize> = exact.iter().map(|&e| (e as usize).max(least)).collect();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by(|&a, &b| (exact[b] - parts[b] as f64).total_cmp(&(exact[a] - parts[a] as f64)).then(a.cmp(&b)));
    let given: usize = parts.iter().sum();
    for k in 0..whole.saturating_sub(given) {
        parts[order[k % order.len()]] += 1;
    }
    let mut over = given.saturating_sub(whole);
    for &k in order.iter().rev().cycle().take(parts.len() * 4) {
        if over > 0 && parts[k] > least {
            parts[k] -= 1;
            over -= 1;
        }
    }
    parts
}

/// Divides one county into townships, villages and cells.
fn county(land: &Land, mesh: &Mesh, graph: &mut Graph<'_>, c: usize, blocks: &[u32], out: &mut Division) {
    let county = &land.counties[c];
    let mut dice = Dice::new(land.seed, "county").fork(c);
    let mut towns: Vec<usize> = (0..land.towns.len()).filter(|&t| land.towns[t].county == c).collect();
    towns.sort_by_key(|&t| land.towns[t].kind);
    let centres: Vec<(usize, f64)> = towns
        .iter()
        .map(|&t| {
            let at = land.towns[t].at;
            let nearest =
                blocks.iter().copied().min_by(|&a, &b| distance(mesh.sites[a as usize], at).total_cmp(&distance(mesh.sites[b as usize], at)));
            (nearest.unwrap_or(0) as usize, land.towns[t].reach)
        })
        .collect();
    let reach = graph.nearest(&centres, Some(blocks));
    for &b in blocks {
        out.before[b as usize] = reach.before[b as usize];
    }
    // A block's weight in villages, and in cells.
    let size = |b: u32| f64::from(out.households[b as usize]);
    let in_town = |b: u32| mesh.in_town(b as usize);
    let mut village_weight = vec![0.0; mesh.sites.len()];
    for &b in blocks {
        village_weight[b as usize] = size(b) / if in_town(b) { TOWN_CELL * COMMUNITY_CELLS } else { COUNTRY_CELL * VILLAGE_CELLS };
    }
    let groups: Vec<(Vec<u32>, Vec<f64>)> = (0..towns.len())
        .map(|t| {
            let mine: Vec<u32> = blocks.iter().copied().filter(|&b| reach.centre[b as usize] == t as u32).collect();
            let villages = mine.iter().map(|&b| village_weight[b as usize]).sum::<f64>().round().max(1.0) as usize;
            let targets = (0..villages).map(|_| dice.between(0.8, 1.2)).collect();
            (mine, targets)
        })
        .collect();
    let villages = graph.divide_all(&groups, &village_weight);
    let flat: Vec<&Vec<u32>> = villages.iter().flatten().collect();
    let cell_groups = cell_targets(county.cells, &flat, out, mesh, &mut dice);
    let weight: Vec<f64> = out.households.iter().map(|&h| f64::from(h)).collect();
    let mut cells = graph.divide_all(&cell_groups, &weight).into_iter().zip(cell_groups);
    let mut names = deck(&mut dice.fork(3)).into_iter();
    let mut serials = [0_i64; 3];
    for (t, parts) in villages.iter().enumerate() {
        let town = &land.towns[towns[t]];
        serials[town.kind as usize] += 1;
        let serial = town.kind.base() + serials[town.kind as usize];
        let code = (CITY * 100 + county.serial) * 1_000 + serial;
        let (zh, en) = town.kind.words();
        out.townships.push(Township { code, county: c, kind: town.kind, name: with_kind(&town.name, zh, en), at: town.at });
        let drafts = parts.iter().map(|blocks| draft(blocks, cells.next(), out, mesh, town.at)).collect();
        name_villages(drafts, code, town.kind, &mut names, out, mesh);
    }
}

/// Target weights of the cells of every village; some planted too large, too small, or dedicated.
fn cell_targets(cells: usize, villages: &[&Vec<u32>], out: &Division, mesh: &Mesh, dice: &mut Dice) -> Vec<(Vec<u32>, Vec<f64>)> {
    let dedicated = (cells / 50).max(1);
    let want: Vec<f64> = villages
        .iter()
        .map(|blocks| {
            blocks.iter().map(|&b| f64::from(out.households[b as usize]) / if mesh.in_town(b as usize) { TOWN_CELL } else { COUNTRY_CELL }).sum()
        })
        .collect();
    let counts = share_out(cells - dedicated, &want, 1);
    let mut order: Vec<usize> = (0..villages.len()).collect();
    dice.shuffle(&mut order);
    // Villages of towns first, for what is planted in towns.
    order.sort_by_key(|&v| (!is_town(villages[v], out, mesh), counts[v] < 3));
    let over = (cells / 45).max(2);
    let under = (cells / 60).max(1);
    let mut groups: Vec<(Vec<u32>, Vec<f64>)> =
        villages.iter().zip(&counts).map(|(blocks, &k)| ((*blocks).clone(), (0..k).map(|_| dice.between(0.88, 1.12)).collect())).collect();
    for (i, &v) in order.iter().enumerate() {
        let targets = &mut groups[v].1;
        if i < dedicated {
            // A target below 1 marks it: see `draft`.
            targets.push(0.24);
        } else if i < dedicated + over {
            targets[0] *= 2.1;
        } else if i < dedicated + over + under && targets.len() > 1 {
            targets[0] *= 0.45;
        }
    }
    groups
}

fn is_town(blocks: &[u32], out: &Division, mesh: &Mesh) -> bool {
    let all: u32 = blocks.iter().map(|&b| out.households[b as usize]).sum();
    let town: u32 = blocks.iter().filter(|&&b| mesh.in_town(b as usize)).map(|&b| out.households[b as usize]).sum();
    town * 2 >= all.max(1)
}

/// A village without a name yet.
struct Draft {
    town: bool,
    density: f64,
    from_centre_m: f64,
    cells: Vec<(bool, Vec<u32>)>,
}

type Cut = (Vec<Vec<u32>>, (Vec<u32>, Vec<f64>));

fn draft(blocks: &[u32], cut: Option<Cut>, out: &Division, mesh: &Mesh, centre: P) -> Draft {
    let (parts, (_, targets)) = cut.unwrap_or_default();
    let households: f64 = blocks.iter().map(|&b| f64::from(out.households[b as usize])).sum();
    let area_m2: f64 = blocks.iter().map(|&b| mesh.area_m2[b as usize]).sum();
    let cells = parts.into_iter().zip(targets).map(|(blocks, target)| (target < 0.3, blocks)).collect();
    let middle = middle(blocks, mesh);
    Draft { town: is_town(blocks, out, mesh), density: households / area_m2 * 1e6, from_centre_m: distance(middle, centre), cells }
}

/// The mean of the blocks' middles.
pub(super) fn middle(blocks: &[u32], mesh: &Mesh) -> P {
    let mut sum = [0.0; 2];
    for &b in blocks {
        let p = mesh.sites[b as usize];
        sum = [sum[0] + p[0], sum[1] + p[1]];
    }
    sum.map(|s| s / blocks.len().max(1) as f64)
}

/// Gives codes and names: communities from 001, villages from 200, from the centre outwards; cells west to east.
fn name_villages(mut drafts: Vec<Draft>, township: i64, kind: Kind, names: &mut impl Iterator<Item = Name>, out: &mut Division, mesh: &Mesh) {
    drafts.sort_by(|a, b| b.town.cmp(&a.town).then(a.from_centre_m.total_cmp(&b.from_centre_m)));
    let (mut communities, mut rural) = (0, 199);
    for draft in drafts {
        let serial = if draft.town { &mut communities } else { &mut rural };
        *serial += 1;
        let code = township * 1_000 + *serial;
        let fixed = FENGXI_COMMUNITIES.get(communities as usize - usize::from(draft.town)).filter(|_| draft.town && township == 990_321_001);
        let bare = fixed
            .map(|f| Name { zh: f.0.into(), en: f.1.into() })
            .or_else(|| names.next())
            .unwrap_or_else(|| Name { zh: "新村".into(), en: "Xincun".into() });
        let class = match (kind, draft.town) {
            (Kind::Subdistrict, true) => {
                if draft.density > 1_300.0 {
                    111
                } else {
                    112
                }
            }
            (Kind::Town, true) => {
                if draft.density > 500.0 {
                    121
                } else {
                    122
                }
            }
            (Kind::Township, true) => 210,
            (Kind::Subdistrict | Kind::Town, false) if draft.density > 260.0 => {
                if kind == Kind::Town {
                    122
                } else {
                    112
                }
            }
            (_, false) => 220,
        };
        let village = out.villages.len();
        let first_cell = out.cells.len();
        let mut cells = draft.cells;
        cells.sort_by(|a, b| {
            let (p, q) = (middle(&a.1, mesh), middle(&b.1, mesh));
            p[0].total_cmp(&q[0]).then(q[1].total_cmp(&p[1]))
        });
        for (k, (dedicated, blocks)) in cells.into_iter().enumerate() {
            let households = blocks.iter().map(|&b| out.households[b as usize]).sum();
            for &b in &blocks {
                out.cell_of[b as usize] = out.cells.len() as u32;
                if dedicated {
                    out.used[b as usize] = Use::Campus;
                }
            }
            out.cells.push(CellPart { code: code * 1_000 + k as i64 + 1, village, dedicated, blocks, households });
        }
        let name = if draft.town { with_kind(&bare, "社区", "Community") } else { with_kind(&bare, "村", "Village") };
        let cell_count = out.cells.len() - first_cell;
        out.villages.push(Village { code, township: out.townships.len() - 1, town: draft.town, class, bare, name, first_cell, cell_count });
    }
}
