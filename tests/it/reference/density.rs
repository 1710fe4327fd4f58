//! How dense points lie, and where they crowd.

use std::collections::BTreeMap;

use maplebridge::stats::{
    self,
    density::{Grid, Kernel, density},
};
use serde_json::Value;

use super::case::{Case, Findings, Tolerance, coords, floats, index, indices, list};

pub(super) fn kde(case: &Case, found: &mut Findings) {
    let grid = &case.input["grid"];
    let number = |key: &str| grid[key].as_f64().expect("a grid has a corner and a cell");
    let count = |key: &str| index(&grid[key]).expect("a grid has columns and rows");
    let grid = Grid { x0: number("x0"), y0: number("y0"), cell_m: number("cell"), columns: count("nx"), rows: count("ny") };
    let points = coords(&case.input["points"]);
    let weights = case.input["weights"].is_array().then(|| floats(&case.input["weights"]));
    let bandwidth = case.input["bandwidth"].as_f64().expect("a case has a bandwidth");
    for (key, kernel, of_max) in [
        ("gaussian", Kernel::Gaussian, 1e-12),
        ("quartic", Kernel::Quartic, 1e-12),
        ("epanechnikov", Kernel::Epanechnikov, 1e-12),
        ("gaussian", Kernel::GaussianCut, 1e-4),
    ] {
        let wanted = list(&case.expected[key]);
        if wanted.is_empty() {
            continue;
        }
        let most = wanted.iter().filter_map(Value::as_f64).fold(0.0, f64::max);
        let got = density(&points, weights.as_deref(), bandwidth, &grid, kernel).expect("points are numbers");
        if kernel == Kernel::GaussianCut {
            let off = got.iter().zip(wanted).map(|(got, w)| (got - w.as_f64().unwrap_or(f64::NAN)).abs()).fold(0.0, f64::max) / most;
            found.notes.push(format!("cut Gaussian off by {off:.1e} of the maximum"));
            found.same("the cut Gaussian within 1e-4 of the maximum", &(off <= of_max), &true);
        } else {
            found.numbers(case, key, Tolerance { rel: 1e-9, abs: of_max * most }, got.into_iter().map(Some));
        }
    }
}

pub(super) fn dbscan(case: &Case, found: &mut Findings) {
    let points = coords(&case.input["points"]);
    let eps = case.input["eps"].as_f64().expect("a case has eps");
    let min_points = ["min_points", "min_samples"].iter().find_map(|key| index(&case.input[*key])).expect("a case has min_points");
    let got = stats::dbscan(&points, eps, min_points).expect("points are numbers");
    let wanted: Vec<i64> = list(&case.expected["labels"]).iter().map(|v| v.as_f64().expect("a label") as i64).collect();
    if let Some(core) = case.expected["core"].as_array() {
        found.same("core", &got.core, &core.iter().filter_map(Value::as_bool).collect());
    }
    for (key, count) in [("n_clusters", got.count), ("n_noise", got.labels.iter().filter(|l| l.is_none()).count())] {
        if let Some(wanted) = index(&case.expected[key]) {
            found.same(key, &count, &wanted);
        }
    }
    // Labels may be named otherwise: core points say how.
    let (mut theirs, mut ours) = (BTreeMap::new(), BTreeMap::new());
    for (i, (label, wanted)) in got.labels.iter().zip(&wanted).enumerate() {
        let label = label.map_or(-1, i64::from);
        if got.core[i] {
            found.same(&format!("the cluster of core point {i}"), theirs.entry(label).or_insert(*wanted), wanted);
            found.same(&format!("the cluster of core point {i}, by its label"), ours.entry(*wanted).or_insert(label), &label);
        }
    }
    found.notes.push(format!("labels {}", if theirs.iter().all(|(a, b)| a == b) { "identical" } else { "renamed" }));
    for (i, (label, wanted)) in got.labels.iter().zip(&wanted).enumerate().filter(|(i, _)| !got.core[*i]) {
        let label = label.map_or(-1, |l| theirs.get(&i64::from(l)).copied().unwrap_or(i64::MIN));
        let ties: Vec<i64> = indices(&case.expected["border_ties"][i.to_string()]).into_iter().map(|l| l as i64).collect();
        found.same(&format!("the label of {i}"), &(label == *wanted || ties.contains(&label)), &true);
    }
}
