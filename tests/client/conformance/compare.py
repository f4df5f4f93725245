"""Holds an answer against what was recorded.

Members, lengths, order, types and texts must be the same. A placeholder stands for a text that AWS made
up: it may be anything, but must be the same wherever it occurs in the case, and two that differ only in
their number stand for different texts, since that is what the recording numbered them for.
"""

import json
import re
from dataclasses import dataclass
from datetime import datetime

# AWS added these over time; where a case's expectations never name one, it was recorded before.
ADDED_LATER = {
    "encryptionConfiguration",
    "tracingConfiguration",
    "redriveCount",
    "redriveStatus",
    "redriveStatusReason",
}
# Each list of names in this member is a set.
SETS = {"variableReferences"}
TIMES = {"<datetime>", "<timestamp>", "<date>"}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ROLE = re.compile(r"<s\w*_role_arn\w*>")
DIFFERENCES_MAX = 20
ABSENT = object()


@dataclass(frozen=True)
class Difference:
    path: str
    expected: object
    actual: object
    why: str = ""

    def __str__(self):
        if self.why:
            return f"{self.path}: {self.why}"
        return f"{self.path}: expected {show(self.expected)}, got {show(self.actual)}"


class Bindings:
    """What the placeholders of a case stand for, as far as answers have shown it."""

    def __init__(self, placeholders, roles, known=()):
        self.placeholders = set(placeholders)
        # The role ARNs that were sent; a live view.
        self.roles = roles
        self.known = dict(known)
        longest_first = sorted(map(re.escape, self.placeholders), key=len, reverse=True)
        self.pattern = re.compile("(" + "|".join(longest_first) + ")") if longest_first else None

    def copy(self):
        return Bindings(self.placeholders, self.roles, self.known)

    def parts(self, text):
        """The text, cut at its placeholders."""
        return [part for part in self.pattern.split(text) if part] if self.pattern else [text]

    def problem(self, name, value):
        """Why a placeholder cannot stand for a value; nothing where it can, and then it does."""
        if name in TIMES:
            return None if is_time(value) else f"expected a time for {name}, got {show(value)}"
        if not isinstance(value, str) or not value:
            return f"expected a text for {name}, got {show(value)}"
        if name in self.known:
            before = self.known[name]
            return None if before == value else f"{name} was {before!r} before, is now {value!r}"
        if name.startswith("<uuid:") and not UUID.fullmatch(value):
            return f"expected a UUID for {name}, got {value!r}"
        if ROLE.fullmatch(name) and value not in self.roles.values():
            return f"expected one of the roles that were sent for {name}, got {value!r}"
        if name.rstrip(">").endswith("_arn") and not value.startswith("arn:"):
            return f"expected an ARN for {name}, got {value!r}"
        for other, known in self.known.items():
            if known == value and family(other) == family(name) is not None:
                return f"{name} and {other} must differ, and both are {value!r}"
        self.known[name] = value
        return None


def family(name):
    """What a placeholder shares with others that differ in their number; nothing where it has none."""
    found = re.fullmatch(r"<(.+):\d+>|<(.+)_\d+idx>", name)
    return found and (found[1] or found[2])


