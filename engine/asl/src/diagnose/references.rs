//! Which variables each state reads, as DescribeStateMachine's `variableReferences` lists them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    definition::{
        Catcher, DataFlow, Definition, Kind, Scope, Selector, Setting, State,
        map::{Distributed, Items, Mode},
        wait::Until,
    },
    query::{Expression, Template, VariableNames},
};

/// State name to the variables that it reads itself, sorted; states that read none are left out.
/// The states inside a Map or Parallel are listed beside the others.
pub fn variable_references(definition: &Definition) -> BTreeMap<String, Vec<String>> {
    let mut references = BTreeMap::new();
    let mut pending: Vec<&Scope> = vec![&definition.scope];
    while let Some(scope) = pending.pop() {
        for state in scope.states.values() {
            let names = read_by(state);
            if !names.is_empty() {
                let names = names.iter().map(ToString::to_string).collect();
                references.insert(state.name.to_string(), names);
            }
            match &state.kind {
                Kind::Parallel(parallel) => pending.extend(&parallel.branches),
                Kind::Map(map) => pending.push(&map.processor),
                Kind::Task(_)
                | Kind::Pass { .. }
                | Kind::Choice(_)
                | Kind::Wait(_)
                | Kind::Succeed
                | Kind::Fail(_) => {}
            }
        }
    }
    references
}

/// The variables that the fields of `state` read, without the states inside it.
pub(super) fn read_by(state: &State) -> BTreeSet<Arc<str>> {
    let mut names = Names::default();
    names.data(&state.data);
    match &state.kind {
        Kind::Task(task) => {
            names.template(task.credentials.as_ref());
            names.setting(task.timeout_seconds.as_ref());
            names.setting(task.heartbeat_seconds.as_ref());
            names.catchers(&task.catch);
        }
        Kind::Choice(choice) => {
            for rule in &choice.rules {
                rule.condition.variables(&mut names.0);
                names.template(rule.assign.as_ref());
                names.template(rule.output.as_ref());
            }
        }
        Kind::Wait(wait) => match &wait.until {
            Until::SecondsComputed(expression) | Until::TimestampComputed(expression) => {
                expression.variables(&mut names.0);
            }
            Until::Seconds(_) | Until::Timestamp(_) => {}
        },
        Kind::Fail(fail) => {
            names.setting(fail.error.as_ref());
            names.setting(fail.cause.as_ref());
        }
        Kind::Parallel(parallel) => names.catchers(&parallel.catch),
        Kind::Map(map) => {
            match &map.items {
                Items::Input => {}
                Items::Path(path) => path.variables(&mut names.0),
                Items::Template(template) => names.template(Some(template)),
            }
            names.template(map.item_selector.as_ref());
            names.setting(map.concurrency_max.as_ref());
            names.setting(map.tolerated_failure_count.as_ref());
            names.setting(map.tolerated_failure_percentage.as_ref());
            names.catchers(&map.catch);
            if let Mode::Distributed(distributed) = &map.mode {
                names.distributed(distributed);
            }
        }
        Kind::Pass { .. } | Kind::Succeed => {}
    }
    names.0.into_iter().collect()
}

#[derive(Default)]
struct Names(VariableNames);

impl Names {
    fn data(&mut self, data: &DataFlow) {
        for selector in [&data.input, &data.output_path] {
            if let Selector::Path(path) = selector {
                path.variables(&mut self.0);
            }
        }
        let templates = [
            &data.arguments,
            &data.result_selector,
            &data.output,
            &data.assign,
        ];
        for template in templates {
            self.template(template.as_ref());
        }
    }

    fn template(&mut self, template: Option<&Template>) {
        if let Some(template) = template {
            template.variables(&mut self.0);
        }
    }

    fn expression(&mut self, expression: &Expression) {
        expression.variables(&mut self.0);
    }

