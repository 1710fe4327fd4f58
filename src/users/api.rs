//! Accounts, grants and tokens, for the security administrator; own tokens for everyone.

use axum::Json;
use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::store::{self, NewAccount};
use super::{Door, Grant, GrantArea, Reader, Right, Role, Signed, hash_password, new_secret, random_password};
use crate::audit;
use crate::codes::{AreaCode, Level};
use crate::context::Context;
use crate::db::{Cursor, Page, PageLimit, Scoped, Scopes};
use crate::error::{Error, Result};
use crate::http::geojson::PageInfo;
use crate::http::{Body, Path, Query};
use crate::privacy::text_gate;
use crate::read_model::Model;

/// An account as the security administrator sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserView {
    id: i64,
    account: String,
    name_zh: String,
    name_en: String,
    disabled: bool,
    must_change_password: bool,
    unit_id: Option<i64>,
    locked_until: Option<DateTime<Utc>>,
    last_seen_at: Option<DateTime<Utc>>,
    grants: Vec<GrantView>,
}

#[derive(Debug, Serialize, ToSchema)]
struct GrantView {
    id: i64,
    role: Role,
    /// Area code, or `all`.
    area: String,
    /// Its name in Chinese; empty where the area is not stored any more.
    area_zh: String,
    /// Its name in English, may be empty.
    area_en: String,
    expires_on: Option<NaiveDate>,
}

impl GrantView {
    fn of(model: &Model, id: i64, grant: &Grant) -> Self {
        let (area_zh, area_en) = match grant.area {
            GrantArea::Everywhere => ("全部".to_owned(), "Everywhere".to_owned()),
            GrantArea::Area(code) => super::session_api::named(model, code),
        };
        Self { id, role: grant.role, area: grant.area.text(), area_zh, area_en, expires_on: grant.expires_on }
    }
}

/// An area in which a role can be given.
#[derive(Debug, Serialize, ToSchema)]
struct GrantableArea {
    code: String,
    name_zh: String,
    name_en: String,
    /// Name in Chinese of the next wider area.
    under: Option<String>,
}

/// A page of areas in which roles can be given.
#[derive(Debug, Serialize, ToSchema)]
pub struct GrantableAreas {
    items: Vec<GrantableArea>,
    page: PageInfo,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AreaSearch {
    /// A part of a name, or the beginning of a code.
    q: Option<String>,
    /// Rows a page, 1 to 1000.
    limit: Option<u32>,
    /// Where the page begins.
    cursor: Option<String>,
}

/// A page of accounts.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountPage {
    items: Vec<UserView>,
    page: PageInfo,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct Paging {
    /// Rows a page, 1 to 1000.
    limit: Option<u32>,
    /// Where the page begins.
    cursor: Option<String>,
}

/// A new account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccountBody {
    /// 2 to 40 of `a–z 0–9 . _ -`.
    account: String,
    /// Office or duty, Chinese; not the name of a person.
    #[serde(default)]
    name_zh: String,
    /// Office or duty, English.
    #[serde(default)]
    name_en: String,
    /// Office whose cases a unit account handles.
    unit_id: Option<i64>,
}

/// The first way into an account, shown once.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewCredentials {
    id: i64,
    account: String,
    one_time_password: String,
}

/// What may be changed of an account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountChange {
    /// True: cannot sign in any more, sessions end.
    disabled: bool,
}

/// A role to give.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGrant {
    role: Role,
    /// Area code, or `all`.
    area: String,
    /// First civil day it no longer holds.
    expires_on: Option<NaiveDate>,
}

/// The key of something made.
#[derive(Debug, Serialize, ToSchema)]
pub struct Made {
    id: i64,
}

/// A token to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What it is for.
    name: String,
    /// First civil day it no longer holds.
    expires_on: Option<NaiveDate>,
}

/// A token, shown once.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenShown {
    id: i64,
    token: String,
}

/// A token as listed: never the secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenView {
    id: i64,
    name: String,
    made_at: DateTime<Utc>,
    expires_on: Option<NaiveDate>,
}

/// The routes of accounts.
pub fn routes<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Context: FromRef<S>,
    Door: FromRef<S>,
{
    OpenApiRouter::new()
        .routes(routes!(list_users, create_user))
        .routes(routes!(list_grantable_areas))
        .routes(routes!(update_user))
        .routes(routes!(reset_user))
        .routes(routes!(create_grant))
        .routes(routes!(delete_grant))
        .routes(routes!(list_tokens, create_token))
        .routes(routes!(delete_token))
}

fn absent(id: i64) -> Error {
    Error::NotFound { what: "account", id: id.to_string() }
}

