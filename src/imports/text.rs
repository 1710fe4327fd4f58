//! Bytes to UTF-8: which encoding a file is in, and a reader that hands out UTF-8 whatever it was.
//!
//! A byte order mark decides; without one, text that is valid UTF-8 is UTF-8, text with a NUL in every second byte is
//! UTF-16, and everything else must be GB18030 without a single bad byte (GBK and GB 2312 are parts of it).
//! Columns and quotes are `table`'s business.

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult, GB18030, UTF_16BE, UTF_16LE};

/// The encodings that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-16, low byte first.
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
    /// GB18030, of which GBK and GB 2312 are parts.
    Gb18030,
}

impl Encoding {
    /// The name people know it by.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16 LE",
            Self::Utf16Be => "UTF-16 BE",
            Self::Gb18030 => "GB18030 (GBK)",
        }
    }

    fn decoder(self) -> Option<Decoder> {
        match self {
            Self::Utf8 => None,
            Self::Utf16Le => Some(UTF_16LE.new_decoder_with_bom_removal()),
            Self::Utf16Be => Some(UTF_16BE.new_decoder_with_bom_removal()),
            Self::Gb18030 => Some(GB18030.new_decoder_without_bom_handling()),
        }
    }
}

/// Where a text stops being one in the encoding it was taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadText {
    /// What it was taken for.
    pub taken_for: Encoding,
    /// Bytes before the first that cannot be read.
    pub offset: u64,
    /// The line it is on, from 1.
    pub line: u64,
}

/// Finds the encoding by reading the whole of `open()`, at most twice.
///
/// Returns the encoding, or where the text can be read neither as UTF-8 nor as GB18030. O(bytes), flat in memory.
pub fn detect<R: Read>(mut open: impl FnMut() -> io::Result<R>) -> io::Result<Result<Encoding, BadText>> {
    let mut head = [0_u8; 4096];
    let filled = fill(&mut open()?, &mut head)?;
    let head = &head[..filled];
    let marked = if head.starts_with(&[0xFF, 0xFE]) {
        Some(Encoding::Utf16Le)
    } else if head.starts_with(&[0xFE, 0xFF]) {
        Some(Encoding::Utf16Be)
    } else {
        unmarked_utf16(head)
    };
    if let Some(encoding) = marked {
        return Ok(check(encoding, open()?)?.map_or(Ok(encoding), Err));
    }
    let Some(bad_utf8) = check_utf8(open()?)? else { return Ok(Ok(Encoding::Utf8)) };
    let bad_gb = check(Encoding::Gb18030, open()?)?;
    Ok(match bad_gb {
        None if !head.starts_with(&[0xEF, 0xBB, 0xBF]) => Ok(Encoding::Gb18030),
        Some(bad_gb) if bad_gb.offset > bad_utf8.offset => Err(bad_gb),
        _ => Err(bad_utf8),
    })
}

fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..])? {
            0 => break,
            n => filled += n,
        }
    }
    Ok(filled)
}

/// Text in Chinese or English has ASCII digits and commas, so in UTF-16 many bytes on one side are NUL.
fn unmarked_utf16(head: &[u8]) -> Option<Encoding> {
    let pairs = head.len() / 2;
    if pairs < 4 {
        return None;
    }
    let zeros = |side: usize| head.chunks_exact(2).filter(|pair| pair[side] == 0 && pair[1 - side] != 0).count();
    if zeros(1) * 4 > pairs && zeros(0) == 0 {
        Some(Encoding::Utf16Le)
    } else if zeros(0) * 4 > pairs && zeros(1) == 0 {
        Some(Encoding::Utf16Be)
    } else {
        None
    }
}

fn count_lines(bytes: &[u8]) -> u64 {
    bytes.iter().map(|&b| u64::from(b == b'\n')).sum()
}

fn check_utf8(mut reader: impl Read) -> io::Result<Option<BadText>> {
    let mut buffer = vec![0_u8; 64 * 1024];
    let (mut held, mut before, mut lines) = (0, 0_u64, 1_u64);
    loop {
        let read = reader.read(&mut buffer[held..])?;
        let end = held + read;
        let bad = |offset: usize, lines: u64| BadText { taken_for: Encoding::Utf8, offset: before + offset as u64, line: lines };
        match std::str::from_utf8(&buffer[..end]) {
            Ok(_) if read == 0 => return Ok(None),
            Ok(_) => {
                lines += count_lines(&buffer[..end]);
                before += end as u64;
                held = 0;
            }
            Err(error) => {
                let good = error.valid_up_to();
                lines += count_lines(&buffer[..good]);
                if error.error_len().is_some() || read == 0 {
                    return Ok(Some(bad(good, lines)));
                }
                buffer.copy_within(good..end, 0);
                before += good as u64;
                held = end - good;
            }
        }
    }
}