    fn setting<T>(&mut self, setting: Option<&Setting<T>>) {
        if let Some(Setting::Computed(expression)) = setting {
            self.expression(expression);
        }
    }

    fn catchers(&mut self, catchers: &[Catcher]) {
        for catcher in catchers {
            self.template(catcher.assign.as_ref());
            self.template(catcher.output.as_ref());
        }
    }

    fn distributed(&mut self, distributed: &Distributed) {
        self.template(distributed.item_batcher.as_ref());
        let settings = [
            &distributed.items_max,
            &distributed.batch_items_max,
            &distributed.batch_bytes_max,
        ];
        for setting in settings {
            self.setting(setting.as_ref());
        }
        let services = [&distributed.item_reader, &distributed.result_writer];
        for service in services.into_iter().flatten() {
            self.template(service.arguments.as_ref());
            self.template(service.config.as_ref());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::variable_references;
    use crate::diagnose::{MachineType, parse};

    #[test]
    fn every_field_that_can_read_a_variable_is_looked_at() {
        let text = r#"{"StartAt":"T","States":{
            "T":{"Type":"Task","Resource":"arn:aws:lambda:::function:f","Next":"C","InputPath":"$in","OutputPath":"$out",
                "Parameters":{"a":[{"b.$":"$param.x"}]},"ResultSelector":{"a.$":"States.Array($sel, $sel)"},
                "Credentials":{"RoleArn.$":"$role"},"TimeoutSecondsPath":"$timeout","HeartbeatSecondsPath":"$beat",
                "Assign":{"own.$":"$other"},
                "Catch":[{"ErrorEquals":["States.ALL"],"Next":"F","Assign":{"e.$":"$caught"}}]},
            "C":{"Type":"Choice","Default":"W","Choices":[
                {"Not":{"Variable":"$left","StringEqualsPath":"$right.x"},"Next":"W","Assign":{"z.$":"$rule"}}]},
            "W":{"Type":"Wait","TimestampPath":"$until","Next":"D"},
            "D":{"Type":"Map","Next":"M","ItemReader":{"Resource":"arn:aws:states:::s3:getObject","Parameters":{"Bucket.$":"$bucket"},
                    "ReaderConfig":{"InputType":"JSON","MaxItemsPath":"$few"}},
                "ItemBatcher":{"MaxItemsPerBatchPath":"$size","MaxInputBytesPerBatchPath":"$bytes","BatchInput":{"a.$":"$batch"}},
                "ResultWriter":{"Resource":"arn:aws:states:::s3:putObject","Parameters":{"Bucket.$":"$results"}},
                "ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},
                    "StartAt":"X","States":{"X":{"Type":"Pass","End":true}}}},
            "M":{"Type":"Map","End":true,"ItemsPath":"$items","ItemSelector":{"a.$":"$item"},"MaxConcurrencyPath":"$max",
                "ToleratedFailureCountPath":"$count","ToleratedFailurePercentagePath":"$percent",
                "ItemProcessor":{"StartAt":"P","States":{"P":{"Type":"Parallel","End":true,"Branches":[
                    {"StartAt":"I","States":{"I":{"Type":"Pass","End":true,"OutputPath":"$inner"}}}]}}}},
            "F":{"Type":"Fail","ErrorPath":"$error","CausePath":"States.Format('{}', $cause)"}}}"#;
        let (definition, found) = parse(text, MachineType::Standard);
        let definition = definition.unwrap_or_else(|| panic!("{found:?}"));
        let listed: Vec<_> = variable_references(&definition)
            .into_iter()
            .map(|(state, names)| format!("{state}: {}", names.join(" ")))
            .collect();
        assert_eq!(
            listed,
            [
                "C: left right rule",
                "D: batch bucket bytes few results size",
                "F: cause error",
                "I: inner",
                "M: count item items max percent",
                "T: beat caught in other out param role sel timeout",
                "W: until",
            ]
        );
    }
}
