//! Cells: one row a version. A changed border is a new version of the same code.

use chrono::NaiveDate;
use geo_types::{Geometry, MultiPolygon};

use super::{Lines, Merged, Origin, Rows, define, run, stage};
use crate::codes::CellCode;
use crate::db::Scoped;
use crate::error::Result;
use crate::geom;

/// A cell on its way into the database.
#[derive(Debug, Clone)]
pub struct CellOut {
    /// Its code.
    pub code: CellCode,
    /// First civil day of the version, where it is a new one.
    pub valid_from: NaiveDate,
    /// Name in Chinese.
    pub name_zh: String,
    /// Name in English, may be empty.
    pub name_en: String,
    /// Short name for labels, may be empty.
    pub short_name: String,
    /// `general` or `dedicated`.
    pub kind: String,
    /// Its polygon, WGS 84 degrees on the 1e-7° grid.
    pub shape: MultiPolygon,
    /// Key within the source.
    pub key: String,
}

impl CellOut {
    /// Writes it as a line of the stage, with its area on the ellipsoid.
    pub fn line(self, lines: &mut Lines) {
        lines.plain(self.code.to_i64());
        lines.plain(self.valid_from);
        lines.text(&self.name_zh);
        lines.text(&self.name_en);
        lines.text(&self.short_name);
        lines.text(&self.kind);
        lines.plain(geom::area_m2(&self.shape));
        lines.shape(&Geometry::from(self.shape));
        lines.text(&self.key);
    }
}

const STAGE: &str = "code bigint, valid_from date, name_zh text, name_en text, short_name text, kind text, \
                     area_m2 double precision, geom geometry(MultiPolygon,4326), origin_key text";

/// Writes cells. The stored cell is the open version of the code.
///
/// A new border begins on the import's day and ends the version before it; a new name or kind changes the version.
pub async fn cells(scoped: &mut Scoped, origin: &Origin, rows: impl Rows) -> Result<Merged> {
    let staged = stage(scoped, "import_cells", STAGE, rows).await?;
    define(
        scoped,
        "drop table if exists pg_temp.import_diff;
         create temp table import_diff on commit drop as
         select d.*, d.renamed or d.moved as changed from (
            select s.*, c.id, c.valid_from as since, c.geom as was,
                   -- the same shape may begin at another corner or run the other way
                   c.geom is distinct from s.geom and ST_Normalize(c.geom) is distinct from ST_Normalize(s.geom) as moved,
                  (c.name_zh, c.name_en, c.short_name, c.kind) is distinct from
                  (s.name_zh, coalesce(nullif(s.name_en, ''), c.name_en), coalesce(nullif(s.short_name, ''), c.short_name), s.kind) as renamed
             from import_cells s left join cells c on c.code = s.code and c.valid_to is null) d",
    )
    .await?;
    let retired = if origin.replace {
        run(
            scoped,
            origin,
            "update cells c set valid_to = greatest($3, c.valid_from + 1), retired = true
              where c.origin = $1 and c.valid_to is null and not exists (select 1 from import_cells s where s.code = c.code)",
        )
        .await?
    } else {
        0
    };
    let ended = run(
        scoped,
        origin,
        "update cells c set valid_to = $3 from import_diff d
          where c.id = d.id and d.moved and d.since < $3",
    )
    .await?;
    let overwritten = run(
        scoped,
        origin,
        "update cells c set name_zh = d.name_zh, name_en = coalesce(nullif(d.name_en, ''), c.name_en),
                short_name = coalesce(nullif(d.short_name, ''), c.short_name), kind = d.kind, geom = d.geom, area_m2 = d.area_m2,
                origin = $1, origin_key = d.origin_key
           from import_diff d where c.id = d.id and d.changed and not (d.moved and d.since < $3)",
    )
    .await?;
    let written = run(
        scoped,
        origin,
        "insert into cells (code, valid_from, name_zh, name_en, short_name, kind, geom, area_m2, origin, origin_key, job_id)
         select code, case when id is null then valid_from else $3 end, name_zh, name_en, short_name, kind, geom, area_m2, $1, origin_key, $2
           from import_diff where id is null or (moved and since < $3) order by code",
    )
    .await?;
    settle(scoped, origin).await?;
    let updated = overwritten + ended;
    let inserted = written - ended;
    Ok(Merged { inserted, updated, overwritten, unchanged: staged - inserted - updated, retired })
}

/// Addresses, their groups and facilities follow the borders that changed: out of where cells were, then into where they are.
async fn settle(scoped: &mut Scoped, origin: &Origin) -> Result<()> {
    let any: bool =
        sqlx::query_scalar("select exists (select 1 from households) or exists (select 1 from facilities)").fetch_one(scoped.conn()).await?;
    if !any {
        return Ok(());
    }
    for shapes in [
        "select app.settle_rows(d.code, d.was, $1) from import_diff d where d.moved and d.was is not null order by d.code",
        "select app.settle_rows(c.code, c.geom, $1) from cells c where c.valid_to = $1 and c.retired order by c.code",
        "select app.settle_rows(d.code, d.geom, $1) from import_diff d where d.id is null or d.moved order by d.code",
    ] {
        sqlx::query(shapes).bind(origin.day).execute(scoped.conn()).await?;
    }
    Ok(())
}
