//! Dates and times: ISO, Chinese, and the slashed forms whose day and month only a whole column tells apart.

use chrono::{DateTime, FixedOffset, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

use super::{Trouble, narrow};
use crate::imports::faults::FaultCode;

/// Which of two small numbers is the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// Month, day, year.
    Mdy,
    /// Day, month, year.
    Dmy,
}

impl Order {
    /// Reads `mdy` or `dmy`.
    pub fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "mdy" => Some(Self::Mdy),
            "dmy" => Some(Self::Dmy),
            _ => None,
        }
    }
}

/// What a column of dates says about its order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OrderScan {
    mdy: bool,
    dmy: bool,
    /// A value that fits both, with different days.
    doubtful: Option<String>,
}

impl OrderScan {
    /// Looks at one more value.
    pub fn see(&mut self, text: &str) {
        if self.mdy && self.dmy {
            return;
        }
        let narrow = narrow(text);
        let Some(([first, second, third], [width, _, _])) = three_numbers(narrow.split([' ', 'T']).next().unwrap_or_default()) else {
            return;
        };
        if width == 4 || third < 100 {
            return;
        }
        match (first, second) {
            (13..=31, 1..=12) => self.dmy = true,
            (1..=12, 13..=31) => self.mdy = true,
            (1..=12, 1..=12) if first != second && self.doubtful.is_none() => self.doubtful = Some(text.to_owned()),
            _ => {}
        }
    }

    /// The order: `Ok(None)` where no value needs one, an example where the column leaves it open or contradicts itself.
    pub fn order(&self) -> Result<Option<Order>, String> {
        match (self.mdy, self.dmy, &self.doubtful) {
            (true, false, _) => Ok(Some(Order::Mdy)),
            (false, true, _) => Ok(Some(Order::Dmy)),
            (_, _, Some(example)) => Err(example.clone()),
            (_, _, None) => Ok(None),
        }
    }
}

/// A date, with the time of day and the offset where they stand there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct When {
    /// The day and, if any, time as written.
    pub date: NaiveDate,
    /// The time of day.
    pub time: Option<NaiveTime>,
    /// What the text says of its offset from UTC.
    pub offset: Option<FixedOffset>,
}

impl When {
    /// The instant in UTC; a time without an offset is local in `zone`, a date alone is its beginning.
    pub fn instant(self, zone: Tz) -> Option<DateTime<Utc>> {
        let local: NaiveDateTime = self.date.and_time(self.time.unwrap_or(NaiveTime::MIN));
        if let Some(offset) = self.offset {
            return offset.from_local_datetime(&local).single().map(|at| at.with_timezone(&Utc));
        }
        match zone.from_local_datetime(&local) {
            LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at.with_timezone(&Utc)),
            LocalResult::None => None,
        }
    }

    /// The civil date in `zone`.
    pub fn day(self, zone: Tz) -> NaiveDate {
        match self.offset {
            Some(_) => self.instant(zone).map_or(self.date, |at| at.with_timezone(&zone).date_naive()),
            None => self.date,
        }
    }
}

/// Reads a date with or without a time: `2022-05-01`, `2022/5/1 8:30`, `20220501`, `2022年5月1日`, `2022-05-01T08:30:00+08:00`,
/// and with `order` `05/01/2022 12:00:03 AM`.
pub fn when(text: &str, order: Option<Order>) -> Result<When, Trouble> {
    let bad = || Trouble::of(FaultCode::Date, text);
    let narrow = narrow(text);
    let narrow = narrow.trim();
    if narrow.bytes().all(|b| b.is_ascii_digit() || b == b'.') && !narrow.contains("..") && narrow.matches('.').count() < 2 {
        return all_digits(narrow, text);
    }
    let (day, rest) = split_day(narrow);
    let date = day_of(day, order, text)?;
    if date.is_none() {
        return Err(bad());
    }
    let date = date.filter(|&date| in_reach(date)).ok_or_else(bad)?;
    let rest = rest.trim();
    if rest.is_empty() {
        return Ok(When { date, time: None, offset: None });
    }
    let (time, offset) = time_of(rest).ok_or_else(bad)?;
    Ok(When { date, time: Some(time), offset })
}

fn in_reach(date: NaiveDate) -> bool {
    use chrono::Datelike;
    (1900..=2100).contains(&date.year())
}

/// `20220501` is a date; a smaller number is the day number of an office program.
fn all_digits(narrow: &str, text: &str) -> Result<When, Trouble> {
    if narrow.len() == 8 && !narrow.contains('.') {
        let date = NaiveDate::parse_from_str(narrow, "%Y%m%d").ok().filter(|&date| in_reach(date));
        return date.map(|date| When { date, time: None, offset: None }).ok_or_else(|| Trouble::of(FaultCode::Date, text));
    }
    let serial = narrow.parse::<f64>().ok().filter(|days| (1.0..80_000.0).contains(days));
    let epoch = NaiveDate::from_ymd_opt(1899, 12, 30);
    match serial.zip(epoch).and_then(|(days, epoch)| epoch.checked_add_days(chrono::Days::new(days as u64))) {
        Some(date) if narrow.split('.').next().is_some_and(|whole| whole.len() == 5) => Err(Trouble::of(FaultCode::DateSerial, text).and(date)),
        _ => Err(Trouble::of(FaultCode::Date, text)),
    }
}

