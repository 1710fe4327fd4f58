//! W3: neighbouring cells with more cases in the last weeks than chance explains: the prospective space-time scan, for each
//! group of kinds and for all.

use chrono::{Days, NaiveDate};

use super::{failed, numbers, short, tallied, township};
use crate::codes::CellCode;
use crate::error::Result;
use crate::stats::space_time_scan::{Cluster, Model, Options, Search, nearest_zones, space_time_scan};
use crate::warnings::facts::{Facts, Found, Level, Strength, Subject};
use crate::warnings::reconcile::common;
use crate::warnings::{Ask, Entry, Owner};

/// Most cells of a cluster.
const CELLS: usize = 15;
/// The longest window in weeks.
const WINDOW: usize = 12;
/// Weeks that the window is compared with, itself included.
const WEEKS: usize = 52;
/// Weeks of history before those that say what is usual in a cell.
const HISTORY: usize = 156;
/// Cases of the county's rate that weigh as much as a cell's own history.
const PRIOR_CASES: f64 = 2.0;
/// Cases added to both sides of the factor of a week, as in the detector.
const STEADY: f64 = 20.0;
/// Cases without which nothing is said.
const FEWEST: u64 = 4;
/// Clusters of a group that are told.
const CLUSTERS: usize = 3;
/// Simulations of the first look, which is the last where nothing stands out.
const FIRST: usize = 39;
/// Simulations where something does: a recurrence interval of 999 days is the longest that is told.
const SIMULATIONS: usize = 998;
/// A warning goes on while chance would do it so often at most; it begins by setting.
const KEEPS_DAYS: f64 = 20.0;

pub(in crate::warnings) static ENTRY: Entry = Entry {
    name: "W3",
    version: 1,
    title: ["纠纷聚集", "A cluster of cases"],
    sentence: [
        "至多 15 个相邻网格在截至今日的至多 12 周内，纠纷（全部或某一类）多于按各网格以往、各周全县总量的预期，偶然出现的间隔不少于设置的天数（默认 100 天；前瞻性时空扫描）。黄；间隔 300 天起为橙。",
        "At most 15 near cells have more cases (all, or of a group of kinds) in at most 12 weeks up to today than their past and the weeks of the county let expect, by chance no more often than once in the days of the setting (100; prospective space-time scan). Yellow; orange from 300 days.",
    ],
    subjects: &["cells"],
    numbers: &["cases", "expected_cases", "window_days", "recurrence_days", "cells"],
    owner: Owner::Centre,
    clock_days: 2,
    of_cases: true,
    of_county: true,
    ask: Ask::Measured { find, back_test },
};

/// The inputs of one scan: counts and expectation by week, then cell.
struct Setup {
    counts: Vec<Vec<u32>>,
    baseline: Vec<Vec<f64>>,
}

/// Positions of cells with a place, and the sets of near ones among them.
fn zones(facts: &Facts) -> Result<(Vec<usize>, Vec<Vec<usize>>)> {
    let placed = facts.cells.iter().enumerate().filter(|(_, cell)| cell.households > 0).filter_map(|(n, cell)| Some((n, cell.at?)));
    let (cells, points): (Vec<usize>, Vec<_>) = placed.unzip();
    let zones = nearest_zones(&points, CELLS.min(points.len())).map_err(failed)?;
    Ok((cells, zones))
}

/// What a cell's past and the county's weeks let expect. Weekends and holidays are in the county's weeks.
fn setup(facts: &Facts, group: Option<u16>, last: NaiveDate, cells: &[usize]) -> Setup {
    let all = facts.weekly(group, last, HISTORY + WEEKS);
    let recent = &|cell: &usize, week: usize| all[*cell][HISTORY + week];
    let households: f64 = cells.iter().map(|&cell| facts.cells[cell].households as f64).sum();
    let past: Vec<f64> = cells.iter().map(|&cell| f64::from(all[cell][..HISTORY + WEEKS - WINDOW].iter().sum::<u32>())).collect();
    let total: f64 = past.iter().sum();
    let share = |(&cell, own): (&usize, &f64)| {
        // the county's rate for its households, weighing as much as so many cases
        let usual = total * facts.cells[cell].households as f64 / households;
        usual.mul_add((own + PRIOR_CASES) / (usual + PRIOR_CASES), 1e-6)
    };
    let shares: Vec<f64> = cells.iter().zip(&past).map(share).collect();
    let of_all: f64 = shares.iter().sum();
    let by_week: Vec<f64> = (0..WEEKS).map(|week| cells.iter().map(|cell| f64::from(recent(cell, week))).sum()).collect();
    let mean = by_week.iter().sum::<f64>() / WEEKS as f64;
    let counts = (0..WEEKS).map(|week| cells.iter().map(|cell| recent(cell, week)).collect()).collect();
    // a week of few cases says little of how busy the county was, and some of them may be the cluster's own
    let factor = |seen: &f64| (seen + STEADY) / (mean + STEADY);
    let baseline = by_week.iter().map(|seen| shares.iter().map(|share| factor(seen) * mean * share / of_all).collect()).collect();
    Setup { counts, baseline }
}

