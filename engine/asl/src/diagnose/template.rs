//! Payload templates: compiles them, and reports what in them does not compile.

use std::collections::HashSet;

use super::{
    codes,
    language::{self, looks_like_path},
    report::shortened,
    state::Source,
    walk::Walk,
};
use crate::{
    definition::QueryLanguage,
    json::{Json, Object, pointer::Pointer},
    query::{Template, jsonata::Text},
};

/// The template in a field of a state, where there is one.
pub(super) fn field(source: &Source<'_>, name: &str, walk: &mut Walk<'_>) -> Option<Template> {
    let value = source.fields.get(name)?;
    compile(value, source.language, &source.fields.place(name), walk)
}

/// As [`field`] for a part with fields of the language's own, of which some hold paths without `.$`.
pub(super) fn config(source: &Source<'_>, name: &str, walk: &mut Walk<'_>) -> Option<Template> {
    let value = source.fields.get(name)?;
    compile_quietly(value, source.language, &source.fields.place(name), walk)
}

/// Compiles `value`, which stands at `at`.
pub(super) fn compile(
    value: &Json,
    language: QueryLanguage,
    at: &Pointer,
    walk: &mut Walk<'_>,
) -> Option<Template> {
    if language == QueryLanguage::JsonPath {
        look_at_names(value, at, walk);
    }
    compile_quietly(value, language, at, walk)
}

fn compile_quietly(
    value: &Json,
    language: QueryLanguage,
    at: &Pointer,
    walk: &mut Walk<'_>,
) -> Option<Template> {
    if language == QueryLanguage::Jsonata {
        let mut compile = |text: Text<'_>, at: &Pointer| language::compile(text, at, walk);
        // What does not compile is reported on the way.
        return Template::parse_jsonata(value, at, &mut compile).ok();
    }
    let problems = match Template::parse(value, at) {
        Ok(template) => return Some(template),
        Err(problems) => problems,
    };
    for (place, problem) in problems {
        let name = place.last().unwrap_or_default();
        if !name.ends_with(".$") {
            walk.report.schema(&place, shortened(&problem.message));
            continue;
        }
        let name = shortened(name);
        let message = format!(
            "The value for the field '{name}' must be a valid JSONPath or a valid intrinsic function call"
        );
        // AWS names the object that holds the field.
        walk.report.schema(&place.parent(), message);
    }
    None
}

/// `a` beside `a.$`, which would both become `a`; and texts that look as if they were to be evaluated.
fn look_at_names(value: &Json, at: &Pointer, walk: &mut Walk<'_>) {
    let mut pending = vec![(at.clone(), value)];
    while let Some((at, value)) = pending.pop() {
        match value {
            Json::Array(items) => {
                let items = items.iter().enumerate();
                pending.extend(items.map(|(index, item)| (at.child(index), item)));
            }
            Json::Object(members) => {
                refuse_doubles(members, &at, walk);
                for (name, member) in members.iter() {
                    if name.ends_with(".$") {
                        continue;
                    }
                    if member.as_str().is_some_and(looks_like_path) {
                        let message = format!(
                            "The value of '{}' looks like a path, but the name does not end with '.$'",
                            shortened(name)
                        );
                        walk.report.warn(codes::NO_DOLLAR, &at.child(name), message);
                    }
                    pending.push((at.child(name), member));
                }
            }
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
        }
    }
}

fn refuse_doubles(members: &Object, at: &Pointer, walk: &mut Walk<'_>) {
    let computed: HashSet<_> = members
        .keys()
        .filter_map(|name| name.strip_suffix(".$"))
        .collect();
    for name in members.keys().filter(|name| computed.contains(&***name)) {
        let message = format!(
            "A duplicate field will exist after renaming to strip the \".$\" suffix from: {}.$",
            shortened(name)
        );
        walk.report.schema(at, message);
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnose::testing::{check_state, check_warnings, one_state};

    #[test]
    fn a_field_and_its_computed_twin_collide() {
        check_state(
            r#""Type":"Pass","Parameters":{"a":[{"channel.$":"$.x","channel":1}]}"#,
            &[
                "A duplicate field will exist after renaming to strip the \".$\" suffix from: channel.$ @/Parameters/a[0]",
            ],
        );
    }

    #[test]
    fn a_forgotten_dollar_is_worth_a_warning() {
        check_warnings(
            &one_state(
                r#""Type":"Pass","Parameters":{"a":"$.x","b":"States.UUID()","c":"costs $5","d.$":"$.y"}"#,
                r#""End":true"#,
            ),
            &[
                "NO_DOLLAR: The value of 'a' looks like a path, but the name does not end with '.$' at /States/S/Parameters/a",
                "NO_DOLLAR: The value of 'b' looks like a path, but the name does not end with '.$' at /States/S/Parameters/b",
            ],
        );
    }
}
