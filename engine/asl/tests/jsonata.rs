//! The official JSONata suite, asked through states: each case is a definition of two states, run by
//! the core. What differs is named with its reason in `cases/jsonata/known_gaps.json`, which only
//! shrinks. Beside it, what the fields of states do with values and errors: `cases/jsonata/*.json`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/run.rs"]
mod run;
mod support;

use std::{collections::BTreeMap, fs, path::Path};

use asl::{Json, json};

use run::{Ended, run};
use support::{conformance, read_json, text};

/// How a case is put to Step Functions, as the data says for each.
fn asked(form: &str, expression: &str) -> String {
    match form {
        "path" => format!("$states.input.d.({expression}\n)"),
        "prefix" => format!("$states.input.d.{expression}"),
        _ => expression.to_owned(),
    }
}

#[test]
fn the_official_suite_holds() {
    let Some(folder) = conformance("jsonata") else {
        return;
    };
    let gaps = read_json(include_str!("cases/jsonata/known_gaps.json"));
    let gaps: BTreeMap<&str, &str> = gaps
        .as_array()
        .unwrap()
        .iter()
        .map(|gap| (text(gap, "case"), text(gap, "reason")))
        .collect();
    let questions = fs::read_to_string(folder.join("how-to-ask.jsonl")).unwrap();
    let (mut count, mut failures, mut gone) = (0, Vec::new(), Vec::new());
    let mut files = BTreeMap::new();
    for question in questions.lines().map(read_json) {
        let id = text(&question, "case").to_owned();
        let (file, number) = id.split_once('#').unwrap_or((&id, "0"));
        let cases: &Json = files
            .entry(file.to_owned())
            .or_insert_with(|| read(&folder.join(format!("groups/{file}.json"))));
        let number: usize = number.parse().unwrap();
        let case = cases
            .as_array()
            .map_or(Some(cases), |cases| cases.get(number));
        let outcome = compare(&folder, file, case.unwrap(), text(&question, "form"));
        count += 1;
        match (outcome, gaps.get(&*id)) {
            (Err(difference), None) => failures.push(format!("{id}: {difference}")),
            (Ok(()), Some(_)) => gone.push(id),
            (Ok(()), None) | (Err(_), Some(_)) => {}
        }
    }
    eprintln!("{count} cases asked, {} are known gaps", gaps.len());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(gone.is_empty(), "no longer gaps, strike them: {gone:?}");
    assert!(count > 1600, "only {count} cases");
    // At least 99.5 per cent.
    assert!(gaps.len() * 200 <= count, "{} gaps", gaps.len());
}

/// A file whose texts may hold half a surrogate pair, which no Rust text can: such stand as U+FFFD.
fn read(path: &Path) -> Json {
    let written = fs::read_to_string(path).unwrap();
    json::parse(&written).unwrap_or_else(|_| {
        let whole = written
            .replace("\\uD800", "\\uFFFD")
            .replace("\\ud800", "\\uFFFD");
        json::parse(&whole).unwrap_or_else(|error| panic!("{}: {error:?}", path.display()))
    })
}

