//! One invocation from its beginning to its record.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use launcher::{Ended, Level};
use tokio::time::Instant;

use super::{Done, Invocation, Refused, Supervisor, unique};
use crate::function::Runtime;
use crate::instance::{Event, Happened, Instance, LaunchFault, Told};
use crate::interpreters::Interpreters;
use crate::pool::{Decision, InstanceId, Key};
use crate::report::{self, Report};
use crate::source::Record;
use crate::{age, limits, outcome};

/// How the function's part ended.
enum End {
    Result(Bytes),
    /// It reported an error itself, and may go on working.
    Error(Bytes),
    TooLarge,
    TimedOut,
    Exited(Ended),
    /// There is no program in the package that can be run.
    NoProgram,
    /// A layer of its isolation did not hold: nothing of the function has run.
    NotStarted(String),
    /// It never came to its first event.
    NotReady(Bytes),
    Stopped,
}

pub(super) async fn run(of: &Arc<Supervisor>, invocation: Invocation) -> Result<Done, Refused> {
    if invocation.payload.len() > limits::EVENT_BYTES_MAX {
        return Err(Refused::TooLarge);
    }
    let queued_at_us = (of.clock)().as_micros();
    let mut held = Held::take(of, &invocation)?;
    let asked = age::now();
    let is_cold = held.instance.is_none();
    let mut init = None;
    let mut early = None;
    if held.instance.is_none() {
        held.instance = Some(start(of, &invocation).await?);
        early = held.until_ready(of, &invocation).await?;
        init = Some(age::now() - asked);
    }
    let Some(mut instance) = held.instance.take() else {
        return Err(Refused::Unavailable("there is no instance".to_owned()));
    };
    let function = &invocation.function;
    instance.log().await.line(&report::start_line(
        &invocation.request_id,
        &function.version,
    ));
    let began = age::now();
    let end = match early {
        Some(end) => end,
        None => work(of, &mut instance, &invocation, began).await,
    };
    let duration = age::now() - began;
    let peak_memory_bytes = instance.peak_memory_bytes();
    let (payload, outcome, is_reusable) = told(&invocation, &end);
    let log = instance.log().await;
    match &end {
        End::TimedOut => log.line(&format!(
            "{} {} {}",
            (of.clock)().to_iso(),
            invocation.request_id,
            outcome::timed_out_text(function.timeout)
        )),
        End::Exited(ended) => log.line(&format!(
            "RequestId: {} Error: {}",
            invocation.request_id,
            outcome::how(*ended)
        )),
        End::Result(_)
        | End::Error(_)
        | End::TooLarge
        | End::NoProgram
        | End::NotStarted(_)
        | End::NotReady(_)
        | End::Stopped => {}
    }
    log.line(&report::end_line(&invocation.request_id));
    log.line(
        &Report {
            request_id: &invocation.request_id,
            duration,
            init,
            memory_mb: function.memory_mb,
            peak_memory_bytes,
            status: match &end {
                End::Result(_) => None,
                End::TimedOut => Some("timeout"),
                _ => Some("error"),
            },
        }
        .line(),
    );
    let (log, log_tail) = log.take();
    let level = instance.level;
    of.ledger.write(Record {
        request_id: Arc::clone(&invocation.request_id),
        name: Arc::clone(&function.name),
        version: Arc::clone(&function.version),
        execution_arn: invocation.execution_arn.clone(),
        queued_at_us,
        init,
        duration,
        memory_mb: function.memory_mb,
        peak_memory_bytes,
        event_bytes: bytes_of(&invocation.payload),
        answer_bytes: bytes_of(&payload),
        tries: invocation.tries,
        outcome,
        level,
        log,
    });
    if is_reusable && !of.stopping.is_cancelled() {
        held.give_back(instance);
    } else {
        // Its place is free only when nothing of it is left.
        of.tracker.spawn(async move {
            instance.end(limits::END_TIME_MAX * 2).await;
            drop(held);
        });
    }
    match end {
        End::Stopped => {
            return Err(Refused::Unavailable("the server is stopping".to_owned()));
        }
        End::NotStarted(why) => return Err(not_here(&invocation, level, &why)),
        _ => {}
    }
    Ok(Done {
        payload,
        is_error: outcome != "result",
        version: Arc::clone(&function.version),
        log_tail,
        is_cold,
        level,
    })
}

/// A place in the pool, given up when dropped.
struct Held {
    of: Arc<Supervisor>,
    id: InstanceId,
    instance: Option<Instance>,
}

