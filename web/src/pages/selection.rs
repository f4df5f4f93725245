//! The state that is looked at on the page of an execution: one visit, with what went in and out step by
//! step, its tries, and the ways to what is around it.

use asl::{Json, Payload, Timestamp};

use super::{
    events::in_words,
    json_view::JsonView,
    moment::{self, Moment},
    paging, timeline,
    view::shortened,
};
use crate::visits::{Status, Visit};

/// Links to what a Parallel or a Map holds.
const INSIDE_MAX: usize = 60;
/// Members that a difference names.
const NAMED_MAX: usize = 6;

/// One visit, ready for its panel.
pub struct Selection {
    pub state: String,
    pub kind: &'static str,
    pub status: Status,
    pub entered: u64,
    /// From 1, among the visits of this state.
    pub number: usize,
    pub count: usize,
    pub earlier: Option<String>,
    pub later: Option<String>,
    pub started: Moment,
    pub took: String,
    pub item: Option<String>,
    pub error: Option<String>,
    pub cause: Option<String>,
    pub chain: Vec<Part>,
    pub variables: Vec<Part>,
    pub tries: Vec<TryRow>,
    pub around: Option<Link>,
    pub inside: Vec<Link>,
    pub items_told: Option<String>,
    pub next: Option<Link>,
    /// The first event of it in the table.
    pub events: String,
    /// ARNs of executions that it started, by their pages.
    pub children: Vec<Link>,
}

/// One step of the data, with what it changed.
pub struct Part {
    pub label: String,
    pub view: JsonView,
    /// `as the input`, `adds receipt; changes total`.
    pub change: Option<String>,
}

