//! W4: a dispute of a group.

use super::{numbers, tallied, township};
use crate::warnings::facts::{Case, Facts, Found, Level, Strength, Subject};
use crate::warnings::{Ask, Entry, Owner};

/// Parties from which on a dispute is one of a group.
const PARTIES: i32 = 10;
/// Parties from which on it is red.
const MANY: i32 = 30;

pub(in crate::warnings) static ENTRY: Entry = Entry {
    name: "W4",
    version: 1,
    title: ["群体性纠纷", "A dispute of a group"],
    sentence: ["未办结的纠纷有至少 10 方（橙），30 方起为红。", "An open case has 10 parties or more (orange); red from 30."],
    subjects: &["case"],
    numbers: &["parties"],
    owner: Owner::Centre,
    clock_days: 1,
    of_cases: true,
    of_county: false,
    ask: Ask::Plain { find, back_test },
};

fn find(facts: &Facts) -> Vec<Found> {
    let found = |case: &Case| Found {
        subject: Subject::Case(case.id, case.scope_code),
        part: String::new(),
        level: if case.parties_count >= MANY { Level::Red } else { Level::Orange },
        strength: Strength::Raises,
        numbers: numbers([("parties", case.parties_count.into())]),
        sentence: [format!("涉及 {} 方", case.parties_count), format!("{} parties", case.parties_count)],
    };
    facts.cases.iter().filter(|case| case.is_open() && case.parties_count >= PARTIES).map(found).collect()
}

fn back_test(facts: &Facts) -> Vec<(i64, u32)> {
    let from = facts.year_ago();
    let would = facts.cases.iter().filter(|case| case.counts() && case.parties_count >= PARTIES && case.discovered_on >= from);
    tallied(would.map(|case| township(case.scope_code)))
}
