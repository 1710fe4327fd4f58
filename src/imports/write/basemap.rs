//! Features of the base map: public geography without versions, the same for every reader.

use geo_types::Geometry;

use super::{Lines, Merged, Origin, Rows, run, stage};
use crate::db::Scoped;
use crate::error::Result;

/// A feature of the base map, by the names of Protomaps' base map schema 4.
#[derive(Debug, Clone, PartialEq)]
pub struct BaseOut {
    /// `earth`, `landuse`, `water`, `roads`, `buildings`, `boundaries` or `places`.
    pub layer: &'static str,
    /// Kind within the layer.
    pub kind: String,
    /// Finer kind, may be empty.
    pub kind_detail: String,
    /// Name in Chinese or, where there is none, in the language of the place; may be empty.
    pub name_zh: String,
    /// Name in English, may be empty.
    pub name_en: String,
    /// Number of a road, may be empty.
    pub reference: String,
    /// −1 in a tunnel, 1 on a bridge.
    pub deck: i8,
    /// Zoom from which it is drawn.
    pub min_zoom: u8,
    /// WGS 84 degrees.
    pub shape: Geometry,
}

impl BaseOut {
    /// Writes it as a row of the stage.
    pub fn line(&self, lines: &mut Lines) {
        lines.text(self.layer);
        for text in [&self.kind, &self.kind_detail, &self.name_zh, &self.name_en, &self.reference] {
            lines.text(text);
        }
        lines.plain(self.deck);
        lines.plain(self.min_zoom);
        lines.shape(&self.shape);
    }
}

/// Adds features; with `origin.replace` in the place of all that were there, whatever source they came from.
///
/// What is seen from afar gets the lower keys: tiles are filled in the order of keys until they are full.
pub async fn basemap(scoped: &mut Scoped, origin: &Origin, rows: impl Rows) -> Result<Merged> {
    let columns = "layer text, kind text, kind_detail text, name_zh text, name_en text, ref text, deck smallint, min_zoom smallint, \
                   geom geometry(Geometry,4326)";
    stage(scoped, "import_basemap", columns, rows).await?;
    let retired = if origin.replace { sqlx::query("delete from basemap_features").execute(scoped.conn()).await?.rows_affected() } else { 0 };
    let inserted = run(
        scoped,
        origin,
        "insert into basemap_features (layer, kind, kind_detail, name_zh, name_en, ref, deck, min_zoom, geom, origin, job_id)
         select layer, kind, kind_detail, name_zh, name_en, ref, deck, min_zoom, geom, $1, $2 from import_basemap
          order by layer, min_zoom, ST_Length(ST_BoundingDiagonal(geom)) desc, geom",
    )
    .await?;
    Ok(Merged { inserted, retired, ..Merged::default() })
}
