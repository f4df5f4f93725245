"""Functions from their code, by the command line and in workflows: the official Python client, our bootstrap
for Node, and how each of their errors reaches a workflow."""

import json
import os
import pathlib
import shutil
import signal
import subprocess

import pytest
import server as servers
import wait

PYTHON = """
import os, sys

def handler(event, context):
    print("event", event)
    if event.get("raise"):
        raise ValueError(event["raise"])
    if event.get("exit"):
        os._exit(event["exit"])
    if event.get("unserialisable"):
        return {1, 2}
    if event.get("loop"):
        while True:
            pass
    custom = context.client_context.custom if context.client_context else None
    return {"doubled": event.get("n", 0) * 2, "name": context.function_name, "who": os.environ.get("WHO"),
            "custom": custom, "left": context.get_remaining_time_in_millis() > 0}
"""
NODE = """
exports.handler = async (event, context) => {
  console.log("event", JSON.stringify(event));
  if (event.raise) throw new TypeError(event.raise);
  return { doubled: event.n * 2, name: context.functionName };
};
"""


@pytest.fixture(scope="module")
def server():
    """A server that runs code on any machine."""
    running = servers.Server("--set", "functions.isolation=process")
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def sfn(server):
    return server.client()


@pytest.fixture
def stepwright(server, tmp_path):
    """`stepwright("function", "list")` runs the command line; gives how it ended."""

    def run(*arguments):
        command = [server.program, *arguments, "--endpoint", server.url]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=120)

    return run


@pytest.fixture
def deploy(stepwright, tmp_path, unique):
    """`deploy("hello.py", TEXT)` deploys one file; gives the function's name."""

    def make(file, text, *more):
        (tmp_path / file).write_text(text)
        name = f"{file.split('.')[0]}-{unique}"
        # A busy machine may start an interpreter slowly; what is about time says so itself.
        time = () if "--timeout" in more else ("--timeout", "60")
        done = stepwright("function", "deploy", file, "--name", name, *time, *more)
        assert done.returncode == 0, done.stderr
        return name

    return make


@pytest.fixture
def run(sfn, machine):
    """`run(NAME, EVENT)` runs a machine with one task for the function; gives the closed execution."""

    def make(name, event, **more):
        task = {"Type": "Task", "Resource": f"arn:aws:lambda:us-east-1:000000000000:function:{name}", "End": True, **more}
        arn = machine({"StartAt": "T", "States": {"T": task}})
        started = sfn.start_execution(stateMachineArn=arn, input=json.dumps(event))
        return wait.until_closed(sfn, started["executionArn"])

    return make


def test_a_python_file_is_deployed_and_called(stepwright, deploy):
    name = deploy("hello.py", PYTHON, "--env", "WHO=me")
    done = stepwright("function", "invoke", name, '{"n": 21}', "--log")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["doubled"] == 42 and answer["name"] == name and answer["who"] == "me" and answer["left"]
    assert "event {'n': 21}" in done.stderr and "REPORT RequestId: " in done.stderr
    listed = stepwright("function", "list")
    assert name in listed.stdout
    wait.until(lambda: "event {'n': 21}" in stepwright("function", "logs", name).stdout)
    assert stepwright("function", "delete", name).returncode == 0
    gone = stepwright("function", "invoke", name)
    assert gone.returncode == 4, gone.stderr


def test_a_node_file_is_deployed_and_called(stepwright, deploy):
    if shutil.which("node") is None:
        pytest.fail("there is no node on PATH")
    name = deploy("double.js", NODE)
    done = stepwright("function", "invoke", name, '{"n": 4}')
    assert json.loads(done.stdout) == {"doubled": 8, "name": name}, done.stderr
    failed = stepwright("function", "invoke", name, '{"raise": "no"}')
    assert failed.returncode == 1
    assert json.loads(failed.stdout)["errorType"] == "TypeError"


def test_new_code_counts_at_once(stepwright, deploy):
    name = deploy("now.py", "def handler(event, context):\n    return 1\n")
    assert stepwright("function", "invoke", name).stdout.strip() == "1"
    assert deploy("now.py", "def handler(event, context):\n    return 2\n") == name
    assert stepwright("function", "invoke", name).stdout.strip() == "2"


def test_a_runtime_that_is_not_here_is_refused_with_those_that_are(stepwright, tmp_path, unique):
    (tmp_path / "a.py").write_text("")
    done = stepwright("function", "deploy", "a.py", "--name", f"a-{unique}", "--runtime", "python3.8")
    assert done.returncode == 2
    assert "runtime 'python3.8' is not on this server, which has " in done.stderr


def test_a_workflow_calls_a_function(run, deploy):
    name = deploy("task.py", PYTHON)
    closed = run(name, {"n": 3})
    assert closed["status"] == "SUCCEEDED", closed
    output = json.loads(closed["output"])
    assert output["doubled"] == 6
    assert output["custom"]["executionArn"] == closed["executionArn"]
    assert output["custom"]["idempotencyToken"]


