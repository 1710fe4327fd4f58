//! The rings of one polygon feature in tile units, wound as vector tiles want them.

use super::wire::{read_varint, unzigzag};

/// What a polygon feature draws.
#[derive(Debug, Clone, Copy)]
pub enum Outline<'a> {
    /// Rings in tile units.
    Rings(&'a Rings),
    /// The place of the first corner, and the bytes of the geometry behind it.
    Encoded {
        /// In tile units.
        start: [i32; 2],
        /// As [`Rings::read`] reads them.
        rest: &'a [u8],
    },
}

/// Rings one after the other, unclosed (the last corner is not the first again): each exterior is followed by its holes.
/// Exteriors have a positive area by the surveyor's formula (clockwise on the screen, where y grows downwards), holes a
/// negative one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rings {
    points: Vec<[i32; 2]>,
    ends: Vec<usize>,
}

impl Rings {
    /// Forgets all rings and keeps the room.
    pub fn clear(&mut self) {
        self.points.clear();
        self.ends.clear();
    }

    /// Whether there is no ring.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Takes the rings that a geometry of a polygon feature draws, given without the MoveTo its first corner: all is put
    /// where it stands, without a look at how it is wound. Bytes that are no geometry end it.
    pub fn read(&mut self, start: [i32; 2], mut rest: &[u8]) {
        self.clear();
        let mut pen = start;
        self.points.push(pen);
        while let Some(command) = read_varint(&mut rest) {
            if command & 7 == 7 {
                self.ends.push(self.points.len());
                continue;
            }
            for _ in 0..command >> 3 {
                let (Some(dx), Some(dy)) = (read_varint(&mut rest), read_varint(&mut rest)) else { return };
                pen = [pen[0] + unzigzag(dx as u32), pen[1] + unzigzag(dy as u32)];
                self.points.push(pen);
            }
        }
    }

    /// Each ring in turn.
    pub fn iter(&self) -> impl Iterator<Item = &[[i32; 2]]> {
        (0..self.ends.len()).map(|i| &self.points[if i == 0 { 0 } else { self.ends[i - 1] }..self.ends[i]])
    }

    /// The ring, where there is one alone.
    pub(super) fn only(&self) -> Option<&[[i32; 2]]> {
        (self.ends.len() == 1).then_some(&self.points[..])
    }

    /// How many corners all rings have.
    pub fn corner_count(&self) -> usize {
        self.points.len()
    }

    /// Adds a polygon whose rings are wound in any way, closed or not, and turns them as they should be. Rings without
    /// area are left out, with the exterior its holes.
    pub fn push_polygon(&mut self, exterior: &[[i32; 2]], holes: &[&[[i32; 2]]]) {
        if self.push_wound(exterior, 1) {
            for hole in holes {
                self.push_wound(hole, -1);
            }
        }
    }

    /// Adds a ring as it is.
    pub(super) fn push(&mut self, ring: &[[i32; 2]]) {
        self.points.extend_from_slice(ring);
        self.ends.push(self.points.len());
    }

    fn push_wound(&mut self, ring: &[[i32; 2]], sign: i64) -> bool {
        let open = if ring.len() > 1 && ring.first() == ring.last() { &ring[..ring.len() - 1] } else { ring };
        let area = twice_area(open);
        if area == 0 {
            return false;
        }
        let start = self.points.len();
        self.points.extend_from_slice(open);
        if area.signum() != sign {
            self.points[start..].reverse();
        }
        self.ends.push(self.points.len());
        true
    }
}

/// Twice the area by the surveyor's formula; positive when clockwise on the screen.
pub(super) fn twice_area(ring: &[[i32; 2]]) -> i64 {
    let Some(&[mut x0, mut y0]) = ring.last() else { return 0 };
    let mut sum = 0_i64;
    for &[x, y] in ring {
        sum += i64::from(x0) * i64::from(y) - i64::from(x) * i64::from(y0);
        (x0, y0) = (x, y);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_are_turned_and_flat_ones_left_out() {
        let mut rings = Rings::default();
        let anticlockwise = [[0, 0], [0, 9], [9, 9], [9, 0], [0, 0]];
        rings.push_polygon(&anticlockwise, &[&[[1, 1], [2, 1], [2, 2]], &[[3, 3], [5, 5], [4, 4]]]);
        rings.push_polygon(&[[0, 0], [5, 0]], &[&[[1, 1], [2, 1], [2, 2]]]);
        let all: Vec<_> = rings.iter().map(<[_]>::to_vec).collect();
        assert_eq!(all, [vec![[9, 0], [9, 9], [0, 9], [0, 0]], vec![[2, 2], [2, 1], [1, 1]]]);
        assert_eq!(all.iter().map(|r| twice_area(r)).collect::<Vec<_>>(), [162, -1]);
    }
}