async fn note(transaction: &mut Scoped, context: &Context, signed: &Signed, action: &str, target: &str, detail: serde_json::Value) -> Result<()> {
    let entry = audit::Entry {
        user_id: Some(signed.reader.user_id),
        account: &signed.reader.account,
        action,
        target,
        area: None,
        detail,
        rows: Some(1),
        request_id: &signed.request_id,
    };
    audit::record(transaction, context.clock.now(), &entry).await
}

async fn begin(context: &Context, signed: &Signed) -> Result<Scoped> {
    signed.reader.require(Right::Users)?;
    context.begin(&signed.reader).await
}

/// List accounts
#[utoipa::path(get, path = "/api/users", tag = "users", params(Paging), responses((status = 200, body = AccountPage)))]
async fn list_users(State(context): State<Context>, signed: Signed, Query(paging): Query<Paging>) -> Result<Json<AccountPage>> {
    let limit = PageLimit::parse(paging.limit)?;
    let after = Cursor::parse(paging.cursor.as_deref())?;
    let mut transaction = begin(&context, &signed).await?;
    let page = Page::cut(store::list(transaction.conn(), after.0, limit.fetch()).await?, limit, |row| row.id);
    let model = context.ground();
    let mut items = Vec::with_capacity(page.rows.len());
    for row in page.rows {
        let grants = store::grants(transaction.conn(), row.id).await?;
        items.push(UserView {
            id: row.id,
            account: row.account,
            name_zh: row.name_zh,
            name_en: row.name_en,
            disabled: row.disabled,
            must_change_password: row.must_change_password,
            unit_id: row.unit_id,
            locked_until: row.locked_until,
            last_seen_at: row.last_seen_at,
            grants: grants.iter().map(|(id, grant)| GrantView::of(&model, *id, grant)).collect(),
        });
    }
    Ok(Json(AccountPage { items, page: PageInfo { next: page.next.map(Cursor::to_text) } }))
}

/// List areas in which roles can be given
#[utoipa::path(get, path = "/api/users/areas", operation_id = "list_grantable_areas", tag = "users", params(AreaSearch),
    responses((status = 200, body = GrantableAreas)))]
async fn list_grantable_areas(State(context): State<Context>, signed: Signed, Query(search): Query<AreaSearch>) -> Result<Json<GrantableAreas>> {
    signed.reader.require(Right::Users)?;
    let limit = PageLimit::parse(search.limit)?;
    let after = Cursor::parse(search.cursor.as_deref())?.0;
    let text = search.q.unwrap_or_default().trim().to_lowercase();
    let model = context.ground();
    // wide areas before narrow ones under them, as codes run
    let key = |area: &crate::read_model::Area| area.lo + i64::from(area.level);
    let sought = |area: &&std::sync::Arc<crate::read_model::Area>| {
        let code =
            Level::from_i16(area.level).and_then(|level| AreaCode::from_parts(area.lo, level)).map(|code| code.to_string()).unwrap_or_default();
        key(area) > after && (area.name_zh.to_lowercase().contains(&text) || area.name_en.to_lowercase().contains(&text) || code.starts_with(&text))
    };
    let mut rows: Vec<_> = model.areas.iter().filter(sought).collect();
    rows.sort_unstable_by_key(|area| key(area));
    rows.truncate(limit.rows() + 1);
    let page = Page::cut(rows, limit, |area| key(area));
    let items = page.rows.into_iter().filter_map(|area| {
        let under = model.areas.above(area.lo).filter(|wider| wider.level < area.level).last().map(|wider| wider.name_zh.to_string());
        let code = Level::from_i16(area.level).and_then(|level| AreaCode::from_parts(area.lo, level))?.to_string();
        Some(GrantableArea { code, name_zh: area.name_zh.to_string(), name_en: area.name_en.to_string(), under })
    });
    Ok(Json(GrantableAreas { items: items.collect(), page: PageInfo { next: page.next.map(Cursor::to_text) } }))
}

/// Make an account
///
/// Answers the one-time password; it is shown once, and the first sign-in must set another.
#[utoipa::path(post, path = "/api/users", tag = "users", request_body = NewAccountBody, responses((status = 201, body = NewCredentials)))]
async fn create_user(State(context): State<Context>, signed: Signed, Body(new): Body<NewAccountBody>) -> Result<(StatusCode, Json<NewCredentials>)> {
    for (pointer, text) in [("/account", &new.account), ("/name_zh", &new.name_zh), ("/name_en", &new.name_en)] {
        text_gate::refuse(pointer, text)?;
    }
    let mut transaction = begin(&context, &signed).await?;
    let (password, hash) = one_time_password().await?;
    let row = NewAccount {
        account: &new.account,
        name_zh: &new.name_zh,
        name_en: &new.name_en,
        password_hash: &hash,
        must_change_password: true,
        unit_id: new.unit_id,
    };
    let id = store::create(transaction.conn(), &row, context.clock.now()).await?;
    note(&mut transaction, &context, &signed, "user.create", &new.account, serde_json::json!({})).await?;
    transaction.commit().await?;
    Ok((StatusCode::CREATED, Json(NewCredentials { id, account: new.account, one_time_password: password })))
}

