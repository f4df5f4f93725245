//! TestState: one state evaluated by itself, with the call of its task made for real where no mock stands
//! in for it. Nothing is written.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use asl::{
    Definition, Json, Payload, StateError, Timestamp,
    diagnose::{self, MachineType},
    error::names,
    machine::{
        Identity, Invocation,
        history::Callee,
        test_state::{
            self, Begun, Configuration, Mock, Pending, ReaderData, Report, Subject, Test, Unfit,
        },
    },
    query::{Random, Variables},
};
use functions::{HttpCall, Seen};
use store::ids::{ExecutionId, ShardId};
use uuid::Uuid;

use crate::{
    Fault, catalog::Revision, dispatch::Reply, engine::Engine, facts::Facts,
    limits::TEST_STATE_FOR, logs::Logging, node::Node, random::SystemRandom,
};

/// A state to test and what to test it with.
#[derive(Debug)]
pub struct TestRequest {
    pub subject: Subject,
    pub input: Payload,
    pub variables: Variables,
    pub context: Option<Json>,
    pub mock: Option<Mock>,
    pub configuration: Configuration,
    pub role_arn: Option<String>,
}

/// What an `ItemReader` read, for [`Configuration`]: the text of its file.
pub fn reader_data(text: &str) -> ReaderData {
    ReaderData {
        text: Arc::from(text),
        read: crate::map_run::source::items_of_text,
    }
}

/// What came of a test.
#[derive(Debug)]
pub struct Tested {
    pub report: Report,
    pub http: Option<HttpTested>,
}

/// The call of an HTTP task.
#[derive(Debug)]
pub struct HttpTested {
    pub parameters: Payload,
    pub result: Option<Payload>,
    /// What travelled, with the secrets of the connection in it.
    pub seen: Seen,
}

/// Why a state was not tested.
#[derive(Debug)]
pub enum TestError {
    Unfit(Unfit),
    Fault(Fault),
}

/// What does not change while a state is tested.
struct Bench {
    request: TestRequest,
    identity: Arc<Identity>,
    now: Timestamp,
    limits: asl::machine::Limits,
}

impl Bench {
    fn test(&self) -> Test<'_> {
        Test {
            subject: &self.request.subject,
            input: self.request.input.clone(),
            variables: self.request.variables.clone(),
            context: self.request.context.clone(),
            mock: self.request.mock.clone(),
            configuration: self.request.configuration.clone(),
            identity: Arc::clone(&self.identity),
            now: self.now,
            limits: &self.limits,
        }
    }
}

impl Engine {
    /// TestState.
    pub async fn test_state(&self, request: TestRequest) -> Result<Tested, TestError> {
        let node = self.node();
        let now = node.clock.now();
        let millis = u64::try_from(now.as_millis()).unwrap_or(0);
        let id = ExecutionId::new(millis, 0, SystemRandom.next_u64());
        let bench = Arc::new(Bench {
            identity: node.test_identity(id, now, request.role_arn.as_deref()),
            now,
            limits: node.settings.limits.clone(),
            request,
        });
        let begun = {
            let bench = Arc::clone(&bench);
            compute(&node, move || {
                test_state::begin(&bench.test(), &mut SystemRandom)
            })
            .await?
        };
        match begun.map_err(TestError::Unfit)? {
            Begun::Ended(report) => Ok(Tested { report, http: None }),
            Begun::Called(pending) => {
                let invocation = pending.invocation.clone();
                let seen = Seen::default();
                let result = node.test_call(id, &bench, &invocation, &seen).await?;
                let http = is_http(&invocation).then(|| HttpTested {
                    parameters: invocation.arguments.clone(),
                    result: result.as_ref().ok().cloned(),
                    seen,
                });
                let report = compute(&node, move || end(&bench, *pending, result)).await?;
                Ok(Tested { report, http })
            }
        }
    }
}

fn end(bench: &Bench, pending: Pending, result: Result<Payload, StateError>) -> Report {
    test_state::end(&bench.test(), pending, result, &mut SystemRandom)
}

