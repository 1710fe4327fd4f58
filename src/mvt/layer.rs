//! Writing layers and tiles of Mapbox Vector Tile 2. Geometry arrives in tile units; nothing is projected or cut here.

use super::rings::{Outline, Rings};
use super::values::Values;
use super::wire::{Small, field, field_of, short_varint, varint, zigzag};

const POINT: u8 = 1;
const LINE: u8 = 2;
const POLYGON: u8 = 3;

/// A tile in the making: layers one behind the other.
#[derive(Debug, Default)]
pub struct TileWriter {
    bytes: Vec<u8>,
}

impl TileWriter {
    /// Appends a layer; one without features leaves no trace.
    pub fn add(&mut self, layer: &LayerWriter) {
        layer.write_to(&mut self.bytes);
    }

    /// The bytes of the tile; empty when no layer had features.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// One layer in the making. Keys and values are numbered as they are first named, each once; a feature names them by
/// number, in pairs `[key, value, key, value …]`. Bytes depend on the calls alone.
#[derive(Debug)]
pub struct LayerWriter {
    name: String,
    features: Vec<u8>,
    feature_count: usize,
    keys: Vec<String>,
    key_bytes: usize,
    values: Values,
    small_uints: Vec<u32>,
}

/// Values are looked up for whole numbers below this without hashing.
const SMALL_UINTS: usize = 4096;
const UNSEEN: u32 = u32::MAX;

impl LayerWriter {
    /// An empty layer.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            features: Vec::new(),
            feature_count: 0,
            keys: Vec::new(),
            key_bytes: 0,
            values: Values::default(),
            small_uints: Vec::new(),
        }
    }

    /// An empty layer of the same name.
    #[must_use]
    pub fn again(&self) -> Self {
        Self::new(&self.name)
    }

    /// The number of a key.
    pub fn key(&mut self, name: &str) -> u32 {
        let at = self.keys.iter().position(|k| k == name).unwrap_or_else(|| {
            self.keys.push(name.to_owned());
            self.key_bytes += name.len() + 2;
            self.keys.len() - 1
        });
        at as u32
    }

    /// The number of a text.
    pub fn text(&mut self, text: &str) -> u32 {
        self.values.text(text)
    }

    /// The number of a whole number from 0 on.
    pub fn uint(&mut self, v: u64) -> u32 {
        let encode = |b: &mut Vec<u8>| {
            b.push(0x28);
            varint(b, v);
        };
        let Some(slot) = usize::try_from(v).ok().filter(|&slot| slot < SMALL_UINTS) else { return self.value(encode) };
        if self.small_uints.len() <= slot {
            self.small_uints.resize((slot + 1).next_power_of_two(), UNSEEN);
        }
        if self.small_uints[slot] == UNSEEN {
            self.small_uints[slot] = self.value(encode);
        }
        self.small_uints[slot]
    }

    /// The number of a whole number; from 0 on the same as [`Self::uint`].
    pub fn int(&mut self, v: i64) -> u32 {
        match u64::try_from(v) {
            Ok(v) => self.uint(v),
            Err(_) => self.value(|b| {
                b.push(0x30);
                varint(b, ((v << 1) ^ (v >> 63)) as u64);
            }),
        }
    }

    /// The number of a floating-point number.
    pub fn double(&mut self, v: f64) -> u32 {
        self.value(|b| {
            b.push(0x19);
            b.extend_from_slice(&v.to_le_bytes());
        })
    }

    /// The number of a truth value.
    pub fn boolean(&mut self, v: bool) -> u32 {
        self.value(|b| b.extend_from_slice(&[0x38, u8::from(v)]))
    }

    /// Writes a point. No allocation beyond the growth of the layer.
    #[inline]
    pub fn point(&mut self, id: Option<u64>, at: [i32; 2], tags: &[u32]) {
        if tags.len() > 16 {
            return self.points(id, &[at], tags);
        }
        // at most 2 for the frame, 11 for the id, 2 + 16 × 5 for the tags, 2 for the type, 2 + 11 for the geometry: below 120
        let mut b = Small::behind(2);
        if let Some(id) = id {
            b.byte(0x08);
            b.varint(id);
        }
        if !tags.is_empty() {
            b.byte(0x12);
            let length_at = b.len();
            b.byte(0);
            if tags.iter().all(|&t| t < 0x80) {
                for &t in tags {
                    b.byte(t as u8);
                }
            } else {
                for &t in tags {
                    b.varint(u64::from(t));
                }
            }
            b.set(length_at, (b.len() - length_at - 1) as u8);
        }
        for byte in [0x18, POINT, 0x22, 0, command(1, 1) as u8] {
            b.byte(byte);
        }
        let places_at = b.len();
        b.varint(u64::from(zigzag(at[0])));
        b.varint(u64::from(zigzag(at[1])));
        b.set(places_at - 2, (b.len() - places_at + 1) as u8);
        b.set(0, 0x12);
        b.set(1, (b.len() - 2) as u8);
        b.append_to(&mut self.features);
        self.feature_count += 1;
    }

    /// Writes several points as one feature; none is no feature.
    pub fn points(&mut self, id: Option<u64>, at: &[[i32; 2]], tags: &[u32]) {
        if !at.is_empty() {
            self.feature(id, tags, POINT, |b| {
                varint(b, command(1, at.len()));
                walk(b, &mut [0, 0], at);
            });
        }
    }

    /// Writes lines as one feature. A line of fewer than two places is left out; none is no feature.
    pub fn lines(&mut self, id: Option<u64>, lines: &[&[[i32; 2]]], tags: &[u32]) {
        if lines.iter().all(|line| line.len() < 2) {
            return;
        }
        self.feature(id, tags, LINE, |b| {
            let mut pen = [0, 0];
            for line in lines.iter().filter(|line| line.len() >= 2) {
                path(b, &mut pen, line);
            }
        });
    }

    /// Writes a polygon of one or more exteriors with their holes; no rings is no feature.
    pub fn polygon(&mut self, id: Option<u64>, rings: &Rings, tags: &[u32]) {
        if rings.is_empty() {
            return;
        }
        self.feature(id, tags, POLYGON, |b| polygon_path(b, &mut [0, 0], rings));
    }

    /// Writes a polygon from an outline; one without corners is no feature.
    pub fn outline(&mut self, id: Option<u64>, outline: Outline<'_>, tags: &[u32]) {
        match outline {
            Outline::Rings(rings) => self.polygon(id, rings, tags),
            Outline::Encoded { rest: [], .. } => {}
            Outline::Encoded { start, rest } => self.feature(id, tags, POLYGON, |b| {
                b.push(command(1, 1) as u8);
                walk(b, &mut [0, 0], &[start]);
                b.extend_from_slice(rest);
            }),
        }
    }

    /// How many features were written.
    pub const fn feature_count(&self) -> usize {
        self.feature_count
    }

    /// About how many bytes the layer will take: exact but for the frame around it.
    pub fn size(&self) -> usize {
        self.features.len() + self.values.as_bytes().len() + self.key_bytes
    }

    fn feature(&mut self, id: Option<u64>, tags: &[u32], kind: u8, geometry: impl FnOnce(&mut Vec<u8>)) {
        field_of(&mut self.features, 0x12, |b| {
            if let Some(id) = id {
                b.push(0x08);
                varint(b, id);
            }
            if !tags.is_empty() {
                field_of(b, 0x12, |b| tags.iter().for_each(|&t| short_varint(b, u64::from(t))));
            }
            b.extend_from_slice(&[0x18, kind]);
            field_of(b, 0x22, geometry);
        });
        self.feature_count += 1;
    }

    fn value(&mut self, encode: impl FnOnce(&mut Vec<u8>)) -> u32 {
        self.values.number(encode)
    }

    fn write_to(&self, into: &mut Vec<u8>) {
        if self.feature_count == 0 {
            return;
        }
        let mut head = vec![0x78, 2]; // version
        field(&mut head, 0x0a, self.name.as_bytes());
        let mut tail = Vec::with_capacity(self.key_bytes + self.keys.len() * 8);
        for key in &self.keys {
            field(&mut tail, 0x1a, key.as_bytes());
        }
        let mut extent = vec![0x28];
        varint(&mut extent, super::EXTENT as u64);
        let parts = [&head, self.features.as_slice(), &tail, self.values.as_bytes(), &extent];
        let len = parts.iter().map(|part| part.len()).sum::<usize>();
        into.reserve(len + 11);
        into.push(0x1a);
        varint(into, len as u64);
        for part in &parts {
            into.extend_from_slice(part);
        }
    }
}

