//! Signing in and staying so: passwords to sessions, cookies and tokens to readers, and the cache between.
//!
//! A reader is cached for a minute; the change feed empties the cache of every process when an account, grant or
//! password changes. With the database away a reader who was known in the last quarter of an hour may go on reading
//! tiles, and nothing else.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::http::{HeaderMap, header};
use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use tokio::sync::watch;

use super::password::{hash_password, is_password, new_secret, secret_hash};
use super::reader::Reader;
use super::store;
use crate::audit;
use crate::context::Clock;
use crate::db::{Db, Scopes};
use crate::error::{Error, Result};

/// The session's cookie.
pub const COOKIE: &str = "maplebridge_session";
/// The longest a session lasts.
const ABSOLUTE: TimeDelta = TimeDelta::hours(8);
/// The longest a session lasts unused.
const IDLE: TimeDelta = TimeDelta::minutes(15);
/// How long failed sign-ins lock an account or address.
const LOCKED: TimeDelta = TimeDelta::minutes(15);
/// Failed sign-ins from one address before it is locked.
const ADDRESS_FAILURES: u32 = 20;
/// How long a reader is believed without asking the database.
const CACHED: TimeDelta = TimeDelta::seconds(60);
/// How long a known reader may go on reading tiles with the database away.
const CACHED_WITHOUT_DATABASE: TimeDelta = TimeDelta::minutes(15);
/// Use of a session is noted this often at most.
const NOTED: TimeDelta = TimeDelta::seconds(60);

/// What the request is for, as far as the sign-in cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A tile: may be read from a cached sign-in when the database is away, and does not keep a session alive.
    Tile,
    /// The page asking by itself: does not keep a session alive.
    Background,
    /// A person doing something.
    Person,
}

#[derive(Debug, Clone)]
struct Known {
    reader: Arc<Reader>,
    read_at: DateTime<Utc>,
    noted_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

impl Known {
    /// Whether what was read may still be answered from.
    fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        now < self.expires_at && now - self.read_at < CACHED
    }
}

/// The door.
#[derive(Debug)]
pub struct SignIn {
    db: Db,
    clock: Clock,
    known: Mutex<FxHashMap<[u8; 32], Known>>,
    /// Counts how often everything was forgotten: what was read before is not kept after.
    forgotten: AtomicU64,
    /// Tells streams that last that somebody may have lost a right, or signed out.
    changed: watch::Sender<u64>,
    failures: Mutex<FxHashMap<IpAddr, (u32, DateTime<Utc>)>>,
    /// What an unknown account is measured against, so that both answers take as long.
    decoy: String,
}

fn login() -> Scopes {
    Scopes::default().with_everything("login")
}

impl SignIn {
    /// A door over the database.
    pub fn new(db: Db, clock: Clock) -> Result<Self> {
        Ok(Self {
            db,
            clock,
            known: Mutex::default(),
            forgotten: AtomicU64::new(0),
            changed: watch::Sender::new(0),
            failures: Mutex::default(),
            decoy: hash_password("nobody's password")?,
        })
    }

    /// Forgets every cached reader; called after a write to accounts here, and when the feed tells of one elsewhere.
    pub fn forget(&self) {
        let mut known = self.known.lock();
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        known.clear();
        drop(known);
        self.changed.send_modify(|n| *n += 1);
    }

    /// Hears when somebody may have lost a right or signed out: what lasts asks again who its reader is.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Keeps a reader, unless everything was forgotten since `began` was counted: the reader may be from before a write.
    fn keep(&self, hash: [u8; 32], known: Known, began: u64) {
        let mut all = self.known.lock();
        if self.forgotten.load(Ordering::SeqCst) == began {
            all.insert(hash, known);
        }
    }

