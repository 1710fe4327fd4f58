//! W1: a case has used up 80, 100 or 150 % of its clock.

use chrono::{Days, NaiveDate};

use super::{numbers, short, tallied, township};
use crate::warnings::facts::{Case, Facts, Found, Level, Settings, Strength, Subject};
use crate::warnings::{Ask, Entry, Owner};

pub(in crate::warnings) static ENTRY: Entry = Entry {
    name: "W1",
    version: 1,
    title: ["办理时限将到或已过", "The clock of a case runs out"],
    sentence: [
        "未办结且未中止的纠纷，自发现之日起用去了办理时限的 80 %（黄）、100 %（橙）或 150 %（红）；没有写明期限的，按简易、一般、复杂的时限计算。",
        "An open case that is not suspended has used up 80 % (yellow), 100 % (orange) or 150 % (red) of the days from its finding to its due day; where none is given, of the days for its complexity.",
    ],
    subjects: &["case"],
    numbers: &["elapsed_days", "clock_days", "used_percent"],
    owner: Owner::Supervisor,
    clock_days: 1,
    of_cases: true,
    of_county: false,
    ask: Ask::Plain { find, back_test },
};

/// Days from the finding of a case to the day by which it should be settled, one at least; a hard case without a day has none.
fn clock(case: &Case, settings: &Settings) -> Option<f64> {
    if let Some(due) = case.due_on {
        return Some(((due - case.discovered_on).num_days() as f64).max(1.0));
    }
    let [simple, ordinary, complex] = settings.clock_days;
    match &*case.complexity {
        "simple" => Some(simple),
        "ordinary" => Some(ordinary),
        "complex" => Some(complex),
        _ => None,
    }
}

fn level(used: f64) -> Option<Level> {
    match used {
        1.5.. => Some(Level::Red),
        1.0.. => Some(Level::Orange),
        0.8.. => Some(Level::Yellow),
        _ => None,
    }
}

fn find(facts: &Facts) -> Vec<Found> {
    let found = |case: &Case| {
        let (clock, elapsed) = (clock(case, &facts.settings)?, (facts.day - case.discovered_on).num_days());
        let used = elapsed as f64 / clock;
        let (level, percent) = (level(used)?, (used * 100.0).round());
        Some(Found {
            subject: Subject::Case(case.id, case.scope_code),
            part: String::new(),
            level,
            strength: Strength::Raises,
            numbers: numbers([("elapsed_days", elapsed.into()), ("clock_days", short(clock).into()), ("used_percent", percent.into())]),
            sentence: [
                format!("已过 {elapsed} 天，时限 {clock:.0} 天（{percent:.0} %）"),
                format!("{elapsed} days have passed of a clock of {clock:.0} ({percent:.0} %)"),
            ],
        })
    };
    facts.cases.iter().filter(|case| case.is_open() && &*case.state != "suspended").filter_map(found).collect()
}

fn back_test(facts: &Facts) -> Vec<(i64, u32)> {
    let from = facts.year_ago();
    let raised_on = |case: &Case| -> Option<NaiveDate> {
        let after = (clock(case, &facts.settings)? * 0.8).ceil() as u64;
        let day = case.discovered_on.checked_add_days(Days::new(after))?;
        let over = case.closed_on.is_some_and(|closed| closed <= day) || (case.closed_on.is_none() && !case.is_open());
        (!over && (from..=facts.day).contains(&day)).then_some(day)
    };
    tallied(facts.cases.iter().filter(|case| case.counts() && raised_on(case).is_some()).map(|case| township(case.scope_code)))
}
