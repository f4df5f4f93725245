"""Lambda functions that cases need, as HTTP endpoints of this process.

The server is told of each by `PUT /api/v1/functions/NAME`. It POSTs the payload; the answer's body is the
function's, and the header `X-Amz-Function-Error` says that it is an error.
"""

import json
import os
import threading
import urllib.error
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REQUEST_SECONDS_MAX = 10


class Functions:
    """The functions of one case, there for as long as the `with` block runs."""

    def __init__(self, endpoint, wanted):
        self.endpoint = endpoint
        # Function id to (name, what the case says of it).
        self.wanted = wanted
        self.done = threading.Event()

    def __enter__(self):
        if not self.wanted:
            return self
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        try:
            for function, (name, said) in self.wanted.items():
                port = self.server.server_address[1]
                url = f"http://127.0.0.1:{port}/{function}"
                body = {"url": url, "timeout_ms": said["timeoutSeconds"] * 1000, "headers": {}}
                self.call("PUT", name, body)
        except Exception:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        if not self.wanted:
            return
        try:
            for name, _ in self.wanted.values():
                self.call("DELETE", name, None)
        finally:
            self.stop()

    def stop(self):
        # Functions that still sleep wake up.
        self.done.set()
        self.server.shutdown()
        self.server.server_close()

    def call(self, method, name, body):
        request = urllib.request.Request(
            f"{self.endpoint.rstrip('/')}/api/v1/functions/{name}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        key, secret = (os.environ.get(it) for it in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))
        if key and secret:
            request.add_header("Authorization", f"Bearer {key}:{secret}")
        try:
            with urllib.request.urlopen(request, timeout=REQUEST_SECONDS_MAX) as response:
                response.read()
        except urllib.error.HTTPError as error:
            with error:
                said = error.read().decode(errors="replace")
            raise OSError(f"{method} of the function {name}: {error.code} {said}") from error

    def handler(self):
        functions = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                event = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                _, said = functions.wanted[self.path.strip("/").split("/")[0]]
                body, is_error = functions.answer(said["behaviour"], event)
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                if is_error:
                    self.send_header("X-Amz-Function-Error", "Unhandled")
                self.end_headers()
                self.wfile.write(body)

            def handle_one_request(self):
                try:
                    super().handle_one_request()
                except OSError:
                    # Whoever asked has gone away: a timeout did its work.
                    self.close_connection = True

            def log_message(self, *_):
                pass

        return Handler

    def answer(self, behaviour, event):
        """The body of an answer, and whether it is an error."""
        if "sleepsSeconds" in behaviour:
            self.done.wait(behaviour["sleepsSeconds"])
        if "raises" in behaviour:
            raised = behaviour["raises"]
            error = {
                "errorMessage": raised["errorMessage"],
                "errorType": raised["errorType"],
                "requestId": str(uuid.uuid4()),
                "stackTrace": raised["stackTrace"],
            }
            # Compact: recorded texts hold such payloads as they came.
            return json.dumps(error, separators=(",", ":")).encode(), True
        if behaviour.get("returns") != "the event":
            raise ValueError(f"the case has an unknown behaviour: {behaviour}")
        return event, False
