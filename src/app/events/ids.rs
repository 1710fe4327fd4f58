//! Ids of events: revisions, sealed.
//!
//! A bare revision counts every publication, also of changes that the reader may not see: read beside a clock it tells how
//! busy others are. And it means nothing in another process. So the id is the revision under a key of this process.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use rand::Rng as _;
use sha2::Sha256;

/// Makes and reads the ids of one process.
pub(super) struct Ids {
    key: [u8; 32],
}

impl Default for Ids {
    fn default() -> Self {
        Self { key: rand::rng().random() }
    }
}

impl std::fmt::Debug for Ids {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ids").finish_non_exhaustive()
    }
}

impl Ids {
    /// The id of a revision; another one each time.
    pub(super) fn of(&self, revision: u64) -> String {
        let nonce: [u8; 8] = rand::rng().random();
        let hidden = self.hidden(nonce, revision);
        let mut bytes = [0_u8; 24];
        bytes[..8].copy_from_slice(&nonce);
        bytes[8..16].copy_from_slice(&hidden.to_be_bytes());
        bytes[16..].copy_from_slice(&self.mac(b"tag", &[nonce, hidden.to_be_bytes()]));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The revision of an id; none for one of another process or nobody's.
    pub(super) fn revision(&self, id: &str) -> Option<u64> {
        let bytes: [u8; 24] = URL_SAFE_NO_PAD.decode(id).ok()?.try_into().ok()?;
        let part = |at: usize| <[u8; 8]>::try_from(&bytes[at..at + 8]).ok();
        let (nonce, hidden, tag) = (part(0)?, part(8)?, part(16)?);
        (self.mac(b"tag", &[nonce, hidden]) == tag).then(|| self.hidden(nonce, u64::from_be_bytes(hidden)))
    }

    /// Hides a revision, and shows a hidden one.
    fn hidden(&self, nonce: [u8; 8], revision: u64) -> u64 {
        revision ^ u64::from_be_bytes(self.mac(b"hide", &[nonce]))
    }

    fn mac(&self, purpose: &[u8], parts: &[[u8; 8]]) -> [u8; 8] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any length");
        mac.update(purpose);
        for part in parts {
            mac.update(part);
        }
        let mut short = [0; 8];
        short.copy_from_slice(&mac.finalize().into_bytes()[..8]);
        short
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_by_the_process_that_made_it_and_by_no_other() {
        let (own, other) = (Ids::default(), Ids::default());
        for revision in [0, 1, 42, u64::MAX] {
            let id = own.of(revision);
            assert_eq!(own.revision(&id), Some(revision));
            assert_eq!(other.revision(&id), None);
        }
        for wrong in ["", "42", "x", &"A".repeat(32)] {
            assert_eq!(own.revision(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn two_ids_of_a_revision_have_nothing_in_common() {
        let ids = Ids::default();
        assert_ne!(ids.of(7)[11..], ids.of(7)[11..]);
    }
}
