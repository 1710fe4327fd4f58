//! The detector beside its reference values, and its score.

use std::path::Path;
use std::process::Command;

use maplebridge::stats::early_warning::{Thresholds, alerts, alerts_csv, expect, read_counts, watch};
use serde_json::Value;

use super::case::{Findings, USUAL, floats, indices, list, numbered, read};

fn counts(dir: &Path) -> Vec<Vec<u32>> {
    read_counts(&std::fs::read_to_string(dir.join("counts.csv")).expect("counts.csv is beside the values")).expect("counts are whole numbers")
}

/// The tables of alarm lines: (false alarms a year, table).
fn tables(dir: &Path) -> Vec<(f64, Thresholds)> {
    let table = &read(&dir.join("baseline_scores.json"))["h_table"];
    let means = floats(&table["mu"]);
    let lines = table["h"].as_object().into_iter().flatten();
    lines.map(|(target, lines)| (target.parse().expect("a number"), Thresholds::new(&means, &floats(lines)).expect("means ascend"))).collect()
}

/// Expected means, week factors, spread, alarm lines and sums of some cells.
pub(super) fn values(dir: &Path, found: &mut Findings) {
    let wanted = read(&dir.join("reference_values.json"));
    let counts = counts(dir);
    let got = expect(&counts).expect("cells have the same weeks");
    let cells = indices(&wanted["cells"]);
    for (week, w) in list(&wanted["week_factor"]).iter().enumerate() {
        found.number(&format!("week factor {week}"), got.week_factors.get(week).copied(), w, USUAL);
    }
    if let Some(size) = wanted.get("nb_k") {
        found.number("nb_k", Some(got.size), size, USUAL);
    }
    let mut rows = |what: &str, values: &Value, got: &dyn Fn(usize) -> Vec<f64>| {
        for (&cell, row) in cells.iter().zip(list(values)) {
            for (week, (got, w)) in got(cell).into_iter().zip(list(row)).enumerate() {
                found.number(&format!("{what} of cell {cell} in week {week}"), Some(got), w, USUAL);
            }
        }
    };
    rows("the mean", &wanted["mu"], &|cell| got.means[cell].clone());
    for (lines, target) in numbered(&wanted, "h_target_far_") {
        let Some((_, table)) = tables(dir).into_iter().find(|(t, _)| (t - target).abs() < 1e-9) else { continue };
        let watched = watch(&counts, &got, &table).expect("means are of these counts");
        rows("the alarm line", lines, &|cell| watched[cell].lines.clone());
        rows("the sum", &wanted["nb_cusum_rho_2_5_capped"], &|cell| watched[cell].sums.clone());
    }
}

/// Scores of our alerts and those of the baseline, at 0.25 false alarms a year with the same table; `None` without python3.
pub(super) fn scores(dir: &Path) -> Option<(Value, Value)> {
    let (_, table) = tables(dir).into_iter().find(|(target, _)| (target - 0.25).abs() < 1e-9)?;
    let counts = counts(dir);
    let expected = expect(&counts).expect("cells have the same weeks");
    let watched = watch(&counts, &expected, &table).expect("means are of these counts");
    let out = tempfile::tempdir().expect("a place for a file");
    let file = out.path().join("alerts.csv");
    std::fs::write(&file, alerts_csv(&alerts(&counts, &expected, &watched, 104))).expect("room for a file");
    let scored = Command::new("python3").arg(dir.join("ew_score.py")).arg(dir).arg(&file).output().ok()?;
    assert!(scored.status.success(), "{}", String::from_utf8_lossy(&scored.stderr));
    let ours = serde_json::from_slice(&scored.stdout).expect("the scorer writes JSON");
    Some((ours, read(&dir.join("baseline_scores.json"))["scores"]["RECOMMENDED target FAR 0.25"].take()))
}