pub struct TryRow {
    pub number: usize,
    pub scheduled: u64,
    pub status: Status,
    pub callee: String,
    pub took: String,
    pub error: Option<String>,
    pub cause: Option<String>,
    /// Until the next try began.
    pub pause: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Link {
    pub address: String,
    pub name: String,
    pub status: Option<Status>,
}

/// The address of a visit on the page of its execution, with the view that is open.
pub fn address(state: &str, entered: u64, view: &str) -> String {
    let event = entered.to_string();
    let members = [("state", state), ("event", event.as_str()), ("view", view)];
    format!("{}#selected", paging::address("", &members))
}

/// What is asked for, where it is there: the visit that was entered at `event`, else the last one of
/// `state`.
pub fn find(visits: &[Visit], state: Option<&str>, event: Option<u64>) -> Option<usize> {
    let by_event = event.and_then(|event| visits.iter().position(|each| each.entered == event));
    let by_event = by_event.filter(|at| {
        let found = visits.get(*at).map(|visit| &*visit.state);
        state.is_none_or(|state| found == Some(state))
    });
    by_event.or_else(|| {
        let state = state?;
        visits.iter().rposition(|each| *each.state == *state)
    })
}

impl Selection {
    /// The panel of the visit at `at`.
    pub fn new(
        visits: &[Visit],
        at: usize,
        execution: &str,
        view: &str,
        now: Timestamp,
    ) -> Option<Self> {
        let visit = visits.get(at)?;
        let own = crate::visits::of_state(visits, &visit.state);
        let place = own.iter().position(|each| each.entered == visit.entered)?;
        let link = |visit: &Visit| Link {
            address: address(&visit.state, visit.entered, view),
            name: named(visit),
            status: Some(visit.status),
        };
        let other = |place: Option<usize>| {
            let visit = own.get(place?)?;
            Some(address(&visit.state, visit.entered, view))
        };
        let follows = visit.next.as_deref().and_then(|next| {
            let mut later = visits.iter().skip(at + 1);
            later.find(|each| *each.state == *next && each.parent == visit.parent)
        });
        let error = visit.error.as_ref();
        Some(Self {
            state: visit.state.to_string(),
            kind: visit.kind,
            status: visit.status,
            entered: visit.entered,
            number: place + 1,
            count: own.len(),
            earlier: other(place.checked_sub(1)),
            later: other(Some(place + 1)),
            started: Moment::new(visit.from, now),
            took: moment::between(visit.from, visit.to.unwrap_or(now)),
            item: visit.item.map(|item| format!("item {item}")),
            error: error.and_then(|error| error.error.as_deref().map(str::to_owned)),
            cause: error
                .and_then(|error| error.cause.as_deref())
                .map(in_words)
                .filter(|cause| !cause.is_empty()),
            chain: chain(visit, execution),
            variables: variables(visit, execution),
            tries: tries(visit, now),
            around: visit.parent.and_then(|at| visits.get(at)).map(link),
            inside: inside(visits, at).map(link).take(INSIDE_MAX).collect(),
            items_told: items_told(visit),
            next: follows.map(link),
            events: format!(
                "?from={}#event-{}",
                super::run::Window::start_of(visit.entered),
                visit.entered
            ),
            children: children(visit),
        })
    }
}

fn named(visit: &Visit) -> String {
    match visit.item {
        Some(item) if visit.depth > 0 => format!("{} (item {item})", visit.state),
        _ => visit.state.to_string(),
    }
}

/// The first states of what a Parallel or a Map holds; those that did not succeed come first.
fn inside(visits: &[Visit], outer: usize) -> impl Iterator<Item = &Visit> {
    let below = visits.iter().filter(move |each| each.parent == Some(outer));
    let mut below: Vec<&Visit> = below.collect();
    below.sort_by_key(|each| each.status != Status::Failed);
    below.into_iter()
}

fn items_told(visit: &Visit) -> Option<String> {
    let items = visit.items;
    if visit.kind != "Map" || items.total == 0 {
        return None;
    }
    let mut parts = vec![format!("{} items", moment::count(items.total))];
    for (number, word) in [
        (items.succeeded, "succeeded"),
        (items.failed, "failed"),
        (items.aborted, "stopped"),
    ] {
        if number > 0 {
            parts.push(format!("{} {word}", moment::count(number)));
        }
    }
    Some(parts.join(", "))
}

fn part(label: &str, value: &Payload, event: u64, execution: &str, change: Option<String>) -> Part {
    Part {
        label: label.to_owned(),
        view: JsonView::new(value.text())
            .with_whole(format!("/executions/{execution}/events/{event}")),
        change,
    }
}

/// Input, arguments, result and output, as far as there are any.
fn chain(visit: &Visit, execution: &str) -> Vec<Part> {
    let mut parts = vec![part("Input", &visit.input, visit.entered, execution, None)];
    let last = visit.tries.last();
    if let Some(last) = last {
        let change = difference(&visit.input, &last.arguments, "the input");
        let at = last.scheduled;
        parts.push(part("Arguments", &last.arguments, at, execution, change));
        if let Some(result) = &last.result {
            let change = difference(&visit.input, result, "the input");
            parts.push(part("Result", result, last.scheduled, execution, change));
        }
    }
    if let Some(output) = &visit.output {
        let change = difference(&visit.input, output, "the input");
        parts.push(part("Output", output, visit.last_event, execution, change));
    }
    parts
}

fn variables(visit: &Visit, execution: &str) -> Vec<Part> {
    let assigned = visit.assigned.iter();
    assigned
        .map(|(name, value)| {
            part(
                &format!("${name}"),
                value,
                visit.last_event,
                execution,
                None,
            )
        })
        .collect()
}

fn tries(visit: &Visit, now: Timestamp) -> Vec<TryRow> {
    let starts = visit.tries.iter().skip(1).map(|each| Some(each.from));
    let starts = starts.chain(std::iter::once(None));
    let tries = visit.tries.iter().zip(starts).enumerate();
    tries
        .map(|(at, (each, next))| {
            let error = each.error.as_ref();
            let ended = each.to;
            TryRow {
                number: at + 1,
                scheduled: each.scheduled,
                status: each.status,
                callee: each.callee.clone(),
                took: moment::between(each.from, ended.unwrap_or(now)),
                error: error.and_then(|error| error.error.as_deref().map(str::to_owned)),
                cause: error
                    .and_then(|error| error.cause.as_deref())
                    .map(in_words)
                    .filter(|cause| !cause.is_empty()),
                pause: next
                    .zip(ended)
                    .filter(|(next, ended)| next > ended)
                    .map(|(next, ended)| moment::between(ended, next)),
            }
        })
        .collect()
}

/// Executions that its tries started, as the answers of the service name them.
fn children(visit: &Visit) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    let tries = visit.tries.iter();
    for answer in tries.flat_map(|each| each.submitted.iter().chain(&each.result)) {
        let arn = ["ExecutionArn", "executionArn"]
            .into_iter()
            .find_map(|member| answer.json().get(member))
            .and_then(Json::as_str);
        let Some(arn) = arn.filter(|arn| arn.contains(":states:")) else {
            continue;
        };
        let address = format!("/executions/{}", paging::escaped(arn));
        if links.iter().all(|link| link.address != address) {
            links.push(Link {
                address,
                name: shortened(arn.rsplit(':').next().unwrap_or(arn)),
                status: None,
            });
        }
    }
    links
}

