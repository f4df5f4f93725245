//! Draws every page from sample values, so that templates can be looked at and checked without a
//! server. The files go to `target/pages-preview`, to be served from there as from a root.

mod history;

use std::{fs, path::PathBuf};

use askama::Template;
use asl::Timestamp;

use super::{
    assets,
    events::EventRow,
    execution::ExecutionPage,
    executions::{Asked, Executions},
    frame::{Section, Visit},
    json_view::{self, JsonView},
    machine::MachinePage,
    machines::{Machines, Sort},
    moment::Moment,
    new_machine::{LineProblem, NewMachine},
    overview::Overview,
    pattern,
    problem::Problem,
    search::{Group, Hit, Search},
    sign_in::SignIn,
    start::Start,
    theme::Theme,
    view::{
        Count, EventLink, Execution, ExecutionRow, Failure, FailureGroup, LastRun, Lately, Machine,
        MachineRow, Outcomes, Pager, Status,
    },
};

const NOW: &str = "2026-11-23T15:31:02.120Z";

fn now() -> Timestamp {
    Timestamp::parse_rfc3339(NOW).unwrap()
}

fn ago(seconds: i64) -> Moment {
    Moment::new(now().plus_seconds(-seconds), now())
}

fn visit(theme: Theme) -> Visit {
    Visit {
        theme,
        nonce: String::new(),
        here: "/".to_owned(),
        form_token: "sample".to_owned(),
        key: Some("SWLOCALKEY0EXAMPLE".to_owned()),
        is_in: true,
        request: "3f2a9c".to_owned(),
        now: now(),
        is_fragment: false,
    }
}

fn row(
    name: &str,
    machine: &str,
    status: Status,
    since: i64,
    took_ms: i64,
    error: &str,
) -> ExecutionRow {
    let started = ago(since);
    ExecutionRow {
        id: format!(
            "019ab8f2-{:04x}-7c3d-9b1e-4f6a2c7d{:04x}",
            since % 65_536,
            (since * 7) % 65_536
        ),
        name: name.to_owned(),
        machine: machine.to_owned(),
        has_machine: machine != "invoice-run",
        map_run: None,
        status,
        started,
        closed: (status != Status::Running).then(|| started.at.plus_micros(took_ms * 1000)),
        error: (!error.is_empty()).then(|| error.to_owned()),
    }
}

fn rows() -> Vec<ExecutionRow> {
    let mut rows = vec![
        row(
            "ord-20261123-0042",
            "order-fulfilment",
            Status::Running,
            14,
            0,
            "",
        ),
        row("", "order-fulfilment", Status::Succeeded, 45, 2_240, ""),
        row(
            "ord-20261123-0040",
            "order-fulfilment",
            Status::Failed,
            190,
            14_600,
            "CardDeclined",
        ),
        row(
            "nightly-2026-11-23",
            "invoice-run",
            Status::Succeeded,
            3_400,
            745_000,
            "",
        ),
        row(
            "",
            "approve-expense",
            Status::TimedOut,
            7_500,
            86_400_000,
            "States.Timeout",
        ),
        row(
            "",
            "approve-expense",
            Status::Aborted,
            9_100,
            620_000,
            "RequestedByOperator",
        ),
        row(
            "import-rerun-with-a-rather-long-name-that-somebody-thought-was-a-good-idea-7",
            "catalogue-import",
            Status::Failed,
            90_000,
            61_000,
            "Lambda.TooManyRequestsException",
        ),
        row("", "greeting", Status::Succeeded, 400_000, 2, ""),
    ];
    for row in &mut rows {
        if row.name.is_empty() {
            row.name.clone_from(&row.id);
        }
    }
    rows
}

fn write(name: &str, theme: Theme, page: &impl Template) {
    let html = page.render().unwrap();
    let folder = root().join(theme.value());
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(format!("{name}.html")), html).unwrap();
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/pages-preview")
}

fn problem() -> Problem {
    Problem::unavailable(
        "Executions",
        &visit(Theme::Light),
        &sqlx::Error::PoolTimedOut,
    )
}

