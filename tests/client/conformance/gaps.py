"""Cases that are known to fail, each with the reason. The list may only shrink.

`known_gaps.json` holds `most`, how many there may be, and groups of cases under the reason that they
share. A case of the list that passes is an error too, so that the list says what is true.
"""

import json
import pathlib

FILE = pathlib.Path(__file__).with_name("known_gaps.json")


def load():
    """Case name to reason."""
    return {case: group["reason"] for group in read()["gaps"] for case in group["cases"]}


def most():
    return read()["most"]


def read():
    return json.loads(FILE.read_text(encoding="utf-8"))


def remove(names):
    """Takes cases that pass now off the list."""
    data = read()
    for group in data["gaps"]:
        group["cases"] = [case for case in group["cases"] if case not in names]
    write([group for group in data["gaps"] if group["cases"]])


def write(groups):
    data = {"most": sum(len(group["cases"]) for group in groups), "gaps": groups}
    FILE.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
