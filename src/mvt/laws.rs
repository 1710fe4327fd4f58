//! Laws of tiles, told by an independent decoder and by random partitions of a square.

use std::collections::{BTreeMap, BTreeSet};

use mvt_reader::Reader;
use mvt_reader::feature::Value;
use proptest::prelude::*;

use super::rings::twice_area;
use super::*;

/// A directed edge on the grid of a zoom.
type Edge = ([i64; 2], [i64; 2]);
const BUFFER: i32 = 64;

/// What is wrong with the borders drawn in these tiles; `outline` says whether an edge may stand alone.
///
/// An edge that ends on a side of a buffer was cut there and rounded, and may so have come to run over a corner it does not
/// name, or to lie on another such edge. Which pixels are whose stays the same; it is counted piece by piece, and must be
/// used as often in one direction as in the other.
fn broken_borders(coverage: &Coverage, tiles: impl IntoIterator<Item = TileId>, outline: impl Fn(Edge) -> bool) -> Vec<String> {
    let mut edges: BTreeSet<(Edge, i64)> = BTreeSet::new();
    let mut rounded: BTreeSet<Edge> = BTreeSet::new();
    for tile in tiles {
        let side = |line: i32| line == -BUFFER || line == EXTENT + BUFFER;
        let [ox, oy] = tile.grid_origin();
        let mut here: Vec<(Edge, i64)> = Vec::new();
        coverage.tile(
            tile,
            BUFFER,
            |_| true,
            |id, rings| {
                for ring in rings.iter() {
                    for (i, &a) in ring.iter().enumerate() {
                        let b = ring[(i + 1) % ring.len()];
                        if (0..2).all(|axis| a[axis] != b[axis] || !side(a[axis])) {
                            let whole = |p: [i32; 2]| [i64::from(p[0]) + ox, i64::from(p[1]) + oy];
                            here.push(((whole(a), whole(b)), id));
                        }
                    }
                }
            },
        );
        let corners: BTreeSet<[i64; 2]> = here.iter().flat_map(|((a, b), _)| [*a, *b]).collect();
        let cut = |p: [i64; 2]| side((p[0] - ox) as i32) || side((p[1] - oy) as i32);
        for ((a, b), id) in here {
            let pieces = if cut(a) || cut(b) { pieces((a, b), &corners) } else { vec![(a, b)] };
            if cut(a) || cut(b) {
                rounded.extend(pieces.iter().map(|(a, b)| (*a.min(b), *a.max(b))));
            }
            edges.extend(pieces.into_iter().map(|piece| (piece, id)));
        }
    }
    let mut uses: BTreeMap<Edge, [usize; 2]> = BTreeMap::new();
    for ((a, b), _) in edges {
        uses.entry((a.min(b), a.max(b))).or_default()[usize::from(a > b)] += 1;
    }
    let fair = |edge: &Edge, n: [usize; 2]| n == [1, 1] || (n[0] == n[1] && rounded.contains(edge));
    let wrong = |(edge, n): &(Edge, [usize; 2])| !(fair(edge, *n) || n[0] + n[1] == 1 && outline(*edge));
    uses.into_iter().filter(wrong).map(|(edge, n)| format!("{edge:?} used {n:?}")).collect()
}

/// An edge from corner to corner of those that lie on it.
fn pieces((a, b): Edge, corners: &BTreeSet<[i64; 2]>) -> Vec<Edge> {
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let (mut steps, mut rest) = (dx.abs(), dy.abs());
    while rest != 0 {
        (steps, rest) = (rest, steps % rest);
    }
    let on_it = (0..=steps).map(|k| [a[0] + dx / steps * k, a[1] + dy / steps * k]).filter(|p| *p == a || *p == b || corners.contains(p));
    let on_it: Vec<[i64; 2]> = on_it.collect();
    on_it.windows(2).map(|two| (two[0], two[1])).collect()
}

/// A square of `n` × `n` cells, corners and the middles of edges shifted at random, cells dealt out to shapes, and a wide
/// frame around it, shape −1.
#[derive(Debug, Clone)]
struct Partition {
    n: usize,
    /// World units from cell to cell, across and down.
    steps: [u32; 2],
    shifts: Vec<(f64, f64)>,
    owner: Vec<i64>,
}

const ORIGIN: u32 = (1 << 31) + 12_345;
const FRAME: [u32; 2] = [ORIGIN - (1 << 24), ORIGIN + (1 << 24)];