fn check(encoding: Encoding, mut reader: impl Read) -> io::Result<Option<BadText>> {
    let Some(mut decoder) = encoding.decoder() else { return check_utf8(reader) };
    let mut input = vec![0_u8; 64 * 1024];
    let mut output = String::with_capacity(256 * 1024);
    let (mut before, mut lines) = (0_u64, 1_u64);
    loop {
        let read = reader.read(&mut input)?;
        let mut from = 0;
        loop {
            output.clear();
            let (result, consumed) = decoder.decode_to_string_without_replacement(&input[from..read], &mut output, read == 0);
            lines += count_lines(output.as_bytes());
            from += consumed;
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(bad, after) => {
                    let offset = (before + from as u64).saturating_sub(u64::from(bad) + u64::from(after));
                    return Ok(Some(BadText { taken_for: encoding, offset, line: lines }));
                }
            }
        }
        before += read as u64;
        if read == 0 {
            return Ok(None);
        }
    }
}

/// A reader of UTF-8 over a reader of another encoding; a byte order mark is left out.
///
/// Bytes that cannot be read end the stream with `InvalidData`; `detect` has found them before.
pub struct Utf8Reader<R> {
    inner: R,
    decoder: Option<Decoder>,
    input: Vec<u8>,
    pending: (usize, usize),
    output: Vec<u8>,
    given: usize,
    at_start: bool,
    ended: bool,
}

impl<R: Read> Utf8Reader<R> {
    /// Reads `inner`, which is in `encoding`.
    pub fn new(inner: R, encoding: Encoding) -> Self {
        let decoder = encoding.decoder();
        let input = if decoder.is_some() { vec![0; 64 * 1024] } else { Vec::new() };
        Self { inner, decoder, input, pending: (0, 0), output: Vec::new(), given: 0, at_start: true, ended: false }
    }

    fn give(&mut self, to: &mut [u8]) -> usize {
        let n = to.len().min(self.output.len() - self.given);
        to[..n].copy_from_slice(&self.output[self.given..self.given + n]);
        self.given += n;
        n
    }

    fn decode_more(&mut self) -> io::Result<()> {
        let Some(decoder) = &mut self.decoder else { return Ok(()) };
        self.output.resize(192 * 1024, 0);
        self.given = 0;
        loop {
            if self.pending.0 == self.pending.1 {
                self.pending = (0, self.inner.read(&mut self.input)?);
                self.ended = self.pending.1 == 0;
            }
            let (result, consumed, written) =
                decoder.decode_to_utf8_without_replacement(&self.input[self.pending.0..self.pending.1], &mut self.output, self.ended);
            self.pending.0 += consumed;
            if let DecoderResult::Malformed(..) = result {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "bytes that are no text in the encoding of the file"));
            }
            if written > 0 || self.ended {
                self.output.truncate(written);
                return Ok(());
            }
        }
    }
}

impl<R: Read> Read for Utf8Reader<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if to.is_empty() {
            return Ok(0);
        }
        if self.decoder.is_none() {
            if self.at_start {
                self.at_start = false;
                self.output.resize(3, 0);
                let filled = fill(&mut self.inner, &mut self.output)?;
                self.output.truncate(filled);
                self.given = if self.output == [0xEF, 0xBB, 0xBF] { 3 } else { 0 };
            }
            return if self.given < self.output.len() { Ok(self.give(to)) } else { self.inner.read(to) };
        }
        while self.given == self.output.len() {
            if self.ended {
                return Ok(0);
            }
            self.decode_more()?;
        }
        Ok(self.give(to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_back(bytes: &[u8]) -> Result<(Encoding, String), BadText> {
        let encoding = detect(|| Ok(bytes)).expect("memory reads")?;
        let mut text = String::new();
        Utf8Reader::new(bytes, encoding).read_to_string(&mut text).expect("detected before");
        Ok((encoding, text))
    }

    #[test]
    fn the_same_text_comes_out_of_every_encoding() {
        let text = "村社代码,村社名称\r\n330681001001,峧浬社区\r\n";
        let utf16 = |big: bool, mark: bool| -> Vec<u8> {
            let mark = mark.then_some(0xFEFF_u16);
            let units = mark.into_iter().chain(text.encode_utf16());
            units.flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
        };
        let cases = [
            (text.as_bytes().to_vec(), Encoding::Utf8),
            ([b"\xEF\xBB\xBF", text.as_bytes()].concat(), Encoding::Utf8),
            (utf16(false, true), Encoding::Utf16Le),
            (utf16(true, true), Encoding::Utf16Be),
            (utf16(false, false), Encoding::Utf16Le),
            (utf16(true, false), Encoding::Utf16Be),
            (GB18030.encode(text).0.into_owned(), Encoding::Gb18030),
        ];
        for (bytes, encoding) in cases {
            assert_eq!(read_back(&bytes), Ok((encoding, text.to_owned())), "{encoding:?}");
        }
    }

    #[test]
    fn a_byte_that_is_no_text_is_named_by_line_and_offset() {
        let mut bytes = "名称\n甲村\n".repeat(20_000).into_bytes();
        let offset = bytes.len() as u64;
        bytes.extend([0xFF, b'\n']);
        assert_eq!(read_back(&bytes), Err(BadText { taken_for: Encoding::Utf8, offset, line: 40_001 }));
    }

    #[test]
    fn an_empty_file_is_utf8() {
        assert_eq!(read_back(b""), Ok((Encoding::Utf8, String::new())));
    }
}