/// In words how `after` differs from `before`, looking at their members only.
pub fn difference(before: &Payload, after: &Payload, named: &str) -> Option<String> {
    if before.is_same(after) || before.json() == after.json() {
        return Some(format!("same as {named}"));
    }
    let (old, new) = (before.json().as_object()?, after.json().as_object()?);
    let quoted = |names: Vec<&str>| -> String {
        let more = names.len().saturating_sub(NAMED_MAX);
        let shown: Vec<&str> = names.into_iter().take(NAMED_MAX).collect();
        let shown = shown.join(", ");
        if more > 0 {
            format!("{shown} and {more} more")
        } else {
            shown
        }
    };
    let added: Vec<&str> = new
        .iter()
        .filter(|(name, _)| old.get(&***name).is_none())
        .map(|(name, _)| &**name)
        .collect();
    let removed: Vec<&str> = old
        .iter()
        .filter(|(name, _)| new.get(&***name).is_none())
        .map(|(name, _)| &**name)
        .collect();
    let changed: Vec<&str> = new
        .iter()
        .filter(|(name, value)| old.get(&***name).is_some_and(|old| old != *value))
        .map(|(name, _)| &**name)
        .collect();
    let parts = [
        ("adds", added),
        ("leaves out", removed),
        ("changes", changed),
    ];
    let told = parts
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(verb, names)| format!("{verb} {}", quoted(names)));
    let told: Vec<String> = told.collect();
    Some(told.join("; "))
}

/// The rows of the timeline.
pub fn rows(
    visits: &[Visit],
    axis: &timeline::Axis,
    selected: Option<usize>,
    view: &str,
    now: Timestamp,
) -> Vec<timeline::Row> {
    let start = visits.first().map_or(now, |visit| visit.from);
    let rows = visits.iter().enumerate();
    rows.map(|(at, visit)| timeline::Row {
        address: address(&visit.state, visit.entered, view),
        state: visit.state.to_string(),
        kind: visit.kind,
        entered: visit.entered,
        depth: visit.depth.min(6),
        item: visit.item.map(|item| format!("item {item}")),
        status: visit.status,
        tries: timeline::tries_told(visit),
        started: format!("+{}", moment::between(start, visit.from)),
        took: moment::between(visit.from, visit.to.unwrap_or(now)),
        is_selected: selected == Some(at),
        bars: axis.bars(visit, now),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(before: &str, after: &str, told: Option<&str>) {
        let before = Payload::from_trusted_text(before);
        let after = Payload::from_trusted_text(after);
        let found = difference(&before, &after, "the input");
        assert_eq!(found.as_deref(), told);
    }

    #[test]
    fn a_difference_names_what_came_went_and_changed() {
        check("{\"a\":1}", "{ \"a\": 1 }", Some("same as the input"));
        check("{\"a\":1}", "{\"a\":1,\"b\":2}", Some("adds b"));
        check(
            "{\"a\":1,\"b\":2,\"c\":3}",
            "{\"b\":7,\"c\":3,\"d\":4}",
            Some("adds d; leaves out a; changes b"),
        );
        check("[1]", "[2]", None);
        check(
            "{}",
            "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1}",
            Some("adds a, b, c, d, e, f and 2 more"),
        );
    }

    #[test]
    fn an_address_keeps_the_state_the_event_and_the_view() {
        assert_eq!(
            address("Pay & go", 7, "timeline"),
            "?state=Pay%20%26%20go&event=7&view=timeline#selected"
        );
        assert_eq!(address("A", 2, ""), "?state=A&event=2#selected");
    }
}
