//! The sqlx toolkit: connections that are always scoped, geometry as WKB, keyset pages, constraint names as errors.
//!
//! The pool is private to this room. A request gets a [`Scoped`] transaction and nothing else: what it may see and
//! write is set for the transaction alone (`set_config(…, true)`), and unset means no rows. The embedded cluster is in
//! [`cluster`]; roles and migrations in [`migrate`].

pub mod cluster;
mod constraint;
mod key;
mod migrate;
mod page;
mod pool;
mod wkb;

pub use key::AuditKey;
pub use migrate::{MIGRATOR, Roles, make_database, migrate};
pub use page::{Cursor, Page, PageLimit};
pub use pool::{Db, Scoped, Scopes, Written};
pub use wkb::{point_from_wkb, to_wkb, wkb_to_geometry};
