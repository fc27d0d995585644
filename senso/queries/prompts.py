"""Which version of the prompt reads an answer: by the id of its run, which is a hash, and the share of each version.

An answer is read by the same version whenever it is read, for whichever org, as long as the shares stay.
"""

from dataclasses import dataclass
from typing import Any

# Places from 0 to 99, as even as the last 16 bits of the ids.
PLACE = "(get_byte(uuid_send({run}), 14) * 256 + get_byte(uuid_send({run}), 15)) % 100"


@dataclass(frozen=True, slots=True)
class Prompts:
    """`bounds`: where the share of each version but the last ends, from 0 to 100."""

    versions: tuple[str, ...]
    bounds: tuple[int, ...] = ()

    def values(self) -> dict[str, Any]:
        """Of a statement with `version_of`."""
        return {"versions": list(self.versions), "bounds": list(self.bounds)}


def alone(version: str) -> Prompts:
    return Prompts((version,))


def version_of(run: str) -> str:
    """SQL for the version that reads the answer of this run."""
    return f"(CAST(:versions AS text[]))[1 + width_bucket({PLACE.format(run=run)}, CAST(:bounds AS int[]))]"
