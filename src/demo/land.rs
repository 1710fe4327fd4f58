//! The lay of the land before anything is drawn: outline, towns, rivers, hills, and how many households live where.
//!
//! Works in a plane of metres around the county seat; `Frame` takes it to degrees. What is drawn from it: `mesh`.

use super::dice::{Dice, noise};
use super::names::{COUNTIES, FENGXI, Kind, Name, deck};
use super::{Plan, Size};

/// A place in metres east and north of the first county's seat.
pub(super) type P = [f64; 2];

/// Degrees × 10⁷: what a coordinate is stored as.
pub(super) type E7 = [i64; 2];

const LON0: f64 = 119.47;
const LAT0: f64 = 29.58;
/// Metres of one degree of longitude at `LAT0` and of latitude.
const METRES: P = [96_930.0, 110_880.0];

/// Metres to stored degrees.
pub(super) fn to_e7(p: P) -> E7 {
    [((LON0 + p[0] / METRES[0]) * 1e7).round() as i64, ((LAT0 + p[1] / METRES[1]) * 1e7).round() as i64]
}

/// Stored degrees as a coordinate.
pub(super) fn coord(p: E7) -> geo_types::Coord<f64> {
    geo_types::Coord { x: p[0] as f64 / 1e7, y: p[1] as f64 / 1e7 }
}

/// Metres to a rounded point in degrees.
pub(super) fn point(p: P) -> geo_types::Point<f64> {
    geo_types::Point(coord(to_e7(p)))
}

/// Metres between two places.
pub(super) fn distance(a: P, b: P) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// A town or the centre of a township.
#[derive(Debug, Clone)]
pub(super) struct Town {
    pub(super) at: P,
    pub(super) county: usize,
    pub(super) kind: Kind,
    pub(super) name: Name,
    /// Households of the town proper, and how far it reaches.
    urban: f64,
    radius_m: f64,
    /// How far the township reaches beside its neighbours.
    pub(super) reach: f64,
}

/// A county with its numbers to come out.
#[derive(Debug, Clone)]
pub(super) struct County {
    pub(super) serial: i64,
    pub(super) name: Name,
    pub(super) kind_zh: &'static str,
    pub(super) kind_en: &'static str,
    pub(super) households: usize,
    pub(super) cells: usize,
    pub(super) urban_share: f64,
}

/// Everything that decides where people live.
#[derive(Debug)]
pub(super) struct Land {
    pub(super) seed: u64,
    pub(super) counties: Vec<County>,
    pub(super) towns: Vec<Town>,
    /// Spines of the rivers that become borders.
    pub(super) rivers: Vec<Vec<P>>,
    /// Smaller waters that only flow.
    pub(super) brooks: Vec<Vec<P>>,
    /// Half axes of the outline.
    pub(super) half: P,
    phases: [f64; 4],
    rural: f64,
}

impl Land {
    /// Lays out towns, rivers and hills.
    pub(super) fn new(plan: &Plan) -> Self {
        let mut dice = Dice::new(plan.seed, "land");
        let (half, county_count) = match plan.size {
            Size::Township => ([5_600.0, 4_600.0], 1),
            Size::County => ([22_500.0, 17_500.0], 1),
            Size::City => ([66_000.0, 54_000.0], COUNTIES.len()),
        };
        let phases = [dice.between(0.0, 6.0), dice.between(0.0, 6.0), dice.between(0.0, 6.0), dice.between(0.0, 6.0)];
        let (households, cells) = plan.size.volumes();
        let mut land = Self {
            seed: dice.bits(),
            counties: counties(county_count, households, cells),
            towns: Vec::new(),
            rivers: Vec::new(),
            brooks: Vec::new(),
            half,
            phases,
            rural: 1.0,
        };
        let seats = land.scatter(&mut dice, county_count, 25_000.0, 0.72);
        land.settle(&mut dice, &seats, plan.size);
        land.water(&mut dice, &seats, plan.size);
        let urban: f64 = land.towns.iter().map(|t| t.urban).sum();
        land.rural = (households as f64 - urban).max(0.0) / land.rural_sum();
        land
    }

