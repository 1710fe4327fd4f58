//! Which numbers of incidents may be published: none below its threshold, and none that would give such a one away.
//!
//! A number below the threshold k of its audience is withheld (primary); so are as many others (complementary) as it
//! takes for whoever knows every published number, and that numbers are whole and not negative, to be left with at
//! least k − 1 between the least and the greatest it can be.
//!
//! * 0 is a number like any other and is withheld. Were it shown, every withheld number would be at least 1, and what
//!   lies between 1 and k − 1 is k − 2 wide: the promise could never be kept.
//! * The tables of townships and of months share no number, so each is made for itself. Within one, the ordinary groups
//!   of kinds stand with their total for township, village and cell; each sensitive group stands alone, with k = 10, for
//!   township and village. There is no total over both: it and the ordinary total would give the sensitive kinds away.
//! * Cases of which only the village or the township is known count there and in no cell. Whoever looks is taken to
//!   know of them, which makes the promise harder to keep and no weaker.
//! * What is withheld from a freer audience is withheld from each stricter one, so that readers of two audiences who put
//!   their tables together have the freer of the two and no more: what is below the smaller k stays hidden by it.
//! * Readers are told that a number is withheld, not why.
//!
//! [`Month`] makes the table; `network` knows how far its withheld numbers can move. Pure and deterministic: the same
//! incidents give the same table. Counting them and storing the table is `published`'s business.

mod month;
mod network;
#[cfg(test)]
mod tests;

pub use month::Month;

use crate::codes::AreaCode;

/// The name under which the total over all ordinary groups is published.
pub const ORDINARY: &str = "ordinary";

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// All groups without a sensitive kind.
    Ordinary,
    /// One group, by its number in [`Month::groups`].
    Group(usize),
}

/// Whether a number is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It is.
    Shown,
    /// It is below its threshold.
    Primary,
    /// It would give one below its threshold away.
    Complementary,
}

impl Outcome {
    /// The stored word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::Primary => "primary",
            Self::Complementary => "complementary",
        }
    }
}

/// A number of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Where.
    pub area: AreaCode,
    /// Of what.
    pub kind: Kind,
    /// The number itself.
    pub count: u32,
    /// The fewest that are told of it.
    pub threshold: u32,
    /// Whether it is.
    pub outcome: Outcome,
}
