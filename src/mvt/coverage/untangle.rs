//! From cut rings to rings that are drawn: edges used in both directions cancel, rings are parted where they touch
//! themselves, holes find their exterior.

use super::Rings;
use super::clip::Cut;
use crate::mvt::rings::twice_area;

type Place = [i32; 2];

/// The cut rings of one shape; kept from shape to shape for its room.
#[derive(Debug, Default)]
pub(super) struct Untangle {
    raw: Rings,
    sorted: Vec<u64>,
    out: Rings,
}

impl Untangle {
    pub(super) fn clear(&mut self) {
        self.raw.clear();
    }

    /// Adds a ring. Fewer than three corners enclose nothing and cancel by themselves.
    pub(super) fn push(&mut self, ring: &[Place]) {
        if ring.len() >= 3 {
            self.raw.push(ring);
        }
    }

    /// The rings to draw of a shape whose places were all different before the cut: only on its sides may two have met.
    pub(super) fn finish_plain(&mut self, cut: Cut) -> &Rings {
        self.sorted.clear();
        if let Some(only) = self.raw.only() {
            self.sorted.extend(only.iter().copied().filter(|&p| cut.on_a_side(p)).map(key));
            self.sorted.sort_unstable();
        }
        if self.raw.only().is_none() || self.sorted.windows(2).any(|p| p[0] == p[1]) {
            return self.finish();
        }
        self.out.clear();
        if let Some(only) = self.raw.only().filter(|only| twice_area(only) > 0) {
            self.out.push(only);
        }
        &self.out
    }

    /// The rings to draw; none when no area is left.
    pub(super) fn finish(&mut self) -> &Rings {
        self.out.clear();
        self.sorted.clear();
        self.sorted.extend(self.raw.iter().flatten().copied().map(key));
        self.sorted.sort_unstable();
        if self.sorted.windows(2).all(|p| p[0] != p[1]) {
            if let Some(only) = self.raw.only() {
                if twice_area(only) > 0 {
                    self.out.push(only);
                }
                return &self.out;
            }
            arrange(self.raw.iter(), &mut self.out);
        } else {
            let loops = part(&remaining(&self.raw));
            arrange(loops.iter().map(Vec::as_slice), &mut self.out);
        }
        &self.out
    }
}

fn key(p: Place) -> u64 {
    u64::from(p[0] as u32) << 32 | u64::from(p[1] as u32)
}

/// The edges that are left when opposite ones cancel, sorted.
fn remaining(rings: &Rings) -> Vec<(Place, Place)> {
    let mut edges: Vec<(Place, Place)> = Vec::with_capacity(rings.corner_count());
    for ring in rings.iter() {
        edges.extend(ring.iter().copied().zip(ring.iter().copied().cycle().skip(1)));
    }
    let between = |e: &(Place, Place)| (e.0.min(e.1), e.0.max(e.1));
    edges.sort_unstable_by_key(between);
    let mut left = Vec::with_capacity(edges.len());
    for same in edges.chunk_by(|a, b| between(a) == between(b)) {
        let (lo, hi) = between(&same[0]);
        let up = same.iter().filter(|e| e.0 == lo).count();
        let down = same.len() - up;
        left.extend(std::iter::repeat_n((lo, hi), up.saturating_sub(down)));
        left.extend(std::iter::repeat_n((hi, lo), down.saturating_sub(up)));
    }
    left.sort_unstable();
    left
}

/// Walks the edges into rings that visit no place twice; where ways part, the sharpest turn to the right is taken, so that
/// rings touch and do not cross.
fn part(edges: &[(Place, Place)]) -> Vec<Vec<Place>> {
    let mut used = vec![false; edges.len()];
    let mut loops = Vec::new();
    for start in 0..edges.len() {
        let mut way: Vec<Place> = Vec::new();
        let mut next = (!used[start]).then_some(start);
        while let Some(edge) = next {
            used[edge] = true;
            let (from, to) = edges[edge];
            way.push(from);
            if let Some(at) = way.iter().position(|p| *p == to) {
                loops.push(way.split_off(at));
            }
            let first = edges.partition_point(|e| e.0 < to);
            let leaving = (first..edges.len()).take_while(|&i| edges[i].0 == to).filter(|&i| !used[i]);
            next = leaving.max_by(|&i, &j| turn(from, to, edges[i].1).total_cmp(&turn(from, to, edges[j].1)));
        }
    }
    loops
}

