"""The strict subset of JSON Schema: what the real service refuses, and filling a schema with known values."""

import re
from collections.abc import Iterator
from typing import Any

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
BLANKS: dict[str, Any] = {"string": "", "integer": 0, "number": 0, "boolean": False, "array": [], "null": None}


def problems(schema: Any, context: tuple[str, ...] = ()) -> Iterator[str]:
    """Each reason for which a strict schema is refused, in the words of the service."""
    if not isinstance(schema, dict):
        yield f"In context={context}, schema must be a JSON Schema object."
        return
    if not context and schema.get("type") != "object":
        yield f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{schema.get('type')}\"'."
    if "default" in schema:
        yield f"In context={context}, 'default' is not permitted."
    if schema.get("type") == "object" or "properties" in schema:
        yield from _object_problems(schema, context)
    for inner, part in _parts(schema):
        yield from problems(part, (*context, *inner))


def _object_problems(schema: dict[str, Any], context: tuple[str, ...]) -> Iterator[str]:
    if schema.get("additionalProperties") is not False:
        yield f"In context={context}, 'additionalProperties' is required to be supplied and to be false."
    missing = [name for name in schema.get("properties", {}) if name not in schema.get("required", [])]
    if missing:
        yield (
            f"In context={context}, 'required' is required to be supplied and to be an array including every key in "
            f"properties. Missing '{missing[0]}'."
        )


def _parts(schema: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for keyword in ("properties", "$defs", "definitions"):
        for name, part in schema.get(keyword, {}).items():
            yield (keyword, name), part
    for place, part in enumerate(schema.get("anyOf", [])):
        yield ("anyOf", str(place)), part
    if "items" in schema:
        yield ("items",), schema["items"]


def filled(schema: dict[str, Any], known: Any, root: dict[str, Any] | None = None) -> Any:
    """`known` in the shape of `schema`: values not in the schema are omitted, unknown ones are null or empty."""
    root = root or schema
    schema = _resolved(schema, root)
    if "anyOf" in schema:
        return None if known is None else filled(_branch(schema["anyOf"], known, root), known, root)
    if schema.get("type") == "object":
        given = known if isinstance(known, dict) else {}
        return {name: filled(part, given.get(name), root) for name, part in schema.get("properties", {}).items()}
    if schema.get("type") == "array" and isinstance(known, list):
        return [filled(schema.get("items", {}), item, root) for item in known]
    return _blank(schema) if known is None else known


def _resolved(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        for step, name in enumerate(schema["$ref"].split("/")):
            schema = root if step == 0 else schema[name]
    return schema


def _branch(branches: list[dict[str, Any]], known: Any, root: dict[str, Any]) -> dict[str, Any]:
    kind = "object" if isinstance(known, dict) else "array" if isinstance(known, list) else None
    resolved = [_resolved(branch, root) for branch in branches]
    return next((branch for branch in resolved if branch.get("type") == kind), resolved[0])


def _blank(schema: dict[str, Any]) -> Any:
    if "const" in schema or schema.get("enum"):
        choices = schema.get("enum") or [schema["const"]]
        return None if None in choices else choices[0]
    kinds = schema.get("type", "null")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    return None if "null" in kinds else BLANKS.get(kinds[0])
