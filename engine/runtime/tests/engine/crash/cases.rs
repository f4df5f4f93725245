//! The executions that crashes cut: every sample, every recorded execution that is about this
//! server, and a flow of our own with all that a crash can cut.

use std::{collections::HashMap, path::Path};

use asl::{
    Json, StateError,
    diagnose::{self, MachineType},
};
use functions::fake::Reply;

use crate::{
    crash::outside::{Outside, SAMPLES_INPUTS},
    world::LAMBDA,
};

/// One execution, to be run straight and then again and again with crashes.
#[derive(Debug)]
pub(crate) struct Case {
    /// Says where it is from.
    pub(crate) title: String,
    pub(crate) machine: String,
    /// With [`EXECUTION`] for the execution's own name.
    pub(crate) input: String,
    /// Parts of it run side by side, so that the order of its events may differ.
    pub(crate) is_concurrent: bool,
}

/// Stands in an input for the name of the execution.
pub(crate) const EXECUTION: &str = "NAME-OF-THE-EXECUTION";

#[derive(Default)]
pub(crate) struct Cases {
    /// Name and definition of each machine.
    pub(crate) machines: Vec<(String, String)>,
    pub(crate) cases: Vec<Case>,
    pub(crate) outside: Outside,
}

impl Cases {
    pub(crate) fn read() -> Self {
        let mut cases = Self::default();
        cases.add_own();
        cases.add_samples();
        cases.add_recorded();
        cases
    }

    fn add(&mut self, title: &str, machine: &str, input: String) {
        let definition = self.machines.iter().find(|(name, _)| name == machine);
        let definition = definition.map_or("", |(_, definition)| definition);
        self.cases.push(Case {
            title: title.to_owned(),
            machine: machine.to_owned(),
            input,
            is_concurrent: ["Parallel", "Map"].iter().any(|it| definition.contains(it)),
        });
    }

    fn add_own(&mut self) {
        let child = r#"{"StartAt":"P","States":{"P":{"Type":"Pass","Next":"W"},"W":{"Type":"Wait","Seconds":1,"End":true}}}"#;
        self.machines.push(("child".to_owned(), child.to_owned()));
        self.machines.push(("own".to_owned(), own_flow()));
        self.add("own flow", "own", r#"{"items":[1,2]}"#.to_owned());
    }

    fn add_samples(&mut self) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workflows");
        for file in files_of(&folder) {
            let name = file.file_name().unwrap().to_str().unwrap().to_owned();
            // The distributed Map of the stock list is cut as every Map Run is: `map_runs/crash.rs`.
            let sample = name.strip_suffix(".asl.json");
            let Some(sample) = sample.filter(|sample| *sample != "stock") else {
                continue;
            };
            let definition = std::fs::read_to_string(&file).unwrap();
            let machine = format!("sample-{sample}");
            self.machines.push((machine.clone(), definition));
            let inputs = SAMPLES_INPUTS.iter().filter(|(of, _)| *of == sample);
            let inputs: Vec<_> = inputs.collect();
            assert!(!inputs.is_empty(), "no input for the sample {sample}");
            for (number, (_, input)) in inputs.into_iter().enumerate() {
                let title = format!("sample {sample} {number}");
                self.add(&title, &machine, (*input).to_owned());
            }
        }
    }

    /// The recorded executions, found as the core's own test of them finds them.
    fn add_recorded(&mut self) {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one setting of these tests, which have no settings file"
        )]
        let setting = std::env::var_os("STEPWRIGHT_CONFORMANCE");
        let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance");
        let folder = setting.map_or(default, Into::into).join("histories/cases");
        if !folder.exists() {
            eprintln!("no recorded executions at {}", folder.display());
            return;
        }
        for (number, file) in files_of(&folder).into_iter().enumerate() {
            let case = asl::json::parse(&std::fs::read_to_string(file).unwrap()).unwrap();
            self.add_case(&case, number);
        }
    }

    fn add_case(&mut self, case: &Json, number: usize) {
        let mut names = Names::new(number);
        for (function, what) in members(case.get("functions")) {
            let name = names.function(&function);
            self.outside.fake = self
                .outside
                .fake
                .clone()
                .function(&name, [behaviour(&what)]);
        }
        let title = text(case, "name");
        if let Some(definition) = case.get("definition") {
            let machine = self.machine(&names, number, 0, definition);
            self.run(&names, title, machine, case);
        }
        for (index, table) in items(case.get("machines")).iter().enumerate() {
            let machine = self.machine(&names, number, index, table.get("definition").unwrap());
            for run in items(table.get("runs")) {
                self.run(&names, title, machine.clone(), run);
            }
        }
        let mut machine = None;
        for (index, step) in items(case.get("steps")).iter().enumerate() {
            let index = index + 1;
            let params = step.get("params").cloned().unwrap_or(Json::Null);
            match text(step, "op") {
                "CreateStateMachine" => {
                    let definition = params.get("definition").cloned().unwrap_or(Json::Null);
                    machine = self.machine(&names, number, index, &definition);
                    if let Some(name) = &machine {
                        names.arn(index, "stateMachine", name);
                    }
                }
                "CreateActivity" => {
                    let name = format!("c{number}-{index}");
                    names.arn(index, "activity", &name);
                    self.outside.activities.push(name);
                }
                "StartExecution" => self.run(&names, title, machine.clone(), &params),
                _ => {}
            }
        }
    }

    /// Names a machine, where its definition is one.
    fn machine(
        &mut self,
        names: &Names,
        case: usize,
        index: usize,
        definition: &Json,
    ) -> Option<String> {
        let definition = names.fill(definition);
        diagnose::parse(&definition, MachineType::Standard).0?;
        let name = format!("c{case}-{index}");
        self.machines.push((name.clone(), definition));
        Some(name)
    }

    /// Adds an execution, unless there is the same already.
    fn run(&mut self, names: &Names, title: &str, machine: Option<String>, holder: &Json) {
        let Some(machine) = machine else { return };
        let mut input = holder.get("input").cloned();
        if let Some(Json::Object(members)) = &input
            && members.contains_key("Name")
        {
            // The name of a child, which must differ from that of every other run's.
            let mut members = asl::json::Object::clone(members);
            members.insert("Name".into(), Json::string(EXECUTION));
            input = Some(Json::object(members));
        }
        let input = names.fill(&input.unwrap_or_else(Json::empty_object));
        let known = |case: &&Case| case.machine == machine && case.input == input;
        if asl::json::parse(&input).is_ok() && self.cases.iter().find(known).is_none() {
            self.add(title, &machine, input);
        }
    }
}

