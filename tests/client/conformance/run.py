"""Asks the questions of a case, in order, and says where the answers differ from the recorded ones."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from .compare import Bindings, Comparison, Difference
from .fill import Filler, Unanswered, uid
from .functions import Functions

# How long an answer that "may come late" is asked for, and how long an execution may run.
REPEAT_SECONDS = 30
END_SECONDS = 60
# Cases don't depend on one another, and most wait most of the time.
CASES_AT_ONCE = 8
POLL_SECONDS = 0.02
ENDED = {"ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"}


class Failed(Exception):
    """A call that must succeed did not."""


class Target:
    """A running server, by the official client."""

    def __init__(self, client, endpoint, region, account):
        self.client = client
        self.endpoint = endpoint
        self.region = region
        self.account = account

    def call(self, operation, params):
        """The answer, without what the client adds."""
        answer = getattr(self.client, xform_name(operation))(**params)
        answer.pop("ResponseMetadata", None)
        return answer

    def must(self, operation, params):
        try:
            return self.call(operation, params)
        except (ClientError, BotoCoreError) as error:
            raise Failed(f"{operation}: {error}") from error


def run_all(target, cases):
    """Starts all cases; gives a future of each one's problems, by name."""
    pool = ThreadPoolExecutor(CASES_AT_ONCE)
    futures = {case.name: pool.submit(run, target, case) for case in cases}
    pool.shutdown(wait=False)
    return futures


def run(target, case):
    """What is wrong with a server's answers to a case: lines of text, none where nothing is."""
    return Run(target, case).problems()


class Run:
    def __init__(self, target, case):
        self.target = target
        self.case = case
        self.filler = Filler(target.region, target.account)
        known = {"<region>": target.region, "<account>": target.account}
        known = {name: value for name, value in known.items() if name in case.placeholders}
        self.bindings = Bindings(case.placeholders, self.filler.roles, known)
        self.comparison = Comparison(case)

    def problems(self):
        data = self.case.data
        try:
            with Functions(self.target.endpoint, self.functions()):
                if "steps" in data:
                    return self.steps(data["steps"])
                if "machines" in data:
                    return self.tables(data["machines"])
                return self.execution(data)
        except (Failed, OSError) as error:
            return [str(error)]

    def functions(self):
        wanted = {}
        for function, said in self.case.functions.items():
            name = self.filler.fill(said["name"])
            arn = f"arn:aws:lambda:{self.target.region}:{self.target.account}:function:{name}"
            self.filler.functions[function] = {"FunctionName": name, "FunctionArn": arn}
            wanted[function] = (name, said)
        return wanted

    # One execution

    def execution(self, data):
        machine = self.create_machine(data["definition"], data["type"])
        described = self.run_machine(machine, data)
        expected = dict(data["expected"])
        history = expected.pop("history")
        outcome = self.outcome(described)
        found = self.comparison.differences(expected, outcome, self.bindings, "execution")
        events = self.history(described["executionArn"])
        found += self.comparison.differences(history, events, self.bindings, "history")
        return [str(it) for it in found]

    # Many inputs

    def tables(self, machines):
        problems = []
        for number, table in enumerate(machines, 1):
            machine = self.create_machine(table["definition"], self.case.data["type"])
            for index, expected in enumerate(table["runs"], 1):
                described = self.run_machine(machine, expected)
                expected = {key: it for key, it in expected.items() if key != "input"}
                outcome = {key: it for key, it in self.outcome(described).items() if key in expected}
                path = f"machine {number}, run {index}"
                problems += self.comparison.differences(expected, outcome, self.bindings, path)
        return [str(it) for it in problems]

    def create_machine(self, definition, machine_type):
        params = {
            "name": f"conformance_{uid()}",
            "definition": definition,
            "roleArn": "{{role.1}}",
            "type": machine_type,
        }
        answer = self.target.must("CreateStateMachine", self.filler.params(params))
        return answer["stateMachineArn"]

    def run_machine(self, machine, data):
        params = {"stateMachineArn": machine}
        if "input" in data:
            params["input"] = data["input"]
        started = self.target.must("StartExecution", self.filler.params(params))
        execution = {"executionArn": started["executionArn"]}
        for _ in attempts(END_SECONDS):
            described = self.target.must("DescribeExecution", execution)
            if described["status"] != "RUNNING":
                return described
        raise Failed(f"the execution still runs after {END_SECONDS} s")

    @staticmethod
    def outcome(described):
        names = ("status", "output", "error", "cause")
        return {name: described[name] for name in names if name in described}

    def history(self, execution):
        events, params = [], {"executionArn": execution, "maxResults": 1000}
        while True:
            page = self.target.must("GetExecutionHistory", params)
            events += page["events"]
            if "nextToken" not in page:
                return events
            params["nextToken"] = page["nextToken"]

    # Steps

    def steps(self, steps):
        problems = []
        for number, step in enumerate(steps, 1):
            name = step.get("op") or f"wait until {step['wait']}"
            try:
                found = self.wait(step) if "wait" in step else self.ask(number, step)
            except (Failed, Unanswered) as error:
                # Later steps mostly build on this one, so their problems would be its echo.
                return problems + [f"step {number}, {name}: {error}"]
            problems += [f"step {number}, {name}: {it}" for it in found]
        return problems

    def wait(self, step):
        execution = self.filler.fill(step["executionArn"])
        params = {"executionArn": execution, "reverseOrder": True, "maxResults": 1}
        for _ in attempts(END_SECONDS):
            events = self.target.must("GetExecutionHistory", params)["events"]
            if events and (step["wait"] == "started" or events[0]["type"] in ENDED):
                return []
        raise Failed(f"not after {END_SECONDS} s")

    def ask(self, number, step):
        params = self.filler.params(step.get("params"))
        found = []
        for _ in attempts(REPEAT_SECONDS if step.get("repeat") else 0):
            bindings = self.bindings.copy()
            answer, found = self.ask_once(step, params, bindings)
            if not found:
                self.bindings = bindings
                break
        if answer is not None:
            self.filler.answers[number] = answer
        return found

    def ask_once(self, step, params, bindings):
        """An answer, where it is no error, and how it differs from the expected one."""
        expect = step.get("expect")
        try:
            answer = self.target.call(step["op"], params)
        except ClientError as error:
            answer = None
            said = error.response["Error"]
            if said["Code"] == "UnknownOperationException" and not expects(expect, said["Code"]):
                raise Failed(said["Message"]) from error
            outcome = {"error": said["Code"], "message": said["Message"]}
        except BotoCoreError as error:
            raise Failed(str(error)) from error
        else:
            outcome = {"answer": answer}
        if expect is None:
            if answer is None:
                raise Failed(f"{outcome['error']}: {outcome['message']}")
            return answer, []
        if expect.keys() != outcome.keys():
            return answer, [Difference("outcome", expect, outcome)]
        found = []
        for name in expect:
            found += self.comparison.differences(expect[name], outcome[name], bindings, name)
        return answer, found


def expects(expect, code):
    return expect is not None and expect.get("error") == code


def attempts(seconds):
    """Goes on until the time is up, with a breath between two attempts; at least once."""
    end = time.monotonic() + seconds
    pause = threading.Event()
    while True:
        yield
        if time.monotonic() >= end:
            return
        pause.wait(POLL_SECONDS)
