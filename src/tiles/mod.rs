//! Vector tiles for everyone: from the read model to bytes, cut to the reader, cached while they are true.
//!
//! `layers` is the list; `encode` writes one tile; `filter` reads the query; `viewer` makes readers who see the same one;
//! `cache` keeps packed bytes and ETags; `negotiate` packs; `service` answers with all of them; `tilejson` and `style` tell
//! clients how to draw them; `kernel` is what heat is reckoned by. Routes are bound in `app`, which also knows who the reader is.

mod cache;
mod encode;
mod filter;
mod heat_style;
mod kernel;
mod layers;
mod negotiate;
mod service;
mod style;
mod tilejson;
mod viewer;

pub use encode::{MOST_BYTES, encode};
pub use filter::{Filter, pairs};
pub use heat_style::HeatLook;
pub use kernel::{Bandwidth, Per};
pub use layers::{LAYERS, LayerEntry, LayerSet, parse};
pub use negotiate::Encoding;
pub use service::{Asked, TileService, tile};
pub use style::style;
pub use tilejson::tilejson;
pub use viewer::Viewer;

use crate::error::Result;

/// The media type of a tile.
pub const MVT: &str = "application/vnd.mapbox-vector-tile";

/// Characters of a filter that stand in the audit trail; a longer one is told apart by its hash.
const LONGEST_FILTER: usize = 200;

/// What a request looked at, for the audit trail: each layer with its filter in order, `facilities?kind=F01`.
pub fn looked_at(layers: &str, query: &str) -> Result<Vec<String>> {
    let mut filter = pairs(query);
    filter.sort_unstable();
    filter.dedup();
    let filter: Vec<String> = filter.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut filter = if filter.is_empty() { String::new() } else { format!("?{}", filter.join("&")) };
    if filter.chars().count() > LONGEST_FILTER {
        let hash = xxhash_rust::xxh3::xxh3_128(filter.as_bytes());
        filter = format!("{}… {hash:032x}", filter.chars().take(LONGEST_FILTER).collect::<String>());
    }
    Ok(parse(layers)?.into_iter().map(|entry| format!("{}{filter}", entry.name)).collect())
}
