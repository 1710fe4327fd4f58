//! The rules of warnings one by one, on cases made by hand.

use std::sync::Arc;

use chrono::{Days, NaiveDate};
use geo_types::Coord;
use maplebridge::codes::CellCode;
use maplebridge::warnings::{Calendar, Case, Cell, Facts, Found, LIST, Level, Settings, Strength, Subject, find};

const FIRST: i64 = 990_321_001_001_001;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn today() -> NaiveDate {
    day("2026-03-01")
}

fn before(days: u64) -> NaiveDate {
    today().checked_sub_days(Days::new(days)).unwrap()
}

/// Cells in a row, 300 m apart, 400 households each, without a case.
fn town(cells: i64) -> Facts {
    let cell = |n: i64| Cell {
        code: CellCode::from_i64(FIRST + n).unwrap(),
        name: Arc::from(format!("网格{n}")),
        kind: Arc::from("general"),
        households: 400,
        covered: Some(0.8),
        at: Some(Coord { x: 300.0 * (n % 8) as f64, y: 300.0 * (n / 8) as f64 }),
    };
    Facts {
        day: today(),
        whole: true,
        cells: (0..cells).map(cell).collect(),
        cases: Vec::new(),
        groups: [("labour", "劳动争议"), ("neighbours", "邻里")].map(|(code, name)| (Arc::from(code), Arc::from(name))).into(),
        settings: Settings::default(),
        calendar: Arc::new(Calendar::default()),
        seed: 1,
    }
}

/// An ordinary case of neighbours in a cell, found so many days ago.
fn case(cell: i64, days_ago: u64) -> Case {
    Case {
        id: 1,
        scope_code: FIRST + cell,
        group: 1,
        discovered_on: before(days_ago),
        due_on: None,
        closed_on: None,
        state: Arc::from("in_process"),
        complexity: Arc::from("ordinary"),
        risk_level: Arc::from("blue"),
        parties_count: 2,
        escalated: false,
        block: None,
    }
}

fn with(cases: impl IntoIterator<Item = Case>) -> Facts {
    Facts { cases: cases.into_iter().collect(), ..town(4) }
}

fn found(rule: &str, facts: &Facts) -> Vec<Found> {
    find(rule).unwrap().find(facts).unwrap()
}

fn levels(rule: &str, cases: impl IntoIterator<Item = Case>) -> Vec<Level> {
    found(rule, &with(cases)).iter().map(|found| found.level).collect()
}

fn would_raise(rule: &str, facts: &Facts) -> u32 {
    find(rule).unwrap().back_test(facts).unwrap().iter().map(|(_, count)| count).sum()
}

fn closed(case: Case, days_ago: u64) -> Case {
    Case { state: Arc::from("closed"), closed_on: Some(before(days_ago)), ..case }
}

#[test]
fn every_rule_says_what_it_looks_for_and_is_never_about_somebody() {
    let mut names: Vec<_> = LIST.iter().map(|rule| rule.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), LIST.len());
    for rule in LIST {
        assert!(rule.title.iter().chain(&rule.sentence).all(|words| !words.is_empty()), "{}", rule.name);
        assert!(rule.subjects.iter().all(|subject| ["cell", "cells", "case", "facility"].contains(subject)), "{}", rule.name);
        assert!(!rule.numbers.is_empty() && rule.clock_days > 0, "{}", rule.name);
        assert!(rule.find(&town(3)).unwrap().is_empty(), "{}: nothing happened, nothing is found", rule.name);
    }
}

#[test]
fn what_is_found_shows_the_numbers_that_its_rule_promises() {
    let mut facts = with([Case { parties_count: 12, escalated: true, block: Some(5), ..case(0, 40) }, Case { block: Some(5), ..case(0, 20) }]);
    facts.cells[1].households = 700;
    let mut shown = 0;
    for rule in LIST {
        for found in rule.find(&facts).unwrap() {
            assert_eq!(found.numbers.keys().collect::<Vec<_>>(), rule.numbers, "{}", rule.name);
            shown += 1;
        }
    }
    assert!(shown >= 5, "{shown}");
}

