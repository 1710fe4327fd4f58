//! Addresses: along the streets of a block in towns, along the lane to the next hamlet in the country.
//!
//! Every address lies inside its block by construction: an edge's bends stay within a known share of the way to the
//! block's middle (`mesh`), and no address comes nearer to the edge than that.

use super::areas::code;
use super::dice::Dice;
use super::divide::{Division, Use};
use super::land::{Land, P, distance, point};
use super::mesh::Mesh;
use super::world::Household;

/// A block as a place to build in: its sides as seen from its middle.
#[derive(Debug)]
pub(super) struct Plot {
    middle: P,
    sides: Vec<Side>,
    brooks: Vec<[P; 2]>,
}

#[derive(Debug)]
struct Side {
    a: P,
    b: P,
    normal: P,
    /// Metres from the middle to the side, and the share of them that may be built on.
    away_m: f64,
    share: f64,
}

impl Plot {
    /// The block `b` of the mesh.
    pub(super) fn new(land: &Land, mesh: &Mesh, block: usize) -> Self {
        let middle = mesh.sites[block];
        let sides = mesh
            .around(block)
            .iter()
            .map(|&e| {
                let edge = &mesh.edges[e as usize];
                let (a, b) = (mesh.corners[edge.a as usize], mesh.corners[edge.b as usize]);
                let length = distance(a, b);
                let mut normal = [(b[1] - a[1]) / length, -(b[0] - a[0]) / length];
                let mut away_m = (a[0] - middle[0]) * normal[0] + (a[1] - middle[1]) * normal[1];
                if away_m < 0.0 {
                    normal = normal.map(|x| -x);
                    away_m = -away_m;
                }
                let street = mesh.in_town(block) && mesh.in_town(mesh.across(e, block));
                let share = if edge.river {
                    0.60
                } else if street {
                    0.92
                } else {
                    0.66
                };
                Side { a, b, normal, away_m, share }
            })
            .collect();
        Self { middle, sides, brooks: brooks_near(land, middle, mesh.area_m2[block].sqrt() + 300.0) }
    }

    /// How far out a place is: below 1 it may be built on.
    fn outness(&self, p: P) -> f64 {
        self.sides
            .iter()
            .map(|s| ((p[0] - self.middle[0]) * s.normal[0] + (p[1] - self.middle[1]) * s.normal[1]) / (s.away_m * s.share))
            .fold(0.0, f64::max)
    }

    /// Whether a house may stand there: inside, and not in a brook.
    fn builds(&self, p: P) -> bool {
        self.outness(p) < 1.0 && !self.brooks.iter().any(|&[a, b]| to_segment(p, a, b) < 22.0)
    }

    /// The nearest place towards the middle that is inside.
    fn pull_in(&self, p: P) -> P {
        let out = self.outness(p);
        if out < 0.98 {
            return p;
        }
        let f = 0.97 / out;
        [self.middle[0] + (p[0] - self.middle[0]) * f, self.middle[1] + (p[1] - self.middle[1]) * f]
    }

    /// A place somewhere in the inner part.
    pub(super) fn somewhere(&self, dice: &mut Dice) -> P {
        let side = dice.pick(&self.sides);
        let t = dice.between(0.15, 0.85);
        let q = [side.a[0] + (side.b[0] - side.a[0]) * t, side.a[1] + (side.b[1] - side.a[1]) * t];
        let f = dice.unit().sqrt() * 0.85;
        self.pull_in([self.middle[0] + (q[0] - self.middle[0]) * f, self.middle[1] + (q[1] - self.middle[1]) * f])
    }

    /// Places along the sides, street by street, then a row behind.
    fn rows(&self, step_m: f64, dice: &mut Dice) -> Vec<P> {
        let mut front = Vec::new();
        let mut behind = Vec::new();
        for side in &self.sides {
            let length = distance(side.a, side.b);
            let n = (length / step_m) as usize;
            for k in 0..n {
                let t = (k as f64 + 0.5 + dice.between(-0.12, 0.12)) / n as f64;
                let q = [side.a[0] + (side.b[0] - side.a[0]) * t, side.a[1] + (side.b[1] - side.a[1]) * t];
                for (setback, row) in [(13.0, &mut front), (38.0, &mut behind)] {
                    if side.away_m > setback * 1.5 {
                        let p = [q[0] - side.normal[0] * setback, q[1] - side.normal[1] * setback];
                        if self.builds(p) {
                            row.push(p);
                        }
                    }
                }
            }
        }
        dice.shuffle(&mut front);
        dice.shuffle(&mut behind);
        front.append(&mut behind);
        front
    }