/// A column of small codes (kinds, categories, states) that become values when a feature first uses them: one look-up in
/// a table a feature, and only the values that occur are in the tile.
#[derive(Debug)]
pub struct CodeColumn {
    key: u32,
    values: Vec<u32>,
}

impl CodeColumn {
    /// A column named `key` in `layer`.
    pub fn new(layer: &mut LayerWriter, key: &str) -> Self {
        Self { key: layer.key(key), values: Vec::new() }
    }

    /// The pair of key and value for a row with this code; `value` tells the value of a code not seen before.
    #[inline]
    pub fn tag(&mut self, layer: &mut LayerWriter, code: usize, value: impl FnOnce(&mut LayerWriter) -> u32) -> [u32; 2] {
        if code >= self.values.len() {
            self.values.resize((code + 1).next_power_of_two(), UNSEEN);
        }
        if self.values[code] == UNSEEN {
            self.values[code] = value(layer);
        }
        [self.key, self.values[code]]
    }
}

/// A key that gets its number when a feature first uses it, so that a layer names only keys that are used.
#[derive(Debug)]
pub struct LateKey {
    name: &'static str,
    number: u32,
}

impl LateKey {
    /// A key of this name, not yet numbered.
    pub const fn new(name: &'static str) -> Self {
        Self { name, number: UNSEEN }
    }

