//! A grant: a role in an area until a day.

use chrono::NaiveDate;

use super::rights::Role;
use crate::codes::{AreaCode, CodeRange, Level};
use crate::error::{Error, Result};

/// Where a grant holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GrantArea {
    /// The whole system.
    Everywhere,
    /// One area with everything under it.
    Area(AreaCode),
}

impl GrantArea {
    /// From the stored pair; level 0 is everywhere.
    pub fn from_parts(lo: i64, level: i16) -> Option<Self> {
        if level == 0 {
            return Some(Self::Everywhere);
        }
        Level::from_i16(level).and_then(|level| AreaCode::from_parts(lo, level)).map(Self::Area)
    }

    /// The stored pair.
    pub const fn parts(self) -> (i64, i16) {
        match self {
            Self::Everywhere => (0, 0),
            Self::Area(code) => (code.lo(), code.level().to_i16()),
        }
    }

    /// Reads `990321`, or `all`.
    pub fn parse(text: &str) -> Result<Self> {
        if text == "all" {
            return Ok(Self::Everywhere);
        }
        AreaCode::parse(text).map(Self::Area).map_err(|error| Error::invalid("area", "not_a_code", error.to_string()))
    }

    /// All codes inside.
    pub const fn range(self) -> CodeRange {
        match self {
            Self::Everywhere => CodeRange { lo: 0, hi: 1_000_000_000_000_000 },
            Self::Area(code) => code.range(),
        }
    }

    /// The text form: a code, or `all`.
    pub fn text(self) -> String {
        match self {
            Self::Everywhere => "all".into(),
            Self::Area(code) => code.to_string(),
        }
    }
}

/// A role in an area until a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// Where it holds.
    pub area: GrantArea,
    /// First civil day it no longer holds.
    pub expires_on: Option<NaiveDate>,
}

impl Grant {
    /// Whether it holds on the day.
    pub fn holds_on(&self, day: NaiveDate) -> bool {
        self.expires_on.is_none_or(|end| day < end)
    }
}
