//! What a Map Run that ended before its time leaves of the children that never began.
//!
//! Source: "ResultWriter (Map)" in the Step Functions developer guide: a file for those that have not started.

use std::sync::Arc;

use asl::{Json, Payload, json::Object, map_run::inputs::Input};

use super::{arn_of, file::File};
use crate::{
    map_run::job::{Live, read::open},
    node::Node,
    random::SystemRandom,
};

/// Reads the items that no child had, and writes whom they would have been given to. What cannot be
/// read or shaped is why the run ended, and is told so; it ends the list.
pub(super) async fn write(
    node: &Arc<Node>,
    live: &Live,
    file: &mut File,
) -> Result<(), objects::Error> {
    if live.run.is_read_whole {
        return Ok(());
    }
    let Ok((mut source, mut inputs)) = open(node, live, live.run.read).await else {
        return Ok(());
    };
    let mut index = live.run.next;
    loop {
        let given = source.next().await;
        let is_last = matches!(given, Ok(None));
        let made = match given {
            Ok(Some(given)) => inputs.push(given, node.clock.now(), &mut SystemRandom),
            Ok(None) => Ok(inputs.flush()),
            Err(_) => return Ok(()),
        };
        let Ok(made) = made else { return Ok(()) };
        if let Some(Input { payload, .. }) = made {
            file.put(&description(live, index, &payload).to_text())
                .await?;
            index += 1;
        }
        if is_last {
            return Ok(());
        }
    }
}

fn description(live: &Live, index: u64, input: &Payload) -> Json {
    let name = live.child_id(index).to_string();
    let machine = Arc::clone(&live.children.machine_arn);
    let members = [
        ("ExecutionArn", Json::from(arn_of(live, &name))),
        ("Input", Json::string(input.text())),
        (
            "InputDetails",
            Json::members([("Included", Json::Bool(true))]),
        ),
        ("Name", Json::from(name)),
        ("StateMachineArn", Json::String(machine)),
        ("Status", Json::string("PENDING")),
    ];
    let members = members.map(|(name, value)| (Arc::from(name), value));
    Json::object(members.into_iter().collect::<Object>())
}
