//! The Map state, distributed: what a Map Run is asked to do, and how its end is taken in. Running the
//! items is [`crate::map_run`]'s.
//!
//! Source of the texts: recorded executions.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::{
    context::Extra,
    data::Scene,
    execution::{Execution, MapRunning, Origin, Position, ThreadId, Visit},
    history::Detail,
    leave::too_large,
    map::{items, policy, whole},
    standing::start_of,
    step::{Halt, Stepper},
};
use crate::{
    Json,
    definition::{Map, State, StateType, map::Distributed},
    error::{StateError, names},
    json::Object,
    map_run::{
        Policy, Spec, place,
        spec::{Batch, Source, Transformation, Writer},
    },
    payload::Payload,
    query::{EvalError, Random},
};

/// Characters of a label that is made up: AWS's bound for those that are given.
const LABEL_CHARS_MAX: usize = 40;

impl Stepper<'_> {
    pub(super) fn start_map_run(
        &mut self,
        thread: ThreadId,
        state: &State,
        map: &Map,
        distributed: &Distributed,
        visit: &Visit,
    ) -> Result<(), Halt> {
        let id = self.map_run_id();
        let label = label(distributed, visit);
        let place = place_of(self.execution, thread)?;
        let identity = &self.execution.identity;
        // A child's machine has a label of its own, which is not part of this name.
        let machine = identity.machine_arn.split('/').next().unwrap_or_default();
        let machine = machine.replacen(":stateMachine:", ":mapRun:", 1);
        // MapStateStarted comes before it.
        let attempt = self.execution.last_event + 2;
        let arn: Arc<str> = Arc::from(format!("{machine}/{label}:{}", uuid::Uuid::from_bytes(id)));
        let scene = Scene::new(
            self.execution,
            self.at,
            thread,
            visit,
            StateType::Map,
            Extra::default(),
        )?;
        let plan = plan(&scene, state, map, distributed, visit, self.random).map(|plan| Spec {
            place,
            label,
            arn: Arc::clone(&arn),
            attempt,
            is_express: distributed.is_express,
            variables: scene.variables_json(),
            context: scene.context_json(),
            ..plan
        });
        drop(scene);
        let spec = match plan {
            Ok(spec) => spec,
            Err(error) => return self.fail_to_start(thread, state, visit, &error),
        };
        let length = spec.source.length().unwrap_or(0);
        let previous = self.execution.thread(thread)?.last_event;
        let previous = self.emit(thread, previous, Detail::DistributedStarted { length })?;
        let spec = Payload::from(spec.to_json());
        self.emit(thread, previous, Detail::MapRunStarted { arn, id, spec })?;
        if let Position::MapRun { run, .. } = &self.execution.thread(thread)?.position {
            let command = start_of(run);
            self.command(command);
        }
        Ok(())
    }

    /// The Map Run that did not succeed goes on.
    pub(super) fn redrive_map_run(
        &mut self,
        thread: ThreadId,
        run: &MapRunning,
    ) -> Result<(), Halt> {
        let arn = Spec::parse(run.spec.text())?.arn;
        let count = run.redrives + 1;
        let previous = self.execution.thread(thread)?.last_event;
        self.emit(thread, previous, Detail::MapRunRedriven { arn, count })?;
        if let Position::MapRun { run, .. } = &self.execution.thread(thread)?.position {
            let command = start_of(run);
            self.command(command);
        }
        Ok(())
    }

    /// An id as executions have them, in the slot of this one, so that one node owns both.
    fn map_run_id(&mut self) -> [u8; 16] {
        let millis = u64::try_from(self.at.as_millis())
            .unwrap_or(0)
            .to_be_bytes();
        let [.., slot_high, slot_low, _, _, _, _, _, _, _, _] = self.execution.identity.id;
        let random = self.random.next_u64().to_be_bytes();
        let [_, _, time @ ..] = millis;
        let [first, rest @ ..] = random;
        let mut id = [0; 16];
        let bytes = time
            .into_iter()
            .chain([0x70 | (slot_high & 0x0f), slot_low, 0x80 | (first & 0x3f)])
            .chain(rest);
        for (to, from) in id.iter_mut().zip(bytes) {
            *to = from;
        }
        id
    }

    fn map_run(&self, attempt: u64) -> Option<(ThreadId, Visit)> {
        self.find(|position| match position {
            Position::MapRun { visit, run } => (run.attempt == attempt).then(|| visit.clone()),
            _ => None,
        })
    }

    pub(super) fn map_run_succeeded(&mut self, attempt: u64, output: Payload) -> Result<(), Halt> {
        let Some((thread, visit)) = self.map_run(attempt) else {
            return Ok(());
        };
        if output.text().len() > self.limits.payload_bytes_max {
            return self.map_run_failed(attempt, too_large(&visit.state));
        }
        let previous = self.execution.thread(thread)?.last_event;
        let previous = self.emit(thread, previous, Detail::MapRunSucceeded { output })?;
        self.emit(thread, previous, Detail::MapSucceeded)?;
        Ok(())
    }

    pub(super) fn map_run_failed(&mut self, attempt: u64, error: StateError) -> Result<(), Halt> {
        let Some((thread, _)) = self.map_run(attempt) else {
            return Ok(());
        };
        let previous = self.execution.thread(thread)?.last_event;
        let detail = Detail::MapRunFailed {
            error: error.clone(),
        };
        self.emit(thread, previous, detail)?;
        self.fail_map(thread, error)
    }

    /// A Map Run that a thread waited for is stopped.
    pub(super) fn tell_of_aborted_run(&mut self, thread: ThreadId) -> Result<(), Halt> {
        let (position, previous) = {
            let thread = self.execution.thread(thread)?;
            (&thread.position, thread.last_event)
        };
        if matches!(position, Position::MapRun { .. }) {
            self.emit(thread, previous, Detail::MapRunAborted)?;
        }
        Ok(())
    }

    pub(super) fn tell_of_aborted_runs(&mut self) -> Result<(), Halt> {
        let threads: Vec<ThreadId> = self.execution.threads.keys().copied().collect();
        threads
            .into_iter()
            .try_for_each(|thread| self.tell_of_aborted_run(thread))
    }
}

