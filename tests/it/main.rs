//! The integration tests, one binary: a module per room.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail where it stands, its helpers too")]

mod architecture;
mod borders;
mod clients;
mod cluster;
mod exports;
mod feed;
mod feed_support;
mod formats;
mod hostile;
mod imports;
mod nouns;
mod roles;
mod schema;
mod scopes;
mod serve;
mod session;
mod support;
mod tiles;
mod workbooks;
