"""What the client tests share: a server on a database of its own, and the official clients for it.

`cargo xtask check` names the program that starts both; by hand, `cargo build --workspace --bins` makes it.
"""

import json
import os
import pathlib
import subprocess

import boto3
import botocore.config
import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
STOP_SECONDS = 60


class Server:
    """A running server: `url`, `database_url` and `pid`."""

    def __init__(self, *arguments):
        program = os.environ.get("STEPWRIGHT_TEST_SERVER", TOP / "target/debug/test-server")
        self._process = subprocess.Popen(
            [program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{program} ended with {self._process.wait()} before it was ready")
        told = json.loads(line)
        self.url = told["url"]
        self.database_url = told["database_url"]
        self.pid = told["pid"]

    def client(self, service="stepfunctions", **more):
        """An official client. Without keys the server takes any, so these are made up."""
        settings = {
            "endpoint_url": self.url,
            "region_name": "us-east-1",
            "aws_access_key_id": "anyone",
            "aws_secret_access_key": "anything",
            # A test sees the first answer, and the server under its one name.
            "config": botocore.config.Config(
                retries={"max_attempts": 0}, inject_host_prefix=False, read_timeout=120
            ),
        }
        return boto3.client(service, **{**settings, **more})

    def stop(self):
        """Stops the server and drops its database; returns how it ended."""
        self._process.stdin.close()
        return self._process.wait(timeout=STOP_SECONDS)


@pytest.fixture(scope="session")
def server():
    """One server for all tests of the run; each makes state machines under names of its own."""
    running = Server()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="session")
def sfn(server):
    """The official Step Functions client for that server."""
    return server.client()
