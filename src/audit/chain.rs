//! The chain: each seal is an HMAC over its number, the seal before and the entry.

use sqlx::FromRow;

use super::content::{Content, mac};
use crate::db::{AuditKey, Scopes};
use crate::error::{Error, Result};

/// A seal.
pub(super) type Hash = [u8; 32];

/// The key under which one process at a time seals.
pub(super) const SEALER_LOCK: i64 = 7_204;

/// What the sealer and the verifier may see: the whole trail.
pub(super) fn sealing() -> Scopes {
    Scopes::default().with_everything("seal")
}

/// Columns of [`Stored`], of the table named `e`.
pub(super) const COLUMNS: &str = "e.id, case when isfinite(e.at) then (extract(epoch from e.at) * 1000000)::bigint end as at_us, e.user_id, e.account, \
                                  e.action, e.target, e.area_lo, e.area_level, e.detail::text as detail, e.row_count, e.request_id, e.signature";

/// An entry as the database holds it.
#[derive(Debug, Clone, FromRow)]
pub(super) struct Stored {
    pub id: i64,
    pub at_us: Option<i64>,
    pub user_id: Option<i64>,
    pub account: String,
    pub action: String,
    pub target: String,
    pub area_lo: Option<i64>,
    pub area_level: Option<i16>,
    pub detail: String,
    pub row_count: Option<i64>,
    pub request_id: String,
    pub signature: Option<Vec<u8>>,
}

impl Stored {
    pub(super) fn content(&self) -> Content<'_> {
        Content {
            at_us: self.at_us,
            user_id: self.user_id,
            account: &self.account,
            action: &self.action,
            target: &self.target,
            area_lo: self.area_lo,
            area_level: self.area_level,
            detail: &self.detail,
            row_count: self.row_count,
            request_id: &self.request_id,
        }
    }

    pub(super) fn is_signed(&self, key: &AuditKey) -> bool {
        self.content().is_signed(key, self.signature.as_deref())
    }
}

/// What is said of an entry when it is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// Recorded by a process with the key.
    Signed,
    /// There before the chain began.
    Adopted,
    /// Put in by somebody without the key.
    Unsigned,
}

impl Origin {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::Adopted => "adopted",
            Self::Unsigned => "unsigned",
        }
    }
}

/// What the first seal stands on.
pub(super) fn beginning(key: &AuditKey) -> Hash {
    mac(key, "chain", &[])
}

/// The seal of an entry at a place in the chain.
pub(super) fn link(key: &AuditKey, seq: i64, before: &Hash, entry_id: i64, origin: &str, content: &[u8]) -> Hash {
    mac(key, "seal", &[&seq.to_be_bytes(), before, &entry_id.to_be_bytes(), origin.as_bytes(), &[0], content])
}

/// What tells one key from another without showing it; it also holds the last entry that needs no signature.
pub(super) fn fingerprint(key: &AuditKey, adopted_upto: i64) -> Hash {
    mac(key, "key", &[&adopted_upto.to_be_bytes()])
}

/// The end of the chain: how many entries are sealed, and the last seal. Written `N:HEX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Number of the last seal, from 1; none where only the seal is known.
    pub seq: Option<i64>,
    /// The seal.
    pub hash: [u8; 32],
}

impl Head {
    /// Reads `N:HEX` or `HEX`.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || Error::Usage(format!("“{text}” is no head of the audit trail: give N:HEX or HEX, as the log and `audit verify` print it"));
        let (seq, hex) = match text.trim().split_once(':') {
            Some((seq, hex)) => (Some(seq.parse().map_err(|_| wrong())?), hex),
            None => (None, text.trim()),
        };
        let mut hash = [0; 32];
        hex::decode_to_slice(hex, &mut hash).map_err(|_| wrong())?;
        Ok(Self { seq, hash })
    }
}

impl std::fmt::Display for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(seq) = self.seq {
            write!(f, "{seq}:")?;
        }
        f.write_str(&hex::encode(self.hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_as_it_is_printed() {
        let head = Head { seq: Some(12), hash: [0xab; 32] };
        assert_eq!(Head::parse(&head.to_string()).unwrap(), head);
        assert_eq!(Head::parse(&hex::encode([0xab; 32])).unwrap().seq, None);
        for wrong in ["", "x", "1:", "1:abcd", "-:00"] {
            assert!(Head::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_seal_depends_on_everything_it_is_over() {
        let key = AuditKey::of_bytes([1; 32]);
        let seal = link(&key, 5, &[0; 32], 9, "signed", b"x");
        let others = [
            link(&AuditKey::of_bytes([2; 32]), 5, &[0; 32], 9, "signed", b"x"),
            link(&key, 6, &[0; 32], 9, "signed", b"x"),
            link(&key, 5, &[1; 32], 9, "signed", b"x"),
            link(&key, 5, &[0; 32], 8, "signed", b"x"),
            link(&key, 5, &[0; 32], 9, "adopted", b"x"),
            link(&key, 5, &[0; 32], 9, "signed", b"y"),
        ];
        assert!(others.iter().all(|other| *other != seal));
    }
}
