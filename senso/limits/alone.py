"""What a process allows itself while Redis is away: a tenth of a model's limits, divided among the processes."""

from collections.abc import Sequence
from dataclasses import dataclass

from senso.providers import Limits

SHARE = 0.1
SECONDS_A_CALL = 2.0  # a small limit need not be divided down to nothing


@dataclass(frozen=True, slots=True)
class Seen:
    """What a process knows by itself. `is_shut`: the breaker was not closed when Redis last said."""

    flying: int
    processes: int
    is_shut: bool


class Alone:
    """`next`: the moment at which the next call may be made."""

    def __init__(self) -> None:
        self.next = 0.0

    def waits(self, costs: Sequence[int], limits: Limits, now: float, seen: Seen) -> list[float]:
        """For each call the seconds until it may be made; 0: now."""
        most = limits.max_in_flight
        room = max(1, most // seen.processes) - seen.flying if most else len(costs)
        found = []
        at = self.next = max(self.next, now)
        for place, cost in enumerate(costs):
            has_room = place < room
            is_allowed = has_room and at <= now
            found.append(0.0 if is_allowed else at - now if has_room else max(at - now, SECONDS_A_CALL))
            at += SECONDS_A_CALL if seen.is_shut else pace_of(cost, limits, seen.processes)
            if is_allowed:
                self.next = at
        return found


def pace_of(cost: int, limits: Limits, processes: int) -> float:
    """Seconds from one call to the next."""
    whole = max(
        60 / limits.rpm if limits.rpm else 0.0,
        60 * min(cost, limits.tpm) / limits.tpm if limits.tpm else 0.0,
    )
    return max(whole * processes, min(whole * processes / SHARE, SECONDS_A_CALL))
