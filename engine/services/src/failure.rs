//! How a failed call looks to a workflow: error names and cause texts of the two generations of SDKs.
//!
//! Source: recorded executions ("... (Service: DynamoDb, Status Code: 400, Request ID: ID)" and
//! "... (Service: AWSLambda; Status Code: 404; Error Code: ...; Request ID: ID; Proxy: null)").

use asl::{StateError, error::names};

use crate::limits::CAUSE_CHARS_MAX;
use crate::model::{Operation, Service};
use crate::names::exception;
use crate::optimized::Integration;

/// What a service said of a call that it refused.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) code: Option<String>,
    pub(crate) message: String,
    pub(crate) status: u16,
    pub(crate) request_id: String,
}

impl Refusal {
    /// The error's class, where the operation lists it.
    fn listed(&self, operation: &Operation) -> Option<String> {
        let code = self.code.as_deref()?;
        let found = operation.errors.iter().find(|error| error.is_code(code))?;
        Some(exception(found.shape()))
    }

    /// As `aws-sdk` integrations name it.
    pub(crate) fn by_sdk(&self, service: &Service, operation: &Operation) -> StateError {
        let sdk = &service.sdk;
        let class = self
            .listed(operation)
            .unwrap_or_else(|| format!("{sdk}Exception"));
        let Self {
            message,
            status,
            request_id,
            ..
        } = self;
        let cause = format!(
            "{message} (Service: {sdk}, Status Code: {status}, Request ID: {request_id}) (SDK Attempt Count: 1)"
        );
        StateError::new(&format!("{sdk}.{class}"), bounded(&cause))
    }

    /// As optimised integrations name it.
    pub(crate) fn by_integration(
        &self,
        integration: &Integration,
        operation: &Operation,
    ) -> StateError {
        let class = self
            .listed(operation)
            .unwrap_or_else(|| integration.other.to_owned());
        let Self {
            message,
            status,
            request_id,
            ..
        } = self;
        let code = self.code.as_deref().unwrap_or("null");
        let cause = format!(
            "{message} (Service: {}; Status Code: {status}; Error Code: {code}; Request ID: {request_id}; Proxy: null)",
            integration.title
        );
        StateError::new(&format!("{}.{class}", integration.errors), bounded(&cause))
    }
}

/// The arguments are not the operation's. Source: users' reports of States.Runtime.
pub(crate) fn unfit(arguments: &str, problems: &[String]) -> StateError {
    let problems = problems.join(", ");
    let cause =
        format!("The Parameters '{arguments}' could not be used to start the Task: [{problems}]");
    StateError::new(names::RUNTIME, bounded(&cause))
}

/// The call could not be sent, or its answer not be read. `errors` is what stands before the dot.
pub(crate) fn client(errors: &str, why: &str) -> StateError {
    StateError::new(&format!("{errors}.SdkClientException"), bounded(why))
}

fn bounded(text: &str) -> String {
    text.chars().take(CAUSE_CHARS_MAX).collect()
}
