"""An example of what a JSON schema describes: from the examples that its members have, else from their types."""

from typing import Any

Json = dict[str, Any]
OF_FORMATS = {
    "uuid": "5a0c1f52-6a5e-4c8e-9d0a-2f6f5b1c0002",
    "date-time": "2026-11-21T02:00:00Z",
    "date": "2026-11-21",
    "uri": "https://example.com/",
}
OF_TYPES: dict[str, Any] = {"string": "text", "integer": 1, "number": 0.5, "boolean": True, "null": None}
DEEPEST = 12


def example_of(schema: Json, schemas: Json, depth: int = 0) -> Any:
    """`schemas`: those that `$ref` names. None where it is too deep, or anything may be there."""
    given = given_in(schema)
    if given or depth > DEEPEST:
        return given[0] if given else None
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rpartition("/")[2]], schemas, depth + 1)
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return example_of(best_of(schema[several]), schemas, depth + 1)
    if schema.get("type") == "object":
        return {name: example_of(one, schemas, depth + 1) for name, one in schema.get("properties", {}).items()}
    if schema.get("type") == "array":
        return [example_of(schema["items"], schemas, depth + 1)] if schema.get("items") else []
    return of_type(schema)


def given_in(schema: Json) -> list[Any]:
    """What the schema itself says, if anything."""
    if schema.get("examples"):
        return [schema["examples"][0]]
    found = [schema[name] for name in ("example", "const") if name in schema]
    if not found and schema.get("default") is not None:
        found = [schema["default"]]
    return found or list(schema.get("enum", []))[:1]


def best_of(several: list[Json]) -> Json:
    return next((one for one in several if one.get("type") != "null"), several[0])


def of_type(schema: Json) -> Any:
    kind = schema.get("type")
    if kind == "string":
        return OF_FORMATS.get(schema.get("format", ""), OF_TYPES["string"])
    if kind in {"integer", "number"} and "minimum" in schema:
        return schema["minimum"]
    return OF_TYPES.get(str(kind))