/// The `Label`, or one made of the state's name: distinct in its machine, as the name is.
fn label(distributed: &Distributed, visit: &Visit) -> Arc<str> {
    if let Some(label) = &distributed.label {
        return Arc::clone(label);
    }
    let is_plain = |one: char| one.is_ascii_alphanumeric() || matches!(one, '-' | '_' | '.');
    let plain: String = visit
        .state
        .chars()
        .filter(|one| is_plain(*one))
        .take(LABEL_CHARS_MAX)
        .collect();
    if *plain == *visit.state {
        return Arc::clone(&visit.state);
    }
    let hash = Sha256::digest(visit.state.as_bytes());
    let [a, b, c, d, ..] = <[u8; 32]>::from(hash);
    let hash = format!("{a:02x}{b:02x}{c:02x}{d:02x}");
    let kept: String = plain
        .chars()
        .take(LABEL_CHARS_MAX - hash.len() - 1)
        .collect();
    Arc::from(format!("{kept}-{hash}"))
}

/// Where in the definition the state stands in which a thread is.
fn place_of(execution: &Execution, thread: ThreadId) -> Result<Arc<str>, super::Fault> {
    let mut parts = Vec::new();
    let mut id = thread;
    loop {
        let thread = execution.thread(id)?;
        let state = thread.position.state().map_or("", |state| &**state);
        let above = match thread.origin {
            Origin::Root => None,
            Origin::Branch { parent, index } => Some((parent, format!("/Branches/{index}"))),
            Origin::Iteration { parent, .. } => Some((parent, "/ItemProcessor".to_owned())),
        };
        let scope = above.as_ref().map_or("", |(_, scope)| scope);
        parts.push(format!("{scope}/States/{}", place::escape(state)));
        match above {
            Some((parent, _)) => id = parent,
            None => break,
        }
    }
    parts.reverse();
    Ok(Arc::from(parts.concat()))
}

