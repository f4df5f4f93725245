//! The Fail state.

use super::data::TextSetting;

#[derive(Debug)]
pub struct Fail {
    /// `Error`, `ErrorPath`.
    pub error: Option<TextSetting>,
    /// `Cause`, `CausePath`.
    pub cause: Option<TextSetting>,
}
