//! Where rates gather more than chance explains, with few false finds.

use serde_json::{Map, Value};

use super::answer::{ClassWords, Legend, Outcome, Row, TOO_FEW, counted, short};
use super::ground::{Ground, Slices};
use super::neighbours::{neighbours, refused};
use super::params::Params;
use super::{Entry, words};
use crate::error::Result;
use crate::stats::hot_spots::{Class, HotSpot, Options, hot_spots};

pub(super) static ENTRY: Entry = Entry {
    name: "hot_spots",
    version: 2,
    title: ["热点：纠纷在哪里聚集得超出偶然", "Hot spots: where incidents gather beyond chance"],
    cases_only: false,
    takes: &["denominator", "neighbourhood", "nearest", "band_m", "alpha", "seed"],
    slices: Slices::None,
    compute,
};

const CLASSES: [ClassWords; 4] =
    [("hot", "热点", "hot", "#b2182b"), ("cold", "冷点", "cold", "#2166ac"), ("not_significant", "不显著", "not significant", "#f2f2f2"), TOO_FEW];

fn compute(ground: &Ground, params: &Params) -> Result<Outcome> {
    let options = Options { alpha: params.alpha, seed: u64::from(params.seed), ..Options::default() };
    let found = hot_spots(&ground.counts(), &ground.denominators(), neighbours(ground, params)?.as_ref(), &options).map_err(refused)?;
    let rows: Vec<Row> = ground
        .places
        .iter()
        .zip(&found)
        .map(|(place, found)| {
            let mut properties = Map::new();
            if ground.of_cases {
                tell(&mut properties, place.count, place.denominator, found, ground, params);
            } else {
                if let Some(rate) = place.told_rate {
                    properties.insert("rate_per_1000_households_year".into(), Value::from(rate));
                }
                if let Some(reason) = place.silence {
                    properties.insert("reason".into(), reason.into());
                }
            }
            place.row(class(found.class), properties)
        })
        .collect();
    let classes = counted(&CLASSES, &rows);
    Ok(Outcome {
        legend: Legend {
            sentence_zh: sentence_zh(ground, params, classes[0].count),
            sentence_en: sentence_en(ground, params, classes[0].count),
            classes,
        },
        rows,
    })
}

fn tell(properties: &mut Map<String, Value>, count: u64, denominator: f64, found: &HotSpot, ground: &Ground, params: &Params) {
    properties.insert("count".into(), count.into());
    properties.insert("denominator".into(), short(denominator));
    if denominator > 0.0 {
        properties.insert("rate_per_year".into(), short(count as f64 / denominator * words::per(params) / ground.years()));
    }
    properties.insert("around_observed".into(), short(found.observed));
    properties.insert("around_expected".into(), short(found.expected));
    for (name, number) in [("z", found.z), ("p", found.p), ("q", found.q)] {
        properties.insert(name.into(), number.map_or(Value::Null, short));
    }
    properties.insert("confidence_percent".into(), confidence(found.q).map_or(Value::Null, Value::from));
}

/// The confidence that a place would still stand at, of those that maps of hot spots are told in; permutations are only as
/// many as `alpha` needs, so that it may be told too low and never too high.
fn confidence(q: Option<f64>) -> Option<u32> {
    let q = q?;
    [(0.01, 99), (0.05, 95), (0.1, 90)].into_iter().find(|(share, _)| q < *share).map(|(_, percent)| percent)
}

const fn class(class: Class) -> &'static str {
    match class {
        Class::Hot => "hot",
        Class::Cold => "cold",
        Class::NotSignificant => "not_significant",
        Class::TooFew => "too_few",
    }
}

fn sentence_zh(ground: &Ground, params: &Params, hot: usize) -> String {
    format!(
        "“热点”指该{level}连同{around}，{against}的纠纷率高于全域，且难以用偶然解释（标准化率的条件置换检验与泊松检验取较大的 p，按 {alpha} 控制假发现率）：{counted}，{places} 个{level}中 {hot} 个是热点；{unjudged}。",
        level = words::level(ground.level).zh,
        around = words::around(params).zh,
        against = words::against(params).zh,
        alpha = words::percent(params.alpha),
        counted = words::counted(ground).zh,
        places = ground.places.len(),
        unjudged = words::unjudged(ground).zh,
    )
}

fn sentence_en(ground: &Ground, params: &Params, hot: usize) -> String {
    format!(
        "“Hot” is a {level} where, together with {around}, incidents {against} are more than on the whole map and more than chance explains (the greater p of conditional permutations of standardised rates and of the Poisson tail, false discovery rate {alpha}): {counted}, {hot} of {places} places are hot; {unjudged}.",
        level = words::level(ground.level).en,
        around = words::around(params).en,
        against = words::against(params).en,
        alpha = words::percent(params.alpha),
        counted = words::counted(ground).en,
        places = ground.places.len(),
        unjudged = words::unjudged(ground).en,
    )
}

#[cfg(test)]
mod tests {
    use super::confidence;

    #[test]
    fn confidence_is_the_highest_of_three_that_the_share_of_false_finds_allows() {
        let of = |q| confidence(Some(q));
        assert_eq!(
            [of(0.0), of(0.0099), of(0.01), of(0.049), of(0.05), of(0.0999), of(0.1)],
            [Some(99), Some(99), Some(95), Some(95), Some(90), Some(90), None]
        );
        assert_eq!(confidence(None), None);
    }
}
