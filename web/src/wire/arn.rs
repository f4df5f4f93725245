//! ARNs of what Step Functions has: made from names, and read with AWS's error texts.
//!
//! Account and region are the server's settings. A well-formed ARN of another account or region is no
//! error: nothing exists there, and so the operation says.

#[cfg(test)]
mod tests;

use super::error::ApiError;
use super::name;

/// Makes ARNs of this server's account and region, and reads those of any.
#[derive(Clone, Debug)]
pub(crate) struct Arns {
    region: String,
    account: String,
}

/// An ARN that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Arn {
    /// As it was given.
    pub(crate) text: String,
    /// Whether account and region are this server's.
    pub(crate) is_ours: bool,
    pub(crate) resource: Resource,
}

/// What an ARN names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    StateMachine {
        name: String,
        /// The label of a Distributed Map state in the machine.
        label: Option<String>,
        qualifier: Option<Qualifier>,
    },
    Execution {
        machine: String,
        /// Of a Map Run's child: the label of its Map state.
        label: Option<String>,
        name: String,
    },
    /// An execution of an Express machine.
    Express {
        machine: String,
        name: String,
        id: String,
    },
    Activity {
        name: String,
    },
    MapRun {
        machine: String,
        label: String,
        id: String,
    },
}

/// Which of a machine's published revisions an ARN names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Qualifier {
    Version(i64),
    Alias(String),
}

/// A state machine that an operation was asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MachineArn {
    /// As it was given.
    pub(crate) text: String,
    pub(crate) is_ours: bool,
    pub(crate) name: String,
    pub(crate) qualifier: Option<Qualifier>,
}

impl Arns {
    pub(crate) fn new(region: impl Into<String>, account: impl Into<String>) -> Self {
        Self {
            region: region.into(),
            account: account.into(),
        }
    }

    pub(crate) fn machine(&self, name: &str) -> String {
        self.arn("stateMachine", name)
    }

    pub(crate) fn version(&self, machine: &str, number: i64) -> String {
        self.arn("stateMachine", &format!("{machine}:{number}"))
    }

    pub(crate) fn alias(&self, machine: &str, alias: &str) -> String {
        self.arn("stateMachine", &format!("{machine}:{alias}"))
    }

    pub(crate) fn activity(&self, name: &str) -> String {
        self.arn("activity", name)
    }

    pub(crate) fn execution(&self, machine: &str, name: &str) -> String {
        self.arn("execution", &format!("{machine}:{name}"))
    }

    pub(crate) fn map_run(&self, machine: &str, label: &str, id: &str) -> String {
        self.arn("mapRun", &format!("{machine}/{label}:{id}"))
    }

    fn arn(&self, kind: &str, rest: &str) -> String {
        format!(
            "arn:aws:states:{}:{}:{kind}:{rest}",
            self.region, self.account
        )
    }

    /// Reads any ARN of the service.
    pub(crate) fn read(&self, text: &str) -> Result<Arn, ApiError> {
        let malformed = || ApiError::invalid_arn(format_args!("Invalid ARN format: {text}"));
        let Some(rest) = text.strip_prefix("arn:") else {
            return Err(ApiError::invalid_arn(format_args!(
                "Invalid ARN prefix: {text}"
            )));
        };
        let mut parts = rest.splitn(5, ':');
        let mut next = || parts.next().ok_or_else(malformed);
        let (partition, service, region, account, resource) =
            (next()?, next()?, next()?, next()?, next()?);
        if partition.is_empty() || region.is_empty() || account.is_empty() {
            return Err(malformed());
        }
        if service != "states" {
            return Err(ApiError::invalid_arn(format_args!(
                "Service name not valid in this context: {service}"
            )));
        }
        let (kind, rest) = resource.split_once(':').ok_or_else(malformed)?;
        let resource = Resource::read(kind, rest).ok_or_else(malformed)??;
        Ok(Arn {
            text: text.to_owned(),
            is_ours: region == self.region && account == self.account,
            resource,
        })
    }