    /// Its number.
    #[inline]
    pub fn of(&mut self, layer: &mut LayerWriter) -> u32 {
        if self.number == UNSEEN {
            self.number = layer.key(self.name);
        }
        self.number
    }
}

const fn command(id: u64, count: usize) -> u64 {
    (count as u64) << 3 | id
}

/// The geometry of a polygon feature behind its first corner.
pub(super) fn outline_after_start(b: &mut Vec<u8>, rings: &Rings) {
    let Some(&start) = rings.iter().find_map(<[_]>::first) else { return };
    let mut whole = Vec::new();
    // from itself the first corner is two zeros away
    polygon_path(&mut whole, &mut start.clone(), rings);
    b.extend_from_slice(&whole[3..]);
}

fn polygon_path(b: &mut Vec<u8>, pen: &mut [i32; 2], rings: &Rings) {
    for ring in rings.iter() {
        path(b, pen, ring);
        varint(b, command(7, 1));
    }
}

/// A MoveTo the first place and a LineTo through the others.
fn path(b: &mut Vec<u8>, pen: &mut [i32; 2], places: &[[i32; 2]]) {
    varint(b, command(1, 1));
    walk(b, pen, &places[..1]);
    varint(b, command(2, places.len() - 1));
    walk(b, pen, &places[1..]);
}

fn walk(b: &mut Vec<u8>, pen: &mut [i32; 2], places: &[[i32; 2]]) {
    b.reserve(8 + places.len() * 4);
    for &[x, y] in places {
        short_varint(b, u64::from(zigzag(x.wrapping_sub(pen[0]))));
        short_varint(b, u64::from(zigzag(y.wrapping_sub(pen[1]))));
        *pen = [x, y];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_point_of_the_specification_has_its_bytes() {
        // the example feature of the specification, 4.3.4.1: one point at 25, 17
        let mut layer = LayerWriter::new("p");
        let key = layer.key("k");
        let value = layer.uint(3);
        layer.point(Some(1), [25, 17], &[key, value]);
        let mut tile = TileWriter::default();
        tile.add(&layer);
        tile.add(&LayerWriter::new("empty"));
        let feature = [0x12, 13, 0x08, 1, 0x12, 2, 0, 0, 0x18, 1, 0x22, 3, 9, 50, 34];
        let mut body = vec![0x78, 2, 0x0a, 1, b'p'];
        body.extend_from_slice(&feature);
        body.extend_from_slice(&[0x1a, 1, b'k', 0x22, 2, 0x28, 3, 0x28, 0x80, 0x20]);
        let mut whole = vec![0x1a, body.len() as u8];
        whole.extend_from_slice(&body);
        assert_eq!(tile.finish(), whole);
    }

    #[test]
    fn keys_and_values_are_named_once_and_types_are_kept_apart() {
        let mut layer = LayerWriter::new("l");
        assert_eq!([layer.key("a"), layer.key("b"), layer.key("a")], [0, 1, 0]);
        let first = [layer.uint(1), layer.text("1"), layer.double(1.0), layer.boolean(true), layer.int(-1)];
        assert_eq!(first, [0, 1, 2, 3, 4]);
        let again = [layer.int(1), layer.text("1"), layer.double(1.0), layer.boolean(true), layer.int(-1)];
        assert_eq!(again, first);
        assert_eq!([layer.uint(5000), layer.uint(5000), layer.uint(1)], [5, 5, 0]);
    }

    #[test]
    fn a_code_becomes_a_value_when_it_is_first_used() {
        let mut layer = LayerWriter::new("l");
        let mut kinds = CodeColumn::new(&mut layer, "kind");
        let names = ["clinic", "school", "market"];
        let tags: Vec<_> = [2, 0, 2].map(|c| kinds.tag(&mut layer, c, |l| l.text(names[c]))).to_vec();
        assert_eq!(tags, [[0, 0], [0, 1], [0, 0]]);
    }

    #[test]
    fn a_point_is_written_alike_by_both_ways() {
        let (mut one, mut many) = (LayerWriter::new("l"), LayerWriter::new("l"));
        for (id, at, tags) in [(None, [-64, 4159], &[][..]), (Some(u64::MAX), [i32::MIN, i32::MAX], &[u32::MAX - 1; 16])] {
            one.point(id, at, tags);
            many.points(id, &[at], tags);
        }
        assert_eq!(one.features, many.features);
    }
}
