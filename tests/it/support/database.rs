//! A migrated database for each test, copied from a template that is made once for the migrations of this build.
//!
//! `MAPLEBRIDGE_TEST_DB` is a superuser's URL of any database of a server that is there for tests; `./test` starts one.
//! Without it tests that need a database are skipped, and say so.

use std::sync::atomic::{AtomicU32, Ordering};

use maplebridge::db::{Db, MIGRATOR, Roles, make_database, migrate};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgConnection};

use super::skip::skip;

/// Every role's password on the server for tests.
pub(crate) const PASSWORD: &str = "dev";
/// The key under which one process at a time makes the template.
const TEMPLATE_LOCK: i64 = 7_299;

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A database of one test; dropped with it.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) name: String,
    server: String,
}

/// A new migrated database; `None`, and said so, where there is no server for tests.
pub(crate) async fn database() -> Option<Database> {
    let Ok(server) = std::env::var("MAPLEBRIDGE_TEST_DB") else {
        skip("MAPLEBRIDGE_TEST_DB is not set: tests that need PostgreSQL");
        return None;
    };
    let options: PgConnectOptions = server.parse().unwrap();
    let mut admin = options.connect().await.unwrap();
    let template = template(&options, &mut admin).await;
    let name = format!("it_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    // left by a run of another day whose process had our number
    admin.execute(format!("drop database if exists {name} with (force)").as_str()).await.unwrap();
    admin.execute(format!("create database {name} owner maplebridge_owner template {template}").as_str()).await.unwrap();
    admin.close().await.unwrap();
    Some(Database { name, server })
}

/// Makes the template where it is missing: under another name first, so that a broken-off run leaves none half made.
async fn template(options: &PgConnectOptions, admin: &mut PgConnection) -> String {
    let checksums: Vec<u8> = MIGRATOR.iter().flat_map(|migration| migration.checksum.iter().copied()).collect();
    let name = format!("it_template_{:016x}", xxhash_rust::xxh3::xxh3_64(&checksums));
    sqlx::query("select pg_advisory_lock($1)").bind(TEMPLATE_LOCK).execute(&mut *admin).await.unwrap();
    let there: bool =
        sqlx::query_scalar("select exists (select 1 from pg_database where datname = $1)").bind(&name).fetch_one(&mut *admin).await.unwrap();
    if !there {
        let password = || Some(PASSWORD.to_owned());
        Roles { owner: password(), app: password(), feed: password() }.make(options).await.unwrap();
        let making = format!("it_making_{}", std::process::id());
        admin.execute(format!("drop database if exists {making} with (force)").as_str()).await.unwrap();
        make_database(options, &making).await.unwrap();
        migrate(&options.clone().database(&making).username("maplebridge_owner").password(PASSWORD)).await.unwrap();
        admin.execute(format!("alter database {making} rename to {name}").as_str()).await.unwrap();
    }
    sqlx::query("select pg_advisory_unlock($1)").bind(TEMPLATE_LOCK).execute(admin).await.unwrap();
    name
}

impl Database {
    fn options(&self, role: &str) -> PgConnectOptions {
        self.url(role).parse().unwrap()
    }

    /// The URL as a role of the program.
    pub(crate) fn url(&self, role: &str) -> String {
        with_database(&self.server, Some((role, PASSWORD)), &self.name)
    }

    /// Connection options of the application's role.
    pub(crate) fn app(&self) -> PgConnectOptions {
        self.options("maplebridge_app")
    }

    /// Scoped transactions as the application has them.
    pub(crate) async fn db(&self) -> Db {
        Db::connect(self.app(), 8).await.unwrap()
    }

    /// The owner of the tables.
    pub(crate) async fn owner(&self) -> PgConnection {
        self.options("maplebridge_owner").connect().await.unwrap()
    }

    /// Connection options of a superuser in this database.
    pub(crate) fn superuser(&self) -> PgConnectOptions {
        with_database(&self.server, None, &self.name).parse().unwrap()
    }

    /// A superuser in this database.
    pub(crate) async fn root(&self) -> PgConnection {
        self.superuser().connect().await.unwrap()
    }

    /// A superuser beside this database.
    pub(crate) async fn beside(&self) -> PgConnection {
        PgConnection::connect(&self.server).await.unwrap()
    }
}

/// `postgres://role:password@host/database?…` with another database, and another role where one is given.
fn with_database(url: &str, role: Option<(&str, &str)>, database: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (rest, query) = rest.split_once('?').map_or((rest, String::new()), |(rest, query)| (rest, format!("?{query}")));
    let (address, _) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, host) = address.rsplit_once('@').unwrap_or(("", address));
    let user = role.map_or_else(|| user.to_owned(), |(role, password)| format!("{role}:{password}"));
    format!("{scheme}://{user}@{host}/{database}{query}")
}

impl Drop for Database {
    fn drop(&mut self) {
        let (server, statement) = (self.server.clone(), format!("drop database if exists {} with (force)", self.name));
        // A runtime of its own: the test's may be at its end.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
            runtime.block_on(async { PgConnection::connect(&server).await.ok()?.execute(statement.as_str()).await.ok() })
        });
        dropped.join().ok();
    }
}
