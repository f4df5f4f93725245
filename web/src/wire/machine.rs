//! What several operations on state machines share: finding one, and reading a type and a role.

use asl::diagnose::MachineType;
use serde::{Deserialize, Serialize};
use store::machine::Machine;

use super::arn::MachineArn;
use super::error::{ApiError, Code};
use super::validate;
use crate::app::App;

/// The type of a machine on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Type {
    #[default]
    Standard,
    Express,
}

impl From<Type> for MachineType {
    fn from(wire: Type) -> Self {
        match wire {
            Type::Standard => Self::Standard,
            Type::Express => Self::Express,
        }
    }
}

impl From<MachineType> for Type {
    fn from(stored: MachineType) -> Self {
        match stored {
            MachineType::Standard => Self::Standard,
            MachineType::Express => Self::Express,
        }
    }
}

/// The live machine that an ARN names, whatever version or alias of it.
pub(super) async fn find(app: &App, arn: &MachineArn) -> Result<Machine, ApiError> {
    let found = if arn.is_ours {
        store::machine::get(&app.db, &arn.name).await?
    } else {
        None
    };
    found.ok_or_else(|| ApiError::no_machine(&arn.text))
}

/// The machine that an ARN names, where it can be changed: not a version or alias of it, and not one
/// that is being deleted.
pub(super) async fn find_changeable(app: &App, arn: &MachineArn) -> Result<Machine, ApiError> {
    if arn.qualifier.is_some() {
        return Err(ApiError::no_machine(&arn.text));
    }
    let machine = find(app, arn).await?;
    if machine.is_deleting {
        return Err(ApiError::machine_deleting(&arn.text));
    }
    Ok(machine)
}

/// `Invalid Role Arn: 'x'` where a role's ARN cannot be one.
pub(super) fn check_role(arn: &str) -> Result<(), ApiError> {
    let mut parts = arn.splitn(6, ':');
    let is_role = parts.next() == Some("arn")
        && parts.next().is_some_and(|partition| !partition.is_empty())
        && parts.next() == Some("iam")
        && parts.next() == Some("")
        && parts
            .next()
            .is_some_and(|id| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit()))
        && parts
            .next()
            .and_then(|rest| rest.strip_prefix("role/"))
            .is_some_and(|name| {
                !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control())
            });
    if is_role {
        Ok(())
    } else {
        Err(ApiError::new(
            Code::InvalidArn,
            format!("Invalid Role Arn: '{arn}'"),
        ))
    }
}

/// The description of the version to publish, where one is to be. It may be given only then.
pub(super) fn version_description(
    publish: Option<bool>,
    description: Option<String>,
) -> Result<Option<String>, ApiError> {
    if publish == Some(true) {
        validate::storable("versionDescription", description.as_deref())?;
        return Ok(Some(description.unwrap_or_default()));
    }
    if description.is_some() {
        return Err(ApiError::validation(
            "Version description can only be set when publish is true",
        ));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_an_arn_of_iam() {
        for arn in [
            "arn:aws:iam::012345678901:role/Flow",
            "arn:aws-cn:iam::012345678901:role/path/to/Flow",
        ] {
            assert!(check_role(arn).is_ok(), "{arn}");
        }
        for arn in [
            "x",
            "arn:aws:iam::012345678901:user/Flow",
            "arn:aws:iam::012345678901:role/",
            "arn:aws:iam::012345678901:role/a b",
            "arn:aws:iam::012345678901:role/a\0",
            "arn:aws:iam::1:role/Flow",
            "arn:aws:iam:us-east-1:012345678901:role/Flow",
            "arn:aws:s3:::role/Flow",
        ] {
            let error = check_role(arn).unwrap_err();
            assert_eq!(error.message, format!("Invalid Role Arn: '{arn}'"));
        }
    }
}