    /// How far out a place is: below 1 is inside the outline.
    pub(super) fn outness(&self, p: P) -> f64 {
        let (x, y) = (p[0] / self.half[0], p[1] / self.half[1]);
        let a = y.atan2(x);
        let f = &self.phases;
        let r = 0.93 + 0.06 * (3.0 * a + f[0]).sin() + 0.05 * (5.0 * a + f[1]).sin() + 0.03 * (9.0 * a + f[2]).sin() + 0.02 * (17.0 * a + f[3]).sin();
        x.hypot(y) / r
    }

    /// `n` places inside the outline, at least `apart` metres from each other where that is possible; the first near
    /// the middle.
    fn scatter(&self, dice: &mut Dice, n: usize, apart: f64, within: f64) -> Vec<P> {
        let mut places = vec![[self.half[0] * dice.between(-0.05, 0.05), self.half[1] * dice.between(-0.05, 0.05)]];
        let (mut gap, mut missed) = (apart, 0);
        while places.len() < n {
            let p = [self.half[0] * dice.between(-1.0, 1.0), self.half[1] * dice.between(-1.0, 1.0)];
            if self.outness(p) < within && places.iter().all(|&q| distance(p, q) > gap) {
                places.push(p);
                missed = 0;
            } else {
                missed += 1;
                if missed > 400 {
                    gap *= 0.93;
                    missed = 0;
                }
            }
        }
        places
    }

    /// Puts the townships' centres around the seats.
    fn settle(&mut self, dice: &mut Dice, seats: &[P], size: Size) {
        let names = deck(&mut dice.fork(7));
        let mut next_name = names.into_iter();
        for (c, &seat) in seats.iter().enumerate() {
            let county = self.counties[c].clone();
            let count = if size == Size::Township { 1 } else { FENGXI.len() };
            let urban = county.households as f64 * county.urban_share;
            let reach = if size == Size::City { 21_000.0 } else { f64::MAX };
            let mut centres = vec![seat];
            let (mut gap, mut missed) = (6_900.0, 0);
            while centres.len() < count {
                let p = if centres.len() == 1 {
                    let a = dice.between(0.0, std::f64::consts::TAU);
                    [seat[0] + 3_300.0 * a.cos(), seat[1] + 3_300.0 * a.sin()]
                } else if size == Size::City {
                    [seat[0] + dice.between(-reach, reach), seat[1] + dice.between(-reach, reach)]
                } else {
                    [self.half[0] * dice.between(-1.0, 1.0), self.half[1] * dice.between(-1.0, 1.0)]
                };
                let mine = seats.iter().all(|&s| distance(p, s) >= distance(p, seat));
                let free = centres.len() == 1 || centres.iter().all(|&q| distance(p, q) > gap);
                if self.outness(p) < 0.86 && mine && free {
                    centres.push(p);
                } else {
                    missed += 1;
                    if missed > 300 {
                        gap *= 0.95;
                        missed = 0;
                    }
                }
            }
            for (t, &at) in centres.iter().enumerate() {
                let (zh, en, kind) = FENGXI[t];
                let name = if c == 0 {
                    Name { zh: zh.into(), en: en.into() }
                } else if t == 0 {
                    Name { zh: "城关".into(), en: "Chengguan".into() }
                } else {
                    next_name.next().unwrap_or(Name { zh: zh.into(), en: en.into() })
                };
                // Shares of the urban households: the seat, its second subdistrict, towns, townships.
                let (share, radius_m, reach) = match (t, kind) {
                    (0, _) if count == 1 => (1.0, 820.0, 1.0),
                    (0, _) => (0.62, 1_450.0 * (urban / 73_000.0).sqrt(), 1.0),
                    (_, Kind::Subdistrict) => (0.13, 820.0, 0.8),
                    (_, Kind::Town) => (0.17 / 5.0, 460.0, 1.05),
                    (_, Kind::Township) => (0.08 / 6.0, 300.0, 0.95),
                };
                let urban = urban * share * if count == 1 { 1.0 } else { dice.between(0.8, 1.2) };
                self.towns.push(Town { at, county: c, kind, name, urban, radius_m, reach: reach * dice.between(0.92, 1.08) });
            }
        }
    }

