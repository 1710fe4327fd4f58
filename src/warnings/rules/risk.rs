//! W5: somebody who knows the case says that it may escalate.

use super::{numbers, tallied, township};
use crate::warnings::facts::{Case, Facts, Found, Level, Strength, Subject};
use crate::warnings::{Ask, Entry, Owner};

pub(in crate::warnings) static ENTRY: Entry = Entry {
    name: "W5",
    version: 1,
    title: ["标明有激化风险", "Marked as about to escalate"],
    sentence: [
        "未办结的纠纷被标为提级或风险等级为红（橙），两者都有为红。",
        "An open case is marked as raised to a higher level, or its risk as red (orange); red where both are.",
    ],
    subjects: &["case"],
    numbers: &["escalated", "risk_level"],
    owner: Owner::Centre,
    clock_days: 1,
    of_cases: true,
    of_county: false,
    ask: Ask::Plain { find, back_test },
};

fn is_red(case: &Case) -> bool {
    &*case.risk_level == "red"
}

fn find(facts: &Facts) -> Vec<Found> {
    let found = |case: &Case| {
        let (zh, en) = match (case.escalated, is_red(case)) {
            (true, true) => ("已提级，风险等级为红", "raised to a higher level, and its risk is red"),
            (true, false) => ("已提级", "raised to a higher level"),
            _ => ("风险等级为红", "its risk is red"),
        };
        Found {
            subject: Subject::Case(case.id, case.scope_code),
            part: String::new(),
            level: if case.escalated && is_red(case) { Level::Red } else { Level::Orange },
            strength: Strength::Raises,
            numbers: numbers([("escalated", case.escalated.into()), ("risk_level", case.risk_level.to_string().into())]),
            sentence: [zh.to_owned(), en.to_owned()],
        }
    };
    facts.cases.iter().filter(|case| case.is_open() && (case.escalated || is_red(case))).map(found).collect()
}

fn back_test(facts: &Facts) -> Vec<(i64, u32)> {
    let from = facts.year_ago();
    let would = facts.cases.iter().filter(|case| case.counts() && (case.escalated || is_red(case)) && case.discovered_on >= from);
    tallied(would.map(|case| township(case.scope_code)))
}
