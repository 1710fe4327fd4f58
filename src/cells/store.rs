//! Cells in SQL: one row a version, by code and first day.

use chrono::NaiveDate;
use geo_types::Geometry;

use crate::codes::{CellCode, CodeRange, Level};
use crate::db::{Page, Scoped, wkb_to_geometry};
use crate::error::{Error, Result};
use crate::http::geojson::Feature;
use crate::read_model::Model;
use crate::rows::version::{Held, Table};
use crate::rows::{Checks, Wanted, days_in_force};

use super::api::{CellInput, CellProperties, Named};

/// The table of versions.
pub const TABLE: Table = Table { name: "cells", key: "code", columns: "name_zh, name_en, short_name, kind, geom, area_m2" };

const COLUMNS: &str = "id, code, valid_from, valid_to, name_zh, name_en, short_name, kind, ST_AsBinary(geom) as shape, area_m2, version";

/// A version of a cell.
#[derive(Debug, Clone, Default, PartialEq, sqlx::FromRow)]
#[expect(missing_docs, reason = "the columns are described in the database")]
pub struct Cell {
    pub id: i64,
    pub code: i64,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    pub name_zh: String,
    pub name_en: String,
    pub short_name: String,
    pub kind: String,
    pub shape: Vec<u8>,
    pub area_m2: f64,
    pub version: i32,
}

impl Cell {
    /// The code as a text.
    pub fn code_text(&self) -> String {
        format!("{:015}", self.code)
    }

    /// As the API shows it; names of areas and counts come from the read model.
    pub fn feature(&self, ground: &Model) -> Result<Feature<CellProperties>> {
        let shape = wkb_to_geometry(&self.shape)?;
        Ok(Feature::new(self.code_text(), Some(&shape), self.properties(ground)))
    }

    /// The attributes.
    pub fn properties(&self, ground: &Model) -> CellProperties {
        CellProperties {
            code: self.code_text(),
            name: self.name_zh.clone(),
            name_zh: self.name_zh.clone(),
            name_en: self.name_en.clone(),
            short_name: self.short_name.clone(),
            kind: self.kind.clone(),
            village: above(ground, self.code, Level::Village),
            township: above(ground, self.code, Level::Township),
            area_m2: self.area_m2,
            household_count: ground.tallies.within(CodeRange { lo: self.code, hi: self.code + 1 }).household_count,
            valid_from: self.valid_from,
            valid_to: self.valid_to,
            version: self.version,
        }
    }

    /// What an edit begins from.
    pub const fn held(&self) -> Held {
        Held { id: self.id, valid_from: self.valid_from, valid_to: self.valid_to, version: self.version }
    }

    /// Takes over what was sent; the names of what changed.
    pub fn take(&mut self, mut sent: CellInput) -> Vec<&'static str> {
        let row = self;
        let mut changed = Vec::new();
        crate::rows::take!(changed, row, sent: name_zh, name_en, short_name, kind);
        changed
    }

    /// Refuses what may not be stored.
    pub async fn check(&self, transaction: &mut Scoped) -> Result<()> {
        let mut checks = Checks::default();
        checks.name("/properties/name_zh", &self.name_zh, 60);
        checks.text("/properties/name_en", &self.name_en, 120);
        checks.text("/properties/short_name", &self.short_name, 30);
        checks.listed(transaction, "/properties/kind", "cell_kind", &self.kind).await?;
        checks.done()
    }
}

/// The area of a level that a code lies in, by name; without names where it is not stored.
fn above(ground: &Model, code: i64, level: Level) -> Named {
    let lo = code - code % level.span();
    match ground.areas.by_code(lo, level.to_i16()) {
        Some(area) => Named { code: area.code_text(), name_zh: area.name_zh.to_string(), name_en: area.name_en.to_string() },
        None => Named { code: crate::codes::AreaCode::from_parts(lo, level).map(|code| code.to_string()).unwrap_or_default(), ..Named::default() },
    }
}

