//! A Map Run as a value: how far a Distributed Map has read its items, which child executions run, and
//! what became of the others.
//!
//! As an execution, it is what its entries add up to: [`MapRun::apply`] is the only change, deciding
//! makes an entry and applies it, and folding a journal applies the same entries again. It reads no
//! items and starts nothing: the runtime does, and tells it. What it was asked to do is its [`Spec`];
//! [`inputs`] makes the children's inputs.

pub mod entry;
pub mod inputs;
pub mod place;
pub mod spec;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, sync::Arc};

pub use entry::{Entry, FORMAT};
pub use spec::{Policy, Spec};

use crate::{
    error::{StateError, names},
    machine::Fault,
    time::Timestamp,
};

/// How a child execution ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    Succeeded,
    Failed,
    TimedOut,
    Aborted,
}

impl End {
    pub const fn number(self) -> u8 {
        match self {
            Self::Succeeded => 1,
            Self::Failed => 2,
            Self::TimedOut => 3,
            Self::Aborted => 4,
        }
    }

    pub const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Succeeded,
            2 => Self::Failed,
            3 => Self::TimedOut,
            4 => Self::Aborted,
            _ => return None,
        })
    }
}

/// How many stand where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub running: u64,
    pub succeeded: u64,
    pub failed: u64,
    pub timed_out: u64,
    pub aborted: u64,
}

impl Counts {
    fn count_of(&mut self, end: End) -> &mut u64 {
        match end {
            End::Succeeded => &mut self.succeeded,
            End::Failed => &mut self.failed,
            End::TimedOut => &mut self.timed_out,
            End::Aborted => &mut self.aborted,
        }
    }

    /// All that began.
    pub const fn started(&self) -> u64 {
        self.running + self.succeeded + self.unsuccessful()
    }

    pub const fn unsuccessful(&self) -> u64 {
        self.failed + self.timed_out + self.aborted
    }
}

/// Where a Map Run stands as a whole.
#[derive(Clone, Debug, PartialEq)]
pub enum Phase {
    /// Children are started while there are items and room.
    Running,
    /// It has failed: what runs is being stopped.
    Failing(StateError),
    /// Its execution wants it no more: what runs is being stopped.
    Stopping,
    Closed(Status),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Status {
    Succeeded,
    Failed,
    Aborted,
}

#[derive(Clone, Debug, PartialEq)]
pub struct MapRun {
    pub spec: Arc<Spec>,
    pub started_at: Timestamp,
    /// As the spec has it, until it is updated.
    pub policy: Policy,
    pub phase: Phase,
    pub closed_at: Option<Timestamp>,
    /// The next child to start: all below it have been.
    pub next: u64,
    /// Items in the children below `next`.
    pub read: u64,
    /// What the dataset was when it was opened first.
    pub etag: Option<Arc<str>>,
    /// No item is left to be read.
    pub is_read_whole: bool,
    pub executions: Counts,
    pub items: Counts,
    /// Children that run, with how many items each has.
    pub open: BTreeMap<u64, u32>,
    /// Children that ended although nothing says that they began: a crash came in between.
    pub early: BTreeMap<u64, End>,
    /// Children that did not succeed, with how many items each has: exceptions, so few.
    pub unsuccessful: BTreeMap<u64, (End, u32)>,
    /// Those of an earlier life that did not succeed, and wait to run again in this one.
    pub again: BTreeMap<u64, (End, u32)>,
    /// Express children that were started anew, with the redrive that did it.
    pub rounds: BTreeMap<u64, u64>,
    /// How often it was redriven, and when for the last time.
    pub redrives: u64,
    pub redriven_at: Option<Timestamp>,
    /// Number of the last step; 0 before the first.
    pub last_step: u64,
}

impl MapRun {
    /// A Map Run that begins, and the entry that says so.
    pub fn begin(spec: Arc<Spec>, at: Timestamp) -> (Self, Entry) {
        let entry = Entry::Started {
            at: at.as_micros(),
            spec: Arc::from(spec.to_json().to_text()),
        };
        (Self::new(spec, at), entry)
    }

    fn new(spec: Arc<Spec>, at: Timestamp) -> Self {
        let (policy, is_read_whole) = (spec.policy, false);
        Self {
            spec,
            started_at: at,
            policy,
            phase: Phase::Running,
            closed_at: None,
            next: 0,
            read: 0,
            etag: None,
            is_read_whole,
            executions: Counts::default(),
            items: Counts::default(),
            open: BTreeMap::new(),
            early: BTreeMap::new(),
            unsuccessful: BTreeMap::new(),
            again: BTreeMap::new(),
            rounds: BTreeMap::new(),
            redrives: 0,
            redriven_at: None,
            last_step: 0,
        }
    }