    /// Checks account and password and opens a session. Returns the cookie's secret and the reader.
    ///
    /// `Unauthenticated` for a wrong pair, `Busy` while the account or the address is locked; both take as long.
    pub async fn open(&self, account: &str, password: &str, address: IpAddr) -> Result<(String, Arc<Reader>)> {
        let (now, began) = (self.clock.now(), self.forgotten.load(Ordering::SeqCst));
        self.refuse_locked_address(address, now)?;
        let mut transaction = self.db.scoped(&login()).await?;
        let found = store::find_account(transaction.conn(), account).await?;
        let hash = found.as_ref().map_or_else(|| self.decoy.clone(), |found| found.password_hash.clone());
        let typed = password.to_owned();
        let right = tokio::task::spawn_blocking(move || is_password(&typed, &hash)).await.map_err(Error::internal("check a password"))?;
        let Some(found) = found else {
            self.note_address(address, now);
            return Err(Error::Unauthenticated);
        };
        if let Some(until) = found.locked_until.filter(|&until| until > now) {
            return Err(locked(until - now));
        }
        if !right || found.disabled {
            self.note_address(address, now);
            store::note_failure(transaction.conn(), found.id, now + LOCKED).await?;
            let entry = entry(found.id, &found.account, "session.refused");
            audit::record(&mut transaction, now, &entry).await?;
            transaction.commit().await?;
            return Err(Error::Unauthenticated);
        }
        store::note_success(transaction.conn(), found.id, now).await?;
        let (secret, hash) = new_secret()?;
        store::open_session(transaction.conn(), &hash, found.id, now, now + ABSOLUTE).await?;
        let reader = Arc::new(store::reader_of(transaction.conn(), &found, self.clock.today()).await?);
        audit::record(&mut transaction, now, &entry(found.id, &found.account, "session.open")).await?;
        transaction.commit().await?;
        self.failures.lock().remove(&address);
        self.keep(hash, Known { reader: Arc::clone(&reader), read_at: now, noted_at: now, expires_at: now + ABSOLUTE }, began);
        Ok((secret, reader))
    }

    /// Ends the session of a cookie.
    pub async fn close(&self, secret: &str) -> Result<()> {
        let hash = secret_hash(secret);
        self.known.lock().remove(&hash);
        let mut transaction = self.db.scoped(&login()).await?;
        store::close_session(transaction.conn(), &hash).await?;
        transaction.commit().await?;
        // a request that was reading the session meanwhile may have remembered it again
        self.known.lock().remove(&hash);
        self.changed.send_modify(|n| *n += 1);
        Ok(())
    }

    /// Sets an own password; every session of the account ends, a new one begins.
    pub async fn change_password(&self, reader: &Reader, current: &str, new: &str, address: IpAddr) -> Result<String> {
        super::password::refuse_weak(new, &reader.account)?;
        let now = self.clock.now();
        self.refuse_locked_address(address, now)?;
        let mut transaction = self.db.scoped(&login()).await?;
        let found = store::find_by_id(transaction.conn(), reader.user_id).await?.ok_or(Error::Unauthenticated)?;
        let (typed, hash, wanted) = (current.to_owned(), found.password_hash.clone(), new.to_owned());
        let (right, new_hash) = tokio::task::spawn_blocking(move || (is_password(&typed, &hash), hash_password(&wanted)))
            .await
            .map_err(Error::internal("hash a password"))?;
        if !right {
            self.note_address(address, now);
            return Err(Error::invalid("/current", "wrong_password", "the current password is not right"));
        }
        store::set_password(transaction.conn(), found.id, &new_hash?, false).await?;
        let (secret, hash) = new_secret()?;
        store::open_session(transaction.conn(), &hash, found.id, now, now + ABSOLUTE).await?;
        audit::record(&mut transaction, now, &entry(found.id, &found.account, "user.password")).await?;
        transaction.commit().await?;
        self.forget();
        Ok(secret)
    }

    /// Who sent the request: by `Authorization: Bearer`, else by the cookie. `None`: nobody.
    pub async fn reader(&self, headers: &HeaderMap, purpose: Purpose) -> Result<Option<Arc<Reader>>> {
        let Some((secret, is_token)) = secret(headers) else { return Ok(None) };
        let hash = secret_hash(secret);
        let now = self.clock.now();
        let known = self.known.lock().get(&hash).cloned();
        if let Some(known) = &known
            && known.is_fresh(now)
            && (is_token || purpose != Purpose::Person || now - known.noted_at < NOTED)
        {
            return Ok(Some(Arc::clone(&known.reader)));
        }
        match self.read(&hash, is_token, purpose, now).await {
            Ok(reader) => Ok(reader),
            Err(Error::Busy { .. }) if purpose == Purpose::Tile => {
                Ok(known.filter(|known| now < known.expires_at && now - known.read_at < CACHED_WITHOUT_DATABASE).map(|known| known.reader))
            }
            Err(error) => Err(error),
        }
    }

