//! What hot spots promise: few maps with a false find, most planted clusters found.

use super::super::dice::Dice;
use super::*;

/// A square of cells that touch in sides and corners.
fn lattice(side: usize) -> Weights {
    let near = |at: usize| at.saturating_sub(1)..=(at + 1).min(side - 1);
    let row = |i: usize| near(i / side).flat_map(|r| near(i % side).map(move |c| r * side + c)).collect::<Vec<_>>();
    Weights::from_lists(&(0..side * side).map(row).collect::<Vec<_>>()).unwrap()
}

/// Denominators with a mean of 100.
#[derive(Debug, Clone, Copy)]
enum Ground {
    /// 100 everywhere.
    Equal,
    /// From 18 to 182 at random, cell by cell.
    Mixed,
    /// A town with eight times the households of the country beside it.
    TownAndCountry,
}

impl Ground {
    fn denominators(self, side: usize, dice: &mut Dice) -> Vec<f64> {
        let one = |i: usize| match self {
            Self::Equal => 100.0,
            Self::Mixed => 18.0 + 164.0 * dice.unit(),
            Self::TownAndCountry if i % side < side / 2 => 1600.0 / 9.0,
            Self::TownAndCountry => 200.0 / 9.0,
        };
        (0..side * side).map(one).collect()
    }
}

struct Trial {
    side: usize,
    weights: Weights,
}

impl Trial {
    fn new(side: usize) -> Self {
        Self { side, weights: lattice(side) }
    }

    fn counts(&self, denominators: &[f64], mean: f64, dice: &mut Dice, planted: Option<usize>) -> Vec<f64> {
        let risk = |i: usize| if planted.is_some_and(|centre| i == centre || self.weights.of(centre).contains(&(i as u32))) { 2.5 } else { 1.0 };
        denominators.iter().enumerate().map(|(i, d)| f64::from(dice.poisson(d / 100.0 * mean * risk(i)))).collect()
    }

    /// The cells that are hot, by the steps that decide; what is only reported is left out for speed.
    fn hot(&self, counts: &[f64], denominators: &[f64], seed: u64) -> Vec<usize> {
        let options = Options { seed, ..Options::default() };
        let map = Map::of(counts, denominators, &self.weights, &options).unwrap().unwrap();
        let mut runs = map.candidates(&options).unwrap();
        map.settle(&mut runs, &options);
        let (cells, p) = family(&runs, true);
        let threshold = fdr_threshold(&p, 0.05).unwrap();
        cells.iter().zip(&p).filter(|((_, own), p)| *own && **p < threshold).map(|((n, _), _)| map.kept[*n]).collect()
    }

    /// The share of maps without any cluster that show a hot cell.
    fn false_finds(&self, ground: Ground, mean: f64, maps: u64) -> f64 {
        let wrong = |map: &u64| {
            let mut dice = Dice::stream(map.wrapping_mul(31) + 5, (mean * 10.0) as u64);
            let denominators = ground.denominators(self.side, &mut dice);
            let counts = self.counts(&denominators, mean, &mut dice, None);
            !self.hot(&counts, &denominators, *map).is_empty()
        };
        (0..maps).into_par_iter().filter(wrong).count() as f64 / maps as f64
    }

    /// The share of planted clusters (nine cells, 2.5 times the risk) in which a cell is hot, and of their cells that are.
    fn power(&self, ground: Ground, mean: f64, maps: u64) -> (f64, f64) {
        let found = |map: u64| {
            let mut dice = Dice::stream(map.wrapping_mul(37) + 11, (mean * 10.0) as u64);
            let denominators = ground.denominators(self.side, &mut dice);
            let mut inside = || 1 + dice.below(self.side as u32 - 2) as usize;
            let centre = inside() * self.side + inside();
            let counts = self.counts(&denominators, mean, &mut dice, Some(centre));
            let hot = self.hot(&counts, &denominators, map);
            hot.iter().filter(|i| **i == centre || self.weights.of(centre).contains(&(**i as u32))).count()
        };
        let found: Vec<usize> = (0..maps).into_par_iter().map(found).collect();
        let clusters = found.iter().filter(|cells| **cells > 0).count() as f64;
        (clusters / maps as f64, found.iter().sum::<usize>() as f64 / (9 * maps) as f64)
    }
}

/// 5 % and three standard errors.
fn bound(maps: u64) -> f64 {
    0.05 + 3.0 * (0.05 * 0.95 / maps as f64).sqrt()
}

#[test]
fn maps_without_clusters_seldom_show_a_hot_cell() {
    let (trial, maps) = (Trial::new(20), 1_000);
    for ground in [Ground::Equal, Ground::Mixed, Ground::TownAndCountry] {
        for mean in [0.3, 2.0, 10.0] {
            let share = trial.false_finds(ground, mean, maps);
            println!("{ground:?}, mean {mean}: a hot cell in {:.1} % of {maps} maps", 100.0 * share);
            assert!(share <= bound(maps), "{ground:?} {mean}: {share}");
        }
    }
}

#[test]
fn nine_cells_with_two_and_a_half_times_the_risk_are_found() {
    let (trial, maps) = (Trial::new(20), 200);
    for (ground, mean) in [(Ground::Equal, 2.0), (Ground::Equal, 10.0), (Ground::Mixed, 2.0), (Ground::Mixed, 10.0), (Ground::TownAndCountry, 10.0)] {
        let (clusters, cells) = trial.power(ground, mean, maps);
        println!("{ground:?}, mean {mean}: {:.0} % of clusters found, {:.0} % of their cells", 100.0 * clusters, 100.0 * cells);
        assert!(clusters >= 0.8, "{ground:?} {mean}: {clusters}");
    }
}
