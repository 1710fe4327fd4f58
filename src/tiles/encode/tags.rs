//! The attributes of areas and cells, as numbers of keys and values of their layer.

use std::sync::Arc;

use crate::mvt::{CodeColumn, LateKey, LayerWriter};
use crate::read_model::{Area, Cell, Counts, Lists};

/// Keys of areas and cells, each numbered when it is first used, and the values that recur.
pub(super) struct Columns {
    code: LateKey,
    level: LateKey,
    name: LateKey,
    name_zh: LateKey,
    name_en: LateKey,
    own: LateKey,
    short_name: LateKey,
    household_count: LateKey,
    address_count: LateKey,
    area_m2: LateKey,
    density: LateKey,
    facility_count: LateKey,
    kinds: Option<CodeColumn>,
    lists: Arc<Lists>,
}

/// Key, value, key, value: at most thirteen pairs.
#[derive(Debug, Default)]
pub(super) struct Tags {
    numbers: [u32; 26],
    len: usize,
}

impl Tags {
    pub(super) fn as_slice(&self) -> &[u32] {
        &self.numbers[..self.len]
    }

    fn push(&mut self, key: u32, value: u32) {
        self.numbers[self.len] = key;
        self.numbers[self.len + 1] = value;
        self.len += 2;
    }
}

impl Columns {
    pub(super) fn new(lists: &Arc<Lists>) -> Self {
        Self {
            code: LateKey::new("code"),
            level: LateKey::new("level"),
            name: LateKey::new("name"),
            name_zh: LateKey::new("name_zh"),
            name_en: LateKey::new("name_en"),
            own: LateKey::new("own"),
            short_name: LateKey::new("short_name"),
            household_count: LateKey::new("household_count"),
            address_count: LateKey::new("address_count"),
            area_m2: LateKey::new("area_m2"),
            density: LateKey::new("density"),
            facility_count: LateKey::new("facility_count"),
            kinds: None,
            lists: Arc::clone(lists),
        }
    }

    /// Code, level and names of an area.
    pub(super) fn area(&mut self, layer: &mut LayerWriter, area: &Area) -> Tags {
        self.named(layer, &area.code_text(), area.level, &area.name_zh, &area.name_en)
    }

    /// Code, level, names and short name of a cell.
    pub(super) fn cell(&mut self, layer: &mut LayerWriter, cell: &Cell) -> Tags {
        let mut tags = self.named(layer, digits(cell.code, &mut [0; 15]), 15, &cell.name_zh, &cell.name_en);
        tags.push(self.short_name.of(layer), layer.text(&cell.short_name));
        tags
    }

    /// Kind of a cell.
    pub(super) fn kind(&mut self, layer: &mut LayerWriter, tags: &mut Tags, cell: &Cell) {
        let kinds = self.kinds.get_or_insert_with(|| CodeColumn::new(layer, "kind"));
        let [key, value] = kinds.tag(layer, cell.kind.into(), |l| l.text(&self.lists.cell_kind.text(cell.kind)));
        tags.push(key, value);
    }

    /// Whether all of an area is the reader's.
    pub(super) fn own(&mut self, layer: &mut LayerWriter, tags: &mut Tags, own: bool) {
        tags.push(self.own.of(layer), layer.boolean(own));
    }

    pub(super) fn households(&mut self, layer: &mut LayerWriter, tags: &mut Tags, counts: &Counts) {
        tags.push(self.household_count.of(layer), layer.uint(counts.household_count));
    }

    pub(super) fn density(&mut self, layer: &mut LayerWriter, tags: &mut Tags, counts: &Counts, area_m2: f64) {
        tags.push(self.density.of(layer), layer.double(density(counts, area_m2)));
    }

    /// Everything that is counted, with the square metres it lies in.
    pub(super) fn counted(&mut self, layer: &mut LayerWriter, tags: &mut Tags, counts: &Counts, area_m2: f64) {
        self.households(layer, tags, counts);
        tags.push(self.address_count.of(layer), layer.uint(counts.address_count));
        tags.push(self.area_m2.of(layer), layer.uint(area_m2.round() as u64));
        self.density(layer, tags, counts, area_m2);
        tags.push(self.facility_count.of(layer), layer.uint(counts.facility_count));
    }

    fn named(&mut self, layer: &mut LayerWriter, code: &str, level: i16, name_zh: &str, name_en: &str) -> Tags {
        let mut tags = Tags::default();
        tags.push(self.code.of(layer), layer.text(code));
        tags.push(self.level.of(layer), layer.int(i64::from(level)));
        let zh = layer.text(name_zh);
        tags.push(self.name.of(layer), zh);
        tags.push(self.name_zh.of(layer), zh);
        if !name_en.is_empty() {
            tags.push(self.name_en.of(layer), layer.text(name_en));
        }
        tags
    }
}

/// Households per hectare to two decimals.
fn density(counts: &Counts, area_m2: f64) -> f64 {
    (counts.household_count as f64 * 1_000_000.0 / area_m2.max(1.0)).round() / 100.0
}

/// The fifteen digits of a code.
fn digits(code: i64, into: &mut [u8; 15]) -> &str {
    let mut rest = code.unsigned_abs();
    for digit in into.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    std::str::from_utf8(into).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_fifteen_digits() {
        assert_eq!(digits(990_321_001_002_003, &mut [0; 15]), "990321001002003");
        assert_eq!(digits(7, &mut [0; 15]), "000000000000007");
    }
}
