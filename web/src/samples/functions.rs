//! The functions of the samples: small, and with the failures that the samples show how to handle.

use asl::{Json, Payload};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use runtime::Engine;
use serde_json::{Value, json};

/// What is registered.
pub(super) const NAMES: [&str; 8] = [
    "sample-ask-approval",
    "sample-charge-card",
    "sample-check-stock",
    "sample-notify",
    "sample-price",
    "sample-refund",
    "sample-release-stock",
    "sample-ship",
];

/// Requests up to this amount approve themselves; larger ones wait for somebody with the token.
const APPROVED_AT_ONCE: f64 = 100.0;
/// Cards are good for this much.
const CARD_LIMIT: f64 = 1_000.0;
/// More than this of one thing is never in stock.
const STOCK: f64 = 100.0;

pub(super) fn routes(engine: Engine) -> Router {
    Router::new()
        .route("/{name}", post(call))
        .with_state(engine)
}

/// What a function answers: a result, or an error's type and message.
type Answer = Result<Value, (&'static str, String)>;

async fn call(
    State(engine): State<Engine>,
    Path(name): Path<String>,
    headers: HeaderMap,
    event: String,
) -> Response {
    let Ok(event) = serde_json::from_str::<Value>(&event) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let token = headers
        .get("idempotency-key")
        .and_then(|value| value.to_str().ok());
    let answer = match name.as_str() {
        "sample-check-stock" => check_stock(&event),
        "sample-charge-card" => charge_card(&event, token.unwrap_or_default()),
        "sample-ship" => Ok(json!({ "parcel": format!("P-{}", event["order"]) })),
        "sample-notify" => Ok(json!({ "told": event["to"] })),
        "sample-refund" => Ok(json!({ "refunded": event["amount"] })),
        "sample-release-stock" => Ok(json!({ "released": event["items"] })),
        "sample-price" => price(&event),
        "sample-ask-approval" => ask_approval(&engine, &event).await,
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    match answer {
        Ok(result) => axum::Json(result).into_response(),
        // As a function on Lambda fails: the error's type, and the payload with what happened.
        Err((kind, message)) => {
            let body = axum::Json(json!({ "errorMessage": message, "errorType": kind }));
            ([("x-amz-function-error", "Unhandled")], body).into_response()
        }
    }
}

fn check_stock(event: &Value) -> Answer {
    let items = event["items"].as_array().map_or(&[][..], Vec::as_slice);
    let missing = items
        .iter()
        .find(|item| item["quantity"].as_f64() > Some(STOCK));
    match missing {
        Some(item) => Err((
            "OutOfStock",
            format!("There is not enough {} in stock.", item["sku"]),
        )),
        None => Ok(json!({ "reserved": items.len() })),
    }
}

/// The bank is away at every other attempt, so that the retrier has something to do. Attempts are
/// numbered by their event, and a retry's number is three higher.
fn charge_card(event: &Value, token: &str) -> Answer {
    let attempt = token
        .rsplit('-')
        .next()
        .and_then(|number| number.parse::<u64>().ok());
    let is_away = attempt.is_some_and(|number| number % 2 == 0);
    if is_away {
        return Err(("PaymentUnavailable", "The bank does not answer.".to_owned()));
    }
    let amount = event["amount"].as_f64().unwrap_or(0.0);
    if amount > CARD_LIMIT {
        return Err((
            "CardDeclined",
            format!("The card is not good for {amount}."),
        ));
    }
    Ok(json!({ "payment": format!("PAY-{}", event["order"]) }))
}

fn price(event: &Value) -> Answer {
    let Some(item) = event["item"].as_str() else {
        return Err(("UnknownItem", format!("{} is no item.", event["item"])));
    };
    // A price that follows from the name, so that a run can be compared with another.
    let price = item.bytes().map(u64::from).sum::<u64>() % 50 + 1;
    Ok(json!({ "item": item, "price": price, "currency": event["currency"] }))
}

/// Hands the token to whoever decides. Small requests are decided at once, as a rule would.
async fn ask_approval(engine: &Engine, event: &Value) -> Answer {
    let amount = event["request"]["amount"].as_f64().unwrap_or(f64::MAX);
    let Some(token) = event["token"].as_str() else {
        return Err(("NoToken", "The event has no token.".to_owned()));
    };
    if amount <= APPROVED_AT_ONCE {
        let decision = Json::members([
            ("approved", Json::Bool(true)),
            ("by", Json::string("the rule for small amounts")),
        ]);
        let ended = engine.end_task(token, Ok(Payload::from(decision))).await;
        if let Err(fault) = ended {
            return Err(("Unavailable", fault.to_string()));
        }
    }
    Ok(json!({ "asked": true }))
}
