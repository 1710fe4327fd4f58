//! Where tests find the shared development data, and small readers for it; tests only.

use std::path::PathBuf;

use geo::{Coord, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon};

/// A file below the shared folder, read whole; `None` (and a line on stderr) where the folder is absent.
pub(crate) fn read(path: &str) -> Option<String> {
    let base = std::env::var_os("MAPLEBRIDGE_SHARED").map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared")), PathBuf::from);
    let text = std::fs::read_to_string(base.join(path)).ok();
    if text.is_none() {
        eprintln!("skipped: no shared/{path}");
    }
    text
}

/// Rows of a CSV file by column name.
pub(crate) fn rows(text: &str) -> Vec<std::collections::HashMap<String, String>> {
    csv::Reader::from_reader(text.as_bytes()).deserialize().map(|row| row.expect("a row with all columns")).collect()
}

/// The polygons of a GeoJSON feature collection with the given property as name.
pub(crate) fn cells(text: &str, name: &str) -> Vec<(String, MultiPolygon)> {
    let collection: geojson::FeatureCollection = text.parse().expect("a feature collection");
    collection
        .features
        .into_iter()
        .map(|feature| {
            let key = feature.property(name).map_or_else(String::new, |v| v.as_str().map_or_else(|| v.to_string(), str::to_owned));
            let shape = match Geometry::try_from(feature.geometry.expect("a geometry")).expect("a geometry of geo") {
                Geometry::Polygon(polygon) => MultiPolygon::new(vec![polygon]),
                Geometry::MultiPolygon(parts) => parts,
                _ => MultiPolygon::new(vec![]),
            };
            (key, shape)
        })
        .collect()
}

/// Reads the WKT that the GEOS tests use.
pub(crate) fn wkt(text: &str) -> Geometry {
    let text = text.trim();
    let open = text.find('(');
    let kind = text[..open.unwrap_or(text.len())].replace("EMPTY", "").trim().to_uppercase();
    let body = open.map_or("", |at| inside(&text[at..]));
    match kind.as_str() {
        "POINT" => coords(body).first().map_or_else(|| Geometry::MultiPoint(MultiPoint(vec![])), |c| Geometry::Point(Point(*c))),
        "MULTIPOINT" => Geometry::MultiPoint(MultiPoint(items(body).into_iter().map(|p| Point(coords(inside(p))[0])).collect())),
        "LINESTRING" => Geometry::LineString(LineString(coords(body))),
        "LINEARRING" => Geometry::Polygon(Polygon::new(LineString(coords(body)), vec![])),
        "MULTILINESTRING" => Geometry::MultiLineString(MultiLineString(items(body).into_iter().map(|l| LineString(coords(inside(l)))).collect())),
        "POLYGON" => Geometry::Polygon(polygon(body)),
        "MULTIPOLYGON" => Geometry::MultiPolygon(MultiPolygon(items(body).into_iter().map(|p| polygon(inside(p))).collect())),
        "GEOMETRYCOLLECTION" => Geometry::GeometryCollection(GeometryCollection(items(body).into_iter().map(wkt).collect())),
        other => unreachable!("{other}"),
    }
}

fn inside(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix('(').and_then(|t| t.strip_suffix(')')).unwrap_or(if text == "EMPTY" { "" } else { text })
}

fn polygon(body: &str) -> Polygon {
    let mut rings = items(body).into_iter().map(|ring| LineString(coords(inside(ring))));
    let shell = rings.next().unwrap_or_else(|| LineString(vec![]));
    Polygon::new(shell, rings.collect())
}

fn items(body: &str) -> Vec<&str> {
    let (mut depth, mut start, mut out) = (0, 0, Vec::new());
    for (at, c) in body.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                out.push(&body[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    if !body.trim().is_empty() {
        out.push(&body[start..]);
    }
    out.into_iter().map(str::trim).collect()
}

fn coords(body: &str) -> Vec<Coord> {
    items(body)
        .into_iter()
        .map(|pair| {
            let mut numbers = pair.split_whitespace().map(|n| n.parse().expect("a number"));
            Coord { x: numbers.next().expect("x"), y: numbers.next().expect("y") }
        })
        .collect()
}
