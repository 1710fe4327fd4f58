//! Who neighbours whom among the places of an answer.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use geo_types::{Coord, MultiPolygon};
use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::Xxh3;

use super::ground::{At, Ground};
use super::params::{Neighbourhood, Params};
use crate::error::{Error, Result};
use crate::geom::{LonLat, Plane};
use crate::mvt::World;
use crate::stats::{StatsError, Weights, weights};

/// Sets of neighbours that are kept: filters change from question to question, places seldom do.
const KEPT: usize = 16;
/// The sets last asked for, the newest at the end.
static LAST: Mutex<VecDeque<(u128, Arc<Weights>)>> = Mutex::new(VecDeque::new());

/// Borders within this many metres count as one: they were drawn twice.
const SNAP_M: f64 = 0.5;

/// What a measure cannot work with, as a fault of the question.
#[expect(clippy::needless_pass_by_value, reason = "what `map_err` hands over")]
pub(super) fn refused(error: StatsError) -> Error {
    Error::invalid("", "not_computable", error.to_string())
}

/// The plane of a set of places.
pub(super) fn plane(points: impl Iterator<Item = World>) -> Plane {
    let (mut lo, mut hi) = (None::<World>, None::<World>);
    for at in points {
        lo = Some(lo.map_or(at, |lo| World { x: lo.x.min(at.x), y: lo.y.min(at.y) }));
        hi = Some(hi.map_or(at, |hi| World { x: hi.x.max(at.x), y: hi.y.max(at.y) }));
    }
    let middle = lo.zip(hi).map(|(lo, hi)| World { x: lo.x / 2 + hi.x / 2, y: lo.y / 2 + hi.y / 2 });
    Plane::around(middle.map_or(LonLat::new(0.0, 0.0), lonlat))
}

/// A position in degrees.
pub(super) fn lonlat(at: World) -> LonLat {
    let [lon, lat] = at.to_lon_lat();
    LonLat::new(lon, lat)
}

/// Places that have borders, and a point in each on a plane, metres.
pub(super) fn points(ground: &Ground) -> (Vec<usize>, Vec<Coord>) {
    let plane = plane(ground.places.iter().filter_map(|place| place.label));
    let placed = ground.places.iter().enumerate().filter_map(|(n, place)| Some((n, plane.xy(lonlat(place.label?)))));
    placed.unzip()
}

/// Neighbours in the order of the places; a place without borders has none. Those of the last questions are kept.
pub(super) fn neighbours(ground: &Ground, params: &Params) -> Result<Arc<Weights>> {
    let key = key(ground, params);
    let known = LAST.lock().unwrap_or_else(PoisonError::into_inner).iter().find(|(of, _)| *of == key).map(|(_, weights)| Arc::clone(weights));
    if let Some(weights) = known {
        return Ok(weights);
    }
    let weights = Arc::new(found(ground, params)?);
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if last.len() == KEPT {
        last.pop_front();
    }
    last.push_back((key, Arc::clone(&weights)));
    Ok(weights)
}

/// Equal for the same places with the same borders and the same choice of neighbours.
fn key(ground: &Ground, params: &Params) -> u128 {
    let mut hash = Xxh3::new();
    hash.update(format!("{:?} {} {}", params.neighbourhood, params.nearest, params.band_m).as_bytes());
    for place in &ground.places {
        // A version has its borders for good; label and area tell places of two databases apart.
        let label = place.label.map(|at| (at.x, at.y));
        hash.update(format!("{:?} {} {} {label:?}\n", place.at, place.version, place.area_km2).as_bytes());
    }
    hash.digest128()
}

fn found(ground: &Ground, params: &Params) -> Result<Weights> {
    if ground.level.is_hex() && matches!(params.neighbourhood, Neighbourhood::Queen | Neighbourhood::Rook) {
        return rings(ground);
    }
    let (placed, points) = points(ground);
    let among = match params.neighbourhood {
        Neighbourhood::Nearest if points.len() > 1 => weights::nearest(&points, params.nearest as usize),
        Neighbourhood::Band if points.len() > 1 => weights::distance_band(&points, params.band_m),
        Neighbourhood::Nearest | Neighbourhood::Band => Weights::from_lists(&vec![Vec::new(); points.len()]),
        way => {
            let plane = plane(ground.places.iter().filter_map(|place| place.label));
            let shape = |&n: &usize| ground.places[n].shape.as_ref().map_or_else(|| MultiPolygon(Vec::new()), |shape| plane.to_metres(&**shape).0);
            let shapes: Vec<MultiPolygon> = placed.iter().map(shape).collect();
            if way == Neighbourhood::Queen { weights::queen_snapped(&shapes, SNAP_M) } else { weights::rook_snapped(&shapes, SNAP_M) }
        }
    };
    let among = among.map_err(refused)?;
    let mut lists = vec![Vec::new(); ground.places.len()];
    for (row, &n) in among.rows().zip(&placed) {
        lists[n] = row.iter().map(|&j| placed[j as usize]).collect();
    }
    Weights::from_lists(&lists).map_err(refused)
}

/// Hexagons touch along sides only: their neighbours are the ring around them, as far as the answer holds it.
fn rings(ground: &Ground) -> Result<Weights> {
    let hexes = ground.places.iter().map(|place| if let At::Hex(hex) = place.at { Some(hex) } else { None });
    let hexes: Vec<_> = hexes.collect();
    let position: FxHashMap<_, usize> = hexes.iter().enumerate().filter_map(|(n, hex)| hex.map(|hex| (hex, n))).collect();
    let beside = |hex: &Option<_>| -> Vec<usize> {
        hex.iter().flat_map(|hex: &super::Hex| hex.ring()).filter_map(|hex| position.get(&hex).copied()).collect()
    };
    Weights::from_lists(&hexes.iter().map(beside).collect::<Vec<_>>()).map_err(refused)
}