class Comparison:
    """One case's way of comparing."""

    def __init__(self, case):
        named = set()
        for expectation in case.expectations():
            collect_names(expectation, named)
        self.left_out = ADDED_LATER - named
        self.loose = set(case.loose)

    def differences(self, expected, actual, bindings, path):
        """Where they differ, in the order of the expectation. Placeholders are bound as they are met."""
        found = []
        self.compare(expected, actual, bindings, path, found)
        return found[:DIFFERENCES_MAX]

    def compare(self, expected, actual, bindings, path, found):
        if isinstance(expected, (dict, list)) and isinstance(actual, str):
            actual = parsed(actual, type(expected), actual)
        if isinstance(expected, dict) and isinstance(actual, dict):
            self.compare_members(expected, actual, bindings, path, found)
        elif isinstance(expected, list) and isinstance(actual, list):
            self.compare_items(expected, actual, bindings, path, found)
        elif isinstance(expected, str):
            self.compare_text(expected, actual, bindings, path, found)
        elif type(expected) is not type(actual) or expected != actual:
            found.append(Difference(path, expected, actual))

    def compare_members(self, expected, actual, bindings, path, found):
        for name, member in expected.items():
            place = f"{path}.{name}"
            if name not in actual:
                found.append(Difference(place, member, ABSENT))
            elif name in SETS:
                one, other = sorted_lists(member), sorted_lists(actual[name])
                self.compare(one, other, bindings, place, found)
            elif name not in self.loose:
                self.compare(member, actual[name], bindings, place, found)
        for name in actual:
            if name not in expected and name not in self.left_out:
                found.append(Difference(f"{path}.{name}", ABSENT, actual[name]))

    def compare_items(self, expected, actual, bindings, path, found):
        if len(expected) != len(actual):
            found.append(Difference(path, ABSENT, ABSENT, why=lengths(expected, actual)))
        for index, (one, other) in enumerate(zip(expected, actual)):
            self.compare(one, other, bindings, f"{path}[{index}]", found)

    def compare_text(self, expected, actual, bindings, path, found):
        problem = match(expected, actual, bindings)
        if problem is None:
            return
        if isinstance(actual, str):
            # Two JSON texts may differ in their blanks, which are the function's.
            one, other = parsed(expected, dict), parsed(actual, dict)
            if one is not None and other is not None:
                self.compare(one, other, bindings, path, found)
                return
        found.append(Difference(path, expected, actual, why=problem))


def match(expected, actual, bindings):
    """Why a text is not the expected one; nothing where it is, and then its placeholders are bound."""
    parts = bindings.parts(expected)
    if len(parts) == 1 and parts[0] in bindings.placeholders:
        return bindings.problem(parts[0], actual)
    differ = f"expected {show(expected)}, got {show(actual)}"
    if not isinstance(actual, str):
        return differ
    if not any(part in bindings.placeholders for part in parts):
        return None if expected == actual else differ
    groups, pattern = {}, ""
    for part in parts:
        if part not in bindings.placeholders:
            pattern += re.escape(part)
        elif part in bindings.known:
            pattern += re.escape(bindings.known[part])
        elif part in groups and part not in TIMES:
            pattern += f"(?P={groups[part]})"
        else:
            group = f"g{len(groups)}"
            groups.setdefault(part, group)
            pattern += f"(?P<{group}>.+?)" if groups[part] == group else "(?:.+?)"
    matched = re.fullmatch(pattern, actual, re.DOTALL)
    if not matched:
        known = {part: bindings.known[part] for part in parts if part in bindings.known}
        return differ + (f" where {known}" if known else "")
    for name, group in groups.items():
        problem = bindings.problem(name, matched[group])
        if problem:
            return problem
    return None


def is_time(value):
    if isinstance(value, datetime):
        return True
    if isinstance(value, str):
        try:
            datetime.fromisoformat(re.sub(r"(\.\d{1,6})\d*", r"\1", value).replace("Z", "+00:00"))
        except ValueError:
            return value.replace(".", "", 1).isdigit()
        return True
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0


def parsed(text, kind, otherwise=None):
    """What a JSON text says, where that is of the kind."""
    try:
        value = json.loads(text)
    except ValueError:
        return otherwise
    return value if isinstance(value, kind) else otherwise


def collect_names(value, names):
    if isinstance(value, dict):
        names.update(value)
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            collect_names(item, names)


def sorted_lists(members):
    if not isinstance(members, dict):
        return members
    return {name: sorted(it) if isinstance(it, list) else it for name, it in members.items()}


def lengths(expected, actual):
    text = f"expected {len(expected)} items, got {len(actual)}"
    if all(isinstance(item, dict) and "previousEventId" in item for item in expected + actual):
        text += f"\n    expected {chain(expected)}\n    got      {chain(actual)}"
    return text


def chain(events):
    """A history in a line: `1<0:ExecutionStarted 2<0:PassStateEntered`."""
    return " ".join(f"{it['id']}<{it['previousEventId']}:{it['type']}" for it in events)


def show(value):
    if value is ABSENT:
        return "nothing"
    if isinstance(value, datetime):
        return value.isoformat()
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 300 else f"{text[:300]}… ({len(text)} characters)"