impl Partition {
    fn any(n: usize) -> impl Strategy<Value = Self> {
        let shifts = prop::collection::vec((-0.45..0.45_f64, -0.45..0.45_f64), (2 * n + 1) * (2 * n + 1));
        let owner = prop::collection::vec(0..(n * n) as i64, n * n);
        let steps = [2.0..14.0_f64, 2.0..14.0_f64].prop_map(|logs| logs.map(|log| log.exp2() as u32));
        (steps, shifts, owner).prop_map(move |(steps, shifts, owner)| Self { n, steps, shifts, owner })
    }

    /// Corner at half steps `i`, `j`; on the outline it moves along the outline alone, at the four ends not at all.
    fn corner(&self, i: usize, j: usize) -> World {
        let (dx, dy) = self.shifts[j * (2 * self.n + 1) + i];
        let end = 2 * self.n;
        let along = |axis: usize, k: usize, shift: f64| {
            let half = f64::from(self.steps[axis]) / 2.0;
            let at = k as f64 * half + if k == 0 || k == end { 0.0 } else { (shift * half).trunc() };
            ORIGIN + at.round() as u32
        };
        World { x: along(0, i, dx), y: along(1, j, dy) }
    }

    fn shapes(&self) -> Vec<Shape> {
        let mut shapes: BTreeMap<i64, Shape> = BTreeMap::new();
        for (cell, &id) in self.owner.iter().enumerate() {
            let (i, j) = (cell % self.n * 2, cell / self.n * 2);
            let around = [(0, 0), (1, 0), (2, 0), (2, 1), (2, 2), (1, 2), (0, 2), (0, 1)];
            let ring = around.map(|(di, dj)| self.corner(i + di, j + dj)).to_vec();
            shapes.entry(id).or_insert(Shape { id, polygons: Vec::new() }).polygons.push(vec![ring]);
        }
        let end = 2 * self.n;
        let sides = [
            (0..end).map(|k| (k, 0)).collect::<Vec<_>>(),
            (0..end).map(|k| (end, k)).collect(),
            (0..end).map(|k| (end - k, end)).collect(),
            (0..end).map(|k| (0, end - k)).collect(),
        ];
        let hole = sides.into_iter().flatten().map(|(i, j)| self.corner(i, j)).collect();
        let [lo, hi] = FRAME;
        let frame = [(lo, lo), (hi, lo), (hi, hi), (lo, hi)].map(|(x, y)| World { x, y }).to_vec();
        shapes.insert(-1, Shape { id: -1, polygons: vec![vec![frame, hole]] });
        shapes.into_values().collect()
    }

