//! Cuts a GeoJSON document into its features without holding it: one feature in memory at a time.
//!
//! The scanner only balances brackets and strings; whether a piece is JSON is told by the parser that reads it.

use std::io::Read;

use super::super::faults::{FaultCode, RowFault};
use super::super::source::{Format, Known, Limits, unreadable};
use super::feature::check_bbox;

type Reader = super::super::text::Utf8Reader<Box<dyn Read + Send>>;

/// What stands around the features: the members of the root with their raw values, `features` left out.
#[derive(Debug, Default, Clone)]
pub struct Root {
    /// Names and raw JSON values, in the order of the file.
    pub members: Vec<(String, Vec<u8>)>,
    /// Whether an array of features was met.
    pub has_features: bool,
    /// How often the member stood there.
    features_members: usize,
}

impl Root {
    /// The raw value of a member.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.members.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_slice())
    }

    /// What is wrong with the collection itself; to be asked once all features were read.
    fn faults(&self) -> Vec<RowFault> {
        let file = |code| RowFault::new(0, code);
        let mut faults = Vec::new();
        let doubled = (1..self.members.len()).find(|&at| self.members[..at].iter().any(|(name, _)| *name == self.members[at].0));
        if let Some(at) = doubled {
            faults.push(file(FaultCode::DuplicateMember).arg(&self.members[at].0));
        }
        if self.features_members > 1 {
            faults.push(file(FaultCode::DuplicateMember).arg("features"));
        }
        let kind = self.get("type").map(serde_json::from_slice::<String>);
        match kind {
            None => faults.push(file(FaultCode::TypeMissing).arg("FeatureCollection")),
            Some(Err(_)) => faults.push(file(FaultCode::TypeNotString).arg("FeatureCollection")),
            Some(Ok(kind)) if kind == "FeatureCollection" => {
                for name in ["coordinates", "geometries", "geometry", "properties"] {
                    if self.get(name).is_some() {
                        faults.push(file(FaultCode::ForbiddenMember).arg("FeatureCollection").arg(name));
                    }
                }
            }
            Some(Ok(kind)) if kind == "Feature" || super::shape::KINDS.contains(&kind.as_str()) => {
                faults.push(file(FaultCode::ForbiddenMember).arg(kind).arg("features"));
            }
            Some(Ok(kind)) => faults.push(file(FaultCode::TypeUnknown).arg(kind).arg("FeatureCollection")),
        }
        if let Some(bbox) = self.get("bbox") {
            check_bbox(bbox, 0, &mut faults);
        }
        faults
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    Start,
    Features {
        first: bool,
    },
    Lines,
    /// Whole; only the faults of the root are still to be told.
    Faults,
    Done,
}

/// Reads features one after another.
pub struct Splitter {
    scan: Scanner,
    state: State,
    /// What stood around the features so far; complete after the last of them.
    pub root: Root,
    pending: Vec<RowFault>,
    single: Option<Vec<u8>>,
    row: u64,
}

impl Splitter {
    /// Opens a GeoJSON source of either form.
    pub fn open(known: &Known) -> Result<Self, RowFault> {
        let reader = known.open().map_err(|error| unreadable(&error))?;
        let state = if known.format == Format::GeoJsonLines { State::Lines } else { State::Start };
        let scan = Scanner { reader, buffer: vec![0; 256 * 1024], at: 0, end: 0, before: 0, limits: known.source().limits() };
        Ok(Self { scan, state, root: Root::default(), pending: Vec::new(), single: None, row: 0 })
    }

    /// Puts the text of the next feature into `piece` and returns its number from 1.
    ///
    /// A fault of row 0 means that the rest of the file cannot be read, or that the collection itself is faulty;
    /// after any fault the next call goes on with what can be read.
    pub fn read(&mut self, piece: &mut Vec<u8>) -> Option<Result<u64, RowFault>> {
        loop {
            if let Some(fault) = self.pending.pop() {
                return Some(Err(fault));
            }
            piece.clear();
            let step = match self.state {
                State::Start => self.start(),
                State::Features { first } => match self.next_feature(first, piece) {
                    Ok(false) => Ok(()),
                    Ok(true) => {
                        self.row += 1;
                        return Some(Ok(self.row));
                    }
                    Err(fault) => Err(fault),
                },
                State::Lines => match self.next_line(piece) {
                    Ok(true) => {
                        self.row += 1;
                        return Some(Ok(self.row));
                    }
                    Ok(false) => {
                        self.state = State::Done;
                        if self.row == 0 {
                            return Some(Err(RowFault::new(0, FaultCode::Empty)));
                        }
                        Ok(())
                    }
                    Err(fault) if fault.code == FaultCode::RowTooLarge => {
                        self.row += 1;
                        return Some(Err(RowFault { row: self.row, ..fault }));
                    }
                    Err(fault) => Err(fault),
                },
                State::Faults => {
                    self.state = State::Done;
                    if let Some(single) = self.single.take() {
                        *piece = single;
                        self.row = 1;
                        return Some(Ok(1));
                    }
                    self.pending = self.root.faults();
                    self.pending.reverse();
                    Ok(())
                }
                State::Done => return None,
            };
            if let Err(fault) = step {
                self.state = State::Done;
                return Some(Err(fault));
            }
        }
    }

