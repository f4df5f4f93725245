//! The Choice state and its rules.

use std::sync::Arc;

use super::{
    fields::{self, Fields},
    language,
    report::shortened,
    state::Source,
    template, variables,
    walk::Walk,
};
use crate::{
    definition::{Choice, QueryLanguage, choice::Rule},
    json::{Json, pointer::Pointer},
    query::{Condition, condition::COMPARISONS},
};

pub(super) const FIELDS: [&str; 6] = [
    "InputPath",
    "OutputPath",
    "Output",
    "Assign",
    "Choices",
    "Default",
];

/// Fields of a top-level rule beside its condition.
const RULE_FIELDS: [&str; 4] = ["Next", "Comment", "Assign", "Output"];

pub(super) fn read<'d>(source: &Source<'d>, walk: &mut Walk<'d>) -> Option<Choice> {
    let fields = &source.fields;
    fields.require(&["Choices"], &mut walk.report);
    let default = fields.text("Default", &mut walk.report).map(Arc::from);
    let items = fields.items("Choices", false, &mut walk.report)?;
    let mut rules = Vec::with_capacity(items.len());
    for (at, item) in items {
        if let Some(fields) = Fields::of(item, at, &mut walk.report) {
            let rule_source = Source {
                fields,
                language: source.language,
            };
            rules.extend(rule(item, rule_source, walk));
        }
    }
    Some(Choice { rules, default })
}

fn rule(value: &Json, mut source: Source<'_>, walk: &mut Walk<'_>) -> Option<Rule> {
    let language = source.language;
    let condition = match language {
        QueryLanguage::JsonPath => {
            language::refuse_foreign_fields(&mut source.fields, language, walk);
            json_path_condition(value, &source.fields, walk)
        }
        QueryLanguage::Jsonata => jsonata_condition(&source.fields, walk),
    };
    let fields = &source.fields;
    fields.require(&["Next"], &mut walk.report);
    fields.text("Comment", &mut walk.report);
    let next = fields.text("Next", &mut walk.report);
    let assign = variables::assign(fields, language, walk);
    let output = template::field(&source, "Output", walk);
    Some(Rule {
        condition: condition?,
        next: Arc::from(next?),
        assign,
        output,
    })
}

/// `Condition`: true, false or an expression.
fn jsonata_condition(fields: &Fields<'_>, walk: &mut Walk<'_>) -> Option<Condition> {
    for (name, _) in fields.iter() {
        if name != "Condition" && !RULE_FIELDS.contains(&name) {
            fields::unsupported(name, &fields.at, &mut walk.report);
        }
    }
    fields.require(&["Condition"], &mut walk.report);
    let at = fields.place("Condition");
    match fields.get("Condition")? {
        Json::Bool(holds) => Some(Condition::constant(*holds)),
        value if language::is_expression(value) => {
            language::jsonata(value, &at, walk).map(Condition::computed)
        }
        value => {
            fields::expected("Boolean", value, &at, &mut walk.report);
            None
        }
    }
}

fn json_path_condition(
    value: &Json,
    fields: &Fields<'_>,
    walk: &mut Walk<'_>,
) -> Option<Condition> {
    refuse_unknown_fields(value, &fields.at, walk);
    match Condition::parse(value, &fields.at) {
        Ok(condition) => Some(condition),
        Err(problems) => {
            for (at, problem) in problems {
                walk.report.schema(&at, shortened(&problem.message));
            }
            None
        }
    }
}

/// Reports the fields that a rule cannot have, at every depth. Only a top-level rule decides where to go:
/// those inside `And`, `Or` and `Not` just hold or not.
fn refuse_unknown_fields(rule: &Json, at: &Pointer, walk: &mut Walk<'_>) {
    let mut pending = vec![(at.clone(), rule, false)];
    while let Some((at, rule, is_nested)) = pending.pop() {
        let Some(members) = rule.as_object() else {
            continue;
        };
        for name in members.keys().filter(|name| !is_known(name, is_nested)) {
            fields::unsupported(name, &at, &mut walk.report);
        }
        for name in ["And", "Or"] {
            let items = members.get(name).and_then(Json::as_array);
            let place = at.child(name);
            let items = items.unwrap_or_default().iter().enumerate();
            pending.extend(items.map(|(index, item)| (place.child(index), item, true)));
        }
        if let Some(negated) = members.get("Not") {
            pending.push((at.child("Not"), negated, true));
        }
    }
}

fn is_known(name: &str, is_nested: bool) -> bool {
    matches!(name, "And" | "Or" | "Not" | "Variable" | "Comment")
        || COMPARISONS.contains(&name)
        || (!is_nested && RULE_FIELDS.contains(&name))
}