    fn tiles(&self, z: u8) -> Vec<TileId> {
        let [x, y] = self.steps.map(|step| ORIGIN + step * self.n as u32);
        let (a, b) = (TileId::holding(z, World { x: ORIGIN, y: ORIGIN }), TileId::holding(z, World { x, y }));
        let rows = a.y()..=b.y();
        rows.flat_map(|y| (a.x()..=b.x()).map(move |x| TileId::new(z, x, y).expect("between two tiles"))).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn borders_inside_a_partition_are_used_twice_at_every_zoom(partition in Partition::any(6), z in 8_u8..=18) {
        let coverage = Coverage::new(partition.shapes());
        let ends = FRAME.map(|v| address::on_grid(z, World { x: v, y: v })[0]);
        let outline = |(a, b): Edge| (0..2).any(|axis| a[axis] == b[axis] && ends.contains(&a[axis]));
        // Tile by tile: a sliver thinner than the grid that runs through a side may be drawn in one tile and gone in the next,
        // which rounds its cut elsewhere.
        for tile in partition.tiles(z) {
            let broken = broken_borders(&coverage, [tile], outline);
            prop_assert!(broken.is_empty(), "{tile:?}: {broken:?}");
        }
    }

    #[test]
    fn the_parts_of_a_partition_fill_it_exactly(partition in Partition::any(5), z in 8_u8..=18) {
        let coverage = Coverage::new(partition.shapes());
        for tile in partition.tiles(z) {
            let mut area = 0;
            coverage.tile(tile, BUFFER, |_| true, |_, rings| area += rings.iter().map(twice_area).sum::<i64>());
            let clamp = |v: i32| i64::from(v.clamp(-BUFFER, EXTENT + BUFFER));
            let [from, to] = FRAME.map(|v| tile.place(World { x: v, y: v }).map(clamp));
            prop_assert_eq!(area, 2 * (to[0] - from[0]) * (to[1] - from[1]));
        }
    }

    #[test]
    fn an_edited_coverage_equals_one_made_afresh(old in Partition::any(5), new in Partition::any(5), keep in 0_usize..25) {
        let new = Partition { steps: old.steps, shifts: old.shifts.iter().zip(&new.shifts).enumerate()
            .map(|(i, (o, n))| if i % 7 == 0 { *n } else { *o }).collect(), ..new };
        let mut edited = Coverage::new(old.shapes());
        let before: BTreeMap<i64, Shape> = old.shapes().into_iter().map(|s| (s.id, s)).collect();
        let after: BTreeMap<i64, Shape> = new.shapes().into_iter().filter(|s| s.id != keep as i64).map(|s| (s.id, s)).collect();
        let gone: Vec<i64> = before.keys().copied().filter(|id| !after.contains_key(id)).collect();
        let changed: Vec<Shape> = after.values().filter(|s| before.get(&s.id) != Some(s)).cloned().collect();
        for shape in changed {
            edited.update(&[], [shape]);
        }
        edited.update(&gone, []);
        let fresh = Coverage::new(after.into_values().rev());
        prop_assert!(edited == fresh);
        for tile in new.tiles(15) {
            let drawn = |c: &Coverage| {
                let mut all = Vec::new();
                c.tile(tile, BUFFER, |_| true, |id, rings| all.push((id, rings.clone())));
                all
            };
            prop_assert_eq!(drawn(&edited), drawn(&fresh));
        }
    }

    #[test]
    fn what_was_drawn_before_an_edit_is_not_drawn_after_it(old in Partition::any(10), moved in 0_usize..441, shift in (-0.45..0.45_f64, -0.45..0.45_f64)) {
        let mut new = old.clone();
        new.shifts[moved] = shift;
        let mut edited = Coverage::new(old.shapes());
        let zooms = [9, 11, 13, 15, 17, 18, 21];
        let all = |c: &Coverage| {
            let mut all = Vec::new();
            for tile in zooms.into_iter().flat_map(|z| new.tiles(z).into_iter().take(60)) {
                c.tile(tile, BUFFER, |id| id % 5 != 3, |id, rings| all.push((tile, id, rings.clone())));
            }
            all
        };
        let before = edited.clone();
        let (first, again) = (all(&edited), all(&edited));
        prop_assert!(first == again);
        let shapes: BTreeMap<i64, Shape> = old.shapes().into_iter().map(|s| (s.id, s)).collect();
        let changed: Vec<Shape> = new.shapes().into_iter().filter(|s| shapes.get(&s.id) != Some(s)).collect();
        edited.update(&[], changed);
        prop_assert!(all(&edited) == all(&Coverage::new(new.shapes())));
        prop_assert!(all(&before) == first);
    }

    #[test]
    fn what_is_written_is_read_back(points in prop::collection::vec((any::<u64>(), -64..4160_i32, -64..4160_i32, any::<u16>(), any::<i64>(), -1e9..1e9_f64, ".{0,8}"), 1..40)) {
        let mut layer = LayerWriter::new("households");
        let keys = ["count", "shift", "rate", "name", "odd"].map(|k| layer.key(k));
        for (id, x, y, count, shift, rate, name) in &points {
            let values = [layer.uint(u64::from(*count)), layer.int(*shift), layer.double(*rate), layer.text(name), layer.boolean(count % 2 == 1)];
            let tags: Vec<u32> = keys.iter().zip(values).flat_map(|(k, v)| [*k, v]).collect();
            layer.point(Some(*id), [*x, *y], &tags);
        }
        let mut tile = TileWriter::default();
        tile.add(&layer);
        let reader = Reader::new(tile.finish()).expect("a tile");
        let about = &reader.get_layer_metadata().expect("layers")[0];
        prop_assert_eq!((about.name.as_str(), about.version, about.extent, about.feature_count), ("households", 2, 4096, points.len()));
        let features = reader.get_features_as::<i32>(0).expect("features");
        for ((id, x, y, count, shift, rate, name), feature) in points.iter().zip(features) {
            prop_assert_eq!(feature.id, Some(*id));
            prop_assert_eq!(corners(&feature.geometry), vec![[*x, *y]]);
            let properties = feature.properties.expect("properties");
            let whole = |key: &str| match properties[key] {
                Value::UInt(v) => i128::from(v),
                Value::Int(v) | Value::SInt(v) => i128::from(v),
                _ => i128::MAX,
            };
            prop_assert_eq!((whole("count"), whole("shift")), (i128::from(*count), i128::from(*shift)));
            prop_assert_eq!(&properties["rate"], &Value::Double(*rate));
            prop_assert_eq!(&properties["name"], &Value::String(name.clone()));
            prop_assert_eq!(&properties["odd"], &Value::Bool(count % 2 == 1));
        }
    }
}

fn corners(geometry: &geo_types::Geometry<i32>) -> Vec<[i32; 2]> {
    use geo::CoordsIter;
    geometry.coords_iter().map(|c| [c.x, c.y]).collect()
}

#[test]
fn a_polygon_with_a_hole_and_an_island_is_read_back() {
    let square = |at: i32, side: i32| vec![[at, at], [at + side, at], [at + side, at + side], [at, at + side]];
    let mut rings = Rings::default();
    rings.push_polygon(&square(0, 100), &[&square(10, 50)]);
    rings.push_polygon(&square(20, 10), &[]);
    let mut layer = LayerWriter::new("cells");
    layer.polygon(Some(7), &rings, &[]);
    layer.lines(None, &[&[[1, 2], [3, 4]], &[[9, 9]], &[[0, 0], [-5, 6], [7, 7]]], &[]);
    layer.points(None, &[[4, 4], [2, 2]], &[]);
    let mut tile = TileWriter::default();
    tile.add(&layer);
    let features = Reader::new(tile.finish()).and_then(|r| r.get_features_as::<i32>(0)).expect("features");
    let geo_types::Geometry::MultiPolygon(parts) = &features[0].geometry else { unreachable!("a multi-polygon") };
    assert_eq!(parts.0.iter().map(|p| p.interiors().len()).collect::<Vec<_>>(), [1, 0]);
    assert_eq!(corners(&features[1].geometry), [[1, 2], [3, 4], [0, 0], [-5, 6], [7, 7]]);
    assert_eq!(corners(&features[2].geometry), [[4, 4], [2, 2]]);
}

/// The published village polygons, the one that crosses itself (大同鄉太平村) taken as it is; none when they are not here.
fn villages() -> Option<Vec<Shape>> {
    let shared = std::env::var("MAPLEBRIDGE_SHARED").unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared").into());
    let path = std::path::Path::new(&shared).join("data/villages/yilan_keelung_villages.geojson");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: no {}", path.display());
        return None;
    };
    let features = geojson::FeatureCollection::try_from(text.parse::<geojson::GeoJson>().expect("GeoJSON")).expect("a collection");
    let shape = |(id, feature): (usize, geojson::Feature)| {
        let parts = match geo_types::Geometry::<f64>::try_from(feature.geometry.expect("a geometry")).expect("a geometry") {
            geo_types::Geometry::Polygon(p) => geo_types::MultiPolygon(vec![p]),
            geo_types::Geometry::MultiPolygon(p) => p,
            other => unreachable!("{other:?}"),
        };
        Shape::from_lon_lat(id as i64, &parts)
    };
    Some(features.features.into_iter().enumerate().map(shape).collect())
}

