//! A function's configuration as it is stored: Lambda's names and defaults. Source: Lambda API,
//! CreateFunction.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use supervisor::Runtime;

use crate::hidden::Hidden;

/// Variables by name. Their values may be secret, so they are sealed where they are stored.
type Environment = BTreeMap<String, Hidden<String>>;

/// Everything about a form of a function but its name, its code and its environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Configuration {
    pub(crate) runtime: String,
    pub(crate) handler: String,
    /// In seconds.
    pub(crate) timeout: u32,
    /// In MB.
    pub(crate) memory_size: u32,
    #[serde(default)]
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) role: String,
}

/// Source: Lambda's limits for `Timeout`, `MemorySize`, `Handler`, `Description`.
const TIMEOUT_SECONDS: std::ops::RangeInclusive<u32> = 1..=900;
const MEMORY_MB: std::ops::RangeInclusive<u32> = 128..=10_240;
const HANDLER_BYTES_MAX: usize = 128;
const DESCRIPTION_CHARS_MAX: usize = 256;
/// Source: Lambda quotas, environment variables: 4 KB in all.
const ENVIRONMENT_BYTES_MAX: usize = 4_096;

/// Names that Lambda sets itself. Source: Lambda developer guide, "Reserved environment variables".
const RESERVED: [&str; 18] = [
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
];

impl Configuration {
    pub(crate) const TIMEOUT_DEFAULT: u32 = 3;
    pub(crate) const MEMORY_DEFAULT: u32 = 128;

    /// What is wrong: the field, the value and what is allowed.
    pub(crate) fn check(&self) -> Result<Runtime, String> {
        let runtime = Runtime::parse(&self.runtime).map_err(|error| error.to_string())?;
        let within = |field: &str, value: u32, allowed: &std::ops::RangeInclusive<u32>| {
            if allowed.contains(&value) {
                return Ok(());
            }
            Err(format!(
                "{field} {value} is not allowed: {} to {} are",
                allowed.start(),
                allowed.end()
            ))
        };
        within("timeout", self.timeout, &TIMEOUT_SECONDS)?;
        within("memory", self.memory_size, &MEMORY_MB)?;
        let is_handler = (1..=HANDLER_BYTES_MAX).contains(&self.handler.len())
            && self.handler.bytes().all(|byte| byte.is_ascii_graphic());
        let needs_handler = !matches!(runtime, Runtime::Provided(_));
        if !is_handler && (needs_handler || !self.handler.is_empty()) {
            return Err(format!(
                "handler '{}' is not allowed: 1 to {HANDLER_BYTES_MAX} visible ASCII characters are, as in 'file.function'",
                self.handler.chars().take(200).collect::<String>()
            ));
        }
        if self.description.chars().count() > DESCRIPTION_CHARS_MAX {
            return Err(format!(
                "description is too long: at most {DESCRIPTION_CHARS_MAX} characters are allowed"
            ));
        }
        Ok(runtime)
    }
}

/// Checks names and size of the variables.
pub(crate) fn check_environment(variables: &Environment) -> Result<(), String> {
    let mut bytes = 0;
    for (name, value) in variables {
        let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !is_name {
            return Err(format!(
                "environment: '{name}' is not allowed: names are letters, digits and underscores, with a letter first"
            ));
        }
        if RESERVED.contains(&name.as_str()) {
            return Err(format!(
                "environment: '{name}' is set by the server itself and cannot be given"
            ));
        }
        if value.reveal().contains('\0') {
            return Err(format!(
                "environment: the value of '{name}' holds a null character"
            ));
        }
        bytes += name.len() + value.reveal().len();
    }
    if bytes > ENVIRONMENT_BYTES_MAX {
        return Err(format!(
            "environment: {bytes} bytes are too many: names and values may have {ENVIRONMENT_BYTES_MAX} together"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configuration() -> Configuration {
        Configuration {
            runtime: "python3.11".to_owned(),
            handler: "hello.handler".to_owned(),
            timeout: 3,
            memory_size: 128,
            description: String::new(),
            role: String::new(),
        }
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut Configuration), expected: Option<&str>) {
        let mut changed = configuration();
        change(&mut changed);
        assert_eq!(changed.check().err().as_deref(), expected);
    }

    #[test]
    fn what_is_not_allowed_is_named() {
        check(|_| {}, None);
        check(
            |c| c.timeout = 901,
            Some("timeout 901 is not allowed: 1 to 900 are"),
        );
        check(
            |c| c.memory_size = 64,
            Some("memory 64 is not allowed: 128 to 10240 are"),
        );
        check(
            |c| c.handler = String::new(),
            Some(
                "handler '' is not allowed: 1 to 128 visible ASCII characters are, as in 'file.function'",
            ),
        );
        check(
            |c| {
                c.handler = String::new();
                c.runtime = "provided".to_owned();
            },
            None,
        );
    }

    #[test]
    fn reserved_and_odd_variables_are_refused() {
        let one = |name: &str, value: &str| {
            Environment::from([(name.to_owned(), Hidden::new(value.to_owned()))])
        };
        assert!(check_environment(&one("TABLE", "orders")).is_ok());
        assert!(check_environment(&one("AWS_REGION", "x")).is_err());
        assert!(check_environment(&one("1A", "x")).is_err());
        assert!(check_environment(&one("A", &"x".repeat(4096))).is_err());
        let error = check_environment(&one("A", "sec\0ret")).unwrap_err();
        assert!(!error.contains("sec"));
    }
}
