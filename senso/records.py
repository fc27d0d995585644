"""How a value of ours is written as JSON: a dataclass by its fields, in their order."""

from dataclasses import fields, is_dataclass
from typing import Any

# Metadata of a field that says where a value belongs, and is no part of what is told of it.
UNTOLD = {"told": False}


def record(value: Any) -> dict[str, Any]:
    """Of a dataclass. What it holds is left as it is: `json.dumps` hands that to `plain` in its turn."""
    return {one.name: getattr(value, one.name) for one in fields(value) if one.metadata.get("told", True)}


def plain(value: Any) -> Any:
    """For `json.dumps(default=...)`: dataclasses as objects, dates and moments as ISO 8601 has them, ids as words."""
    if is_dataclass(value):
        return record(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
