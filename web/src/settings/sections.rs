//! The sections of the settings file: groups of values that belong together and rarely change.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use functions::egress::Entry;
use serde::Deserialize;

use super::Region;
use crate::hidden::Hidden;

/// `[log]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    pub format: LogFormat,
    /// What is logged: `info`, or by part as in `info,store=debug`.
    pub level: String,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            format: LogFormat::Auto,
            // The database library repeats every notice of the server.
            level: "info,sqlx=warn".to_owned(),
        }
    }
}

/// How log lines are written, to standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people where standard error is a terminal, else JSON.
    #[default]
    Auto,
    /// Short lines for people.
    Human,
    /// One JSON object a line.
    Json,
}

/// `[access]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Access {
    /// How long a sign-in lasts.
    pub session_hours: u32,
    /// How often a wrong key may be tried from one address in a minute.
    pub sign_in_failures_max: u32,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            session_hours: 12,
            sign_in_failures_max: 10,
        }
    }
}

impl Access {
    pub(super) fn check(&self) -> Result<(), String> {
        within(
            "access.session_hours",
            self.session_hours.into(),
            1,
            24 * 90,
        )?;
        within(
            "access.sign_in_failures_max",
            self.sign_in_failures_max.into(),
            1,
            1000,
        )
    }
}

/// `[functions]`: functions whose code this server runs.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Functions {
    /// The level of isolation. Absent: the strongest one that holds on this machine; `process`, which holds
    /// little, is used only where it is named here.
    pub isolation: Option<supervisor::Level>,
    /// Invocations at once on this node.
    pub concurrency_max: u64,
    /// How long an instance without work is kept.
    pub idle_seconds_max: u64,
    /// A folder that holds Lambda's runtime clients, one folder for each runtime. Absent: the one that
    /// `make runtimes` fills.
    pub clients: Option<PathBuf>,
}

impl Default for Functions {
    fn default() -> Self {
        Self {
            isolation: None,
            concurrency_max: 1_000,
            idle_seconds_max: 300,
            clients: None,
        }
    }
}

impl Functions {
    pub(super) fn check(&self) -> Result<(), String> {
        within(
            "functions.concurrency_max",
            self.concurrency_max,
            1,
            100_000,
        )?;
        within(
            "functions.idle_seconds_max",
            self.idle_seconds_max,
            1,
            86_400,
        )
    }
}

/// `[limits]`: AWS's quotas as its defaults, each of which may be lifted.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// The largest request that is read. AWS allows 1 MiB of definition, which JSON text in JSON doubles.
    pub request_bytes_max: u64,
    pub definition_bytes_max: u64,
    /// Input, output and result of a state, in bytes of UTF-8.
    pub payload_bytes_max: u64,
    /// All variables of one execution together. A state assigns no more than a payload's bytes.
    pub variables_bytes_max: u64,
    /// Events that one execution may record before it fails.
    pub history_events_max: u64,
    /// Standard executions open at once.
    pub open_executions_max: u64,
    pub execution_seconds_max: u64,
    /// Days that a closed execution stays readable.
    pub retention_days: u64,
    /// Days in which a closed execution can be redriven.
    pub redrivable_days: u64,
    pub state_machines_max: u64,
    pub activities_max: u64,
    /// Calls of GetActivityTask that wait on one activity at once.
    pub activity_pollers_max: u64,
    /// Tags on one resource.
    pub tags_max: u64,
    /// Iterations of one inline Map that run at once where its own MaxConcurrency says nothing lower.
    pub inline_map_concurrency_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_bytes_max: 4 << 20,
            definition_bytes_max: 1 << 20,
            payload_bytes_max: 256 << 10,
            variables_bytes_max: 10 << 20,
            history_events_max: 25_000,
            open_executions_max: 1_000_000,
            execution_seconds_max: 365 * 24 * 3600,
            retention_days: 90,
            redrivable_days: 14,
            state_machines_max: 100_000,
            activities_max: 100_000,
            activity_pollers_max: 1000,
            tags_max: 50,
            inline_map_concurrency_max: 40,
        }
    }
}

impl Limits {
    pub(super) fn check(&self) -> Result<(), String> {
        const YEAR_SECONDS: u64 = 365 * 24 * 3600;
        const MIB: u64 = 1 << 20;
        let bounds = [
            (
                "request_bytes_max",
                self.request_bytes_max,
                65_536,
                64 * MIB,
            ),
            (
                "definition_bytes_max",
                self.definition_bytes_max,
                1024,
                16 * MIB,
            ),
            ("payload_bytes_max", self.payload_bytes_max, 1024, 16 * MIB),
            (
                "variables_bytes_max",
                self.variables_bytes_max,
                1024,
                256 * MIB,
            ),
            (
                "history_events_max",
                self.history_events_max,
                100,
                1_000_000,
            ),
            (
                "open_executions_max",
                self.open_executions_max,
                1,
                1_000_000_000,
            ),
            (
                "execution_seconds_max",
                self.execution_seconds_max,
                60,
                10 * YEAR_SECONDS,
            ),
            ("retention_days", self.retention_days, 1, 3650),
            ("redrivable_days", self.redrivable_days, 1, 3650),
            ("state_machines_max", self.state_machines_max, 1, 10_000_000),
            ("activities_max", self.activities_max, 1, 10_000_000),
            (
                "activity_pollers_max",
                self.activity_pollers_max,
                1,
                100_000,
            ),
            ("tags_max", self.tags_max, 1, 1000),
            (
                "inline_map_concurrency_max",
                self.inline_map_concurrency_max,
                1,
                10_000,
            ),
        ];
        bounds.into_iter().try_for_each(|(name, value, low, high)| {
            within(&format!("limits.{name}"), value, low, high)
        })
    }
}

