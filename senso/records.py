"""How our values are written as JSON: a dataclass as an object of its fields, in their order."""

from dataclasses import Field, fields, is_dataclass
from typing import Any

# Field metadata. UNTOLD: the field says what a value belongs to and is left out of JSON. TOLD_IF_SET: left out if None.
UNTOLD = {"told": "never"}
TOLD_IF_SET = {"told": "if set"}


def record(value: Any) -> dict[str, Any]:
    """The fields of a dataclass. Nested values are not converted: `json.dumps` passes them to `plain`."""
    found = {one.name: getattr(value, one.name) for one in fields(value)}
    return {one.name: found[one.name] for one in fields(value) if is_told(one, found[one.name])}


def is_told(one: Field[Any], value: Any) -> bool:
    told = one.metadata.get("told", "always")
    return told == "always" or (told == "if set" and value is not None)


def plain(value: Any) -> Any:
    """For `json.dumps(default=...)`: dataclasses as objects, dates and times in ISO 8601, ids as strings."""
    if is_dataclass(value):
        return record(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def storable(value: Any) -> Any:
    """Removes what JSON can express and Postgres cannot store: NUL and lone surrogates, in texts at any depth.

    A paid answer must not be lost, and bought again, because of one such character.
    """
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return [storable(inner) for inner in value]
    if isinstance(value, dict):
        return {name: storable(inner) for name, inner in value.items()}
    return value