impl Held {
    fn take(of: &Arc<Supervisor>, invocation: &Invocation) -> Result<Self, Refused> {
        let function = &invocation.function;
        let key = Key {
            name: Arc::clone(&function.name),
            version: Arc::clone(&function.version),
            revision: Arc::clone(&function.revision),
        };
        let mut instances = of.lock();
        loop {
            let held = |id, instance| Self {
                of: Arc::clone(of),
                id,
                instance,
            };
            match instances.pool.take(&key, function.reserved) {
                Decision::Start(id) => return Ok(held(id, None)),
                Decision::Throttled(why) => return Err(Refused::Throttled(why)),
                Decision::Reuse(id) => match instances.idle.remove(&id) {
                    Some(instance) if !instance.has_ended() => {
                        return Ok(held(id, Some(instance)));
                    }
                    _ => instances.pool.remove(id),
                },
            }
        }
    }

    fn give_back(mut self, instance: Instance) {
        let now = age::now() - self.of.began;
        let mut instances = self.of.lock();
        instances.pool.give_back(self.id, now);
        instances.idle.insert(self.id, instance);
        drop(instances);
        // Nothing is left to give up.
        self.id = InstanceId(0);
    }

    /// Lets the instance initialise. An end that comes before the first event is the invocation's; an
    /// init that is too slow is begun again within the invocation's own time.
    async fn until_ready(
        &mut self,
        of: &Arc<Supervisor>,
        invocation: &Invocation,
    ) -> Result<Option<End>, Refused> {
        let Some(instance) = self.instance.as_mut() else {
            return Ok(None);
        };
        let happened = tokio::select! {
            happened = tokio::time::timeout(limits::INIT_TIME_MAX, instance.next()) => happened,
            () = of.stopping.cancelled() => return Ok(Some(End::Stopped)),
        };
        match happened {
            Ok(Happened::Told(Told::Ready)) => Ok(None),
            Ok(Happened::Told(Told::InitFailed(error))) => Ok(Some(End::NotReady(error))),
            Ok(Happened::Told(_)) => Ok(Some(End::Exited(Ended::Code(1)))),
            Ok(Happened::Ended(ended)) => Ok(Some(End::Exited(ended))),
            Ok(Happened::NoProgram) => Ok(Some(End::NoProgram)),
            Ok(Happened::NotStarted(why)) => Ok(Some(End::NotStarted(why))),
            Err(_) => {
                if let Some(slow) = self.instance.take() {
                    slow.end(limits::END_TIME_MAX * 2).await;
                }
                self.instance = Some(start(of, invocation).await?);
                Ok(None)
            }
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.id != InstanceId(0) {
            self.of.lock().pool.remove(self.id);
        }
    }
}

async fn start(of: &Arc<Supervisor>, invocation: &Invocation) -> Result<Instance, Refused> {
    let function = &invocation.function;
    let level = of.level().await?;
    let code = match of.packages.find(&function.code) {
        Some(code) => code,
        None => unpack(of, &function.code).await?,
    };
    let interpreters = match function.runtime {
        // It is in the package.
        Runtime::Provided(_) => Interpreters::default(),
        Runtime::Python { .. } | Runtime::Node { .. } => of.interpreters().await,
    };
    let plan = of.plan(function, level, &code, unique(), &interpreters)?;
    Instance::start(&of.launcher, &plan, &of.tracker)
        .await
        .map_err(|fault| match fault {
            LaunchFault::Refused(why) => not_here(invocation, level, &why),
            other => {
                tracing::error!(function.name = &*function.name, error = %other, "an instance could not be started");
                Refused::Unavailable(other.to_string())
            }
        })
}

/// Nothing falls back to a weaker level.
fn not_here(invocation: &Invocation, level: Level, why: &str) -> Refused {
    let name = &*invocation.function.name;
    tracing::error!(
        function.name = name,
        level = level.name(),
        why,
        "a level of isolation does not hold"
    );
    let level = level.name();
    Refused::NotHere(format!(
        "this node cannot run functions at level '{level}': {why}"
    ))
}

async fn unpack(of: &Arc<Supervisor>, sha256: &[u8; 32]) -> Result<std::path::PathBuf, Refused> {
    let package = of
        .catalog
        .code(sha256)
        .await
        .map_err(|error| Refused::Unavailable(error.to_string()))?
        .ok_or(Refused::NoCode)?;
    let (packages, sha256, number) = (Arc::clone(&of.packages), *sha256, unique());
    let unpacking = tokio::task::spawn_blocking(move || packages.unpack(&sha256, &package, number));
    match unpacking.await {
        Ok(Ok(path)) => Ok(path),
        Ok(Err(error)) => Err(Refused::Unavailable(error.to_string())),
        Err(error) => Err(Refused::Unavailable(error.to_string())),
    }
}

/// Hands the event over and waits for what comes of it, until the function's time is over.
async fn work(
    of: &Supervisor,
    instance: &mut Instance,
    invocation: &Invocation,
    began: Instant,
) -> End {
    let timeout = invocation.function.timeout;
    instance.offer(event(of, invocation, timeout));
    let deadline = tokio::time::sleep_until(began + timeout);
    tokio::pin!(deadline);
    let mut looks = tokio::time::interval(limits::MEMORY_LOOK);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let memory_bytes = u64::from(invocation.function.memory_mb) << 20;
    loop {
        let is_watched = instance.level == Level::Nocgroup;
        let happened = tokio::select! {
            biased;
            happened = instance.next() => happened,
            _ = looks.tick(), if is_watched => {
                if instance.unbounded_memory_bytes().is_some_and(|held| held > memory_bytes) {
                    instance.withdraw();
                    return End::Exited(Ended::Signal(9));
                }
                continue;
            }
            () = &mut deadline => {
                instance.withdraw();
                return End::TimedOut;
            }
            () = of.stopping.cancelled() => return End::Stopped,
        };
        return match happened {
            // One that was started again gets ready within the invocation.
            Happened::Told(Told::Ready) => continue,
            Happened::Told(Told::Result(bytes)) => End::Result(bytes),
            Happened::Told(Told::Error(bytes)) => End::Error(bytes),
            Happened::Told(Told::TooLarge) => End::TooLarge,
            Happened::Told(Told::InitFailed(error)) => End::NotReady(error),
            Happened::Ended(ended) => End::Exited(ended),
            Happened::NoProgram => End::NoProgram,
            Happened::NotStarted(why) => End::NotStarted(why),
        };
    }
}

fn event(of: &Supervisor, invocation: &Invocation, timeout: Duration) -> Event {
    let timeout_us = i64::try_from(timeout.as_micros()).unwrap_or(i64::MAX);
    let deadline = (of.clock)().plus_micros(timeout_us).as_millis();
    let mut headers = HeaderMap::new();
    let mut add = |name: &'static str, text: &str| {
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    add("content-type", "application/json");
    add("lambda-runtime-aws-request-id", &invocation.request_id);
    add("lambda-runtime-deadline-ms", &deadline.to_string());
    add(
        "lambda-runtime-invoked-function-arn",
        &invocation.function.arn,
    );
    if let Some(trace) = &invocation.trace {
        add("lambda-runtime-trace-id", trace);
    }
    if let Some(context) = &invocation.client_context {
        add("lambda-runtime-client-context", &escaped(context));
    }
    Event {
        id: Arc::clone(&invocation.request_id),
        payload: invocation.payload.clone(),
        headers,
    }
}

/// JSON whose text a header can carry: letters beyond ASCII stand as their escapes.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for letter in json.chars() {
        if letter.is_ascii() {
            text.push(letter);
        } else {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                let escape = format!("\\u{unit:04x}");
                text.push_str(&escape);
            }
        }
    }
    text
}

