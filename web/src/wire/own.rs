//! This server as a service that its own workflows call: `aws-sdk:sfn`, without a network and as the
//! engine itself, which needs no key. An endpoint in the settings goes before it.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use asl::Json;
use serde_json::Value;
use services::{Fault, Own};
use uuid::Uuid;

use super::error::ApiError;
use super::perform;
use crate::app::{App, Shared};

/// What a server is itself, for the engine.
pub(crate) fn services(app: &Shared) -> HashMap<String, Arc<dyn Own>> {
    let own: Arc<dyn Own> = Arc::new(StepFunctions(Arc::downgrade(app)));
    HashMap::from([("sfn".to_owned(), own)])
}

/// Weak, since the app holds the engine that holds this.
struct StepFunctions(Weak<App>);

impl Own for StepFunctions {
    fn perform(&self, operation: &str, input: Json) -> services::client::Performed<'_> {
        let app = self.0.upgrade();
        let operation = operation.to_owned();
        Box::pin(async move {
            let app = app.ok_or_else(|| fault(&ApiError::internal(&Stopped)))?;
            let input = serde_json::from_str::<Value>(&input.to_text());
            let input =
                input.map_err(|error| fault(&ApiError::serialization(error.to_string())))?;
            let output = perform(&app, &operation, input).await;
            let output = output.map_err(|error| fault(&error))?;
            asl::json::parse(&output.to_string())
                .map_err(|error| fault(&ApiError::serialization(error.to_string())))
        })
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the server is stopping")]
struct Stopped;

fn fault(error: &ApiError) -> Fault {
    #[expect(
        clippy::disallowed_methods,
        reason = "request ids mean nothing but themselves"
    )]
    let request_id = Uuid::new_v4().to_string();
    Fault {
        code: error.code.name().to_owned(),
        message: error.message.clone(),
        status: error.code.status().as_u16(),
        request_id,
    }
}