    fn start(&mut self) -> Result<(), RowFault> {
        match self.scan.peek_after_blanks()? {
            None => Err(RowFault::new(0, FaultCode::Empty)),
            Some(b'{') => {
                self.scan.at += 1;
                self.members(true)
            }
            Some(_) => {
                let mut value = Vec::new();
                self.scan.copy_value(&mut value)?;
                self.finish_document()?;
                Err(match serde_json::from_slice::<serde_json::Value>(&value) {
                    Ok(value) => RowFault::new(0, FaultCode::RootNotObject).arg(value),
                    Err(error) => RowFault::new(0, FaultCode::NotJson).arg(error),
                })
            }
        }
    }

    /// Reads members of the root up to an array of features or the end.
    fn members(&mut self, mut first: bool) -> Result<(), RowFault> {
        loop {
            match self.scan.peek_after_blanks()? {
                Some(b'}') if first => {
                    self.scan.at += 1;
                    return self.end_of_root();
                }
                Some(b'"') => {}
                _ => return Err(self.scan.not_json("a member's name should stand here")),
            }
            first = false;
            let mut name = Vec::new();
            self.scan.copy_value(&mut name)?;
            let name: String = serde_json::from_slice(&name).map_err(|_| self.scan.not_json("a name that is no text"))?;
            if self.scan.peek_after_blanks()? != Some(b':') {
                return Err(self.scan.not_json("a colon should stand here"));
            }
            self.scan.at += 1;
            let opens = self.scan.peek_after_blanks()?;
            if name == "features" {
                self.root.features_members += 1;
                if opens == Some(b'[') {
                    self.scan.at += 1;
                    self.root.has_features = true;
                    self.state = State::Features { first: true };
                    return Ok(());
                }
                self.pending.push(RowFault::new(0, FaultCode::FeaturesNotArray));
            }
            let mut value = Vec::new();
            self.scan.copy_value(&mut value)?;
            if serde_json::from_slice::<serde::de::IgnoredAny>(&value).is_err() {
                return Err(self.scan.not_json(&format!("the value of “{name}”")));
            }
            self.root.members.push((name, value));
            if !self.comma(b'}')? {
                return self.end_of_root();
            }
        }
    }

    /// A comma (`true`) or the closing bracket (`false`).
    fn comma(&mut self, close: u8) -> Result<bool, RowFault> {
        match self.scan.peek_after_blanks()? {
            Some(b',') => {
                self.scan.at += 1;
                Ok(true)
            }
            Some(byte) if byte == close => {
                self.scan.at += 1;
                Ok(false)
            }
            Some(_) => Err(self.scan.not_json("a comma or the end should stand here")),
            None => Err(self.scan.not_json("the file ends too early")),
        }
    }

    fn next_feature(&mut self, first: bool, piece: &mut Vec<u8>) -> Result<bool, RowFault> {
        if !first && !self.comma(b']')? || first && self.scan.peek_after_blanks()? == Some(b']') {
            if first {
                self.scan.at += 1;
            }
            return if self.comma(b'}')? { self.members(false).map(|()| false) } else { self.end_of_root().map(|()| false) };
        }
        self.state = State::Features { first: false };
        self.scan.copy_value(piece)?;
        Ok(true)
    }

    fn end_of_root(&mut self) -> Result<(), RowFault> {
        self.finish_document()?;
        self.state = State::Faults;
        if self.root.has_features || !self.pending.is_empty() {
            return Ok(());
        }
        if self.root.get("type") == Some(b"\"FeatureCollection\"") {
            self.pending.push(RowFault::new(0, FaultCode::FeaturesMissing));
            return Ok(());
        }
        // A Feature or a geometry on its own is put together again; such files are small.
        let mut text = vec![b'{'];
        for (name, value) in &self.root.members {
            if text.len() > 1 {
                text.push(b',');
            }
            text.extend(serde_json::to_string(name).expect("a string is JSON").bytes());
            text.push(b':');
            text.extend(value);
        }
        text.push(b'}');
        self.single = Some(text);
        Ok(())
    }

