//! The job of one Map Run: it loads it, takes in mail, starts children while there is room, and closes it.

mod again;
pub(super) mod read;
mod submit;

use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::Ordering},
};

use asl::{
    Json, Payload, StateError,
    machine::Identity,
    map_run::{End, Entry, MapRun, Phase, Status as RunStatus, inputs::Inputs},
};
use store::{
    commit::{Message, Status},
    ids::ExecutionId,
    map_run::MapRun as Row,
};
use tokio::sync::mpsc;

use super::{Begin, Handle, Mail, child, express::Which, results, source::Source};
use crate::{
    Fault,
    arrival::Message as Body,
    catalog::Revision,
    facts::Facts,
    limits::{MAP_RUN_CHILDREN_MAX, MAP_RUN_CHUNK, MAP_RUN_STEPS_MAX},
    node::Node,
    shard::Shard,
};

pub(super) struct Job {
    node: Arc<Node>,
    shard: Arc<Shard>,
    handle: Arc<Handle>,
    received: mpsc::UnboundedReceiver<Mail>,
    /// The last redrive that its execution asked for.
    redrives: u64,
}

/// How a stretch of work ended.
enum Stop {
    /// Nothing is left to do.
    Over,
    /// What is in memory is not true.
    Reload,
    /// The node stops, or the shard goes to another.
    Abandoned,
}

/// A Map Run in memory, with what its steps are written with.
pub(super) struct Live {
    pub(super) run: MapRun,
    pub(super) row: Row,

    pub(super) children: Arc<Revision>,
    facts: Arc<Facts>,
    generation: u64,
    /// It was there before this process: children may be there that its journal does not tell of.
    is_recovered: bool,
    reading: Option<(Source, Inputs)>,
    /// Children that its journal says run and that nobody knows: they are started again.
    lost: BTreeSet<u64>,
}

impl Live {
    pub(super) fn run_id(&self) -> ExecutionId {
        self.row.id
    }

    /// The execution that a child is, in its latest life.
    pub(super) fn child_id(&self, index: u64) -> ExecutionId {
        let round = self.run.rounds.get(&index).copied();
        child::id_of(self.row.id, index, round.unwrap_or(0))
    }
}

/// What one step is made of.
#[derive(Default)]
struct Draft {
    entries: Vec<Entry>,
    inbox: Vec<i64>,
    messages: Vec<Message>,
}

impl Job {
    pub(super) fn new(
        node: &Arc<Node>,
        shard: &Arc<Shard>,
        handle: &Arc<Handle>,
        received: mpsc::UnboundedReceiver<Mail>,
    ) -> Self {
        Self {
            node: Arc::clone(node),
            shard: Arc::clone(shard),
            handle: Arc::clone(handle),
            received,
            redrives: 0,
        }
    }

    pub(super) async fn run(mut self, mut begin: Option<Begin>) {
        let mut pause = std::time::Duration::from_millis(50);
        loop {
            match Box::pin(self.attempt(begin.take())).await {
                Ok(Stop::Over) => {
                    if self.leave() {
                        return;
                    }
                }
                Ok(Stop::Abandoned) => return,
                Ok(Stop::Reload) => {}
                Err(Fault::Database(error)) if !self.node.stopping.is_cancelled() => {
                    tracing::warn!(map_run.id = %self.handle.id.0, %error, "a Map Run is loaded again");
                    self.handle.mark_stale();
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(std::time::Duration::from_secs(2));
                }
                Err(fault) => {
                    // Parked: its journal stays for a maintainer.
                    tracing::error!(map_run.id = %self.handle.id.0, %fault, "a Map Run is parked");
                    return;
                }
            }
        }
    }

    /// Takes the handle away, unless mail has come meanwhile.
    fn leave(&self) -> bool {
        let mut runs = self.shard.map_runs();
        if !self.received.is_empty() {
            return false;
        }
        runs.remove(&self.handle.id);
        true
    }

    async fn attempt(&mut self, begin: Option<Begin>) -> Result<Stop, Fault> {
        let generation = self.handle.generation.load(Ordering::Acquire);
        let live = match self.load(generation).await? {
            Some(live) => Some(live),
            None => match begin {
                Some(begin) => Some(self.begin(begin, generation).await?),
                None => None,
            },
        };
        match live {
            Some(live) if !live.run.is_closed() || self.redrives > live.run.redrives => {
                Box::pin(self.work(live)).await
            }
            _ => self.discard().await,
        }
    }

