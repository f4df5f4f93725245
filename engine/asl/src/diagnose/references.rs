//! Which variables each state reads, as DescribeStateMachine's `variableReferences` lists them.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    definition::{
        Catcher, DataFlow, Definition, Kind, Scope, Selector, Setting, State,
        map::{Distributed, Items, Mode},
        wait::Until,
    },
    query::{Expression, Template},
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
                references.insert(state.name.to_string(), names.into_iter().collect());
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
pub(super) fn read_by(state: &State) -> BTreeSet<String> {
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
struct Names(Vec<String>);

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
        let services = [&distributed.item_reader, &distributed.result_writer];
        for service in services.into_iter().flatten() {
            self.template(service.arguments.as_ref());
            self.template(service.config.as_ref());
        }
    }
}
