//! A picture of the invented county, for a person to judge whether it looks like a place.
//!
//! `MAPLEBRIDGE_PICTURE=/tmp/county.svg cargo test --lib demo::picture` writes it.

use std::fmt::Write as _;

use super::land::P;
use super::{Plan, Shape, Size, World, generate};

/// The world as SVG: cells by density, waters, roads, addresses, facilities; `window` is lon, lat, lon, lat.
fn svg(world: &World, window: [f64; 4], homes: bool) -> String {
    let scale = 1_500.0 / (window[2] - window[0]);
    let at = |x: f64, y: f64| -> P { [(x - window[0]) * scale, (window[3] - y) * scale * 1.144] };
    let path = |line: &geo_types::LineString<f64>| {
        let mut d = String::new();
        for (k, c) in line.coords().enumerate() {
            let [x, y] = at(c.x, c.y);
            let _ = write!(d, "{}{x:.1} {y:.1}", if k == 0 { "M" } else { "L" });
        }
        d
    };
    let height = at(0.0, window[1])[1];
    let mut out = format!("<svg xmlns='http://www.w3.org/2000/svg' width='1500' height='{height:.0}' style='background:#F4F3EF'>");
    let ramp = ["#FFFFCC", "#A1DAB4", "#41B6C4", "#2C7FB8", "#253494"];
    for cell in &world.cells {
        let km2 = geo::GeodesicArea::geodesic_area_unsigned(&cell.polygon) / 1e6;
        let density = f64::from(cell.household_count) / km2;
        let step = [40.0, 120.0, 400.0, 1_500.0].iter().filter(|&&s| density > s).count();
        let fill = if cell.kind == "dedicated" { "#CC79A7" } else { ramp[step] };
        let mut d = path(cell.polygon.exterior());
        for ring in cell.polygon.interiors() {
            d += &path(ring);
        }
        let _ = write!(out, "<path d='{d}' fill='{fill}' fill-opacity='.5' fill-rule='evenodd' stroke='#888' stroke-width='.5'/>");
    }
    for feature in &world.basemap {
        let (stroke, width) = match feature.kind {
            "river" => ("#7FB0C8", 5.0),
            "brook" => ("#8FBCD0", 1.6),
            "main_road" => ("#E0A030", 2.6),
            "road" => ("#C9A25A", 1.6),
            "street" => ("#FFFFFF", 1.0),
            "lane" => ("#C8BFAE", 0.7),
            "rail" => ("#555", 1.4),
            _ => ("none", 0.0),
        };
        match &feature.shape {
            Shape::Line(line) => {
                let _ = write!(out, "<path d='{}' fill='none' stroke='{stroke}' stroke-width='{width}'/>", path(line));
            }
            Shape::Area(area) => {
                let fill = if feature.kind == "lake" { "#A9CFE0" } else { "#B9D8A5" };
                let _ = write!(out, "<path d='{}' fill='{fill}' fill-opacity='.8'/>", path(area.exterior()));
            }
            Shape::Place(_) => {}
        }
    }
    for (level, width) in [(crate::codes::Level::Village, 0.9), (crate::codes::Level::Township, 1.8), (crate::codes::Level::County, 3.0)] {
        for area in world.areas.iter().filter(|a| a.code.level() == level) {
            let _ = write!(out, "<path d='{}' fill='none' stroke='#223' stroke-opacity='.7' stroke-width='{width}'/>", path(area.polygon.exterior()));
        }
    }
    if homes {
        for h in &world.households {
            let [x, y] = at(h.at.x(), h.at.y());
            if (0.0..1_500.0).contains(&x) && (0.0..height).contains(&y) {
                let r = 0.7 + f64::from(h.household_count).sqrt() * 0.35;
                let _ = write!(out, "<circle cx='{x:.1}' cy='{y:.1}' r='{r:.1}' fill='#B8401F' fill-opacity='.7'/>");
            }
        }
    }
    out + "</svg>"
}

#[test]
fn a_picture_is_drawn_where_one_is_asked_for() {
    let Ok(path) = std::env::var("MAPLEBRIDGE_PICTURE") else {
        eprintln!("skipped: MAPLEBRIDGE_PICTURE names no file");
        return;
    };
    let size = if path.contains("township") {
        Size::Township
    } else if path.contains("city") {
        Size::City
    } else {
        Size::County
    };
    let until = chrono::NaiveDate::from_ymd_opt(2026, 11, 24).unwrap();
    let started = std::time::Instant::now();
    let world = generate(&Plan { size, seed: 1, until });
    eprintln!("{:?} {:?}", started.elapsed(), world.truth.totals);
    let county = world.areas.iter().find(|a| a.code.level() == crate::codes::Level::City).unwrap();
    let rect = geo::BoundingRect::bounding_rect(&county.polygon).unwrap();
    let whole = [rect.min().x, rect.min().y, rect.max().x, rect.max().y];
    std::fs::write(&path, svg(&world, whole, false)).unwrap();
    let seat = [119.445, 29.565, 119.495, 29.598];
    std::fs::write(path.replace(".svg", "_seat.svg"), svg(&world, seat, true)).unwrap();
    let land = [119.50, 29.60, 119.60, 29.666];
    std::fs::write(path.replace(".svg", "_country.svg"), svg(&world, land, true)).unwrap();
}
