//! Amazon Resource Names of what the engine makes. Reading ARNs is the wire layer's.

/// The account and region that every ARN of this server carries.
#[derive(Clone, Debug)]
pub struct Names {
    pub account: String,
    pub region: String,
}

/// What follows a machine's name in an ARN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Qualifier<'a> {
    Version(i64),
    Alias(&'a str),
}

impl Names {
    /// The machine's name in an ARN of this server, and the version or alias after it.
    pub(crate) fn parse_machine<'a>(
        &self,
        arn: &'a str,
    ) -> Option<(&'a str, Option<Qualifier<'a>>)> {
        let rest = arn.strip_prefix("arn:aws:states:")?;
        let (region, rest) = rest.split_once(':')?;
        let (account, rest) = rest.split_once(':')?;
        if region != self.region || account != self.account {
            return None;
        }
        let rest = rest.strip_prefix("stateMachine:")?;
        match rest.split_once(':') {
            None => Some((rest, None)),
            Some((machine, qualifier)) => {
                let qualifier = match qualifier.parse() {
                    Ok(number) => Qualifier::Version(number),
                    Err(_) => Qualifier::Alias(qualifier),
                };
                Some((machine, Some(qualifier)))
            }
        }
    }

    pub fn machine(&self, machine: &str) -> String {
        self.states(&format!("stateMachine:{machine}"))
    }

    pub fn execution(&self, machine: &str, execution: &str) -> String {
        self.states(&format!("execution:{machine}:{execution}"))
    }

    /// Names of Express executions need not differ, so an id follows.
    pub fn express(&self, machine: &str, execution: &str, id: &str) -> String {
        self.states(&format!("express:{machine}:{execution}:{id}"))
    }

    pub fn activity(&self, activity: &str) -> String {
        self.states(&format!("activity:{activity}"))
    }

    fn states(&self, resource: &str) -> String {
        format!("arn:aws:states:{}:{}:{resource}", self.region, self.account)
    }
}

impl Default for Names {
    fn default() -> Self {
        Self {
            account: "000000000000".to_owned(),
            region: "us-east-1".to_owned(),
        }
    }
}
