//! What the map shows under the data: rivers, lakes, greens, roads, streets, names of settlements.
//!
//! Streets are edges between blocks of a town, joined where they run on straight. Country roads follow the ways from
//! block to block on which the houses stand.

use geo_types::{LineString, Point, Polygon};
use rustc_hash::{FxHashMap, FxHashSet};

use super::dice::Dice;
use super::divide::{Division, Use, block_at};
use super::graph::{FAR, Graph};
use super::land::{Land, P, coord, curve, distance, point, to_e7};
use super::mesh::Mesh;
use super::names::STREETS;
use super::rings::{NOBODY, outlines};
use super::world::{Feature, Shape};

/// All features, in drawing order.
pub(super) fn rows(land: &Land, mesh: &Mesh, division: &Division) -> Vec<Feature> {
    let mut out = Vec::new();
    woods(land, mesh, division, &mut out);
    greens(mesh, division, &mut out);
    let river: Vec<usize> = (0..mesh.edges.len()).filter(|&e| mesh.edges[e].river && drawn(mesh, e)).collect();
    for chain in chains(mesh, &river, -1.0) {
        out.push(named("river", ("枫溪", "Fengxi River"), Shape::Line(edge_line(mesh, &chain))));
    }
    for brook in &land.brooks {
        let inside: Vec<P> = brook.iter().copied().filter(|&p| land.outness(p) < 1.0).collect();
        if inside.len() > 1 {
            out.push(named("brook", ("", ""), Shape::Line(line(&inside))));
        }
    }
    let street: Vec<usize> = (0..mesh.edges.len())
        .filter(|&e| {
            let edge = &mesh.edges[e];
            !edge.river && mesh.in_town(edge.left as usize) && mesh.in_town(edge.right as usize) && drawn(mesh, e)
        })
        .collect();
    let mut dice = Dice::new(land.seed, "streets");
    for chain in chains(mesh, &street, 0.8) {
        let name = if chain.len() > 5 { *dice.pick(&STREETS) } else { ("", "") };
        let mut feature = named("street", name, Shape::Line(edge_line(mesh, &chain)));
        if !name.0.is_empty() {
            feature.name_zh += "路";
            feature.name_en += " Road";
        }
        out.push(feature);
    }
    roads(land, mesh, division, &mut out);
    for village in &division.villages {
        let part = &division.cells[village.first_cell];
        let best = part.blocks.iter().copied().max_by_key(|&b| division.households[b as usize]).unwrap_or(0);
        out.push(named("settlement", (&village.bare.zh, &village.bare.en), Shape::Place(point(mesh.sites[best as usize]))));
    }
    for town in &division.townships {
        let Point(at) = point(town.at);
        out.push(named("settlement", (&town.name.zh, &town.name.en), Shape::Place(Point(at))));
    }
    out
}

fn named(kind: &'static str, name: (&str, &str), shape: Shape) -> Feature {
    Feature { kind, name_zh: name.0.into(), name_en: name.1.into(), shape }
}

fn drawn(mesh: &Mesh, e: usize) -> bool {
    mesh.inside[mesh.edges[e].left as usize] && mesh.inside[mesh.edges[e].right as usize]
}

fn line(points: &[P]) -> LineString<f64> {
    points.iter().map(|&p| coord(to_e7(p))).collect()
}

/// Woods: the hilly blocks that hang together, with the wiggles of their edges.
fn woods(land: &Land, mesh: &Mesh, division: &Division, out: &mut Vec<Feature>) {
    let hilly: Vec<bool> = (0..mesh.sites.len()).map(|b| division.cell_of[b] != FAR && !mesh.in_town(b) && land.hill(mesh.sites[b]) > 0.62).collect();
    let mut owner = vec![NOBODY; mesh.sites.len()];
    let mut count = 0;
    for first in 0..owner.len() {
        if hilly[first] && owner[first] == NOBODY {
            for (b, found) in mesh.flood(&[first], &hilly).into_iter().enumerate() {
                if found {
                    owner[b] = count;
                }
            }
            count += 1;
        }
    }
    for polygon in outlines(mesh, &owner, count as usize) {
        out.push(named("wood", ("", ""), Shape::Area(polygon)));
    }
}

