//! What a file must have, and what no file may hold.

use crate::{File, all_files, check};

const LINES_MAX: usize = 600;
/// Files that are longer than they should be, and how long they may be: the list only gets shorter.
const KNOWN_LONG: &[(&str, usize)] = &[("engine/asl/src/machine/history/journal.rs", 626)];

/// Joined here, so that this file does not find itself.
fn word(parts: &[&str]) -> String {
    parts.concat()
}

#[test]
fn every_module_opens_with_what_it_is() {
    let silent = |file: &&File| file.is_rust() && !file.text.starts_with("//! ");
    let files = all_files();
    let found = files.iter().filter(silent);
    check(
        &found
            .map(|file| format!("{}: open with //! and what it is", file.path))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn no_file_is_so_long_that_it_has_a_second_subject() {
    let mut found = Vec::new();
    for file in all_files() {
        let lines = file.text.lines().count();
        let is_made = file.path.contains("generated");
        let known = KNOWN_LONG.iter().find(|(path, _)| *path == file.path);
        let most = known.map_or(LINES_MAX, |(_, most)| *most);
        if file.has_extension(&["rs", "ts", "tsx", "py"]) && !is_made && lines > most {
            found.push(format!(
                "{}: {lines} lines; what is the second subject?",
                file.path
            ));
        }
    }
    check(&found);
}

#[test]
fn nothing_is_left_open_or_switched_off() {
    let words = [
        word(&["to", "do!("]),
        word(&["unimple", "mented!("]),
        word(&["FIX", "ME"]),
        word(&["XX", "X"]),
        word(&["#[ig", "nore"]),
        word(&[".sk", "ip("]),
        word(&["it.on", "ly"]),
        word(&["test.on", "ly"]),
        word(&["eslint-dis", "able"]),
        word(&["@ts-ig", "nore"]),
    ];
    // Iterators have a method of that name.
    let is_about = |file: &File, word: &str| !(file.is_rust() && word.starts_with(".sk"));
    let sources = all_files()
        .into_iter()
        .filter(|f| f.has_extension(&["rs", "ts", "tsx", "py"]));
    check(
        &sources
            .flat_map(|file| holding(&file, &words, is_about))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn no_test_sleeps() {
    let words = [
        word(&["thread::sl", "eep"]),
        word(&["tokio::time::sl", "eep"]),
        word(&["time.sl", "eep("]),
        word(&["setTime", "out("]),
    ];
    let is_test = |file: &File| {
        let is_in = |folder: &str| file.path.starts_with(folder) || file.path.contains("/tests/");
        is_in("tests/") || file.path.ends_with("/tests.rs") || file.path.contains(".test.ts")
    };
    let sources = all_files()
        .into_iter()
        .filter(|f| f.has_extension(&["rs", "ts", "js", "mjs", "py"]));
    let tests = sources.filter(is_test);
    check(
        &tests
            .flat_map(|file| holding(&file, &words, |_, _| true))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn no_file_names_the_machine_that_it_was_written_on() {
    let words = [
        word(&["/wo", "rk/"]),
        word(&["/ro", "ot/"]),
        word(&["/tmp/", "helpers"]),
    ];
    let files = all_files();
    let files = files.iter();
    check(
        &files
            .flat_map(|file| holding(file, &words, |_, _| true))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn statements_are_written_in_the_store_alone() {
    let words = [word(&["sqlx::que", "ry"]), word(&["QueryBuil", "der"])];
    let above = ["web/", "engine/runtime/", "engine/functions/"];
    let is_above = |file: &File| above.iter().any(|top| file.path.starts_with(top));
    let files = all_files()
        .into_iter()
        .filter(|file| file.is_rust() && is_above(file));
    check(
        &files
            .flat_map(|file| holding(&file, &words, |_, _| true))
            .collect::<Vec<_>>(),
    );
}

/// Each line of the file that holds one of the words.
fn holding(file: &File, words: &[String], is_about: impl Fn(&File, &str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in file.lines() {
        for word in words {
            if line.contains(word.as_str()) && is_about(file, word) {
                found.push(format!(
                    "{}:{number}: `{word}` has no place here",
                    file.path
                ));
            }
        }
    }
    found
}
