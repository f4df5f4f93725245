//! The data fields that states share: paths in and out, parameters, results, variables.

use super::{
    fields::{self, Fields},
    report::shortened,
    state::Source,
    template, variables,
    walk::Walk,
};
use crate::{
    definition::{DataFlow, ResultPath, Selector, StateType},
    json::{Json, pointer::Pointer},
    query::{Path, ReferencePath},
};

/// Reads the data fields of a state. A field that its type or language lacks was refused before.
pub(super) fn read<'d>(source: &Source<'d>, kind: StateType, walk: &mut Walk<'d>) -> DataFlow {
    let fields = &source.fields;
    // The `Parameters` of a Map are the older name of its `ItemSelector`.
    let arguments = (kind != StateType::Map)
        .then(|| {
            template::field(source, "Parameters", walk)
                .or_else(|| template::field(source, "Arguments", walk))
        })
        .flatten();
    DataFlow {
        input: selector(fields, "InputPath", walk),
        arguments,
        result_selector: result_selector(source, walk),
        result_path: result_path(fields, walk),
        output_path: selector(fields, "OutputPath", walk),
        output: template::field(source, "Output", walk),
        assign: variables::assign(fields, source.language, walk),
    }
}

fn result_selector(source: &Source<'_>, walk: &mut Walk<'_>) -> Option<crate::query::Template> {
    let value = source.fields.get("ResultSelector")?;
    if value.as_object().is_none() {
        let at = source.fields.place("ResultSelector");
        fields::expected("Object", value, &at, &mut walk.report);
        return None;
    }
    template::field(source, "ResultSelector", walk)
}

/// `InputPath`, `OutputPath`.
fn selector(fields: &Fields<'_>, name: &str, walk: &mut Walk<'_>) -> Selector {
    match fields.get(name) {
        None => Selector::Whole,
        Some(Json::Null) => Selector::Nothing,
        Some(value) => match path(value, &fields.place(name), walk) {
            Some(path) if path.as_str() == "$" => Selector::Whole,
            Some(path) => Selector::Path(path),
            None => Selector::default(),
        },
    }
}

/// A path of any kind: into the input, the context object or a variable.
pub(super) fn path(value: &Json, at: &Pointer, walk: &mut Walk<'_>) -> Option<Path> {
    let Some(text) = value.as_str() else {
        fields::expected("String", value, at, &mut walk.report);
        return None;
    };
    let path = Path::parse(text).ok();
    if path.is_none() {
        walk.report.schema(at, "Value must be a valid JSONPath.");
    }
    path
}

/// `ResultPath` of a state or of a catcher.
pub(super) fn result_path(fields: &Fields<'_>, walk: &mut Walk<'_>) -> ResultPath {
    let at = fields.place("ResultPath");
    let text = match fields.get("ResultPath") {
        None => return ResultPath::Replace,
        Some(Json::Null) => return ResultPath::Discard,
        Some(Json::String(text)) => text,
        Some(value @ (Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_))) => {
            fields::expected("String", value, &at, &mut walk.report);
            return ResultPath::default();
        }
    };
    if &**text == "$" {
        return ResultPath::Replace;
    }
    if let Some(path) = reference(text, &at, walk) {
        return ResultPath::At(path);
    }
    ResultPath::default()
}

/// A path to exactly one place in the data at hand.
pub(super) fn reference(text: &str, at: &Pointer, walk: &mut Walk<'_>) -> Option<ReferencePath> {
    let parsed = if !text.starts_with('$') {
        Err("Reference path didn't start with '$'".to_owned())
    } else if text.starts_with("$$") {
        Err("the Context Object can not be used here".to_owned())
    } else {
        ReferencePath::parse(text).map_err(|error| error.message)
    };
    match parsed {
        Ok(path) => Some(path),
        Err(problem) => {
            let problem = shortened(&problem);
            walk.report
                .schema(at, format!("Value is not a Reference Path: {problem}"));
            None
        }
    }
}
