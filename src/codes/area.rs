//! The codes themselves: parsing, printing, nesting.

use std::fmt;

use super::CodeRange;

/// The level of an area or cell, by the number of digits of its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// 省, 2 digits.
    Province,
    /// 市, 4 digits.
    City,
    /// 县（市、区）, 6 digits.
    County,
    /// 乡镇（街道）, 9 digits.
    Township,
    /// 村（社区）, 12 digits.
    Village,
    /// 网格, 15 digits.
    Cell,
}

impl Level {
    /// All levels, widest first.
    pub const ALL: [Self; 6] = [Self::Province, Self::City, Self::County, Self::Township, Self::Village, Self::Cell];

    /// How many digits a code of this level has.
    pub const fn digits(self) -> u32 {
        match self {
            Self::Province => 2,
            Self::City => 4,
            Self::County => 6,
            Self::Township => 9,
            Self::Village => 12,
            Self::Cell => 15,
        }
    }

    /// How many 15-digit codes one code of this level holds.
    pub const fn span(self) -> i64 {
        10_i64.pow(15 - self.digits())
    }

    /// The level as stored in `smallint` columns: the number of digits.
    pub const fn to_i16(self) -> i16 {
        self.digits() as i16
    }

    /// Reads the stored form.
    pub const fn from_i16(digits: i16) -> Option<Self> {
        Some(match digits {
            2 => Self::Province,
            4 => Self::City,
            6 => Self::County,
            9 => Self::Township,
            12 => Self::Village,
            15 => Self::Cell,
            _ => return None,
        })
    }

    /// The name used in JSON and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::City => "city",
            Self::County => "county",
            Self::Township => "township",
            Self::Village => "village",
            Self::Cell => "cell",
        }
    }
}

/// Why a text is no code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Other characters than digits.
    #[error("“{0}” is no area code: a code has digits only, and 2, 4, 6, 9, 12 or 15 of them")]
    NotDigits(String),
    /// A number of digits no level has.
    #[error("“{text}” has {digits} digits; an area code has 2, 4, 6, 9 or 12, a cell code 15")]
    Length {
        /// What was read.
        text: String,
        /// How many digits it has.
        digits: usize,
    },
    /// Nothing but zeros where the first digits should be.
    #[error("“{0}” begins with 00; there is no such province")]
    Zero(String),
}

/// An area code of any level, kept as its first 15-digit number and its level.
///
/// Ordering is by place in the tree: an area comes before everything inside it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AreaCode {
    lo: i64,
    level: Level,
}

impl AreaCode {
    /// Reads a code of 2, 4, 6, 9, 12 or 15 digits. Zeros that only pad are taken off: `330681000000` is `330681`.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let text = text.trim();
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(CodeError::NotDigits(text.to_owned()));
        }
        let level = i16::try_from(text.len())
            .ok()
            .and_then(Level::from_i16)
            .ok_or_else(|| CodeError::Length { text: text.to_owned(), digits: text.len() })?;
        let number: i64 = text.parse().map_err(|_| CodeError::NotDigits(text.to_owned()))?;
        let lo = number * level.span();
        if lo < Level::Province.span() {
            return Err(CodeError::Zero(text.to_owned()));
        }
        Ok(Self { lo, level: unpadded(lo, level) })
    }

    /// From the stored pair.
    ///
    /// Returns `None` where `lo` is not a multiple of the level's span.
    pub fn from_parts(lo: i64, level: Level) -> Option<Self> {
        (lo >= Level::Province.span() && lo < 1_000_000_000_000_000 && lo % level.span() == 0).then_some(Self { lo, level })
    }

    /// The smallest 15-digit number inside.
    pub const fn lo(self) -> i64 {
        self.lo
    }

    /// The level.
    pub const fn level(self) -> Level {
        self.level
    }

    /// Everything inside, as a half-open range of 15-digit numbers.
    pub const fn range(self) -> CodeRange {
        CodeRange { lo: self.lo, hi: self.lo + self.level.span() }
    }

    /// Whether `other` is this area or lies inside it.
    pub const fn holds(self, other: Self) -> bool {
        self.level.digits() <= other.level.digits() && self.range().contains(other.lo)
    }

    /// The area of the given wider level that this one lies in.
    ///
    /// Returns `None` where `level` is not wider.
    pub const fn ancestor(self, level: Level) -> Option<Self> {
        if level.digits() >= self.level.digits() {
            return None;
        }
        Some(Self { lo: self.lo - self.lo % level.span(), level })
    }
}

