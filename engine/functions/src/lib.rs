//! Makes one call and reports one result: functions behind HTTP endpoints, and HTTP tasks.
//!
//! It knows nothing of retries, history or executions: those are the workflow's. It never touches
//! a database either: what is registered comes through [`registry::Registry`]. Start with
//! [`invoker`] for the seam, [`http`] for what an endpoint gets and may answer, [`failure`] for how
//! errors are named, [`http_task`] for `arn:aws:states:::http:invoke` and [`egress`] for which
//! addresses may be called.

mod age;
mod body;
pub mod client;
pub mod egress;
pub mod failure;
#[cfg(any(test, feature = "test-double"))]
pub mod fake;
pub mod http;
pub mod http_task;
pub mod invoker;
pub mod lambda_invoke;
pub mod limits;
pub mod name;
mod parameters;
pub mod registry;
pub mod secret;

#[cfg(test)]
mod test_registry;
#[cfg(test)]
mod test_server;

pub use crate::http::HttpInvoker;
pub use crate::http_task::{HttpCall, HttpTasks, Seen, Sent};
pub use client::Client;
pub use invoker::{Answer, Call, IdempotencyToken, InvocationType, Invoker, Outcome};
pub use name::{Account, FunctionName};
