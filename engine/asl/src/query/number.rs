//! Computed numbers, spelled as the JVM behind Step Functions spells them.

use crate::json::{self, Json};

/// A double: `15.0`, `0.1`, `1.5E10`. `None` where it is not finite.
pub(super) fn double(value: f64) -> Option<Json> {
    if !value.is_finite() {
        return None;
    }
    let size = value.abs();
    let text = if size == 0.0 {
        "0.0".to_owned()
    } else if (1e-3..1e7).contains(&size) {
        format!("{value:?}")
    } else {
        let text = format!("{value:e}");
        match text.split_once('e') {
            Some((mantissa, exponent)) if mantissa.contains('.') => {
                format!("{mantissa}E{exponent}")
            }
            Some((mantissa, exponent)) => format!("{mantissa}.0E{exponent}"),
            None => text,
        }
    };
    json::parse(&text).ok()
}
