//! Trends, and clusters in space and time.

use maplebridge::stats::space_time_scan::{Cluster, Model, Options, Search, nearest_zones};
use maplebridge::stats::{self};
use serde_json::Value;

use super::case::{Case, Findings, TAIL, USUAL, coords, floats, index, indices, list};

pub(super) fn mann_kendall(case: &Case, found: &mut Findings) {
    let all = case.tolerance(&["all"], USUAL);
    let rows = list(&case.expected["rows"]);
    let series = list(&case.input["series"]);
    found.same("the number of rows", &series.len(), &rows.len());
    for (i, (series, wanted)) in series.iter().zip(rows).enumerate() {
        let got = stats::mann_kendall(&floats(series)).expect("values are numbers");
        for (key, got, tolerance) in [("S", got.s as f64, all), ("var", got.variance, all), ("z", got.z, all), ("p_two_sided", got.p_two_sided, TAIL)]
        {
            if let Some(wanted) = wanted.get(key) {
                found.number(&format!("{key} of series {i}"), Some(got), wanted, tolerance);
            }
        }
    }
}

pub(super) fn scan(case: &Case, found: &mut Findings) {
    let counts: Vec<Vec<u32>> = list(&case.input["counts"]).iter().map(|row| floats(row).into_iter().map(|c| c as u32).collect()).collect();
    let baseline: Vec<Vec<f64>> = list(&case.input["baseline"]).iter().map(floats).collect();
    let listed: Option<Vec<Vec<usize>>> = case.input["zones"].as_array().map(|zones| zones.iter().map(indices).collect());
    let made = index(&case.input["k"]).filter(|_| case.input["points"].is_array());
    let made = made.map(|k| nearest_zones(&coords(&case.input["points"]), k).expect("points are numbers"));
    if let (Some(listed), Some(made)) = (&listed, &made) {
        found.same("the zones", made, listed);
    }
    let zones = listed.or(made).expect("a case has zones, or points and k");
    let max_duration = index(&case.input["max_duration"]).unwrap_or(counts.len());
    let prospective = case.input["prospective"].as_bool().unwrap_or(true);
    for (key, model) in [("eb", Model::ExpectationBased), ("pb", Model::PopulationBased)] {
        let wanted = &case.expected[key];
        if wanted.is_object() {
            let search = Search { counts: &counts, baseline: &baseline, zones: &zones, max_duration, prospective, model };
            one(case, key, &search, wanted, found);
        }
    }
}

fn one(case: &Case, model: &str, search: &Search, wanted: &Value, found: &mut Findings) {
    let llr = case.tolerance(&["llr"], USUAL);
    let (top, apart) = (list(&wanted["top"]), list(&wanted["non_overlapping"]));
    let theirs = index(&wanted["p_ref_sims"]).unwrap_or(999);
    let options = Options { top: top.len().max(1), clusters: apart.len(), simulations: theirs.max(999), seed: 20_261 };
    let got = stats::space_time_scan(search, &options).expect("a case can be searched");
    found.number(&format!("max_llr of {model}"), Some(got.max_llr()), &wanted["max_llr"], llr);
    for (key, count) in [("n_windows", got.windows), ("n_zones", search.zones.len())] {
        if let Some(wanted) = index(&wanted[key]) {
            found.same(&format!("{key} of {model}"), &count, &wanted);
        }
    }
    clusters(&format!("{model} top"), search, &got.top, top, llr, found);
    clusters(&format!("{model} non_overlapping"), search, &got.clusters, apart, llr, found);
    if let (Some(reference), Some(p)) = (wanted["p_mc_ref"].as_f64(), got.top.first().and_then(|best| best.p)) {
        let (n, m) = (options.simulations as f64, theirs as f64);
        let allowed = 3.0 * (reference * (1.0 - reference) * (1.0 / n + 1.0 / m)).sqrt() + 1.0 / n + 1.0 / m;
        found.notes.push(format!("{model} p {p:.4} beside {reference:.4}"));
        found.same(&format!("p of {model} within 3 standard errors"), &((p - reference).abs() <= allowed), &true);
    }
    let published = indices(&case.expected["published"]["mlc_locations_1based"]);
    if model == "eb" && !published.is_empty() {
        let zone: Vec<usize> = got.top[0].clone().zone_cells(search).into_iter().map(|cell| cell + 1).collect();
        found.same("the published cluster", &zone, &published);
    }
}

trait ZoneCells {
    fn zone_cells(&self, search: &Search) -> Vec<usize>;
}

impl ZoneCells for Cluster {
    fn zone_cells(&self, search: &Search) -> Vec<usize> {
        let mut cells = search.zones[self.zone].clone();
        cells.sort_unstable();
        cells
    }
}

/// Clusters by rank. Where the next or the one before scores the same, another zone or window is as right.
fn clusters(what: &str, search: &Search, got: &[Cluster], wanted: &[Value], llr: super::case::Tolerance, found: &mut Findings) {
    let score = |at: usize| wanted.get(at).and_then(|w| w["llr"].as_f64());
    for (n, w) in wanted.iter().enumerate().take_while(|(_, w)| w["llr"].as_f64().is_none_or(|llr| llr > 0.0)) {
        let Some(got) = got.get(n) else {
            found.faults.push(format!("{what} has no number {n}"));
            return;
        };
        found.number(&format!("llr of {what} {n}"), Some(got.llr), &w["llr"], llr);
        let tied = |other: Option<f64>| other.zip(score(n)).is_some_and(|(a, b)| (a - b).abs() <= 1e-9 * b.abs());
        if tied(score(n + 1)) || (n > 0 && tied(score(n - 1))) {
            continue;
        }
        let mut zone = indices(&w["zone"]);
        zone.sort_unstable();
        found.same(&format!("the zone of {what} {n}"), &got.zone_cells(search), &zone);
        found.same(&format!("the window of {what} {n}"), &(Some(got.start), Some(got.end)), &(index(&w["start"]), index(&w["end_exclusive"])));
        for (key, got) in [("observed", Some(got.observed as f64)), ("expected", Some(got.expected)), ("relative_risk_eb", got.relative_risk())] {
            if let Some(wanted) = w.get(key) {
                found.number(&format!("{key} of {what} {n}"), got, wanted, USUAL);
            }
        }
    }
}