#[test]
fn a_case_warns_at_80_100_and_150_percent_of_its_clock() {
    let due = |days_ago: u64, clock: u64| Case { due_on: before(days_ago).checked_add_days(Days::new(clock)), ..case(0, days_ago) };
    for (cases, expected) in [
        (vec![due(7, 10)], vec![]),
        (vec![due(8, 10)], vec![Level::Yellow]),
        (vec![due(10, 10)], vec![Level::Orange]),
        (vec![due(15, 10)], vec![Level::Red]),
        // without a day of its own: 7 days for an ordinary case, none for a hard one
        (vec![case(0, 5)], vec![]),
        (vec![case(0, 7)], vec![Level::Orange]),
        (vec![Case { complexity: Arc::from("hard"), ..case(0, 300) }], vec![]),
        (vec![Case { state: Arc::from("suspended"), ..case(0, 30) }], vec![]),
        (vec![closed(case(0, 30), 2)], vec![]),
    ] {
        assert_eq!(levels("W1", cases.clone()), expected, "{cases:?}");
    }
    // the clock of 7 days is used up to 80 % on the 6th day
    let facts = with([closed(case(0, 100), 95), closed(case(1, 100), 90), case(2, 100), closed(case(3, 500), 400)]);
    assert_eq!(would_raise("W1", &facts), 2);
}

#[test]
fn two_cases_at_one_block_within_90_days_warn_and_at_two_blocks_do_not() {
    let at = |block: i64, days_ago: u64| Case { block: Some(block), ..case(0, days_ago) };
    for (cases, expected) in [
        (vec![at(5, 10), at(5, 89)], vec![Level::Blue]),
        (vec![at(5, 10), at(5, 90)], vec![]),
        (vec![at(5, 10), at(6, 20)], vec![]),
        (vec![at(5, 1), at(5, 2), at(5, 3)], vec![Level::Yellow]),
        (vec![case(0, 1), case(0, 2), case(0, 3)], vec![]),
        (vec![at(5, 1), Case { state: Arc::from("merged"), ..at(5, 2) }], vec![]),
    ] {
        assert_eq!(levels("W2", cases.clone()), expected, "{cases:?}");
    }
    let facts = with([at(5, 300), at(5, 290), at(5, 280), at(5, 100), at(5, 40), at(7, 10)]);
    assert_eq!(would_raise("W2", &facts), 2);
}

#[test]
fn ten_parties_or_a_mark_of_risk_warn_while_the_case_is_open() {
    let parties = |count: i32| Case { parties_count: count, ..case(0, 1) };
    assert_eq!(levels("W4", [parties(9), parties(10), parties(30), closed(parties(50), 0)]), [Level::Orange, Level::Red]);
    let red = Case { risk_level: Arc::from("red"), ..case(0, 1) };
    let both = Case { escalated: true, ..red.clone() };
    let escalated = Case { escalated: true, ..case(0, 1) };
    assert_eq!(levels("W5", [case(0, 1), red.clone(), escalated, both, closed(red, 0)]), [Level::Orange, Level::Orange, Level::Red]);
    assert_eq!(would_raise("W4", &with([parties(10), closed(parties(11), 0), Case { discovered_on: before(400), ..parties(12) }])), 2);
}

#[test]
fn a_general_cell_over_size_warns_its_planner_and_a_dedicated_one_does_not() {
    let mut facts = town(4);
    facts.cells[0].households = 501;
    facts.cells[1].households = 751;
    facts.cells[2] = Cell { kind: Arc::from("dedicated"), households: 2_000, ..facts.cells[2].clone() };
    let levels: Vec<_> = found("W7", &facts).iter().map(|found| (found.subject.clone(), found.level)).collect();
    assert_eq!(levels, [(Subject::Cell(facts.cells[0].code), Level::Blue), (Subject::Cell(facts.cells[1].code), Level::Yellow)]);
}

#[test]
fn silence_is_asked_about_where_three_cases_were_to_be_expected() {
    // a case every 20 days in each cell, for three years; the first cell falls silent for the last days
    let history = |silent: u64| {
        let cells = (0..4).flat_map(|cell| (0..54).map(move |n| (cell, 20 * n)));
        let kept: Vec<_> = cells.filter(|(cell, ago)| *cell != 0 || *ago >= silent).map(|(cell, ago)| closed(case(cell, ago), 0)).collect();
        with(kept)
    };
    assert!(found("W8", &history(40)).is_empty(), "2 were to be expected");
    let silent = found("W8", &history(80));
    assert_eq!((silent.len(), &silent[0].subject, silent[0].level), (1, &Subject::Cell(CellCode::from_i64(FIRST).unwrap()), Level::Yellow));
    let expected = silent[0].numbers["expected_cases"].as_f64().unwrap();
    assert!((3.0..4.6).contains(&expected) && silent[0].numbers["silent_days"] == 80, "{silent:?}");
    assert_eq!(found("W8", &history(160))[0].level, Level::Orange);
    // half of the days were holidays: half as much was to be expected
    let mut quiet = history(80);
    quiet.calendar = Arc::new(Calendar::new((0..80).map(|ago| (before(ago), true)), [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.1]));
    assert!(found("W8", &quiet).is_empty(), "holidays are no silence");
}

