//! The audit entry of a write or a look at cases.

use serde_json::Value;

use crate::audit::{Entry, record};
use crate::codes::AreaCode;
use crate::context::Context;
use crate::db::Scoped;
use crate::error::Result;
use crate::users::Signed;

/// What was done.
#[derive(Debug)]
pub struct Done<'a> {
    /// `facility.update`, …
    pub action: &'a str,
    /// Key of the row.
    pub target: &'a str,
    /// Where it is, on the 15-digit scale.
    pub scope_code: Option<i64>,
    /// Names of changed fields, or filters.
    pub detail: Value,
    /// Rows written or shown.
    pub rows: i64,
}

/// Adds the entry to the transaction.
pub async fn note(context: &Context, transaction: &mut Scoped, signed: &Signed, done: Done<'_>) -> Result<()> {
    let entry = Entry {
        user_id: Some(signed.reader.user_id),
        account: &signed.reader.account,
        action: done.action,
        target: done.target,
        area: done.scope_code.and_then(area_of),
        detail: done.detail,
        rows: Some(done.rows),
        request_id: &signed.request_id,
    };
    record(transaction, context.clock.now(), &entry).await
}

/// The area or cell of a scope code: the zeros at its end say the level.
pub fn area_of(scope_code: i64) -> Option<AreaCode> {
    AreaCode::parse(&format!("{scope_code:015}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_code_knows_its_level() {
        let text = |code| area_of(code).map(|area| area.to_string());
        assert_eq!(text(990_321_001_009_002).as_deref(), Some("990321001009002"));
        assert_eq!(text(990_321_001_009_000).as_deref(), Some("990321001009"));
        assert_eq!(text(990_321_000_000_000).as_deref(), Some("990321"));
        assert_eq!(text(0), None);
    }
}
