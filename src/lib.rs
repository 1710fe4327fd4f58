//! maplebridge: grid cells, households, facilities and incidents in PostGIS, and the maps made of them.
//!
//! PostGIS is the system of record. The read model holds what the map reads in memory and follows the change feed;
//! tiles are encoded from it. The tour, from the ground up:
//!
//! * pure rooms: [`codes`], [`geom`], [`mvt`], [`privacy`], [`stats`], and [`error`], what can go wrong;
//! * toolkits: [`db`] (scoped transactions), [`http`] (problems, extractors), [`audit`];
//! * the nouns: [`users`], [`areas`], [`cells`], [`households`], [`facilities`], [`incidents`], [`lists`], [`search`], what
//!   they share in [`rows`], and [`imports`], [`exports`], [`demo`]; and [`published`], what is told of incidents without case rights;
//! * what the map reads: [`read_model`], [`tiles`]; and [`analyses`], where disputes cluster and whether that is more than
//!   chance; [`warnings`], what is out of the ordinary now and who should act;
//! * the whole: [`config`], [`app`], [`cli`].
//!
//! Glossary: cell 网格, area 区域, household 户, facility 设施, incident 矛盾纠纷, boundary 边界, supervisor 网格管理员,
//! safe place 安全点, scope 范围, grant 授权.

pub mod analyses;
pub mod app;
pub mod areas;
pub mod audit;
pub mod cells;
pub mod cli;
pub mod codes;
pub mod config;
pub mod context;
pub mod db;
pub mod demo;
pub mod error;
pub mod exports;
pub mod facilities;
pub mod geom;
pub mod households;
pub mod http;
pub mod imports;
pub mod incidents;
pub mod jobs;
pub mod lists;
pub mod mvt;
pub mod privacy;
pub mod published;
pub mod read_model;
pub mod rows;
pub mod search;
pub mod stats;
pub mod tiles;
pub mod users;
pub mod warnings;
