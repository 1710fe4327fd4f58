//! How rings that do not cross lie in each other: holes in their shell and beside each other, parts beside parts, the
//! inside in one piece.

use std::collections::{HashMap, HashSet};

use geo::Coord;

use super::edges::Touch;
use super::{Flaw, FlawKind, Ring};
use crate::geom::ring::{Side, side_of_ring};

/// A ring with its bounding box.
struct Boxed<'a> {
    ring: &'a Ring,
    lo: [f64; 2],
    hi: [f64; 2],
}

impl Boxed<'_> {
    fn may_hold(&self, inner: &Self) -> bool {
        (0..2).all(|axis| self.lo[axis] <= inner.lo[axis] && inner.hi[axis] <= self.hi[axis])
    }

    fn holds(&self, inner: &Self) -> bool {
        self.may_hold(inner) && side_of_ring(&self.ring.coords, &inner.ring.coords) != Side::Outside
    }

    fn first(&self) -> Coord {
        self.ring.coords[0]
    }
}

fn boxed(ring: &Ring) -> Boxed<'_> {
    let mut lo = [f64::INFINITY; 2];
    let mut hi = [f64::NEG_INFINITY; 2];
    for c in &ring.coords {
        lo = [lo[0].min(c.x), lo[1].min(c.y)];
        hi = [hi[0].max(c.x), hi[1].max(c.y)];
    }
    Boxed { ring, lo, hi }
}

/// The flaws of rings that neither cross nor run along each other.
pub(super) fn flaws(rings: &[Ring], touches: &[Touch]) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let boxes: Vec<Boxed> = rings.iter().map(boxed).collect();
    // Rings come part by part, the shell first.
    let parts: Vec<&[Boxed]> = boxes.chunk_by(|a, b| a.ring.polygon == b.ring.polygon).collect();
    for part in &parts {
        holes(part, &mut flaws);
    }
    shells(&parts, &mut flaws);
    if flaws.is_empty() {
        disconnected(rings, touches, &mut flaws);
    }
    flaws
}

fn holes(part: &[Boxed], flaws: &mut Vec<Flaw>) {
    let (shell, holes) = if part[0].ring.is_hole { (None, part) } else { (Some(&part[0]), &part[1..]) };
    for hole in holes {
        if !shell.is_some_and(|shell| shell.holds(hole)) {
            flaws.push(Flaw::new(FlawKind::HoleOutside, hole.first()));
        }
    }
    for (i, hole) in holes.iter().enumerate() {
        if holes.iter().enumerate().any(|(j, other)| i != j && other.holds(hole)) {
            flaws.push(Flaw::new(FlawKind::NestedHoles, hole.first()));
        }
    }
}

fn shells(parts: &[&[Boxed]], flaws: &mut Vec<Flaw>) {
    for (i, inner) in parts.iter().enumerate() {
        let nested =
            parts.iter().enumerate().any(|(j, outer)| i != j && outer[0].holds(&inner[0]) && !outer[1..].iter().any(|hole| hole.holds(&inner[0])));
        if nested {
            flaws.push(Flaw::new(FlawKind::NestedShells, inner[0].first()));
        }
    }
}

/// Rings and their touching points are a graph; where it has a circle, the circle cuts the inside in two.
fn disconnected(rings: &[Ring], touches: &[Touch], flaws: &mut Vec<Flaw>) {
    let mut groups: Vec<usize> = (0..rings.len()).collect();
    let mut points: HashMap<(usize, [u64; 2]), usize> = HashMap::new();
    let mut links = HashSet::new();
    for touch in touches {
        let polygon = rings[touch.rings[0]].polygon;
        if polygon != rings[touch.rings[1]].polygon {
            continue;
        }
        let key = (polygon, [touch.at.x.to_bits(), touch.at.y.to_bits()]);
        let point = *points.entry(key).or_insert_with(|| {
            groups.push(groups.len());
            groups.len() - 1
        });
        for ring in touch.rings {
            if !links.insert((ring, point)) {
                continue;
            }
            let (a, b) = (root(&mut groups, ring), root(&mut groups, point));
            if a == b {
                flaws.push(Flaw::new(FlawKind::DisconnectedInterior, touch.at));
            }
            groups[a] = b;
        }
    }
}

fn root(groups: &mut [usize], mut at: usize) -> usize {
    while groups[at] != at {
        groups[at] = groups[groups[at]];
        at = groups[at];
    }
    at
}
