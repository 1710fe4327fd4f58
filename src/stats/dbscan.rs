//! Where points crowd together: DBSCAN.

use geo::Coord;
use rayon::prelude::*;

use super::StatsError;
use super::buckets::{Buckets, distance2};
use super::error::positive;

/// The clusters of some points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clusters {
    /// The cluster of each point, 0 and up in the order of the first core point of each; `None` is noise.
    pub labels: Vec<Option<u32>>,
    /// Whether each point is a core point.
    pub core: Vec<bool>,
    /// The number of clusters.
    pub count: usize,
}

/// Points that lie crowded, and which crowd each belongs to (density-based clustering).
///
/// A core point has at least `min_points` points within `eps_m`, itself and both limits included; core points within
/// `eps_m` of each other are one cluster; a border point takes the smallest label of a core point within reach   — Ester et al. 1996
///
/// * `points` – on a plane, metres
/// * `eps_m` – reach, metres
///
/// Labels are those of scikit-learn. O(points + pairs within reach), in parallel where it matters.
pub fn dbscan(points: &[Coord], eps_m: f64, min_points: usize) -> Result<Clusters, StatsError> {
    positive("eps", eps_m)?;
    if let Some(at) = points.iter().position(|p| !(p.x.is_finite() && p.y.is_finite())) {
        return Err(StatsError::NotFinite { what: "point", at });
    }
    let ground = Ground::of(points, eps_m);
    let core = ground.core(min_points);
    let cores = Cores::of(&core);
    let mut trees = Trees::new(points.len());
    ground.join(&cores, &mut trees);
    let (by_root, count) = number(&mut trees, &core, &ground.buckets.original);
    let roots = trees.roots();
    let found = ground.labels(&core, &cores, |at| by_root[roots[at] as usize]);
    let mut clusters = Clusters { labels: vec![None; points.len()], core: vec![false; points.len()], count };
    for (at, &i) in ground.buckets.original.iter().enumerate() {
        clusters.labels[i as usize] = found[at];
        clusters.core[i as usize] = core[at];
    }
    Ok(clusters)
}

/// Points in buckets so small that all points of one are within eps of each other, if that needs not too many; then a
/// full bucket is one crowd without measuring, and two buckets are joined by the first pair that is near (Gunawan 2013).
struct Ground {
    buckets: Buckets,
    eps2: f64,
    /// Buckets on either side that can hold a point within eps.
    ring: usize,
    /// Whether a bucket is small enough.
    tight: bool,
}

impl Ground {
    fn of(points: &[Coord], eps: f64) -> Self {
        // Twice the square of a side stays below eps².
        let buckets = Buckets::new(points, eps * (0.5_f64.sqrt() - 1e-8));
        if 2.0 * buckets.size() * buckets.size() <= eps * eps * (1.0 - 1e-9) {
            return Self { buckets, eps2: eps * eps, ring: 2, tight: true };
        }
        Self { buckets: Buckets::new(points, eps), eps2: eps * eps, ring: 1, tight: false }
    }

    fn near(&self, at: usize, other: usize) -> bool {
        distance2(self.buckets.points[at], self.buckets.points[other]) <= self.eps2
    }

    /// Something for each point of each bucket, row by row in parallel, in the order of the buckets.
    fn by_bucket<T: Send>(&self, each: impl Fn(usize, usize, std::ops::Range<usize>, &mut Vec<T>) + Sync) -> Vec<T> {
        let row = |row: usize| {
            let mut found = Vec::new();
            for column in 0..self.buckets.columns {
                let bucket = self.buckets.bucket(column, row);
                if !bucket.is_empty() {
                    each(column, row, bucket, &mut found);
                }
            }
            found
        };
        let rows: Vec<Vec<T>> = (0..self.buckets.rows).into_par_iter().map(row).collect();
        rows.into_iter().flatten().collect()
    }

    fn core(&self, min_points: usize) -> Vec<bool> {
        self.by_bucket(|column, row, bucket, found| {
            if self.tight && bucket.len() >= min_points {
                found.extend(std::iter::repeat_n(true, bucket.len()));
                return;
            }
            for at in bucket {
                found.push(self.crowded(at, column, row, min_points));
            }
        })
    }