    /// Mail for a Map Run that is closed, or was never there: there is nothing for it to do.
    async fn discard(&mut self) -> Result<Stop, Fault> {
        let before = self.redrives;
        while let Ok(mail) = self.received.try_recv() {
            if let Mail::Redrive(number) = mail {
                self.redrives = self.redrives.max(number);
                continue;
            }
            let (Mail::Reports { inbox, .. } | Mail::Stop { inbox } | Mail::Update { inbox, .. }) =
                mail
            else {
                continue;
            };
            store::inbox::delete(&self.node.db, &[inbox]).await?;
            self.node.forget_inbox(self.shard.id, &[inbox]);
        }
        Ok(if self.redrives > before {
            Stop::Reload
        } else {
            Stop::Over
        })
    }

    async fn load(&self, generation: u64) -> Result<Option<Live>, Fault> {
        let (node, id) = (&self.node, self.handle.id);
        let Some(row) = store::map_run::get(&node.db, id).await? else {
            return Ok(None);
        };
        let run = node.fold_map_run(id).await?;
        let origin = (row.machine_id, row.revision_id);
        let children = node
            .child_revision(id, origin, (&row.place, &row.label), row.is_express)
            .await?;

        Ok(Some(Live {
            facts: self.facts(&run, &children),
            run,
            row,
            children,
            generation,
            is_recovered: true,
            reading: None,
            lost: BTreeSet::new(),
        }))
    }

    async fn begin(&self, begin: Begin, generation: u64) -> Result<Live, Fault> {
        let (node, id) = (&self.node, self.handle.id);
        let Begin { facts, spec } = begin;
        let origin = (facts.revision.machine_id, facts.revision.id);
        let children = node
            .child_revision(id, origin, (&spec.place, &spec.label), spec.is_express)
            .await?;
        let (run, entry) = MapRun::begin(spec, node.clock.now());
        let row = Row {
            id,
            execution: facts.id,
            machine_id: facts.revision.machine_id,
            revision_id: facts.revision.id,
            place: run.spec.place.to_string(),
            label: run.spec.label.to_string(),
            is_express: run.spec.is_express,
            shard: self.shard.id,
            status: Status::Running,
            started_at: run.started_at,
            closed_at: None,
            concurrency: 0,
            tolerated_count: None,
            tolerated_percentage: None,
            counts: String::new(),
            redrive_count: 0,
            redriven_at: None,
        };
        let mut live = Live {
            facts: self.facts(&run, &children),
            run,
            row,
            children,
            generation,
            is_recovered: false,
            reading: None,
            lost: BTreeSet::new(),
        };
        let draft = Draft {
            entries: vec![entry],
            ..Draft::default()
        };
        self.submit(&mut live, draft)?;
        Ok(live)
    }

    /// What the commit queue knows a Map Run by.
    fn facts(&self, run: &MapRun, children: &Arc<Revision>) -> Arc<Facts> {
        let id = self.handle.id;
        Arc::new(Facts {
            id,
            shard: self.shard.id,
            identity: Arc::new(Identity {
                id: *id.0.as_bytes(),
                arn: Arc::clone(&run.spec.arn),
                name: Arc::from(id.to_string()),
                machine_arn: Arc::clone(&children.machine_arn),
                machine_name: Arc::clone(&children.machine_name),
                role_arn: Arc::clone(&children.role_arn),
                started_at: run.started_at,
            }),
            revision: Arc::clone(children),
            version: None,
            alias: None,
            input: Payload::from(Json::Null),
            parent: None,
            trace_header: None,
            redriven: None,
        })
    }

