//! W3R: the weekly cases of a cell have risen: the detector of `stats::early_warning`, for each group of kinds and for all.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use chrono::{Datelike as _, Days, NaiveDate};
use parking_lot::Mutex;

use super::{failed, numbers, short, tallied, township};
use crate::error::Result;
use crate::stats::early_warning::{Expected, Sums, Thresholds, WARM_UP_WEEKS, expect, watch};
use crate::warnings::facts::{Facts, Found, Level, Strength, Subject};
use crate::warnings::{Ask, Entry, Owner};

/// Most weeks that are looked at; the detector needs two years before it says anything.
const WEEKS: usize = 260;
/// Weeks whose cases and expectation are shown.
const SHOWN: usize = 8;
/// Cases in the shown weeks without which nothing is said.
const FEWEST: u32 = 4;
/// Series that a line is simulated with.
const SERIES: usize = 60;
/// Alerts of a cell fewer weeks apart than this are one.
const EPISODE: usize = 4;

pub(in crate::warnings) static ENTRY: Entry = Entry {
    name: "W3R",
    version: 1,
    title: ["网格纠纷上升", "A cell is rising"],
    sentence: [
        "网格每周的纠纷（全部或某一类）累积地多于按它以往和当周全县水平的预期，达到警戒线（负二项累积和，针对 2.5 倍的上升；每网格每年误报次数由设置给定）。黄；近 8 周至少 3 倍为橙。",
        "The weekly cases of a cell (all, or of a group of kinds) are above what its past and the week of the county let expect, added up to the alarm line (negative binomial CUSUM for a rise to 2.5 times; false alarms a cell and year by setting). Yellow; orange from 3 times in the last 8 weeks.",
    ],
    subjects: &["cell"],
    numbers: &["cases_in_8_weeks", "expected_in_8_weeks", "alarm_weeks", "sum_of_line"],
    owner: Owner::Supervisor,
    clock_days: 3,
    of_cases: true,
    of_county: true,
    ask: Ask::Measured { find, back_test },
};

/// What was watched of one part: of all kinds, or of a group.
struct Watched {
    group: Option<u16>,
    counts: Vec<Vec<u32>>,
    expected: Expected,
    sums: Vec<Sums>,
}

/// The last Sunday: weeks are whole ones, so that a day more does not cut them anew.
fn last_sunday(day: NaiveDate) -> NaiveDate {
    let past = u64::from(day.weekday().number_from_monday() % 7);
    day.checked_sub_days(Days::new(past)).unwrap_or(day)
}

/// The table of lines; simulated once for a spread (in steps, the greater one taken) and a number of false alarms.
fn thresholds(size: f64, alarms: f64) -> Result<Thresholds> {
    static KNOWN: OnceLock<Mutex<BTreeMap<(i32, u64), Thresholds>>> = OnceLock::new();
    let step = (size.clamp(0.5, 64.0).log2() * 2.0).floor() as i32;
    let key = (step, alarms.to_bits());
    let known = KNOWN.get_or_init(Mutex::default);
    if let Some(table) = known.lock().get(&key) {
        return Ok(table.clone());
    }
    let table = Thresholds::simulate((f64::from(step) / 2.0).exp2(), alarms, SERIES, 1).map_err(failed)?;
    known.lock().insert(key, table.clone());
    Ok(table)
}

/// Watches all kinds together with half of the false alarms, and the groups with the other half between them.
fn watched(facts: &Facts) -> Result<Vec<Watched>> {
    let last = last_sunday(facts.day);
    let Some(first) = facts.cases.iter().map(|case| case.discovered_on).min() else { return Ok(Vec::new()) };
    let weeks = (((last - first).num_days() + 1) / 7).max(0) as usize;
    let weeks = weeks.min(WEEKS);
    if weeks < 2 * WARM_UP_WEEKS || facts.cells.is_empty() {
        return Ok(Vec::new());
    }
    let half = facts.settings.false_alarms_per_year / 2.0;
    let groups = (0..facts.groups.len() as u16).map(|group| (Some(group), half / facts.groups.len() as f64));
    let mut all = Vec::with_capacity(facts.groups.len() + 1);
    for (group, alarms) in std::iter::once((None, half)).chain(groups) {
        let counts = facts.weekly(group, last, weeks);
        if counts.iter().flatten().all(|count| *count == 0) {
            continue;
        }
        let expected = expect(&counts).map_err(failed)?;
        let sums = watch(&counts, &expected, &thresholds(expected.size, alarms)?).map_err(failed)?;
        all.push(Watched { group, counts, expected, sums });
    }
    Ok(all)
}

impl Watched {
    /// Whether a cell is in alarm in a week, with enough cases behind it.
    fn is_alarm(&self, cell: usize, week: usize) -> bool {
        self.sums[cell].is_alert(week) && self.cases(cell, week) >= FEWEST
    }

    fn cases(&self, cell: usize, week: usize) -> u32 {
        self.counts[cell][(week + 1).saturating_sub(SHOWN)..=week].iter().sum()
    }
}

fn find(facts: &Facts) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for watched in watched(facts)? {
        let last = watched.expected.week_factors.len() - 1;
        for (n, cell) in facts.cells.iter().enumerate() {
            // an alarm of the week before is kept for a week: the sum may fall under its line for one
            let strength = match (watched.is_alarm(n, last), watched.is_alarm(n, last - 1)) {
                (true, _) => Strength::Raises,
                (false, true) => Strength::Keeps,
                (false, false) => continue,
            };
            let cases = watched.cases(n, last);
            let expected: f64 = watched.expected.means[n][last + 1 - SHOWN..].iter().sum();
            let weeks = (0..=last).rev().take_while(|week| watched.is_alarm(n, *week)).count();
            let ratio = watched.sums[n].sums[last] / watched.sums[n].lines[last];
            let part = facts.part(watched.group);
            let kinds = facts.called(watched.group);
            let sentence = [
                format!("{}（{kinds}）近 8 周 {cases} 件，预期 {expected:.1} 件，连续 {weeks} 周达到警戒线", cell.name),
                format!("{cases} cases ({part}) in 8 weeks, {expected:.1} expected; weeks at the alarm line: {weeks}"),
            ];
            found.push(Found {
                subject: Subject::Cell(cell.code),
                level: if f64::from(cases) >= 3.0 * expected { Level::Orange } else { Level::Yellow },
                strength,
                numbers: numbers([
                    ("cases_in_8_weeks", cases.into()),
                    ("expected_in_8_weeks", short(expected).into()),
                    ("alarm_weeks", weeks.into()),
                    ("sum_of_line", short(ratio).into()),
                ]),
                sentence,
                part,
            });
        }
    }
    Ok(found)
}

fn back_test(facts: &Facts) -> Result<Vec<(i64, u32)>> {
    let mut places = Vec::new();
    for watched in watched(facts)? {
        let weeks = watched.expected.week_factors.len();
        for (n, cell) in facts.cells.iter().enumerate() {
            let mut quiet = EPISODE;
            for week in weeks.saturating_sub(52)..weeks {
                if watched.is_alarm(n, week) {
                    if quiet >= EPISODE {
                        places.push(township(cell.code.to_i64()));
                    }
                    quiet = 0;
                }
                quiet += 1;
            }
        }
    }
    Ok(tallied(places))
}
