//! Two definitions compared: which states are added, removed or changed, and the lines that differ.

use std::collections::BTreeMap;

use asl::{Json, json};

/// Of texts whose changed middles are longer than this, all of the middle counts as changed: finding more
/// costs time and room that grow with the square.
const LINES_MAX: usize = 2_000;
/// Lines that do not differ and are shown around those that do.
const AROUND: usize = 3;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub added: Vec<String>,
    pub removed: Vec<String>,
    pub changed: Vec<String>,
    pub lines: Vec<Line>,
}

impl Difference {
    pub fn is_none(&self) -> bool {
        self.lines.is_empty()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub kind: Kind,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Same,
    Added,
    Removed,
    /// Lines that do not differ are left out here.
    Gap,
}

impl Line {
    pub fn class(&self) -> &'static str {
        match self.kind {
            Kind::Same => "same",
            Kind::Added => "added",
            Kind::Removed => "removed",
            Kind::Gap => "gap",
        }
    }

    pub fn sign(&self) -> &'static str {
        match self.kind {
            Kind::Added => "+",
            Kind::Removed => "−",
            Kind::Same | Kind::Gap => " ",
        }
    }
}

/// What leads from one definition to the other.
pub fn difference(from: &str, to: &str) -> Difference {
    let (before, after) = (states(from), states(to));
    let only_in = |here: &BTreeMap<String, String>, there: &BTreeMap<String, String>| {
        here.keys()
            .filter(|name| !there.contains_key(*name))
            .cloned()
            .collect()
    };
    let changed = before
        .iter()
        .filter(|(name, text)| after.get(*name).is_some_and(|other| other != *text))
        .map(|(name, _)| name.clone());
    Difference {
        added: only_in(&after, &before),
        removed: only_in(&before, &after),
        changed: changed.collect(),
        lines: folded(compare(
            &from.lines().collect::<Vec<_>>(),
            &to.lines().collect::<Vec<_>>(),
        )),
    }
}

/// Each state with the text of what is its own: the states within it stand for themselves.
fn states(definition: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    if let Ok(value) = json::parse(definition) {
        gather(&value, 0, &mut found);
    }
    found
}

const DEPTH_MAX: usize = 32;

fn gather(scope: &Json, depth: usize, found: &mut BTreeMap<String, String>) {
    let states = scope.get("States").and_then(Json::as_object);
    for (name, state) in states.into_iter().flatten() {
        let mut own = String::new();
        for (field, value) in state.as_object().into_iter().flatten() {
            match field.as_ref() {
                "Branches" | "ItemProcessor" | "Iterator" if depth < DEPTH_MAX => {
                    let inner = value.as_array().unwrap_or(std::slice::from_ref(value));
                    own.extend([field.as_ref(), ": ", &inner.len().to_string(), "\n"]);
                    for scope in inner {
                        gather(scope, depth + 1, found);
                    }
                }
                _ => own.extend([field.as_ref(), ": ", &value.to_text(), "\n"]),
            }
        }
        found.insert(name.to_string(), own);
    }
}

/// Every line of both, each with what became of it.
fn compare(from: &[&str], to: &[&str]) -> Vec<Line> {
    let same = |(a, b): &(&&str, &&str)| a == b;
    let head = from.iter().zip(to).take_while(same).count();
    let rest = from.len().min(to.len()) - head;
    let tail = from
        .iter()
        .rev()
        .zip(to.iter().rev())
        .take_while(same)
        .count()
        .min(rest);
    let line = |kind| {
        move |text: &&str| Line {
            kind,
            text: (*text).to_owned(),
        }
    };
    let (first, old) = from.split_at(head);
    let (old, last) = old.split_at(old.len() - tail);
    let new = to.get(head..to.len() - tail).unwrap_or_default();
    let mut lines: Vec<Line> = first.iter().map(line(Kind::Same)).collect();
    if old.len() > LINES_MAX || new.len() > LINES_MAX {
        lines.extend(old.iter().map(line(Kind::Removed)));
        lines.extend(new.iter().map(line(Kind::Added)));
    } else {
        middle(old, new, &mut lines);
    }
    lines.extend(last.iter().map(line(Kind::Same)));
    lines
}