#[test]
fn every_page_is_drawn_from_samples() {
    for theme in [Theme::Light, Theme::Dark] {
        overviews(theme);
        machine_lists(theme);
        machine_pages(theme);
        forms(theme);
        execution_lists(theme);
        execution_pages(theme);
        others(theme);
    }
    assets::write_all(&root());
}

fn overviews(theme: Theme) {
    let rows = rows();
    let count = |status, number| Count { status, number };
    let failure = |index: usize, error: &str, count| FailureGroup {
        machine: rows[index].machine.clone(),
        error: error.to_owned(),
        count,
        newest: rows[index].clone(),
    };
    let mut page = Overview {
        frame: visit(theme).frame(Section::Overview),
        as_of: ago(0),
        problem: None,
        has_machines: true,
        outcomes: Outcomes {
            counts: vec![
                count(Status::Running, 12),
                count(Status::Succeeded, 10_000),
                count(Status::Failed, 214),
                count(Status::TimedOut, 3),
                count(Status::Aborted, 0),
            ],
            is_capped: false,
        },
        failures: vec![
            failure(2, "CardDeclined", 201),
            failure(4, "States.Timeout", 3),
            failure(6, "Lambda.TooManyRequestsException", 13),
        ],
        failures_cut: true,
        recent: rows.clone(),
    };
    write("overview", theme, &page);
    page.failures.clear();
    page.recent.clear();
    page.outcomes
        .counts
        .iter_mut()
        .for_each(|count| count.number = 0);
    write("overview-quiet", theme, &page);
    page.has_machines = false;
    write("overview-empty", theme, &page);
}

fn machine_lists(theme: Theme) {
    let machine = |name: &str, last: Option<&ExecutionRow>| MachineRow {
        name: name.to_owned(),
        kind: "Standard",
        created: ago(500_000),
        last: last.map(|row| LastRun {
            id: row.id.clone(),
            status: row.status,
            started: row.started,
        }),
        lately: last.map(|row| Lately {
            outcomes: Outcomes {
                counts: vec![
                    Count {
                        status: Status::Succeeded,
                        number: 180,
                    },
                    Count {
                        status: row.status,
                        number: 20,
                    },
                ],
                is_capped: true,
            },
            p50: "0.41 s".to_owned(),
            p95: "1 m 12 s".to_owned(),
        }),
    };
    let rows = rows();
    let mut page = Machines {
        frame: visit(theme).frame(Section::Machines),
        problem: None,
        query: String::new(),
        sort: Sort::default(),
        machines: vec![
            machine("approve-expense", rows.get(4)),
            machine("catalogue-import", rows.get(6)),
            machine("greeting", rows.get(7)),
            machine("invoice-run", None),
            machine("order-fulfilment", rows.first()),
        ],
        pager: Pager {
            newer: None,
            older: Some("?after=order-fulfilment".to_owned()),
            shown: "5 machines".to_owned(),
        },
    };
    write("machines", theme, &page);
    page.query = "inv".to_owned();
    page.machines.clear();
    page.pager = Pager::default();
    write("machines-filtered-empty", theme, &page);
    page.query.clear();
    write("machines-empty", theme, &page);
    page.problem = Some(problem());
    write("machines-error", theme, &page);
}

fn machine_pages(theme: Theme) {
    let machine = |definition: &str| Machine {
        name: "approve-expense".to_owned(),
        arn: "arn:aws:states:us-east-1:000000000000:stateMachine:approve-expense".to_owned(),
        kind: "Standard",
        id: uuid::Uuid::nil(),
        is_deleting: false,
        created: ago(500_000),
        updated: ago(7_000),
        revision: uuid::Uuid::nil(),
        definition: definition.to_owned(),
    };
    let frame = || visit(theme).frame_of(Section::Machines, "approve-expense");
    let approval = pattern::find("approval").unwrap().definition;
    let batch = pattern::find("batch").unwrap().definition;
    write(
        "machine",
        theme,
        &MachinePage::new(frame(), machine(approval), rows()),
    );
    write(
        "machine-new",
        theme,
        &MachinePage::new(frame(), machine(batch), Vec::new()),
    );
}

