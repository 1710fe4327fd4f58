//! Spatial questions put to a model, each cut to the reader: what lies in a box, which cell is here, what is known of it.

use super::points::{Attributes, Block, Points};
use super::{Model, Reader};
use crate::geom::LonLat;
use crate::mvt::{World, WorldBox};

/// Layers that can be asked for keys in a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PointLayer {
    /// Answers with `household_id`.
    Households,
    /// Answers with `facility_id`.
    Facilities,
    /// Answers with the key of the incident; the box holds its safe place.
    Incidents,
}

/// What is known of a cell without asking the database.
#[derive(Debug, Clone, PartialEq)]
pub struct CellFacts {
    /// 15-digit code.
    pub code: i64,
    /// Square metres.
    pub area_m2: f64,
    /// Rows of households.
    pub address_count: u64,
    /// Households at them.
    pub household_count: u64,
    /// Facilities.
    pub facility_count: u64,
    /// Facilities by code of kind.
    pub by_kind: Vec<(String, u64)>,
    /// Codes of the cells that share a border, as far as the reader may see them.
    pub neighbours: Vec<i64>,
    /// Longitude and latitude of a point well inside.
    pub label: [f64; 2],
    /// West, south, east, north.
    pub bounds: [f64; 4],
}

impl Model {
    /// Keys of rows in a box (west, south, east, north), ascending, from after `after` on, `limit` at most.
    pub fn ids_in_bbox(&self, layer: PointLayer, bbox: [f64; 4], reader: &Reader, limit: usize, after: Option<i64>) -> Vec<i64> {
        match layer {
            PointLayer::Households => {
                keys(&self.households, bbox, limit, after, |b, i| reader.households.contains(b.scope(i)).then(|| b.attributes[i].household_id))
            }
            PointLayer::Facilities => {
                keys(&self.facilities, bbox, limit, after, |b, i| reader.map.contains(b.scope(i)).then(|| b.attributes[i].facility_id))
            }
            PointLayer::Incidents => keys(&self.incidents, bbox, limit, after, |b, i| {
                let seen = reader.cases.contains(b.scope(i)) || reader.units.binary_search(&b.attributes[i].unit_id).is_ok();
                seen.then(|| b.ids[i])
            }),
        }
    }

    /// Codes of cells whose box meets the given one, ascending.
    pub fn cells_in_bbox(&self, bbox: [f64; 4], reader: &Reader, limit: usize, after: Option<i64>) -> Vec<i64> {
        let ids = self.cells.coverage().meeting(&world_box(bbox));
        let mut codes: Vec<i64> = ids.into_iter().filter_map(|id| self.cells.get(id)).map(|c| c.code).collect();
        codes.retain(|&code| reader.map.contains(code) && after.is_none_or(|after| code > after));
        codes.sort_unstable();
        codes.truncate(limit);
        codes
    }

    /// The cell at a place, where the reader may see it.
    pub fn cell_at(&self, place: LonLat, reader: &Reader) -> Option<i64> {
        self.cell_code_at(place).filter(|&code| reader.map.contains(code))
    }

    /// The cell at a place, for writes: whose it is is asked by the writer's own rights.
    pub fn cell_code_at(&self, place: LonLat) -> Option<i64> {
        self.cells.code_at(place)
    }

    /// What is known of a cell, where the reader may see it.
    pub fn cell_facts(&self, code: i64, reader: &Reader) -> Option<CellFacts> {
        let cell = self.cells.by_code(code).filter(|_| reader.map.contains(code))?;
        let counts = self.tallies.of(code).cloned().unwrap_or_default();
        let neighbours = self.cells.neighbours(code).iter().copied().filter(|&n| reader.map.contains(n)).collect();
        Some(CellFacts {
            code,
            area_m2: cell.place.area_m2,
            address_count: counts.address_count,
            household_count: counts.household_count,
            facility_count: counts.facility_count,
            by_kind: counts.by_kind.iter().map(|(&kind, &n)| (self.lists.facility_kind.text(kind).to_string(), n)).collect(),
            neighbours,
            label: cell.place.label.to_lon_lat(),
            bounds: lon_lat_bounds(&cell.place.extent),
        })
    }

    /// West, south, east, north of what the reader may see; none where that is nothing.
    pub fn bounds(&self, reader: &Reader) -> Option<[f64; 4]> {
        let own = self.areas.iter().filter(|a| reader.map.covers(a.range())).filter_map(|a| a.place.as_ref().map(|p| p.extent));
        let cells = self.cells.iter().filter(|c| reader.map.contains(c.code)).map(|c| c.place.extent);
        WorldBox::around(own.chain(cells).flat_map(|b| [b.min, b.max])).map(|b| lon_lat_bounds(&b))
    }
}

fn lon_lat_bounds(area: &WorldBox) -> [f64; 4] {
    let ([west, north], [east, south]) = (area.min.to_lon_lat(), area.max.to_lon_lat());
    [west, south, east, north]
}

fn world_box([west, south, east, north]: [f64; 4]) -> WorldBox {
    WorldBox { min: World::from_lon_lat(west, north), max: World::from_lon_lat(east, south) }
}

fn keys<A: Attributes>(
    points: &Points<A>,
    bbox: [f64; 4],
    limit: usize,
    after: Option<i64>,
    key: impl Fn(&Block<A>, usize) -> Option<i64>,
) -> Vec<i64> {
    let area = world_box(bbox);
    let width = (area.max.x.saturating_sub(area.min.x)).max(area.max.y.saturating_sub(area.min.y)).max(1);
    let finest = (width.leading_zeros() as u8 + 4).min(32);
    let mut found = Vec::new();
    points.each_in(&area, finest, |block, i| found.extend(key(block, i).filter(|&k| after.is_none_or(|after| k > after))));
    found.sort_unstable();
    found.dedup();
    found.truncate(limit);
    found
}
