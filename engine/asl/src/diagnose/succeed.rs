//! The Succeed state: nothing but data.

pub(super) const FIELDS: [&str; 3] = ["InputPath", "OutputPath", "Output"];
