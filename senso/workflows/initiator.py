"""Who triggers, cancels or retries a batch."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Initiator:
    """Who acts: `actor` for the audit, `reason` such as manual or schedule, and the application's user, if any.

    `because`: why, for people, where it is not an operator's own wish. `bulk`: the change of many batches that this is
    a part of.
    """

    actor: str
    reason: str = "manual"
    user_id: str | None = None
    because: str | None = None
    bulk: UUID | None = None

    @property
    def part_of(self) -> dict[str, str]:
        """For the audit."""
        return {} if self.bulk is None else {"bulk": str(self.bulk)}
