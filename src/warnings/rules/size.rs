//! W7: a cell holds more households than the rule of size allows. Staff is not stored, so only half of the rule is asked.

use super::numbers;
use crate::warnings::facts::{Cell, Facts, Found, Level, Strength, Subject};
use crate::warnings::{Ask, Entry, Owner};

pub(in crate::warnings) static ENTRY: Entry = Entry {
    name: "W7",
    version: 1,
    title: ["网格户数超标", "A cell over size"],
    sentence: [
        "综合网格的户数超过设置的上限（蓝），超过一倍半为黄。专属网格不计。",
        "A general cell holds more households than the setting allows (blue); yellow from one and a half times as many. Dedicated cells do not count.",
    ],
    subjects: &["cell"],
    numbers: &["households", "most_households"],
    owner: Owner::Planner,
    clock_days: 20,
    of_cases: false,
    of_county: false,
    ask: Ask::Plain { find, back_test },
};

fn find(facts: &Facts) -> Vec<Found> {
    let most = facts.settings.most_households;
    let found = |cell: &Cell| Found {
        subject: Subject::Cell(cell.code),
        part: String::new(),
        level: if cell.households as f64 > 1.5 * most { Level::Yellow } else { Level::Blue },
        strength: Strength::Raises,
        numbers: numbers([("households", cell.households.into()), ("most_households", most.into())]),
        sentence: [
            format!("{}有 {} 户，上限 {most:.0} 户", cell.name, cell.households),
            format!("{} households, {most:.0} are allowed", cell.households),
        ],
    };
    facts.cells.iter().filter(|cell| &*cell.kind == "general" && cell.households as f64 > most).map(found).collect()
}

/// Of households the past is not asked: what is over size now is what would have been told.
fn back_test(facts: &Facts) -> Vec<(i64, u32)> {
    let places = find(facts).into_iter().filter_map(|found| match found.subject {
        Subject::Cell(code) => Some(super::township(code.to_i64())),
        _ => None,
    });
    super::tallied(places)
}
