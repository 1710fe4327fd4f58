//! The integration tests, one binary: a module per room.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail where it stands, its helpers too")]

mod analyses;
mod architecture;
mod attack;
mod audit;
mod borders;
mod clients;
mod cluster;
mod datasets;
mod events;
mod feed;
mod feed_support;
mod heat;
mod heat_live;
mod heat_support;
mod importing;
mod imports;
mod looks;
mod nouns;
mod outputs;
mod published;
mod reference;
mod roles;
mod safe_places;
mod schema;
mod scopes;
mod serve;
mod session;
mod support;
mod tiles;
mod uploads;