    /// Reads the ARN of a state machine, or of a version or alias of one. The label of a Distributed
    /// Map state is refused, as the service does for every operation that calls this.
    pub(crate) fn read_machine(&self, text: &str) -> Result<MachineArn, ApiError> {
        let arn = self.read(text)?;
        match arn.resource {
            Resource::StateMachine {
                name,
                label: None,
                qualifier,
            } => Ok(MachineArn {
                text: arn.text,
                is_ours: arn.is_ours,
                name,
                qualifier,
            }),
            Resource::StateMachine { .. } => Err(ApiError {
                reason: Some("API_DOES_NOT_SUPPORT_LABELED_ARNS"),
                ..ApiError::validation(format!(
                    "This operation does not support the ARN of a Map state: '{text}'"
                ))
            }),
            other => Err(other.is_out_of_place()),
        }
    }

    /// Reads the ARN of an activity: its name, where it is one of ours.
    pub(crate) fn read_activity(&self, text: &str) -> Result<Option<String>, ApiError> {
        let arn = self.read(text)?;
        match arn.resource {
            Resource::Activity { name } => Ok(arn.is_ours.then_some(name)),
            other => Err(other.is_out_of_place()),
        }
    }
}

impl Resource {
    /// What stands behind the account. None where its parts are too few or too many; an error of its
    /// own where a name could be none.
    fn read(kind: &str, rest: &str) -> Option<Result<Self, ApiError>> {
        let parts: Vec<&str> = rest.split(':').collect();
        let resource = match (kind, parts.as_slice()) {
            ("stateMachine", [name]) => Self::machine(name, None),
            ("stateMachine", [name, qualifier]) => Self::machine(name, Some(qualifier)),
            ("execution", [machine, name]) => {
                let (machine, label) = split_label(machine);
                Self::Execution {
                    machine,
                    label,
                    name: (*name).to_owned(),
                }
            }
            ("express", [machine, name, id]) => Self::Express {
                machine: (*machine).to_owned(),
                name: (*name).to_owned(),
                id: (*id).to_owned(),
            },
            ("activity", [name]) => Self::Activity {
                name: (*name).to_owned(),
            },
            ("mapRun", [machine, id]) => {
                let (machine, label) = split_label(machine);
                Self::MapRun {
                    machine,
                    label: label?,
                    id: (*id).to_owned(),
                }
            }
            ("stateMachine" | "execution" | "express" | "activity" | "mapRun", _) => return None,
            (other, _) => return Some(Err(out_of_place(other))),
        };
        // What cannot be a name cannot be looked up either: the database takes no NUL.
        resource
            .names()
            .iter()
            .all(|it| name::is_valid(it))
            .then_some(Ok(resource))
    }

    fn machine(name: &str, qualifier: Option<&str>) -> Self {
        let (name, label) = split_label(name);
        Self::StateMachine {
            name,
            label,
            qualifier: qualifier.map(|text| {
                let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
                match text.parse() {
                    Ok(number) if is_number => Qualifier::Version(number),
                    _ => Qualifier::Alias(text.to_owned()),
                }
            }),
        }
    }

    fn names(&self) -> Vec<&str> {
        match self {
            Self::StateMachine {
                name,
                label,
                qualifier,
            } => {
                let mut names = vec![name.as_str()];
                names.extend(label.as_deref());
                if let Some(Qualifier::Alias(alias)) = qualifier {
                    names.push(alias);
                }
                names
            }
            Self::Execution {
                machine,
                label,
                name,
            } => {
                let mut names = vec![machine.as_str(), name];
                names.extend(label.as_deref());
                names
            }
            Self::Express { machine, name, id } => vec![machine, name, id],
            Self::Activity { name } => vec![name],
            Self::MapRun { machine, label, id } => vec![machine, label, id],
        }
    }

    const fn kind(&self) -> &'static str {
        match self {
            Self::StateMachine { .. } => "stateMachine",
            Self::Execution { .. } => "execution",
            Self::Express { .. } => "express",
            Self::Activity { .. } => "activity",
            Self::MapRun { .. } => "mapRun",
        }
    }

    /// The error of an operation that is not for resources of this kind.
    pub(crate) fn is_out_of_place(&self) -> ApiError {
        out_of_place(self.kind())
    }
}

fn out_of_place(kind: &str) -> ApiError {
    ApiError::invalid_arn(format_args!(
        "Resource type not valid in this context: {kind}"
    ))
}

fn split_label(machine: &str) -> (String, Option<String>) {
    match machine.split_once('/') {
        Some((name, label)) => (name.to_owned(), Some(label.to_owned())),
        None => (machine.to_owned(), None),
    }
}
