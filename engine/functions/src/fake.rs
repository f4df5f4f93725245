//! A scripted stand-in for functions, for tests of what calls them. No network, no clock.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use asl::{Json, Payload, StateError};
use http::HeaderMap;
use tokio::sync::Semaphore;

use crate::failure;
use crate::invoker::{Answer, Call, Invocation, InvocationType, Invoker, Outcome};
use crate::name::Account;

/// Functions that do what a test wrote down. Cloning shares the script and the record.
#[derive(Clone, Default)]
pub struct Fake(Arc<Inner>);

#[derive(Default)]
struct Inner {
    scripts: Mutex<HashMap<String, VecDeque<Reply>>>,
    calls: Mutex<Vec<Call>>,
    gates: Mutex<HashMap<String, Arc<Semaphore>>>,
    asleep: AtomicUsize,
}

/// Counts a call for as long as it does not answer.
struct Asleep<'a>(&'a AtomicUsize);

impl<'a> Asleep<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Asleep<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What one call gets.
#[derive(Clone)]
pub enum Reply {
    /// This value.
    Value(Json),
    /// The event itself.
    Echo,
    Error(StateError),
    /// What the closure makes of the call.
    Computed(Arc<Compute>),
    /// Nothing, until the test drops the call or its time runs out.
    Never,
}

/// A function as a test writes it.
pub type Compute = dyn Fn(&Call) -> Result<Json, StateError> + Send + Sync;

impl Fake {
    pub fn new() -> Self {
        Self::default()
    }

    /// The replies of a function, in turn. The last one is given again and again.
    #[must_use]
    pub fn function(self, name: &str, replies: impl IntoIterator<Item = Reply>) -> Self {
        lock(&self.0.scripts).insert(name.to_owned(), replies.into_iter().collect());
        self
    }

    /// Makes calls of the function wait until [`Fake::release`] lets them go on.
    #[must_use]
    pub fn held(self, name: &str) -> Self {
        lock(&self.0.gates).insert(name.to_owned(), Arc::new(Semaphore::new(0)));
        self
    }

    /// Lets `count` calls of a held function go on, those to come included.
    pub fn release(&self, name: &str, count: usize) {
        if let Some(gate) = lock(&self.0.gates).get(name) {
            gate.add_permits(count);
        }
    }

    /// Every call so far, in the order in which they came.
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.0.calls).clone()
    }

    /// How many calls are under way that never answer.
    pub fn asleep(&self) -> usize {
        self.0.asleep.load(Ordering::Relaxed)
    }

    async fn call(&self, call: Call) -> Outcome {
        let name = call.function.name.to_string();
        lock(&self.0.calls).push(call.clone());
        let gate = lock(&self.0.gates).get(&name).cloned();
        if let Some(gate) = gate
            && let Ok(permit) = gate.acquire_owned().await
        {
            permit.forget();
        }
        let reply = {
            let mut scripts = lock(&self.0.scripts);
            match scripts.get_mut(&name) {
                Some(replies) if replies.len() > 1 => replies.pop_front(),
                Some(replies) => replies.front().cloned(),
                None => None,
            }
        };
        let value = match reply {
            None => {
                let account = Account {
                    region: Arc::from("us-east-1"),
                    id: Arc::from("000000000000"),
                };
                let arn = call.function.qualified_arn(&account);
                return Err(failure::not_found(&arn, call.token.as_str()));
            }
            Some(Reply::Value(value)) => Payload::from(value),
            Some(Reply::Echo) => call.payload.clone(),
            Some(Reply::Error(error)) => return Err(error),
            Some(Reply::Computed(compute)) => Payload::from(compute(&call)?),
            Some(Reply::Never) => {
                let _asleep = Asleep::new(&self.0.asleep);
                std::future::pending().await
            }
        };
        let status = match call.invocation_type {
            InvocationType::RequestResponse => 200,
            InvocationType::Event => 202,
            InvocationType::DryRun => 204,
        };
        Ok(Answer {
            payload: value,
            executed_version: Arc::from("$LATEST"),
            status,
            request_id: call.token.shared(),
            headers: HeaderMap::new(),
        })
    }
}

impl Invoker for Fake {
    fn invoke(&self, call: Call) -> Invocation<'_> {
        Box::pin(self.call(call))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invoker::IdempotencyToken;
    use crate::name::FunctionName;

    fn call(name: &str) -> Call {
        Call {
            function: FunctionName::parse(name).unwrap(),
            payload: Payload::parse(r#"{"n":1}"#).unwrap(),
            invocation_type: InvocationType::default(),
            client_context: None,
            token: IdempotencyToken::new("t").unwrap(),
            execution_arn: Arc::from("arn"),
            state_name: Arc::from("State"),
            time_left: None,
            trace_parent: None,
        }
    }

    #[tokio::test]
    async fn replies_come_in_turn_and_the_last_one_stays() {
        let fake = Fake::new().function(
            "f",
            [
                Reply::Error(StateError::named("Busy")),
                Reply::Value(Json::from(true)),
                Reply::Echo,
            ],
        );
        assert_eq!(
            fake.invoke(call("f")).await.unwrap_err(),
            StateError::named("Busy")
        );
        assert_eq!(fake.invoke(call("f")).await.unwrap().payload.text(), "true");
        for _ in 0..2 {
            assert_eq!(
                fake.invoke(call("f")).await.unwrap().payload.text(),
                r#"{"n":1}"#
            );
        }
        assert_eq!(fake.calls().len(), 4);
    }

    #[tokio::test]
    async fn an_unknown_function_is_not_found() {
        let error = Fake::new().invoke(call("gone")).await.unwrap_err();
        assert_eq!(
            error.error.as_deref(),
            Some("Lambda.ResourceNotFoundException")
        );
    }

    #[tokio::test]
    async fn a_held_function_waits_for_its_release() {
        let fake = Fake::new().function("f", [Reply::Echo]).held("f");
        let other = fake.clone();
        let (outcome, ()) = tokio::join!(fake.invoke(call("f")), async {
            assert_eq!(other.calls().len(), 1);
            other.release("f", 1);
        });
        assert!(outcome.is_ok());
    }
}
