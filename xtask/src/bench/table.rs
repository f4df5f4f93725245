//! A table of text, aligned as people read it and marked up as Markdown has it.

use std::fmt::{self, Display, Formatter};

pub(super) struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(header: &[&str]) -> Self {
        Self {
            header: header.iter().map(|&cell| cell.to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    fn widths(&self) -> Vec<usize> {
        let width = |column: usize| {
            let rows = std::iter::once(&self.header).chain(&self.rows);
            let cells = rows.filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        (0..self.header.len()).map(width).collect()
    }
}

/// The first column is words and stands left; the others are numbers and stand right.
impl Display for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        let line = |f: &mut Formatter<'_>, row: &[String]| {
            for (column, &width) in widths.iter().enumerate() {
                let cell = row.get(column).map_or("", String::as_str);
                match column {
                    0 => write!(f, "| {cell:<width$} ")?,
                    _ => write!(f, "| {cell:>width$} ")?,
                }
            }
            writeln!(f, "|")
        };
        line(f, &self.header)?;
        for (column, &width) in widths.iter().enumerate() {
            match column {
                0 => write!(f, "|{:-<1$}", "", width + 2)?,
                _ => write!(f, "|{:-<1$}:", "", width + 1)?,
            }
        }
        writeln!(f, "|")?;
        self.rows.iter().try_for_each(|row| line(f, row))
    }
}

/// A number with as many places as it needs to be read, and commas between thousands.
pub(super) fn number(value: f64) -> String {
    if value.abs() < 10.0 {
        return format!("{value:.2}");
    }
    if value.abs() < 100.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && digits.len().saturating_sub(index).is_multiple_of(3) && !text.ends_with('-')
        {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_a_short_row_is_filled() {
        let mut table = Table::new(&["what", "a second"]);
        table.row(["Pass chain".to_owned(), "1,234".to_owned()]);
        table.row(["µs".to_owned()]);
        assert_eq!(
            table.to_string(),
            "| what       | a second |\n\
             |------------|---------:|\n\
             | Pass chain |    1,234 |\n\
             | µs         |          |\n"
        );
    }

    #[test]
    fn numbers_are_short_and_readable() {
        for (value, expected) in [
            (0.0, "0.00"),
            (0.456, "0.46"),
            (12.34, "12.3"),
            (999.6, "1,000"),
            (1_234_567.0, "1,234,567"),
            (-123_456.0, "-123,456"),
        ] {
            assert_eq!(number(value), expected);
        }
    }
}
