//! Addresses with the number of households at them; nothing about who lives there.
//!
//! [`store`] asks and writes under the reader's scopes, [`api`] speaks HTTP. An address joins the nearest open safe
//! place of its cell; making those is the business of `incidents`.

pub mod api;
pub mod store;
