//! Bytes as PostGIS prints them, round trips, and garbage.

use geo::{Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon};
use proptest::prelude::*;

use super::*;
use crate::geom::shared_data::wkt;

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

#[test]
fn postgis_and_we_write_the_same_bytes() {
    // select encode(ST_AsEWKB('SRID=4326;POINT(1 2)'), 'hex')
    let point = Geometry::Point(Point::new(1.0, 2.0));
    assert_eq!(hex::encode(encode_ewkb(&point, 4326)), "0101000020e6100000000000000000f03f0000000000000040");
    // select encode(ST_AsBinary('POINT(1 2)'::geometry), 'hex')
    assert_eq!(hex::encode(encode(&point)), "0101000000000000000000f03f0000000000000040");
    assert_eq!(decode(&bytes("0101000020e6100000000000000000f03f0000000000000040")), Ok((point, Some(4326))));
}

#[test]
fn big_endian_and_heights_are_read() {
    let point = Geometry::Point(Point::new(1.0, 2.0));
    // ISO WKB POINT Z (1 2 3), big-endian; EWKB POINT Z; EWKB POINT ZM.
    for text in [
        "00000003e93ff000000000000040000000000000004008000000000000",
        "0101000080000000000000f03f00000000000000400000000000000840",
        "01010000c0000000000000f03f000000000000004000000000000008400000000000001040",
    ] {
        assert_eq!(decode(&bytes(text)), Ok((point.clone(), None)), "{text}");
    }
}

#[test]
fn an_empty_point_is_an_empty_list_of_points() {
    let nan = f64::NAN;
    let empty = encode(&Geometry::Point(Point::new(nan, nan)));
    assert_eq!(decode(&empty), Ok((Geometry::MultiPoint(MultiPoint(vec![])), None)));
}

#[test]
fn hostile_bytes_are_named() {
    assert_eq!(decode(&[]), Err(WkbError::CutOff { at: 0 }));
    assert_eq!(decode(&[7]), Err(WkbError::ByteOrder { at: 0 }));
    assert_eq!(decode(&bytes("0108000000")), Err(WkbError::Kind(8)));
    // A line of 4,294,967,295 points in 9 bytes.
    assert_eq!(decode(&bytes("0102000000ffffffff")), Err(WkbError::CutOff { at: 9 }));
    // A line in a list of points.
    assert_eq!(decode(&bytes("010400000001000000010200000000000000")), Err(WkbError::Part { whole: 4, part: 2 }));
    let mut long = encode(&Geometry::Point(Point::new(1.0, 2.0)));
    long.push(0);
    assert_eq!(decode(&long), Err(WkbError::Rest(1)));
    let deep: Vec<u8> = (0..20).flat_map(|_| bytes("010700000001000000")).chain(bytes("010700000000000000")).collect();
    assert_eq!(decode(&deep), Err(WkbError::TooDeep));
    let mut open = encode(&wkt("POLYGON ((0 0, 1 0, 1 1, 0 0))"));
    let end = open.len() - 1;
    open[end] = 0x40;
    assert_eq!(decode(&open), Err(WkbError::RingNotClosed));
}

fn line() -> impl Strategy<Value = LineString> {
    prop::collection::vec((-180.0..180.0_f64, -90.0..90.0_f64), 0..8).prop_map(LineString::from)
}

fn polygon() -> impl Strategy<Value = Polygon> {
    (line(), prop::collection::vec(line(), 0..3)).prop_map(|(shell, holes)| Polygon::new(shell, holes))
}

fn shape() -> impl Strategy<Value = Geometry> {
    let simple = prop_oneof![
        (-180.0..180.0_f64, -90.0..90.0_f64).prop_map(|(x, y)| Geometry::Point(Point::new(x, y))),
        line().prop_map(Geometry::LineString),
        polygon().prop_map(Geometry::Polygon),
        line().prop_map(|l| Geometry::MultiPoint(MultiPoint(l.0.into_iter().map(Point).collect()))),
        prop::collection::vec(line(), 0..4).prop_map(|l| Geometry::MultiLineString(MultiLineString(l))),
        prop::collection::vec(polygon(), 0..4).prop_map(|p| Geometry::MultiPolygon(MultiPolygon(p))),
    ];
    simple.prop_recursive(3, 12, 3, |inner| {
        prop::collection::vec(inner, 0..3).prop_map(|shapes| Geometry::GeometryCollection(GeometryCollection(shapes)))
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(shape in shape(), srid in prop::option::of(0..100_000_i32)) {
        let bytes = srid.map_or_else(|| encode(&shape), |srid| encode_ewkb(&shape, srid));
        prop_assert_eq!(decode(&bytes), Ok((shape, srid)));
    }

    #[test]
    fn garbage_never_panics(shape in shape(), cut in any::<prop::sample::Index>(), flip in any::<prop::sample::Index>(), to in any::<u8>()) {
        let mut bytes = encode(&shape);
        let at = flip.index(bytes.len());
        bytes[at] = to;
        let _ = decode(&bytes);
        let _ = decode(&bytes[..cut.index(bytes.len())]);
    }
}