    /// A place beside the way from the middle to `to`, nearer ones more often.
    fn beside(&self, to: P, dice: &mut Dice) -> P {
        let length = distance(self.middle, to).max(1.0);
        let along = [(to[0] - self.middle[0]) / length, (to[1] - self.middle[1]) / length];
        let mut p = self.middle;
        for _ in 0..6 {
            let t = (dice.unit() * dice.unit() * 0.9 + 0.02) * length;
            let off = (14.0 + dice.unit() * dice.unit() * 75.0) * if dice.chance(0.5) { 1.0 } else { -1.0 };
            p = [self.middle[0] + along[0] * t - along[1] * off, self.middle[1] + along[1] * t + along[0] * off];
            if self.builds(p) {
                return p;
            }
        }
        self.pull_in(p)
    }
}

/// Stretches of brook near a place.
fn brooks_near(land: &Land, p: P, within_m: f64) -> Vec<[P; 2]> {
    land.brooks
        .iter()
        .flat_map(|line| line.windows(2))
        .filter(|w| (w[0][0] - p[0]).abs() < within_m + 300.0 && (w[0][1] - p[1]).abs() < within_m + 300.0)
        .map(|w| [w[0], w[1]])
        .collect()
}

fn to_segment(p: P, a: P, b: P) -> f64 {
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let t = (((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / (dx * dx + dy * dy).max(1e-9)).clamp(0.0, 1.0);
    distance(p, [a[0] + dx * t, a[1] + dy * t])
}

/// All addresses, cell by cell.
pub(super) fn rows(land: &Land, mesh: &Mesh, division: &Division) -> Vec<Household> {
    let dice = Dice::new(land.seed, "homes");
    let mut out = Vec::new();
    for part in &division.cells {
        let cell = code(part.code);
        let first = out.len();
        for &b in &part.blocks {
            let block = b as usize;
            let mut dice = dice.fork(block);
            let kinds = dwellings(division.households[block], mesh.urban[block], division.used[block], &mut dice);
            let places = places(land, mesh, division, block, kinds.len(), &mut dice);
            for ((household_count, dwelling_kind), at) in kinds.into_iter().zip(places) {
                let people = f64::from(household_count) * dice.between(2.2, 3.05);
                out.push(Household {
                    key: format!("{cell}-{:04}", out.len() - first + 1),
                    cell,
                    at: point(at),
                    household_count,
                    population_band: band(people),
                    dwelling_kind,
                });
            }
        }
    }
    out
}

/// The population band of an address.
fn band(people: f64) -> &'static str {
    match people.round() as u32 {
        0..5 => "p1_4",
        5..10 => "p5_9",
        10..50 => "p10_49",
        50..200 => "p50_199",
        _ => "p200_plus",
    }
}

/// Splits the households of a block into addresses: stairwells in town, houses in the country.
fn dwellings(households: u32, urban: f64, used: Use, dice: &mut Dice) -> Vec<(u16, &'static str)> {
    let mut left = households;
    let mut out = Vec::new();
    let flats = ((urban - 250.0) / 1_300.0).clamp(0.0, 0.72);
    while left > 0 {
        let (size, kind) = if used == Use::Campus {
            (18 + dice.below(28), "dormitory")
        } else if dice.chance(flats) {
            (6 + dice.below(13), "apartment")
        } else if urban > 250.0 && dice.chance(0.3) {
            (2 + dice.below(4), "mixed")
        } else {
            (
                if dice.chance(0.56) {
                    1
                } else if dice.chance(0.75) {
                    2
                } else {
                    3
                },
                "house",
            )
        };
        let size = (size as u32).min(left);
        left -= size;
        out.push((size as u16, kind));
    }
    out
}

/// As many places as there are addresses in a block.
fn places(land: &Land, mesh: &Mesh, division: &Division, block: usize, n: usize, dice: &mut Dice) -> Vec<P> {
    if n == 0 {
        return Vec::new();
    }
    let plot = Plot::new(land, mesh, block);
    if mesh.in_town(block) {
        let mut places = plot.rows(24.0, dice);
        places.truncate(n);
        while places.len() < n {
            places.push(plot.somewhere(dice));
        }
        return places;
    }
    // Lanes lead to the next block on the way to the township, and to those that come through here.
    let me = block as u32;
    let mut lanes: Vec<P> = Vec::new();
    for &e in mesh.around(block) {
        let other = mesh.across(e, block);
        if division.before[block] == other as u32 || division.before[other] == me {
            let edge = &mesh.edges[e as usize];
            let (a, b) = (mesh.corners[edge.a as usize], mesh.corners[edge.b as usize]);
            lanes.push([f64::midpoint(a[0], b[0]), f64::midpoint(a[1], b[1])]);
        }
    }
    (0..n)
        .map(|_| {
            if lanes.is_empty() {
                plot.somewhere(dice)
            } else {
                let to = *dice.pick(&lanes);
                plot.beside(to, dice)
            }
        })
        .collect()
}