fn is_http(invocation: &Invocation) -> bool {
    matches!(&*invocation.callee, Callee::Service { resource_type, .. } if &**resource_type == "http")
}

/// Expressions are evaluated apart from the threads that serve requests.
async fn compute<T: Send + 'static>(
    node: &Node,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, TestError> {
    let done = node.tracker.spawn_blocking(work).await;
    done.map_err(|error| TestError::Fault(Fault::new(format!("testing a state: {error}"))))
}

impl Node {
    /// Makes the task's call, for at most the time that a test may take.
    async fn test_call(
        self: &Arc<Self>,
        id: ExecutionId,
        bench: &Bench,
        invocation: &Invocation,
        seen: &Seen,
    ) -> Result<Result<Payload, StateError>, TestError> {
        let facts = Facts {
            id,
            shard: ShardId(0),
            identity: Arc::clone(&bench.identity),
            revision: no_revision(&bench.identity).map_err(TestError::Fault)?,
            version: None,
            alias: None,
            input: bench.request.input.clone(),
            parent: None,
            trace_header: None,
            redriven: None,
        };
        let left = invocation.timeout_at.map(|until| {
            let micros = until.as_micros() - self.clock.now().as_micros();
            Duration::from_micros(u64::try_from(micros).unwrap_or(0))
        });
        let patience = left.map_or(TEST_STATE_FOR, |left| left.min(TEST_STATE_FOR));
        let called = async {
            let Ok(_place) = self.calls.acquire().await else {
                return Err(StateError::named(names::TIMEOUT));
            };
            if !is_http(invocation) {
                return self.call(&facts, invocation).await;
            }
            let call = HttpCall {
                parameters: invocation.arguments.json().clone(),
                time_left: left,
            };
            let output = self.settings.http.invoke_seen(call, Some(seen)).await;
            let output = output.map_err(|error| invocation.framed(error))?;
            Ok(Reply::Result(Payload::from(output)))
        };
        Ok(match tokio::time::timeout(patience, called).await {
            Ok(Ok(Reply::Result(output) | Reply::Submitted(output))) => Ok(output),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(StateError::named(names::TIMEOUT)),
        })
    }

    fn test_identity(
        &self,
        id: ExecutionId,
        now: Timestamp,
        role_arn: Option<&str>,
    ) -> Arc<Identity> {
        const MACHINE: &str = "TestState";
        let names = &self.settings.names;
        let name = id.to_string();
        Arc::new(Identity {
            id: *id.0.as_bytes(),
            arn: Arc::from(names.execution(MACHINE, &name)),
            name: Arc::from(name),
            machine_arn: Arc::from(names.machine(MACHINE)),
            machine_name: Arc::from(MACHINE),
            role_arn: Arc::from(role_arn.unwrap_or_default()),
            started_at: now,
        })
    }
}

/// A call belongs to an execution of a revision; that of a tested state is of none.
fn no_revision(identity: &Identity) -> Result<Arc<Revision>, Fault> {
    static NOTHING: OnceLock<Option<Arc<Definition>>> = OnceLock::new();
    let nothing = NOTHING.get_or_init(|| {
        let text = r#"{"StartAt":"S","States":{"S":{"Type":"Succeed"}}}"#;
        diagnose::parse(text, MachineType::Standard).0.map(Arc::new)
    });
    let definition = nothing.as_ref();
    let definition = definition.ok_or_else(|| Fault::new("a machine of one state is refused"))?;
    Ok(Arc::new(Revision {
        id: Uuid::nil(),
        machine_id: Uuid::nil(),
        machine_name: Arc::clone(&identity.machine_name),
        machine_arn: Arc::clone(&identity.machine_arn),
        machine_type: MachineType::Standard,
        role_arn: Arc::clone(&identity.role_arn),
        number: 1,
        definition: Arc::clone(definition),
        logging: Logging::default(),
    }))
}
