//! What requests and answers hold: the shapes of Lambda's service model, as far as they mean something here.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use store::deployed::{self, Version};

use super::error::Fault;
use crate::code::Configuration;
use crate::hidden::Hidden;
use crate::live::Registrar;

/// Variables by name.
pub(super) type Variables = BTreeMap<String, Hidden<String>>;

/// What `CreateFunction` and `UpdateFunctionConfiguration` have in common.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Given {
    pub(super) runtime: Option<String>,
    pub(super) role: Option<String>,
    pub(super) handler: Option<String>,
    pub(super) description: Option<String>,
    pub(super) timeout: Option<u32>,
    pub(super) memory_size: Option<u32>,
    pub(super) environment: Option<EnvironmentGiven>,
    pub(super) revision_id: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct EnvironmentGiven {
    #[serde(default)]
    pub(super) variables: Variables,
}

/// Where code comes from.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CodeGiven {
    pub(super) zip_file: Option<String>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// Reads a body.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice(body).map_err(|error| {
        // The parser's own words could repeat a variable's value.
        let (line, column) = (error.line(), error.column());
        Fault::content(format!(
            "Could not parse request body into json: it does not have the shape of the operation's input at line {line}, column {column}"
        ))
    })
}

impl Given {
    /// Refuses what this server does not have. Names that a tool sends with nothing in them are let pass.
    pub(super) fn check(&self, own: &[&str]) -> Result<(), Fault> {
        for (name, value) in &self.rest {
            if !own.contains(&name.as_str()) && !is_neutral(name, value) {
                return Err(not_supported(name));
            }
        }
        Ok(())
    }

    pub(super) fn member(&self, name: &str) -> Option<&Value> {
        self.rest.get(name)
    }

    /// Over what is there already.
    pub(super) fn over(&self, before: Configuration) -> Configuration {
        let or = |given: &Option<String>, before: String| given.clone().unwrap_or(before);
        Configuration {
            runtime: or(&self.runtime, before.runtime),
            handler: or(&self.handler, before.handler),
            timeout: self.timeout.unwrap_or(before.timeout),
            memory_size: self.memory_size.unwrap_or(before.memory_size),
            description: or(&self.description, before.description),
            role: or(&self.role, before.role),
        }
    }
}

impl CodeGiven {
    /// The package.
    pub(super) fn zip(&self, own: &[&str]) -> Result<Vec<u8>, Fault> {
        for (name, value) in &self.rest {
            if !own.contains(&name.as_str()) && !is_neutral(name, value) {
                return Err(not_supported(name));
            }
        }
        let text = self.zip_file.as_deref().ok_or_else(|| {
            Fault::invalid("ZipFile is missing: this server takes a package as its bytes")
        })?;
        STANDARD
            .decode(text)
            .map_err(|error| Fault::invalid(format!("ZipFile is no base64: {error}")))
    }

    pub(super) fn member(&self, name: &str) -> Option<&Value> {
        self.rest.get(name)
    }
}

fn not_supported(name: &str) -> Fault {
    let name: String = name.chars().take(100).collect();
    Fault::invalid(format!("{name} is not supported by this server"))
}

/// Whether a member asks for nothing, or for what this server does anyway.
fn is_neutral(name: &str, value: &Value) -> bool {
    match name {
        "PackageType" => value == "Zip",
        "Architectures" => *value == json!([architecture()]),
        "EphemeralStorage" => *value == json!({ "Size": 512 }),
        "SnapStart" => *value == json!({ "ApplyOn": "None" }),
        "TracingConfig" => *value == json!({ "Mode": "PassThrough" }),
        _ => is_empty(value),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) | Value::Number(_) => false,
        Value::String(text) => text.is_empty(),
        Value::Array(all) => all.iter().all(is_empty),
        Value::Object(all) => all.values().all(is_empty),
    }
}

/// In Lambda's words.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "aarch64" => "arm64",
        other => other,
    }
}

/// `FunctionConfiguration`.
pub(super) fn configuration(
    registrar: &Registrar,
    row: &Version,
    variables: Option<&Variables>,
) -> Result<Value, Fault> {
    let stored: Configuration = serde_json::from_str(&row.configuration)
        .map_err(|error| Fault::broken("a function's configuration is damaged", &error))?;
    let version = match row.number {
        deployed::LATEST => "$LATEST".to_owned(),
        number => number.to_string(),
    };
    let mut all = json!({
        "FunctionName": row.name,
        "FunctionArn": registrar.function_arn(&row.name),
        "Runtime": stored.runtime,
        "Role": stored.role,
        "Handler": stored.handler,
        "CodeSize": row.code_bytes,
        "Description": stored.description,
        "Timeout": stored.timeout,
        "MemorySize": stored.memory_size,
        "LastModified": row.updated_at.format("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string(),
        "CodeSha256": STANDARD.encode(&row.sha256),
        "Version": version,
        "TracingConfig": { "Mode": "PassThrough" },
        "RevisionId": row.revision.to_string(),
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": [architecture()],
        "EphemeralStorage": { "Size": 512 },
        "SnapStart": { "ApplyOn": "None", "OptimizationStatus": "Off" },
        "LoggingConfig": { "LogFormat": "Text", "LogGroup": format!("/aws/lambda/{}", row.name) },
    });
    let variables = variables.filter(|variables| !variables.is_empty());
    if let (Some(variables), Some(all)) = (variables, all.as_object_mut()) {
        let shown = variables.iter();
        let shown: Map<String, Value> = shown
            .map(|(name, value)| (name.clone(), value.reveal().as_str().into()))
            .collect();
        all.insert("Environment".to_owned(), json!({ "Variables": shown }));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, value: &Value, expected: bool) {
        assert_eq!(is_neutral(name, value), expected, "{name}: {value}");
    }

    #[test]
    fn only_what_asks_for_nothing_may_be_passed_over() {
        check(
            "VpcConfig",
            &json!({"SubnetIds": [], "SecurityGroupIds": []}),
            true,
        );
        check("VpcConfig", &json!({"SubnetIds": ["subnet-1"]}), false);
        check("Layers", &json!([]), true);
        check(
            "Layers",
            &json!(["arn:aws:lambda:us-east-1:000000000000:layer:a:1"]),
            false,
        );
        check("KMSKeyArn", &json!(""), true);
        check("PackageType", &json!("Image"), false);
        check("EphemeralStorage", &json!({"Size": 1024}), false);
        check("TracingConfig", &json!({"Mode": "Active"}), false);
        check("Publish", &json!(true), false);
        check("Publish", &json!(false), true);
        check("Whatever", &json!(1), false);
    }

    #[test]
    fn a_body_of_another_shape_does_not_repeat_what_it_holds() {
        let body = br#"{"Environment": {"Variables": {"A": ["s3cr3t"]}}}"#;
        let fault = read::<Given>(body).err().unwrap();
        assert!(!fault.message.contains("s3cr3t"), "{}", fault.message);
    }
}
