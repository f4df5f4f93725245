"""Whether answers are what the service's own model says: the shapes, types and names that every
official client is made from, in whatever language.
"""

import json

# Errors of every AWS service, which its model does not repeat for each operation.
# Source: Step Functions API reference, Common Errors; and what the protocol itself refuses.
COMMON_ERRORS = {
    "AccessDeniedException",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InternalFailure",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "RequestEntityTooLargeException",
    "RequestExpired",
    "SerializationException",
    "ServiceUnavailable",
    "ThrottlingException",
    "UnknownOperationException",
    "UnrecognizedClientException",
    "UnsupportedMediaTypeException",
    "ValidationException",
}


def problems(shape, value, path="$"):
    """All that is not as the shape has it."""
    if value is None:
        return [f"{path}: null, where what is absent must be absent"]
    kind = shape.type_name
    if kind == "structure":
        return structure(shape, value, path)
    if kind == "list":
        if not isinstance(value, list):
            return [f"{path}: {type(value).__name__}, not a list"]
        parts = [problems(shape.member, item, f"{path}[{at}]") for at, item in enumerate(value)]
    elif kind == "map":
        if not isinstance(value, dict):
            return [f"{path}: {type(value).__name__}, not a map"]
        parts = [problems(shape.value, item, f"{path}.{key}") for key, item in value.items()]
    else:
        return leaf(shape, kind, value, path)
    return [problem for part in parts for problem in part]


def structure(shape, value, path):
    if not isinstance(value, dict):
        return [f"{path}: {type(value).__name__}, not a structure"]
    found = [f"{path}.{name}: missing" for name in shape.required_members if name not in value]
    for name, part in value.items():
        if name in shape.members:
            found += problems(shape.members[name], part, f"{path}.{name}")
        else:
            found.append(f"{path}.{name}: unknown to {shape.name}")
    return found


def leaf(shape, kind, value, path):
    expected = {
        "string": str,
        "boolean": bool,
        "integer": int,
        "long": int,
        # Seconds since 1970 with a fraction, in the JSON protocol.
        "timestamp": (int, float),
        "double": (int, float),
        "float": (int, float),
    }[kind]
    is_it = isinstance(value, expected) and (kind == "boolean" or not isinstance(value, bool))
    if not is_it:
        return [f"{path}: {type(value).__name__}, not a {kind}"]
    if getattr(shape, "enum", None) and value not in shape.enum:
        return [f"{path}: {value!r} is none of {shape.enum}"]
    size = len(value) if kind == "string" else value
    bounds = shape.metadata
    if kind in ("string", "integer", "long"):
        if "min" in bounds and size < bounds["min"]:
            return [f"{path}: {size} is under {bounds['min']}"]
        if "max" in bounds and size > bounds["max"]:
            return [f"{path}: {size} is over {bounds['max']}"]
    return []


def answer_problems(operation, status, body):
    """All that is wrong with an answer of an operation, success or error."""
    try:
        answer = json.loads(body)
    except ValueError:
        return [f"the body is not JSON: {body[:200]!r}"]
    if status < 300:
        shape = operation.output_shape
        if shape is None:
            return [] if answer == {} else ["the operation has no output"]
        return problems(shape, answer)
    code = str(answer.get("__type", "")).rsplit("#", 1)[-1]
    listed = {shape.name: shape for shape in operation.error_shapes}
    if code in listed:
        # Clients find the error's name in the answer, which is no member of its shape.
        members = {name: value for name, value in answer.items() if name != "__type"}
        return problems(listed[code], members, code)
    if code in COMMON_ERRORS:
        return [] if isinstance(answer.get("message"), str) else [f"{code} has no message"]
    return [f"{code} is no error of {operation.name}"]


def watch(client, answered):
    """Checks every answer that this client gets, and notes in `answered` which operations succeeded."""

    def check(operation_model, response_dict, **_):
        status, body = response_dict["status_code"], response_dict["body"]
        found = answer_problems(operation_model, status, body)
        assert not found, f"{operation_model.name} answered {status} {body[:500]!r}: {found}"
        if status < 300:
            answered.add(operation_model.name)

    service = client.meta.service_model.service_id.hyphenize()
    client.meta.events.register(f"before-parse.{service}", check)
    return client
