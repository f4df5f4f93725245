"""Turns the public service models into the compact data that `engine/services` calls services by.

    make clients && .venv/bin/python scripts/models.py
    .venv/bin/python scripts/models.py --show sqs    # one of them, as text

The models are those of botocore at the version that tests/client/requirements.txt names: one file a
service in engine/services/models, JSON and gzip, the same bytes for the same model, and the names of all
actions for the checks of definitions. Documentation,
limits and what a caller does not need are left out. A leaf is its type's name; a structure's member
says where it travels only where that is not the body and under its own name.
"""

import gzip
import json
import pathlib
import re
import sys

import botocore

DATA = pathlib.Path(botocore.__file__).parent / "data"
ENGINE = pathlib.Path(__file__).parent.parent / "engine"
MODELS = ENGINE / "services" / "models"
# What definitions are checked against: a service a line, its actions behind it.
ACTIONS = ENGINE / "asl" / "src" / "diagnose" / "sdk_actions.txt"

# The protocols that are spoken here, the best first. What a service offers beside them is not used.
PROTOCOLS = ["json", "rest-json", "rest-xml", "query", "ec2"]
LEAVES = {"string", "character", "integer", "long", "float", "double", "bigdecimal", "boolean", "blob"}
# Java's client names keep these suffixes (AWS SDK for Java v2, NamingStrategy).
KEEPS_SERVICE = {"IoT", "Application Discovery Service"}


def words(text):
    """A name as its words, split as the Java SDK splits it."""
    text = re.sub(r"[^A-Za-z0-9]+", " ", text)
    text = re.sub(r"([^a-z]{2,})v([0-9]+)", r"\1 v\2 ", text)
    text = re.sub(r"([^A-Z]{2,})V([0-9]+)", r"\1 V\2 ", text)
    text = re.sub(r"(?<=[a-z])(?=[A-Z]([a-zA-Z]|[0-9]))", " ", text)
    text = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", text)
    text = re.sub(r"([0-9])([a-zA-Z])", r"\1 \2", text)
    return text.split()


def sdk_name(service_id):
    """`DynamoDb` of `DynamoDB`: the prefix of error names, and lower-cased the name after aws-sdk:."""
    name = service_id
    for prefix in ("AWS ", "Amazon "):
        name = name.removeprefix(prefix)
    if name not in KEEPS_SERVICE:
        name = name.removesuffix(" Service")
    return "".join(word[0].upper() + word[1:].lower() for word in words(name))


def newest(folder):
    versions = sorted(path for path in folder.iterdir() if (path / "service-2.json.gz").exists())
    return versions[-1] if versions else None


def timestamp(member, shape):
    form = member.get("timestampFormat") or shape.get("timestampFormat")
    return f"timestamp:{form}" if form else "timestamp"


