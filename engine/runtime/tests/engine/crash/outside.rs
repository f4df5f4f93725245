//! The outside of the executions that are cut: functions, a person with a token, activity workers.
//!
//! A function answers by what it is given and by its attempt, never by how often it was called, so
//! that a call which is repeated after a crash answers as it did.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use asl::{Json, Payload, StateError};
use functions::{
    Call,
    fake::{Fake, Reply},
};
use runtime::Engine;

use crate::world::value;

/// The samples by name, each with inputs that lead through it in different ways.
pub(crate) const SAMPLES_INPUTS: &[(&str, &str)] = &[
    ("approval", r#"{"what":"a kettle","amount":80}"#),
    ("approval", r#"{"what":"a car","amount":900}"#),
    ("approval", r#"{"what":"a house","amount":5000}"#),
    (
        "fan-out",
        r#"{"currency":"EUR","items":["tea","milk","lemon"]}"#,
    ),
    (
        "fan-out",
        r#"{"currency":"EUR","items":["a","b","c","d","e","f","g","h","i",4]}"#,
    ),
    (
        "invoice",
        r#"{"customer":"ada","currency":"EUR","lines":[{"item":"tea","quantity":2},{"item":"milk","quantity":12.50}]}"#,
    ),
    (
        "invoice",
        r#"{"customer":"ada","currency":"EUR","lines":[{"item":"tea","quantity":1},{"item":7,"quantity":1}]}"#,
    ),
    (
        "nested",
        r#"{"orders":[{"order":7,"customer":"ada","amount":120,"items":[]},{"order":8,"customer":"bob","amount":5000,"items":[]}]}"#,
    ),
    (
        "order",
        r#"{"order":7,"customer":"ada","amount":120,"items":[]}"#,
    ),
    (
        "order",
        r#"{"order":7,"customer":"ada","amount":5000,"items":[]}"#,
    ),
    (
        "order",
        r#"{"order":7,"customer":"ada","amount":0,"items":[]}"#,
    ),
    (
        "order",
        r#"{"order":7,"customer":"ada","amount":120,"items":[{"sku":"tea","quantity":1000}]}"#,
    ),
    ("quote", r#"{"item":"tea","currency":"EUR","budget":3}"#),
    ("quote", r#"{"item":"tea","currency":"EUR","budget":2}"#),
];

pub(crate) struct Outside {
    pub(crate) fake: Fake,
    pub(crate) activities: Vec<String>,
    /// Tokens that were handed out, with what whoever has them will say.
    tokens: Arc<Mutex<Vec<(String, bool)>>>,
}

impl Default for Outside {
    fn default() -> Self {
        let tokens: Arc<Mutex<Vec<(String, bool)>>> = Arc::default();
        let handed_out = Arc::clone(&tokens);
        let ask = computed(move |call| {
            let event = call.payload.json();
            let amount = amount(event.get("request").unwrap());
            let token = event.get("token").and_then(Json::as_str).unwrap();
            // For more than this nobody answers.
            if amount < 1000.0 {
                let mut tokens = handed_out.lock().unwrap_or_else(PoisonError::into_inner);
                tokens.push((token.to_owned(), amount < 500.0));
            }
            Ok(Json::members([("asked", Json::Bool(true))]))
        });
        let fake = Fake::new()
            .function("echo", [Reply::Echo])
            .function(
                "flaky",
                [computed(|call| busy_when(attempt(call) == 5, "Busy"))],
            )
            .function("sample-ask-approval", [ask])
            .function("sample-charge-card", [computed(charge_card)])
            .function("sample-check-stock", [computed(check_stock)])
            .function("sample-notify", [value(r#"{"told":"ada"}"#)])
            .function("sample-price", [computed(price)])
            .function("sample-refund", [value(r#"{"refunded":120}"#)])
            .function("sample-release-stock", [value(r#"{"released":[]}"#)])
            .function("sample-ship", [value(r#"{"parcel":"P-7"}"#)]);
        Self {
            fake,
            activities: Vec::new(),
            tokens,
        }
    }
}

impl Outside {
    /// Does what people and workers do while nothing else moves; false where there was nothing.
    pub(crate) async fn act(&self, engine: &Engine) -> bool {
        let tokens = {
            let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *tokens)
        };
        let mut has_acted = !tokens.is_empty();
        for (token, is_approved) in tokens {
            let decision = Json::members([("approved", Json::Bool(is_approved))]);
            // After a crash a token may be used that was used before it: then it is refused.
            engine
                .end_task(&token, Ok(Payload::from(decision)))
                .await
                .unwrap();
        }
        for activity in &self.activities {
            while let Some(task) = take(engine, activity).await {
                has_acted = true;
                let output = Payload::parse(&task.input).unwrap();
                engine.end_task(&task.token, Ok(output)).await.unwrap();
            }
        }
        has_acted
    }
}

async fn take(engine: &Engine, activity: &str) -> Option<runtime::ActivityTask> {
    let task = engine.activity_task(activity, Some("worker"), Duration::ZERO);
    task.await.unwrap()
}

fn computed(compute: impl Fn(&Call) -> Result<Json, StateError> + Send + Sync + 'static) -> Reply {
    Reply::Computed(Arc::new(compute))
}

/// The number of the attempt's event, which its token ends with.
fn attempt(call: &Call) -> u64 {
    let number = call.token.as_str().rsplit('-').next();
    number.and_then(|number| number.parse().ok()).unwrap()
}

fn busy_when(is_busy: bool, error: &str) -> Result<Json, StateError> {
    if is_busy {
        return Err(StateError::new(error, "try again"));
    }
    Ok(Json::from(1_i64))
}

/// As the samples' own function: every other attempt finds the bank away.
fn charge_card(call: &Call) -> Result<Json, StateError> {
    if amount(call.payload.json()) > 1000.0 {
        return Err(StateError::new(
            "CardDeclined",
            "The card is not good for it.",
        ));
    }
    busy_when(attempt(call).is_multiple_of(2), "PaymentUnavailable")?;
    Ok(Json::members([("payment", Json::string("PAY-7"))]))
}

fn check_stock(call: &Call) -> Result<Json, StateError> {
    let items = call.payload.json().get("items").and_then(Json::as_array);
    if items.is_some_and(|items| !items.is_empty()) {
        return Err(StateError::new("OutOfStock", "There is not enough."));
    }
    Ok(Json::members([("reserved", Json::from(0_i64))]))
}

fn price(call: &Call) -> Result<Json, StateError> {
    match call.payload.json().get("item").and_then(Json::as_str) {
        Some(item) => Ok(Json::members([("price", Json::from(item.len() as u64))])),
        None => Err(StateError::new("UnknownItem", "That is no item.")),
    }
}

fn amount(event: &Json) -> f64 {
    let amount = event.get("amount").and_then(Json::as_number);
    amount.map_or(0.0, asl::json::Number::as_f64)
}
