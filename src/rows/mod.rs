//! What the rooms of the nouns share: how lists are asked for, how input is checked, how rows are versioned.
//!
//! A list is a [`Wanted`]; a place sent by a client goes through [`place`]; texts and codes through [`Checks`]; an edit
//! through [`version`]; every write leaves a [`note`]. Nothing here knows a noun: tables and columns are told by the
//! caller. Next: `facilities`, the plainest of the nouns.

mod ask;
mod check;
mod note;
pub mod place;
pub mod version;

pub use ask::{Common, Wanted, bbox, cell, days_in_force, id, sought, split, within};
pub use check::{Checks, given};
pub use note::{Done, area_of, note};

/// Takes over the fields that were given and differ, and notes their names.
macro_rules! take {
    ($changed:ident, $row:ident, $input:ident: $($field:ident),+ $(,)?) => {$(
        if let Some(value) = $input.$field.take() && value != $row.$field {
            $row.$field = value;
            $changed.push(stringify!($field));
        }
    )+};
}
pub(crate) use take;

/// An empty text as nothing.
pub fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
