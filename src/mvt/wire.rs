//! Protocol-buffer bytes: variable-length numbers, zigzag, length-delimited fields. What they mean is `layer.rs`.

/// Appends a number in base 128, low bits first.
pub(super) fn varint(into: &mut Vec<u8>, mut v: u64) {
    while v >= 0x80 {
        into.push(v as u8 | 0x80);
        v >>= 7;
    }
    into.push(v as u8);
}

/// How many bytes [`varint`] takes.
pub(super) const fn varint_len(v: u64) -> usize {
    (63 - (v | 1).leading_zeros() as usize) / 7 + 1
}

/// Folds the sign into the lowest bit.
pub(super) const fn zigzag(v: i32) -> u32 {
    ((v as u32) << 1) ^ ((v >> 31) as u32)
}

/// Appends a length-delimited field.
pub(super) fn field(into: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    into.push(tag);
    varint(into, bytes.len() as u64);
    into.extend_from_slice(bytes);
}

/// Appends a length-delimited field whose body `write` appends; one byte is kept for the length and more made room for
/// when the body is longer than 127 bytes.
pub(super) fn field_of(into: &mut Vec<u8>, tag: u8, write: impl FnOnce(&mut Vec<u8>)) {
    into.push(tag);
    let at = into.len();
    into.push(0);
    write(into);
    let len = (into.len() - at - 1) as u64;
    let more = varint_len(len) - 1;
    if more > 0 {
        into.splice(at..at, std::iter::repeat_n(0, more));
    }
    let mut rest = len;
    for byte in &mut into[at..=at + more] {
        *byte = rest as u8 | 0x80;
        rest >>= 7;
    }
    into[at + more] &= 0x7f;
}

/// Room on the stack for one small message; the caller sees to it that what is put in fits.
pub(super) struct Small {
    bytes: [u8; Self::ROOM],
    len: usize,
}

impl Small {
    /// Bytes that fit.
    pub(super) const ROOM: usize = 120;

    pub(super) const fn new() -> Self {
        Self { bytes: [0; Self::ROOM], len: 0 }
    }

    #[inline]
    pub(super) fn byte(&mut self, b: u8) {
        self.bytes[self.len] = b;
        self.len += 1;
    }

    #[inline]
    pub(super) fn varint(&mut self, mut v: u64) {
        while v >= 0x80 {
            self.byte(v as u8 | 0x80);
            v >>= 7;
        }
        self.byte(v as u8);
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_the_bytes_that_were_announced() {
        for v in [0, 1, 127, 128, 16_383, 16_384, u64::from(u32::MAX), u64::MAX] {
            let mut bytes = Vec::new();
            varint(&mut bytes, v);
            assert_eq!(bytes.len(), varint_len(v));
        }
        assert_eq!([zigzag(0), zigzag(-1), zigzag(1), zigzag(i32::MIN)], [0, 1, 2, u32::MAX]);
    }

    #[test]
    fn a_long_body_makes_room_for_its_length() {
        for len in [0, 127, 128, 300, 20_000] {
            let (mut plain, mut patched) = (vec![9], vec![9]);
            field(&mut plain, 0x12, &vec![7; len]);
            field_of(&mut patched, 0x12, |b| b.extend(std::iter::repeat_n(7, len)));
            assert_eq!(plain, patched);
        }
    }
}
