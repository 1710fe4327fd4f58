//! How much memory the layers take, for `read_model_bytes`.

use super::{Model, ReadModel};

/// A row's entry in the writer's table of places: 16 bytes, at most 8/7 × 2 of them, and a byte beside each.
const PLACE_BYTES: usize = 35;

impl ReadModel {
    /// Bytes of each layer of the newest model, estimated from lengths; the writer's table of places is counted in.
    pub fn bytes(&self) -> Vec<(&'static str, usize)> {
        self.model().bytes()
    }
}

impl Model {
    fn bytes(&self) -> Vec<(&'static str, usize)> {
        let names: usize = self.facilities.rows().map(|f| f.attributes.name_zh.len() + f.attributes.name_en.len() + 32).sum();
        let corners = |shape: &geo_types::MultiPolygon| {
            shape.iter().flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors())).map(|r| r.0.len() * 16 + 24).sum::<usize>()
        };
        let cells: usize = self.cells.iter().map(|c| corners(&c.place.shape) + 350).sum::<usize>() + self.cells.coverage().bytes();
        let areas: usize = self.areas.iter().map(|a| a.place.as_ref().map_or(0, |p| corners(&p.shape)) + 300).sum();
        let borders: usize = super::AREA_LEVELS.iter().filter_map(|&level| self.areas.coverage(level)).map(crate::mvt::Coverage::bytes).sum();
        vec![
            ("areas", areas + borders),
            ("cells", cells),
            ("households", self.households.bytes() + self.households.len() * PLACE_BYTES),
            ("facilities", self.facilities.bytes() + names + self.facilities.len() * PLACE_BYTES),
            ("published", self.published.bytes()),
            ("incidents", self.incidents.bytes() + self.incidents.len() * PLACE_BYTES),
            ("published", self.published.bytes()),
        ]
    }
}
