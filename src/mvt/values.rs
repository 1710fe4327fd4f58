//! The values of one layer, each once, numbered as they are first named. Looking one up costs no allocation.

use std::hash::Hasher as _;

use rustc_hash::FxHasher;

use super::wire::{field, varint_len};

/// A slot of the table in which no value stands.
const FREE: u32 = u32::MAX;
/// Slots of a table that holds anything; a power of two.
const FEWEST_SLOTS: usize = 64;

/// Encoded values one behind the other, and an open table over them.
#[derive(Debug, Default)]
pub(super) struct Values {
    /// Each as its field of the layer stands in the tile.
    bytes: Vec<u8>,
    /// Where each ends in `bytes`.
    ends: Vec<u32>,
    /// Hash of each, so that the table grows without reading values again.
    hashes: Vec<u32>,
    /// Numbers of values by hash; at most half are taken.
    slots: Vec<u32>,
    scratch: Vec<u8>,
}

impl Values {
    /// The fields of all values in order.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The number of a text.
    pub(super) fn text(&mut self, text: &str) -> u32 {
        if text.len() > 0x7d {
            return self.number(|b| field(b, 0x0a, text.as_bytes()));
        }
        // short ones are compared where they stand: the message is two bytes longer
        let (known, slot, hash) = self.find(text.as_bytes(), |field| field.get(4..) == Some(text.as_bytes()) && field[2] == 0x0a);
        known.unwrap_or_else(|| {
            self.bytes.extend_from_slice(&[0x22, text.len() as u8 + 2, 0x0a, text.len() as u8]);
            self.bytes.extend_from_slice(text.as_bytes());
            self.note(slot, hash)
        })
    }

    /// The number of the value whose message `encode` appends.
    pub(super) fn number(&mut self, encode: impl FnOnce(&mut Vec<u8>)) -> u32 {
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        encode(&mut scratch);
        let number = self.number_of(&scratch);
        self.scratch = scratch;
        number
    }

    fn number_of(&mut self, message: &[u8]) -> u32 {
        let (known, slot, hash) =
            self.find(message, |field| field.ends_with(message) && field.len() == message.len() + 1 + varint_len(message.len() as u64));
        known.unwrap_or_else(|| {
            field(&mut self.bytes, 0x22, message);
            self.note(slot, hash)
        })
    }

    /// The number of the value whose field `is` the one, else the slot where it belongs; and its hash.
    fn find(&mut self, hashed: &[u8], is: impl Fn(&[u8]) -> bool) -> (Option<u32>, usize, u32) {
        if 2 * self.ends.len() >= self.slots.len() {
            self.grow();
        }
        let mut hasher = FxHasher::default();
        hasher.write(hashed);
        let hash = (hasher.finish() >> 32) as u32;
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        loop {
            let known = self.slots[slot];
            if known == FREE {
                return (None, slot, hash);
            }
            if self.hashes[known as usize] == hash && is(self.field(known as usize)) {
                return (Some(known), slot, hash);
            }
            slot = (slot + 1) & mask;
        }
    }

    /// Numbers the value whose field was appended last.
    fn note(&mut self, slot: usize, hash: u32) -> u32 {
        let number = self.ends.len() as u32;
        self.slots[slot] = number;
        self.ends.push(self.bytes.len() as u32);
        self.hashes.push(hash);
        number
    }

    fn field(&self, number: usize) -> &[u8] {
        let start = if number == 0 { 0 } else { self.ends[number - 1] as usize };
        &self.bytes[start..self.ends[number] as usize]
    }

    fn grow(&mut self) {
        let slots = (2 * self.slots.len()).max(FEWEST_SLOTS);
        self.slots.clear();
        self.slots.resize(slots, FREE);
        for (number, &hash) in self.hashes.iter().enumerate() {
            let mut slot = hash as usize & (slots - 1);
            while self.slots[slot] != FREE {
                slot = (slot + 1) & (slots - 1);
            }
            self.slots[slot] = number as u32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_keeps_its_number_however_many_come_after_it() {
        let mut values = Values::default();
        let text = |n: usize| vec![b'a' + (n % 23) as u8; 1 + n];
        for n in 0..400 {
            assert_eq!(values.number(|b| b.extend(text(n))), n as u32);
        }
        for n in (0..400).rev() {
            assert_eq!(values.number(|b| b.extend(text(n))), n as u32);
        }
        // the same text by both ways
        let mut texts = Values::default();
        for text in ["", "a", "网格", &"x".repeat(0x7d), &"x".repeat(0x7e), &"x".repeat(300)] {
            let number = texts.text(text);
            assert_eq!((texts.text(text), texts.ends.len()), (number, number as usize + 1));
        }
        let mut fields = Vec::new();
        (0..400).for_each(|n| field(&mut fields, 0x22, &text(n)));
        assert_eq!(values.as_bytes(), fields);
    }
}
