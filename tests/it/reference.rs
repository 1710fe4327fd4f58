//! The statistics beside the reference packages: every case of a folder, with its largest error.
//!
//! The folder is `REFERENCE_DIR`, or `../shared/reference` beside this project; `tests/golden` holds small cases of our
//! own in the same form, for where it is absent. A kind is a function in one of the modules below.

mod case;
mod density;
mod early_warning;
mod gather;
mod places;
mod times;

use std::path::{Path, PathBuf};

use case::{Case, Findings};

use crate::support::skip::skip;

/// Kinds that come with the analyses of services and boundaries.
const NOT_YET: [&str; 4] = ["fca", "siting", "network_catchment", "balanced_split"];

/// What checks the cases of a kind.
fn check_of(kind: &str) -> Option<fn(&Case, &mut Findings)> {
    Some(match kind {
        "contiguity" => places::contiguity,
        "compactness" => places::compactness,
        "crs" => places::crs,
        "gi_star" => gather::gi_star,
        "local_moran" => gather::local_moran,
        "global_moran" => gather::global_moran,
        "fdr" => gather::fdr,
        "kde" => density::kde,
        "dbscan" => density::dbscan,
        "mann_kendall" => times::mann_kendall,
        "space_time_scan" => times::scan,
        _ => return None,
    })
}

fn folder() -> PathBuf {
    std::env::var_os("REFERENCE_DIR").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/reference"), PathBuf::from)
}

/// Runs every case of a folder, prints each, and returns what does not hold.
fn run(dir: &Path) -> Vec<String> {
    let index = case::read(&dir.join("index.json"));
    let entries = index.as_array().expect("index.json is a list of cases");
    let (mut faults, mut listed, mut ran) = (Vec::new(), 0, 0);
    for entry in entries {
        let (name, kind) = (case::text(&entry["case"]), case::text(&entry["kind"]));
        let Some(check) = check_of(kind) else {
            let known = NOT_YET.contains(&kind);
            say(&format!("{name}: {kind} {}", if known { "is not yet built" } else { "is a kind unknown here" }));
            continue;
        };
        listed += 1;
        let file = entry["file"].as_str().map_or_else(|| format!("{name}.json"), str::to_owned);
        if !dir.join(&file).is_file() {
            faults.push(format!("{name}: there is no {file}"));
            continue;
        }
        let mut findings = Findings::default();
        check(&Case::read(&dir.join(&file)), &mut findings);
        ran += 1;
        say(&format!("{name}: {kind}, {findings}"));
        if findings.compared == 0 {
            faults.push(format!("{name}: nothing in it was compared"));
        }
        faults.extend(findings.faults.into_iter().map(|fault| format!("{name}: {fault}")));
    }
    if ran < listed {
        faults.push(format!("{ran} of {listed} cases ran"));
    }
    say(&format!("{ran} of {listed} cases ran, {} more are not yet built", entries.len() - listed));
    faults
}

#[expect(clippy::print_stdout, reason = "the table of errors is what this test is run for")]
fn say(line: &str) {
    println!("{line}");
}

/// At most so many lines of what is wrong; a case that fails tends to fail everywhere.
fn shown(faults: &[String]) -> String {
    let more = faults.len().saturating_sub(40);
    format!("{}{}", faults[..faults.len() - more].join("\n"), if more > 0 { format!("\nand {more} more") } else { String::new() })
}

#[test]
fn reference() {
    let dir = folder();
    if !dir.join("index.json").is_file() {
        return skip("no reference cases (REFERENCE_DIR or ../shared/reference)");
    }
    let mut faults = run(&dir);
    if dir.join("early_warning/reference_values.json").is_file() {
        let mut findings = Findings::default();
        early_warning::values(&dir.join("early_warning"), &mut findings);
        say(&format!("early_warning: {findings}"));
        faults.extend(findings.faults.into_iter().map(|fault| format!("early_warning: {fault}")));
    }
    assert!(faults.is_empty(), "{}", shown(&faults));
}

#[test]
fn our_own_cases_hold_without_the_reference_folder() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut faults = run(&dir);
    let mut findings = Findings::default();
    early_warning::values(&dir.join("early_warning"), &mut findings);
    say(&format!("early_warning: {findings}"));
    faults.extend(findings.faults);
    assert!(faults.is_empty(), "{}", shown(&faults));
}

#[test]
fn a_wrong_number_and_a_missing_case_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    write(
        "index.json",
        r#"[{"case":"a","kind":"fdr","file":"a.json"},{"case":"b","kind":"fdr","file":"b.json"},{"case":"c","kind":"fca","file":"c.json"}]"#,
    );
    write("a.json", r#"{"case":"a","kind":"fdr","input":{"p":[0.001,0.5],"alpha":0.05},"expected":{"threshold":0.026,"rejected":[true,false]}}"#);
    let faults = run(dir.path());
    assert_eq!(faults.len(), 3, "{faults:?}");
    assert!(faults[0].contains("threshold") && faults[1].contains("b.json") && faults[2].contains("1 of 2"), "{faults:?}");
}

#[test]
fn early_warning_is_as_good_as_its_baseline() {
    let dir = folder().join("early_warning");
    if !dir.join("ew_score.py").is_file() {
        return skip("no early warning data (REFERENCE_DIR or ../shared/reference)");
    }
    let Some((ours, baseline)) = early_warning::scores(&dir) else { return skip("no python3 to score early warnings with") };
    say(&format!("ours: {ours}\nbaseline: {baseline}"));
    let (ours_all, baseline_all) = (&ours["all"], &baseline["all"]);
    let number = |of: &serde_json::Value, key: &str| of[key].as_f64().expect("a score");
    for key in ["detected", "within_2", "within_4"] {
        assert!(number(ours_all, key) >= number(baseline_all, key), "{key}: {ours}");
    }
    assert!(number(ours_all, "mean_delay_censored") <= number(baseline_all, "mean_delay_censored"), "{ours}");
    assert!(number(&ours, "false_alarms_per_cell_year") <= number(&baseline, "false_alarms_per_cell_year"), "{ours}");
}
