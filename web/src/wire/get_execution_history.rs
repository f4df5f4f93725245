//! GetExecutionHistory: a page of events, oldest or newest first.

use asl::machine::history;
use runtime::history::Cursor;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::error::ApiError;
use super::execution;
use crate::app::App;

const LISTING: &str = "GetExecutionHistory";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    execution_arn: String,
    max_results: Option<u32>,
    #[serde(default)]
    reverse_order: bool,
    next_token: Option<String>,
    include_execution_data: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    events: Vec<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// Where a page goes on, and for which listing: the token of one execution is none of another's.
#[derive(Serialize, Deserialize)]
struct Place {
    execution: String,
    is_reverse: bool,
    step: i64,
    event: u64,
}

pub(super) async fn handle(app: &App, input: Input) -> Result<Output, ApiError> {
    let view = execution::find(app, &input.execution_arn).await?;
    let now = app.now();
    let token = input.next_token.as_deref();
    let page = app
        .page_tokens
        .page::<Place>(LISTING, input.max_results, token, now)?;
    let from = match &page.after {
        None => None,
        Some(place)
            if place.execution == input.execution_arn
                && place.is_reverse == input.reverse_order =>
        {
            Some(Cursor {
                step: place.step,
                event: place.event,
            })
        }
        Some(_) => return Err(ApiError::invalid_token()),
    };
    let limit = usize::try_from(page.items_max).unwrap_or(usize::MAX);
    let found = app
        .engine
        .history(view.facts.id, input.reverse_order, from, limit)
        .await?;
    let with_data = input.include_execution_data.unwrap_or(true);
    let region = app.settings.region.as_str();
    let events = found.events.iter().map(|event| {
        let text = history::wire::event(event, region, with_data).to_text();
        RawValue::from_string(text).map_err(|fault| ApiError::internal(&fault))
    });
    let next_token = found.next.map(|cursor| {
        let place = Place {
            execution: input.execution_arn.clone(),
            is_reverse: input.reverse_order,
            step: cursor.step,
            event: cursor.event,
        };
        app.page_tokens.make(LISTING, place, now)
    });
    Ok(Output {
        events: events.collect::<Result<_, _>>()?,
        next_token,
    })
}
