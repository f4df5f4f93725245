//! One state tested by itself: what each type shows of its data, and what becomes of failures.

use std::sync::Arc;

use super::world::{Seeded, identity, json};
use crate::{
    Json, Payload, StateError,
    machine::{
        Limits,
        test_state::{
            Begun, Configuration, Mock, ReaderData, Report, Status, Subject, Test, Unfit, begin,
            end,
        },
    },
    query::Variables,
};

/// A JSON document that a reader has read.
fn read(text: &str) -> ReaderData {
    let read = |_: &Json, text: &str| crate::json::parse(text).map_err(|error| error.to_string());
    let text = Arc::from(text);
    ReaderData { text, read }
}

struct Trial {
    subject: Subject,
    input: &'static str,
    variables: Variables,
    context: Option<Json>,
    mock: Option<Mock>,
    configuration: Configuration,
}

fn state(text: &str) -> Trial {
    Trial {
        subject: Subject::of_state(text).unwrap_or_else(|problems| panic!("{problems:?}")),
        input: "{}",
        variables: Variables::new(),
        context: None,
        mock: None,
        configuration: Configuration::default(),
    }
}

impl Trial {
    fn input(mut self, text: &'static str) -> Self {
        self.input = text;
        self
    }

    fn result(mut self, text: &str) -> Self {
        self.mock = Some(Mock::Result(Payload::from(json(text))));
        self
    }

    fn error(mut self, error: &str) -> Self {
        self.mock = Some(Mock::Error(StateError::new(error, "because")));
        self
    }

    fn run(&self, answer: Option<Result<&str, &str>>) -> Result<Report, Unfit> {
        let limits = Limits::default();
        let identity = identity();
        let test = Test {
            subject: &self.subject,
            input: Payload::parse(self.input).expect("is JSON"),
            variables: self.variables.clone(),
            context: self.context.clone(),
            mock: self.mock.clone(),
            configuration: self.configuration.clone(),
            now: identity.started_at,
            identity,
            limits: &limits,
        };
        match begin(&test, &mut Seeded(1))? {
            Begun::Ended(report) => Ok(report),
            Begun::Called(pending) => {
                let answer = answer.expect("nobody was to be called");
                let result = answer
                    .map(|text| Payload::from(json(text)))
                    .map_err(|error| StateError::new(error, "because"));
                Ok(end(&test, *pending, result, &mut Seeded(1)))
            }
        }
    }

    /// Status, output, next state, and all of the inspection, as one text.
    #[track_caller]
    fn check(&self, expected: &str) {
        let report = self.run(None).expect("it can be tested");
        check(&report, expected);
    }
}

#[track_caller]
fn check(report: &Report, expected: &str) {
    let mut shown = vec![report.status.as_str().to_owned()];
    if let Some(output) = &report.output {
        shown.push(format!("output {}", output.text()));
    }
    if let Some(next) = &report.next {
        shown.push(format!("next {next}"));
    }
    if let Some(StateError { error, cause }) = &report.error {
        shown.push(format!("error {}", error.as_deref().unwrap_or("-")));
        shown.push(format!("cause {}", cause.as_deref().unwrap_or("-")));
    }
    for (name, value) in &report.inspection {
        let text = value
            .as_str()
            .map_or_else(|| value.to_text(), str::to_owned);
        shown.push(format!("{name} {text}"));
    }
    let expected: Vec<&str> = expected.lines().map(str::trim).collect();
    assert_eq!(shown, expected);
}

#[test]
fn a_pass_shows_every_stage() {
    state(
        r#"{"Type":"Pass","InputPath":"$.a","Parameters":{"x.$":"$.b","v.$":"$v"},"ResultPath":"$.r",
            "OutputPath":"$.r","Assign":{"w.$":"$.x"},"Next":"N"}"#,
    )
    .with_variable("v", "7")
    .input(r#"{"a":{"b":1.50}}"#)
    .check(
        r#"SUCCEEDED
           output {"x":1.50,"v":7}
           next N
           input {"a":{"b":1.50}}
           afterInputPath {"b":1.50}
           afterParameters {"x":1.50,"v":7}
           afterResultSelector {"x":1.50,"v":7}
           afterResultPath {"a":{"b":1.50},"r":{"x":1.50,"v":7}}
           variables {"v":7,"w":1.50}"#,
    );
}

impl Trial {
    fn with_variable(mut self, name: &str, text: &str) -> Self {
        self.variables
            .insert(Arc::from(name), Payload::from(json(text)));
        self
    }
}

