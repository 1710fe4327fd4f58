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
    /// Reads the common parts. The box of today is put to the read model, for its index serves every reader; a box of
    /// another day goes to SQL.
    pub fn read(context: &Context, reader: &Reader, layer: PointLayer, common: &Common, filtered: bool) -> Result<Self> {
        let today = context.clock.today();
        let mut wanted = Self {
            day: common.as_of.unwrap_or(today),
            range: within(common.within.as_deref())?,
            ids: None,
            frame: None,
            after: Cursor::parse(common.cursor.as_deref())?.0,
            limit: PageLimit::parse(common.limit)?,
        };
        if let Some(frame) = bbox(common.bbox.as_deref())? {
            if wanted.day == today {
                // A page of an unfiltered list needs no more keys than its rows, and some for rows that go meanwhile.
                let most = if filtered || common.within.is_some() { usize::MAX } else { wanted.limit.rows() + 64 };
                wanted.ids = Some(context.ground().ids_in_bbox(layer, frame, &map_reader(reader), most, Some(wanted.after)));
            } else {
                wanted.frame = Some(frame.to_vec());
            }
        }
        Ok(wanted)
    }
}

/// Reads `west,south,east,north` in degrees.
pub fn bbox(text: Option<&str>) -> Result<Option<[f64; 4]>> {
    let Some(text) = text else { return Ok(None) };
    let wrong = |why: &str| Error::invalid("bbox", "not_a_box", format!("{why}; give west,south,east,north in degrees"));
    let numbers: Vec<f64> = text.split(',').map(|part| part.trim().parse().map_err(|_| wrong("the box has a part that is no number"))).collect::<Result<_>>()?;
    let frame: [f64; 4] = numbers.try_into().map_err(|_| wrong("the box has not four numbers"))?;
    let [west, south, east, north] = frame;
    let sound = (-180.0..=180.0).contains(&west) && (-180.0..=180.0).contains(&east) && (-90.0..=90.0).contains(&south) && (-90.0..=90.0).contains(&north);
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
    fn words_are_split_at_commas() {
        assert_eq!(split(Some("F08, F12,")), Some(vec!["F08".to_owned(), "F12".to_owned()]));
        assert_eq!(split(Some(" , ")), None);
    }
}
