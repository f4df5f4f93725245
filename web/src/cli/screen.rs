//! What commands print: lines and tables for people, JSON for programs. Results go to standard output,
//! errors to standard error. Colours are left out where the output is no terminal.

use std::io::{self, Write};

use anstream::ColorChoice;
use clap::builder::styling::{AnsiColor, Style};
use serde_json::{Value, json};

use super::exit::{Exit, Failure};

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Colour {
    Auto,
    Always,
    Never,
}

pub(super) const BOLD: Style = Style::new().bold();
pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(super) const BUSY: Style = AnsiColor::Blue.on_default();
pub(super) const WARN: Style = AnsiColor::Yellow.on_default().bold();

/// Standard output and standard error of one command.
#[derive(Debug)]
pub(super) struct Screen {
    is_json: bool,
    out: anstream::AutoStream<io::Stdout>,
}

impl Screen {
    pub(super) fn new(is_json: bool, colour: Colour) -> Self {
        match colour {
            Colour::Auto => ColorChoice::Auto,
            Colour::Always => ColorChoice::Always,
            Colour::Never => ColorChoice::Never,
        }
        .write_global();
        Self {
            is_json,
            out: anstream::stdout(),
        }
    }

    pub(super) fn is_json(&self) -> bool {
        self.is_json
    }

    /// A line of the result for people. Whoever reads may stop reading: that is no failure.
    pub(super) fn line(&mut self, text: &str) -> Result<(), Failure> {
        written(writeln!(self.out, "{text}"))
    }

    /// The result for programs, on a line of its own.
    pub(super) fn json(&mut self, value: &Value) -> Result<(), Failure> {
        written(writeln!(self.out, "{value}"))
    }

    /// A result for programs that is JSON already, as the server spelled it.
    pub(super) fn raw(&mut self, text: &str) -> Result<(), Failure> {
        written(writeln!(self.out, "{}", text.trim_end()))
    }

    /// A remark that is no result, on standard error; none for programs.
    pub(super) fn remark(&mut self, text: &str) {
        if !self.is_json {
            // A remark that cannot be printed is no reason to stop.
            drop(writeln!(anstream::stderr().lock(), "{text}"));
        }
    }

    /// Says why a command failed.
    pub(super) fn fail(&mut self, failure: &Failure) {
        let Failure {
            message,
            hint,
            exit,
        } = failure;
        let mut err = anstream::stderr().lock();
        // Where standard error is closed there is nobody to tell.
        if self.is_json {
            let error = json!({ "error": message, "hint": hint, "exit": exit.code() });
            drop(writeln!(err, "{error}"));
            return;
        }
        drop(writeln!(err, "{} {message}", paint(BAD, "error:")));
        if let Some(hint) = hint {
            drop(writeln!(err, "{} {hint}", paint(BOLD, " hint:")));
        }
    }

    /// Rows under their headings, each column as wide as its widest cell.
    pub(super) fn table(&mut self, headings: &[&str], rows: &[Vec<Cell>]) -> Result<(), Failure> {
        let head: Vec<Cell> = headings
            .iter()
            .map(|heading| Cell::styled(DIM, *heading))
            .collect();
        let all: Vec<&Vec<Cell>> = std::iter::once(&head).chain(rows).collect();
        let widths: Vec<usize> = (0..headings.len())
            .map(|column| {
                all.iter()
                    .filter_map(|row| row.get(column))
                    .map(Cell::width)
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        for row in all {
            let cells: Vec<String> = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| cell.padded(*width))
                .collect();
            self.line(cells.join("  ").trim_end())?;
        }
        Ok(())
    }
}

/// One cell of a table.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self::styled(Style::new(), text)
    }

    pub(super) fn styled(style: Style, text: impl Into<String>) -> Self {
        Self {
            text: visible(&text.into()),
            style,
        }
    }

    fn width(&self) -> usize {
        self.text.chars().count()
    }

    pub(super) fn padded(&self, width: usize) -> String {
        let blanks = " ".repeat(width.saturating_sub(self.width()));
        format!("{}{blanks}", paint(self.style, &self.text))
    }
}

/// The text in a style, which is taken out again where there is no terminal.
pub(super) fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// Text from elsewhere without what could steer a terminal.
pub(super) fn visible(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

fn written(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::new(
            Exit::Broken,
            format!("standard output cannot be written: {error}"),
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_padded_by_what_is_seen_and_cannot_steer_the_terminal() {
        let cell = Cell::styled(GOOD, "naïve\u{1b}[2J");
        assert_eq!(cell.width(), 9);
        let padded = cell.padded(11);
        assert!(padded.ends_with("  ") && !padded.contains("\u{1b}[2J"));
    }
}
