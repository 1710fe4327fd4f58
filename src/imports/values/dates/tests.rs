use super::*;

fn read(text: &str, order: Option<Order>) -> Result<String, FaultCode> {
    let zone = chrono_tz::Asia::Shanghai;
    when(text, order).map_err(|trouble| trouble.code).map(|when| match when.time {
        None => when.day(zone).to_string(),
        Some(_) => when.instant(zone).map_or_else(String::new, |at| at.format("%FT%T%.fZ").to_string()),
    })
}

#[test]
fn dates_are_read_as_they_are_written() {
    for text in ["2022-05-01", "2022/5/1", "2022.5.1", "20220501", "2022年5月1日", "２０２２－０５－０１", "2022年05月01号"] {
        assert_eq!(read(text, None).as_deref(), Ok("2022-05-01"), "{text}");
    }
    for text in [
        "2022-05-01T08:30:00",
        "2022-05-01 8:30",
        "2022/5/1 08:30:00.000",
        "2022-05-01T00:30:00Z",
        "2022-05-01T00:30:00+00:00",
        "2022-05-01 02:30:00+0200",
        "2022年5月1日 上午8:30",
        "2022年5月1日8时30分",
        "5/1/2022 8:30:00 AM",
    ] {
        assert_eq!(read(text, Some(Order::Mdy)).as_deref(), Ok("2022-05-01T00:30:00Z"), "{text}");
    }
    assert_eq!(read("05/01/2022 12:00:03 AM", Some(Order::Mdy)).as_deref(), Ok("2022-04-30T16:00:03Z"));
    assert_eq!(read("05/01/2022 12:00:03 PM", Some(Order::Mdy)).as_deref(), Ok("2022-05-01T04:00:03Z"));
    assert_eq!(read("2022年5月1日 下午1点05分", None).as_deref(), Ok("2022-05-01T05:05:00Z"));
}

#[test]
fn what_is_no_date_says_so_and_guesses_nothing() {
    for (text, code) in [
        ("44682", FaultCode::DateSerial),
        ("44682.5", FaultCode::DateSerial),
        ("5/1/2022", FaultCode::DateAmbiguous),
        ("2022-13-01", FaultCode::Date),
        ("2022-02-30", FaultCode::Date),
        ("5/1/22", FaultCode::Date),
        ("1822-05-01", FaultCode::Date),
        ("2022-05-01 25:00", FaultCode::Date),
        ("yesterday", FaultCode::Date),
        ("2022-05", FaultCode::Date),
        ("1.2.3", FaultCode::Date),
    ] {
        assert_eq!(read(text, None), Err(code), "{text}");
    }
    assert_eq!(when("44682", None).map_err(|trouble| trouble.args[1].clone()), Err("2022-05-01".to_owned()));
}

#[test]
fn a_column_tells_day_and_month_apart_or_names_an_example() {
    let scan = |values: &[&str]| {
        let mut scan = OrderScan::default();
        for value in values {
            scan.see(value);
        }
        scan.order()
    };
    assert_eq!(scan(&["05/01/2022 12:00:03 AM", "05/13/2022 1:00:00 PM"]), Ok(Some(Order::Mdy)));
    assert_eq!(scan(&["01/05/2022", "13/05/2022"]), Ok(Some(Order::Dmy)));
    assert_eq!(scan(&["05/01/2022", "05/02/2022"]), Err("05/01/2022".to_owned()));
    assert_eq!(scan(&["13/05/2022", "05/13/2022", "05/01/2022"]), Ok(None), "each value then stands for itself");
    assert_eq!(scan(&["2022-05-01", "", "5/5/2022"]), Ok(None));
}

#[test]
fn a_day_is_the_civil_day_of_its_zone() {
    let late = when("2022-04-30T16:00:03Z", None).expect("a date");
    assert_eq!(late.day(chrono_tz::Asia::Shanghai).to_string(), "2022-05-01");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,24}", dated in "[0-9/.:年月日时分 TZ+-]{0,24}") {
        for text in [text, dated] {
            let _ = when(&text, None);
            let _ = when(&text, Some(Order::Dmy));
            let _ = super::super::codes::area(&text);
            let _ = super::super::numbers::number(&text);
            OrderScan::default().see(&text);
        }
    }
}
