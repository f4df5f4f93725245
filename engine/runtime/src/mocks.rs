//! Mocked integrations: what stands in for calls of executions that are started with a test case, as
//! `ARN#TestCase`. The file that says so is the one that Step Functions Local reads.
//!
//! A state that the test case names makes no call: the number of its retry picks the response. States that it
//! does not name call as usual. The name of the test case stays with the execution, after `#` in the alias that
//! it was started by, so that a restart changes nothing.
//!
//! Source: "Using Mocked Service Integrations" in the developer guide of Step Functions Local.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use asl::{Json, Payload, StateError, error::names, json::Object};

/// Attempts that one mocked response may describe; more are no test.
const ATTEMPTS_MAX: u64 = 100_000;

/// The most problems of a file that are told.
const PROBLEMS_MAX: usize = 100;

/// What is mocked.
#[derive(Debug, Default)]
pub struct Mocks {
    /// By machine, then by test case, then by state.
    machines: HashMap<String, HashMap<String, HashMap<String, Response>>>,
}

/// What a mocked state answers.
#[derive(Clone, Debug)]
struct Response {
    name: Arc<str>,
    /// By the last attempt that it stands for; they begin at 0 and have no gap.
    answers: Arc<BTreeMap<u64, Answer>>,
}

#[derive(Clone, Debug)]
enum Answer {
    Return(Payload),
    Throw(StateError),
}

impl Mocks {
    /// Reads the file's text. All problems at once, each with its place and what is allowed.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        let mut reader = Reader::default();
        let mocks = match asl::json::parse(text) {
            Ok(file) => reader.file(&file),
            Err(error) => {
                reader.tell("", &format!("is no JSON: {error}"));
                Self::default()
            }
        };
        if reader.problems.is_empty() {
            Ok(mocks)
        } else {
            Err(reader.problems)
        }
    }

    /// Whether the file has that test case of a machine; if not, those that it has.
    pub(crate) fn check(&self, machine: &str, case: &str) -> Result<(), String> {
        let cases = self.machines.get(machine);
        if cases.is_some_and(|cases| cases.contains_key(case)) {
            return Ok(());
        }
        let mut known: Vec<&str> = cases
            .into_iter()
            .flat_map(HashMap::keys)
            .map(String::as_str)
            .collect();
        known.sort_unstable();
        let known = if known.is_empty() {
            "it has none of this state machine".to_owned()
        } else {
            format!("it has {}", known.join(", "))
        };
        Err(format!(
            "The mock configuration has no test case '{case}' of the state machine '{machine}': {known}"
        ))
    }

    /// What stands in for a call; nothing where the state is not mocked.
    pub(crate) fn answer(
        &self,
        machine: &str,
        case: &str,
        state: &str,
        retry: u64,
    ) -> Option<Result<Payload, StateError>> {
        let response = self.machines.get(machine)?.get(case)?.get(state)?;
        let answer = response.answers.range(retry..).next();
        Some(match answer {
            Some((_, Answer::Return(payload))) => Ok(payload.clone()),
            Some((_, Answer::Throw(error))) => Err(error.clone()),
            None => Err(StateError::new(
                names::RUNTIME,
                format!(
                    "The mocked response '{}' of the state '{state}' has no answer for attempt {retry}.",
                    response.name
                ),
            )),
        })
    }
}

#[derive(Default)]
struct Reader {
    problems: Vec<String>,
}

impl Reader {
    fn tell(&mut self, place: &str, problem: &str) {
        if self.problems.len() < PROBLEMS_MAX {
            let place = if place.is_empty() { "/" } else { place };
            self.problems.push(format!("{place} {problem}"));
        }
    }