/// By the longest common subsequence: `longest` says how much two remainders share.
fn middle(old: &[&str], new: &[&str], lines: &mut Vec<Line>) {
    let width = new.len() + 1;
    let mut longest = vec![0_u16; (old.len() + 1) * width];
    let at = |row: usize, column: usize| row * width + column;
    let get = |longest: &[u16], row, column| longest.get(at(row, column)).copied().unwrap_or(0);
    for (row, a) in old.iter().enumerate().rev() {
        for (column, b) in new.iter().enumerate().rev() {
            let best = if a == b {
                get(&longest, row + 1, column + 1).saturating_add(1)
            } else {
                get(&longest, row + 1, column).max(get(&longest, row, column + 1))
            };
            if let Some(cell) = longest.get_mut(at(row, column)) {
                *cell = best;
            }
        }
    }
    let (mut row, mut column) = (0, 0);
    loop {
        let (kind, text) = match (old.get(row), new.get(column)) {
            (None, None) => return,
            (Some(a), Some(b)) if a == b => {
                row += 1;
                column += 1;
                (Kind::Same, a)
            }
            (Some(a), b)
                if b.is_none()
                    || get(&longest, row + 1, column) >= get(&longest, row, column + 1) =>
            {
                row += 1;
                (Kind::Removed, a)
            }
            (_, Some(b)) => {
                column += 1;
                (Kind::Added, b)
            }
            (Some(_), None) => return,
        };
        lines.push(Line {
            kind,
            text: (*text).to_owned(),
        });
    }
}

/// Leaves out what is far from any change; nothing is left where nothing differs.
fn folded(lines: Vec<Line>) -> Vec<Line> {
    let mut is_near = vec![false; lines.len()];
    for (at, line) in lines.iter().enumerate() {
        if line.kind != Kind::Same {
            let end = (at + AROUND + 1).min(lines.len());
            if let Some(near) = is_near.get_mut(at.saturating_sub(AROUND)..end) {
                near.fill(true);
            }
        }
    }
    let mut shown: Vec<Line> = Vec::new();
    for (line, is_near) in lines.into_iter().zip(is_near) {
        if is_near {
            shown.push(line);
        } else if shown.last().is_none_or(|last| last.kind != Kind::Gap) {
            shown.push(Line {
                kind: Kind::Gap,
                text: "…".to_owned(),
            });
        }
    }
    if shown.iter().all(|line| line.kind == Kind::Gap) {
        shown.clear();
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(from: &str, to: &str) -> String {
        let lines = difference(from, to).lines;
        let told = lines
            .iter()
            .map(|line| format!("{}{}", line.sign(), line.text));
        told.collect::<Vec<_>>().join("|")
    }

    #[test]
    fn lines_that_differ_are_shown_with_those_around_them() {
        for (from, to, expected) in [
            ("a", "a", ""),
            ("", "a", "+a"),
            ("a\nb\nc", "a\nc", " a|−b| c"),
            ("a\nb\nc", "a\nx\nc", " a|−b|+x| c"),
            ("a\nb\nc\nd", "b\na\nc\nd", "−a| b|+a| c| d"),
            ("1\n2\n3\n4\n5\n6", "1\n2\n3\n4\n5\nx", " …| 3| 4| 5|−6|+x"),
        ] {
            assert_eq!(told(from, to), expected, "{from:?} to {to:?}");
        }
    }

    #[test]
    fn states_are_compared_each_for_itself_at_any_depth() {
        let inner = |kind: &str| {
            format!(
                r#"{{"StartAt": "P", "States": {{"P": {{"Type": "Parallel", "End": true, "Branches": [
                {{"StartAt": "In", "States": {{"In": {{"Type": "{kind}"}}}}}}]}}}}}}"#
            )
        };
        let found = difference(&inner("Succeed"), &inner("Fail"));
        assert_eq!(found.changed, ["In"]);
        let empty = difference("{", &inner("Fail"));
        assert_eq!(empty.added, ["In", "P"]);
        assert!(difference(&inner("Fail"), &inner("Fail")).is_none());
    }

    #[test]
    fn long_texts_that_share_nothing_are_compared_in_little_room() {
        let text = |word: &str| {
            let lines: Vec<_> = (0..5_000).map(|n| format!("{word}{n}\n")).collect();
            lines.concat()
        };
        assert_eq!(difference(&text("a"), &text("b")).lines.len(), 10_000);
    }
}