    /// Whether so many points lie within eps of a point. The nearest buckets come first: most often they are enough.
    fn crowded(&self, at: usize, column: usize, row: usize, min_points: usize) -> bool {
        let around = || self.buckets.runs_around(column, row, self.ring);
        if around().map(|run| run.len()).sum::<usize>() < min_points {
            return false;
        }
        let p = self.buckets.points[at];
        let mut count = 0;
        for off in 0..=self.ring {
            for r in [row.checked_sub(off).filter(|_| off > 0), Some(row + off).filter(|r| *r < self.buckets.rows)].into_iter().flatten() {
                for run in self.buckets.runs_around_in(column, r..=r, self.ring) {
                    count += self.buckets.points[run].iter().filter(|other| distance2(**other, p) <= self.eps2).count();
                }
                if count >= min_points {
                    return true;
                }
            }
        }
        false
    }

    /// Joins core points within eps of each other.
    fn join(&self, cores: &Cores, trees: &mut Trees) {
        for row in 0..self.buckets.rows {
            for column in 0..self.buckets.columns {
                let own = cores.within(self.buckets.bucket(column, row));
                let Some(&first) = own.first() else { continue };
                if self.tight {
                    for &other in &own[1..] {
                        trees.join(first as usize, other as usize);
                    }
                } else {
                    self.join_all(own, own, trees);
                }
                // The buckets after this one: east, and the rows to the north.
                for r in row..=(row + self.ring).min(self.buckets.rows - 1) {
                    let west = if r == row { column + 1 } else { column.saturating_sub(self.ring) };
                    for c in west..=(column + self.ring).min(self.buckets.columns - 1) {
                        let other = cores.within(self.buckets.bucket(c, r));
                        if self.tight { self.join_once(own, other, trees) } else { self.join_all(own, other, trees) }
                    }
                }
            }
        }
    }

    /// Two crowds: one near pair joins them.
    fn join_once(&self, own: &[u32], other: &[u32], trees: &mut Trees) {
        let Some((&a, &b)) = own.first().zip(other.first()) else { return };
        if trees.root(a as usize) == trees.root(b as usize) {
            return;
        }
        let meet = own.iter().any(|&a| other.iter().any(|&b| self.near(a as usize, b as usize)));
        if meet {
            trees.join(a as usize, b as usize);
        }
    }

    fn join_all(&self, own: &[u32], other: &[u32], trees: &mut Trees) {
        for &a in own {
            for &b in other {
                if self.near(a as usize, b as usize) {
                    trees.join(a as usize, b as usize);
                }
            }
        }
    }

    fn labels(&self, core: &[bool], cores: &Cores, of: impl Fn(usize) -> u32 + Sync) -> Vec<Option<u32>> {
        self.by_bucket(|column, row, bucket, found| {
            for at in bucket {
                found.push(if core[at] { Some(of(at)) } else { self.border(at, column, row, cores, &of) });
            }
        })
    }

    /// The smallest label of a core point within eps.
    fn border(&self, at: usize, column: usize, row: usize, cores: &Cores, of: impl Fn(usize) -> u32) -> Option<u32> {
        let near = self.buckets.runs_around(column, row, self.ring).flat_map(|run| cores.within(run)).map(|&other| other as usize);
        near.filter(|&other| self.near(at, other)).map(of).min()
    }
}

/// Core points alone, by bucket: what is looked through again and again.
struct Cores {
    sorted: Vec<u32>,
    /// How many come before each point.
    before: Vec<u32>,
}

impl Cores {
    fn of(core: &[bool]) -> Self {
        let mut before = Vec::with_capacity(core.len() + 1);
        let mut sorted = Vec::new();
        before.push(0);
        for (at, is_core) in core.iter().enumerate() {
            if *is_core {
                sorted.push(at as u32);
            }
            before.push(sorted.len() as u32);
        }
        Self { sorted, before }
    }

    /// Those of a run.
    fn within(&self, run: std::ops::Range<usize>) -> &[u32] {
        &self.sorted[self.before[run.start] as usize..self.before[run.end] as usize]
    }
}

/// Numbers the trees of core points by the smallest original position in each; labels stand at the roots.
fn number(trees: &mut Trees, core: &[bool], original: &[u32]) -> (Vec<u32>, usize) {
    let mut sorted_of = vec![0_u32; original.len()];
    for (at, &i) in original.iter().enumerate() {
        sorted_of[i as usize] = at as u32;
    }
    let mut labels = vec![u32::MAX; original.len()];
    let mut count = 0;
    for at in sorted_of {
        let at = at as usize;
        if core[at] {
            let root = trees.root(at);
            if labels[root] == u32::MAX {
                labels[root] = count;
                count += 1;
            }
        }
    }
    (labels, count as usize)
}

