//! What an entry says, as bytes that a program, the database and a later program agree on; and its signature.

use hmac::{Hmac, Mac as _};
use serde_json::Value;
use sha2::Sha256;

use crate::db::AuditKey;

/// Bytes of a nonce.
const NONCE: usize = 16;

/// What an entry says. Text of `detail` is JSON in any order and spacing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Content<'a> {
    /// Microseconds since 1970, UTC; none where the database holds no instant.
    pub at_us: Option<i64>,
    pub user_id: Option<i64>,
    pub account: &'a str,
    pub action: &'a str,
    pub target: &'a str,
    pub area_lo: Option<i64>,
    pub area_level: Option<i16>,
    pub detail: &'a str,
    pub row_count: Option<i64>,
    pub request_id: &'a str,
}

impl Content<'_> {
    /// The bytes that are signed and chained: every part with its length before it, so that no two contents are alike.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(192);
        let mut part = |bytes: Option<&[u8]>| {
            let length = bytes.map_or(u32::MAX, |bytes| bytes.len() as u32);
            out.extend_from_slice(&length.to_be_bytes());
            out.extend_from_slice(bytes.unwrap_or_default());
        };
        let number = |number: Option<i64>| number.map(i64::to_be_bytes);
        part(number(self.at_us).as_ref().map(<[u8; 8]>::as_slice));
        part(number(self.user_id).as_ref().map(<[u8; 8]>::as_slice));
        part(Some(self.account.as_bytes()));
        part(Some(self.action.as_bytes()));
        part(Some(self.target.as_bytes()));
        part(number(self.area_lo).as_ref().map(<[u8; 8]>::as_slice));
        part(number(self.area_level.map(i64::from)).as_ref().map(<[u8; 8]>::as_slice));
        part(Some(canonical(self.detail).as_bytes()));
        part(number(self.row_count).as_ref().map(<[u8; 8]>::as_slice));
        part(Some(self.request_id.as_bytes()));
        out
    }

    /// The signature of an entry that this process records: nonce and HMAC.
    pub(super) fn sign(&self, key: &AuditKey, nonce: [u8; NONCE]) -> Vec<u8> {
        let mut signature = nonce.to_vec();
        signature.extend_from_slice(&mac(key, "entry", &[&nonce, &self.bytes()]));
        signature
    }

    /// Whether a process with the key recorded exactly this.
    pub(super) fn is_signed(&self, key: &AuditKey, signature: Option<&[u8]>) -> bool {
        let Some((nonce, tag)) = signature.and_then(|signature| signature.split_at_checked(NONCE)) else { return false };
        subtle::ConstantTimeEq::ct_eq(tag, mac(key, "entry", &[nonce, &self.bytes()]).as_slice()).into()
    }
}

/// HMAC-SHA-256 over parts; `purpose` keeps what is made for one use from being shown in another.
pub(super) fn mac(key: &AuditKey, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.bytes()).expect("HMAC takes a key of any length");
    mac.update(purpose.as_bytes());
    mac.update(&[0]);
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// The JSON with its members in order and no spaces; text that is no JSON stays as it is.
fn canonical(text: &str) -> String {
    fn sorted(value: Value) -> Value {
        match value {
            Value::Object(members) => {
                let mut members: Vec<(String, Value)> = members.into_iter().map(|(name, value)| (name, sorted(value))).collect();
                members.sort_unstable_by(|a, b| a.0.cmp(&b.0));
                Value::Object(members.into_iter().collect())
            }
            Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
            other => other,
        }
    }
    serde_json::from_str(text).map_or_else(|_| text.to_owned(), |value| sorted(value).to_string())
}

/// Numbers that are no whole ones become text: PostgreSQL writes them otherwise than we do, and the signature must hold
/// for what is read back.
pub(super) fn storable(value: Value) -> Value {
    match value {
        Value::Number(number) if !number.is_i64() => Value::String(number.to_string()),
        Value::Array(items) => Value::Array(items.into_iter().map(storable).collect()),
        Value::Object(members) => Value::Object(members.into_iter().map(|(name, value)| (name, storable(value))).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PLAIN: Content<'static> = Content {
        at_us: Some(1),
        user_id: Some(2),
        account: "a",
        action: "b",
        target: "",
        area_lo: None,
        area_level: None,
        detail: r#"{"x":1,"y":[2]}"#,
        row_count: Some(3),
        request_id: "",
    };

    #[test]
    fn the_order_of_members_does_not_matter_and_everything_else_does() {
        let same = Content { detail: r#"{ "y": [2], "x": 1 }"#, ..PLAIN };
        assert_eq!(PLAIN.bytes(), same.bytes());
        let others = [
            Content { at_us: Some(2), ..PLAIN },
            Content { user_id: None, ..PLAIN },
            Content { account: "", action: "ab", ..PLAIN },
            Content { account: "ab", action: "", ..PLAIN },
            Content { target: "b", action: "", ..PLAIN },
            Content { area_lo: Some(0), ..PLAIN },
            Content { area_level: Some(0), ..PLAIN },
            Content { detail: r#"{"x":1,"y":[3]}"#, ..PLAIN },
            Content { row_count: None, ..PLAIN },
            Content { request_id: "r", ..PLAIN },
        ];
        for other in others {
            assert_ne!(PLAIN.bytes(), other.bytes(), "{other:?}");
        }
    }

    #[test]
    fn a_signature_holds_for_its_content_and_key_alone() {
        let (key, foreign) = (AuditKey::of_bytes([7; 32]), AuditKey::of_bytes([8; 32]));
        let signature = PLAIN.sign(&key, [1; NONCE]);
        assert!(PLAIN.is_signed(&key, Some(&signature)));
        assert!(!PLAIN.is_signed(&foreign, Some(&signature)));
        assert!(!Content { account: "x", ..PLAIN }.is_signed(&key, Some(&signature)));
        assert!(!PLAIN.is_signed(&key, None) && !PLAIN.is_signed(&key, Some(&[1, 2])));
    }

    #[test]
    fn what_is_stored_reads_back_as_it_was_signed() {
        assert_eq!(storable(json!({"alpha": 0.05, "n": [1, 1e21], "s": "0"})), json!({"alpha": "0.05", "n": [1, "1e+21"], "s": "0"}));
    }
}
