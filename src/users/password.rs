//! Passwords and secrets: argon2id for what people type, SHA-256 for what the machine made.

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::TryRngCore as _;
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};

/// Letters and digits that nobody takes for one another.
const READABLE: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
/// Fewest characters of an own password.
pub(super) const MIN_CHARACTERS: usize = 10;
/// Passwords that everybody tries first.
const WEAK: [&str; 8] = ["1234567890", "0123456789", "password12", "qwertyuiop", "maplebridge", "aaaaaaaaaa", "admin12345", "fengqiao123"];

fn random_bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    rand::rngs::OsRng.try_fill_bytes(&mut bytes).map_err(Error::internal("draw random bytes"))?;
    Ok(bytes)
}

/// 256 random bits as text, for a cookie or a token, and the hash that is stored.
pub fn new_secret() -> Result<(String, [u8; 32])> {
    let text = URL_SAFE_NO_PAD.encode(random_bytes::<32>()?);
    let hash = secret_hash(&text);
    Ok((text, hash))
}

/// What is stored of a secret.
pub fn secret_hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// A one-time password of four groups of four readable characters (79 bits).
pub fn random_password() -> Result<String> {
    let bytes = random_bytes::<16>()?;
    let letters: Vec<char> = bytes.iter().map(|&byte| char::from(READABLE[usize::from(byte) % READABLE.len()])).collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    Ok(groups.join("-"))
}

/// Refuses what is too short or everybody's first guess.
pub fn refuse_weak(password: &str, account: &str) -> Result<()> {
    let lower = password.to_lowercase();
    if password.chars().count() < MIN_CHARACTERS {
        return Err(Error::invalid("/new", "too_short", format!("a password has at least {MIN_CHARACTERS} characters")));
    }
    let distinct: std::collections::BTreeSet<char> = lower.chars().collect();
    if WEAK.contains(&lower.as_str()) || distinct.len() < 5 || lower.contains(account) {
        return Err(Error::invalid("/new", "too_weak", "choose a password that is not a common one and does not hold the account"));
    }
    Ok(())
}

/// The PHC string of a password (argon2id). Takes some 20 ms on purpose: not for async workers.
pub fn hash_password(password: &str) -> Result<String> {
    let salt = SaltString::encode_b64(&random_bytes::<16>()?).map_err(|error| Error::internal("make a salt")(error.to_string()))?;
    Ok(Argon2::default()
        .hash_password(password.as_bytes(), &salt)
        .map_err(|error| Error::internal("hash a password")(error.to_string()))?
        .to_string())
}

/// Whether the password is the one that was hashed; takes as long for a hash that is none.
pub fn is_password(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_again_and_no_other() {
        let hash = hash_password("correct horse").unwrap();
        assert!(is_password("correct horse", &hash) && !is_password("correct hors", &hash) && !is_password("x", "no hash"));
        assert!(hash.starts_with("$argon2id$"));
    }

    #[test]
    fn weak_passwords_are_refused() {
        assert!(refuse_weak("short", "a").is_err());
        assert!(refuse_weak("1234567890", "a").is_err());
        assert!(refuse_weak("fengxi-2026-duty", "duty").is_err());
        assert!(refuse_weak(&random_password().unwrap(), "duty").is_ok());
    }

    #[test]
    fn secrets_are_long_and_never_the_same() {
        let (one, hash) = new_secret().unwrap();
        let (two, _) = new_secret().unwrap();
        assert!(one.len() == 43 && one != two && secret_hash(&one) == hash);
    }
}
