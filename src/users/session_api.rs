//! Signing in and out, the own password, and who I am.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{ConnectInfo, FromRef, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::reader::Reader;
use super::rights::{Right, Role};
use super::signin::{self, SignIn};
use super::{GrantArea, Signed};
use crate::codes::{AreaCode, CodeRange};
use crate::context::{Context, map_reader};
use crate::error::{Error, Result};
use crate::http::Body;
use crate::http::problem::Failure;
use crate::read_model::Model;

/// What the handlers of this room need.
#[derive(Debug, Clone)]
pub struct Door {
    /// The sign-in.
    pub sign_in: Arc<SignIn>,
    /// Whether cookies travel over TLS only.
    pub secure: bool,
}

/// Account and password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Credentials {
    /// Name to sign in with.
    account: String,
    /// The password.
    password: String,
}

/// A change of the own password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordChange {
    /// The password until now.
    current: String,
    /// The password from now on, ten characters at least.
    new: String,
}

/// Who is signed in, what they may do, and where they are at home.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Me {
    /// The account.
    user: MyAccount,
    /// Roles in areas.
    grants: Vec<MyGrant>,
    /// The area the map is framed on.
    home: AreaRef,
    /// What the roles add up to.
    rights: MyRights,
    /// What there is in the own area.
    totals: Totals,
    /// Instant the numbers are of.
    data_at: chrono::DateTime<chrono::Utc>,
    /// Settings of the page.
    settings: PageSettings,
}

#[derive(Debug, Serialize, ToSchema)]
struct MyAccount {
    id: String,
    account: String,
    name_zh: String,
    name_en: String,
    must_change_password: bool,
}

#[derive(Debug, Serialize, ToSchema)]
struct MyGrant {
    role: Role,
    area: AreaRef,
    expires_on: Option<chrono::NaiveDate>,
}

/// An area by code and name.
#[derive(Debug, Serialize, ToSchema)]
struct AreaRef {
    /// Digits, or `all`.
    code: String,
    /// Digits of the code; 0: everywhere.
    level: i16,
    name_zh: String,
    name_en: String,
    /// West, south, east, north in degrees; null where nothing is known.
    bbox: Option<[f64; 4]>,
}

#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "one yes or no a right, as the page asks")]
struct MyRights {
    map: bool,
    households: bool,
    cases: bool,
    published: bool,
    write_facilities: bool,
    write_households: bool,
    write_cells: bool,
    imports: bool,
    settings: bool,
    users: bool,
    audit: bool,
}

#[derive(Debug, Serialize, ToSchema)]
struct Totals {
    cells: u64,
    households: u64,
    facilities: u64,
}

#[derive(Debug, Serialize, ToSchema)]
struct PageSettings {
    attribution: String,
    map_approval_no: Option<String>,
    size_rule: SizeRule,
}

#[derive(Debug, Serialize, ToSchema)]
struct SizeRule {
    min: i64,
    max: i64,
}

/// The routes of the session.
pub fn routes<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Context: FromRef<S>,
    Door: FromRef<S>,
{
    OpenApiRouter::new().routes(routes!(sign_in, sign_out)).routes(routes!(change_password)).routes(routes!(find_me))
}

fn with_cookie(mut response: Response, secret: &str, secure: bool) -> Response {
    let cookie = signin::set_cookie(secret, secure);
    response.headers_mut().insert(header::SET_COOKIE, HeaderValue::from_str(&cookie).expect("a cookie of ours is header text"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Sign in
///
/// Five failures in a row lock the account for a quarter of an hour; a session ends after 15 minutes unused or 8 hours.
#[utoipa::path(post, path = "/api/session", tag = "session", request_body = Credentials,
    responses((status = 200, body = Me), (status = 401, body = crate::http::Problem), (status = 429, body = crate::http::Problem)))]
async fn sign_in(
    State(door): State<Door>,
    State(context): State<Context>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Body(credentials): Body<Credentials>,
) -> Result<Response, Failure> {
    let opened = door.sign_in.open(credentials.account.trim(), &credentials.password, peer.ip()).await;
    let (secret, reader) = opened.map_err(one_caller)?;
    let me = me(&context, &reader).await?;
    Ok(with_cookie(Json(me).into_response(), &secret, door.secure))
}

/// Too many failures lock out one caller and nobody else.
fn one_caller(error: Error) -> Failure {
    match error {
        Error::Busy { retry_after_s, message } if message.starts_with("too many") => Failure::too_many(retry_after_s, message),
        other => other.into(),
    }
}

/// Sign out
#[utoipa::path(delete, path = "/api/session", tag = "session", responses((status = 204)))]
async fn sign_out(State(door): State<Door>, _: Signed, headers: HeaderMap) -> Result<Response> {
    if let Some(secret) = signin::cookie(&headers) {
        door.sign_in.close(secret).await?;
    }
    Ok(with_cookie(StatusCode::NO_CONTENT.into_response(), "", door.secure))
}

/// Set an own password
///
/// Every other session of the account ends.
#[utoipa::path(put, path = "/api/session/password", tag = "session", request_body = PasswordChange,
    responses((status = 204), (status = 422, body = crate::http::Problem), (status = 429, body = crate::http::Problem)))]
