//! A small writer of OpenStreetMap's PBF (wiki.openstreetmap.org/wiki/PBF_Format), for files that are good, bad and hostile.

use std::io::Write as _;

/// Tags of an element.
pub(crate) type Tags<'a> = &'a [(&'a str, &'a str)];

/// An extract in the making: one block of strings, nodes, ways and relations.
#[derive(Debug, Default)]
pub(crate) struct Pbf {
    strings: Vec<String>,
    nodes: Vec<u8>,
    /// Groups of dense nodes: each group has one.
    dense: Vec<Vec<u8>>,
    ways: Vec<u8>,
    relations: Vec<u8>,
    bbox: Option<[f64; 4]>,
}

fn varint(into: &mut Vec<u8>, mut v: u64) {
    while v >= 0x80 {
        into.push(v as u8 | 0x80);
        v >>= 7;
    }
    into.push(v as u8);
}

fn zigzag(v: i64) -> u64 {
    ((v << 1) ^ (v >> 63)) as u64
}

fn number(into: &mut Vec<u8>, field: u64, v: u64) {
    varint(into, field << 3);
    varint(into, v);
}

fn bytes(into: &mut Vec<u8>, field: u64, v: &[u8]) {
    varint(into, field << 3 | 2);
    varint(into, v.len() as u64);
    into.extend_from_slice(v);
}

fn packed(into: &mut Vec<u8>, field: u64, all: impl IntoIterator<Item = u64>) {
    let mut inside = Vec::new();
    all.into_iter().for_each(|v| varint(&mut inside, v));
    bytes(into, field, &inside);
}

/// Each number less the one before.
fn steps(all: &[i64]) -> Vec<u64> {
    let mut before = 0;
    all.iter().map(|&v| zigzag(v - std::mem::replace(&mut before, v))).collect()
}

impl Pbf {
    pub(crate) fn bbox(mut self, west: f64, south: f64, east: f64, north: f64) -> Self {
        self.bbox = Some([west, east, north, south]);
        self
    }

    fn string(&mut self, text: &str) -> u64 {
        if self.strings.is_empty() {
            self.strings.push(String::new());
        }
        let at = self.strings.iter().position(|known| known == text).unwrap_or_else(|| {
            self.strings.push(text.to_owned());
            self.strings.len() - 1
        });
        at as u64
    }

    fn tags(&mut self, into: &mut Vec<u8>, tags: Tags<'_>) {
        let (keys, values): (Vec<u64>, Vec<u64>) = tags.iter().map(|(key, value)| (self.string(key), self.string(value))).unzip();
        packed(into, 2, keys);
        packed(into, 3, values);
    }

    pub(crate) fn node(mut self, id: i64, lon: f64, lat: f64, tags: Tags<'_>) -> Self {
        let mut node = Vec::new();
        number(&mut node, 1, zigzag(id));
        self.tags(&mut node, tags);
        number(&mut node, 8, zigzag((lat * 1e7).round() as i64));
        number(&mut node, 9, zigzag((lon * 1e7).round() as i64));
        bytes(&mut self.nodes, 1, &node);
        self
    }

    /// Many nodes in one dense group, without tags: `first`, `first + 1`, …
    pub(crate) fn dense(mut self, first: i64, places: &[[f64; 2]]) -> Self {
        let ids: Vec<i64> = (0..places.len() as i64).map(|i| first + i).collect();
        let axis = |k: usize| -> Vec<i64> { places.iter().map(|at| (at[k] * 1e7).round() as i64).collect() };
        let mut dense = Vec::new();
        packed(&mut dense, 1, steps(&ids));
        packed(&mut dense, 8, steps(&axis(1)));
        packed(&mut dense, 9, steps(&axis(0)));
        let mut group = Vec::new();
        bytes(&mut group, 2, &dense);
        self.dense.push(group);
        self
    }

    pub(crate) fn way(mut self, id: i64, nodes: &[i64], tags: Tags<'_>) -> Self {
        let mut way = Vec::new();
        number(&mut way, 1, id as u64);
        self.tags(&mut way, tags);
        packed(&mut way, 8, steps(nodes));
        bytes(&mut self.ways, 3, &way);
        self
    }

    /// A relation of ways with their roles.
    pub(crate) fn relation(mut self, id: i64, ways: &[(i64, &str)], tags: Tags<'_>) -> Self {
        let mut relation = Vec::new();
        number(&mut relation, 1, id as u64);
        self.tags(&mut relation, tags);
        let roles: Vec<u64> = ways.iter().map(|way| self.string(way.1)).collect();
        let ids: Vec<i64> = ways.iter().map(|way| way.0).collect();
        packed(&mut relation, 8, roles);
        packed(&mut relation, 9, steps(&ids));
        packed(&mut relation, 10, ways.iter().map(|_| 1));
        bytes(&mut self.relations, 4, &relation);
        self
    }

    /// The file: a header, then one block of data a kind of element.
    pub(crate) fn finish(self) -> Vec<u8> {
        let mut file = header(&["OsmSchema-V0.6", "DenseNodes"], self.bbox);
        let mut table = Vec::new();
        self.strings.iter().for_each(|text| bytes(&mut table, 1, text.as_bytes()));
        let nodes: Vec<&Vec<u8>> = std::iter::once(&self.nodes).chain(&self.dense).collect();
        for groups in [nodes, vec![&self.ways], vec![&self.relations]] {
            let mut block = Vec::new();
            bytes(&mut block, 1, &table);
            for group in groups {
                bytes(&mut block, 2, group);
            }
            blob(&mut file, "OSMData", &packed_blob(&block));
        }
        file
    }
}

/// The first block of a file, which says what a reader must know of and, `[west, east, north, south]`, what is covered.
pub(crate) fn header(features: &[&str], bbox: Option<[f64; 4]>) -> Vec<u8> {
    let mut header = Vec::new();
    if let Some(sides) = bbox {
        let mut inside = Vec::new();
        sides.iter().zip(1..).for_each(|(side, field)| number(&mut inside, field, zigzag((side * 1e9).round() as i64)));
        bytes(&mut header, 1, &inside);
    }
    for feature in features {
        bytes(&mut header, 4, feature.as_bytes());
    }
    let mut file = Vec::new();
    blob(&mut file, "OSMHeader", &packed_blob(&header));
    file
}

/// A message packed with zlib.
pub(crate) fn packed_blob(message: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    writer.write_all(message).unwrap();
    let mut blob = Vec::new();
    number(&mut blob, 2, message.len() as u64);
    bytes(&mut blob, 3, &writer.finish().unwrap());
    blob
}

/// Appends a blob with its frame.
pub(crate) fn blob(file: &mut Vec<u8>, kind: &str, blob: &[u8]) {
    let mut header = Vec::new();
    bytes(&mut header, 1, kind.as_bytes());
    number(&mut header, 3, blob.len() as u64);
    file.extend_from_slice(&u32::try_from(header.len()).unwrap().to_be_bytes());
    file.extend_from_slice(&header);
    file.extend_from_slice(blob);
}
