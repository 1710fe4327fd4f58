//! The tables that the detector is scored with: counts in, alerts out.

use super::super::StatsError;
use super::Alert;

/// Counts from a table without header: one cell a line, one week a column, with commas.
///
/// A field that is no whole number: `NotACount`. Lines differing in length are told by [`expect`](super::expect).
pub fn read_counts(text: &str) -> Result<Vec<Vec<u32>>, StatsError> {
    let field =
        |line: usize, (column, field): (usize, &str)| field.trim().parse().map_err(|_| StatsError::NotACount { line: line + 1, column: column + 1 });
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(n, line)| line.split(',').enumerate().map(|f| field(n, f)).collect()).collect()
}

/// Alerts as a table: cell and week from 0, with what was counted and expected.
pub fn alerts_csv(alerts: &[Alert]) -> String {
    let line = |a: &Alert| format!("{},{},{},{:.3}\n", a.cell, a.week, a.count, a.expected);
    std::iter::once("cell,week,count,expected\n".to_owned()).chain(alerts.iter().map(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_counts_is_read_and_a_wrong_field_is_named() {
        assert_eq!(read_counts("1,0,2\n 3,4,5 \n\n").unwrap(), [[1, 0, 2], [3, 4, 5]]);
        assert_eq!(read_counts("1,0\n2,x"), Err(StatsError::NotACount { line: 2, column: 2 }));
        assert_eq!(read_counts("-1"), Err(StatsError::NotACount { line: 1, column: 1 }));
    }

    #[test]
    fn alerts_are_written_a_line_each() {
        let alert = Alert { cell: 3, week: 110, count: 6, expected: 1.25 };
        assert_eq!(alerts_csv(&[alert]), "cell,week,count,expected\n3,110,6,1.250\n");
    }
}
