//! Where values gather: Gi*, Moran, and how small p must be.

use maplebridge::stats::{self, Shuffles, Transform, Weights};
use serde_json::Value;

use super::case::{Case, Findings, TAIL, USUAL, coords, floats, index, list, numbered, text, weights};

/// The neighbours of a case: as listed, or all within its threshold. Where both are given they must be the same.
fn neighbours(case: &Case, found: &mut Findings) -> Weights {
    let listed = ["neighbors_without_self", "neighbors", "neighbours"].into_iter().find(|key| case.input[*key].is_array());
    let listed = listed.map(|key| weights(&case.input[key]));
    let band = case.input["threshold"].as_f64().filter(|_| case.input["points"].is_array());
    let band = band.map(|threshold| stats::weights::distance_band(&coords(&case.input["points"]), threshold).expect("points are numbers"));
    if let (Some(listed), Some(band)) = (&listed, &band) {
        found.same("the distance band", band, listed);
    }
    listed.or(band).expect("a case has neighbours or points with a threshold")
}

pub(super) fn gi_star(case: &Case, found: &mut Findings) {
    let weights = neighbours(case, found);
    let got = stats::gi_star(&floats(&case.input["y"]), &weights).expect("values are numbers");
    let (z, p) = (case.tolerance(&["z", "all"], USUAL), case.tolerance(&["p"], TAIL));
    found.numbers(case, "local_sum", USUAL, got.iter().map(|g| Some(g.local_sum)));
    found.numbers(case, "G", USUAL, got.iter().map(|g| g.g));
    found.numbers(case, "z", z, got.iter().map(|g| g.z));
    found.numbers(case, "p_one_sided", p, got.iter().map(stats::GiStar::p_one_sided));
    found.numbers(case, "p_two_sided", p, got.iter().map(|g| g.p_two_sided));
    found.numbers(case, "bin_esri", USUAL, got.iter().map(|g| g.bin().map(f64::from)));
    let family: Vec<f64> = got.iter().filter_map(|g| g.p_two_sided).collect();
    let threshold = |alpha| (!family.is_empty()).then(|| stats::fdr_threshold(&family, alpha).expect("p and alpha are shares"));
    for (wanted, alpha) in numbered(&case.expected, "fdr_threshold_two_sided_") {
        found.number("the FDR threshold", threshold(alpha), wanted, USUAL);
    }
    for (wanted, alpha) in numbered(&case.expected, "class_fdr_") {
        for (i, (got, wanted)) in got.iter().zip(list(wanted)).enumerate() {
            let class = got.z.zip(got.p_two_sided).zip(threshold(alpha)).map(|((z, p), t)| if p < t { z.signum() } else { 0.0 });
            found.number(&format!("the class of {i}"), class, wanted, USUAL);
        }
    }
}

/// Permutations of ours; the cases ask for as many or more.
const PERMUTATIONS: usize = 9_999;

pub(super) fn local_moran(case: &Case, found: &mut Findings) {
    let weights = neighbours(case, found);
    let shuffles = Shuffles::of(&weights, PERMUTATIONS, 20_261).expect("permutations are asked for");
    let got = stats::local_moran(&floats(&case.input["y"]), &weights, Some(&shuffles)).expect("values are numbers");
    let of = |name: &str| case.tolerance(&[name, "all"], USUAL);
    found.numbers(case, "I", of("I"), got.iter().map(|l| l.i));
    found.numbers(case, "quadrant", USUAL, got.iter().map(|l| Some(f64::from(l.quadrant as u8))));
    // Of an island nothing is expected: some cases give 0 there, some null.
    let linked = |key: &str, i: usize| !weights.of(i).is_empty() || case.expected[key][i].is_null();
    for (key, tolerance, pick) in [
        ("EI_cond", of("EI"), (|l| l.expected) as fn(&stats::LocalMoran) -> Option<f64>),
        ("VI_cond", of("VI"), |l| l.variance),
        ("z_cond", of("z"), |l| l.z),
    ] {
        for (i, (got, wanted)) in got.iter().zip(list(&case.expected[key])).enumerate().filter(|(i, _)| linked(key, *i)) {
            found.number(&format!("{key} {i}"), pick(got), wanted, tolerance);
        }
    }
    if case.expected["islands"].is_array() {
        found.same("the islands", &weights.islands(), &super::case::indices(&case.expected["islands"]));
    }
    simulated(case, &got, found);
    let family: Vec<f64> = list(&case.expected["p_sim_ref"]).iter().filter_map(Value::as_f64).collect();
    for (wanted, alpha) in numbered(&case.expected, "fdr_") {
        found.number("the FDR threshold of the reference's p", stats::fdr_threshold(&family, alpha).ok(), wanted, USUAL);
    }
}

