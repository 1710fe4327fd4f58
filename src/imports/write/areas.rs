//! Areas: one row a code, changed in place.

use geo_types::{Geometry, MultiPolygon};

use super::{Lines, Merged, Origin, Rows, define, run, stage};
use crate::codes::AreaCode;
use crate::db::Scoped;
use crate::error::Result;

/// An area on its way into the database.
#[derive(Debug, Clone)]
pub struct AreaOut {
    /// Its code.
    pub code: AreaCode,
    /// Name in Chinese.
    pub name_zh: String,
    /// Name in English, may be empty.
    pub name_en: String,
    /// `111` … `220`.
    pub urban_rural_class: Option<String>,
    /// Its polygon, WGS 84 degrees on the 1e-7° grid.
    pub shape: Option<MultiPolygon>,
    /// Key within the source.
    pub key: String,
}

impl AreaOut {
    /// Writes it as a line of the stage.
    pub fn line(self, lines: &mut Lines) {
        lines.plain(self.code.lo());
        lines.plain(self.code.level().to_i16());
        lines.text(&self.name_zh);
        lines.text(&self.name_en);
        lines.maybe_text(self.urban_rural_class.as_deref());
        lines.maybe_shape(self.shape.map(Geometry::from).as_ref());
        lines.text(&self.key);
    }
}

const STAGE: &str = "code_lo bigint, level smallint, name_zh text, name_en text, urban_rural_class text, \
                     geom geometry(MultiPolygon,4326), origin_key text";

/// Writes areas. An area is the same where its code is; whoever brings it last has it under its name.
///
/// A row without a polygon, an English name or a class leaves those that are stored.
pub async fn areas(scoped: &mut Scoped, origin: &Origin, rows: impl Rows) -> Result<Merged> {
    let staged = stage(scoped, "import_areas", STAGE, rows).await?;
    define(
        scoped,
        "drop table if exists pg_temp.import_diff;
         create temp table import_diff on commit drop as
         select s.*, a.id,
                (a.name_zh, a.name_en, a.urban_rural_class) is distinct from
                (s.name_zh, coalesce(nullif(s.name_en, ''), a.name_en), coalesce(s.urban_rural_class, a.urban_rural_class))
                -- the same shape may begin at another corner or run the other way
                or (s.geom is not null and a.geom is distinct from s.geom and ST_Normalize(a.geom) is distinct from ST_Normalize(s.geom)) as changed
           from import_areas s left join areas a using (code_lo, level)",
    )
    .await?;
    let retired = if origin.replace {
        // An area in which something that stays lies is kept: a township that was made for its villages.
        run(
            scoped,
            origin,
            "delete from areas a where a.origin = $1
                and not exists (select 1 from import_areas s where a.code_lo <= s.code_lo and s.code_lo < a.code_hi)
                and not exists (select 1 from areas o where a.code_lo <= o.code_lo and o.code_lo < a.code_hi and o.id <> a.id
                                  and (o.origin <> $1 or exists (select 1 from import_areas s where o.code_lo <= s.code_lo and s.code_lo < o.code_hi)))",
        )
        .await?
    } else {
        0
    };
    let updated = run(
        scoped,
        origin,
        "update areas a set name_zh = d.name_zh, name_en = coalesce(nullif(d.name_en, ''), a.name_en),
                urban_rural_class = coalesce(d.urban_rural_class, a.urban_rural_class), geom = coalesce(d.geom, a.geom),
                origin = $1, origin_key = d.origin_key
           from import_diff d where a.id = d.id and d.changed",
    )
    .await?;
    let inserted = run(
        scoped,
        origin,
        "insert into areas (code_lo, level, name_zh, name_en, urban_rural_class, geom, origin, origin_key, job_id)
         select code_lo, level, name_zh, name_en, urban_rural_class, geom, $1, origin_key, $2
           from import_diff where id is null order by level, code_lo",
    )
    .await?;
    Ok(Merged { inserted, updated, overwritten: updated, unchanged: staged - inserted - updated, retired })
}