    /// One river through every seat, and brooks that run into it.
    fn water(&mut self, dice: &mut Dice, seats: &[P], size: Size) {
        let [hx, hy] = self.half;
        let mut order: Vec<P> = seats.to_vec();
        order.sort_by(|a, b| a[0].total_cmp(&b[0]));
        let off = if size == Size::Township { 420.0 } else { 650.0 };
        let mut knots = vec![[-1.5 * hx, dice.between(-0.5, 0.5) * hy]];
        let mut last = knots[0];
        for seat in order.iter().filter(|s| seats.len() == 1 || s[1].abs() < 0.3 * hy) {
            let through = [seat[0], seat[1] - off];
            // Bends on the way, none beside the seat itself.
            let steps = (distance(last, through) / 4_200.0).max(2.0) as usize;
            for k in 1..steps {
                let t = k as f64 / steps as f64;
                let sway = dice.between(-1.0, 1.0) * (distance(last, through) / steps as f64).min(4_000.0) * 0.5;
                knots.push([last[0] + (through[0] - last[0]) * t + sway * 0.3, last[1] + (through[1] - last[1]) * t + sway]);
            }
            knots.push(through);
            last = through;
        }
        let end = [1.5 * hx, last[1] + dice.between(-0.35, 0.35) * hy];
        let steps = (distance(last, end) / 4_200.0).max(2.0) as usize;
        for k in 1..=steps {
            let t = k as f64 / steps as f64;
            knots.push([last[0] + (end[0] - last[0]) * t, last[1] + (end[1] - last[1]) * t + dice.between(-0.4, 0.4) * 3_000.0]);
        }
        let spine = curve(&knots, 10);
        let brooks = if size == Size::Township { 2 } else { 4 * seats.len() };
        for k in 0..brooks {
            let mouth = spine[spine.len() * (k + 1) / (brooks + 2) + dice.below(9)];
            let side = if k % 2 == 0 { 1.0 } else { -1.0 };
            let length = hy / (seats.len() as f64).sqrt() * dice.between(0.6, 1.0);
            let lean = dice.between(-0.5, 0.5);
            let knots: Vec<P> = (0..=5)
                .map(|i| {
                    let t = f64::from(i) / 5.0;
                    let sway = if i == 0 { 0.0 } else { dice.between(-0.09, 0.09) * length };
                    [mouth[0] + lean * length * t + sway, mouth[1] + side * length * t]
                })
                .collect();
            self.brooks.push(curve(&knots, 8));
        }
        self.rivers.push(spine);
    }

    /// Metres to the nearest river, brooks counted as somewhat farther; at most `4 km`.
    fn water_distance(&self, p: P) -> f64 {
        let mut best = 4_000.0_f64;
        for (lines, penalty) in [(&self.rivers, 0.0), (&self.brooks, 500.0)] {
            for line in lines {
                for q in line.iter().step_by(2) {
                    let (dx, dy) = ((q[0] - p[0]).abs(), (q[1] - p[1]).abs());
                    if dx < best && dy < best {
                        best = best.min(dx.hypot(dy) + penalty);
                    }
                }
            }
        }
        best
    }

    /// The lay of hills at a place: 0 in the plain, 1 in the mountains.
    pub(super) fn hill(&self, p: P) -> f64 {
        let n = 0.65 * noise(self.seed, p, 5_200.0) + 0.35 * noise(self.seed ^ 0x77, p, 2_100.0);
        let far = (self.water_distance(p) / 3_200.0).min(1.0);
        (0.62 * n + 0.38 * far).clamp(0.0, 1.0)
    }

