//! The random machines' states in JSONata: a state in JSONPath, said in the other language.

use serde_json::{Map, Value, json};

use super::machines::Choices;

type Members = Map<String, Value>;

/// Fields that are only JSONPath's and have no counterpart here.
const DROPPED: [&str; 6] = [
    "InputPath",
    "OutputPath",
    "ResultPath",
    "ResultSelector",
    "Result",
    "Parameters",
];

/// Says `state` in JSONata. `readable` are the variables that it may read.
pub(super) fn translate(state: &mut Members, choices: &mut Choices<'_>, readable: &[String]) {
    state.insert("QueryLanguage".to_owned(), json!("JSONata"));
    let parameters = state.get("Parameters").cloned();
    for name in DROPPED {
        state.remove(name);
    }
    for (path, name, expression) in [
        ("SecondsPath", "Seconds", "$states.input.s"),
        ("TimestampPath", "Timestamp", "$states.input.t"),
        ("TimeoutSecondsPath", "TimeoutSeconds", "$states.input.n"),
        ("MaxConcurrencyPath", "MaxConcurrency", "$states.input.n"),
        ("ItemsPath", "Items", "$states.input.items"),
        ("ErrorPath", "Error", "$states.input.text"),
        ("CausePath", "Cause", "$string($states.input.n)"),
    ] {
        if state.remove(path).is_some() {
            state.insert(name.to_owned(), written(expression));
        }
    }
    let kind = state
        .get("Type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    match kind.to_owned().as_str() {
        "Task" => {
            let token = json!({"QueueUrl": "q", "MessageBody": {
                "T": written("$states.context.Task.Token"), "I": written("$states.input")}});
            let arguments = match parameters {
                Some(plain) if plain.get("MessageBody").is_none() => plain,
                Some(_) => token,
                None => expression(choices, readable),
            };
            state.insert("Arguments".to_owned(), arguments);
            output(state, choices, readable, true);
        }
        "Parallel" | "Map" => output(state, choices, readable, true),
        "Choice" => rules(state, choices, readable),
        "Fail" => {}
        _ => output(state, choices, readable, false),
    }
    if let Some(selector) = state.get_mut("ItemSelector") {
        *selector = json!({
            "n": written("$states.context.Map.Item.Index"), "v": written("$states.context.Map.Item.Value"),
            "items": written("$states.input.items"), "s": expression(choices, readable),
        });
    }
    assignments(state, choices, readable);
    let catchers = state.get_mut("Catch").and_then(Value::as_array_mut);
    for catcher in catchers
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
    {
        catcher.remove("ResultPath");
        match choices.below(4) {
            1 => drop(catcher.insert("Output".to_owned(), written("$states.errorOutput.Error"))),
            2 => drop(catcher.insert("Output".to_owned(), expression(choices, readable))),
            3 => drop(catcher.insert(
                "Output".to_owned(),
                written("$merge([$states.input, {'r': $states.errorOutput}])"),
            )),
            _ => {}
        }
    }
}

fn written(expression: &str) -> Value {
    json!(format!("{{% {expression} %}}"))
}

fn output(state: &mut Members, choices: &mut Choices<'_>, readable: &[String], has_result: bool) {
    let output = match choices.below(6) {
        1 => expression(choices, readable),
        2 => {
            json!({"n": expression(choices, readable), "items": written("$states.input.items"), "b": [1.50]})
        }
        3 | 4 if has_result => written("$merge([$states.input, {'r': $states.result}])"),
        _ => return,
    };
    state.insert("Output".to_owned(), output);
}

fn rules(state: &mut Members, choices: &mut Choices<'_>, readable: &[String]) {
    let rules = state.get_mut("Choices").and_then(Value::as_array_mut);
    for rule in rules.into_iter().flatten().filter_map(Value::as_object_mut) {
        let next = rule.get("Next").cloned().unwrap_or_default();
        rule.clear();
        rule.insert("Next".to_owned(), next);
        let conditions = [
            "$states.input.n > 1",
            "$exists($states.input.r)",
            "false",
            "$states.input.n",
        ];
        let condition = written(choices.of(&conditions));
        rule.insert("Condition".to_owned(), condition);
        if choices.one_in(4) {
            rule.insert("Output".to_owned(), expression(choices, readable));
        }
    }
}

fn assignments(state: &mut Members, choices: &mut Choices<'_>, readable: &[String]) {
    let Some(assign) = state.get_mut("Assign").and_then(Value::as_object_mut) else {
        return;
    };
    let names: Vec<String> = assign.keys().cloned().collect();
    for name in names {
        if let Some(plain) = name.strip_suffix(".$") {
            assign.remove(&name);
            assign.insert(plain.to_owned(), expression(choices, readable));
        }
    }
}

fn expression(choices: &mut Choices<'_>, readable: &[String]) -> Value {
    if !readable.is_empty() && choices.one_in(3) {
        return written(&format!("${}", choices.of(readable)));
    }
    let expressions = [
        "$states.input.n",
        "$states.input",
        "$states.input.text",
        "$states.context.State.Name",
        "$states.context.Execution.Input",
        "$states.input.items.n",
        "$sum($states.input.items)",
        "$uuid()",
        "$random()",
        "$now()",
        "[1..3]",
        "$map([1, 2], function($i) { {'i': $i, 'n': $states.input.n} })",
        "$nothing",
        "$string",
    ];
    written(choices.of(&expressions))
}
