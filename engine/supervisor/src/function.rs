//! What a function is, as far as running it goes.

use std::sync::Arc;
use std::time::Duration;

/// A function's published or latest form, ready to be run.
#[derive(Clone, Debug)]
pub struct Deployed {
    pub name: Arc<str>,
    /// `$LATEST` or a number.
    pub version: Arc<str>,
    /// The whole ARN, with the qualifier that it was asked for by.
    pub arn: Arc<str>,
    /// Changes with everything that an instance is started with.
    pub revision: Arc<str>,
    pub runtime: Runtime,
    pub handler: Arc<str>,
    pub timeout: Duration,
    pub memory_mb: u32,
    pub environment: Vec<(String, Secret)>,
    /// SHA-256 of the package.
    pub code: [u8; 32],
    /// Invocations at once, where some are reserved for it.
    pub reserved: Option<u32>,
}

/// A value that `Debug` does not show: environments hold passwords.
pub use functions::secret::Secret;

/// What runs the code.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Runtime {
    /// `provided`, `provided.al2`, `provided.al2023`: an executable named `bootstrap`.
    Provided(Arc<str>),
    /// `python3.N`
    Python { minor: u8 },
    /// `nodejsN.x`
    Node { major: u8 },
}

/// A text that names no runtime of this server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "Value '{0}' at 'runtime' is not supported: provided, provided.al2, provided.al2023, python3.N and nodejsN.x are"
)]
pub struct RuntimeError(pub String);

impl Runtime {
    /// Reads Lambda's name of a runtime. Source: `Runtime` in Lambda's service model.
    pub fn parse(text: &str) -> Result<Self, RuntimeError> {
        let bad = || RuntimeError(text.chars().take(100).collect());
        if matches!(text, "provided" | "provided.al2" | "provided.al2023") {
            return Ok(Self::Provided(Arc::from(text)));
        }
        let number = |text: &str| -> Option<u8> {
            let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
            text.parse().ok().filter(|_| is_plain)
        };
        if let Some(minor) = text.strip_prefix("python3.").and_then(number) {
            return Ok(Self::Python { minor });
        }
        let major = text
            .strip_prefix("nodejs")
            .and_then(|rest| rest.strip_suffix(".x"))
            .and_then(number);
        major.map(|major| Self::Node { major }).ok_or_else(bad)
    }

    /// Lambda's name.
    pub fn name(&self) -> String {
        match self {
            Self::Provided(name) => name.to_string(),
            Self::Python { minor } => format!("python3.{minor}"),
            Self::Node { major } => format!("nodejs{major}.x"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lambdas_names_are_read_and_written() {
        for name in ["provided", "provided.al2023", "python3.11", "nodejs20.x"] {
            assert_eq!(Runtime::parse(name).unwrap().name(), name);
        }
    }

    #[test]
    fn other_names_are_refused() {
        for name in [
            "",
            "python",
            "python2.7",
            "python3.x",
            "python3.011",
            "nodejs20",
            "nodejs.x",
            "java21",
            "provided.al3",
        ] {
            assert!(Runtime::parse(name).is_err(), "{name}");
        }
    }
}