pub(super) fn plan(
    scene: &Scene<'_>,
    state: &State,
    map: &Map,
    distributed: &Distributed,
    visit: &Visit,
    random: &mut dyn Random,
) -> Result<Spec, EvalError> {
    let input = scene.select(&state.data.input, &visit.input, random)?;
    let mut part = |template: &Option<_>, field: &str| match template {
        None => Ok(Json::empty_object()),
        Some(template) => scene
            .render(template, field, input.json(), random)
            .map(|payload| payload.json().clone()),
    };
    let reader = match &distributed.item_reader {
        None => None,
        Some(reader) => Some(Source::Reader {
            resource: reader.resource.clone().unwrap_or_else(|| Arc::from("")),
            arguments: part(&reader.arguments, "ItemReader")?,
            config: part(&reader.config, "ReaderConfig")?,
        }),
    };
    let batcher = part(&distributed.item_batcher, "ItemBatcher")?;
    let writer = match &distributed.result_writer {
        None => None,
        Some(writer) => {
            let arguments = part(&writer.arguments, "ResultWriter")?;
            let config = part(&writer.config, "WriterConfig")?;
            let has_target = writer.resource.is_some() && writer.arguments.is_some();
            Some(result_writer(has_target, &arguments, &config)?)
        }
    };
    let source = match reader {
        Some(reader) => reader,
        None => Source::Items(items(scene, &map.items, &input, random)?.0.json().clone()),
    };
    let policy = policy(scene, map, &input, random)?;
    let mut number = |setting: &Option<_>, field: &str| match setting {
        None => Ok(None),
        Some(setting) => whole(scene, setting, field, &input, random).map(Some),
    };
    let items_max = number(&distributed.items_max, "MaxItems")?;
    if items_max == Some(0) {
        return Err(EvalError {
            error: names::ITEM_READER_FAILED,
            detail: "field MaxItems must be positive".to_owned(),
            location: None,
        });
    }
    let batch = match &distributed.item_batcher {
        None => None,
        Some(_) => Some(Batch {
            items_max: number(&distributed.batch_items_max, "MaxItemsPerBatch")?,
            bytes_max: number(&distributed.batch_bytes_max, "MaxInputBytesPerBatch")?,
            input: batcher.get("BatchInput").cloned(),
        }),
    };
    Ok(Spec {
        place: Arc::from(""),
        label: Arc::from(""),
        arn: Arc::from(""),
        attempt: 0,
        is_express: false,
        source,
        arguments: input.json().clone(),
        variables: Json::Null,
        context: Json::Null,
        items_max,
        batch,
        writer,
        policy: Policy {
            concurrency: policy.concurrency,
            tolerated_count: policy.tolerated_count,
            tolerated_percentage: policy.tolerated_percentage,
        },
    })
}

fn result_writer(has_target: bool, arguments: &Json, config: &Json) -> Result<Writer, EvalError> {
    let text = |json: &Json, name: &str| json.get(name).and_then(Json::as_str).map(Arc::from);
    let target = if has_target {
        let bucket = text(arguments, "Bucket").ok_or_else(|| EvalError {
            error: names::RUNTIME,
            detail: "The field 'Bucket' of ResultWriter is required and must be a string"
                .to_owned(),
            location: None,
        })?;
        Some((
            bucket,
            text(arguments, "Prefix").unwrap_or_else(|| Arc::from("")),
        ))
    } else {
        None
    };
    let transformation = text(config, "Transformation");
    Ok(Writer {
        target,
        is_lines: text(config, "OutputType").as_deref() == Some("JSONL"),
        transformation: transformation.and_then(|name: Arc<str>| Transformation::parse(&name)),
    })
}

impl Scene<'_> {
    fn variables_json(&self) -> Json {
        let variables = self.visible().iter();
        let members = variables.map(|(name, value)| (Arc::clone(name), value.json().clone()));
        Json::object(members.collect::<Object>())
    }
}