#[cfg(test)]
mod tests {
    use crate::diagnose::testing::check;

    /// A Choice state `S` with these fields, and a Succeed state `T` to go to.
    #[track_caller]
    fn check_choice(fields: &str, expected: &[&str]) {
        let text = format!(
            r#"{{"StartAt":"S","States":{{"S":{{"Type":"Choice",{fields}}},"T":{{"Type":"Succeed"}}}}}}"#
        );
        let expected: Vec<_> = expected
            .iter()
            .map(|one| {
                let (message, place) = one.split_once(" @").unwrap_or((one, ""));
                format!("SCHEMA_VALIDATION_FAILED: {message} at /States/S{place}")
            })
            .collect();
        let expected: Vec<_> = expected.iter().map(String::as_str).collect();
        check(&text, &expected);
    }

    #[test]
    fn a_choice_has_rules_that_lead_somewhere() {
        check_choice(
            r#""Default":"T","Assign":{"x":1},"Choices":[{"Variable":"$.a","IsPresent":true,"Next":"T","Comment":"c","Assign":{"y":1}}]"#,
            &[],
        );
        check_choice(
            r#""Default":"T""#,
            &["These fields are required: [Choices]"],
        );
        check_choice(
            r#""Default":"T","Choices":[]"#,
            &["Value must not be an empty array @/Choices"],
        );
        check_choice(
            r#""Default":"T","Choices":[{"Variable":"$","StringMatches":"Test"}]"#,
            &["These fields are required: [Next] @/Choices[0]"],
        );
        check_choice(
            r#""Default":"T","Choices":["x"]"#,
            &["Expected value of type Object, but was string @/Choices[0]"],
        );
        check_choice(
            r#""Next":"T","End":true,"Choices":[{"Variable":"$.a","IsNull":true,"Next":"T"}]"#,
            &[
                "Field 'Next' is not supported",
                "Field 'End' is not supported",
            ],
        );
    }

    #[test]
    fn nested_rules_only_hold_or_not() {
        check_choice(
            r#""Choices":[{"And":[{"Variable":"$.a","IsNull":true,"Comment":"c"},{"Not":{"Variable":"$.a","IsNull":true}}],"Next":"T"}]"#,
            &[],
        );
        check_choice(
            r#""Choices":[{"And":[{"Variable":"$.a","IsNull":true,"Next":"T"},{"Not":{"Variable":"$.a","IsNull":true,"Assign":{}}}],"Next":"T"}]"#,
            &[
                "Field 'Next' is not supported @/Choices[0]/And[0]",
                "Field 'Assign' is not supported @/Choices[0]/And[1]/Not",
            ],
        );
    }

    #[test]
    fn a_rule_is_one_comparison_in_the_services_words() {
        check_choice(
            r#""Choices":[{"Variable":"Test","StringMatches":"Test","Next":"T"}]"#,
            &[
                "Value is not a Reference Path: Reference path didn't start with '$' @/Choices[0]/Variable",
            ],
        );
        check_choice(
            r#""Choices":[{"Variable":"$.a[*]","IsNull":true,"Next":"T"},{"Variable":"$$.value","IsNull":false,"Next":"T"},{"Variable":"$v.a[0]","IsNull":false,"Next":"T"}]"#,
            &[
                "Value is not a Reference Path: the path can lead to more than one value @/Choices[0]/Variable",
            ],
        );
        check_choice(
            r#""Choices":[{"Variable":"$.a","BooleanEquals":1,"Colour":2,"Next":"T"}]"#,
            &[
                "Field 'Colour' is not supported @/Choices[0]",
                "Expected value of type Boolean, but was number @/Choices[0]/BooleanEquals",
            ],
        );
    }

    #[test]
    fn a_jsonata_rule_has_a_condition() {
        check_choice(
            r#""QueryLanguage":"JSONata","Default":"T","Output":1,"Choices":[{"Condition":true,"Next":"T","Output":2,"Assign":{"x":1}}]"#,
            &[],
        );
        check_choice(
            r#""QueryLanguage":"JSONata","Choices":[{"Variable":"$.a","IsNull":true,"Next":"T"},{"Condition":"yes","Next":"T"}]"#,
            &[
                "Field 'Variable' is not supported @/Choices[0]",
                "Field 'IsNull' is not supported @/Choices[0]",
                "These fields are required: [Condition] @/Choices[0]",
                "Expected value of type Boolean, but was string @/Choices[1]/Condition",
            ],
        );
    }
}
