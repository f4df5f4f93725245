//! Pages of a list that is read from an edge: which way there is more, and under which address.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use store::browse::Edge;

/// Rows of one page.
pub const ROWS: usize = 50;

/// What is asked of the store: one more row than is shown, which tells whether there are more.
pub const ASKED: i64 = 51;

const _: () = assert!(
    ASKED.unsigned_abs() == ROWS as u64 + 1,
    "one more than a page"
);

/// The rows of a page in the order of the list, and whether the list goes on before and after them.
pub struct Cut<T> {
    pub rows: Vec<T>,
    pub has_before: bool,
    pub has_after: bool,
}

/// Cuts what was read from `edge` down to a page.
pub fn cut<T, E>(mut rows: Vec<T>, edge: Option<&Edge<E>>) -> Cut<T> {
    let is_more = rows.len() > ROWS;
    match edge {
        Some(Edge::Before(_)) => {
            if is_more {
                rows.remove(0);
            }
            Cut {
                rows,
                has_before: is_more,
                has_after: true,
            }
        }
        Some(Edge::After(_)) | None => {
            rows.truncate(ROWS);
            Cut {
                rows,
                has_before: edge.is_some(),
                has_after: is_more,
            }
        }
    }
}

const KEPT: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// `?status=FAILED&machine=a%20b`, without members that are empty; `path` alone where all are.
pub fn address(path: &str, members: &[(&str, &str)]) -> String {
    let mut out = path.to_owned();
    let mut sign = '?';
    for (name, value) in members.iter().filter(|(_, value)| !value.is_empty()) {
        out.push(sign);
        out.push_str(name);
        out.push('=');
        out.extend(utf8_percent_encode(value, &KEPT));
        sign = '&';
    }
    out
}

/// `/machines/NAME`, whatever the name is.
pub fn machine_address(name: &str) -> String {
    format!("/machines/{}", utf8_percent_encode(name, &KEPT))
}

/// A part of a path, whatever it holds.
pub fn escaped(part: &str) -> String {
    utf8_percent_encode(part, &KEPT).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: usize) -> Vec<usize> {
        (0..count).collect()
    }

    #[test]
    fn a_page_says_which_way_there_is_more() {
        let first = cut::<_, u8>(rows(51), None);
        assert_eq!(
            (first.rows.len(), first.has_before, first.has_after),
            (50, false, true)
        );
        let last = cut(rows(3), Some(&Edge::After(0)));
        assert_eq!(
            (last.rows.len(), last.has_before, last.has_after),
            (3, true, false)
        );
        let middle = cut(rows(51), Some(&Edge::Before(0)));
        assert_eq!(middle.rows.first(), Some(&1), "the far one is left out");
        assert!(middle.has_before && middle.has_after);
    }

    #[test]
    fn addresses_hold_any_value() {
        assert_eq!(address("/machines", &[("q", "")]), "/machines");
        assert_eq!(
            address(
                "/executions",
                &[("status", "FAILED"), ("machine", "a b&c=d/é")]
            ),
            "/executions?status=FAILED&machine=a%20b%26c%3Dd%2F%C3%A9"
        );
        assert_eq!(machine_address("pay?#"), "/machines/pay%3F%23");
    }
}
