//! Where the data is, opened: the private cluster started or attached, migrated, and the three ways in.

use std::path::PathBuf;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;

use crate::audit;
use crate::config::Storage;
use crate::context::Clock;
use crate::db::cluster::backup::Target;
use crate::db::cluster::{Cluster, ClusterConfig};
use crate::db::{AuditKey, Db, Roles, make_database, migrate};
use crate::error::{Error, Result};

/// The database of a private cluster.
const DATABASE: &str = "maplebridge";

/// An opened place.
#[derive(Debug)]
pub struct Place {
    /// The private cluster, where there is one.
    pub cluster: Option<Arc<Cluster>>,
    app: PgConnectOptions,
    /// Connection of the feed, as a URL.
    pub feed_url: String,
    owner: Option<PgConnectOptions>,
    /// What `backup` and `restore` sign in to.
    pub target: Option<Target>,
    /// The clock.
    pub clock: Clock,
    audit_key_file: Option<PathBuf>,
}

impl Place {
    /// Opens it: starts or attaches, makes roles and database, migrates.
    pub async fn open(storage: &Storage) -> Result<Self> {
        let place = Self::open_unmigrated(storage).await?;
        if let Some(owner) = &place.owner {
            let applied = migrate(owner).await?;
            if applied > 0 {
                tracing::info!(migrations = applied, "brought the database up to this version");
            }
        }
        Ok(place)
    }

    /// Opens it without touching the schema, for a restore.
    pub async fn open_unmigrated(storage: &Storage) -> Result<Self> {
        let clock = Clock::of_machine(storage.time_zone);
        match &storage.database_url {
            Some(url) => Self::of_urls(storage, url, clock),
            None => Self::embedded(storage, clock).await,
        }
    }

    /// After a restore: migrates what an older backup lacks.
    pub async fn settle(&self) -> Result<()> {
        if let Some(owner) = &self.owner {
            migrate(owner).await?;
        }
        Ok(())
    }

    fn of_urls(storage: &Storage, url: &str, clock: Clock) -> Result<Self> {
        let feed_url = storage.feed_url.clone().ok_or_else(|| {
            Error::Usage(
                "--database-url wants --feed-url beside it: the same database as the role maplebridge_feed, which fills the read model".into(),
            )
        })?;
        let options = |url: &str| {
            PgConnectOptions::from_str(url)
                .map_err(|error| Error::Usage(format!("the database URL cannot be read ({error}); write postgres://role:password@host/database")))
        };
        Ok(Self {
            cluster: None,
            app: options(url)?,
            feed_url,
            owner: storage.owner_url.as_deref().map(options).transpose()?,
            target: storage.owner_url.as_deref().map(Target::from_url).transpose()?,
            clock,
            audit_key_file: storage.audit_key_file.clone(),
        })
    }

    async fn embedded(storage: &Storage, clock: Clock) -> Result<Self> {
        let config = ClusterConfig { data_dir: storage.data_dir()?, search: storage.search(), ephemeral: storage.ephemeral };
        let cluster = tokio::task::spawn_blocking(move || Cluster::start_or_attach(&config, &mut rand::rng()))
            .await
            .map_err(Error::internal("start PostgreSQL"))??;
        let secrets = cluster.secrets();
        let secret = |role: &str| secrets.get_or_create(role, &mut rand::rng());
        let (owner, app, feed) = (secret("maplebridge_owner")?, secret("maplebridge_app")?, secret("maplebridge_feed")?);
        let administrator = cluster.endpoint().connect_options("postgres");
        Roles { owner: Some(owner.clone()), app: Some(app.clone()), feed: Some(feed.clone()) }.make(&administrator).await?;
        make_database(&administrator, DATABASE).await?;
        let endpoint = cluster.endpoint();
        let way_in = |role: &str, password: &str| endpoint.connect_options(DATABASE).username(role).password(password);
        Ok(Self {
            app: way_in("maplebridge_app", &app),
            owner: Some(way_in("maplebridge_owner", &owner)),
            feed_url: format!("postgres://maplebridge_feed:{feed}@localhost:{}/{DATABASE}?host={}", endpoint.port, endpoint.socket_dir.display()),
            target: Some(Target::embedded(endpoint, DATABASE)),
            audit_key_file: Some(storage.audit_key_file.clone().unwrap_or_else(|| cluster.data_dir().join("audit.key"))),
            cluster: Some(Arc::new(cluster)),
            clock,
        })
    }

    /// Connections of the application, which sign what they record in the audit trail.
    pub async fn db(&self, connections: u32) -> Result<Db> {
        let key = self.audit_key()?;
        audit::with_key(Db::connect(self.app.clone(), connections).await?, key, self.clock.now()).await
    }

    /// The owner's way in, where there is one.
    pub const fn owner(&self) -> Option<&PgConnectOptions> {
        self.owner.as_ref()
    }

    /// The key of the audit trail; made where it is missing.
    pub fn audit_key(&self) -> Result<AuditKey> {
        let file = self.audit_key_file.as_deref().ok_or_else(|| {
            Error::Usage(
                "--database-url wants --audit-key-file beside it: the key that signs the audit trail, which may not lie in the database. \
                 It is made where it is missing; every machine that works on this database needs a copy of the same file"
                    .into(),
            )
        })?;
        AuditKey::at(file, &mut rand::rng())
    }

    /// Leaves: the last process on a private cluster stops it.
    pub async fn leave(self) -> Result<()> {
        let Some(cluster) = self.cluster else { return Ok(()) };
        let stopped = tokio::task::spawn_blocking(move || cluster.stop());
        match tokio::time::timeout(Duration::from_secs(60), stopped).await {
            Ok(joined) => joined.map_err(Error::internal("stop PostgreSQL"))?,
            Err(late) => Err(Error::internal("stop PostgreSQL")(late)),
        }
    }
}
