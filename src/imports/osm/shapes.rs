//! From what was read to features with shapes, one after the other.

use geo_types::{Coord, Geometry, LineString, MultiPolygon, Polygon};

use super::super::write::BaseOut;
use super::coast;
use super::read::{Extract, Look, Multipolygon, Nodes};
use super::rings::{chains, polygons, ring};

/// First zoom of land and sea.
const GROUND_ZOOM: u8 = 0;

/// Gives each feature to `each` until it says that it is enough; returns how many shapes had parts that are not in the file.
pub(super) fn all(mut extract: Extract, mut each: impl FnMut(BaseOut) -> bool) -> u64 {
    let mut incomplete = 0;
    let mut go_on = true;
    let mut give = |look: Look, shape: Option<Geometry>| match shape {
        Some(shape) if go_on => go_on = each(look.shaped(shape)),
        Some(_) => {}
        None => incomplete += 1,
    };
    for (look, shape) in ground(&extract) {
        give(look, Some(shape));
    }
    let areas = std::mem::take(&mut extract.areas);
    for (look, nodes) in areas {
        let shape = extract.closed(extract.keys(&nodes)).map(Geometry::from);
        give(look, shape);
    }
    let multipolygons = std::mem::take(&mut extract.multipolygons);
    for found in multipolygons {
        let shape = extract.assembled(&found).map(Geometry::from);
        give(found.look, shape);
    }
    let lines = std::mem::take(&mut extract.lines);
    for (look, nodes) in lines {
        let shape = extract.line(&nodes);
        give(look, shape);
    }
    for place in std::mem::take(&mut extract.places) {
        if go_on {
            go_on = each(place);
        }
    }
    incomplete
}

/// Land and sea of what the extract covers.
fn ground(extract: &Extract) -> Vec<(Look, Geometry)> {
    let Some(area) = extract.area else { return Vec::new() };
    let ways: Vec<&[i64]> = extract.coasts.iter().map(|nodes| extract.keys(nodes)).collect();
    let coasts: Vec<Vec<Coord>> = chains(&ways, true).iter().map(|keys| keys.iter().filter_map(|&key| extract.place_of(key)).collect()).collect();
    let ground = coast::ground(area, &coasts);
    let all =
        |polygons: Vec<Polygon>, layer, kind| polygons.into_iter().map(move |p| (Look::plain(layer, kind, String::new(), GROUND_ZOOM), p.into()));
    all(ground.land, "earth", "earth").chain(all(ground.sea, "water", "ocean")).collect()
}

impl Extract {
    fn places_of(&self, keys: &[i64]) -> Option<Vec<Coord>> {
        keys.iter().map(|&key| self.place_of(key)).collect()
    }

    fn closed(&self, keys: &[i64]) -> Option<Polygon> {
        ring(self.places_of(keys)?)
    }

    /// A line as far as it is in the file.
    fn line(&self, nodes: &Nodes) -> Option<Geometry> {
        let mut places: Vec<Coord> = self.keys(nodes).iter().filter_map(|&key| self.place_of(key)).collect();
        places.dedup();
        (places.len() > 1).then(|| LineString(places).into())
    }

    fn assembled(&self, found: &Multipolygon) -> Option<MultiPolygon> {
        let rings = |keys: &[i64]| -> Vec<Polygon> {
            let ways: Vec<&[i64]> = keys.iter().filter_map(|key| self.members.get(key)).map(|nodes| self.keys(nodes)).collect();
            chains(&ways, false).iter().filter_map(|keys| self.closed(keys)).collect()
        };
        polygons(rings(&found.outer), rings(&found.inner))
    }
}
