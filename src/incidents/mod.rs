//! Disputes: registered, moved from state to state, shown at safe places.
//!
//! The true place of a case goes in and never comes out, except through `app.open_place`. [`safe_places`] makes and
//! closes the points at which cases are shown.

pub mod safe_places;
