//! Commands of a few lines: migrate, openapi, backup, restore.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{Place, say};
use crate::audit;
use crate::config::Storage;
use crate::db::cluster::backup;
use crate::error::{Error, Result};

/// Bring the database up to this version.
#[derive(Debug, clap::Args)]
pub(super) struct MigrateArgs {
    #[command(flatten)]
    storage: Storage,
}

pub(super) async fn migrate(args: MigrateArgs) -> Result<ExitCode> {
    if args.storage.database_url.is_some() && args.storage.owner_url.is_none() {
        return Err(Error::Usage("migrating changes tables, which only their owner may: give --owner-url".into()));
    }
    let place = Place::open(&args.storage).await?;
    say("the database is up to date")?;
    place.leave().await?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn openapi() -> Result<ExitCode> {
    let text = crate::app::openapi().to_pretty_json().map_err(Error::internal("write the description"))?;
    say(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Write a backup of the whole database to a file.
///
/// Passwords of database roles and the key of the audit trail are not in it: keep copies of secrets.json and audit.key apart.
#[derive(Debug, clap::Args)]
pub(super) struct BackupArgs {
    #[command(flatten)]
    storage: Storage,
    /// The file to write; refused where it is there
    file: PathBuf,
}

pub(super) async fn backup(args: BackupArgs) -> Result<ExitCode> {
    let place = Place::open(&args.storage).await?;
    let target = place.target.clone().ok_or_else(|| Error::Usage("a backup reads every row, which only the owner may: give --owner-url".into()))?;
    let (search, file) = (args.storage.search(), args.file.clone());
    let bytes = tokio::task::spawn_blocking(move || backup::backup(&target, &search, &file)).await.map_err(Error::internal("write a backup"))??;
    say(&format!("wrote {bytes} bytes to {}; {}", args.file.display(), backup::NOT_IN_A_BACKUP))?;
    place.leave().await?;
    Ok(ExitCode::SUCCESS)
}

/// Read a backup into an empty database.
#[derive(Debug, clap::Args)]
pub(super) struct RestoreArgs {
    #[command(flatten)]
    storage: Storage,
    /// The file that `backup` wrote
    file: PathBuf,
}

pub(super) async fn restore(args: RestoreArgs) -> Result<ExitCode> {
    let place = Place::open_unmigrated(&args.storage).await?;
    let target = place.target.clone().ok_or_else(|| Error::Usage("a restore makes tables, which only the owner may: give --owner-url".into()))?;
    let (search, file) = (args.storage.search(), args.file.clone());
    tokio::task::spawn_blocking(move || backup::restore(&target, &search, &file)).await.map_err(Error::internal("read a backup"))??;
    place.settle().await?;
    restored_trail(&place, &args.file).await?;
    say(&format!("restored {}", args.file.display()))?;
    place.leave().await?;
    Ok(ExitCode::SUCCESS)
}

/// The trail of a backup ends where the backup was made; that it was restored is its next entry.
async fn restored_trail(place: &Place, file: &std::path::Path) -> Result<()> {
    let Some(owner) = place.owner() else { return Ok(()) };
    let (now, key) = (place.clock.now(), place.audit_key()?);
    let restored = audit::restored(owner, &key, now).await?;
    if let Some(aside) = &restored.head_aside {
        say(&format!("the audit trail is the backup's; the head of the newer one lies in {}", aside.display()))?;
    }
    if restored.sealed_by_another_key > 0 {
        say(&format!(
            "the audit trail of the backup was sealed with a key that is not here: a new chain begins over its entries, and its {} seals are kept \
             in audit_seals_before. To go on with the old chain, empty this database, put a copy of the old key at {} and restore again",
            restored.sealed_by_another_key,
            key.path().display()
        ))?;
    }
    let db = place.db(1).await?;
    let mut transaction = db.scoped(&crate::db::Scopes::default()).await?;
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let entry = audit::Entry {
        user_id: None,
        account: "",
        action: "restore",
        target: "",
        area: None,
        detail: serde_json::json!({"by": "command line", "file": name, "seals_of_another_key": restored.sealed_by_another_key}),
        rows: None,
        request_id: "",
    };
    audit::record(&mut transaction, now, &entry).await?;
    transaction.commit().await?;
    db.close().await;
    Ok(())
}