/// A page of cells in the order of their codes; `sought`: a part of a name, or the beginning of a code.
pub async fn list(transaction: &mut Scoped, wanted: Wanted, sought: Option<&str>) -> Result<Page<Cell>> {
    let sql = format!(
        "select {COLUMNS} from cells
          where {} and code >= $2 and code < $3 and code > $4
            and ($5::bigint[] is null or code = any($5))
            and ($6::float8[] is null or geom && ST_MakeEnvelope($6[1], $6[2], $6[3], $6[4], 4326))
            and ($7::text is null or name_zh ilike $7 or name_en ilike $7 or short_name ilike $7 or (code >= $8 and code < $9))
          order by code limit $10",
        days_in_force()
    );
    let (pattern, codes) = sought.map(crate::rows::sought).unzip();
    let codes = codes.flatten();
    let rows = sqlx::query_as(&sql)
        .bind(wanted.day)
        .bind(wanted.range.lo)
        .bind(wanted.range.hi)
        .bind(wanted.after)
        .bind(wanted.ids)
        .bind(wanted.frame)
        .bind(pattern)
        .bind(codes.map(|range| range.lo))
        .bind(codes.map(|range| range.hi))
        .bind(wanted.limit.fetch())
        .fetch_all(transaction.conn())
        .await?;
    Ok(Page::cut(rows, wanted.limit, |row: &Cell| row.code))
}

/// The version of a day.
pub async fn find(transaction: &mut Scoped, code: CellCode, day: NaiveDate) -> Result<Cell> {
    let sql = format!("select {COLUMNS} from cells where {} and code = $2", days_in_force());
    let row = sqlx::query_as(&sql).bind(day).bind(code.to_i64()).fetch_optional(transaction.conn()).await?;
    row.ok_or_else(|| Error::NotFound { what: "cell", id: code.to_string() })
}

/// Stores a new cell from today on.
pub async fn insert(transaction: &mut Scoped, row: &Cell, today: NaiveDate) -> Result<()> {
    let sql = "insert into cells (valid_from, code, name_zh, name_en, short_name, kind, geom, area_m2)
               values ($1, $2, $3, $4, $5, $6, ST_GeomFromWKB($7, 4326), $8)";
    sqlx::query(sql)
        .bind(today)
        .bind(row.code)
        .bind(&row.name_zh)
        .bind(&row.name_en)
        .bind(&row.short_name)
        .bind(&row.kind)
        .bind(&row.shape)
        .bind(row.area_m2)
        .execute(transaction.conn())
        .await?;
    Ok(())
}

/// Writes a changed row, as a new version where the stored one is older than today.
pub async fn update(transaction: &mut Scoped, row: &Cell, today: NaiveDate) -> Result<()> {
    let id = TABLE.begin(transaction, row.held(), today).await?;
    let sql = "update cells set name_zh = $2, name_en = $3, short_name = $4, kind = $5, geom = ST_GeomFromWKB($6, 4326), area_m2 = $7 where id = $1";
    sqlx::query(sql)
        .bind(id)
        .bind(&row.name_zh)
        .bind(&row.name_en)
        .bind(&row.short_name)
        .bind(&row.kind)
        .bind(&row.shape)
        .bind(row.area_m2)
        .execute(transaction.conn())
        .await?;
    Ok(())
}

/// Retires a cell: its last version ends today, and its code is never used again. One that only began today goes.
pub async fn retire(transaction: &mut Scoped, row: &Cell, today: NaiveDate) -> Result<()> {
    TABLE.retire(transaction, row.held(), today).await?;
    let sql = "update cells set retired = true where code = $1 and valid_to = $2";
    sqlx::query(sql).bind(row.code).bind(today).execute(transaction.conn()).await?;
    let sql = "update safe_places set open = false where scope_code = $1 and open";
    sqlx::query(sql).bind(row.code).execute(transaction.conn()).await?;
    Ok(())
}

/// Puts the addresses and facilities in a changed shape into their cells; how many moved.
pub async fn settle(transaction: &mut Scoped, code: i64, changed: &[&[u8]], today: NaiveDate) -> Result<i64> {
    let mut moved = 0;
    for shape in changed {
        let sql = "select app.settle_rows($1, ST_GeomFromWKB($2, 4326), $3)";
        let count: i64 = sqlx::query_scalar(sql).bind(code).bind(*shape).bind(today).fetch_one(transaction.conn()).await?;
        moved += count;
    }
    Ok(moved)
}

/// The bytes of a shape for SQL.
pub fn shape_bytes(shape: &geo_types::MultiPolygon) -> Vec<u8> {
    crate::db::to_wkb(&Geometry::MultiPolygon(shape.clone()))
}
