//! W8: nothing was heard of a cell for long, though something was to be expected. Visits are not stored; cases are asked.

use chrono::{Days, NaiveDate};

use super::{numbers, short, tallied, township};
use crate::warnings::facts::{Cell, Facts, Found, Level, Strength, Subject};
use crate::warnings::{Ask, Entry, Owner};

/// Days of silence from which on it is asked about.
const DAYS: i64 = 60;
/// Cases that were to be expected meanwhile.
const EXPECTED: f64 = 3.0;
/// Days of the cell's history before the silence that say what is to be expected; households of the county say the rest.
const HISTORY: u64 = 1_095;
/// Cases of the county's rate that weigh as much as the cell's own history: a cell without any is not taken for a calm one.
const PRIOR_CASES: f64 = 4.0;

pub(in crate::warnings) static ENTRY: Entry = Entry {
    name: "W8",
    version: 1,
    title: ["长期没有上报", "Silence"],
    sentence: [
        "网格至少 60 天没有一件纠纷，而按它以往和全县每户的水平（计入周末和节假日）这段时间应有至少 3 件（黄）；应有 6 件起为橙。没有上报不等于平安。",
        "A cell has had no case for 60 days or more, though by its own past and the county's rate of households (weekends and holidays reckoned in) 3 or more were to be expected meanwhile (yellow); orange from 6. Silence is not calm.",
    ],
    subjects: &["cell"],
    numbers: &["silent_days", "expected_cases"],
    owner: Owner::Supervisor,
    clock_days: 5,
    of_cases: true,
    of_county: false,
    ask: Ask::Plain { find, back_test },
};

/// What each cell's days are, in order.
fn days_of_cells(facts: &Facts) -> Vec<Vec<NaiveDate>> {
    let mut days = vec![Vec::new(); facts.cells.len()];
    for case in facts.cases.iter().filter(|case| case.counts()) {
        if let Some(cell) = facts.cell_of(case.scope_code) {
            days[cell].push(case.discovered_on);
        }
    }
    for days in &mut days {
        days.sort_unstable();
    }
    days
}

/// Cases a weighted day and household, of all cells over the history up to a day.
fn county_rate(facts: &Facts, days: &[Vec<NaiveDate>], until: NaiveDate) -> f64 {
    let from = until.checked_sub_days(Days::new(HISTORY)).unwrap_or(until);
    let count = days.iter().flatten().filter(|day| **day > from && **day <= until).count() as f64;
    let households: f64 = facts.cells.iter().map(|cell| cell.households as f64).sum();
    let weight = facts.calendar.weight_of(until, HISTORY);
    if households > 0.0 && weight > 0.0 { count / households / weight } else { 0.0 }
}

/// The silence of a cell up to a day: its days, and the cases expected in it. None where it is short.
///
/// Expected a weighted day: (cases of the history before + 4) ÷ (its weighted days + the days in which the county's rate
/// would bring 4).
fn silence(facts: &Facts, cell: &Cell, days: &[NaiveDate], on: NaiveDate, rate: f64) -> Option<(i64, f64)> {
    let last = days.iter().rev().find(|day| **day <= on)?;
    let silent = (on - *last).num_days();
    if silent < DAYS || cell.households == 0 || rate <= 0.0 {
        return None;
    }
    let from = last.checked_sub_days(Days::new(HISTORY)).unwrap_or(*last);
    let own = days.iter().filter(|day| **day > from && **day <= *last).count() as f64;
    let prior_days = PRIOR_CASES / (rate * cell.households as f64);
    let a_day = (own + PRIOR_CASES) / (facts.calendar.weight_of(*last, HISTORY) + prior_days);
    Some((silent, a_day * facts.calendar.weight_of(on, silent as u64)))
}

fn find(facts: &Facts) -> Vec<Found> {
    let days = days_of_cells(facts);
    let rate = county_rate(facts, &days, facts.day);
    let found = |(cell, days): (&Cell, &Vec<NaiveDate>)| {
        let (silent, expected) = silence(facts, cell, days, facts.day, rate).filter(|(_, expected)| *expected >= EXPECTED)?;
        Some(Found {
            subject: Subject::Cell(cell.code),
            part: String::new(),
            level: if expected >= 2.0 * EXPECTED { Level::Orange } else { Level::Yellow },
            strength: Strength::Raises,
            numbers: numbers([("silent_days", silent.into()), ("expected_cases", short(expected).into())]),
            sentence: [
                format!("{}已 {silent} 天没有纠纷，按以往应有 {expected:.1} 件", cell.name),
                format!("no case for {silent} days, {expected:.1} were to be expected"),
            ],
        })
    };
    facts.cells.iter().zip(&days).filter_map(found).collect()
}

/// Asked month by month, counted where it begins.
fn back_test(facts: &Facts) -> Vec<(i64, u32)> {
    let all = days_of_cells(facts);
    let rate = county_rate(facts, &all, facts.year_ago());
    let mut places = Vec::new();
    for (cell, days) in facts.cells.iter().zip(&all) {
        let held = |back: u64| {
            let on = facts.day.checked_sub_days(Days::new(back))?;
            silence(facts, cell, days, on, rate).filter(|(_, expected)| *expected >= EXPECTED)
        };
        let months: Vec<bool> = (0..=13).rev().map(|month| held(28 * month).is_some()).collect();
        let begun = months.windows(2).filter(|pair| !pair[0] && pair[1]).count();
        places.extend(std::iter::repeat_n(township(cell.code.to_i64()), begun));
    }
    tallied(places)
}
