//! What lists can be asked: an area, a box, a day, a page.

use chrono::NaiveDate;

use crate::codes::{AreaCode, CellCode, CodeRange};
use crate::context::{Context, map_reader};
use crate::db::{Cursor, PageLimit};
use crate::error::{Error, Result};
use crate::read_model::PointLayer;
use crate::users::Reader;

/// The SQL of being in force on the day bound as `$1`.
pub const fn days_in_force() -> &'static str {
    "valid_from <= $1 and (valid_to is null or valid_to > $1)"
}

/// The parts that every list of points has, as they came.
#[derive(Debug, Default)]
pub struct Common {
    /// An area or cell code.
    pub within: Option<String>,
    /// `west,south,east,north`.
    pub bbox: Option<String>,
    /// The day whose rows are wanted; today unless given.
    pub as_of: Option<NaiveDate>,
    /// Rows a page.
    pub limit: Option<u32>,
    /// Where the page begins.
    pub cursor: Option<String>,
}

/// A list as SQL is asked for it.
#[derive(Debug)]
pub struct Wanted {
    /// The day.
    pub day: NaiveDate,
    /// Codes it is cut to.
    pub range: CodeRange,
    /// Keys in the box, from the read model, where the box is of today.
    pub ids: Option<Vec<i64>>,
    /// The box, where SQL itself must look: west, south, east, north.
    pub frame: Option<Vec<f64>>,
    /// Key of the last row of the page before.
    pub after: i64,
    /// Rows a page.
    pub limit: PageLimit,
}

impl Wanted {
    /// Reads the parts other than the box.
    pub fn plain(context: &Context, common: &Common) -> Result<Self> {
        Ok(Self {
            day: common.as_of.unwrap_or_else(|| context.clock.today()),
            range: within(common.within.as_deref())?,
            ids: None,
            frame: None,
            after: Cursor::parse(common.cursor.as_deref())?.0,
            limit: PageLimit::parse(common.limit)?,
        })
    }

    /// Reads all parts of a list of points. `filtered`: there are filters besides the common parts.
    pub fn read(context: &Context, reader: &Reader, layer: PointLayer, common: &Common, filtered: bool) -> Result<Self> {
        let wanted = Self::plain(context, common)?;
        // A page of an unfiltered list needs no more keys than its rows, and some for rows that go meanwhile.
        let most = if filtered || common.within.is_some() { usize::MAX } else { wanted.limit.rows() + 64 };
        let after = wanted.after;
        wanted.in_box(context, common, |frame| context.ground().ids_in_bbox(layer, frame, &map_reader(reader), most, Some(after)))
    }

    /// Reads the box. That of today is put to the read model, whose index serves every reader; that of another day to SQL.
    pub fn in_box(mut self, context: &Context, common: &Common, keys: impl FnOnce([f64; 4]) -> Vec<i64>) -> Result<Self> {
        if let Some(frame) = bbox(common.bbox.as_deref())? {
            if self.day == context.clock.today() {
                self.ids = Some(keys(frame));
            } else {
                self.frame = Some(frame.to_vec());
            }
        }
        Ok(self)
    }
}

/// Reads `west,south,east,north` in degrees.
pub fn bbox(text: Option<&str>) -> Result<Option<[f64; 4]>> {
    let Some(text) = text else { return Ok(None) };
    let wrong = |why: &str| Error::invalid("bbox", "not_a_box", format!("{why}; give west,south,east,north in degrees"));
    let numbers: Vec<f64> =
        text.split(',').map(|part| part.trim().parse().map_err(|_| wrong("the box has a part that is no number"))).collect::<Result<_>>()?;
    let frame: [f64; 4] = numbers.try_into().map_err(|_| wrong("the box has not four numbers"))?;
    let [west, south, east, north] = frame;
    let sound =
        (-180.0..=180.0).contains(&west) && (-180.0..=180.0).contains(&east) && (-90.0..=90.0).contains(&south) && (-90.0..=90.0).contains(&north);
    if !sound || west > east || south > north {
        return Err(wrong("the box is outside the world or inside out"));
    }
    Ok(Some(frame))
}

/// Reads the code of an area or a cell; without one, every code.
pub fn within(text: Option<&str>) -> Result<CodeRange> {
    let Some(text) = text else { return Ok(CodeRange { lo: 0, hi: i64::MAX }) };
    let code = AreaCode::parse(text).map_err(|error| Error::invalid("within", "not_a_code", error.to_string()))?;
    Ok(code.range())
}

/// Reads a cell code of a path: what is no code names nothing.
pub fn cell(text: &str) -> Result<CellCode> {
    CellCode::parse(text).map_err(|_| Error::NotFound { what: "cell", id: text.to_owned() })
}

/// Reads a number of a path: what is no number names nothing.
pub fn id(what: &'static str, text: &str) -> Result<i64> {
    text.parse().map_err(|_| Error::NotFound { what, id: text.to_owned() })
}

/// Reads `F08,F12`.
pub fn split(text: Option<&str>) -> Option<Vec<String>> {
    let words: Vec<String> = text?.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    (!words.is_empty()).then_some(words)
}

/// What a search text means in SQL: a pattern for names, and the codes that begin with its digits.
pub fn sought(text: &str) -> (String, Option<CodeRange>) {
    let text = text.trim();
    let escaped: String = text.chars().flat_map(|c| matches!(c, '%' | '_' | '\\').then_some('\\').into_iter().chain([c])).collect();
    let digits = text.chars().count();
    let codes = (1..=15).contains(&digits) && text.bytes().all(|b| b.is_ascii_digit());
    let range = codes.then(|| {
        let span = 10_i64.pow(15 - digits as u32);
        let lo = text.parse::<i64>().unwrap_or_default() * span;
        CodeRange { lo, hi: lo + span }
    });
    (format!("%{escaped}%"), range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_four_numbers_the_right_way_round() {
        assert_eq!(bbox(Some("120, 29.5,121,30")).unwrap(), Some([120.0, 29.5, 121.0, 30.0]));
        assert_eq!(bbox(None).unwrap(), None);
        for wrong in ["", "1,2,3", "1,2,3,x", "121,29,120,30", "120,30,121,29", "120,29,121,NaN", "120,29,121,91", "1,2,3,4,5"] {
            assert!(bbox(Some(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_search_text_is_a_name_and_perhaps_the_beginning_of_a_code() {
        assert_eq!(sought(" 50%_村 "), ("%50\\%\\_村%".to_owned(), None));
        assert_eq!(sought("9903210").1, Some(CodeRange { lo: 990_321_000_000_000, hi: 990_321_100_000_000 }));
        assert_eq!(sought("").1, None);
    }

    #[test]
    fn words_are_split_at_commas() {
        assert_eq!(split(Some("F08, F12,")), Some(vec!["F08".to_owned(), "F12".to_owned()]));
        assert_eq!(split(Some(" , ")), None);
    }
}