/// Sets that are joined, each a tree; paths are halved as they are walked.
struct Trees {
    up: Vec<u32>,
}

impl Trees {
    fn new(n: usize) -> Self {
        Self { up: (0..n as u32).collect() }
    }

    fn root(&mut self, mut at: usize) -> usize {
        while self.up[at] as usize != at {
            self.up[at] = self.up[self.up[at] as usize];
            at = self.up[at] as usize;
        }
        at
    }

    /// Joins the sets of two members; the smaller root stays.
    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        self.up[one.max(other)] = one.min(other) as u32;
    }

    fn roots(&mut self) -> Vec<u32> {
        (0..self.up.len()).map(|at| self.root(at) as u32).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn on_a_line(xs: &[f64]) -> Vec<Coord> {
        xs.iter().map(|&x| Coord { x, y: 0.0 }).collect()
    }

    #[test]
    fn crowds_are_numbered_by_their_first_core_point() {
        // 1 and 2 are core and come first; 21 is core; 10 is alone; 3 touches 2 exactly and is border of the first.
        let got = dbscan(&on_a_line(&[10.0, 20.0, 1.0, 21.0, 22.0, 0.0, 2.0, 3.0]), 1.0, 3).unwrap();
        assert_eq!(got.labels, [None, Some(1), Some(0), Some(1), Some(1), Some(0), Some(0), Some(0)]);
        assert_eq!(got.core, [false, false, true, true, false, false, true, false]);
        assert_eq!(got.count, 2);
    }

    #[test]
    fn a_border_point_between_two_crowds_takes_the_smaller_label() {
        let got = dbscan(&on_a_line(&[4.0, 4.9, 5.0, 5.1, 1.0, 0.1, 0.0, -0.1, 2.5]), 1.5, 4).unwrap();
        assert_eq!(got.labels, [[Some(0); 4], [Some(1); 4]].concat().into_iter().chain([Some(0)]).collect::<Vec<_>>());
        assert!(!got.core[8]);
    }

    #[test]
    fn no_points_make_no_cluster() {
        assert_eq!(dbscan(&[], 1.0, 3).unwrap(), Clusters { labels: vec![], core: vec![], count: 0 });
        assert!(dbscan(&on_a_line(&[0.0]), -1.0, 3).is_err() && dbscan(&on_a_line(&[f64::NAN]), 1.0, 3).is_err());
    }

    /// By the definition, all pairs.
    fn plainly(points: &[Coord], eps: f64, min_points: usize) -> Vec<Option<u32>> {
        let n = points.len();
        let near = |i: usize| (0..n).filter(|&j| distance2(points[i], points[j]) <= eps * eps).collect::<Vec<_>>();
        let core: Vec<bool> = (0..n).map(|i| near(i).len() >= min_points).collect();
        let mut labels = vec![None; n];
        let mut count = 0;
        for i in 0..n {
            if core[i] && labels[i].is_none() {
                let mut open = vec![i];
                while let Some(at) = open.pop() {
                    if core[at] && labels[at].is_none() {
                        labels[at] = Some(count);
                        open.extend(near(at));
                    }
                }
                count += 1;
            }
        }
        let of_core = labels.clone();
        for i in (0..n).filter(|&i| !core[i]) {
            labels[i] = near(i).into_iter().filter_map(|j| of_core[j]).min();
        }
        labels
    }

    proptest! {
        #[test]
        fn it_finds_what_the_definition_says(
            points in prop::collection::vec((0..30_i32, 0..30_i32), 0..80), eps in 1..9_u32, min in 1..6_usize, far in any::<bool>(),
        ) {
            let mut points: Vec<Coord> = points.into_iter().map(|(x, y)| Coord { x: f64::from(x), y: f64::from(y) }).collect();
            if far {
                // One point far away makes small buckets too many.
                points.push(Coord { x: 1e6, y: -1e5 });
            }
            let got = dbscan(&points, f64::from(eps), min).unwrap();
            prop_assert_eq!(got.labels, plainly(&points, f64::from(eps), min));
        }
    }
}
