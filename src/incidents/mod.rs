//! Disputes: registered, moved from state to state, shown at safe places.
//!
//! [`store`] asks and writes under the reader's scopes, [`api`], [`steps`] and [`clocks`] speak HTTP. The true place of a case goes
//! in and never comes out, except to its handling unit through `app.open_place`; [`safe_places`] makes and closes the
//! points at which cases are shown. Every list and every opened case is in the audit trail before the answer leaves.

pub mod api;
mod clocks;
pub mod safe_places;
pub mod steps;
pub mod store;
