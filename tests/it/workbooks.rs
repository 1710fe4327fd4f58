//! Workbooks as offices make them: titles, two rows of headings, merged cells, codes as numbers, dates as numbers.

use maplebridge::imports::faults::FaultCode;
use maplebridge::imports::fields::Noun;
use maplebridge::imports::nouns::NounRow;
use rust_xlsxwriter::{Format, Workbook, Worksheet};

use crate::support::files::{Way, bytes, refusal, take, workbook};

const WGS: Way<'_> = Way { map: "", crs: Some("EPSG:4326"), under: None, layer: None, heading_row: None, repair: false };

fn rows(sheet: &mut Worksheet, from: u32, rows: &[&[&str]]) {
    for (row, cells) in (from..).zip(rows) {
        for (column, cell) in (0..).zip(*cells) {
            match cell.parse::<f64>() {
                Ok(number) => sheet.write_number(row, column, number).unwrap(),
                Err(_) if cell.is_empty() => sheet,
                Err(_) => sheet.write_string(row, column, *cell).unwrap(),
            };
        }
    }
}

/// A title over all columns, a note, two rows of headings with groups, figures with units, empty rows at the end.
fn ledger(book: &mut Workbook) {
    rows(book.add_worksheet().set_name("说明").unwrap(), 0, &[&["填表说明"], &["一、按户填写"], &["二、不填个人信息"]]);
    let sheet = book.add_worksheet().set_name("台账").unwrap();
    let centred = Format::new();
    sheet.merge_range(0, 0, 0, 6, "枫桥镇各网格住户情况一览表", &centred).unwrap();
    sheet.write_string(1, 0, "填报单位：枫桥镇综治中心").unwrap();
    sheet.merge_range(2, 0, 3, 0, "网格代码", &centred).unwrap();
    sheet.merge_range(2, 1, 2, 2, "坐标", &centred).unwrap();
    sheet.merge_range(2, 3, 2, 4, "规模", &centred).unwrap();
    sheet.merge_range(2, 5, 3, 5, "住宅类型", &centred).unwrap();
    sheet.merge_range(2, 6, 3, 6, "启用日期", &centred).unwrap();
    rows(sheet, 3, &[&["", "经度", "纬度", "总户数", "人口段"]]);
    rows(
        sheet,
        4,
        &[
            &["330681101201001", "120.1", "29.7", "320户", "p10_49", "楼房", "45000"],
            &["", "120.2", "29.8", "1.2万", "", "楼房", "45001"],
            &["", "", "", "", "", "", ""],
            &["330681101201002", "120.3", "29.9", "7", "", "自建房", ""],
        ],
    );
    sheet.merge_range(4, 0, 5, 0, "", &centred).unwrap();
    sheet.write_number(4, 0, 330_681_101_201_001_f64).unwrap();
    for row in 8..60 {
        sheet.write_blank(row, 0, &centred).unwrap();
        sheet.write_string(row, 3, " ").unwrap();
    }
}

#[test]
fn a_ledger_of_an_office_is_read_as_a_person_would_read_it() {
    let taken = take(bytes("台账.xlsx", workbook(ledger)), Noun::Households, WGS).unwrap();
    assert_eq!((taken.layer.as_deref(), taken.heading_row.as_deref()), (Some("台账"), Some("3-4")));
    assert_eq!(taken.headings, ["网格代码", "经度", "纬度", "总户数", "人口段", "住宅类型", "启用日期"]);
    assert_eq!((taken.read, taken.faulty, taken.count(FaultCode::SerialTaken)), (3, 0, 2), "{:?}", taken.faults);
    let homes = taken.rows.iter().map(|row| match &row.noun {
        NounRow::Household(home) => {
            (row.row, home.cell.map(|cell| cell.to_string()), home.household_count, home.valid_from.map(|day| day.to_string()))
        }
        other => panic!("{other:?}"),
    });
    let cell = |last: &str| Some(format!("33068110120100{last}"));
    assert_eq!(
        homes.collect::<Vec<_>>(),
        [(5, cell("1"), 320, Some("2023-03-15".to_owned())), (6, cell("1"), 12_000, Some("2023-03-16".to_owned())), (8, cell("2"), 7, None),]
    );
}

