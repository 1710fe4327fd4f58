//! Roles, extensions and migrations: everything that needs more than the application's role.

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};

use crate::error::{Error, Result};

/// The migrations that this binary carries.
pub static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

/// The key of the advisory lock under which roles are made; roles belong to the cluster, not to one database.
const ROLES_LOCK: i64 = 7_202;

/// The three database roles with the passwords they shall have; `None` leaves a password as it is.
#[derive(Debug, Clone, Default)]
pub struct Roles {
    /// Password of `maplebridge_owner`, which migrates.
    pub owner: Option<String>,
    /// Password of `maplebridge_app`, which serves requests.
    pub app: Option<String>,
    /// Password of `maplebridge_feed`, which fills the read model.
    pub feed: Option<String>,
}

/// What the database administrator runs where maplebridge may not.
const FOR_THE_ADMINISTRATOR: &str = "\
  create role maplebridge_owner login password '…';
  create role maplebridge_app login password '…';
  create role maplebridge_feed login password '…';
  create database maplebridge owner maplebridge_owner encoding 'UTF8' template template0;
  \\connect maplebridge
  create extension postgis;
  create extension btree_gist;";

impl Roles {
    /// Makes the roles that are missing and sets the passwords that are given. `administrator` needs CREATEROLE.
    pub async fn make(&self, administrator: &PgConnectOptions) -> Result<()> {
        let mut connection = administrator.connect().await?;
        let mut transaction = connection.begin().await?;
        sqlx::query("select pg_advisory_xact_lock($1)").bind(ROLES_LOCK).execute(&mut *transaction).await?;
        for (role, password) in [("maplebridge_owner", &self.owner), ("maplebridge_app", &self.app), ("maplebridge_feed", &self.feed)] {
            make_role(&mut transaction, role, password.as_deref()).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

async fn make_role(connection: &mut PgConnection, role: &str, password: Option<&str>) -> Result<()> {
    let there: bool = sqlx::query_scalar("select exists (select 1 from pg_roles where rolname = $1)").bind(role).fetch_one(&mut *connection).await?;
    if !there {
        connection.execute(format!("create role {role} login nosuperuser nocreatedb nocreaterole nobypassrls").as_str()).await?;
    }
    if let Some(password) = password {
        let statement: String = sqlx::query_scalar("select format('alter role %I login password %L', $1::text, $2::text)")
            .bind(role)
            .bind(password)
            .fetch_one(&mut *connection)
            .await?;
        connection.execute(statement.as_str()).await?;
    }
    Ok(())
}

/// Makes the database and its extensions where they are missing. `administrator` is a superuser connected to any database.
pub async fn make_database(administrator: &PgConnectOptions, name: &str) -> Result<()> {
    let mut connection = administrator.connect().await?;
    let there: bool =
        sqlx::query_scalar("select exists (select 1 from pg_database where datname = $1)").bind(name).fetch_one(&mut connection).await?;
    if !there {
        let statement: String =
            sqlx::query_scalar("select format('create database %I owner maplebridge_owner encoding ''UTF8'' template template0', $1::text)")
                .bind(name)
                .fetch_one(&mut connection)
                .await?;
        connection.execute(statement.as_str()).await?;
    }
    let mut inside = administrator.clone().database(name).connect().await?;
    inside.execute("create extension if not exists postgis; create extension if not exists btree_gist").await?;
    Ok(())
}

/// Brings the schema up to this binary's, as the owner. Running it again changes nothing.
///
/// Returns how many migrations were applied. Missing extensions or roles that the owner may not make are an error
/// that prints what the database administrator must run.
pub async fn migrate(owner: &PgConnectOptions) -> Result<usize> {
    let mut connection = owner.connect().await?;
    require_roles(&mut connection).await?;
    require_extensions(&mut connection).await?;
    let before = applied(&mut connection).await?;
    // The migrator holds an advisory lock of its own, so that two processes starting together do not collide.
    MIGRATOR.run(&mut connection).await.map_err(|error| match error {
        sqlx::migrate::MigrateError::VersionMissing(version) => {
            Error::Usage(format!("the database was migrated by a newer maplebridge (migration {version} is not known here); install that version"))
        }
        sqlx::migrate::MigrateError::VersionMismatch(version) => {
            Error::Usage(format!("migration {version} was changed after it was applied to this database; restore a matching build"))
        }
        other => Error::internal("migrate the database")(other),
    })?;
    Ok(applied(&mut connection).await?.saturating_sub(before))
}

async fn applied(connection: &mut PgConnection) -> Result<usize> {
    let there: bool = sqlx::query_scalar("select to_regclass('public._sqlx_migrations') is not null").fetch_one(&mut *connection).await?;
    if !there {
        return Ok(0);
    }
    let count: i64 = sqlx::query_scalar("select count(*) from _sqlx_migrations where success").fetch_one(connection).await?;
    Ok(usize::try_from(count).unwrap_or(0))
}

async fn require_roles(connection: &mut PgConnection) -> Result<()> {
    let missing: Vec<String> = sqlx::query_scalar(
        "select wanted from unnest(array['maplebridge_owner', 'maplebridge_app', 'maplebridge_feed']) as wanted
          where not exists (select 1 from pg_roles where rolname = wanted)",
    )
    .fetch_all(&mut *connection)
    .await?;
    for role in &missing {
        if let Err(cause) = make_role(connection, role, None).await {
            tracing::debug!(%cause, role, "the owner may not make roles");
            return Err(Error::Usage(format!(
                "the database role {role} is missing and the owner may not make it. As the database administrator run:\n{FOR_THE_ADMINISTRATOR}"
            )));
        }
    }
    Ok(())
}

async fn require_extensions(connection: &mut PgConnection) -> Result<()> {
    for extension in ["postgis", "btree_gist"] {
        let there: bool =
            sqlx::query_scalar("select exists (select 1 from pg_extension where extname = $1)").bind(extension).fetch_one(&mut *connection).await?;
        if !there && connection.execute(format!("create extension {extension}").as_str()).await.is_err() {
            return Err(Error::Usage(format!(
                "the extension {extension} is missing and the owner may not make it. As the database administrator run:\n{FOR_THE_ADMINISTRATOR}"
            )));
        }
    }
    Ok(())
}