    fn finish_document(&mut self) -> Result<(), RowFault> {
        match self.scan.peek_after_blanks()? {
            None => Ok(()),
            Some(_) => Err(self.scan.not_json("more text after the end")),
        }
    }

    fn next_line(&mut self, piece: &mut Vec<u8>) -> Result<bool, RowFault> {
        loop {
            piece.clear();
            let (mut any, mut too_large) = (false, false);
            while let Some(byte) = self.scan.peek()? {
                any = true;
                let rest = &self.scan.buffer[self.scan.at..self.scan.end];
                let stop = rest.iter().position(|&b| b == b'\n' || b == 0x1E && !piece.is_empty());
                let take = stop.unwrap_or(rest.len());
                if piece.len() + take > self.scan.limits.row_bytes {
                    too_large = true;
                    piece.clear();
                } else if !too_large {
                    piece.extend_from_slice(&rest[..take]);
                }
                self.scan.at += take + usize::from(stop.is_some());
                if stop.is_some() || byte == b'\n' {
                    break;
                }
            }
            if too_large {
                return Err(RowFault::new(0, FaultCode::RowTooLarge).arg(self.scan.limits.row_bytes));
            }
            let blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x1E;
            let from = piece.iter().position(|byte| !blank(byte)).unwrap_or(piece.len());
            piece.drain(..from);
            if !piece.is_empty() {
                return Ok(true);
            }
            if !any {
                return Ok(false);
            }
        }
    }
}

struct Scanner {
    reader: Reader,
    buffer: Vec<u8>,
    at: usize,
    end: usize,
    before: u64,
    limits: Limits,
}

impl Scanner {
    fn peek(&mut self) -> Result<Option<u8>, RowFault> {
        if self.at == self.end {
            self.before += self.end as u64;
            self.at = 0;
            self.end = 0;
            self.end = self.reader.read(&mut self.buffer).map_err(|error| unreadable(&error))?;
        }
        Ok((self.at < self.end).then(|| self.buffer[self.at]))
    }

    fn peek_after_blanks(&mut self) -> Result<Option<u8>, RowFault> {
        while let Some(byte) = self.peek()? {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Ok(Some(byte));
            }
            self.at += 1;
        }
        Ok(None)
    }

    fn not_json(&self, what: &str) -> RowFault {
        RowFault::new(0, FaultCode::NotJson).arg(format!("{what} (byte {})", self.before + self.at as u64))
    }

    /// Copies one value, from its first byte to its last.
    fn copy_value(&mut self, into: &mut Vec<u8>) -> Result<(), RowFault> {
        let Some(first) = self.peek_after_blanks()? else { return Err(self.not_json("the file ends too early")) };
        if !matches!(first, b'{' | b'[' | b'"') {
            return self.copy_scalar(into);
        }
        let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
        while self.peek()?.is_some() {
            let from = self.at;
            while self.at < self.end {
                let byte = self.buffer[self.at];
                self.at += 1;
                if in_text {
                    match byte {
                        _ if escaped => escaped = false,
                        b'\\' => escaped = true,
                        b'"' => in_text = false,
                        _ => continue,
                    }
                } else {
                    match byte {
                        b'"' => in_text = true,
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' => depth = depth.saturating_sub(1),
                        _ => continue,
                    }
                }
                if depth > self.limits.depth {
                    return Err(RowFault::new(0, FaultCode::TooDeep).arg(self.limits.depth));
                }
                if depth == 0 && !in_text {
                    into.extend_from_slice(&self.buffer[from..self.at]);
                    return self.within(into);
                }
            }
            into.extend_from_slice(&self.buffer[from..self.at]);
            self.within(into)?;
        }
        Err(self.not_json("the file ends too early"))
    }

    fn copy_scalar(&mut self, into: &mut Vec<u8>) -> Result<(), RowFault> {
        while let Some(byte) = self.peek()? {
            if matches!(byte, b',' | b']' | b'}' | b':' | b' ' | b'\n' | b'\r' | b'\t') {
                break;
            }
            into.push(byte);
            self.at += 1;
            self.within(into)?;
        }
        if into.is_empty() { Err(self.not_json("a value should stand here")) } else { Ok(()) }
    }

    fn within(&self, piece: &[u8]) -> Result<(), RowFault> {
        if piece.len() > self.limits.row_bytes {
            return Err(RowFault::new(0, FaultCode::RowTooLarge).arg(self.limits.row_bytes));
        }
        Ok(())
    }
}
