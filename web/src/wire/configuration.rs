//! The configuration objects of state machines and activities: logging, tracing and encryption.
//!
//! They are kept and shown as they were given, with AWS's defaults for what was not. Kept as JSON text;
//! equal texts are equal configurations.

use serde::{Deserialize, Serialize};

use super::error::{ApiError, Code};

/// How long a data key is used where the caller does not say.
const KEY_REUSE_SECONDS: u32 = 300;

/// Which events of executions are logged, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Logging {
    level: String,
    include_execution_data: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    destinations: Vec<LogDestination>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogDestination {
    #[serde(skip_serializing_if = "Option::is_none")]
    cloud_watch_logs_log_group: Option<LogGroup>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogGroup {
    #[serde(skip_serializing_if = "Option::is_none")]
    log_group_arn: Option<String>,
}

impl Default for Logging {
    fn default() -> Self {
        Self {
            level: "OFF".to_owned(),
            include_execution_data: false,
            destinations: Vec::new(),
        }
    }
}

impl Logging {
    /// The text to keep. `InvalidLoggingConfiguration` where it asks for logs without saying where.
    pub(super) fn into_text(self) -> Result<String, ApiError> {
        let refused = |problem: String| {
            ApiError::new(
                Code::InvalidLoggingConfiguration,
                format!("Invalid Logging Configuration: {problem}"),
            )
        };
        let is_off = self.level == "OFF";
        if self.destinations.len() > 1 || (self.destinations.is_empty() && !is_off) {
            return Err(refused(
                "Must specify exactly one Log Destination.".to_owned(),
            ));
        }
        for destination in &self.destinations {
            let group = destination.cloud_watch_logs_log_group.as_ref();
            let arn = group.and_then(|group| group.log_group_arn.as_deref());
            if !arn.is_some_and(is_log_group) {
                return Err(refused(format!(
                    "'{}' is not the ARN of a log group.",
                    arn.unwrap_or_default()
                )));
            }
        }
        Ok(text(&self))
    }
}

fn is_log_group(arn: &str) -> bool {
    let mut parts = arn.splitn(6, ':');
    parts.next() == Some("arn")
        && parts.nth(1) == Some("logs")
        && parts
            .nth(2)
            .is_some_and(|rest| rest.starts_with("log-group:") && !rest.contains(char::is_control))
}

/// Whether executions are traced.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Tracing {
    enabled: bool,
}

impl Tracing {
    /// The text to keep.
    pub(super) fn into_text(self) -> String {
        text(&self)
    }
}

/// Which key encrypts what is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Encryption {
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_data_key_reuse_period_seconds: Option<u32>,
    r#type: String,
}

impl Default for Encryption {
    fn default() -> Self {
        Self {
            kms_key_id: None,
            kms_data_key_reuse_period_seconds: None,
            r#type: "AWS_OWNED_KEY".to_owned(),
        }
    }
}

impl Encryption {
    /// The text to keep. `InvalidEncryptionConfiguration` where type and key don't go together.
    pub(super) fn into_text(mut self) -> Result<String, ApiError> {
        let refused = |problem: &str| {
            Err(ApiError::new(
                Code::InvalidEncryptionConfiguration,
                format!("Invalid Encryption Configuration: {problem}"),
            ))
        };
        if self.r#type == "AWS_OWNED_KEY" {
            if self.kms_key_id.is_some() || self.kms_data_key_reuse_period_seconds.is_some() {
                return refused(
                    "kmsKeyId and kmsDataKeyReusePeriodSeconds are only for the type \
                     CUSTOMER_MANAGED_KMS_KEY.",
                );
            }
        } else {
            if self.kms_key_id.is_none() {
                return refused("kmsKeyId is required for the type CUSTOMER_MANAGED_KMS_KEY.");
            }
            self.kms_data_key_reuse_period_seconds
                .get_or_insert(KEY_REUSE_SECONDS);
        }
        Ok(text(&self))
    }
}

fn text(configuration: &impl Serialize) -> String {
    serde_json::to_string(configuration).expect("a configuration is plain data")
}

/// A configuration as it was kept, for an answer.
pub(super) fn stored(text: &str) -> Result<Box<serde_json::value::RawValue>, ApiError> {
    serde_json::from_str(text).map_err(|fault| ApiError::internal(&fault))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn logging(value: serde_json::Value) -> Result<String, ApiError> {
        serde_json::from_value::<Logging>(value)
            .unwrap()
            .into_text()
    }

    fn encryption(value: serde_json::Value) -> Result<String, ApiError> {
        serde_json::from_value::<Encryption>(value)
            .unwrap()
            .into_text()
    }

    fn group(arn: &str) -> serde_json::Value {
        json!({ "cloudWatchLogsLogGroup": { "logGroupArn": arn } })
    }

    #[test]
    fn defaults_are_filled_in() {
        assert_eq!(
            logging(json!({})).unwrap(),
            r#"{"level":"OFF","includeExecutionData":false}"#
        );
        assert_eq!(Tracing::default().into_text(), r#"{"enabled":false}"#);
        assert_eq!(
            Encryption::default().into_text().unwrap(),
            r#"{"type":"AWS_OWNED_KEY"}"#
        );
        assert_eq!(
            encryption(json!({ "type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "k" })).unwrap(),
            r#"{"kmsKeyId":"k","kmsDataKeyReusePeriodSeconds":300,"type":"CUSTOMER_MANAGED_KMS_KEY"}"#
        );
    }

    #[test]
    fn logs_need_one_log_group() {
        let arn = "arn:aws:logs:us-east-1:000000000000:log-group:/flows:*";
        assert!(logging(json!({ "level": "ALL", "destinations": [group(arn)] })).is_ok());
        for refused in [
            json!({ "level": "ALL" }),
            json!({ "level": "ALL", "destinations": [group(arn), group(arn)] }),
            json!({ "level": "ALL", "destinations": [{}] }),
            json!({ "level": "OFF", "destinations": [group("arn:aws:s3:::bucket")] }),
        ] {
            let error = logging(refused).unwrap_err();
            assert_eq!(error.code, Code::InvalidLoggingConfiguration);
        }
    }

    #[test]
    fn a_key_goes_with_its_type() {
        for refused in [
            json!({ "type": "CUSTOMER_MANAGED_KMS_KEY" }),
            json!({ "type": "AWS_OWNED_KEY", "kmsKeyId": "k" }),
        ] {
            let error = encryption(refused).unwrap_err();
            assert_eq!(error.code, Code::InvalidEncryptionConfiguration);
        }
    }
}
