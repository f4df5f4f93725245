//! The two query languages: who speaks which, whose fields are whose, what counts as an expression.

use super::{codes, fields::Fields, limits::QUOTED_CHARS_MAX, report::shortened, walk::Walk};
use crate::{
    definition::{QueryLanguage, StateType},
    json::{Json, pointer::Pointer},
    query::{
        Expression, Jsonata,
        jsonata::{Part, Text, text},
    },
};

/// Fields that only exist in JSONPath.
const JSON_PATH_ONLY: [&str; 19] = [
    "CausePath",
    "ErrorPath",
    "HeartbeatSecondsPath",
    "InputPath",
    "ItemsPath",
    "MaxConcurrencyPath",
    "MaxInputBytesPerBatchPath",
    "MaxItemsPath",
    "MaxItemsPerBatchPath",
    "OutputPath",
    "Parameters",
    "Result",
    "ResultPath",
    "ResultSelector",
    "SecondsPath",
    "TimeoutSecondsPath",
    "TimestampPath",
    "ToleratedFailureCountPath",
    "ToleratedFailurePercentagePath",
];

/// Fields that only exist in JSONata.
const JSONATA_ONLY: [&str; 4] = ["Arguments", "Condition", "Items", "Output"];

/// The language that the field `QueryLanguage` names.
pub(super) fn named(fields: &Fields<'_>, walk: &mut Walk<'_>) -> Option<QueryLanguage> {
    const BOTH: [QueryLanguage; 2] = [QueryLanguage::JsonPath, QueryLanguage::Jsonata];
    let names = BOTH.map(QueryLanguage::as_str);
    let name = fields.choice("QueryLanguage", &names, &mut walk.report)?;
    BOTH.into_iter().find(|language| language.as_str() == name)
}

/// The language of a state: its own, else the machine's. A state may switch from JSONPath to JSONata,
/// not back.
pub(super) fn of_state(fields: &Fields<'_>, walk: &mut Walk<'_>) -> QueryLanguage {
    let Some(language) = named(fields, walk) else {
        return walk.language;
    };
    if language == QueryLanguage::JsonPath && walk.language == QueryLanguage::Jsonata {
        let message =
            "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine";
        walk.report.schema(&fields.at, message);
    }
    language
}

/// Reports, and from then on ignores, the fields of the language that is not spoken here.
pub(super) fn refuse_foreign_fields(
    fields: &mut Fields<'_>,
    language: QueryLanguage,
    walk: &mut Walk<'_>,
) {
    let (foreign, other): (&[&str], _) = match language {
        QueryLanguage::JsonPath => (&JSONATA_ONLY, QueryLanguage::Jsonata),
        QueryLanguage::Jsonata => (&JSON_PATH_ONLY, QueryLanguage::JsonPath),
    };
    for (name, _) in fields.iter() {
        if foreign.contains(&name) && fields.has(name) {
            let (language, other) = (language.as_str(), other.as_str());
            let message = format!(
                "The QueryLanguage is set to '{language}', but field '{name}' is only supported for the '{other}' QueryLanguage"
            );
            walk.report.schema(&fields.at, message);
            fields.ignore(name);
        }
    }
}

/// The expression in `value`, where it is one of JSONata; a broken one is reported.
pub(super) fn expression(value: &Json, at: &Pointer, walk: &mut Walk<'_>) -> Option<Expression> {
    jsonata(value, at, walk).map(Expression::Jsonata)
}

/// As [`expression`], before it is one of either language.
pub(super) fn jsonata(value: &Json, at: &Pointer, walk: &mut Walk<'_>) -> Option<Jsonata> {
    compile(text(value.as_str()?), at, walk)
}

/// Compiles a text that is meant to be an expression, and reports what is wrong with it.
/// Sources: what AWS was seen to answer to expressions that do not parse and to references to a
/// document; developer guide, "Reserved variable: $states", for the parts that exist.
pub(super) fn compile(written: Text<'_>, at: &Pointer, walk: &mut Walk<'_>) -> Option<Jsonata> {
    let inner = match written {
        Text::Literal => return None,
        Text::Expression(inner) => inner,
        Text::Broken => {
            let message = "A JSONata expression must start with '{%' and end with '%}'";
            walk.report
                .error(codes::INVALID_JSONATA_EXPRESSION, at, message);
            return None;
        }
    };
    let location = walk.report.location_within(&walk.state_at, at);
    let expression = match Jsonata::parse(inner, &location) {
        Ok(expression) => expression,
        Err(problem) => {
            let message = shortened(&problem.message);
            walk.report
                .error(codes::INVALID_JSONATA_EXPRESSION, at, message);
            return None;
        }
    };
    walk.may_run_long |= expression.may_run_long();
    let mut problems = Vec::new();
    for (name, is_refused) in expression.top_level_references() {
        let name = shortened(name);
        let message = format!("Reference to '{name}' at the top level is not supported.");
        if is_refused {
            problems.push(message);
        } else {
            walk.report
                .warn(codes::UNSUPPORTED_JSONATA_EXPRESSION, at, message);
        }
    }
    if expression.assigns_states() {
        problems.push("Variable name 'states' is reserved".to_owned());
    }
    for part in [Part::Result, Part::ErrorOutput] {
        if expression.reads(part) && !exists(part, &location, walk.state_type) {
            let part = part.as_str();
            problems.push(format!(
                "Reference to '$states.{part}' is not supported in the field '{}'.",
                shortened(&location)
            ));
        }
    }
    let is_fine = problems.is_empty();
    for problem in problems {
        walk.report
            .error(codes::UNSUPPORTED_JSONATA_EXPRESSION, at, problem);
    }
    is_fine.then_some(expression)
}