/// The widest level that the zeros at the end allow, from the given one upwards; a lone `00` between is kept.
fn unpadded(lo: i64, level: Level) -> Level {
    // A code below the county is only padding where the township part is 000: townships begin at 001.
    if level.digits() > Level::County.digits() && lo % Level::County.span() == 0 {
        let short = if lo % Level::Province.span() == 0 {
            Level::Province
        } else if lo % Level::City.span() == 0 {
            Level::City
        } else {
            Level::County
        };
        return short;
    }
    if level == Level::Cell && lo % Level::Village.span() == 0 || level == Level::Village {
        // Villages begin at 001 and cells at 001.
        if lo % Level::Township.span() == 0 {
            return Level::Township;
        }
        return if level == Level::Cell { Level::Village } else { level };
    }
    level
}

impl fmt::Display for AreaCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0width$}", self.lo / self.level.span(), width = self.level.digits() as usize)
    }
}

impl fmt::Debug for AreaCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AreaCode({self})")
    }
}

impl serde::Serialize for AreaCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for AreaCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// A cell code: exactly 15 digits, the last three not 000.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CellCode(i64);

impl CellCode {
    /// Reads a 15-digit code.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let code = AreaCode::parse(text)?;
        if code.level == Level::Cell {
            Ok(Self(code.lo))
        } else {
            Err(CodeError::Length { text: text.trim().to_owned(), digits: code.level.digits() as usize })
        }
    }

    /// From the stored number; `None` where it is not a cell's.
    pub fn from_i64(number: i64) -> Option<Self> {
        AreaCode::from_parts(number, Level::Cell).filter(|_| number % Level::Village.span() != 0).map(|code| Self(code.lo))
    }

    /// The stored number.
    pub const fn to_i64(self) -> i64 {
        self.0
    }

    /// The cell seen as the narrowest kind of area.
    pub const fn area(self) -> AreaCode {
        AreaCode { lo: self.0, level: Level::Cell }
    }

    /// The village (community) that the cell belongs to.
    pub const fn village(self) -> AreaCode {
        AreaCode { lo: self.0 - self.0 % Level::Village.span(), level: Level::Village }
    }

    /// The county that the cell belongs to.
    pub const fn county(self) -> AreaCode {
        AreaCode { lo: self.0 - self.0 % Level::County.span(), level: Level::County }
    }
}

impl fmt::Display for CellCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:015}", self.0)
    }
}

impl fmt::Debug for CellCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CellCode({self})")
    }
}

impl serde::Serialize for CellCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for CellCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> AreaCode {
        AreaCode::parse(text).unwrap()
    }

    #[test]
    fn a_code_prints_as_it_was_read() {
        for text in ["33", "3306", "330681", "330681101", "330681101201", "330681101201003", "441900", "990321001009002"] {
            assert_eq!(code(text).to_string(), text);
        }
    }

    #[test]
    fn padding_zeros_mean_the_shorter_code() {
        assert_eq!(code("330681000000"), code("330681"));
        assert_eq!(code("330600000000"), code("3306"));
        assert_eq!(code("330681101000"), code("330681101"));
        assert_eq!(code("330000000000000"), code("33"));
        assert_eq!(code("330681101201000"), code("330681101201"));
        assert_eq!(code("441900").level(), Level::County, "a city without counties keeps its 00 county");
    }

    #[test]
    fn inside_is_two_comparisons() {
        assert!(code("3306").holds(code("330681101")));
        assert!(code("330681").holds(code("330681")));
        assert!(!code("330681").holds(code("3306")));
        assert!(!code("330681").holds(code("330682001")));
        assert!(code("4419").holds(code("441900")));
        assert!(!code("441900").holds(code("4419")));
    }

    #[test]
    fn what_is_no_code_says_why() {
        assert_eq!(AreaCode::parse("33068"), Err(CodeError::Length { text: "33068".into(), digits: 5 }));
        assert_eq!(AreaCode::parse("3.30681E+14"), Err(CodeError::NotDigits("3.30681E+14".into())));
        assert_eq!(AreaCode::parse("003301"), Err(CodeError::Zero("003301".into())));
        assert!(CellCode::parse("330681101201").is_err());
        assert!(CellCode::parse("330681101201000").is_err());
    }

    #[test]
    fn ancestors_are_prefixes() {
        let cell = CellCode::parse("330681101201003").unwrap();
        assert_eq!(cell.village().to_string(), "330681101201");
        assert_eq!(cell.county().to_string(), "330681");
        assert_eq!(cell.area().ancestor(Level::Township).map(|a| a.to_string()), Some("330681101".into()));
        assert_eq!(code("33").ancestor(Level::City), None);
    }
}