/// `[egress]`: where calls may go. Private, loopback, link-local and other special addresses are
/// refused, but that registered functions may be on this machine. An entry is a network
/// (`10.1.0.0/16`), an address, a host name (`functions.internal`) or a domain (`*.internal`).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Egress {
    /// What HTTP tasks may call all the same, and without TLS.
    pub allow: Vec<Entry>,
    /// What registered functions may be called at all the same.
    pub allow_functions: Vec<Entry>,
}

/// `[services]`: where the services are that tasks call. A key is a service's name after `aws-sdk:`
/// (`dynamodb`, `sqs`, `eventbridge`, `s3`), its value an address, or `aws` for AWS itself.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Services(BTreeMap<String, String>);

impl Services {
    pub(super) fn check(&self) -> Result<(), String> {
        self.endpoints().map(|_| ())
    }

    /// The endpoints, by the service's name.
    pub fn endpoints(&self) -> Result<HashMap<String, services::Endpoint>, String> {
        let endpoints = self.0.iter().map(|(name, value)| {
            if services::model::service(name).is_none() {
                return Err(format!(
                    "the setting services.{name} is of no service: a name after `aws-sdk:` is allowed, as dynamodb"
                ));
            }
            let refused = || {
                format!(
                    "the setting services.{name} is `{value}`; allowed is an address as http://HOST:PORT, or `aws`"
                )
            };
            if value == "aws" {
                return Ok((name.clone(), services::Endpoint::Aws));
            }
            let url = reqwest::Url::parse(value).map_err(|_| refused())?;
            let is_address = matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none();
            if !is_address {
                return Err(refused());
            }
            Ok((name.clone(), services::Endpoint::Url(url)))
        });
        endpoints.collect()
    }
}

/// `[aws]`: who signs calls of services, and for which region. Without a key they go out unsigned.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Aws {
    /// Absent: the server's own.
    pub region: Option<Region>,
    pub access_key_id: Option<String>,
    pub secret_access_key: Option<Hidden<String>>,
    pub session_token: Option<Hidden<String>>,
}

impl Aws {
    pub(super) fn check(&self) -> Result<(), String> {
        let (key, secret) = (
            self.access_key_id.is_some(),
            self.secret_access_key.is_some(),
        );
        if key != secret {
            return Err(
                "the settings aws.access_key_id and aws.secret_access_key go together: one is missing"
                    .to_owned(),
            );
        }
        let secrets = [&self.secret_access_key, &self.session_token];
        let texts = secrets.into_iter().flatten().map(Hidden::reveal);
        let mut texts = texts.chain(&self.access_key_id);
        if texts.all(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())) {
            return Ok(());
        }
        Err("the keys in the section [aws] may hold visible ASCII characters only".to_owned())
    }

    /// The key, where there is one.
    pub fn credentials(&self) -> Option<services::Credentials> {
        Some(services::Credentials {
            key_id: self.access_key_id.clone()?,
            secret: self.secret_access_key.as_ref()?.reveal().clone(),
            session_token: self
                .session_token
                .as_ref()
                .map(|token| token.reveal().clone()),
        })
    }
}

/// `[objects]`: where the buckets are that distributed Maps read from and write to. Without an endpoint
/// they are the folders in `buckets` of the data folder.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Objects {
    /// A folder whose folders are the buckets, instead of that in the data folder.
    pub folder: Option<PathBuf>,
    /// An S3-compatible endpoint instead: `http://127.0.0.1:9000`.
    pub endpoint: Option<String>,
    /// The region that requests are signed for; the server's own where it is absent.
    pub region: Option<String>,
    pub access_key_id: Option<String>,
    pub secret_access_key: Option<Hidden<String>>,
    pub session_token: Option<Hidden<String>>,
}

impl Objects {
    pub(super) fn check(&self) -> Result<(), String> {
        if self.folder.is_some() && self.endpoint.is_some() {
            return Err("objects.folder and objects.endpoint exclude each other".to_owned());
        }
        if self.access_key_id.is_some() != self.secret_access_key.is_some() {
            return Err(
                "objects.access_key_id and objects.secret_access_key belong together".to_owned(),
            );
        }
        Ok(())
    }
}

pub(super) fn within(name: &str, value: u64, low: u64, high: u64) -> Result<(), String> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(format!(
        "the setting {name} is {value}; allowed is {low} to {high}"
    ))
}