/// Disable or enable an account
#[utoipa::path(patch, path = "/api/users/{id}", tag = "users", params(("id" = i64, Path)), request_body = AccountChange, responses((status = 204)))]
async fn update_user(
    State(door): State<Door>,
    State(context): State<Context>,
    signed: Signed,
    Path(id): Path<i64>,
    Body(change): Body<AccountChange>,
) -> Result<StatusCode> {
    let mut transaction = begin(&context, &signed).await?;
    let found = store::find_by_id(transaction.conn(), id).await?.ok_or_else(|| absent(id))?;
    if id == signed.reader.user_id {
        return Err(Error::Forbidden("nobody disables the own account".into()));
    }
    store::set_disabled(transaction.conn(), id, change.disabled).await?;
    note(&mut transaction, &context, &signed, "user.update", &found.account, serde_json::json!({"disabled": change.disabled})).await?;
    context.commit(transaction).await?;
    door.sign_in.forget();
    Ok(StatusCode::NO_CONTENT)
}

/// Give an account a new one-time password
#[utoipa::path(post, path = "/api/users/{id}/reset", tag = "users", params(("id" = i64, Path)), responses((status = 200, body = NewCredentials)))]
async fn reset_user(State(door): State<Door>, State(context): State<Context>, signed: Signed, Path(id): Path<i64>) -> Result<Json<NewCredentials>> {
    let mut transaction = begin(&context, &signed).await?;
    let found = store::find_by_id(transaction.conn(), id).await?.ok_or_else(|| absent(id))?;
    let (password, hash) = one_time_password().await?;
    store::set_password(transaction.conn(), id, &hash, true).await?;
    note(&mut transaction, &context, &signed, "user.reset", &found.account, serde_json::json!({})).await?;
    context.commit(transaction).await?;
    door.sign_in.forget();
    Ok(Json(NewCredentials { id, account: found.account, one_time_password: password }))
}

/// Give a role in an area
#[utoipa::path(post, path = "/api/users/{id}/grants", tag = "users", params(("id" = i64, Path)), request_body = NewGrant,
    responses((status = 201, body = Made), (status = 409, body = crate::http::Problem)))]
async fn create_grant(
    State(door): State<Door>,
    State(context): State<Context>,
    signed: Signed,
    Path(id): Path<i64>,
    Body(new): Body<NewGrant>,
) -> Result<(StatusCode, Json<Made>)> {
    let mut transaction = begin(&context, &signed).await?;
    let found = store::find_by_id(transaction.conn(), id).await?.ok_or_else(|| absent(id))?;
    let area = GrantArea::parse(&new.area)?;
    if new.role.is_everywhere() && area != GrantArea::Everywhere {
        return Err(Error::invalid("/area", "only_everywhere", "security and auditor are roles of the whole system: area is \"all\""));
    }
    let grant = Grant { role: new.role, area, expires_on: new.expires_on };
    let grant_id = store::grant(transaction.conn(), id, &grant, Some(signed.reader.user_id), context.clock.now()).await?;
    let detail = serde_json::json!({"role": new.role, "area": area.text()});
    note(&mut transaction, &context, &signed, "grant.create", &found.account, detail).await?;
    context.commit(transaction).await?;
    door.sign_in.forget();
    Ok((StatusCode::CREATED, Json(Made { id: grant_id })))
}

/// Take a role away
#[utoipa::path(delete, path = "/api/users/{id}/grants/{grant_id}", tag = "users", params(("id" = i64, Path), ("grant_id" = i64, Path)),
    responses((status = 204)))]
async fn delete_grant(
    State(door): State<Door>,
    State(context): State<Context>,
    signed: Signed,
    Path((id, grant_id)): Path<(i64, i64)>,
) -> Result<StatusCode> {
    let mut transaction = begin(&context, &signed).await?;
    let found = store::find_by_id(transaction.conn(), id).await?.ok_or_else(|| absent(id))?;
    if !store::revoke(transaction.conn(), id, grant_id).await? {
        return Err(Error::NotFound { what: "grant", id: grant_id.to_string() });
    }
    note(&mut transaction, &context, &signed, "grant.delete", &found.account, serde_json::json!({"grant": grant_id})).await?;
    context.commit(transaction).await?;
    door.sign_in.forget();
    Ok(StatusCode::NO_CONTENT)
}

