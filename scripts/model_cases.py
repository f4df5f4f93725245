"""Makes the cases of `engine/services`: what botocore, the official client, sends and reads.

    make clients && .venv/bin/python scripts/model_cases.py

For two services of each protocol (EC2's has one) and every operation of them: arguments as a state
machine has them, the request that botocore makes of them, an answer with every member, what botocore
reads in it, and the errors of the operation as they come over the wire. Run it again after
`scripts/models.py`; the same models give the same cases.
"""

import base64
import datetime
import gzip
import json
import pathlib
import urllib.parse
from xml.etree import ElementTree

import botocore.parsers
import botocore.serialize
import botocore.session
from botocore.model import ListShape, MapShape, StructureShape

CASES = pathlib.Path(__file__).parent.parent / "engine" / "services" / "cases"
# Name after aws-sdk:, name in botocore, protocol that is spoken.
SERVICES = [
    ("dynamodb", "dynamodb", "json"),
    ("sqs", "sqs", "json"),
    ("lambda", "lambda", "rest-json"),
    ("batch", "batch", "rest-json"),
    ("s3", "s3", "rest-xml"),
    ("route53", "route53", "rest-xml"),
    ("sns", "sns", "query"),
    ("autoscaling", "autoscaling", "query"),
    ("ec2", "ec2", "ec2"),
]
# Deprecated, and botocore itself reads elements in place of text; its host name is an argument.
LEFT_OUT = {"GetBucketNotification", "WriteGetObjectResponse"}
TIME = datetime.datetime(2024, 2, 29, 12, 34, 56, tzinfo=datetime.timezone.utc)
DEPTH_MAX = 5


def pascal(name):
    return name[:1].upper() + name[1:]


def sample(shape, above=()):
    """A value for botocore with every member, and the same as a state machine writes it."""
    if getattr(shape, "is_document_type", False):
        return {"a": [1]}, {"a": [1]}
    if isinstance(shape, StructureShape):
        if shape.is_tagged_union or shape.metadata.get("union"):
            members = list(shape.members.items())[:1]
        else:
            members = list(shape.members.items())
        ours, theirs = {}, {}
        for name, member in members:
            if member.name in above or len(above) > DEPTH_MAX or getattr(member, "is_eventstream", False):
                if name not in shape.required_members:
                    continue
            if member.serialization.get("eventstream"):
                continue
            theirs[name], ours[pascal(name)] = sample(member, (*above, shape.name))
        return theirs, ours
    if isinstance(shape, ListShape):
        one = sample(shape.member, (*above, shape.name))
        return [one[0], one[0]], [one[1], one[1]]
    if isinstance(shape, MapShape):
        theirs, ours = sample(shape.value, (*above, shape.name))
        key = shape.key.enum[0] if getattr(shape.key, "enum", None) else "Key-1"
        return {key: theirs}, {key: ours}
    kind = shape.type_name
    if kind == "timestamp":
        return TIME, TIME.strftime("%Y-%m-%dT%H:%M:%SZ")
    if kind == "blob":
        return b"bytes & more", "bytes & more"
    if kind == "boolean":
        return True, True
    if kind in ("integer", "long"):
        return 7, 7
    if kind in ("float", "double"):
        return 1.5, 1.5
    if shape.serialization.get("jsonvalue"):
        return {"a": 1}, {"a": 1}
    if getattr(shape, "enum", None):
        return shape.enum[0], shape.enum[0]
    return "a <b> & ü/c", "a <b> & ü/c"


def ours_of(value, shape):
    """What botocore read, as a workflow gets it."""
    if getattr(shape, "is_document_type", False):
        return value
    if isinstance(shape, StructureShape):
        members = shape.members
        return {
            pascal(name): ours_of(value[name], member)
            for name, member in members.items()
            if name in value and value[name] is not None
        }
    if isinstance(shape, ListShape):
        return [ours_of(item, shape.member) for item in value]
    if isinstance(shape, MapShape):
        return {key: ours_of(item, shape.value) for key, item in value.items()}
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, bytes):
        return value.decode()
    if hasattr(value, "read"):
        return value.read().decode()
    return value


def text(body):
    if isinstance(body, ElementTree.Element):
        return ElementTree.tostring(body, encoding="unicode")
    if isinstance(body, bytes):
        return body.decode()
    return body or ""


def request(serializer, operation, theirs):
    made = serializer.serialize_to_request(theirs, operation)
    path, _, constant = made["url_path"].partition("?")
    query = [list(pair) for pair in urllib.parse.parse_qsl(constant, keep_blank_values=True)]
    given = made["query_string"]
    for name, value in given.items() if isinstance(given, dict) else given:
        for one in value if isinstance(value, list) else [value]:
            query.append([name, str(one)])
    body = made["body"]
    if isinstance(body, dict):
        form = sorted([key, str(value)] for key, value in body.items())
        body = {"form": form}
    else:
        body = {"text": text(body)}
    headers = {name.lower(): value for name, value in made["headers"].items()}
    return {"method": made["method"], "path": path, "query": sorted(query), "headers": headers, **body}


