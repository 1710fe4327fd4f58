//! Whether somewhere, for some weeks up to the last, there has been more than the rest of space and time explains.

use serde_json::{Map, Value};

use super::answer::{ClassWords, Legend, Outcome, Row, TOO_FEW, counted, short};
use super::ground::{Ground, Slices};
use super::neighbours::{points, refused};
use super::params::Params;
use super::{Entry, words};
use crate::error::{Error, Result};
use crate::stats::space_time_scan::{Model, Options, Search, nearest_zones, space_time_scan};

pub(super) static ENTRY: Entry = Entry {
    name: "scan",
    version: 1,
    title: ["时空扫描：近几周哪里多得反常", "Space-time scan: where the last weeks were out of the ordinary"],
    cases_only: true,
    takes: &["denominator", "alpha", "seed", "most_weeks", "zone_places", "simulations"],
    slices: Slices::Weeks,
    compute,
};

const CLASSES: [ClassWords; 4] = [
    ("cluster", "聚集（显著）", "cluster", "#b2182b"),
    ("candidate", "候选（不显著）", "candidate, not significant", "#fddbc7"),
    ("none", "不在其中", "in none", "#f2f2f2"),
    TOO_FEW,
];

/// Days between two scans, for the recurrence interval.
const DAYS_BETWEEN: f64 = 7.0;

fn compute(ground: &Ground, params: &Params) -> Result<Outcome> {
    let weeks = ground.slices.len();
    if weeks <= params.most_weeks as usize {
        let message = format!("the period has {weeks} whole weeks; give more than most_weeks, which is {}", params.most_weeks);
        return Err(Error::invalid("/from", "out_of_range", message));
    }
    let (placed, at) = points(ground);
    let (kept, at): (Vec<usize>, Vec<_>) = placed.into_iter().zip(at).filter(|(n, _)| ground.places[*n].denominator > 0.0).unzip();
    let zones = nearest_zones(&at, (params.zone_places as usize).min(at.len())).map_err(refused)?;
    let counts: Vec<Vec<u32>> = (0..weeks).map(|week| kept.iter().map(|&n| ground.places[n].series[week]).collect()).collect();
    let baseline: Vec<Vec<f64>> = vec![kept.iter().map(|&n| ground.places[n].denominator).collect(); weeks];
    let search = Search {
        counts: &counts,
        baseline: &baseline,
        zones: &zones,
        max_duration: params.most_weeks as usize,
        prospective: true,
        model: Model::PopulationBased,
    };
    let options = Options { top: 0, clusters: 5, simulations: params.simulations as usize, seed: u64::from(params.seed) };
    let is_empty = kept.is_empty() || counts.iter().flatten().all(|count| *count == 0);
    let clusters = if is_empty { Vec::new() } else { space_time_scan(&search, &options).map_err(refused)?.clusters };
    let mut rank_of = vec![None; ground.places.len()];
    for (rank, cluster) in clusters.iter().enumerate() {
        zones[cluster.zone].iter().for_each(|&n| rank_of[kept[n]] = Some(rank));
    }
    let row = |(n, rank): (usize, &Option<usize>)| {
        let place = &ground.places[n];
        let mut properties = Map::new();
        properties.insert("count".into(), place.count.into());
        let class = match rank {
            _ if place.denominator <= 0.0 || place.label.is_none() => TOO_FEW.0,
            None => "none",
            Some(rank) => {
                let cluster = &clusters[*rank];
                properties.insert("cluster_rank".into(), (rank + 1).into());
                properties.insert("cluster_from".into(), ground.slices[cluster.start].to_string().into());
                properties.insert("cluster_observed".into(), cluster.observed.into());
                properties.insert("cluster_expected".into(), short(cluster.expected));
                properties.insert("cluster_relative_risk".into(), cluster.relative_risk().map_or(Value::Null, short));
                properties.insert("p".into(), cluster.p.map_or(Value::Null, short));
                properties.insert("recurrence_days".into(), cluster.recurrence_interval_days(DAYS_BETWEEN).map_or(Value::Null, short));
                if cluster.p.is_some_and(|p| p <= params.alpha) { "cluster" } else { "candidate" }
            }
        };
        place.row(class, properties)
    };
    let rows: Vec<Row> = rank_of.iter().enumerate().map(row).collect();
    let classes = counted(&CLASSES, &rows);
    let found = clusters.iter().filter(|cluster| cluster.p.is_some_and(|p| p <= params.alpha)).count();
    let (level, told, against) = (words::level(ground.level), words::counted(ground), words::against(params));
    let (most, places, runs, alpha) = (params.most_weeks, params.zone_places, params.simulations, words::percent(params.alpha));
    let sentence_zh = format!(
        "“聚集”指至多 {places} 个相邻{level}在截至末日的至多 {most} 周内，{against}的纠纷多于其余地方和时间，{runs} 次模拟中至多 {alpha} 会偶然出现（前瞻性时空扫描，按人口的泊松模型）：{counted}，发现 {found} 处。",
        level = level.zh,
        against = against.zh,
        counted = told.zh
    );
    let sentence_en = format!(
        "A “cluster” is a set of at most {places} near places of level {level} with more incidents {against} in at most {most} weeks up to the last day than the rest of space and time has, by chance in at most {alpha} of {runs} simulations (prospective space-time scan, population-based Poisson): {counted}, {found} found.",
        level = level.en,
        against = against.en,
        counted = told.en
    );
    Ok(Outcome { rows, legend: Legend { sentence_zh, sentence_en, classes } })
}
