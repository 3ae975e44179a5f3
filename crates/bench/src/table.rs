//! Tables of text.

use std::fmt::Display;

/// Returns rows as lines, the first column aligned to the left and the others to the right. The first row
/// is the heading.
pub fn format(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<_> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut lines = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        lines.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        lines.push('\n');
    }
    lines
}

/// Converts cells to a row.
pub fn row<const N: usize>(cells: [&dyn Display; N]) -> Vec<String> {
    cells.iter().map(ToString::to_string).collect()
}

/// Characters of a statement in a table.
const STATEMENT_CHARS_MAX: usize = 60;

/// Returns the start of a statement, on one line.
pub fn start_of(sql: &str) -> String {
    let words = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().take(STATEMENT_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_aligned_to_the_right() {
        let rows = [row([&"step", &"ms"]), row([&"aggregation", &"1.25"]), row([&"ai", &"10.00"])];
        assert_eq!(format(&rows), "step            ms\naggregation   1.25\nai           10.00\n");
    }
}
