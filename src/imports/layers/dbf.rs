//! The attributes of a shapefile: dBase III and what came after it, with the encoding told, read off, or guessed.
//!
//! A `.cpg` is believed where the text can be read by it. Else text that is UTF-8 is UTF-8, text that is GB18030 is
//! GB18030 (which GBK is a part of), and what is neither is Windows-1252. Programs cut long texts at the byte, so half
//! a character at the end of a cell counts for nothing.

use std::io::Read;

use csv::ByteRecord;
use encoding_rs::{DecoderResult, Encoding, GB18030, GBK, UTF_8, WINDOWS_1252};

use super::super::faults::{FaultCode, RowFault};
use super::super::source::{Limits, unreadable};

/// The encoding of a table and whether it is a guess.
pub(super) struct Judged {
    pub(super) encoding: &'static Encoding,
    pub(super) guessed: bool,
}

impl Judged {
    /// The name people know it by.
    pub(super) fn name(&self) -> &'static str {
        if self.encoding == GB18030 || self.encoding == GBK { "GB18030 (GBK)" } else { self.encoding.name() }
    }
}

/// What a `.cpg` says: a name, or a number of a code page.
fn told(cpg: &str) -> Option<&'static Encoding> {
    let plain: String = cpg.trim().trim_start_matches('\u{feff}').to_ascii_lowercase().replace("ansi", "").replace("oem", "");
    let plain = plain.trim().trim_start_matches("cp").trim_start_matches("windows-").trim();
    match plain {
        "936" | "gbk" | "gb2312" | "gb18030" | "54936" | "20936" => Some(GB18030),
        "65001" | "utf8" | "utf-8" => Some(UTF_8),
        "950" => Some(encoding_rs::BIG5),
        "1252" | "88591" => Some(WINDOWS_1252),
        _ => Encoding::for_label(plain.as_bytes()),
    }
}

/// Reads the whole table once to see which encoding its texts are in.
pub(super) fn judge(bytes: Box<dyn Read + Send>, cpg: Option<&str>, limits: Limits) -> Result<Judged, RowFault> {
    let mut table = Dbf::open(bytes, UTF_8, limits)?;
    let said = cpg.and_then(told).or(if table.language == 0x4D { Some(GB18030) } else { None });
    let mut open: Vec<&'static Encoding> = said.into_iter().chain([UTF_8, GB18030]).collect();
    let mut names = table.raw_names.clone();
    loop {
        let texts = table.fields.iter().filter(|field| field.kind == b'C').filter_map(|field| table.row.get(field.from..field.from + field.width));
        for text in names.iter().map(Vec::as_slice).chain(texts) {
            if !text.is_ascii() {
                open.retain(|encoding| reads(encoding, text));
            }
        }
        names.clear();
        if open.is_empty() || !matches!(table.next_row(), Some(Ok(_))) {
            break;
        }
    }
    let encoding = open.first().copied().unwrap_or(WINDOWS_1252);
    Ok(Judged { encoding, guessed: said != Some(encoding) && !table.is_ascii })
}

/// Bytes without the blanks and zeros that fill a cell up.
fn filled(text: &[u8]) -> &[u8] {
    &text[..text.iter().rposition(|byte| !matches!(byte, b' ' | 0)).map_or(0, |at| at + 1)]
}

/// Whether a text is one in the encoding, half a character at its end aside.
fn reads(encoding: &'static Encoding, text: &[u8]) -> bool {
    let text = filled(text);
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut out = vec![0; decoder.max_utf8_buffer_length(text.len()).unwrap_or(0)];
    let (result, _, _) = decoder.decode_to_utf8_without_replacement(text, &mut out, false);
    matches!(result, DecoderResult::InputEmpty)
}

/// The text of bytes without what fills them up; half a character at their end is left out.
fn decode(encoding: &'static Encoding, text: &[u8], out: &mut String) {
    out.clear();
    let text = filled(text);
    if text.is_ascii() {
        out.push_str(std::str::from_utf8(text).unwrap_or_default());
        return;
    }
    let mut decoder = encoding.new_decoder_without_bom_handling();
    out.reserve(decoder.max_utf8_buffer_length(text.len()).unwrap_or(0));
    let _ = decoder.decode_to_string(text, out, false);
}

struct Field {
    kind: u8,
    from: usize,
    width: usize,
}

/// A table that is being read.
pub(super) struct Dbf {
    bytes: Box<dyn Read + Send>,
    encoding: &'static Encoding,
    /// The names of the fields.
    pub(super) headings: Vec<String>,
    raw_names: Vec<Vec<u8>>,
    fields: Vec<Field>,
    language: u8,
    row: Vec<u8>,
    row_width: usize,
    declared: u64,
    read: u64,
    is_ascii: bool,
    text: String,
}