/// Lakes and parks from their blocks.
fn greens(mesh: &Mesh, division: &Division, out: &mut Vec<Feature>) {
    for block in 0..mesh.sites.len() {
        if division.cell_of[block] == FAR {
            continue;
        }
        let (kind, shrink) = match division.used[block] {
            Use::Lake => ("lake", 0.62),
            Use::Park => ("park", 0.86),
            _ => continue,
        };
        let s = mesh.sites[block];
        let mut corners: Vec<(f64, P)> = mesh
            .around(block)
            .iter()
            .map(|&e| {
                let edge = &mesh.edges[e as usize];
                let corner = mesh.corners[if edge.left as usize == block { edge.a } else { edge.b } as usize];
                ((corner[1] - s[1]).atan2(corner[0] - s[0]), [s[0] + (corner[0] - s[0]) * shrink, s[1] + (corner[1] - s[1]) * shrink])
            })
            .collect();
        corners.sort_by(|a, b| a.0.total_cmp(&b.0));
        let ring: Vec<P> = corners.into_iter().map(|c| c.1).collect();
        let ring = if kind == "lake" { rounded(&ring) } else { ring };
        let mut ring: Vec<P> = ring;
        ring.extend(ring.first().copied());
        out.push(named(kind, ("", ""), Shape::Area(Polygon::new(line(&ring), Vec::new()))));
    }
}

/// Cuts corners twice (Chaikin).
fn rounded(ring: &[P]) -> Vec<P> {
    let mut ring = ring.to_vec();
    for _ in 0..2 {
        ring = (0..ring.len())
            .flat_map(|i| {
                let (a, b) = (ring[i], ring[(i + 1) % ring.len()]);
                let at = |t: f64| [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t];
                [at(0.25), at(0.75)]
            })
            .collect();
    }
    ring
}

/// Joins edges to lines where two of them run on with a cosine of at least `straight` between their directions.
fn chains(mesh: &Mesh, edges: &[usize], straight: f64) -> Vec<Vec<(usize, bool)>> {
    let mut at_corner: FxHashMap<u32, Vec<usize>> = FxHashMap::default();
    for &e in edges {
        at_corner.entry(mesh.edges[e].a).or_default().push(e);
        at_corner.entry(mesh.edges[e].b).or_default().push(e);
    }
    // From (edge, corner) to the edge that it runs on into.
    let mut onward: FxHashMap<(usize, u32), usize> = FxHashMap::default();
    for &e in edges {
        for corner in [mesh.edges[e].a, mesh.edges[e].b] {
            let here = &at_corner[&corner];
            let mut best: Option<(f64, usize, usize)> = None;
            for (i, &p) in here.iter().enumerate() {
                for &q in &here[i + 1..] {
                    let (u, v) = (away(mesh, p, corner), away(mesh, q, corner));
                    let bend = -(u[0] * v[0] + u[1] * v[1]);
                    if bend >= straight && best.is_none_or(|b| bend > b.0) {
                        best = Some((bend, p, q));
                    }
                }
            }
            if let Some((_, p, q)) = best {
                onward.insert((p, corner), q);
                onward.insert((q, corner), p);
            }
        }
    }
    let mut used: FxHashSet<usize> = FxHashSet::default();
    let mut out = Vec::new();
    for only_ends in [true, false] {
        for &e in edges {
            let edge = &mesh.edges[e];
            let backwards = if !onward.contains_key(&(e, edge.a)) {
                false
            } else if !onward.contains_key(&(e, edge.b)) {
                true
            } else if only_ends {
                continue;
            } else {
                false
            };
            let mut chain = Vec::new();
            let (mut at, mut back) = (e, backwards);
            while used.insert(at) {
                chain.push((at, back));
                let end = if back { mesh.edges[at].a } else { mesh.edges[at].b };
                let Some(&next) = onward.get(&(at, end)) else { break };
                back = mesh.edges[next].b == end;
                at = next;
            }
            if !chain.is_empty() {
                out.push(chain);
            }
        }
    }
    out
}

/// The direction of an edge away from one of its corners.
fn away(mesh: &Mesh, e: usize, corner: u32) -> P {
    let edge = &mesh.edges[e];
    let (a, b) = (mesh.corners[edge.a as usize], mesh.corners[edge.b as usize]);
    let length = distance(a, b);
    let sign = if edge.a == corner { 1.0 } else { -1.0 };
    [(b[0] - a[0]) / length * sign, (b[1] - a[1]) / length * sign]
}

