//! How the layer `heat` is drawn by any MapLibre: as its heatmap, with the numbers that make a colour a density.
//!
//! MapLibre sums weight · intensity · 0.3989 · exp(−4.5 (d / radius)²) over the points and looks the sum up in a ramp. With
//! the radius of each point in metres on the ground (its `radius_z0_px`, doubled with each zoom) and the intensity below
//! the sum is the density in parts of [`FULL_PER_KM2`], at every zoom. Where a map ends inside the kernel's reach MapLibre
//! misses the points outside: our own page draws heat from the tile's buffer instead (`web/src/lib/heat.ts`).

use serde_json::{Value, json};

use super::kernel::{Bandwidth, height_per_km2};

/// Where classes begin, incidents per km²; nothing is drawn below the first.
const BOUNDS_PER_KM2: [f64; 5] = [1.0, 2.0, 5.0, 10.0, 20.0];
/// The density at the end of MapLibre's ramp, whose 256 steps must tell the lowest bounds apart.
const FULL_PER_KM2: f64 = 32.0;
/// The factor in MapLibre's kernel, 1 / √2π.
const GAUSS_COEF: f64 = 0.398_942_280_401_432_7;
/// 2^this: the zoom at the far end of the radius' doubling.
const FAR_ZOOM: i32 = 24;

/// The layers, bottom to top, off until they are made visible.
pub(super) fn layers() -> [Value; 3] {
    let bandwidth = Bandwidth::default();
    let radius = json!(["get", "radius_z0_px"]);
    let mut colour = vec![json!("step"), json!(["heatmap-density"]), json!("rgba(255, 255, 178, 0)")];
    for (i, bound) in BOUNDS_PER_KM2.iter().enumerate() {
        colour.extend([json!(bound / FULL_PER_KM2), json!(format!("@load-{}", i + 1))]);
    }
    let withheld = |id: &str, kind: &str, paint: Value| json!({ "id": id, "type": kind, "source": "heat", "source-layer": "heat_withheld", "layout": { "visibility": "none" }, "paint": paint });
    [
        json!({
            "id": "heat", "type": "heatmap", "source": "heat", "source-layer": "heat", "layout": { "visibility": "none" },
            "metadata": { "maplebridge:legend": { "unit_zh": "件/km²", "unit_en": "incidents per km²", "bounds": BOUNDS_PER_KM2,
                "colours": ["@load-1", "@load-2", "@load-3", "@load-4", "@load-5"], "full": FULL_PER_KM2, "bandwidth_m": bandwidth.metres() } },
            "paint": {
                "heatmap-radius": ["interpolate", ["exponential", 2], ["zoom"], 0, radius, FAR_ZOOM, ["*", radius, 2_f64.powi(FAR_ZOOM)]],
                "heatmap-weight": ["get", "weight"],
                "heatmap-intensity": height_per_km2(bandwidth) / (FULL_PER_KM2 * GAUSS_COEF),
                "heatmap-color": colour,
                "heatmap-opacity": 0.85
            }
        }),
        withheld("heat-withheld", "fill", json!({ "fill-color": "@few", "fill-antialias": false })),
        withheld("heat-withheld-line", "line", json!({ "line-color": "@few-hatch", "line-width": 1, "line-dasharray": [2, 3] })),
    ]
}