fn forms(theme: Theme) {
    let frame = || visit(theme).frame_of(Section::Machines, "New machine");
    write("new-machine", theme, &NewMachine::new(frame(), "hello"));
    let found = |is_error, line, message: &str, pointer: &str, excerpt: &str| LineProblem {
        is_error,
        code: if is_error {
            "MISSING_TRANSITION_TARGET"
        } else {
            "STATE_MACHINE_NOT_TESTED"
        },
        message: message.to_owned(),
        pointer: Some(pointer.to_owned()),
        line,
        excerpt: excerpt.to_owned(),
    };
    let mut page = NewMachine::new(frame(), "hello").with_problems(vec![
        found(
            true,
            11,
            "Missing 'Next' target: Greeet",
            "/States/Is there a name?/Choices/0/Next",
            "\"Next\": \"Greeet\"",
        ),
        found(
            false,
            16,
            "State \"Greet\" is not reachable.",
            "/States/Greet",
            "\"Greet\": {",
        ),
    ]);
    page.name = "greeting machine".to_owned();
    page.name_problem = Some("A machine called “greeting machine” exists already.".to_owned());
    write("new-machine-problems", theme, &page);
    write(
        "new-machine-good",
        theme,
        &NewMachine::new(frame(), "hello").with_problems(Vec::new()),
    );

    let mut page = Start {
        frame: visit(theme)
            .frame_of(Section::Machines, "approve-expense")
            .below("/machines/approve-expense", "Start execution"),
        machine: "approve-expense".to_owned(),
        problem: None,
        input: "{\n  \"amount\": 4890,\n  \"currency\": \"EUR\"\n}".to_owned(),
        is_last_input: true,
        input_problem: None,
        input_line: None,
        name: String::new(),
        name_problem: None,
        is_express: false,
        answer: None,
    };
    write("start", theme, &page);
    page.input = "{\n  \"amount\": 4890,\n}".to_owned();
    page.input_problem = Some("Line 3: Unexpected character ('}' (code 125)): was expecting double-quote to start field name".to_owned());
    page.input_line = Some(3);
    page.name = "ord-20261123-0042".to_owned();
    page.name_problem =
        Some("An execution of this name exists already, with another input.".to_owned());
    write("start-problems", theme, &page);
}

fn execution_lists(theme: Theme) {
    let asked = |members: &[(&str, &str)]| {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Asked::of(members.iter().map(owned).collect())
    };
    let frame = || visit(theme).frame(Section::Executions);
    let mut page = Executions::new(frame(), asked(&[]));
    page.machines = vec!["approve-expense".to_owned(), "greeting".to_owned()];
    page.rows = rows();
    page.pager = Pager {
        newer: Some("?newer=1".to_owned()),
        older: Some("?older=1".to_owned()),
        shown: "8 executions".to_owned(),
    };
    write("executions", theme, &page);
    let chosen = asked(&[
        ("status", "FAILED"),
        ("status", "TIMED_OUT"),
        ("machine", "greeting"),
        ("error", "States.Timeout"),
    ]);
    write(
        "executions-filtered-empty",
        theme,
        &Executions::new(frame(), chosen),
    );
    let mut page = Executions::new(frame(), asked(&[]));
    write("executions-empty", theme, &page);
    page.problem = Some(problem());
    write("executions-error", theme, &page);
}