class Answers:
    """Answers as a service would write them: botocore's own writers, turned on output shapes."""

    def __init__(self, protocol, serializer):
        self.protocol, self.serializer = protocol, serializer

    def xml(self, shape, value, name):
        root = ElementTree.Element("holder")
        writer = botocore.serialize.create_serializer("rest-xml", False)
        writer._serialize(shape, value, root, name)
        return root[0]

    def json(self, shape, value):
        body = {}
        self.serializer._serialize(body, value, shape)
        return body

    def body_members(self, shape, value):
        return {
            name: value[name]
            for name, member in shape.members.items()
            if name in value and "location" not in member.serialization
        }

    def answer(self, operation, value):
        shape = operation.output_shape
        headers, status, body = {"x-amzn-requestid": "request-1"}, 200, ""
        if shape is None:
            return {"status": status, "headers": headers, "body": body}
        payload = shape.serialization.get("payload")
        for name, member in shape.members.items():
            if name not in value:
                continue
            location, wire = member.serialization.get("location"), member.serialization.get("name", name)
            if location == "header":
                headers[wire.lower()] = self.header(member, value[name])
            elif location == "headers":
                headers.update({f"{wire}{key}".lower(): one for key, one in value[name].items()})
        if payload:
            member = shape.members[payload]
            if member.type_name in ("blob", "string"):
                body = text(value.get(payload, ""))
            elif payload in value:
                body = self.write(member, value[payload], member.serialization.get("name", payload))
        else:
            body = self.write(shape, self.body_members(shape, value), operation.name + "Response", operation)
        return {"status": status, "headers": headers, "body": body}

    def header(self, member, value):
        if member.serialization.get("jsonvalue"):
            return base64.b64encode(json.dumps(value).encode()).decode()
        if member.type_name == "timestamp":
            return value.strftime("%a, %d %b %Y %H:%M:%S GMT")
        if member.type_name == "boolean":
            return str(value).lower()
        if member.type_name == "list":
            return ",".join(value)
        return "header value" if member.type_name == "string" and not member.enum else str(value)

    def write(self, shape, value, name, operation=None):
        if self.protocol in ("json", "rest-json"):
            return json.dumps(self.json(shape, value), ensure_ascii=False)
        if self.protocol == "query":
            wrapper = operation.output_shape.serialization.get("resultWrapper", name)
            root = ElementTree.Element(name)
            root.append(self.xml(shape, value, wrapper))
            meta = ElementTree.SubElement(root, "ResponseMetadata")
            ElementTree.SubElement(meta, "RequestId").text = "request-1"
        else:
            root = self.xml(shape, value, name)
        return ElementTree.tostring(root, encoding="unicode")


def error_answer(protocol, shape):
    code = shape.error_code or shape.name
    status = shape.metadata.get("error", {}).get("httpStatusCode", 400)
    headers = {"x-amzn-requestid": "request-1"}
    message = "It is <not> so"
    if protocol == "json":
        body = json.dumps({"__type": f"com.amazonaws.service#{code}", "message": message})
    elif protocol == "rest-json":
        headers["x-amzn-errortype"] = f"{code}:http://internal.amazon.com/coral/"
        body = json.dumps({"Message": message})
    else:
        inner = f"<Error><Code>{code}</Code><Message>It is &lt;not&gt; so</Message></Error>"
        body = {
            "query": f'<ErrorResponse xmlns="urn:x">{inner}<RequestId>request-1</RequestId></ErrorResponse>',
            "ec2": f"<Response><Errors>{inner}</Errors><RequestID>request-1</RequestID></Response>",
            "rest-xml": inner,
        }[protocol]
    return {"status": status, "headers": headers, "body": body}


def cases(session, name, protocol):
    service = session.get_service_model(name)
    serializer = botocore.serialize.create_serializer(protocol, False)
    parser = botocore.parsers.create_parser(protocol)
    answers = Answers(protocol, serializer)
    for operation_name in service.operation_names:
        operation = service.operation_model(operation_name)
        is_stream = operation.has_event_stream_input or operation.has_event_stream_output
        if is_stream or operation_name in LEFT_OUT:
            continue
        theirs, ours = sample(operation.input_shape) if operation.input_shape else ({}, {})
        case = {"operation": operation_name, "arguments": ours}
        case["request"] = request(serializer, operation, theirs)
        value = sample(operation.output_shape)[0] if operation.output_shape else {}
        answer = answers.answer(operation, value)
        raw = {
            "status_code": answer["status"],
            "headers": botocore.awsrequest.HeadersDict(answer["headers"]),
            "body": answer["body"].encode(),
        }
        case["answer"] = answer
        if operation.output_shape:
            case["output"] = ours_of(parser.parse(raw, operation.output_shape), operation.output_shape)
        else:
            case["output"] = {}
        case["errors"] = [
            {"shape": shape.name, "answer": error_answer(protocol, shape)}
            for shape in operation.error_shapes
        ]
        yield case


def main():
    session = botocore.session.get_session()
    CASES.mkdir(exist_ok=True)
    for name, theirs, protocol in SERVICES:
        lines = [json.dumps(case, ensure_ascii=False) for case in cases(session, theirs, protocol)]
        packed = gzip.compress(("\n".join(lines) + "\n").encode(), compresslevel=9, mtime=0)
        (CASES / f"{name}.jsonl.gz").write_bytes(packed)
        print(f"{name}: {len(lines)} operations, {len(packed)} bytes")


if __name__ == "__main__":
    main()