/// A chain, a retried task, branches, items, a wait, a child.
fn own_flow() -> String {
    format!(
        r#"{{"StartAt":"A","States":{{
            "A":{{"Type":"Pass","Assign":{{"v":7}},"Next":"T"}},
            "T":{{"Type":"Task","Resource":"{LAMBDA}:flaky","ResultPath":"$.t","Next":"P",
                 "Retry":[{{"ErrorEquals":["Busy"],"IntervalSeconds":1}}]}},
            "P":{{"Type":"Parallel","ResultPath":"$.p","Next":"M","Branches":[
                {{"StartAt":"L","States":{{"L":{{"Type":"Task","Resource":"{LAMBDA}:echo","End":true}}}}}},
                {{"StartAt":"W","States":{{"W":{{"Type":"Wait","Seconds":1,"End":true}}}}}}]}},
            "M":{{"Type":"Map","MaxConcurrency":1,"ItemsPath":"$.items","ResultPath":"$.m","Next":"C",
                 "ItemProcessor":{{"StartAt":"I","States":{{"I":{{"Type":"Task","Resource":"{LAMBDA}:echo","End":true}}}}}}}},
            "C":{{"Type":"Task","Resource":"arn:aws:states:::states:startExecution.sync:2","ResultPath":"$.c",
                 "Parameters":{{"StateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:child","Input":{{"v.$":"$v"}}}},
                 "ResultSelector":{{"out.$":"$.Output"}},"End":true}}}}}}"#
    )
}

/// What stands for names in a case.
struct Names {
    case: usize,
    meanings: HashMap<String, String>,
}

impl Names {
    fn new(case: usize) -> Self {
        let mut meanings = HashMap::new();
        meanings.insert("{{region}}".to_owned(), "us-east-1".to_owned());
        meanings.insert("{{account}}".to_owned(), "000000000000".to_owned());
        for number in 1..=9 {
            let role = format!("arn:aws:iam::000000000000:role/r{number}");
            meanings.insert(format!("{{{{role.{number}}}}}"), role);
            meanings.insert(format!("{{{{uid.{number}}}}}"), format!("abcdefg{number}"));
        }
        Self { case, meanings }
    }

    fn function(&mut self, function: &str) -> String {
        let name = format!("case-{}-{function}", self.case);
        let arn = format!("{LAMBDA}:{name}");
        self.meanings
            .insert(format!("{{{{{function}.FunctionArn}}}}"), arn);
        self.meanings
            .insert(format!("{{{{{function}.FunctionName}}}}"), name.clone());
        name
    }

    fn arn(&mut self, step: usize, resource: &str, name: &str) {
        let arn = format!("arn:aws:states:us-east-1:000000000000:{resource}:{name}");
        self.meanings
            .insert(format!("{{{{{step}.{resource}Arn}}}}"), arn);
    }

    /// The text of a definition or an input: a text is one already.
    fn fill(&self, value: &Json) -> String {
        let mut text = match value {
            Json::String(text) => text.to_string(),
            other => other.to_text(),
        };
        for (placeholder, meaning) in &self.meanings {
            text = text.replace(placeholder, meaning);
        }
        text
    }
}

fn behaviour(function: &Json) -> Reply {
    let behaviour = function.get("behaviour").unwrap();
    match behaviour.get("raises") {
        Some(raised) => {
            let member = |name: &str| raised.get(name).cloned().unwrap_or(Json::Null);
            let cause = Json::members([
                ("errorMessage", member("errorMessage")),
                ("errorType", member("errorType")),
                ("stackTrace", member("stackTrace")),
            ]);
            let kind = text(raised, "errorType");
            Reply::Error(StateError::new(kind, cause.to_text()))
        }
        None if behaviour.get("sleepsSeconds").is_some() => Reply::Never,
        None => Reply::Echo,
    }
}

fn files_of(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn items(value: Option<&Json>) -> &[Json] {
    value.and_then(Json::as_array).unwrap_or_default()
}

fn members(value: Option<&Json>) -> Vec<(String, Json)> {
    let members = value.and_then(Json::as_object).into_iter().flatten();
    members
        .map(|(name, value)| (name.to_string(), value.clone()))
        .collect()
}

fn text<'a>(value: &'a Json, name: &str) -> &'a str {
    value.get(name).and_then(Json::as_str).unwrap_or_default()
}
