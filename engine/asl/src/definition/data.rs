//! What a state does to the data that passes through it, in both query languages.

use std::sync::Arc;

use crate::query::{Expression, Path, ReferencePath, Template};

/// The data fields of a state. A state of one language never has the fields of the other
/// (`diagnose` refuses them), so the order of evaluation is one for both: input path, arguments,
/// the work itself, result selector, assign, result path or output, output path.
#[derive(Debug, Default)]
pub struct DataFlow {
    /// JSONPath `InputPath`.
    pub input: Selector,
    /// JSONPath `Parameters`, JSONata `Arguments`. A Map's own are in [`super::Map::item_selector`].
    pub arguments: Option<Template>,
    /// JSONPath `ResultSelector`.
    pub result_selector: Option<Template>,
    /// JSONPath `ResultPath`.
    pub result_path: ResultPath,
    /// JSONPath `OutputPath`.
    pub output_path: Selector,
    /// JSONata `Output`.
    pub output: Option<Template>,
    /// `Assign`, in either language: renders to an object of variable name to value.
    pub assign: Option<Template>,
}

/// `InputPath` and `OutputPath`.
#[derive(Debug, Default)]
pub enum Selector {
    /// Absent, or `$`: the data as it is.
    #[default]
    Whole,
    /// `null`: an empty object.
    Nothing,
    Path(Path),
}

/// `ResultPath`: where a result goes in the input.
#[derive(Debug, Default)]
pub enum ResultPath {
    /// Absent, or `$`: the result takes the place of the input.
    #[default]
    Replace,
    /// `null`: the result is dropped.
    Discard,
    At(ReferencePath),
}

/// A field that is either written down or computed when the state is entered: `TimeoutSeconds` and
/// `TimeoutSecondsPath`, `MaxConcurrency` and an expression.
#[derive(Debug)]
pub enum Setting<T> {
    Fixed(T),
    Computed(Expression),
}

/// A text that is written down or computed: `Error` and `ErrorPath` of a Fail state.
pub type TextSetting = Setting<Arc<str>>;
