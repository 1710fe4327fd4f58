//! Areas in SQL.

use crate::codes::{AreaCode, CodeRange, Level};
use crate::db::{Cursor, Page, PageLimit, Scoped, to_wkb, wkb_to_geometry};
use crate::error::{Error, Result};
use crate::http::geojson::Feature;
use crate::read_model::Model;
use crate::rows::{Checks, filled};
use crate::users::{Reader, Right};

use super::api::{AreaInput, AreaProperties};

const COLUMNS: &str = "id, code_lo, level, name_zh, name_en, urban_rural_class, ST_AsBinary(geom) as shape, version";

/// An area.
#[derive(Debug, Clone, Default, PartialEq, sqlx::FromRow)]
#[expect(missing_docs, reason = "the columns are described in the database")]
pub struct Area {
    pub id: i64,
    pub code_lo: i64,
    pub level: i16,
    pub name_zh: String,
    pub name_en: String,
    pub urban_rural_class: Option<String>,
    pub shape: Option<Vec<u8>>,
    pub version: i32,
}

/// Which areas.
#[derive(Debug)]
pub struct Filters {
    /// Codes they lie in.
    pub range: CodeRange,
    /// Their level.
    pub level: Option<Level>,
    /// A part of a name, or the beginning of a code.
    pub sought: Option<String>,
    /// Where the page begins.
    pub after: Cursor,
    /// Rows a page.
    pub limit: PageLimit,
}

impl Area {
    /// The code as a text.
    pub fn code_text(&self) -> String {
        Level::from_i16(self.level).and_then(|level| AreaCode::from_parts(self.code_lo, level)).map(|code| code.to_string()).unwrap_or_default()
    }

    /// As the API shows it; the parent's name comes from the read model, and the counts as far as the reader's area reaches.
    pub fn feature(&self, ground: &Model, reader: &Reader) -> Result<Feature<AreaProperties>> {
        let shape = self.shape.as_deref().map(wkb_to_geometry).transpose()?;
        let level = Level::from_i16(self.level);
        let range = CodeRange { lo: self.code_lo, hi: self.code_lo + level.map_or(1, Level::span) };
        let parent = ground.areas.above(self.code_lo).take_while(|area| area.level < self.level).last();
        let properties = AreaProperties {
            code: self.code_text(),
            level: self.level,
            level_name: level.map(Level::name).unwrap_or_default().to_owned(),
            name: self.name_zh.clone(),
            name_zh: self.name_zh.clone(),
            name_en: self.name_en.clone(),
            urban_rural_class: self.urban_rural_class.as_deref().and_then(filled),
            parent: parent.map(|area| crate::cells::api::Named {
                code: area.code_text(),
                name_zh: area.name_zh.to_string(),
                name_en: area.name_en.to_string(),
            }),
            household_count: ground.tallies.within_scope(range, &reader.scope(Right::Map)).household_count,
            version: self.version,
        };
        Ok(Feature::new(self.code_text(), shape.as_ref(), properties))
    }

    /// Takes over what was sent; the names of what changed.
    pub fn take(&mut self, mut sent: AreaInput) -> Vec<&'static str> {
        let row = self;
        let mut changed = Vec::new();
        crate::rows::take!(changed, row, sent: name_zh, name_en, urban_rural_class);
        changed
    }

    /// Refuses what may not be stored.
    pub async fn check(&self, transaction: &mut Scoped) -> Result<()> {
        let mut checks = Checks::default();
        checks.name("/properties/name_zh", &self.name_zh, 60);
        checks.text("/properties/name_en", &self.name_en, 120);
        if let Some(class) = &self.urban_rural_class {
            checks.listed(transaction, "/properties/urban_rural_class", "urban_rural_class", class).await?;
        }
        checks.done()
    }
}

/// A page of areas, each before those inside it.
pub async fn list(transaction: &mut Scoped, filters: Filters) -> Result<Page<Area>> {
    let (pattern, codes) = filters.sought.as_deref().map(crate::rows::sought).unzip();
    let codes = codes.flatten();
    let sql = format!(
        "select {COLUMNS} from areas
          where code_lo >= $1 and code_lo < $2 and code_lo * 16 + level > $3 and ($4::smallint is null or level = $4)
            and ($5::text is null or name_zh ilike $5 or name_en ilike $5 or (code_lo >= $6 and code_lo < $7))
          order by code_lo * 16 + level limit $8"
    );
    let rows = sqlx::query_as(&sql)
        .bind(filters.range.lo)
        .bind(filters.range.hi)
        .bind(filters.after.0)
        .bind(filters.level.map(Level::to_i16))
        .bind(pattern)
        .bind(codes.map(|range| range.lo))
        .bind(codes.map(|range| range.hi))
        .bind(filters.limit.fetch())
        .fetch_all(transaction.conn())
        .await?;
    Ok(Page::cut(rows, filters.limit, |row: &Area| row.code_lo * 16 + i64::from(row.level)))
}

/// One area.
pub async fn find(transaction: &mut Scoped, code: AreaCode) -> Result<Area> {
    let sql = format!("select {COLUMNS} from areas where code_lo = $1 and level = $2");
    let row = sqlx::query_as(&sql).bind(code.lo()).bind(code.level().to_i16()).fetch_optional(transaction.conn()).await?;
    row.ok_or_else(|| Error::NotFound { what: "area", id: code.to_string() })
}

/// Holds the row for this transaction.
pub async fn hold(transaction: &mut Scoped, code: AreaCode) -> Result<()> {
    let sql = "select 1 from areas where code_lo = $1 and level = $2 for update";
    sqlx::query(sql).bind(code.lo()).bind(code.level().to_i16()).execute(transaction.conn()).await?;
    Ok(())
}

/// Stores a new area.
pub async fn insert(transaction: &mut Scoped, row: &Area) -> Result<()> {
    let sql = "insert into areas (code_lo, level, name_zh, name_en, urban_rural_class, geom) values ($1, $2, $3, $4, $5, ST_GeomFromWKB($6, 4326))";
    sqlx::query(sql)
        .bind(row.code_lo)
        .bind(row.level)
        .bind(&row.name_zh)
        .bind(&row.name_en)
        .bind(&row.urban_rural_class)
        .bind(&row.shape)
        .execute(transaction.conn())
        .await?;
    Ok(())
}

/// Writes a changed area.
pub async fn update(transaction: &mut Scoped, row: &Area) -> Result<()> {
    let sql = "update areas set name_zh = $2, name_en = $3, urban_rural_class = $4, geom = ST_GeomFromWKB($5, 4326) where id = $1";
    sqlx::query(sql)
        .bind(row.id)
        .bind(&row.name_zh)
        .bind(&row.name_en)
        .bind(&row.urban_rural_class)
        .bind(&row.shape)
        .execute(transaction.conn())
        .await?;
    Ok(())
}

/// Deletes an area; the database refuses where others lie under it.
pub async fn delete(transaction: &mut Scoped, row: &Area) -> Result<()> {
    sqlx::query!("delete from areas where id = $1", row.id).execute(transaction.conn()).await?;
    Ok(())
}

/// The bytes of a shape for SQL.
pub fn shape_bytes(shape: geo_types::MultiPolygon) -> Vec<u8> {
    to_wkb(&geo_types::Geometry::MultiPolygon(shape))
}