/// Tokens belong to whoever is signed in; the sign-in's own right reaches them.
async fn own_tokens(context: &Context) -> Result<Scoped> {
    context.db.scoped(&Scopes::default().with_everything("login")).await
}

/// List the own tokens
#[utoipa::path(get, path = "/api/tokens", tag = "session", responses((status = 200, body = Vec<TokenView>)))]
async fn list_tokens(State(context): State<Context>, signed: Signed) -> Result<Json<Vec<TokenView>>> {
    let mut transaction = own_tokens(&context).await?;
    let rows = store::tokens(transaction.conn(), signed.reader.user_id).await?;
    Ok(Json(rows.into_iter().map(|(id, name, made_at, expires_on)| TokenView { id, name, made_at, expires_on }).collect()))
}

/// Make a token for a program
///
/// It carries the own rights and is shown once: `Authorization: Bearer …`.
#[utoipa::path(post, path = "/api/tokens", tag = "session", request_body = NewToken, responses((status = 201, body = TokenShown)))]
async fn create_token(State(context): State<Context>, signed: Signed, Body(new): Body<NewToken>) -> Result<(StatusCode, Json<TokenShown>)> {
    if new.name.is_empty() || new.name.chars().count() > 60 {
        return Err(Error::invalid("/name", "out_of_range", "a name has 1 to 60 characters"));
    }
    text_gate::refuse("/name", &new.name)?;
    let mut transaction = own_tokens(&context).await?;
    let (secret, hash) = new_secret()?;
    let id = store::create_token(transaction.conn(), &hash, signed.reader.user_id, &new.name, new.expires_on, context.clock.now()).await?;
    note(&mut transaction, &context, &signed, "token.create", &id.to_string(), serde_json::json!({})).await?;
    transaction.commit().await?;
    Ok((StatusCode::CREATED, Json(TokenShown { id, token: secret })))
}

/// Take a token away
#[utoipa::path(delete, path = "/api/tokens/{id}", tag = "session", params(("id" = i64, Path)), responses((status = 204)))]
async fn delete_token(State(door): State<Door>, State(context): State<Context>, signed: Signed, Path(id): Path<i64>) -> Result<StatusCode> {
    let mut transaction = own_tokens(&context).await?;
    if !store::delete_token(transaction.conn(), signed.reader.user_id, id).await? {
        return Err(Error::NotFound { what: "token", id: id.to_string() });
    }
    note(&mut transaction, &context, &signed, "token.delete", &id.to_string(), serde_json::json!({})).await?;
    // through the feed every process forgets whom the token stood for
    context.commit(transaction).await?;
    door.sign_in.forget();
    Ok(StatusCode::NO_CONTENT)
}

async fn one_time_password() -> Result<(String, String)> {
    let password = random_password()?;
    let hash = hash_off_worker(password.clone()).await?;
    Ok((password, hash))
}

async fn hash_off_worker(password: String) -> Result<String> {
    tokio::task::spawn_blocking(move || hash_password(&password)).await.map_err(Error::internal("hash a password"))?
}

/// An account that the command line or the first start makes, with its grants. Returns the one-time password.
pub async fn make_account(
    transaction: &mut Scoped,
    account: &str,
    names: (&str, &str),
    grants: &[Grant],
    password: Option<&str>,
    unit_id: Option<i64>,
    at: DateTime<Utc>,
) -> Result<(i64, String)> {
    let must_change_password = password.is_none();
    let (password, hash) =
        if let Some(given) = password { (given.to_owned(), hash_off_worker(given.to_owned()).await?) } else { one_time_password().await? };
    let row = NewAccount { account, name_zh: names.0, name_en: names.1, password_hash: &hash, must_change_password, unit_id };
    let id = store::create(transaction.conn(), &row, at).await?;
    for grant in grants {
        store::grant(transaction.conn(), id, grant, None, at).await?;
    }
    Ok((id, password))
}

/// Scopes of the command line for accounts.
pub fn account_scopes() -> Scopes {
    Scopes::default().with_everything("users").with_everything("login")
}

/// A reader from the command line's account name, for exports cut to somebody's rights.
pub async fn reader_named(transaction: &mut Scoped, account: &str, day: NaiveDate) -> Result<Reader> {
    let found = store::find_account(transaction.conn(), account).await?;
    let found = found.ok_or_else(|| Error::NotFound { what: "account", id: account.to_owned() })?;
    store::reader_of(transaction.conn(), &found, day).await
}