    /// Moves a Map Run on by the entries of one row, which was its step `number`.
    pub fn fold(run: Option<Self>, number: u64, entries: &[Entry]) -> Result<Self, Fault> {
        let mut rest = entries;
        let mut run = match (run, entries) {
            (Some(run), _) => run,
            (None, [Entry::Started { at, spec }, others @ ..]) => {
                rest = others;
                let spec = Arc::new(Spec::parse(spec)?);
                Self::new(spec, Timestamp(*at))
            }
            (None, _) => return Err(Fault::new("a Map Run does not begin with its start")),
        };
        if number != run.last_step + 1 {
            let message = format!("step {number} follows step {}", run.last_step);
            return Err(Fault::new(message));
        }
        rest.iter().try_for_each(|entry| run.apply(entry))?;
        run.last_step = number;
        Ok(run)
    }

    pub fn apply(&mut self, entry: &Entry) -> Result<(), Fault> {
        match entry {
            Entry::Started { .. } => return Err(Fault::new("a Map Run begins twice")),
            Entry::Dispatched {
                first,
                count,
                items,
                read,
                etag,
            } => {
                if *first != self.next {
                    let message = format!("child {first} follows child {}", self.next);
                    return Err(Fault::new(message));
                }
                for at in 0..*count {
                    let of = usize::try_from(at).ok().and_then(|at| items.get(at));
                    self.began(first + at, of.copied().unwrap_or(1));
                }
                self.next = first + count;
                self.read = *read;
                self.etag = etag.clone().or(self.etag.take());
            }
            Entry::ReadWhole => self.is_read_whole = true,
            Entry::Ended { ends } => {
                for (from, to, end) in ends {
                    let end = End::from_number(*end)
                        .ok_or_else(|| Fault::new(format!("a child cannot end with {end}")))?;
                    (*from..=*to).for_each(|index| self.ended(index, end));
                }
            }
            Entry::Updated { policy } => self.policy = *policy,
            Entry::Failing { error, cause } => {
                let (error, cause) = (error.clone(), cause.clone());
                self.phase = Phase::Failing(StateError { error, cause });
            }
            Entry::Stopping => self.phase = Phase::Stopping,
            Entry::Redriven { at, count } => self.redriven(Timestamp(*at), *count)?,
            Entry::Again { children } => {
                for (from, to) in children {
                    for index in *from..=*to {
                        let (_, items) = self.again.remove(&index).ok_or_else(|| {
                            Fault::new(format!("child {index} does not wait to run again"))
                        })?;
                        self.began(index, items);
                        if self.spec.is_express {
                            self.rounds.insert(index, self.redrives);
                        }
                    }
                }
            }
            Entry::Closed { at, status } => {
                self.phase = Phase::Closed(*status);
                self.closed_at = Some(Timestamp(*at));
                // What did not come to run again stands as it was.
                for (index, (end, items)) in std::mem::take(&mut self.again) {
                    self.count(index, items, end);
                }
            }
        }
        Ok(())
    }

    fn redriven(&mut self, at: Timestamp, count: u64) -> Result<(), Fault> {
        if !self.is_closed() || count <= self.redrives {
            let message = format!("redrive {count} of an open Map Run, or again");
            return Err(Fault::new(message));
        }
        self.phase = Phase::Running;
        self.closed_at = None;
        self.redrives = count;
        self.redriven_at = Some(at);
        for (index, (end, items)) in std::mem::take(&mut self.unsuccessful) {
            *self.executions.count_of(end) -= 1;
            *self.items.count_of(end) -= u64::from(items);
            self.again.insert(index, (end, items));
        }
        Ok(())
    }

    fn began(&mut self, index: u64, items: u32) {
        match self.early.remove(&index) {
            None => {
                self.open.insert(index, items);
                self.executions.running += 1;
                self.items.running += u64::from(items);
            }
            Some(end) => self.count(index, items, end),
        }
    }

    fn ended(&mut self, index: u64, end: End) {
        if let Some(items) = self.open.remove(&index) {
            self.executions.running -= 1;
            self.items.running -= u64::from(items);
            self.count(index, items, end);
        } else if index >= self.next {
            self.early.entry(index).or_insert(end);
        }
    }

    fn count(&mut self, index: u64, items: u32, end: End) {
        *self.executions.count_of(end) += 1;
        *self.items.count_of(end) += u64::from(items);
        if end != End::Succeeded {
            self.unsuccessful.insert(index, (end, items));
        }
    }

    fn emit(&mut self, entry: Entry) -> Result<Entry, Fault> {
        self.apply(&entry)?;
        Ok(entry)
    }