#[test]
fn a_cell_that_rises_month_by_month_warns_where_no_mediation_room_is_near() {
    // one case more every other four weeks in two cells, of which one is served
    let rising =
        (0..2).flat_map(|cell| (0..13_u64).flat_map(move |span| (0..(13 - span) / 2).map(move |n| closed(case(cell, 28 * span + n + 1), 0))));
    let mut facts = with(rising);
    facts.cells[0].covered = Some(0.2);
    let told = found("W6", &facts);
    assert_eq!((told.len(), &told[0].subject, told[0].level), (1, &Subject::Cell(CellCode::from_i64(FIRST).unwrap()), Level::Yellow), "{told:?}");
    assert!(told[0].numbers["covered_percent"] == 20.0 && told[0].numbers["p"].as_f64().unwrap() <= 0.01);
    assert_eq!(would_raise("W6", &facts), 1);
    facts.cells[0].covered = Some(0.0);
    assert_eq!(found("W6", &facts)[0].level, Level::Orange);
    let level = (0..13).map(|span| closed(case(0, 28 * span + 3), 0));
    facts.cases = level.collect();
    assert!(found("W6", &facts).is_empty(), "no rise");
}

/// Three years in which each of 40 cells has a case every five weeks or so.
fn calm() -> Facts {
    let mut facts = town(40);
    let cases = (0..40_u64).flat_map(|cell| (0..31_u64).map(move |n| (cell, 35 * n + (cell * 13 + n * n * 7) % 29)));
    facts.cases = cases.map(|(cell, ago)| closed(Case { group: (ago % 2) as u16, ..case(cell as i64, ago + 1) }, 0)).collect();
    facts
}

#[test]
fn a_cell_that_rises_is_told_with_what_was_seen_and_expected() {
    let mut facts = calm();
    assert!(found("W3R", &facts).is_empty(), "{:?}", found("W3R", &facts));
    facts.cases.extend((1..=12).map(|n| closed(case(17, 4 * n), 0)));
    let rises = found("W3R", &facts);
    assert!(rises.iter().all(|found| found.subject == Subject::Cell(CellCode::from_i64(FIRST + 17).unwrap())), "{rises:?}");
    let all = rises.iter().find(|found| found.part == "all").expect("of all kinds");
    let (seen, expected) = (all.numbers["cases_in_8_weeks"].as_f64().unwrap(), all.numbers["expected_in_8_weeks"].as_f64().unwrap());
    assert!(seen >= 12.0 && expected < 4.0 && all.level == Level::Orange && all.strength == Strength::Raises, "{all:?}");
    assert!(rises.iter().any(|found| found.part == "neighbours") && !rises.iter().any(|found| found.part == "labour"), "{rises:?}");
    assert!(would_raise("W3R", &facts) >= 1);
    // a year is too little to know what is usual
    facts.cases.retain(|case| case.discovered_on > before(400));
    assert!(found("W3R", &facts).is_empty());
}

#[test]
fn cells_in_which_cases_gather_are_told_with_how_often_chance_would_do_that() {
    let mut facts = calm();
    let raising = |facts: &Facts| found("W3", facts).into_iter().filter(|found| found.strength == Strength::Raises).collect::<Vec<_>>();
    assert!(raising(&facts).is_empty(), "{:?}", raising(&facts));
    // twelve cases in the four cells around 18, within three weeks
    facts.cases.extend((0..16).map(|n| closed(case([17, 18, 9, 10][n % 4], n as u64 + 1), 0)));
    let clusters = raising(&facts);
    let cluster = clusters.iter().find(|found| found.part == "neighbours").expect("of neighbours");
    let Subject::Cells(cells) = &cluster.subject else { panic!("{cluster:?}") };
    let planted: Vec<i64> = [9, 10, 17, 18].map(|n| FIRST + n).into();
    assert!(planted.iter().filter(|code| cells.iter().any(|cell| cell.to_i64() == **code)).count() >= 3, "{cluster:?}");
    let number = |name: &str| cluster.numbers[name].as_f64().unwrap();
    assert!(
        number("cases") >= 12.0 && number("expected_cases") < 6.0 && number("recurrence_days") >= 100.0 && number("window_days") <= 84.0,
        "{cluster:?}"
    );
    assert_eq!(found("W3", &facts), found("W3", &facts), "the same data give the same answer");
}

#[test]
fn weeks_are_counted_back_from_the_last_day() {
    let facts = with([case(0, 0), case(0, 6), case(0, 7), case(1, 13), case(1, 14), Case { state: Arc::from("draft"), ..case(0, 0) }]);
    assert_eq!(facts.weekly(None, today(), 2), [vec![1, 2], vec![1, 0], vec![0, 0], vec![0, 0]]);
    assert_eq!(facts.weekly(Some(0), today(), 2), vec![vec![0, 0]; 4]);
}
