//! The engine of this server, made from its settings: what it calls, within which bounds, as which node.

use std::sync::Arc;

use functions::egress::{Entry, Policy, Resolver, SystemResolver};
use functions::{Account, Client, HttpInvoker, HttpTasks};
use objects::{Credentials, Endpoint, Objects};
use runtime::mocks::Mocks;
use runtime::{Engine, Names, NodeId};
use store::db::Db;
use supervisor::{LocalInvoker, Supervisor};

use super::broken;
use crate::cli::exit::{Exit, Failure};
use crate::live::Registrar;
use crate::settings::{Limits, Settings};

pub(super) async fn open(
    settings: &Settings,
    db: &Db,
    registrar: &Registrar,
    account: Account,
    supervisor: Arc<Supervisor>,
    node: NodeId,
) -> Result<Engine, Failure> {
    let resolver: Arc<dyn Resolver> = Arc::new(SystemResolver);
    let client = |policy: Policy, allowed: &[Entry]| {
        let policy = policy.allowing(allowed.iter().cloned());
        Client::new(policy, &resolver).map_err(|error| broken(&error))
    };
    let functions = client(Policy::for_functions(), &settings.egress.allow_functions)?;
    let tasks = client(Policy::for_http_tasks(), &settings.egress.allow)?;
    let names = Names {
        account: account.id.to_string(),
        region: account.region.to_string(),
    };
    let endpoints = HttpInvoker::new(functions, Arc::clone(registrar.copies()), account.clone());
    let invoker = LocalInvoker::new(supervisor, account, Arc::new(endpoints));
    let http = HttpTasks::new(tasks, Arc::clone(registrar.copies()));
    let mut engine = runtime::Settings::new(names, Arc::new(invoker), http, node)
        .map_err(|error| broken(&error))?;
    engine.services = Arc::new(services(settings)?);
    engine.limits = limits(&settings.limits);
    engine.open_executions_max = settings.limits.open_executions_max;
    engine.activity_pollers_max = settings.limits.activity_pollers_max;
    engine.redrivable_days = settings.limits.redrivable_days;
    engine.retention_days = settings.limits.retention_days;
    engine.objects = objects(settings)?;
    engine.mocks = mocks(settings)?;
    engine.address = settings.listen.to_string();
    Engine::open(db.clone(), engine)
        .await
        .map_err(|error| broken(&error))
}

/// What service integrations call, and who signs for it.
fn services(settings: &Settings) -> Result<services::Services, Failure> {
    let endpoints = settings.services.endpoints();
    let region = settings.aws.region.as_ref().unwrap_or(&settings.region);
    let calls = services::Settings {
        endpoints: endpoints.map_err(|problem| broken(&std::io::Error::other(problem)))?,
        region: region.to_string(),
        credentials: settings.aws.credentials(),
    };
    services::Services::new(calls).map_err(|error| broken(&error))
}

/// The buckets that distributed Maps read from and write to.
fn objects(settings: &Settings) -> Result<Objects, Failure> {
    let given = &settings.objects;
    let Some(url) = &given.endpoint else {
        let folder = given.folder.clone();
        return Ok(Objects::folder(
            folder.unwrap_or_else(|| settings.data.join("buckets")),
        ));
    };
    let secret = given.secret_access_key.as_ref();
    let credentials = given.access_key_id.as_ref().zip(secret);
    let region = given.region.clone();
    let endpoint = Endpoint {
        url: url.clone(),
        region: region.unwrap_or_else(|| settings.region.to_string()),
        credentials: credentials.map(|(id, secret)| Credentials {
            access_key_id: id.clone(),
            secret_access_key: secret.reveal().clone(),
            session_token: given
                .session_token
                .as_ref()
                .map(|token| token.reveal().clone()),
        }),
    };
    Objects::s3(endpoint).map_err(|error| broken(&error))
}

/// What the file of mocked integrations says, where there is one.
fn mocks(settings: &Settings) -> Result<Option<Arc<Mocks>>, Failure> {
    /// Larger than anybody writes by hand.
    const BYTES_MAX: u64 = 16 << 20;
    let Some(path) = &settings.mock_config else {
        return Ok(None);
    };
    let refused = |problem: String| {
        let shown = path.display();
        Failure::new(
            Exit::Invalid,
            format!("the mock configuration {shown} (SFN_MOCK_CONFIG) is not valid: {problem}"),
        )
    };
    let size = std::fs::metadata(path).map_err(|error| refused(error.to_string()))?;
    if size.len() > BYTES_MAX {
        let size = size.len();
        return Err(refused(format!(
            "it has {size} bytes, and at most {BYTES_MAX} are read"
        )));
    }
    let text = std::fs::read_to_string(path).map_err(|error| refused(error.to_string()))?;
    match Mocks::parse(&text) {
        Ok(mocks) => Ok(Some(Arc::new(mocks))),
        Err(problems) => Err(refused(format!("\n  {}", problems.join("\n  ")))),
    }
}

/// The bounds of one execution, in the core's words.
fn limits(settings: &Limits) -> asl::machine::Limits {
    asl::machine::Limits {
        payload_bytes_max: usize::try_from(settings.payload_bytes_max).unwrap_or(usize::MAX),
        variables_bytes_max: usize::try_from(settings.variables_bytes_max).unwrap_or(usize::MAX),
        events_max: settings.history_events_max,
        execution_seconds_max: settings.execution_seconds_max,
        concurrency_max: settings.inline_map_concurrency_max,
        ..asl::machine::Limits::default()
    }
}
