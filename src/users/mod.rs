//! Who may do what: accounts, roles in areas, sessions, tokens.
//!
//! [`rights`] is the one table of what each role may do; [`reader`] turns an account's grants into scopes that the
//! database, the tiles and the privacy rules understand. The sign-in itself is in [`signin`]; accounts are managed by
//! the security administrator through [`api`].

pub mod api;
mod grant;
mod password;
pub mod reader;
pub mod rights;
mod session_api;
mod signed;
pub mod signin;
pub mod store;

pub use grant::{Grant, GrantArea};
pub use password::{hash_password, is_password, new_secret, random_password, refuse_weak, secret_hash};
pub use reader::Reader;
pub use rights::{Right, Role};
pub use session_api::{Door, routes as session_routes};
pub use signed::Signed;
