//! The SQL of accounts, grants, sessions and tokens.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;

use super::grant::{Grant, GrantArea};
use super::reader::Reader;
use super::rights::Role;
use crate::error::Result;

/// An account as stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Account {
    /// Key of the row.
    pub id: i64,
    /// Name to sign in with.
    pub account: String,
    /// Office or duty, Chinese.
    pub name_zh: String,
    /// Office or duty, English.
    pub name_en: String,
    /// argon2id, PHC string.
    pub password_hash: String,
    /// True until the first own password is set.
    pub must_change_password: bool,
    /// Office whose cases a unit user handles.
    pub unit_id: Option<i64>,
    /// True: cannot sign in.
    pub disabled: bool,
    /// Failed sign-ins in a row.
    pub failed_count: i32,
    /// No sign-in before this instant.
    pub locked_until: Option<DateTime<Utc>>,
    /// Last sign-in.
    pub last_seen_at: Option<DateTime<Utc>>,
}

const COLUMNS: &str =
    "id, account, name_zh, name_en, password_hash, must_change_password, unit_id, disabled, failed_count, locked_until, last_seen_at";

/// The account of a name.
pub async fn find_account(conn: &mut PgConnection, account: &str) -> Result<Option<Account>> {
    Ok(sqlx::query_as(&format!("select {COLUMNS} from users where account = $1")).bind(account).fetch_optional(conn).await?)
}

/// The account of a key.
pub async fn find_by_id(conn: &mut PgConnection, id: i64) -> Result<Option<Account>> {
    Ok(sqlx::query_as(&format!("select {COLUMNS} from users where id = $1")).bind(id).fetch_optional(conn).await?)
}

/// Accounts after a key, in the order of their keys.
pub async fn list(conn: &mut PgConnection, after: i64, limit: i64) -> Result<Vec<Account>> {
    Ok(sqlx::query_as(&format!("select {COLUMNS} from users where id > $1 order by id limit $2")).bind(after).bind(limit).fetch_all(conn).await?)
}

/// What a new account is made of.
#[derive(Debug, Clone)]
pub struct NewAccount<'a> {
    /// Name to sign in with.
    pub account: &'a str,
    /// Office or duty, Chinese.
    pub name_zh: &'a str,
    /// Office or duty, English.
    pub name_en: &'a str,
    /// argon2id, PHC string.
    pub password_hash: &'a str,
    /// Whether the first sign-in must set an own password.
    pub must_change_password: bool,
    /// Office whose cases it handles.
    pub unit_id: Option<i64>,
}

/// Makes an account and answers its key.
pub async fn create(conn: &mut PgConnection, new: &NewAccount<'_>, at: DateTime<Utc>) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        "insert into users (account, name_zh, name_en, password_hash, must_change_password, unit_id, made_at)
         values ($1, $2, $3, $4, $5, $6, $7) returning id",
        new.account,
        new.name_zh,
        new.name_en,
        new.password_hash,
        new.must_change_password,
        new.unit_id,
        at
    )
    .fetch_one(conn)
    .await?)
}

