//! TileJSON 3.0 for a list of layers.

use serde_json::{Value, json};

use super::layers;
use crate::error::Result;
use crate::read_model::{Model, Reader};

/// What clients need to know of tiles with these layers. `base` is the address of the server (`https://host`), `query`
/// the filters that every tile is to be asked with.
pub fn tilejson(model: &Model, reader: &Reader, names: &str, query: &str, base: &str) -> Result<Value> {
    let entries = layers::parse(names)?;
    let base = base.trim_end_matches('/');
    let names = entries.iter().map(|entry| entry.name).collect::<Vec<_>>().join(",");
    let question = if query.is_empty() { String::new() } else { format!("?{query}") };
    let bounds = model.bounds(reader).unwrap_or([-180.0, -85.051_128_78, 180.0, 85.051_128_78]);
    let vector_layers: Vec<Value> = entries
        .iter()
        .map(|entry| {
            let fields: serde_json::Map<String, Value> = entry.fields.iter().map(|(name, what)| ((*name).to_owned(), json!(what))).collect();
            json!({ "id": entry.name, "description": entry.description, "minzoom": entry.min_zoom, "maxzoom": entry.max_zoom, "fields": fields })
        })
        .collect();
    Ok(json!({
        "tilejson": "3.0.0",
        "name": names,
        "version": "1.0.0",
        "scheme": "xyz",
        "tiles": [format!("{base}/tiles/{names}/{{z}}/{{x}}/{{y}}{question}")],
        "bounds": bounds,
        "minzoom": entries.iter().map(|entry| entry.min_zoom).min(),
        "maxzoom": entries.iter().map(|entry| entry.max_zoom).max(),
        "vector_layers": vector_layers,
    }))
}
