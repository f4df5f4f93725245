//! What a Task state calls.

use std::sync::Arc;

/// A parsed `Resource`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resource {
    /// `arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]`
    Lambda { arn: Arc<str> },
    /// `arn:aws:states:REGION:ACCOUNT:activity:NAME`
    Activity { arn: Arc<str> },
    /// `arn:aws:states:::SERVICE:ACTION[.sync|.sync:2|.waitForTaskToken]`, where the service may be
    /// `aws-sdk:NAME`.
    Service {
        service: Arc<str>,
        action: Arc<str>,
        pattern: Pattern,
    },
}

/// When an integration counts as done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// When the service has answered.
    RequestResponse,
    /// `.sync`: when the job that it started has ended.
    Sync,
    /// `.sync:2`: as `.sync`, with the job's output as JSON instead of text.
    Sync2,
    /// `.waitForTaskToken`: when somebody sends the token back.
    TaskToken,
}

impl Pattern {
    /// The suffix as it is written in a `Resource` and shown in history.
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::RequestResponse => "",
            Self::Sync => ".sync",
            Self::Sync2 => ".sync:2",
            Self::TaskToken => ".waitForTaskToken",
        }
    }
}
