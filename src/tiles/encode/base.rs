//! The base map: public geography, the same for every reader.

use geo_types::{Geometry, LineString, Polygon};

use super::Question;
use crate::mvt::{EXTENT, LayerWriter, Rings, World};
use crate::read_model::{BUFFER, BaseFeature};

const LOW: f64 = -(BUFFER as f64);
const HIGH: f64 = (EXTENT + BUFFER) as f64;

pub(in crate::tiles) fn base(q: &Question<'_>, mut layer: LayerWriter, limit: usize) -> LayerWriter {
    let around = q.tile.buffered(BUFFER);
    // what spans less than a pixel of a 512 px tile is not drawn
    let smallest = 1_u64 << (32 - u32::from(q.tile.z())).saturating_sub(9);
    for feature in q.model.basemap.meeting(q.layer, &around, q.tile.z()) {
        if layer.size() > limit {
            break;
        }
        let extent = &feature.extent;
        let size = u64::from(extent.max.x - extent.min.x).max(u64::from(extent.max.y - extent.min.y));
        let id = u64::try_from(feature.id).ok();
        if let Geometry::Point(at) = &*feature.shape {
            let [x, y] = q.tile.place(World::from_lon_lat(at.x(), at.y()));
            if (0..EXTENT).contains(&x) && (0..EXTENT).contains(&y) {
                let tags = tags(q, feature, &mut layer);
                layer.point(id, [x, y], &tags);
            }
            continue;
        }
        if size < smallest {
            continue;
        }
        let tags = tags(q, feature, &mut layer);
        let mut drawing = Drawing { q, lines: Vec::new(), rings: Rings::default() };
        drawing.draw(&feature.shape);
        let lines: Vec<&[[i32; 2]]> = drawing.lines.iter().map(Vec::as_slice).collect();
        layer.lines(id, &lines, &tags);
        layer.polygon(id, &drawing.rings, &tags);
    }
    layer
}

/// The attributes of a feature, each absent where it says nothing.
fn tags(q: &Question<'_>, feature: &BaseFeature, layer: &mut LayerWriter) -> Vec<u32> {
    let [kind, detail] = [feature.kind, feature.kind_detail].map(|number| q.model.lists.basemap_kind.text(number));
    let mut tags = Vec::with_capacity(16);
    for (key, text) in
        [("kind", &kind), ("kind_detail", &detail), ("name", &feature.name_zh), ("name:en", &feature.name_en), ("ref", &feature.reference)]
    {
        if !text.is_empty() {
            tags.extend([layer.key(key), layer.text(text)]);
        }
    }
    tags.extend([layer.key("min_zoom"), layer.uint(feature.min_zoom.into())]);
    match feature.deck {
        1.. => tags.extend([layer.key("is_bridge"), layer.boolean(true)]),
        ..0 => tags.extend([layer.key("is_tunnel"), layer.boolean(true)]),
        0 => {}
    }
    tags
}

struct Drawing<'a> {
    q: &'a Question<'a>,
    lines: Vec<Vec<[i32; 2]>>,
    rings: Rings,
}

