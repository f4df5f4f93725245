//! An entry of `Catch`.

use std::sync::Arc;

use super::ResultPath;
use crate::query::Template;

#[derive(Debug)]
pub struct Catcher {
    pub error_equals: Vec<Arc<str>>,
    pub next: Arc<str>,
    /// JSONPath `ResultPath`: where the error output goes.
    pub result_path: ResultPath,
    /// JSONata `Output`.
    pub output: Option<Template>,
    pub assign: Option<Template>,
}
