//! Neighbours of points: all within a distance, or so many of the nearest.

use geo::Coord;
use rayon::prelude::*;
use rstar::RTree;
use rstar::primitives::GeomWithData;

use super::super::buckets::{Buckets, distance2};
use super::super::error::{all_finite, positive};
use super::{StatsError, Weights};

/// All points within a distance of each point, the distance itself included.
///
/// * `points` – on a plane, metres
/// * `threshold_m` – greatest distance, metres
///
/// Points on the same place are neighbours. O(points + links).
pub fn distance_band(points: &[Coord], threshold_m: f64) -> Result<Weights, StatsError> {
    check(points)?;
    if threshold_m.is_nan() || threshold_m < 0.0 {
        return Err(StatsError::OutOfRange { what: "the distance", value: threshold_m, must: "0 or more" });
    }
    let buckets = Buckets::new(points, threshold_m);
    let within2 = threshold_m * threshold_m;
    let lists: Vec<Vec<usize>> = points
        .par_iter()
        .map(|p| {
            let near = buckets.runs(*p).flatten().filter(|&at| distance2(buckets.points[at], *p) <= within2);
            near.map(|at| buckets.original[at] as usize).collect()
        })
        .collect();
    Weights::from_lists(&lists)
}

/// The `count` nearest other points of each point; of equally far ones those that come first in the list.
///
/// * `points` – on a plane, metres
///
/// Fewer than `count` other points: all of them. Rows do not mirror each other. O(points · count · log).
pub fn nearest(points: &[Coord], count: usize) -> Result<Weights, StatsError> {
    let mut lists = nearest_in_order(points, count)?;
    lists.par_iter_mut().for_each(|list| list.sort_unstable());
    Weights::from_lists(&lists)
}

/// The nearest other points of each point, nearest first; of equally far ones those that come first in the list.
pub(in super::super) fn nearest_in_order(points: &[Coord], count: usize) -> Result<Vec<Vec<usize>>, StatsError> {
    check(points)?;
    positive("the number of nearest cells", count as f64)?;
    let tree = RTree::bulk_load(points.iter().enumerate().map(|(i, p)| GeomWithData::new([p.x, p.y], i)).collect());
    let row = |(i, p): (usize, &Coord)| {
        let mut found: Vec<(f64, usize)> = Vec::with_capacity(count + 1);
        for (other, d2) in tree.nearest_neighbor_iter_with_distance_2(&[p.x, p.y]) {
            if found.len() >= count && d2 > found[count - 1].0 {
                break;
            }
            if other.data != i {
                found.push((d2, other.data));
            }
        }
        found.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        found.truncate(count);
        found.into_iter().map(|(_, j)| j).collect()
    };
    Ok(points.par_iter().enumerate().map(row).collect())
}

fn check(points: &[Coord]) -> Result<(), StatsError> {
    let flat: Vec<f64> = points.iter().map(|p| p.x + p.y).collect();
    all_finite("point", &flat)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(n: u32) -> Vec<Coord> {
        (0..n).map(|i| Coord { x: f64::from(i), y: 0.0 }).collect()
    }

    #[test]
    fn the_distance_itself_is_near_enough() {
        let expected = Weights::from_lists(&[vec![1, 2], vec![0, 2, 3], vec![0, 1, 3], vec![1, 2]]).unwrap();
        assert_eq!(distance_band(&line(4), 2.0).unwrap(), expected);
        assert!(distance_band(&line(4), f64::NAN).is_err() && distance_band(&[Coord { x: f64::NAN, y: 0.0 }], 1.0).is_err());
    }

    #[test]
    fn equally_near_points_come_in_the_order_of_the_list() {
        assert_eq!(nearest_in_order(&line(4), 2).unwrap(), [vec![1, 2], vec![0, 2], vec![1, 3], vec![2, 1]]);
        assert_eq!(nearest(&line(2), 9).unwrap(), Weights::from_lists(&[vec![1], vec![0]]).unwrap());
        assert_eq!(nearest(&[], 3).unwrap().len(), 0);
    }

    proptest! {
        #[test]
        fn a_band_holds_what_measuring_every_pair_finds(
            points in prop::collection::vec((0..40_i32, 0..40_i32), 0..60), threshold in 0..30_u32,
        ) {
            let points: Vec<Coord> = points.into_iter().map(|(x, y)| Coord { x: f64::from(x), y: f64::from(y) }).collect();
            let threshold = f64::from(threshold);
            let slow: Vec<Vec<usize>> =
                points.iter().map(|p| (0..points.len()).filter(|&j| distance2(*p, points[j]) <= threshold * threshold).collect()).collect();
            prop_assert_eq!(distance_band(&points, threshold).unwrap(), Weights::from_lists(&slow).unwrap());
        }
    }
}
