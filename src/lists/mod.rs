//! Code lists, service standards and settings: what is data and not code.
//!
//! [`store`] asks and writes, [`api`] speaks HTTP. Whoever is signed in reads the lists, for every menu is made of them.

pub mod api;
pub mod store;