    pub const fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Closed(_))
    }

    /// How many children may be started now, of which at most `children_max` run at once.
    pub fn room(&self, children_max: u64) -> u64 {
        if self.phase != Phase::Running || (self.is_read_whole && self.again.is_empty()) {
            return 0;
        }
        let most = match self.policy.concurrency {
            0 => children_max,
            concurrency => concurrency.min(children_max),
        };
        most.saturating_sub(self.executions.running)
    }

    /// The next children begin, each with so many items; `read` is how far the dataset then is read.
    pub fn dispatch(
        &mut self,
        items: &[u32],
        read: u64,
        etag: Option<Arc<str>>,
    ) -> Result<Entry, Fault> {
        let are_single = items.iter().all(|count| *count == 1);
        self.emit(Entry::Dispatched {
            first: self.next,
            count: items.len() as u64,
            items: if are_single {
                Vec::new()
            } else {
                items.to_vec()
            },
            read,
            etag: etag.filter(|_| self.etag.is_none()),
        })
    }

    /// The dataset has no more items.
    pub fn end_reading(&mut self) -> Result<Entry, Fault> {
        self.emit(Entry::ReadWhole)
    }

    /// Children ended. None where nothing is new: a child may report twice.
    pub fn end(&mut self, reports: &[(u64, End)]) -> Result<Option<Entry>, Fault> {
        let mut news: BTreeMap<u64, End> = BTreeMap::new();
        for (index, end) in reports {
            let is_early = *index >= self.next && !self.early.contains_key(index);
            if is_early || self.open.contains_key(index) {
                news.entry(*index).or_insert(*end);
            }
        }
        if news.is_empty() {
            return Ok(None);
        }
        let mut ends: Vec<(u64, u64, u8)> = Vec::new();
        for (index, end) in news {
            match ends.last_mut() {
                Some((_, to, last)) if *to + 1 == index && *last == end.number() => *to = index,
                _ => ends.push((index, index, end.number())),
            }
        }
        self.emit(Entry::Ended { ends }).map(Some)
    }

    /// It goes on: what did not succeed waits to run again, and what was not read is read.
    pub fn redrive(&mut self, count: u64, at: Timestamp) -> Result<Entry, Fault> {
        let at = at.as_micros();
        self.emit(Entry::Redriven { at, count })
    }

    /// The first `most` of those that wait to run again do.
    pub fn run_again(&mut self, most: usize) -> Result<Entry, Fault> {
        let mut children: Vec<(u64, u64)> = Vec::new();
        for index in self.again.keys().take(most).copied() {
            match children.last_mut() {
                Some((_, to)) if *to + 1 == index => *to = index,
                _ => children.push((index, index)),
            }
        }
        self.emit(Entry::Again { children })
    }

    pub fn update(&mut self, policy: Policy) -> Result<Entry, Fault> {
        self.emit(Entry::Updated { policy })
    }

    pub fn fail(&mut self, error: StateError) -> Result<Entry, Fault> {
        let StateError { error, cause } = error;
        self.emit(Entry::Failing { error, cause })
    }

    pub fn stop(&mut self) -> Result<Entry, Fault> {
        self.emit(Entry::Stopping)
    }

    pub fn close(&mut self, status: Status, at: Timestamp) -> Result<Entry, Fault> {
        let at = at.as_micros();
        self.emit(Entry::Closed { at, status })
    }

    /// Why it fails, where more items failed than it tolerates.
    ///
    /// Source: "Setting failure thresholds for Distributed Map states": with neither field set no failure is
    /// tolerated; of two thresholds the one that is passed first counts. A percentage is of all items,
    /// so it is looked at once they are all known.
    pub fn verdict(&self) -> Option<StateError> {
        let failed = self.items.unsuccessful();
        if self.phase != Phase::Running || failed == 0 {
            return None;
        }
        let Policy {
            tolerated_count,
            tolerated_percentage,
            ..
        } = self.policy;
        let total = self.total();
        let is_over_percentage = |most: f64| match total {
            Some(total) => percentage(failed, total) > most,
            // Nothing is tolerated of any number of items.
            None => most <= 0.0,
        };
        let is_over = match (tolerated_count, tolerated_percentage) {
            (None, None) => true,
            (count, percentage) => {
                count.is_some_and(|most| failed > most)
                    || percentage.is_some_and(is_over_percentage)
            }
        };
        is_over.then(|| {
            let cause = "The specified tolerated failure threshold was exceeded";
            StateError::new(names::EXCEED_TOLERATED_FAILURE_THRESHOLD, cause)
        })
    }

    /// How many items there are, once that is known.
    pub fn total(&self) -> Option<u64> {
        if self.is_read_whole {
            return Some(self.items.started() + self.items_again());
        }
        let most = self.spec.items_max.unwrap_or(u64::MAX);
        self.spec.source.length().map(|length| length.min(most))
    }

    /// Items in the children that wait to run again.
    pub fn items_again(&self) -> u64 {
        let again = self.again.values();
        again.map(|(_, items)| u64::from(*items)).sum()
    }

    /// Nothing runs, and nothing more will.
    pub fn is_drained(&self) -> bool {
        let is_whole = self.is_read_whole && self.again.is_empty();
        let is_over = is_whole || self.phase != Phase::Running;
        is_over && self.open.is_empty()
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a Map has far fewer than 2^52 items"
)]
fn percentage(part: u64, whole: u64) -> f64 {
    part as f64 * 100.0 / whole.max(1) as f64
}
