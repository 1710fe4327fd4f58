//! Workbooks: one sheet, written row by row into a temporary file, so that memory stays flat.

use std::path::{Path, PathBuf};

use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use super::csv::{place, place_headings};
use super::what::{Kind, Shape, Value};
use super::{Row, Table};
use crate::error::{Error, Result};

/// Rows of a sheet, the headings aside.
const MOST_ROWS: u32 = 1_048_575;
/// Characters of a cell.
const LONGEST_CELL: usize = 32_767;
/// What stands where a border is longer than a cell: import refuses it rather than lose the border.
const TOO_LONG: &str = "边界超过单元格上限，请用 GeoPackage · the border is longer than a cell holds; use GeoPackage";

pub(super) struct Writer {
    book: Workbook,
    path: PathBuf,
    shape: Shape,
    day: Format,
    next: u32,
}

fn failed(error: XlsxError) -> Error {
    Error::internal("write the workbook")(error)
}

impl Writer {
    pub(super) fn begin(path: &Path, table: &Table) -> Result<Self> {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet_with_constant_memory().map_err(failed)?;
        sheet.set_name(table.what.name()).map_err(failed)?;
        sheet.set_freeze_panes(1, 0).map_err(failed)?;
        let bold = Format::new().set_bold();
        let shape = table.what.shape();
        for (at, column) in (0..).zip(&table.columns) {
            let width = match column.kind {
                Kind::Text(width) => f64::from(width.clamp(8, 40)),
                _ => 12.0,
            };
            sheet.set_column_width(at, width).map_err(failed)?;
        }
        let headings = table.columns.iter().map(|column| table.heading(column)).chain(place_headings(shape, table.headings).iter().copied());
        for (at, heading) in (0..).zip(headings) {
            sheet.write_with_format(0, at, heading, &bold).map_err(failed)?;
        }
        Ok(Self { book, path: path.to_owned(), shape, day: Format::new().set_num_format("yyyy-mm-dd"), next: 1 })
    }
}

fn put(sheet: &mut Worksheet, row: u32, at: u16, value: &Value, day: &Format) -> Result<(), XlsxError> {
    match value {
        Value::Null => return Ok(()),
        Value::Text(text) if text.encode_utf16().count() > LONGEST_CELL => sheet.write_string(row, at, TOO_LONG)?,
        Value::Text(text) => sheet.write_string(row, at, text)?,
        Value::Int(number) => sheet.write_number(row, at, *number as f64)?,
        Value::Real(number) => sheet.write_number(row, at, *number)?,
        Value::Flag(flag) => sheet.write_boolean(row, at, *flag)?,
        Value::Day(on) => {
            let first = chrono::NaiveDate::from_ymd_opt(1899, 12, 30).unwrap_or_default();
            sheet.write_number_with_format(row, at, (*on - first).num_days() as f64, day)?
        }
    };
    Ok(())
}

impl super::Writer for Writer {
    fn row(&mut self, row: &Row) -> Result<()> {
        if self.next > MOST_ROWS {
            return Err(Error::TooLarge { limit: format!("{MOST_ROWS} rows of a sheet; cut it with within, or take csv") });
        }
        let sheet = self.book.worksheet_from_index(0).map_err(failed)?;
        let place = place(self.shape, row);
        for (at, value) in (0..).zip(row.values.iter().chain(&place)) {
            put(sheet, self.next, at, value, &self.day).map_err(failed)?;
        }
        self.next += 1;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.book.save(&self.path).map_err(failed)
    }
}
