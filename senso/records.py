"""How a value of ours is written as JSON: a dataclass by its fields, in their order."""

from dataclasses import Field, fields, is_dataclass
from typing import Any

# Metadata of a field: it says where a value belongs, and is no part of what is told of it; or only where it was set.
UNTOLD = {"told": "never"}
TOLD_IF_SET = {"told": "if set"}


def record(value: Any) -> dict[str, Any]:
    """Of a dataclass. What it holds is left as it is: `json.dumps` hands that to `plain` in its turn."""
    found = {one.name: getattr(value, one.name) for one in fields(value)}
    return {one.name: found[one.name] for one in fields(value) if is_told(one, found[one.name])}


def is_told(one: Field[Any], value: Any) -> bool:
    told = one.metadata.get("told", "always")
    return told == "always" or (told == "if set" and value is not None)


def plain(value: Any) -> Any:
    """For `json.dumps(default=...)`: dataclasses as objects, dates and moments as ISO 8601 has them, ids as words."""
    if is_dataclass(value):
        return record(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
