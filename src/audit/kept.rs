//! The head that is kept outside the database, beside the key: what a cut tail is told by.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::chain::Head;
use crate::db::AuditKey;
use crate::error::{Error, Result};

/// The file beside a key.
pub(super) fn file(key: &AuditKey) -> PathBuf {
    key.path().with_extension("head")
}

/// The head in the file; none where nothing was sealed yet.
pub(super) fn read(path: &Path) -> Result<Option<Head>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Head::parse(text.trim())
            .map(Some)
            .map_err(|_| Error::Usage(format!("{} holds no head of the audit trail; put back a copy, or say the head with --head", path.display()))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::Usage(format!("{} cannot be read: {error}", path.display()))),
    }
}

/// Writes the head whole or not at all.
pub(super) fn write(path: &Path, head: &Head) -> Result<()> {
    let beside = path.with_extension("head-new");
    let written = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside).and_then(|mut file| {
        writeln!(file, "{head}")?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    });
    written.map_err(Error::internal("keep the head of the audit trail"))
}

/// Puts the head aside, with the time in its name: after a restore the chain is an older one.
pub(super) fn put_aside(path: &Path, at: chrono::DateTime<chrono::Utc>) -> Result<Option<PathBuf>> {
    let aside = path.with_extension(format!("head.{}", at.format("%Y%m%dT%H%M%SZ")));
    match std::fs::rename(path, &aside) {
        Ok(()) => Ok(Some(aside)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::internal("put the head of the audit trail aside")(error)),
    }
}
