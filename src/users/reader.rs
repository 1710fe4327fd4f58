//! A reader: an account on a day, with its grants turned into scopes.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::grant::{Grant, GrantArea};
use super::rights::{Right, Role};
use crate::codes::{CodeRange, Scope};
use crate::db::Scopes;
use crate::error::{Error, Result};
use crate::privacy::Standing;

/// Who asks, and what may be answered.
#[derive(Debug, Clone)]
pub struct Reader {
    /// Key of the account.
    pub user_id: i64,
    /// Name to sign in with.
    pub account: String,
    /// Office or duty, Chinese.
    pub name_zh: String,
    /// Office or duty, English.
    pub name_en: String,
    /// True until the first own password is set: nothing else is answered before.
    pub must_change_password: bool,
    /// Office whose cases the account handles, where it holds the role of a unit.
    pub unit_id: Option<i64>,
    /// The grants that hold today.
    pub grants: Vec<Grant>,
    scopes: BTreeMap<Right, Scope>,
}

impl Reader {
    /// Adds up the rights of the grants that hold on the day; never the role of one area with the area of another.
    pub fn new(user_id: i64, account: String, grants: Vec<Grant>, day: NaiveDate) -> Self {
        let grants: Vec<Grant> = grants.into_iter().filter(|grant| grant.holds_on(day)).collect();
        let mut ranges: BTreeMap<Right, Vec<CodeRange>> = BTreeMap::new();
        for grant in &grants {
            for &right in grant.role.rights() {
                ranges.entry(right).or_default().push(grant.area.range());
            }
        }
        let scopes = ranges.into_iter().map(|(right, ranges)| (right, ranges.into_iter().collect())).collect();
        Self { user_id, account, name_zh: String::new(), name_en: String::new(), must_change_password: false, unit_id: None, grants, scopes }
    }

    /// The server's own hand on the command line: it imports and manages, and reads no case.
    pub fn command_line(day: NaiveDate) -> Self {
        let everywhere = |role| Grant { role, area: GrantArea::Everywhere, expires_on: None };
        let mut reader = Self::new(0, String::new(), vec![everywhere(Role::System)], day);
        reader.name_en = "command line".into();
        reader.name_zh = "命令行".into();
        reader
    }

    /// Where the right holds; empty where it does not.
    pub fn scope(&self, right: Right) -> Scope {
        self.scopes.get(&right).cloned().unwrap_or_default()
    }

    /// Whether the right holds anywhere.
    pub fn has(&self, right: Right) -> bool {
        self.scopes.contains_key(&right)
    }

    /// Whether the right holds for the code.
    pub fn may(&self, right: Right, code: i64) -> bool {
        self.scopes.get(&right).is_some_and(|scope| scope.contains(code))
    }

    /// Refuses who lacks the right everywhere.
    pub fn require(&self, right: Right) -> Result<()> {
        if self.has(right) {
            return Ok(());
        }
        Err(Error::Forbidden(format!("none of your roles gives the right “{}”; ask the security administrator", right.key())))
    }

    /// Units whose cases the reader handles.
    pub fn units(&self) -> Vec<i64> {
        let is_unit = self.grants.iter().any(|grant| grant.role == Role::Unit);
        self.unit_id.filter(|_| is_unit).into_iter().collect()
    }

    /// What a transaction of this reader may touch.
    pub fn scopes(&self) -> Scopes {
        let scopes = self.scopes.iter().fold(Scopes::default(), |scopes, (right, scope)| scopes.with(right.key(), scope));
        scopes.with("published_k3", &self.staff_areas()).with_ids("units", &self.units())
    }

    /// Whether the other reader is the same account with the same rights.
    pub fn same_rights(&self, other: &Self) -> bool {
        self.user_id == other.user_id
            && self.scopes == other.scopes
            && self.units() == other.units()
            && self.must_change_password == other.must_change_password
    }

    /// Areas of whose cases the reader is staff.
    pub fn staff_areas(&self) -> Scope {
        self.grants.iter().filter(|grant| grant.role.is_staff()).map(|grant| grant.area.range()).collect()
    }

    /// What the reader may, as far as incidents are concerned: the question that every output of them puts to `privacy`.
    pub fn standing(&self) -> Standing {
        Standing { cases: self.scope(Right::Cases), own: self.staff_areas(), public: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::AreaCode;

    fn grant(role: Role, code: &str) -> Grant {
        Grant { role, area: GrantArea::Area(AreaCode::parse(code).unwrap()), expires_on: None }
    }

    fn day() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 24).unwrap()
    }

    #[test]
    fn the_role_of_one_area_never_reaches_into_another() {
        let reader = Reader::new(1, "a".into(), vec![grant(Role::Supervisor, "990321001"), grant(Role::Official, "990321002")], day());
        let own = AreaCode::parse("990321001009002").unwrap().lo();
        let other = AreaCode::parse("990321002009002").unwrap().lo();
        assert!(reader.may(Right::Cases, own) && !reader.may(Right::Cases, other));
        assert!(reader.may(Right::Map, own) && reader.may(Right::Map, other));
    }

    #[test]
    fn an_expired_grant_gives_nothing() {
        let mut old = grant(Role::Supervisor, "990321001");
        old.expires_on = Some(day());
        let reader = Reader::new(1, "a".into(), vec![old], day());
        assert!(!reader.has(Right::Map) && reader.require(Right::Map).is_err());
    }

    #[test]
    fn administrators_of_the_system_read_no_case() {
        for role in [Role::System, Role::Security, Role::Auditor, Role::Official, Role::Planner] {
            let reader = Reader::new(1, "a".into(), vec![Grant { role, area: GrantArea::Everywhere, expires_on: None }], day());
            assert!(!reader.has(Right::Cases), "{role:?}");
        }
    }
}
