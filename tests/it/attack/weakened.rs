//! What the program must not be: four ways of publishing that an attacker gets through.

use std::collections::BTreeMap;

use maplebridge::codes::{AreaCode, Level};
use sqlx::PgConnection;

use super::lp::{Attacker, Fact};
use super::town::{ORDINARY, Truth};

/// Entries attacked and entries broken.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) attacked: usize,
    pub(crate) broken: usize,
}

/// Every number from the threshold up is published, and nothing is withheld beside the others.
pub(crate) fn primary_alone(truth: &Truth, threshold: u32) -> Tally {
    let of = |group: &str| if truth.is_sensitive(group) { 10 } else { threshold };
    let (mut facts, mut below) = (rests(truth), Vec::new());
    for (area, group, month) in truth.entries() {
        let parts = truth.parts(area, &group, &[&month]);
        let count: u32 = parts.iter().map(|&i| truth.counts[i]).sum();
        if count >= of(&group) {
            facts.push(Fact::equals(parts, f64::from(count)));
        } else {
            below.push((parts, of(&group)));
        }
    }
    tally(&Attacker::new(truth.unknowns.len(), facts), &below)
}

/// Cases without a cell, which the attacker is taken to know.
pub(crate) fn rests(truth: &Truth) -> Vec<Fact> {
    truth.rests().map(|(unknown, count)| Fact::equals([unknown], f64::from(count))).collect()
}

/// The cube is published as it should be, and beside it rates of all cells in two digits, as analyses would tell them were
/// they made of true numbers.
pub(crate) async fn rates_of_all(root: &mut PgConnection, truth: &Truth, threshold: u32) -> Tally {
    let mut all = Tally::default();
    let cells: Vec<AreaCode> = truth.areas.iter().copied().filter(|area| area.level() == Level::Cell).collect();
    for month in &truth.months {
        let mut facts = rests(truth);
        for code in shown(root, month).await {
            let parts = truth.parts(code, ORDINARY, &[month]);
            facts.push(Fact::equals(parts, f64::from(truth.count(code, ORDINARY, month))));
        }
        let mut below = Vec::new();
        for &cell in cells.iter().filter(|cell| truth.households[cell] > 0) {
            let (parts, count) = (truth.parts(cell, ORDINARY, &[month]), truth.count(cell, ORDINARY, month));
            let one = truth.households[&cell] as f64 / 12.0 / 1_000.0;
            let rate = f64::from(count) / one;
            let step = if count > 0 { 10_f64.powi(rate.log10().floor() as i32 - 1) } else { 0.0 };
            let told = if count > 0 { (rate / step).round() * step } else { 0.0 };
            facts.push(Fact::between(parts.clone(), (told - step / 2.0) * one, (told + step / 2.0) * one));
            if count < threshold {
                below.push((parts, threshold));
            }
        }
        let of_month = tally(&Attacker::new(truth.unknowns.len(), facts), &below);
        all = Tally { attacked: all.attacked + of_month.attacked, broken: all.broken + of_month.broken };
    }
    all
}

/// Places of which the total over ordinary kinds is told in a month.
async fn shown(root: &mut PgConnection, month: &str) -> Vec<AreaCode> {
    let codes: Vec<String> = sqlx::query_scalar(
        "select app.code_text(area_lo, level) from published_table
          where audience = 'k5' and category_group = 'ordinary' and outcome = 'shown' and to_char(month_on, 'YYYY-MM') = $1",
    )
    .bind(month)
    .fetch_all(root)
    .await
    .unwrap();
    codes.iter().map(|code| AreaCode::parse(code).unwrap()).collect()
}

fn tally(attacker: &Attacker, below: &[(Vec<usize>, u32)]) -> Tally {
    let broken = below.iter().filter(|(parts, threshold)| attacker.narrows(parts, threshold - 1)).count();
    Tally { attacked: below.len(), broken }
}