async fn change_password(
    State(door): State<Door>,
    signed: Signed,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Body(change): Body<PasswordChange>,
) -> Result<Response, Failure> {
    let changed = door.sign_in.change_password(&signed.reader, &change.current, &change.new, peer.ip()).await;
    let secret = changed.map_err(one_caller)?;
    Ok(with_cookie(StatusCode::NO_CONTENT.into_response(), &secret, door.secure))
}

/// Who is signed in
#[utoipa::path(get, path = "/api/me", tag = "session", responses((status = 200, body = Me), (status = 401, body = crate::http::Problem)))]
async fn find_me(State(context): State<Context>, signed: Signed) -> Result<Response> {
    let mut response = Json(me(&context, &signed.reader).await?).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

async fn me(context: &Context, reader: &Reader) -> Result<Me> {
    let model = context.ground();
    let scope = reader.scope(Right::Map);
    let mut totals = Totals { cells: 0, households: 0, facilities: 0 };
    for range in scope.ranges() {
        let counts = model.tallies.within(*range);
        totals.households += counts.household_count;
        totals.facilities += counts.facility_count;
    }
    totals.cells = model.cells.iter().filter(|cell| scope.contains(cell.code)).count() as u64;
    Ok(Me {
        user: MyAccount {
            id: reader.user_id.to_string(),
            account: reader.account.clone(),
            name_zh: reader.name_zh.clone(),
            name_en: reader.name_en.clone(),
            must_change_password: reader.must_change_password,
        },
        grants: reader
            .grants
            .iter()
            .map(|grant| MyGrant { role: grant.role, area: area_ref(&model, grant.area, None), expires_on: grant.expires_on })
            .collect(),
        home: home(&model, reader),
        rights: MyRights {
            map: reader.has(Right::Map),
            households: reader.has(Right::Households),
            cases: reader.has(Right::Cases) || !reader.units().is_empty(),
            published: reader.has(Right::Published),
            write_facilities: reader.has(Right::WriteFacilities),
            write_households: reader.has(Right::WriteHouseholds),
            write_cells: reader.has(Right::WriteCells),
            imports: reader.has(Right::Imports),
            settings: reader.has(Right::Settings),
            users: reader.has(Right::Users),
            audit: reader.has(Right::Audit),
        },
        totals,
        data_at: context.model.data_at(),
        settings: settings(context, reader).await?,
    })
}

/// The widest area of the grants that see the map, framed.
fn home(model: &Model, reader: &Reader) -> AreaRef {
    let bbox = model.bounds(&map_reader(reader));
    let sees_map = |role: Role| role.rights().contains(&Right::Map);
    let widest = reader.grants.iter().filter(|grant| sees_map(grant.role)).map(|grant| grant.area).min_by_key(|area| area.parts().1);
    match widest {
        // everywhere: the widest area that holds all that is stored
        Some(GrantArea::Everywhere) => {
            let all = model.areas.iter().map(|area| area.range()).reduce(|a, b| CodeRange { lo: a.lo.min(b.lo), hi: a.hi.max(b.hi) });
            let top = all.and_then(|all| {
                let holding = model.areas.iter().filter(|area| area.range().lo <= all.lo && all.hi <= area.range().hi);
                holding.max_by_key(|area| area.level).and_then(|area| GrantArea::from_parts(area.lo, area.level))
            });
            area_ref(model, top.unwrap_or(GrantArea::Everywhere), bbox)
        }
        Some(area) => area_ref(model, area, bbox),
        None => area_ref(model, GrantArea::Everywhere, None),
    }
}

fn area_ref(model: &Model, area: GrantArea, bbox: Option<[f64; 4]>) -> AreaRef {
    let (lo, level) = area.parts();
    let (name_zh, name_en) = match area {
        GrantArea::Everywhere => ("全部".to_owned(), "Everywhere".to_owned()),
        GrantArea::Area(code) => named(model, code),
    };
    AreaRef { code: area.text(), level, name_zh, name_en, bbox: bbox.filter(|_| lo >= 0) }
}

pub(super) fn named(model: &Model, code: AreaCode) -> (String, String) {
    if let Some(area) = model.areas.by_code(code.lo(), code.level().to_i16()) {
        return (area.name_zh.to_string(), area.name_en.to_string());
    }
    model.cells.by_code(code.lo()).map_or_else(|| (code.to_string(), code.to_string()), |cell| (cell.name_zh.to_string(), cell.name_en.to_string()))
}

async fn settings(context: &Context, reader: &Reader) -> Result<PageSettings> {
    let mut transaction = context.begin(reader).await?;
    let rows: Vec<(String, serde_json::Value)> = sqlx::query_as(
        "select key, value from settings where key in ('map_attribution', 'map_approval_no', 'cell_min_households', 'cell_max_households')",
    )
    .fetch_all(transaction.conn())
    .await?;
    let find = |key: &str| rows.iter().find(|(name, _)| name == key).map(|(_, value)| value);
    let text = |key: &str| find(key).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    let number = |key: &str, otherwise: i64| find(key).and_then(serde_json::Value::as_i64).unwrap_or(otherwise);
    Ok(PageSettings {
        attribution: text("map_attribution"),
        map_approval_no: Some(text("map_approval_no")).filter(|no| !no.is_empty()),
        size_rule: SizeRule { min: number("cell_min_households", 300), max: number("cell_max_households", 500) },
    })
}
