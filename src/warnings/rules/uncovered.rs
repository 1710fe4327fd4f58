//! W6: cases rise month by month where people have no mediation room near.

use super::{failed, numbers, tallied, township};
use crate::error::Result;
use crate::stats::mann_kendall;
use crate::warnings::facts::{Cell, Facts, Found, Level, Strength, Subject};
use crate::warnings::{Ask, Entry, Owner};

/// Spans of four weeks over which a rise is looked for: a year.
const SPANS: usize = 13;
/// Cases of that year without which nothing is said.
const FEWEST: u32 = 8;
/// A trend that chance makes more often than this is none; of a hundred cells one half by chance.
const P: f64 = 0.01;
/// Share of households within the standard below which a cell is not covered.
const COVERED: f64 = 0.5;

pub(in crate::warnings) static ENTRY: Entry = Entry {
    name: "W6",
    version: 1,
    title: ["纠纷上升而调解室不足", "Rising where no mediation room is near"],
    sentence: [
        "网格一年来每四周的纠纷数显著上升（Mann–Kendall 检验，p 不超过 0.01，全年至少 8 件），且不到一半的户在人民调解室的服务标准距离（直线）以内。黄；无一户在内为橙。",
        "The cases of a cell rise over the four weeks of a year (Mann–Kendall, p of 0.01 at most, 8 cases or more), and less than half of its households are within the standard of a mediation room, in a straight line. Yellow; orange where none is.",
    ],
    subjects: &["cell"],
    numbers: &["cases_in_a_year", "p", "covered_percent"],
    owner: Owner::Planner,
    clock_days: 20,
    of_cases: true,
    of_county: false,
    ask: Ask::Measured { find, back_test },
};

/// The p of a rise of a cell whose households are served badly, with its cases.
fn rise(cell: &Cell, weeks: &[u32]) -> Result<Option<(f64, u32)>> {
    let spans: Vec<u32> = weeks.chunks(4).map(|span| span.iter().sum()).collect();
    let cases: u32 = spans.iter().sum();
    if cell.covered.is_none_or(|share| share >= COVERED) || cases < FEWEST {
        return Ok(None);
    }
    let series: Vec<f64> = spans.iter().map(|&count| f64::from(count)).collect();
    let trend = mann_kendall(&series).map_err(failed)?;
    Ok((trend.s > 0 && trend.p_two_sided <= P).then_some((trend.p_two_sided, cases)))
}

fn find(facts: &Facts) -> Result<Vec<Found>> {
    let weekly = facts.weekly(None, facts.day, 4 * SPANS);
    let mut all = Vec::new();
    for (cell, weeks) in facts.cells.iter().zip(&weekly) {
        let Some((p, cases)) = rise(cell, weeks)? else { continue };
        let percent = (cell.covered.unwrap_or_default() * 100.0).round();
        all.push(Found {
            subject: Subject::Cell(cell.code),
            part: String::new(),
            level: if percent > 0.0 { Level::Yellow } else { Level::Orange },
            strength: Strength::Raises,
            numbers: numbers([
                ("cases_in_a_year", cases.into()),
                ("p", ((p * 10_000.0).round() / 10_000.0).into()),
                ("covered_percent", percent.into()),
            ]),
            sentence: [
                format!("{}一年 {cases} 件且逐月上升，{percent:.0} % 的户在调解室服务距离内", cell.name),
                format!("{cases} cases in a year and rising, {percent:.0} % of households are within reach of a mediation room"),
            ],
        });
    }
    Ok(all)
}

/// As of each of the last thirteen spans, counted where it begins; coverage is that of today.
fn back_test(facts: &Facts) -> Result<Vec<(i64, u32)>> {
    let weekly = facts.weekly(None, facts.day, 8 * SPANS + 4);
    let mut places = Vec::new();
    for (cell, weeks) in facts.cells.iter().zip(&weekly) {
        let mut before = rise(cell, &weeks[..4 * SPANS])?.is_some();
        for end in 1..=SPANS {
            let now = rise(cell, &weeks[4 * end + 4..4 * (end + SPANS) + 4])?.is_some();
            places.extend((now && !before).then(|| township(cell.code.to_i64())));
            before = now;
        }
    }
    Ok(tallied(places))
}
