//! Features of the base map: public geography that is only ever added.

use super::{Origin, Rows, run, stage};
use crate::db::Scoped;
use crate::error::Result;

/// Adds features; lines are `layer, kind, name_zh, name_en, min_zoom, geom`. Returns how many.
pub async fn basemap(scoped: &mut Scoped, origin: &Origin, rows: impl Rows) -> Result<u64> {
    let columns = "layer text, kind text, name_zh text, name_en text, min_zoom smallint, geom geometry(Geometry,4326)";
    stage(scoped, "import_basemap", columns, rows).await?;
    run(
        scoped,
        origin,
        "insert into basemap_features (layer, kind, name_zh, name_en, min_zoom, geom, origin, job_id)
         select layer, kind, name_zh, name_en, min_zoom, geom, $1, $2 from import_basemap order by layer, geom",
    )
    .await
}