fn compare(folder: &Path, file: &str, case: &Json, form: &str) -> Result<(), String> {
    let expression = if let Some(expression) = case.get("expr") {
        expression.as_str().unwrap().to_owned()
    } else {
        let group = folder.join("groups").join(file);
        fs::read_to_string(group.with_file_name(text(case, "expr-file"))).unwrap()
    };
    let data = match case.get("dataset").and_then(Json::as_str) {
        Some(name) => read(&folder.join(format!("datasets/{name}.json"))),
        None => case.get("data").cloned().unwrap_or(Json::Null),
    };
    let none = Json::empty_object();
    let bindings = case.get("bindings").unwrap_or(&none);
    let assigned = bindings.as_object().unwrap().keys().map(|name| {
        let read = format!("{{% $states.input.b.{name} %}}");
        (name.clone(), Json::from(read))
    });
    let asked = asked(form, &expression);
    let ask = Json::members([
        ("Type", Json::from("Pass")),
        ("Output", Json::from(format!("{{% {asked} %}}"))),
        ("End", Json::from(true)),
    ]);
    let bind = Json::members([
        ("Type", Json::from("Pass")),
        ("Assign", Json::object(assigned.collect())),
        ("Next", Json::from("Ask")),
    ]);
    let definition = Json::members([
        ("QueryLanguage", Json::from("JSONata")),
        ("StartAt", Json::from("Bind")),
        ("States", Json::members([("Bind", bind), ("Ask", ask)])),
    ]);
    let input = Json::members([("d", data), ("b", bindings.clone())]);
    let (ended, _) = run(&definition.to_text(), &input.to_text());
    let may_fail = case.get("code").is_some()
        || case.get("error").is_some()
        || case.get("undefinedResult").is_some();
    match (ended, case.get("result")) {
        (Ended::Succeeded(output), Some(result)) => {
            let is_same = if case.get("unordered") == Some(&Json::Bool(true)) {
                sorted(&output) == sorted(result)
            } else {
                output == *result
            };
            if is_same {
                Ok(())
            } else {
                Err(format!("{asked}: {output} instead of {result}"))
            }
        }
        (Ended::Failed(error, cause), None) if may_fail => {
            let code = text(case, "code");
            if error != "States.QueryEvaluationError" {
                Err(format!("{asked}: failed with {error} {cause}"))
            } else if code.is_empty() || cause.contains(code) || is_limit(&cause) {
                Ok(())
            } else {
                Err(format!("{asked}: {cause} instead of {code}"))
            }
        }
        (Ended::Refused(_), None) if may_fail => Ok(()),
        (ended, expected) => Err(format!("{asked}: {ended:?} instead of {expected:?}")),
    }
}

#[test]
fn the_fields_of_states_answer_as_aws_does() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/jsonata");
    let (mut count, mut failures) = (0, Vec::new());
    for entry in fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        let document = read(&file);
        let Some(cases) = document.get("cases").and_then(Json::as_array) else {
            continue;
        };
        assert_ne!(
            text(&document, "source"),
            "",
            "{} names no source",
            file.display()
        );
        for case in cases {
            count += 1;
            let expected = case.get("expected").unwrap();
            let found = answer(case);
            if found.to_text() != expected.to_text() {
                let what = text(case, "what");
                failures.push(format!("{what}\n  gave     {found}\n  expected {expected}"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(count > 60, "only {count} cases");
}

/// What becomes of a case, in the members of its `expected`.
fn answer(case: &Json) -> Json {
    let states = case
        .get("states")
        .cloned()
        .unwrap_or_else(|| Json::members([("S", case.get("state").unwrap().clone())]));
    let start = states.as_object().unwrap().keys().next().unwrap().clone();
    let definition = Json::members([
        ("QueryLanguage", Json::from("JSONata")),
        ("StartAt", Json::String(start)),
        ("States", states),
    ]);
    let input = case
        .get("input")
        .cloned()
        .unwrap_or_else(Json::empty_object);
    let (ended, failed) = run(&definition.to_text(), &input.to_text());
    let mut answer = json::Object::new();
    match ended {
        Ended::Refused(message) => {
            let message = message
                .strip_prefix("Invalid State Machine Definition: '")
                .and_then(|rest| rest.strip_suffix('\''));
            answer.insert("refused".into(), Json::from(message.unwrap_or_default()));
        }
        Ended::Succeeded(output) => {
            answer.insert("output".into(), output);
        }
        Ended::Failed(error, cause) => {
            answer.insert("error".into(), Json::from(error));
            answer.insert("cause".into(), Json::from(cause));
        }
    }
    if !failed.is_empty() {
        let places = failed
            .into_iter()
            .map(|(state, location)| Json::from(format!("{state}: {location}")));
        answer.insert("failed".into(), Json::array(places.collect()));
    }
    Json::object(answer)
}

/// Limits have AWS's texts, without a code.
fn is_limit(cause: &str) -> bool {
    cause.contains("Stack overflow error") || cause.contains("limit exceeded")
}

fn sorted(list: &Json) -> Vec<String> {
    let items = list.as_array().unwrap_or_default();
    let mut items: Vec<_> = items.iter().map(Json::to_text).collect();
    items.sort();
    items
}
