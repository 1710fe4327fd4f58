//! The change feed: a follower that steps from snapshot to snapshot and leaves nothing out.
//!
//! `position` says what was seen, `look` asks for what was not, `follow` is the loop, `tickets` let writers wait.
//! Layers are read by `load`, taken in by `apply`.

mod follow;
mod look;
mod position;
mod tickets;

pub(super) use follow::follow;
pub use position::Rule;
pub use tickets::Tickets;