#[test]
fn sheet_and_headings_can_be_told_and_a_wrong_one_is_named() {
    let book = || bytes("a.xlsx", workbook(ledger));
    let told = take(book(), Noun::Households, Way { layer: Some("台账"), heading_row: Some("3-4"), ..WGS }).unwrap();
    assert_eq!((told.read, told.faulty), (3, 0));
    assert_eq!(refusal(book(), Noun::Households, Way { layer: Some("台帐"), ..WGS }), Some(FaultCode::LayerUnknown));
    assert_eq!(refusal(book(), Noun::Households, Way { heading_row: Some("70"), ..WGS }), Some(FaultCode::NoHeadings));
    assert_eq!(
        refusal(book(), Noun::Households, Way { heading_row: Some("4-4"), layer: Some("台账"), ..Way::default() }),
        Some(FaultCode::CrsMissing)
    );
}

#[test]
fn dates_with_a_format_and_dates_without_one_are_the_same_day() {
    let book = workbook(|book| {
        let sheet = book.add_worksheet();
        rows(
            sheet,
            0,
            &[&["纠纷类别", "来源", "发生日期", "发现时间", "经度", "纬度"], &["99", "police", "46000", ""], &["99", "police", "", "46000.5"]],
        );
        let day = Format::new().set_num_format("yyyy-mm-dd");
        let time = Format::new().set_num_format("yyyy-mm-dd hh:mm");
        sheet.write_number_with_format(1, 3, 46_001.25, &time).unwrap();
        sheet.write_number_with_format(2, 2, 46_000.0, &day).unwrap();
    });
    let taken = take(bytes("a.xlsx", book), Noun::Incidents, WGS).unwrap();
    let days = taken.rows.iter().map(|row| match &row.noun {
        NounRow::Incident(case) => (case.occurred_on.to_string(), case.discovered_at.unwrap().to_rfc3339()),
        other => panic!("{other:?}"),
    });
    let days: Vec<_> = days.collect();
    assert_eq!(
        days,
        [("2025-12-09".to_owned(), "2025-12-09T22:00:00+00:00".to_owned()), ("2025-12-09".to_owned(), "2025-12-09T04:00:00+00:00".to_owned())],
        "{:?}",
        taken.faults
    );
}

#[test]
fn two_hundred_thousand_rows_are_read_and_a_long_code_is_refused() {
    let book = workbook(|book| {
        let sheet = book.add_worksheet_with_constant_memory().unwrap();
        rows(sheet, 0, &[&["经度", "纬度", "户数", "备注"]]);
        for row in 1..=200_000_u32 {
            sheet.write_number(row, 0, 120.0 + f64::from(row % 1000) / 1000.0).unwrap();
            sheet.write_number(row, 1, 29.0 + f64::from(row / 1000) / 1000.0).unwrap();
            sheet.write_number(row, 2, f64::from(row % 30)).unwrap();
            sheet.write_string(row, 3, "无").unwrap();
        }
    });
    let taken = take(bytes("big.xlsx", book), Noun::Households, WGS).unwrap();
    assert_eq!((taken.read, taken.rows.len()), (200_000, 200_000));
    let book = workbook(|book| rows(book.add_worksheet(), 0, &[&["代码", "名称"], &["330681001001", "甲"], &["330681001001001001", "乙"]]));
    let taken = take(bytes("a.xlsx", book), Noun::Areas, Way::default()).unwrap();
    assert_eq!((taken.rows.len(), taken.count(FaultCode::CodeScientific)), (1, 1), "{:?}", taken.faults);
}
