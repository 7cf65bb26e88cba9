"""Whether what the server answers is what its own description says, without any library."""
import json
import os
import re

from harness import ROOT

with open(os.path.join(ROOT, "engine/ops/assets/openapi.json")) as file:
    DESCRIPTION = json.load(file)


def resolve(node):
    while "$ref" in node:
        found = DESCRIPTION
        for part in node["$ref"][2:].split("/"):
            found = found[part]
        node = found
    return node


TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}


def faults(schema, value, at=""):
    """What is wrong with a value; the words of a schema that are used there, no others."""
    schema = resolve(schema)
    unknown = set(schema) - {"type", "properties", "required", "additionalProperties", "items", "maxItems", "minItems",
                             "enum", "pattern", "minLength", "maxLength", "minimum", "maximum", "allOf", "anyOf",
                             "description", "default"}
    if unknown:
        return [f"the schema at {at or '/'} has {unknown}, which is not understood here"]
    found = []
    kind = schema.get("type")
    if kind and (not isinstance(value, TYPES[kind]) or (kind == "integer" and isinstance(value, bool))):
        return [f"{at or '/'} is {value!r}, no {kind}"]
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{at} is {value!r}, none of {schema['enum']}")
    if "pattern" in schema and not re.search(schema["pattern"], value):
        found.append(f"{at} is {value!r}, not {schema['pattern']}")
    if kind == "integer" and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        found.append(f"{at} is {value}, out of bounds")
    if kind == "string" and not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        found.append(f"{at} has {len(value)} letters")
    if kind == "array":
        if len(value) > schema.get("maxItems", len(value)):
            found.append(f"{at} has {len(value)} items")
        for n, item in enumerate(value):
            found += faults(schema.get("items", {}), item, f"{at}/{n}")
    if kind == "object":
        properties, others = schema.get("properties", {}), schema.get("additionalProperties", True)
        found += [f"{at} lacks {name}" for name in schema.get("required", []) if name not in value]
        for name, item in value.items():
            if name in properties:
                found += faults(properties[name], item, f"{at}/{name}")
            elif others is False:
                found.append(f"{at} has {name}")
            elif others is not True:
                found += faults(others, item, f"{at}/{name}")
    for part in schema.get("allOf", []):
        found += faults(part, value, at)
    if "anyOf" in schema and all(faults(part, value, at) for part in schema["anyOf"]):
        found.append(f"{at} is {value!r}, nothing that it may be")
    return found


def operation_of(method, path):
    """The operation of a request; None where there is none."""
    path = path.split("?")[0]
    for form, item in DESCRIPTION["paths"].items():
        if re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(form)), path):
            return item.get("get" if method == "HEAD" else method.lower())
    return None


def judge(method, path, status, fields, body):
    """What is wrong with an answer."""
    operation = operation_of(method, path)
    if operation is None:
        expected = (404,) if not any(operation_of(one, path) for one in ("GET", "POST", "PUT", "DELETE")) else (405, 204)
        return [] if status in expected else [f"{method} {path}: {status} of what is not described"]
    if str(status) not in operation["responses"]:
        return [f"{method} {path}: {status} is not described: {body}"]
    answer = resolve(operation["responses"][str(status)])
    kind = fields.get("content-type", "").split(";")[0]
    if kind not in answer["content"]:
        return [f"{method} {path}: {status} as {kind} is not described"]
    for name, header in answer.get("headers", {}).items():
        if header.get("required") and name.lower() not in fields:
            return [f"{method} {path}: {status} without {name}"]
    if method == "HEAD" or kind != "application/json":
        return []
    return [f"{method} {path}: {status}: {fault}" for fault in faults(answer["content"][kind]["schema"], body)]