    async fn work(&mut self, mut live: Live) -> Result<Stop, Fault> {
        if live.run.is_closed() {
            let redriven = live.run.redrive(self.redrives, self.node.clock.now());
            let entries = vec![redriven.map_err(broken)?];
            self.submit(
                &mut live,
                Draft {
                    entries,
                    ..Draft::default()
                },
            )?;
        } else if live.is_recovered {
            self.look_for_lost(&mut live).await?;
        }
        if live.is_recovered && live.run.phase != Phase::Running {
            // Those that were told before are told again, which harms nobody.
            let messages = self.stops(&live);
            self.submit(
                &mut live,
                Draft {
                    messages,
                    ..Draft::default()
                },
            )?;
        }
        let mut first = None;
        loop {
            let mut draft = Draft::default();
            while let Some(mail) = first.take().or_else(|| self.received.try_recv().ok()) {
                if let Some(stop) = self.take(&mut live, &mut draft, mail)? {
                    return Ok(stop);
                }
            }
            if let Some(error) = live.run.verdict() {
                self.fail(&mut live, &mut draft, error)?;
            }
            if live.run.is_drained() {
                return self.close(live, draft).await;
            }
            if !draft.entries.is_empty() || !draft.inbox.is_empty() {
                self.submit(&mut live, draft)?;
            }
            let is_stopping = self.node.stopping.is_cancelled();
            let steps = self.handle.uncommitted.load(Ordering::Acquire);
            let room = live.run.room(MAP_RUN_CHILDREN_MAX).min(MAP_RUN_CHUNK);
            let may_start = steps < MAP_RUN_STEPS_MAX && !is_stopping;
            if may_start && (room > 0 || !live.lost.is_empty()) {
                if !live.lost.is_empty() {
                    self.start_lost(&mut live).await?;
                } else if live.run.again.is_empty() {
                    self.dispatch(&mut live, room).await?;
                } else {
                    self.run_again(&mut live, room).await?;
                }
                // Others have their turn.
                tokio::task::yield_now().await;
                continue;
            }
            first = tokio::select! {
                mail = self.received.recv() => mail,
                () = self.node.stopping.cancelled() => None,
            };
            if first.is_none() {
                return Ok(Stop::Abandoned);
            }
        }
    }

    fn take(
        &mut self,
        live: &mut Live,
        draft: &mut Draft,
        mail: Mail,
    ) -> Result<Option<Stop>, Fault> {
        match mail {
            Mail::Reports { inbox, reports } => {
                draft.inbox.push(inbox);
                draft
                    .entries
                    .extend(live.run.end(&reports).map_err(broken)?);
            }
            Mail::Stop { inbox } => {
                draft.inbox.push(inbox);
                if matches!(live.run.phase, Phase::Running | Phase::Failing(_)) {
                    draft.entries.push(live.run.stop().map_err(broken)?);
                    draft.messages.extend(self.stops(live));
                }
            }
            Mail::Update { inbox, change } => {
                draft.inbox.push(inbox);
                let policy = change.of(live.run.policy);
                draft.entries.push(live.run.update(policy).map_err(broken)?);
            }
            Mail::Redrive(number) => self.redrives = self.redrives.max(number),
            Mail::Committed => {}
            Mail::Refused => {
                self.node.forget_inbox(self.shard.id, &draft.inbox);
                return Ok(Some(Stop::Reload));
            }
            Mail::Abandon => return Ok(Some(Stop::Abandoned)),
        }
        Ok(None)
    }

    fn fail(&self, live: &mut Live, draft: &mut Draft, error: StateError) -> Result<(), Fault> {
        draft.entries.push(live.run.fail(error).map_err(broken)?);
        draft.messages.extend(self.stops(live));
        Ok(())
    }

    /// Tells the children that run to stop; and those that may run without the journal telling of it.
    fn stops(&self, live: &Live) -> Vec<Message> {
        let unknown = if live.is_recovered {
            MAP_RUN_CHUNK * (MAP_RUN_STEPS_MAX as u64 + 1)
        } else {
            0
        };
        let open = live.run.open.keys().copied();
        let body = Body::Stop {
            error: None,
            cause: None,
        };
        open.chain(live.run.next..live.run.next + unknown)
            .map(|index| {
                let id = live.child_id(index);
                self.node.message_to(id, &body)
            })
            .collect()
    }

    /// Reads items and starts children for them, at most `room`.
    async fn dispatch(&self, live: &mut Live, room: u64) -> Result<(), Fault> {
        let mut draft = Draft::default();
        match self.read(live, room).await {
            Ok((inputs, read, etag, is_whole)) => {
                if !inputs.is_empty() {
                    let counts: Vec<u32> = inputs.iter().map(|input| input.items).collect();
                    let first = live.run.next;
                    let known = self.results_beyond(live, inputs.len()).await?;
                    for (index, input) in (first..).zip(inputs) {
                        if !live.run.early.contains_key(&index) && !known.contains(&index) {
                            self.start(live, &mut draft, index, &input.payload)?;
                        }
                    }
                    let entry = live.run.dispatch(&counts, read, etag);
                    draft.entries.push(entry.map_err(broken)?);
                }
                if is_whole {
                    draft.entries.push(live.run.end_reading().map_err(broken)?);
                }
            }
            Err(error) => self.fail(live, &mut draft, error)?,
        }
        if draft.entries.is_empty() {
            return Ok(());
        }
        self.submit(live, draft)
    }

