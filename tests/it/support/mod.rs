//! What the tests share: databases of their own, a small town, the program as a router, and skipping out loud.

pub(crate) mod app;
pub(crate) mod database;
pub(crate) mod files;
pub(crate) mod importing;
pub(crate) mod pbf;
pub(crate) mod server;
pub(crate) mod skip;
pub(crate) mod town;
