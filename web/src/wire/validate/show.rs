//! Writes a value the way Java prints it, since that is how AWS's messages show what was refused.

use serde_json::Value;

use super::Shape;

/// How much of a refused value a message repeats, in bytes. The longest that was recorded on AWS is a
/// page token of 3097 characters, shown whole.
const SHOWN_BYTES_MAX: usize = 16 << 10;

/// `abc`, `101`, `[a, b]`, `RoutingConfigurationListItem(stateMachineVersionArn=x, weight=50)`.
pub(super) fn show(shape: &Shape, value: &Value) -> String {
    let mut text = String::new();
    write(shape, value, &mut text);
    if text.len() > SHOWN_BYTES_MAX {
        let end = text.floor_char_boundary(SHOWN_BYTES_MAX);
        text.truncate(end);
        text.push_str("...");
    }
    text
}

fn write(shape: &Shape, value: &Value, text: &mut String) {
    if text.len() > SHOWN_BYTES_MAX {
        return;
    }
    match (shape, value) {
        (Shape::List { item, .. }, Value::Array(items)) => {
            text.push('[');
            for (index, value) in items.iter().enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                write_part(item, Some(value), text);
            }
            text.push(']');
        }
        (Shape::Structure { name, fields, .. }, Value::Object(members)) => {
            text.push_str(name);
            text.push('(');
            for (index, field) in fields.iter().enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                text.push_str(field.name);
                text.push('=');
                write_part(field.shape, members.get(field.name), text);
            }
            text.push(')');
        }
        (_, Value::String(value)) => text.push_str(value),
        (_, value) => text.push_str(&value.to_string()),
    }
}

fn write_part(shape: &Shape, value: Option<&Value>, text: &mut String) {
    match value {
        None => text.push_str("null"),
        Some(_) if shape.is_sensitive() => text.push_str("***Sensitive Data Redacted***"),
        Some(value) => write(shape, value, text),
    }
}