    fn start(
        &self,
        live: &Live,
        draft: &mut Draft,
        index: u64,
        input: &Payload,
    ) -> Result<(), Fault> {
        let id = live.child_id(index);
        if let Some(shard) = self.node.shard_of(id) {
            let (node, children) = (&self.node, &live.children);
            let which = Which { id, index };
            if node.start_child_of_run(&shard, children, which, input.clone(), None)? {
                return Ok(());
            }
        }
        let body = Body::StartChild {
            map_run: self.handle.id.0,
            index,
            input: input.text().to_owned(),
        };
        draft.messages.push(self.node.message_to(id, &body));
        Ok(())
    }

    /// Everything has ended: results are gathered, and the execution is told.
    async fn close(&mut self, mut live: Live, mut draft: Draft) -> Result<Stop, Fault> {
        // What is gathered is read from the database: it must be there.
        if !draft.entries.is_empty() || !draft.inbox.is_empty() {
            self.submit(&mut live, std::mem::take(&mut draft))?;
        }
        while self.handle.is_busy() {
            let mail = tokio::select! {
                mail = self.received.recv() => mail,
                () = self.node.lost.cancelled() => None,
            };
            let Some(mail) = mail else {
                return Ok(Stop::Abandoned);
            };
            if let Some(stop) = self.take(&mut live, &mut draft, mail)? {
                return Ok(stop);
            }
        }
        let (status, told, written) = match live.run.phase.clone() {
            Phase::Running => match results::of_success(&self.node, &live).await? {
                Ok((output, written)) => (RunStatus::Succeeded, Some(Ok(output)), written),
                Err(error) => {
                    draft
                        .entries
                        .push(live.run.fail(error.clone()).map_err(broken)?);
                    (RunStatus::Failed, Some(Err(error)), 0)
                }
            },
            Phase::Failing(error) => {
                let written = results::of_failure(&self.node, &live).await?;
                match written {
                    Ok(written) => (RunStatus::Failed, Some(Err(error)), written),
                    Err(other) => (RunStatus::Failed, Some(Err(other)), 0),
                }
            }
            Phase::Stopping | Phase::Closed(_) => {
                // Nobody waits to hear that it could not be written.
                let written = results::of_failure(&self.node, &live).await?;
                (RunStatus::Aborted, None, written.unwrap_or(0))
            }
        };
        let closed = live.run.close(status, self.node.clock.now());
        draft.entries.push(closed.map_err(broken)?);
        let attempt = live.run.spec.attempt;
        let text = |text: Option<Arc<str>>| text.map(|text| text.to_string());
        let body = told.map(|told| match told {
            Ok(output) => Body::TaskSucceeded {
                attempt,
                output: output.text().to_owned(),
            },
            Err(StateError { error, cause }) => Body::TaskFailed {
                attempt,
                error: text(error),
                cause: text(cause),
            },
        });
        let told = body.map(|body| self.node.message_to(live.row.execution, &body));
        draft.messages.extend(told);
        self.submit_with(&mut live, draft, written)?;
        while self.handle.is_busy() {
            let mail = tokio::select! {
                mail = self.received.recv() => mail,
                () = self.node.lost.cancelled() => None,
            };
            match mail {
                Some(Mail::Refused) => return Ok(Stop::Reload),
                Some(
                    Mail::Reports { inbox, .. } | Mail::Stop { inbox } | Mail::Update { inbox, .. },
                ) => {
                    store::inbox::delete(&self.node.db, &[inbox]).await?;
                    self.node.forget_inbox(self.shard.id, &[inbox]);
                }
                Some(Mail::Redrive(number)) => self.redrives = self.redrives.max(number),
                Some(Mail::Committed) => {}
                Some(Mail::Abandon) | None => return Ok(Stop::Abandoned),
            }
        }
        Ok(if self.redrives > live.run.redrives {
            Stop::Reload
        } else {
            Stop::Over
        })
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is the function of a map_err"
)]
pub(super) fn broken(fault: asl::machine::Fault) -> Fault {
    Fault::new(fault.to_string())
}

/// How a child's status is reported.
pub(crate) const fn end_of(status: Status) -> Option<End> {
    Some(match status {
        Status::Succeeded => End::Succeeded,
        Status::Failed => End::Failed,
        Status::TimedOut => End::TimedOut,
        Status::Aborted => End::Aborted,
        Status::Running | Status::PendingRedrive => return None,
    })
}
