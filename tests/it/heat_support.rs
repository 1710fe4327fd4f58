//! Heat as a client reckons it: points out of a decoded tile, and the formula of the style.

use geo::Contains as _;
use maplebridge::mvt::{TileId, World};
use maplebridge::read_model::{Incident, Model, Reader, Row};
use maplebridge::tiles::{Filter, HeatLook, encode, parse, style};
use mvt_reader::Reader as Mvt;
use mvt_reader::feature::Value;

/// A point of the layer `heat`, in tile units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    pub(crate) at: [f64; 2],
    pub(crate) weight: f64,
    pub(crate) count: Option<u64>,
    pub(crate) radius_z0_px: f64,
}

/// What a tile says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Heat {
    pub(crate) points: Vec<Point>,
    /// Hatched places with their codes, in tile units.
    pub(crate) withheld: Vec<(String, geo_types::Geometry<f32>)>,
}

pub(crate) fn number(value: &Value) -> Option<f64> {
    Some(match value {
        Value::UInt(n) => *n as f64,
        Value::Int(n) | Value::SInt(n) => *n as f64,
        Value::Double(n) => *n,
        Value::Float(n) => f64::from(*n),
        _ => return None,
    })
}

pub(crate) fn decode(bytes: Vec<u8>) -> Heat {
    let mut heat = Heat::default();
    if bytes.is_empty() {
        return heat;
    }
    let reader = Mvt::new(bytes).unwrap();
    for layer in reader.get_layer_metadata().unwrap() {
        for feature in reader.get_features(layer.layer_index).unwrap() {
            let properties = feature.properties.unwrap_or_default();
            let value = |name: &str| properties.get(name).and_then(number);
            let places: Vec<geo_types::Point<f32>> = match feature.geometry {
                geo_types::Geometry::Point(p) => vec![p],
                geo_types::Geometry::MultiPoint(many) => many.0,
                shape => {
                    let Some(Value::String(code)) = properties.get("code") else { panic!("a shape without a code") };
                    heat.withheld.push((code.clone(), shape));
                    continue;
                }
            };
            heat.points.extend(places.into_iter().map(|p| Point {
                at: [f64::from(p.x()), f64::from(p.y())],
                weight: value("weight").unwrap(),
                count: value("count").map(|n| n as u64),
                radius_z0_px: value("radius_z0_px").unwrap(),
            }));
        }
    }
    heat
}

pub(crate) fn tile(model: &Model, tile: TileId, filter: &Filter, reader: &Reader) -> Heat {
    decode(encode(model, &parse("heat,heat_withheld").unwrap(), tile, filter, reader))
}

/// The points of a tile that are its own and not of its buffer.
pub(crate) fn own(heat: &Heat) -> impl Iterator<Item = &Point> {
    heat.points.iter().filter(|p| p.at.iter().all(|v| (0.0..4096.0).contains(v)))
}

/// The heatmap of the style as MapLibre draws it.
pub(crate) struct Drawn {
    /// Of the radius expression `["interpolate", ["exponential", 2], ["zoom"], 0, r, z, ["*", r, far]]`: z and far.
    far: (f64, f64),
    intensity: f64,
    /// Where classes begin, in parts of the ramp.
    bounds: Vec<f64>,
    /// What the end of the ramp means, incidents per km².
    pub(crate) full: f64,
}

impl Drawn {
    pub(crate) fn of_style() -> Self {
        // classes at 1, 2, 5, 10 and 20 per km²
        let look = HeatLook::parse("heat_full=32", |_| Ok(Filter::default())).unwrap();
        let style = style("light.json", "http://127.0.0.1", &look).unwrap();
        let layer = style["layers"].as_array().unwrap().iter().find(|layer| layer["id"] == "heat").unwrap().clone();
        let paint = &layer["paint"];
        let radius = &paint["heatmap-radius"];
        assert_eq!(radius[1], serde_json::json!(["exponential", 2]));
        assert_eq!((&radius[2], &radius[4]), (&serde_json::json!(["zoom"]), &serde_json::json!(["get", "radius_z0_px"])));
        assert_eq!(paint["heatmap-weight"], serde_json::json!(["get", "weight"]));
        let colour = paint["heatmap-color"].as_array().unwrap();
        assert_eq!(colour[1], serde_json::json!(["heatmap-density"]));
        Self {
            far: (radius[5].as_f64().unwrap(), radius[6][2].as_f64().unwrap()),
            intensity: paint["heatmap-intensity"].as_f64().unwrap(),
            bounds: colour[3..].iter().filter_map(serde_json::Value::as_f64).collect(),
            full: layer["metadata"]["maplebridge:legend"]["full"].as_f64().unwrap(),
        }
    }

    fn radius_px(&self, point: &Point, zoom: f64) -> f64 {
        // exponential interpolation of base 2 between zoom 0 and the far zoom
        let share = (2_f64.powf(zoom) - 1.0) / (2_f64.powf(self.far.0) - 1.0);
        point.radius_z0_px + share * (point.radius_z0_px * self.far.1 - point.radius_z0_px)
    }

    /// The sum that MapLibre's shader makes at a place of the tile (tile units), in parts of the ramp. Hatched places have none.
    pub(crate) fn value(&self, heat: &Heat, z: u8, at: [f64; 2]) -> f64 {
        let place = geo_types::Point::new(at[0] as f32, at[1] as f32);
        let inside = |shape: &geo_types::Geometry<f32>| match shape {
            geo_types::Geometry::Polygon(p) => p.contains(&place),
            geo_types::Geometry::MultiPolygon(p) => p.contains(&place),
            other => panic!("{other:?}"),
        };
        if heat.withheld.iter().any(|(_, shape)| inside(shape)) {
            return 0.0;
        }
        let one = |p: &Point| {
            let d_px = [(p.at[0] - at[0]) / 8.0, (p.at[1] - at[1]) / 8.0];
            let share = (d_px[0].powi(2) + d_px[1].powi(2)) / self.radius_px(p, f64::from(z)).powi(2);
            p.weight * self.intensity * 0.398_942_280_401_432_7 * (-0.5 * 9.0 * share).exp()
        };
        heat.points.iter().map(one).sum()
    }

    pub(crate) fn class(&self, value: f64) -> usize {
        self.bounds.iter().filter(|bound| value >= **bound).count()
    }
}

/// Where a position lies in a tile, in tile units, not rounded.
pub(crate) fn place_in(tile: TileId, at: World) -> [f64; 2] {
    let unit = 2_f64.powi(20 - i32::from(tile.z()));
    [f64::from(at.x) / unit - f64::from(tile.x()) * 4096.0, f64::from(at.y) / unit - f64::from(tile.y()) * 4096.0]
}

pub(crate) fn incident(id: i64, lon: f64, lat: f64, scope: i64, attributes: Incident) -> Row<Incident> {
    Row { at: World::from_lon_lat(lon, lat), id, scope, attributes }
}

/// Tiles of a zoom that a box of degrees meets.
pub(crate) fn tiles_over([west, south, east, north]: [f64; 4], z: u8) -> Vec<TileId> {
    let (a, b) = (TileId::holding(z, World::from_lon_lat(west, north)), TileId::holding(z, World::from_lon_lat(east, south)));
    (a.y()..=b.y()).flat_map(|y| (a.x()..=b.x()).map(move |x| TileId::new(z, x, y).unwrap())).collect()
}
