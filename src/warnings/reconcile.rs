//! What was found beside what is stored: what begins, what goes on, what is over. Pure.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

use super::facts::{Found, Level, Strength, Subject};
use super::store::Warning;
use super::{Calendar, Entry, Owner};
use crate::codes::Level as AreaLevel;

/// What is to be written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Change {
    /// A warning begins.
    Raise(Warning),
    /// It still holds; the level, where the rule found a graver one than before.
    Holds(Warning, Option<Level>),
    /// It no longer holds.
    End(Warning),
}

/// The smallest area that holds all of some cells, on the 15-digit scale.
pub(super) fn common(codes: &[i64]) -> i64 {
    let lo = |code: i64, level: AreaLevel| code - code % level.span();
    let level = AreaLevel::ALL.into_iter().rev().find(|&level| codes.windows(2).all(|pair| lo(pair[0], level) == lo(pair[1], level)));
    codes.first().map_or(0, |&code| level.map_or(0, |level| lo(code, level)))
}

/// Compares. Of a rule that was asked, what was not found again is over.
pub(super) fn reconcile(
    stored: Vec<Warning>,
    found: Vec<(&'static Entry, Found)>,
    (today, now): (NaiveDate, DateTime<Utc>),
    calendar: &Calendar,
) -> Vec<Change> {
    let mut left: Vec<Option<Warning>> = stored.into_iter().map(Some).collect();
    let (mut raised, mut going) = (Vec::new(), Vec::new());
    for (entry, found) in found {
        let new = row(entry, &found, (today, now), calendar);
        match left.iter_mut().find(|there| there.as_ref().is_some_and(|there| is_same(there, &new))).and_then(Option::take) {
            Some(mut there) => {
                let before = Level::from_name(&there.found_level).unwrap_or(Level::Blue);
                let level = Level::from_name(&there.level).unwrap_or(Level::Blue).max(found.level);
                let graver = (found.level > before && there.state != "false_alarm").then_some(level);
                there.held_on = today;
                there.numbers = new.numbers;
                there.sentence_zh = new.sentence_zh;
                there.sentence_en = new.sentence_en;
                there.found_level = new.found_level;
                going.push(Change::Holds(there, graver));
            }
            None if found.strength == Strength::Raises => raised.push(Change::Raise(new)),
            None => {}
        }
    }
    // what ends goes first: its key is free then
    left.into_iter().flatten().map(Change::End).chain(going).chain(raised).collect()
}

/// Whether what was found is what a stored warning is about: the same subject, or clusters of one place that overlap.
fn is_same(there: &Warning, new: &Warning) -> bool {
    let alike = there.rule == new.rule && there.subject_kind == new.subject_kind && there.part == new.part && there.scope_code == new.scope_code;
    alike && if new.subject_kind == "cells" { new.cells.iter().any(|code| there.cells.contains(code)) } else { there.subject_key == new.subject_key }
}

fn row(entry: &'static Entry, found: &Found, (today, now): (NaiveDate, DateTime<Utc>), calendar: &Calendar) -> Warning {
    let (subject_kind, subject_key, cells, scope_code) = match &found.subject {
        Subject::Cell(code) => ("cell", code.to_string(), vec![code.to_i64()], code.to_i64()),
        Subject::Cells(codes) => {
            let codes: Vec<i64> = codes.iter().map(|code| code.to_i64()).collect();
            let scope = common(&codes);
            ("cells", codes.first().map_or_else(String::new, |code| format!("{code:015}")), codes, scope)
        }
        Subject::Case(id, scope) => ("case", id.to_string(), Vec::new(), *scope),
    };
    let owner = if found.level == Level::Red && entry.of_cases { Owner::Centre } else { entry.owner };
    Warning {
        id: 0,
        rule: entry.name.to_owned(),
        rule_version: entry.version,
        subject_kind: subject_kind.to_owned(),
        subject_key,
        part: found.part.clone(),
        cells,
        scope_code,
        of_cases: entry.of_cases,
        level: found.level.name().to_owned(),
        found_level: found.level.name().to_owned(),
        numbers: Value::Object(found.numbers.clone()),
        sentence_zh: found.sentence[0].clone(),
        sentence_en: found.sentence[1].clone(),
        raised_on: today,
        raised_at: now,
        held_on: today,
        ended_on: None,
        changed_at: now,
        state: "open".to_owned(),
        owner: owner.name().to_owned(),
        due_on: calendar.working_day_after(today, entry.clock_days),
        version: 1,
    }
}
