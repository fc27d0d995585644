"""Who triggers, cancels or retries a batch."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Initiator:
    """Who acts: `actor` for the audit, `reason` such as manual or schedule, and the application's user, if any.

    `because`: why, for people, where it is not an operator's own wish.
    """

    actor: str
    reason: str = "manual"
    user_id: str | None = None
    because: str | None = None
