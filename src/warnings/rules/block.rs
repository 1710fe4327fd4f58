//! W2: two cases or more at the same block within 90 days.
//!
//! The true place of a case is sealed, so a block is the group of at least eight addresses that the case is shown at.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{numbers, tallied, township};
use crate::warnings::facts::{Facts, Found, Level, Strength, Subject};
use crate::warnings::{Ask, Entry, Owner};

/// Days in which cases at one block are counted together.
const DAYS: i64 = 90;

pub(in crate::warnings) static ENTRY: Entry = Entry {
    name: "W2",
    version: 1,
    title: ["同一片住址接连发生纠纷", "Cases at the same block"],
    sentence: [
        "同一组住址（至少八个地址，不指明哪一户）在 90 天内发现了至少 2 件纠纷（蓝），3 件为黄，5 件为橙。",
        "At one group of addresses (eight at least, no single one is named) 2 cases or more were found within 90 days (blue); yellow from 3, orange from 5.",
    ],
    subjects: &["cell"],
    numbers: &["cases_in_90_days", "days_since_first"],
    owner: Owner::Supervisor,
    clock_days: 5,
    of_cases: true,
    of_county: false,
    ask: Ask::Plain { find, back_test },
};

/// Days on which cases were found at each block, in order, with the place of the block.
fn blocks(facts: &Facts) -> BTreeMap<i64, (i64, Vec<NaiveDate>)> {
    let mut blocks: BTreeMap<i64, (i64, Vec<NaiveDate>)> = BTreeMap::new();
    for case in facts.cases.iter().filter(|case| case.counts()) {
        if let Some(block) = case.block {
            blocks.entry(block).or_insert_with(|| (case.scope_code, Vec::new())).1.push(case.discovered_on);
        }
    }
    for (_, days) in blocks.values_mut() {
        days.sort_unstable();
    }
    blocks
}

fn find(facts: &Facts) -> Vec<Found> {
    let found = |(block, (scope, days)): (i64, (i64, Vec<NaiveDate>))| {
        let recent: Vec<_> = days.into_iter().filter(|day| (facts.day - *day).num_days() < DAYS).collect();
        let (count, cell) = (recent.len(), &facts.cells[facts.cell_of(scope)?]);
        let level = match count {
            0 | 1 => return None,
            2 => Level::Blue,
            3 | 4 => Level::Yellow,
            _ => Level::Orange,
        };
        let since = (facts.day - recent[0]).num_days();
        Some(Found {
            subject: Subject::Cell(cell.code),
            part: block.to_string(),
            level,
            strength: Strength::Raises,
            numbers: numbers([("cases_in_90_days", count.into()), ("days_since_first", since.into())]),
            sentence: [format!("{}：同一组住址 90 天内 {count} 件", cell.name), format!("{count} cases at one group of addresses within 90 days")],
        })
    };
    blocks(facts).into_iter().filter_map(found).collect()
}

fn back_test(facts: &Facts) -> Vec<(i64, u32)> {
    let from = facts.year_ago();
    let begun = |days: &[NaiveDate]| {
        let near = |n: usize| n > 0 && (days[n] - days[n - 1]).num_days() < DAYS;
        // a pair begins a warning, unless the case before was near as well and one was there already
        (1..days.len()).filter(|&n| near(n) && !near(n - 1) && (from..=facts.day).contains(&days[n])).count()
    };
    let places = blocks(facts).into_values().flat_map(|(scope, days)| std::iter::repeat_n(township(scope), begun(&days)));
    tallied(places)
}