    /// Households per km² of the open country, before it is scaled to the number wanted.
    fn country(&self, p: P) -> f64 {
        let h = self.hill(p);
        let plain = (1.0 - h).powi(3) * 4.2 + 0.12;
        let town = self.towns.iter().map(|t| distance(p, t.at)).fold(f64::MAX, f64::min);
        plain * (0.7 + 1.5 * (-town / 3_000.0).exp())
    }

    /// Sum of `country` over the outline, in households.
    fn rural_sum(&self) -> f64 {
        let step = self.half[0] / 26.0;
        let mut sum = 0.0;
        let (nx, ny) = (30, (30.0 * self.half[1] / self.half[0]) as i32);
        for i in -nx..=nx {
            for j in -ny..=ny {
                let p = [f64::from(i) * step, f64::from(j) * step];
                if self.outness(p) < 1.0 {
                    sum += self.country(p) * step * step / 1e6;
                }
            }
        }
        sum
    }

    /// Households per km² in towns.
    pub(super) fn urban_density(&self, p: P) -> f64 {
        let mut sum = 0.0;
        for town in &self.towns {
            let r = town.radius_m;
            let d = distance(p, town.at);
            if d < 3.4 * r {
                // Flatter than a bell, so that a town has an edge.
                let rim = 1.0 + 0.22 * (noise(self.seed ^ 5, p, 1.4 * r) - 0.5);
                let q = d / (r * 1.55 * rim);
                let profile = (1.0 - (q * q * q * q)).max(0.0) * 0.8 + 0.34 * (-(d * d) / (2.0 * r * r)).exp();
                sum += town.urban / (6.6 * r * r) * 1e6 * profile;
            }
        }
        sum
    }

    /// Households per km².
    pub(super) fn density(&self, p: P) -> f64 {
        self.urban_density(p) + self.rural * self.country(p)
    }
}

fn counties(count: usize, households: usize, cells: usize) -> Vec<County> {
    let mut left = (households, cells);
    let mut out: Vec<County> = Vec::with_capacity(count);
    for (k, &(serial, zh, en, kind_zh, kind_en, urban_share)) in COUNTIES.iter().take(count).enumerate() {
        let parts = count - k;
        let bend = if parts == 1 { 1.0 } else { [0.93, 1.18, 1.05, 0.98, 0.9, 0.97, 0.95, 1.0][k] };
        let share = bend / parts as f64;
        let mine = ((left.0 as f64 * share).round() as usize, (left.1 as f64 * share).round() as usize);
        left = (left.0 - mine.0, left.1 - mine.1);
        out.push(County { serial, name: Name { zh: zh.into(), en: en.into() }, kind_zh, kind_en, households: mine.0, cells: mine.1, urban_share });
    }
    out
}

/// A smooth line through the knots (Catmull–Rom), `steps` points per stretch.
pub(super) fn curve(knots: &[P], steps: usize) -> Vec<P> {
    let mut out = Vec::with_capacity(knots.len() * steps);
    for i in 0..knots.len().saturating_sub(1) {
        let b = knots[i];
        let c = knots[i + 1];
        let a = if i == 0 { b } else { knots[i - 1] };
        let d = knots.get(i + 2).copied().unwrap_or(c);
        for k in 0..steps {
            let t = k as f64 / steps as f64;
            let along = |j: usize| {
                let (t2, t3) = (t * t, t * t * t);
                0.5 * (2.0 * b[j]
                    + (c[j] - a[j]) * t
                    + (2.0 * a[j] - 5.0 * b[j] + 4.0 * c[j] - d[j]) * t2
                    + (3.0 * b[j] - a[j] - 3.0 * c[j] + d[j]) * t3)
            };
            out.push([along(0), along(1)]);
        }
    }
    out.extend(knots.last());
    out
}
