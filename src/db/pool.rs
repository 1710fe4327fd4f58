//! The pool, and the one way out of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgListener, PgPool, PgPoolOptions};
use sqlx::{Connection, Postgres, Transaction};

use super::AuditKey;
use crate::codes::Scope;
use crate::error::{Error, Result};

/// How long an orderly end waits for connections in use.
const CLOSE_WITHIN: Duration = Duration::from_secs(5);

/// Connections of the application's role.
#[derive(Debug, Clone)]
pub struct Db {
    pool: PgPool,
    audit_key: Option<Arc<AuditKey>>,
}

/// What one transaction may touch, by right: the value of `maplebridge.scopes`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes(BTreeMap<&'static str, String>);

impl Scopes {
    /// Adds a right over a set of codes.
    #[must_use]
    pub fn with(mut self, right: &'static str, scope: &Scope) -> Self {
        self.0.insert(right, scope.to_multirange());
        self
    }

    /// Adds a right over everything; for the server's own work.
    #[must_use]
    pub fn with_everything(self, right: &'static str) -> Self {
        self.with(right, &Scope::everything())
    }

    /// Adds a right over single numbers, such as the units whose cases a user handles.
    #[must_use]
    pub fn with_ids(mut self, right: &'static str, ids: &[i64]) -> Self {
        let ranges: Vec<String> = ids.iter().map(|id| format!("[{id},{id}]")).collect();
        self.0.insert(right, format!("{{{}}}", ranges.join(",")));
        self
    }

    fn to_setting(&self) -> String {
        serde_json::to_string(&self.0).expect("a map of strings is always JSON")
    }
}

/// A transaction that sees and writes only what its scopes allow.
#[derive(Debug)]
pub struct Scoped {
    transaction: Transaction<'static, Postgres>,
    audit_key: Option<Arc<AuditKey>>,
}

/// What a committed write leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Number of the transaction; `None` where nothing was written.
    pub xid: Option<u64>,
}

impl Db {
    /// Connects as the application and refuses a role that could see past the policies.
    ///
    /// The pool opens connections as they are wanted; a database that is away is an error of the first use, except here.
    pub async fn connect(options: PgConnectOptions, max_connections: u32) -> Result<Self> {
        let pool = PgPoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(Duration::from_secs(5))
            .after_connect(|connection, _| {
                Box::pin(async move {
                    sqlx::query("select set_config('statement_timeout', '30s', false), set_config('timezone', 'UTC', false)")
                        .execute(connection)
                        .await?;
                    Ok(())
                })
            })
            .connect_with(options)
            .await?;
        let db = Self { pool, audit_key: None };
        db.refuse_privileged_role().await?;
        Ok(db)
    }

    /// The same connections, whose audit entries are signed with the key.
    #[must_use]
    pub fn signing(self, key: AuditKey) -> Self {
        Self { audit_key: Some(Arc::new(key)), ..self }
    }

    /// The key that audit entries are signed with, where the process has one.
    pub fn audit_key(&self) -> Option<Arc<AuditKey>> {
        self.audit_key.clone()
    }

    async fn refuse_privileged_role(&self) -> Result<()> {
        let (role, privileged): (String, bool) = sqlx::query_as(
            "select current_user::text,
                    rolsuper or rolbypassrls
                    or exists (select 1 from pg_class c where c.relname = 'cells' and c.relnamespace = 'public'::regnamespace
                                and pg_has_role(current_user, c.relowner, 'MEMBER'))
               from pg_roles where rolname = current_user",
        )
        .fetch_one(&self.pool)
        .await?;
        if privileged {
            return Err(Error::Usage(format!(
                "the database role {role} is a superuser, an owner of the tables or has BYPASSRLS, so that scopes would not hold; \
                 give --database-url the role maplebridge_app and keep the owner for --owner-url"
            )));
        }
        Ok(())
    }

    /// Begins a transaction under the given scopes.
    pub async fn scoped(&self, scopes: &Scopes) -> Result<Scoped> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query("select set_config('maplebridge.scopes', $1, true)").bind(scopes.to_setting()).execute(&mut *transaction).await?;
        Ok(Scoped { transaction, audit_key: self.audit_key.clone() })
    }

    /// Hears what is said on a channel of the database, on a connection of its own: those of the pool stay free for requests.
    pub async fn listen(&self, channel: &str) -> Result<PgListener> {
        let options = PgConnectOptions::clone(&self.pool.connect_options());
        let apart = PgPoolOptions::new().max_connections(1).acquire_timeout(Duration::from_secs(5)).connect_with(options).await?;
        let mut listener = PgListener::connect_with(&apart).await?;
        listener.listen(channel).await?;
        Ok(listener)
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        let mut connection = self.pool.acquire().await?;
        connection.ping().await?;
        Ok(())
    }

    /// Closes every connection; for an orderly end. A connection that is still in use after five seconds is left to the
    /// server, which rolls its transaction back when the process ends.
    pub async fn close(&self) {
        if tokio::time::timeout(CLOSE_WITHIN, self.pool.close()).await.is_err() {
            tracing::warn!("a transaction was still open at the end; it is rolled back");
        }
    }
}

impl Scoped {
    /// The connection, to hand to a statement.
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }

    /// The key that audit entries of this transaction are signed with, where the process has one.
    pub fn audit_key(&self) -> Option<Arc<AuditKey>> {
        self.audit_key.clone()
    }

    /// No time limit for the statements of this transaction; for imports, which are long by nature.
    pub async fn without_time_limit(&mut self) -> Result<()> {
        sqlx::query("select set_config('statement_timeout', '0', true)").execute(&mut *self.transaction).await?;
        Ok(())
    }

    /// Commits. Deferred rules (overlap, separate duties) speak here.
    pub async fn commit(mut self) -> Result<Written> {
        let xid: Option<String> = sqlx::query_scalar("select pg_current_xact_id_if_assigned()::text").fetch_one(&mut *self.transaction).await?;
        self.transaction.commit().await?;
        Ok(Written { xid: xid.and_then(|text| text.parse().ok()) })
    }

    /// Gives up everything that was written.
    pub async fn rollback(self) -> Result<()> {
        self.transaction.rollback().await?;
        Ok(())
    }
}
