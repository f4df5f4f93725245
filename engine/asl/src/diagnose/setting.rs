//! Fields that are either written down or computed: `Seconds` with `SecondsPath`, or with an expression.

use std::{ops::RangeInclusive, sync::Arc};

use super::{codes, data, fields::Fields, language, state::Source, walk::Walk};
use crate::{
    definition::{QueryLanguage, Setting, data::TextSetting},
    query::{Expression, Path},
};

/// A whole number in `range`, or what computes it.
pub(super) fn whole(
    source: &Source<'_>,
    name: &str,
    range: RangeInclusive<u64>,
    walk: &mut Walk<'_>,
) -> Option<Setting<u64>> {
    setting(source, name, walk, |walk| {
        source.fields.whole(name, &range, &mut walk.report)
    })
}

/// A number in `range`, or what computes it.
pub(super) fn number(
    source: &Source<'_>,
    name: &str,
    range: RangeInclusive<f64>,
    walk: &mut Walk<'_>,
) -> Option<Setting<f64>> {
    setting(source, name, walk, |walk| {
        source.fields.number(name, &range, &mut walk.report)
    })
}

/// The parts that all have: `name` holds a literal or (in JSONata) an expression, `namePath` a path.
fn setting<T>(
    source: &Source<'_>,
    name: &str,
    walk: &mut Walk<'_>,
    literal: impl FnOnce(&mut Walk<'_>) -> Option<T>,
) -> Option<Setting<T>> {
    let path_name = format!("{name}Path");
    source
        .fields
        .at_most_one(&[name, &path_name], &mut walk.report);
    let computed = reference(&source.fields, &path_name, walk);
    let fixed = match source.fields.get(name) {
        None => None,
        Some(value) if is_expression(source, name) => {
            let at = source.fields.place(name);
            return language::expression(value, &at, walk).map(Setting::Computed);
        }
        Some(_) => literal(walk),
    };
    fixed
        .map(Setting::Fixed)
        .or(computed.map(Setting::Computed))
}

/// Whether the field holds a JSONata text that is to be evaluated.
pub(super) fn is_expression(source: &Source<'_>, name: &str) -> bool {
    source.language == QueryLanguage::Jsonata
        && source.fields.get(name).is_some_and(language::is_expression)
}

/// The path in a `…Path` field that must name one value: in the input, or in a variable.
pub(super) fn reference(
    fields: &Fields<'_>,
    name: &str,
    walk: &mut Walk<'_>,
) -> Option<Expression> {
    let text = fields.text(name, &mut walk.report)?;
    let at = fields.place(name);
    let is_variable = text
        .strip_prefix('$')
        .is_some_and(|rest| rest.starts_with(|first: char| !"$.[".contains(first)));
    if !is_variable {
        data::reference(text, &at, walk)?;
    }
    match Path::parse(text) {
        Ok(path) if is_variable && !path.is_definite() => {
            let problem = "the path can lead to more than one value";
            walk.report
                .schema(&at, format!("Value is not a Reference Path: {problem}"));
            None
        }
        Ok(path) => Some(Expression::Path(path)),
        Err(_) => {
            walk.report.schema(&at, "Value must be a valid JSONPath.");
            None
        }
    }
}

/// Intrinsic functions whose result is a text, the only ones that a text may be computed by.
/// Source: developer guide, "Fail workflow state".
const TEXT_FUNCTIONS: [&str; 7] = [
    "States.Format",
    "States.JsonToString",
    "States.ArrayGetItem",
    "States.Base64Encode",
    "States.Base64Decode",
    "States.Hash",
    "States.UUID",
];

/// A text, or what computes it: `Error` with `ErrorPath`, whose path may be an intrinsic call.
pub(super) fn text(source: &Source<'_>, name: &str, walk: &mut Walk<'_>) -> Option<TextSetting> {
    let fields = &source.fields;
    let path_name = format!("{name}Path");
    fields.at_most_one(&[name, &path_name], &mut walk.report);
    if is_expression(source, name) {
        let value = fields.get(name)?;
        return language::expression(value, &fields.place(name), walk).map(Setting::Computed);
    }
    if let Some(literal) = fields.text(name, &mut walk.report) {
        if source.language == QueryLanguage::JsonPath && language::looks_like_path(literal) {
            warn_no_path(fields, name, walk);
        }
        return Some(Setting::Fixed(Arc::from(literal)));
    }
    let written = fields.text(&path_name, &mut walk.report)?;
    let at = fields.place(&path_name);
    let called = written
        .split_once('(')
        .map(|(name, _)| name)
        .filter(|name| name.starts_with("States."));
    if let Some(called) = called
        && !TEXT_FUNCTIONS.contains(&called)
    {
        let allowed = TEXT_FUNCTIONS.join(", ");
        let message = format!("Value must be a path or a call of one of [{allowed}]");
        walk.report.schema(&at, message);
        return None;
    }
    let expression = Expression::parse_json_path(written).ok();
    if expression.is_none() {
        let message = "Value must be a valid JSONPath or a valid intrinsic function call";
        walk.report.schema(&at, message);
    }
    expression.map(Setting::Computed)
}

/// A literal that looks like a path, in a field that has a `…Path` sister.
pub(super) fn warn_no_path(fields: &Fields<'_>, name: &str, walk: &mut Walk<'_>) {
    let message = format!(
        "The value of '{name}' looks like a path, but the field name does not end with 'Path'"
    );
    walk.report
        .warn(codes::NO_PATH, &fields.place(name), message);
}