/// Sets a password and ends every session of the account.
pub async fn set_password(conn: &mut PgConnection, user_id: i64, hash: &str, must_change: bool) -> Result<()> {
    sqlx::query!(
        "update users set password_hash = $2, must_change_password = $3, failed_count = 0, locked_until = null where id = $1",
        user_id,
        hash,
        must_change
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!("delete from sessions where user_id = $1", user_id).execute(conn).await?;
    Ok(())
}

/// Disables or enables an account; disabling ends its sessions.
pub async fn set_disabled(conn: &mut PgConnection, user_id: i64, disabled: bool) -> Result<()> {
    sqlx::query!("update users set disabled = $2 where id = $1", user_id, disabled).execute(&mut *conn).await?;
    if disabled {
        sqlx::query!("delete from sessions where user_id = $1", user_id).execute(conn).await?;
    }
    Ok(())
}

/// Notes a failed sign-in; the fifth in a row locks the account until `locked_until`.
pub async fn note_failure(conn: &mut PgConnection, user_id: i64, locked_until: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update users set failed_count = failed_count + 1,
                          locked_until = case when failed_count + 1 >= 5 then $2 else locked_until end
          where id = $1",
        user_id,
        locked_until
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes a sign-in.
pub async fn note_success(conn: &mut PgConnection, user_id: i64, at: DateTime<Utc>) -> Result<()> {
    sqlx::query!("update users set failed_count = 0, locked_until = null, last_seen_at = $2 where id = $1", user_id, at).execute(conn).await?;
    Ok(())
}

/// The grants of an account, with their keys.
pub async fn grants(conn: &mut PgConnection, user_id: i64) -> Result<Vec<(i64, Grant)>> {
    let rows: Vec<(i64, String, i64, i16, Option<NaiveDate>)> =
        sqlx::query_as("select id, role, area_lo, area_level, expires_on from grants where user_id = $1 order by id")
            .bind(user_id)
            .fetch_all(conn)
            .await?;
    Ok(rows
        .into_iter()
        .filter_map(|(id, role, lo, level, expires_on)| {
            Some((id, Grant { role: Role::from_name(&role)?, area: GrantArea::from_parts(lo, level)?, expires_on }))
        })
        .collect())
}

/// Gives a role in an area.
pub async fn grant(conn: &mut PgConnection, user_id: i64, grant: &Grant, made_by: Option<i64>, at: DateTime<Utc>) -> Result<i64> {
    let (lo, level) = grant.area.parts();
    Ok(sqlx::query_scalar!(
        "insert into grants (user_id, role, area_lo, area_level, expires_on, made_at, made_by) values ($1, $2, $3, $4, $5, $6, $7) returning id",
        user_id,
        grant.role.name(),
        lo,
        level,
        grant.expires_on,
        at,
        made_by
    )
    .fetch_one(conn)
    .await?)
}

/// Takes a grant away; false where there is none of that key.
pub async fn revoke(conn: &mut PgConnection, user_id: i64, grant_id: i64) -> Result<bool> {
    let done = sqlx::query!("delete from grants where id = $1 and user_id = $2", grant_id, user_id).execute(conn).await?;
    Ok(done.rows_affected() > 0)
}

/// An account as a reader of today.
pub async fn reader_of(conn: &mut PgConnection, account: &Account, day: NaiveDate) -> Result<Reader> {
    let grants = grants(conn, account.id).await?.into_iter().map(|(_, grant)| grant).collect();
    let mut reader = Reader::new(account.id, account.account.clone(), grants, day);
    reader.name_zh.clone_from(&account.name_zh);
    reader.name_en.clone_from(&account.name_en);
    reader.must_change_password = account.must_change_password;
    reader.unit_id = account.unit_id;
    Ok(reader)
}

/// Keeps a session.
pub async fn open_session(conn: &mut PgConnection, hash: &[u8; 32], user_id: i64, at: DateTime<Utc>, expires_at: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into sessions (token_hash, user_id, made_at, seen_at, expires_at) values ($1, $2, $3, $3, $4)",
        hash.as_slice(),
        user_id,
        at,
        expires_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whose session it is, when it was last used and when it ends.
pub async fn find_session(conn: &mut PgConnection, hash: &[u8; 32]) -> Result<Option<(i64, DateTime<Utc>, DateTime<Utc>)>> {
    Ok(sqlx::query_as("select user_id, seen_at, expires_at from sessions where token_hash = $1").bind(hash.as_slice()).fetch_optional(conn).await?)
}

/// Notes that a session was used.
pub async fn touch_session(conn: &mut PgConnection, hash: &[u8; 32], at: DateTime<Utc>) -> Result<()> {
    sqlx::query!("update sessions set seen_at = $2 where token_hash = $1", hash.as_slice(), at).execute(conn).await?;
    Ok(())
}

/// Ends a session.
pub async fn close_session(conn: &mut PgConnection, hash: &[u8; 32]) -> Result<()> {
    sqlx::query!("delete from sessions where token_hash = $1", hash.as_slice()).execute(conn).await?;
    Ok(())
}

/// Ends sessions that are past their time.
pub async fn sweep_sessions(conn: &mut PgConnection, now: DateTime<Utc>, idle_before: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query!("delete from sessions where expires_at < $1 or seen_at < $2", now, idle_before).execute(conn).await?;
    Ok(done.rows_affected())
}

/// Whose token it is.
pub async fn find_token(conn: &mut PgConnection, hash: &[u8; 32], day: NaiveDate) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar!("select user_id from api_tokens where token_hash = $1 and (expires_on is null or expires_on > $2)", hash.as_slice(), day)
        .fetch_optional(conn)
        .await?)
}

/// Keeps a token.
pub async fn create_token(
    conn: &mut PgConnection,
    hash: &[u8; 32],
    user_id: i64,
    name: &str,
    expires_on: Option<NaiveDate>,
    at: DateTime<Utc>,
) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        "insert into api_tokens (token_hash, user_id, name, made_at, expires_on) values ($1, $2, $3, $4, $5) returning id",
        hash.as_slice(),
        user_id,
        name,
        at,
        expires_on
    )
    .fetch_one(conn)
    .await?)
}

/// Tokens of an account: key, name, made, end.
pub async fn tokens(conn: &mut PgConnection, user_id: i64) -> Result<Vec<(i64, String, DateTime<Utc>, Option<NaiveDate>)>> {
    Ok(sqlx::query_as("select id, name, made_at, expires_on from api_tokens where user_id = $1 order by id").bind(user_id).fetch_all(conn).await?)
}

/// Takes a token away; false where there is none of that key.
pub async fn delete_token(conn: &mut PgConnection, user_id: i64, id: i64) -> Result<bool> {
    let done = sqlx::query!("delete from api_tokens where id = $1 and user_id = $2", id, user_id).execute(conn).await?;
    Ok(done.rows_affected() > 0)
}
