//! Passwords and keys that belong to a data directory: one JSON file that only its owner may read, written whole or not at all.
//!
//! What a secret is for is the business of whoever names it. Nothing here is ever logged.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rand::CryptoRng;

use crate::error::{Error, Result};

/// The secrets of one data directory, by name.
#[derive(Debug, Clone)]
pub struct Secrets {
    path: PathBuf,
}

impl Secrets {
    /// The store in a file; it need not be there yet, its directory must.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The file, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The secret of that name, if it has been made.
    pub fn get(&self, name: &str) -> Result<Option<String>> {
        let _turn = self.lock()?;
        Ok(self.read()?.remove(name))
    }

    /// The secret of that name; made on first asking as 256 bits in 64 hexadecimal digits. Safe with other processes doing the same.
    pub fn get_or_create(&self, name: &str, rng: &mut impl CryptoRng) -> Result<String> {
        let _turn = self.lock()?;
        let mut all = self.read()?;
        if let Some(secret) = all.get(name) {
            return Ok(secret.clone());
        }
        let mut bytes = [0_u8; 32];
        rng.fill_bytes(&mut bytes);
        let secret = hex::encode(bytes);
        all.insert(name.to_owned(), secret.clone());
        self.write(&all)?;
        Ok(secret)
    }

    /// Stores a secret that came from elsewhere, in the place of an older one.
    pub fn set(&self, name: &str, secret: &str) -> Result<()> {
        let _turn = self.lock()?;
        let mut all = self.read()?;
        all.insert(name.to_owned(), secret.to_owned());
        self.write(&all)
    }

    /// One process at a time; let go when the file is dropped.
    fn lock(&self) -> Result<File> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(self.path.with_extension("lock"))
            .map_err(|e| self.refused(&e))?;
        file.lock().map_err(Error::internal("wait for the secrets"))?;
        Ok(file)
    }

    fn read(&self) -> Result<BTreeMap<String, String>> {
        match std::fs::read(&self.path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|e| Error::Usage(format!("{} is not a JSON object of strings ({e}). Put back a copy of it.", self.path.display()))),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(BTreeMap::new()),
            Err(e) => Err(self.refused(&e)),
        }
    }

    fn write(&self, all: &BTreeMap<String, String>) -> Result<()> {
        let doing = "write the secrets";
        let text = serde_json::to_vec_pretty(all).map_err(Error::internal(doing))?;
        let beside = self.path.with_extension("json.new");
        let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&beside).map_err(|e| self.refused(&e))?;
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(Error::internal(doing))?;
        std::fs::rename(&beside, &self.path).map_err(Error::internal(doing))?;
        let dir = self.path.parent().unwrap_or(Path::new("/"));
        File::open(dir).and_then(|it| it.sync_all()).map_err(Error::internal(doing))
    }

    fn refused(&self, e: &std::io::Error) -> Error {
        Error::Usage(format!("cannot use the secrets in {}: {e}. Start maplebridge as the user that made them.", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::*;

    #[test]
    fn a_secret_is_made_once_and_readable_by_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let secrets = Secrets::at(dir.path().join("secrets.json"));
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        assert_eq!(secrets.get("app").unwrap(), None);
        let app = secrets.get_or_create("app", &mut rng).unwrap();
        let feed = secrets.get_or_create("feed", &mut rng).unwrap();
        assert_eq!(app.len(), 64);
        assert_ne!(app, feed);
        assert_eq!(Secrets::at(secrets.path()).get_or_create("app", &mut rng).unwrap(), app);
        assert_eq!(std::fs::metadata(secrets.path()).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn many_askers_at_once_get_the_same_secret() {
        let dir = tempfile::tempdir().unwrap();
        let secrets = Secrets::at(dir.path().join("secrets.json"));
        let ask = |seed| secrets.get_or_create("key", &mut ChaCha20Rng::seed_from_u64(seed)).unwrap();
        let got: Vec<String> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|seed| scope.spawn(move || ask(seed))).collect();
            threads.into_iter().map(|it| it.join().unwrap()).collect()
        });
        assert!(got.iter().all(|it| *it == got[0]));
    }

    #[test]
    fn a_damaged_file_is_said_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secrets.json");
        std::fs::write(&path, "{").unwrap();
        assert!(matches!(Secrets::at(&path).set("a", "b"), Err(Error::Usage(_))));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{");
    }
}
