//! Every option that says where things are, in one documented place; nothing else reads the environment.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::error::{Error, Result};

/// Where the data is: a private cluster in a directory, or a database of your own.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Where the data is")]
pub struct Storage {
    /// Directory of the private PostgreSQL cluster [default: /var/lib/maplebridge/main for root, else ~/.local/share/maplebridge/main]
    #[arg(long, global = true, value_name = "DIR", env = "MAPLEBRIDGE_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// Where PostgreSQL's programs are [default: found by itself]
    #[arg(long, global = true, value_name = "DIR", env = "MAPLEBRIDGE_PG_BIN")]
    pub pg_bin: Option<PathBuf>,
    /// A database of your own, as the role maplebridge_app: postgres://maplebridge_app:…@host/maplebridge
    #[arg(long, global = true, value_name = "URL", env = "MAPLEBRIDGE_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// With --database-url: the same database as the role maplebridge_feed, which fills the read model
    #[arg(long, global = true, value_name = "URL", env = "MAPLEBRIDGE_FEED_URL", hide_env_values = true)]
    pub feed_url: Option<String>,
    /// With --database-url: the same database as its owner, for `migrate`, `backup` and `restore`
    #[arg(long, global = true, value_name = "URL", env = "MAPLEBRIDGE_OWNER_URL", hide_env_values = true)]
    pub owner_url: Option<String>,
    /// Key that signs and seals the audit trail, outside the database; made where it is missing; every machine that works on
    /// one database needs the same [default: audit.key in the data directory; with --database-url there is none]
    #[arg(long, global = true, value_name = "FILE", env = "MAPLEBRIDGE_AUDIT_KEY_FILE")]
    pub audit_key_file: Option<PathBuf>,
    /// Whose civil days are meant
    #[arg(long, global = true, value_name = "ZONE", default_value = "Asia/Shanghai", env = "MAPLEBRIDGE_TIME_ZONE")]
    pub time_zone: chrono_tz::Tz,
    /// For tests: a private cluster that is quick and may lose everything in a crash of the machine
    #[arg(long, global = true, hide = true)]
    pub ephemeral: bool,
    #[arg(long, global = true, hide = true, env = "PATH", default_value = "")]
    search_path: String,
    #[arg(long, global = true, hide = true, env = "LANG", default_value = "")]
    locale: String,
    #[arg(long, global = true, hide = true, env = "XDG_DATA_HOME")]
    xdg_data_home: Option<PathBuf>,
    #[arg(long, global = true, hide = true, env = "HOME")]
    home: Option<PathBuf>,
}

impl Storage {
    /// The data directory, given or by default.
    pub fn data_dir(&self) -> Result<PathBuf> {
        match &self.data_dir {
            Some(given) => Ok(given.clone()),
            None => crate::db::cluster::default_data_dir("main", self.xdg_data_home.as_deref(), self.home.as_deref()),
        }
    }

    /// The language of the terminal, as the environment says it.
    pub fn locale(&self) -> &str {
        &self.locale
    }

    /// Where PostgreSQL's programs are looked for.
    pub fn search(&self) -> crate::db::cluster::Search {
        crate::db::cluster::Search::new(self.pg_bin.clone(), Some(self.search_path.clone().into()))
    }
}

/// Where and how to serve.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Where to serve")]
pub struct Listening {
    /// Address to serve on; other than loopback wants --tls-cert and --tls-key, or --behind-proxy
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080", env = "MAPLEBRIDGE_LISTEN")]
    pub listen: SocketAddr,
    /// Certificate chain, PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// Private key, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Address for Prometheus, without a sign-in: keep it on loopback or a network of the operators' [default: none]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub metrics_addr: Option<SocketAddr>,
    /// Base maps of other servers (天地图 …) that readers may choose: a JSON file, see README; without it nothing outside is asked for
    #[arg(long, value_name = "FILE", env = "MAPLEBRIDGE_BASEMAP_RASTER")]
    pub basemap_raster: Option<PathBuf>,
    /// A reverse proxy in front ends TLS
    #[arg(long)]
    pub behind_proxy: bool,
}

impl Listening {
    /// Refuses to send passwords in the clear over a network.
    pub fn check(&self) -> Result<()> {
        if self.listen.ip().is_loopback() || self.behind_proxy || self.tls_cert.is_some() {
            return Ok(());
        }
        Err(Error::Usage(format!(
            "{} can be reached from other machines, and passwords would travel in the clear: give --tls-cert and --tls-key, or --behind-proxy where a proxy ends TLS",
            self.listen
        )))
    }

    /// Whether cookies may travel over TLS only.
    pub const fn secure(&self) -> bool {
        self.behind_proxy || self.tls_cert.is_some()
    }
}