    fn object<'a>(&mut self, value: &'a Json, place: &str) -> Option<&'a Object> {
        let object = value.as_object();
        if object.is_none() {
            let kind = value.kind();
            self.tell(place, &format!("is of type {kind}; an object is allowed"));
        }
        object
    }

    fn only(&mut self, object: &Object, allowed: &[&str], place: &str) {
        for (name, _) in object {
            if !allowed.contains(&&**name) {
                let at = within(place, name);
                let allowed = allowed.join(", ");
                self.tell(&at, &format!("is not known; {allowed} are allowed"));
            }
        }
    }

    fn file(&mut self, file: &Json) -> Mocks {
        let mut mocks = Mocks::default();
        let Some(members) = self.object(file, "") else {
            return mocks;
        };
        self.only(members, &["StateMachines", "MockedResponses"], "");
        let mut responses = HashMap::new();
        if let Some(given) = members.get("MockedResponses") {
            let place = "/MockedResponses";
            for (name, value) in self.object(given, place).into_iter().flatten() {
                let response = self.response(name, value, &within(place, name));
                responses.insert(Arc::clone(name), response);
            }
        }
        let place = "/StateMachines";
        let Some(machines) = members.get("StateMachines") else {
            self.tell(place, "is missing");
            return mocks;
        };
        for (machine, value) in self.object(machines, place).into_iter().flatten() {
            let place = within(place, machine);
            let cases = self.machine(value, &place, &responses);
            mocks.machines.insert(machine.to_string(), cases);
        }
        mocks
    }

    fn machine(
        &mut self,
        machine: &Json,
        place: &str,
        responses: &HashMap<Arc<str>, Response>,
    ) -> HashMap<String, HashMap<String, Response>> {
        let mut read = HashMap::new();
        let Some(members) = self.object(machine, place) else {
            return read;
        };
        self.only(members, &["TestCases"], place);
        let place = within(place, "TestCases");
        let Some(cases) = members.get("TestCases") else {
            self.tell(&place, "is missing");
            return read;
        };
        for (case, states) in self.object(cases, &place).into_iter().flatten() {
            let place = within(&place, case);
            let mut mocked = HashMap::new();
            for (state, name) in self.object(states, &place).into_iter().flatten() {
                let place = within(&place, state);
                let Some(name) = name.as_str() else {
                    let kind = name.kind();
                    self.tell(
                        &place,
                        &format!("is of type {kind}; the name of a mocked response is allowed"),
                    );
                    continue;
                };
                match responses.get(name) {
                    Some(response) => drop(mocked.insert(state.to_string(), response.clone())),
                    None => self.tell(
                        &place,
                        &format!("names '{name}', which is not in /MockedResponses; a name there is allowed"),
                    ),
                }
            }
            read.insert(case.to_string(), mocked);
        }
        read
    }

    fn response(&mut self, name: &Arc<str>, response: &Json, place: &str) -> Response {
        let mut ranges = Vec::new();
        for (attempts, answer) in self.object(response, place).into_iter().flatten() {
            let place = within(place, attempts);
            let Some((first, last)) = range_of(attempts) else {
                self.tell(
                    &place,
                    &format!("is no number of attempts: a number as 0 or a range as 1-3 is allowed, up to {ATTEMPTS_MAX}"),
                );
                continue;
            };
            if let Some(answer) = self.answer(answer, &place) {
                ranges.push((first, last, place, answer));
            }
        }
        ranges.sort_by_key(|(first, ..)| *first);
        let mut next = 0;
        let mut answers = BTreeMap::new();
        for (first, last, place, answer) in ranges {
            if first != next {
                self.tell(
                    &place,
                    &format!("begins at attempt {first}; attempt {next} is allowed here, since they begin at 0 and follow each other"),
                );
            }
            next = last + 1;
            answers.insert(last, answer);
        }
        if answers.is_empty() {
            self.tell(place, "has no answer; one for attempt 0 is needed");
        }
        Response {
            name: Arc::clone(name),
            answers: Arc::new(answers),
        }
    }

    fn answer(&mut self, answer: &Json, place: &str) -> Option<Answer> {
        let members = self.object(answer, place)?;
        self.only(members, &["Return", "Throw"], place);
        match (members.get("Return"), members.get("Throw")) {
            (Some(value), None) => Some(Answer::Return(Payload::from(value.clone()))),
            (None, Some(thrown)) => {
                let place = within(place, "Throw");
                let members = self.object(thrown, &place)?;
                self.only(members, &["Error", "Cause"], &place);
                let mut text = |name: &str| {
                    let value = members.get(name)?;
                    let text = value.as_str();
                    if text.is_none() {
                        let at = within(&place, name);
                        let kind = value.kind();
                        self.tell(&at, &format!("is of type {kind}; a string is allowed"));
                    }
                    text.map(Arc::from)
                };
                let (error, cause) = (text("Error"), text("Cause"));
                if members.get("Error").is_none() {
                    self.tell(&within(&place, "Error"), "is missing");
                }
                Some(Answer::Throw(StateError { error, cause }))
            }
            _ => {
                self.tell(
                    place,
                    "has Return and Throw, or neither; one of them is allowed",
                );
                None
            }
        }
    }
}

/// `3` or `1-3`.
fn range_of(text: &str) -> Option<(u64, u64)> {
    let number = |text: &str| {
        let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|_| is_plain)?;
        (number <= ATTEMPTS_MAX).then_some(number)
    };
    let (first, last) = match text.split_once('-') {
        Some((first, last)) => (number(first)?, number(last)?),
        None => (number(text)?, number(text)?),
    };
    (first <= last).then_some((first, last))
}

