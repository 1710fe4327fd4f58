//! An answer on the map: its tiles, and the style that says what they mean.

use std::collections::BTreeMap;

use geo_types::Geometry;
use serde_json::{Value, json};

use super::export::names;
use super::store::{self, Kept, KeptRow};
use super::work::Asker;
use crate::codes::{AreaCode, Level};
use crate::db::wkb_to_geometry;
use crate::error::Result;
use crate::mvt::{Coverage, LayerWriter, Shape, TileId, TileWriter};
use crate::read_model::{BUFFER, Model};

/// Name of the layer in the tile.
const LAYER: &str = "analysis";

/// An answer to be drawn.
#[derive(Debug)]
pub struct Drawn {
    /// Which analysis it is of.
    pub analysis: String,
    kept: Kept,
    rows: Vec<KeptRow>,
}

/// The answer, where it may be given to this reader. `with_rows`: for tiles; a style needs none.
pub async fn drawn(asker: &Asker, id: i64, with_rows: bool) -> Result<Drawn> {
    let mut transaction = asker.context.begin(&asker.reader).await?;
    let kept = asker.kept(&mut transaction, None, id).await?;
    let rows = if with_rows { store::rows(&mut transaction, id, -1, i64::MAX).await? } else { Vec::new() };
    Ok(Drawn { analysis: kept.analysis.clone(), kept, rows })
}

impl Drawn {
    /// The bytes of a tile; empty where nothing is in it.
    pub fn tile(&self, model: &Model, tile: TileId) -> Result<Vec<u8>> {
        let mut layer = LayerWriter::new(LAYER);
        let mut by_level: BTreeMap<Level, BTreeMap<i64, &KeptRow>> = BTreeMap::new();
        let mut shapes = Vec::new();
        for row in &self.rows {
            match (row.area(), &row.geom) {
                (Some(area), _) => _ = by_level.entry(area.level()).or_default().insert(area.lo(), row),
                (None, Some(bytes)) => {
                    if let Geometry::MultiPolygon(shape) = wkb_to_geometry(bytes)? {
                        shapes.push(Shape::from_lon_lat(i64::from(row.position), &shape));
                    }
                }
                (None, None) => {}
            }
        }
        for (level, rows) in &by_level {
            places(model, *level, rows, tile, &mut layer);
        }
        if !shapes.is_empty() {
            let rows: BTreeMap<i64, &KeptRow> = self.rows.iter().map(|row| (i64::from(row.position), row)).collect();
            Coverage::new(shapes).tile(
                tile,
                BUFFER,
                |_| true,
                |id, rings| {
                    if let Some(row) = rows.get(&id) {
                        let mut tags = vec![layer.key("class"), layer.text(&row.class)];
                        if let Some(hex) = row.properties["hex"].as_str() {
                            tags.extend([layer.key("hex"), layer.text(hex)]);
                        }
                        layer.polygon(u64::try_from(id).ok(), rings, &tags);
                    }
                },
            );
        }
        let mut out = TileWriter::default();
        out.add(&layer);
        Ok(out.finish())
    }
}

fn places(model: &Model, level: Level, rows: &BTreeMap<i64, &KeptRow>, tile: TileId, layer: &mut LayerWriter) {
    let lo = |id| match level {
        Level::Cell => model.cells.get(id).map(|cell| cell.code),
        _ => model.areas.get(id).map(|area| area.lo),
    };
    let coverage = if level == Level::Cell { Some(model.cells.coverage()) } else { model.areas.coverage(level.to_i16()) };
    let Some(coverage) = coverage else { return };
    coverage.tile(
        tile,
        BUFFER,
        |id| lo(id).is_some_and(|lo| rows.contains_key(&lo)),
        |id, rings| {
            let Some(row) = lo(id).and_then(|lo| rows.get(&lo)) else { return };
            let Some(area) = row.area() else { return };
            let tags = tags(model, area, row, layer);
            layer.polygon(u64::try_from(area.lo()).ok(), rings, &tags);
        },
    );
}

fn tags(model: &Model, area: AreaCode, row: &KeptRow, layer: &mut LayerWriter) -> Vec<u32> {
    let (name, name_en) = names(model, area);
    let mut tags = vec![layer.key("code"), layer.text(&area.to_string()), layer.key("name"), layer.text(&name)];
    if !name_en.is_empty() {
        tags.extend([layer.key("name_en"), layer.text(&name_en)]);
    }
    tags.extend([layer.key("class"), layer.text(&row.class)]);
    tags
}

/// A style for MapLibre: one fill by class, a line around, and the legend with its sentence as metadata.
pub fn style(drawn: &Drawn, base: &str) -> Value {
    let legend = drawn.kept.legend.as_deref();
    let mut colour = vec![json!("match"), json!(["get", "class"])];
    for class in legend.iter().flat_map(|legend| &legend.classes) {
        colour.extend([json!(class.class), json!(class.colour)]);
    }
    let colour = if colour.len() > 2 {
        colour.push(json!("#f2f2f2"));
        Value::from(colour)
    } else {
        json!("#f2f2f2")
    };
    let id = drawn.kept.id;
    json!({
        "version": 8,
        "name": drawn.analysis,
        "metadata": { "maplebridge:legend": legend, "maplebridge:analysis": drawn.analysis, "maplebridge:result": id, "maplebridge:params": drawn.kept.params },
        "sources": { "analysis": { "type": "vector", "tiles": [format!("{base}/tiles/analysis/{id}/{{z}}/{{x}}/{{y}}")], "minzoom": 0, "maxzoom": 14 } },
        "layers": [
            { "id": "analysis", "type": "fill", "source": "analysis", "source-layer": LAYER, "paint": { "fill-color": colour, "fill-opacity": 0.7 } },
            { "id": "analysis-line", "type": "line", "source": "analysis", "source-layer": LAYER, "paint": { "line-color": "#666666", "line-width": 0.5 } }
        ]
    })
}

/// The legend's sentences, Chinese and English.
pub async fn sentences(asker: &Asker, id: i64) -> Result<Vec<String>> {
    let drawn = drawn(asker, id, false).await?;
    Ok(drawn.kept.legend.map(|legend| vec![legend.0.sentence_zh, legend.0.sentence_en]).unwrap_or_default())
}
