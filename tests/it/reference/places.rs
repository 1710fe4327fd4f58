//! Shapes and coordinates: who touches whom, how compact, and where a place lies in other systems.

use std::f64::consts::PI;

use geo::MultiPolygon;
use maplebridge::geom::crs::{Converter, Crs, shifts};
use maplebridge::geom::{LonLat, Metres, distance_m};
use maplebridge::stats::Weights;
use maplebridge::stats::weights::{intersecting, queen, rook, shared_lines, sharing_a_line};
use serde_json::Value;

use super::case::{Case, Findings, Tolerance, USUAL, floats, index, indices, list};

pub(super) fn contiguity(case: &Case, found: &mut Findings) {
    let shapes = case.shapes();
    let lists = |weights: &Weights| weights.rows().map(|row| row.iter().map(|&j| j as usize).collect()).collect::<Vec<Vec<usize>>>();
    let (queens, touching) = (queen(&shapes), intersecting(&shapes));
    for (key, got) in [("queen_vertex", &queens), ("rook_edge", &rook(&shapes)), ("intersects", &touching), ("shared_line", &sharing_a_line(&shapes))]
    {
        if let Some(wanted) = case.expected[key].as_array() {
            found.same(&format!("the number of rows of {key}"), &got.len(), &wanted.len());
            for (i, (got, wanted)) in lists(got).into_iter().zip(wanted).enumerate() {
                let mut wanted = indices(wanted);
                wanted.sort_unstable();
                found.same(&format!("{key} of {i}"), &got, &wanted);
            }
        }
    }
    if case.expected["queen_islands"].is_array() {
        found.same("queen_islands", &queens.islands(), &indices(&case.expected["queen_islands"]));
    }
    lengths(case, &shapes, found);
    for (key, one, other) in [("queen_minus_intersects", &queens, &touching), ("intersects_minus_queen", &touching, &queens)] {
        if let Some(wanted) = case.expected[key].as_array() {
            let only = pairs(one).into_iter().filter(|(a, b)| !other.of(*a).contains(&(*b as u32))).count();
            found.notes.push(format!("{key}: {only} pairs beside {}", wanted.len()));
        }
    }
}

fn pairs(weights: &Weights) -> Vec<(usize, usize)> {
    let row = |(a, row): (usize, &[u32])| row.iter().map(|&b| (a, b as usize)).filter(|(a, b)| a < b).collect::<Vec<_>>();
    weights.rows().enumerate().flat_map(row).collect()
}

/// Pairs of neighbours with the length of the border they share.
fn lengths(case: &Case, shapes: &[MultiPolygon], found: &mut Findings) {
    let Some(wanted) = case.expected["shared_boundary_length"].as_array() else { return };
    let tolerance = case.tolerance(&["length"], USUAL);
    let mut wanted: Vec<(usize, usize, &Value)> = wanted
        .iter()
        .filter_map(|row| Some((index(&row[0])?, index(&row[1])?, &row[2])))
        .map(|(a, b, length)| (a.min(b), a.max(b), length))
        .collect();
    wanted.sort_by_key(|(a, b, _)| (*a, *b));
    let got = shared_lines(shapes);
    found.same("pairs that share a line", &got.iter().map(|s| (s.a, s.b)).collect(), &wanted.iter().map(|(a, b, _)| (*a, *b)).collect::<Vec<_>>());
    for (got, (a, b, length)) in got.iter().zip(&wanted) {
        found.number(&format!("the length between {a} and {b}"), Some(got.length), length, tolerance);
    }
}

pub(super) fn compactness(case: &Case, found: &mut Findings) {
    let shapes: Vec<Metres<MultiPolygon>> = case.shapes().into_iter().map(Metres).collect();
    let got: Vec<_> = shapes.iter().map(maplebridge::geom::compactness).collect();
    let reock = case.tolerance(&["reock"], Tolerance { rel: 1e-8, abs: 0.0 });
    let of = |name: &str| case.tolerance(&[name], USUAL);
    found.numbers(case, "area", of("area"), shapes.iter().map(|s| Some(s.area_m2())));
    found.numbers(case, "perimeter", of("perimeter"), shapes.iter().map(|s| Some(s.perimeter_m())));
    found.numbers(case, "polsby_popper", of("polsby_popper"), got.iter().map(|c| c.map(|c| c.polsby_popper)));
    found.numbers(case, "schwartzberg", of("schwartzberg"), got.iter().map(|c| c.map(|c| c.schwartzberg)));
    found.numbers(case, "reock", reock, got.iter().map(|c| c.map(|c| c.reock)));
    found.numbers(case, "convex_hull_ratio", of("convex_hull_ratio"), got.iter().map(|c| c.map(|c| c.convex_hull_ratio)));
    let radius = shapes.iter().zip(&got).map(|(shape, c)| c.map(|c| (shape.area_m2() / (PI * c.reock)).sqrt()));
    found.numbers(case, "min_circle_radius", reock, radius);
}

/// Our converters go to degrees: there and the distance on the ground says how far off a projection is.
pub(super) fn crs(case: &Case, found: &mut Findings) {
    for (i, row) in list(&case.expected["rows"]).iter().enumerate() {
        let number = |key: &str| row[key].as_f64();
        let (Some(lon), Some(lat)) = (number("lon"), number("lat")) else { continue };
        let place = LonLat::new(lon, lat);
        for (code, east, north) in [("epsg_3deg_cm", "east", "north"), ("epsg_6deg_cm", "east6", "north6")] {
            if let (Some(code), Some(east), Some(north)) = (index(&row[code]), number(east), number(north)) {
                metres(&format!("EPSG:{code} of point {i}"), code, [east, north], place, found);
            }
        }
        if let [east, north] = floats(&row["web_mercator"])[..] {
            metres(&format!("EPSG:3857 of point {i}"), 3857, [east, north], place, found);
        }
        let gcj = shifts::wgs84_to_gcj02(place);
        degrees(&format!("GCJ-02 of point {i}"), gcj, &row["gcj02"], 1e-9, found);
        degrees(&format!("BD-09 of point {i}"), shifts::gcj02_to_bd09(gcj), &row["bd09"], 1e-9, found);
        let back = shifts::gcj02_to_wgs84(gcj);
        found.same(&format!("GCJ-02 there and back of point {i}"), &((back.lon - lon).abs().max((back.lat - lat).abs()) <= 1e-7), &true);
    }
}

fn metres(what: &str, code: usize, [east, north]: [f64; 2], place: LonLat, found: &mut Findings) {
    let got = Converter::new(Crs::Epsg(code as u16)).and_then(|c| c.to_wgs84(east, north));
    let off_m = got.map(|got| distance_m(got, place));
    found.compared += 1;
    match off_m {
        Ok(off_m) if off_m <= 1e-3 => found.error(&format!("metres of {what} over 1,000 km"), off_m / 1e6),
        other => found.faults.push(format!("{what} is off by {other:?} m")),
    }
}

fn degrees(what: &str, got: LonLat, wanted: &Value, within: f64, found: &mut Findings) {
    for (n, got) in got.to_array().into_iter().enumerate().take(list(wanted).len()) {
        found.number(&format!("{what} ({n})"), Some(got), &wanted[n], Tolerance { rel: 0.0, abs: within });
    }
}
