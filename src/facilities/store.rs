//! Facilities in SQL: one row a version.

use chrono::NaiveDate;
use geo_types::{Geometry, Point};

use crate::codes::CellCode;
use crate::db::{Page, Scoped, point_from_wkb};
use crate::error::{Error, Result};
use crate::http::geojson::Feature;
use crate::rows::version::{Held, Table};
use crate::rows::{Checks, Wanted, area_of, days_in_force, filled};

use super::api::{FacilityInput, FacilityProperties};

/// The table of versions.
pub const TABLE: Table = Table {
    name: "facilities",
    key: "facility_id",
    columns: "scope_code, kind, name_zh, name_en, operator, capacity, hours, barrier_free, phone_public, geom",
};

const COLUMNS: &str = "id, facility_id, valid_from, valid_to, scope_code, kind, name_zh, name_en, operator, capacity, hours, \
                       barrier_free, phone_public, ST_AsBinary(geom) as shape, version";

/// A version of a facility.
#[derive(Debug, Clone, Default, PartialEq, sqlx::FromRow)]
#[expect(missing_docs, reason = "the columns are described in the database")]
pub struct Facility {
    pub id: i64,
    pub facility_id: i64,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    pub scope_code: i64,
    pub kind: String,
    pub name_zh: String,
    pub name_en: String,
    pub operator: String,
    pub capacity: Option<i32>,
    pub hours: String,
    pub barrier_free: Option<bool>,
    pub phone_public: String,
    pub shape: Vec<u8>,
    pub version: i32,
}

impl Facility {
    /// Where it is.
    pub fn place(&self) -> Result<Point> {
        point_from_wkb(&self.shape)
    }

    /// As the API shows it.
    pub fn feature(&self) -> Result<Feature<FacilityProperties>> {
        let properties = FacilityProperties {
            id: self.facility_id.to_string(),
            kind: self.kind.clone(),
            name: self.name_zh.clone(),
            name_zh: self.name_zh.clone(),
            name_en: self.name_en.clone(),
            operator: filled(&self.operator),
            capacity: self.capacity,
            hours: filled(&self.hours),
            barrier_free: self.barrier_free,
            phone_public: filled(&self.phone_public),
            cell_code: CellCode::from_i64(self.scope_code).map(|code| code.to_string()),
            area_code: area_of(self.scope_code).map(|code| code.to_string()),
            valid_from: self.valid_from,
            valid_to: self.valid_to,
            version: self.version,
        };
        Ok(Feature::new(self.facility_id.to_string(), Some(&Geometry::Point(self.place()?)), properties))
    }

    /// What an edit begins from.
    pub const fn held(&self) -> Held {
        Held { id: self.id, valid_from: self.valid_from, valid_to: self.valid_to, version: self.version }
    }

    /// Takes over what was sent; the names of what changed.
    pub fn take(&mut self, mut sent: FacilityInput) -> Vec<&'static str> {
        let row = self;
        let mut changed = Vec::new();
        crate::rows::take!(changed, row, sent: kind, name_zh, name_en, operator, capacity, hours, barrier_free, phone_public);
        changed
    }

    /// Refuses what may not be stored.
    pub async fn check(&self, transaction: &mut Scoped) -> Result<()> {
        let mut checks = Checks::default();
        checks.listed(transaction, "/properties/kind", "facility_kind", &self.kind).await?;
        checks.name("/properties/name_zh", &self.name_zh, 80);
        checks.text("/properties/name_en", &self.name_en, 160);
        checks.text("/properties/operator", &self.operator, 120);
        checks.text("/properties/hours", &self.hours, 120);
        checks.text("/properties/phone_public", &self.phone_public, 40);
        if let Some(capacity) = self.capacity {
            checks.number("/properties/capacity", capacity, 0, 1_000_000);
        }
        checks.done()
    }
}

/// A page of facilities in the order of their keys; `kinds`: only these.
pub async fn list(transaction: &mut Scoped, wanted: Wanted, kinds: Option<Vec<String>>) -> Result<Page<Facility>> {
    let sql = format!(
        "select {COLUMNS} from facilities
          where {} and scope_code >= $2 and scope_code < $3 and facility_id > $4
            and ($5::bigint[] is null or facility_id = any($5))
            and ($6::float8[] is null or ST_Intersects(geom, ST_MakeEnvelope($6[1], $6[2], $6[3], $6[4], 4326)))
            and ($7::text[] is null or kind = any($7))
          order by facility_id limit $8",
        days_in_force()
    );
    let rows = sqlx::query_as(&sql)
        .bind(wanted.day)
        .bind(wanted.range.lo)
        .bind(wanted.range.hi)
        .bind(wanted.after)
        .bind(wanted.ids)
        .bind(wanted.frame)
        .bind(kinds)
        .bind(wanted.limit.fetch())
        .fetch_all(transaction.conn())
        .await?;
    Ok(Page::cut(rows, wanted.limit, |row: &Facility| row.facility_id))
}

/// The version of a day.
pub async fn find(transaction: &mut Scoped, facility_id: i64, day: NaiveDate) -> Result<Facility> {
    let sql = format!("select {COLUMNS} from facilities where {} and facility_id = $2", days_in_force());
    let row = sqlx::query_as(&sql).bind(day).bind(facility_id).fetch_optional(transaction.conn()).await?;
    row.ok_or_else(|| Error::NotFound { what: "facility", id: facility_id.to_string() })
}

/// Stores a new facility from today on; its key.
pub async fn insert(transaction: &mut Scoped, row: &Facility, today: NaiveDate) -> Result<i64> {
    let sql = "insert into facilities (valid_from, scope_code, kind, name_zh, name_en, operator, capacity, hours, barrier_free, phone_public, geom)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, ST_GeomFromWKB($11, 4326)) returning facility_id";
    Ok(sqlx::query_scalar(sql)
        .bind(today)
        .bind(row.scope_code)
        .bind(&row.kind)
        .bind(&row.name_zh)
        .bind(&row.name_en)
        .bind(&row.operator)
        .bind(row.capacity)
        .bind(&row.hours)
        .bind(row.barrier_free)
        .bind(&row.phone_public)
        .bind(&row.shape)
        .fetch_one(transaction.conn())
        .await?)
}

/// Writes a changed row, as a new version where the stored one is older than today.
pub async fn update(transaction: &mut Scoped, row: &Facility, today: NaiveDate) -> Result<()> {
    let id = TABLE.begin(transaction, row.held(), today).await?;
    let sql = "update facilities set scope_code = $2, kind = $3, name_zh = $4, name_en = $5, operator = $6, capacity = $7, hours = $8,
                      barrier_free = $9, phone_public = $10, geom = ST_GeomFromWKB($11, 4326) where id = $1";
    sqlx::query(sql)
        .bind(id)
        .bind(row.scope_code)
        .bind(&row.kind)
        .bind(&row.name_zh)
        .bind(&row.name_en)
        .bind(&row.operator)
        .bind(row.capacity)
        .bind(&row.hours)
        .bind(row.barrier_free)
        .bind(&row.phone_public)
        .bind(&row.shape)
        .execute(transaction.conn())
        .await?;
    Ok(())
}