ERRORS = {
    # What the event asks for, the error, and a part of the cause.
    "raised": ({"raise": "no money"}, "ValueError", '"errorMessage": "no money"'),
    "exit": ({"exit": 3}, "Runtime.ExitError", "Runtime exited with error: exit status 3"),
    "marshal": ({"unserialisable": True}, "Runtime.MarshalError", "Unable to marshal response"),
    "time": ({"loop": True}, "Sandbox.Timedout", "Task timed out after 1.00 seconds"),
}


@pytest.mark.parametrize("case", ERRORS.values(), ids=ERRORS.keys())
def test_a_functions_error_reaches_the_workflow_by_its_name(run, deploy, case):
    event, error, cause = case
    time = "1" if event.get("loop") else "60"
    closed = run(deploy("fails.py", PYTHON, "--timeout", time), event)
    assert (closed["status"], closed["error"]) == ("FAILED", error)
    assert cause in closed["cause"]


BROKEN = {
    "import": ("import nothing_of_this_name\n", "Runtime.ImportModuleError"),
    "syntax": ("def handler(\n", "Runtime.UserCodeSyntaxError"),
    "handler": ("def other(event, context): pass\n", "Runtime.HandlerNotFound"),
}


@pytest.mark.parametrize("case", BROKEN.values(), ids=BROKEN.keys())
def test_code_that_cannot_be_loaded_says_why(run, deploy, case):
    text, error = case
    closed = run(deploy("broken.py", text, "--handler", "broken.handler"), {})
    assert (closed["status"], closed["error"]) == ("FAILED", error)


def test_a_catcher_takes_a_functions_error_by_its_name(sfn, machine, deploy):
    name = deploy("caught.py", PYTHON)
    task = {
        "Type": "Task",
        "Resource": f"arn:aws:lambda:us-east-1:000000000000:function:{name}",
        "Retry": [{"ErrorEquals": ["Lambda.TooManyRequestsException"]}],
        "Catch": [{"ErrorEquals": ["ValueError"], "Next": "Caught"}],
        "End": True,
    }
    arn = machine({"StartAt": "T", "States": {"T": task, "Caught": {"Type": "Succeed"}}})
    started = sfn.start_execution(stateMachineArn=arn, input='{"raise": "x"}')
    closed = wait.until_closed(sfn, started["executionArn"])
    assert closed["status"] == "SUCCEEDED"
    assert json.loads(closed["output"])["Error"] == "ValueError"


def test_without_a_setting_the_strongest_level_that_holds_is_taken(tmp_path):
    running = servers.Server()

    def stepwright(*arguments):
        command = [running.program, "function", *arguments, "--endpoint", running.url]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=120)

    try:
        (tmp_path / "a.js").write_text("exports.handler = async () => require('fs').readdirSync('/').length\n")
        done = stepwright("deploy", "a.js", "--timeout", "60")
        if done.returncode == 2:
            # A machine without namespaces: code is refused with what to do.
            assert 'set functions.isolation = "process"' in done.stderr
            return
        assert done.returncode == 0, done.stderr
        assert "isolation 'full'" in done.stdout or "isolation 'nocgroup'" in done.stdout
        invoked = stepwright("invoke", "a")
        assert invoked.returncode == 0 and int(invoked.stdout) > 3, invoked.stderr
    finally:
        assert running.stop() == 0


def processes_below(pid):
    """The numbers of all processes that descend from it."""
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += [int(child), *processes_below(child)]
    return found


def is_there(pid):
    try:
        return ") Z" not in pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_when_the_server_is_killed_its_instances_go_with_it(tmp_path):
    running = servers.Server()
    (tmp_path / "a.js").write_text("exports.handler = async () => new Promise((done) => require('fs').watch('/tmp', done))\n")

    def stepwright(*arguments):
        command = [running.program, "function", *arguments, "--endpoint", running.url]
        return subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    try:
        deployed = stepwright("deploy", "a.js", "--timeout", "900")
        refusal = deployed.communicate()[1]
        if deployed.returncode == 2:
            assert 'set functions.isolation = "process"' in refusal
            return
        waiting = stepwright("invoke", "a")

        def node_below():
            below = processes_below(running.pid)
            names = [pathlib.Path(f"/proc/{pid}/cmdline") for pid in below]
            runs = [name.read_bytes() for name in names if name.exists()]
            return below if any(b"bootstrap.mjs" in line for line in runs) else None

        below = [pid for pid in wait.until(node_below) if b"postgres" not in pathlib.Path(f"/proc/{pid}/comm").read_bytes()]
        os.kill(running.pid, signal.SIGKILL)
        wait.until(lambda: not any(is_there(pid) for pid in below))
        wait.until(lambda: not [*pathlib.Path("/sys/fs/cgroup").rglob(f"stepwright-{running.pid}-*")])
        waiting.communicate()
        assert waiting.returncode != 0
    finally:
        running.stop()
