//! TileJSON 3.0 for a list of layers.

use serde_json::{Value, json};

use super::filter::Filter;
use super::kernel::Per;
use super::layers::{self, LayerEntry};
use crate::error::Result;
use crate::read_model::{Layer, Model, Reader};

/// What clients need to know of tiles with these layers. `base` is the address of the server (`https://host`), `query`
/// the filters that every tile is to be asked with; one that cannot be read is `Invalid`, as it would be for each tile.
pub fn tilejson(model: &Model, reader: &Reader, names: &str, query: &str, base: &str) -> Result<Value> {
    let entries = layers::parse(names)?;
    let filter = Filter::of_query(query, &model.lists, reader)?;
    let base = base.trim_end_matches('/');
    let names = entries.iter().map(|entry| entry.name).collect::<Vec<_>>().join(",");
    let question = if query.is_empty() { String::new() } else { format!("?{query}") };
    let bounds = model.bounds(reader).unwrap_or([-180.0, -85.051_128_78, 180.0, 85.051_128_78]);
    let vector_layers: Vec<Value> = entries
        .iter()
        .map(|entry| {
            let fields: serde_json::Map<String, Value> = entry.fields.iter().map(|(name, what)| ((*name).to_owned(), json!(what))).collect();
            json!({ "id": entry.name, "description": entry.description, "minzoom": entry.min_zoom, "maxzoom": max_zoom(entry, &filter), "fields": fields })
        })
        .collect();
    let heat = entries.iter().any(|entry| entry.layer == Layer::Heat);
    let mut described = json!({
        "tilejson": "3.0.0",
        "name": names,
        "version": "1.0.0",
        "scheme": "xyz",
        "tiles": [format!("{base}/tiles/{names}/{{z}}/{{x}}/{{y}}{question}")],
        "bounds": bounds,
        "minzoom": entries.iter().map(|entry| entry.min_zoom).min(),
        "maxzoom": entries.iter().map(|entry| max_zoom(entry, &filter)).max(),
        "vector_layers": vector_layers,
    });
    if heat {
        described["heat"] = json!({
            "bandwidth_m": filter.bandwidth.metres(),
            "per": filter.per.name(),
            "unit": match filter.per { Per::Km2 => "incidents per km²", Per::Households => "incidents per 1,000 households" },
            "formula": "sum over the points of weight * 9 / (2 * pi * h^2) * exp(-4.5 * d^2 / h^2); h bandwidth in km, d km from the point; 0 inside heat_withheld",
            "source": if reader.reads_cases() { "cases" } else { "published" },
        });
    }
    Ok(described)
}

/// The last zoom worth asking for: of heat the last whose buffer MapLibre takes.
fn max_zoom(entry: &LayerEntry, filter: &Filter) -> u8 {
    match entry.layer {
        Layer::Heat | Layer::HeatWithheld => filter.bandwidth.max_zoom(),
        _ => entry.max_zoom,
    }
}
