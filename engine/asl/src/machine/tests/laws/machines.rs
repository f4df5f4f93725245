//! Random machines that are valid, and inputs for them. Every choice is a byte, and zero is always the
//! plainest one, so that a failing run shrinks to a small machine.

use serde_json::{Map, Value, json};

use crate::Json;

/// Choices yet to be made. When the bytes are used up, all that follow are zero.
pub(super) struct Choices<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Choices<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// A number below `bound`.
    pub(super) fn below(&mut self, bound: u8) -> u8 {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        byte % bound.max(1)
    }

    /// True once in so many times.
    pub(super) fn one_in(&mut self, times: u8) -> bool {
        self.below(times) == times - 1
    }

    pub(super) fn of<T: Clone>(&mut self, all: &[T]) -> T {
        let index = self.below(u8::try_from(all.len()).expect("a short list"));
        all[usize::from(index)].clone()
    }

    pub(super) fn is_used_up(&self) -> bool {
        self.at >= self.bytes.len()
    }
}

/// A machine as text.
pub(super) fn machine(choices: &mut Choices<'_>) -> Json {
    let mut maker = Maker {
        choices,
        names: 0,
        budget: 20,
    };
    let mut machine = maker.scope(0, &[]);
    if maker.choices.one_in(5) {
        let seconds = maker.choices.below(30) + 1;
        machine.insert("TimeoutSeconds".to_owned(), json!(seconds));
    }
    read(&Value::Object(machine))
}

/// An input with the members that the machines' paths name, or almost.
pub(super) fn input(choices: &mut Choices<'_>) -> Json {
    if choices.one_in(20) {
        return read(&json!([1, 2]));
    }
    let items = match choices.below(8) {
        0..=3 => json!([1, 2, 3]),
        4 => json!([{"n": 3}, "x", null, [1.50], 5]),
        5 => json!({"k": 1, "l": {"m": 2}}),
        6 => json!([]),
        _ => json!("no items"),
    };
    let text = "é\"\\\n x".repeat(usize::from(choices.below(20)));
    read(&json!({
        "n": choices.of(&[2, 0, 1, 7, -1]),
        "s": choices.of(&[json!(1), json!(0), json!(4), json!(2), json!(1.5), json!("a")]),
        "t": choices.of(&["2023-11-14T22:13:24Z", "2023-11-14T22:13:00+01:00", "2023-11-14T22:13:22.5Z", "soon"]),
        "items": items,
        "text": text,
    }))
}

fn read(value: &Value) -> Json {
    crate::json::parse(&value.to_string()).expect("is JSON")
}

struct Maker<'a, 'b> {
    choices: &'a mut Choices<'b>,
    /// Names used so far: those of states must differ in the whole machine.
    names: u32,
    /// States that may yet be made.
    budget: u32,
}

type Members = Map<String, Value>;

/// A state's surroundings while it is made.
struct Place<'s> {
    depth: u8,
    /// The scope's states, of which this is one.
    names: &'s [String],
    index: usize,
    /// Variables that expressions may read, and the one that this scope may assign.
    readable: &'s [String],
    own: Option<&'s String>,
}

impl Maker<'_, '_> {
    /// `StartAt` and `States`. Each state leads to the next, so all can be reached.
    fn scope(&mut self, depth: u8, outer: &[String]) -> Members {
        let wanted = u32::from(self.choices.below(4)) + 1;
        let count = wanted.min(self.budget.max(1));
        self.budget = self.budget.saturating_sub(count);
        let names: Vec<String> = (0..count).map(|_| self.name("S")).collect();
        let own = self.choices.one_in(2).then(|| self.name("v"));
        let readable: Vec<String> = outer.iter().chain(&own).cloned().collect();
        let mut states = Members::new();
        for (index, name) in names.iter().enumerate() {
            let place = Place {
                depth,
                names: &names,
                index,
                readable: &readable,
                own: own.as_ref(),
            };
            let mut state = match &own {
                // The variable is assigned somewhere in its scope.
                Some(own) if index == 0 => self.assigning_pass(&place, own),
                _ => self.state(&place),
            };
            if self.choices.one_in(4) {
                super::jsonata::translate(&mut state, self.choices, &readable);
            }
            states.insert(name.clone(), Value::Object(state));
        }
        let mut scope = Members::new();
        scope.insert("StartAt".to_owned(), json!(names[0]));
        scope.insert("States".to_owned(), Value::Object(states));
        scope
    }

