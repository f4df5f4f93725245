//! Calls AWS services as their SDKs do, driven by the public service models: one call in, one result
//! or one error out, in the words of Step Functions' integrations.
//!
//! It knows nothing of retries, history or executions, and of no service in particular beyond what
//! [`optimized`] lists. Start with [`client`] for the seam, [`model`] for what is known of a service,
//! and [`protocol`] for how a call travels.

mod answer;
mod arguments;
pub mod client;
pub mod conform;
mod failure;
mod limits;
pub mod model;
mod names;
mod optimized;
mod protocol;
mod sign;

pub use client::{Call, Credentials, Endpoint, Fault, Own, Services, Settings, Style};
pub use model::is_action;
