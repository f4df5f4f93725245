//! One execution as the engine knows it, made ready for its page: what went in and came out, why it
//! failed, and a page of its events.

use std::sync::Arc;

use asl::{
    Timestamp,
    machine::{
        Event, Outcome, ThreadId,
        history::{Detail, wire},
    },
};
use runtime::{Engine, ExecutionId, Fault, View, history::Cursor};
use store::db::Db;

use super::{
    events::{EventRow, in_words},
    json_view::JsonView,
    moment::Moment,
    selection,
    timeline::tries_told,
    trail::{self, Standing},
    view::{EventLink, Failure},
};
use crate::visits::{self, Visit};

/// Rows of the event table on one page.
pub const SHOWN: u64 = 100;
/// How far back a state or the cause of a failure is looked for.
const LOOK_BACK: usize = 1_000;
/// Events that the visits of one page are read from: of a longer history, those around what is selected.
const EVENTS_READ: u64 = 5_000;

/// The engine's answers about one execution.
pub struct Run<'a> {
    engine: &'a Engine,
    db: &'a Db,
    region: &'a str,
    now: Timestamp,
    pub view: View,
    /// The number of its last event.
    pub total: u64,
}

/// Visits, and which events they were read from.
pub struct Visits {
    pub list: Vec<Visit>,
    pub first: u64,
    pub last: u64,
}

/// Which events a page of the table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub first: u64,
    pub last: u64,
    pub is_newest_first: bool,
}

impl Window {
    /// The page that `from` asks for: it starts there, and without one at the beginning.
    pub fn of(total: u64, from: Option<u64>, is_newest_first: bool) -> Self {
        if is_newest_first {
            let last = from.unwrap_or(total).min(total);
            Self {
                first: last.saturating_sub(SHOWN - 1).max(1),
                last,
                is_newest_first,
            }
        } else {
            let first = from.unwrap_or(1).clamp(1, total.max(1));
            Self {
                first,
                last: first.saturating_add(SHOWN - 1).min(total),
                is_newest_first,
            }
        }
    }

    /// Where the pages before and after this one start, in its order.
    pub fn neighbours(self, total: u64) -> (Option<u64>, Option<u64>) {
        let lower = (self.first > 1).then(|| {
            if self.is_newest_first {
                self.first - 1
            } else {
                self.first.saturating_sub(SHOWN).max(1)
            }
        });
        let higher = (self.last < total).then(|| {
            if self.is_newest_first {
                self.last.saturating_add(SHOWN).min(total)
            } else {
                self.last + 1
            }
        });
        if self.is_newest_first {
            (higher, lower)
        } else {
            (lower, higher)
        }
    }

    /// The page, in the order of numbers, that holds event `number`.
    pub fn start_of(number: u64) -> u64 {
        number.saturating_sub(1) / SHOWN * SHOWN + 1
    }
}

