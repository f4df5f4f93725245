//! The top level of a definition.

use std::sync::Arc;

use super::{
    Diagnostic, MachineType, codes, fields::Fields, language, limits::SECONDS_MAX, scope,
    walk::Walk,
};
use crate::{
    definition::Definition,
    json::{Json, pointer::Pointer},
};

const FIELDS: [&str; 6] = [
    "Comment",
    "QueryLanguage",
    "StartAt",
    "States",
    "TimeoutSeconds",
    "Version",
];

/// The definition in `document`, where it has no errors, and every problem in document order.
pub(super) fn read(
    document: &Json,
    machine_type: MachineType,
) -> (Option<Definition>, Vec<Diagnostic>) {
    let mut walk = Walk::new(document, machine_type);
    let definition = if document.as_object().is_some() {
        definition(document, &mut walk)
    } else {
        let message = "Definition must be a valid JSON object";
        walk.report
            .error_nowhere(codes::INVALID_JSON_DESCRIPTION, message);
        None
    };
    let is_valid = !walk.report.has_errors();
    (definition.filter(|_| is_valid), walk.report.finish())
}

fn definition<'d>(document: &'d Json, walk: &mut Walk<'d>) -> Option<Definition> {
    let fields = Fields::of(document, Pointer::root(), &mut walk.report)?;
    fields.only(&FIELDS, &mut walk.report);
    let comment = fields.text("Comment", &mut walk.report).map(Arc::from);
    fields.choice("Version", &["1.0"], &mut walk.report);
    walk.language = language::named(&fields, walk).unwrap_or_default();
    let timeout_seconds = fields.whole("TimeoutSeconds", &(1..=SECONDS_MAX), &mut walk.report);
    let scope = scope::read(&fields, false, walk);
    Some(Definition {
        comment,
        language: walk.language,
        timeout_seconds,
        may_run_long: walk.may_run_long,
        scope: scope?,
    })
}
