//! Lists in SQL.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::api::{Category, Codes, FacilityKind, Setting, Standard};
use crate::cells::api::Named;
use crate::db::Scoped;
use crate::error::{Error, Result};

/// Every list in the order of its menu.
pub async fn codes(transaction: &mut Scoped) -> Result<Codes> {
    let rows: Vec<(String, String, String, String)> =
        sqlx::query_as("select list, code, name_zh, name_en from code_values order by list, position, code").fetch_all(transaction.conn()).await?;
    let mut lists: BTreeMap<String, Vec<Named>> = BTreeMap::new();
    for (list, code, name_zh, name_en) in rows {
        lists.entry(list).or_default().push(Named { code, name_zh, name_en });
    }
    let mut list = |name: &str| lists.remove(name).unwrap_or_default();
    Ok(Codes {
        incident_source: list("incident_source"),
        incident_state: list("incident_state"),
        dwelling_kind: list("dwelling_kind"),
        population_band: list("population_band"),
        cell_kind: list("cell_kind"),
        complexity: list("complexity"),
        risk_level: list("risk_level"),
        parties_kind: list("parties_kind"),
        urban_rural_class: list("urban_rural_class"),
        facility_kind: facility_kinds(transaction).await?,
        incident_category: categories(transaction).await?,
    })
}

async fn facility_kinds(transaction: &mut Scoped) -> Result<Vec<FacilityKind>> {
    let sql = "select code, name_zh, name_en, tier from facility_kinds order by code";
    Ok(sqlx::query_as(sql).fetch_all(transaction.conn()).await?)
}

async fn categories(transaction: &mut Scoped) -> Result<Vec<Category>> {
    let sql = "select code, name_zh, name_en, category_group, sensitive from incident_categories order by code";
    Ok(sqlx::query_as(sql).fetch_all(transaction.conn()).await?)
}

const STANDARD: &str = "id, kind, urban_rural_class, mode, minutes, metres, source, valid_from, valid_to, version";

/// Standards in force on a day, by kind.
pub async fn standards(transaction: &mut Scoped, day: NaiveDate) -> Result<Vec<Standard>> {
    let sql =
        format!("select {STANDARD} from service_standards where {} order by kind, urban_rural_class nulls first, id", crate::rows::days_in_force());
    Ok(sqlx::query_as(&sql).bind(day).fetch_all(transaction.conn()).await?)
}

/// One standard, held for this transaction where `hold`.
pub async fn standard(transaction: &mut Scoped, id: i64, hold: bool) -> Result<Standard> {
    let sql = format!("select {STANDARD} from service_standards where id = $1 {}", if hold { "for update" } else { "" });
    let row = sqlx::query_as(&sql).bind(id).fetch_optional(transaction.conn()).await?;
    row.ok_or_else(|| Error::NotFound { what: "service standard", id: id.to_string() })
}

/// Writes a changed standard.
pub async fn update_standard(transaction: &mut Scoped, row: &Standard) -> Result<()> {
    let sql = "update service_standards set minutes = $2, metres = $3, source = $4, version = version + 1 where id = $1";
    sqlx::query(sql).bind(row.id).bind(row.minutes).bind(row.metres).bind(&row.source).execute(transaction.conn()).await?;
    Ok(())
}

/// Every setting.
pub async fn settings(transaction: &mut Scoped) -> Result<Vec<Setting>> {
    Ok(sqlx::query_as("select key, value, note_zh, note_en from settings order by key").fetch_all(transaction.conn()).await?)
}

/// Changes a setting, keeping its type.
pub async fn set(transaction: &mut Scoped, key: &str, value: &serde_json::Value) -> Result<()> {
    let old: Option<serde_json::Value> =
        sqlx::query_scalar!("select value from settings where key = $1 for update", key).fetch_optional(transaction.conn()).await?;
    let old = old.ok_or_else(|| Error::NotFound { what: "setting", id: key.to_owned() })?;
    if std::mem::discriminant(&old) != std::mem::discriminant(value) {
        return Err(Error::invalid("/value", "wrong_type", format!("the setting {key} is of the type of {old}")));
    }
    if value.as_f64().is_some_and(|number| number < 0.0) {
        return Err(Error::invalid("/value", "out_of_range", "the number is below zero"));
    }
    if value.as_str().is_some_and(|text| text.chars().count() > 200) {
        return Err(Error::invalid("/value", "too_long", "the text has more than 200 characters"));
    }
    sqlx::query!("update settings set value = $2 where key = $1", key, value).execute(transaction.conn()).await?;
    Ok(())
}
