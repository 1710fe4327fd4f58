//! Administrative areas: province, city, county, township (street), village (community).
//!
//! [`store`] asks and writes under the reader's scopes, [`api`] speaks HTTP. Areas have no versions: a change holds for
//! all days. That they nest and do not overlap is checked by the database at commit.

pub mod api;
pub mod store;
