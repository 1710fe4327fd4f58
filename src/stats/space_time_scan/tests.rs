//! The scan against itself done plainly, and its laws.

use geo::Coord;
use proptest::prelude::*;

use super::*;

fn search<'a>(counts: &'a [Vec<u32>], baseline: &'a [Vec<f64>], zones: &'a [Vec<usize>], prospective: bool, model: Model) -> Search<'a> {
    Search { counts, baseline, zones, max_duration: 3, prospective, model }
}

type Town = (Vec<Vec<u32>>, Vec<Vec<f64>>, Vec<Vec<usize>>);

fn town(rise: u32) -> Town {
    let points: Vec<Coord> = (0..25).map(|i| Coord { x: f64::from(i % 5) + 0.01 * f64::from(i), y: f64::from(i / 5) }).collect();
    let baseline: Vec<Vec<f64>> = (0..8).map(|t| (0..25).map(|i| 0.5 + f64::from((i * 7 + t) % 5) * 0.3).collect()).collect();
    let mut counts: Vec<Vec<u32>> = (0..8_u32).map(|t| (0..25_u32).map(|i| (i * 13 + t * 5) % 3).collect()).collect();
    for row in &mut counts[6..] {
        row[6] += rise;
        row[7] += rise;
    }
    (counts, baseline, nearest_zones(&points, 5).unwrap())
}

#[test]
fn one_window_scores_as_computed_by_hand() {
    let (counts, baseline) = (vec![vec![0, 2], vec![8, 2]], vec![vec![3.0, 3.0], vec![3.0, 3.0]]);
    let zones = [vec![0], vec![1]];
    let options = Options { simulations: 0, ..Options::default() };
    let eb = space_time_scan(&search(&counts, &baseline, &zones, true, Model::ExpectationBased), &options).unwrap();
    assert_eq!((eb.windows, eb.top.len(), eb.top[0].zone, eb.top[0].start, eb.top[0].end, eb.top[0].observed), (2, 2, 0, 1, 2, 8));
    assert!((eb.max_llr() - (8.0 * (8.0_f64 / 3.0).ln() + 3.0 - 8.0)).abs() < 1e-13, "{eb:?}");
    // N 12, the baseline of 12 needs no scaling: 8 ln(8/3) + 4 ln(4/9).
    let pb = space_time_scan(&search(&counts, &baseline, &zones, true, Model::PopulationBased), &options).unwrap();
    assert!((pb.max_llr() - (8.0 * (8.0_f64 / 3.0).ln() + 4.0 * (4.0_f64 / 9.0).ln())).abs() < 1e-13, "{pb:?}");
    assert_eq!((pb.top[0].p, pb.top[0].relative_risk()), (None, Some(8.0 / 3.0)));
}

#[test]
fn a_planted_rise_is_found_with_a_small_p_and_alone() {
    let (counts, baseline, zones) = town(6);
    for model in [Model::ExpectationBased, Model::PopulationBased] {
        for prospective in [true, false] {
            let found = space_time_scan(&search(&counts, &baseline, &zones, prospective, model), &Options::default()).unwrap();
            let best = &found.clusters[0];
            assert!([6, 7].iter().all(|cell| zones[best.zone].contains(cell)), "{found:?}");
            assert_eq!((best.start, best.end, best.p), (6, 8, Some(0.001)), "{found:?}");
            assert!(best.recurrence_interval_days(7.0).is_some_and(|days| (days - 7000.0).abs() < 1e-6));
            assert!(found.clusters[1..].iter().all(|c| c.p > Some(0.01) && zones[c.zone].iter().all(|cell| ![6, 7].contains(cell))));
        }
    }
}

#[test]
fn simulated_maxima_are_those_of_full_searches() {
    let (counts, baseline, zones) = town(6);
    for model in [Model::ExpectationBased, Model::PopulationBased] {
        for prospective in [true, false] {
            let search = search(&counts, &baseline, &zones, prospective, model);
            let (times, score, chains) = (Times::of(&search), Score::of(&search), Chains::of(&zones));
            let expected = chains.sums(&times.over_windows(&baseline, score.scale), times.windows.len());
            let setup = |weakest| simulate::Setup { search: &search, times: &times, score: &score, chains: &chains, expected: &expected, weakest };
            let (all, few) = (setup(1e-9).maxima(60, 5), setup(4.0).maxima(60, 5));
            for (all, few) in all.iter().zip(&few) {
                assert!((*few - if *all >= 4.0 { *all } else { 0.0 }).abs() < 1e-12, "{all} {few}");
            }
            assert!(few.iter().filter(|f| **f > 0.0).count() > 5);
        }
    }
}

#[test]
fn p_is_evenly_spread_where_nothing_happens() {
    let (_, baseline, zones) = town(6);
    let mut small = 0;
    for map in 0..100 {
        let mut dice = super::super::dice::Dice::stream(77, map);
        let counts: Vec<Vec<u32>> = baseline.iter().map(|row| row.iter().map(|&b| dice.poisson(b)).collect()).collect();
        let options = Options { simulations: 39, seed: map, ..Options::default() };
        let found = space_time_scan(&search(&counts, &baseline, &zones, true, Model::ExpectationBased), &options).unwrap();
        small += usize::from(found.top.first().is_some_and(|best| best.p <= Some(0.2)));
    }
    // Binomial(100, 0.2) has the standard error 4.
    assert!((8..=32).contains(&small), "{small}");
}

#[test]
fn any_number_of_threads_and_the_same_seed_give_the_same_p() {
    let (counts, baseline, zones) = town(2);
    let run = |threads, seed| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let search = search(&counts, &baseline, &zones, false, Model::ExpectationBased);
        pool.install(|| space_time_scan(&search, &Options { simulations: 99, seed, ..Options::default() }).unwrap())
    };
    assert_eq!(run(1, 4), run(3, 4));
    assert_ne!(run(1, 4).clusters, run(1, 5).clusters);
}

#[test]
fn what_cannot_be_searched_is_refused() {
    let (counts, baseline, zones) = town(6);
    let bad = |counts: &[Vec<u32>], baseline: &[Vec<f64>], zones: &[Vec<usize>]| {
        space_time_scan(&search(counts, baseline, zones, true, Model::ExpectationBased), &Options::default()).is_err()
    };
    assert!(bad(&counts[1..], &baseline, &zones) && bad(&[], &[], &zones) && bad(&counts, &baseline, &[vec![25]]));
    assert!(bad(&[vec![1]], &[vec![0.0]], &[vec![0]]));
    let empty = space_time_scan(&search(&[vec![0]], &[vec![0.0]], &[vec![0]], true, Model::PopulationBased), &Options::default()).unwrap();
    assert_eq!((empty.max_llr(), empty.clusters.len()), (0.0, 0));
}

proptest! {
    #[test]
    fn cases_for_a_score_are_just_enough(b in 0.01..400.0_f64, llr in 0.01..60.0_f64, population in any::<bool>()) {
        let counts = [vec![1000]];
        let model = if population { Model::PopulationBased } else { Model::ExpectationBased };
        let score = Score::of(&search(&counts, &[vec![1000.0]], &[], true, model));
        let cases = score.cases_for(llr, b);
        if cases == u32::MAX {
            prop_assert!(score.llr(1000.0, b) < llr);
        } else {
            prop_assert!(score.llr(f64::from(cases), b) >= llr && score.llr(f64::from(cases - 1), b) < llr);
        }
    }
}
