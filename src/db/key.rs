//! The key of the audit trail: 256 bits in a file that only its owner may read, outside the database.
//!
//! What is signed with it is the business of `audit`; a [`super::Db`] carries it to every transaction. Never logged.

use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rand::CryptoRng;

use crate::error::{Error, Result};

/// The key, and where it lies.
#[derive(Clone)]
pub struct AuditKey {
    bytes: [u8; 32],
    path: PathBuf,
}

impl AuditKey {
    /// Reads the key in a file; makes it, readable by its owner alone, where there is none.
    ///
    /// `Usage` where the file can be read by others, is no key, or cannot be made.
    pub fn at(path: &Path, rng: &mut impl CryptoRng) -> Result<Self> {
        if std::fs::exists(path).map_err(|error| refused(path, &error))? {
            return Self::read(path);
        }
        let mut bytes = [0_u8; 32];
        rng.fill_bytes(&mut bytes);
        // Whole or not at all, and the first of two processes wins: written beside, then linked to its name.
        let beside = path.with_extension(format!("new-{}", std::process::id()));
        let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside).and_then(|mut file| {
            file.write_all(format!("{}\n", hex::encode(bytes)).as_bytes())?;
            file.sync_all()
        });
        let linked = written.and_then(|()| std::fs::hard_link(&beside, path));
        // Left lying it would be a second copy of the key; that it is gone already is as good.
        let _ = std::fs::remove_file(&beside);
        match linked {
            Ok(()) => {
                tracing::info!(path = %path.display(), "made the key of the audit trail; keep a copy where no administrator of the database reaches it");
                Ok(Self { bytes, path: path.to_owned() })
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Self::read(path),
            Err(error) => Err(refused(path, &error)),
        }
    }

    fn read(path: &Path) -> Result<Self> {
        let mut file = OpenOptions::new().read(true).open(path).map_err(|error| refused(path, &error))?;
        let mode = file.metadata().map_err(|error| refused(path, &error))?.mode();
        if mode & 0o077 != 0 {
            return Err(Error::Usage(format!("{} can be read by others: chmod 600 {}", path.display(), path.display())));
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(|error| refused(path, &error))?;
        let mut bytes = [0_u8; 32];
        hex::decode_to_slice(text.trim(), &mut bytes).map_err(|_| {
            Error::Usage(format!("{} holds no key of the audit trail (64 hexadecimal digits); put back a copy of it", path.display()))
        })?;
        Ok(Self { bytes, path: path.to_owned() })
    }

    /// A key that lies in no file; for tests.
    pub fn of_bytes(bytes: [u8; 32]) -> Self {
        Self { bytes, path: PathBuf::new() }
    }

    /// The key itself.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// The file it was read from.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl std::fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuditKey").field("path", &self.path).finish_non_exhaustive()
    }
}

fn refused(path: &Path, error: &std::io::Error) -> Error {
    Error::Usage(format!(
        "the key of the audit trail cannot be used at {}: {error}; give --audit-key-file a file that this user may read and write",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use rand::SeedableRng as _;
    use rand_chacha::ChaCha20Rng;

    use super::*;

    #[test]
    fn a_key_is_made_once_for_its_owner_alone_and_shows_in_no_log() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.key");
        let made = AuditKey::at(&path, &mut ChaCha20Rng::seed_from_u64(1)).unwrap();
        let read = AuditKey::at(&path, &mut ChaCha20Rng::seed_from_u64(2)).unwrap();
        assert_eq!(made.bytes(), read.bytes());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!format!("{made:?}").contains(&hex::encode(made.bytes())));
    }

    #[test]
    fn a_key_that_others_may_read_or_that_is_damaged_is_refused_with_the_cure() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.key");
        std::fs::write(&path, "00").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let said = |path: &Path| AuditKey::at(path, &mut ChaCha20Rng::seed_from_u64(1)).unwrap_err().to_string();
        assert!(said(&path).contains("chmod 600"), "{}", said(&path));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(said(&path).contains("put back a copy"), "{}", said(&path));
        assert!(said(&dir.path().join("no/such/audit.key")).contains("--audit-key-file"));
    }
}
