//! Where the conformance data is, for the tests of this folder.

use std::path::PathBuf;

use asl::{Json, json};

/// A file or folder of the conformance data: by the setting `STEPWRIGHT_CONFORMANCE`, else beside the project.
/// `None`, after saying so, where it is absent.
pub(crate) fn conformance(path: &str) -> Option<PathBuf> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one setting of these tests, which have no settings file"
    )]
    let setting = std::env::var_os("STEPWRIGHT_CONFORMANCE");
    let folder = setting.map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance"),
        PathBuf::from,
    );
    let path = folder.join(path);
    if !path.exists() {
        eprintln!(
            "no conformance data at {}: nothing compared",
            path.display()
        );
        return None;
    }
    Some(path)
}

pub(crate) fn read_json(text: &str) -> Json {
    json::parse(text).expect("the conformance data is JSON")
}

/// The text of a member, empty where there is none.
pub(crate) fn text<'a>(value: &'a Json, name: &str) -> &'a str {
    value.get(name).and_then(Json::as_str).unwrap_or_default()
}
