"""Finds and reads the recorded cases."""

import json
import os
import pathlib
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[3]
# Beside a checkout, unless the environment names another place.
DEFAULT = ROOT.parent / "shared" / "conformance"


def folder():
    """Where the cases are, or would be."""
    return pathlib.Path(os.environ.get("STEPWRIGHT_CONFORMANCE") or DEFAULT) / "histories" / "cases"


@dataclass(frozen=True)
class Case:
    name: str
    data: dict

    @property
    def functions(self):
        return self.data.get("functions", {})

    @property
    def placeholders(self):
        return self.data["placeholders"]

    @property
    def loose(self):
        return self.data.get("loose", [])

    def expectations(self):
        """Everything that the case expects, wherever it is in it."""
        if "expected" in self.data:
            yield self.data["expected"]
        for machine in self.data.get("machines", []):
            yield from machine["runs"]
        for step in self.data.get("steps", []):
            if "expect" in step:
                yield step["expect"]


def load():
    """All cases in the order of their names; none where the folder is not there."""
    files = sorted(folder().glob("*.json"))
    cases = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    return [Case(data["name"], data) for data in cases]
