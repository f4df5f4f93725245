"""Runs what AWS was recorded to answer against a running server, through the official client.

The cases are plain data in a folder of their own, `histories`, whose README says what they mean. Here:

- `cases`      finds and reads them
- `fill`       puts names, ARNs and earlier answers into a question
- `functions`  the Lambda functions that a case needs, as HTTP endpoints of this process
- `run`        asks the questions of a case in order
- `compare`    holds an answer against the expectation
- `gaps`       which cases are known to fail, and why

`python -m conformance --help`, from the folder above, runs some or all of them. `test_conformance.py`
runs them under pytest. Nothing here knows how the server is built.
"""
