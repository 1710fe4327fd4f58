//! What somebody who acts on a warning wants to know beside it: of what kinds its cases are, and where the parties could sit
//! down together.

use chrono::Days;
use serde::Serialize;
use utoipa::ToSchema;

use super::gather::{ROOM, USUAL_REACH_M, reach_of_rooms};
use super::store::Warning;
use crate::db::Scoped;
use crate::error::Result;
use crate::geom::{LonLat, Plane};
use crate::read_model::Model;
use crate::users::{Reader, Right};

/// Days before it was raised whose cases are told by kind: as many as the rule of a block looks back.
const DAYS: u64 = 90;
/// Kinds told one by one.
const KINDS: i64 = 5;

/// Cases of one kind around a warning.
#[derive(Debug, Serialize, ToSchema, sqlx::FromRow)]
pub(super) struct KindShare {
    /// Code of the kind of dispute.
    category: String,
    /// Its name, Chinese.
    name_zh: String,
    /// Its name, English.
    name_en: String,
    /// Cases.
    cases: i64,
}

/// The mediation room that is nearest.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NearestRoom {
    /// Key of the facility.
    key: String,
    /// Its name, Chinese.
    name_zh: String,
    /// Its name, English; may be empty.
    name_en: String,
    /// Metres in a straight line from the middle of the first cell, in tens.
    distance_m: u32,
    /// Metres that the standard in force asks for.
    standard_m: u32,
}

/// The cells of a warning, or the one that its case lies in.
fn cells_of(warning: &Warning) -> &[i64] {
    if warning.cells.is_empty() { std::slice::from_ref(&warning.scope_code) } else { &warning.cells }
}

/// The kinds of the cases of its cells in the 90 days up to the day it was raised, most first, five at most; none where the
/// reader may not open each of them.
pub(super) async fn mix(transaction: &mut Scoped, reader: &Reader, warning: &Warning) -> Result<Vec<KindShare>> {
    let (cases, cells) = (reader.scope(Right::Cases), cells_of(warning));
    if !cells.iter().all(|&code| cases.contains(code)) {
        return Ok(Vec::new());
    }
    let since = warning.raised_on.checked_sub_days(Days::new(DAYS)).unwrap_or(warning.raised_on);
    let sql = "select c.code as category, c.name_zh, c.name_en, count(*) as cases
                 from incidents i join incident_categories c on c.code = i.category
                where i.scope_code = any($1) and i.scope_code <@ (select app.allowed('cases')) and i.discovered_on > $2 and i.discovered_on <= $3
                group by 1, 2, 3 order by 4 desc, 1 limit $4";
    Ok(sqlx::query_as(sql).bind(cells).bind(since).bind(warning.raised_on).bind(KINDS).fetch_all(transaction.conn()).await?)
}

/// The nearest mediation room on the reader's map; none where there is no cell or no room.
pub(super) async fn nearest_room(transaction: &mut Scoped, reader: &Reader, model: &Model, warning: &Warning) -> Result<Option<NearestRoom>> {
    let Some(cell) = cells_of(warning).iter().find_map(|&code| model.cells.by_code(code)) else { return Ok(None) };
    let [lon, lat] = cell.place.label.to_lon_lat();
    let plane = Plane::around(LonLat::new(lon, lat));
    let distance = |place: crate::mvt::World| {
        let [lon, lat] = place.to_lon_lat();
        let at = plane.xy(LonLat::new(lon, lat));
        at.x.hypot(at.y)
    };
    let (map, room) = (reader.scope(Right::Map), model.lists.facility_kind.find(ROOM));
    let rooms = model.facilities.rows().filter(|row| Some(row.attributes.kind) == room && map.contains(row.scope));
    let Some((metres, row)) = rooms.map(|row| (distance(row.at), row)).min_by(|a, b| a.0.total_cmp(&b.0)) else { return Ok(None) };
    let standard = reach_of_rooms(transaction, warning.raised_on).await?.unwrap_or(USUAL_REACH_M);
    Ok(Some(NearestRoom {
        key: row.attributes.facility_id.to_string(),
        name_zh: row.attributes.name_zh.to_string(),
        name_en: row.attributes.name_en.to_string(),
        distance_m: ((metres / 10.0).round() * 10.0) as u32,
        standard_m: standard.round() as u32,
    }))
}