/// p by permutations beside those of another seed: within five standard errors, but for half a per cent of the cells.
fn simulated(case: &Case, got: &[stats::LocalMoran], found: &mut Findings) {
    let of_theirs = index(&case.expected["p_ref_permutations"]).unwrap_or(PERMUTATIONS) as f64;
    let ours = PERMUTATIONS as f64;
    let (mut outside, mut furthest) = (Vec::new(), 0.0_f64);
    for (i, (got, wanted)) in got.iter().zip(list(&case.expected["p_sim_ref"])).enumerate() {
        match (got.p_folded, wanted.as_f64()) {
            (Some(p), Some(wanted)) => {
                let error = (p - wanted).abs() / (5.0 * (wanted * (1.0 - wanted) * (1.0 / ours + 1.0 / of_theirs)).sqrt() + 2.0 / ours);
                furthest = furthest.max(error);
                if error > 1.0 {
                    outside.push(format!("{i}: {p} for {wanted}"));
                }
            }
            (None, None) => {}
            (p, _) => found.faults.push(format!("p of {i} is {p:?}, not {wanted}")),
        }
    }
    found.notes.push(format!("simulated p at most {furthest:.2} of what is allowed, {} cells outside", outside.len()));
    if outside.len() > got.len() / 200 {
        found.faults.push(format!("simulated p: {}", outside.join(", ")));
    }
}

pub(super) fn global_moran(case: &Case, found: &mut Findings) {
    let weights = neighbours(case, found);
    let transform = match text(&case.input["transform"]).to_lowercase().as_str() {
        "" | "row" | "r" => Transform::Row,
        "binary" | "b" => Transform::Binary,
        other => panic!("{other} is no transform known here"),
    };
    let got = stats::global_moran(&floats(&case.input["y"]), &weights, transform).expect("values are numbers");
    let (all, p) = (case.tolerance(&["all", "I"], USUAL), case.tolerance(&["p"], TAIL));
    let mut one = |key: &str, tolerance, got: Option<f64>| {
        if let Some(wanted) = case.expected.get(key) {
            found.number(key, got, wanted, tolerance);
        }
    };
    one("I", all, got.i);
    one("EI", all, Some(got.expected));
    for (ending, moment) in [("norm", got.normality), ("rand", got.randomisation)] {
        one(&format!("VI_{ending}"), all, moment.map(|m| m.variance));
        one(&format!("z_{ending}"), all, moment.map(|m| m.z));
        one(&format!("p_{ending}_two_sided"), p, moment.map(|m| m.p_two_sided));
    }
}

pub(super) fn fdr(case: &Case, found: &mut Findings) {
    let p = floats(&case.input["p"]);
    let alpha = case.input["alpha"].as_f64().unwrap_or(0.05);
    let threshold = stats::fdr_threshold(&p, alpha).expect("p and alpha are shares");
    found.number("threshold", Some(threshold), &case.expected["threshold"], case.tolerance(&["threshold"], USUAL));
    let rejected: Vec<bool> = p.iter().map(|p| *p <= threshold).collect();
    if let Some(wanted) = case.expected["rejected"].as_array() {
        found.same("rejected", &rejected, &wanted.iter().filter_map(Value::as_bool).collect());
    }
    if let Some(wanted) = index(&case.expected["n_rejected"]) {
        found.same("n_rejected", &rejected.iter().filter(|r| **r).count(), &wanted);
    }
    found.numbers(case, "bh_adjusted", USUAL, stats::adjusted(&p).expect("p are shares").into_iter().map(Some));
}
