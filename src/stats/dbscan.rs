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
    let buckets = Buckets::new(points, eps_m);
    let eps2 = eps_m * eps_m;
    let sorted = &buckets.points;
    let near = |at: usize| buckets.runs(sorted[at]).flatten().filter(move |&other| distance2(sorted[other], sorted[at]) <= eps2);
    let core: Vec<bool> = (0..points.len()).into_par_iter().with_min_len(1024).map(|at| near(at).take(min_points).count() >= min_points).collect();
    let mut trees = Trees::new(points.len());
    for at in (0..points.len()).filter(|&at| core[at]) {
        let mut root = trees.root(at);
        for run in buckets.runs(sorted[at]) {
            // Each pair once, from its later point.
            for other in run.start..run.end.min(at) {
                if core[other] && trees.up[other] as usize != root && distance2(sorted[other], sorted[at]) <= eps2 {
                    root = trees.join(root, other);
                }
            }
        }
    }
    let (by_root, count) = number(&mut trees, &core, &buckets.original);
    let roots = trees.roots();
    let label = |at: usize| {
        if core[at] {
            return Some(by_root[roots[at] as usize]);
        }
        near(at).filter(|&other| core[other]).map(|other| by_root[roots[other] as usize]).min()
    };
    let found: Vec<Option<u32>> = (0..points.len()).into_par_iter().with_min_len(1024).map(label).collect();
    let mut clusters = Clusters { labels: vec![None; points.len()], core: vec![false; points.len()], count };
    for (at, &i) in buckets.original.iter().enumerate() {
        clusters.labels[i as usize] = found[at];
        clusters.core[i as usize] = core[at];
    }
    Ok(clusters)
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

    /// Joins the set of a root with that of a member; the smaller root stays.
    fn join(&mut self, root: usize, member: usize) -> usize {
        let other = self.root(member);
        let (low, high) = (root.min(other), root.max(other));
        self.up[high] = low as u32;
        low
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
        fn it_finds_what_the_definition_says(points in prop::collection::vec((0..30_i32, 0..30_i32), 0..80), eps in 1..6_u32, min in 1..6_usize) {
            let points: Vec<Coord> = points.into_iter().map(|(x, y)| Coord { x: f64::from(x), y: f64::from(y) }).collect();
            let got = dbscan(&points, f64::from(eps), min).unwrap();
            prop_assert_eq!(got.labels, plainly(&points, f64::from(eps), min));
        }
    }
}
