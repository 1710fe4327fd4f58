//! Which bins of published numbers may be drawn as heat: none below the threshold, by itself or merged.
//!
//! A bin below k is merged with its neighbours inside the same place (a cell), then with what else is below k in the same
//! wider place (its village). What stays below k is not drawn, and its place is hatched. A merged number is spread over
//! its members alike, so that none of them tells its own part.

use std::collections::BTreeMap;

/// A bin of published numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishedBin {
    /// The place it lies in: a cell, or a village where numbers are told one level coarser.
    pub place: i64,
    /// The wider place around that: its village, or its township.
    pub within: i64,
    /// Where it lies, in any plane: says which bins are neighbours.
    pub at: [f64; 2],
    /// Incidents that were published of it; 0 where none were.
    pub count: u32,
}

/// Bins that are drawn together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldBins {
    /// Numbers of the bins, ascending.
    pub members: Vec<usize>,
    /// Incidents in all of them; at least k.
    pub count: u32,
}

/// What is drawn, and where nothing is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Merged {
    /// Each bin is in one of them at most.
    pub told: Vec<ToldBins>,
    /// Places of which no bin is drawn, ascending.
    pub hatched: Vec<i64>,
}

/// Merges bins until none is below `k`.
///
/// * `rests` – by wider place, incidents published of it that no bin of it shows; they lie in the bins below k
///
/// Every told number is a sum of published ones. The order of the bins does not matter but for their numbers. O(n²) in
/// the bins of one place.
pub fn merge_published_bins(bins: &[PublishedBin], rests: &BTreeMap<i64, u32>, k: u32) -> Merged {
    let mut places: BTreeMap<(i64, i64), Vec<usize>> = BTreeMap::new();
    for (i, bin) in bins.iter().enumerate() {
        places.entry((bin.within, bin.place)).or_default().push(i);
    }
    let mut merged = Merged::default();
    let mut below: BTreeMap<i64, Vec<(i64, ToldBins)>> = BTreeMap::new();
    for ((within, place), members) in places {
        for told in neighbours_merged(bins, members, k) {
            if told.count >= k {
                merged.told.push(told);
            } else {
                below.entry(within).or_default().push((place, told));
            }
        }
    }
    for (within, groups) in below {
        let count = groups.iter().map(|(_, told)| told.count).sum::<u32>() + rests.get(&within).copied().unwrap_or(0);
        if count >= k.max(1) {
            let mut members: Vec<usize> = groups.into_iter().flat_map(|(_, told)| told.members).collect();
            members.sort_unstable();
            merged.told.push(ToldBins { members, count });
        } else {
            merged.hatched.extend(groups.into_iter().map(|(place, _)| place));
        }
    }
    merged.hatched.sort_unstable();
    merged
}

/// Bins of one place, the smallest joined to the nearest until none is below k or one is left.
fn neighbours_merged(bins: &[PublishedBin], members: Vec<usize>, k: u32) -> Vec<ToldBins> {
    let total: u32 = members.iter().map(|&i| bins[i].count).sum();
    if total < k || members.len() == 1 {
        return vec![ToldBins { members, count: total }];
    }
    let mut groups: Vec<ToldBins> = members.into_iter().map(|i| ToldBins { members: vec![i], count: bins[i].count }).collect();
    while let Some(smallest) = (0..groups.len()).filter(|&g| groups[g].count < k).min_by_key(|&g| (groups[g].count, groups[g].members[0])) {
        let own = groups.swap_remove(smallest);
        let at = middle(bins, &own);
        let distance = |g: &ToldBins| {
            let [x, y] = middle(bins, g);
            (x - at[0]).powi(2) + (y - at[1]).powi(2)
        };
        let nearest = groups.iter_mut().min_by(|a, b| distance(a).total_cmp(&distance(b)).then(a.members[0].cmp(&b.members[0])));
        let Some(nearest) = nearest else { return vec![own] };
        nearest.count += own.count;
        nearest.members.extend(own.members);
        nearest.members.sort_unstable();
    }
    groups.sort_unstable_by_key(|group| group.members[0]);
    groups
}

fn middle(bins: &[PublishedBin], group: &ToldBins) -> [f64; 2] {
    let n = group.members.len() as f64;
    [0, 1].map(|axis| group.members.iter().map(|&i| bins[i].at[axis]).sum::<f64>() / n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bin(place: i64, x: f64, count: u32) -> PublishedBin {
        PublishedBin { place, within: place / 10, at: [x, 0.0], count }
    }

    #[test]
    fn a_small_bin_joins_its_nearest_neighbour_in_the_cell_then_the_village_and_is_hatched_else() {
        let bins = [bin(11, 0.0, 5), bin(11, 1.0, 1), bin(11, 9.0, 4), bin(12, 2.0, 2), bin(13, 3.0, 0), bin(21, 4.0, 2), bin(22, 5.0, 7)];
        let merged = merge_published_bins(&bins, &BTreeMap::new(), 3);
        let told: Vec<_> = merged.told.iter().map(|t| (t.members.as_slice(), t.count)).collect();
        assert_eq!(told, [(&[0, 1][..], 6), (&[2][..], 4), (&[6][..], 7)]);
        assert_eq!(merged.hatched, [12, 13, 21]);
        let merged = merge_published_bins(&bins, &BTreeMap::from([(1, 2)]), 3);
        assert_eq!(merged.told.last(), Some(&ToldBins { members: vec![3, 4], count: 4 }), "what the village shows beside its cells is theirs");
        assert_eq!(merged.hatched, [21]);
    }

    proptest! {
        #[test]
        fn nothing_below_k_is_told_nothing_is_told_twice_and_what_is_hatched_is_not_told(
            rows in prop::collection::vec((10_i64..40, 0.0..100.0_f64, 0_u32..9), 0..60), k in 1_u32..11, rest in 0_u32..12,
        ) {
            let bins: Vec<_> = rows.into_iter().map(|(place, x, count)| bin(place, x, count)).collect();
            let merged = merge_published_bins(&bins, &BTreeMap::from([(2, rest)]), k);
            let mut seen = vec![false; bins.len()];
            for told in &merged.told {
                prop_assert!(told.count >= k);
                for &i in &told.members {
                    prop_assert!(!std::mem::replace(&mut seen[i], true));
                    prop_assert!(!merged.hatched.contains(&bins[i].place));
                    prop_assert_eq!(bins[i].within, bins[told.members[0]].within);
                }
                let own: u32 = told.members.iter().map(|&i| bins[i].count).sum();
                prop_assert!(told.count == own || (told.count == own + rest && bins[told.members[0]].within == 2));
            }
            for (bin, seen) in bins.iter().zip(seen) {
                prop_assert!(seen || merged.hatched.contains(&bin.place));
            }
        }
    }
}