/// A JSON pointer to a member.
fn within(place: &str, name: &str) -> String {
    format!("{place}/{}", name.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{
        "StateMachines": {"m": {"TestCases": {
            "Happy": {"Charge": "Paid"},
            "Retried": {"Charge": "PaidLater", "Ship": "Paid"}
        }}},
        "MockedResponses": {
            "Paid": {"0": {"Return": {"ok": true}}},
            "PaidLater": {
                "0": {"Throw": {"Error": "Busy", "Cause": "later"}},
                "1-2": {"Throw": {"Error": "Down"}},
                "3": {"Return": 7}
            }
        }
    }"#;

    #[track_caller]
    fn check(case: &str, state: &str, retry: u64, expected: Option<&str>) {
        let mocks = Mocks::parse(FILE).unwrap();
        let answer = mocks.answer("m", case, state, retry);
        let text = answer.map(|answer| match answer {
            Ok(payload) => payload.text().to_owned(),
            Err(error) => format!(
                "{}: {}",
                error.error.as_deref().unwrap_or_default(),
                error.cause.as_deref().unwrap_or_default()
            ),
        });
        assert_eq!(text.as_deref(), expected);
    }

    #[test]
    fn the_number_of_the_retry_picks_the_answer() {
        check("Happy", "Charge", 0, Some(r#"{"ok":true}"#));
        check("Happy", "Ship", 0, None);
        check("Retried", "Charge", 0, Some("Busy: later"));
        check("Retried", "Charge", 1, Some("Down: "));
        check("Retried", "Charge", 2, Some("Down: "));
        check("Retried", "Charge", 3, Some("7"));
        check(
            "Retried",
            "Charge",
            4,
            Some(
                "States.Runtime: The mocked response 'PaidLater' of the state 'Charge' has no answer for attempt 4.",
            ),
        );
    }

    #[test]
    fn a_test_case_that_is_not_there_is_told_with_those_that_are() {
        let mocks = Mocks::parse(FILE).unwrap();
        assert_eq!(mocks.check("m", "Happy"), Ok(()));
        assert_eq!(
            mocks.check("m", "Sad").unwrap_err(),
            "The mock configuration has no test case 'Sad' of the state machine 'm': it has Happy, Retried"
        );
        assert_eq!(
            mocks.check("n", "Sad").unwrap_err(),
            "The mock configuration has no test case 'Sad' of the state machine 'n': it has none of this state machine"
        );
    }

    #[test]
    fn every_problem_of_a_file_is_told_with_its_place() {
        let file = r#"{
            "StateMachines": {
                "a/b": {"TestCases": {"T": {"S": "Missing", "N": 4}}, "More": 1},
                "c": {}
            },
            "MockedResponses": {
                "Gap": {"1": {"Return": 1}},
                "Twice": {"0-2": {"Return": 1}, "2": {"Return": 1}},
                "Words": {"first": {"Return": 1}, "3-1": {"Return": 1}},
                "Both": {"0": {"Return": 1, "Throw": {"Error": "E"}}},
                "Bad": {"0": {"Throw": {"Cause": 1, "Why": 2}}}
            },
            "Else": 1
        }"#;
        let problems = Mocks::parse(file).unwrap_err();
        let expected = [
            "/Else is not known; StateMachines, MockedResponses are allowed",
            "/MockedResponses/Gap/1 begins at attempt 1; attempt 0 is allowed here, since they begin at 0 and follow each other",
            "/MockedResponses/Twice/2 begins at attempt 2; attempt 3 is allowed here, since they begin at 0 and follow each other",
            "/MockedResponses/Words/first is no number of attempts: a number as 0 or a range as 1-3 is allowed, up to 100000",
            "/MockedResponses/Words/3-1 is no number of attempts: a number as 0 or a range as 1-3 is allowed, up to 100000",
            "/MockedResponses/Words has no answer; one for attempt 0 is needed",
            "/MockedResponses/Both/0 has Return and Throw, or neither; one of them is allowed",
            "/MockedResponses/Both has no answer; one for attempt 0 is needed",
            "/MockedResponses/Bad/0/Throw/Why is not known; Error, Cause are allowed",
            "/MockedResponses/Bad/0/Throw/Cause is of type number; a string is allowed",
            "/MockedResponses/Bad/0/Throw/Error is missing",
            "/StateMachines/a~1b/More is not known; TestCases are allowed",
            "/StateMachines/a~1b/TestCases/T/S names 'Missing', which is not in /MockedResponses; a name there is allowed",
            "/StateMachines/a~1b/TestCases/T/N is of type number; the name of a mocked response is allowed",
            "/StateMachines/c/TestCases is missing",
        ];
        assert_eq!(problems, expected);
        assert_eq!(
            Mocks::parse("[]").unwrap_err(),
            ["/ is of type array; an object is allowed"]
        );
        let no_json = Mocks::parse("{").unwrap_err();
        assert!(no_json[0].starts_with("/ is no JSON: "), "{no_json:?}");
    }
}
