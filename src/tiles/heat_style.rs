//! How the layer `heat` is drawn by any MapLibre: as its heatmap, with the numbers that make a colour a density.
//!
//! MapLibre sums weight · intensity · 0.3989 · exp(−4.5 (d / radius)²) over the points and looks the sum up in a ramp. With
//! the radius of each point in metres on the ground (its `radius_z0_px`, doubled with each zoom) and the intensity below
//! the sum is the density in parts of the full one, at every zoom. Where a map ends inside the kernel's reach MapLibre
//! misses the points outside: our own page draws heat from the tile's buffer instead (`web/src/lib/heat.ts`).

use serde_json::{Value, json};

use super::filter::Filter;
use super::kernel::{Per, height_per_km2};
use crate::error::{Error, Fault, Result};

/// Where classes begin, in parts of the full density; nothing is drawn below the first. The ramp of MapLibre has 256 steps.
const BOUNDS: [f64; 5] = [1.0 / 32.0, 1.0 / 16.0, 5.0 / 32.0, 5.0 / 16.0, 5.0 / 8.0];
/// The density at the end of the ramp where none is asked for: classes begin at 5, 10, 25, 50 and 100.
const FULL: f64 = 160.0;
/// The parameter of the address that sets it.
const FULL_NAME: &str = "heat_full";
/// The factor in MapLibre's kernel, 1 / √2π.
const GAUSS_COEF: f64 = 0.398_942_280_401_432_7;
/// 2^this: the zoom at the far end of the radius' doubling.
const FAR_ZOOM: i32 = 24;

/// What heat in a style is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatLook {
    filter: Filter,
    full: f64,
    query: String,
}

impl HeatLook {
    /// Reads the query of a style: `heat_full` is the density at the end of the ramp, the rest are parameters and filters of
    /// the tiles, which `parse` reads.
    pub fn parse(query: &str, parse: impl FnOnce(&str) -> Result<Filter>) -> Result<Self> {
        let (own, rest): (Vec<&str>, Vec<&str>) =
            query.split('&').filter(|pair| !pair.is_empty()).partition(|pair| pair.split('=').next() == Some(FULL_NAME));
        let query = rest.join("&");
        let full = match own.last().and_then(|pair| pair.split_once('=')) {
            None => FULL,
            Some((_, text)) => text
                .parse()
                .ok()
                .filter(|full| (0.01..=1e6).contains(full))
                .ok_or_else(|| Error::Invalid(vec![Fault::new(FULL_NAME, "unknown_value", "heat_full takes a density from 0.01 to 1000000")]))?,
        };
        Ok(Self { filter: parse(&query)?, full, query })
    }

    /// The source of the layers, `?` and what is asked included.
    pub(super) fn source(&self) -> String {
        let question = if self.query.is_empty() { String::new() } else { format!("?{}", self.query) };
        format!("heat,heat_withheld{question}")
    }
}

/// The layers, bottom to top, off until they are made visible.
pub(super) fn layers(look: &HeatLook) -> [Value; 3] {
    let bandwidth = look.filter.bandwidth;
    let (unit_zh, unit_en) = match look.filter.per {
        Per::Km2 => ("件/平方公里", "incidents per km²"),
        Per::Households => ("件/千户", "incidents per 1,000 households"),
    };
    let radius = json!(["get", "radius_z0_px"]);
    let mut colour = vec![json!("step"), json!(["heatmap-density"]), json!("rgba(255, 255, 178, 0)")];
    for (i, bound) in BOUNDS.iter().enumerate() {
        colour.extend([json!(bound), json!(format!("@load-{}", i + 1))]);
    }
    let withheld = |id: &str, kind: &str, paint: Value| json!({ "id": id, "type": kind, "source": "heat", "source-layer": "heat_withheld", "layout": { "visibility": "none" }, "paint": paint });
    [
        json!({
            "id": "heat", "type": "heatmap", "source": "heat", "source-layer": "heat", "layout": { "visibility": "none" },
            "metadata": { "maplebridge:legend": { "unit_zh": unit_zh, "unit_en": unit_en, "bounds": BOUNDS.map(|bound| bound * look.full),
                "colours": ["@load-1", "@load-2", "@load-3", "@load-4", "@load-5"], "full": look.full, "bandwidth_m": bandwidth.metres() } },
            "paint": {
                "heatmap-radius": ["interpolate", ["exponential", 2], ["zoom"], 0, radius, FAR_ZOOM, ["*", radius, 2_f64.powi(FAR_ZOOM)]],
                "heatmap-weight": ["get", "weight"],
                "heatmap-intensity": height_per_km2(bandwidth) / (look.full * GAUSS_COEF),
                "heatmap-color": colour,
                "heatmap-opacity": 0.85
            }
        }),
        withheld("heat-withheld", "fill", json!({ "fill-color": "@few", "fill-antialias": false })),
        withheld("heat-withheld-line", "line", json!({ "line-color": "@few-hatch", "line-width": 1, "line-dasharray": [2, 3] })),
    ]
}