class Compact:
    def __init__(self, model):
        self.model = model
        self.shapes = {}

    def reference(self, member):
        """What stands for a shape: a leaf's type, or the shape's name, which is then kept too."""
        name = member["shape"]
        shape = self.model["shapes"][name]
        # Text in the model since some wrote no date into it; a time for every client.
        if (self.model["metadata"]["serviceId"], name) == ("S3", "Expires"):
            return "timestamp"
        if shape["type"] == "timestamp":
            return timestamp(member, shape)
        if shape["type"] in LEAVES:
            if member.get("jsonvalue"):
                return "jsonvalue"
            return shape["type"]
        if name not in self.shapes:
            self.shapes[name] = None
            self.shapes[name] = self.aggregate(shape)
        return name

    def member(self, name, member, payload):
        found = {"s": self.reference(member)}
        if "location" in member:
            found["in"] = member["location"]
        wire = member.get("locationName")
        # EC2's query protocol has a name of its own, else the ordinary one with a capital.
        if "queryName" in member:
            found["query"] = member["queryName"]
        # Of a payload it is the root element, even where it is the member's own name.
        if wire and (wire != name or name == payload):
            found["as"] = wire
        if member.get("flattened"):
            found["flat"] = True
        if member.get("xmlAttribute"):
            found["attribute"] = True
        if name == payload:
            found["payload"] = True
        if "xmlNamespace" in member:
            found["ns"] = member["xmlNamespace"]["uri"]
        if member.get("idempotencyToken"):
            found["token"] = True
        if list(found) == ["s"]:
            return found["s"]
        return found

    def aggregate(self, shape):
        if shape.get("document"):
            return {"document": True}
        if shape["type"] == "structure":
            found = {}
            members = shape.get("members", {})
            found["members"] = {
                name: self.member(name, member, shape.get("payload")) for name, member in members.items()
            }
            if shape.get("required"):
                found["required"] = shape["required"]
            prefix = shape.get("xmlNamespace", {}).get("prefix")
            if prefix:
                found["prefix"] = [prefix, shape["xmlNamespace"]["uri"]]
            return found
        flat = {"flat": True} if shape.get("flattened") else {}
        if shape["type"] == "list":
            item = shape["member"]
            named = {"as": item["locationName"]} if "locationName" in item else {}
            return {"list": self.reference(item), **named, **flat}
        if shape["type"] == "map":
            key, value = shape["key"], shape["value"]
            named = {}
            if "locationName" in key:
                named["key"] = key["locationName"]
            if "locationName" in value:
                named["value"] = value["locationName"]
            return {"map": self.reference(value), **named, **flat}
        raise SystemExit(f"a shape of type {shape['type']} is not known")

    def error(self, name):
        shape = self.model["shapes"][name]
        code = shape.get("error", {}).get("code")
        return [name, code] if code and code != name else name

    def operation(self, operation):
        found = {}
        http = operation.get("http", {})
        if (http.get("method", "POST"), http.get("requestUri", "/")) != ("POST", "/"):
            found["http"] = f"{http['method']} {http['requestUri']}"
        if "input" in operation:
            found["input"] = self.reference(operation["input"])
            if "locationName" in operation["input"]:
                found["root"] = operation["input"]["locationName"]
            if "xmlNamespace" in operation["input"]:
                found["ns"] = operation["input"]["xmlNamespace"]["uri"]
        if "output" in operation:
            found["output"] = self.reference(operation["output"])
            if "resultWrapper" in operation["output"]:
                found["wrapper"] = operation["output"]["resultWrapper"]
        if operation.get("errors"):
            found["errors"] = [self.error(error["shape"]) for error in operation["errors"]]
        endpoint = operation.get("endpoint", {}).get("hostPrefix")
        if endpoint:
            found["host"] = endpoint
        if operation.get("httpChecksumRequired") or operation.get("httpChecksum", {}).get("requestChecksumRequired"):
            found["md5"] = True
        return found


def compact(folder):
    path = newest(folder)
    if path is None:
        return None
    model = json.load(gzip.open(path / "service-2.json.gz"))
    data = model["metadata"]
    offered = data.get("protocols") or [data["protocol"]]
    spoken = next((name for name in PROTOCOLS if name in offered), None)
    if spoken is None:
        return None
    shapes = Compact(model)
    operations = {name: shapes.operation(one) for name, one in sorted(model["operations"].items())}
    found = {
        "sdk": sdk_name(data["serviceId"]),
        "protocol": spoken,
        "version": data["apiVersion"],
        "host": data["endpointPrefix"],
        "signing": data.get("signingName", data["endpointPrefix"]),
    }
    for key, name in (("target", "targetPrefix"), ("json", "jsonVersion"), ("global", "globalEndpoint")):
        if name in data:
            found[key] = data[name]
    if "xmlNamespace" in data:
        found["ns"] = data["xmlNamespace"]
    found["operations"] = operations
    found["shapes"] = dict(sorted(shapes.shapes.items()))
    return found


def text(model):
    """One line an operation and a shape, so that a refresh shows what has changed."""
    line = lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    parts = []
    for key, value in model.items():
        if key in ("operations", "shapes"):
            inner = ",\n".join(f" {line(name)}:{line(one)}" for name, one in value.items())
            parts.append(f"{line(key)}:{{\n{inner}\n}}")
        else:
            parts.append(f"{line(key)}:{line(value)}")
    return "{" + ",\n".join(parts) + "}\n"


def main(arguments):
    show = arguments[1] if arguments[:1] == ["--show"] and len(arguments) == 2 else None
    if arguments and show is None:
        raise SystemExit("usage: models.py [--show NAME]")
    MODELS.mkdir(exist_ok=True)
    written = {}
    for folder in sorted(path for path in DATA.iterdir() if path.is_dir()):
        model = compact(folder)
        if model is None:
            print(f"{folder.name}: speaks none of {', '.join(PROTOCOLS)}", file=sys.stderr)
            continue
        name = model["sdk"].lower()
        if name == show:
            print(text(model), end="")
        if show is None:
            packed = gzip.compress(text(model).encode(), compresslevel=9, mtime=0)
            (MODELS / f"{name}.json.gz").write_bytes(packed)
            written[name] = [operation[0].lower() + operation[1:] for operation in model["operations"]]
    if show is None:
        for path in MODELS.glob("*.json.gz"):
            if path.name.removesuffix(".json.gz") not in written:
                path.unlink()
        lines = [" ".join([name, *sorted(actions)]) for name, actions in sorted(written.items())]
        ACTIONS.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