impl<'a> Run<'a> {
    /// The execution of that id.
    pub async fn find(
        engine: &'a Engine,
        db: &'a Db,
        region: &'a str,
        id: ExecutionId,
        now: Timestamp,
    ) -> Result<Option<Run<'a>>, Fault> {
        let Some(view) = engine.view(id).await? else {
            return Ok(None);
        };
        let newest = engine.history(id, true, None, 1).await?;
        Ok(Some(Run {
            engine,
            db,
            region,
            now,
            view,
            total: newest.events.first().map_or(0, |event| event.id),
        }))
    }

    pub fn id(&self) -> ExecutionId {
        self.view.facts.id
    }

    pub fn input(&self) -> &str {
        self.view.facts.input.text()
    }

    /// The output, where it succeeded.
    pub fn output(&self) -> Option<&str> {
        match &self.view.closed.as_ref()?.outcome {
            Outcome::Succeeded(output) => Some(output.text()),
            Outcome::Failed(_) | Outcome::Aborted(_) | Outcome::TimedOut(_) => None,
        }
    }

    pub fn input_view(&self) -> JsonView {
        JsonView::new(self.input()).with_whole(format!("/executions/{}/input", self.id()))
    }

    pub fn output_view(&self) -> Option<JsonView> {
        let view = JsonView::new(self.output()?);
        Some(view.with_whole(format!("/executions/{}/output", self.id())))
    }

    /// The rows of a window, in its order.
    pub async fn rows(&self, window: Window) -> Result<Vec<EventRow>, Fault> {
        let events = self.events(window.first, window.last).await?;
        let before = self.standing_before(&events).await?;
        let states = trail::states(&events, before);
        let start = self.view.facts.identity.started_at;
        let mut rows: Vec<EventRow> = events
            .iter()
            .zip(states)
            .map(|(event, state)| {
                let wire = wire::event(event, self.region, true);
                let whole = format!("/executions/{}/events/{}", self.id(), event.id);
                EventRow::new(&wire, state.as_deref(), start, self.now).with_whole(&whole)
            })
            .collect();
        if window.is_newest_first {
            rows.reverse();
        }
        Ok(rows)
    }

    /// One event, as the wire API writes it.
    pub async fn event(&self, number: u64) -> Result<Option<String>, Fault> {
        let events = self.events(number, number).await?;
        let event = events.first();
        Ok(event.map(|event| wire::event(event, self.region, true).to_text()))
    }

    /// The visits that the page tells of, and the events that they were read from: all of a history, or
    /// of a longer one those around event `around`, and the last without one.
    pub async fn visits(&self, around: Option<u64>) -> Result<Visits, Fault> {
        let last = around.map_or(self.total, |event| event.saturating_add(EVENTS_READ / 2));
        let last = last.clamp(EVENTS_READ.min(self.total), self.total);
        let first = last.saturating_sub(EVENTS_READ - 1).max(1);
        let from = self.cursor_before(first).await?;
        let limit = usize::try_from(EVENTS_READ).unwrap_or(1);
        let events = visits::events(self.engine, self.id(), from, limit).await?;
        let last = events.last().map_or(last, |event| event.id);
        let outcome = self.view.closed.as_ref().map(|closed| &closed.outcome);
        let outcome = outcome.filter(|_| last == self.total);
        Ok(Visits {
            list: visits::read(&events, outcome),
            first,
            last,
        })
    }

    /// Why it did not succeed, where it closed without success.
    /// `visits` are its last ones; `view` is the part of the page that is open.
    pub async fn failure(&self, visits: &[Visit], view: &str) -> Result<Option<Failure>, Fault> {
        let Some(closed) = &self.view.closed else {
            return Ok(None);
        };
        let (error, is_failed) = match &closed.outcome {
            Outcome::Succeeded(_) => return Ok(None),
            Outcome::Failed(error) => (error, true),
            Outcome::Aborted(error) | Outcome::TimedOut(error) => (error, false),
        };
        let newest = self
            .engine
            .history(self.id(), true, None, LOOK_BACK)
            .await?;
        let back = newest.events.get(1..).unwrap_or_default();
        let culprit = if is_failed {
            trail::culprit(back)
        } else {
            None
        };
        let state = match culprit {
            Some(event) => trail::standing_at(event, back),
            None => back.iter().find_map(|event| match &event.detail {
                Detail::StateEntered { name, .. } => Some(Arc::clone(name)),
                _ => None,
            }),
        };
        let number = culprit.map_or(self.total, |event| event.id);
        // The innermost visit that holds the event; of a long history it may not be at hand.
        let visit = state.as_deref().and_then(|state| {
            let mut of_state = visits.iter().filter(|visit| *visit.state == *state);
            of_state.rfind(|visit| visit.entered <= number)
        });
        Ok(Some(Failure {
            visit: visit.map(|visit| visit.entered),
            go_to: visit.map(|visit| selection::address(&visit.state, visit.entered, view)),
            tries: visit.map(tries_told).filter(|told| !told.is_empty()),
            input: visit.map(|visit| {
                let whole = format!("/executions/{}/events/{}", self.id(), visit.entered);
                JsonView::new(visit.input.text()).with_whole(whole)
            }),
            error: error.error.as_deref().map(str::to_owned),
            cause: error
                .cause
                .as_deref()
                .map(in_words)
                .filter(|cause| !cause.is_empty()),
            state: state.map(|state| state.to_string()),
            event: Some(EventLink {
                number,
                address: format!("?from={}#event-{number}", Window::start_of(number)),
            }),
        }))
    }

    pub fn started(&self) -> Moment {
        Moment::new(self.view.facts.identity.started_at, self.now)
    }

    /// The events from `first` to `last`, in order.
    async fn events(&self, first: u64, last: u64) -> Result<Vec<Event>, Fault> {
        if first > last || first > self.total {
            return Ok(Vec::new());
        }
        let limit = usize::try_from(last - first + 1).unwrap_or(1);
        let from = self.cursor_before(first).await?;
        Ok(self
            .engine
            .history(self.id(), false, from, limit)
            .await?
            .events)
    }

    /// Where reading begins with event `first`.
    async fn cursor_before(&self, first: u64) -> Result<Option<Cursor>, Fault> {
        if first <= 1 {
            return Ok(None);
        }
        let event = i64::try_from(first).unwrap_or(i64::MAX);
        let step = store::journal::step_of_event(self.db, self.id(), event).await?;
        Ok(step.map(|step| Cursor {
            step,
            event: first - 1,
        }))
    }

    /// Where the flows stood whose state the events themselves do not tell.
    async fn standing_before(&self, events: &[Event]) -> Result<Standing, Fault> {
        let mut wanted: Vec<ThreadId> = trail::untold(events);
        let mut standing = Standing::new();
        let first = events.first().map_or(0, |event| event.id);
        if wanted.is_empty() || first <= 1 {
            return Ok(standing);
        }
        let step = store::journal::step_of_event(
            self.db,
            self.id(),
            i64::try_from(first).unwrap_or(i64::MAX),
        );
        let from = step.await?.map(|step| Cursor { step, event: first });
        let back = self
            .engine
            .history(self.id(), true, from, LOOK_BACK)
            .await?;
        for event in back.events {
            if let Detail::StateEntered { name, .. } = &event.detail
                && let Some(at) = wanted.iter().position(|thread| *thread == event.thread)
            {
                standing.insert(wanted.swap_remove(at), Arc::clone(name));
            }
            if wanted.is_empty() {
                break;
            }
        }
        Ok(standing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(
        total: u64,
        from: Option<u64>,
        newest: bool,
        shown: (u64, u64),
        next: (Option<u64>, Option<u64>),
    ) {
        let window = Window::of(total, from, newest);
        assert_eq!((window.first, window.last), shown);
        assert_eq!(window.neighbours(total), next);
    }

    #[test]
    fn a_window_leads_to_its_neighbours() {
        check(18, None, false, (1, 18), (None, None));
        check(250, None, false, (1, 100), (None, Some(101)));
        check(250, Some(101), false, (101, 200), (Some(1), Some(201)));
        check(250, Some(201), false, (201, 250), (Some(101), None));
        check(250, None, true, (151, 250), (None, Some(150)));
        check(250, Some(150), true, (51, 150), (Some(250), Some(50)));
        check(250, Some(50), true, (1, 50), (Some(150), None));
    }

    #[test]
    fn strange_windows_are_brought_in() {
        check(18, Some(0), false, (1, 18), (None, None));
        check(18, Some(u64::MAX), false, (18, 18), (Some(1), None));
        check(18, Some(u64::MAX), true, (1, 18), (None, None));
        check(0, None, true, (1, 0), (None, None));
        check(0, None, false, (1, 0), (None, None));
    }

    #[test]
    fn an_event_is_on_the_page_that_starts_a_round_hundred_before() {
        assert_eq!(Window::start_of(1), 1);
        assert_eq!(Window::start_of(100), 1);
        assert_eq!(Window::start_of(101), 101);
    }
}
