//! Whether months rise or fall, place by place.

use serde_json::{Map, Value};

use super::answer::{ClassWords, Legend, Outcome, Row, TOO_FEW, counted, short};
use super::ground::{Ground, Place, Slices};
use super::neighbours::refused;
use super::params::Params;
use super::{Entry, words};
use crate::error::Result;
use crate::stats::{Trend, adjusted, fdr_threshold, mann_kendall};

pub(super) static ENTRY: Entry = Entry {
    name: "trends",
    version: 1,
    title: ["趋势：哪里的纠纷在增多或减少", "Trends: where incidents rise or fall"],
    cases_only: false,
    takes: &["alpha"],
    slices: Slices::Months,
    compute,
};

const CLASSES: [ClassWords; 4] =
    [("rising", "上升", "rising", "#b2182b"), ("falling", "下降", "falling", "#2166ac"), ("no_trend", "无显著趋势", "no trend", "#f2f2f2"), TOO_FEW];

/// Months below which no trend is looked for.
const LEAST_MONTHS: usize = 8;
/// Incidents below which no trend is looked for.
const LEAST_COUNT: u64 = 8;

fn compute(ground: &Ground, params: &Params) -> Result<Outcome> {
    let judge = |place: &Place| -> Result<Option<Trend>> {
        if !place.is_whole || place.series.len() < LEAST_MONTHS || place.count < LEAST_COUNT {
            return Ok(None);
        }
        let series: Vec<f64> = place.series.iter().map(|&count| f64::from(count)).collect();
        Ok(Some(mann_kendall(&series).map_err(refused)?))
    };
    let trends: Vec<Option<Trend>> = ground.places.iter().map(judge).collect::<Result<_>>()?;
    let p: Vec<f64> = trends.iter().flatten().map(|trend| trend.p_two_sided).collect();
    let threshold = if p.is_empty() { 0.0 } else { fdr_threshold(&p, params.alpha).map_err(refused)? };
    let mut q = if p.is_empty() { Vec::new() } else { adjusted(&p).map_err(refused)? }.into_iter();
    let rows: Vec<Row> = ground
        .places
        .iter()
        .zip(&trends)
        .map(|(place, trend)| {
            let mut properties = Map::new();
            let q = trend.as_ref().and_then(|_| q.next());
            let class = match trend {
                None => TOO_FEW.0,
                Some(trend) if trend.p_two_sided >= threshold => "no_trend",
                Some(trend) if trend.s > 0 => "rising",
                Some(_) => "falling",
            };
            if ground.of_cases {
                properties.insert("count".into(), place.count.into());
                properties.insert("series".into(), Value::from(place.series.clone()));
                if let Some(trend) = trend {
                    properties.insert("s".into(), trend.s.into());
                    properties.insert("z".into(), short(trend.z));
                    properties.insert("p".into(), short(trend.p_two_sided));
                    properties.insert("q".into(), q.map_or(Value::Null, short));
                }
            } else if let Some(reason) = place.silence {
                properties.insert("reason".into(), reason.into());
            }
            place.row(class, properties)
        })
        .collect();
    let classes = counted(&CLASSES, &rows);
    let (level, told, unjudged, alpha) = (words::level(ground.level), words::counted(ground), words::unjudged(ground), words::percent(params.alpha));
    let (rising, falling, months) = (classes[0].count, classes[1].count, ground.slices.len());
    let sentence_zh = format!(
        "“上升”指该{level} {months} 个月的月件数一路走高，难以用偶然解释（曼–肯德尔检验，按 {alpha} 控制假发现率；未扣除季节）：{counted}，{rising} 个上升、{falling} 个下降；少于 {LEAST_COUNT} 件的不作判断，{unjudged}。",
        level = level.zh,
        counted = told.zh,
        unjudged = unjudged.zh
    );
    let sentence_en = format!(
        "“Rising” is a {level} whose numbers over {months} months go up more steadily than chance explains (Mann–Kendall, false discovery rate {alpha}; seasons are not taken out): {counted}, {rising} places rise and {falling} fall; below {LEAST_COUNT} incidents nothing is said, {unjudged}.",
        level = level.en,
        counted = told.en,
        unjudged = unjudged.en
    );
    Ok(Outcome { rows, legend: Legend { sentence_zh, sentence_en, classes } })
}
