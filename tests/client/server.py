"""The server under test, and the official clients for it.

It is the one that STEPWRIGHT_ENDPOINT names, else one on a database of its own, started by the program
test-server: `cargo xtask check` says where that is; by hand, `cargo build --workspace --bins` makes it.
"""

import json
import os
import pathlib
import subprocess

import boto3
import botocore.config

import model
from conformance.run import Target

TOP = pathlib.Path(__file__).resolve().parents[2]
REGION = os.environ.get("STEPWRIGHT_REGION", "us-east-1")
ACCOUNT = os.environ.get("STEPWRIGHT_ACCOUNT_ID", "000000000000")
STOP_SECONDS = 60
# GetActivityTask answers after 60 s at the latest.
READ_SECONDS = 120
# Operations that have succeeded in this run.
ANSWERED = set()


class Running:
    """A server that somebody else runs, at `url`."""

    def __init__(self, url):
        self.url = url

    def client(self, service="stepfunctions", **more):
        """An official client. Without keys the server takes any, so these are made up."""
        settings = {
            "endpoint_url": self.url,
            "region_name": REGION,
            "aws_access_key_id": os.environ.get("AWS_ACCESS_KEY_ID", "anyone"),
            "aws_secret_access_key": os.environ.get("AWS_SECRET_ACCESS_KEY", "anything"),
            # A test sees the first answer, the server under its one name, and sends what it likes.
            "config": botocore.config.Config(
                retries={"max_attempts": 0},
                inject_host_prefix=False,
                parameter_validation=False,
                read_timeout=READ_SECONDS,
                max_pool_connections=50,
            ),
        }
        client = boto3.client(service, **{**settings, **more})
        # Whatever a test is about, its answers are those of the service's model.
        return model.watch(client, ANSWERED) if service == "stepfunctions" else client

    def target(self):
        """The server as the conformance runner asks it."""
        return Target(self.client(), self.url, REGION, ACCOUNT)

    def stop(self):
        """Nothing to stop."""
        return 0


class Server(Running):
    """A server of this run's own: `url`, `database_url`, `pid`, its `data` folder, its `program`."""

    def __init__(self, *arguments):
        program = os.environ.get("STEPWRIGHT_TEST_SERVER", TOP / "target/debug/test-server")
        self._process = subprocess.Popen(
            [program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{program} ended with {self._process.wait()} before it was ready")
        told = json.loads(line)
        super().__init__(told["url"])
        self.database_url = told["database_url"]
        self.pid = told["pid"]
        self.data = told["data"]
        self.program = told["program"]

    def stop(self):
        """Stops the server and drops its database; returns how it ended."""
        self._process.stdin.close()
        return self._process.wait(timeout=STOP_SECONDS)
