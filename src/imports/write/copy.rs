//! Rows as the text of COPY, and pouring them in.

use std::fmt::Write as _;

use futures::{Stream, StreamExt as _};
use geo_types::Geometry;

use crate::db::Scoped;
use crate::error::Result;
use crate::geom::wkb;

/// Bytes that are handed over at once.
const CHUNK: usize = 256 * 1024;

/// Rows on their way into a stage: whole lines, in chunks.
pub trait Rows: Stream<Item = Vec<u8>> + Send + Unpin {}

impl<S: Stream<Item = Vec<u8>> + Send + Unpin> Rows for S {}

/// Lines of COPY text being put together; every line ends with [`end`](Self::end).
#[derive(Debug, Default)]
pub struct Lines {
    text: String,
    within: bool,
}

impl Lines {
    fn field(&mut self) {
        if self.within {
            self.text.push('\t');
        }
        self.within = true;
    }

    /// Nothing.
    pub fn null(&mut self) {
        self.field();
        self.text.push_str("\\N");
    }

    /// A number, a day, a truth value: anything whose printed form has no blanks to escape.
    pub fn plain(&mut self, value: impl std::fmt::Display) {
        self.field();
        let _ = write!(self.text, "{value}");
    }

    /// The same, or nothing.
    pub fn maybe(&mut self, value: Option<impl std::fmt::Display>) {
        match value {
            Some(value) => self.plain(value),
            None => self.null(),
        }
    }

    /// A text.
    pub fn text(&mut self, text: &str) {
        self.field();
        for c in text.chars() {
            match c {
                '\\' => self.text.push_str("\\\\"),
                '\t' => self.text.push_str("\\t"),
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                '\0' => {}
                c => self.text.push(c),
            }
        }
    }

    /// A text, or nothing.
    pub fn maybe_text(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.text(text),
            None => self.null(),
        }
    }

    /// A geometry in WGS 84.
    pub fn shape(&mut self, shape: &Geometry) {
        self.field();
        self.text.push_str(&hex::encode(wkb::encode_ewkb(shape, 4326)));
    }

    /// A geometry, or nothing.
    pub fn maybe_shape(&mut self, shape: Option<&Geometry>) {
        match shape {
            Some(shape) => self.shape(shape),
            None => self.null(),
        }
    }

    /// Ends the line.
    pub fn end(&mut self) {
        self.text.push('\n');
        self.within = false;
    }

    /// The lines so far, where they are worth handing over.
    pub fn full(&mut self) -> Option<Vec<u8>> {
        (self.text.len() >= CHUNK).then(|| self.take())
    }

    /// The lines so far.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.text).into_bytes()
    }
}

/// Rows that are in memory, as chunks of lines made when they are wanted.
pub fn chunks<T, I>(rows: I, mut write: impl FnMut(&mut Lines, T) + Send + Unpin) -> impl Rows
where
    I: IntoIterator<Item = T>,
    I::IntoIter: Send + Unpin,
{
    let mut rows = rows.into_iter();
    let mut lines = Lines::default();
    futures::stream::iter(std::iter::from_fn(move || {
        for row in rows.by_ref() {
            write(&mut lines, row);
            lines.end();
            if let Some(chunk) = lines.full() {
                return Some(chunk);
            }
        }
        Some(lines.take()).filter(|rest| !rest.is_empty())
    }))
}

/// Runs the COPY with the rows; returns how many there were. A failure leaves the transaction to be rolled back.
pub(super) async fn pour(scoped: &mut Scoped, statement: &str, mut rows: impl Rows) -> Result<u64> {
    let mut copy = scoped.conn().copy_in_raw(statement).await?;
    while let Some(chunk) = rows.next().await {
        if let Err(error) = copy.send(chunk).await {
            // The server's own word is better than “connection closed”.
            return Err(copy.abort("the rows could not be sent").await.err().unwrap_or(error).into());
        }
    }
    Ok(copy.finish().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_with_tabs_and_backslashes_stays_one_field() {
        let mut lines = Lines::default();
        lines.plain(7);
        lines.text("a\tb\\c\nd");
        lines.maybe(None::<i64>);
        lines.end();
        assert_eq!(lines.take(), b"7\ta\\tb\\\\c\\nd\t\\N\n");
    }
}