#[test]
fn borders_of_villages_stay_shared_from_zoom_6_to_14() {
    let Some(shapes) = villages() else { return };
    let mut lines: BTreeMap<(World, World), usize> = BTreeMap::new();
    for ring in shapes.iter().flat_map(|s| s.polygons.iter().flatten()) {
        ring.windows(2).for_each(|e| *lines.entry((e[0].min(e[1]), e[0].max(e[1]))).or_default() += 1);
    }
    let outer: Vec<(World, World)> = lines.into_iter().filter(|l| l.1 == 1).map(|l| l.0).collect();
    let all = WorldBox::around(shapes.iter().flat_map(|s| s.polygons.iter().flatten().flatten().copied())).expect("villages");
    let coverage = Coverage::new(shapes);
    for z in 6..=14 {
        let (a, b) = (TileId::holding(z, all.min), TileId::holding(z, all.max));
        let tiles = (a.y()..=b.y()).flat_map(|y| (a.x()..=b.x()).map(move |x| TileId::new(z, x, y).expect("between two tiles")));
        // an edge may stand alone where the published outline is, but for what thinning and rounding move it
        let outline = |(p, q): Edge| {
            let middle = [(p[0] + q[0]) as f64 / 2.0, (p[1] + q[1]) as f64 / 2.0];
            outer.iter().any(|&(a, b)| distance(middle, address::on_grid(z, a), address::on_grid(z, b)) < 12.0)
        };
        let broken = broken_borders(&coverage, tiles, outline);
        assert!(broken.is_empty(), "zoom {z}: {} {:?}", broken.len(), &broken[..broken.len().min(10)]);
    }
}

fn distance(p: [f64; 2], a: [i64; 2], b: [i64; 2]) -> f64 {
    let (a, b) = (a.map(|v| v as f64), b.map(|v| v as f64));
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let share = (((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / (dx * dx + dy * dy).max(1.0)).clamp(0.0, 1.0);
    (p[0] - a[0] - share * dx).hypot(p[1] - a[1] - share * dy)
}