/// The payload, the outcome's name for the record, and whether the instance may work again.
fn told(invocation: &Invocation, end: &End) -> (Bytes, &'static str, bool) {
    let id = &invocation.request_id;
    match end {
        End::Result(bytes) => (bytes.clone(), "result", true),
        End::Error(bytes) => (bytes.clone(), "error", true),
        End::TooLarge => (
            Bytes::from(outcome::too_large(limits::ANSWER_BYTES_MAX)),
            "error",
            true,
        ),
        End::TimedOut => {
            let text = outcome::timed_out(id, invocation.function.timeout);
            (Bytes::from(text), "timeout", false)
        }
        End::NotStarted(_) => (Bytes::new(), "not_started", false),
        End::NoProgram => {
            let text = "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]";
            (
                Bytes::from(outcome::no_entry_point(id, text)),
                "exit",
                false,
            )
        }
        End::Exited(ended) => (Bytes::from(outcome::exited(id, *ended)), "exit", false),
        End::NotReady(error) => (error.clone(), "init_error", false),
        End::Stopped => (Bytes::new(), "stopped", false),
    }
}

fn bytes_of(bytes: &Bytes) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_for_a_header_is_ascii_and_says_the_same() {
        let text = r#"{"a":"ä😀"}"#;
        let sent = escaped(text);
        assert!(sent.is_ascii());
        assert_eq!(
            asl::json::parse(&sent).unwrap(),
            asl::json::parse(text).unwrap()
        );
    }
}