/// The day, and the time where the number has a fraction, that a day number of an office program stands for.
///
/// * `shift_days` – 0, or 1462 where days are counted from 1904
pub fn serial(text: &str, shift_days: i64) -> Option<When> {
    let days = narrow(text).trim().parse::<f64>().ok().filter(|days| (1.0..80_000.0).contains(days))?;
    let first = NaiveDate::from_ymd_opt(1899, 12, 30)?;
    let date = first.checked_add_signed(chrono::TimeDelta::days(days as i64 + shift_days)).filter(|&date| in_reach(date))?;
    let seconds = (days.fract() * 86_400.0).round();
    let time = NaiveTime::from_num_seconds_from_midnight_opt(seconds as u32, 0).filter(|_| seconds > 0.0);
    Some(When { date, time, offset: None })
}

/// The day and what follows it.
fn split_day(text: &str) -> (&str, &str) {
    if let Some(end) = text.find(['日', '号']) {
        let end = end + '日'.len_utf8();
        return (&text[..end], &text[end..]);
    }
    match text.find([' ', 'T', 't']) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, ""),
    }
}

/// `Ok(None)` is no date at all.
fn day_of(day: &str, order: Option<Order>, text: &str) -> Result<Option<NaiveDate>, Trouble> {
    if let Some((year, rest)) = day.split_once('年') {
        let Some((month, rest)) = rest.split_once('月') else { return Ok(None) };
        let number = rest.trim_end_matches(['日', '号']);
        return Ok(date_of(year.trim().parse().ok(), month.trim().parse().ok(), number.trim().parse().ok()));
    }
    let Some(([first, second, third], widths)) = three_numbers(day) else { return Ok(None) };
    if widths[0] == 4 {
        return Ok(date_of(i32::try_from(first).ok(), Some(second), Some(third)));
    }
    if widths[2] != 4 || widths[0] > 2 || widths[1] > 2 {
        return Ok(None);
    }
    let order = match (order, first, second) {
        (Some(order), _, _) => order,
        (None, 13.., _) => Order::Dmy,
        (None, _, 13..) => Order::Mdy,
        (None, _, _) if first == second => Order::Mdy,
        _ => return Err(Trouble::of(FaultCode::DateAmbiguous, text)),
    };
    let (month, day) = if order == Order::Mdy { (first, second) } else { (second, first) };
    Ok(date_of(i32::try_from(third).ok(), Some(month), Some(day)))
}

fn date_of(year: Option<i32>, month: Option<u32>, day: Option<u32>) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year?, month?, day?)
}

/// Three numbers with the same sign between them, and how many digits each has.
fn three_numbers(text: &str) -> Option<([u32; 3], [usize; 3])> {
    let separator = text.chars().find(|c| matches!(c, '-' | '/' | '.'))?;
    let mut parts = text.split(separator);
    let parts = [parts.next()?, parts.next()?, parts.next()?, parts.next().map_or("", |_| "more")];
    if !parts[3].is_empty() || parts[..3].iter().any(|part| part.is_empty() || part.len() > 4 || !part.bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    let number = |at: usize| parts[at].parse::<u32>().ok();
    Some(([number(0)?, number(1)?, number(2)?], [parts[0].len(), parts[1].len(), parts[2].len()]))
}

/// `8:30`, `08:30:15.250`, `12:00:03 AM`, `上午8:30`, `8时30分`, with `Z` or `+08:00` behind it.
fn time_of(text: &str) -> Option<(NaiveTime, Option<FixedOffset>)> {
    let mut text = text.trim();
    let mut half = None;
    for (word, is_pm) in [("上午", false), ("凌晨", false), ("下午", true), ("晚上", true)] {
        if let Some(rest) = text.strip_prefix(word) {
            (half, text) = (Some(is_pm), rest.trim());
        }
    }
    let mut offset = None;
    if let Some(rest) = text.strip_suffix(['Z', 'z']) {
        offset = FixedOffset::east_opt(0);
        text = rest.trim();
    } else if let Some(at) = text.rfind(['+', '-']) {
        offset = Some(offset_of(&text[at..])?);
        text = text[..at].trim();
    }
    let upper = text.to_ascii_uppercase();
    let mut digits = upper.as_str();
    for (word, is_pm) in [("AM", false), ("A.M.", false), ("PM", true), ("P.M.", true)] {
        if let Some(rest) = digits.strip_suffix(word) {
            (half, digits) = (Some(is_pm), rest.trim());
        }
    }
    let joined = digits.replace(['时', '点', '分'], ":").replace('秒', "");
    let mut parts = joined.trim_end_matches(':').split(':');
    let mut hour: u32 = parts.next()?.trim().parse().ok()?;
    let minute: u32 = parts.next()?.trim().parse().ok()?;
    let seconds = parts.next().unwrap_or("0").trim();
    if parts.next().is_some() {
        return None;
    }
    let (second, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let second: u32 = second.parse().ok()?;
    let millis = if fraction.is_empty() { 0 } else { format!("{fraction:0<3}").get(..3)?.parse::<u32>().ok()? };
    if let Some(is_pm) = half {
        hour = match (hour, is_pm) {
            (12, false) => 0,
            (1..=11, true) => hour + 12,
            _ => hour,
        };
    }
    Some((NaiveTime::from_hms_milli_opt(hour, minute, second, millis)?, offset))
}

fn offset_of(text: &str) -> Option<FixedOffset> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits = text[1..].replace(':', "");
    let padded = match digits.len() {
        2 => format!("{digits}00"),
        4 => digits,
        _ => return None,
    };
    let hours: i32 = padded.get(..2)?.parse().ok()?;
    let minutes: i32 = padded.get(2..)?.parse().ok()?;
    FixedOffset::east_opt(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests;