    /// The reader who asks for a tile, where no database is needed to know; `None`: ask [`Self::reader`].
    pub fn known_reader(&self, headers: &HeaderMap) -> Option<Arc<Reader>> {
        let (secret, _) = secret(headers)?;
        let known = self.known.lock();
        known.get(&secret_hash(secret)).filter(|known| known.is_fresh(self.clock.now())).map(|known| Arc::clone(&known.reader))
    }

    async fn read(&self, hash: &[u8; 32], is_token: bool, purpose: Purpose, now: DateTime<Utc>) -> Result<Option<Arc<Reader>>> {
        let began = self.forgotten.load(Ordering::SeqCst);
        let mut transaction = self.db.scoped(&login()).await?;
        let (user_id, seen_at, expires_at) = if is_token {
            let Some(user_id) = store::find_token(transaction.conn(), hash, self.clock.today()).await? else {
                self.known.lock().remove(hash);
                return Ok(None);
            };
            (user_id, now, now + ABSOLUTE)
        } else {
            let session = store::find_session(transaction.conn(), hash).await?;
            let Some(session) = session.filter(|&(_, seen_at, expires_at)| now < expires_at && now - seen_at < IDLE) else {
                self.known.lock().remove(hash);
                return Ok(None);
            };
            session
        };
        let found = store::find_by_id(transaction.conn(), user_id).await?.filter(|found| !found.disabled);
        let Some(found) = found else {
            self.known.lock().remove(hash);
            return Ok(None);
        };
        let reader = Arc::new(store::reader_of(transaction.conn(), &found, self.clock.today()).await?);
        let mut noted_at = seen_at;
        if !is_token && purpose == Purpose::Person && now - seen_at >= NOTED {
            store::touch_session(transaction.conn(), hash, now).await?;
            transaction.commit().await?;
            noted_at = now;
        }
        self.keep(*hash, Known { reader: Arc::clone(&reader), read_at: now, noted_at, expires_at }, began);
        Ok(Some(reader))
    }

    fn refuse_locked_address(&self, address: IpAddr, now: DateTime<Utc>) -> Result<()> {
        match self.failures.lock().get(&address) {
            Some(&(count, until)) if count >= ADDRESS_FAILURES && until > now => Err(locked(until - now)),
            _ => Ok(()),
        }
    }

    fn note_address(&self, address: IpAddr, now: DateTime<Utc>) {
        let mut failures = self.failures.lock();
        failures.retain(|_, (_, until)| *until > now);
        let entry = failures.entry(address).or_insert((0, now));
        *entry = (entry.0 + 1, now + LOCKED);
    }

    /// Takes ended sessions out of the table until cancelled.
    pub async fn sweep(self: Arc<Self>, until: tokio_util::sync::CancellationToken) {
        loop {
            tokio::select! {
                () = until.cancelled() => return,
                () = tokio::time::sleep(Duration::from_secs(300)) => {}
            }
            let now = self.clock.now();
            let swept = async {
                let mut transaction = self.db.scoped(&login()).await?;
                store::sweep_sessions(transaction.conn(), now, now - IDLE).await?;
                transaction.commit().await
            };
            if let Err(error) = swept.await {
                tracing::warn!(%error, "could not take ended sessions out");
            }
        }
    }
}

fn entry<'a>(user_id: i64, account: &'a str, action: &'a str) -> audit::Entry<'a> {
    audit::Entry { user_id: Some(user_id), account, action, target: account, area: None, detail: serde_json::json!({}), rows: None, request_id: "" }
}

fn locked(left: TimeDelta) -> Error {
    let seconds = u32::try_from(left.num_seconds().max(1)).unwrap_or(900);
    Error::Busy { retry_after_s: seconds, message: format!("too many failed sign-ins; try again in {} minutes", seconds.div_ceil(60)) }
}

/// What the request proves itself by, and whether that is a token.
fn secret(headers: &HeaderMap) -> Option<(&str, bool)> {
    bearer(headers).map(|token| (token, true)).or_else(|| cookie(headers).map(|secret| (secret, false)))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ").map(str::trim)
}

/// The secret in the session's cookie.
pub fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, secret)| secret)
}

/// The `Set-Cookie` of a session, or of its end where `secret` is empty.
pub fn set_cookie(secret: &str, secure: bool) -> String {
    let age = if secret.is_empty() { 0 } else { ABSOLUTE.num_seconds() };
    let secure = if secure { "; Secure" } else { "" };
    format!("{COOKIE}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age}{secure}")
}
