//! Changed texts for the four readers of this crate, and what they have read run on data: no panic, no
//! evaluation without an end. `make test` gives each a moment with the same numbers each time; `make fuzz`
//! as many seconds as it is told, with others. What is found becomes a line of `corpus/`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/env.rs"]
mod env;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use asl::{
    Json,
    diagnose::{MachineType, parse},
    json,
    machine::test_state::Subject,
    query::{Expression, Jsonata, ReferencePath},
};

use env::with_env;

/// Changes of a text where nothing says how long.
const ROUNDS: u64 = 1_500;
/// The longest text: beyond it, changes only repeat themselves.
const BYTES_MAX: usize = 8 * 1024;
/// The longest that one text may take, with what bounds each evaluation and a slow machine in mind.
const TIME_MAX: Duration = Duration::from_secs(20);

const DATA: &str = r#"{"a":{"b":[{"c d":1}]},"b":{"x":1.50},"items":[{"n":"a","price":5,"tags":["x","y"]},
    {"n":"b","price":15,"tags":[],"ref":null}],"numbers":[1,2,3,9007199254740993],"cheap":10,
    "words":["apple","Banane",""],"text":"{\"a\":[1]}","n":1}"#;

/// What changes put in: pieces of all four languages, and numbers and characters at the edge.
const PIECES: [&str; 48] = [
    "$",
    "$$",
    "@",
    ".",
    "..",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    "*",
    "?",
    ":",
    ",",
    "'",
    "\"",
    "\\",
    "/",
    "|",
    "^",
    "%",
    "&&",
    "||",
    "~>",
    ":=",
    "..",
    "-1",
    "0",
    "1e308",
    "-0.0",
    "99999999999999999999",
    "9007199254740993",
    "null",
    "true",
    "\u{0}",
    "\u{fffd}",
    "\u{1F600}",
    "é",
    "function($x){",
    "States.",
    "{% ",
    " %}",
    "\"Next\":",
    "\"End\":true",
    "[*]",
    "[-1:]",
    "\\ud800",
];

/// Numbers that look random (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let bound = u64::try_from(bound.max(1)).unwrap();
        usize::try_from((mixed ^ (mixed >> 31)) % bound).unwrap()
    }

    /// A place in the text, between two of its characters.
    fn place(&mut self, text: &str) -> usize {
        let at = self.below(text.len() + 1);
        text.floor_char_boundary(at)
    }

    fn changed(&mut self, corpus: &[&str]) -> String {
        let mut text = corpus[self.below(corpus.len())].to_owned();
        for _ in 0..=self.below(4) {
            let (one, two) = (self.place(&text), self.place(&text));
            let (from, to) = (one.min(two), one.max(two));
            let other = corpus[self.below(corpus.len())];
            match self.below(6) {
                0 => text.replace_range(from..to, ""),
                1 => text.insert_str(from, PIECES[self.below(PIECES.len())]),
                2 => text.replace_range(from..to, PIECES[self.below(PIECES.len())]),
                3 => {
                    let again = text[from..to].repeat(1 + self.below(3));
                    text.insert_str(to, &again);
                }
                4 => {
                    let (start, end) = (self.place(other), self.place(other));
                    text.insert_str(from, &other[start.min(end)..start.max(end)]);
                }
                // Deeper: the whole within itself.
                _ => {
                    let whole = text.clone();
                    text.insert_str(from, &whole);
                }
            }
            text.truncate(text.floor_char_boundary(BYTES_MAX));
        }
        text
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a search is as long as it is told, and its time is what is measured"
)]
fn search(corpus: &str, read: impl Fn(&str)) {
    let seconds = std::env::var("STEPWRIGHT_FUZZ_SECONDS").ok();
    let seconds: Option<u64> = seconds.map(|text| text.parse().expect("a number of seconds"));
    let corpus: Vec<&str> = corpus.lines().filter(|line| !line.is_empty()).collect();
    let begun = Instant::now();
    let seed = if seconds.is_some() {
        let now = std::time::SystemTime::now();
        let now = now.duration_since(std::time::UNIX_EPOCH).unwrap();
        u64::from(now.subsec_nanos()) ^ now.as_secs()
    } else {
        7
    };
    let mut chance = Chance(seed);
    let mut rounds = 0;
    for seed in &corpus {
        once(seed, &read);
    }
    loop {
        let is_over = match seconds {
            None => rounds == ROUNDS,
            Some(seconds) => begun.elapsed().as_secs() >= seconds,
        };
        if is_over {
            break;
        }
        once(&chance.changed(&corpus), &read);
        rounds += 1;
    }
    eprintln!("{rounds} texts");
}

#[expect(
    clippy::disallowed_methods,
    reason = "the time of a text is what is measured"
)]
fn once(text: &str, read: impl Fn(&str)) {
    let begun = Instant::now();
    let outcome = catch_unwind(AssertUnwindSafe(|| read(text)));
    let took = begun.elapsed();
    assert!(outcome.is_ok(), "a panic at {text:?}");
    assert!(took < TIME_MAX, "{took:?} at {text:?}");
}

fn data() -> Json {
    json::parse(DATA).unwrap()
}

fn variables() -> Json {
    json::parse(r#"{"v":1,"name":{"a":[2]}}"#).unwrap()
}

#[test]
fn changed_definitions_are_read_without_a_panic() {
    search(include_str!("corpus/definition.txt"), |text| {
        for machine_type in [MachineType::Standard, MachineType::Express] {
            drop(parse(text, machine_type));
        }
        drop(Subject::of_state(text));
    });
}

#[test]
fn changed_paths_are_read_and_followed_without_a_panic() {
    let (data, variables) = (data(), variables());
    search(include_str!("corpus/jsonpath.txt"), |text| {
        if let Ok(path) = Expression::parse_json_path(text) {
            let value = with_env(&data, &data, &variables, |env| path.evaluate(env));
            drop(value);
        }
        if let Ok(path) = ReferencePath::parse(text) {
            drop(path.write(&data, Json::from(1_u64)));
        }
    });
}

#[test]
fn changed_intrinsic_calls_are_read_and_made_without_a_panic() {
    let (data, variables) = (data(), variables());
    search(include_str!("corpus/intrinsic.txt"), |text| {
        if let Ok(call) = Expression::parse_json_path(text) {
            let value = with_env(&data, &data, &variables, |env| call.evaluate(env));
            drop(value);
        }
    });
}

#[test]
fn changed_jsonata_is_read_and_evaluated_without_a_panic() {
    let (data, variables) = (data(), variables());
    search(include_str!("corpus/jsonata.txt"), |text| {
        if let Ok(expression) = Jsonata::parse(text, "Output") {
            let value = with_env(&data, &data, &variables, |env| expression.evaluate(env));
            drop(value);
        }
    });
}