    fn name(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    fn state(&mut self, place: &Place<'_>) -> Members {
        let is_last = place.index + 1 == place.names.len();
        match self.choices.below(8) {
            1 => self.task(place),
            2 => self.wait(place),
            3 if !is_last => self.choice(place),
            4 if is_last && place.depth > 0 => self.last(),
            4 if is_last && self.choices.one_in(2) => self.last(),
            5 if place.depth < 3 => self.parallel(place),
            6 if place.depth < 3 => self.map(place),
            7 => self.task(place),
            _ => self.pass(place),
        }
    }

    fn assigning_pass(&mut self, place: &Place<'_>, own: &str) -> Members {
        let mut state = members(&json!({"Type": "Pass"}));
        let value = self.assignment(place, own);
        state.insert("Assign".to_owned(), value);
        onward(&mut state, place);
        state
    }

    fn pass(&mut self, place: &Place<'_>) -> Members {
        let mut state = members(&json!({"Type": "Pass"}));
        match self.choices.below(4) {
            1 => drop(state.insert("Result".to_owned(), json!({"n": 1, "b": 1.50}))),
            2 => drop(state.insert("Parameters".to_owned(), self.template(place))),
            _ => {}
        }
        self.data(&mut state, place);
        onward(&mut state, place);
        state
    }

    fn wait(&mut self, place: &Place<'_>) -> Members {
        let until = match self.choices.below(5) {
            0 | 1 => json!({"Type": "Wait", "Seconds": self.choices.below(4)}),
            2 => json!({"Type": "Wait", "SecondsPath": "$.s"}),
            3 => json!({"Type": "Wait", "TimestampPath": "$.t"}),
            _ => json!({"Type": "Wait", "Timestamp": "2023-11-14T22:13:25Z"}),
        };
        let mut state = members(&until);
        self.assign(&mut state, place);
        onward(&mut state, place);
        state
    }

    fn choice(&mut self, place: &Place<'_>) -> Members {
        let next = place.names[place.index + 1].clone();
        let mut rules = vec![json!({
            "Variable": "$.n", "NumericGreaterThan": self.choices.below(4), "Next": self.target(place)
        })];
        if self.choices.one_in(2) {
            rules.push(json!({"Not": {"Variable": "$.r", "IsPresent": true}, "Next": next}));
        }
        let mut state = members(&json!({"Type": "Choice", "Choices": rules}));
        if rules.len() == 1 || !self.choices.one_in(4) {
            state.insert("Default".to_owned(), json!(next));
        }
        self.assign(&mut state, place);
        state
    }

    fn last(&mut self) -> Members {
        members(&match self.choices.below(4) {
            0 => json!({"Type": "Succeed"}),
            1 => json!({"Type": "Fail"}),
            2 => json!({"Type": "Fail", "Error": "E2", "Cause": "because"}),
            _ => {
                json!({"Type": "Fail", "ErrorPath": "$.text", "CausePath": "States.Format('{}', $.n)"})
            }
        })
    }

    fn task(&mut self, place: &Place<'_>) -> Members {
        let token = json!({"QueueUrl": "q", "MessageBody": {"T.$": "$$.Task.Token", "I.$": "$"}});
        let child =
            json!({"StateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:c"});
        let mut state = members(&match self.choices.below(6) {
            0 | 1 => json!({"Resource": "arn:aws:lambda:us-east-1:000000000000:function:f"}),
            2 => json!({"Resource": "arn:aws:states:us-east-1:000000000000:activity:a"}),
            3 => {
                json!({"Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "Parameters": token})
            }
            4 => {
                json!({"Resource": "arn:aws:states:::states:startExecution.sync:2", "Parameters": child})
            }
            _ => {
                json!({"Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f"}})
            }
        });
        state.insert("Type".to_owned(), json!("Task"));
        if self.choices.one_in(2) {
            let seconds = self.choices.below(9) + 4;
            state.insert("TimeoutSeconds".to_owned(), json!(seconds));
        } else if self.choices.one_in(6) {
            state.insert("TimeoutSecondsPath".to_owned(), json!("$.n"));
        }
        if self.choices.one_in(4) {
            let seconds = self.choices.below(3) + 1;
            state.insert("HeartbeatSeconds".to_owned(), json!(seconds));
        }
        if self.choices.one_in(4) {
            state.insert("ResultSelector".to_owned(), json!({"n.$": "$.n"}));
        }
        self.data(&mut state, place);
        self.handlers(&mut state, place);
        onward(&mut state, place);
        state
    }

    fn parallel(&mut self, place: &Place<'_>) -> Members {
        let branches = (0..=self.choices.below(3))
            .map(|_| Value::Object(self.scope(place.depth + 1, place.readable)))
            .collect::<Vec<_>>();
        let mut state = members(&json!({"Type": "Parallel", "Branches": branches}));
        self.data(&mut state, place);
        self.handlers(&mut state, place);
        onward(&mut state, place);
        state
    }

    fn map(&mut self, place: &Place<'_>) -> Members {
        let processor = self.scope(place.depth + 1, place.readable);
        let mut state = members(&json!({"Type": "Map", "ItemProcessor": processor}));
        if !self.choices.one_in(8) {
            state.insert("ItemsPath".to_owned(), json!("$.items"));
        }
        if !self.choices.one_in(4) {
            let selector = json!({
                "n.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value", "items.$": "$.items", "s": 1
            });
            state.insert("ItemSelector".to_owned(), selector);
        }
        match self.choices.below(4) {
            0 => {}
            1 => drop(state.insert("MaxConcurrency".to_owned(), json!(1))),
            2 => drop(state.insert("MaxConcurrency".to_owned(), json!(2))),
            _ => drop(state.insert("MaxConcurrencyPath".to_owned(), json!("$.n"))),
        }
        match self.choices.below(4) {
            1 => drop(state.insert("ToleratedFailureCount".to_owned(), json!(1))),
            2 => drop(state.insert("ToleratedFailurePercentage".to_owned(), json!(33.3))),
            _ => {}
        }
        self.data(&mut state, place);
        self.handlers(&mut state, place);
        onward(&mut state, place);
        state
    }

    /// `InputPath`, `ResultPath`, `OutputPath`, `Assign`.
    fn data(&mut self, state: &mut Members, place: &Place<'_>) {
        let mut put = |name: &str, value: Value| drop(state.insert(name.to_owned(), value));
        match self.choices.below(30) {
            1 => put("InputPath", Value::Null),
            2 => put("InputPath", json!("$$.Execution.Input")),
            3 => put("InputPath", json!("$.items")),
            _ => {}
        }
        match self.choices.below(16) {
            0..=11 => put("ResultPath", json!("$.r")),
            12 | 13 => put("ResultPath", Value::Null),
            14 => put("ResultPath", json!("$.items[0]")),
            _ => {}
        }
        match self.choices.below(30) {
            1 => put("OutputPath", json!("$.r")),
            2 => put("OutputPath", json!("$$.Execution.Input")),
            _ => {}
        }
        self.assign(state, place);
    }

    fn assign(&mut self, state: &mut Members, place: &Place<'_>) {
        if let Some(own) = place.own
            && self.choices.one_in(3)
        {
            let value = self.assignment(place, own);
            state.insert("Assign".to_owned(), value);
        }
    }

    fn assignment(&mut self, place: &Place<'_>, own: &str) -> Value {
        let mut assign = Members::new();
        if self.choices.one_in(2) {
            assign.insert(format!("{own}.$"), json!(self.expression(place)));
        } else {
            assign.insert(own.to_owned(), json!({"n": 1}));
        }
        Value::Object(assign)
    }

    fn template(&mut self, place: &Place<'_>) -> Value {
        json!({"n.$": self.expression(place), "items.$": "$.items", "s": 2, "b": [1.0]})
    }

    fn expression(&mut self, place: &Place<'_>) -> String {
        if !place.readable.is_empty() && self.choices.one_in(3) {
            return format!("${}", self.choices.of(place.readable));
        }
        let expressions = [
            "$.n",
            "$",
            "$.text",
            "$$.State.Name",
            "$$.Execution.Input",
            "States.Array($.n, $.items)",
            "States.MathRandom(0, 5)",
            "States.UUID()",
            "$.items[*].n",
        ];
        self.choices.of(&expressions).to_owned()
    }

    /// `Retry` and `Catch`.
    fn handlers(&mut self, state: &mut Members, place: &Place<'_>) {
        let errors: [&str; 7] = [
            "States.ALL",
            "E1",
            "States.TaskFailed",
            "States.Timeout",
            "States.Runtime",
            "States.DataLimitExceeded",
            "States.QueryEvaluationError",
        ];
        if self.choices.one_in(2) {
            let mut retry = Vec::new();
            if self.choices.one_in(2) {
                let error = self.choices.of(&errors[1..]);
                retry.push(json!({
                    "ErrorEquals": [error], "IntervalSeconds": self.choices.below(3) + 1,
                    "MaxAttempts": self.choices.below(3), "BackoffRate": 1.5, "MaxDelaySeconds": 4,
                    "JitterStrategy": self.choices.of(&["NONE", "FULL"]),
                }));
            }
            let error = self.choices.of(&errors);
            retry.push(json!({"ErrorEquals": [error], "MaxAttempts": self.choices.below(3)}));
            state.insert("Retry".to_owned(), json!(retry));
        }
        if self.choices.one_in(2) {
            let mut catcher = members(&json!({
                "ErrorEquals": [self.choices.of(&errors)], "Next": self.target(place)
            }));
            match self.choices.below(3) {
                0 => drop(catcher.insert("ResultPath".to_owned(), json!("$.r"))),
                1 => drop(catcher.insert("ResultPath".to_owned(), Value::Null)),
                _ => {}
            }
            if let Some(own) = place.own
                && self.choices.one_in(3)
            {
                catcher.insert("Assign".to_owned(), json!({own: "caught"}));
            }
            state.insert("Catch".to_owned(), json!([catcher]));
        }
    }

    /// A state of the scope: usually a later one.
    fn target(&mut self, place: &Place<'_>) -> String {
        let later = &place.names[(place.index + 1).min(place.names.len() - 1)..];
        if self.choices.one_in(4) {
            self.choices.of(place.names)
        } else {
            self.choices.of(later)
        }
    }
}

fn onward(state: &mut Members, place: &Place<'_>) {
    match place.names.get(place.index + 1) {
        Some(next) => drop(state.insert("Next".to_owned(), json!(next))),
        None => drop(state.insert("End".to_owned(), json!(true))),
    }
}

fn members(value: &Value) -> Members {
    value.as_object().expect("an object").clone()
}
