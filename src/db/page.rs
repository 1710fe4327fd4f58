//! Keyset pages: a page ends with a cursor that names its last row, so that pages neither skip nor repeat.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::{Error, Result};

/// How many rows a page has: 1 to 1,000, 100 unless told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageLimit(u32);

impl PageLimit {
    /// Reads the wanted size.
    pub fn parse(wanted: Option<u32>) -> Result<Self> {
        match wanted.unwrap_or(100) {
            limit @ 1..=1000 => Ok(Self(limit)),
            other => Err(Error::invalid("limit", "out_of_range", format!("limit is {other}; give 1 to 1000"))),
        }
    }

    /// Rows to fetch: one more than the page shows, to know whether there is a next one.
    pub const fn fetch(self) -> i64 {
        self.0 as i64 + 1
    }

    /// Rows to show.
    pub const fn rows(self) -> usize {
        self.0 as usize
    }
}

/// The key of the last row of a page, opaque to clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor(pub i64);

impl Cursor {
    /// Reads a cursor; none means the beginning.
    pub fn parse(text: Option<&str>) -> Result<Self> {
        let Some(text) = text else { return Ok(Self(i64::MIN)) };
        let broken = || Error::invalid("cursor", "not_a_cursor", "the cursor is not one that a page gave; leave it out to begin anew");
        let bytes: [u8; 8] = URL_SAFE_NO_PAD.decode(text).map_err(|_| broken())?.try_into().map_err(|_| broken())?;
        Ok(Self(i64::from_be_bytes(bytes)))
    }

    /// The text given to clients.
    pub fn to_text(self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.to_be_bytes())
    }
}

/// Some rows and where the next ones begin.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The rows, in the order of their keys.
    pub rows: Vec<T>,
    /// Cursor of the next page; `None` at the end.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// Cuts the extra row off and makes the cursor of it.
    pub fn cut(mut rows: Vec<T>, limit: PageLimit, key: impl Fn(&T) -> i64) -> Self {
        let next = if rows.len() > limit.rows() {
            rows.truncate(limit.rows());
            rows.last().map(|row| Cursor(key(row)))
        } else {
            None
        };
        Self { rows, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_what_it_wrote() {
        for key in [0, 7, -3, i64::MAX] {
            assert_eq!(Cursor::parse(Some(&Cursor(key).to_text())).unwrap(), Cursor(key));
        }
        assert!(Cursor::parse(Some("x")).is_err());
        assert_eq!(Cursor::parse(None).unwrap(), Cursor(i64::MIN));
    }

    #[test]
    fn a_full_page_knows_its_next() {
        let limit = PageLimit::parse(Some(2)).unwrap();
        let page = Page::cut(vec![1, 2, 3], limit, |&row| row);
        assert_eq!((page.rows, page.next), (vec![1, 2], Some(Cursor(2))));
        let last = Page::cut(vec![3], limit, |&row| row);
        assert_eq!((last.rows, last.next), (vec![3], None));
        assert!(PageLimit::parse(Some(0)).is_err() && PageLimit::parse(Some(1001)).is_err());
    }
}