impl Dbf {
    /// Reads the head: the fields and how long a row is.
    pub(super) fn open(mut bytes: Box<dyn Read + Send>, encoding: &'static Encoding, limits: Limits) -> Result<Self, RowFault> {
        let broken = |what: &str| RowFault::new(0, FaultCode::Unreadable).arg(format!(".dbf: {what}"));
        let mut head = [0_u8; 32];
        bytes.read_exact(&mut head).map_err(|error| unreadable(&error))?;
        let head_width = usize::from(u16::from_le_bytes([head[8], head[9]]));
        let row_width = usize::from(u16::from_le_bytes([head[10], head[11]]));
        let mut rest = Vec::new();
        let wanted = head_width.saturating_sub(32);
        let read = (&mut bytes).take(wanted as u64).read_to_end(&mut rest).map_err(|error| unreadable(&error))?;
        if read < wanted || row_width == 0 {
            return Err(broken("the head is cut off"));
        }
        let (mut fields, mut raw_names, mut from) = (Vec::new(), Vec::new(), 1);
        // Some programs keep the high byte of a text's width where others keep decimals; how long a row is tells them apart.
        let plain: usize = rest.chunks_exact(32).take_while(|field| field[0] != 0x0D).map(|field| usize::from(field[16])).sum();
        let has_wide_texts = plain + 1 < row_width;
        for field in rest.chunks_exact(32).take_while(|field| field[0] != 0x0D) {
            let name: Vec<u8> = field[..11].iter().copied().take_while(|&byte| byte != 0).collect();
            let high = if has_wide_texts && field[11] == b'C' { usize::from(field[17]) << 8 } else { 0 };
            let width = usize::from(field[16]) + high;
            fields.push(Field { kind: field[11].to_ascii_uppercase(), from, width });
            raw_names.push(name);
            from += width;
        }
        if fields.is_empty() || from > row_width {
            return Err(broken("the fields do not fit into a row"));
        }
        if fields.len() > limits.columns {
            return Err(RowFault::new(0, FaultCode::TooManyColumns).arg(fields.len()).arg(limits.columns));
        }
        let mut headings: Vec<String> = Vec::new();
        for name in &raw_names {
            let mut text = String::new();
            decode(encoding, name, &mut text);
            let text = text.trim().to_owned();
            let met = headings.iter().filter(|own| **own == text).count();
            headings.push(if met > 0 { format!("{text}_{}", headings.len() + 1) } else { text });
        }
        let declared = u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]]));
        let is_ascii = raw_names.iter().all(|name| name.is_ascii());
        Ok(Self {
            bytes,
            encoding,
            headings,
            raw_names,
            fields,
            language: head[29],
            row: Vec::new(),
            row_width,
            declared,
            read: 0,
            is_ascii,
            text: String::new(),
        })
    }

    /// The bytes of the next row into `row`; `Ok(false)`: it is deleted.
    fn next_row(&mut self) -> Option<Result<bool, RowFault>> {
        if self.read >= self.declared {
            return None;
        }
        self.row.clear();
        let taken = (&mut self.bytes).take(self.row_width as u64).read_to_end(&mut self.row);
        match taken {
            Ok(width) if width == self.row_width => {}
            Ok(_) => {
                let fault = RowFault::new(0, FaultCode::Declared).arg(".dbf").arg(self.declared).arg(self.read);
                self.read = self.declared;
                return Some(Err(fault));
            }
            Err(error) => {
                self.read = self.declared;
                return Some(Err(unreadable(&error)));
            }
        }
        self.read += 1;
        self.is_ascii &= self.row.is_ascii();
        Some(Ok(self.row[0] != b'*'))
    }

    /// The next row as cells.
    pub(super) fn read(&mut self, cells: &mut ByteRecord) -> Option<Result<bool, RowFault>> {
        let stands = match self.next_row()? {
            Ok(stands) => stands,
            Err(fault) => return Some(Err(fault)),
        };
        cells.clear();
        for field in &self.fields {
            let bytes = self.row.get(field.from..field.from + field.width).unwrap_or_default();
            match field.kind {
                b'I' | b'+' if bytes.len() == 4 => {
                    let number = i32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
                    cells.push_field(number.to_string().as_bytes());
                }
                b'B' | b'O' if bytes.len() == 8 => {
                    let number = bytes.try_into().map_or(f64::NAN, f64::from_le_bytes);
                    cells.push_field(if number.is_finite() { number.to_string() } else { String::new() }.as_bytes());
                }
                // Memos lie in a file of their own, which is not read.
                b'M' | b'G' | b'P' | b'T' | b'@' => cells.push_field(b""),
                b'L' => cells.push_field(match bytes.first() {
                    Some(b'T' | b't' | b'Y' | b'y') => b"true",
                    Some(b'F' | b'f' | b'N' | b'n') => b"false",
                    _ => b"",
                }),
                _ => {
                    decode(self.encoding, bytes, &mut self.text);
                    let text = self.text.trim_matches(['\0', ' ']);
                    // A number that did not fit is written as stars, no day as zeros.
                    let filled_with = match field.kind {
                        b'D' => Some(b'0'),
                        b'N' | b'F' => Some(b'*'),
                        _ => None,
                    };
                    let is_nothing = filled_with.is_some_and(|filling| text.bytes().all(|byte| byte == filling));
                    cells.push_field(if is_nothing { b"" } else { text.as_bytes() });
                }
            }
        }
        Some(Ok(stands))
    }

    /// How many rows were not read.
    pub(super) fn count_rest(&self) -> u64 {
        self.declared.saturating_sub(self.read)
    }
}
