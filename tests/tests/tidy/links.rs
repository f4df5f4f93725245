//! Links between the documents lead somewhere.

use std::collections::BTreeMap;
use std::path::Path;

use crate::{all_files, check, root};

#[test]
fn relative_links_in_documents_lead_to_a_file() {
    let mut found = Vec::new();
    for file in all_files()
        .iter()
        .filter(|file| file.has_extension(&["md"]))
    {
        let folder = root().join(Path::new(&file.path).parent().unwrap());
        for (number, line) in file.lines() {
            for target in targets(line) {
                let path = target.split(['#', '?']).next().unwrap_or_default();
                if !is_elsewhere(target) && !path.is_empty() && !folder.join(path).exists() {
                    found.push(format!("{}:{number}: there is no {target}", file.path));
                }
            }
        }
    }
    check(&found);
}

#[test]
fn each_decision_has_a_number_of_its_own_which_its_heading_repeats() {
    let mut found = Vec::new();
    let mut taken = BTreeMap::new();
    for file in all_files() {
        let Some(name) = file.path.strip_prefix("docs/decisions/") else {
            continue;
        };
        let number = name.split('-').next().unwrap_or_default();
        let heading = format!("# {}. ", number.trim_start_matches('0'));
        if !file.text.starts_with(&heading) {
            found.push(format!("{}:1: does not begin with '{heading}'", file.path));
        }
        if let Some(other) = taken.insert(number.to_owned(), file.path.clone()) {
            found.push(format!("{}: {other} has its number", file.path));
        }
    }
    check(&found);
}

/// What stands in the round brackets of `[text](target)`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| {
        let target = rest.split_once(')')?.0;
        // A title may follow the address.
        target.split_whitespace().next()
    })
}

fn is_elsewhere(target: &str) -> bool {
    target.contains("://") || target.starts_with("mailto:")
}

#[test]
fn every_link_of_a_line_is_found() {
    let line =
        r#"See [one](a.md), [two](b/c.md#part "title") and ![three](https://example.com/x)."#;
    let all: Vec<&str> = targets(line).collect();
    assert_eq!(all, ["a.md", "b/c.md#part", "https://example.com/x"]);
    assert!(is_elsewhere(all[2]) && !is_elsewhere(all[0]));
}
