"""Puts into a question what the case leaves open: `{{uid.1}}`, `{{role.1}}`, `{{2.stateMachineArn}}`."""

import json
import random
import re
import string

TEMPLATE = re.compile(r"\{\{([^{}]+)\}\}")
# These members are JSON texts on the wire; cases write them as what the text says.
JSON_TEXTS = {"definition", "input", "output"}


class Unanswered(Exception):
    """A question needs the answer to an earlier step, which there is none of."""


class Filler:
    """The names of one run of one case."""

    def __init__(self, region, account):
        self.region = region
        self.account = account
        self.roles = {}
        self.uids = {}
        # Function id to {"FunctionName", "FunctionArn"}.
        self.functions = {}
        # Step number to answer.
        self.answers = {}

    def params(self, params):
        """The parameters of a call, ready for the client."""
        filled = {}
        for name, value in (params or {}).items():
            value = self.fill(value)
            is_text = name not in JSON_TEXTS or isinstance(value, str)
            filled[name] = value if is_text else json.dumps(value, ensure_ascii=False)
        return filled

    def fill(self, value):
        if isinstance(value, dict):
            return {self.fill(key): self.fill(member) for key, member in value.items()}
        if isinstance(value, list):
            return [self.fill(item) for item in value]
        if isinstance(value, str):
            whole = TEMPLATE.fullmatch(value)
            if whole:
                return self.look_up(whole[1])
            return TEMPLATE.sub(lambda found: str(self.look_up(found[1])), value)
        return value

    def look_up(self, name):
        head, _, rest = name.partition(".")
        if name == "region":
            return self.region
        if name == "account":
            return self.account
        if head == "role":
            arn = f"arn:aws:iam::{self.account}:role/conformance-{rest}"
            return self.roles.setdefault(rest, arn)
        if head == "uid":
            return self.uids.setdefault(rest, uid())
        if head in self.functions:
            return self.functions[head][rest]
        if head.isdigit():
            return self.answer(int(head), rest.split("."))
        raise ValueError(f"the case has an unknown template: {{{{{name}}}}}")

    def answer(self, step, path):
        value = self.answers.get(step)
        for part in path:
            if isinstance(value, list):
                index = int(part)
                value = value[index] if index < len(value) else None
            elif isinstance(value, dict):
                value = value.get(part)
            else:
                value = None
        if value is None:
            raise Unanswered(f"the answer to step {step} has no {'.'.join(path)}")
        return value


def uid():
    """Eight letters and digits that no other run has."""
    return "".join(random.choices(string.ascii_lowercase + string.digits, k=8))