fn execution_pages(theme: Theme) {
    let events = history::events();
    let rows_of = |skipped: usize, count: usize| -> Vec<EventRow> {
        let shown = events.iter().skip(skipped).take(count);
        let start = Timestamp::from_millis(1_763_911_848_000);
        shown
            .map(|(event, state)| EventRow::new(event, state.as_deref(), start, now()))
            .collect()
    };
    let input = r#"{"orderId":"ord-20261123-0042","customer":{"id":"c-881","name":"Ada Lovelace"},"items":[{"sku":"lamp","qty":2},{"sku":"shade","qty":1}],"total":4890,"currency":"EUR","express":false,"note":null}"#;
    let page = |row: ExecutionRow, failure, output: Option<&str>, rows| {
        let is_live = row.status == Status::Running;
        ExecutionPage {
            frame: visit(theme).frame_of(Section::Executions, &row.label()),
            is_live,
            is_redrivable: !is_live && output.is_none(),
            redriven: None,
            map_runs: Vec::new(),
            logs: None,
            view: super::execution::View::All,
            parent: None,
            rerun_of: None,
            reruns: Vec::new(),
            timeline: None,
            selection: None,
            is_logged_only: false,
            execution: Execution {
                arn: format!(
                    "arn:aws:states:us-east-1:000000000000:execution:order-fulfilment:{}",
                    row.name
                ),
                row,
                failure,
                input: Some(JsonView::new(input)),
                output: output.map(JsonView::new),
                events: 18,
            },
            events: rows,
            events_told: "18".to_owned(),
            events_pager: Pager::default(),
            newest_first: false,
            other_order: "?order=newest".to_owned(),
            graph: String::new(),
        }
    };
    let failure = Failure {
        error: Some("CardDeclined".to_owned()),
        cause: Some("the issuer declined card ending 4242: insufficient funds".to_owned()),
        state: Some("Take payment".to_owned()),
        event: Some(EventLink {
            number: 15,
            address: "?from=1#event-15".to_owned(),
        }),
        visit: None,
        go_to: Some("?state=Take%20payment&event=9#selected".to_owned()),
        tries: Some("2 tries, all failed".to_owned()),
        input: Some(JsonView::new(input)),
    };
    let rows = rows();
    write(
        "execution-failed",
        theme,
        &page(rows[2].clone(), Some(failure), None, rows_of(0, 100)),
    );
    write(
        "execution-running",
        theme,
        &page(rows[0].clone(), None, None, rows_of(0, 11)),
    );
    let big = format!(
        "[{}]",
        vec![r#"{"sku":"lamp","qty":2,"reserved":true}"#; 3000].join(",")
    );
    let mut done = page(rows[1].clone(), None, Some(&big), rows_of(0, 8));
    done.execution.output = done
        .execution
        .output
        .map(|view| view.with_whole("output".to_owned()));
    done.events_pager = Pager {
        newer: Some("?from=1".to_owned()),
        older: Some("?from=201".to_owned()),
        shown: "101 to 200 of 1,204".to_owned(),
    };
    write("execution-succeeded", theme, &done);
}

fn others(theme: Theme) {
    let mut out = visit(theme);
    out.is_in = false;
    out.key = None;
    let mut page = SignIn {
        frame: out.frame_of(Section::Elsewhere, "Sign in"),
        back: "/".to_owned(),
        refused: None,
    };
    write("sign-in", theme, &page);
    page.refused = crate::access::sign_in::told("wrong");
    write("sign-in-refused", theme, &page);
    let hit = |icon, name: &str, is_id, note: &str| Hit {
        address: "/".to_owned(),
        icon,
        name: name.to_owned(),
        is_id,
        note: note.to_owned(),
    };
    let page = Search {
        frame: visit(theme).frame_of(Section::Elsewhere, "Search"),
        query: "ord".to_owned(),
        problem: None,
        groups: vec![
            Group {
                title: "Machines",
                hits: vec![hit("workflow", "order-fulfilment", false, "45 states")],
            },
            Group {
                title: "Executions",
                hits: vec![
                    hit(
                        "dot",
                        "ord-20261123-0042",
                        false,
                        "order-fulfilment · Running",
                    ),
                    hit(
                        "x",
                        "019ab8f2-00be-7c3d-9b1e-4f6a2c7d0532",
                        true,
                        "order-fulfilment · Failed",
                    ),
                ],
            },
        ],
    };
    write("search", theme, &page);
    let html = json_view::coloured("{}");
    assert!(!html.is_empty());
}