/// Whether a field of a state sees that part of `$states`: the result in the `Output` and `Assign`
/// of a state that has one, the error output in those of a catcher.
fn exists(part: Part, location: &str, state_type: Option<StateType>) -> bool {
    let mut fields = location.split('/');
    let first = fields.next().unwrap_or_default();
    let leaves =
        |field: &str| ["Output", "Assign"].contains(&field.split('[').next().unwrap_or_default());
    match part {
        Part::Input | Part::Context => true,
        Part::Result => {
            let has_result = [StateType::Task, StateType::Parallel, StateType::Map];
            leaves(first) && state_type.is_some_and(|kind| has_result.contains(&kind))
        }
        Part::ErrorOutput => first.starts_with("Catch[") && fields.next().is_some_and(leaves),
    }
}

pub(super) fn is_expression(value: &Json) -> bool {
    value
        .as_str()
        .is_some_and(|written| text(written) != Text::Literal)
}

/// Whether a literal text looks like a path or an intrinsic call that somebody meant to be evaluated.
pub(super) fn looks_like_path(text: &str) -> bool {
    let call = text
        .strip_prefix("States.")
        .and_then(|rest| rest.split_once('('))
        .is_some_and(|(name, rest)| {
            rest.ends_with(')') && name.chars().all(|one| one.is_ascii_alphanumeric())
        });
    let path = text.len() <= QUOTED_CHARS_MAX
        && ["$.", "$[", "$$."]
            .iter()
            .any(|start| text.starts_with(start));
    call || path || text == "$" || text == "$$"
}

#[cfg(test)]
mod tests {
    use crate::diagnose::testing::{check, check_state, check_warnings, one_state};
    use crate::query::jsonata::{Text, text};

    #[test]
    fn an_expression_is_a_whole_text() {
        assert_eq!(text("{% $a %}"), Text::Expression("$a"));
        assert_eq!(text("{%%}"), Text::Expression(""));
        for broken in ["{% 10 %", "{% 1", "1 %}", " {% 1 %}", "{% 1 %} ", "{%}"] {
            assert_eq!(text(broken), Text::Broken, "{broken}");
        }
        for literal in ["", "a {% 1 %} b", "{ % 1 % }"] {
            assert_eq!(text(literal), Text::Literal, "{literal}");
        }
    }

    #[test]
    fn a_machine_in_jsonata_has_no_state_in_json_path() {
        check(
            r#"{"StartAt":"Pass","States":{"Pass":{"Type":"Pass","End":true,"QueryLanguage":"JSONPath"}},"QueryLanguage":"JSONata"}"#,
            &[
                "SCHEMA_VALIDATION_FAILED: 'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine at /States/Pass",
            ],
        );
        check(
            r#"{"StartAt":"Pass","States":{"Pass":{"Type":"Pass","End":true,"QueryLanguage":"JSONata","Output":1}}}"#,
            &[],
        );
        check(
            r#"{"StartAt":"Pass","States":{"Pass":{"Type":"Pass","End":true}},"QueryLanguage":"XPath"}"#,
            &[
                "SCHEMA_VALIDATION_FAILED: Value must be one of the following: [JSONPath, JSONata], but was 'XPath' at /QueryLanguage",
            ],
        );
    }

    #[test]
    fn fields_of_the_other_language_are_refused() {
        check_state(
            r#""Type":"Pass","QueryLanguage":"JSONata","Parameters":{"a.$":"nonsense"}"#,
            &[
                "The QueryLanguage is set to 'JSONata', but field 'Parameters' is only supported for the 'JSONPath' QueryLanguage",
            ],
        );
        check_state(
            r#""Type":"Wait","Seconds":1,"Output":1"#,
            &[
                "The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' QueryLanguage",
            ],
        );
        check(
            r#"{"StartAt":"M","States":{"M":{"Type":"Map","QueryLanguage":"JSONata","End":true,"ItemProcessor":{
                "StartAt":"P","States":{"P":{"Type":"Pass","End":true,"Output":1}}}}}}"#,
            &[
                "SCHEMA_VALIDATION_FAILED: The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' QueryLanguage at /States/M/ItemProcessor/States/P",
            ],
        );
    }

    #[test]
    fn a_name_that_no_path_leads_to_is_worth_a_warning() {
        check_warnings(
            &one_state(
                r#""Type":"Pass","QueryLanguage":"JSONata","Output":"{% $count(items) + $states.input.n %}""#,
                r#""End":true"#,
            ),
            &[
                "UNSUPPORTED_JSONATA_EXPRESSION: Reference to 'items' at the top level is not supported. at /States/S/Output",
            ],
        );
    }
}
