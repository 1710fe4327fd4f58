//! Incidents that lie densely together, whatever the borders; for who may open each of them.

use geo::{ConvexHull as _, MultiPoint};
use geo_types::{Coord, MultiPolygon, Point};
use serde_json::Map;

use super::answer::{ClassWords, Legend, Outcome, Row, counted, short};
use super::ground::{Ground, Slices};
use super::neighbours::{lonlat, plane, refused};
use super::params::Params;
use super::{Entry, words};
use crate::error::Result;
use crate::geom::{Metres, round7};
use crate::stats::dbscan;

pub(super) static ENTRY: Entry = Entry {
    name: "clusters",
    version: 1,
    title: ["聚集：不论边界，纠纷密集之处", "Clusters: where incidents lie densely together"],
    cases_only: true,
    takes: &["eps_m", "min_points"],
    slices: Slices::None,
    compute,
};

const CLASSES: [ClassWords; 1] = [("cluster", "聚集", "cluster", "#b2182b")];

fn compute(ground: &Ground, params: &Params) -> Result<Outcome> {
    let plane = plane(ground.points.iter().copied());
    let points: Vec<Coord> = ground.points.iter().map(|&at| plane.xy(lonlat(at))).collect();
    let found = dbscan(&points, params.eps_m, params.min_points as usize).map_err(refused)?;
    let mut members = vec![Vec::new(); found.count];
    for (at, label) in points.iter().zip(&found.labels) {
        if let Some(label) = label {
            members[*label as usize].push(*at);
        }
    }
    members.sort_by_key(|points| std::cmp::Reverse(points.len()));
    let inside: usize = members.iter().map(Vec::len).sum();
    let row = |(rank, points): (usize, &Vec<Coord>)| {
        // An octagon around each point, so that no corner of the shape is the place of an incident.
        let reach = params.eps_m / 2.0;
        let around = points.iter().flat_map(|at| {
            (0..8).map(move |n| {
                let (sin, cos) = (std::f64::consts::FRAC_PI_4 * f64::from(n)).sin_cos();
                Point::new(at.x + reach * cos, at.y + reach * sin)
            })
        });
        let hull = Metres(MultiPolygon(vec![MultiPoint(around.collect()).convex_hull()]));
        let mut properties = Map::new();
        properties.insert("rank".into(), (rank + 1).into());
        properties.insert("count".into(), points.len().into());
        properties.insert("area_m2".into(), short(hull.area_m2()));
        Row { area: None, class: "cluster", properties, shape: Some(round7(&plane.to_degrees(&hull))) }
    };
    let rows: Vec<Row> = members.iter().enumerate().map(row).collect();
    let classes = counted(&CLASSES, &rows);
    let (told, eps, least) = (words::counted(ground), params.eps_m, params.min_points);
    let sentence_zh = format!(
        "“聚集”指 {eps} 米之内至少有 {least} 件纠纷且彼此相连之处（DBSCAN，按安全点计算，不按户数折算，人多处自然多，不作显著性判断）：{}中 {inside} 件在 {} 处聚集。",
        told.zh,
        rows.len()
    );
    let sentence_en = format!(
        "A “cluster” is where at least {least} incidents lie within {eps} m of one another, link by link (DBSCAN over safe places; not set against households, so it shows where people live too, and tests nothing): of {}, {inside} lie in {} clusters.",
        told.en,
        rows.len()
    );
    Ok(Outcome { rows, legend: Legend { sentence_zh, sentence_en, classes } })
}