/// The angle by which the way turns to the right, −π to π; straight back counts as −π.
fn turn(a: Place, b: Place, c: Place) -> f64 {
    let d = |p: Place, q: Place| [f64::from(q[0]) - f64::from(p[0]), f64::from(q[1]) - f64::from(p[1])];
    let ([ux, uy], [vx, vy]) = (d(a, b), d(b, c));
    let (cross, dot) = (ux * vy - uy * vx, ux * vx + uy * vy);
    if cross == 0.0 && dot < 0.0 { -std::f64::consts::PI } else { cross.atan2(dot) }
}

/// Writes each exterior with its holes behind it. A hole goes to the smallest exterior around it; one that rounding left
/// outside of all goes to the largest, so that its edges are still there for the neighbours.
fn arrange<'a>(rings: impl Iterator<Item = &'a [Place]>, out: &mut Rings) {
    let sized: Vec<(i64, &[Place])> = rings.map(|r| (twice_area(r), r)).filter(|r| r.0 != 0).collect();
    if let [(area, ring)] = sized[..] {
        if area > 0 {
            out.push(ring);
        }
        return;
    }
    if sized.iter().map(|r| r.0).sum::<i64>() <= 0 {
        return;
    }
    let (outer, holes): (Vec<_>, Vec<_>) = sized.into_iter().partition(|r| r.0 > 0);
    let largest = (0..outer.len()).max_by_key(|&i| outer[i].0);
    let mut home: Vec<Option<usize>> = Vec::with_capacity(holes.len());
    for (_, hole) in &holes {
        let around = (0..outer.len()).filter(|&i| outer.len() == 1 || holds(outer[i].1, hole));
        home.push(around.min_by_key(|&i| outer[i].0).or(largest));
    }
    for (i, (_, ring)) in outer.iter().enumerate() {
        out.push(ring);
        holes.iter().zip(&home).filter(|(_, home)| **home == Some(i)).for_each(|((_, hole), _)| out.push(hole));
    }
}

/// Whether a ring lies around another: told by the first corner of the other that is not on it.
fn holds(ring: &[Place], other: &[Place]) -> bool {
    other.iter().find_map(|p| side(ring, *p)).unwrap_or(true)
}

/// Whether a place is inside; none when it is on the ring.
fn side(ring: &[Place], p: Place) -> Option<bool> {
    let mut inside = false;
    for (i, b) in ring.iter().enumerate() {
        let a = ring[if i == 0 { ring.len() - 1 } else { i - 1 }];
        let d = |i: usize, p: Place, q: Place| i64::from(q[i]) - i64::from(p[i]);
        let cross = d(0, a, *b) * d(1, a, p) - d(1, a, *b) * d(0, a, p);
        let within = |i: usize| p[i] >= a[i].min(b[i]) && p[i] <= a[i].max(b[i]);
        if cross == 0 && within(0) && within(1) {
            return None;
        }
        if (a[1] > p[1]) != (b[1] > p[1]) && (cross > 0) == (b[1] > a[1]) {
            inside = !inside;
        }
    }
    Some(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn untangle(rings: &[&[Place]]) -> Vec<Vec<Place>> {
        let mut all = Untangle::default();
        for ring in rings {
            all.push(ring);
        }
        all.finish().iter().map(<[_]>::to_vec).collect()
    }

    #[test]
    fn a_spike_is_cut_off_and_a_flat_ring_vanishes() {
        let square_with_spike = [[0, 0], [5, 0], [9, 0], [5, 0], [5, 5], [0, 5]];
        assert_eq!(untangle(&[&square_with_spike]), [vec![[0, 0], [5, 0], [5, 5], [0, 5]]]);
        assert!(untangle(&[&[[0, 0], [5, 5], [9, 9], [5, 5]]]).is_empty());
    }

    #[test]
    fn two_squares_that_touch_become_two_rings_and_two_that_join_one() {
        let touching = [[0, 0], [5, 0], [5, 5], [9, 5], [9, 9], [5, 9], [5, 5], [0, 5]];
        let parts = untangle(&[&touching]);
        assert_eq!(parts.iter().map(|r| twice_area(r)).collect::<Vec<_>>(), [50, 32]);
        let joined = untangle(&[&[[0, 0], [5, 0], [5, 5], [0, 5]], &[[5, 0], [9, 0], [9, 5], [5, 5]]]);
        assert_eq!(joined.iter().map(|r| twice_area(r)).collect::<Vec<_>>(), [90]);
    }

    #[test]
    fn a_hole_stands_behind_the_exterior_around_it() {
        let square = |at: i32, side: i32| [[at, at], [at + side, at], [at + side, at + side], [at, at + side]];
        let mut hole = square(22, 2);
        hole.reverse();
        let parts = untangle(&[&square(0, 10), &square(20, 9), &square(40, 20), &hole]);
        assert_eq!(parts.iter().map(|r| twice_area(r)).collect::<Vec<_>>(), [200, 162, -8, 800]);
    }
}
