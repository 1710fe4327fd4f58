//! How hot and cold spots have come to be over the months: new, lasting, growing, fading.

use serde_json::{Map, Value};

use super::answer::{ClassWords, Legend, Outcome, Row, TOO_FEW, counted, short};
use super::ground::{Ground, Place, Slices};
use super::neighbours::{neighbours, refused};
use super::params::Params;
use super::{Entry, words};
use crate::error::Result;
use crate::stats::emerging::{Pattern, Side, Slice, emerging};
use crate::stats::hot_spots::{Class, HotSpot, Options, hot_spots};

pub(super) static ENTRY: Entry = Entry {
    name: "emerging",
    version: 1,
    title: ["时空热点：热点是新出现、持续还是消退", "Emerging hot spots: new, lasting or fading"],
    cases_only: false,
    takes: &["denominator", "neighbourhood", "nearest", "band_m", "alpha", "seed"],
    slices: Slices::Months,
    compute,
};

const CLASSES: [ClassWords; 18] = [
    ("new_hot", "新热点", "new hot spot", "#67001f"),
    ("consecutive_hot", "连续热点", "consecutive hot spot", "#980043"),
    ("intensifying_hot", "加剧热点", "intensifying hot spot", "#b2182b"),
    ("persistent_hot", "持续热点", "persistent hot spot", "#d6604d"),
    ("diminishing_hot", "减弱热点", "diminishing hot spot", "#f4a582"),
    ("sporadic_hot", "零星热点", "sporadic hot spot", "#fdbb84"),
    ("oscillating_hot", "振荡热点", "oscillating hot spot", "#fdd0a2"),
    ("historical_hot", "历史热点", "historical hot spot", "#fddbc7"),
    ("new_cold", "新冷点", "new cold spot", "#053061"),
    ("consecutive_cold", "连续冷点", "consecutive cold spot", "#08519c"),
    ("intensifying_cold", "加剧冷点", "intensifying cold spot", "#2166ac"),
    ("persistent_cold", "持续冷点", "persistent cold spot", "#4393c3"),
    ("diminishing_cold", "减弱冷点", "diminishing cold spot", "#92c5de"),
    ("sporadic_cold", "零星冷点", "sporadic cold spot", "#9ecae1"),
    ("oscillating_cold", "振荡冷点", "oscillating cold spot", "#c6dbef"),
    ("historical_cold", "历史冷点", "historical cold spot", "#d1e5f0"),
    ("no_pattern", "无显著模式", "no pattern", "#f2f2f2"),
    TOO_FEW,
];

const fn class(side: Side, pattern: Pattern) -> &'static str {
    let of_side = match side {
        Side::Hot => 0,
        Side::Cold => 8,
    };
    let of_pattern = match pattern {
        Pattern::New => 0,
        Pattern::Consecutive => 1,
        Pattern::Intensifying => 2,
        Pattern::Persistent => 3,
        Pattern::Diminishing => 4,
        Pattern::Sporadic => 5,
        Pattern::Oscillating => 6,
        Pattern::Historical => 7,
    };
    CLASSES[of_side + of_pattern].0
}

/// Hot and cold places of each month: the same test as for one map, month by month.
fn by_month(ground: &Ground, params: &Params) -> Result<Vec<Vec<HotSpot>>> {
    let (denominators, around) = (ground.denominators(), neighbours(ground, params)?);
    let month = |slice: usize| {
        let counts: Vec<f64> = ground.places.iter().map(|place| place.series.get(slice).map_or(0.0, |&count| f64::from(count))).collect();
        let options = Options { alpha: params.alpha, seed: u64::from(params.seed), ..Options::default() };
        hot_spots(&counts, &denominators, &around, &options).map_err(refused)
    };
    (0..ground.slices.len()).map(month).collect()
}

fn compute(ground: &Ground, params: &Params) -> Result<Outcome> {
    let months = by_month(ground, params)?;
    let row = |(n, place): (usize, &Place)| -> Result<Row> {
        let of_place: Vec<&HotSpot> = months.iter().filter_map(|month| month.get(n)).collect();
        let is_judged = of_place.iter().any(|month| month.class != Class::TooFew);
        let slices: Vec<Slice> =
            of_place.iter().map(|month| Slice { z: month.z, significant: matches!(month.class, Class::Hot | Class::Cold) }).collect();
        let found = emerging(&slices, params.alpha).map_err(refused)?;
        let mut properties = Map::new();
        if ground.of_cases {
            properties.insert("count".into(), place.count.into());
            properties.insert("z_by_month".into(), slices.iter().map(|slice| slice.z.map_or(Value::Null, short)).collect());
        } else if let Some(reason) = place.silence {
            properties.insert("reason".into(), reason.into());
        }
        let class = match found {
            _ if !is_judged => TOO_FEW.0,
            Some((side, pattern)) => class(side, pattern),
            None => "no_pattern",
        };
        Ok(place.row(class, properties))
    };
    let rows: Vec<Row> = ground.places.iter().enumerate().map(row).collect::<Result<_>>()?;
    let classes = counted(&CLASSES, &rows);
    let (level, around, against, told, unjudged) =
        (words::level(ground.level), words::around(params), words::against(params), words::counted(ground), words::unjudged(ground));
    let (months, alpha, new) = (ground.slices.len(), words::percent(params.alpha), classes[0].count);
    let sentence_zh = format!(
        "逐月检验每个{level}连同{around}{against}的纠纷率是否高（热）或低（冷）得超出偶然（与“热点”分析相同，按 {alpha} 控制假发现率），再按 {months} 个月里出现的先后分类，加剧与减弱由 Mann–Kendall 检验：{counted}，新热点 {new} 个；{unjudged}。",
        level = level.zh,
        around = around.zh,
        against = against.zh,
        counted = told.zh,
        unjudged = unjudged.zh
    );
    let sentence_en = format!(
        "Month by month each {level} with {around} is tested for more (hot) or fewer (cold) incidents {against} than chance explains (as in the analysis of hot spots, false discovery rate {alpha}), and classed by when in {months} months it was; growing and fading by Mann–Kendall: {counted}, {new} new hot spots; {unjudged}.",
        level = level.en,
        around = around.en,
        against = against.en,
        counted = told.en,
        unjudged = unjudged.en
    );
    Ok(Outcome { rows, legend: Legend { sentence_zh, sentence_en, classes } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_has_a_class_of_its_own_and_hot_is_never_cold() {
        let patterns = [
            (Pattern::New, "new"),
            (Pattern::Consecutive, "consecutive"),
            (Pattern::Intensifying, "intensifying"),
            (Pattern::Persistent, "persistent"),
            (Pattern::Diminishing, "diminishing"),
            (Pattern::Sporadic, "sporadic"),
            (Pattern::Oscillating, "oscillating"),
            (Pattern::Historical, "historical"),
        ];
        for (pattern, name) in patterns {
            assert_eq!(class(Side::Hot, pattern), format!("{name}_hot"));
            assert_eq!(class(Side::Cold, pattern), format!("{name}_cold"));
        }
    }
}