#[test]
fn choice_wait_succeed_and_fail_need_nothing() {
    let choice = r#"{"Type":"Choice","Choices":[{"Variable":"$.n","NumericEquals":1,"Next":"One"}],"Default":"D"}"#;
    state(choice).input(r#"{"n":1}"#).check(
        r#"SUCCEEDED
           output {"n":1}
           next One
           input {"n":1}
           afterInputPath {"n":1}"#,
    );
    state(r#"{"Type":"Wait","SecondsPath":"$.s","Next":"N"}"#)
        .input(r#"{"s":-1}"#)
        .check(
            r#"FAILED
               error States.Runtime
               cause An error occurred while executing the state 'StateName' (entered at the event id #2). The SecondsPath parameter references a negative value: $.s == -1
               input {"s":-1}
               afterInputPath {"s":-1}"#,
        );
    state(r#"{"Type":"Wait","Seconds":100,"End":true}"#).check(
        "SUCCEEDED
         output {}
         input {}
         afterInputPath {}",
    );
    state(r#"{"Type":"Succeed"}"#).check(
        "SUCCEEDED
         output {}
         input {}
         afterInputPath {}",
    );
    state(r#"{"Type":"Fail","Error":"E","CausePath":"$.c"}"#)
        .input(r#"{"c":"why"}"#)
        .check(
            r#"FAILED
               error E
               cause why
               input {"c":"why"}"#,
        );
}

const TASK: &str = r#"{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke",
    "Parameters":{"FunctionName":"f","Payload.$":"$.p"},"ResultSelector":{"out.$":"$.Payload"},
    "ResultPath":"$.r","Next":"N",
    "Retry":[{"ErrorEquals":["Other"]},{"ErrorEquals":["Busy"],"IntervalSeconds":2,"BackoffRate":3,"MaxAttempts":2}],
    "Catch":[{"ErrorEquals":["Busy","Bad"],"ResultPath":"$.e","Next":"C"}]}"#;

#[test]
fn a_task_is_called_or_mocked() {
    let task = state(TASK).input(r#"{"p":1}"#);
    let expected = r#"SUCCEEDED
        output {"p":1,"r":{"out":5}}
        next N
        input {"p":1}
        afterInputPath {"p":1}
        afterParameters {"FunctionName":"f","Payload":1}
        result {"Payload":5}
        afterResultSelector {"out":5}
        afterResultPath {"p":1,"r":{"out":5}}"#;
    let called = task.run(Some(Ok(r#"{"Payload":5}"#))).expect("can be");
    check(&called, expected);
    task.result(r#"{"Payload":5}"#).check(expected);
}

#[test]
fn a_failure_is_retried_then_caught_then_final() {
    let stages = r#"input {"p":1}
        afterInputPath {"p":1}
        afterParameters {"FunctionName":"f","Payload":1}"#;
    let failing = |error: &str, tried: u64| {
        let mut task = state(TASK).input(r#"{"p":1}"#).error(error);
        task.configuration.retrier_retry_count = tried;
        task
    };
    failing("Busy", 1).check(&format!(
        r#"RETRIABLE
           error Busy
           cause because
           {stages}
           errorDetails {{"retryIndex":1,"retryBackoffIntervalSeconds":6}}"#
    ));
    failing("Busy", 2).check(&format!(
        r#"CAUGHT_ERROR
           output {{"p":1,"e":{{"Error":"Busy","Cause":"because"}}}}
           next C
           error Busy
           cause because
           {stages}
           errorDetails {{"catchIndex":0}}"#
    ));
    failing("Odd", 0).check(&format!(
        "FAILED
         error Odd
         cause because
         {stages}"
    ));
}

#[test]
fn jsonata_shows_arguments_and_result() {
    let mut task = state(
        r#"{"Type":"Task","QueryLanguage":"JSONata","Resource":"arn:aws:lambda:us-east-1:1:function:f",
            "Arguments":{"n":"{% $states.input.n + 1 %}","who":"{% $states.context.Execution.Name %}"},
            "Output":"{% $states.result.m %}","Assign":{"k":"{% $states.result.m %}"},"End":true}"#,
    )
    .input(r#"{"n":1}"#)
    .result(r#"{"m":3}"#);
    task.context = Some(json(r#"{"Execution":{"Name":"mine"}}"#));
    task.check(
        r#"SUCCEEDED
           output 3
           input {"n":1}
           afterArguments {"n":2,"who":"mine"}
           result {"m":3}
           variables {"k":3}"#,
    );
}

#[test]
fn a_map_shows_its_items_and_weighs_its_failures() {
    let text = r#"{"Type":"Map","ItemsPath":"$.items","ItemSelector":{"i.$":"$$.Map.Item.Index","v.$":"$$.Map.Item.Value"},
        "MaxConcurrency":2,"ToleratedFailurePercentage":50,"End":true,
        "ItemProcessor":{"StartAt":"T","States":{"T":{"Type":"Pass","End":true}}}}"#;
    let map = |failures| {
        let mut map = state(text).input(r#"{"items":["a","b"]}"#).result("[1,2]");
        map.configuration.iteration_failures = failures;
        map
    };
    let stages = r#"input {"items":["a","b"]}
        afterInputPath {"items":["a","b"]}
        afterItemsPath ["a","b"]
        afterItemSelector [{"i":0,"v":"a"},{"i":1,"v":"b"}]
        maxConcurrency 2
        toleratedFailurePercentage 50"#;
    map(Some(1)).check(&format!(
        "SUCCEEDED
         output [1,2]
         {stages}
         result [1,2]
         afterResultSelector [1,2]
         afterResultPath [1,2]"
    ));
    map(Some(2)).check(&format!(
        "FAILED
         error States.ExceedToleratedFailureThreshold
         cause The specified tolerated failure threshold was exceeded
         {stages}"
    ));
}

#[test]
fn an_error_of_a_state_within_is_a_tasks_only_where_that_is_a_task() {
    const TEXT: &str = r#"{"Type":"Parallel","End":true,
        "Branches":[{"StartAt":"T","States":{
            "T":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:1:function:f","Next":"M"},
            "M":{"Type":"Map","End":true,"ItemProcessor":{"StartAt":"F","States":{"F":{"Type":"Fail"}}}}}}],
        "Retry":[{"ErrorEquals":["States.TaskFailed"],"MaxAttempts":1}],
        "Catch":[{"ErrorEquals":["States.TaskFailed"],"Next":"OfTask"},{"ErrorEquals":["States.ALL"],"Next":"Any"}]}"#;
    let caused = |name: Option<&str>, retries| {
        let mut trial = state(TEXT).error("Odd");
        trial.configuration.error_caused_by = name.map(Arc::from);
        trial.configuration.retrier_retry_count = retries;
        let report = trial.run(None).expect("it can be tested");
        (report.status, report.next.as_deref().map(str::to_owned))
    };
    let caught = |next: &str| (Status::CaughtError, Some(next.to_owned()));
    assert_eq!(caused(Some("T"), 0), (Status::Retriable, None));
    assert_eq!(caused(Some("T"), 1), caught("OfTask"));
    assert_eq!(caused(None, 1), caught("OfTask"));
    assert_eq!(caused(Some("F"), 0), caught("Any"));
    assert_eq!(caused(Some("M"), 0), caught("Any"));
}

#[test]
fn no_more_iterations_fail_than_there_are_items() {
    let text = r#"{"Type":"Map","ToleratedFailureCount":9,"End":true,
        "ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},
            "StartAt":"T","States":{"T":{"Type":"Pass","End":true}}}}"#;
    let mut map = state(text).input("[1,2]").result("[]");
    map.configuration.iteration_failures = Some(2);
    assert_eq!(map.run(None).expect("both").status, Status::Succeeded);
    map.configuration.iteration_failures = Some(3);
    let (failures, items) = (3, 2);
    assert_eq!(
        map.run(None),
        Err(Unfit::TooManyFailures { failures, items })
    );
}

#[test]
fn a_state_inside_a_map_sees_the_first_iteration() {
    let machine = |mode: &str| {
        format!(
            r#"{{"StartAt":"M","States":{{"M":{{"Type":"Map","End":true,"ItemProcessor":{{{mode}"StartAt":"I","States":{{
                "I":{{"Type":"Pass","Parameters":{{"map.$":"$$.Map.Item"}},"End":true}}}}}}}}}}}}"#
        )
    };
    for (mode, seen) in [
        ("", r#"{"Index":0,"Value":7}"#),
        (
            r#""ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"#,
            r#"{"Index":0,"Value":7,"Source":"STATE_DATA"}"#,
        ),
    ] {
        let subject = Subject::of_machine(&machine(mode), "I").expect("is valid");
        let mut trial = state(r#"{"Type":"Succeed"}"#).input("7");
        trial.subject = subject.expect("is there");
        let output = trial.run(None).expect("it can be tested").output;
        let output = output.map(|output| output.text().to_owned());
        assert_eq!(output, Some(format!("{{\"map\":{seen}}}")), "{mode}");
    }
}

#[test]
fn what_takes_an_execution_needs_a_mock_and_what_has_no_work_takes_none() {
    let parallel = r#"{"Type":"Parallel","End":true,"Branches":[{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}]}"#;
    for text in [
        parallel,
        r#"{"Type":"Task","Resource":"arn:aws:states:us-east-1:000000000000:activity:a","End":true}"#,
        r#"{"Type":"Task","Resource":"arn:aws:states:::states:startExecution.sync","End":true,
            "Parameters":{"StateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:m"}}"#,
    ] {
        assert_eq!(state(text).run(None), Err(Unfit::NeedsMock), "{text}");
    }
    let report = state(parallel).result("[3]").run(None).expect("can be");
    assert_eq!(report.status, Status::Succeeded);
    let pass = state(r#"{"Type":"Pass","End":true}"#).result("1").run(None);
    assert_eq!(
        pass,
        Err(Unfit::TakesNoMock(crate::definition::StateType::Pass))
    );
}

#[test]
fn a_state_is_found_within_its_machine_and_its_problems_are_named() {
    let machine = r#"{"StartAt":"M","QueryLanguage":"JSONata","States":{"M":{"Type":"Map","End":true,
        "Items":"{% [1] %}","ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Pass","Output":"{% 1 + 1 %}","End":true}}}}}}"#;
    let subject = Subject::of_machine(machine, "I").expect("is valid");
    let mut found = state(r#"{"Type":"Succeed"}"#);
    found.subject = subject.expect("is there");
    found.check(
        "SUCCEEDED
         output 2
         input {}",
    );
    assert!(
        Subject::of_machine(machine, "X")
            .expect("is valid")
            .is_none()
    );
    let problems = |text: &str| {
        let problems = Subject::of_state(text).expect_err("is not valid");
        let shown = problems.iter().map(|it| {
            let place = it.location.as_deref().unwrap_or("-");
            format!("{} at {place}", it.message)
        });
        shown.collect::<Vec<_>>()
    };
    assert_eq!(
        problems(r#"{"Type":"Nap"}"#),
        [
            "Value must be one of the following: [Task, Pass, Choice, Wait, Succeed, Fail, Parallel, \
             Map], but was 'Nap' at /Type"
        ]
    );
    assert_eq!(problems("{").len(), 1);
}

#[test]
fn a_distributed_map_shows_pointer_selection_and_batches() {
    let mut trial = state(
        r#"{"Type":"Map","End":true,"MaxConcurrency":5,"ToleratedFailurePercentage":50,
            "ItemReader":{"Resource":"arn:aws:states:::s3:getObject",
              "ReaderConfig":{"InputType":"JSON","ItemsPointer":"/a~1b/0/list","MaxItems":3},
              "Parameters":{"Bucket":"b","Key":"k"}},
            "ItemSelector":{"v.$":"$$.Map.Item.Value"},
            "ItemBatcher":{"MaxItemsPerBatch":2,"BatchInput":{"k.$":"$.k"}},
            "ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},
              "StartAt":"I","States":{"I":{"Type":"Pass","End":true}}}}"#,
    )
    .input(r#"{"k":7}"#)
    .result("[1,2]");
    trial.configuration.reader_data = Some(read(r#"{"a/b":[{"list":[10,20,30,40]}]}"#));
    trial.check(
        r#"SUCCEEDED
           output [1,2]
           input {"k":7}
           afterInputPath {"k":7}
           afterItemsPointer [10,20,30,40]
           afterItemsPath [10,20,30]
           afterItemSelector [{"v":10},{"v":20},{"v":30}]
           afterItemBatcher [{"BatchInput":{"k":7},"Items":[{"v":10},{"v":20}]},{"BatchInput":{"k":7},"Items":[{"v":30}]}]
           maxConcurrency 5
           toleratedFailurePercentage 50
           result [1,2]
           afterResultSelector [1,2]
           afterResultPath [1,2]"#,
    );
    trial.configuration.reader_data = Some(read(r#"{"a/b":[]}"#));
    let report = trial.run(None).expect("it can be tested");
    let error = report.error.expect("the pointer leads nowhere");
    assert_eq!(error.error.as_deref(), Some("States.ItemReaderFailed"));
}

#[test]
fn a_map_whose_stages_are_too_large_fails_and_takes_little_memory() {
    let mut trial = state(
        r#"{"Type":"Map","End":true,"ItemsPath":"$.items","ItemSelector":{"all.$":"$"},
            "ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Pass","End":true}}}}"#,
    )
    .result("[]");
    let items = format!("{{\"items\":[{}1]}}", "1,".repeat(20_000));
    trial.input = Box::leak(items.into_boxed_str());
    let report = trial.run(None).expect("it can be tested");
    let error = report.error.expect("twenty thousand times forty kilobytes");
    assert_eq!(error.error.as_deref(), Some("States.DataLimitExceeded"));
}