impl Drawing<'_> {
    fn draw(&mut self, shape: &Geometry) {
        match shape {
            Geometry::LineString(line) => self.line(line),
            Geometry::MultiLineString(lines) => lines.iter().for_each(|line| self.line(line)),
            Geometry::Polygon(polygon) => self.polygon(polygon),
            Geometry::MultiPolygon(polygons) => polygons.iter().for_each(|polygon| self.polygon(polygon)),
            Geometry::GeometryCollection(all) => all.iter().for_each(|shape| self.draw(shape)),
            _ => {}
        }
    }

    fn places(&self, line: &LineString) -> Vec<[f64; 2]> {
        let mut places: Vec<[f64; 2]> = Vec::with_capacity(line.0.len());
        let last = line.0.len().saturating_sub(1);
        for (i, c) in line.coords().enumerate() {
            let place = self.q.tile.place(World::from_lon_lat(c.x, c.y)).map(f64::from);
            // corners nearer than half a pixel of a 512 px tile add nothing
            let near = places.last().is_some_and(|p| (p[0] - place[0]).abs() < 4.0 && (p[1] - place[1]).abs() < 4.0);
            if !near || i == last {
                places.push(place);
            }
        }
        places
    }

    fn line(&mut self, line: &LineString) {
        let places = self.places(line);
        let mut run: Vec<[i32; 2]> = Vec::new();
        for ends in places.windows(2) {
            match cut(ends[0], ends[1]) {
                Some((a, b)) => {
                    if run.last() != Some(&a) {
                        self.take(&mut run);
                        run.push(a);
                    }
                    if b != a {
                        run.push(b);
                    }
                }
                None => self.take(&mut run),
            }
        }
        self.take(&mut run);
    }

    fn take(&mut self, run: &mut Vec<[i32; 2]>) {
        if run.len() > 1 {
            self.lines.push(std::mem::take(run));
        }
        run.clear();
    }

    fn polygon(&mut self, polygon: &Polygon) {
        let exterior = clip(self.places(polygon.exterior()));
        let holes: Vec<Vec<[i32; 2]>> = polygon.interiors().iter().map(|ring| clip(self.places(ring))).collect();
        let holes: Vec<&[[i32; 2]]> = holes.iter().map(Vec::as_slice).filter(|ring| ring.len() > 2).collect();
        if exterior.len() > 2 {
            self.rings.push_polygon(&exterior, &holes);
        }
    }
}

/// The part of a line inside the buffered tile (Liang and Barsky).
fn cut(a: [f64; 2], b: [f64; 2]) -> Option<([i32; 2], [i32; 2])> {
    let d = [b[0] - a[0], b[1] - a[1]];
    let (mut from, mut to) = (0.0_f64, 1.0_f64);
    for axis in 0..2 {
        for (p, q) in [(-d[axis], a[axis] - LOW), (d[axis], HIGH - a[axis])] {
            if p == 0.0 {
                if q < 0.0 {
                    return None;
                }
            } else if p < 0.0 {
                from = from.max(q / p);
            } else {
                to = to.min(q / p);
            }
        }
    }
    let at = |t: f64| [(a[0] + t * d[0]).round() as i32, (a[1] + t * d[1]).round() as i32];
    (from <= to).then(|| (at(from), at(to)))
}

/// The part of a ring inside the buffered tile (Sutherland and Hodgman).
fn clip(mut ring: Vec<[f64; 2]>) -> Vec<[i32; 2]> {
    for axis in 0..2 {
        for (edge, sign) in [(LOW, 1.0), (HIGH, -1.0)] {
            let inside = |p: &[f64; 2]| (p[axis] - edge) * sign >= 0.0;
            let mut kept = Vec::with_capacity(ring.len() + 4);
            for i in 0..ring.len() {
                let (a, b) = (ring[(i + ring.len() - 1) % ring.len()], ring[i]);
                if inside(&a) != inside(&b) {
                    let t = (edge - a[axis]) / (b[axis] - a[axis]);
                    let mut p = [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])];
                    p[axis] = edge;
                    kept.push(p);
                }
                if inside(&b) {
                    kept.push(b);
                }
            }
            ring = kept;
        }
    }
    let mut out: Vec<[i32; 2]> = ring.iter().map(|p| [p[0].round() as i32, p[1].round() as i32]).collect();
    out.dedup();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_and_a_ring_are_cut_at_the_buffer() {
        assert_eq!(cut([-1000.0, 10.0], [1000.0, 10.0]), Some(([-64, 10], [1000, 10])));
        assert_eq!(cut([-1000.0, -500.0], [9000.0, -500.0]), None);
        let ring = clip(vec![[-500.0, -500.0], [100.0, -500.0], [100.0, 100.0], [-500.0, 100.0]]);
        assert_eq!(ring.len(), 4);
        assert!(ring.iter().all(|p| p.iter().all(|&v| v == -64 || v == 100)));
    }
}
