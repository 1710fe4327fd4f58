//! Cutting rings to a square.
//!
//! A ring is projected onto the square: what is inside stays, what is outside goes to the nearest place on the sides.
//! The image of a straight edge bends only where it crosses the lines of the four sides, so it is enough to put corners
//! there and to clamp. Each is computed from the whole edge, exactly, then rounded: the same from both directions.

/// A square in tile units, both ends included on both axes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cut {
    pub(super) lo: i64,
    pub(super) hi: i64,
}

impl Cut {
    /// Whether an edge may touch the square, with two units to spare.
    pub(super) fn near(self, a: [i64; 2], b: [i64; 2]) -> bool {
        (0..2).all(|i| a[i].max(b[i]) >= self.lo - 2 && a[i].min(b[i]) <= self.hi + 2)
    }

    /// Whether a place lies inside and on none of the sides: then it is not moved, nor what lies beside it along a side.
    pub(super) fn surrounds(self, p: [i64; 2]) -> bool {
        p.iter().all(|v| self.lo < *v && *v < self.hi)
    }

    /// Whether a place of a cut ring lies on a side.
    pub(super) fn on_a_side(self, p: [i32; 2]) -> bool {
        p.iter().any(|&v| i64::from(v) == self.lo || i64::from(v) == self.hi)
    }

    /// Writes a ring cut to the square; empty when fewer than three corners are left.
    pub(super) fn ring(self, ring: &[[i64; 2]], into: &mut Vec<[i32; 2]>) {
        into.clear();
        let Some(&first) = ring.first() else { return };
        let mut here = self.inside(first);
        for (i, &a) in ring.iter().enumerate() {
            let b = ring[if i + 1 == ring.len() { 0 } else { i + 1 }];
            let next = self.inside(b);
            if here && self.surrounds(a) && into.last() != Some(&a.map(|v| v as i32)) {
                into.push(a.map(|v| v as i32));
            } else {
                self.push(into, a);
            }
            if !(here && next) {
                self.cross(into, a, b);
            }
            here = next;
        }
        self.close(into);
    }

    /// The side lines that three places in a row all lie on, if any: then the middle one says nothing.
    pub(super) fn along_a_side(self, places: [[i32; 2]; 3]) -> bool {
        [self.lo as i32, self.hi as i32].iter().any(|line| places.iter().all(|p| p[0] == *line) || places.iter().all(|p| p[1] == *line))
    }

    fn inside(self, p: [i64; 2]) -> bool {
        p.iter().all(|v| (self.lo..=self.hi).contains(v))
    }

    fn cross(self, into: &mut Vec<[i32; 2]>, a: [i64; 2], b: [i64; 2]) {
        let mut bends = [(f64::INFINITY, [0; 2]); 4];
        let mut count = 0;
        for axis in 0..2 {
            for line in [self.lo, self.hi] {
                let (from, to) = (a[axis] - line, b[axis] - line);
                if (from < 0 && to > 0) || (from > 0 && to < 0) {
                    let share = from as f64 / (from - to) as f64;
                    let mut at = [line; 2];
                    at[1 - axis] = part_way(a[1 - axis], b[1 - axis], from, from - to);
                    bends[count] = (share, at);
                    count += 1;
                }
            }
        }
        bends[..count].sort_by(|p, q| p.0.total_cmp(&q.0));
        bends[..count].iter().for_each(|bend| self.push(into, bend.1));
    }

    fn push(self, into: &mut Vec<[i32; 2]>, p: [i64; 2]) {
        let p = p.map(|v| v.clamp(self.lo, self.hi) as i32);
        while let [.., a, b] = into[..]
            && self.along_a_side([a, b, p])
        {
            into.pop();
        }
        if into.last() != Some(&p) {
            into.push(p);
        }
    }

    fn close(self, into: &mut Vec<[i32; 2]>) {
        loop {
            let n = into.len();
            if n < 3 {
                into.clear();
                return;
            }
            if into[n - 1] == into[0] || self.along_a_side([into[n - 2], into[n - 1], into[0]]) {
                into.pop();
            } else if self.along_a_side([into[n - 1], into[0], into[1]]) {
                into.remove(0);
            } else {
                return;
            }
        }
    }
}

/// `a + (b − a) · part / whole`, rounded to the nearest, halves up: the value alone decides, not from which end it came.
fn part_way(a: i64, b: i64, part: i64, whole: i64) -> i64 {
    let (mut part, mut whole) = (i128::from(part), i128::from(whole));
    if whole < 0 {
        (part, whole) = (-part, -whole);
    }
    let rise = i128::from(b - a) * part;
    a + (2 * rise + whole).div_euclid(2 * whole) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(ring: &[[i64; 2]]) -> Vec<[i32; 2]> {
        let mut out = Vec::new();
        Cut { lo: 0, hi: 10 }.ring(ring, &mut out);
        out
    }

    #[test]
    fn rings_are_cut_at_the_sides() {
        assert_eq!(cut(&[[2, 2], [5, 2], [5, 5]]), [[2, 2], [5, 2], [5, 5]]);
        assert_eq!(cut(&[[5, 5], [20, 5], [20, 20], [5, 20]]), [[5, 5], [10, 5], [10, 10], [5, 10]]);
        assert_eq!(cut(&[[-9, -9], [99, -9], [99, 99], [-9, 99]]), [[0, 0], [10, 0], [10, 10], [0, 10]]);
        assert!(cut(&[[20, -5], [30, -5], [30, 30]]).is_empty());
        // a corner cut off by a slanting edge
        assert_eq!(cut(&[[-5, 3], [3, -5], [20, -5], [20, 20], [-5, 20]]).len(), 4);
    }

    #[test]
    fn a_cut_is_at_the_same_place_from_both_directions() {
        for (a, b, part, whole) in [(0, 7, 1, 2), (3, -4, 1, 2), (5, 6, 1, 3), (-9, 100, 7, 13)] {
            assert_eq!(part_way(a, b, part, whole), part_way(b, a, whole - part, whole));
            assert_eq!(part_way(a, b, part, whole), part_way(a, b, -part, -whole));
        }
    }
}
