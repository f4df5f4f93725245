//! Executions that closed lately, so that a client that polls is answered from memory.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use asl::machine::Outcome;
use store::ids::ExecutionId;

use crate::{
    facts::View,
    limits::{RECENT_BYTES_MAX, RECENT_MAX},
};

#[derive(Debug, Default)]
pub(crate) struct Recent(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    views: HashMap<ExecutionId, View>,
    order: VecDeque<(ExecutionId, usize)>,
    bytes: usize,
}

impl Recent {
    pub(crate) fn put(&self, view: View) {
        let output = match view.closed.as_ref().map(|closed| &closed.outcome) {
            Some(Outcome::Succeeded(output)) => output.text().len(),
            _ => 0,
        };
        let bytes = view.facts.input.text().len() + output + 512;
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.order.push_back((view.facts.id, bytes));
        inner.bytes += bytes;
        inner.views.insert(view.facts.id, view);
        while inner.order.len() > RECENT_MAX || inner.bytes > RECENT_BYTES_MAX {
            let Some((oldest, bytes)) = inner.order.pop_front() else {
                break;
            };
            inner.bytes -= bytes;
            inner.views.remove(&oldest);
        }
    }

    /// Lets go of an execution that is open again. Its bytes count until it would have left anyway.
    pub(crate) fn forget(&self, id: ExecutionId) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.views.remove(&id);
    }

    /// Lets go of all: another node may redrive what it was given.
    pub(crate) fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Inner::default();
    }

    pub(crate) fn get(&self, id: ExecutionId) -> Option<View> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .views
            .get(&id)
            .cloned()
    }
}