/// The total of any place over any run of days is told from the threshold up. The attacker asks for all that begin with a
/// month and all that end with one.
pub(crate) async fn free_ranges(root: &mut PgConnection, truth: &Truth, threshold: u32) -> Tally {
    let days: Vec<(String, String, i32, i64)> = sqlx::query_as(
        "select lpad(i.scope_code::text, 15, '0'), to_char(i.occurred_on, 'YYYY-MM'), i.occurred_on - date '2025-12-01', count(*)
           from incidents i join incident_categories c on c.code = i.category
          where i.state not in ('draft', 'merged') and c.category_group not in ('family', 'medical') group by 1, 2, 3",
    )
    .fetch_all(root)
    .await
    .unwrap();
    let starts = [0, 31, 62, 90];
    let mut all = Tally::default();
    for &area in truth.areas.iter().filter(|area| area.level() <= Level::Village) {
        let mut counts = [0_i64; 90];
        for (place, _, day, count) in &days {
            if area.holds(AreaCode::parse(place).unwrap()) {
                counts[*day as usize] += count;
            }
        }
        let from = |first: usize| (first + 1..=90).map(move |end| (first, end));
        let windows =
            starts[..3].iter().flat_map(|&first| from(first)).chain(starts[1..].iter().flat_map(|&end| (0..end).map(move |first| (first, end))));
        let total = |first: usize, end: usize| counts[first..end].iter().sum::<i64>();
        let told = windows.filter(|&(first, end)| total(first, end) >= i64::from(threshold));
        let facts = told.map(|(first, end)| Fact::equals(first..end, total(first, end) as f64)).collect();
        let attacker = Attacker::new(90, facts);
        let mut below = Vec::new();
        for (number, month) in truth.months.iter().enumerate() {
            if truth.count(area, ORDINARY, month) < threshold {
                below.push(((starts[number]..starts[number + 1]).collect(), threshold));
            }
        }
        // single days are numbers below the threshold as well
        below.extend((0..90).filter(|&day| counts[day] < i64::from(threshold)).map(|day| (vec![day], threshold)));
        let of_area = tally(&attacker, &below);
        all = Tally { attacked: all.attacked + of_area.attacked, broken: all.broken + of_area.broken };
    }
    all
}

/// The Gi* score of every cell is published to four decimals beside the cube. It is linear in the numbers, their mean and
/// their standard deviation: two more unknowns.
pub(crate) async fn scores(root: &mut PgConnection, truth: &Truth, neighbours: &BTreeMap<AreaCode, Vec<AreaCode>>, threshold: u32) -> Tally {
    let cells: Vec<AreaCode> = neighbours.keys().copied().collect();
    let (n, mean_at, deviation_at) = (cells.len() as f64, cells.len(), cells.len() + 1);
    let mut all = Tally::default();
    for month in &truth.months {
        let counts: Vec<f64> = cells.iter().map(|&cell| f64::from(truth.count(cell, ORDINARY, month))).collect();
        let mean = counts.iter().sum::<f64>() / n;
        let deviation = (counts.iter().map(|x| x * x).sum::<f64>() / n - mean * mean).sqrt();
        let shown = shown(root, month).await;
        // cases without a cell are known to the attacker, so what is told is the sum over cells
        let told = |area: AreaCode| {
            let parts: Vec<usize> = (0..cells.len()).filter(|&i| area.holds(cells[i])).collect();
            let count = parts.iter().map(|&i| counts[i]).sum();
            Fact::equals(parts, count)
        };
        let cube: Vec<Fact> = shown.into_iter().map(told).collect();
        let mut facts = cube.clone();
        let every = (0..cells.len()).map(|i| (i, 1.0)).chain([(mean_at, -n)]).collect();
        facts.push(Fact { terms: every, least: 0.0, most: 0.0 });
        for near in neighbours.values() {
            let at: Vec<usize> = near.iter().map(|cell| cells.iter().position(|other| other == cell).unwrap()).collect();
            let links = at.len() as f64;
            let scale = ((n * links - links * links) / (n - 1.0)).sqrt();
            let sum: f64 = at.iter().map(|&i| counts[i]).sum();
            let score = ((sum - mean * links) / (deviation * scale) * 1e4).round() / 1e4;
            let terms = at.iter().map(|&i| (i, 1.0)).chain([(mean_at, -links), (deviation_at, -score * scale)]).collect();
            let slack = 0.5e-4 * scale * deviation * 2.0;
            facts.push(Fact { terms, least: -slack, most: slack });
        }
        let below: Vec<(Vec<usize>, u32)> = (0..cells.len()).filter(|&i| counts[i] < f64::from(threshold)).map(|i| (vec![i], threshold)).collect();
        let without = tally(&Attacker::new(cells.len() + 2, cube), &below);
        assert_eq!(without.broken, 0, "the cube alone gives nothing away");
        let of_month = tally(&Attacker::new(cells.len() + 2, facts), &below);
        all = Tally { attacked: all.attacked + of_month.attacked, broken: all.broken + of_month.broken };
    }
    all
}
