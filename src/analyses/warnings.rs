//! Where the weekly incidents have risen above what their past lets expect: the detector of the early warning, as a question.

use serde_json::Map;

use super::answer::{ClassWords, Legend, Outcome, Row, TOO_FEW, counted, short};
use super::ground::{Ground, Slices};
use super::neighbours::refused;
use super::params::Params;
use super::{Entry, words};
use crate::error::Result;
use crate::stats::early_warning::{Thresholds, WARM_UP_WEEKS, expect, watch};

pub(super) static ENTRY: Entry = Entry {
    name: "warnings",
    version: 1,
    title: ["预警：哪里的纠纷正在上升", "Warnings: where incidents are rising"],
    cases_only: true,
    takes: &["seed"],
    slices: Slices::LongWeeks,
    compute,
};

const CLASSES: [ClassWords; 3] =
    [("rising", "上升（达到警戒线）", "rising, at the alarm line", "#b2182b"), ("calm", "未见上升", "no rise", "#f2f2f2"), TOO_FEW];

/// Weeks whose incidents and expectation are told.
const SHOWN: usize = 8;
/// False alarms a year that a place may have.
const FALSE_ALARMS: f64 = 0.25;
/// Series that the lines are simulated with where counts are spread more than usual.
const SERIES: usize = 40;

fn compute(ground: &Ground, params: &Params) -> Result<Outcome> {
    let weeks = ground.slices.len();
    let series: Vec<Vec<u32>> = ground.places.iter().map(|place| place.series.clone()).collect();
    // Before the second year nothing is known of what is usual.
    let judged = weeks > WARM_UP_WEEKS + SHOWN && !series.is_empty();
    let watched = if judged {
        let expected = expect(&series).map_err(refused)?;
        let usual = Thresholds::usual(FALSE_ALARMS).filter(|_| expected.size >= 8.0);
        let simulate = || Thresholds::simulate(expected.size.max(0.1), FALSE_ALARMS, SERIES, u64::from(params.seed)).map_err(refused);
        let lines = usual.map_or_else(simulate, Ok)?;
        Some((watch(&series, &expected, &lines).map_err(refused)?, expected))
    } else {
        None
    };
    let row = |(n, place): (usize, &super::ground::Place)| {
        let mut properties = Map::new();
        properties.insert("count".into(), place.count.into());
        let class = match &watched {
            None => TOO_FEW.0,
            Some((sums, expected)) => {
                let (last, from) = (weeks - 1, weeks - SHOWN);
                let alarm = (0..weeks).rev().take_while(|week| sums[n].is_alert(*week)).count();
                properties.insert("incidents_in_8_weeks".into(), series[n][from..].iter().sum::<u32>().into());
                properties.insert("expected_in_8_weeks".into(), short(expected.means[n][from..].iter().sum()));
                properties.insert("alarm_weeks".into(), alarm.into());
                properties.insert("sum_of_line".into(), short(sums[n].sums[last] / sums[n].lines[last]));
                if alarm > 0 { "rising" } else { "calm" }
            }
        };
        place.row(class, properties)
    };
    let rows: Vec<Row> = ground.places.iter().enumerate().map(row).collect();
    let classes = counted(&CLASSES, &rows);
    let (level, told, rising) = (words::level(ground.level), words::counted(ground), classes[0].count);
    let sentence_zh = format!(
        "“上升”指该{level}到末日为止每周的纠纷累积地多于按以往和当周全域水平的预期，达到警戒线（负二项累积和，针对 2.5 倍的上升，每地每年约误报 {FALSE_ALARMS} 次）：{counted}，{weeks} 周，{rising} 处上升。",
        level = level.zh,
        counted = told.zh
    );
    let sentence_en = format!(
        "“Rising” is a {level} whose weekly incidents up to the last day are above what its past and the week of the whole map let expect, added up to the alarm line (negative binomial CUSUM for a rise to 2.5 times, some {FALSE_ALARMS} false alarms a place and year): {counted}, {weeks} weeks, {rising} places are rising.",
        level = level.en,
        counted = told.en
    );
    Ok(Outcome { rows, legend: Legend { sentence_zh, sentence_en, classes } })
}
