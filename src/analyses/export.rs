//! An answer as a file: GeoJSON with borders, or CSV without.

use std::collections::BTreeSet;

use geo_types::Geometry;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::store::{self, Kept, KeptRow};
use super::work::Asker;
use crate::codes::{AreaCode, Level};
use crate::db::wkb_to_geometry;
use crate::error::{Error, Result};
use crate::read_model::Model;

/// Form of the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[schema(as = AnalysisFormat)]
pub enum Format {
    /// GeoJSON, WGS 84 degrees.
    #[default]
    Geojson,
    /// Comma-separated values, UTF-8 with a mark at its beginning.
    Csv,
}

/// Names in Chinese and English.
pub(super) fn names(model: &Model, area: AreaCode) -> (String, String) {
    let found = if area.level() == Level::Cell {
        model.cells.by_code(area.lo()).map(|cell| (&cell.name_zh, &cell.name_en))
    } else {
        model.areas.by_code(area.lo(), area.level().to_i16()).map(|area| (&area.name_zh, &area.name_en))
    };
    found.map(|(zh, en)| (zh.to_string(), en.to_string())).unwrap_or_default()
}

/// What a row tells, with its code, names and class first.
pub(super) fn told(model: &Model, row: &KeptRow) -> Map<String, Value> {
    let mut told = Map::new();
    if let Some(area) = row.area() {
        let (name_zh, name_en) = names(model, area);
        told.insert("code".into(), area.to_string().into());
        told.insert("name_zh".into(), name_zh.into());
        told.insert("name_en".into(), name_en.into());
    }
    told.insert("class".into(), row.class.clone().into());
    told.extend(row.properties.as_object().cloned().unwrap_or_default());
    told
}

fn shape(model: &Model, row: &KeptRow) -> Result<Option<Geometry>> {
    if let Some(bytes) = &row.geom {
        return wkb_to_geometry(bytes).map(Some);
    }
    let Some(area) = row.area() else { return Ok(None) };
    let place = match area.level() {
        Level::Cell => model.cells.by_code(area.lo()).map(|cell| &cell.place),
        level => model.areas.by_code(area.lo(), level.to_i16()).and_then(|area| area.place.as_ref()),
    };
    Ok(place.map(|place| Geometry::MultiPolygon((*place.shape).clone())))
}

/// The whole answer as a file, written down in the audit trail; what is not for this reader is not there.
pub async fn write(asker: &Asker, analysis: Option<&str>, id: i64, format: Format) -> Result<String> {
    let mut transaction = asker.context.begin(&asker.reader).await?;
    let kept = asker.kept(&mut transaction, analysis, id).await?;
    let rows = store::rows(&mut transaction, id, -1, i64::MAX).await?;
    let area = kept.area().ok_or_else(|| store::missing(id))?;
    let detail = json!({ "analysis": kept.analysis, "format": format!("{format:?}").to_lowercase() });
    asker.note(&mut transaction, "analysis.export", id, Some(area), detail, rows.len() as i64).await?;
    transaction.commit().await?;
    let model = asker.context.ground();
    match format {
        Format::Geojson => geojson(&model, &kept, &rows),
        Format::Csv => csv(&model, &rows),
    }
}

fn geojson(model: &Model, kept: &Kept, rows: &[KeptRow]) -> Result<String> {
    let feature = |row: &KeptRow| -> Result<Value> {
        let shape = shape(model, row)?.map(|shape| geojson::Geometry::from(&shape));
        Ok(json!({ "type": "Feature", "id": row.position, "geometry": shape, "properties": told(model, row) }))
    };
    let features: Vec<Value> = rows.iter().map(feature).collect::<Result<_>>()?;
    let about = json!({ "analysis": kept.analysis, "version": kept.version, "params": kept.params, "data_revision": kept.data_revision,
        "made_at": kept.made_at, "source": if kept.of_cases { "cases" } else { "published" }, "legend": kept.legend.as_deref() });
    Ok(json!({ "type": "FeatureCollection", "features": features, "maplebridge": about }).to_string())
}

fn csv(model: &Model, rows: &[KeptRow]) -> Result<String> {
    let rows: Vec<Map<String, Value>> = rows.iter().map(|row| told(model, row)).collect();
    let mut heads: Vec<&str> = Vec::new();
    let mut seen = BTreeSet::new();
    for name in rows.iter().flat_map(Map::keys) {
        if seen.insert(name) {
            heads.push(name);
        }
    }
    let mut out = csv::WriterBuilder::new().from_writer(vec![0xEF, 0xBB, 0xBF]);
    if !heads.is_empty() {
        out.write_record(&heads).map_err(Error::internal("write a table"))?;
    }
    for row in &rows {
        let text = |name: &&str| match row.get(*name) {
            None | Some(Value::Null) => String::new(),
            // A text that a spreadsheet would take for a formula is kept a text.
            Some(Value::String(text)) if text.starts_with(['=', '+', '-', '@']) => format!("'{text}"),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Array(items)) => items.iter().map(Value::to_string).collect::<Vec<_>>().join(" "),
            Some(other) => other.to_string(),
        };
        out.write_record(heads.iter().map(text)).map_err(Error::internal("write a table"))?;
    }
    let bytes = out.into_inner().map_err(|error| Error::internal("write a table")(error.to_string()))?;
    String::from_utf8(bytes).map_err(Error::internal("write a table"))
}
