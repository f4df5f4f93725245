//! The two query languages: who speaks which, whose fields are whose, what counts as an expression.

use super::{codes, fields::Fields, limits::QUOTED_CHARS_MAX, walk::Walk};
use crate::{
    definition::QueryLanguage,
    json::{Json, pointer::Pointer},
    query::Expression,
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

/// What a text is in JSONata.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Text<'a> {
    Literal,
    /// What stands between `{%` and `%}`, trimmed.
    Expression(&'a str),
    /// Opened but not closed, or closed but not opened.
    Broken,
}

/// Sorts a text. Source: developer guide, "Transforming data with JSONata": the text must start
/// with `{%` and end with `%}`, without blanks around; "improperly opening or closing the expression
/// will result in a validation error".
pub(super) fn text(text: &str) -> Text<'_> {
    let inner = text
        .strip_prefix("{%")
        .and_then(|rest| rest.strip_suffix("%}"));
    match inner {
        Some(inner) => Text::Expression(inner.trim()),
        None if text.starts_with("{%") || text.ends_with("%}") => Text::Broken,
        None => Text::Literal,
    }
}

/// The expression in `value`, where it is a JSONata expression; a broken one is reported.
/// This is the seam where the JSONata compiler goes in.
pub(super) fn expression(value: &Json, at: &Pointer, walk: &mut Walk<'_>) -> Option<Expression> {
    note_expressions(value, at, walk);
    None
}

/// Looks at every text in `value`, in order: reports broken expressions, remembers the first whole one.
pub(super) fn note_expressions(value: &Json, at: &Pointer, walk: &mut Walk<'_>) {
    let mut pending = vec![(at.clone(), value)];
    while let Some((at, value)) = pending.pop() {
        match value {
            Json::String(written) => match text(written) {
                Text::Literal => {}
                Text::Expression(_) => {
                    walk.jsonata_at.get_or_insert(at);
                }
                Text::Broken => {
                    let message = "A JSONata expression must start with '{%' and end with '%}'";
                    walk.report
                        .error(codes::INVALID_JSONATA_EXPRESSION, &at, message);
                }
            },
            Json::Array(items) => {
                let items = items.iter().enumerate().rev();
                pending.extend(items.map(|(index, item)| (at.child(index), item)));
            }
            Json::Object(members) => {
                pending.extend(
                    members
                        .iter()
                        .rev()
                        .map(|(name, member)| (at.child(name), member)),
                );
            }
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }
}

pub(super) fn is_expression(value: &Json) -> bool {
    value
        .as_str()
        .is_some_and(|written| !matches!(text(written), Text::Literal))
}

/// The one place that refuses JSONata. It goes when [`expression`] and the templates compile it.
/// A definition with other errors hears of those first.
pub(super) fn refuse_jsonata(walk: &mut Walk<'_>) {
    if let Some(at) = walk.jsonata_at.take()
        && !walk.report.has_errors()
    {
        let message = "JSONata expressions are not yet available on this server";
        walk.report
            .error(codes::JSONATA_NOT_AVAILABLE, &at, message);
    }
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
    use super::{Text, text};
    use crate::diagnose::testing::{check, check_state};

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
    fn jsonata_is_refused_in_one_clear_sentence() {
        check_state(
            r#""Type":"Pass","QueryLanguage":"JSONata","Output":{"a":[1,"{% 1 + 1 %}"],"b":"{% 2 %}"}"#,
            &[
                "JSONATA_NOT_AVAILABLE: JSONata expressions are not yet available on this server @/Output/a[1]",
            ],
        );
        check_state(
            r#""Type":"Pass","QueryLanguage":"JSONata","Output":"{% 10 %""#,
            &[
                "INVALID_JSONATA_EXPRESSION: A JSONata expression must start with '{%' and end with '%}' @/Output",
            ],
        );
    }
}