/// Clusters of a group up to a day: enough simulations where something stands out, few where nothing does.
fn clusters(setup: &Setup, zones: &[Vec<usize>], seed: u64, simulations: usize) -> Result<Vec<Cluster>> {
    if setup.counts.iter().flatten().map(|count| u64::from(*count)).sum::<u64>() < FEWEST {
        return Ok(Vec::new());
    }
    let search =
        Search { counts: &setup.counts, baseline: &setup.baseline, zones, max_duration: WINDOW, prospective: true, model: Model::PopulationBased };
    let look = |simulations| space_time_scan(&search, &Options { top: 0, clusters: CLUSTERS, simulations, seed }).map_err(failed);
    let first = look(FIRST.min(simulations))?.clusters;
    let best = first.iter().filter_map(|cluster| cluster.p).fold(1.0_f64, f64::min);
    let found = if best > 0.1 || simulations <= FIRST { first } else { look(simulations)?.clusters };
    Ok(found.into_iter().filter(|cluster| cluster.observed >= FEWEST).collect())
}

fn groups(facts: &Facts) -> impl Iterator<Item = Option<u16>> {
    std::iter::once(None).chain((0..facts.groups.len() as u16).map(Some))
}

fn find(facts: &Facts) -> Result<Vec<Found>> {
    let (cells, zones) = zones(facts)?;
    let mut found = Vec::new();
    if cells.len() < 2 {
        return Ok(found);
    }
    for group in groups(facts) {
        let setup = setup(facts, group, facts.day, &cells);
        for cluster in clusters(&setup, &zones, facts.seed, SIMULATIONS)? {
            let days = cluster.recurrence_interval_days(1.0).unwrap_or(0.0).round();
            if days < KEEPS_DAYS {
                continue;
            }
            let mut codes: Vec<CellCode> = zones[cluster.zone].iter().map(|&n| facts.cells[cells[n]].code).collect();
            codes.sort_unstable();
            let (part, window) = (facts.part(group), 7 * (cluster.end - cluster.start));
            let kinds = facts.called(group);
            let (seen, expected, many) = (cluster.observed, cluster.expected, codes.len());
            found.push(Found {
                level: if days >= 300.0 { Level::Orange } else { Level::Yellow },
                strength: if days >= facts.settings.recurrence_days { Strength::Raises } else { Strength::Keeps },
                numbers: numbers([
                    ("cases", seen.into()),
                    ("expected_cases", short(expected).into()),
                    ("window_days", window.into()),
                    ("recurrence_days", days.into()),
                    ("cells", many.into()),
                ]),
                sentence: [
                    format!("{many} 个网格（{kinds}）{window} 天内 {seen} 件，预期 {expected:.1} 件，偶然约每 {days:.0} 天出现一次"),
                    format!("{seen} cases ({part}) in {many} cells in {window} days, {expected:.1} expected, would happen by chance about once in {days:.0} days"),
                ],
                subject: Subject::Cells(codes),
                part,
            });
        }
    }
    Ok(found)
}

/// Asked every four weeks with few simulations, counted where it begins.
fn back_test(facts: &Facts) -> Result<Vec<(i64, u32)>> {
    let (cells, zones) = zones(facts)?;
    let mut places = Vec::new();
    if cells.len() < 2 {
        return Ok(Vec::new());
    }
    for group in groups(facts) {
        let mut before: Vec<Vec<usize>> = Vec::new();
        for month in (0..13).rev() {
            let Some(day) = facts.day.checked_sub_days(Days::new(28 * month)) else { continue };
            let setup = setup(facts, group, day, &cells);
            let strong = |cluster: &Cluster| cluster.recurrence_interval_days(1.0).is_some_and(|days| days >= facts.settings.recurrence_days);
            let simulations = (facts.settings.recurrence_days.ceil() as usize).max(99);
            let now: Vec<Vec<usize>> =
                clusters(&setup, &zones, facts.seed, simulations)?.iter().filter(|c| strong(c)).map(|c| zones[c.zone].clone()).collect();
            for zone in now.iter().filter(|zone| !before.iter().any(|old| old.iter().any(|cell| zone.contains(cell)))) {
                let codes: Vec<i64> = zone.iter().map(|&n| facts.cells[cells[n]].code.to_i64()).collect();
                places.push(township(common(&codes)));
            }
            before = now;
        }
    }
    Ok(tallied(places))
}