fn edge_line(mesh: &Mesh, chain: &[(usize, bool)]) -> LineString<f64> {
    let mut points = Vec::new();
    for &(e, backwards) in chain {
        let mut line = mesh.line(&mesh.edges[e]);
        if backwards {
            line.reverse();
        }
        points.extend(line.into_iter().skip(usize::from(!points.is_empty())));
    }
    points.into_iter().map(coord).collect()
}

/// Main roads from the towns to their seat and between neighbouring towns, and lanes from every hamlet to its town.
fn roads(land: &Land, mesh: &Mesh, division: &Division, out: &mut Vec<Feature>) {
    let mut graph = Graph::new(mesh);
    let mut on_road = vec![false; mesh.sites.len()];
    let seats: Vec<usize> = (0..land.counties.len()).filter_map(|c| land.towns.iter().position(|t| t.county == c)).collect();
    let blocks: Vec<usize> = land.towns.iter().map(|t| block_at(mesh, t.at)).collect();
    let mut ways: Vec<(&'static str, Vec<usize>)> = Vec::new();
    let starts: Vec<(usize, f64)> = seats.iter().map(|&s| (blocks[s], 1.0)).collect();
    let from_seats = graph.nearest(&starts, None).before;
    for &b in &blocks {
        ways.push(("main_road", walk(&from_seats, b, &mut on_road)));
    }
    if let Some(&first) = seats.first().filter(|_| seats.len() > 1) {
        let tree = graph.nearest(&[(blocks[first], 1.0)], None).before;
        // These may run beside the roads within the counties.
        let mut between = vec![false; mesh.sites.len()];
        for &s in &seats {
            ways.push(("main_road", walk(&tree, blocks[s], &mut between)));
        }
    }
    for (k, &b) in blocks.iter().enumerate() {
        let near = (0..k).min_by(|&i, &j| distance(land.towns[i].at, land.towns[k].at).total_cmp(&distance(land.towns[j].at, land.towns[k].at)));
        if let Some(i) = near.filter(|_| land.counties.len() == 1) {
            let tree = graph.nearest(&[(blocks[i], 1.0)], None).before;
            ways.push(("road", walk(&tree, b, &mut on_road)));
        }
    }
    for block in 0..mesh.sites.len() {
        if division.cell_of[block] != FAR && division.households[block] > 0 && !mesh.in_town(block) {
            ways.push(("lane", walk(&division.before, block, &mut on_road)));
        }
    }
    let mut dice = Dice::new(land.seed, "roads");
    let eased = ease(mesh, &ways);
    for (kind, way) in ways.iter().filter(|w| w.1.len() > 1) {
        let knots: Vec<P> = way.iter().map(|&b| eased[b]).collect();
        let points = curve(&knots, if *kind == "lane" { 3 } else { 5 });
        let number = dice.below(80) + 1;
        let (zh, en) = match *kind {
            "main_road" => (format!("S{}省道", 200 + number), format!("S{}", 200 + number)),
            "road" => (format!("X{}县道", 300 + number), format!("X{}", 300 + number)),
            _ => (String::new(), String::new()),
        };
        out.push(named(kind, (&zh, &en), Shape::Line(line(&points))));
    }
}

/// The way from a block back to the start of a tree, up to the first block that has a road already.
fn walk(before: &[u32], from: usize, on_road: &mut [bool]) -> Vec<usize> {
    let mut way = vec![from];
    let mut at = from;
    if std::mem::replace(&mut on_road[at], true) && way.len() > 1 {
        return way;
    }
    while before[at] != FAR && before[at] as usize != at {
        at = before[at] as usize;
        way.push(at);
        if std::mem::replace(&mut on_road[at], true) {
            break;
        }
    }
    way
}

/// Roads cut the corners of the way from block to block; where ways meet they keep meeting.
fn ease(mesh: &Mesh, ways: &[(&'static str, Vec<usize>)]) -> Vec<P> {
    let mut eased = mesh.sites.clone();
    let mut done = vec![false; mesh.sites.len()];
    for (_, way) in ways {
        for w in way.windows(3) {
            let (a, b, c) = (mesh.sites[w[0]], mesh.sites[w[1]], mesh.sites[w[2]]);
            if !std::mem::replace(&mut done[w[1]], true) {
                eased[w[1]] = [0, 1].map(|k| 0.5 * b[k] + 0.25 * (a[k] + c[k]));
            }
        }
    }
    eased
}
