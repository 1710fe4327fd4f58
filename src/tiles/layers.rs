//! The list of tile layers. A new layer is an entry here, its SELECT in `tiles/layers/` and its encoder in `encode/`.

use super::encode::{self, Question};
use crate::error::{Error, Result};
use crate::mvt::LayerWriter;
use crate::read_model::Layer;

/// One layer of tiles.
#[derive(Debug)]
pub struct LayerEntry {
    /// Which.
    pub layer: Layer,
    /// Its name in addresses and in the tile.
    pub name: &'static str,
    /// What it shows.
    pub description: &'static str,
    /// First zoom with anything in it.
    pub min_zoom: u8,
    /// Last zoom with more in it than the one before.
    pub max_zoom: u8,
    /// Attributes, each with what it is and its unit.
    pub fields: &'static [(&'static str, &'static str)],
    /// Writes what a tile shows, into `limit` bytes or fewer where the layer can give way.
    pub encode: fn(&Question<'_>, LayerWriter, usize) -> LayerWriter,
}

const CODE: (&str, &str) = ("code", "Code, text");
const LEVEL: (&str, &str) = ("level", "Digits of the code: 2 province, 4 city, 6 county, 9 township, 12 village, 15 cell");
const NAME: (&str, &str) = ("name", "Name in Chinese");
const NAME_ZH: (&str, &str) = ("name_zh", "Name in Chinese");
const NAME_EN: (&str, &str) = ("name_en", "Name in English, absent where there is none");
const HOUSEHOLDS: (&str, &str) = ("household_count", "Households, as far as the reader's area reaches");
const DENSITY: (&str, &str) = ("density", "Households per hectare");
const KIND: (&str, &str) = ("kind", "Code of the kind");

const DETAIL: (&str, &str) = ("kind_detail", "Finer kind, absent where there is none");
const ENGLISH: (&str, &str) = ("name:en", "Name in English, absent where there is none");
const FIRST_ZOOM: (&str, &str) = ("min_zoom", "Zoom from which it is drawn");
/// Of the base map: names and kinds as in Protomaps' base map schema 4.
const BASE: &[(&str, &str)] = &[KIND, DETAIL, NAME, ENGLISH, FIRST_ZOOM];
const ROADS: &[(&str, &str)] = &[
    KIND,
    DETAIL,
    NAME,
    ENGLISH,
    FIRST_ZOOM,
    ("ref", "Number of the road"),
    ("is_bridge", "True on a bridge, else absent"),
    ("is_tunnel", "True in a tunnel, else absent"),
];

/// All layers, in the order in which a tile holds them.
pub static LAYERS: [LayerEntry; Layer::COUNT] = [
    LayerEntry {
        layer: Layer::Areas,
        name: "areas",
        description: "Administrative areas that meet the reader's own, with their counts",
        min_zoom: 0,
        max_zoom: 16,
        fields: &[CODE, LEVEL, NAME_ZH, NAME_EN, ("own", "Whether all of it is the reader's"), HOUSEHOLDS, DENSITY],
        encode: encode::areas,
    },
    LayerEntry {
        layer: Layer::AreaLabels,
        name: "area_labels",
        description: "One point inside each area",
        min_zoom: 0,
        max_zoom: 16,
        fields: &[CODE, LEVEL, NAME_ZH, NAME_EN, ("own", "Whether all of it is the reader's"), HOUSEHOLDS],
        encode: encode::area_labels,
    },
    LayerEntry {
        layer: Layer::Cells,
        name: "cells",
        description: "Grid cells; where a tile would hold too many, the villages, townships or counties they lie in",
        min_zoom: 0,
        max_zoom: 16,
        fields: &[
            CODE,
            LEVEL,
            NAME,
            NAME_EN,
            ("short_name", "Short name for labels"),
            KIND,
            HOUSEHOLDS,
            ("address_count", "Addresses"),
            ("area_m2", "Square metres on the ellipsoid"),
            DENSITY,
            ("facility_count", "Facilities of all kinds"),
        ],
        encode: encode::cells,
    },
    LayerEntry {
        layer: Layer::CellLabels,
        name: "cell_labels",
        description: "One point inside each cell",
        min_zoom: 11,
        max_zoom: 16,
        fields: &[CODE, NAME, NAME_EN, ("short_name", "Short name for labels"), HOUSEHOLDS],
        encode: encode::cell_labels,
    },
    LayerEntry {
        layer: Layer::Households,
        name: "households",
        description: "Addresses from zoom 15 in the reader's own area; below, and where they are too many, counts in bins of 1/64 of a tile",
        min_zoom: 0,
        max_zoom: 16,
        fields: &[
            ("count", "Addresses in the bin"),
            ("household_count", "Households at the address or in the bin"),
            ("dwelling_kind", "Code of the kind of dwelling"),
            ("population_band", "Code of the band of the number of people"),
        ],
        encode: encode::households,
    },
    LayerEntry {
        layer: Layer::Facilities,
        name: "facilities",
        description: "Public facilities from zoom 10; below, and where they are too many, counts in bins",
        min_zoom: 0,
        max_zoom: 16,
        fields: &[("count", "Facilities in the bin"), ("id", "Key in the API"), KIND, NAME, NAME_EN],
        encode: encode::facilities,
    },
    LayerEntry {
        layer: Layer::Incidents,
        name: "incidents",
        description: "Incidents at their safe places from zoom 13, for readers with case rights; below counts in bins",
        min_zoom: 0,
        max_zoom: 16,
        fields: &[
            ("count", "Incidents in the bin"),
            ("category", "Code of the category"),
            ("state", "Code of the state"),
            ("source", "Code of the source"),
            ("risk_level", "Code of the warning level"),
        ],
        encode: encode::incidents,
    },
    LayerEntry {
        layer: Layer::Heat,
        name: "heat",
        description: "Incidents as weighted bins, with a buffer as wide as the kernel: a tile is enough to reckon the density anywhere in it. From \
                      safe places and with all filters for readers with case rights, else from published numbers by month and group. Parameters \
                      bandwidth_m (200 to 3000, default 800) and per (km2 or households)",
        min_zoom: 0,
        max_zoom: 14,
        fields: &[
            ("weight", "Of each point of the feature: incidents, or with per=households incidents × 1,000 over the households per km² around"),
            ("count", "Incidents at each point of the feature; absent where they come from published numbers"),
            ("radius_z0_px", "The bandwidth in pixels of 512 px tiles at zoom 0; doubles with each zoom"),
            ("published", "True where the weight comes from published numbers"),
        ],
        encode: encode::heat,
    },
    LayerEntry {
        layer: Layer::HeatWithheld,
        name: "heat_withheld",
        description: "Places too few to say for a reader of published numbers: hatched, and no heat is reckoned in them",
        min_zoom: 0,
        max_zoom: 14,
        fields: &[CODE, LEVEL, ("reason", "too_few: below the threshold; not_published: no number of these months and this group")],
        encode: encode::heat_withheld,
    },
    LayerEntry {
        layer: Layer::Earth,
        name: "earth",
        description: "Land, where the source knows the coast or the edge of what it holds",
        min_zoom: 0,
        max_zoom: 15,
        fields: &[KIND],
        encode: encode::base,
    },
    LayerEntry {
        layer: Layer::Landuse,
        name: "landuse",
        description: "Woods, parks, fields, grounds of schools and hospitals",
        min_zoom: 4,
        max_zoom: 15,
        fields: BASE,
        encode: encode::base,
    },
    LayerEntry {
        layer: Layer::Water,
        name: "water",
        description: "Seas, lakes, rivers and streams, as areas and as lines",
        min_zoom: 0,
        max_zoom: 15,
        fields: BASE,
        encode: encode::base,
    },
    LayerEntry {
        layer: Layer::Roads,
        name: "roads",
        description: "Roads, paths, rails, ferries",
        min_zoom: 3,
        max_zoom: 15,
        fields: ROADS,
        encode: encode::base,
    },
    LayerEntry {
        layer: Layer::Buildings,
        name: "buildings",
        description: "Buildings",
        min_zoom: 13,
        max_zoom: 15,
        fields: BASE,
        encode: encode::base,
    },
    LayerEntry {
        layer: Layer::Boundaries,
        name: "boundaries",
        description: "Borders of the source; the office's own areas are the layer areas",
        min_zoom: 0,
        max_zoom: 15,
        fields: BASE,
        encode: encode::base,
    },
    LayerEntry {
        layer: Layer::Places,
        name: "places",
        description: "Names of settlements, each one point",
        min_zoom: 0,
        max_zoom: 15,
        fields: BASE,
        encode: encode::base,
    },
    LayerEntry {
        layer: Layer::Published,
        name: "published",
        description: "Published incident numbers as classes, at the finest level at which half of the places are shown",
        min_zoom: 0,
        max_zoom: 16,
        fields: &[CODE, LEVEL, NAME, NAME_EN, ("class", "Class of incidents per 1,000 households and year, from 1; absent: too few to say")],
        encode: encode::published,
    },
];

/// Some of the layers, as bits: a tile holds each once, in the order of the list above.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LayerSet(u32);

impl LayerSet {
    /// The layers of a comma list of names. `NotFound` names the one there is not.
    pub fn parse(names: &str) -> Result<Self> {
        let mut bits = 0;
        for name in names.split(',').map(str::trim) {
            let entry = LAYERS.iter().find(|entry| entry.name == name);
            let entry = entry.ok_or_else(|| Error::NotFound { what: "tile layer", id: name.chars().take(40).collect() })?;
            bits |= 1 << entry.layer as u32;
        }
        Ok(Self(bits))
    }

    /// Whether a layer is among them.
    pub const fn has(self, layer: Layer) -> bool {
        self.0 >> layer as u32 & 1 == 1
    }

    /// Their entries, in order.
    pub fn entries(self) -> impl Iterator<Item = &'static LayerEntry> {
        LAYERS.iter().filter(move |entry| self.has(entry.layer))
    }
}

/// The entries of a comma list of names, in the order of the list above, each once.
pub fn parse(names: &str) -> Result<Vec<&'static LayerEntry>> {
    Ok(LayerSet::parse(names)?.entries().collect())
}
