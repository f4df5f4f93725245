//! GetExecutionHistory: pages of events, unpacked from the journal's rows.

use asl::machine::{
    Event,
    history::{Entry, journal::Reader},
};
use store::ids::ExecutionId;

use crate::{Fault, engine::Engine};

/// Where a page goes on: the row that it stopped in and the last event that it showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub step: i64,
    pub event: u64,
}

#[derive(Debug)]
pub struct Page {
    pub events: Vec<Event>,
    /// Absent on the last page.
    pub next: Option<Cursor>,
}

/// Bytes of rows read at once: about a page of events with data.
const PAGE_BYTES: i64 = 512 * 1024;

impl Engine {
    /// At most `limit` events after `from`, oldest first, or newest first with `is_reverse`.
    pub async fn history(
        &self,
        id: ExecutionId,
        is_reverse: bool,
        from: Option<Cursor>,
        limit: usize,
    ) -> Result<Page, Fault> {
        let node = self.node();
        let mut reader = Reader::default();
        let mut events: Vec<Event> = Vec::new();
        let mut at = match from {
            Some(cursor) => cursor.step,
            None if is_reverse => i64::MAX,
            None => 1,
        };
        loop {
            let steps = if is_reverse {
                store::journal::page_back(&node.db, id, at, PAGE_BYTES).await?
            } else {
                store::journal::page(&node.db, id, at, PAGE_BYTES).await?
            };
            if steps.is_empty() {
                return Ok(Page { events, next: None });
            }
            for step in &steps {
                let entries = node.entries(&mut reader, id, step).await?;
                let row = entries.into_iter().filter_map(|entry| match entry {
                    Entry::Event(event) => Some(event),
                    Entry::Note(_) => None,
                });
                let mut row: Vec<Event> = row.collect();
                if is_reverse {
                    row.reverse();
                }
                for event in row {
                    let is_shown = from.is_some_and(|cursor| {
                        if is_reverse {
                            event.id >= cursor.event
                        } else {
                            event.id <= cursor.event
                        }
                    });
                    if is_shown {
                        continue;
                    }
                    if events.len() == limit {
                        let event = events.last().map_or(0, |event| event.id);
                        // The next event may be in this row or the one before it: start with the
                        // row in which this one is seen.
                        return Ok(Page {
                            events,
                            next: Some(Cursor {
                                step: step.number,
                                event,
                            }),
                        });
                    }
                    events.push(event);
                }
                at = if is_reverse {
                    step.number - 1
                } else {
                    step.number + 1
                };
            }
            if is_reverse && at < 1 {
                return Ok(Page { events, next: None });
            }
        }
    }
}
