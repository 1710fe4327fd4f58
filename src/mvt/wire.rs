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

/// The number folded by [`zigzag`].
pub(super) const fn unzigzag(v: u32) -> i32 {
    (v >> 1) as i32 ^ -((v & 1) as i32)
}

/// Takes a number off the front; none where there is no whole one.
pub(super) fn read_varint(from: &mut &[u8]) -> Option<u64> {
    let len = from.iter().position(|byte| byte & 0x80 == 0)? + 1;
    let (front, back) = from.split_at(len);
    *from = back;
    front.iter().rev().try_fold(0_u64, |v, byte| (v < 1 << 57).then(|| v << 7 | u64::from(byte & 0x7f)))
}

/// Appends a number below 2^56, as [`varint`] does, by a few moves.
#[inline]
pub(super) fn short_varint(into: &mut Vec<u8>, v: u64) {
    let (bytes, len) = spread(v);
    let end = into.len() + len;
    into.extend_from_slice(&bytes.to_le_bytes());
    into.truncate(end);
}

/// Appends a length-delimited field.
pub(super) fn field(into: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    into.push(tag);
    varint(into, bytes.len() as u64);
    into.extend_from_slice(bytes);
}

/// Appends a length-delimited field whose body `write` appends; room for a length up to 127 is kept, and the body moved
/// where it is longer.
pub(super) fn field_of(into: &mut Vec<u8>, tag: u8, write: impl FnOnce(&mut Vec<u8>)) {
    into.push(tag);
    let at = into.len();
    into.push(0);
    write(into);
    let len = into.len() - at - 1;
    if len < 0x80 {
        into[at] = len as u8;
        return;
    }
    let more = varint_len(len as u64) - 1;
    into.extend_from_slice(&[0; 9][..more]);
    into.copy_within(at + 1..at + 1 + len, at + 1 + more);
    let mut rest = len;
    for byte in &mut into[at..=at + more] {
        *byte = rest as u8 | 0x80;
        rest >>= 7;
    }
    into[at + more] &= 0x7f;
}

/// The bytes of a number below 2^56 in base 128, lowest in the lowest byte, and how many they are.
#[inline]
const fn spread(v: u64) -> (u64, usize) {
    let x = (v & 0x0fff_ffff) | (v & 0x00ff_ffff_f000_0000) << 4;
    let x = (x & 0x0000_3fff_0000_3fff) | (x & 0x0fff_c000_0fff_c000) << 2;
    let x = (x & 0x007f_007f_007f_007f) | (x & 0x3f80_3f80_3f80_3f80) << 1;
    let len = varint_len(v);
    let more = 0x0080_8080_8080_8080 & ((1 << (8 * (len - 1))) - 1);
    (x | more, len)
}

/// Room on the stack for one small message; the caller sees to it that what is put in fits.
pub(super) struct Small {
    bytes: [u8; Self::ROOM + 8],
    len: usize,
}

impl Small {
    /// Bytes that fit.
    pub(super) const ROOM: usize = 120;

    /// Nothing, behind `skipped` bytes that are set later.
    #[inline]
    pub(super) const fn behind(skipped: usize) -> Self {
        Self { bytes: [0; Self::ROOM + 8], len: skipped }
    }

    #[inline]
    pub(super) fn byte(&mut self, b: u8) {
        self.bytes[self.len] = b;
        self.len += 1;
    }

    #[inline]
    pub(super) fn set(&mut self, at: usize, b: u8) {
        self.bytes[at] = b;
    }

    #[inline]
    pub(super) fn varint(&mut self, mut v: u64) {
        while v >= 1 << 56 {
            self.byte(v as u8 | 0x80);
            v >>= 7;
        }
        let (bytes, len) = spread(v);
        self.bytes[self.len..self.len + 8].copy_from_slice(&bytes.to_le_bytes());
        self.len += len;
    }

    #[inline]
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Appends what was put in. Up to 64 bytes are copied as 64 and the rest cut off: a copy of known length is a few moves.
    #[inline]
    pub(super) fn append_to(&self, into: &mut Vec<u8>) {
        if self.len <= 64 {
            let end = into.len() + self.len;
            into.extend_from_slice(&self.bytes[..64]);
            into.truncate(end);
        } else {
            into.extend_from_slice(&self.bytes[..self.len]);
        }
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
        for v in (0..=63).flat_map(|bit| [1_u64 << bit, (1 << bit) - 1, u64::MAX >> bit]) {
            let (mut plain, mut small, mut appended) = (Vec::new(), Small::behind(0), Vec::new());
            varint(&mut plain, v);
            small.varint(v);
            small.append_to(&mut appended);
            assert_eq!(plain, appended);
            if v < 1 << 56 {
                let mut short = Vec::new();
                short_varint(&mut short, v);
                assert_eq!(plain, short);
            }
            assert_eq!(read_varint(&mut plain.as_slice()), Some(v));
            assert_eq!(read_varint(&mut &plain[..plain.len() - 1]), None);
        }
        assert!([0, -1, 1, 77, i32::MIN, i32::MAX].iter().all(|&v| unzigzag(zigzag(v)) == v));
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
