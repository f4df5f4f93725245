//! Reading the items of the next children.

use std::sync::Arc;

use asl::{
    Json, StateError,
    definition::Kind,
    error::names,
    map_run::{
        Spec,
        inputs::{Input, InputError, Inputs},
        place,
    },
};
use store::ids::ExecutionId;

use super::{Job, Live};
use crate::{
    Fault, limits::MAP_RUN_CHUNK_BYTES, map_run::source::Source, node::Node, random::SystemRandom,
};

impl Job {
    /// The next children's inputs, how far the dataset then is read, and whether that was all of it.
    pub(super) async fn read(
        &self,
        live: &mut Live,
        room: u64,
    ) -> Result<(Vec<Input>, u64, Option<Arc<str>>, bool), StateError> {
        if live.reading.is_none() {
            live.reading = Some(open(&self.node, live, live.run.read).await?);
        }
        let Some((source, inputs)) = &mut live.reading else {
            return Err(StateError::named(names::RUNTIME));
        };
        let mut ready = Vec::new();
        let mut bytes = 0;
        let mut is_whole = false;
        while (ready.len() as u64) < room && bytes < MAP_RUN_CHUNK_BYTES {
            let Some(given) = source.next().await? else {
                ready.extend(inputs.flush());
                is_whole = true;
                break;
            };
            let made = inputs.push(given, self.node.clock.now(), &mut SystemRandom);
            let made = made.map_err(|error| input_error(&error, &live.run.spec))?;
            bytes += made.as_ref().map_or(0, |input| input.payload.text().len());
            ready.extend(made);
        }
        let read = source.count - inputs.waiting();
        Ok((ready, read, source.etag.clone(), is_whole))
    }
}

/// The dataset behind the items that were read before, and what makes inputs of them.
pub(in crate::map_run) async fn open(
    node: &Arc<Node>,
    live: &Live,
    read: u64,
) -> Result<(Source, Inputs), StateError> {
    let spec = &live.run.spec;
    let objects = &node.settings.objects;
    let source = Source::open(spec, objects, live.run.etag.as_deref(), read).await?;
    let definition = parent_definition(node, live).await;
    let definition =
        definition.map_err(|fault| StateError::new(names::RUNTIME, fault.to_string()))?;
    let state = place::state(&definition, &spec.place);
    let Some(Kind::Map(map)) = state.map(|state| &state.kind) else {
        return Err(StateError::named(names::RUNTIME));
    };
    let bytes_max = node.settings.limits.payload_bytes_max;
    let inputs = Inputs::new(Arc::clone(spec), map, bytes_max);
    Ok((source, inputs))
}

async fn parent_definition(node: &Arc<Node>, live: &Live) -> Result<Arc<asl::Definition>, Fault> {
    let names = &node.settings.names;
    let revision = node.catalog.revision(&node.db, names, live.row.revision_id);
    let revision = revision.await?;
    if revision.machine_id == live.row.machine_id {
        return Ok(Arc::clone(&revision.definition));
    }
    // A Map Run in a child of another.
    let outer = node.children_of(ExecutionId(live.row.machine_id)).await?;
    Ok(Arc::clone(&outer.definition))
}

pub(in crate::map_run) fn input_error(error: &InputError, spec: &Spec) -> StateError {
    let state = spec
        .context
        .get("State")
        .and_then(|state| state.get("Name"));
    let state = state.and_then(Json::as_str).unwrap_or_default();
    match error {
        InputError::Evaluation(error) => StateError::new(
            error.error,
            format!(
                "An error occurred while executing the state '{state}'. {}",
                error.detail
            ),
        ),
        InputError::TooLarge => StateError::new(
            names::DATA_LIMIT_EXCEEDED,
            format!(
                "The state/task '{state}' has an item with a size exceeding the maximum number of \
                 bytes service limit."
            ),
        ),
    }
}
