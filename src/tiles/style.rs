//! `/styles/light.json` and `dark.json`: a whole map for any MapLibre, without glyph or sprite servers.

use serde_json::{Value, json};

use super::heat_style::{self, HeatLook};
use crate::error::{Error, Result};

const LIGHT: &str = include_str!("../../tiles/style/light.json");
const DARK: &str = include_str!("../../tiles/style/dark.json");
const LAYERS: &str = include_str!("../../tiles/style/layers.json");

/// The style of this name (`light` or `dark`), its sources at the address of the server, heat as asked for.
pub fn style(name: &str, base: &str, heat: &HeatLook) -> Result<Value> {
    let colours = match name.trim_end_matches(".json") {
        "light" => LIGHT,
        "dark" => DARK,
        _ => return Err(Error::NotFound { what: "style", id: name.chars().take(40).collect() }),
    };
    let colours: serde_json::Map<String, Value> = serde_json::from_str(colours).map_err(Error::internal("read the colours of a style"))?;
    let mut layers: Vec<Value> = serde_json::from_str(LAYERS).map_err(Error::internal("read the layers of a style"))?;
    let above_borders = layers.iter().position(|layer| layer["id"] == "county-line").map_or(layers.len(), |i| i + 1);
    layers.splice(above_borders..above_borders, heat_style::layers(heat));
    for layer in &mut layers {
        paint(layer, &colours);
    }
    let base = base.trim_end_matches('/');
    let source = |names: &str| json!({ "type": "vector", "url": format!("{base}/tiles/{names}") });
    Ok(json!({
        "version": 8,
        "name": format!("maplebridge {}", name.trim_end_matches(".json")),
        "sources": {
            "base": source("landuse,water,roads,buildings,places"),
            "places": source("areas,area_labels,cells,cell_labels"),
            "facilities": source("facilities"),
            "households": source("households"),
            "heat": source(&heat.source()),
        },
        "layers": layers,
    }))
}

/// Puts the colour of each name that begins with `@` in its place.
fn paint(value: &mut Value, colours: &serde_json::Map<String, Value>) {
    match value {
        Value::String(text) => {
            if let Some(colour) = text.strip_prefix('@').and_then(|name| colours.get(name)) {
                *value = colour.clone();
            }
        }
        Value::Array(all) => all.iter_mut().for_each(|v| paint(v, colours)),
        Value::Object(all) => all.values_mut().for_each(|v| paint(v, colours)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::filter::Filter;
    use super::*;
    use crate::read_model::{Lists, Reader};

    #[test]
    fn both_styles_are_whole_and_name_no_foreign_server() {
        for name in ["light", "dark.json"] {
            let style = style(name, "http://127.0.0.1:8080/", &look("")).expect("there is such a style");
            let text = style.to_string();
            assert!(!text.contains("\"@") && !text.contains("glyphs") && !text.contains("sprite"));
            let sources = style["sources"].as_object().expect("sources");
            for layer in style["layers"].as_array().expect("layers") {
                assert!(layer["type"] == "background" || sources.contains_key(layer["source"].as_str().expect("a source")));
            }
            let heat = style["layers"].as_array().and_then(|layers| layers.iter().find(|layer| layer["id"] == "heat")).expect("heat");
            assert_eq!((&heat["layout"]["visibility"], &heat["type"]), (&json!("none"), &json!("heatmap")));
            assert_eq!(style["sources"]["base"]["url"], "http://127.0.0.1:8080/tiles/landuse,water,roads,buildings,places");
        }
        assert!(style("blue", "", &look("")).is_err());
    }

    fn look(query: &str) -> HeatLook {
        HeatLook::parse(query, read).expect("a look that can be read")
    }

    fn read(query: &str) -> Result<Filter> {
        Filter::of_query(query, &Lists::default(), &Reader::default())
    }

    #[test]
    fn heat_is_drawn_as_the_address_of_the_style_asks() {
        let style = style("light", "http://a", &look("per=households&heat_full=32&bandwidth_m=400")).expect("there is such a style");
        let heat = style["layers"].as_array().and_then(|layers| layers.iter().find(|layer| layer["id"] == "heat")).expect("heat");
        let legend = &heat["metadata"]["maplebridge:legend"];
        assert_eq!(legend["bounds"], json!([1.0, 2.0, 5.0, 10.0, 20.0]));
        assert_eq!((&legend["unit_en"], &legend["bandwidth_m"]), (&json!("incidents per 1,000 households"), &json!(400.0)));
        assert_eq!(style["sources"]["heat"]["url"], "http://a/tiles/heat,heat_withheld?per=households&bandwidth_m=400");
        for bad in ["heat_full=0", "heat_full=lots", "per=head"] {
            assert!(HeatLook::parse(bad, read).is_err(), "{bad}");
        }
    }
}
