//! GCJ-02 and BD-09: the published formulas, and inverses by iteration.
//!
//! Formulas as published with eviltransform, gcoord and coordtransform (Krasovsky 1940 ellipsoid for the scale). Border
//! rule: the shift applies to 72.004 ≤ lon ≤ 137.8347 and 0.8293 ≤ lat ≤ 55.8271, the box that all three use; outside
//! a place is returned unchanged. The box holds Korea and parts of other neighbours too: there GCJ-02 is undefined and the shift
//! is what those libraries give. BD-09 has no border: it is a shift of GCJ-02 everywhere.

use std::f64::consts::PI;

use crate::geom::LonLat;

/// Semi-major axis of the Krasovsky 1940 ellipsoid, metres.
const A_M: f64 = 6_378_245.0;
/// Its first eccentricity squared, in the digits of the published code.
const E2: f64 = 0.006_693_421_622_965_943;
/// The angle factor of BD-09.
const X_PI: f64 = PI * 3000.0 / 180.0;
/// Iterations stop at this step, degrees: 1e-6 m.
const STEP_DEG: f64 = 1e-11;

/// Whether the shift of GCJ-02 applies.
pub fn in_gcj02(place: LonLat) -> bool {
    (72.004..=137.8347).contains(&place.lon) && (0.8293..=55.8271).contains(&place.lat)
}

/// GCJ-02 less WGS 84 at a WGS 84 place, in degrees.
fn offset(place: LonLat) -> (f64, f64) {
    let (x, y) = (place.lon - 105.0, place.lat - 35.0);
    let root = x.abs().sqrt();
    let waves = (20.0 * (6.0 * x * PI).sin() + 20.0 * (2.0 * x * PI).sin()) * 2.0 / 3.0;
    let mut north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + waves;
    north += (20.0 * (y * PI).sin() + 40.0 * (y / 3.0 * PI).sin()) * 2.0 / 3.0;
    north += (160.0 * (y / 12.0 * PI).sin() + 320.0 * (y * PI / 30.0).sin()) * 2.0 / 3.0;
    let mut east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + waves;
    east += (20.0 * (x * PI).sin() + 40.0 * (x / 3.0 * PI).sin()) * 2.0 / 3.0;
    east += (150.0 * (x / 12.0 * PI).sin() + 300.0 * (x / 30.0 * PI).sin()) * 2.0 / 3.0;
    let phi = place.lat.to_radians();
    let w = 1.0 - E2 * phi.sin() * phi.sin();
    let north = north * 180.0 / ((A_M * (1.0 - E2)) / (w * w.sqrt()) * PI);
    let east = east * 180.0 / (A_M / w.sqrt() * phi.cos() * PI);
    (east, north)
}

/// WGS 84 to GCJ-02; unchanged outside the box.
pub fn wgs84_to_gcj02(place: LonLat) -> LonLat {
    if !in_gcj02(place) {
        return place;
    }
    let (east, north) = offset(place);
    LonLat::new(place.lon + east, place.lat + north)
}

/// GCJ-02 to WGS 84, the exact inverse of [`wgs84_to_gcj02`] by iteration; unchanged outside the box.
///
/// The formula has a kink at lon 105 (√|x|), where a few more rounds are needed; 30 are always enough.
pub fn gcj02_to_wgs84(place: LonLat) -> LonLat {
    if !in_gcj02(place) {
        return place;
    }
    inverse(place, |at| {
        let (east, north) = offset(at);
        LonLat::new(at.lon + east, at.lat + north)
    })
}

/// GCJ-02 to BD-09.
pub fn gcj02_to_bd09(place: LonLat) -> LonLat {
    let (x, y) = (place.lon, place.lat);
    let z = x.hypot(y) + 0.000_02 * (y * X_PI).sin();
    let theta = y.atan2(x) + 0.000_003 * (x * X_PI).cos();
    LonLat::new(z * theta.cos() + 0.0065, z * theta.sin() + 0.006)
}

/// BD-09 to GCJ-02, the exact inverse of [`gcj02_to_bd09`] by iteration.
pub fn bd09_to_gcj02(place: LonLat) -> LonLat {
    inverse(place, gcj02_to_bd09)
}

/// BD-09 to WGS 84.
pub fn bd09_to_wgs84(place: LonLat) -> LonLat {
    gcj02_to_wgs84(bd09_to_gcj02(place))
}

/// WGS 84 to BD-09.
pub fn wgs84_to_bd09(place: LonLat) -> LonLat {
    gcj02_to_bd09(wgs84_to_gcj02(place))
}

/// The metres of Baidu's map (BD09MC), and of GCJ-02 where it is written the same way (GCJ02MC), back to degrees.
///
/// Baidu publishes polynomials by bands of latitude; they are the Mercator projection of the Clarke 1866 ellipsoid to
/// 1 cm east and 18 cm north (measured over China, 17–53° N), which needs no table and has an exact inverse.
pub fn baidu_mercator_to_degrees(x_m: f64, y_m: f64) -> LonLat {
    const A_M: f64 = 6_378_206.4;
    const B_M: f64 = 6_356_583.8;
    let e = (1.0 - (B_M / A_M) * (B_M / A_M)).sqrt();
    let isometric = y_m / A_M;
    let mut sin = isometric.tanh();
    // Snyder 1987 (7-9), solved for the latitude; each round gains more than two digits.
    for _ in 0..10 {
        sin = (isometric + e * (e * sin).atanh()).tanh();
    }
    LonLat::new((x_m / A_M).to_degrees(), sin.asin().to_degrees())
}

/// The place that `forward` takes to `target`; `forward` moves places by little and smoothly.
fn inverse(target: LonLat, forward: impl Fn(LonLat) -> LonLat) -> LonLat {
    let mut at = target;
    for _ in 0..30 {
        let there = forward(at);
        let (east, north) = (target.lon - there.lon, target.lat - there.lat);
        at = LonLat::new(at.lon + east, at.lat + north);
        if east.abs() < STEP_DEG && north.abs() < STEP_DEG {
            break;
        }
    }
    at
}
