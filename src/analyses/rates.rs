//! Rates with what chance does to them: interval, funnel limits, and the rate drawn towards the mean.

use serde_json::{Map, Value};

use super::answer::{ClassWords, Legend, Outcome, Row, TOO_FEW, counted, short};
use super::ground::{Ground, Place, Slices};
use super::neighbours::refused;
use super::params::Params;
use super::{Entry, words};
use crate::error::Result;
use crate::published::class_of;
use crate::stats::rates::{crude_rates, empirical_bayes, funnel_limits};

pub(super) static ENTRY: Entry = Entry {
    name: "rates",
    version: 1,
    title: ["纠纷率：区间、漏斗界限与经验贝叶斯平滑", "Rates: interval, funnel limits, empirical Bayes"],
    cases_only: false,
    takes: &["denominator", "alpha"],
    slices: Slices::None,
    compute,
};

const CLASSES: [ClassWords; 4] = [
    ("above", "高于漏斗上限", "above the funnel", "#b2182b"),
    ("within", "在漏斗之内", "within the funnel", "#f2f2f2"),
    ("below", "低于漏斗下限", "below the funnel", "#2166ac"),
    TOO_FEW,
];

fn compute(ground: &Ground, params: &Params) -> Result<Outcome> {
    let (counts, denominators) = (ground.counts(), ground.denominators());
    let rates = crude_rates(&counts, &denominators, params.alpha).map_err(refused)?;
    let smoothed = empirical_bayes(&counts, &denominators).map_err(refused)?;
    let judged: f64 = counts.iter().zip(&denominators).filter(|(_, d)| **d > 0.0).map(|(count, _)| count).sum();
    let mean = judged / denominators.iter().sum::<f64>();
    let limits = if mean > 0.0 { funnel_limits(mean, &denominators, params.alpha).map_err(refused)? } else { vec![None; counts.len()] };
    let scale = words::per(params) / ground.years();
    let row = |n: usize, place: &Place| {
        let mut properties = Map::new();
        let mut class = TOO_FEW.0;
        if let (Some(rate), Some(funnel)) = (rates[n], limits[n]) {
            class = if rate.rate > funnel.high {
                "above"
            } else if rate.rate < funnel.low {
                "below"
            } else {
                "within"
            };
        }
        if ground.of_cases {
            properties.insert("count".into(), place.count.into());
            properties.insert("denominator".into(), short(place.denominator));
            if let Some(rate) = rates[n] {
                for (name, number) in [("rate_per_year", rate.rate), ("rate_low", rate.low), ("rate_high", rate.high)] {
                    properties.insert(name.into(), short(number * scale));
                }
            }
            properties.insert("rate_smoothed".into(), smoothed[n].map_or(Value::Null, |rate| short(rate * scale)));
            if let Some(funnel) = limits[n] {
                properties.insert("funnel_low".into(), short(funnel.low * scale));
                properties.insert("funnel_high".into(), short(funnel.high * scale));
            }
        } else {
            if let Some(rate) = place.told_rate {
                properties.insert("rate_per_1000_households_year".into(), rate.into());
                properties.insert("rate_class".into(), class_of(rate).into());
            }
            if let Some(reason) = place.silence {
                properties.insert("reason".into(), reason.into());
            }
        }
        place.row(class, properties)
    };
    let rows: Vec<Row> = ground.places.iter().enumerate().map(|(n, place)| row(n, place)).collect();
    let classes = counted(&CLASSES, &rows);
    let (level, against, told, unjudged) = (words::level(ground.level), words::against(params), words::counted(ground), words::unjudged(ground));
    let (above, places, inside) = (classes[0].count, rows.len(), words::percent(1.0 - params.alpha));
    let sentence_zh = format!(
        "“高于漏斗上限”指该{level}{against}的年纠纷率超出同等规模下偶然波动的 {inside} 范围（精确泊松漏斗，逐个判断，未作多重比较校正）：{counted}，{places} 个{level}中 {above} 个高于上限；{unjudged}。",
        level = level.zh,
        against = against.zh,
        counted = told.zh,
        unjudged = unjudged.zh
    );
    let sentence_en = format!(
        "“Above” is a {level} whose yearly rate {against} lies beyond the {inside} that chance leaves to a place of its size (exact Poisson funnel, each place by itself, without correction for many looks): {counted}, {above} of {places} places are above; {unjudged}.",
        level = level.en,
        against = against.en,
        counted = told.en,
        unjudged = unjudged.en
    );
    Ok(Outcome { rows, legend: Legend { sentence_zh, sentence_en, classes } })
}
